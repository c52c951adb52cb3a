//! Chooses the order of the loops and an access path for each source of a SELECT.
//!
//! | step | file |
//! |---|---|
//! | conditions as terms, with what each can drive | [`terms`], [`analyze`], [`prefix`] (LIKE), [`disjunction`] (OR) |
//! | sizes, indexes, wanted columns | [`facts`], [`estimate`], [`implied`] (partial indexes) |
//! | the wanted order | [`request`], [`order`] |
//! | all loops worth considering | [`candidates`], [`seek`], [`scan`], [`automatic`], [`loops`] |
//! | one row by its rowid: no choice to make | [`point`] |
//! | the cheapest chain of them | [`choice`] |
//! | levels of the program | [`place`], [`unmatched`] |
//!
//! Costs are SQLite's, so that rows come in the order SQLite gives them: https://sqlite.org/optoverview.html,
//! https://sqlite.org/queryplanner-ng.html.

mod analyze;
mod automatic;
mod candidates;
mod choice;
mod disjunction;
pub mod estimate;
mod facts;
mod implied;
mod loops;
mod order;
mod outcome;
mod place;
mod point;
mod prefix;
pub mod request;
mod scan;
mod seek;
mod terms;
mod unmatched;
pub mod volatile;

use std::sync::Arc;

use smallvec::SmallVec;

use candidates::{Candidates, Sink};
use choice::{Chain, Goal};
use estimate::Estimate;
use facts::KeyTerm;
pub use facts::expressions;

use loops::{Loop, Loops, flag};
use order::{Order, Purpose};
use place::Placing;
use request::Setting;
use terms::{Clause, Scope, op};

use super::lower::{GROUPS, Layout, Lower, Planning};
use super::node::Node;
use super::program::{Join, LevelProgram, QueryProgram};
use crate::error::{Error, Result};
use crate::plan::bound::{ColumnRef, Expr, ExprKind, JoinKind, ROWID, Select, SourceKind};
use crate::plan::walk;
use heliosdb_udfs::value::Value;

pub struct Plan {
    pub levels: Vec<LevelProgram>,
    pub precondition: Vec<Node>,
    /// The first row that is not NULL answers min() or max().
    pub extreme: bool,
    /// Leading terms of ORDER BY that the loops deliver; all of them: no sort.
    pub sorted: usize,
    /// They deliver none, but the innermost one delivers all of them for each row of the others.
    pub inner_sorted: bool,
    /// Rows of a group, and equal rows of DISTINCT, come one after the other.
    pub grouped: bool,
    pub distinct: bool,
    /// Rows, or those of the only aggregate, differ anyway: DISTINCT has nothing to do.
    pub unique: bool,
    /// ORDER BY has the output's order: SQLite finds both by one sort.
    pub sorts_distinct: bool,
    /// Leading terms of the first window's order that the loops deliver, and how many it has.
    pub window: (usize, usize),
    /// Expected rows.
    pub rows: Estimate,
}

impl Plan {
    /// Without levels, in no order.
    fn of(rows: Estimate) -> Plan {
        Plan {
            levels: Vec::new(),
            precondition: Vec::new(),
            extreme: false,
            sorted: 0,
            inner_sorted: false,
            grouped: false,
            distinct: false,
            unique: false,
            window: (0, 0),
            rows,
            sorts_distinct: false,
        }
    }
}

/// DISTINCT leaves an eighth of the rows.
const DISTINCT_REDUCES: Estimate = 30;

