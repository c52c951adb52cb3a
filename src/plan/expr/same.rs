//! Whether two bound expressions are the same expression, as ORDER BY, GROUP BY, UPSERT targets and partial
//! indexes need to know. Subqueries are never the same.

use heliosdb_udfs::value::Collation;

use super::super::bound::{
    AggregateFunction, ColumnRef, Comparison, Expr, ExprKind, FrameBound, Function, SortKey, SourceId, When, Window,
};

/// The same, with references to source `.0` of the left expression standing for source `.1` in the right one.
#[derive(Clone, Copy)]
pub struct Renaming(pub SourceId, pub SourceId);

pub fn same(a: &Expr, b: &Expr) -> bool {
    same_under(a, b, None) && same_collations(a, b)
}

/// As [`same`], but COLLATE around the expressions may differ.
pub fn same_but_collation(a: &Expr, b: &Expr, renaming: Option<Renaming>) -> bool {
    same_under(a, b, renaming)
}

/// Whether two window calls see the same partitions, order and frames.
pub fn same_window(a: &Window, b: &Window) -> bool {
    let bound = |x: &FrameBound, y: &FrameBound| match (x, y) {
        (FrameBound::Preceding(x), FrameBound::Preceding(y)) | (FrameBound::Following(x), FrameBound::Following(y)) => {
            same(x, y)
        }
        _ => std::mem::discriminant(x) == std::mem::discriminant(y),
    };
    let sorted = |x: &SortKey, y: &SortKey| {
        same(&x.expr, &y.expr) && x.descending == y.descending && x.nulls_first == y.nulls_first
    };
    a.partition_by.len() == b.partition_by.len()
        && a.partition_by.iter().zip(&b.partition_by).all(|(x, y)| same(&x.expr, &y.expr))
        && a.order_by.len() == b.order_by.len()
        && a.order_by.iter().zip(&b.order_by).all(|(x, y)| sorted(x, y))
        && a.unit == b.unit
        && a.exclude == b.exclude
        && bound(&a.start, &b.start)
        && bound(&a.end, &b.end)
}

fn same_collations(a: &Expr, b: &Expr) -> bool {
    match (&a.collation, &b.collation) {
        (None, None) => true,
        (Some(a), Some(b)) => a.explicit == b.explicit && same_collation(&a.collation, &b.collation),
        _ => false,
    }
}

pub fn same_collation(a: &Collation, b: &Collation) -> bool {
    a.name().eq_ignore_ascii_case(b.name())
}

fn same_by(a: &Comparison, b: &Comparison) -> bool {
    a.affinity == b.affinity && same_collation(&a.collation, &b.collation)
}

pub fn same_function(a: &Function, b: &Function) -> bool {
    match (a, b) {
        (Function::Builtin(a), Function::Builtin(b)) => std::ptr::eq(*a, *b),
        (Function::User { function: a, .. }, Function::User { function: b, .. }) => std::sync::Arc::ptr_eq(a, b),
        _ => false,
    }
}

pub fn same_aggregate(a: &AggregateFunction, b: &AggregateFunction) -> bool {
    match (a, b) {
        (AggregateFunction::Builtin(a), AggregateFunction::Builtin(b)) => std::ptr::eq(*a, *b),
        (AggregateFunction::User { function: a, .. }, AggregateFunction::User { function: b, .. }) => {
            std::sync::Arc::ptr_eq(a, b)
        }
        _ => false,
    }
}

pub fn same_list(a: &[Expr], b: &[Expr]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

pub fn same_sort(a: &[SortKey], b: &[SortKey]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            a.descending == b.descending
                && a.nulls_first == b.nulls_first
                && same_collation(&a.collation, &b.collation)
                && same(&a.expr, &b.expr)
        })
}

fn same_under(a: &Expr, b: &Expr, r: Option<Renaming>) -> bool {
    use ExprKind as K;
    // `+x` differs from `x` in its affinity only.
    if a.affinity != b.affinity {
        return false;
    }
    let one = |a: &Expr, b: &Expr| same_under(a, b, r) && same_collations(a, b);
    let many = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| one(a, b));
    let option = |a: &Option<Box<Expr>>, b: &Option<Box<Expr>>| match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => one(a, b),
        _ => false,
    };
    let column = |a: &ColumnRef, b: &ColumnRef| {
        a.column == b.column
            && match r {
                // The row that is stood for may have the number of another source of the left expression.
                Some(Renaming(from, to)) if a.source == from || b.source == to => a.source == from && b.source == to,
                _ => a.source == b.source,
            }
    };
    match (&a.kind, &b.kind) {
        (K::Literal(a), K::Literal(b)) => a.as_ref().is_identical(b.as_ref()),
        (K::Parameter(a), K::Parameter(b)) => a == b,
        (K::Column(a), K::Column(b)) => column(a, b),
        (K::Generated { column: a, .. }, K::Generated { column: b, .. } | K::Column(b)) => column(a, b),
        (K::Column(a), K::Generated { column: b, .. }) => column(a, b),
        (K::Unary(x, a), K::Unary(y, b)) => x == y && one(a, b),
        (K::Arithmetic(x, a, c), K::Arithmetic(y, b, d)) => x == y && one(a, b) && one(c, d),
        (K::And(a), K::And(b)) | (K::Or(a), K::Or(b)) | (K::Coalesce(a), K::Coalesce(b)) => many(a, b),
        (K::Compare { op: x, left: a, right: c, by: p }, K::Compare { op: y, left: b, right: d, by: q }) => {
            x == y && same_by(p, q) && one(a, b) && one(c, d)
        }
        (K::CompareRows { op: x, left: a, right: c, .. }, K::CompareRows { op: y, left: b, right: d, .. }) => {
            x == y && many(a, b) && many(c, d)
        }
        (K::IsNull { negated: x, operand: a }, K::IsNull { negated: y, operand: b }) => x == y && one(a, b),
        (K::IsTruth { negated: x, truth: t, operand: a }, K::IsTruth { negated: y, truth: u, operand: b }) => {
            x == y && t == u && one(a, b)
        }
        (
            K::Between { negated: x, operand: a, low: c, high: e, .. },
            K::Between { negated: y, operand: b, low: d, high: f, .. },
        ) => x == y && one(a, b) && one(c, d) && one(e, f),
        (
            K::InList { negated: x, operand: a, items: c, by: p },
            K::InList { negated: y, operand: b, items: d, by: q },
        ) => x == y && same_by(p, q) && one(a, b) && many(c, d),
        (K::Case { operand: a, whens: c, otherwise: e }, K::Case { operand: b, whens: d, otherwise: f }) => {
            let when = |a: &When, b: &When| one(&a.when, &b.when) && one(&a.then, &b.then);
            option(a, b) && c.len() == d.len() && c.iter().zip(d).all(|(a, b)| when(a, b)) && option(e, f)
        }
        (K::Cast { operand: a, to: x }, K::Cast { operand: b, to: y }) => x == y && one(a, b),
        (K::Call(a), K::Call(b)) => same_function(&a.function, &b.function) && many(&a.args, &b.args),
        (K::Aggregate(a), K::Aggregate(b)) => a == b,
        // A window call is an entry of its own each time it is written; see `select` for equal ones.
        (K::Window(a), K::Window(b)) => a == b,
        _ => false,
    }
}
