//! Chooses the order of the loops and an access path for each source of a SELECT.
//!
//! Costs are SQLite's rules of thumb (a table of unknown size, ten rows for an index entry, one for a unique
//! one), so that rows come in the order SQLite gives them. Follows https://sqlite.org/optoverview.html.

use heliosdb_udfs::value::{Affinity, Collation};
use rustc_hash::FxHashSet;

use super::lower::{Layout, Lower};
use super::node::Node;
use super::program::{Access, Bound, Join, KeyColumn, LevelProgram, Lookup, SeekTerm, SourceProgram};
use crate::catalog::{Index, IndexTerm, Table, TableKind};
use crate::error::Result;
use crate::plan::bound::{
    self, ColumnRef, CompareOp, Expr, ExprKind, Free, Function, IndexHint, JoinKind, OrderBy, OrderKey, Query, ROWID,
    Select, Source, SourceId, SourceKind,
};
use crate::plan::walk;

pub struct Plan {
    pub levels: Vec<LevelProgram>,
    pub precondition: Vec<Node>,
    /// The first row that is not NULL answers min() or max().
    pub extreme: bool,
    /// The loops deliver the rows in the wanted order.
    pub ordered: bool,
}

/// One AND-term of WHERE or of an inner join's ON, with the sources it needs.
struct Term<'q> {
    expr: &'q Expr,
    sources: u64,
    used: bool,
}

const ROWS_UNKNOWN: f64 = 1_048_576.0;

/// A way to read a source, not lowered yet.
struct Path<'q> {
    cost: f64,
    rows: f64,
    kind: PathKind<'q>,
}