pub fn plan(lower: &mut Lower<'_>, select: &Select, setting: &Setting<'_>) -> Result<Plan> {
    let Planning { case_sensitive_like, encoding, .. } = lower.shared.planning;
    let scope = Scope { sources: &select.sources, case_sensitive_like, encoding };
    if let Some(plan) = point::plan(lower, select, setting, &scope)? {
        return Ok(plan);
    }
    let clause = scope.clause(select.filter.as_ref());
    let (programs, rows) = inner_programs(lower, select)?;
    let is_distinct = select.distinct.is_some();
    let point = if is_distinct { None } else { point::loop_of(&scope, &clause) };
    let facts = match &point {
        Some(_) => vec![point::facts()],
        None => facts::facts(&lower.shared.planning, &scope, &clause, select, setting, &rows)?,
    };
    let shown = match select.group_by {
        Some(_) => request::single_distinct(select),
        None => is_distinct.then(|| select.output.iter().collect()),
    };
    let unique = shown.as_ref().is_some_and(|shown| request::is_distinct_anyway(shown, &scope, &facts, &clause));
    let distinct = shown.is_some() && !unique;
    let (wanted, by_group) = request::wanted(select, setting, distinct);
    let sorts_distinct = by_group && wanted.purpose == Purpose::Distinct;
    let candidates = Candidates {
        scope: &scope,
        facts: &facts,
        clause: &clause,
        all: &clause,
        wanted: &wanted,
        writes: setting.writes,
        partial: true,
        alone: select.sources.len() == 1,
        exists: setting.exists,
    };
    let one_row = point.or_else(|| candidates.one_row());
    let mut loops = match one_row {
        Some(_) => Loops::default(),
        None => all_loops(&candidates, setting),
    };
    let order = Order { scope: &scope, facts: &facts, clause: &clause };
    let goal = Goal {
        sources: select.sources.len(),
        wanted: &wanted,
        limit: setting.limit_estimate(),
        distinct: distinct && !sorts_distinct,
        output_columns: select.output.len(),
        runs: lower.runs,
    };
    let no_solution = || Error::sql("no query solution");
    let mut chain = match (one_row, request::counted_by(select, &facts)) {
        (Some(one), _) => choice::one_row(&mut loops, one, &wanted),
        (None, Some(index)) => choice::only(&mut loops, index),
        (None, None) => choice::choose_in_two_steps(&mut loops, &order, &goal),
    }
    .ok_or_else(no_solution)?;
    if select.group_by.is_none() && select.windows.is_empty() {
        outcome::omit_joins(select, setting, &scope, &clause, &loops, &mut chain, goal.distinct);
    }
    let rows = match (sorts_distinct, distinct) {
        (true, _) => GROUPS,
        (false, true) => chain.rows - DISTINCT_REDUCES.min(chain.rows),
        (false, false) => chain.rows,
    };
    let mut plan = Plan { unique, sorts_distinct, ..Plan::of(rows) };
    let reverse = outcome::delivered(&mut plan, &order, &loops, &chain, &wanted, by_group, setting);
    if !select.windows.is_empty() && select.group_by.is_none() {
        plan.window = (plan.sorted, wanted.terms.len());
    }
    if let Some(shown) = shown.filter(|_| distinct && wanted.purpose != Purpose::Distinct && select.windows.is_empty())
    {
        plan.distinct = outcome::distinct_in_order(shown, &order, &loops, &chain);
    }
    if scope.keeps_right(0) {
        // The rows that nothing has matched come last, whatever the loops deliver.
        (plan.grouped, plan.distinct, plan.extreme) = (false, false, false);
        plan.window.0 = 0;
        // (Groups are sorted then.)
        plan.sorted = if by_group && !sorts_distinct { setting.order_by.len() } else { 0 };
    }
    put(lower, select, setting, &candidates, &loops, &chain, reverse, programs, &mut plan)?;
    Ok(plan)
}

/// Subqueries in FROM are planned first: their sizes count.
fn inner_programs(lower: &Lower<'_>, select: &Select) -> Result<(Vec<Option<Arc<QueryProgram>>>, Vec<Estimate>)> {
    let mut programs = Vec::with_capacity(select.sources.len());
    let mut rows = Vec::with_capacity(select.sources.len());
    for source in &select.sources {
        let (program, estimate) = match &source.kind {
            SourceKind::Query { query, .. } => {
                let program = lower.inner_query(query)?;
                let rows = program.rows;
                (Some(program), rows)
            }
            SourceKind::Cte { cte } => (None, lower.cte(cte)?.rows()),
            _ => (None, 0),
        };
        programs.push(program);
        rows.push(estimate);
    }
    Ok((programs, rows))
}

