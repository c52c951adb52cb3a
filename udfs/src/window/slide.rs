//! How a running aggregate follows a sliding frame: which rows it takes in and out, in which order.
//!
//! The order is observable in the last bits of float sums and in group_concat's treatment of empty texts, so it is
//! SQLite's: rows leave before others enter, except for RANGE with both bounds on the same side of the current row; and
//! frames that lie wholly after the current row begin as if there were rows before the first.
//!
//! Source: observed with a logging window function, https://sqlite.org/windowfunctions.html#udfwinfunc

use super::frame::{Bound, FrameSpec, FrameUnit, Frames, Peers};
use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slide {
    /// `Aggregate::step` for these rows in order.
    Step(Range<usize>),
    /// `Aggregate::inverse` for these rows in order.
    Inverse(Range<usize>),
}

/// Leads one aggregate through one partition. Only for frames that `FrameSpec::slides`.
pub struct Slider {
    spec: FrameSpec,
    /// The rows that have been taken in and not out.
    held: Range<usize>,
    started: bool,
}

impl Slider {
    pub fn new(spec: FrameSpec) -> Slider {
        Slider { spec, held: 0..0, started: false }
    }

    /// What to do before the result for `row` is read; rows are asked one after the other.
    pub fn advance<E>(
        &mut self,
        frames: &mut Frames<'_>,
        peers: &Peers,
        row: usize,
        mut act: impl FnMut(Slide) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.started {
            self.started = true;
            self.lead_in(peers, &mut act)?;
        }
        if self.never() {
            return Ok(());
        }
        let (start, end) = frames.bounds(row);
        if self.leaves_first() {
            self.leave(start, &mut act)?;
            self.enter(end, &mut act)
        } else {
            self.enter(end, &mut act)?;
            self.leave(start, &mut act)
        }
    }

    fn leave<E>(&mut self, start: usize, act: &mut impl FnMut(Slide) -> Result<(), E>) -> Result<(), E> {
        let start = start.min(self.held.end);
        if self.held.start < start {
            act(Slide::Inverse(self.held.start..start))?;
            self.held.start = start;
        }
        Ok(())
    }

    fn enter<E>(&mut self, end: usize, act: &mut impl FnMut(Slide) -> Result<(), E>) -> Result<(), E> {
        if self.held.end < end {
            act(Slide::Step(self.held.end..end))?;
            self.held.end = end;
        }
        Ok(())
    }

    fn leaves_first(&self) -> bool {
        !(self.spec.unit == FrameUnit::Range
            && matches!(
                (self.spec.start, self.spec.end),
                (Bound::Preceding(_), Bound::Preceding(_))
                    | (Bound::Following(_), Bound::Following(_) | Bound::UnboundedFollowing)
            ))
    }

    /// Both bounds are on one side and the start lies after the end: no frame has a row.
    fn never(&self) -> bool {
        match (self.spec.start, self.spec.end) {
            _ if self.spec.unit == FrameUnit::Range => false,
            (Bound::Preceding(start), Bound::Preceding(end)) => start.count() < end.count(),
            (Bound::Following(start), Bound::Following(end)) => start.count() > end.count(),
            _ => false,
        }
    }

    /// Slides over the frames that rows before the first would have, for a start after the current row.
    fn lead_in<E>(&mut self, peers: &Peers, act: &mut impl FnMut(Slide) -> Result<(), E>) -> Result<(), E> {
        let Bound::Following(start) = self.spec.start else {
            return Ok(());
        };
        // From here on rows for ROWS and groups for GROUPS.
        let (units, rows_of): (usize, &dyn Fn(usize) -> Range<usize>) = match self.spec.unit {
            FrameUnit::Rows => (peers.rows(), &|unit| unit..unit + 1),
            FrameUnit::Groups => (peers.groups(), &|unit| peers.group(unit)),
            FrameUnit::Range => return Ok(()),
        };
        let (start, last) = match self.spec.end {
            Bound::Following(end) => (start.count(), end.count()),
            Bound::UnboundedFollowing => return self.enter(peers.rows(), act),
            _ => return Ok(()),
        };
        if start > last {
            return Ok(());
        }
        let width = last - start + 1;
        for unit in 0..units.min(last.saturating_add(1)) {
            if let Some(leaving) = unit.checked_sub(width) {
                self.leave(rows_of(leaving).end, act)?;
            }
            self.enter(rows_of(unit).end, act)?;
        }
        Ok(())
    }
}
