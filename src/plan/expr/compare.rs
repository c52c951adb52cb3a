//! Comparisons: which affinity and which collation they use, row values, IS, BETWEEN.
//!
//! Source: https://sqlite.org/datatype3.html#comparison_expressions, https://sqlite.org/rowvalue.html

use std::sync::Arc;

use heliosdb_dialect::ast::{self, ExprKind as Ast, Quote};
use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::super::binder::Binder;
use super::super::bound::{Classes, CompareOp, Comparison, Expr, ExprCollation, ExprKind, OutputColumn, Query};
use super::literal::skip_collate;
use super::operator::truth_classes;
use super::{explicit, made, row_misused};
use crate::error::{Error, Result};

/// One side of a comparison.
pub enum Operand {
    One(Expr),
    Row(Vec<Expr>),
    /// A subquery of several columns.
    Query(Box<Query>),
}

impl Operand {
    pub fn width(&self) -> usize {
        match self {
            Operand::One(_) => 1,
            Operand::Row(members) => members.len(),
            Operand::Query(query) => query.columns.len(),
        }
    }
}

/// The width of an operand as it is written; `None` where `*` hides it.
pub fn width(e: &ast::Expr) -> Option<usize> {
    match &e.kind {
        Ast::Row(members) => Some(members.len()),
        Ast::Subquery(query) => match &query.body.arms.last().map_or(&query.body.first, |(_, core)| core) {
            ast::SelectCore::Select(select) => {
                let plain = |c: &ast::ResultColumn| matches!(c, ast::ResultColumn::Expr { .. });
                select.columns.iter().all(plain).then_some(select.columns.len())
            }
            ast::SelectCore::Values(rows) => rows.first().map(Vec::len),
        },
        _ => Some(1),
    }
}

/// What a side brings into a comparison.
#[derive(Clone, Copy)]
pub struct Side<'e> {
    pub affinity: Affinity,
    pub collation: Option<&'e Collation>,
    pub explicit: bool,
}

impl<'e> Side<'e> {
    pub fn of(e: &'e Expr) -> Self {
        Side {
            affinity: e.affinity,
            collation: e.collation.as_ref().map(|c| &c.collation),
            explicit: e.collation.as_ref().is_some_and(|c| c.explicit),
        }
    }

    pub fn of_column(column: &'e OutputColumn) -> Self {
        Side { affinity: column.affinity, collation: column.collation.as_ref(), explicit: column.explicit_collation }
    }
}

/// The collation that an expression sorts and groups by.
pub fn collation_of(e: &Expr) -> Collation {
    e.collation.as_ref().map_or(Collation::Binary, |c| c.collation.clone())
}

/// How two expressions compare.
pub fn comparison(left: &Expr, right: &Expr) -> Comparison {
    compare_sides(Side::of(left), Side::of(right))
}

pub fn compare_sides(left: Side<'_>, right: Side<'_>) -> Comparison {
    let collation = if left.explicit {
        left.collation
    } else if right.explicit {
        right.collation
    } else {
        left.collation.or(right.collation)
    };
    Comparison {
        affinity: compare_affinity(left.affinity, right.affinity),
        collation: collation.cloned().unwrap_or_default(),
    }
}

fn numeric(a: Affinity) -> bool {
    a.is_numeric() || a == Affinity::FlexNum
}

fn compare_affinity(left: Affinity, right: Affinity) -> Affinity {
    match (left, right) {
        (Affinity::None, other) | (other, Affinity::None) => applied(other),
        (l, r) if numeric(l) || numeric(r) => Affinity::Numeric,
        _ => Affinity::None,
    }
}

/// What applying an affinity before a comparison does: conversion to number, to text, or nothing.
pub fn applied(a: Affinity) -> Affinity {
    match a {
        Affinity::Text => Affinity::Text,
        a if numeric(a) => Affinity::Numeric,
        _ => Affinity::None,
    }
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessEqual => CompareOp::GreaterEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterEqual => CompareOp::LessEqual,
        op => op,
    }
}

fn result_classes(op: CompareOp, operands: Classes) -> Classes {
    match op {
        CompareOp::Is | CompareOp::IsNot => Classes::INTEGER,
        _ => truth_classes(operands),
    }
}

/// `sub-select returns N columns - expected M`
pub fn columns_expected(actual: usize, expected: usize) -> Error {
    Error::sql(format!("sub-select returns {actual} columns - expected {expected}"))
}

