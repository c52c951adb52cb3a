//! Walks over bound expressions.

use super::super::bound::{Expr, ExprKind, Free, Query};

/// Calls `f` for each operand; subqueries are not entered.
pub fn children<'e>(e: &'e Expr, f: &mut dyn FnMut(&'e Expr)) {
    match &e.kind {
        ExprKind::Literal(_)
        | ExprKind::Parameter(_)
        | ExprKind::Column(_)
        | ExprKind::Exists { .. }
        | ExprKind::Scalar(_)
        | ExprKind::RowScalar { .. }
        | ExprKind::Aggregate(_)
        | ExprKind::Window(_) => {}
        ExprKind::Generated { operand, .. }
        | ExprKind::Stored { operand, .. }
        | ExprKind::Unary(_, operand)
        | ExprKind::IsNull { operand, .. }
        | ExprKind::IsTruth { operand, .. }
        | ExprKind::Cast { operand, .. } => f(operand),
        ExprKind::Arithmetic(_, l, r) | ExprKind::Compare { left: l, right: r, .. } => {
            f(l);
            f(r);
        }
        ExprKind::And(es) | ExprKind::Or(es) | ExprKind::Coalesce(es) => es.iter().for_each(f),
        ExprKind::CompareRows { left, right, .. } => left.iter().chain(right).for_each(f),
        ExprKind::CompareRowQuery { left, .. } => left.iter().for_each(f),
        ExprKind::Between { operand, low, high, .. } => {
            f(operand);
            f(low);
            f(high);
        }
        ExprKind::InList { operand, items, .. } => {
            f(operand);
            items.iter().for_each(f);
        }
        ExprKind::InQuery { operand, .. } => operand.iter().for_each(f),
        ExprKind::Case { operand, whens, otherwise } => {
            operand.iter().for_each(|e| f(e));
            for w in whens {
                f(&w.when);
                f(&w.then);
            }
            otherwise.iter().for_each(|e| f(e));
        }
        ExprKind::Call(call) => call.args.iter().for_each(f),
        ExprKind::Raise { message, .. } => message.iter().for_each(|e| f(e)),
    }
}

/// The subquery of an expression, if it is one.
pub fn query(e: &Expr) -> Option<&Query> {
    match &e.kind {
        ExprKind::CompareRowQuery { right: query, .. }
        | ExprKind::InQuery { query, .. }
        | ExprKind::Exists { query, .. }
        | ExprKind::Scalar(query) => Some(query),
        ExprKind::RowScalar { query, .. } => Some(query),
        _ => None,
    }
}

/// Calls `f` for everything that the expression refers to, through its subqueries too.
pub fn references(e: &Expr, f: &mut dyn FnMut(Free)) {
    match &e.kind {
        ExprKind::Column(c) => f(Free::Column(*c)),
        ExprKind::Aggregate(id) => f(Free::Aggregate(*id)),
        ExprKind::Window(id) => f(Free::Window(*id)),
        _ => {
            if let Some(query) = query(e) {
                query.free.iter().for_each(|r| f(*r));
            }
            children(e, &mut |child| references(child, f));
        }
    }
}

/// Whether any part of the expression, itself included, satisfies `f`. Subqueries are not entered.
pub fn any(e: &Expr, f: &dyn Fn(&Expr) -> bool) -> bool {
    if f(e) {
        return true;
    }
    let mut found = false;
    children(e, &mut |child| found = found || any(child, f));
    found
}

/// Whether the value is the same for all rows: no columns, no subqueries, no aggregates, and no function that
/// may change its mind.
pub fn is_constant(e: &Expr) -> bool {
    use super::super::bound::Function;
    use heliosdb_udfs::signature::Flags;
    !any(e, &|e| match &e.kind {
        ExprKind::Column(_)
        | ExprKind::Generated { .. }
        | ExprKind::Stored { .. }
        | ExprKind::Aggregate(_)
        | ExprKind::Window(_)
        | ExprKind::Raise { .. } => true,
        ExprKind::Call(call) => match &call.function {
            Function::Builtin(s) => {
                !(s.flags.has(Flags::DETERMINISTIC)
                    || s.flags.has(Flags::STABLE)
                    || s.flags.has(Flags::DETERMINISTIC_UNLESS_NOW))
            }
            Function::User { deterministic, .. } => !deterministic,
        },
        _ => query(e).is_some(),
    })
}
