//! The rows of UNION, INTERSECT and EXCEPT, and of a compound that is sorted as a whole: gathered, or merged where all
//! parts of a UNION or UNION ALL come in order.

use std::sync::Arc;

use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rustc_hash::FxHashSet;

use super::context::Context;
use super::level::Kept;
use super::program::{Merge, QueryProgram, SortTerm};
use super::run::{QueryRun, sort_order};
use super::scan::encode;
use super::sort::{Sorted, byte_order, encode_term};
use crate::error::Result;
use crate::plan::bound::CompoundOp;
use crate::store::record;

/// Rows as they came, as records, with their keys: rows that SQLite takes for the same have the same key.
#[derive(Default)]
struct Keyed {
    rows: Kept,
    keys: Kept,
}

impl Keyed {
    /// All rows of a query.
    fn of(program: &Arc<QueryProgram>, collations: &[Collation], inputs: &[Value], cx: &Context<'_>) -> Result<Keyed> {
        let mut run = QueryRun::new(program.clone(), inputs.to_vec());
        let (mut keyed, mut key) = (Keyed::default(), Vec::new());
        while run.next(cx)? {
            key.clear();
            for (i, collation) in collations.iter().enumerate() {
                encode(run.column(i), collation, false, &mut key);
            }
            keyed.keys.push_record(&key);
            keyed.rows.push((0..run.width()).map(|i| run.column(i)));
        }
        Ok(keyed)
    }

    fn push(&mut self, from: &Keyed, i: usize) {
        self.rows.push_record(from.rows.get(i));
        self.keys.push_record(from.keys.get(i));
    }

    fn append(&mut self, other: &Keyed) {
        (0..other.rows.len()).for_each(|i| self.push(other, i));
    }

    /// The rows in the order of their keys, of equal ones the first.
    fn distinct(&self) -> Keyed {
        let mut distinct = Keyed::default();
        let mut last = None;
        for i in byte_order(&self.keys) {
            let key = self.keys.get(i);
            if last != Some(key) {
                distinct.push(self, i);
                last = Some(key);
            }
        }
        distinct
    }
}

/// UNION, INTERSECT and EXCEPT come out sorted by the whole row; of equal rows UNION keeps the first of the right
/// side if it has one, the others the first of the left.
pub fn rows(
    first: &Arc<QueryProgram>,
    arms: &[(CompoundOp, Arc<QueryProgram>)],
    collations: &[Collation],
    sort: Option<&[SortTerm]>,
    inputs: &[Value],
    cx: &Context<'_>,
) -> Result<Sorted> {
    // Where rows are only put one behind the other, nothing asks for their keys.
    let is_compared = arms.iter().any(|(op, _)| *op != CompoundOp::UnionAll);
    let collations = if is_compared { collations } else { &[] };
    let mut left = Keyed::of(first, collations, inputs, cx)?;
    for (op, arm) in arms {
        let mut right = Keyed::of(arm, collations, inputs, cx)?;
        match op {
            CompoundOp::UnionAll => left.append(&right),
            CompoundOp::Union => {
                right.append(&left);
                left = right.distinct();
            }
            CompoundOp::Intersect | CompoundOp::Except => {
                let present: FxHashSet<&[u8]> = (0..right.keys.len()).map(|i| right.keys.get(i)).collect();
                let mut kept = Keyed::default();
                for i in 0..left.rows.len() {
                    if present.contains(left.keys.get(i)) == (*op == CompoundOp::Intersect) {
                        kept.push(&left, i);
                    }
                }
                left = kept.distinct();
            }
        }
    }
    let order = match sort {
        Some(terms) => sorted(&left.rows, terms),
        None => (0..left.rows.len()).collect(),
    };
    Ok(Sorted::new(left.rows, order))
}

/// The places of rows in the order of ORDER BY.
fn sorted(rows: &Kept, terms: &[SortTerm]) -> Vec<usize> {
    if terms.iter().any(|t| matches!(t.collation, Collation::Custom(_))) {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| by_terms(terms, rows.get(*a), rows.get(*b)));
        return order;
    }
    let (mut keys, mut key) = (Kept::default(), Vec::new());
    for i in 0..rows.len() {
        key.clear();
        for t in terms {
            let value = record::column(rows.get(i), t.column).unwrap_or(ValueRef::Null);
            encode_term(value, &t.collation, t.descending, t.nulls_first, &mut key);
        }
        keys.push_record(&key);
    }
    byte_order(&keys)
}

/// Parts in order, read side by side.
pub struct Merging {
    parts: Vec<Part>,
    /// The part whose row is the current one.
    at: Option<usize>,
    /// The key of the row before, for UNION.
    last: Option<Vec<u8>>,
}

/// A part at a row, of which it knows the key, or at its end.
struct Part {
    run: QueryRun,
    key: Vec<u8>,
    more: bool,
}

impl Part {
    fn advance(&mut self, terms: &[SortTerm], cx: &Context<'_>) -> Result<()> {
        self.more = self.run.next_of_part(cx)?;
        self.key.clear();
        if self.more {
            for t in terms {
                encode_term(self.run.column(t.column), &t.collation, t.descending, t.nulls_first, &mut self.key);
            }
        }
        Ok(())
    }
}

impl Merging {
    pub fn new(
        first: &Arc<QueryProgram>,
        arms: &[(CompoundOp, Arc<QueryProgram>)],
        inputs: &[Value],
        wanted: Option<i64>,
    ) -> Merging {
        let part = |program: &Arc<QueryProgram>| Part {
            run: QueryRun::new(program.clone(), inputs.to_vec()).wanting(wanted),
            key: Vec::new(),
            more: true,
        };
        let parts = std::iter::once(first).chain(arms.iter().map(|(_, arm)| arm)).map(part).collect();
        Merging { parts, at: None, last: None }
    }

    #[inline]
    pub fn column(&self, i: usize) -> ValueRef<'_> {
        self.at.map_or(ValueRef::Null, |at| self.parts[at].run.column(i))
    }

    /// The next row. Of equal ones UNION ALL gives those of the left side first, UNION the first of the rightmost part.
    pub fn next(&mut self, merge: &Merge, cx: &Context<'_>) -> Result<bool> {
        match self.at {
            Some(at) => self.parts[at].advance(&merge.terms, cx)?,
            None => self.parts.iter_mut().try_for_each(|part| part.advance(&merge.terms, cx))?,
        }
        loop {
            let rows = self.parts.iter().enumerate().filter(|(_, part)| part.more);
            let least = match merge.distinct {
                false => rows.min_by(|(_, a), (_, b)| a.key.cmp(&b.key)),
                true => rows.rev().min_by(|(_, a), (_, b)| a.key.cmp(&b.key)),
            };
            let Some((at, _)) = least else { return Ok(false) };
            self.at = Some(at);
            if !merge.distinct {
                return Ok(true);
            }
            let (left, part) = self.parts.split_at_mut(at);
            let Some(part) = part.first_mut() else { return Ok(false) };
            if self.last.as_ref() == Some(&part.key) {
                part.advance(&merge.terms, cx)?;
                continue;
            }
            for other in left {
                while other.more && other.key == part.key {
                    other.advance(&merge.terms, cx)?;
                }
            }
            self.last.get_or_insert_default().clone_from(&part.key);
            return Ok(true);
        }
    }
}

/// The order of two records.
fn by_terms(terms: &[SortTerm], a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let column = |record, t: &SortTerm| record::column(record, t.column).unwrap_or(ValueRef::Null);
    terms
        .iter()
        .map(|t| sort_order(column(a, t), column(b, t), &t.collation, t.descending, t.nulls_first))
        .find(|o| o.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}
