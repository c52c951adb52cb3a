//! Expressions of the schema: CHECK constraints, generated columns, index terms, partial indexes, DEFAULT values.
//!
//! They see one row of one table and nothing else.

use std::sync::Arc;

use heliosdb_dialect::ast;
use heliosdb_udfs::value::Collation;

use super::binder::Binder;
use super::bound::{Classes, ColumnRef, DatabaseIndex, Expr, ExprKind, ROWID, SourceId};
use super::context::Namespace;
use super::expr::{collation_of, made, walk};
use super::locate::TEMP;
pub use super::scope::Place;
use super::scope::{Scope, ScopeSource};
use crate::catalog::{Index, IndexTerm, SourceExpr, Table};
use crate::error::{Error, Result};
use heliosdb_udfs::value::Value;

/// An expression over one row.
#[derive(Clone, Debug)]
pub struct SchemaExpr {
    pub row: SourceId,
    pub expr: Expr,
}

/// A DEFAULT value.
#[derive(Clone, Debug)]
pub struct BoundDefault {
    pub expr: Expr,
    /// Without functions whose value changes from row to row.
    pub constant: bool,
}

/// Binds an expression of a table's definition, or of an index on it; refuses what the place does not allow.
pub fn bind_schema_expr(
    space: &Namespace<'_>,
    database: DatabaseIndex,
    table: &Arc<Table>,
    place: Place,
    expr: &ast::Expr,
    source: &str,
) -> Result<SchemaExpr> {
    let mut binder = Binder::new(space, source);
    let row = binder.new_source();
    let expr = binder.row_expr(database, table, row, place, expr, source)?;
    Ok(SchemaExpr { row, expr })
}

/// Binds the terms of an index, for building it.
pub fn bind_index_terms(
    space: &Namespace<'_>,
    database: DatabaseIndex,
    table: &Arc<Table>,
    index: &Index,
) -> Result<(SourceId, Vec<Expr>, Vec<Collation>, Option<Expr>)> {
    let mut binder = Binder::new(space, "");
    let row = binder.new_source();
    let (terms, collations, filter) = binder.index_terms(database, table, row, index)?;
    Ok((row, terms, collations, filter))
}

/// Binds an expression that sees no names: ATTACH, VACUUM INTO, LIMIT of a pragma.
pub fn bind_constant(space: &Namespace<'_>, expr: &ast::Expr, source: &str) -> Result<Expr> {
    let mut binder = Binder::new(space, source);
    binder.scopes.push(Scope::barrier());
    binder.expr(expr)
}

/// Binds a DEFAULT value; `column` is named in the error for one that is not constant.
pub fn bind_default(space: &Namespace<'_>, column: &str, expr: &ast::Expr, source: &str) -> Result<BoundDefault> {
    let not_constant = || Error::sql(format!("default value of column [{column}] is not constant"));
    let mut binder = Binder::new(space, source);
    let mut scope = Scope::barrier();
    scope.place = Place::Constant;
    binder.scopes.push(scope);
    let bound = match binder.expr(expr) {
        Ok(bound) => bound,
        Err(e) if e.message.starts_with("no such column") || e.message.starts_with("parameters") => {
            return Err(not_constant());
        }
        Err(e) => return Err(e),
    };
    if walk::any(&bound, &|e| walk::query(e).is_some()) {
        return Err(not_constant());
    }
    let constant = walk::is_constant(&bound);
    Ok(BoundDefault { expr: bound, constant })
}

/// Binds everything that a new table's definition says about its rows, for its errors.
pub fn check_columns(space: &Namespace<'_>, database: DatabaseIndex, table: &Arc<Table>) -> Result<()> {
    let mut binder = Binder::new(space, "");
    let row = binder.new_source();
    for check in &table.checks {
        binder.row_source_expr(database, table, row, Place::Check, &check.expr)?;
    }
    binder.generated_columns(database, table, row)?;
    for index in &table.indexes {
        binder.index_terms(database, table, row, index)?;
    }
    Ok(())
}

