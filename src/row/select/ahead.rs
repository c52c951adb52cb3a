//! Rows at hand: those that lie behind the current one in the leaf that a level's cursor holds are looked at where they
//! are, without moving the cursor from one to the next.

use heliosdb_udfs::value::{Collation, Value};

use super::{ARENA_KEPT_MAX, SelectRun, Stage, TICK_ROWS};
use crate::error::Result;
use crate::row::context::Context;
use crate::row::eval::{Env, Near, eval, truth};
use crate::row::program::SelectProgram;
use crate::row::scan;

impl SelectRun {
    /// Goes through the rows at hand behind the current one of level `d`, whose rows count if they pass its filters, until
    /// `stops` says so of one that passes. Whether it did: then that row is the current one, otherwise the last one that
    /// has been looked at.
    pub(super) fn look_ahead(
        &mut self,
        d: usize,
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
        mut stops: impl FnMut(&Env<'_>) -> Result<bool>,
    ) -> Result<bool> {
        let Some(ahead) = scan::ahead(&self.levels[d], &self.scans[d]) else { return Ok(false) };
        let filters = &program.levels[d].filters[..];
        let mut env = self.env_at(None, program, inputs, cx);
        let (mut passed, mut stopped) = (0, false);
        'rows: for (rowid, record) in ahead {
            if self.arena.allocated_bytes() > ARENA_KEPT_MAX {
                break;
            }
            passed += 1;
            env.near = Near::at(d, rowid, record);
            for filter in filters {
                if truth(filter, &env)? != Some(true) {
                    continue 'rows;
                }
            }
            if stops(&env)? {
                stopped = true;
                break;
            }
        }
        scan::pass_ahead(&mut self.levels[d], passed);
        self.ticks += passed as u32;
        if self.ticks >= TICK_ROWS {
            self.ticks = 0;
            cx.around.tick()?;
        }
        Ok(stopped)
    }

    /// The first row at hand that DISTINCT has not let through, with its key.
    pub(super) fn find_new(
        &mut self,
        program: &SelectProgram,
        collations: &[Collation],
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        // What is computed is computed once.
        let is_plain = matches!(self.stage, Stage::Loops) && program.computed.is_empty();
        let Some(last) = self.plain_last(program).filter(|_| is_plain) else { return Ok(false) };
        let (mut key, seen) = (std::mem::take(&mut self.key), std::mem::take(&mut self.seen));
        let found = self.look_ahead(last, program, inputs, cx, |env| {
            key.clear();
            for (node, collation) in program.output.iter().zip(collations) {
                scan::encode(eval(node, env)?, collation, false, &mut key);
            }
            Ok(!seen.contains(key.as_slice()))
        });
        (self.key, self.seen) = (key, seen);
        found
    }
}
