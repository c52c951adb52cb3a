//! Automatic indexes: for a join without an index SQLite sorts the inner rows once; here a hash table does the same
//! (https://sqlite.org/optoverview.html#autoindex).

use super::candidates::{Candidates, Sink};
use super::estimate::{self, Estimate, depth};
use super::loops::{Loop, flag};
use super::terms::{Left, Right, Term, op};
use crate::plan::bound::{JoinKind, ROWID, SourceKind};

impl<'q> Candidates<'_, 'q> {
    pub fn automatic(&self, i: usize, before: u64, rows: Estimate, sink: &mut Sink<'_>) {
        let source = &self.scope.sources[i];
        if !self.facts[i].automatic
            || matches!(sink, Sink::Arm(_))
            || matches!(source.join, JoinKind::Right | JoinKind::Full)
        {
            return;
        }
        for (t, term) in self.clause.terms.iter().enumerate() {
            if term.needs >> i & 1 == 1 || !self.drives_automatic(term, i) {
                continue;
            }
            let is_table = self.facts[i].is_table;
            let setup = depth(rows) + rows + if is_table { 28 } else { -25 };
            self.add(
                sink,
                Loop {
                    source: i,
                    needs: before | term.needs,
                    setup: setup.max(0),
                    run: estimate::add(depth(rows), 43),
                    out: 43,
                    flags: flag::AUTOMATIC,
                    equal: 1,
                    terms: vec![Some(t)],
                    ..Loop::default()
                },
            );
        }
    }

    /// Whether an automatic index on the left column of a term is of use.
    pub fn drives_automatic(&self, term: &Term<'q>, i: usize) -> bool {
        let Some(Left::Column(c)) = term.left else { return false };
        let source = &self.scope.sources[i];
        if c.source != source.id || term.ops & (op::EQ | op::IS) == 0 || c.column == ROWID {
            return false;
        }
        if !self.outer_agrees(term, i) || (term.ops & op::IS != 0 && source.join != JoinKind::Inner) {
            return false;
        }
        let affinity = match &source.kind {
            SourceKind::Table { table, .. } => table.columns.get(usize::from(c.column)).map(|c| c.affinity),
            SourceKind::Query { query, .. } => query.columns.get(usize::from(c.column)).map(|c| c.affinity),
            SourceKind::Cte { cte } => cte.columns.get(usize::from(c.column)).map(|c| c.affinity),
            _ => None,
        };
        let custom = matches!(term.by.collation, heliosdb_udfs::value::Collation::Custom(_));
        affinity.is_some_and(|a| super::scan::affinity_fits(term.by.affinity, a))
            && !custom
            && matches!(term.right, Right::One(_))
    }
}
