//! Automatic indexes: for a join without an index SQLite sorts the inner rows once; here a hash table does the same
//! (https://sqlite.org/optoverview.html#autoindex).

use super::candidates::{Candidates, Sink};
use super::estimate::{self, Estimate, depth};
use super::loops::{Loop, flag};
use super::terms::{Left, Right, Term, op};
use crate::catalog::{IndexColumn, IndexTerm};
use crate::plan::bound::{Free, JoinKind, ROWID, SourceKind};
use crate::plan::walk;
use heliosdb_udfs::value::Collation;

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

    /// Whether a condition tells of a row alone, or of none, that an automatic index need not hold it.
    pub fn leaves_out(&self, term: &Term<'q>, i: usize) -> bool {
        let source = &self.scope.sources[i];
        let kept = self.scope.keeps_right(i + 1);
        let agrees = match source.join {
            JoinKind::Left => term.outer == Some(i),
            _ => term.outer.is_none(),
        };
        let mut own = true;
        walk::references(term.expr, &mut |f| own &= matches!(f, Free::Column(c) if c.source == source.id));
        !kept && agrees && own && !walk::any(term.expr, &|e| walk::query(e).is_some())
    }

    /// Whether SQLite asks a Bloom filter before it seeks by these columns: equal values must have equal bytes.
    fn may_filter(&self, one: &Loop, placed: u64) -> bool {
        let binary = |t: &usize| matches!(self.clause.terms[*t].by.collation, Collation::Binary);
        if !one.has(flag::AUTOMATIC) {
            return one.has(flag::ROWID) || one.terms.iter().take(one.equal).flatten().all(binary);
        }
        // (One equality for each column, the first.)
        let mut columns = Vec::new();
        self.clause.terms.iter().all(|t| {
            let Some(Left::Column(c)) = t.left else { return true };
            if t.needs & !placed != 0 || columns.contains(&c.column) || !self.drives_automatic(t, one.source) {
                return true;
            }
            columns.push(c.column);
            matches!(t.by.collation, Collation::Binary)
        })
    }

    /// The loops of a chain that a Bloom filter is asked before: automatic indexes, and those that are sought by more
    /// often than they have rows, as ANALYZE tells; bits by position.
    pub fn filtered<'l>(&self, loops: impl Iterator<Item = &'l Loop>) -> u64 {
        let mut searches = 0;
        let mut placed = 0u64;
        let mut analyzed = true;
        let mut found = 0;
        for (n, one) in loops.enumerate() {
            let size = &self.facts[one.source].size;
            analyzed &= self.facts[one.source].is_table && size.analyzed;
            let sought = one.has(flag::SELF_CULLING) && one.has(flag::EQUAL) && !one.has(flag::AUTOMATIC | flag::OR);
            let often = analyzed && n > 0 && sought && searches > size.rows;
            if (one.has(flag::AUTOMATIC) || often) && self.may_filter(one, placed) {
                found |= 1 << n;
            }
            placed |= 1 << one.source;
            searches += one.out;
        }
        found
    }

    /// Whether an automatic index on the left column of a term is of use.
    pub fn drives_automatic(&self, term: &Term<'q>, i: usize) -> bool {
        let Some(Left::Column(c)) = term.left else { return false };
        let source = &self.scope.sources[i];
        if c.source != source.id || term.ops & (op::EQ | op::IS) == 0 || c.column == ROWID {
            return false;
        }
        if !self.outer_agrees(term, i) || self.has_index_on(i, c.column) {
            return false;
        }
        let affinity = match &source.kind {
            // What is not stored is not hashed.
            SourceKind::Table { table, .. } => {
                table.columns.get(usize::from(c.column)).filter(|c| c.is_stored()).map(|c| c.affinity)
            }
            SourceKind::Query { query, .. } => query.columns.get(usize::from(c.column)).map(|c| c.affinity),
            SourceKind::Cte { cte } => cte.columns.get(usize::from(c.column)).map(|c| c.affinity),
            _ => None,
        };
        let custom = matches!(term.by.collation, heliosdb_udfs::value::Collation::Custom(_));
        affinity.is_some_and(|a| super::scan::affinity_fits(term.by.affinity, a))
            && !custom
            && matches!(term.right, Right::One(_))
    }

    /// Whether an index begins with a column, or tells little by it: another one on it would not pay.
    fn has_index_on(&self, i: usize, column: u16) -> bool {
        self.facts[i].size.indexes.iter().any(|one| {
            let is_own = |c: &IndexColumn| matches!(c.term, IndexTerm::Column(own) if own == column);
            match one.index.columns.iter().position(is_own) {
                Some(0) => true,
                Some(at) => one.analyzed && one.rows.get(at + 1).is_some_and(|rows| *rows > 20),
                None => false,
            }
        })
    }
}
