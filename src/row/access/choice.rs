//! The order of the loops: the cheapest chains of one more loop each, kept while they last, the wanted order of rows
//! counted in (https://sqlite.org/queryplanner-ng.html).

use super::estimate::{self, Estimate, depth};
use super::facts::Facts;
use super::loops::{Loop, Loops, flag};
use super::order::{Order, Purpose, Satisfied, Wanted};
use crate::plan::bound::{JoinKind, Source, SourceKind};

/// What a chain is chosen for.
pub struct Goal<'g, 'q> {
    pub sources: usize,
    pub wanted: &'g Wanted<'q>,
    /// The estimate of a constant LIMIT.
    pub limit: Option<Estimate>,
    pub distinct: bool,
    pub output_columns: usize,
    /// How often the whole is run.
    pub runs: Estimate,
}

#[derive(Clone)]
pub struct Chain {
    pub loops: Vec<usize>,
    pub rows: Estimate,
    /// Loops (by position) that run backwards.
    pub reverse: u64,
    pub satisfied: Satisfied,
    placed: u64,
    cost: Estimate,
    unsorted: Estimate,
}

/// Costs of sorting rows of which so many leading terms are in order.
fn sorting(goal: &Goal<'_, '_>, rows: Estimate, sorted: usize) -> Estimate {
    let n = goal.wanted.terms.len();
    let mut cost = rows + estimate::of((goal.output_columns as u64 + 59) / 30);
    if sorted > 0 {
        cost += estimate::of(((n - sorted) * 100 / n) as u64) - 66;
    }
    let mut compared = rows;
    if let Some(limit) = goal.limit {
        cost += if sorted > 0 { 16 } else { 10 };
        compared = compared.min(limit);
    } else if goal.distinct && compared > 10 {
        compared -= 10;
    }
    cost + depth(compared)
}

/// The cheapest chain; `None` if the sources cannot be put in any order. `rows`: the result's estimate from a first
/// choice that did not look at the order.
fn choose(
    loops: &Loops,
    order: &Order<'_, '_>,
    goal: &Goal<'_, '_>,
    kept: usize,
    rows: Option<Estimate>,
) -> Option<Chain> {
    let terms = if rows.is_some() { goal.wanted.terms.len() } else { 0 };
    let mut sort_costs: Vec<Option<Estimate>> = vec![None; terms];
    let start = Chain {
        loops: Vec::new(),
        rows: goal.runs.min(48),
        reverse: 0,
        satisfied: if terms == 0 { Satisfied::Terms(0) } else { Satisfied::Open },
        placed: 0,
        cost: 0,
        unsorted: 0,
    };
    let mut from = vec![start];
    for length in 1..=goal.sources {
        let mut to: Vec<Chain> = Vec::new();
        let mut worst = Worst::default();
        for chain in &from {
            for (i, one) in loops.all.iter().enumerate() {
                if one.needs & !chain.placed != 0 || chain.placed >> one.source & 1 == 1 {
                    continue;
                }
                if one.has(flag::AUTOMATIC) && chain.rows < 3 {
                    continue;
                }
                let mut unsorted = one.run + chain.rows;
                if one.setup != 0 {
                    unsorted = estimate::add(one.setup, unsorted);
                }
                unsorted = estimate::add(unsorted, chain.unsorted);
                let (satisfied, reverse) = match chain.satisfied {
                    Satisfied::Open => {
                        let path: Vec<&Loop> = chain.loops.iter().map(|l| &loops.all[*l]).collect();
                        order.satisfied(goal.wanted, goal.wanted.purpose, &path, one)
                    }
                    known => (known, chain.reverse),
                };
                let cost = match satisfied {
                    Satisfied::Terms(n) if n < terms => {
                        let sort = *sort_costs[n].get_or_insert_with(|| sorting(goal, rows.unwrap_or(0), n));
                        estimate::add(unsorted, sort) + 3
                    }
                    _ => {
                        let cost = unsorted;
                        unsorted -= 2;
                        cost
                    }
                };
                let placed = chain.placed | 1 << one.source;
                let rows = chain.rows + one.out;
                let open = satisfied == Satisfied::Open;
                let last = length == goal.sources;
                let same =
                    to.iter().position(|c| c.placed == placed && (last || (c.satisfied == Satisfied::Open) == open));
                let at = match same {
                    Some(at) => {
                        let known = (to[at].cost, to[at].rows, to[at].unsorted);
                        let new = (cost, rows, unsorted);
                        let other = to[at].loops.last().map_or(one, |l| &loops.all[*l]);
                        if known < new || known == new && !is_narrower(order.facts, one, other) {
                            continue;
                        }
                        at
                    }
                    None if to.len() < kept => to.len(),
                    None if (cost, unsorted) >= (worst.cost, worst.unsorted) => continue,
                    None => worst.at,
                };
                let mut next = Chain { loops: chain.loops.clone(), rows, reverse, satisfied, placed, cost, unsorted };
                next.loops.push(i);
                if at == to.len() {
                    to.push(next);
                } else {
                    to[at] = next;
                }
                if to.len() >= kept {
                    worst = Worst::of(&to);
                }
            }
        }
        from = to;
    }
    // (All of the last length place the same sources, so one is left.)
    from.into_iter().next()
}

/// The chain that makes room for a better one.
#[derive(Default)]
struct Worst {
    at: usize,
    cost: Estimate,
    unsorted: Estimate,
}

