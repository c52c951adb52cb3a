//! Opens a level and moves it from row to row, by whichever access path its program says.
//!
//! Opening has two halves, because seek values are computed from the levels before: [`keys`] evaluates them,
//! [`open`] places the cursor.

mod hash;
mod keys;
mod open;
mod ranges;

use std::sync::Arc;

pub use hash::HashTable;
use heliosdb_udfs::value::{Value, ValueRef, compare};
pub use keys::{Keys, exact_rowid, keys};
pub use open::{count, is_sought, open, open_arm, seek_again};
pub use ranges::record_of_key;
use ranges::{End, KeyRange, Skip, next_key};
use rustc_hash::FxHashSet;

use super::context::Context;
use super::level::{Kept, Level, Rows, rowid_key, rowid_of_key};
use super::program::LevelProgram;
use crate::error::Result;
pub use crate::store::image::layout::encode_term as encode;
use crate::store::{KeyTree, RowTree};

/// Where a level stands between two of its rows.
#[derive(Default)]
pub struct Scan {
    /// The first row has been placed by `open` and not been delivered yet.
    placed: bool,
    reverse: bool,
    /// As [`crate::row::program::LevelProgram::is_plain`].
    pub plain: bool,
    /// Rowids still to be visited, the next one last.
    rowids: Vec<i64>,
    /// It has been opened since the statement began.
    opened: bool,
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
    /// Room for the key of the next opening.
    room: Vec<u8>,
}

#[derive(Default)]
struct Trees {
    row: Option<Arc<RowTree>>,
    key: Option<Arc<KeyTree>>,
}

impl Scan {
    pub fn new(level: &LevelProgram) -> Scan {
        Scan { plain: level.is_plain(), ..Scan::default() }
    }

    /// The next opening goes by another index.
    pub fn forget_index(&mut self) {
        self.trees.key = None;
    }

    /// Room for the key of the next opening, which ends the one before.
    pub fn take_room(&mut self) -> Vec<u8> {
        match std::mem::take(&mut self.end) {
            End::Prefix(room) | End::Before(room) | End::Through(room) => room,
            End::None => std::mem::take(&mut self.room),
        }
    }

    /// Lets go of everything but the room of its lists.
    pub fn rest(&mut self) {
        self.kept = None;
        self.hash = None;
        self.trees = Trees::default();
        self.rowids.clear();
        self.ranges.clear();
        self.skip = None;
        self.arms.clear();
        self.seen.clear();
        self.end = End::None;
        self.opened = false;
    }

    /// Forgets rows that were kept for earlier inputs or earlier data.
    pub fn forget(&mut self) {
        if self.hash.is_none() || !self.keep {
            self.kept = None;
            self.hash = None;
        }
    }
}

