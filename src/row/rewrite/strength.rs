//! Outer joins to narrower ones, where a condition is never true of the row of NULLs
//! (https://sqlite.org/optoverview.html#the_outer_join_strength_reduction_optimization).

use crate::plan::bound::{CompareOp, Expr, ExprKind, JoinKind, Select, SourceId};

pub fn reduce(select: &mut Select) {
    for i in 0..select.sources.len() {
        let sources = &select.sources;
        let left_of_right = sources[i + 1..].iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full));
        if !left_of_right && !matches!(sources[i].join, JoinKind::Left | JoinKind::Full) {
            continue;
        }
        let id = sources[i].id;
        // A RIGHT join keeps the rows that ON leaves out.
        let inner = sources.iter().filter(|s| !left_of_right && matches!(s.join, JoinKind::Inner | JoinKind::Cross));
        let refused = inner.filter_map(|s| s.on.as_ref()).chain(&select.filter).any(|e| refuses_null(e, id));
        if !refused {
            continue;
        }
        select.sources[i].join = match select.sources[i].join {
            JoinKind::Left => JoinKind::Inner,
            JoinKind::Full => JoinKind::Right,
            join => join,
        };
        for source in &mut select.sources[i + 1..] {
            source.join = match source.join {
                JoinKind::Right => JoinKind::Inner,
                JoinKind::Full => JoinKind::Left,
                join => join,
            };
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
        ExprKind::Column(c) | ExprKind::Generated { column: c, .. } => c.source == id,
        ExprKind::Or(terms) | ExprKind::And(terms) => terms.iter().all(of),
        ExprKind::Compare { op: CompareOp::Is | CompareOp::IsNot, .. } => false,
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic(_, left, right) => of(left) || of(right),
        ExprKind::Between { operand, low, high, .. } => of(operand) || of(low) && of(high),
        ExprKind::InList { operand, items, .. } => !items.is_empty() && of(operand),
        ExprKind::Unary(_, operand) | ExprKind::Cast { operand, .. } => of(operand),
        _ => false,
    }
}
