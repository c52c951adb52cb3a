//! Whether the rows of a table bear what ALTER TABLE adds to it.

use std::sync::Arc;

use heliosdb_dialect::ast::{ColumnConstraintKind, ColumnDef, Expr, ExprKind, Literal, Statement, UnaryOp};

use heliosdb_udfs::value::{Affinity, Value};

use super::rewrite::Rewritten;
use super::{Host, names};
use crate::catalog::Table;
use crate::catalog::column::{default_value, source_expr};
use crate::catalog::sql_text::{always_quoted, parse_stored};
use crate::error::{Code, Error, Result};
use crate::plan::bound::DatabaseIndex;

/// The rules for ADD COLUMN that SQLite applies to tables with rows only.
pub fn added_column(
    host: &dyn Host,
    database: DatabaseIndex,
    table: &Table,
    definition: &ColumnDef,
    sql: &str,
) -> Result<()> {
    if !has_row(host, database, table, "")? {
        return Ok(());
    }
    let default = definition.constraints.iter().find_map(|c| match &c.kind {
        ColumnConstraintKind::Default { expr, span } => Some((expr, span.of(sql))),
        _ => None,
    });
    let generated = definition.constraints.iter().find_map(|c| match &c.kind {
        ColumnConstraintKind::Generated { expr, stored } => Some((expr, *stored)),
        _ => None,
    });
    if let Some((_, true)) = generated {
        return Err(Error::sql("cannot add a STORED column"));
    }
    let default_is_null = default.is_none_or(|(expr, _)| matches!(expr.kind, ExprKind::Literal(Literal::Null)));
    if default.is_some_and(|(expr, _)| !is_value(expr)) {
        return Err(Error::sql("Cannot add a column with non-constant default"));
    }
    let references = definition.constraints.iter().any(|c| matches!(c.kind, ColumnConstraintKind::References(_)));
    if references && host.options().foreign_keys && !default_is_null {
        return Err(Error::sql("Cannot add a REFERENCES column with non-NULL default value"));
    }
    let not_null = definition.constraints.iter().any(|c| matches!(c.kind, ColumnConstraintKind::NotNull { .. }));
    if not_null && generated.is_none() && default_is_null {
        return Err(Error::sql("Cannot add a NOT NULL column with default value NULL"));
    }

    if let (true, Some((expr, _))) = (table.strict, default)
        && !fits_strictly(expr, sql, &definition.type_name.text)
    {
        return Err(Error::sql("type mismatch on DEFAULT"));
    }

    // The new column as a subquery's, so that its CHECKs can be asked before it exists.
    let value = match (&generated, default) {
        (Some((expr, _)), _) => format!("({})", expr.span.of(sql)),
        (None, Some((_, text))) => format!("({text})"),
        (None, None) => "NULL".to_owned(),
    };
    let from = names::quoted(&host.database_name(database), &table.name);
    let column = always_quoted(&definition.name.text);
    let rows = format!("(SELECT *, {value} AS {column} FROM {from}) AS {}", always_quoted(&table.name));
    if not_null && generated.is_some() && any(host, &format!("SELECT 1 FROM {rows} WHERE {column} IS NULL LIMIT 1"))? {
        return Err(Error::sql("NOT NULL constraint failed"));
    }
    for constraint in &definition.constraints {
        if let ColumnConstraintKind::Check { span, .. } = &constraint.kind
            && any(host, &format!("SELECT 1 FROM {rows} WHERE NOT ({}) LIMIT 1", span.of(sql)))?
        {
            return Err(Error::sql("CHECK constraint failed"));
        }
    }
    Ok(())
}

/// Constraints that ALTER TABLE … ADD CONSTRAINT or ALTER COLUMN … SET NOT NULL put into the table's text.
pub fn changed_constraints(
    host: &dyn Host,
    database: DatabaseIndex,
    table: &Arc<Table>,
    rewritten: &[Rewritten],
) -> Result<()> {
    let failed = || Error::new(Code::CONSTRAINT, "constraint failed");
    let rows = rewritten.iter().filter(|r| r.database == database).flat_map(|r| &r.rows);
    let is_table =
        |row: &crate::catalog::SchemaRow| &*row.kind == "table" && row.name.eq_ignore_ascii_case(&table.name);
    let Some(sql) = rows.map(|(_, row)| row).find(|row| is_table(row)).and_then(|row| row.sql.clone()) else {
        return Ok(());
    };
    let parsed = parse_stored(&sql)?;
    let Statement::CreateTable(statement) = &parsed.statement else { return Ok(()) };
    let database_name = host.database_name(database);
    let draft = crate::catalog::build_table::build_table(statement, &sql, &database_name, &*host.environment())?;
    let new = draft.table();
    for (old, column) in table.columns.iter().zip(&new.columns) {
        let became_not_null = old.not_null.is_none() && column.not_null.is_some();
        if became_not_null && has_row(host, database, table, &format!("{} IS NULL", always_quoted(&column.name)))? {
            return Err(failed());
        }
    }
    for check in &new.checks {
        let known = table.checks.iter().any(|c| c.expr.text == check.expr.text);
        if !known && has_row(host, database, table, &format!("NOT ({})", check.expr.text))? {
            return Err(failed());
        }
    }
    Ok(())
}

/// Whether rows that are there can take a default's value for a column of a STRICT table.
fn fits_strictly(default: &Expr, sql: &str, type_name: &str) -> bool {
    let default = source_expr(default, default.span, &sql.into());
    match default_value(&default, Affinity::of_type(type_name)) {
        None | Some(Value::Null) => true,
        Some(Value::Integer(_)) => matches!(type_name.to_ascii_uppercase().as_str(), "INT" | "INTEGER" | "ANY"),
        Some(Value::Real(_)) => matches!(type_name.to_ascii_uppercase().as_str(), "REAL" | "ANY"),
        Some(Value::Text(_)) => matches!(type_name.to_ascii_uppercase().as_str(), "TEXT" | "ANY"),
        Some(Value::Blob(_)) => matches!(type_name.to_ascii_uppercase().as_str(), "BLOB" | "ANY"),
    }
}

fn has_row(host: &dyn Host, database: DatabaseIndex, table: &Table, condition: &str) -> Result<bool> {
    let from = names::quoted(&host.database_name(database), &table.name);
    let filter = if condition.is_empty() { String::new() } else { format!(" WHERE {condition}") };
    any(host, &format!("SELECT 1 FROM {from}{filter} LIMIT 1"))
}

fn any(host: &dyn Host, sql: &str) -> Result<bool> {
    let mut found = false;
    host.query(sql, &mut |_| {
        found = true;
        Ok(())
    })?;
    Ok(found)
}

/// Whether SQLite can read a default's value off the text: a literal, perhaps with a sign.
fn is_value(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(literal) => {
            !matches!(literal, Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp)
        }
        ExprKind::Name(_) => true,
        ExprKind::Unary(UnaryOp::Minus | UnaryOp::Plus, operand) => is_value(operand),
        ExprKind::Cast { operand, .. } => is_value(operand),
        _ => false,
    }
}
