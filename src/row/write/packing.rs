//! What plain writes pack: the record of a row and the keys of its index entries, in room that is kept for the
//! statement's next run.

use bumpalo::Bump;
use heliosdb_udfs::value::{Value, ValueRef};

use super::row::with_env;
use super::target::{IndexProgram, TargetProgram};
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::row::context::{Context, WriteOptions};
use crate::row::eval::truth;
use crate::row::level::{Level, Rows, rowid_key, rowid_of_key};
use crate::row::scan::encode;
use crate::store::{Version, View, record};
use crate::txn::{Transaction, TreeIndex};

/// Room for what a plain write packs.
#[derive(Default)]
pub struct Packing {
    pub arena: Bump,
    /// The stored row that is changed.
    pub old: Vec<u8>,
    record: Vec<u8>,
    indexes: Vec<IndexWriter>,
}

/// Of what a statement packed, so much stays allocated for its next run.
const PACKING_KEPT_MAX: usize = 16 * 1024;

impl Packing {
    pub fn take(cx: &Context<'_>) -> Box<Packing> {
        cx.shared.packing.take().unwrap_or_default()
    }

    pub fn give_back(mut self: Box<Packing>, writer: Writer<'_>, cx: &Context<'_>) {
        self.arena.reset();
        self.record = writer.record;
        self.indexes = writer.indexes;
        let keys: usize = self.indexes.iter().map(|index| index.key.capacity() + index.old_key.capacity()).sum();
        let records = self.record.capacity() + self.old.capacity();
        if self.arena.allocated_bytes() + records + keys <= PACKING_KEPT_MAX {
            cx.shared.packing.set(Some(self));
        }
    }
}

/// The trees of a table and room for what is written to them.
pub struct Writer<'t> {
    pub target: &'t TargetProgram,
    pub tree: TreeIndex,
    pub indexes: Vec<IndexWriter>,
    pub record: Vec<u8>,
    pub options: WriteOptions,
    /// Rows to be written, where nobody looks at the table meanwhile.
    batch: Vec<(i64, Version)>,
}

/// So many rows are written at once.
const BATCH_ROWS: usize = 512;

#[derive(Default)]
pub struct IndexWriter {
    /// Its place in the target.
    at: usize,
    pub tree: TreeIndex,
    /// The entry to write, and the one it replaces.
    pub key: Vec<u8>,
    pub old_key: Vec<u8>,
    pub changed: bool,
    /// The key that was made last holds a NULL.
    has_null: bool,
}

