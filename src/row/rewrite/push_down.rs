//! Conditions on a subquery that is not merged go into it as well, where they can use its indexes
//! (https://sqlite.org/optoverview.html#predicate_push_down).

use std::cell::Cell;

use heliosdb_udfs::value::Collation;

use super::substitute::{self, By, Replacement};
use super::{both, conjuncts};
use crate::plan::bound::{
    Body, CompoundOp, Expr, ExprKind, Free, JoinKind, Query, Select, Source, SourceId, SourceKind,
};
use crate::plan::{same, walk};
use crate::row::access::volatile;

pub fn conditions(select: &mut Select, fresh: &Cell<u32>) {
    let inner = select.sources.iter().filter(|s| matches!(s.join, JoinKind::Inner | JoinKind::Cross));
    let all = select.filter.iter().chain(inner.filter_map(|s| s.on.as_ref()));
    let terms: Vec<Expr> = all.flat_map(conjuncts).cloned().collect();
    // What stands before a RIGHT or FULL join is read whole: other rows of it would leave others unmatched.
    let keeping = |s: &Source| matches!(s.join, JoinKind::Right | JoinKind::Full);
    let first = select.sources.iter().rposition(keeping).map_or(0, |last| last + 1);
    for source in &mut select.sources[first..] {
        let own: Vec<Expr>;
        let terms = match source.join {
            JoinKind::Inner | JoinKind::Cross => &terms,
            // Rows that its ON refuses extend nothing.
            _ => {
                own = source.on.iter().flat_map(conjuncts).cloned().collect();
                &own
            }
        };
        let id = source.id;
        let SourceKind::Query { query, .. } = &mut source.kind else { continue };
        for term in terms {
            if is_own(term, id) && !volatile::expr(term) {
                source.narrowed |= push(query, id, term, fresh);
            }
        }
    }
}

/// Whether a condition refers to this source and to nothing else of the query.
fn is_own(term: &Expr, id: SourceId) -> bool {
    let (mut own, mut other) = (false, false);
    walk::references(term, &mut |f| match f {
        Free::Column(c) if c.source == id => own = true,
        _ => other = true,
    });
    own && !other && !walk::any(term, &|e| walk::query(e).is_some_and(|q| !q.free.is_empty()))
}

/// Whether the condition has gone into the query.
fn push(query: &mut Query, id: SourceId, term: &Expr, fresh: &Cell<u32>) -> bool {
    if query.limit.is_some() || query.offset.is_some() {
        return false;
    }
    match &mut query.body {
        Body::Select(select) => into_select(select, id, term, fresh),
        Body::Values(_) => false,
        Body::Compound(compound) => {
            let binary = compound.collations.iter().all(|c| matches!(c, Collation::Binary));
            let all = compound.arms.iter().all(|(op, _)| *op == CompoundOp::UnionAll);
            let selects = std::iter::once(&compound.first).chain(compound.arms.iter().map(|(_, b)| b));
            let plain = selects.clone().all(|b| matches!(b, Body::Select(s) if s.windows.is_empty()));
            if !plain || !(binary || all) {
                return false;
            }
            let arms = std::iter::once(&mut compound.first).chain(compound.arms.iter_mut().map(|(_, b)| b));
            let mut gone = false;
            for arm in arms {
                if let Body::Select(select) = arm {
                    gone |= into_select(select, id, term, fresh);
                }
            }
            gone
        }
    }
}

fn into_select(select: &mut Select, id: SourceId, term: &Expr, fresh: &Cell<u32>) -> bool {
    let fixed = select.sources.iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full));
    if !select.windows.is_empty() || select.sources.is_empty() || fixed {
        return false;
    }
    let with_query = |e: &Expr| walk::any(e, &|e| walk::query(e).is_some());
    if select.output.iter().any(with_query) {
        return false;
    }
    let mut inner = term.clone();
    substitute::renumber_expr(&mut inner, fresh);
    Replacement { source: id, by: By::Outputs(&select.output) }.expr(&mut inner);
    // (Arms of a compound have affinities of their own.)
    substitute::compare_anew(&mut inner);
    if volatile::expr(&inner) {
        return false;
    }
    if let Some(keys) = &select.group_by {
        let is_key = |e: &Expr| keys.iter().any(|k| matches!(k.collation, Collation::Binary) && same::same(&k.expr, e));
        if keys.is_empty() || !over_keys(&inner, &is_key) {
            select.having = both(select.having.take(), Some(inner));
            return true;
        }
    }
    select.filter = both(select.filter.take(), Some(inner));
    true
}

/// Whether an expression is made of group keys and constants only.
fn over_keys(e: &Expr, is_key: &dyn Fn(&Expr) -> bool) -> bool {
    if is_key(e) {
        return true;
    }
    if matches!(e.kind, ExprKind::Column(_) | ExprKind::Aggregate(_) | ExprKind::Window(_)) {
        return false;
    }
    let mut all = true;
    walk::children(e, &mut |child| all &= over_keys(child, is_key));
    all
}