impl<'a> Binder<'a> {
    /// `left op right` where the left side is bound and is one value.
    #[inline(never)]
    pub(super) fn compare_with(&mut self, op: CompareOp, left: Expr, right: &'a ast::Expr) -> Result<Expr> {
        if matches!(op, CompareOp::Is | CompareOp::IsNot) {
            if let Ast::Literal(ast::Literal::Null) = right.kind {
                let collation = explicit([&left]);
                let kind = ExprKind::IsNull { negated: op == CompareOp::IsNot, operand: Box::new(left) };
                return Ok(made(kind, Classes::INTEGER, collation));
            }
            let negated = op == CompareOp::IsNot;
            if let Some(truth) = self.truth_name(right)? {
                let collation = explicit([&left]);
                let kind = ExprKind::IsTruth { negated, truth, operand: Box::new(left) };
                return Ok(made(kind, Classes::INTEGER, collation));
            }
        }
        let Operand::One(right) = self.operand(right)? else { return Err(row_misused()) };
        self.compare(op, left, right)
    }

    pub fn compare(&mut self, op: CompareOp, left: Expr, right: Expr) -> Result<Expr> {
        let by = comparison(&left, &right);
        self.check_collation(&by.collation)?;
        let classes = result_classes(op, left.classes.or(right.classes));
        let collation = explicit([&left, &right]);
        Ok(made(ExprKind::Compare { op, left: Box::new(left), right: Box::new(right), by }, classes, collation))
    }

    /// TRUE or FALSE after IS, unless a column has that name.
    fn truth_name(&mut self, right: &'a ast::Expr) -> Result<Option<bool>> {
        let Ast::Name(name) = &skip_collate(right).kind else { return Ok(None) };
        let truth = name.is("true");
        if name.quote != Quote::None || !(truth || name.is("false")) {
            return Ok(None);
        }
        let found = self.bare_name(name)?;
        Ok(matches!(found.kind, ExprKind::Literal(Value::Integer(_))).then_some(truth))
    }

    /// A comparison of which a side may be a row.
    #[inline(never)]
    pub fn compare_operands(&mut self, op: CompareOp, left: &'a ast::Expr, right: &'a ast::Expr) -> Result<Expr> {
        if matches!(right.kind, Ast::Literal(ast::Literal::Null) | Ast::Name(_)) && width(left) == Some(1) {
            let left = self.expr(left)?;
            return self.compare_with(op, left, right);
        }
        if let (Some(l), Some(r)) = (width(left), width(right))
            && l != r
        {
            return Err(row_misused());
        }
        let (left, right) = (self.operand(left)?, self.operand(right)?);
        let (l, r) = (left.width(), right.width());
        if l != r {
            return Err(row_misused());
        }
        match (left, right) {
            (Operand::One(left), Operand::One(right)) => self.compare(op, left, right),
            (Operand::Row(left), Operand::Row(right)) => self.compare_rows(op, left, right),
            (Operand::Row(left), Operand::Query(query)) => {
                let sides = left.iter().zip(&query.columns);
                let by = sides.map(|(l, c)| compare_sides(Side::of(l), Side::of_column(c))).collect();
                self.compare_row_query(op, left, query, by)
            }
            (Operand::Query(query), Operand::Row(right)) => {
                let sides = query.columns.iter().zip(&right);
                let by = sides.map(|(c, r)| compare_sides(Side::of_column(c), Side::of(r))).collect();
                self.compare_row_query(mirrored(op), right, query, by)
            }
            (Operand::Query(left), Operand::Query(right)) => {
                let left = self.row_members(*left);
                let sides = left.iter().zip(&right.columns);
                let by = sides.map(|(l, c)| compare_sides(Side::of(l), Side::of_column(c))).collect();
                self.compare_row_query(op, left, right, by)
            }
            // Widths agree, and only single values have width 1.
            (Operand::One(_), _) | (_, Operand::One(_)) => Err(row_misused()),
        }
    }

    fn compare_rows(&mut self, op: CompareOp, left: Vec<Expr>, right: Vec<Expr>) -> Result<Expr> {
        let by: Vec<Comparison> = left.iter().zip(&right).map(|(l, r)| comparison(l, r)).collect();
        for by in &by {
            self.check_collation(&by.collation)?;
        }
        let classes = left.iter().chain(&right).fold(Classes(0), |c, e| c.or(e.classes));
        let kind = ExprKind::CompareRows { op, left: left.into(), right: right.into(), by: by.into() };
        Ok(made(kind, result_classes(op, classes), None))
    }

