//! How a RIGHT or FULL level is read for the rows that nothing has matched: on its own, by the conditions of WHERE that look
//! at no later source. Everything before it is NULL then.

use super::candidates::{Candidates, Sink};
use super::choice::{self, Goal};
use super::loops::{Loop, Loops};
use super::order::{Order, Wanted};
use super::place::Placing;
use super::terms::{Scope, conjuncts, op};
use crate::error::Result;
use crate::plan::bound::{Expr, JoinKind, Select, Source};
use crate::row::lower::Lower;
use crate::row::program::SourceProgram;

/// The source at position `i`, of which the sources in `placed` come before.
pub fn source(
    lower: &mut Lower<'_>,
    select: &Select,
    candidates: &Candidates<'_, '_>,
    i: usize,
    placed: u64,
    level: u16,
) -> Result<Option<SourceProgram>> {
    let scope = candidates.scope;
    if !candidates.facts[i].is_table {
        return Ok(None);
    }
    let known = placed | 1 << i;
    let terms: Vec<(&Expr, Option<usize>)> = match scope.keeps_right(i + 1) {
        true => Vec::new(),
        false => select
            .filter
            .iter()
            .flat_map(conjuncts)
            .filter(|e| scope.sources_of(e) & !known == 0)
            .map(|e| (e, None))
            .collect(),
    };
    let one = [Source { join: JoinKind::Inner, on: None, ..scope.sources[i].clone() }];
    let scope = Scope { sources: &one, ..*scope };
    let mut clause = scope.analyzed(terms.iter().filter(|(e, _)| scope.null_test(e).is_none()).copied());
    // An OR is not gone through arm by arm here: the level's own arms are what its scan knows.
    for term in clause.terms.iter_mut().filter(|t| t.ops & op::OR != 0) {
        (term.ops, term.indexable) = (0, 0);
    }
    let wanted = Wanted::default();
    let facts = std::slice::from_ref(&candidates.facts[i]);
    let alone = Candidates {
        scope: &scope,
        facts,
        clause: &clause,
        all: &clause,
        wanted: &wanted,
        writes: false,
        partial: false,
        alone: true,
        exists: &[],
    };
    let mut loops = Loops::default();
    let order = Order { scope: &scope, facts, clause: &clause };
    let goal = Goal { sources: 1, wanted: &wanted, limit: None, distinct: false, output_columns: 1, runs: 0 };
    let chain = match alone.one_row() {
        Some(row) => choice::one_row(&mut loops, row, &wanted),
        None => {
            alone.source(0, 0, &mut Sink::Loops(&mut loops));
            choice::choose_in_two_steps(&mut loops, &order, &goal)
        }
    };
    let Some(chosen) = chain.and_then(|c| c.loops.first().map(|l| loops.all[*l].clone())) else { return Ok(None) };
    read(lower, &alone, &chosen, level).map(Some)
}

fn read(lower: &mut Lower<'_>, alone: &Candidates<'_, '_>, chosen: &Loop, level: u16) -> Result<SourceProgram> {
    let mut placing = Placing { candidates: alone, programs: vec![None] };
    let way = placing.way(lower, chosen, 0, false)?;
    placing.source(lower, &alone.scope.sources[0], 0, way, level)
}
