//! Tables by rowid as bases.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::RwLockReadGuard;

use super::layout::RowLayout;
use super::page::{DEPTH_MAX, Kind, Page};
use super::record::Record;
use super::{Pages, damaged};
use crate::error::Result;
use crate::store::ids::Stamp;
use crate::store::tree::coverage::{Base, Ends, Stretch, Target};
use crate::store::tree::order::RowOrder;
use crate::store::version::Version;

pub struct Rows {
    pub pages: Arc<dyn Pages>,
    /// May move when other objects are dropped.
    pub root: Arc<AtomicU32>,
    pub layout: RowLayout,
    /// From statistics, if there are any.
    pub len_estimate: Option<usize>,
}

/// A leaf, and the rowids between which its own lie: above `low`, up to `high`.
struct Leaf {
    page: Page,
    low: Option<i64>,
    high: Option<i64>,
}

impl Rows {
    /// The leaf where a rowid is or would be.
    fn leaf(&self, rowid: i64) -> Result<Leaf> {
        let (mut low, mut high, mut number) = (None, None, self.root.load(Ordering::Relaxed));
        for _ in 0..DEPTH_MAX {
            let page = Page::read(&*self.pages, number)?;
            match page.kind {
                Kind::LeafTable => {
                    // Above the greatest rowid there is nothing.
                    let high = high.filter(|high| *high < i64::MAX);
                    return Ok(Leaf { page, low, high });
                }
                Kind::InteriorTable => {}
                _ => return Err(damaged(number, "a page of an index in a table")),
            }
            let (mut from, mut to) = (0, page.cells);
            while from < to {
                let middle = (from + to) / 2;
                if page.rowid(middle)? < rowid { from = middle + 1 } else { to = middle }
            }
            if from > 0 {
                low = Some(page.rowid(from - 1)?);
            }
            if from < page.cells {
                high = Some(page.rowid(from)?);
            }
            number = page.child(from)?;
        }
        Err(damaged(number, "the table is too deep"))
    }

    /// Counts the rows of a stretch below a page, whose own rowids are above `low`, up to `high`.
    fn count_below(
        &self,
        number: u32,
        depth: usize,
        (low, high): (Option<i64>, Option<i64>),
        stretch: &Ends<RowOrder>,
    ) -> Result<u64> {
        let page = Page::read(&*self.pages, number)?;
        let (begins, ends) = stretch;
        match page.kind {
            Kind::LeafTable => {
                let whole = begins.is_none_or(|begins| low.is_some_and(|low| low >= begins))
                    && ends.is_none_or(|ends| high.is_some_and(|high| high <= ends));
                if whole {
                    return Ok(page.cells as u64);
                }
                let mut count = 0;
                for i in 0..page.cells {
                    let rowid = page.rowid(i)?;
                    let inside = begins.is_none_or(|begins| rowid > begins) && ends.is_none_or(|ends| rowid <= ends);
                    count += u64::from(inside);
                }
                Ok(count)
            }
            Kind::InteriorTable if depth < DEPTH_MAX => {
                let (mut count, mut low) = (0, low);
                for i in 0..=page.cells {
                    let high = if i < page.cells { Some(page.rowid(i)?) } else { high };
                    let before = begins.is_some_and(|begins| high.is_some_and(|high| high <= begins));
                    let behind = ends.is_some_and(|ends| low.is_some_and(|low| low >= ends));
                    if !before && !behind {
                        count += self.count_below(page.child(i)?, depth + 1, (low, high), stretch)?;
                    }
                    low = high;
                }
                Ok(count)
            }
            _ => Err(damaged(number, "not a page of this table")),
        }
    }

    fn take(&self, leaf: &Leaf, entries: &mut Vec<(i64, Version)>) -> Result<()> {
        let page = &leaf.page;
        let (mut whole, mut record) = (Vec::new(), Vec::new());
        let encoding = self.pages.encoding();
        let mut before = leaf.low;
        entries.reserve(page.cells);
        for i in 0..page.cells {
            let (rowid, payload) = page.row(i, self.pages.usable_size())?;
            let fits = before.is_none_or(|before| before < rowid) && leaf.high.is_none_or(|high| rowid <= high);
            if !fits {
                return Err(damaged(page.number(), "rowids are out of order"));
            }
            before = Some(rowid);
            let bytes = payload.whole(&*self.pages, &mut whole)?;
            record.clear();
            Record::new(bytes, encoding)
                .and_then(|stored| self.layout.convert(stored, &mut record).ok())
                .ok_or_else(|| damaged(page.number(), "a record is cut off"))?;
            entries.push((rowid, Version::row(Stamp::default(), &record)));
        }
        Ok(())
    }
}

impl Base<RowOrder> for Rows {
    fn read(&self, target: &Target<RowOrder>, pages: usize) -> Result<Stretch<RowOrder>> {
        let _held = self.pages.hold();
        let first = match target {
            Target::At(rowid) => *rowid,
            Target::After(None) => i64::MIN,
            Target::After(Some(rowid)) => rowid.saturating_add(1),
            Target::Last => i64::MAX,
        };
        let mut leaf = self.leaf(first)?;
        let mut stretch = Stretch { low: leaf.low, high: leaf.high, entries: Vec::new() };
        self.take(&leaf, &mut stretch.entries)?;
        for _ in 1..pages {
            let Some(high) = stretch.high else { break };
            leaf = self.leaf(high + 1)?;
            if leaf.low != Some(high) {
                return Err(damaged(leaf.page.number(), "rowids are out of order"));
            }
            self.take(&leaf, &mut stretch.entries)?;
            stretch.high = leaf.high;
        }
        Ok(stretch)
    }

    fn count(&self, stretch: &Ends<RowOrder>) -> Result<u64> {
        self.count_below(self.root.load(Ordering::Relaxed), 0, (None, None), stretch)
    }

    fn hold(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.pages.hold()
    }

    fn len_estimate(&self) -> Option<usize> {
        self.len_estimate
    }
}
