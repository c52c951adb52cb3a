//! DELETE (https://sqlite.org/lang_delete.html).

use std::sync::Arc;

use heliosdb_udfs::value::Value;

use super::Run;
use super::key::{self, Holder};
use super::lower::{DeleteProgram, ReturningProgram};
use super::row::Row;
use super::target::TargetProgram;
use super::trigger::Fired;
use crate::error::Result;
use crate::plan::bound::{Conflict, TriggerEvent, TriggerTime};
use crate::row::level::rowid_key;
use crate::row::program::QueryProgram;
use crate::row::run::QueryRun;
use crate::store::{Tree, fault};

/// Why a row goes: what is counted, and whether triggers fire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    ByStatement,
    /// By ON DELETE CASCADE.
    ByKey,
    /// By REPLACE: delete triggers fire only under `recursive_triggers`.
    Replaced,
}

impl Run<'_> {
    /// The rows that a statement found, before it changes any.
    pub fn found(&self, rows: &Arc<QueryProgram>) -> Result<Vec<Vec<Value>>> {
        let mut run = QueryRun::new(rows.clone(), self.inputs.to_vec());
        let mut found = Vec::new();
        while run.next(self.cx)? {
            found.push((0..run.width()).map(|i| run.column(i).to_owned()).collect());
        }
        Ok(found)
    }

    /// The row that the first columns of a found row stand for, as it is now.
    pub fn current(&self, target: &TargetProgram, by: &[Value]) -> Result<Option<(Row, Option<Vec<u8>>)>> {
        if target.table.has_rowid() {
            let Some(Value::Integer(rowid)) = by.first() else { return Ok(None) };
            return self.read_holder(target, &Holder::Rowid(*rowid));
        }
        let row = Row { rowid: 0, values: by.to_vec() };
        match key::primary_key(target, &row, self.cx)? {
            Some(primary) => self.read_holder(target, &Holder::Primary(primary)),
            None => Ok(None),
        }
    }

    /// Found rows in the order of their keys.
    pub fn by_key(&self, target: &TargetProgram, rows: Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>> {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            let key = match (target.table.has_rowid(), row.first()) {
                (true, Some(Value::Integer(rowid))) => rowid_key(*rowid).to_vec(),
                _ => {
                    let values = row[..target.table.columns.len()].to_vec();
                    key::primary_key(target, &Row { rowid: 0, values }, self.cx)?.unwrap_or_default()
                }
            };
            keyed.push((key, row));
        }
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }

    pub fn delete(&mut self, program: &DeleteProgram) -> Result<()> {
        if program.truncates && self.cx.around.trigger_depth().get() == 0 {
            return self.delete_all(&program.target);
        }
        if program.plain && self.delete_plain(program)? {
            return Ok(());
        }
        if program.watched {
            return self.delete_watched(program);
        }
        let target = &program.target;
        let mut rows = self.found(&program.rows)?;
        if program.by_key {
            rows = self.by_key(target, rows)?;
        }
        for found in rows {
            if program.view {
                let row = Row { rowid: 0, values: found };
                let fired =
                    self.fire(target, None, TriggerTime::InsteadOf, TriggerEvent::Delete, &[], Some(&row), None)?;
                if fired == Fired::GoOn {
                    self.give_back(program.returning.as_ref(), &row)?;
                }
                continue;
            }
            let Some((row, primary)) = self.current(target, &found)? else { continue };
            let returning = program.returning.as_ref();
            self.delete_row(target, None, &row, primary.as_deref(), Deleted::ByStatement, returning)?;
        }
        Ok(())
    }

    /// Deletes all rows of a table that nothing watches.
    fn delete_all(&mut self, target: &TargetProgram) -> Result<()> {
        let around = self.cx.around;
        let table = match target.table.has_rowid() {
            true => Tree::Row(around.row_tree(target.database, target.table.id)?),
            false => Tree::Key(around.key_tree(target.database, target.table.id)?),
        };
        if !table.cover_all() {
            return fault::check();
        }
        let rows = table.count(around.live_view(target.database)?)? as i64;
        let mut cleared = around.transaction(target.database)?.clear_tree(&table);
        for index in target.indexes.iter().filter(|index| !index.primary) {
            let tree = Tree::Key(around.key_tree(target.database, index.index.id)?);
            cleared = cleared && around.transaction(target.database)?.clear_tree(&tree);
        }
        if !cleared {
            return fault::check();
        }
        self.written.changes += rows;
        around.count_changes(rows);
        Ok(())
    }

    /// Deletes a row with its index entries and what foreign keys say, unless a trigger keeps it.
    pub fn delete_row(
        &mut self,
        target: &TargetProgram,
        or: Option<Conflict>,
        row: &Row,
        primary: Option<&[u8]>,
        why: Deleted,
        returning: Option<&ReturningProgram>,
    ) -> Result<()> {
        let triggers = why != Deleted::Replaced || self.cx.around.write_options().recursive_triggers;
        if triggers && !target.triggers.is_empty() {
            let fired = self.fire(target, or, TriggerTime::Before, TriggerEvent::Delete, &[], Some(row), None)?;
            if fired == Fired::Ignore {
                return Ok(());
            }
            // The triggers may have changed the row, or taken it away: index entries are made of it as it is now.
            let holder = match primary {
                Some(primary) => Holder::Primary(primary.to_vec()),
                None => Holder::Rowid(row.rowid),
            };
            let Some((now, primary)) = self.read_holder(target, &holder)? else { return Ok(()) };
            self.erase(target, &now, primary.as_deref())?;
        } else {
            self.erase(target, row, primary)?;
        }
        self.child_left(target, row)?;
        match why {
            Deleted::ByStatement => self.count(),
            Deleted::ByKey => self.cx.around.count_nested_changes(1),
            Deleted::Replaced => {}
        }
        self.act_on_children(target, row, None)?;
        match triggers {
            true => self.fire_after(target, or, TriggerEvent::Delete, &[], Some(row), None, returning),
            false => self.give_back(returning, row),
        }
    }

    /// Takes a row and its index entries out of the trees.
    pub fn erase(&mut self, target: &TargetProgram, row: &Row, primary: Option<&[u8]>) -> Result<()> {
        let around = self.cx.around;
        for index in &target.indexes {
            if index.primary {
                continue;
            }
            let Some(entry) = key::entry_key(target, index, row, self.cx)? else { continue };
            let tree = around.key_tree(target.database, index.index.id)?;
            let full = key::full_key(&entry.prefix, row, primary);
            around.transaction(target.database)?.delete_key(&tree, &full);
        }
        match primary {
            Some(primary) => {
                let tree = around.key_tree(target.database, target.table.id)?;
                around.transaction(target.database)?.delete_key(&tree, primary);
            }
            None => {
                let tree = around.row_tree(target.database, target.table.id)?;
                around.transaction(target.database)?.delete_row(&tree, row.rowid);
            }
        }
        Ok(())
    }
}
