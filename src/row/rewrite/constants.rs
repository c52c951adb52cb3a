//! `a = b AND b = 5`: in the first equality 5 stands for `b`
//! (https://sqlite.org/optoverview.html#where_clause_constant_propagation).

use heliosdb_udfs::value::{Affinity, Collation};

use super::conjuncts;
use crate::plan::bound::{ColumnRef, CompareOp, Expr, ExprKind, Select};
use crate::plan::comparison;

/// A column of an affinity that keeps its values comparable, equal to a constant.
fn known(e: &Expr) -> Option<(ColumnRef, &Expr)> {
    let ExprKind::Compare { op: CompareOp::Equal, left, right, by } = &e.kind else { return None };
    let (column, value) = match (&left.kind, &right.kind) {
        (ExprKind::Column(c), ExprKind::Literal(_) | ExprKind::Parameter(_)) => (left.affinity, (*c, &**right)),
        (ExprKind::Literal(_) | ExprKind::Parameter(_), ExprKind::Column(c)) => (right.affinity, (*c, &**left)),
        _ => return None,
    };
    let converts = !matches!(column, Affinity::None | Affinity::Blob);
    (converts && matches!(by.collation, Collation::Binary)).then_some(value)
}

/// An equality between two columns, with the affinities that both have.
fn between_columns(e: &Expr) -> Option<(ColumnRef, ColumnRef)> {
    let ExprKind::Compare { op: CompareOp::Equal, left, right, by } = &e.kind else { return None };
    let alike = left.affinity == right.affinity || left.affinity.is_numeric() && right.affinity.is_numeric();
    match (&left.kind, &right.kind) {
        (ExprKind::Column(l), ExprKind::Column(r)) if alike && matches!(by.collation, Collation::Binary) => {
            Some((*l, *r))
        }
        _ => None,
    }
}

pub fn is_possible(select: &Select) -> bool {
    if select.sources.len() < 2 {
        return false;
    }
    let terms = || select.filter.iter().flat_map(conjuncts);
    terms().any(|e| known(e).is_some())
        && terms()
            .chain(select.sources.iter().filter_map(|s| s.on.as_ref()).flat_map(conjuncts))
            .any(|e| between_columns(e).is_some())
}

pub fn spread(select: &mut Select) {
    if !is_possible(select) {
        return;
    }
    // Each round can make one more column known.
    for _ in 0..select.sources.len() {
        let inner = select.sources.iter().filter(|s| s.join != crate::plan::bound::JoinKind::Left);
        let all = select.filter.iter().chain(inner.filter_map(|s| s.on.as_ref())).flat_map(conjuncts);
        let constants: Vec<(ColumnRef, Expr)> = all.filter_map(|e| known(e).map(|(c, v)| (c, v.clone()))).collect();
        let mut changed = false;
        let inner = select.sources.iter_mut().filter(|s| s.join != crate::plan::bound::JoinKind::Left);
        for e in select.filter.iter_mut().chain(inner.filter_map(|s| s.on.as_mut())) {
            replace(e, &constants, &mut changed);
        }
        if !changed {
            break;
        }
    }
}

fn replace(e: &mut Expr, constants: &[(ColumnRef, Expr)], changed: &mut bool) {
    if let ExprKind::And(terms) = &mut e.kind {
        terms.iter_mut().for_each(|t| replace(t, constants, changed));
        return;
    }
    let Some((l, r)) = between_columns(e) else { return };
    let ExprKind::Compare { left, right, by, .. } = &mut e.kind else { return };
    let of = |c: ColumnRef| constants.iter().find(|k| k.0 == c).map(|k| k.1.clone());
    if let Some(value) = of(r) {
        **right = value;
        *changed = true;
    } else if let Some(value) = of(l) {
        **left = value;
        *changed = true;
    }
    // The constant takes the column's affinity.
    by.affinity = comparison(left, right).affinity;
}
