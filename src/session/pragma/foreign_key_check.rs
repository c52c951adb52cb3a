//! `PRAGMA foreign_key_check`: rows whose parent is missing.

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef};

use super::schema_info::object;
use super::{Call, row};
use crate::catalog::sql_text::always_quoted;
use crate::catalog::{ForeignKey, IndexTerm, Object, Table};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::store::{KeyCursor, RowCursor, Tree};

pub fn run(call: &Call<'_>) -> Result<Vec<Vec<Value>>> {
    let (database, tables) = match call.value {
        Some(name) => match object(call, name) {
            Some((database, Object::Table(table))) => (database, vec![table]),
            // A view has no keys.
            Some(_) => return Ok(Vec::new()),
            None => return Err(super::checks::no_such_table(call, name)),
        },
        None => {
            let database = call.database();
            let mut tables: Vec<Arc<Table>> = call.context.schema(database).tables.values().cloned().collect();
            tables.sort_by_key(|t| std::cmp::Reverse(t.id));
            (database, tables)
        }
    };
    let mut rows = Vec::new();
    for table in tables.iter().filter(|t| !t.foreign_keys.is_empty()) {
        check_table(call, database, table, &mut rows)?;
    }
    Ok(rows)
}

fn check_table(call: &Call<'_>, database: DatabaseIndex, table: &Table, out: &mut Vec<Vec<Value>>) -> Result<()> {
    let schema = call.context.schema(database);
    let database_name = call.context.database_name(database);
    // (rowid, key): SQLite goes row by row, and at each through the keys.
    let mut found: Vec<(Option<i64>, usize)> = Vec::new();
    let empty = is_empty(call, database, table)?;
    for (id, key) in table.foreign_keys.iter().enumerate() {
        let parent = match schema.table(&key.parent) {
            Some(parent) => Some((&**parent, parent_columns(table, parent, key)?)),
            None if schema.view(&key.parent).is_some() => return Err(mismatch(table, key)),
            None => None,
        };
        if empty {
            continue;
        }
        let sql = orphans(&database_name, table, key, parent);
        call.context.query(&sql, &mut |row| {
            let rowid = match row.first() {
                Some(ValueRef::Integer(rowid)) => Some(*rowid),
                _ => None,
            };
            found.push((rowid, id));
            Ok(())
        })?;
    }
    if table.has_rowid() {
        found.sort_by_key(|(rowid, _)| *rowid);
    }
    for (rowid, id) in found {
        let mut row = row![&*table.name, 0, &*table.foreign_keys[id].parent, id as i64];
        row[1] = rowid.map_or(Value::Null, Value::Integer);
        out.push(row);
    }
    Ok(())
}

/// Whether a table has no rows: then its keys are right, and nothing has to be prepared.
fn is_empty(call: &Call<'_>, database: DatabaseIndex, table: &Table) -> Result<bool> {
    let mut transaction = call.context.transaction(database);
    let guard = transaction.open_view();
    let found = match transaction.shared().store().tree(table.id) {
        Some(Tree::Row(tree)) => RowCursor::new(tree, guard.view()).first(),
        Some(Tree::Key(tree)) => KeyCursor::new(tree, guard.view()).first(),
        None => false,
    };
    crate::store::fault::check()?;
    Ok(!found)
}

/// The query for the rows of the child that need a parent and have none.
fn orphans(database: &str, table: &Table, key: &ForeignKey, parent: Option<(&Table, Vec<u16>)>) -> String {
    let column = |source: &str, name: &str| format!("{source}.{}", always_quoted(name));
    let child: Vec<String> = key.columns.iter().map(|c| column("c", &table.columns[usize::from(*c)].name)).collect();
    let mut conditions: Vec<String> = child.iter().map(|c| format!("{c} IS NOT NULL")).collect();
    if let Some((parent, parent_columns)) = parent {
        let equal: Vec<String> = parent_columns
            .iter()
            .zip(&child)
            // The parent decides how values compare.
            .map(|(p, c)| format!("{} = +{c}", column("p", &parent.columns[usize::from(*p)].name)))
            .collect();
        let from = format!("{}.{} AS p", always_quoted(database), always_quoted(&parent.name));
        conditions.push(format!("NOT EXISTS (SELECT 1 FROM {from} WHERE {})", equal.join(" AND ")));
    }
    let rowid = if table.has_rowid() { "c.rowid" } else { "NULL" };
    let from = format!("{}.{} AS c", always_quoted(database), always_quoted(&table.name));
    format!("SELECT {rowid} FROM {from} WHERE {}", conditions.join(" AND "))
}

fn mismatch(child: &Table, key: &ForeignKey) -> Error {
    Error::sql(format!("foreign key mismatch - \"{}\" referencing \"{}\"", child.name, key.parent))
}

/// The parent's columns, which must be its PRIMARY KEY or have a UNIQUE index with their own collations.
fn parent_columns(child: &Table, parent: &Table, key: &ForeignKey) -> Result<Vec<u16>> {
    let mismatch = || mismatch(child, key);
    if key.parent_columns.is_empty() {
        let primary = parent.primary_key.as_ref().ok_or_else(mismatch)?;
        if primary.columns.len() != key.columns.len() {
            return Err(mismatch());
        }
        return Ok(primary.columns.clone());
    }
    let named: Option<Vec<u16>> = key.parent_columns.iter().map(|c| parent.column(c)).collect();
    let named = named.ok_or_else(mismatch)?;
    if named.len() == 1 && parent.rowid_alias() == Some(named[0]) {
        return Ok(named);
    }
    let unique = parent.indexes.iter().filter(|i| i.unique && i.filter.is_none());
    let fits = unique.into_iter().any(|index| {
        index.columns.len() == named.len()
            && index.columns.iter().all(|c| match c.term {
                IndexTerm::Column(ordinal) => {
                    let own = parent.columns[usize::from(ordinal)].collation.as_deref().unwrap_or("BINARY");
                    named.contains(&ordinal) && c.collation.eq_ignore_ascii_case(own)
                }
                _ => false,
            })
    });
    if fits { Ok(named) } else { Err(mismatch()) }
}
