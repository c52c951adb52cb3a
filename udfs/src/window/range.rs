//! RANGE frames with offsets: bounds found by arithmetic on the one sort key.
//!
//! Keys are moved by the offset and compared in the window's own order. Only numbers move: the frame of a text, blob or
//! NULL key is bounded by its peers.
//!
//! Source: https://sqlite.org/windowfunctions.html#frame_specifications

use super::frame::Peers;
use super::offset::Distance;
use crate::value::ValueRef;
use crate::value::collation::Collation;
use crate::value::compare::compare;
use std::cmp::Ordering;

/// The only ORDER BY term of the window.
#[derive(Clone, Copy)]
pub struct RangeKey<'a> {
    /// The key of a row of the partition.
    pub value: &'a dyn Fn(usize) -> ValueRef<'a>,
    pub descending: bool,
    /// NULLs come first: by default if and only if the order is ascending.
    pub nulls_first: bool,
    pub collation: &'a Collation,
}

impl<'a> RangeKey<'a> {
    // Which side is shifted, and that an unshifted comparison may decide first, shows where adding to a large integer
    // rounds or saturates.

    /// Start at `by PRECEDING`: the first row whose key, moved on by the distance, reaches the current key.
    pub(super) fn start_preceding(&self, peers: &Peers, row: usize, by: Distance) -> usize {
        let current = (self.value)(row);
        self.search(peers, |key| self.order(key, current).is_lt() && self.order(self.onward(key, by), current).is_lt())
    }

    /// Start at `by FOLLOWING`: the first row that reaches the current key moved on by the distance.
    pub(super) fn start_following(&self, peers: &Peers, row: usize, by: Distance) -> usize {
        let bound = self.onward((self.value)(row), by);
        self.search(peers, |key| self.order(key, bound).is_lt())
    }

    /// End at `by PRECEDING`: behind the last row whose key, moved on, does not pass the current key.
    pub(super) fn end_preceding(&self, peers: &Peers, row: usize, by: Distance) -> usize {
        let current = (self.value)(row);
        // Rows after the current one have not been read when SQLite looks, even if rounding would let them in.
        let peers_end = peers.group(peers.group_of(row)).end;
        self.search(peers, |key| self.order(self.onward(key, by), current).is_le()).min(peers_end)
    }

    /// End at `by FOLLOWING`: behind the last row that does not pass the current key moved on.
    pub(super) fn end_following(&self, peers: &Peers, row: usize, by: Distance) -> usize {
        let current = (self.value)(row);
        let bound = self.onward(current, by);
        self.search(peers, |key| self.order(key, current).is_le() || self.order(key, bound).is_le())
    }

    /// The key moved by the distance in the direction of the order.
    fn onward(&self, key: ValueRef<'a>, by: Distance) -> ValueRef<'a> {
        shift(key, by, self.descending)
    }

    /// The first row of the first group for which `before` is false.
    fn search(&self, peers: &Peers, before: impl Fn(ValueRef<'a>) -> bool) -> usize {
        let (mut low, mut high) = (0, peers.groups());
        while low < high {
            let middle = low + (high - low) / 2;
            if before((self.value)(peers.group(middle).start)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        peers.group(low).start
    }

    /// The order of two keys in the window.
    fn order(&self, a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
        match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if self.nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if self.nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if self.descending => compare(b, a, self.collation),
            (false, false) => compare(a, b, self.collation),
        }
    }
}

/// A number moved by the distance; integers that overflow become reals.
fn shift<'a>(key: ValueRef<'a>, by: Distance, back: bool) -> ValueRef<'a> {
    let distance = match by {
        Distance::Count(n) => i64::try_from(n).unwrap_or(i64::MAX) as f64,
        Distance::Integer(i) => i as f64,
        Distance::Real(r) => r,
    };
    let real = |key: f64| {
        let moved = if back { key - distance } else { key + distance };
        if moved.is_nan() { ValueRef::Null } else { ValueRef::Real(moved) }
    };
    match (key, by) {
        (ValueRef::Integer(k), Distance::Integer(d)) => {
            let moved = if back { k.checked_sub(d) } else { k.checked_add(d) };
            moved.map_or_else(|| real(k as f64), ValueRef::Integer)
        }
        (ValueRef::Integer(k), _) => real(k as f64),
        (ValueRef::Real(k), _) => real(k),
        (ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_), _) => key,
    }
}
