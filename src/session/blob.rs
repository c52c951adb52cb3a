//! Incremental access to one value (https://sqlite.org/c3ref/blob_open.html).
//!
//! A handle expires when its row is changed or deleted by anything but itself. Writing keeps the length.

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef};

use super::Connection;
use super::inner::Inner;
use crate::catalog::{IndexTerm, Table, TableKind};
use crate::error::{Code, Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::store::{RowTree, Version, fault, record};
use crate::txn::{Pin, TransactionState};

pub struct Blob {
    connection: Arc<Connection>,
    database: DatabaseIndex,
    tree: Arc<RowTree>,
    rowid: i64,
    column: usize,
    len: usize,
    writable: bool,
    /// The version that the handle was opened on or has written.
    version: parking_lot::Mutex<Option<Version>>,
    /// Others must not change the files meanwhile.
    pins: Vec<Pin>,
}

impl Connection {
    /// Opens one value of one row. Errors are SQLite's (`no such rowid: 5`, `cannot open value of type null`).
    pub fn open_blob(
        self: &Arc<Self>,
        schema: &str,
        table: &str,
        column: &str,
        rowid: i64,
        writable: bool,
    ) -> Result<Blob> {
        let inner = self.lock();
        inner.check_open()?;
        let mut pins = Vec::new();
        inner.pin_files(&mut pins)?;
        let missing = || Error::sql(format!("no such table: {schema}.{table}"));
        let database = inner.find_database(schema).ok_or_else(missing)?;
        let found = inner.schema(database);
        if found.view(table).is_some() {
            return Err(Error::sql(format!("cannot open view: {table}")));
        }
        let found = found.table(table).cloned().ok_or_else(missing)?;
        match found.kind {
            TableKind::Rowid { .. } => {}
            TableKind::WithoutRowid => return Err(Error::sql(format!("cannot open table without rowid: {table}"))),
            TableKind::Virtual { .. } => return Err(Error::sql(format!("cannot open virtual table: {table}"))),
        }
        let ordinal = found.column(column).ok_or_else(|| Error::sql(format!("no such column: \"{column}\"")))?;
        if writable {
            check_writable(&inner, &found, ordinal)?;
        }
        let tree = inner.transaction(database).shared().store().row_tree(found.id);
        let tree = tree.ok_or_else(|| Error::internal("a table without rows"))?;
        let version = current(&inner, database, &tree, rowid);
        fault::check()?;
        let version = version.ok_or_else(|| Error::sql(format!("no such rowid: {rowid}")))?;
        let kind = match record::column(version.record(), ordinal as usize) {
            Some(ValueRef::Text(b) | ValueRef::Blob(b)) => Ok(b.len()),
            Some(ValueRef::Integer(_)) => Err("integer"),
            Some(ValueRef::Real(_)) => Err("real"),
            _ if found.rowid_alias() == Some(ordinal) => Err("integer"),
            _ => Err("null"),
        };
        let len = kind.map_err(|kind| Error::sql(format!("cannot open value of type {kind}")))?;
        drop(inner);
        Ok(Blob {
            connection: self.clone(),
            database,
            tree,
            rowid,
            column: ordinal as usize,
            len,
            writable,
            version: parking_lot::Mutex::new(Some(version)),
            pins,
        })
    }
}

/// Indexed columns and columns of foreign keys cannot be written behind their keys' backs.
fn check_writable(inner: &Inner, table: &Table, ordinal: u16) -> Result<()> {
    let indexed = table.indexes.iter().any(|i| {
        i.columns.iter().any(|c| match &c.term {
            IndexTerm::Column(c) => *c == ordinal,
            IndexTerm::Expr(_) => true,
            IndexTerm::Rowid => false,
        })
    });
    if indexed || table.rowid_alias() == Some(ordinal) {
        return Err(Error::sql("cannot open indexed column for writing"));
    }
    let child = table.foreign_keys.iter().any(|k| k.columns.contains(&ordinal));
    if child && inner.settings.borrow().foreign_keys {
        return Err(Error::sql("cannot open foreign key column for writing"));
    }
    Ok(())
}

fn current(inner: &Inner, database: DatabaseIndex, tree: &RowTree, rowid: i64) -> Option<Version> {
    let mut transaction = inner.transaction(database);
    if transaction.state() == TransactionState::None {
        let guard = transaction.open_view();
        return tree.get(rowid, guard.view());
    }
    let view = transaction.view();
    tree.get(rowid, view)
}

impl Blob {
    /// Bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The version that is current, if it is the one the handle knows.
    fn checked(&self, inner: &Inner) -> Result<Version> {
        inner.check_open()?;
        let expired = || Error::new(Code::ABORT, "query aborted");
        let known = self.version.lock().clone().ok_or_else(expired)?;
        let now = current(inner, self.database, &self.tree, self.rowid);
        fault::check()?;
        match now {
            Some(now) if now.same(&known) => Ok(now),
            _ => {
                *self.version.lock() = None;
                Err(expired())
            }
        }
    }

    fn check_range(&self, offset: usize, len: usize) -> Result<()> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(Error::sql("SQL logic error")),
        }
    }

    /// Fills `out` from the bytes at `offset`.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result<()> {
        let inner = self.connection.lock();
        let version = self.checked(&inner)?;
        self.check_range(offset, out.len())?;
        match record::column(version.record(), self.column) {
            Some(ValueRef::Text(b) | ValueRef::Blob(b)) => {
                out.copy_from_slice(&b[offset..offset + out.len()]);
                Ok(())
            }
            _ => Err(Error::internal("an open value has changed its class")),
        }
    }

    /// Writes `data` over the bytes at `offset`.
    pub fn write(&self, offset: usize, data: &[u8]) -> Result<()> {
        let inner = self.connection.lock();
        if !self.writable {
            return Err(Error::new(Code::READONLY, "attempt to write a readonly database"));
        }
        let version = self.checked(&inner)?;
        self.check_range(offset, data.len())?;
        let mut values: Vec<Value> =
            record::columns(version.record()).map(|v| v.map_or(Value::Null, ValueRef::to_owned)).collect();
        match &mut values[self.column] {
            Value::Text(b) | Value::Blob(b) => b[offset..offset + data.len()].copy_from_slice(data),
            _ => return Err(Error::internal("an open value has changed its class")),
        }
        let mut bytes = Vec::new();
        record::encode(&mut bytes, values.iter().map(Value::as_ref));
        {
            let mut transaction = inner.begin_write(self.database)?;
            let mark = transaction.statement_begin();
            transaction.put_row(&self.tree, self.rowid, &bytes);
            transaction.statement_end(mark);
        }
        if inner.is_autocommit() && inner.writing.get() == 0 {
            inner.commit_all()?;
        }
        *self.version.lock() = current(&inner, self.database, &self.tree, self.rowid);
        Ok(())
    }

    /// Ends the handle; reading and writing are errors afterwards.
    pub fn close(&mut self) {
        *self.version.lock() = None;
        self.pins.clear();
    }
}
