//! Indexes and tables WITHOUT ROWID as bases.
//!
//! Keys of the file are compared in our encoding, which orders as SQLite compares records. Where it does not (a
//! collation of a connection's own, an old file format that ignores DESC) everything is read and sorted.

use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use parking_lot::RwLockReadGuard;

use super::layout::{Entry, KeyLayout};
use super::page::{DEPTH_MAX, Kind, Page};
use super::record::Record;
use super::{Pages, damaged};
use crate::error::Result;
use crate::store::ids::Stamp;
use crate::store::tree::coverage::{Base, Ends, Stretch, Target};
use crate::store::tree::order::{KeyOrder, Order};
use crate::store::version::Version;

pub struct Keys {
    pub pages: Arc<dyn Pages>,
    /// May move when other objects are dropped.
    pub root: Arc<AtomicU32>,
    pub layout: KeyLayout,
    pub len_estimate: Option<usize>,
}

/// A leaf, and the entries of inner pages around it: the one above belongs to the stretch.
struct Leaf {
    page: Page,
    low: Option<Box<[u8]>>,
    high: Option<Entry>,
}

impl Keys {
    fn root(&self) -> u32 {
        self.root.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn entry(&self, page: &Page, i: usize) -> Result<Entry> {
        let mut entry = Entry::default();
        self.read_entry(page, i, &mut entry)?;
        Ok(entry)
    }

    /// Reads entry `i` into the room of another.
    fn read_entry(&self, page: &Page, i: usize, entry: &mut Entry) -> Result<()> {
        let mut whole = Vec::new();
        let payload = page.payload(i, self.pages.usable_size())?;
        let bytes = payload.whole(&*self.pages, &mut whole)?;
        Record::new(bytes, self.pages.encoding())
            .and_then(|stored| self.layout.convert(stored, entry).ok())
            .ok_or_else(|| damaged(page.number(), "a record is cut off"))
    }

    fn leaf(&self, target: &Target<KeyOrder>) -> Result<Leaf> {
        let (mut low, mut high, mut number) = (None, None, self.root());
        // Whether the target lies behind an entry of an inner page.
        let behind = |entry: &Entry| match target {
            Target::At(key) => entry.key.as_slice().cmp(key) == Ordering::Less,
            Target::After(None) => false,
            Target::After(Some(key)) => entry.key.as_slice().cmp(key) != Ordering::Greater,
            Target::Last => true,
        };
        for _ in 0..DEPTH_MAX {
            let page = Page::read(&*self.pages, number)?;
            match page.kind {
                Kind::LeafIndex => return Ok(Leaf { page, low, high }),
                Kind::InteriorIndex => {}
                _ => return Err(damaged(number, "a page of a table in an index")),
            }
            let (mut from, mut to) = (0, page.cells);
            while from < to {
                let middle = (from + to) / 2;
                if behind(&self.entry(&page, middle)?) { from = middle + 1 } else { to = middle }
            }
            if from > 0 {
                low = Some(self.entry(&page, from - 1)?.key.into());
            }
            if from < page.cells {
                high = Some(self.entry(&page, from)?);
            }
            number = page.child(from)?;
        }
        Err(damaged(number, "the index is too deep"))
    }

    /// Appends the entries of a leaf and the one above it; gives the stretch's upper end.
    fn take(&self, leaf: Leaf, entries: &mut Vec<(u64, Version)>) -> Result<Option<Box<[u8]>>> {
        let number = leaf.page.number();
        let (mut before, mut is_first) =
            (leaf.low.as_deref().map(<[u8]>::to_vec).unwrap_or_default(), leaf.low.is_none());
        let high = leaf.high.as_ref().map(|entry| entry.key.as_slice().into());
        let (mut entry, mut scratch) = (Entry::default(), Vec::new());
        let mut above = leaf.high;
        entries.reserve(leaf.page.cells + 1);
        for i in 0..=leaf.page.cells {
            if i < leaf.page.cells {
                self.read_entry(&leaf.page, i, &mut entry)?;
            } else if let Some(above) = above.take() {
                entry = above;
            } else {
                break;
            }
            if !is_first && before >= entry.key {
                return Err(damaged(number, "index entries are out of order"));
            }
            let version = Version::entry(Stamp::default(), &entry.key, &entry.record, &mut scratch);
            entries.push((KeyOrder::PADDING, version));
            std::mem::swap(&mut before, &mut entry.key);
            is_first = false;
        }
        Ok(high)
    }

    /// Counts the entries of a stretch below a page, whose own keys are above `low`, below `high`. An index whose order
    /// is not that of our keys is asked for all of them.
    fn count_below(
        &self,
        number: u32,
        depth: usize,
        (low, high): (Option<&[u8]>, Option<&[u8]>),
        stretch: &Ends<KeyOrder>,
    ) -> Result<u64> {
        let page = Page::read(&*self.pages, number)?;
        if depth >= DEPTH_MAX || !matches!(page.kind, Kind::LeafIndex | Kind::InteriorIndex) {
            return Err(damaged(number, "not a page of this index"));
        }
        let (begins, ends) = (stretch.0.as_deref(), stretch.1.as_deref());
        let whole = begins.is_none_or(|begins| low.is_some_and(|low| low >= begins))
            && ends.is_none_or(|ends| high.is_some_and(|high| high <= ends));
        let (mut count, mut low) = (0, low.map(<[u8]>::to_vec));
        if whole {
            count += page.cells as u64;
        }
        if whole && page.is_leaf() {
            return Ok(count);
        }
        for i in 0..=page.cells {
            let own = if whole || i == page.cells { None } else { Some(self.entry(&page, i)?.key) };
            if let Some(key) = own.as_deref() {
                let inside = begins.is_none_or(|begins| key > begins) && ends.is_none_or(|ends| key <= ends);
                count += u64::from(inside);
            }
            if !page.is_leaf() {
                // Below a page that lies in the stretch everything does.
                let between = if whole { (low.as_deref(), high) } else { (low.as_deref(), own.as_deref().or(high)) };
                let before = begins.is_some_and(|begins| between.1.is_some_and(|high| high <= begins));
                let behind = ends.is_some_and(|ends| between.0.is_some_and(|low| low >= ends));
                if !before && !behind {
                    count += self.count_below(page.child(i)?, depth + 1, between, stretch)?;
                }
            }
            if own.is_some() {
                low = own;
            }
        }
        Ok(count)
    }

    /// All entries, in the order of our keys.
    fn read_all(&self) -> Result<Stretch<KeyOrder>> {
        let mut found = Vec::new();
        self.walk(self.root(), 0, &mut found)?;
        found.sort_by(|a, b| a.key.cmp(&b.key));
        let mut scratch = Vec::new();
        let versions = found.iter().map(|e| Version::entry(Stamp::default(), &e.key, &e.record, &mut scratch));
        Ok(Stretch { low: None, high: None, entries: versions.map(|v| (KeyOrder::PADDING, v)).collect() })
    }

    fn walk(&self, number: u32, depth: usize, found: &mut Vec<Entry>) -> Result<()> {
        let page = Page::read(&*self.pages, number)?;
        if depth >= DEPTH_MAX || !matches!(page.kind, Kind::LeafIndex | Kind::InteriorIndex) {
            return Err(damaged(number, "not a page of this index"));
        }
        for i in 0..page.cells {
            if !page.is_leaf() {
                self.walk(page.child(i)?, depth + 1, found)?;
            }
            found.push(self.entry(&page, i)?);
        }
        if !page.is_leaf() {
            self.walk(page.child(page.cells)?, depth + 1, found)?;
        }
        Ok(())
    }
}

impl Base<KeyOrder> for Keys {
    fn read(&self, target: &Target<KeyOrder>, pages: usize) -> Result<Stretch<KeyOrder>> {
        let _held = self.pages.hold();
        if !self.layout.ordered {
            return self.read_all();
        }
        let leaf = self.leaf(target)?;
        let low = leaf.low.clone();
        let mut entries = Vec::new();
        let mut high = self.take(leaf, &mut entries)?;
        for _ in 1..pages {
            let Some(end) = high else { break };
            let leaf = self.leaf(&Target::After(Some(end.clone())))?;
            if leaf.low.as_ref() != Some(&end) {
                return Err(damaged(leaf.page.number(), "index entries are out of order"));
            }
            high = self.take(leaf, &mut entries)?;
        }
        Ok(Stretch { low, high, entries })
    }

    fn count(&self, stretch: &Ends<KeyOrder>) -> Result<u64> {
        self.count_below(self.root(), 0, (None, None), stretch)
    }

    fn hold(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.pages.hold()
    }

    fn len_estimate(&self) -> Option<usize> {
        self.len_estimate
    }
}
