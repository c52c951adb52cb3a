//! Sorting rows that are kept as values: stable, and bounded when the caller takes only the first few.

use std::cmp::Ordering;

use heliosdb_udfs::value::Value;

use super::program::SortKeyProgram;
use super::run::sort_order;

pub struct Sorter<'p> {
    terms: &'p [SortKeyProgram],
    /// Keys, arrival number, row.
    rows: Vec<(Vec<Value>, usize, Vec<Value>)>,
    arrived: usize,
    /// Keep no more than this many.
    keep: Option<usize>,
}

impl<'p> Sorter<'p> {
    pub fn new(terms: &'p [SortKeyProgram], wanted: Option<i64>) -> Sorter<'p> {
        let keep = wanted.and_then(|w| usize::try_from(w).ok());
        Sorter { terms, rows: Vec::new(), arrived: 0, keep }
    }

    fn order(&self, a: &[Value], b: &[Value]) -> Ordering {
        self.terms
            .iter()
            .zip(a.iter().zip(b))
            .map(|(t, (x, y))| sort_order(x.as_ref(), y.as_ref(), &t.collation, t.descending, t.nulls_first))
            .find(|o| *o != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }

    /// Whether a row with these keys can be among the rows kept. After a cut the last kept row is the limit.
    pub fn wants(&self, keys: &[Value]) -> bool {
        match self.keep {
            Some(0) => false,
            Some(n) if self.rows.len() >= n && self.is_cut() => self.order(keys, &self.rows[n - 1].0) == Ordering::Less,
            _ => true,
        }
    }

    /// Whether the first `keep` rows are in order.
    fn is_cut(&self) -> bool {
        self.arrived > 0 && self.keep.is_some_and(|n| self.arrived >= 2 * n.max(8))
    }

    pub fn push(&mut self, keys: Vec<Value>, row: Vec<Value>) {
        self.rows.push((keys, self.arrived, row));
        self.arrived += 1;
        if let Some(n) = self.keep
            && self.rows.len() >= 2 * n.max(8)
        {
            self.sort();
            self.rows.truncate(n);
            self.arrived = self.arrived.max(2 * n.max(8));
        }
    }

    fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|a, b| self.order(&a.0, &b.0).then(a.1.cmp(&b.1)));
        self.rows = rows;
    }

    pub fn finish(mut self) -> Vec<Vec<Value>> {
        self.sort();
        let keep = self.keep.unwrap_or(usize::MAX);
        self.rows.into_iter().take(keep).map(|(_, _, row)| row).collect()
    }
}
