//! CASE.

use heliosdb_dialect::ast;

use super::super::binder::Binder;
use super::super::bound::{Classes, Expr, ExprKind, When};
use super::{comparison, explicit, made};
use crate::error::Result;

impl<'a> Binder<'a> {
    pub(super) fn case(
        &mut self,
        operand: Option<&'a ast::Expr>,
        whens: &'a [(ast::Expr, ast::Expr)],
        otherwise: Option<&'a ast::Expr>,
    ) -> Result<Expr> {
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
