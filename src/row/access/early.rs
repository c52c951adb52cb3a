//! Conditions that the key of an index decides: they are looked at before the table's row is read, and before all others.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::candidates::Candidates;
use super::facts::{Facts, IndexFacts, wanted};
use super::loops::Loop;
use super::place::covered;
use crate::plan::bound::{Expr, ROWID, SourceId, SourceKind};
use crate::plan::walk;
use crate::row::program::{Access, Early, LevelProgram, SourceProgram};

/// A loop that reads rows of a table by an index which does not hold all that is wanted.
pub struct ByKey<'p> {
    facts: &'p Facts,
    index: &'p IndexFacts,
    source: SourceId,
    alias: Option<u16>,
}

impl<'p> ByKey<'p> {
    pub fn of(c: &Candidates<'p, '_>, one: &Loop, level: &LevelProgram) -> Option<ByKey<'p>> {
        let source = &c.scope.sources[one.source];
        let SourceKind::Table { table, .. } = &source.kind else { return None };
        let reads_rows =
            matches!(level.source, SourceProgram::Table { access: Access::Index { covered: None, .. }, .. });
        if !reads_rows || c.writes || !level.is_plain() || level.whole.is_some() {
            return None;
        }
        let facts = &c.facts[one.source];
        let index = facts.indexes.get(one.index)?;
        Some(ByKey { facts, index, source: source.id, alias: table.rowid_alias() })
    }

    fn columns(&self, e: &Expr) -> FxHashSet<u16> {
        let mut used = FxHashSet::default();
        wanted(e, self.source, &|_| false, &mut used);
        used.remove(&ROWID);
        if let Some(alias) = self.alias {
            used.remove(&alias);
        }
        used
    }

    /// Whether the key tells all that a condition reads of the row.
    pub fn decides(&self, e: &Expr) -> bool {
        let asks = |e: &Expr| walk::query(e).is_some();
        !walk::any(e, &asks) && covered(&self.columns(e), self.facts, self.index).is_some()
    }

    /// The first conditions of a level, all of which the key decides.
    pub fn early(&self, conditions: &[&Expr]) -> Option<Early> {
        let mut used = FxHashSet::default();
        conditions.iter().for_each(|e| used.extend(self.columns(e)));
        let covered = Arc::new(covered(&used, self.facts, self.index)?);
        (!conditions.is_empty()).then_some(Early { count: conditions.len(), covered })
    }
}