/// Moves a level to its next row; false at the end.
#[inline]
pub fn next(level: &mut Level, scan: &mut Scan, cx: &Context<'_>) -> Result<bool> {
    match &mut level.rows {
        Rows::Table(cursor) => {
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
        Rows::Sought(cursor) => {
            while let Some(rowid) = scan.rowids.pop() {
                if cursor.seek_exact(rowid) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Rows::Point { .. } => Ok(std::mem::take(&mut scan.placed)),
        Rows::Closed => Ok(false),
        Rows::Key(cursor) => Ok(next_key(cursor, scan)),
        Rows::Indexed { keys, rowid, row, .. } => {
            row.take();
            let more = next_key(keys, scan);
            if more {
                *rowid = rowid_of_key(keys.key());
            }
            Ok(more)
        }
        Rows::Covered { keys, record, spare, .. } => {
            if let Some(room) = record.take() {
                spare.set(room);
            }
            Ok(next_key(keys, scan))
        }
        Rows::KeyIndexed { keys, row, .. } => {
            row.take();
            Ok(next_key(keys, scan))
        }
        Rows::Kept { rows, at, matches } => {
            if scan.placed {
                scan.placed = false;
            } else {
                *at += 1;
            }
            Ok(*at < matches.as_ref().map_or(rows.len(), Vec::len))
        }
        Rows::Query { run, record, spare } => {
            if let Some(room) = record.take() {
                spare.set(room);
            }
            run.next(cx)
        }
        Rows::Single { .. } => Ok(std::mem::take(&mut scan.placed)),
        Rows::Recursive(run) => run.next(cx),
        Rows::Function { source, wanted, record, count } => {
            record.clear();
            *count += 1;
            source.next(record, *wanted, cx.around.host())
        }
    }
}

/// Passes over the rows of the current range behind the current one, where that is quicker than to visit them; how many.
pub fn pass(level: &mut Level, scan: &Scan) -> Option<i64> {
    if scan.placed || scan.reverse || scan.skip.is_some() {
        return None;
    }
    let passed = match &mut level.rows {
        Rows::Table(cursor) => {
            let end = scan.rowid_end.map_or(i64::MAX, |(end, _)| end);
            cursor.pass(|rowid| rowid <= end)
        }
        Rows::Covered { keys, .. } | Rows::Indexed { keys, .. } | Rows::Key(keys) | Rows::KeyIndexed { keys, .. } => {
            ranges::pass_keys(keys, &scan.end)
        }
        Rows::Kept { rows, at, matches } => {
            let last = matches.as_ref().map_or(rows.len(), Vec::len).saturating_sub(1);
            let passed = last.saturating_sub(*at);
            *at += passed;
            passed
        }
        _ => return None,
    };
    Some(passed as i64)
}

/// Passes over the rows behind the current one whose keys begin with equal columns, given the directions of these.
pub fn pass_repeats(level: &mut Level, scan: &mut Scan, directions: &[bool]) {
    if scan.placed || scan.reverse || scan.skip.is_some() {
        return;
    }
    if let Rows::Covered { keys, .. } | Rows::Indexed { keys, .. } | Rows::Key(keys) | Rows::KeyIndexed { keys, .. } =
        &mut level.rows
        && keys.is_valid()
    {
        scan.placed = ranges::pass_repeats(keys, directions);
    }
}

/// Leaves the rows out that lie behind the current one in its range, if it is one of an index.
pub fn end_range(level: &mut Level, scan: &Scan) {
    if let Rows::Covered { keys, .. } | Rows::Indexed { keys, .. } | Rows::Key(keys) | Rows::KeyIndexed { keys, .. } =
        &mut level.rows
        && !scan.placed
        && scan.skip.is_none()
    {
        keys.leave();
    }
}

/// Whether there is no range behind the current one.
pub fn is_last_range(scan: &Scan) -> bool {
    scan.ranges.is_empty()
}

/// The rows behind the current one that lie in the leaf of a level's cursor, with their rowids, if it goes through a table
/// that way.
#[inline]
pub fn ahead<'l>(level: &'l Level, scan: &Scan) -> Option<impl Iterator<Item = (i64, &'l [u8])> + use<'l>> {
    let Rows::Table(cursor) = &level.rows else { return None };
    if scan.placed || scan.reverse || level.null_row {
        return None;
    }
    let end = scan.rowid_end.map_or(i64::MAX, |(end, _)| end);
    Some(cursor.ahead().take_while(move |(rowid, _)| *rowid <= end))
}

/// Goes on to the last of so many rows that [`ahead`] has told.
#[inline]
pub fn pass_ahead(level: &mut Level, rows: usize) {
    if let Rows::Table(cursor) = &mut level.rows {
        cursor.pass_ahead(rows);
    }
}

/// What tells one row of a level from another, for RIGHT and FULL joins.
pub fn identity(level: &Level) -> Vec<u8> {
    match &level.rows {
        Rows::Key(cursor) => cursor.key().to_vec(),
        Rows::KeyIndexed { keys, .. } => keys.record().to_vec(),
        Rows::Covered { keys, covered, .. } if !covered.has_rowid => keys.record().to_vec(),
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
