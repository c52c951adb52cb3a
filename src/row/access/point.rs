//! The short way of the most frequent query: one table, one row by its rowid. Nothing else can cost less, so nothing
//! else is weighed.

use super::estimate::TableSize;
use super::facts::Facts;
use super::loops::{Loop, flag};
use super::request::Setting;
use super::terms::{Clause, Left, Right, Scope, conjuncts, op};
use super::{Plan, volatile};
use crate::error::Result;
use crate::plan::bound::{ColumnRef, CompareOp, Expr, ExprKind, IndexHint, ROWID, Select, Source, SourceKind};
use crate::row::lower::{Layout, Lower};
use crate::row::program::{Access, LevelProgram, SeekTerm, SourceProgram};

/// The plan of a query that wants nothing but the row: no order, no grouping. `None` where there is more to look at.
pub fn plan(lower: &mut Lower<'_>, select: &Select, setting: &Setting<'_>, scope: &Scope<'_>) -> Result<Option<Plan>> {
    let ([source], Some(filter)) = (&select.sources[..], &select.filter) else { return Ok(None) };
    let SourceKind::Table { database, table, hint: IndexHint::None } = &source.kind else { return Ok(None) };
    let is_bare = select.group_by.is_none() && select.windows.is_empty() && select.distinct.is_none();
    let is_alone = source.on.is_none() && setting.order_by.is_empty() && setting.exists.is_empty();
    if !is_bare || !is_alone || !table.has_rowid() || table.is_virtual() {
        return Ok(None);
    }
    let terms = conjuncts(filter);
    // (A list of one value finds the row as well.)
    let first = terms.iter().find_map(|e| match &e.kind {
        ExprKind::InList { .. } => Some(None),
        _ => rowid_value(scope, source, e).map(|found| Some((*e, found))),
    });
    let Some(Some((sought, (op, value)))) = first else { return Ok(None) };
    lower.add_level(source.id, 0, Layout::Table(table.clone()));
    let mut plan = Plan::of(lower.runs.min(48));
    let is_free = |e: &Expr| scope.sources_of(e) == 0 && !volatile::expr(e);
    for e in terms.iter().filter(|e| is_free(e)) {
        plan.precondition.push(lower.node(e)?);
    }
    lower.runs = lower.runs.saturating_add(plan.rows);
    let value = lower.node(value)?;
    let keys = if op == CompareOp::Is { SeekTerm::Is(value) } else { SeekTerm::Equal(value) };
    let access = Access::Rowids { keys, reverse: false };
    let mut level =
        LevelProgram::of(source, SourceProgram::Table { database: *database, table: table.clone(), access });
    let is_sought = |e: &Expr| op == CompareOp::Equal && std::ptr::eq(e, sought);
    for e in terms.iter().filter(|e| !is_sought(e) && !is_free(e)) {
        level.filters.push(lower.node(e)?);
    }
    plan.levels = vec![level];
    Ok(Some(plan))
}

/// What a condition compares the rowid with, if nothing of the row is needed for it.
fn rowid_value<'q>(scope: &Scope<'q>, source: &Source, e: &'q Expr) -> Option<(CompareOp, &'q Expr)> {
    let ExprKind::Compare { op: op @ (CompareOp::Equal | CompareOp::Is), left, right, .. } = &e.kind else {
        return None;
    };
    let rowid = ColumnRef { source: source.id, column: ROWID };
    let finds = |a: &Expr, b: &Expr| scope.column(a) == Some(rowid) && scope.sources_of(b) == 0;
    match () {
        _ if finds(left, right) => Some((*op, right)),
        _ if finds(right, left) => Some((*op, left)),
        _ => None,
    }
}

/// The loop that finds the row, if the query is such a one.
pub fn loop_of(scope: &Scope<'_>, clause: &Clause<'_>) -> Option<Loop> {
    let [source] = scope.sources else { return None };
    let SourceKind::Table { table, hint: IndexHint::None, .. } = &source.kind else { return None };
    if !table.has_rowid() || table.is_virtual() {
        return None;
    }
    let rowid = ColumnRef { source: source.id, column: ROWID };
    let is_point = |t: &super::terms::Term<'_>| {
        matches!(t.left, Some(Left::Column(c)) if c == rowid)
            && matches!(t.right, Right::One(_))
            && t.ops & (op::EQ | op::IS) != 0
            && t.needs == 0
    };
    let term = clause.terms.iter().position(is_point)?;
    let flags = flag::ROWID | flag::EQUAL | flag::ONE_ROW;
    Some(Loop { flags, run: 33, equal: 1, terms: vec![Some(term)], ..Loop::default() })
}

/// What it needs to know of its table.
pub fn facts() -> Facts {
    Facts {
        size: TableSize { rows: 0, width: 0, analyzed: false, indexes: Vec::new() },
        indexes: Vec::new(),
        used: Default::default(),
        has_rowid: true,
        is_table: true,
        automatic: false,
        hinted: None,
        not_indexed: false,
        rows: 0,
    }
}
