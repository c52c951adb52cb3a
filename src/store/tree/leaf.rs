//! A leaf: up to 64 entries in the order of their keys.
//!
//! Key and version of an entry lie together, and what a reader mostly asks (is everything here seen? is anything
//! a tombstone?) is answered by the leaf's head: a version in memory is touched when its record is wanted, not before.
//!
//! Invariants: entries from `len` on have the padding key and no version; bit `i` of `tombstones` says whether
//! entry `i` is one; no version is newer than `newest`; all keys that may ever come here begin with the same
//! `skip` bytes, and inline keys are those of that skip.

use super::node::From;
use super::order::Order;
use super::visible_older;
use crate::store::ids::{Stamp, View};
use crate::store::version::Version;

/// Entries of a full leaf. Half as many would double the descents of a scan, twice as many would double what
/// is copied when a cursor holds a leaf that is written to.
pub const LEAF_MAX: usize = 64;
/// Below this a leaf looks for a neighbour to merge with.
pub const LEAF_SMALL: usize = 16;
/// Two leaves merge if they have at most this many entries together, which leaves room to grow.
pub const LEAF_MERGED_MAX: usize = 48;

/// Entries of 16 bytes that share a cache line.
const LINE: usize = 4;

#[repr(C)]
pub struct Leaf<O: Order> {
    len: usize,
    tombstones: u64,
    newest: Stamp,
    skip: usize,
    entries: [Entry<O>; LEAF_MAX],
}

pub struct Entry<O: Order> {
    pub inline: O::Inline,
    version: Option<Version>,
}

impl<O: Order> Clone for Entry<O> {
    #[inline]
    fn clone(&self) -> Self {
        Entry { inline: self.inline, version: self.version.clone() }
    }
}

impl<O: Order> Entry<O> {
    const PADDING: Entry<O> = Entry { inline: O::PADDING, version: None };

    /// The entry's newest version; entries within the leaf's length have one.
    #[inline]
    pub fn version(&self) -> &Version {
        self.version.as_ref().expect("an entry within the leaf's length has a version")
    }
}

impl<O: Order> Default for Leaf<O> {
    fn default() -> Self {
        Leaf { len: 0, tombstones: 0, newest: Stamp::default(), skip: 0, entries: [Entry::PADDING; LEAF_MAX] }
    }
}

impl<O: Order> Clone for Leaf<O> {
    fn clone(&self) -> Self {
        Leaf { entries: self.entries.clone(), ..*self }
    }
}

impl<O: Order> Leaf<O> {
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn is_full(&self) -> bool {
        self.len == LEAF_MAX
    }

    #[inline]
    pub fn entries(&self) -> &[Entry<O>] {
        &self.entries[..self.len]
    }

    #[inline]
    pub fn is_tombstone(&self, i: usize) -> bool {
        self.tombstones >> i & 1 != 0
    }

    #[inline]
    pub fn newest(&self) -> Stamp {
        self.newest
    }

    /// Whether a view sees every entry in its newest version.
    #[inline]
    pub fn is_seen(&self, view: View) -> bool {
        view.sees(self.newest)
    }

    /// The number of entries that a view sees.
    pub fn count(&self, view: View) -> usize {
        if self.is_seen(view) {
            return self.len - self.tombstones.count_ones() as usize;
        }
        let sees = |(i, entry): &(usize, &Entry<O>)| match view.sees(entry.version().stamp()) {
            true => !self.is_tombstone(*i),
            false => visible_older(entry.version(), view).is_some(),
        };
        self.entries().iter().enumerate().filter(sees).count()
    }

    /// The stretch of entries without tombstones that starts at `from` or behind it; empty if there is none.
    #[inline]
    pub fn live_from(&self, from: usize) -> (usize, usize) {
        let Some(rest) = self.tombstones.checked_shr(from as u32) else { return (self.len, self.len) };
        let start = from + rest.trailing_ones() as usize;
        let Some(rest) = self.tombstones.checked_shr(start as u32) else { return (self.len, self.len) };
        (start.min(self.len), (start + rest.trailing_zeros() as usize).min(self.len))
    }

    /// The stretch of entries without tombstones that ends before `end`; empty if there is none.
    #[inline]
    pub fn live_before(&self, end: usize) -> (usize, usize) {
        // The entries before `end`, the last one in the highest bit.
        let Some(rest) = self.tombstones.checked_shl((LEAF_MAX - end) as u32) else { return (0, 0) };
        let end = end.saturating_sub(rest.leading_ones() as usize);
        let Some(rest) = self.tombstones.checked_shl((LEAF_MAX - end) as u32) else { return (0, 0) };
        (end.saturating_sub(rest.leading_zeros() as usize), end)
    }

