//! The frame of a window function: which rows of the partition each row's result is computed over.
//!
//! A partition is its rows in the order of the window's ORDER BY, known here only by position, by its peer groups and,
//! for RANGE with offsets, by the one sort key. A frame is `[start, end)` minus what EXCLUDE takes out.
//!
//! Source: https://sqlite.org/windowfunctions.html#frame_specifications

use super::offset::Distance;
use super::range::RangeKey;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    Rows,
    Range,
    Groups,
}

/// One end of a frame, its offset already evaluated and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    UnboundedPreceding,
    Preceding(Distance),
    CurrentRow,
    Following(Distance),
    UnboundedFollowing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclude {
    /// No EXCLUDE clause.
    Absent,
    /// `EXCLUDE NO OTHERS`: the same rows, but SQLite then computes each frame afresh instead of sliding.
    NoOthers,
    CurrentRow,
    Group,
    Ties,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameSpec {
    pub unit: FrameUnit,
    pub start: Bound,
    pub end: Bound,
    pub exclude: Exclude,
}

impl FrameSpec {
    /// What applies without a frame clause.
    pub const DEFAULT: FrameSpec = FrameSpec {
        unit: FrameUnit::Range,
        start: Bound::UnboundedPreceding,
        end: Bound::CurrentRow,
        exclude: Exclude::Absent,
    };

    /// Whether SQLite keeps one running state (step, inverse) over the rows rather than one state per frame. It matters
    /// to the last bit of float sums and to which of equal values min and max give.
    pub fn slides(&self) -> bool {
        self.exclude == Exclude::Absent
    }
}

/// The peer groups of a partition: runs of rows that are equal under the window's ORDER BY. Without ORDER BY all rows
/// are peers.
#[derive(Clone, Debug)]
pub struct Peers {
    /// First row of each group, and the number of rows at the end.
    starts: Vec<usize>,
}

impl Peers {
    /// `same(i)`: whether row `i` is a peer of row `i - 1`.
    pub fn new(rows: usize, mut same: impl FnMut(usize) -> bool) -> Peers {
        let mut starts: Vec<usize> = (0..rows).filter(|&i| i == 0 || !same(i)).collect();
        starts.push(rows);
        Peers { starts }
    }

    /// All rows in one group.
    pub fn all(rows: usize) -> Peers {
        Peers::new(rows, |_| true)
    }

    pub fn rows(&self) -> usize {
        *self.starts.last().expect("the number of rows is always there")
    }

    pub fn groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows of a group; groups past the end are empty.
    pub fn group(&self, group: usize) -> Range<usize> {
        let at = |g: usize| self.starts.get(g).copied().unwrap_or(self.rows());
        at(group)..at(group.saturating_add(1))
    }

    /// The group of a row.
    pub fn group_of(&self, row: usize) -> usize {
        self.starts.partition_point(|&start| start <= row) - 1
    }
}

/// Up to three ranges of rows, in order and without overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    ranges: [Range<usize>; 3],
    len: usize,
}

impl Frame {
    fn push(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.ranges[self.len] = range;
            self.len += 1;
        }
    }

    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges[..self.len]
    }

    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges().iter().cloned().flatten()
    }

    pub fn len(&self) -> usize {
        self.ranges().iter().map(ExactSizeIterator::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn first(&self) -> Option<usize> {
        self.ranges().first().map(|r| r.start)
    }

    pub fn last(&self) -> Option<usize> {
        self.ranges().last().map(|r| r.end - 1)
    }

    /// The row at this position of the frame, from 0.
    pub fn nth(&self, mut n: usize) -> Option<usize> {
        for range in self.ranges() {
            if n < range.len() {
                return Some(range.start + n);
            }
            n -= range.len();
        }
        None
    }
}

/// The frames of one partition. Asking row after row is cheapest: peers share what was found.
pub struct Frames<'a> {
    spec: FrameSpec,
    peers: &'a Peers,
    /// The sort key, needed for RANGE with an offset.
    key: Option<RangeKey<'a>>,
    /// The group last asked for, and for RANGE and GROUPS its bounds.
    group: usize,
    bounds: Option<(usize, usize)>,
}

