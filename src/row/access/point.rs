//! The short way of the most frequent query: one table, one row by its rowid. Nothing else can cost less, so nothing
//! else is weighed.

use super::estimate::TableSize;
use super::facts::Facts;
use super::loops::{Loop, flag};
use super::terms::{Clause, Left, Right, Scope, op};
use crate::plan::bound::{ColumnRef, IndexHint, ROWID, SourceKind};

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
