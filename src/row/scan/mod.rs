//! Opens a level and moves it from row to row, by whichever access path its program says.
//!
//! Opening has two halves, because seek values are computed from the levels before: [`keys`] evaluates them,
//! [`open`] places the cursor.

mod keys;
mod open;
mod ranges;

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef, compare};
pub use keys::{Keys, encode, keys};
pub use open::{open, open_arm};
use ranges::{End, KeyRange, Skip, next_key};
use rustc_hash::{FxHashMap, FxHashSet};

use super::context::Context;
use super::level::{Kept, Level, Rows, rowid_key, rowid_of_key};
use crate::error::Result;
use crate::store::{KeyTree, RowTree};

/// Where a level stands between two of its rows.
#[derive(Default)]
pub struct Scan {
    /// The first row has been placed by `open` and not been delivered yet.
    placed: bool,
    reverse: bool,
    /// Rowids still to be visited, the next one last; only with `by_rowids`.
    rowids: Vec<i64>,
    by_rowids: bool,
    /// Index ranges still to be visited, the next one last.
    ranges: Vec<KeyRange>,
    skip: Option<Skip>,
    /// Seek values of the arms of an OR still to be visited, the next one last, and the arm being visited.
    arms: Vec<Keys>,
    pub arm: usize,
    /// Rows that an arm has yielded.
    pub seen: FxHashSet<Vec<u8>>,
    /// The end of the current range.
    end: End,
    rowid_end: Option<(i64, bool)>,
    /// Rows kept over several openings of the level, with their hash table.
    pub kept: Option<Arc<Kept>>,
    pub hash: Option<HashTable>,
    /// They hold for every run within the statement.
    keep: bool,
    /// Trees looked up once.
    trees: Trees,
}

#[derive(Default)]
struct Trees {
    row: Option<Arc<RowTree>>,
    key: Option<Arc<KeyTree>>,
}

/// Positions of kept rows, or rowids of a table's rows, by the encoded values of their lookup fields.
#[derive(Default)]
pub struct HashTable {
    positions: FxHashMap<Box<[u8]>, Vec<i64>>,
}

impl Scan {
    /// Forgets rows that were kept for earlier inputs or earlier data.
    pub fn forget(&mut self) {
        if self.hash.is_none() || !self.keep {
            self.kept = None;
            self.hash = None;
        }
    }
}

impl HashTable {
    pub fn insert(&mut self, key: Vec<u8>, position: i64) {
        self.positions.entry(key.into()).or_default().push(position);
    }

    /// Puts rows of one key in the order of `rest`, what SQLite's automatic index holds behind its key.
    pub fn sort_by_rest(&mut self, mut rest: impl FnMut(i64) -> Result<Vec<u8>>) -> Result<()> {
        for positions in self.positions.values_mut().filter(|p| p.len() > 1) {
            let mut keyed = Vec::with_capacity(positions.len());
            for position in positions.iter() {
                keyed.push((rest(*position)?, *position));
            }
            keyed.sort_unstable();
            *positions = keyed.into_iter().map(|(_, position)| position).collect();
        }
        Ok(())
    }
}

/// Moves a level to its next row; false at the end.
#[inline]
pub fn next(level: &mut Level, scan: &mut Scan, cx: &Context<'_>) -> Result<bool> {
    match &mut level.rows {
        Rows::Table(cursor) if !scan.by_rowids => {
            let more = if scan.placed {
                scan.placed = false;
                cursor.is_valid()
            } else if scan.reverse {
                cursor.prev()
            } else {
                cursor.next()
            };
            if !more {
                return Ok(false);
            }
            Ok(match scan.rowid_end {
                Some((end, _)) if scan.reverse => cursor.rowid() >= end,
                Some((end, _)) => cursor.rowid() <= end,
                None => true,
            })
        }
        Rows::Table(cursor) => {
            while let Some(rowid) = scan.rowids.pop() {
                if cursor.seek_ge(rowid) && cursor.rowid() == rowid {
                    return Ok(true);
                }
            }
            cursor.reset();
            Ok(false)
        }
        Rows::Point { .. } => Ok(std::mem::take(&mut scan.placed)),
        Rows::Closed => Ok(false),
        Rows::Key(cursor) => Ok(next_key(cursor, scan)),
        Rows::Indexed { keys, table, view, rowid, row } => loop {
            if !next_key(keys, scan) {
                return Ok(false);
            }
            *rowid = rowid_of_key(keys.key());
            *row = table.get(*rowid, *view);
            if row.is_some() {
                return Ok(true);
            }
        },
        Rows::Covered { keys, covered, fields, record } => {
            if !next_key(keys, scan) {
                return Ok(false);
            }
            if !covered.keys.is_empty() {
                ranges::read_key(keys.key(), covered, fields);
                record.clear();
                crate::store::record::encode(record, fields.iter().map(Value::as_ref));
            }
            Ok(true)
        }
        Rows::KeyIndexed { keys, row } => loop {
            if !next_key(keys, scan) {
                return Ok(false);
            }
            let Some(primary) = &scan.trees.key else { return Ok(false) };
            *row = primary.get(keys.record(), keys.view());
            if row.is_some() {
                return Ok(true);
            }
        },
        Rows::Kept { rows, at, matches } => {
            if scan.placed {
                scan.placed = false;
            } else {
                *at += 1;
            }
            Ok(*at < matches.as_ref().map_or(rows.len(), Vec::len))
        }
        Rows::Query { run, record } => {
            if !run.next(cx)? {
                return Ok(false);
            }
            record.clear();
            crate::store::record::encode(record, (0..run.width()).map(|i| run.column(i)));
            Ok(true)
        }
        Rows::Single { .. } => Ok(std::mem::take(&mut scan.placed)),
        Rows::Recursive(run) => run.next(cx),
        Rows::Function { source, values, record, count } => {
            if !source.next(values)? {
                return Ok(false);
            }
            *count += 1;
            record.clear();
            crate::store::record::encode(record, values.iter().map(Value::as_ref));
            Ok(true)
        }
    }
}

/// What tells one row of a level from another, for RIGHT and FULL joins.
pub fn identity(level: &Level) -> Vec<u8> {
    match &level.rows {
        Rows::Key(cursor) => cursor.key().to_vec(),
        Rows::KeyIndexed { keys, .. } => keys.record().to_vec(),
        Rows::Kept { at, matches, .. } => {
            let at = matches.as_ref().map_or(*at as i64, |m| m[*at]);
            at.to_be_bytes().to_vec()
        }
        Rows::Recursive(run) => run.position().to_be_bytes().to_vec(),
        _ => match level.rowid() {
            ValueRef::Integer(i) => rowid_key(i).to_vec(),
            _ => Vec::new(),
        },
    }
}

/// Sorts by SQLite's order, for callers that keep values rather than keys.
pub fn order(a: &Value, b: &Value, collation: &heliosdb_udfs::value::Collation) -> std::cmp::Ordering {
    compare::compare(a.as_ref(), b.as_ref(), collation)
}