enum PathKind<'q> {
    Scan,
    Rowids(Probe<'q>),
    RowidRange { low: Option<Edge<'q>>, high: Option<Edge<'q>> },
    Index { index: std::sync::Arc<Index>, equal: Vec<Probe<'q>>, low: Option<Edge<'q>>, high: Option<Edge<'q>> },
    Hash(Vec<Probe<'q>>),
}

/// An equality on a column of the source.
#[derive(Clone)]
struct Probe<'q> {
    column: ColumnRef,
    affinity: Affinity,
    collation: Collation,
    values: Values<'q>,
}

#[derive(Clone)]
enum Values<'q> {
    One(&'q Expr),
    Is(&'q Expr),
    Null,
    List(&'q [Expr]),
    Query(&'q Query),
}

#[derive(Clone)]
struct Edge<'q> {
    value: &'q Expr,
    inclusive: bool,
    affinity: Affinity,
}

struct Planner<'q> {
    sources: &'q [Source],
    terms: Vec<Term<'q>>,
}

pub fn plan(lower: &mut Lower<'_>, select: &Select, order_by: &[OrderBy], limited: bool) -> Result<Plan> {
    let sources = &select.sources;
    let mut planner = Planner { sources, terms: Vec::new() };
    let fixed = sources.iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full));
    if let Some(filter) = &select.filter {
        planner.split(filter);
    }
    for source in sources {
        // With RIGHT and FULL joins about, ON decides matches; without, an inner join's ON is a filter.
        if let Some(on) = &source.on
            && !fixed
            && matches!(source.join, JoinKind::Inner | JoinKind::Cross)
        {
            planner.split(on);
        }
    }
    let order = if fixed { (0..sources.len()).collect() } else { planner.order() };
    for (level, &i) in order.iter().enumerate() {
        let layout = match &sources[i].kind {
            SourceKind::Table { table, .. } => Layout::Table(table.clone()),
            _ => Layout::Columns,
        };
        lower.add_level(sources[i].id, level as u16, layout);
    }
    let mut plan = Plan { levels: Vec::new(), precondition: Vec::new(), extreme: false, ordered: false };
    for t in 0..planner.terms.len() {
        if planner.terms[t].sources == 0 && !is_random(planner.terms[t].expr) {
            plan.precondition.push(lower.node(planner.terms[t].expr)?);
            planner.terms[t].used = true;
        }
    }
    let extreme = extreme_of(select);
    let mut placed = 0u64;
    for (level, &i) in order.iter().enumerate() {
        let source = &sources[i];
        let bit = 1u64 << i;
        let outer = !matches!(source.join, JoinKind::Inner | JoinKind::Cross);
        // What may drive the access: for an outer join, and beside one that keeps its own rows, only the own ON;
        // WHERE is checked afterwards.
        let on_terms = match &source.on {
            Some(on) if outer || fixed => conjuncts(on),
            _ => Vec::new(),
        };
        let candidates: Vec<&Expr> =
            if outer || fixed { on_terms.clone() } else { planner.terms.iter().map(|t| t.expr).collect() };
        let driving_right = matches!(source.join, JoinKind::Right | JoinKind::Full);
        let mut path = if driving_right {
            Path { cost: ROWS_UNKNOWN, rows: ROWS_UNKNOWN, kind: PathKind::Scan }
        } else {
            planner.best_path(i, placed, &candidates, level > 0)
        };
        let mut reverse = false;
        if level == 0
            && let Some((column, descending)) = &extreme
            && sources.len() == 1
            && let Some(kind) = ordered_path(source, *column, &path)
        {
            reverse = *descending;
            plan.extreme = true;
            if let Some(kind) = kind {
                path.kind = kind;
            }
        }
        if level == 0 && !order_by.is_empty() && select.group_by.is_none() {
            if let Some(backwards) = delivers(source, &path.kind, order_by, select) {
                plan.ordered = true;
                reverse = backwards;
            } else if limited
                && matches!(path.kind, PathKind::Scan)
                && let Some((kind, backwards)) = index_in_order(source, order_by, select)
            {
                path.kind = kind;
                plan.ordered = true;
                reverse = backwards;
            }
        }
        placed |= bit;
        let source_program = lower_source(lower, source, path.kind, reverse, level as u16)?;
        let mut program = LevelProgram {
            source: source_program,
            on: Vec::new(),
            filters: Vec::new(),
            join: match source.join {
                JoinKind::Inner | JoinKind::Cross => Join::Inner,
                JoinKind::Left => Join::Left,
                JoinKind::Right => Join::Right,
                JoinKind::Full => Join::Full,
            },
            name: source.name.clone(),
        };
        for e in on_terms {
            program.on.push(lower.node(e)?);
        }
        // With a RIGHT or FULL join later on, earlier conditions would drop rows that must be NULL-extended
        // only after the join: they wait until the last such level.
        let last_keeping =
            sources.iter().rposition(|s| matches!(s.join, JoinKind::Right | JoinKind::Full)).unwrap_or(0);
        if !fixed || level >= last_keeping {
            for t in &mut planner.terms {
                if !t.used && t.sources & !placed == 0 {
                    t.used = true;
                    program.filters.push(lower.node(t.expr)?);
                }
            }
        }
        plan.levels.push(program);
    }
    for t in &mut planner.terms {
        if !t.used {
            t.used = true;
            let node = lower.node(t.expr)?;
            match plan.levels.last_mut() {
                Some(level) => level.filters.push(node),
                None => plan.precondition.push(node),
            }
        }
    }
    Ok(plan)
}

fn conjuncts(e: &Expr) -> Vec<&Expr> {
    match &e.kind {
        ExprKind::And(terms) => terms.iter().flat_map(conjuncts).collect(),
        _ => vec![e],
    }
}

fn is_random(e: &Expr) -> bool {
    walk::any(e, &|e| match &e.kind {
        ExprKind::Call(call) => !is_deterministic(&call.function),
        _ => walk::query(e).is_some_and(is_volatile),
    })
}

fn is_deterministic(f: &Function) -> bool {
    use heliosdb_udfs::signature::Flags;
    match f {
        Function::Builtin(s) => {
            s.flags.has(Flags::DETERMINISTIC)
                || s.flags.has(Flags::STABLE)
                || s.flags.has(Flags::DETERMINISTIC_UNLESS_NOW)
        }
        Function::User { deterministic, .. } => *deterministic,
    }
}

