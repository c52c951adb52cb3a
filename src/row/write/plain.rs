//! Plain writes: rows of tables that nothing watches but NOT NULL, CHECK and indexes over columns go from values to record, or
//! from record to record, in one pass over what the statement reads.
//!
//! One pass is safe because the scan sees the state before the statement: the write transaction is begun first, and no
//! trigger runs. A row that meets anything else (a key that is taken, a NULL where none may be) goes the general way,
//! which finds out what happens to it; nothing of it has been written by then.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_udfs::value::{Value, ValueRef, affinity};

use super::Run;
use super::lower::{ColumnValue, DeleteProgram, InsertProgram, UpdateProgram, UpsertUpdate};
use super::row::{Row, with_env};
use super::target::{IndexProgram, TargetProgram};
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::row::context::{Context, WriteOptions};
use crate::row::eval::{Env, Near, eval, truth};
use crate::row::level::{Level, Rows, rowid_key, rowid_of_key};
use crate::row::node::Node;
use crate::row::program::{Body, QueryProgram};
use crate::row::scan::encode;
use crate::store::{KeyTree, RowTree, View, record};

/// Room for what a plain write packs.
#[derive(Default)]
pub struct Packing {
    arena: Bump,
    record: Vec<u8>,
    keys: Vec<Vec<u8>>,
}

/// Of what a statement packed, so much stays allocated for its next run.
const PACKING_KEPT_MAX: usize = 16 * 1024;

impl Packing {
    fn take(cx: &Context<'_>) -> Box<Packing> {
        cx.shared.packing.take().unwrap_or_default()
    }

    fn give_back(mut self: Box<Packing>, writer: Writer<'_>, cx: &Context<'_>) {
        self.arena.reset();
        self.record = writer.record;
        for index in writer.indexes {
            self.keys.extend([index.key, index.old_key]);
        }
        let keys: usize = self.keys.iter().map(Vec::capacity).sum();
        if self.arena.allocated_bytes() + self.record.capacity() + keys <= PACKING_KEPT_MAX {
            cx.shared.packing.set(Some(self));
        }
    }
}

/// The trees of a table and room for what is written to them.
struct Writer<'t> {
    target: &'t TargetProgram,
    tree: Arc<RowTree>,
    indexes: Vec<IndexWriter<'t>>,
    record: Vec<u8>,
    options: WriteOptions,
}

struct IndexWriter<'t> {
    index: &'t IndexProgram,
    columns: &'t [u16],
    tree: Arc<KeyTree>,
    /// The entry to write, and the one it replaces.
    key: Vec<u8>,
    old_key: Vec<u8>,
    changed: bool,
    /// The key that was made last holds a NULL.
    has_null: bool,
}

