//! `a = 5 AND b > a`: what is equal to a constant is that constant in the other conditions
//! (https://sqlite.org/optoverview.html#where_clause_constant_propagation).

use heliosdb_udfs::value::{Affinity, Collation, Value, affinity};

use super::conjuncts;
use super::substitute::children;
use crate::plan::bound::{ColumnRef, CompareOp, Expr, ExprKind, JoinKind, Select};
use crate::plan::{comparison, walk};

/// A column that is equal to a constant.
fn known(e: &Expr) -> Option<(ColumnRef, &Expr, &Expr)> {
    let (column, value, by) = match &e.kind {
        ExprKind::Compare { op: CompareOp::Equal, left, right, by } => match (&left.kind, &right.kind) {
            (ExprKind::Column(_), ExprKind::Literal(_) | ExprKind::Parameter(_)) => (left, &**right, by),
            (ExprKind::Literal(_) | ExprKind::Parameter(_), ExprKind::Column(_)) => (right, &**left, by),
            _ => return None,
        },
        ExprKind::InList { negated: false, operand, items, by } => match &items[..] {
            [one] if matches!(one.kind, ExprKind::Literal(_) | ExprKind::Parameter(_)) => (operand, one, by),
            _ => return None,
        },
        _ => return None,
    };
    let ExprKind::Column(c) = column.kind else { return None };
    let is_column = column.affinity != Affinity::None;
    (is_column && matches!(by.collation, Collation::Binary)).then_some((c, &**column, value))
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

/// The conditions that take part: WHERE, and ON of joins that keep no rows.
fn conditions(select: &Select) -> impl Iterator<Item = &Expr> {
    let inner = select.sources.iter().filter(|s| s.join != JoinKind::Left);
    select.filter.iter().chain(inner.filter_map(|s| s.on.as_ref())).flat_map(conjuncts)
}

pub fn is_possible(select: &Select) -> bool {
    let several = match &select.filter {
        Some(e) => matches!(e.kind, ExprKind::And(_)) || select.sources.iter().any(|s| s.on.is_some()),
        None => select.sources.iter().filter(|s| s.on.is_some()).count() > 1,
    };
    several
        && conditions(select).any(|e| {
            known(e).is_some_and(|(column, ..)| {
                let uses = |e: &Expr| walk::any(e, &|e| matches!(e.kind, ExprKind::Column(c) if c == column));
                conditions(select).any(|other| !std::ptr::eq(other, e) && uses(other))
            })
        })
}

/// What stands for a column.
struct Constant {
    column: ColumnRef,
    /// Where it is said, which stays as it is.
    said: usize,
    value: Expr,
    /// Not a parameter, whose value is not known yet: it has the column's affinity already.
    literal: bool,
    /// It may stand in comparisons only: values of such a column are compared as they are.
    compared: bool,
}

pub fn spread(select: &mut Select) {
    // Each round can make one more column known.
    for _ in 0..=select.sources.len() {
        if !is_possible(select) {
            return;
        }
        let mut constants: Vec<Constant> = Vec::new();
        for (said, e) in conditions(select).enumerate() {
            let Some((column, shown, value)) = known(e) else { continue };
            if constants.iter().any(|c| c.column == column) {
                continue;
            }
            constants.push(match &value.kind {
                ExprKind::Literal(v) => {
                    let value = Expr { kind: ExprKind::Literal(as_stored(v, shown.affinity)), ..shown.clone() };
                    Constant { column, said, value, literal: true, compared: shown.affinity == Affinity::Blob }
                }
                _ => Constant {
                    column,
                    said,
                    value: value.clone(),
                    literal: false,
                    compared: shown.affinity == Affinity::Blob,
                },
            });
        }
        let mut changed = false;
        let mut position = 0;
        let inner = select.sources.iter_mut().filter(|s| s.join != JoinKind::Left);
        for e in select.filter.iter_mut().chain(inner.filter_map(|s| s.on.as_mut())) {
            replace(e, &constants, &mut position, &mut changed);
        }
        if !changed {
            return;
        }
    }
}

/// A value as a column of an affinity holds it.
fn as_stored(value: &Value, of: Affinity) -> Value {
    let arena = bumpalo::Bump::new();
    affinity::apply(value.as_ref(), of, &arena).to_owned()
}

fn replace(e: &mut Expr, constants: &[Constant], position: &mut usize, changed: &mut bool) {
    if let ExprKind::And(terms) = &mut e.kind {
        terms.iter_mut().for_each(|t| replace(t, constants, position, changed));
        return;
    }
    let at = *position;
    *position += 1;
    if let Some((l, r)) = between_columns(e) {
        let ExprKind::Compare { left, right, .. } = &mut e.kind else { return };
        let of = |c: ColumnRef| constants.iter().find(|k| k.column == c && (k.literal || !k.compared));
        let (side, constant) = match (of(r), of(l)) {
            (Some(constant), _) => (right, constant),
            (None, Some(constant)) => (left, constant),
            (None, None) => return,
        };
        **side = constant.value.clone();
        *changed = true;
        if !constant.literal {
            // The parameter takes the column's affinity.
            let ExprKind::Compare { left, right, .. } = &e.kind else { return };
            let affinity = comparison(left, right).affinity;
            if let ExprKind::Compare { by, .. } = &mut e.kind {
                by.affinity = affinity;
            }
        }
        return;
    }
    everywhere(e, constants, at, changed);
}

fn everywhere(e: &mut Expr, constants: &[Constant], at: usize, changed: &mut bool) {
    let mut put = |e: &mut Expr, compared: bool| {
        let ExprKind::Column(c) = e.kind else { return };
        let able = |k: &&Constant| k.column == c && k.literal && k.said != at && (compared || !k.compared);
        if let Some(constant) = constants.iter().find(able).filter(|_| e.affinity != Affinity::None) {
            *e = constant.value.clone();
            *changed = true;
        }
    };
    put(e, false);
    if let ExprKind::Compare { op, left, right, .. } = &mut e.kind
        && !matches!(op, CompareOp::IsNot)
    {
        put(left, true);
        if left.affinity != Affinity::Text {
            put(right, true);
        }
    }
    children(e, &mut |child| everywhere(child, constants, at, changed));
}
