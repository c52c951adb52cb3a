//! A leaf: up to 64 entries in the order of their keys.
//!
//! Invariant: `inlines` and `versions` have the same length; entry `i` is the pair of their `i`-th elements.

use arrayvec::ArrayVec;

use super::order::Order;
use crate::store::version::Version;

/// Entries of a full leaf. Half as many would double the descents of a scan, twice as many would double what
/// is copied when a cursor holds a leaf that is written to.
pub const LEAF_MAX: usize = 64;
/// Below this a leaf looks for a neighbour to merge with.
pub const LEAF_SMALL: usize = 16;
/// Two leaves merge if they have at most this many entries together, which leaves room to grow.
pub const LEAF_MERGED_MAX: usize = 48;

pub struct Leaf<O: Order> {
    inlines: ArrayVec<O::Inline, LEAF_MAX>,
    versions: ArrayVec<Version, LEAF_MAX>,
}

impl<O: Order> Default for Leaf<O> {
    fn default() -> Self {
        Leaf { inlines: ArrayVec::new(), versions: ArrayVec::new() }
    }
}

impl<O: Order> Clone for Leaf<O> {
    fn clone(&self) -> Self {
        Leaf { inlines: self.inlines.clone(), versions: self.versions.clone() }
    }
}

impl<O: Order> Leaf<O> {
    #[inline]
    pub fn len(&self) -> usize {
        self.inlines.len()
    }

    #[inline]
    pub fn is_full(&self) -> bool {
        self.inlines.is_full()
    }

    #[inline]
    pub fn inlines(&self) -> &[O::Inline] {
        &self.inlines
    }

    #[inline]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The key of entry `i`.
    #[inline]
    pub fn key(&self, i: usize) -> O::Probe<'_> {
        O::of_entry(self.inlines[i], &self.versions[i])
    }

    #[inline]
    pub fn search(&self, probe: O::Probe<'_>) -> Result<usize, usize> {
        O::search(&self.inlines, &self.versions, probe)
    }

    /// The leaf must not be full.
    #[inline]
    pub fn insert(&mut self, i: usize, inline: O::Inline, version: Version) {
        self.inlines.insert(i, inline);
        self.versions.insert(i, version);
    }

    #[inline]
    pub fn replace(&mut self, i: usize, version: Version) -> Version {
        std::mem::replace(&mut self.versions[i], version)
    }

    pub fn remove(&mut self, i: usize) -> Version {
        self.inlines.remove(i);
        self.versions.remove(i)
    }

    /// Moves the entries from `i` on into a new leaf.
    pub fn split_off(&mut self, i: usize) -> Leaf<O> {
        Leaf { inlines: self.inlines.drain(i..).collect(), versions: self.versions.drain(i..).collect() }
    }

    /// Takes over copies of the entries of the leaf to the right; there must be room.
    pub fn append(&mut self, right: &Leaf<O>) {
        self.inlines.extend(right.inlines.iter().copied());
        self.versions.extend(right.versions.iter().cloned());
    }
}