/// Whether a query's result may differ between two runs with the same inputs.
pub fn is_volatile(query: &Query) -> bool {
    fn body(b: &bound::Body) -> bool {
        match b {
            bound::Body::Select(s) => {
                let parts = s.filter.iter().chain(&s.having).chain(&s.output);
                let keys = s.group_by.iter().flatten().map(|k| &k.expr);
                let aggregates = s.aggregates.iter().flat_map(|a| a.args.iter().chain(&a.filter));
                parts.chain(keys).chain(aggregates).any(is_random) || s.sources.iter().any(source)
            }
            bound::Body::Values(rows) => rows.iter().flatten().any(is_random),
            bound::Body::Compound(c) => body(&c.first) || c.arms.iter().any(|(_, b)| body(b)),
        }
    }
    fn source(s: &Source) -> bool {
        match &s.kind {
            SourceKind::Query { query, .. } => is_volatile(query),
            SourceKind::Cte { cte } => match &cte.body {
                bound::CteBody::Plain(query) => is_volatile(query),
                bound::CteBody::Recursive(r) => is_volatile(&r.seed) || r.steps.iter().any(is_volatile),
            },
            _ => false,
        }
    }
    body(&query.body)
}

impl<'q> Planner<'q> {
    fn split(&mut self, e: &'q Expr) {
        for expr in conjuncts(e) {
            let sources = self.sources_of(expr);
            self.terms.push(Term { expr, sources, used: false });
        }
    }

    fn bit(&self, id: SourceId) -> u64 {
        self.sources.iter().position(|s| s.id == id).map_or(0, |i| 1 << i)
    }

    /// The sources an expression refers to, through its subqueries too.
    fn sources_of(&self, e: &Expr) -> u64 {
        let mut bits = 0;
        walk::references(e, &mut |free| {
            if let Free::Column(c) = free {
                bits |= self.bit(c.source);
            }
        });
        bits
    }

    /// What must be in place before a source can be.
    fn needs(&self, i: usize) -> u64 {
        let mut needs = 0;
        let before = (1u64 << i) - 1;
        let source = &self.sources[i];
        if matches!(source.join, JoinKind::Left | JoinKind::Cross) {
            needs |= before;
        }
        for (j, other) in self.sources[..i].iter().enumerate() {
            if matches!(other.join, JoinKind::Left | JoinKind::Cross) {
                needs |= (1u64 << (j + 1)) - 1;
            }
        }
        if let SourceKind::Function { args, .. } = &source.kind {
            for arg in args {
                needs |= self.sources_of(arg);
            }
        }
        needs
    }

    /// Nearest neighbour from every possible first source; the cheapest chain wins, the written order on ties.
    fn order(&self) -> Vec<usize> {
        let n = self.sources.len();
        if n <= 1 {
            return (0..n).collect();
        }
        let needs: Vec<u64> = (0..n).map(|i| self.needs(i)).collect();
        let candidates: Vec<&Expr> = self.terms.iter().map(|t| t.expr).collect();
        let chain = |first: Option<usize>| -> (f64, Vec<usize>) {
            let (mut placed, mut order, mut cost, mut rows) = (0u64, Vec::with_capacity(n), 0.0, 1.0);
            while order.len() < n {
                let mut best: Option<(f64, f64, usize)> = None;
                for (i, needed) in needs.iter().enumerate() {
                    let wrong_first = order.is_empty() && first.is_some_and(|f| f != i);
                    if placed >> i & 1 == 1 || needed & !placed != 0 || wrong_first {
                        continue;
                    }
                    let left = matches!(self.sources[i].join, JoinKind::Left);
                    let on = self.sources[i].on.as_ref().filter(|_| left).map(|e| conjuncts(e));
                    let path = self.best_path(i, placed, on.as_ref().unwrap_or(&candidates), !order.is_empty());
                    if best.as_ref().is_none_or(|b| path.cost < b.0) {
                        best = Some((path.cost, path.rows, i));
                    }
                }
                let Some((step, fanout, i)) = best else { break };
                cost += rows * step;
                rows *= fanout.max(1.0);
                placed |= 1 << i;
                order.push(i);
            }
            (cost, order)
        };
        if n > 12 {
            let (_, order) = chain(None);
            return if order.len() == n { order } else { (0..n).collect() };
        }
        let mut best: Option<(f64, Vec<usize>)> = None;
        for first in 0..n {
            let (cost, order) = chain(Some(first));
            if order.len() == n && best.as_ref().is_none_or(|b| cost < b.0 * 0.999) {
                best = Some((cost, order));
            }
        }
        best.map_or_else(|| (0..n).collect(), |b| b.1)
    }

