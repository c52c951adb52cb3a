//! The rows of a database's schema table, `sqlite_sequence` and `sqlite_stat1`.
//!
//! These tables have plain records (every column in order), no rowid alias and no index, so that they are read and
//! written here without the executor.

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef};

use super::Host;
use crate::catalog::load::SchemaRow;
use crate::catalog::system::SCHEMA_TABLE_ID;
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::store::{ObjectId, RowCursor, RowTree, record};
use crate::txn::Transaction;

/// Adds a row to the schema table.
pub fn insert(host: &dyn Host, database: DatabaseIndex, row: &SchemaRow) -> Result<()> {
    insert_in(&mut *host.write(database)?, row)
}

/// [`insert`] for a transaction at hand.
pub fn insert_in(transaction: &mut Transaction, row: &SchemaRow) -> Result<()> {
    let tree = tree(transaction, SCHEMA_TABLE_ID)?;
    let rowid = tree.max_key(transaction.view()).unwrap_or(0) + 1;
    put(transaction, &tree, rowid, row);
    Ok(())
}

/// Removes all rows of the schema table.
pub fn clear_in(transaction: &mut Transaction) -> Result<()> {
    let tree = tree(transaction, SCHEMA_TABLE_ID)?;
    for (rowid, _) in read_in(transaction)? {
        transaction.delete_row(&tree, rowid);
    }
    Ok(())
}

/// Writes the row of a rowid.
pub fn replace(host: &dyn Host, database: DatabaseIndex, rowid: i64, row: &SchemaRow) -> Result<()> {
    let mut transaction = host.write(database)?;
    let tree = tree(&transaction, SCHEMA_TABLE_ID)?;
    put(&mut transaction, &tree, rowid, row);
    Ok(())
}

/// The schema table's rows with their rowids.
pub fn read(host: &dyn Host, database: DatabaseIndex) -> Result<Vec<(i64, SchemaRow)>> {
    read_in(&mut host.transaction(database))
}

/// [`read`] for a transaction at hand.
pub fn read_in(transaction: &mut Transaction) -> Result<Vec<(i64, SchemaRow)>> {
    let mut rows = Vec::new();
    for (rowid, values) in plain_rows(transaction, SCHEMA_TABLE_ID)? {
        let text = |i: usize| values.get(i).and_then(text_of).unwrap_or_default();
        let root_page = match values.get(3) {
            Some(Value::Integer(page)) => u32::try_from(*page).unwrap_or(0),
            _ => 0,
        };
        let sql = values.get(4).and_then(text_of).map(Arc::from);
        let row = SchemaRow { kind: text(0).into(), name: text(1).into(), table: text(2).into(), root_page, sql };
        rows.push((rowid, row));
    }
    Ok(rows)
}

/// What a row of the schema table is about.
pub struct Subject<'r> {
    pub kind: &'r str,
    pub name: &'r str,
    pub table: &'r str,
}

/// Removes the rows that match.
pub fn remove(host: &dyn Host, database: DatabaseIndex, matches: impl Fn(Subject<'_>) -> bool) -> Result<()> {
    let mut transaction = host.write(database)?;
    let tree = tree(&transaction, SCHEMA_TABLE_ID)?;
    let mut found = Vec::new();
    let mut cursor = RowCursor::new(tree.clone(), transaction.view());
    let mut more = cursor.first();
    while more {
        let record = cursor.record();
        let text = |i| match record::column(record, i) {
            Some(ValueRef::Text(t)) => std::str::from_utf8(t).unwrap_or_default(),
            _ => "",
        };
        if matches(Subject { kind: text(0), name: text(1), table: text(2) }) {
            found.push(cursor.rowid());
        }
        more = cursor.next();
    }
    for rowid in found {
        transaction.delete_row(&tree, rowid);
    }
    Ok(())
}

/// All rows of a table with plain records, in rowid order.
pub fn plain_rows(transaction: &mut Transaction, id: ObjectId) -> Result<Vec<(i64, Vec<Value>)>> {
    let tree = tree(transaction, id)?;
    // Without a transaction the newest commit is read, which the guard keeps.
    let guard = transaction.open_view();
    let mut cursor = RowCursor::new(tree, guard.view());
    let mut rows = Vec::new();
    let mut more = cursor.first();
    while more {
        let values = record::columns(cursor.record()).map(|v| v.unwrap_or(ValueRef::Null).to_owned());
        rows.push((cursor.rowid(), values.collect()));
        more = cursor.next();
    }
    Ok(rows)
}

/// Removes the rows of a table with plain records for which `matches` holds.
pub fn delete_plain(
    host: &dyn Host,
    database: DatabaseIndex,
    id: ObjectId,
    matches: impl Fn(&[Value]) -> bool,
) -> Result<()> {
    let mut transaction = host.write(database)?;
    let tree = tree(&transaction, id)?;
    for (rowid, values) in plain_rows(&mut transaction, id)? {
        if matches(&values) {
            transaction.delete_row(&tree, rowid);
        }
    }
    Ok(())
}

/// Writes a row of a table with plain records; at the end if no rowid is given.
pub fn put_plain(
    host: &dyn Host,
    database: DatabaseIndex,
    id: ObjectId,
    rowid: Option<i64>,
    values: &[Value],
) -> Result<()> {
    let mut transaction = host.write(database)?;
    let tree = tree(&transaction, id)?;
    let rowid = match rowid {
        Some(rowid) => rowid,
        None => tree.max_key(transaction.view()).unwrap_or(0) + 1,
    };
    let mut bytes = Vec::new();
    record::encode(&mut bytes, values.iter().map(Value::as_ref));
    transaction.put_row(&tree, rowid, &bytes);
    Ok(())
}

/// Whether a value is this text, ASCII case-insensitively.
pub fn is_text(value: Option<&Value>, text: &str) -> bool {
    matches!(value, Some(Value::Text(t)) if t.eq_ignore_ascii_case(text.as_bytes()))
}

fn put(transaction: &mut Transaction, tree: &Arc<RowTree>, rowid: i64, row: &SchemaRow) {
    let text = |s: &'_ str| Value::text(s);
    let values = [
        text(&row.kind),
        text(&row.name),
        text(&row.table),
        Value::Integer(i64::from(row.root_page)),
        row.sql.as_deref().map_or(Value::Null, text),
    ];
    let mut bytes = Vec::new();
    record::encode(&mut bytes, values.iter().map(Value::as_ref));
    transaction.put_row(tree, rowid, &bytes);
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

fn tree(transaction: &Transaction, id: ObjectId) -> Result<Arc<RowTree>> {
    let found = transaction.shared().store().row_tree(id);
    found.ok_or_else(|| Error::internal(format!("object {} has no rows", id.0)))
}
