//! Sorting rows: stable, and bounded when the caller takes only the first few.
//!
//! A row is kept as a packed record, its sort terms as one string of bytes in the wanted order. Text under a collation
//! of the host has no such form: then the terms are kept as values.

use std::cmp::Ordering;

use heliosdb_udfs::value::{Collation, Value, ValueRef};

use super::level::Kept;
use super::program::SortKeyProgram;
use super::run::sort_order;
use super::scan::encode;

/// Rows that are gathered, at the least, before those past the wanted ones are thrown away.
const CUT_MIN: usize = 512;

pub struct Sorter<'p> {
    terms: &'p [SortKeyProgram],
    rows: Kept,
    keys: Keys,
    /// The key of the row at hand: its bytes, or its values.
    key: Vec<u8>,
    values: Vec<Value>,
    /// Keep no more than this many.
    keep: Option<usize>,
    /// Rows that have been taken in.
    taken: usize,
    /// How the key of the last row began that is surely wanted, where rows come in the order of leading terms.
    last: Option<Vec<u8>>,
    /// Rows were thrown away: those still to come must sort before the row at this place, the last of those kept.
    limit: Option<usize>,
}

enum Keys {
    Bytes(Kept),
    Values(Vec<Vec<Value>>),
}

/// Sorted rows, one after the other.
pub struct Sorted {
    rows: Kept,
    order: Vec<usize>,
    /// Counts from 1.
    at: usize,
}

impl<'p> Sorter<'p> {
    pub fn new(terms: &'p [SortKeyProgram], wanted: Option<i64>) -> Sorter<'p> {
        let custom = terms.iter().any(|t| matches!(t.collation, Collation::Custom(_)));
        Sorter {
            terms,
            rows: Kept::default(),
            keys: if custom { Keys::Values(Vec::new()) } else { Keys::Bytes(Kept::default()) },
            key: Vec::new(),
            values: Vec::new(),
            keep: wanted.and_then(|w| usize::try_from(w).ok()),
            taken: 0,
            last: None,
            limit: None,
        }
    }

    /// A row arrives: its terms follow, in order.
    pub fn begin(&mut self) {
        self.key.clear();
        self.values.clear();
    }

    /// The value of term `i` of the row at hand.
    #[inline]
    pub fn term(&mut self, i: usize, value: ValueRef<'_>) {
        let term = &self.terms[i];
        if matches!(self.keys, Keys::Values(_)) {
            self.values.push(value.to_owned());
            return;
        }
        encode_term(value, &term.collation, term.descending, term.nulls_first, &mut self.key);
    }

    /// The row at hand has told the terms in whose order rows come: whether it is past all that are wanted, and so are
    /// those behind it.
    pub fn is_past(&mut self) -> bool {
        if matches!(self.keys, Keys::Values(_)) || self.keep.is_none_or(|keep| self.taken < keep) {
            return false;
        }
        match &self.last {
            Some(last) => *last != self.key,
            None => false,
        }
    }

    /// The row at hand has told the terms in whose order rows come, and is one of the first that are wanted.
    pub fn note(&mut self) {
        if self.keep == Some(self.taken + 1) {
            self.last = Some(self.key.clone());
        }
    }

    /// Whether the row at hand can be among those kept.
    #[inline]
    pub fn wants(&self) -> bool {
        if self.keep == Some(0) {
            return false;
        }
        let Some(limit) = self.limit else { return true };
        match &self.keys {
            Keys::Bytes(keys) => self.key.as_slice() < keys.get(limit),
            Keys::Values(keys) => order(self.terms, &self.values, &keys[limit]) == Ordering::Less,
        }
    }

    /// Takes the row at hand in.
    pub fn push<'v>(&mut self, row: impl IntoIterator<Item = ValueRef<'v>>) {
        self.rows.push(row);
        self.taken += 1;
        match &mut self.keys {
            Keys::Bytes(keys) => keys.push_record(&self.key),
            Keys::Values(keys) => keys.push(std::mem::take(&mut self.values)),
        }
        if let Some(keep) = self.keep
            && self.rows.len() >= keep.saturating_mul(2).max(CUT_MIN)
        {
            self.cut(keep);
        }
    }

