//! Plain writes: rows of tables that nothing watches but NOT NULL, CHECK, indexes over columns and foreign keys go from
//! values to record, or from record to record, in one pass over what the statement reads. Foreign keys are looked at
//! only where rows come: an update that sets columns of a key is not plain, nor are deletions of parents.
//!
//! One pass is safe because the scan sees the state before the statement: the write transaction is begun first, and no
//! trigger runs. A row that meets anything else (a key that is taken, a NULL where none may be) goes the general way,
//! which finds out what happens to it; nothing of it has been written by then.
//!
//! Where nothing is asked for a row but the row itself, changed rows are written many at once.

use std::cell::Cell;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use heliosdb_udfs::value::{ValueRef, affinity};

use super::Run;
use super::lower::{DeleteProgram, UpdateProgram};
use super::packing::{Packing, Writer, stored};
use super::row::Row;
use super::target::IndexProgram;
use crate::error::{Error, Result};
use crate::row::context::Context;
use crate::row::eval::{Env, eval};
use crate::row::level::{Level, Rows};
use crate::row::point;
use crate::row::program::{Body, QueryProgram};
use crate::row::run::QueryRun;

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
    pub fn is_nested(&self) -> bool {
        self.cx.around.trigger_depth().get() > 0
    }

    /// Updates; false if nothing was done because the general way must be taken.
    pub fn update_plain(&mut self, program: &UpdateProgram) -> Result<bool> {
        if self.is_nested() {
            return Ok(false);
        }
        // Subqueries of SET see the rows changed so far; the scan has opened before any was.
        let cx = &Context { live: true, ..*self.cx };
        let mut packing = Packing::take(cx);
        let wanted = |index: &IndexProgram| index.depends_on(&program.columns);
        let mut writer = Writer::new(&program.target, wanted, &mut packing, cx)?;
        let inputs = self.inputs;
        if let Some(select) = point::select_of(&program.rows) {
            let Packing { arena, old, .. } = &mut *packing;
            let arena = &*arena;
            let read = |rowid: i64, record: &mut Vec<u8>| writer.read(rowid, record, cx);
            let mut found = point::find(select, inputs, arena, cx, old, read)?;
            if let Some(row @ [Level { rows: Rows::Single { record, rowid: Some(rowid) }, .. }]) = &found {
                let json = Cell::new(false);
                let env = Env::over(row, inputs, arena, &json, cx);
                let mut set = ArenaVec::with_capacity_in(program.columns.len(), arena);
                for node in &select.output[program.found_by..] {
                    set.push(eval(node, &env)?);
                }
                self.change_row(program, &mut writer, *rowid, record, &set, false, arena)?;
            }
            if let Some([Level { rows: Rows::Single { record, .. }, .. }]) = &mut found {
                *old = std::mem::take(record);
            }
            packing.give_back(writer, cx);
            return Ok(true);
        }
        let batches = program.batches && writer.indexes.is_empty() && writer.has_no_checks();
        let mut run = cx.shared.run(&program.rows, inputs.to_vec());
        let changed = self.change_rows(program, &mut writer, &mut run, batches, &mut packing.arena, cx);
        // What comes before a row that fails may stay.
        writer.flush(cx)?;
        changed?;
        packing.give_back(writer, cx);
        cx.shared.rest(run);
        Ok(true)
    }

    fn change_rows(
        &mut self,
        program: &UpdateProgram,
        writer: &mut Writer<'_>,
        run: &mut QueryRun,
        batches: bool,
        arena: &mut Bump,
        cx: &Context<'_>,
    ) -> Result<()> {
        while run.next(cx)? {
            arena.reset();
            let Some((rowid, old)) = run.table_row() else { return Err(Error::internal("a plain scan has a row")) };
            let mut set = ArenaVec::with_capacity_in(program.columns.len(), arena);
            set.extend((program.found_by..run.width()).map(|i| run.column(i)));
            self.change_row(program, writer, rowid, old, &set, batches, arena)?;
        }
        Ok(())
    }

    /// Updates a row; false if that was done the general way, triggers included. `set`: what is assigned to the program's
    /// columns. `batches`: it is written with others.
    pub fn change_row(
        &mut self,
        program: &UpdateProgram,
        writer: &mut Writer<'_>,
        rowid: i64,
        old: &[u8],
        set: &[ValueRef<'_>],
        batches: bool,
        arena: &Bump,
    ) -> Result<bool> {
        let (target, around) = (writer.target, self.cx.around);
        let table = &*target.table;
        let mut converted = ArenaVec::with_capacity_in(set.len(), arena);
        for (value, column) in set.iter().zip(&program.columns) {
            let column = usize::from(*column);
            converted.push((column, affinity::apply(*value, table.columns[column].affinity, arena)));
        }
        let after = |i: usize| match converted.iter().rev().find(|(column, _)| *column == i) {
            Some((_, value)) => *value,
            None => stored(table, old, i),
        };
        let mut free = !writer.lacks_value(after);
        if free && !writer.indexes.is_empty() {
            writer.make_both_keys(rowid, |i| stored(table, old, i), after);
            let mut transaction = around.transaction(target.database)?;
            let view = transaction.view();
            free = !writer.is_taken(view, &transaction);
        }
        if free {
            if !writer.pack_changed(old, converted.iter().copied()) {
                writer.pack(after)?;
            }
            free = writer.has_no_checks() || writer.passes_checks(rowid, &Context { live: true, ..*self.cx })?;
        }
        if !free {
            writer.flush(self.cx)?;
            let row = Row::read(table, rowid, old);
            let set =
                program.columns.iter().zip(set).map(|(column, value)| (*column, ValueRef::to_owned(*value))).collect();
            self.update_row(target, self.or, &row, None, set, None)?;
            return Ok(false);
        }
        let mut transaction = around.transaction(target.database)?;
        if batches {
            let new = transaction.row(&writer.record);
            writer.push(rowid, new, &mut transaction);
            drop(transaction);
            self.count();
            return Ok(true);
        }
        for index in writer.indexes.iter().filter(|index| index.changed) {
            transaction.delete_key(index.tree, &index.old_key);
            transaction.put_key(index.tree, &index.key, &[]);
        }
        transaction.put_row(writer.tree, rowid, &writer.record);
        drop(transaction);
        self.count();
        Ok(true)
    }

    /// Deletes; false if nothing was done because the general way must be taken.
    pub fn delete_plain(&mut self, program: &DeleteProgram) -> Result<bool> {
        if self.is_nested() || self.may_mend_by_leaving(&program.target) {
            return Ok(false);
        }
        let cx = self.cx;
        let mut packing = Packing::take(cx);
        let mut writer = Writer::new(&program.target, |_| true, &mut packing, cx)?;
        if let Some(select) = point::select_of(&program.rows) {
            let Packing { arena, old, .. } = &mut *packing;
            let read = |rowid: i64, record: &mut Vec<u8>| writer.read(rowid, record, cx);
            let mut found = point::find(select, self.inputs, arena, cx, old, read)?;
            if let Some([Level { rows: Rows::Single { record, rowid: Some(rowid) }, .. }]) = &mut found {
                self.erase_row(&mut writer, *rowid, record, false)?;
                *old = std::mem::take(record);
            }
            packing.give_back(writer, cx);
            return Ok(true);
        }
        let mut run = cx.shared.run(&program.rows, self.inputs.to_vec());
        let erased = self.erase_rows(program, &mut writer, &mut run);
        writer.flush(cx)?;
        erased?;
        packing.give_back(writer, cx);
        cx.shared.rest(run);
        Ok(true)
    }

    fn erase_rows(&mut self, program: &DeleteProgram, writer: &mut Writer<'_>, run: &mut QueryRun) -> Result<()> {
        while run.next(self.cx)? {
            let Some((rowid, old)) = run.table_row() else { return Err(Error::internal("a plain scan has a row")) };
            self.erase_row(writer, rowid, old, program.batches)?;
        }
        Ok(())
    }

    pub fn erase_row(&mut self, writer: &mut Writer<'_>, rowid: i64, old: &[u8], batches: bool) -> Result<()> {
        let target = writer.target;
        writer.make_keys(rowid, |i| stored(&target.table, old, i));
        let mut transaction = self.cx.around.transaction(target.database)?;
        for index in &writer.indexes {
            transaction.delete_key(index.tree, &index.key);
        }
        if batches {
            let end = transaction.end_of_row();
            writer.push(rowid, end, &mut transaction);
        } else {
            transaction.delete_row(writer.tree, rowid);
        }
        drop(transaction);
        self.count();
        Ok(())
    }
}