impl<'a> Frames<'a> {
    pub fn new(spec: FrameSpec, peers: &'a Peers, key: Option<RangeKey<'a>>) -> Frames<'a> {
        Frames { spec, peers, key, group: usize::MAX, bounds: None }
    }

    fn seek(&mut self, row: usize) {
        if self.group != usize::MAX && self.peers.group(self.group).contains(&row) {
            return;
        }
        self.bounds = None;
        let next = self.group.wrapping_add(1);
        self.group = if self.peers.group(next).contains(&row) { next } else { self.peers.group_of(row) };
    }

    /// The peers of a row.
    pub fn peers_of(&mut self, row: usize) -> Range<usize> {
        self.seek(row);
        self.peers.group(self.group)
    }

    /// The frame of a row before EXCLUDE.
    pub fn range(&mut self, row: usize) -> Range<usize> {
        let (start, end) = self.bounds(row);
        start..end.max(start)
    }

    /// Start and end of the frame of a row; if it is empty the end may come before the start.
    pub(super) fn bounds(&mut self, row: usize) -> (usize, usize) {
        if self.spec.unit == FrameUnit::Rows {
            let rows = self.peers.rows();
            return (self.row_start(row).min(rows), self.row_end(row).min(rows));
        }
        self.seek(row);
        if let Some(bounds) = self.bounds {
            return bounds;
        }
        let bounds = match self.spec.unit {
            FrameUnit::Groups => (self.group_start(), self.group_end()),
            _ => (self.key_start(row), self.key_end(row)),
        };
        self.bounds = Some(bounds);
        bounds
    }

    fn row_start(&self, row: usize) -> usize {
        match self.spec.start {
            Bound::UnboundedPreceding => 0,
            Bound::Preceding(d) => row.saturating_sub(d.count()),
            Bound::CurrentRow => row,
            Bound::Following(d) => row.saturating_add(d.count()),
            Bound::UnboundedFollowing => usize::MAX,
        }
    }

    fn row_end(&self, row: usize) -> usize {
        match self.spec.end {
            Bound::UnboundedPreceding => 0,
            Bound::Preceding(d) => (row + 1).saturating_sub(d.count()),
            Bound::CurrentRow => row + 1,
            Bound::Following(d) => (row + 1).saturating_add(d.count()),
            Bound::UnboundedFollowing => usize::MAX,
        }
    }

    fn group_start(&self) -> usize {
        let rows = self.peers.rows();
        match self.spec.start {
            Bound::UnboundedPreceding => 0,
            Bound::Preceding(d) => self.peers.group(self.group.saturating_sub(d.count())).start,
            Bound::CurrentRow => self.peers.group(self.group).start,
            Bound::Following(d) => self.peers.group(self.group.saturating_add(d.count())).start,
            Bound::UnboundedFollowing => rows,
        }
    }

    fn group_end(&self) -> usize {
        match self.spec.end {
            Bound::UnboundedPreceding => 0,
            Bound::Preceding(d) => match self.group.checked_sub(d.count()) {
                Some(group) => self.peers.group(group).end,
                None => 0,
            },
            Bound::CurrentRow => self.peers.group(self.group).end,
            Bound::Following(d) => self.peers.group(self.group.saturating_add(d.count())).end,
            Bound::UnboundedFollowing => self.peers.rows(),
        }
    }

    fn key_start(&self, row: usize) -> usize {
        match (self.spec.start, &self.key) {
            (Bound::Preceding(d), Some(key)) => key.start_preceding(self.peers, row, d),
            (Bound::Following(d), Some(key)) => key.start_following(self.peers, row, d),
            _ => self.group_start(),
        }
    }

    fn key_end(&self, row: usize) -> usize {
        match (self.spec.end, &self.key) {
            (Bound::Preceding(d), Some(key)) => key.end_preceding(self.peers, row, d),
            (Bound::Following(d), Some(key)) => key.end_following(self.peers, row, d),
            _ => self.group_end(),
        }
    }

    /// The frame of a row.
    pub fn frame(&mut self, row: usize) -> Frame {
        let range = self.range(row);
        let mut frame = Frame::default();
        let out = match self.spec.exclude {
            Exclude::Absent | Exclude::NoOthers => {
                frame.push(range);
                return frame;
            }
            Exclude::CurrentRow => row..row + 1,
            Exclude::Group | Exclude::Ties => self.peers_of(row),
        };
        let clip = |r: Range<usize>| r.start.max(range.start)..r.end.min(range.end);
        frame.push(clip(0..out.start));
        if self.spec.exclude == Exclude::Ties {
            frame.push(clip(row..row + 1));
        }
        frame.push(clip(out.end..usize::MAX));
        frame
    }
}