    /// Throws the rows behind the first `keep` away. The others stay as they arrived.
    fn cut(&mut self, keep: usize) {
        let mut first: Vec<usize> = (0..self.rows.len()).collect();
        let (_, last, _) = first.select_nth_unstable_by(keep - 1, |a, b| match &self.keys {
            Keys::Bytes(keys) => keys.get(*a).cmp(keys.get(*b)).then(a.cmp(b)),
            Keys::Values(keys) => order(self.terms, &keys[*a], &keys[*b]).then(a.cmp(b)),
        });
        let last = *last;
        first.truncate(keep);
        first.sort_unstable();
        self.limit = first.iter().position(|i| *i == last);
        let mut rows = Kept::default();
        first.iter().for_each(|i| rows.push_record(self.rows.get(*i)));
        self.rows = rows;
        match &mut self.keys {
            Keys::Bytes(keys) => {
                let mut kept = Kept::default();
                first.iter().for_each(|i| kept.push_record(keys.get(*i)));
                *keys = kept;
            }
            Keys::Values(keys) => *keys = first.iter().map(|i| std::mem::take(&mut keys[*i])).collect(),
        }
    }

    /// The places of the rows in their order.
    fn order(&self) -> Vec<usize> {
        match &self.keys {
            Keys::Bytes(keys) => byte_order(keys),
            Keys::Values(keys) => {
                let mut places: Vec<usize> = (0..keys.len()).collect();
                places.sort_by(|a, b| order(self.terms, &keys[*a], &keys[*b]));
                places
            }
        }
    }

    pub fn finish(self) -> Sorted {
        let mut order = self.order();
        order.truncate(self.keep.unwrap_or(usize::MAX));
        Sorted::new(self.rows, order)
    }
}

/// Adds the value of a sort term to the bytes that a row is sorted by.
#[inline]
pub fn encode_term(value: ValueRef<'_>, by: &Collation, descending: bool, nulls_first: bool, key: &mut Vec<u8>) {
    if nulls_first == descending {
        // NULL does not stand where the encoding puts it.
        key.push(u8::from(value.is_null() != nulls_first));
    }
    encode(value, by, descending, key);
}

/// The places of keys in the order of their bytes, equal ones as they arrived.
///
/// Eight bytes decide at a time, and what all keys of a part begin with is passed over, so that the keys themselves
/// are read one after the other rather than at each comparison.
pub fn byte_order(keys: &Kept) -> Vec<usize> {
    let mut places: Vec<(u64, usize)> = (0..keys.len()).map(|i| (0, i)).collect();
    // Parts whose keys are equal up to some byte.
    let mut parts = vec![(0..places.len(), 0)];
    while let Some((range, from)) = parts.pop() {
        let start = range.start;
        let part = &mut places[range];
        let Some(from) = decisive(keys, part, from) else {
            part.sort_unstable_by_key(|(_, i)| *i);
            continue;
        };
        for (head, i) in part.iter_mut() {
            let rest = keys.get(*i).get(from..).unwrap_or_default();
            let mut bytes = [0; 8];
            let len = rest.len().min(8);
            bytes[..len].copy_from_slice(&rest[..len]);
            *head = u64::from_be_bytes(bytes);
        }
        part.sort_unstable();
        let mut at = start;
        for same in part.chunk_by(|a, b| a.0 == b.0) {
            if same.len() > 1 {
                parts.push((at..at + same.len(), from + 8));
            }
            at += same.len();
        }
    }
    places.into_iter().map(|(_, i)| i).collect()
}

/// The first byte from `from` on in which keys differ; `None` if they are equal.
fn decisive(keys: &Kept, part: &[(u64, usize)], from: usize) -> Option<usize> {
    let tail = |i: usize| keys.get(i).get(from..).unwrap_or_default();
    let first = tail(part.first()?.1);
    let mut common = first.len();
    for (_, i) in part {
        let key = tail(*i);
        if key.get(..common) != Some(&first[..common]) {
            common = first.iter().zip(key).take_while(|(a, b)| a == b).count();
        }
    }
    (common < first.len()).then_some(from + common)
}

fn order(terms: &[SortKeyProgram], a: &[Value], b: &[Value]) -> Ordering {
    terms
        .iter()
        .zip(a.iter().zip(b))
        .map(|(t, (x, y))| sort_order(x.as_ref(), y.as_ref(), &t.collation, t.descending, t.nulls_first))
        .find(|o| *o != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

impl Sorted {
    /// The rows at these places.
    pub fn new(rows: Kept, order: Vec<usize>) -> Sorted {
        Sorted { rows, order, at: 0 }
    }

    /// Moves to the next row; false at the end.
    pub fn advance(&mut self) -> bool {
        self.at += 1;
        self.at <= self.order.len()
    }

    /// The packed record of the current row.
    #[inline]
    pub fn record(&self) -> &[u8] {
        match self.at.checked_sub(1).and_then(|i| self.order.get(i)) {
            Some(i) => self.rows.get(*i),
            None => &[],
        }
    }
}
