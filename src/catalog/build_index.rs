//! An index from a `CREATE INDEX` statement.
//!
//! The statement must be parsed from the text that goes into `sqlite_schema`. Whether the name is free and
//! which table is meant is decided by the caller.

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateIndex, Expr, ExprKind, Literal, Name, Quote};

use super::build_table::{explicit_collation, no_such_collation, refuse_nulls_order, without_collate};
use super::column::source_expr;
use super::environment::Environment;
use super::index::{Index, IndexColumn, IndexOrigin, IndexTerm};
use super::self_reference::{self, Place};
use super::sql_text::is_reserved_name;
use super::table::Table;
use crate::error::{Error, Result};
use crate::store::ObjectId;

/// Why a table cannot have indexes of its users' making.
pub fn check_indexable(table: &Table) -> Result<()> {
    if is_reserved_name(&table.name) {
        return Err(Error::sql(format!("table {} may not be indexed", table.name)));
    }
    if table.is_virtual() {
        return Err(Error::sql("virtual tables may not be indexed"));
    }
    Ok(())
}

/// Builds an index over `table`; `sql` is the text the statement was parsed from.
pub fn build_index(
    statement: &CreateIndex,
    sql: &Arc<str>,
    table: &Table,
    schema: &str,
    environment: &dyn Environment,
) -> Result<Index> {
    refuse_nulls_order(&statement.columns)?;
    if statement.columns.len() > environment.column_limit() {
        return Err(Error::sql("too many columns in index"));
    }
    if let Some(filter) = &statement.filter {
        self_reference::check(table, schema, filter, Place::PartialIndex, environment)?;
    }
    let mut columns = Vec::with_capacity(statement.columns.len());
    for term in &statement.columns {
        let expr = string_as_name(&term.expr);
        self_reference::check(table, schema, &expr, Place::IndexTerm, environment)?;
        let bare = without_collate(&expr);
        let ordinal = match &bare.kind {
            ExprKind::Name(name) => table.column(&name.text),
            // Stored by old versions of SQLite: `CREATE INDEX i ON t(t.a)`.
            ExprKind::Column { column, .. } => table.column(&column.text),
            _ => None,
        };
        let collation = explicit_collation(&expr)
            .or_else(|| ordinal.and_then(|o| table.columns[usize::from(o)].collation.clone()))
            .unwrap_or_else(|| "BINARY".into());
        if !environment.has_collation(&collation) {
            return Err(no_such_collation(&collation));
        }
        let term_value = match ordinal {
            Some(ordinal) => IndexTerm::Column(ordinal),
            None => IndexTerm::Expr(source_expr(bare, bare.span, sql)),
        };
        columns.push(IndexColumn { term: term_value, descending: term.descending, collation });
    }
    Ok(Index {
        id: ObjectId(0),
        name: statement.name.name.text.clone(),
        table: table.name.clone(),
        unique: statement.unique,
        conflict: None,
        origin: IndexOrigin::Created,
        columns,
        filter: statement.filter.as_ref().map(|f| source_expr(f, f.span, sql)),
        sql: Some(sql.clone()),
    })
}

/// A term that is a string literal, perhaps with COLLATE, means the column of that name: old versions of SQLite
/// took it so. As a name it must then be one.
fn string_as_name(expr: &Expr) -> Expr {
    let as_name = |e: &Expr| match &e.kind {
        ExprKind::Literal(Literal::String(text)) => {
            let name = Name { text: (**text).into(), quote: Quote::Single, span: e.span };
            Some(Expr { kind: ExprKind::Name(name), span: e.span })
        }
        _ => None,
    };
    let replaced = match &expr.kind {
        ExprKind::Collate(operand, collation) => as_name(operand)
            .map(|name| Expr { kind: ExprKind::Collate(Box::new(name), collation.clone()), span: expr.span }),
        _ => as_name(expr),
    };
    replaced.unwrap_or_else(|| expr.clone())
}
