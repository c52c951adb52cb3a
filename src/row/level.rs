//! The current row of one source, whatever holds it: a table, an index, kept rows, a running subquery.
//!
//! Every kind shows its row as a packed record, so that expressions need one way to read a field.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use heliosdb_udfs::value::ValueRef;

use super::context::{RowSource, WantedColumns};
use super::program::Covered;
use super::recursive::RecursiveRun;
use super::run::QueryRun;
use super::scan::record_of_key;
pub use crate::store::ids::{rowid_key, rowid_of_key};
use crate::store::{KeyCursor, KeyTree, RowCursor, RowTree, Version, View, record};

#[derive(Default)]
pub struct Level {
    pub rows: Rows,
    /// The row is the all-NULL row of an outer join.
    pub null_row: bool,
    /// A row of this level matched since it was opened (outer joins).
    pub matched: bool,
}

/// Rows kept in memory as packed records.
#[derive(Default)]
pub struct Kept {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Kept {
    pub fn push<'v>(&mut self, values: impl IntoIterator<Item = ValueRef<'v>>) {
        record::encode(&mut self.bytes, values);
        self.ends.push(self.bytes.len());
    }

    pub fn push_record(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn get(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.bytes[start..self.ends[i]]
    }
}

#[derive(Default)]
pub enum Rows {
    #[default]
    Closed,
    /// A rowid table in rowid order.
    Table(RowCursor),
    /// Rows found by their rowids, one after the other.
    Sought(RowCursor),
    /// One row found by rowid.
    Point {
        rowid: i64,
        version: Version,
    },
    /// Rowid table through an index: the entry leads to the row, which is looked up when it is first read. A view that
    /// sees the entry sees the row.
    Indexed {
        keys: KeyCursor,
        table: Arc<RowTree>,
        view: View,
        rowid: i64,
        row: OnceCell<Option<Version>>,
    },
    /// A table through an index that holds all that is wanted: `record` is made from its key when it is first read, in
    /// the room of the one before.
    Covered {
        keys: KeyCursor,
        covered: Arc<Covered>,
        record: OnceCell<Vec<u8>>,
        spare: Cell<Vec<u8>>,
    },
    /// A WITHOUT ROWID table in key order.
    Key(KeyCursor),
    /// A WITHOUT ROWID table through another index, as `Indexed`: the row is looked up in the primary tree.
    KeyIndexed {
        keys: KeyCursor,
        table: Arc<KeyTree>,
        row: OnceCell<Option<Version>>,
    },
    /// Kept rows, all of them or those at `matches`.
    Kept {
        rows: Arc<Kept>,
        at: usize,
        matches: Option<Vec<i64>>,
    },
    /// A subquery that runs along; `record` is its current row, made when it is first asked for, in the room of the one
    /// before.
    Query {
        run: Box<QueryRun>,
        record: OnceCell<Vec<u8>>,
        spare: Cell<Vec<u8>>,
    },
    /// A recursive table that runs along.
    Recursive(Box<RecursiveRun>),
    /// One record, such as the row of a recursive table.
    Single {
        record: Vec<u8>,
        rowid: Option<i64>,
    },
    Function {
        source: Box<dyn RowSource>,
        wanted: WantedColumns,
        record: Vec<u8>,
        count: i64,
    },
}

impl Level {
    /// The value of a field; `None` where the record is older than the column.
    #[inline]
    pub fn field(&self, i: usize) -> Option<ValueRef<'_>> {
        if self.null_row {
            return Some(ValueRef::Null);
        }
        match &self.rows {
            Rows::Query { run, .. } => Some(run.column(i)),
            _ => record::column(self.record(), i),
        }
    }

    /// The packed record of the current row.
    #[inline]
    pub fn record(&self) -> &[u8] {
        match &self.rows {
            Rows::Table(cursor) | Rows::Sought(cursor) => cursor.record(),
            Rows::Point { version, .. } => version.record(),
            Rows::Indexed { row, table, view, rowid, .. } => {
                row.get_or_init(|| table.get(*rowid, *view)).as_ref().map_or(&[], Version::record)
            }
            Rows::KeyIndexed { keys, table, row } => {
                row.get_or_init(|| table.get(keys.record(), keys.view())).as_ref().map_or(&[], Version::record)
            }
            Rows::Function { record, .. } => record,
            Rows::Query { run, record, spare } => record.get_or_init(|| {
                let mut room = spare.take();
                room.clear();
                record::encode(&mut room, (0..run.width()).map(|i| run.column(i)));
                room
            }),
            Rows::Covered { keys, covered, record, spare } => record.get_or_init(|| {
                let mut room = spare.take();
                record_of_key(keys.key(), covered, &mut room);
                room
            }),
            Rows::Key(cursor) => cursor.record(),
            Rows::Kept { rows, at, matches } => match matches {
                Some(m) => rows.get(m[*at] as usize),
                None => rows.get(*at),
            },
            Rows::Single { record, .. } => record,
            Rows::Recursive(run) => run.record(),
            Rows::Closed => &[],
        }
    }

    /// The key of an index by which the current row has been found, with its rowid, if the row has not been read yet.
    #[inline]
    pub fn index_key(&self) -> Option<(i64, &[u8])> {
        match &self.rows {
            Rows::Indexed { keys, rowid, row, .. } if !self.null_row && row.get().is_none() => {
                Some((*rowid, keys.key()))
            }
            _ => None,
        }
    }

    /// The record of the current row if it costs nothing to say.
    #[inline]
    pub fn near_record(&self) -> Option<&[u8]> {
        match &self.rows {
            _ if self.null_row => None,
            Rows::Indexed { row, .. } | Rows::KeyIndexed { row, .. } if row.get().is_none() => None,
            Rows::Covered { record, .. } if record.get().is_none() => None,
            Rows::Query { .. } => None,
            _ => Some(self.record()),
        }
    }

    #[inline]
    pub fn rowid(&self) -> ValueRef<'static> {
        if self.null_row {
            return ValueRef::Null;
        }
        match &self.rows {
            Rows::Table(cursor) | Rows::Sought(cursor) => ValueRef::Integer(cursor.rowid()),
            Rows::Point { rowid, .. } | Rows::Indexed { rowid, .. } => ValueRef::Integer(*rowid),
            Rows::Covered { keys, covered, .. } if covered.has_rowid => ValueRef::Integer(rowid_of_key(keys.key())),
            Rows::Single { rowid: Some(rowid), .. } => ValueRef::Integer(*rowid),
            Rows::Function { count, .. } => ValueRef::Integer(*count),
            _ => ValueRef::Null,
        }
    }

    pub fn close(&mut self) {
        self.rows = Rows::Closed;
        self.null_row = false;
    }
}