impl<'t> Writer<'t> {
    pub fn new(
        target: &'t TargetProgram,
        wanted: impl Fn(&IndexProgram) -> bool,
        packing: &mut Packing,
        cx: &Context<'_>,
    ) -> Result<Writer<'t>> {
        let options = cx.around.write_options();
        let mut transaction = cx.around.transaction(target.database)?;
        let missing = || Error::internal("a tree is missing");
        let tree = transaction.number_of(target.table.id).ok_or_else(missing)?;
        let mut indexes = std::mem::take(&mut packing.indexes);
        let mut count = 0;
        for (at, index) in target.indexes.iter().enumerate().filter(|(_, index)| wanted(index)) {
            if indexes.len() == count {
                indexes.push(IndexWriter::default());
            }
            let tree = transaction.number_of(index.index.id).ok_or_else(missing)?;
            let writer = &mut indexes[count];
            (writer.at, writer.tree, writer.changed) = (at, tree, true);
            count += 1;
        }
        indexes.truncate(count);
        let record = std::mem::take(&mut packing.record);
        Ok(Writer { target, tree, indexes, record, options, batch: Vec::new() })
    }

    /// Reads the row that the statement sees at a rowid; false if there is none.
    #[inline]
    pub fn read(&self, rowid: i64, record: &mut Vec<u8>, cx: &Context<'_>) -> Result<bool> {
        let view = cx.view(self.target.database)?;
        let transaction = cx.around.transaction(self.target.database)?;
        record.clear();
        let read = transaction.rows(self.tree).read(rowid, view, |version| record.extend_from_slice(version.record()));
        Ok(read.is_some())
    }

    /// Notes a row to be written with others.
    #[inline]
    pub fn push(&mut self, rowid: i64, new: Version, transaction: &mut Transaction) {
        self.batch.push((rowid, new));
        if self.batch.len() >= BATCH_ROWS {
            transaction.put_rows(self.tree, &mut self.batch);
        }
    }

    /// Writes the rows that were noted.
    pub fn flush(&mut self, cx: &Context<'_>) -> Result<()> {
        if !self.batch.is_empty() {
            cx.around.transaction(self.target.database)?.put_rows(self.tree, &mut self.batch);
        }
        Ok(())
    }

    /// Whether a NULL stands where none may be.
    pub fn lacks_value<'v>(&self, value: impl Fn(usize) -> ValueRef<'v>) -> bool {
        let table = &self.target.table;
        self.target.has_not_null
            && table.columns.iter().enumerate().any(|(i, column)| {
                column.not_null.is_some() && table.rowid_alias() != Some(i as u16) && value(i).is_null()
            })
    }

    /// Whether every row that is packed passes the CHECKs.
    #[inline]
    pub fn has_no_checks(&self) -> bool {
        self.target.checks.is_empty() || self.options.ignore_checks
    }

    /// Whether the row packed last passes every CHECK.
    pub fn passes_checks(&mut self, rowid: i64, cx: &Context<'_>) -> Result<bool> {
        if self.has_no_checks() {
            return Ok(true);
        }
        let record = std::mem::take(&mut self.record);
        let levels = [Level { rows: Rows::Single { record, rowid: Some(rowid) }, ..Level::default() }];
        for check in &self.target.checks {
            if with_env(&levels, &[], &self.target.subqueries, cx, |env| truth(&check.node, env))? == Some(false) {
                return Ok(false);
            }
        }
        if let [Level { rows: Rows::Single { record, .. }, .. }] = levels {
            self.record = record;
        }
        Ok(true)
    }

    /// Makes the key of every index's entry.
    pub fn make_keys<'v>(&mut self, rowid: i64, value: impl Fn(usize) -> ValueRef<'v>) {
        for index in &mut self.indexes {
            index.has_null = make_key(self.target, index.at, rowid, &value, &mut index.key);
            index.changed = true;
        }
    }

    /// Makes the keys before and after a change, and finds out which differ.
    pub fn make_both_keys<'b, 'a>(
        &mut self,
        rowid: i64,
        before: impl Fn(usize) -> ValueRef<'b>,
        after: impl Fn(usize) -> ValueRef<'a>,
    ) {
        for index in &mut self.indexes {
            index.has_null = make_key(self.target, index.at, rowid, &after, &mut index.key);
            make_key(self.target, index.at, rowid, &before, &mut index.old_key);
            index.changed = index.key != index.old_key;
        }
    }

    /// Makes the keys of a row in the way of the one whose keys were made last, and finds out which differ from that one's.
    pub fn make_old_keys<'v>(&mut self, rowid: i64, value: impl Fn(usize) -> ValueRef<'v>) {
        for index in &mut self.indexes {
            make_key(self.target, index.at, rowid, &value, &mut index.old_key);
            index.changed = index.key != index.old_key;
        }
    }

    /// The row that has the key that was made last for an index, if nobody else may have it.
    pub fn holder_in(&self, index: &IndexWriter, view: View, transaction: &Transaction) -> Option<i64> {
        if index.has_null || !self.target.indexes[index.at].index.unique {
            return None;
        }
        let found = transaction.keys(index.tree).first_with_prefix(index.prefix(), view)?;
        Some(rowid_of_key(found.key()))
    }

    /// Whether another row has one of the keys that were made last.
    pub fn is_taken(&self, view: View, transaction: &Transaction) -> bool {
        self.indexes.iter().any(|index| index.changed && self.holder_in(index, view, transaction).is_some())
    }

    /// The row in the way of the one whose keys were made last, as an UPSERT clause looks for it.
    pub fn holder(
        &self,
        clause: Option<Option<usize>>,
        rowid: i64,
        view: View,
        transaction: &Transaction,
    ) -> Option<i64> {
        if matches!(clause, None | Some(None)) && transaction.rows(self.tree).get(rowid, view).is_some() {
            return Some(rowid);
        }
        let wanted = |i: usize| match clause {
            None => self.target.indexes[i].index.unique,
            Some(wanted) => wanted == Some(i),
        };
        // The first in the order of checks, which matters where several are in the way.
        let order = self.target.check_order.iter().filter_map(|i| Some((*i, self.indexes.get(*i)?)));
        let mut indexes = order.filter(|(i, index)| wanted(*i) && !index.has_null);
        indexes.find_map(|(_, index)| {
            let found = transaction.keys(index.tree).first_with_prefix(index.prefix(), view)?;
            Some(rowid_of_key(found.key()))
        })
    }

    /// Packs the row.
    pub fn pack<'v>(&mut self, value: impl Fn(usize) -> ValueRef<'v>) -> Result<()> {
        let alias = self.target.table.rowid_alias();
        let columns = self.target.table.columns.len();
        self.record.clear();
        let values = (0..columns).map(|i| if alias == Some(i as u16) { ValueRef::Null } else { value(i) });
        record::encode(&mut self.record, values);
        if self.record.len() > self.options.length_max { Err(Error::too_big()) } else { Ok(()) }
    }

    /// Packs the row that a stored one becomes when some of its columns are set; false if all of it must be packed.
    pub fn pack_changed<'v>(&mut self, old: &[u8], mut set: impl Iterator<Item = (usize, ValueRef<'v>)>) -> bool {
        let table = &self.target.table;
        let alias = table.rowid_alias().map(usize::from);
        // A row put together of an index's entry shows the rowid, too.
        let shows_alias = alias.is_some_and(|alias| !record::column(old, alias).is_none_or(|value| value.is_null()));
        if shows_alias || record::column_count(old) != table.columns.len() {
            return false;
        }
        self.record.clear();
        self.record.extend_from_slice(old);
        set.all(|(i, value)| alias != Some(i) && record::set(&mut self.record, i, value))
            && self.record.len() <= self.options.length_max
    }

    /// Whether a row can be taken as another table stores it.
    #[inline]
    pub fn takes(&self, stored: &[u8]) -> bool {
        record::column_count(stored) == self.target.table.columns.len() && stored.len() <= self.options.length_max
    }
}

