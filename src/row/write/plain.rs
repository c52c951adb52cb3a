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
use heliosdb_udfs::value::{Value, ValueRef, affinity};

use super::Run;
use super::lower::{ColumnValue, DeleteProgram, InsertProgram, UpdateProgram, UpsertUpdate};
use super::packing::{Packing, Writer, stored};
use super::row::Row;
use super::target::IndexProgram;
use crate::error::{Code, Error, Result};
use crate::plan::bound::Conflict;
use crate::row::context::Context;
use crate::row::eval::{Env, eval, truth};
use crate::row::level::{Level, Rows};
use crate::row::node::Node;
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
            for nodes in rows {
                packing.arena.reset();
                let arena = &packing.arena;
                let json = Cell::new(false);
                let env = Env::over(&[], self.inputs, arena, &json, cx);
                let mut values = ArenaVec::with_capacity_in(nodes.len(), arena);
                for node in nodes {
                    values.push(eval(node, &env)?);
                }
                self.insert_row(program, &mut writer, &values, arena)?;
            }
            packing.give_back(writer, cx);
            return Ok(true);
        }
        if self.is_nested() {
            return Ok(false);
        }
        let mut packing = Packing::take(cx);
        let mut writer = Writer::new(&program.target, |_| true, &mut packing, cx)?;
        let copies =
            program.copies && writer.indexes.is_empty() && writer.has_no_checks() && !program.target.has_keys();
        let mut run = cx.shared.run(source, self.inputs.to_vec());
        while run.next(cx)? {
            if copies
                && let Some((rowid, record)) = run.table_row()
                && self.copy_row(&writer, rowid, record)?
            {
                continue;
            }
            packing.arena.reset();
            let mut values = ArenaVec::with_capacity_in(run.width(), &packing.arena);
            values.extend((0..run.width()).map(|i| run.column(i)));
            self.insert_row(program, &mut writer, &values, &packing.arena)?;
        }
        packing.give_back(writer, cx);
        cx.shared.rest(run);
        Ok(true)
    }

    /// Inserts a row as another table stores it; false if it must be looked at.
    fn copy_row(&mut self, writer: &Writer<'_>, rowid: i64, record: &[u8]) -> Result<bool> {
        let (target, around) = (writer.target, self.cx.around);
        if !writer.takes(record) || writer.lacks_value(|i| stored(&target.table, record, i)) {
            return Ok(false);
        }
        let mut transaction = around.transaction(target.database)?;
        let written = if target.table.rowid_alias().is_none() {
            transaction.append_row(writer.tree, record)
        } else {
            transaction.insert_row(writer.tree, rowid, record).then_some(rowid)
        };
        drop(transaction);
        let Some(rowid) = written else { return Ok(false) };
        around.set_last_insert_rowid(rowid);
        self.count();
        Ok(true)
    }

    fn insert_row(
        &mut self,
        program: &InsertProgram,
        writer: &mut Writer<'_>,
        source: &[ValueRef<'_>],
        arena: &Bump,
    ) -> Result<()> {
        let (target, around) = (writer.target, self.cx.around);
        let table = &*target.table;
        let alias = table.rowid_alias().map(usize::from);
        let given = |i: usize| match &program.values[i] {
            ColumnValue::Source(at) => source[usize::from(*at)],
            ColumnValue::Default(Node::Constant(v)) => v.as_ref(),
            ColumnValue::Default(_) | ColumnValue::Generated => ValueRef::Null,
        };
        let value = |i: usize| affinity::apply(given(i), table.columns[i].affinity, arena);
        let chosen = match (program.rowid, alias) {
            (Some(at), _) => affinity::to_rowid(source[usize::from(at)], arena),
            (None, Some(alias)) => affinity::to_rowid(given(alias), arena),
            (None, None) => ValueRef::Null,
        };
        let owned = || -> Vec<Value> { source.iter().map(|v| ValueRef::to_owned(*v)).collect() };
        if !matches!(chosen, ValueRef::Integer(_) | ValueRef::Null) || writer.lacks_value(value) {
            return self.insert_values(program, &owned());
        }
        writer.pack(value)?;
        let mut transaction = around.transaction(target.database)?;
        let has_keys = target.has_keys();
        let nothing_asks =
            writer.indexes.is_empty() && writer.has_no_checks() && program.upserts.is_empty() && !has_keys;
        if nothing_asks
            && chosen.is_null()
            && let Some(rowid) = transaction.append_row(writer.tree, &writer.record)
        {
            drop(transaction);
            around.set_last_insert_rowid(rowid);
            self.count();
            return Ok(());
        }
        let view = transaction.view();
        let (rowid, explicit) = match chosen {
            ValueRef::Integer(rowid) => (Some(rowid), true),
            _ => (transaction.rows(writer.tree).max_key(view).map_or(Some(1), |largest| largest.checked_add(1)), false),
        };
        let Some(rowid) = rowid else {
            drop(transaction);
            return self.insert_values(program, &owned());
        };
        if !writer.has_no_checks() {
            drop(transaction);
            if !writer.passes_checks(rowid, self.cx)? {
                return self.insert_values(program, &owned());
            }
            transaction = around.transaction(target.database)?;
        }
        writer.make_keys(rowid, value);
        for upsert in &program.upserts {
            let Some(holder) = writer.holder(upsert.target, rowid, view, &transaction) else { continue };
            drop(transaction);
            let Some(update) = &upsert.action else { return Ok(()) };
            let converts =
                |i: usize| alias != Some(i) && std::mem::discriminant(&given(i)) != std::mem::discriminant(&value(i));
            if program.upsert_sees_given && (0..table.columns.len()).any(converts)
                || !self.upsert_row(writer, update, holder, rowid, arena)?
            {
                return self.insert_values(program, &owned());
            }
            return Ok(());
        }
        let mut taken = writer.is_taken(view, &transaction);
        if has_keys && !taken {
            taken = explicit && transaction.rows(writer.tree).get(rowid, view).is_some();
            drop(transaction);
            if !taken {
                self.check_keys(program, rowid, value)?;
            }
            transaction = around.transaction(target.database)?;
        }
        if !taken && explicit {
            taken = !transaction.insert_row(writer.tree, rowid, &writer.record);
        } else if !taken {
            transaction.put_row(writer.tree, rowid, &writer.record);
        }
        if taken {
            drop(transaction);
            return match self.or {
                Some(Conflict::Ignore) => Ok(()),
                Some(Conflict::Replace) if !has_keys => self.replace_rows(writer, rowid),
                _ => self.insert_values(program, &owned()),
            };
        }
        for index in &writer.indexes {
            transaction.put_key(index.tree, &index.key, &[]);
        }
        drop(transaction);
        around.set_last_insert_rowid(rowid);
        self.count();
        Ok(())
    }

    /// What foreign keys say to a new row that nothing else keeps out.
    fn check_keys<'v>(
        &mut self,
        program: &InsertProgram,
        rowid: i64,
        value: impl Fn(usize) -> ValueRef<'v>,
    ) -> Result<()> {
        let target = &program.target;
        let alias = target.table.rowid_alias();
        let value = |c: u16| if alias == Some(c) { ValueRef::Integer(rowid) } else { value(usize::from(c)) };
        self.check_child(target, rowid, value)?;
        if self.violations.get() != 0 && self.is_alone(program) {
            return Err(Error::new(Code::CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed"));
        }
        if self.may_mend(target) {
            let values = (0..target.table.columns.len()).map(|i| value(i as u16).to_owned()).collect();
            self.parent_appeared(target, &Row { rowid, values }, None)?;
        }
        Ok(())
    }

    /// REPLACE: the row packed last takes the place of those that are in its way.
    fn replace_rows(&mut self, writer: &mut Writer<'_>, rowid: i64) -> Result<()> {
        let (target, around) = (writer.target, self.cx.around);
        let table = &*target.table;
        let mut transaction = around.transaction(target.database)?;
        let view = transaction.view();
        for at in 0..writer.indexes.len() {
            let holder = writer.holder_in(&writer.indexes[at], view, &transaction);
            let Some(holder) = holder.filter(|holder| *holder != rowid) else { continue };
            let Some(version) = transaction.rows(writer.tree).get(holder, view) else { continue };
            writer.make_old_keys(holder, |i| stored(table, version.record(), i));
            for index in &writer.indexes {
                transaction.delete_key(index.tree, &index.old_key);
            }
            transaction.delete_row(writer.tree, holder);
        }
        match transaction.rows(writer.tree).get(rowid, view) {
            Some(version) => {
                writer.make_old_keys(rowid, |i| stored(table, version.record(), i));
                for index in writer.indexes.iter().filter(|index| index.changed) {
                    transaction.delete_key(index.tree, &index.old_key);
                }
            }
            None => writer.indexes.iter_mut().for_each(|index| index.changed = true),
        }
        for index in writer.indexes.iter().filter(|index| index.changed) {
            transaction.put_key(index.tree, &index.key, &[]);
        }
        transaction.put_row(writer.tree, rowid, &writer.record);
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
        let mut transaction = cx.around.transaction(target.database)?;
        let view = transaction.view();
        let Some(version) = transaction.rows(writer.tree).get(holder, view) else { return Ok(false) };
        drop(transaction);
        let record = std::mem::take(&mut writer.record);
        let levels = [
            Level { rows: Rows::Point { rowid: holder, version }, ..Level::default() },
            Level { rows: Rows::Single { record, rowid: Some(proposed) }, ..Level::default() },
        ];
        let json = Cell::new(false);
        let env = Env::over(&levels, self.inputs, arena, &json, cx);
        if let Some(filter) = &update.filter
            && truth(filter, &env)? != Some(true)
        {
            return Ok(true);
        }
        let mut set = ArenaVec::with_capacity_in(update.set.len(), arena);
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
        cx.around.transaction(target.database)?.put_row(writer.tree, holder, &writer.record);
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

    /// Updates a row. `set`: what is assigned to the program's columns. `batches`: it is written with others.
    fn change_row(
        &mut self,
        program: &UpdateProgram,
        writer: &mut Writer<'_>,
        rowid: i64,
        old: &[u8],
        set: &[ValueRef<'_>],
        batches: bool,
        arena: &Bump,
    ) -> Result<()> {
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
            return self.update_row(target, program.or, &row, None, set, None);
        }
        let mut transaction = around.transaction(target.database)?;
        if batches {
            let new = transaction.row(&writer.record);
            writer.push(rowid, new, &mut transaction);
            drop(transaction);
            self.count();
            return Ok(());
        }
        for index in writer.indexes.iter().filter(|index| index.changed) {
            transaction.delete_key(index.tree, &index.old_key);
            transaction.put_key(index.tree, &index.key, &[]);
        }
        transaction.put_row(writer.tree, rowid, &writer.record);
        drop(transaction);
        self.count();
        Ok(())
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

    fn erase_row(&mut self, writer: &mut Writer<'_>, rowid: i64, old: &[u8], batches: bool) -> Result<()> {
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