impl<'t> Writer<'t> {
    fn new(
        target: &'t TargetProgram,
        wanted: impl Fn(&IndexProgram) -> bool,
        packing: &mut Packing,
        cx: &Context<'_>,
    ) -> Result<Writer<'t>> {
        let around = cx.around;
        let tree = around.row_tree(target.database, target.table.id)?;
        let mut indexes = Vec::new();
        for index in target.indexes.iter().filter(|i| wanted(i)) {
            let columns = index.columns.as_deref().ok_or_else(|| Error::internal("a plain index has columns"))?;
            let tree = around.key_tree(target.database, index.index.id)?;
            indexes.push(IndexWriter {
                index,
                columns,
                tree,
                key: packing.keys.pop().unwrap_or_default(),
                old_key: packing.keys.pop().unwrap_or_default(),
                changed: true,
                has_null: false,
            });
        }
        let options = around.write_options();
        Ok(Writer { target, tree, indexes, record: std::mem::take(&mut packing.record), options })
    }

    /// Whether a NULL stands where none may be.
    fn lacks_value<'v>(&self, value: impl Fn(usize) -> ValueRef<'v>) -> bool {
        let table = &self.target.table;
        self.target.has_not_null
            && table.columns.iter().enumerate().any(|(i, column)| {
                column.not_null.is_some() && table.rowid_alias() != Some(i as u16) && value(i).is_null()
            })
    }

    /// Whether the row packed last passes every CHECK.
    fn passes_checks(&mut self, rowid: i64, cx: &Context<'_>) -> Result<bool> {
        if self.target.checks.is_empty() || self.options.ignore_checks {
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

    /// The row in the way of the one whose keys were made last, as an UPSERT clause looks for it.
    fn holder(&self, clause: Option<Option<usize>>, rowid: i64, view: View) -> Option<i64> {
        if matches!(clause, None | Some(None)) && self.tree.get(rowid, view).is_some() {
            return Some(rowid);
        }
        let wanted = |i: usize, index: &IndexWriter<'_>| match clause {
            None => index.index.index.unique,
            Some(wanted) => wanted == Some(i),
        };
        // The first in the order of checks, which matters where several are in the way.
        let order = self.target.check_order.iter().filter_map(|i| Some((*i, self.indexes.get(*i)?)));
        let mut indexes = order.filter(|(i, index)| wanted(*i, index) && !index.has_null);
        indexes.find_map(|(_, index)| {
            let found = index.tree.first_with_prefix(index.prefix(), view)?;
            Some(rowid_of_key(found.key()))
        })
    }

    /// Packs the row.
    fn pack<'v>(&mut self, value: impl Fn(usize) -> ValueRef<'v>) -> Result<()> {
        let alias = self.target.table.rowid_alias();
        let columns = self.target.table.columns.len();
        self.record.clear();
        let values = (0..columns).map(|i| if alias == Some(i as u16) { ValueRef::Null } else { value(i) });
        record::encode(&mut self.record, values);
        if self.record.len() > self.options.length_max { Err(Error::too_big()) } else { Ok(()) }
    }
}

impl Writer<'_> {
    /// Packs the row that a stored one becomes when some of its columns are set; false if all of it must be packed.
    fn pack_changed<'v>(&mut self, old: &[u8], mut set: impl Iterator<Item = (usize, ValueRef<'v>)>) -> bool {
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

    /// Takes a row as another table stores it; false if it must be packed.
    fn pack_copy(&mut self, stored: Option<&[u8]>) -> bool {
        let Some(stored) = stored else { return false };
        self.record.clear();
        self.record.extend_from_slice(stored);
        record::column_count(stored) == self.target.table.columns.len() && stored.len() <= self.options.length_max
    }
}

impl IndexWriter<'_> {
    /// Makes the key of an entry; whether it holds a NULL.
    fn make_key<'v>(
        &self,
        rowid: i64,
        value: impl Fn(usize) -> ValueRef<'v>,
        table: &Table,
        key: &mut Vec<u8>,
    ) -> bool {
        key.clear();
        let mut has_null = false;
        for (n, column) in self.columns.iter().enumerate() {
            let v = if table.rowid_alias() == Some(*column) {
                ValueRef::Integer(rowid)
            } else {
                value(usize::from(*column))
            };
            has_null |= v.is_null();
            encode(v, &self.index.collations[n], self.index.index.columns[n].descending, key);
        }
        key.extend_from_slice(&rowid_key(rowid));
        has_null
    }

    /// What tells the values of the key that was made last.
    fn prefix(&self) -> &[u8] {
        &self.key[..self.key.len() - rowid_key(0).len()]
    }

    /// Whether another row has the key that was made last.
    fn is_taken(&self, view: View) -> bool {
        self.index.index.unique && !self.has_null && self.tree.has_prefix(self.prefix(), view)
    }
}

/// A field of a stored row; the rowid's alias is not asked for.
fn stored<'r>(table: &'r Table, record: &'r [u8], i: usize) -> ValueRef<'r> {
    match record::column(record, i) {
        Some(value) => value,
        None => table.columns[i].added_default.as_ref().map_or(ValueRef::Null, Value::as_ref),
    }
}

