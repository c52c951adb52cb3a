//! Whether the values of an IN subquery are stored as a whole where they can be looked up: by a rowid or by an index
//! (https://sqlite.org/eqp.html).

use heliosdb_udfs::value::{Affinity, Collation};

use crate::catalog::{IndexTerm, Table, TableKind};
use crate::plan::bound::{Body, ColumnRef, Comparison, ExprKind, Query, ROWID, Select, SourceKind};
use crate::row::node::StoredSet;

/// How `x IN (query)` is answered without running the query: it must be `SELECT column FROM table` and nothing else.
pub fn stored_set(query: &Query, by: &[Comparison]) -> Option<StoredSet> {
    let (Body::Select(select), [by]) = (&query.body, by) else { return None };
    let ([source], [output]) = (&select.sources[..], &select.output[..]) else { return None };
    if !takes_all_rows(select) || query.limit.is_some() || query.offset.is_some() {
        return None;
    }
    let SourceKind::Table { database, table, .. } = &source.kind else { return None };
    let (ExprKind::Column(ColumnRef { source: of, column })
    | ExprKind::Generated { column: ColumnRef { source: of, column }, .. }) = &output.kind
    else {
        return None;
    };
    // (`+column` has no affinity.)
    let is_bare = output.affinity != Affinity::None && output.collation.as_ref().is_none_or(|c| !c.explicit);
    if !is_bare || *of != source.id || matches!(table.kind, TableKind::Virtual { .. }) {
        return None;
    }
    if *column == ROWID || table.rowid_alias() == Some(*column) {
        return Some(StoredSet { database: *database, table: table.clone(), index: None });
    }
    let index = table.indexes.iter().find(|index| {
        let first = index.columns.first();
        index.filter.is_none()
            && first.is_some_and(|first| {
                matches!(first.term, IndexTerm::Column(c) if c == *column)
                    && Collation::built_in(&first.collation).is_some_and(|own| own.name() == by.collation.name())
            })
    });
    let index = index.filter(|_| stored_as_compared(table, *column, by.affinity))?;
    Some(StoredSet { database: *database, table: table.clone(), index: Some(index.clone()) })
}

fn takes_all_rows(select: &Select) -> bool {
    select.filter.is_none() && select.group_by.is_none() && select.having.is_none() && select.windows.is_empty()
}

/// Whether the affinity of a comparison leaves the values of a column as they are.
fn stored_as_compared(table: &Table, column: u16, affinity: Affinity) -> bool {
    let stored = table.columns[usize::from(column)].affinity;
    match affinity {
        Affinity::None | Affinity::Blob => true,
        Affinity::Text => stored == Affinity::Text,
        _ => stored.is_numeric(),
    }
}
