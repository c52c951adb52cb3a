//! The rows of UNION, INTERSECT and EXCEPT, and of a compound that is sorted as a whole.

use std::sync::Arc;

use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rustc_hash::FxHashSet;

use super::context::Context;
use super::level::Kept;
use super::program::{QueryProgram, SortTerm};
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

/// The order of two records.
fn by_terms(terms: &[SortTerm], a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let column = |record, t: &SortTerm| record::column(record, t.column).unwrap_or(ValueRef::Null);
    terms
        .iter()
        .map(|t| sort_order(column(a, t), column(b, t), &t.collation, t.descending, t.nulls_first))
        .find(|o| o.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}
