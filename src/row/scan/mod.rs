//! Opens a level and moves it from row to row, by whichever access path its program says.
//!
//! Opening has two halves, because seek values are computed from the levels before: [`keys`] evaluates them,
//! [`open`] places the cursor.

mod keys;
mod open;
mod ranges;

use std::collections::hash_map::Entry;
use std::hash::Hasher;
use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef, compare};
pub use keys::{Keys, keys};
pub use open::{count, open, open_arm};
pub use ranges::record_of_key;
use ranges::{End, KeyRange, Skip, next_key};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

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
    /// Room for the key of the next opening.
    room: Vec<u8>,
}

#[derive(Default)]
struct Trees {
    row: Option<Arc<RowTree>>,
    key: Option<Arc<KeyTree>>,
}

/// Positions of kept rows, or rowids of a table's rows, by the encoded values of their lookup fields.
///
/// Entries of one hash are chained in the order in which they came, whatever their keys are.
#[derive(Default)]
pub struct HashTable {
    chains: FxHashMap<u64, Chain>,
    keys: Kept,
    /// A position, and the place of the next entry of its chain.
    entries: Vec<(i64, u32)>,
}

struct Chain {
    first: u32,
    last: u32,
}

/// No entry follows.
const CHAIN_END: u32 = u32::MAX;

impl Scan {
    pub fn new(level: &LevelProgram) -> Scan {
        Scan { plain: level.is_plain(), ..Scan::default() }
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
    }

    /// Forgets rows that were kept for earlier inputs or earlier data.
    pub fn forget(&mut self) {
        if self.hash.is_none() || !self.keep {
            self.kept = None;
            self.hash = None;
        }
    }
}

impl HashTable {
    /// Adds an entry; beyond 2^32 entries there is no room.
    pub fn insert(&mut self, key: &[u8], position: i64) {
        let place = self.entries.len() as u32;
        self.keys.push_record(key);
        self.entries.push((position, CHAIN_END));
        match self.chains.entry(hash_of(key)) {
            Entry::Vacant(free) => _ = free.insert(Chain { first: place, last: place }),
            Entry::Occupied(mut chain) => {
                let last = std::mem::replace(&mut chain.get_mut().last, place);
                self.entries[last as usize].1 = place;
            }
        }
    }

    /// The positions of a key, in the order in which they came.
    fn matches(&self, key: &[u8]) -> impl Iterator<Item = i64> {
        let mut at = self.chains.get(&hash_of(key)).map_or(CHAIN_END, |chain| chain.first);
        std::iter::from_fn(move || {
            while at != CHAIN_END {
                let place = at as usize;
                let (position, next) = self.entries[place];
                at = next;
                if self.keys.get(place) == key {
                    return Some(position);
                }
            }
            None
        })
    }

    /// Puts rows of one key in the order of `rest`, what SQLite's automatic index holds behind its key.
    pub fn sort_by_rest(&mut self, mut rest: impl FnMut(i64) -> Result<Vec<u8>>) -> Result<()> {
        for chain in self.chains.values_mut().filter(|chain| chain.first != chain.last) {
            let mut keyed = Vec::new();
            let mut at = chain.first;
            while at != CHAIN_END {
                let (position, next) = self.entries[at as usize];
                keyed.push((rest(position)?, position, at));
                at = next;
            }
            keyed.sort_unstable();
            // The chain is linked anew from its end.
            let mut next = CHAIN_END;
            for (_, _, place) in keyed.iter().rev() {
                self.entries[*place as usize].1 = next;
                next = *place;
            }
            chain.first = next;
            chain.last = keyed.last().map_or(next, |(_, _, place)| *place);
        }
        Ok(())
    }
}

fn hash_of(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
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

/// Passes over rows behind the current one, where that is quicker than to visit them; how many.
pub fn pass(level: &mut Level, scan: &Scan) -> i64 {
    if scan.placed || scan.reverse || scan.by_rowids || scan.skip.is_some() {
        return 0;
    }
    let passed = match &mut level.rows {
        Rows::Table(cursor) => {
            let end = scan.rowid_end.map_or(i64::MAX, |(end, _)| end);
            cursor.pass(|rowid| rowid <= end)
        }
        Rows::Covered { keys, .. } | Rows::Indexed { keys, .. } | Rows::Key(keys) => ranges::pass_keys(keys, &scan.end),
        Rows::Kept { rows, at, matches } => {
            let last = matches.as_ref().map_or(rows.len(), Vec::len).saturating_sub(1);
            let passed = last.saturating_sub(*at);
            *at += passed;
            passed
        }
        _ => 0,
    };
    passed as i64
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