fn all_loops(candidates: &Candidates<'_, '_>, setting: &Setting<'_>) -> Loops {
    let mut loops = Loops::default();
    let (mut needs, mut before) = (0u64, 0u64);
    // Sources from here on do not move to the left; the one before was kept by its join.
    let (mut held, mut past_right) = (false, false);
    let sources = candidates.scope.sources;
    for (i, source) in sources.iter().enumerate() {
        let left_of_right = candidates.scope.keeps_right(i + 1);
        if past_right || left_of_right || !matches!(source.join, JoinKind::Inner) {
            held |= left_of_right || source.join == JoinKind::Cross;
            needs |= before;
            past_right = matches!(source.join, JoinKind::Right | JoinKind::Full);
        } else if setting.exists.contains(&source.id) {
            // Behind everything that its conditions name: then its first match decides.
            let terms = &candidates.clause.terms[..candidates.clause.base];
            let bit = 1u64 << i;
            needs = terms.iter().filter(|t| t.all & bit != 0).fold(needs, |bits, t| bits | t.all & (bit - 1));
        } else if !held {
            needs = 0;
        }
        candidates.source(i, needs, &mut Sink::Loops(&mut loops));
        before |= 1 << i;
    }
    loops
}

#[expect(clippy::too_many_arguments, reason = "everything that was chosen")]
fn put(
    lower: &mut Lower<'_>,
    select: &Select,
    setting: &Setting<'_>,
    candidates: &Candidates<'_, '_>,
    loops: &Loops,
    chain: &Chain,
    reverse: u64,
    programs: Vec<Option<Arc<QueryProgram>>>,
    plan: &mut Plan,
) -> Result<()> {
    let sources = &select.sources;
    let scope = candidates.scope;
    let clause: &Clause<'_> = candidates.clause;
    for (level, l) in chain.loops.iter().enumerate() {
        let source = &sources[loops.all[*l].source];
        let layout = match &source.kind {
            SourceKind::Table { table, .. } => Layout::Table(table.clone()),
            _ => Layout::Columns,
        };
        lower.add_level(source.id, level as u16, layout);
    }
    let fixed = sources.iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full));
    let last_keeping = sources.iter().rposition(|s| matches!(s.join, JoinKind::Right | JoinKind::Full)).unwrap_or(0);
    let mut first: SmallVec<[&Expr; 2]> = SmallVec::new();
    let mut open: SmallVec<[(usize, &Expr); 8]> = SmallVec::new();
    for (t, term) in clause.terms[..clause.base].iter().enumerate() {
        if term.outer.is_some() {
            continue;
        }
        if term.outer.is_none() && scope.null_test(term.expr) == Some(false) {
            plan.precondition.push(Node::Constant(Value::Integer(0)));
        } else if term.all == 0 && !volatile::expr(term.expr) {
            first.push(term.expr);
        } else {
            open.push((t, term.expr));
        }
    }
    lower.runs = lower.runs.saturating_add(chain.rows);
    for e in first {
        plan.precondition.push(lower.node(e)?);
    }
    let filtered = candidates.filtered(chain.loops.iter().map(|l| &loops.all[*l]));
    plan.levels.reserve_exact(chain.loops.len());
    let mut placing = Placing { candidates, programs };
    let mut placed = 0u64;
    for (level, l) in chain.loops.iter().enumerate() {
        let one = &loops.all[*l];
        let backwards = reverse >> level & 1 == 1;
        let mut program = placing.level(lower, one, placed, backwards, level as u16)?;
        if matches!(sources[one.source].join, JoinKind::Right | JoinKind::Full) {
            program.whole =
                unmatched::source(lower, select, candidates, one.source, placed, level as u16)?.map(Box::new);
        }
        program.bloom = filtered >> level & 1 == 1;
        if request::only_counts(select) {
            program.source.count_only();
        }
        placed |= 1 << one.source;
        if setting.exists.contains(&sources[one.source].id) {
            program.join = Join::Exists;
        }
        for term in clause.terms[..clause.base].iter().filter(|t| t.outer == Some(one.source)) {
            program.on.push(lower.node(term.expr)?);
        }
        // With a RIGHT or FULL join later on, earlier conditions would drop rows that must be NULL-extended
        // only after the join: they wait until the last such level.
        if !fixed || level >= last_keeping {
            let ready = |t: usize| clause.terms[t].all & !placed == 0;
            let mut conditions: SmallVec<[(usize, &Expr); 8]> =
                open.iter().copied().filter(|(t, _)| ready(*t)).collect();
            // Correlated subqueries are asked when nothing else has refused the row.
            conditions.sort_by_key(|(_, e)| asks_correlated(e));
            for (t, e) in conditions {
                if !is_sought(candidates, one, t) {
                    program.filters.push(lower.node(e)?);
                }
            }
            open.retain(|(t, _)| !ready(*t));
        }
        plan.levels.push(program);
    }
    for (_, e) in open {
        let node = lower.node(e)?;
        match plan.levels.last_mut() {
            Some(level) => level.filters.push(node),
            None => plan.precondition.push(node),
        }
    }
    Ok(())
}

