//! The order that a SELECT wants of its rows, and what for.

use super::estimate::{self, Estimate};
use super::facts::Facts;
use super::order::{Purpose, Wanted, WantedTerm};
use super::terms::{Clause, Left, Scope, op};
use crate::plan::bound::{
    AggregateFunction, Expr, ExprKind, OrderBy, OrderKey, Query, ROWID, Select, SourceId, SourceKind, Window,
};
use crate::plan::{same, walk};
use heliosdb_udfs::value::{Collation, Value};

/// How a SELECT stands in its statement.
#[derive(Clone, Copy, Default)]
pub struct Setting<'q> {
    pub order_by: &'q [OrderBy],
    /// The number of a constant LIMIT.
    pub limit: Option<i64>,
    /// It finds the rows that a statement writes.
    pub writes: bool,
    /// An arm of a compound: its rows are merged in the order of ORDER BY, and sorted later.
    pub merged: bool,
    /// Such an arm sorts its rows itself.
    pub sorts: bool,
    /// Sources that stop at their first match.
    pub exists: &'q [SourceId],
}

impl<'q> Setting<'q> {
    pub fn of(query: &'q Query) -> Setting<'q> {
        let limit = query.limit.as_ref().and_then(|e| match e.kind {
            ExprKind::Literal(Value::Integer(n)) if n > 0 => Some(n),
            _ => None,
        });
        Setting { order_by: &query.order_by, limit, ..Setting::default() }
    }

    pub fn limit_estimate(&self) -> Option<Estimate> {
        self.limit.map(|n| estimate::of(n as u64))
    }
}

pub fn order_expr<'q>(select: &'q Select, term: &'q OrderBy) -> Option<&'q Expr> {
    match &term.key {
        OrderKey::Output(i) => select.output.get(usize::from(*i)),
        OrderKey::Expr(e) => Some(e),
    }
}

fn collation_of(e: &Expr) -> Collation {
    e.collation.as_ref().map(|c| c.collation.clone()).unwrap_or_default()
}

/// What order is wanted, and whether the order of GROUP BY or DISTINCT is ORDER BY's as well. `distinct`: equal rows are
/// looked for, in the output or in the only aggregate.
pub fn wanted<'q>(select: &'q Select, setting: &Setting<'q>, distinct: bool) -> (Wanted<'q>, bool) {
    let plain =
        |expr: &'q Expr, collation: Collation| WantedTerm { expr, collation, descending: false, odd_nulls: false };
    let sort: Vec<WantedTerm<'q>> = setting
        .order_by
        .iter()
        .filter_map(|t| {
            Some(WantedTerm {
                expr: order_expr(select, t)?,
                collation: t.collation.clone(),
                descending: t.descending,
                odd_nulls: t.nulls_first == t.descending,
            })
        })
        .collect();
    if let Some(keys) = &select.group_by {
        if keys.is_empty() {
            let equal = || single_distinct(select).filter(|_| distinct).map(equal_rows);
            return (extreme(select).or_else(equal).unwrap_or_default(), false);
        }
        let mut terms: Vec<WantedTerm<'q>> = keys.iter().map(|k| plain(&k.expr, k.collation.clone())).collect();
        let mut both = false;
        if sort.len() == terms.len() {
            both = true;
            for (term, by) in terms.iter_mut().zip(&sort) {
                term.descending = by.descending;
                both &= same::same(term.expr, by.expr) && !by.odd_nulls;
            }
        }
        return (Wanted { terms, purpose: Purpose::Group }, both);
    }
    // (The last windows are computed first.)
    if let Some(window) = windows(select).pop() {
        let mut terms: Vec<WantedTerm<'q>> =
            window.partition_by.iter().map(|k| plain(&k.expr, k.collation.clone())).collect();
        terms.extend(window.order_by.iter().map(|k| WantedTerm {
            expr: &k.expr,
            collation: k.collation.clone(),
            descending: k.descending,
            odd_nulls: k.nulls_first == k.descending,
        }));
        return (Wanted { terms, purpose: Purpose::Sort }, false);
    }
    let all = sort.len() == select.output.len() && !setting.merged;
    let by_output = || sort.iter().zip(&select.output).all(|(by, e)| same::same(by.expr, e) && !by.odd_nulls);
    if select.distinct.is_some() && all && by_output() {
        // As if it were grouped by what is shown.
        return (Wanted { terms: sort, purpose: Purpose::Distinct }, true);
    }
    if distinct && sort.is_empty() {
        let collations = select.distinct.iter().flatten();
        let terms = select.output.iter().zip(collations).map(|(e, c)| plain(e, c.clone())).collect();
        return (Wanted { terms, purpose: Purpose::Distinct }, false);
    }
    (Wanted { terms: sort, purpose: Purpose::Sort }, false)
}

/// How many terms of ORDER BY the rows are in the order of when their windows have been computed: all or none. The terms
/// are columns that the only kind of window is ordered by.
pub fn sorted_by_windows(select: &Select, order_by: &[OrderBy]) -> usize {
    let all = windows(select);
    let Some((window, others)) = all.split_first() else { return 0 };
    if others.iter().any(|w| !same::same_window(w, window)) {
        return 0;
    }
    let partitions = window.partition_by.iter().map(|k| (&k.expr, &k.collation, false, true));
    let orders = window.order_by.iter().map(|k| (&k.expr, &k.collation, k.descending, k.nulls_first));
    let is_met = |(term, (e, collation, descending, nulls_first)): &(&OrderBy, (&Expr, &Collation, bool, bool))| {
        matches!(e.kind, ExprKind::Column(_))
            && order_expr(select, term).is_some_and(|own| same::same(own, e))
            && term.collation.name().eq_ignore_ascii_case(collation.name())
            && (term.descending, term.nulls_first) == (*descending, *nulls_first)
    };
    // (SQLite sorts anew unless all terms are met.)
    let met = order_by.iter().zip(partitions.chain(orders)).take_while(is_met).count();
    if met == order_by.len() { met } else { 0 }
}

