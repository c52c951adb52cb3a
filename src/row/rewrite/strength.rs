//! LEFT JOIN to JOIN, where a condition is never true of the row of NULLs
//! (https://sqlite.org/optoverview.html#the_outer_join_strength_reduction_optimization).

use crate::plan::bound::{CompareOp, Expr, ExprKind, JoinKind, Select, SourceId};

pub fn reduce(select: &mut Select) {
    for i in 1..select.sources.len() {
        if select.sources[i].join != JoinKind::Left {
            continue;
        }
        let id = select.sources[i].id;
        let inner = select.sources.iter().filter(|s| matches!(s.join, JoinKind::Inner | JoinKind::Cross));
        let refused = inner.filter_map(|s| s.on.as_ref()).chain(&select.filter).any(|e| refuses_null(e, id));
        if refused {
            select.sources[i].join = JoinKind::Inner;
        }
    }
}

/// Whether a condition is not true when all columns of a source are NULL.
fn refuses_null(e: &Expr, id: SourceId) -> bool {
    match &e.kind {
        ExprKind::And(terms) => terms.iter().any(|t| refuses_null(t, id)),
        // False of NULL, so that nothing may be made of its result.
        ExprKind::IsNull { negated: true, operand } => is_null_with(operand, id),
        _ => is_null_with(e, id),
    }
}

/// Whether an expression is NULL when all columns of a source are.
fn is_null_with(e: &Expr, id: SourceId) -> bool {
    let of = |e: &Expr| is_null_with(e, id);
    match &e.kind {
        ExprKind::Column(c) => c.source == id,
        ExprKind::Or(terms) | ExprKind::And(terms) => terms.iter().all(of),
        ExprKind::Compare { op: CompareOp::Is | CompareOp::IsNot, .. } => false,
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic(_, left, right) => of(left) || of(right),
        ExprKind::Between { operand, low, high, .. } => of(operand) || of(low) && of(high),
        ExprKind::InList { operand, items, .. } => !items.is_empty() && of(operand),
        ExprKind::Unary(_, operand) | ExprKind::Cast { operand, .. } => of(operand),
        _ => false,
    }
}
