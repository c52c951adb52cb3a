//! Whether a query's conditions imply the condition of a partial index
//! (https://sqlite.org/partialindex.html#queries_using_partial_indexes).

use super::facts::is_same;
use super::terms::{Clause, Term, conjuncts};
use crate::catalog::Table;
use crate::plan::bound::{ColumnRef, CompareOp, Expr, ExprKind, SourceId};
use crate::plan::walk;

/// Every AND-term of `filter` (over `row`) follows from some term; for the right side of an outer join only terms of its ON.
/// What is always true of the table's rows SQLite has taken out of the conditions before it looks.
pub fn by_clause(
    clause: &Clause<'_>,
    filter: &Expr,
    row: SourceId,
    source: SourceId,
    table: &Table,
    outer: Option<usize>,
) -> bool {
    let never_null = |c: &ColumnRef| {
        let column = table.columns.get(usize::from(c.column));
        outer.is_none() && c.source == source && column.is_none_or(|c| c.not_null.is_some())
    };
    let is_told = |e: &Expr| match &e.kind {
        ExprKind::IsNull { negated: true, operand } => match &operand.kind {
            ExprKind::Column(c) | ExprKind::Generated { column: c, .. } => never_null(c),
            _ => false,
        },
        _ => false,
    };
    conjuncts(filter).into_iter().all(|wanted| {
        clause.terms.iter().filter(|t| !t.not_null && !is_told(t.expr)).any(|t| {
            let counts = match outer {
                Some(_) => t.outer == outer,
                None => t.outer.is_none(),
            };
            counts && (follows(t.expr, wanted, row, source) || t.like && ranges(t, wanted, row, source))
        })
    })
}

fn follows(known: &Expr, wanted: &Expr, row: SourceId, source: SourceId) -> bool {
    if has_parameter(known) {
        // What a parameter will be is not known yet; that something is compared is.
        return not_null_wanted(known, wanted, row, source);
    }
    if is_same(known, source, wanted, row) {
        return true;
    }
    if let ExprKind::Or(arms) = &wanted.kind
        && arms.iter().any(|arm| follows(known, arm, row, source))
    {
        return true;
    }
    not_null_wanted(known, wanted, row, source)
}

/// A column that a LIKE or GLOB pattern gives a range is not NULL.
fn ranges(term: &Term<'_>, wanted: &Expr, row: SourceId, source: SourceId) -> bool {
    let (ExprKind::Call(call), ExprKind::IsNull { negated: true, operand }) = (&term.expr.kind, &wanted.kind) else {
        return false;
    };
    call.args.get(1).is_some_and(|column| is_same(column, source, operand, row))
}

fn has_parameter(e: &Expr) -> bool {
    walk::any(e, &|e| matches!(e.kind, ExprKind::Parameter(_)))
}

fn not_null_wanted(known: &Expr, wanted: &Expr, row: SourceId, source: SourceId) -> bool {
    match &wanted.kind {
        ExprKind::IsNull { negated: true, operand } => {
            // `+x` is not NULL if x is not.
            let is_wanted = |e: &Expr| is_same(&Expr { affinity: operand.affinity, ..e.clone() }, source, operand, row);
            not_null(known, &is_wanted, false)
        }
        _ => false,
    }
}

/// Whether `e` can only be true if what `wanted` recognises is not NULL. `strict`: e itself must not be NULL.
fn not_null(e: &Expr, wanted: &dyn Fn(&Expr) -> bool, strict: bool) -> bool {
    if wanted(e) {
        return true;
    }
    match &e.kind {
        ExprKind::IsNull { negated: true, operand } => !strict && not_null(operand, wanted, true),
        ExprKind::InList { operand, .. } => not_null(operand, wanted, true),
        // (NULL NOT IN (…) is true of no rows.)
        ExprKind::InQuery { negated: false, operand, .. } => {
            !strict && operand.len() == 1 && operand.iter().all(|o| not_null(o, wanted, true))
        }
        ExprKind::Between { negated: false, operand, low, high, .. } if !strict => {
            [operand, low, high].into_iter().any(|x| not_null(x, wanted, true))
        }
        ExprKind::Compare { op, left, right, .. } => {
            !matches!(op, CompareOp::Is | CompareOp::IsNot)
                && (not_null(left, wanted, true) || not_null(right, wanted, true))
        }
        ExprKind::Arithmetic(_, left, right) => not_null(left, wanted, true) || not_null(right, wanted, true),
        ExprKind::Unary(_, operand) => not_null(operand, wanted, true),
        _ => false,
    }
}