/// The windows of a query, equal ones one after the other; computed from the last to the first.
pub fn windows(select: &Select) -> Vec<&Window> {
    let mut all: Vec<&Window> = Vec::with_capacity(select.windows.len());
    for window in &select.windows {
        match all.iter().rposition(|w| same::same_window(w, window)) {
            Some(at) => all.insert(at + 1, window),
            None => all.push(window),
        }
    }
    all
}

/// `min(x)` or `max(x)` as the only aggregate, without grouping.
fn extreme(select: &Select) -> Option<Wanted<'_>> {
    let [aggregate] = &select.aggregates[..] else { return None };
    let AggregateFunction::Builtin(def) = &aggregate.function else { return None };
    let [expr] = &aggregate.args[..] else { return None };
    let max = match def.name {
        "min" => false,
        "max" => true,
        _ => return None,
    };
    if aggregate.filter.is_some() || !select.windows.is_empty() || walk::is_constant(expr) {
        return None;
    }
    let collation = aggregate.collation.clone();
    let term = WantedTerm { expr, collation, descending: max, odd_nulls: !max };
    Some(Wanted { terms: vec![term], purpose: Purpose::Extreme })
}

/// `count(DISTINCT x)` as the only aggregate: what tells its rows apart within the query.
pub fn single_distinct(select: &Select) -> Option<Vec<&Expr>> {
    let keys = select.group_by.as_ref()?;
    let [aggregate] = &select.aggregates[..] else { return None };
    if !aggregate.distinct {
        return None;
    }
    let args = if keys.is_empty() { &aggregate.args[..] } else { aggregate.args.get(..1)? };
    Some(keys.iter().map(|k| &k.expr).chain(args).collect())
}

/// Rows that are equal in these expressions one after the other.
pub fn equal_rows(shown: Vec<&Expr>) -> Wanted<'_> {
    let term = |expr| WantedTerm { expr, collation: collation_of(expr), descending: false, odd_nulls: false };
    Wanted { terms: shown.into_iter().map(term).collect(), purpose: Purpose::Distinct }
}

/// Whether nothing but numbers of rows comes out: their order does not matter.
pub fn only_counts(select: &Select) -> bool {
    select.group_by.as_ref().is_some_and(Vec::is_empty)
        && select.sources.len() == 1
        && select.aggregates.iter().all(|a| {
            matches!(&a.function, AggregateFunction::Builtin(d) if d.name == "count")
                && !a.distinct
                && a.filter.is_none()
        })
        && select.output.iter().all(|e| matches!(e.kind, ExprKind::Aggregate(_)))
}

/// `SELECT count(*) FROM t`: what is counted, the narrowest index (by position) or the table itself.
pub fn counted_by(select: &Select, facts: &[Facts]) -> Option<Option<usize>> {
    let ([source], [aggregate], [output]) = (&select.sources[..], &select.aggregates[..], &select.output[..]) else {
        return None;
    };
    let is_count = matches!(&aggregate.function, AggregateFunction::Builtin(d) if d.name == "count");
    let plain = is_count
        && aggregate.args.is_empty()
        && aggregate.filter.is_none()
        && matches!(output.kind, ExprKind::Aggregate(_))
        && select.filter.is_none()
        && source.on.is_none()
        && select.having.is_none()
        && select.group_by.as_ref().is_some_and(Vec::is_empty);
    let facts = facts.first().filter(|f| plain && f.is_table && f.hinted.is_none())?;
    // (Without rowids, the table is its primary key.)
    let mut best = facts.indexes.iter().position(|i| i.primary);
    for (n, one) in facts.size.indexes.iter().enumerate() {
        let narrow = !one.unordered && one.width < facts.size.width && one.index.filter.is_none();
        let usable = facts.indexes[n].usable && !facts.not_indexed;
        if narrow && usable && best.is_none_or(|b| one.width < facts.size.indexes[b].width) {
            best = Some(n);
        }
    }
    Some(best)
}

/// Whether rows differ anyway: one table, and a unique key among what is shown.
pub fn is_distinct_anyway(shown: &[&Expr], scope: &Scope<'_>, facts: &[Facts], clause: &Clause<'_>) -> bool {
    let [source] = scope.sources else { return false };
    if !matches!(source.kind, SourceKind::Table { .. }) {
        return false;
    }
    let shows = |column: u16, collation: Option<&Collation>| {
        shown.iter().any(|e| {
            let own = scope.column(e).is_some_and(|c| c.column == column);
            own && collation.is_none_or(|c| collation_of(e).name().eq_ignore_ascii_case(c.name()))
        })
    };
    if shows(ROWID, None) {
        return true;
    }
    let Some(facts) = facts.first() else { return false };
    facts.indexes.iter().zip(&facts.size.indexes).any(|(index, size)| {
        let key = &index.keys[..index.declared];
        size.index.unique
            && size.index.filter.is_none()
            && key.iter().all(|k| {
                let super::facts::KeyTerm::Column(c) = k.term else { return false };
                let given = clause.terms.iter().any(|t| {
                    t.ops & op::EQ != 0
                        && t.needs == 0
                        && matches!(t.left, Some(Left::Column(own)) if own.column == c)
                        && t.by.collation.name().eq_ignore_ascii_case(k.collation.name())
                });
                given || k.not_null && shows(c, Some(&k.collation))
            })
    })
}
