//! A subquery of FROM merged into the query around it (https://sqlite.org/optoverview.html#subquery_flattening).

use std::cell::Cell;

use super::both;
use super::substitute::{self, By, Replacement};
use crate::plan::bound::{
    Body, Compound, CompoundOp, CteBody, Expr, ExprKind, Free, JoinKind, OrderBy, OrderKey, Query, ROWID, Select,
    Source, SourceId, SourceKind,
};
use crate::plan::walk;

/// The SELECT of a subquery that does no more than filter, join and compute.
fn plain(query: &Query) -> Option<&Select> {
    let Body::Select(select) = &query.body else { return None };
    let plain = is_plain(select) && query.limit.is_none() && query.offset.is_none();
    plain.then_some(&**select)
}

fn is_plain(select: &Select) -> bool {
    !select.sources.is_empty()
        && select.group_by.is_none()
        && select.aggregates.is_empty()
        && select.having.is_none()
        && select.windows.is_empty()
        && select.distinct.is_none()
        && !select.sources.iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full))
}

pub fn is_possible(select: &Select, order_by: &[OrderBy], limited: bool, i: usize) -> bool {
    let source = &select.sources[i];
    let SourceKind::Query { query, .. } = &source.kind else { return false };
    let Some(inner) = plain(query) else { return false };
    let left = source.join == JoinKind::Left;
    let columns_only = || inner.output.iter().all(|e| matches!(e.kind, ExprKind::Column(_)));
    if left && (inner.sources.len() > 1 || !columns_only() || select.distinct.is_some()) {
        return false;
    }
    if !select.windows.is_empty() || select.sources.len() + inner.sources.len() > 60 {
        return false;
    }
    if !query.order_by.is_empty() && select.sources.len() == 1 && order_by.is_empty() {
        // Its order would become the query's: not where rows are counted, or computed before they are sorted.
        let complex = |e: &Expr| walk::any(e, &|e| matches!(e.kind, ExprKind::Call(_)) || walk::query(e).is_some());
        if select.group_by.is_some() || select.distinct.is_some() || limited || select.output.iter().any(complex) {
            return false;
        }
    }
    !inner.output.iter().any(crate::row::access::volatile::expr) && !is_bound_otherwise(select, order_by, source.id)
}

/// Whether the query uses a source in a way that no expression can stand for: its rowid, or from a common table.
fn is_bound_otherwise(select: &Select, order_by: &[OrderBy], id: SourceId) -> bool {
    let rowid = |f: &Free| matches!(f, Free::Column(c) if c.source == id && c.column == ROWID);
    let own = |f: &Free| matches!(f, Free::Column(c) if c.source == id);
    let mut found = false;
    for e in crate::row::access::expressions(select, order_by) {
        walk::references(e, &mut |f| found |= rowid(&f));
        found |= walk::any(e, &|e| walk::query(e).is_some_and(|q| q.free.iter().any(own) && has_common(q)));
    }
    found
}

fn has_common(query: &Query) -> bool {
    fn body(b: &Body) -> bool {
        match b {
            Body::Select(s) => s.sources.iter().any(|s| match &s.kind {
                SourceKind::Cte { cte } => !cte.free.is_empty(),
                SourceKind::Query { query, .. } => has_common(query),
                _ => false,
            }),
            Body::Values(_) => false,
            Body::Compound(c) => body(&c.first) || c.arms.iter().any(|(_, b)| body(b)),
        }
    }
    body(&query.body)
}

