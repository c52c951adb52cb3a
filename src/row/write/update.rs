//! UPDATE (https://sqlite.org/lang_update.html).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use bumpalo::Bump;
use heliosdb_udfs::value::Value;

use super::Run;
use super::key;
use super::lower::{ReturningProgram, UpdateProgram};
use super::row::{Row, apply, apply_rowid, check_types, check_virtual_types, generate};
use super::target::TargetProgram;
use super::trigger::Fired;
use crate::error::{Error, Result};
use crate::plan::bound::{Conflict, ROWID, TriggerEvent, TriggerTime};
use crate::row::context::Context;
use crate::row::eval::{Env, Near, eval};
use crate::row::level::rowid_key;
use crate::row::subquery::SubqueryRun;

impl Run<'_> {
    pub fn update(&mut self, program: &UpdateProgram) -> Result<()> {
        if program.plain && self.update_plain(program)? {
            return Ok(());
        }
        if let (true, Some(set)) = (program.watched, program.set()) {
            return self.update_watched(program, set);
        }
        let target = &program.target;
        let mut rows = self.found(&program.rows)?;
        if program.set().is_none() && !program.view {
            rows = self.last_of_each(target, rows)?;
        }
        if program.by_key {
            rows = self.by_key(target, rows)?;
        }
        let runs = SubqueryRun::all(program.set().map_or(&[], |(_, subqueries)| subqueries));
        for mut found in rows {
            let new_values = found.split_off(program.found_by);
            if program.view {
                let old = Row { rowid: 0, values: found };
                let new_values = self.new_values(program, &runs, &old, new_values)?;
                let mut new = old.clone();
                for (column, mut value) in program.columns.iter().zip(new_values) {
                    if *column != ROWID {
                        apply(&mut value, target.table.columns[*column as usize].affinity);
                        new.values[*column as usize] = value;
                    }
                }
                let (old, new) = (Some(&old), Some(&new));
                let fired = self.fire(
                    target,
                    self.or,
                    TriggerTime::InsteadOf,
                    TriggerEvent::Update,
                    &program.columns,
                    old,
                    new,
                )?;
                if let (Fired::GoOn, Some(new)) = (fired, new) {
                    self.give_back(program.returning.as_ref(), new)?;
                }
                continue;
            }
            let Some((old, primary)) = self.current(target, &found)? else { continue };
            let new_values = self.new_values(program, &runs, &old, new_values)?;
            let set: Vec<(u16, Value)> = program.columns.iter().copied().zip(new_values).collect();
            self.update_row(target, self.or, &old, primary.as_deref(), set, program.returning.as_ref())?;
        }
        Ok(())
    }

    /// The new values of a row as it is now, or those that were found with it.
    fn new_values(
        &self,
        program: &UpdateProgram,
        runs: &[RefCell<SubqueryRun>],
        old: &Row,
        found: Vec<Value>,
    ) -> Result<Vec<Value>> {
        let Some((values, subqueries)) = program.set() else { return Ok(found) };
        let (levels, arena, json) = ([old.level()], Bump::new(), Cell::new(false));
        let cx = Context { live: true, ..*self.cx };
        let env = Env {
            cx: &cx,
            levels: &levels,
            near: Near::NONE,
            inputs: self.inputs,
            slots: &[],
            subqueries,
            runs,
            arena: &arena,
            json: &json,
        };
        values.iter().map(|n| Ok(eval(n, &env)?.to_owned())).collect()
    }

    /// Of UPDATE FROM's rows the last for each row of the target, in the order of its keys.
    fn last_of_each(&mut self, target: &TargetProgram, found: Vec<Vec<Value>>) -> Result<Vec<Vec<Value>>> {
        let mut last = BTreeMap::new();
        for row in found {
            let Some((old, primary)) = self.current(target, &row)? else { continue };
            last.insert(primary.unwrap_or_else(|| rowid_key(old.rowid).to_vec()), row);
        }
        Ok(last.into_values().collect())
    }

    /// Changes one row; what an UPDATE and an UPSERT do for each.
    pub fn update_row(
        &mut self,
        target: &TargetProgram,
        or: Option<Conflict>,
        old: &Row,
        primary: Option<&[u8]>,
        set: Vec<(u16, Value)>,
        returning: Option<&ReturningProgram>,
    ) -> Result<()> {
        let table = &target.table;
        let mut columns: Vec<u16> = Vec::with_capacity(set.len());
        let mut new = old.clone();
        for (column, mut value) in set {
            columns.push(column);
            if column == ROWID || table.rowid_alias() == Some(column) {
                apply_rowid(&mut value);
                let Value::Integer(rowid) = value else { return Err(Error::mismatch()) };
                new.rowid = rowid;
                if let Some(alias) = table.rowid_alias() {
                    new.values[alias as usize] = value;
                }
                continue;
            }
            apply(&mut value, table.columns[column as usize].affinity);
            new.values[column as usize] = value;
        }
        generate(target, &mut new, self.cx)?;
        if !target.generated.is_empty() || target.fires_before(TriggerEvent::Update) {
            check_types(table, &new)?;
            check_virtual_types(table, &new)?;
        }
        let (before, event) = (TriggerTime::Before, TriggerEvent::Update);
        // The row as it is now, where triggers may have changed it. What hears of the update hears of the row before them.
        let now;
        let (mut stored, mut primary) = (old, primary);
        let key = primary;
        let holder = || match key {
            Some(primary) => key::Holder::Primary(primary.to_vec()),
            None => key::Holder::Rowid(old.rowid),
        };
        if target.fires_before(event) {
            if self.fire(target, or, before, event, &columns, Some(old), Some(&new))? == Fired::Ignore {
                return Ok(());
            }
            // The triggers may have changed the row, or taken it away: columns that are not set follow.
            let Some(found) = self.read_holder(target, &holder())? else { return Ok(()) };
            now = found;
            for (i, value) in now.0.values.iter().enumerate() {
                if !columns.contains(&(i as u16)) && table.columns[i].generated.is_none() {
                    new.values[i] = value.clone();
                }
            }
            generate(target, &mut new, self.cx)?;
            (stored, primary) = (&now.0, now.1.as_deref());
        }
        if !self.check_row(target, or, &mut new, Some(&columns))? {
            return Ok(());
        }
        let tree = if table.has_rowid() { Some(self.cx.around.row_tree(target.database, table.id)?) } else { None };
        let renamed = table.has_rowid() && new.rowid != old.rowid;
        let moved = renamed || key::primary_key(target, &new, self.cx)?.as_deref() != primary;
        // Entries that are made of other columns stay as they are.
        let set = if moved { None } else { Some(&columns[..]) };
        let own = Some((stored, primary));
        let Some(entries) = self.make_room(target, or, &new, tree.as_ref(), renamed, own, set)? else {
            return Ok(());
        };
        // So may the triggers of rows that REPLACE took away.
        if !target.triggers.is_empty() && !self.is_there(target, &holder())? {
            return Ok(());
        }
        let keys = Self::sets_keys(target, &columns);
        if keys {
            self.child_changes(target, &columns, old)?;
        }
        self.erase_changed(target, stored, &new, primary, set)?;
        self.store(target, &new, tree.as_ref(), &entries)?;
        if keys {
            self.child_changed(target, &columns, &new)?;
            self.parent_appeared(target, &new, Some(old))?;
            self.act_on_children(target, old, Some(&new))?;
        }
        self.count();
        self.fire_after(target, or, event, &columns, Some(old), Some(&new), returning)
    }

    /// Takes out what the new row will not write over: entries with another key, and the row itself if its key
    /// changes. `set`: the columns that may have changed, if the key does not.
    fn erase_changed(
        &mut self,
        target: &TargetProgram,
        old: &Row,
        new: &Row,
        primary: Option<&[u8]>,
        set: Option<&[u16]>,
    ) -> Result<()> {
        let around = self.cx.around;
        let Some(set) = set else { return self.erase(target, old, primary) };
        for index in &target.indexes {
            if index.primary || !index.depends_on(set) {
                continue;
            }
            let before = key::entry_key(target, index, old, self.cx)?;
            let after = key::entry_key(target, index, new, self.cx)?;
            let Some(before) = before else { continue };
            if after.is_some_and(|a| a.prefix == before.prefix) {
                continue;
            }
            let tree = around.key_tree(target.database, index.index.id)?;
            let full = key::full_key(&before.prefix, old, primary);
            around.transaction(target.database)?.delete_key(&tree, &full);
        }
        Ok(())
    }
}