impl Worst {
    fn of(chains: &[Chain]) -> Worst {
        // (SQLite begins with the first chain's rows, not with what it costs unsorted.)
        let mut worst = Worst { at: 0, cost: chains[0].cost, unsorted: chains[0].rows };
        for (at, c) in chains.iter().enumerate().skip(1) {
            if (c.cost, c.unsorted) > (worst.cost, worst.unsorted) {
                worst = Worst { at, cost: c.cost, unsorted: c.unsorted };
            }
        }
        worst
    }
}

/// Whether a loop reads a narrower index than another.
fn is_narrower(facts: &[Facts], one: &Loop, other: &Loop) -> bool {
    let width = |l: &Loop| l.has(flag::INDEX).then(|| facts[l.source].size.indexes[l.index].width);
    matches!((width(one), width(other)), (Some(a), Some(b)) if a < b)
}

/// The whole of one index, or of the table, and nothing else.
pub fn only(loops: &mut Loops, index: Option<usize>) -> Option<Chain> {
    let flags = if index.is_some() { flag::INDEX | flag::COVERING } else { flag::ROWID };
    loops.all = vec![Loop { flags, index: index.unwrap_or(0), ..Loop::default() }];
    Some(Chain { loops: vec![0], rows: 0, reverse: 0, satisfied: Satisfied::Terms(0), placed: 1, cost: 0, unsorted: 0 })
}

/// Keeps the table of facts in the outer loops where three or more dimensions hang on it: whole scans of dimensions
/// look dearer than any way to read the facts. Yields how many chains of one length are worth keeping.
fn star(loops: &mut Loops, sources: &[Source]) -> usize {
    let mut kept = 12;
    let mut alike = 0u64;
    let mut start = 0;
    let apart = |i: usize| !matches!(sources[i].join, JoinKind::Inner);
    let table = |i: usize| match &sources[i].kind {
        SourceKind::Table { database, table, .. } => Some((*database, table.id)),
        _ => None,
    };
    for fact in 0..sources.len() {
        let bit = 1u64 << fact;
        if apart(fact) {
            if fact + 3 > sources.len() {
                break;
            }
            start = loops.all.iter().position(|l| l.source > fact).unwrap_or(loops.all.len()).max(start);
        }
        let mut seen = 0u64;
        for one in &loops.all[start..] {
            if apart(one.source) {
                break;
            }
            let own = 1u64 << one.source;
            if one.needs & bit != 0 && own & seen == 0 && own & alike == 0 {
                if table(one.source).is_some() && table(one.source) == table(fact) {
                    alike |= bit;
                } else {
                    seen |= own;
                }
            }
        }
        if seen.count_ones() <= 2 {
            continue;
        }
        kept = 18;
        let facts = loops.all[start..].iter().filter(|l| l.source == fact);
        let dearest = facts.map(|l| l.run).max().map_or(Estimate::MIN, |run| run + 1);
        for one in &mut loops.all[start..] {
            if seen >> one.source & 1 == 1 && one.terms.is_empty() {
                one.run = one.run.max(dearest);
            }
        }
    }
    kept
}

/// The one loop that finds one row: any order is delivered.
pub fn one_row(loops: &mut Loops, one: Loop, wanted: &Wanted<'_>) -> Option<Chain> {
    loops.all = vec![one];
    let satisfied = Satisfied::Terms(wanted.terms.len());
    Some(Chain { loops: vec![0], rows: 1, reverse: 0, satisfied, placed: 1, cost: 0, unsorted: 0 })
}

/// Chooses without an order first; what that reads by equality need not be read whole for an order's sake.
pub fn choose_in_two_steps(loops: &mut Loops, order: &Order<'_, '_>, goal: &Goal<'_, '_>) -> Option<Chain> {
    let sources = order.scope.sources;
    let kept = match goal.sources {
        0 | 1 => 1,
        2 => 5,
        3 => 12,
        _ => star(loops, sources),
    };
    let first = choose(loops, order, goal, kept, None)?;
    if goal.wanted.terms.is_empty() {
        return Some(first);
    }
    let mut barred = Vec::new();
    for i in &first.loops {
        let one = &loops.all[*i];
        if one.has(flag::VIRTUAL) {
            continue;
        }
        if !one.has(flag::EQUAL | flag::NULL | flag::IN) {
            break;
        }
        barred.push(one.source);
    }
    for other in &mut loops.all {
        if barred.contains(&other.source) && !other.has(flag::CONSTRAINED | flag::AUTOMATIC) {
            other.needs = u64::MAX;
        }
    }
    let rows = if first.rows < 0 { 1 } else { first.rows + 1 };
    choose(loops, order, goal, kept, Some(rows)).or(Some(first))
}

/// Whether the innermost loop alone delivers the order, so that a sort need not look at all rows.
pub fn inner_order(loops: &Loops, order: &Order<'_, '_>, wanted: &Wanted<'_>, chain: &Chain) -> Option<u64> {
    let (last, path) = chain.loops.split_last()?;
    let last = &loops.all[*last];
    if last.has(flag::ONE_ROW) || last.has(flag::ROWID) && last.has(flag::IN) {
        return None;
    }
    let path: Vec<&Loop> = path.iter().map(|l| &loops.all[*l]).collect();
    match order.satisfied(wanted, Purpose::Limit, &path, last) {
        (Satisfied::Terms(n), reverse) if n == wanted.terms.len() => Some(reverse),
        _ => None,
    }
}
