//! Firing triggers (https://sqlite.org/lang_createtrigger.html).

use std::sync::Arc;

use heliosdb_udfs::value::Value;

use super::lower::ReturningProgram;
use super::packing::stored;
use super::row::{Row, with_env};
use super::target::TargetProgram;
use super::{Run, Written};
use crate::catalog::Table;
use crate::env::stack::with_room;
use crate::error::{Error, Result};
use crate::plan::bound::{BoundTrigger, Conflict, Free, ROWID, RaiseAction, TriggerEvent, TriggerTime};
use crate::row::context::{Context, Shared};
use crate::row::eval::truth;
use crate::row::program::{TriggerProgram, TriggerStatement};

/// Whether the row goes on after its triggers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fired {
    GoOn,
    /// RAISE(IGNORE): the row is left as it was.
    Ignore,
}

/// A row as triggers see it.
#[derive(Clone, Copy)]
pub enum Seen<'r> {
    Row(&'r Row),
    /// A rowid and what is stored there.
    Record(i64, &'r [u8]),
}

impl Run<'_> {
    /// Fires the triggers of a time and event; `or` is the statement's conflict clause. `changed`: the columns an UPDATE sets.
    pub fn fire(
        &self,
        target: &TargetProgram,
        or: Option<Conflict>,
        time: TriggerTime,
        event: TriggerEvent,
        changed: &[u16],
        old: Option<&Row>,
        new: Option<&Row>,
    ) -> Result<Fired> {
        self.fire_of(&target.triggers, target, or, time, event, changed, old.map(Seen::Row), new.map(Seen::Row))
    }

    /// Fires the AFTER triggers and computes RETURNING, which SQLite makes a temporary trigger, the newest one: it sees
    /// what other temporary triggers of a table of another database have written, not what the table's own will write.
    pub fn fire_after(
        &mut self,
        target: &TargetProgram,
        or: Option<Conflict>,
        event: TriggerEvent,
        changed: &[u16],
        old: Option<&Row>,
        new: Option<&Row>,
        returning: Option<&ReturningProgram>,
    ) -> Result<()> {
        // Temporary ones come first.
        let temporary = target.triggers.iter().take_while(|t| t.database != target.database).count();
        let (temporary, own) = target.triggers.split_at(temporary);
        let after = TriggerTime::After;
        let (seen_old, seen_new) = (old.map(Seen::Row), new.map(Seen::Row));
        if self.fire_of(temporary, target, or, after, event, changed, seen_old, seen_new)? == Fired::Ignore {
            return Ok(());
        }
        if let (Some(_), Some(row)) = (returning, new.or(old)) {
            self.give_back(returning, row)?;
        }
        self.fire_of(own, target, or, after, event, changed, seen_old, seen_new).map(drop)
    }

    pub fn fire_of(
        &self,
        triggers: &[Arc<BoundTrigger>],
        target: &TargetProgram,
        or: Option<Conflict>,
        time: TriggerTime,
        event: TriggerEvent,
        changed: &[u16],
        old: Option<Seen<'_>>,
        new: Option<Seen<'_>>,
    ) -> Result<Fired> {
        if triggers.is_empty() {
            return Ok(Fired::GoOn);
        }
        // Triggers that write into the same table go on from the rowids used so far.
        self.note_sequence(target)?;
        for trigger in triggers {
            let concerned = trigger.columns.is_empty() || trigger.columns.iter().any(|c| changed.contains(c));
            if trigger.time != time || trigger.event != event || !concerned {
                continue;
            }
            if self.fire_one(trigger, or, &target.table, old, new)? == Fired::Ignore {
                return Ok(Fired::Ignore);
            }
        }
        Ok(Fired::GoOn)
    }

    fn fire_one(
        &self,
        trigger: &Arc<BoundTrigger>,
        or: Option<Conflict>,
        table: &Arc<Table>,
        old: Option<Seen<'_>>,
        new: Option<Seen<'_>>,
    ) -> Result<Fired> {
        let around = self.cx.around;
        let running = around.running_triggers();
        let runs_already = running.borrow().iter().any(|t| Arc::ptr_eq(t, &trigger.trigger));
        if runs_already && !around.write_options().recursive_triggers {
            return Ok(Fired::GoOn);
        }
        let depth = around.trigger_depth();
        if depth.get() >= around.write_options().trigger_depth_max {
            return Err(Error::sql("triggers nested too deep"));
        }
        let program = around.trigger_program(trigger)?;
        let pick = |positions: &[usize]| -> Vec<Value> {
            positions.iter().map(|i| input(&program, &program.free[*i], table, old, new)).collect()
        };
        let last_rowid = around.last_insert_rowid();
        depth.set(depth.get() + 1);
        running.borrow_mut().push(trigger.trigger.clone());
        let result: Result<()> = (|| {
            if let Some(when) = &program.when {
                let when_inputs = pick(&program.when_inputs);
                let shared = Shared::default();
                let cx = Context { parameters: &[], around, shared: &shared, live: false };
                let passes = with_env(&[], &when_inputs, &program.when_subqueries, &cx, |env| truth(when, env))?;
                if passes != Some(true) {
                    return Ok(());
                }
            }
            for (n, statement) in program.statements.iter().enumerate() {
                let shared = self.cx.shared.take_nested(&program, n);
                let cx = Context { parameters: &[], around, shared: &shared, live: false };
                match statement {
                    TriggerStatement::Query(query, positions) => {
                        let mut run = shared.run(query, pick(positions));
                        while run.next(&cx)? {}
                        shared.rest(run);
                    }
                    TriggerStatement::Write(write, positions) => {
                        let (inputs, mut written) = (pick(positions), Written::default());
                        with_room(|| super::execute_nested(write, &inputs, or, self.violations, &mut written, &cx))?;
                    }
                }
                self.cx.shared.keep_nested(&program, n, shared);
            }
            Ok(())
        })();
        running.borrow_mut().pop();
        depth.set(depth.get() - 1);
        around.set_last_insert_rowid(last_rowid);
        match result {
            Ok(()) => Ok(Fired::GoOn),
            Err(e) if e.raise == Some(RaiseAction::Ignore) => Ok(Fired::Ignore),
            Err(e) => Err(e),
        }
    }
}

fn input(program: &TriggerProgram, free: &Free, table: &Table, old: Option<Seen<'_>>, new: Option<Seen<'_>>) -> Value {
    let Free::Column(c) = free else { return Value::Null };
    let row = if c.source == program.old {
        old
    } else if c.source == program.new {
        new
    } else {
        None
    };
    let is_rowid = c.column == ROWID || table.rowid_alias() == Some(c.column);
    match row {
        None => Value::Null,
        Some(Seen::Row(row)) if is_rowid => Value::Integer(row.rowid),
        Some(Seen::Record(rowid, _)) if is_rowid => Value::Integer(rowid),
        Some(Seen::Row(row)) => row.values.get(c.column as usize).cloned().unwrap_or_default(),
        Some(Seen::Record(_, record)) => stored(table, record, usize::from(c.column)).to_owned(),
    }
}