    /// The key of entry `i`.
    #[inline]
    pub fn key(&self, i: usize) -> O::Probe<'_> {
        let entry = &self.entries[i];
        O::of_entry(entry.inline, entry.version())
    }

    /// Where a key is or would be. `guess` is tried first.
    #[inline]
    pub fn search(&self, probe: O::Probe<'_>, guess: usize) -> Result<usize, usize> {
        let inline = O::inline(probe, self.skip);
        if O::IS_INLINE
            && let Some(entry) = self.entries.get(guess)
            && entry.inline == inline
            && entry.version.is_some()
        {
            return Ok(guess);
        }
        // Keys that come in order go behind the last one.
        if let Some(last) = self.entries().last()
            && last.inline < inline
        {
            return Err(self.len);
        }
        let from = self.lower_bound(inline);
        if O::IS_INLINE {
            let found = from < self.len && self.entries[from].inline == inline;
            return if found { Ok(from) } else { Err(from) };
        }
        let rest = self.entries().get(from..).unwrap_or_default();
        let alike = match rest.first() {
            Some(first) if first.inline == inline => rest.partition_point(|e| e.inline == inline),
            _ => return Err(from),
        };
        self.entries[from..from + alike]
            .binary_search_by(|e| O::compare_behind(O::of_entry(e.inline, e.version()), probe, self.skip))
            .map(|i| from + i)
            .map_err(|i| from + i)
    }

    /// Where the entries that a search upwards is for begin.
    #[inline]
    pub fn first_from(&self, probe: O::Probe<'_>, guess: usize, from: From) -> usize {
        if from == From::Beginning && O::is_inline(probe, self.skip) {
            return self.lower_bound(O::inline(probe, self.skip)).min(self.len);
        }
        match self.search(probe, guess) {
            Ok(i) if from == From::Behind => i + 1,
            Ok(i) | Err(i) => i,
        }
    }

    /// The number of entries whose inline key is less. One look at every cache line, then one line's entries: no
    /// load waits for another, which counts when the leaf is not in the cache.
    #[inline]
    fn lower_bound(&self, inline: O::Inline) -> usize {
        let mut line = 0;
        for head in 1..LEAF_MAX / LINE {
            line += usize::from(self.entries[head * LINE].inline < inline);
        }
        let mut less = line * LINE;
        for i in 0..LINE {
            less += usize::from(self.entries[line * LINE + i].inline < inline);
        }
        less
    }

    /// The leaf must not be full.
    #[inline]
    pub fn insert(&mut self, i: usize, probe: O::Probe<'_>, version: Version) {
        let inline = O::inline(probe, self.skip);
        let below = (1u64 << i) - 1;
        let bit = u64::from(version.is_tombstone()) << i;
        self.tombstones = self.tombstones & below | (self.tombstones & !below) << 1 | bit;
        self.newest = self.newest.max(version.stamp());
        self.entries[self.len] = Entry { inline, version: Some(version) };
        if i < self.len {
            self.entries[i..=self.len].rotate_right(1);
        }
        self.len += 1;
    }

    /// Takes over entries that follow its own, as many as there is room for; none of them is a tombstone.
    pub fn fill(&mut self, entries: &mut impl Iterator<Item = (O::Inline, Version)>) {
        for (inline, version) in entries.take(LEAF_MAX - self.len) {
            debug_assert!(!version.is_tombstone(), "what is read is there");
            let inline = O::inline(O::of_entry(inline, &version), self.skip);
            self.newest = self.newest.max(version.stamp());
            self.entries[self.len] = Entry { inline, version: Some(version) };
            self.len += 1;
        }
    }

    /// Takes the version out of an entry, for one that [`Leaf::replace`] puts in at once.
    #[inline]
    pub fn take(&mut self, i: usize) -> Option<Version> {
        self.entries[i].version.take()
    }

    #[inline]
    pub fn replace(&mut self, i: usize, version: Version) -> Option<Version> {
        self.tombstones = self.tombstones & !(1 << i) | u64::from(version.is_tombstone()) << i;
        self.newest = self.newest.max(version.stamp());
        self.entries[i].version.replace(version)
    }

    pub fn remove(&mut self, i: usize) -> Option<Version> {
        let below = (1u64 << i) - 1;
        self.tombstones = self.tombstones & below | self.tombstones >> 1 & !below;
        self.entries[i..self.len].rotate_left(1);
        self.len -= 1;
        std::mem::replace(&mut self.entries[self.len], Entry::PADDING).version
    }

    /// Moves the entries from `at` on into a new leaf.
    pub fn split_off(&mut self, at: usize) -> Leaf<O> {
        let mut right = Leaf { newest: self.newest, skip: self.skip, ..Leaf::default() };
        right.len = self.len - at;
        for (to, from) in right.entries.iter_mut().zip(&mut self.entries[at..self.len]) {
            std::mem::swap(to, from);
        }
        right.tombstones = self.tombstones.checked_shr(at as u32).unwrap_or(0);
        self.tombstones &= 1u64.checked_shl(at as u32).map_or(u64::MAX, |bit| bit - 1);
        self.len = at;
        right
    }

    #[inline]
    pub fn skip(&self) -> usize {
        self.skip
    }

    /// Changes which bytes of the keys are inline.
    pub fn set_skip(&mut self, skip: usize) {
        if self.skip != skip {
            self.skip = skip;
            for entry in &mut self.entries[..self.len] {
                entry.inline = O::inline(O::of_entry(entry.inline, entry.version()), skip);
            }
        }
    }

    /// Takes over copies of the entries of the leaf to the right, which has the same skip; there must be room.
    pub fn append(&mut self, right: &Leaf<O>) {
        debug_assert!(self.skip == right.skip);
        let end = self.len + right.len;
        self.entries[self.len..end].clone_from_slice(right.entries());
        self.tombstones |= right.tombstones.checked_shl(self.len as u32).unwrap_or(0);
        self.newest = self.newest.max(right.newest);
        self.len = end;
    }

    /// Panics unless the invariants hold.
    #[cfg(test)]
    pub fn check(&self) {
        for (i, entry) in self.entries.iter().enumerate() {
            match &entry.version {
                Some(version) => {
                    assert!(i < self.len && version.stamp() <= self.newest);
                    assert_eq!(version.is_tombstone(), self.is_tombstone(i));
                    assert!(entry.inline == O::inline(self.key(i), self.skip));
                }
                None => assert!(i >= self.len && entry.inline == O::PADDING && !self.is_tombstone(i)),
            }
        }
    }
}