    fn best_path(&self, i: usize, placed: u64, candidates: &[&'q Expr], inner: bool) -> Path<'q> {
        let source = &self.sources[i];
        let scan = Path { cost: ROWS_UNKNOWN * 3.0, rows: ROWS_UNKNOWN, kind: PathKind::Scan };
        let available = |e: &Expr| self.sources_of(e) & !placed == 0;
        let mut probes: Vec<Probe<'q>> = Vec::new();
        let mut ranges: Vec<(ColumnRef, Edge<'q>, bool, Collation)> = Vec::new();
        for e in candidates {
            constraints(e, source.id, &available, &mut probes, &mut ranges);
        }
        let mut best = scan;
        match &source.kind {
            SourceKind::Table { table, hint, .. } if !table.is_virtual() => {
                let hinted = match hint {
                    IndexHint::IndexedBy(index) => Some(index),
                    _ => None,
                };
                if table.has_rowid() && hinted.is_none() {
                    rowid_paths(table, &probes, &ranges, &mut best);
                }
                // Of indexes that cost the same SQLite takes the newest.
                for index in table.indexes.iter().rev() {
                    let wanted = hinted.is_none_or(|h| h.id == index.id);
                    let primary = index.id == table.id;
                    if !wanted || index.filter.is_some() || (matches!(hint, IndexHint::NotIndexed) && !primary) {
                        continue;
                    }
                    index_path(table, index, &probes, &ranges, &mut best, hinted.is_some());
                }
                if inner && matches!(best.kind, PathKind::Scan) {
                    hash_path(&probes, &mut best);
                }
            }
            SourceKind::Query { query, .. } if inner && query.free.is_empty() => hash_path(&probes, &mut best),
            SourceKind::Cte { cte } if inner && cte.free.is_empty() => hash_path(&probes, &mut best),
            SourceKind::Function { .. } => {
                best.cost = 100.0;
                best.rows = 25.0;
            }
            SourceKind::RecursiveTable { .. } => {
                best.cost = 1.0;
                best.rows = 1.0;
            }
            _ => {}
        }
        best
    }
}

fn hash_path<'q>(probes: &[Probe<'q>], best: &mut Path<'q>) {
    let equal: Vec<Probe<'q>> = probes
        .iter()
        .filter(|p| matches!(p.values, Values::One(_)) && !matches!(p.collation, Collation::Custom(_)))
        .cloned()
        .collect();
    if !equal.is_empty() {
        // Building costs a pass over the source; a probe then is a few rows.
        *best = Path { cost: ROWS_UNKNOWN / 4.0, rows: 20.0, kind: PathKind::Hash(equal) };
    }
}

fn rowid_paths<'q>(
    table: &Table,
    probes: &[Probe<'q>],
    ranges: &[(ColumnRef, Edge<'q>, bool, Collation)],
    best: &mut Path<'q>,
) {
    let is_rowid = |c: &ColumnRef| c.column == ROWID || table.rowid_alias() == Some(c.column);
    let probe = probes
        .iter()
        .filter(|p| is_rowid(&p.column) && !matches!(p.values, Values::Null | Values::Is(_)))
        .min_by_key(|p| !matches!(p.values, Values::One(_)));
    if let Some(probe) = probe {
        let rows = if matches!(probe.values, Values::One(_)) { 1.0 } else { 25.0 };
        *best = Path { cost: rows * 1.2, rows, kind: PathKind::Rowids(probe.clone()) };
        return;
    }
    let (mut low, mut high) = (None, None);
    for (column, edge, is_low, _) in ranges {
        if is_rowid(column) && edge.affinity != Affinity::Text {
            let slot = if *is_low { &mut low } else { &mut high };
            slot.get_or_insert_with(|| edge.clone());
        }
    }
    if low.is_some() || high.is_some() {
        let share = if low.is_some() && high.is_some() { 64.0 } else { 4.0 };
        let rows = ROWS_UNKNOWN / share;
        *best = Path { cost: rows * 2.9, rows, kind: PathKind::RowidRange { low, high } };
    }
}

fn index_path<'q>(
    table: &Table,
    index: &std::sync::Arc<Index>,
    probes: &[Probe<'q>],
    ranges: &[(ColumnRef, Edge<'q>, bool, Collation)],
    best: &mut Path<'q>,
    forced: bool,
) {
    let mut equal = Vec::new();
    let (mut low, mut high) = (None, None);
    for key in &index.columns {
        let IndexTerm::Column(ordinal) = key.term else { break };
        let column_affinity = table.columns[ordinal as usize].affinity;
        let fits = |affinity: Affinity, collation: &Collation| {
            affinity_fits(affinity, column_affinity)
                && collation.name().eq_ignore_ascii_case(&key.collation)
                && !matches!(collation, Collation::Custom(_))
        };
        let probe = probes
            .iter()
            .filter(|p| {
                p.column.column == ordinal && (matches!(p.values, Values::Null) || fits(p.affinity, &p.collation))
            })
            .min_by_key(|p| !matches!(p.values, Values::One(_) | Values::Is(_) | Values::Null));
        if let Some(probe) = probe {
            equal.push(probe.clone());
            continue;
        }
        for (c, edge, is_low, collation) in ranges {
            if c.column == ordinal && fits(edge.affinity, collation) {
                let slot = if *is_low { &mut low } else { &mut high };
                slot.get_or_insert_with(|| edge.clone());
            }
        }
        break;
    }
    if equal.is_empty() && low.is_none() && high.is_none() {
        if forced {
            let kind = PathKind::Index { index: index.clone(), equal, low, high };
            *best = Path { cost: ROWS_UNKNOWN * 3.5, rows: ROWS_UNKNOWN, kind };
        }
        return;
    }
    let all_equal = index.unique && equal.len() == index.columns.len();
    let mut rows = if all_equal {
        1.0
    } else {
        match equal.len() {
            0 => ROWS_UNKNOWN,
            // SQLite's guess: ten rows for the first column, one less for each further one.
            n => (11.0 - n as f64).max(5.0),
        }
    };
    for probe in &equal {
        match probe.values {
            Values::List(items) => rows *= items.len().max(1) as f64,
            Values::Query(_) => rows *= 25.0,
            _ => {}
        }
    }
    if low.is_some() {
        rows /= 4.0;
    }
    if high.is_some() {
        rows /= 4.0;
    }
    let cost = rows * 2.2 + 1.0;
    if forced || cost < best.cost {
        *best = Path { cost, rows, kind: PathKind::Index { index: index.clone(), equal, low, high } };
    }
}

/// Whether a comparison under `comparison` orders values as the column's stored values are ordered.
fn affinity_fits(comparison: Affinity, column: Affinity) -> bool {
    match comparison {
        Affinity::None | Affinity::Blob | Affinity::FlexNum => true,
        Affinity::Text => column == Affinity::Text,
        _ => column.is_numeric(),
    }
}

/// The equalities and ranges on columns of `source` that a term gives.
fn constraints<'q>(
    e: &'q Expr,
    source: SourceId,
    available: &dyn Fn(&Expr) -> bool,
    probes: &mut Vec<Probe<'q>>,
    ranges: &mut Vec<(ColumnRef, Edge<'q>, bool, Collation)>,
) {
    let own = |e: &Expr| match &e.kind {
        ExprKind::Column(c) if c.source == source => Some(*c),
        _ => None,
    };
    match &e.kind {
        ExprKind::Compare { op, left, right, by } => {
            let (column, value, flipped) = match (own(left), own(right)) {
                (Some(c), _) if available(right) => (c, &**right, false),
                (_, Some(c)) if available(left) => (c, &**left, true),
                _ => return,
            };
            let (affinity, collation) = (by.affinity, by.collation.clone());
            let mut edge = |is_low: bool, inclusive: bool| {
                ranges.push((column, Edge { value, inclusive, affinity }, is_low, by.collation.clone()));
            };
            match op {
                CompareOp::Equal => {
                    probes.push(Probe { column, affinity, collation, values: Values::One(value) });
                }
                CompareOp::Is => probes.push(Probe { column, affinity, collation, values: Values::Is(value) }),
                CompareOp::Less => edge(flipped, false),
                CompareOp::LessEqual => edge(flipped, true),
                CompareOp::Greater => edge(!flipped, false),
                CompareOp::GreaterEqual => edge(!flipped, true),
                CompareOp::NotEqual | CompareOp::IsNot => {}
            }
        }
        ExprKind::Between { negated: false, operand, low, high, by_low, by_high } => {
            let Some(column) = own(operand) else { return };
            if available(low) {
                let edge = Edge { value: low, inclusive: true, affinity: by_low.affinity };
                ranges.push((column, edge, true, by_low.collation.clone()));
            }
            if available(high) {
                let edge = Edge { value: high, inclusive: true, affinity: by_high.affinity };
                ranges.push((column, edge, false, by_high.collation.clone()));
            }
        }
        ExprKind::InList { negated: false, operand, items, by } => {
            if let Some(column) = own(operand)
                && items.iter().all(available)
            {
                let (affinity, collation) = (by.affinity, by.collation.clone());
                probes.push(Probe { column, affinity, collation, values: Values::List(items) });
            }
        }
        ExprKind::InQuery { negated: false, operand, query, by } => {
            if let [operand] = &operand[..]
                && let Some(column) = own(operand)
                && query.free.is_empty()
            {
                let (affinity, collation) = (by[0].affinity, by[0].collation.clone());
                probes.push(Probe { column, affinity, collation, values: Values::Query(query) });
            }
        }
        ExprKind::IsNull { negated: false, operand } => {
            if let Some(column) = own(operand) {
                let (affinity, collation) = (Affinity::None, Collation::Binary);
                probes.push(Probe { column, affinity, collation, values: Values::Null });
            }
        }
        _ => {}
    }
}

fn lower_source(
    lower: &mut Lower<'_>,
    source: &Source,
    path: PathKind<'_>,
    reverse: bool,
    level: u16,
) -> Result<SourceProgram> {
    match &source.kind {
        SourceKind::Table { database, table, .. } => {
            let layout = Layout::Table(table.clone());
            let access = match path {
                PathKind::Scan => Access::Scan { reverse },
                PathKind::Rowids(probe) => Access::Rowids { keys: seek_term(lower, &probe)?, reverse },
                PathKind::RowidRange { low, high } => Access::RowidRange {
                    low: low.map(|e| edge(lower, &e)).transpose()?,
                    high: high.map(|e| edge(lower, &e)).transpose()?,
                    reverse,
                },
                PathKind::Index { index, equal, low, high } => {
                    let range_affinity = low.as_ref().or(high.as_ref()).map(|e| e.affinity);
                    let mut columns = Vec::new();
                    for (n, key) in index.columns.iter().enumerate() {
                        let affinity = match equal.get(n) {
                            Some(probe) => probe.affinity,
                            None => range_affinity.filter(|_| n == equal.len()).unwrap_or_default(),
                        };
                        let collation = Collation::built_in(&key.collation).unwrap_or_default();
                        columns.push(KeyColumn { collation, affinity, descending: key.descending });
                    }
                    let mut terms = Vec::new();
                    for probe in &equal {
                        terms.push(seek_term(lower, probe)?);
                    }
                    Access::Index {
                        index,
                        equal: terms,
                        low: low.map(|e| edge(lower, &e)).transpose()?,
                        high: high.map(|e| edge(lower, &e)).transpose()?,
                        columns,
                        reverse,
                    }
                }
                PathKind::Hash(probes) => Access::Hash(lookup(lower, &probes, &layout)?),
            };
            let (database, table) = (*database, table.clone());
            Ok(if matches!(table.kind, TableKind::WithoutRowid) {
                SourceProgram::KeyTable { database, table, access }
            } else {
                SourceProgram::Table { database, table, access }
            })
        }
        SourceKind::Query { query, .. } => {
            let lookup = match path {
                PathKind::Hash(probes) => Some(lookup(lower, &probes, &Layout::Columns)?),
                _ => None,
            };
            let (program, inputs) = lower.subprogram(query)?;
            // An uncorrelated inner query is run once and kept; an outermost one streams.
            let keep = inputs.is_empty() && level > 0 && !is_volatile(query);
            Ok(SourceProgram::Query { program, inputs, keep, lookup })
        }
        SourceKind::Cte { cte } => {
            let lookup = match path {
                PathKind::Hash(probes) => Some(lookup(lower, &probes, &Layout::Columns)?),
                _ => None,
            };
            let program = lower.cte(cte)?;
            let inputs = lower.inputs(&cte.free)?;
            Ok(SourceProgram::Cte { cte: program, id: cte.id.0, lookup, inputs })
        }
        SourceKind::RecursiveTable { cte, .. } => Ok(SourceProgram::RecursiveRow { id: cte.0 }),
        SourceKind::Function { function, args } => {
            Ok(SourceProgram::Function { function: function.clone(), args: lower.nodes(args)? })
        }
    }
}

fn seek_term(lower: &mut Lower<'_>, probe: &Probe<'_>) -> Result<SeekTerm> {
    Ok(match &probe.values {
        Values::One(e) => SeekTerm::Equal(lower.node(e)?),
        Values::Is(e) => SeekTerm::Is(lower.node(e)?),
        Values::Null => SeekTerm::Is(Node::Constant(heliosdb_udfs::value::Value::Null)),
        Values::List(items) => SeekTerm::In(lower.nodes(items)?),
        Values::Query(query) => SeekTerm::InQuery(lower.subquery(query)?),
    })
}

fn edge(lower: &mut Lower<'_>, edge: &Edge<'_>) -> Result<Bound> {
    Ok(Bound { value: lower.node(edge.value)?, inclusive: edge.inclusive })
}

fn lookup(lower: &mut Lower<'_>, probes: &[Probe<'_>], layout: &Layout) -> Result<Lookup> {
    let mut lookup = Lookup { fields: Vec::new(), keys: Vec::new(), by: Vec::new() };
    for probe in probes {
        let Values::One(value) = &probe.values else { continue };
        lookup.fields.push(super::lower::field(0, layout, probe.column.column));
        lookup.keys.push(lower.node(value)?);
        lookup.by.push((probe.affinity, probe.collation.clone()));
    }
    Ok(lookup)
}

/// `SELECT min(x) …` or `max(x)` as the only aggregate, without grouping: the column and whether it is max.
fn extreme_of(select: &Select) -> Option<(ColumnRef, bool)> {
    let grouped = select.group_by.as_ref()?;
    let [aggregate] = &select.aggregates[..] else { return None };
    let bound::AggregateFunction::Builtin(def) = &aggregate.function else { return None };
    let [arg] = &aggregate.args[..] else { return None };
    let ExprKind::Column(column) = &arg.kind else { return None };
    let extreme = matches!(def.name, "min" | "max");
    if !grouped.is_empty() || !extreme || aggregate.filter.is_some() || !select.windows.is_empty() {
        return None;
    }
    Some((*column, def.name == "max"))
}

/// Whether a path visits a column in ascending order: `Some(None)` as it is, `Some(Some(path))` by another path.
fn ordered_path<'q>(source: &Source, column: ColumnRef, path: &Path<'q>) -> Option<Option<PathKind<'q>>> {
    let SourceKind::Table { table, .. } = &source.kind else { return None };
    if column.source != source.id || source.join != JoinKind::Inner {
        return None;
    }
    let rowid = column.column == ROWID || table.rowid_alias() == Some(column.column);
    match &path.kind {
        PathKind::Scan | PathKind::RowidRange { .. } if rowid && table.has_rowid() => Some(None),
        PathKind::Scan => {
            let index = table.indexes.iter().find(|index| {
                index.filter.is_none()
                    && matches!(index.columns.first(), Some(key) if matches!(key.term, IndexTerm::Column(c) if c == column.column)
                        && !key.descending
                        && own_collation(table, column.column, &key.collation))
            })?;
            Some(Some(PathKind::Index { index: index.clone(), equal: Vec::new(), low: None, high: None }))
        }
        _ => None,
    }
}

fn own_collation(table: &Table, column: u16, collation: &str) -> bool {
    let own = table.columns[column as usize].collation.as_deref().unwrap_or("BINARY");
    own.eq_ignore_ascii_case(collation) && Collation::built_in(collation).is_some()
}

/// The column of `source` that an ORDER BY term sorts by.
fn ordered_column(source: &Source, term: &OrderBy, select: &Select) -> Option<u16> {
    let e = match &term.key {
        OrderKey::Output(i) => select.output.get(*i as usize)?,
        OrderKey::Expr(e) => e,
    };
    match &e.kind {
        ExprKind::Column(c) if c.source == source.id => Some(c.column),
        _ => None,
    }
}

/// Whether the rows of a path come in the wanted order: `Some(backwards)`.
fn delivers(source: &Source, path: &PathKind<'_>, order_by: &[OrderBy], select: &Select) -> Option<bool> {
    let SourceKind::Table { table, .. } = &source.kind else { return None };
    if source.join != JoinKind::Inner || select.distinct.is_some() && order_by.len() > 1 {
        return None;
    }
    let columns: Option<Vec<u16>> = order_by.iter().map(|t| ordered_column(source, t, select)).collect();
    let columns = columns?;
    let is_rowid = |c: u16| c == ROWID || table.rowid_alias() == Some(c);
    match path {
        PathKind::Scan | PathKind::RowidRange { .. } if table.has_rowid() => {
            // Rowids are unique: further terms decide nothing.
            is_rowid(columns[0]).then_some(order_by[0].descending)
        }
        PathKind::Rowids(probe) if is_rowid(columns[0]) => {
            Some(order_by[0].descending && !matches!(probe.values, Values::One(_)))
        }
        PathKind::Index { index, equal, .. } => {
            if equal.iter().any(|p| !matches!(p.values, Values::One(_) | Values::Null | Values::Is(_))) {
                return None;
            }
            index_order(table, index, equal.len(), &columns, order_by)
        }
        _ => None,
    }
}

/// Whether the index columns behind `skip` equal ones deliver the terms.
fn index_order(table: &Table, index: &Index, skip: usize, columns: &[u16], order_by: &[OrderBy]) -> Option<bool> {
    let mut backwards = None;
    let fixed: FxHashSet<u16> = index.columns[..skip]
        .iter()
        .filter_map(|k| if let IndexTerm::Column(c) = k.term { Some(c) } else { None })
        .collect();
    let mut keys = index.columns[skip..].iter();
    for (column, term) in columns.iter().zip(order_by) {
        if fixed.contains(column) {
            continue;
        }
        let natural_nulls = term.nulls_first != term.descending;
        if !natural_nulls {
            return None;
        }
        match keys.next() {
            Some(key) => {
                let same = matches!(key.term, IndexTerm::Column(c) if c == *column)
                    && term.collation.name().eq_ignore_ascii_case(&key.collation)
                    && Collation::built_in(&key.collation).is_some();
                if !same {
                    return None;
                }
                let this = term.descending != key.descending;
                if *backwards.get_or_insert(this) != this {
                    return None;
                }
            }
            None => {
                // Behind the last column entries are ordered by rowid.
                let rowid = *column == ROWID || table.rowid_alias() == Some(*column);
                if !rowid || !table.has_rowid() || *backwards.get_or_insert(term.descending) != term.descending {
                    return None;
                }
                return backwards;
            }
        }
    }
    Some(backwards.unwrap_or(false))
}

/// A whole index whose order is the wanted one.
fn index_in_order<'q>(source: &Source, order_by: &[OrderBy], select: &Select) -> Option<(PathKind<'q>, bool)> {
    let SourceKind::Table { table, hint, .. } = &source.kind else { return None };
    if source.join != JoinKind::Inner || matches!(hint, IndexHint::NotIndexed) {
        return None;
    }
    let columns: Option<Vec<u16>> = order_by.iter().map(|t| ordered_column(source, t, select)).collect();
    let columns = columns?;
    table.indexes.iter().filter(|i| i.filter.is_none()).find_map(|index| {
        let backwards = index_order(table, index, 0, &columns, order_by)?;
        Some((PathKind::Index { index: index.clone(), equal: Vec::new(), low: None, high: None }, backwards))
    })
}
