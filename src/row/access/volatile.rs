//! Whether an expression or query may give another result when it is computed again.

use crate::plan::bound::{self, Expr, ExprKind, Function, Query, Source, SourceKind};
use crate::plan::walk;

pub fn expr(e: &Expr) -> bool {
    walk::any(e, &|e| match &e.kind {
        ExprKind::Call(call) => !is_deterministic(&call.function),
        _ => walk::query(e).is_some_and(query),
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
pub fn query(query: &Query) -> bool {
    body(&query.body)
}

fn body(b: &bound::Body) -> bool {
    match b {
        bound::Body::Select(s) => {
            let parts = s.filter.iter().chain(&s.having).chain(&s.output);
            let keys = s.group_by.iter().flatten().map(|k| &k.expr);
            let aggregates = s.aggregates.iter().flat_map(|a| a.args.iter().chain(&a.filter));
            parts.chain(keys).chain(aggregates).any(expr) || s.sources.iter().any(source)
        }
        bound::Body::Values(rows) => rows.iter().flatten().any(expr),
        bound::Body::Compound(c) => body(&c.first) || c.arms.iter().any(|(_, b)| body(b)),
    }
}

fn source(s: &Source) -> bool {
    match &s.kind {
        SourceKind::Query { query: q, .. } => query(q),
        SourceKind::Cte { cte } => match &cte.body {
            bound::CteBody::Plain(q) => query(q),
            bound::CteBody::Recursive(r) => query(&r.seed) || r.steps.iter().any(query),
        },
        _ => false,
    }
}