impl IndexWriter {
    /// What tells the values of the key that was made last.
    fn prefix(&self) -> &[u8] {
        &self.key[..self.key.len() - rowid_key(0).len()]
    }
}

/// Makes the key of an entry; whether it holds a NULL.
fn make_key<'v>(
    target: &TargetProgram,
    at: usize,
    rowid: i64,
    value: impl Fn(usize) -> ValueRef<'v>,
    key: &mut Vec<u8>,
) -> bool {
    let index = &target.indexes[at];
    key.clear();
    push_key(index, index.columns.as_deref().unwrap_or_default(), rowid, value, &target.table, key)
}

/// Appends the key of an entry that is made of columns; whether it holds a NULL.
pub fn push_key<'v>(
    index: &IndexProgram,
    columns: &[u16],
    rowid: i64,
    value: impl Fn(usize) -> ValueRef<'v>,
    table: &Table,
    key: &mut Vec<u8>,
) -> bool {
    let mut has_null = false;
    for (n, column) in columns.iter().enumerate() {
        let v =
            if table.rowid_alias() == Some(*column) { ValueRef::Integer(rowid) } else { value(usize::from(*column)) };
        has_null |= v.is_null();
        encode(v, &index.collations[n], index.index.columns[n].descending, key);
    }
    key.extend_from_slice(&rowid_key(rowid));
    has_null
}

/// A field of a stored row; the rowid's alias is not asked for.
#[inline]
pub fn stored<'r>(table: &'r Table, record: &'r [u8], i: usize) -> ValueRef<'r> {
    match record::column(record, i) {
        Some(value) => value,
        None => table.columns[i].added_default.as_ref().map_or(ValueRef::Null, Value::as_ref),
    }
}