    fn compare_row_query(
        &mut self,
        op: CompareOp,
        left: Vec<Expr>,
        right: Box<Query>,
        by: Vec<Comparison>,
    ) -> Result<Expr> {
        for by in &by {
            self.check_collation(&by.collation)?;
        }
        let classes = result_classes(op, Classes::ANY);
        Ok(made(ExprKind::CompareRowQuery { op, left, right, by }, classes, None))
    }

    /// The columns of a subquery's first row as expressions that share one run of it.
    pub fn row_members(&mut self, query: Query) -> Vec<Expr> {
        let id = self.new_row();
        let query = Arc::new(query);
        let member = |(i, c): (usize, &OutputColumn)| Expr {
            kind: ExprKind::RowScalar { id, column: i as u16, query: query.clone() },
            affinity: c.affinity,
            classes: c.classes.or(Classes::NULL),
            collation: None,
        };
        query.columns.iter().enumerate().map(member).collect()
    }

    #[inline(never)]
    pub(super) fn between(
        &mut self,
        negated: bool,
        operand: &'a ast::Expr,
        low: &'a ast::Expr,
        high: &'a ast::Expr,
    ) -> Result<Expr> {
        if [operand, low, high].iter().any(|e| width(e) != Some(1)) {
            return self.between_rows(negated, operand, low, high);
        }
        let operand = self.expr(operand)?;
        let low = self.expr(low)?;
        let high = self.expr(high)?;
        let (by_low, by_high) = (comparison(&operand, &low), comparison(&operand, &high));
        self.check_collation(&by_low.collation)?;
        self.check_collation(&by_high.collation)?;
        let classes = truth_classes(operand.classes.or(low.classes).or(high.classes));
        let collation = explicit([&operand, &low, &high]);
        let kind = ExprKind::Between {
            negated,
            operand: Box::new(operand),
            low: Box::new(low),
            high: Box::new(high),
            by: Box::new([by_low, by_high]),
        };
        Ok(made(kind, classes, collation))
    }

    /// `(a, b) BETWEEN (…) AND (…)` is two comparisons.
    #[inline(never)]
    fn between_rows(
        &mut self,
        negated: bool,
        operand: &'a ast::Expr,
        low: &'a ast::Expr,
        high: &'a ast::Expr,
    ) -> Result<Expr> {
        let low = self.compare_operands(CompareOp::GreaterEqual, operand, low)?;
        let high = self.compare_operands(CompareOp::LessEqual, operand, high)?;
        let both = super::operator::logic(true, low, high);
        if !negated {
            return Ok(both);
        }
        let classes = both.classes;
        Ok(made(ExprKind::Unary(super::super::bound::UnaryOp::Not, Box::new(both)), classes, None))
    }

    /// The collation of this name, the connection's first.
    pub fn find_collation(&self, name: &str) -> Option<Collation> {
        self.space.functions.collation(name).or_else(|| Collation::built_in(name))
    }

    /// A column's collation. One that is not registered is an error only when it is used.
    pub fn column_collation(&self, name: Option<&str>) -> Option<ExprCollation> {
        let collation = name.map_or(Collation::Binary, |name| self.named_collation(name));
        Some(ExprCollation { collation, explicit: false })
    }

    /// A collation by name; one that is not registered is refused by `check_collation` where it is used.
    pub fn named_collation(&self, name: &str) -> Collation {
        self.find_collation(name)
            .unwrap_or_else(|| Collation::Custom(Box::new(Arc::new(Unregistered { name: name.into() }))))
    }

    /// Refuses a collation that is not registered on the connection.
    pub fn check_collation(&self, collation: &Collation) -> Result<()> {
        match collation {
            Collation::Custom(c) if self.find_collation(c.name()).is_none() => Err(no_such_collation(c.name())),
            _ => Ok(()),
        }
    }
}

fn no_such_collation(name: &str) -> Error {
    Error::new(crate::error::Code(1 | 1 << 8), format!("no such collation sequence: {name}"))
}

/// Stands for a collation that the schema names and the connection lacks; it is never compared with.
struct Unregistered {
    name: Arc<str>,
}

impl heliosdb_udfs::value::collation::CustomCollation for Unregistered {
    fn name(&self) -> &str {
        &self.name
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> std::cmp::Ordering {
        a.cmp(b)
    }
}