/// A common table as a subquery of its own, with sources of its own, if it can be merged so.
pub fn inline(select: &mut Select, order_by: &[OrderBy], limited: bool, i: usize, fresh: &Cell<u32>) -> bool {
    let SourceKind::Cte { cte } = &select.sources[i].kind else { return false };
    let CteBody::Plain(query) = &cte.body else { return false };
    if cte.materialized || plain(query).is_none() || crate::row::access::volatile::query(query) {
        return false;
    }
    let mut query = query.clone();
    query.columns.clone_from(&cte.columns);
    substitute::renumber(&mut query, fresh);
    let view = Some(cte.name.clone());
    let kind = SourceKind::Query { query: Box::new(query), view };
    let before = std::mem::replace(&mut select.sources[i].kind, kind);
    let possible = is_possible(select, order_by, limited, i);
    if !possible {
        select.sources[i].kind = before;
    }
    possible
}

/// Merges the subquery at position `i`; [`is_possible`] has been asked.
pub fn merge(select: &mut Select, order_by: &mut Vec<OrderBy>, i: usize) {
    let joined = select.sources.len() > 1;
    let source = select.sources.remove(i);
    let SourceKind::Query { query, .. } = source.kind else { return };
    let inner_order = query.order_by;
    let Body::Select(inner) = query.body else { return };
    let mut inner = *inner;
    let replacement = Replacement { source: source.id, by: By::Outputs(&inner.output) };
    replacement.select(select);
    replacement.order(order_by);
    let mut on = source.on;
    on.iter_mut().for_each(|e| replacement.expr(e));
    if !inner_order.is_empty() && !joined && order_by.is_empty() {
        *order_by = inner_order
            .into_iter()
            .map(|term| OrderBy {
                key: match term.key {
                    OrderKey::Output(n) => OrderKey::Expr(inner.output[usize::from(n)].clone()),
                    key => key,
                },
                ..term
            })
            .collect();
    }
    let left = source.join == JoinKind::Left;
    if let Some(first) = inner.sources.first_mut() {
        first.join = source.join;
        if left {
            first.on = both(inner.filter.take(), on.take());
        } else {
            first.on = both(first.on.take(), on.take());
        }
    }
    select.filter = both(inner.filter.take(), select.filter.take());
    let at = i.min(select.sources.len());
    select.sources.splice(at..at, inner.sources);
}

/// A query over nothing but a UNION ALL: the query over each arm, one after the other.
pub fn union_all(query: &Query) -> Option<Query> {
    let Body::Select(select) = &query.body else { return None };
    let [Source { id, kind: SourceKind::Query { query: inner, .. }, .. }] = &select.sources[..] else { return None };
    let Body::Compound(compound) = &inner.body else { return None };
    let arms = || std::iter::once(&compound.first).chain(compound.arms.iter().map(|(_, b)| b));
    let mergeable = arms().all(|b| {
        let Body::Select(arm) = b else { return false };
        is_plain(arm)
            && arm
                .output
                .iter()
                .zip(&inner.columns)
                .all(|(e, c)| e.affinity == c.affinity && !crate::row::access::volatile::expr(e))
    });
    let simple = is_plain(select)
        && inner.limit.is_none()
        && inner.offset.is_none()
        && inner.order_by.is_empty()
        && compound.arms.iter().all(|(op, _)| *op == CompoundOp::UnionAll);
    let sorted = query.order_by.iter().all(|t| matches!(t.key, OrderKey::Output(_)));
    if !mergeable || !simple || !sorted || is_bound_otherwise(select, &[], *id) {
        return None;
    }
    let mut bodies = arms().map(|b| {
        let Body::Select(arm) = b else { return b.clone() };
        let mut outer = select.clone();
        let replacement = Replacement { source: *id, by: By::Outputs(&arm.output) };
        replacement.select(&mut outer);
        outer.sources = arm.sources.clone();
        outer.filter = both(arm.filter.clone(), outer.filter.take());
        Body::Select(outer)
    });
    let first = bodies.next()?;
    let collations = query.columns.iter().map(|c| c.collation.clone().unwrap_or_default()).collect();
    let compound = Compound { first, arms: bodies.map(|b| (CompoundOp::UnionAll, b)).collect(), collations };
    Some(Query { body: Body::Compound(Box::new(compound)), ..query.clone() })
}
