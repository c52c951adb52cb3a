//! CASE.

use heliosdb_dialect::ast;

use super::super::binder::Binder;
use super::super::bound::{Classes, CompareOp, Expr, ExprKind, When};
use super::compare::width;
use super::{comparison, explicit, made};
use crate::error::Result;

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn case(
        &mut self,
        operand: Option<&'a ast::Expr>,
        whens: &'a [(ast::Expr, ast::Expr)],
        otherwise: Option<&'a ast::Expr>,
    ) -> Result<Expr> {
        if let Some(row) = operand.filter(|e| !matches!(width(e), Some(1))) {
            return self.case_of_row(row, whens, otherwise);
        }
        let operand = operand.map(|e| self.expr(e)).transpose()?;
        let mut bound = Vec::with_capacity(whens.len());
        for (when, then) in whens {
            let when = self.expr(when)?;
            let then = self.expr(then)?;
            let by = match &operand {
                Some(operand) => comparison(operand, &when),
                None => Default::default(),
            };
            self.check_collation(&by.collation)?;
            bound.push(When { when, then, by });
        }
        let otherwise = otherwise.map(|e| self.expr(e)).transpose()?;
        Ok(case_of(operand, bound, otherwise))
    }

    /// `CASE (a, b) WHEN (1, 2) THEN …` compares rows.
    #[inline(never)]
    fn case_of_row(
        &mut self,
        row: &'a ast::Expr,
        whens: &'a [(ast::Expr, ast::Expr)],
        otherwise: Option<&'a ast::Expr>,
    ) -> Result<Expr> {
        let mut bound = Vec::with_capacity(whens.len());
        for (when, then) in whens {
            let when = self.compare_operands(CompareOp::Equal, row, when)?;
            let then = self.expr(then)?;
            bound.push(When { when, then, by: Default::default() });
        }
        let otherwise = otherwise.map(|e| self.expr(e)).transpose()?;
        Ok(case_of(None, bound, otherwise))
    }
}

pub fn case_of(operand: Option<Expr>, whens: Vec<When>, otherwise: Option<Expr>) -> Expr {
    let mut classes = otherwise.as_ref().map_or(Classes::NULL, |e| e.classes);
    for when in &whens {
        classes = classes.or(when.then.classes);
    }
    let parts = whens.iter().flat_map(|w| [&w.when, &w.then]);
    let collation = explicit(operand.iter().chain(parts).chain(otherwise.iter()));
    let kind = ExprKind::Case { operand: operand.map(Box::new), whens, otherwise: otherwise.map(Box::new) };
    made(kind, classes, collation)
}
