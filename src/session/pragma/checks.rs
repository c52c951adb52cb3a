//! `PRAGMA integrity_check` and `quick_check`: rows against the constraints of their table.
//!
//! Trees are checked by their own tests and at every read; what a user can break is data, by
//! `ignore_check_constraints` or `writable_schema`.

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef};

use super::schema_info::object;
use super::settings::leading_integer;
use super::{Call, row};
use crate::catalog::sql_text::always_quoted;
use crate::catalog::{Object, Table};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::session::ddl::TEMP;

/// Messages unless an argument says otherwise.
const MESSAGES_MAX: usize = 100;

/// The error for a table that a check names; the database is told if it was named.
pub fn no_such_table(call: &Call<'_>, name: &str) -> Error {
    match call.database {
        Some(database) => Error::sql(format!("no such table: {}.{name}", call.context.database_name(database))),
        None => Error::sql(format!("no such table: {name}")),
    }
}

pub fn integrity_check(call: &Call<'_>) -> Result<Vec<Vec<Value>>> {
    let mut limit = MESSAGES_MAX;
    let mut only = None;
    if let Some(value) = call.value {
        if value.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
            let wanted = leading_integer(value);
            limit = if wanted <= 0 { MESSAGES_MAX } else { wanted as usize };
        } else {
            match object(call, value) {
                Some((database, Object::Table(table))) => only = Some((database, table)),
                Some(_) => {}
                None => return Err(no_such_table(call, value)),
            }
        }
    }
    let mut messages = Vec::new();
    match only {
        Some((database, table)) => check(call, database, &table, limit, &mut messages)?,
        None => {
            let all = (0..call.context.database_count()).map(|i| DatabaseIndex(i as u16));
            for database in all.filter(|d| call.database.is_none_or(|only| only == *d) && *d != TEMP) {
                let mut tables: Vec<Arc<Table>> = call.context.schema(database).tables.values().cloned().collect();
                tables.sort_by_key(|t| std::cmp::Reverse(t.id));
                for table in tables.iter().filter(|t| !t.system && !t.is_virtual()) {
                    check(call, database, table, limit, &mut messages)?;
                }
            }
        }
    }
    if messages.is_empty() {
        messages.push("ok".to_owned());
    }
    Ok(messages.iter().take(limit).map(|m| row![&**m]).collect())
}

fn check(
    call: &Call<'_>,
    database: DatabaseIndex,
    table: &Table,
    limit: usize,
    messages: &mut Vec<String>,
) -> Result<()> {
    let mut conditions = Vec::new();
    for column in &table.columns {
        let name = always_quoted(&column.name);
        let is_alias = table.rowid_alias().is_some_and(|a| table.columns[usize::from(a)].name == column.name);
        if column.not_null.is_some() && !is_alias {
            conditions.push((format!("{name} IS NULL"), format!("NULL value in {}.{}", table.name, column.name)));
        }
        if table.strict
            && let Some(classes) = strict_classes(&column.type_name)
        {
            let message = format!("non-{} value in {}.{}", column.type_name, table.name, column.name);
            conditions.push((format!("typeof({name}) NOT IN ({classes})"), message));
        }
    }
    let checks: &[_] = if call.context.settings().ignore_check_constraints { &[] } else { &table.checks };
    for check in checks {
        conditions.push((format!("NOT ({})", check.expr.text), format!("CHECK constraint failed in {}", table.name)));
    }
    if conditions.is_empty() {
        return Ok(());
    }
    let select: Vec<&str> = conditions.iter().map(|(condition, _)| &**condition).collect();
    let from = format!("{}.{}", always_quoted(&call.context.database_name(database)), always_quoted(&table.name));
    let sql = format!("SELECT {} FROM {from} WHERE ({})", select.join(", "), select.join(") OR ("));
    call.context.query(&sql, &mut |row| {
        for (value, (_, message)) in row.iter().zip(&conditions) {
            let failed = matches!(value, ValueRef::Integer(n) if *n != 0);
            if failed && messages.len() < limit && messages.last() != Some(message) {
                messages.push(message.clone());
            }
        }
        Ok(())
    })
}

/// The storage classes a STRICT column may hold, as a list for `typeof`.
fn strict_classes(type_name: &str) -> Option<&'static str> {
    Some(match type_name {
        "INT" | "INTEGER" => "'integer', 'null'",
        "REAL" => "'real', 'null'",
        "TEXT" => "'text', 'null'",
        "BLOB" => "'blob', 'null'",
        _ => return None,
    })
}
