//! Queries: WITH, the body, ORDER BY and LIMIT.

pub mod column_name;
mod compound;
mod core;
pub mod cte;
mod from;
mod join;
mod order_by;
pub mod references;
mod star;
mod view;

pub use column_name::{Naming, output_columns};
pub use from::{bound_sources, placed};
pub use view::name_columns;

use std::sync::Arc;

use heliosdb_dialect::ast;

use super::binder::{Binder, Frame};
use super::bound::{DatabaseIndex, Expr, FROM_VIEW, Free, OutputColumn, Query};
use super::context::Namespace;
use super::scope::Scope;
use crate::catalog::View;
use crate::env::stack::with_room;
use crate::error::{Error, Result};

/// How deep queries may stand in queries, views included.
const NESTING_MAX: usize = 1000;

/// Binds a SELECT statement. `source` is the text it was parsed from.
pub fn bind_query(space: &Namespace<'_>, query: &ast::Query, source: &str) -> Result<Query> {
    Binder::new(space, source).query(query, Naming::Result).map(|q| *q)
}

/// Binds the query of CREATE TABLE AS or CREATE VIEW: its columns have unique names.
pub fn table_columns(space: &Namespace<'_>, query: &ast::Query, source: &str) -> Result<Query> {
    Binder::new(space, source).query(query, Naming::Table).map(|q| *q)
}

/// Binds the query of a view whose columns are to be described.
pub fn view_columns(space: &Namespace<'_>, database: DatabaseIndex, view: &Arc<View>) -> Result<Query> {
    Binder::new(space, "").view_query(database, view, Naming::Table)
}

impl<'a> Binder<'a> {
    /// Binds a query; what it takes from outside becomes its `free` list.
    #[inline(never)]
    pub fn query(&mut self, query: &'a ast::Query, naming: Naming) -> Result<Box<Query>> {
        if self.nesting >= NESTING_MAX {
            return Err(Error::sql("VIEWs and/or subqueries nested too deep"));
        }
        self.nesting += 1;
        let bound = with_room(|| self.nested_query(query, naming))?;
        self.nesting -= 1;
        Ok(bound)
    }

    fn nested_query(&mut self, query: &'a ast::Query, naming: Naming) -> Result<Box<Query>> {
        self.open_query();
        let end = self.end_of(query);
        if let Some(with) = &query.with {
            self.open_with(with, query);
        }
        let (limit, offset) = self.limits(query.limit.as_ref(), query.offset.as_ref())?;
        let mut bound = if query.body.arms.is_empty() {
            self.single(&query.body.first, &query.order_by, naming)?
        } else {
            Box::new(self.compound(&query.body, &query.order_by, naming)?)
        };
        if query.with.is_some() {
            self.close_with();
        }
        bound.limit = limit;
        bound.offset = offset;
        bound.free = self.close_query();
        bound.end = end;
        Ok(bound)
    }

    /// What EXPLAIN QUERY PLAN numbers a query by. SQLite numbers the SELECTs of views as it comes to them, each arm of
    /// a compound and each row of VALUES.
    fn end_of(&mut self, query: &ast::Query) -> u32 {
        if self.views.is_empty() {
            return query.span.end;
        }
        let rows = |core: &ast::SelectCore| match core {
            ast::SelectCore::Values(rows) => rows.len(),
            ast::SelectCore::Select(_) => 1,
        };
        let all = rows(&query.body.first) + query.body.arms.iter().map(|(_, core)| rows(core)).sum::<usize>();
        let first = self.view_queries + 1;
        self.view_queries += all as u32;
        FROM_VIEW | first
    }

    pub fn open_query(&mut self) {
        self.frames.push(Frame { base: self.scopes.len(), free: Vec::new() });
    }

    pub fn close_query(&mut self) -> Vec<Free> {
        self.frames.pop().expect("opened before").free
    }

    /// LIMIT and OFFSET see no names at all.
    #[inline(never)]
    pub fn limits(
        &mut self,
        limit: Option<&'a ast::Expr>,
        offset: Option<&'a ast::Expr>,
    ) -> Result<(Option<Expr>, Option<Expr>)> {
        if limit.is_none() && offset.is_none() {
            return Ok((None, None));
        }
        self.scopes.push(Scope::barrier());
        let limit = limit.map(|e| self.expr(e)).transpose()?;
        let offset = offset.map(|e| self.expr(e)).transpose()?;
        self.scopes.pop();
        Ok((limit, offset))
    }

    /// Columns of a VALUES list.
    pub fn values_columns(&self, rows: &[Vec<Expr>]) -> Vec<OutputColumn> {
        compound::values_columns(rows)
    }
}
