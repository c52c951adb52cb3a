//! Equal forms of a query that can be read in fewer steps. The bound form stays as it is: a rewritten query is a copy.
//!
//! | what | file |
//! |---|---|
//! | a column equal to a constant is that constant in other equalities | [`constants`] |
//! | LEFT JOIN whose NULL rows cannot survive becomes a join | [`strength`] |
//! | `count(*)` of a UNION ALL becomes a sum | [`count`] |
//! | subqueries and views of FROM are merged into the query | [`flatten`] |
//! | conditions go into subqueries that stay | [`push_down`] |
//! | EXISTS becomes a join that stops at the first match | [`exists`] |
//!
//! Follows https://sqlite.org/optoverview.html.

mod constants;
mod count;
mod exists;
mod flatten;
mod push_down;
mod strength;
mod substitute;

use std::cell::Cell;

use crate::plan::bound::{Body, Expr, ExprKind, JoinKind, OrderBy, Query, Select, Source, SourceId, SourceKind};

/// A query as it is lowered.
pub struct Rewritten {
    pub query: Query,
    /// Sources that stop at their first match.
    pub exists: Vec<SourceId>,
}

/// The rewritten form, or `None` if there is nothing to rewrite.
pub fn query(query: &Query, fresh: &Cell<u32>) -> Option<Rewritten> {
    let Body::Select(select) = &query.body else { return None };
    if !is_candidate(select) {
        return None;
    }
    let mut copy = query.clone();
    let mut exists = Vec::new();
    if let Some(sum) = count::of_union_all(&copy) {
        return Some(Rewritten { query: sum, exists });
    }
    if let Some(compound) = flatten::union_all(&copy) {
        return Some(Rewritten { query: compound, exists });
    }
    if let Body::Select(select) = &mut copy.body {
        let limited = Limited { limit: copy.limit.is_some(), offset: copy.offset.is_some() };
        self::select(select, &mut copy.order_by, limited, &mut exists, fresh);
    }
    Some(Rewritten { query: copy, exists })
}

/// Whether there is a LIMIT, and an OFFSET.
#[derive(Clone, Copy, Default)]
pub struct Limited {
    pub limit: bool,
    pub offset: bool,
}

/// Rewrites one SELECT in place.
pub fn select(
    select: &mut Select,
    order_by: &mut Vec<OrderBy>,
    limited: Limited,
    exists: &mut Vec<SourceId>,
    fresh: &Cell<u32>,
) {
    strength::reduce(select);
    if select.sources.iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full)) {
        return;
    }
    constants::spread(select);
    loop {
        let mut sources = 0..select.sources.len();
        let found = sources.find(|i| {
            flatten::is_possible(select, order_by, limited.limit, *i)
                || flatten::inline(select, order_by, limited.limit, *i, fresh)
        });
        let Some(i) = found else { break };
        flatten::merge(select, order_by, i);
        strength::reduce(select);
        constants::spread(select);
    }
    if !limited.offset {
        exists::to_joins(select, exists, fresh);
    }
    push_down::conditions(select, fresh);
}

fn is_candidate(select: &Select) -> bool {
    let kept = |s: &Source| matches!(s.join, JoinKind::Left | JoinKind::Right | JoinKind::Full);
    let outer = select.sources.iter().any(kept);
    let nested = select.sources.iter().any(|s| matches!(s.kind, SourceKind::Query { .. } | SourceKind::Cte { .. }));
    let with_exists = select
        .filter
        .as_ref()
        .is_some_and(|f| conjuncts(f).iter().any(|e| matches!(e.kind, ExprKind::Exists { negated: false, .. })));
    outer && (select.sources.len() > 2 || select.filter.is_some())
        || nested
        || with_exists
        || constants::is_possible(select)
}

fn conjuncts(e: &Expr) -> Vec<&Expr> {
    match &e.kind {
        ExprKind::And(terms) => terms.iter().flat_map(conjuncts).collect(),
        _ => vec![e],
    }
}

/// Both conditions, where there are two.
fn both(first: Option<Expr>, second: Option<Expr>) -> Option<Expr> {
    match (first, second) {
        (Some(a), Some(b)) => {
            let classes = a.classes.or(b.classes);
            Some(Expr { kind: ExprKind::And(vec![a, b]), affinity: Default::default(), classes, collation: None })
        }
        (a, b) => a.or(b),
    }
}
