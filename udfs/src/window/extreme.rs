//! `min` and `max` over a sliding frame, in amortised constant time a row.
//!
//! The rows of the frame that can still become the extreme are kept in order. Of equal values the newest is the result,
//! as in SQLite; where a frame is computed from its rows (EXCLUDE, or a start at UNBOUNDED PRECEDING) it is the oldest,
//! which is the aggregate's own rule.
//!
//! Source: https://sqlite.org/windowfunctions.html#aggregate_window_functions

use super::frame::{Bound, FrameSpec};
use crate::value::ValueRef;
use crate::value::collation::Collation;
use crate::value::compare::compare;
use std::cmp::Ordering;
use std::collections::VecDeque;

pub struct SlidingExtreme {
    /// `Less` for min, `Greater` for max.
    wanted: Ordering,
    /// Rows of the partition, the best one first.
    candidates: VecDeque<usize>,
}

impl SlidingExtreme {
    pub fn min() -> SlidingExtreme {
        SlidingExtreme { wanted: Ordering::Less, candidates: VecDeque::new() }
    }

    pub fn max() -> SlidingExtreme {
        SlidingExtreme { wanted: Ordering::Greater, candidates: VecDeque::new() }
    }

    /// Whether SQLite computes min and max over this frame in this way.
    pub fn applies(spec: &FrameSpec) -> bool {
        spec.slides() && spec.start != Bound::UnboundedPreceding
    }

    /// Takes the next row in. `value` gives the argument at a row; NULL is never an extreme.
    pub fn push<'v>(&mut self, row: usize, value: impl Fn(usize) -> ValueRef<'v>, collation: &Collation) {
        let new = value(row);
        if new.is_null() {
            return;
        }
        while let Some(&last) = self.candidates.back() {
            if compare(value(last), new, collation) == self.wanted {
                break;
            }
            self.candidates.pop_back();
        }
        self.candidates.push_back(row);
    }

    /// Takes the rows before `start` out.
    pub fn evict_before(&mut self, start: usize) {
        while self.candidates.front().is_some_and(|&row| row < start) {
            self.candidates.pop_front();
        }
    }

    /// The row that holds the extreme; `None`: the result is NULL.
    pub fn row(&self) -> Option<usize> {
        self.candidates.front().copied()
    }
}