impl<'a> Binder<'a> {
    /// Binds an expression over a whole row that is at hand: generated columns are read like others.
    pub fn row_expr<'b>(
        &mut self,
        database: DatabaseIndex,
        table: &'b Arc<Table>,
        row: SourceId,
        place: Place,
        expr: &'b ast::Expr,
        source: &'b str,
    ) -> Result<Expr>
    where
        'a: 'b,
    {
        let mut inner: Binder<'b> = Binder::new(self.space, source);
        inner.continue_from(self);
        inner.from_schema = database != TEMP;
        let mut scope = Scope::barrier();
        scope.place = place;
        let mut only = ScopeSource::of_table(row, table.name.clone(), table);
        only.whole = true;
        scope.sources.push(only);
        inner.scopes.push(scope);
        let bound = inner.expr(expr);
        self.continue_from(&inner);
        bound
    }

    pub fn row_source_expr<'b>(
        &mut self,
        database: DatabaseIndex,
        table: &'b Arc<Table>,
        row: SourceId,
        place: Place,
        expr: &'b SourceExpr,
    ) -> Result<Expr>
    where
        'a: 'b,
    {
        self.row_expr(database, table, row, place, &expr.expr, &expr.source)
    }

    /// Terms, collations and filter of an index.
    pub fn index_terms(
        &mut self,
        database: DatabaseIndex,
        table: &Arc<Table>,
        row: SourceId,
        index: &Index,
    ) -> Result<(Vec<Expr>, Vec<Collation>, Option<Expr>)> {
        let mut terms = Vec::with_capacity(index.columns.len());
        let mut collations = Vec::with_capacity(index.columns.len());
        for column in &index.columns {
            let term = match &column.term {
                IndexTerm::Column(c) => {
                    let mut term = super::expr::row_value(row, table, *c);
                    term.collation = self.column_collation(table.columns[*c as usize].collation.as_deref());
                    term
                }
                IndexTerm::Rowid => {
                    made(ExprKind::Column(ColumnRef { source: row, column: ROWID }), Classes::INTEGER, None)
                }
                IndexTerm::Expr(e) => self.row_source_expr(database, table, row, Place::Index, e)?,
            };
            let collation = match self.find_collation(&column.collation) {
                Some(collation) => collation,
                // Reported when the index is written or searched.
                None => {
                    self.column_collation(Some(&column.collation)).map_or_else(|| collation_of(&term), |c| c.collation)
                }
            };
            terms.push(term);
            collations.push(collation);
        }
        let filter = index
            .filter
            .as_ref()
            .map(|f| self.row_source_expr(database, table, row, Place::PartialIndex, f))
            .transpose()?;
        Ok((terms, collations, filter))
    }

    /// Per column its generation expression, and the order to compute them in.
    pub fn generated_columns(
        &mut self,
        database: DatabaseIndex,
        table: &Arc<Table>,
        row: SourceId,
    ) -> Result<(Vec<Option<Expr>>, Vec<u16>)> {
        let mut generated = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            generated.push(match &column.generated {
                Some(g) => Some(self.row_source_expr(database, table, row, Place::Generated, &g.expr)?),
                None => None,
            });
        }
        let order = dependency_order(table, &generated)?;
        Ok((generated, order))
    }

    /// A column's DEFAULT, or NULL.
    pub fn default_value(&mut self, table: &'a Table, column: u16, database: DatabaseIndex) -> Result<Expr> {
        let Some(default) = &table.columns[column as usize].default else {
            return Ok(made(ExprKind::Literal(Value::Null), Classes::NULL, None));
        };
        let mut scope = Scope::barrier();
        scope.place = Place::Constant;
        self.scopes.push(scope);
        let source = std::mem::replace(&mut self.source, &default.source);
        let from_schema = std::mem::replace(&mut self.from_schema, database != TEMP);
        let bound = self.expr(&default.expr);
        self.from_schema = from_schema;
        self.source = source;
        self.scopes.pop();
        bound
    }
}

/// Generated columns after those they read.
fn dependency_order(table: &Table, generated: &[Option<Expr>]) -> Result<Vec<u16>> {
    let mut order = Vec::new();
    let mut done: Vec<bool> = generated.iter().map(Option::is_none).collect();
    loop {
        let mut progress = false;
        for (i, e) in generated.iter().enumerate() {
            let Some(e) = e else { continue };
            if done[i] {
                continue;
            }
            let mut ready = true;
            walk::references(e, &mut |r| {
                if let super::bound::Free::Column(c) = r {
                    ready &= done.get(c.column as usize).copied().unwrap_or(true);
                }
            });
            if ready {
                done[i] = true;
                progress = true;
                order.push(i as u16);
            }
        }
        if done.iter().all(|d| *d) {
            return Ok(order);
        }
        if !progress {
            let stuck = done.iter().position(|d| !d).unwrap_or_default();
            return Err(Error::sql(format!("generated column loop on \"{}\"", table.columns[stuck].name)));
        }
    }
}