/// Whether a condition, other than by IN itself, asks a subquery that depends on the row.
fn asks_correlated(e: &Expr) -> bool {
    let correlated = |e: &Expr| walk::query(e).is_some_and(|q| !q.free.is_empty());
    match &e.kind {
        ExprKind::InQuery { operand, .. } => operand.iter().any(|e| walk::any(e, &correlated)),
        _ => walk::any(e, &correlated),
    }
}

/// Whether the access itself lets through exactly the rows that fulfil a condition.
fn is_sought(candidates: &Candidates<'_, '_>, one: &Loop, t: usize) -> bool {
    let inner = matches!(candidates.scope.sources[one.source].join, JoinKind::Inner | JoinKind::Cross);
    if !inner || one.has(flag::OR | flag::AUTOMATIC) {
        return false;
    }
    let terms = &candidates.clause.terms;
    let source = &candidates.scope.sources[one.source];
    let keys = one.has(flag::INDEX).then(|| &candidates.facts[one.source].indexes[one.index].keys);
    // Another column of the source may be sought by the same value, where both are equal to a third.
    let is_key = |n: usize, c: ColumnRef| {
        let own = match keys.map(|keys| keys.get(n.min(one.equal))) {
            Some(key) => matches!(key, Some(key) if matches!(key.term, KeyTerm::Column(own) if own == c.column)),
            None => c.column == ROWID,
        };
        own && c.source == source.id
    };
    let used = || {
        one.terms.iter().enumerate().filter_map(|(n, used)| {
            used.filter(|used| match terms[*used].left {
                Some(terms::Left::Column(c)) => is_key(n, c),
                _ => true,
            })
        })
    };
    let exact = |used: &usize| {
        let term = &terms[*used];
        term.ops & (op::EQ | op::RANGE) != 0 && matches!(term.right, terms::Right::One(_)) && !term.like
    };
    let mut sought = used().filter(exact);
    match &terms[t].expr.kind {
        ExprKind::Compare { .. } => sought.any(|used| used == t || terms[used].parent == Some(t)),
        // Both of its ends.
        ExprKind::Between { negated: false, .. } => sought.filter(|used| terms[*used].parent == Some(t)).count() == 2,
        ExprKind::InList { negated: false, .. } | ExprKind::InQuery { negated: false, .. } => {
            let whole = match &terms[t].right {
                terms::Right::One(_) | terms::Right::List(_) => true,
                terms::Right::Query(query, _) => query.columns.len() == 1,
                _ => false,
            };
            whole && terms[t].ops & (op::EQ | op::IN) != 0 && used().any(|used| used == t)
        }
        _ => false,
    }
}
