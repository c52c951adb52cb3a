//! Finding the terms that constrain one column of an index, through equivalent columns too.

use heliosdb_udfs::value::{Affinity, Collation};

use super::candidates::Candidates;
use super::facts::{KeyTerm, is_same};
use super::seek::Probe;
use super::terms::{Clause, Left, Right, Scope, Term, op};
use crate::plan::bound::{ColumnRef, ROWID};

pub struct Scan<'s, 'p, 'q> {
    pub candidates: &'s Candidates<'p, 'q>,
    pub probe: &'s Probe<'s>,
}

/// Columns that a chain of equalities may go through.
const EQUIVALENTS_MAX: usize = 11;

/// Calls `visit` with the terms on a column and on those it is equal to, until it says that it has enough.
pub fn through_equals<'q>(
    scope: &Scope<'q>,
    clause: &Clause<'q>,
    origin: ColumnRef,
    mask: u16,
    visit: &mut dyn FnMut(usize, &Term<'q>) -> bool,
) {
    let mut equivalents = vec![origin];
    let mut n = 0;
    while n < equivalents.len() {
        let wanted = equivalents[n];
        for (t, term) in clause.terms.iter().enumerate() {
            let Some(Left::Column(c)) = term.left else { continue };
            if c != wanted || (n > 0 && term.outer.is_some()) {
                continue;
            }
            let right = match &term.right {
                Right::One(e) => scope.column(e),
                _ => None,
            };
            if let Some(other) = right
                && term.ops & op::EQUIVALENT != 0
                && equivalents.len() < EQUIVALENTS_MAX
                && !equivalents.contains(&other)
            {
                equivalents.push(other);
            }
            let to_itself = term.ops & (op::EQ | op::IS) != 0 && right == Some(origin);
            if term.ops & mask != 0 && !to_itself && !visit(t, term) {
                return;
            }
        }
        n += 1;
    }
}

impl<'q> Scan<'_, '_, 'q> {
    /// Terms on the column at position `at` of the key.
    pub fn terms(&self, at: usize, mask: u16) -> Vec<usize> {
        let source = &self.candidates.scope.sources[self.probe.source];
        let clause = self.candidates.clause;
        let key = self.probe.facts.map(|f| &f.keys[at]);
        let mut found = Vec::new();
        let column = match key.map(|k| &k.term) {
            None => ROWID,
            Some(KeyTerm::Column(c)) => *c,
            Some(KeyTerm::Expr(expr)) => {
                let row = self.probe.facts.map_or(source.id, |f| f.row);
                for (t, term) in clause.terms.iter().enumerate() {
                    let Some(Left::Expr(e)) = term.left else { continue };
                    if term.ops & mask != 0 && is_same(e, source.id, expr, row) && self.agrees(term, at) {
                        found.push(t);
                    }
                }
                return found;
            }
        };
        let origin = ColumnRef { source: source.id, column };
        through_equals(self.candidates.scope, clause, origin, mask, &mut |t, term| {
            if self.agrees(term, at) {
                found.push(t);
            }
            true
        });
        found
    }

    /// Whether the comparison is made as the index is ordered. Rowids are compared as they are.
    fn agrees(&self, term: &Term<'q>, at: usize) -> bool {
        let Some(key) = self.probe.facts.map(|f| &f.keys[at]) else { return true };
        if matches!(key.term, KeyTerm::Column(ROWID)) || term.ops & op::NULL != 0 || term.not_null {
            return true;
        }
        fits(&term.by.affinity, &term.by.collation, key.affinity, &key.collation)
    }
}

fn fits(by: &Affinity, by_collation: &Collation, affinity: Affinity, collation: &Collation) -> bool {
    affinity_fits(*by, affinity)
        && by_collation.name().eq_ignore_ascii_case(collation.name())
        && !matches!(by_collation, Collation::Custom(_))
}

/// Whether a comparison under `comparison` orders values as the column's stored values are ordered.
pub fn affinity_fits(comparison: Affinity, column: Affinity) -> bool {
    match comparison {
        Affinity::None | Affinity::Blob | Affinity::FlexNum => true,
        Affinity::Text => column == Affinity::Text,
        _ => column.is_numeric(),
    }
}

/// The affinity of a comparison of two operands.
fn compared_by(left: Affinity, right: Affinity) -> Affinity {
    match (left, right) {
        (Affinity::None, one) | (one, Affinity::None) => one,
        (left, right) if left.is_numeric() || right.is_numeric() => Affinity::Numeric,
        _ => Affinity::Blob,
    }
}

impl<'q> Candidates<'_, 'q> {
    /// How many columns of the key a comparison of rows bounds.
    pub fn row_length(&self, probe: &Probe<'_>, term: &Term<'q>, at: usize) -> usize {
        let (Some(facts), Right::Row(values)) = (probe.facts, &term.right) else { return 1 };
        let source = self.scope.sources[probe.source].id;
        let mut n = 1;
        let columns = if facts.primary { facts.declared } else { facts.keys.len() };
        while n < term.lefts.len() && at + n < columns {
            let (key, by) = (&facts.keys[at + n], &term.more_by[n]);
            let same_column = self
                .scope
                .column(&term.lefts[n])
                .is_some_and(|c| c.source == source && matches!(key.term, KeyTerm::Column(own) if own == c.column));
            let same_way = key.descending == facts.keys[at].descending;
            if !same_column
                || !same_way
                || compared_by(term.lefts[n].affinity, values[n].affinity) != key.affinity
                || !by.collation.name().eq_ignore_ascii_case(key.collation.name())
                || self.scope.sources_of(&values[n]) >> probe.source & 1 == 1
            {
                break;
            }
            n += 1;
        }
        n
    }
}
