//! What the chosen chain delivers: which order, which joins are of no use.

use super::Plan;
use super::choice::{self, Chain};
use super::loops::{Loop, Loops, flag};
use super::order::{Order, Purpose, Satisfied, Wanted, WantedTerm};
use super::request::{self, Setting};
use super::terms::{Clause, Scope, Term};
use crate::plan::bound::{Classes, Expr, JoinKind, Select};

/// Takes out LEFT JOINs that neither add rows nor show in the result
/// (https://sqlite.org/optoverview.html#the_omit_left_join_optimization).
pub fn omit_joins(
    select: &Select,
    setting: &Setting<'_>,
    scope: &Scope<'_>,
    clause: &Clause<'_>,
    loops: &Loops,
    chain: &mut Chain,
    distinct: bool,
) {
    if chain.loops.len() < 2 {
        return;
    }
    let mut shown = select.output.iter().fold(0, |bits, e| bits | scope.sources_of(e));
    for term in setting.order_by {
        shown |= request::order_expr(select, term).map_or(0, |e| scope.sources_of(e));
    }
    let fixed = scope.sources.iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full));
    let mut gone = 0u64;
    for level in (1..chain.loops.len()).rev() {
        let one = &loops.all[chain.loops[level]];
        let bit = 1u64 << one.source;
        let left = scope.sources[one.source].join == JoinKind::Left;
        if fixed || !left || !distinct && !one.has(flag::ONE_ROW) || shown & bit != 0 {
            continue;
        }
        let own = |t: &Term<'_>| t.all & bit == 0 || t.outer.is_some_and(|o| o == one.source || gone >> o & 1 == 1);
        if clause.terms.iter().all(own) {
            gone |= bit;
            let low = (1u64 << level) - 1;
            chain.reverse = chain.reverse & low | chain.reverse >> 1 & !low;
            chain.loops.remove(level);
        }
    }
}

/// What the chain delivers; yields the loops (by position) that run backwards.
pub fn delivered(
    plan: &mut Plan,
    order: &Order<'_, '_>,
    loops: &Loops,
    chain: &Chain,
    wanted: &Wanted<'_>,
    by_group: bool,
    setting: &Setting<'_>,
) -> u64 {
    let n = wanted.terms.len();
    if n == 0 {
        return 0;
    }
    let satisfied = match chain.satisfied {
        Satisfied::Terms(done) => done,
        Satisfied::Open => 0,
    };
    match wanted.purpose {
        Purpose::Distinct => {
            plan.distinct = satisfied == n;
            if by_group {
                return as_sorted(plan, order, loops, chain, wanted, setting, satisfied == n);
            }
            0
        }
        Purpose::Group => {
            plan.grouped = satisfied == n;
            if by_group {
                return as_sorted(plan, order, loops, chain, wanted, setting, satisfied == n);
            }
            0
        }
        Purpose::Extreme => {
            let delivered = satisfied == n && chain.loops.len() == 1;
            // (A list is gone through in the order of its values, whichever way the index is read.)
            plan.extreme = delivered && !chain.loops.iter().any(|l| loops.all[*l].has(flag::IN));
            if delivered { chain.reverse } else { 0 }
        }
        Purpose::Sort | Purpose::Limit => {
            // (SQLite goes through such an index twice, once for the NULLs; here the rows are sorted.)
            let odd = |t: &WantedTerm<'_>| t.odd_nulls && Classes::NULL.within(t.expr.classes);
            plan.sorted = wanted.terms[..satisfied].iter().position(odd).unwrap_or(satisfied);
            if satisfied == 0 {
                let inner = choice::inner_order(loops, order, wanted, chain);
                plan.inner_sorted = inner.is_some() && !wanted.terms.iter().any(odd);
                return inner.unwrap_or(0);
            }
            chain.reverse
        }
    }
}

/// The order of groups is ORDER BY's too: it is delivered by the loops, in one direction or the other, or by the sort that
/// finds the groups. Yields the loops that run backwards.
fn as_sorted(
    plan: &mut Plan,
    order: &Order<'_, '_>,
    loops: &Loops,
    chain: &Chain,
    wanted: &Wanted<'_>,
    setting: &Setting<'_>,
    in_order: bool,
) -> u64 {
    let sorts = wanted.purpose == Purpose::Distinct;
    if !in_order {
        // (DISTINCT and the sort are one step of SQLite's, two of ours.)
        plan.sorted = if sorts { 0 } else { setting.order_by.len() };
        return 0;
    }
    let Some((last, path)) = chain.loops.split_last() else { return 0 };
    let path: Vec<&Loop> = path.iter().map(|l| &loops.all[*l]).collect();
    match order.satisfied(wanted, Purpose::Sort, &path, &loops.all[*last]) {
        (Satisfied::Terms(done), reverse) if done == wanted.terms.len() => {
            plan.sorted = setting.order_by.len();
            reverse
        }
        _ => 0,
    }
}

/// Whether equal rows come one after the other although another order was asked for.
pub fn distinct_in_order(shown: Vec<&Expr>, order: &Order<'_, '_>, loops: &Loops, chain: &Chain) -> bool {
    let wanted = request::equal_rows(shown);
    let Some((last, path)) = chain.loops.split_last() else { return false };
    let path: Vec<&Loop> = path.iter().map(|l| &loops.all[*l]).collect();
    let (satisfied, _) = order.satisfied(&wanted, Purpose::Distinct, &path, &loops.all[*last]);
    satisfied == Satisfied::Terms(wanted.terms.len())
}
