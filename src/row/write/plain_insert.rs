//! Plain INSERT and REPLACE: see `plain`.

use std::cell::Cell;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use heliosdb_udfs::value::{Value, ValueRef, affinity};

use super::Run;
use super::lower::{ColumnValue, InsertProgram, UpsertUpdate};
use super::packing::{Packing, Writer, stored};
use super::row::Row;
use crate::error::{Code, Error, Result};
use crate::plan::bound::Conflict;
use crate::row::eval::{Env, eval, truth};
use crate::row::level::{Level, Rows};
use crate::row::node::Node;
use crate::row::program::Body;

impl Run<'_> {
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

    /// Inserts a row and gives its rowid; `None` if the general way was taken or nothing was inserted.
    pub fn insert_row(
        &mut self,
        program: &InsertProgram,
        writer: &mut Writer<'_>,
        source: &[ValueRef<'_>],
        arena: &Bump,
    ) -> Result<Option<i64>> {
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
        if !matches!(chosen, ValueRef::Integer(_) | ValueRef::Null) || writer.lacks_value(value) {
            return self.insert_general(program, source);
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
            return Ok(Some(rowid));
        }
        let view = transaction.view();
        let (rowid, explicit) = match chosen {
            ValueRef::Integer(rowid) => (Some(rowid), true),
            _ => (transaction.rows(writer.tree).max_key(view).map_or(Some(1), |largest| largest.checked_add(1)), false),
        };
        let Some(rowid) = rowid else {
            drop(transaction);
            return self.insert_general(program, source);
        };
        if !writer.has_no_checks() {
            drop(transaction);
            if !writer.passes_checks(rowid, self.cx)? {
                return self.insert_general(program, source);
            }
            transaction = around.transaction(target.database)?;
        }
        writer.make_keys(rowid, value);
        for upsert in &program.upserts {
            let Some(holder) = writer.holder(upsert.target, rowid, view, &transaction) else { continue };
            drop(transaction);
            let Some(update) = &upsert.action else { return Ok(None) };
            let converts =
                |i: usize| alias != Some(i) && std::mem::discriminant(&given(i)) != std::mem::discriminant(&value(i));
            if program.upsert_sees_given && (0..table.columns.len()).any(converts)
                || !self.upsert_row(writer, update, holder, rowid, arena)?
            {
                return self.insert_general(program, source);
            }
            return Ok(None);
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
                Some(Conflict::Ignore) => Ok(None),
                Some(Conflict::Replace) if !has_keys && target.triggers.is_empty() => self.replace_rows(writer, rowid),
                _ => self.insert_general(program, source),
            };
        }
        for index in &writer.indexes {
            transaction.put_key(index.tree, &index.key, &[]);
        }
        drop(transaction);
        around.set_last_insert_rowid(rowid);
        self.count();
        Ok(Some(rowid))
    }

    fn insert_general(&mut self, program: &InsertProgram, source: &[ValueRef<'_>]) -> Result<Option<i64>> {
        let source: Vec<Value> = source.iter().map(|v| ValueRef::to_owned(*v)).collect();
        self.insert_values(program, &source)?;
        Ok(None)
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
    fn replace_rows(&mut self, writer: &mut Writer<'_>, rowid: i64) -> Result<Option<i64>> {
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
        Ok(Some(rowid))
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
}