/// Whether the rows of a query are those of one table, as they are found.
pub fn is_plain_scan(rows: &QueryProgram) -> bool {
    match &rows.body {
        Body::Select(select) => {
            select.levels.len() == 1
                && select.aggregation.is_none()
                && select.windows.is_none()
                && select.distinct.is_none()
                && select.sort.is_none()
        }
        _ => false,
    }
}

impl Run<'_> {
    /// Whether the statement stands inside a trigger, where scans see what it writes.
    fn is_nested(&self) -> bool {
        self.cx.around.trigger_depth().get() > 0
    }

    /// Inserts; false if nothing was done because the general way must be taken.
    pub fn insert_plain(&mut self, program: &InsertProgram) -> Result<bool> {
        let cx = self.cx;
        let Some(source) = &program.rows else { return Ok(false) };
        if let Body::Values(rows) = &source.body
            && source.subqueries.is_empty()
        {
            let mut packing = Packing::take(cx);
            let mut writer = Writer::new(&program.target, |_| true, &mut packing, cx)?;
            let json = Cell::new(false);
            let runs: [RefCell<crate::row::subquery::SubqueryRun>; 0] = [];
            for nodes in rows {
                packing.arena.reset();
                let arena = &packing.arena;
                let inputs = self.inputs;
                let env = Env {
                    cx,
                    levels: &[],
                    near: Near::NONE,
                    inputs,
                    slots: &[],
                    subqueries: &[],
                    runs: &runs,
                    arena,
                    json: &json,
                };
                let mut values = bumpalo::collections::Vec::with_capacity_in(nodes.len(), arena);
                for node in nodes {
                    values.push(eval(node, &env)?);
                }
                self.insert_row(program, &mut writer, &values, None, arena)?;
            }
            packing.give_back(writer, cx);
            return Ok(true);
        }
        if self.is_nested() {
            return Ok(false);
        }
        let mut packing = Packing::take(cx);
        let mut writer = Writer::new(&program.target, |_| true, &mut packing, cx)?;
        let mut run = cx.shared.run(source, self.inputs.to_vec());
        while run.next(cx)? {
            packing.arena.reset();
            let mut values = bumpalo::collections::Vec::with_capacity_in(run.width(), &packing.arena);
            values.extend((0..run.width()).map(|i| run.column(i)));
            let stored = run.table_row().filter(|_| program.copies).map(|(_, record)| record);
            self.insert_row(program, &mut writer, &values, stored, &packing.arena)?;
        }
        packing.give_back(writer, cx);
        cx.shared.rest(run);
        Ok(true)
    }

    fn insert_row(
        &mut self,
        program: &InsertProgram,
        writer: &mut Writer<'_>,
        source: &[ValueRef<'_>],
        stored: Option<&[u8]>,
        arena: &Bump,
    ) -> Result<()> {
        let (target, around) = (writer.target, self.cx.around);
        let table = &target.table;
        let given = |i: usize| match &program.values[i] {
            ColumnValue::Source(at) => source[usize::from(*at)],
            ColumnValue::Default(Node::Constant(v)) => v.as_ref(),
            ColumnValue::Default(_) | ColumnValue::Generated => ValueRef::Null,
        };
        let value = |i: usize| affinity::apply(given(i), table.columns[i].affinity, arena);
        let chosen = match (program.rowid, table.rowid_alias()) {
            (Some(at), _) => affinity::to_rowid(source[usize::from(at)], arena),
            (None, Some(alias)) => affinity::to_rowid(given(usize::from(alias)), arena),
            (None, None) => ValueRef::Null,
        };
        let view = around.live_view(target.database)?;
        let (rowid, explicit) = match chosen {
            ValueRef::Integer(rowid) => (Some(rowid), true),
            ValueRef::Null => match writer.tree.max_key(view) {
                None => (Some(1), false),
                Some(largest) => (largest.checked_add(1), false),
            },
            _ => (None, true),
        };
        let converts = |i: usize| {
            let changed = std::mem::discriminant(&given(i)) != std::mem::discriminant(&value(i));
            changed && table.rowid_alias() != Some(i as u16)
        };
        let owned = || -> Vec<Value> { source.iter().map(|v| ValueRef::to_owned(*v)).collect() };
        let Some(rowid) = rowid.filter(|_| !writer.lacks_value(value)) else {
            return self.insert_values(program, &owned());
        };
        if !writer.pack_copy(stored) {
            writer.pack(value)?;
        }
        if !writer.passes_checks(rowid, self.cx)? {
            return self.insert_values(program, &owned());
        }
        for index in &mut writer.indexes {
            let mut key = std::mem::take(&mut index.key);
            index.has_null = index.make_key(rowid, value, table, &mut key);
            index.key = key;
        }
        for upsert in &program.upserts {
            let Some(holder) = writer.holder(upsert.target, rowid, view) else { continue };
            return match &upsert.action {
                None => Ok(()),
                Some(_) if program.upsert_sees_given && (0..table.columns.len()).any(converts) => {
                    self.insert_values(program, &owned())
                }
                Some(update) if self.upsert_row(writer, update, holder, rowid, arena)? => Ok(()),
                Some(_) => self.insert_values(program, &owned()),
            };
        }
        for index in &writer.indexes {
            if index.is_taken(view) {
                return self.insert_values(program, &owned());
            }
        }
        let mut transaction = around.transaction(target.database)?;
        if !explicit {
            transaction.put_row(&writer.tree, rowid, &writer.record);
        } else if !transaction.insert_row(&writer.tree, rowid, &writer.record) {
            drop(transaction);
            return self.insert_values(program, &owned());
        }
        for index in &writer.indexes {
            transaction.put_key(&index.tree, &index.key, &[]);
        }
        drop(transaction);
        around.set_last_insert_rowid(rowid);
        self.count();
        Ok(())
    }

    /// DO UPDATE of the row `holder`; false if the general way must be taken. The proposed row is the one packed last.
    fn upsert_row(
        &mut self,
        writer: &mut Writer<'_>,
        update: &UpsertUpdate,
        holder: i64,
        proposed: i64,
        arena: &Bump,
    ) -> Result<bool> {
        let (target, cx) = (writer.target, self.cx);
        let table = &*target.table;
        let Some(version) = writer.tree.get(holder, cx.around.live_view(target.database)?) else { return Ok(false) };
        let record = std::mem::take(&mut writer.record);
        let levels = [
            Level { rows: Rows::Point { rowid: holder, version }, ..Level::default() },
            Level { rows: Rows::Single { record, rowid: Some(proposed) }, ..Level::default() },
        ];
        let json = Cell::new(false);
        let (near, inputs) = (Near::of(&levels, 0), self.inputs);
        let env = Env { cx, levels: &levels, near, inputs, slots: &[], subqueries: &[], runs: &[], arena, json: &json };
        if let Some(filter) = &update.filter
            && truth(filter, &env)? != Some(true)
        {
            return Ok(true);
        }
        let mut set = bumpalo::collections::Vec::with_capacity_in(update.set.len(), arena);
        for (column, node) in &update.set {
            let affinity = table.columns[usize::from(*column)].affinity;
            set.push((usize::from(*column), affinity::apply(eval(node, &env)?, affinity, arena)));
        }
        let after = |i: usize| match set.iter().rev().find(|(column, _)| *column == i) {
            Some((_, value)) => *value,
            None => stored(table, levels[0].record(), i),
        };
        if writer.lacks_value(after) {
            return Ok(false);
        }
        if !writer.pack_changed(levels[0].record(), set.iter().copied()) {
            writer.pack(after)?;
        }
        if !writer.passes_checks(holder, cx)? {
            return Ok(false);
        }
        cx.around.transaction(target.database)?.put_row(&writer.tree, holder, &writer.record);
        self.count();
        Ok(true)
    }

    /// Updates; false if nothing was done because the general way must be taken.
    pub fn update_plain(&mut self, program: &UpdateProgram) -> Result<bool> {
        if self.is_nested() {
            return Ok(false);
        }
        // Subqueries of SET see the rows changed so far; the scan has opened before any was.
        let cx = &Context { live: true, ..*self.cx };
        let target = &program.target;
        let table = &*target.table;
        let mut packing = Packing::take(cx);
        let mut writer = Writer::new(target, |index| index.depends_on(&program.columns), &mut packing, cx)?;
        // Which output column sets a column.
        let mut set_by = vec![None; table.columns.len()];
        for (n, column) in program.columns.iter().enumerate() {
            set_by[usize::from(*column)] = Some(program.found_by + n);
        }
        let mut run = cx.shared.run(&program.rows, self.inputs.to_vec());
        while run.next(cx)? {
            packing.arena.reset();
            let Some((rowid, old)) = run.table_row() else { return Err(Error::internal("a plain scan has a row")) };
            let before = |i: usize| stored(table, old, i);
            let after = |i: usize| match set_by[i] {
                Some(at) => affinity::apply(run.column(at), table.columns[i].affinity, &packing.arena),
                None => stored(table, old, i),
            };
            let mut free = !writer.lacks_value(after);
            let view = if writer.indexes.is_empty() { None } else { Some(cx.around.live_view(target.database)?) };
            for index in &mut writer.indexes {
                let (mut key, mut old_key) = (std::mem::take(&mut index.key), std::mem::take(&mut index.old_key));
                index.has_null = index.make_key(rowid, after, table, &mut key);
                index.make_key(rowid, before, table, &mut old_key);
                index.changed = key != old_key;
                (index.key, index.old_key) = (key, old_key);
                free = free && !(index.changed && view.is_some_and(|view| index.is_taken(view)));
            }
            if free {
                let set = program.columns.iter().map(|column| usize::from(*column));
                if !writer.pack_changed(old, set.map(|i| (i, after(i)))) {
                    writer.pack(after)?;
                }
                free = writer.passes_checks(rowid, cx)?;
            }
            if !free {
                let row = Row::read(table, rowid, old);
                let value = |n: usize| run.column(program.found_by + n).to_owned();
                let set = program.columns.iter().enumerate().map(|(n, column)| (*column, value(n))).collect();
                self.update_row(target, program.or, &row, None, set, None)?;
                continue;
            }
            let mut transaction = cx.around.transaction(target.database)?;
            for index in writer.indexes.iter().filter(|index| index.changed) {
                transaction.delete_key(&index.tree, &index.old_key);
                transaction.put_key(&index.tree, &index.key, &[]);
            }
            transaction.put_row(&writer.tree, rowid, &writer.record);
            drop(transaction);
            self.count();
        }
        packing.give_back(writer, cx);
        cx.shared.rest(run);
        Ok(true)
    }

    /// Deletes; false if nothing was done because the general way must be taken.
    pub fn delete_plain(&mut self, program: &DeleteProgram) -> Result<bool> {
        if self.is_nested() {
            return Ok(false);
        }
        let cx = self.cx;
        let target = &program.target;
        let mut packing = Packing::take(cx);
        let mut writer = Writer::new(target, |_| true, &mut packing, cx)?;
        let mut run = cx.shared.run(&program.rows, self.inputs.to_vec());
        while run.next(cx)? {
            let Some((rowid, old)) = run.table_row() else { return Err(Error::internal("a plain scan has a row")) };
            let mut transaction = cx.around.transaction(target.database)?;
            for index in &mut writer.indexes {
                let mut key = std::mem::take(&mut index.key);
                index.make_key(rowid, |i| stored(&target.table, old, i), &target.table, &mut key);
                transaction.delete_key(&index.tree, &key);
                index.key = key;
            }
            transaction.delete_row(&writer.tree, rowid);
            drop(transaction);
            self.count();
        }
        packing.give_back(writer, cx);
        cx.shared.rest(run);
        Ok(true)
    }
}
