//! Writes of rows that AFTER triggers watch: the rows are found first, then packed one by one as plain writes do (see
//! `plain`), and what the triggers read of OLD and NEW is read from the records.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use heliosdb_udfs::value::{Value, ValueRef};

use super::Run;
use super::lower::{DeleteProgram, InsertProgram, UpdateProgram};
use super::packing::{Packing, Writer};
use super::target::{IndexProgram, TargetProgram};
use super::trigger::Seen;
use crate::error::Result;
use crate::plan::bound::{Conflict, TriggerEvent, TriggerTime};
use crate::row::context::Context;
use crate::row::eval::{Env, Near, eval};
use crate::row::level::{Level, Rows};
use crate::row::node::{Node, Subquery};
use crate::row::program::QueryProgram;
use crate::row::run::QueryRun;
use crate::row::subquery::SubqueryRun;

impl Run<'_> {
    /// Inserts rows that have been read before.
    pub fn insert_watched(&mut self, program: &InsertProgram, rows: &[Vec<Value>]) -> Result<()> {
        let mut packing = Packing::take(self.cx);
        let mut writer = Writer::new(&program.target, |_| true, &mut packing, self.cx)?;
        for row in rows {
            packing.arena.reset();
            let mut values = ArenaVec::with_capacity_in(row.len(), &packing.arena);
            values.extend(row.iter().map(Value::as_ref));
            if let Some(rowid) = self.insert_row(program, &mut writer, &values, &packing.arena)? {
                let new = Some(Seen::Record(rowid, &writer.record));
                self.fire_after_of(&program.target, self.or, TriggerEvent::Insert, &[], None, new)?;
            }
        }
        packing.give_back(writer, self.cx);
        Ok(())
    }

    pub fn update_watched(
        &mut self,
        program: &UpdateProgram,
        (nodes, subqueries): (&[Node], &[Subquery]),
    ) -> Result<()> {
        let target = &program.target;
        // Each row is computed and checked as those before it and their triggers have left everything.
        let cx = &Context { live: true, ..*self.cx };
        let rowids = self.found_rowids(&program.rows, program.by_key)?;
        let mut packing = Packing::take(cx);
        let wanted = |index: &IndexProgram| index.depends_on(&program.columns);
        let mut writer = Writer::new(target, wanted, &mut packing, cx)?;
        let runs = SubqueryRun::all(subqueries);
        for rowid in rowids {
            let Packing { arena, old, .. } = &mut *packing;
            arena.reset();
            let mut record = std::mem::take(old);
            let is_there = writer.read(rowid, &mut record, cx)?;
            let levels = [Level { rows: Rows::Single { record, rowid: Some(rowid) }, ..Level::default() }];
            if is_there {
                let (arena, json): (&Bump, _) = (arena, Cell::new(false));
                let env = Env {
                    cx,
                    levels: &levels,
                    near: Near::of(&levels, 0),
                    inputs: self.inputs,
                    slots: &[],
                    subqueries,
                    runs: &runs,
                    arena,
                    json: &json,
                };
                let mut values = ArenaVec::with_capacity_in(nodes.len(), arena);
                for node in nodes {
                    values.push(eval(node, &env)?);
                }
                let before = levels[0].record();
                if self.change_row(program, &mut writer, rowid, before, &values, false, arena)? {
                    let (old, new) = (Seen::Record(rowid, before), Seen::Record(rowid, &writer.record));
                    self.fire_after_of(target, self.or, TriggerEvent::Update, &program.columns, Some(old), Some(new))?;
                }
            }
            let [level] = levels;
            if let Rows::Single { record, .. } = level.rows {
                *old = record;
            }
        }
        packing.give_back(writer, cx);
        Ok(())
    }

    pub fn delete_watched(&mut self, program: &DeleteProgram) -> Result<()> {
        let target = &program.target;
        let cx = &Context { live: true, ..*self.cx };
        let rowids = self.found_rowids(&program.rows, program.by_key)?;
        let mut packing = Packing::take(cx);
        let mut writer = Writer::new(target, |_| true, &mut packing, cx)?;
        for rowid in rowids {
            if writer.read(rowid, &mut packing.old, cx)? {
                self.erase_row(&mut writer, rowid, &packing.old, false)?;
                let old = Some(Seen::Record(rowid, &packing.old));
                self.fire_after_of(target, None, TriggerEvent::Delete, &[], old, None)?;
            }
        }
        packing.give_back(writer, cx);
        Ok(())
    }

    fn fire_after_of(
        &self,
        target: &TargetProgram,
        or: Option<Conflict>,
        event: TriggerEvent,
        changed: &[u16],
        old: Option<Seen<'_>>,
        new: Option<Seen<'_>>,
    ) -> Result<()> {
        self.fire_of(&target.triggers, target, or, TriggerTime::After, event, changed, old, new).map(drop)
    }

    /// The rowids of the rows that a statement found, before it changes any.
    fn found_rowids(&self, rows: &Arc<QueryProgram>, by_key: bool) -> Result<Vec<i64>> {
        let mut run = QueryRun::new(rows.clone(), self.inputs.to_vec());
        let mut rowids = Vec::new();
        while run.next(self.cx)? {
            if let ValueRef::Integer(rowid) = run.column(0) {
                rowids.push(rowid);
            }
        }
        if by_key {
            rowids.sort_unstable();
        }
        Ok(rowids)
    }
}
