//! IN: lists, subqueries, tables and table-valued functions; row values on the left.
//!
//! Source: https://sqlite.org/lang_expr.html#the_in_and_not_in_operators

use heliosdb_dialect::ast::{self, ExprKind as Ast, InSet};
use heliosdb_udfs::value::{Affinity, Value};

use super::super::binder::Binder;
use super::super::bound::{Body, Classes, Comparison, Expr, ExprKind, Query};
use super::compare::{Operand, Side, applied, columns_expected, compare_sides, width};
use super::operator::truth_classes;
use super::{collation_of, explicit, made, row_misused};
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn in_set(&mut self, negated: bool, operand: &'a ast::Expr, set: &'a InSet) -> Result<Expr> {
        match set {
            InSet::List(items) if items.is_empty() => {
                // Decided without looking at the operand.
                Ok(made(ExprKind::Literal(Value::Integer(negated.into())), Classes::INTEGER, None))
            }
            InSet::List(items) if width(operand) != Some(1) => self.in_rows(negated, operand, items),
            InSet::List(items) => self.in_list(negated, operand, items),
            InSet::Query(query) => {
                self.deeper()?;
                let query = self.subquery(query)?;
                self.height -= 1;
                let operand = self.operand(operand)?;
                self.in_query(negated, operand, query)
            }
            InSet::Table { name, args } => {
                let place = self.scope().place;
                if place.is_schema() {
                    return Err(Error::sql(format!("subqueries prohibited in {}", place.named())));
                }
                let query = self.whole_table(name, args.as_deref())?;
                let operand = self.operand(operand)?;
                self.in_query(negated, operand, Box::new(query))
            }
        }
    }

    #[inline(never)]
    fn in_list(&mut self, negated: bool, operand: &'a ast::Expr, items: &'a [ast::Expr]) -> Result<Expr> {
        let operand = self.expr(operand)?;
        let items = self.exprs(items)?;
        // The operand's affinity and collation are applied to every item, whatever the item is.
        let by = Comparison { affinity: applied(operand.affinity), collation: collation_of(&operand) };
        self.check_collation(&by.collation)?;
        let classes = items.iter().fold(operand.classes, |c, e| c.or(e.classes));
        let collation = explicit(std::iter::once(&operand).chain(&items));
        let kind = ExprKind::InList { negated, operand: Box::new(operand), items, by };
        Ok(made(kind, truth_classes(classes), collation))
    }

    /// `(a, b) IN ((1, 2), …)`: the list is a VALUES query.
    #[inline(never)]
    fn in_rows(&mut self, negated: bool, operand: &'a ast::Expr, items: &'a [ast::Expr]) -> Result<Expr> {
        if !matches!(operand.kind, Ast::Row(_)) {
            return Err(row_misused());
        }
        self.open_query();
        let rows = items.iter().map(|item| match &item.kind {
            Ast::Row(members) => self.exprs(members),
            _ => Err(row_misused()),
        });
        let rows = rows.collect::<Result<Vec<Vec<Expr>>>>()?;
        let free = self.close_query();
        let operand = self.operand(operand)?;
        let columns = self.values_columns(&rows);
        let query =
            Query { body: Body::Values(rows), columns, order_by: Vec::new(), limit: None, offset: None, free, end: 0 };
        self.in_query(negated, operand, Box::new(query))
    }

    #[inline(never)]
    fn in_query(&mut self, negated: bool, operand: Operand, query: Box<Query>) -> Result<Expr> {
        if operand.width() != query.columns.len() {
            return Err(columns_expected(query.columns.len(), operand.width()));
        }
        let operand = match operand {
            Operand::One(e) => vec![e],
            Operand::Row(members) => members,
            Operand::Query(left) => self.row_members(*left),
        };
        let sides = operand.iter().zip(&query.columns).enumerate().map(|(i, (e, c))| {
            let affinity = last_affinity(&query.body, i).unwrap_or(c.affinity);
            (Side::of(e), Side { affinity, ..Side::of_column(c) })
        });
        let by: Vec<Comparison> = sides.map(|(left, right)| compare_sides(left, right)).collect();
        for by in &by {
            self.check_collation(&by.collation)?;
        }
        let collation = explicit(&operand);
        let kind = ExprKind::InQuery { negated, operand, query, by };
        Ok(made(kind, Classes::INTEGER.or(Classes::NULL), collation))
    }
}

/// The affinity of a compound's column in its last SELECT, which is the one that IN goes by.
fn last_affinity(body: &Body, column: usize) -> Option<Affinity> {
    match body {
        Body::Select(_) => None,
        Body::Values(rows) => rows.last().map(|row| row[column].affinity),
        Body::Compound(compound) => match &compound.arms.last()?.1 {
            Body::Select(last) => Some(last.output[column].affinity),
            last => last_affinity(last, column),
        },
    }
}
