//! How much memory the rows and entries of files may take, in the whole process.
//!
//! A tree over a file that has not been written to lets go of what it has when a read would go past the limit: so a table
//! that does not fit is scanned through. A file of which nobody reads gives up all of its memory (`txn/file.rs`). What
//! views and transactions need stays, whatever the limit is.
//!
//! Sizes are estimates: bytes of keys and records, and what goes with each of them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::version::Version;

static USED: AtomicUsize = AtomicUsize::new(0);
/// 0: the default.
static LIMIT: AtomicUsize = AtomicUsize::new(0);

/// What an entry takes beside its bytes: its version's head, its place in a leaf, what the allocator adds.
const ENTRY_BYTES: usize = 88;
/// A tree tells of its size in steps: so that not every write touches what all threads share.
const STEP_BYTES: usize = 1 << 16;
const DEFAULT_MIN_BYTES: usize = 16 << 20;

/// The limit in bytes: as set, or a quarter of the memory that the process may have.
pub fn limit() -> usize {
    match LIMIT.load(Ordering::Relaxed) {
        0 => default_limit(),
        limit => limit,
    }
}

/// `PRAGMA soft_heap_limit`; 0 is the default.
pub fn set_limit(bytes: usize) {
    LIMIT.store(bytes, Ordering::Relaxed);
}

pub fn is_over() -> bool {
    USED.load(Ordering::Relaxed) > limit()
}

fn default_limit() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    *DEFAULT.get_or_init(|| (crate::env::memory_bytes() / 4).max(DEFAULT_MIN_BYTES))
}

pub fn bytes_of(version: &Version) -> usize {
    version.key().len() + version.record().len() + ENTRY_BYTES
}

/// What one tree takes. That of a database in memory is not counted.
#[derive(Default)]
pub struct Tally {
    counts: bool,
    bytes: usize,
    told: usize,
}

impl Tally {
    pub fn counting() -> Tally {
        Tally { counts: true, ..Tally::default() }
    }

    #[inline]
    pub fn add(&mut self, version: &Version) {
        if self.counts {
            self.add_bytes(bytes_of(version));
        }
    }

    pub fn add_bytes(&mut self, bytes: usize) {
        if !self.counts {
            return;
        }
        self.bytes += bytes;
        if self.bytes - self.told >= STEP_BYTES {
            USED.fetch_add(self.bytes - self.told, Ordering::Relaxed);
            self.told = self.bytes;
        }
    }

    /// Whether so many more bytes are too many, and letting go of what this tree has would help.
    pub fn is_too_much(&self, more: usize) -> bool {
        let limit = limit();
        self.bytes > limit / 16 && USED.load(Ordering::Relaxed).saturating_add(more) > limit
    }

    pub fn clear(&mut self) {
        USED.fetch_sub(self.told, Ordering::Relaxed);
        (self.bytes, self.told) = (0, 0);
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.clear();
    }
}
