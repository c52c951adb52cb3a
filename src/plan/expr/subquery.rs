//! Subqueries as expressions.

use heliosdb_dialect::ast;

use super::super::binder::{Binder, too_deep};
use super::super::bound::{Classes, Expr, ExprKind, Query};
use super::super::select::Naming;
use super::compare::columns_expected;
use super::made;
use crate::error::{Error, Result};

/// How deep subqueries of expressions may nest.
const SUBQUERIES_MAX: usize = 43;

impl<'a> Binder<'a> {
    /// Binds a query that stands in an expression.
    #[inline(never)]
    pub(super) fn subquery(&mut self, query: &'a ast::Query) -> Result<Box<Query>> {
        let scope = self.scope();
        let place = scope.place;
        if place.is_schema() {
            return Err(Error::sql(format!("subqueries prohibited in {}", place.named())));
        }
        if scope.trying {
            return Err(Error::sql("subqueries are not compared"));
        }
        // SQLite adds the heights of all enclosing expressions at each level, so that its limit is met here.
        self.subqueries += 1;
        if self.subqueries > SUBQUERIES_MAX {
            return Err(too_deep(self.space.options.limits.expression_depth));
        }
        let bound = self.query(query, Naming::Operand)?;
        self.subqueries -= 1;
        Ok(bound)
    }

    #[inline(never)]
    pub(super) fn exists(&mut self, query: &'a ast::Query) -> Result<Expr> {
        let query = self.subquery(query)?;
        Ok(made(ExprKind::Exists { negated: false, query }, Classes::INTEGER, None))
    }

    #[inline(never)]
    pub(super) fn scalar(&mut self, query: &'a ast::Query) -> Result<Expr> {
        let query = self.subquery(query)?;
        if query.columns.len() != 1 {
            return Err(columns_expected(query.columns.len(), 1));
        }
        Ok(self.scalar_of(query))
    }

    /// A one-column query as a value: NULL without rows, with the column's affinity but not its collation.
    pub(super) fn scalar_of(&mut self, query: Box<Query>) -> Expr {
        let (affinity, classes) = (query.columns[0].affinity, query.columns[0].classes.or(Classes::NULL));
        Expr { kind: ExprKind::Scalar(query), affinity, classes, collation: None }
    }
}
