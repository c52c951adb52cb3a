//! The groups of a SELECT: made as the loops go on where these deliver them in order, otherwise kept till the loops end.

use heliosdb_udfs::value::Value;

use super::{Place, SelectRun, Stage};
use crate::error::Result;
use crate::row::aggregate;
use crate::row::context::Context;
use crate::row::program::{Aggregation, Join, SelectProgram};
use crate::row::scan;

impl SelectRun {
    pub(super) fn next_group(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<bool> {
        loop {
            let Some(aggregation) = &program.aggregation else { return Ok(false) };
            self.arena.reset();
            let more = match &mut self.stage {
                Stage::Single { is_due } => std::mem::take(is_due),
                Stage::Groups(groups) => groups.next(aggregation, &mut self.slots, cx)?,
                _ => self.next_in_turn(program, aggregation, inputs, cx)?,
            };
            if !more {
                return Ok(false);
            }
            if self.all_true(&aggregation.having, None, program, inputs, cx)? {
                return Ok(true);
            }
        }
    }

    /// Puts the group of the next rows of the loops into the slots.
    fn next_in_turn(
        &mut self,
        program: &SelectProgram,
        aggregation: &Aggregation,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        let mut groups = self.in_turn.take().unwrap_or_default();
        let found = self.group_in_turn(&mut groups, program, aggregation, inputs, cx);
        self.in_turn = Some(groups);
        found
    }

    fn group_in_turn(
        &mut self,
        groups: &mut aggregate::InTurn,
        program: &SelectProgram,
        aggregation: &Aggregation,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        if groups.is_done() {
            return Ok(false);
        }
        let last = program.levels.len().checked_sub(1);
        let plain = self.plain_last(program);
        let mut at_row = self.advance(program, inputs, cx)?;
        while at_row {
            let is_over = groups.is_over(aggregation, &self.env_at(last, program, inputs, cx))?;
            if is_over {
                groups.finish(aggregation, &mut self.slots, cx)?;
                groups.clear(aggregation);
            }
            if !groups.take(aggregation, &self.env_at(last, program, inputs, cx))? {
                break;
            }
            if is_over {
                return Ok(true);
            }
            if let Some(last) = plain {
                let mut is_done = false;
                let is_over = self.look_ahead(last, program, inputs, cx, |env| {
                    let is_over = groups.is_over(aggregation, env)?;
                    is_done = !is_over && !groups.take(aggregation, env)?;
                    Ok(is_over || is_done)
                })?;
                if is_done {
                    break;
                }
                if is_over {
                    continue;
                }
            }
            at_row = self.advance(program, inputs, cx)?;
        }
        self.place = Place::Done;
        groups.finish_last(aggregation, &mut self.slots, cx)
    }

    /// The stage that yields the groups.
    pub(super) fn aggregate(
        &mut self,
        program: &SelectProgram,
        aggregation: &Aggregation,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<Stage> {
        let single = Stage::Single { is_due: true };
        if aggregation.counts_rows {
            let count = self.count_rows(program, aggregation, inputs, cx)?;
            self.place = Place::Done;
            for program in &aggregation.aggregates {
                self.slots[program.slot as usize] = Value::Integer(count);
            }
            return Ok(single);
        }
        if aggregate::InTurn::suits(aggregation) {
            self.in_turn.get_or_insert_default().restart(aggregation);
            if aggregation.grouped {
                return Ok(Stage::InTurn);
            }
            self.next_in_turn(program, aggregation, inputs, cx)?;
            return Ok(single);
        }
        let mut builder = aggregate::Builder::new(aggregation);
        let plain = self.plain_last(program);
        let mut is_done = false;
        while !is_done && self.advance(program, inputs, cx)? {
            is_done = !builder.take(aggregation, &self.env(program, inputs, cx))?;
            if let Some(last) = plain.filter(|_| !is_done) {
                is_done = self.look_ahead(last, program, inputs, cx, |env| Ok(!builder.take(aggregation, env)?))?;
            }
        }
        builder.finish(aggregation, cx).map(Stage::Groups)
    }

    /// The last level, if nothing but its filters decides whether its rows count.
    pub(super) fn plain_last(&self, program: &SelectProgram) -> Option<usize> {
        let last = program.levels.len().checked_sub(1)?;
        (self.scans[last].plain && program.levels[last].join == Join::Inner).then_some(last)
    }

    /// The number of rows of the loops. Those that differ in nothing that is asked for are not visited.
    fn count_rows(
        &mut self,
        program: &SelectProgram,
        aggregation: &Aggregation,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<i64> {
        if aggregation.counts_table
            && let Some(count) = scan::count(&program.levels[0].source, cx)?
        {
            cx.around.tick()?;
            return Ok(count);
        }
        let plain = self.plain_last(program);
        let mut count = 0;
        while self.advance(program, inputs, cx)? {
            count += 1;
            match plain {
                Some(last) if program.levels[last].filters.is_empty() => {
                    if let Some(passed) = scan::pass(&mut self.levels[last], &self.scans[last]) {
                        count += passed;
                        if last == 0 && scan::is_last_range(&self.scans[last]) {
                            break;
                        }
                    }
                }
                Some(last) => {
                    self.look_ahead(last, program, inputs, cx, |_| {
                        count += 1;
                        Ok(false)
                    })?;
                }
                None => {}
            }
        }
        Ok(count)
    }
}
