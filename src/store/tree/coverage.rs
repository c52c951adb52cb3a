//! Which keys of a tree are in memory when the others are still in its base.
//!
//! A *stretch* is all keys above its lower end, up to and with its upper end. What lies in a covered stretch is
//! in the tree or does not exist; what lies outside has to be read from the [`Base`] first. A tree that nobody has written to
//! may let go of its stretches at any read ([`crate::store::memory`]).
//!
//! Invariant: stretches neither overlap nor touch.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLockReadGuard;

use super::order::Order;
use crate::error::Result;
use crate::store::version::Version;

/// The place that a read from the base must contain.
pub enum Target<O: Order> {
    /// The key, and what comes right before it.
    At(O::Owned),
    /// What comes right behind the key; `None`: the least keys.
    After(Option<O::Owned>),
    /// The greatest keys.
    Last,
}

/// Consecutive entries of a base.
pub struct Stretch<O: Order> {
    /// Exclusive; `None`: no keys lie below.
    pub low: Option<O::Owned>,
    /// Inclusive; `None`: no keys lie above.
    pub high: Option<O::Owned>,
    /// In ascending order. The inline part matters only where it is the key.
    pub entries: Vec<(O::Inline, Version)>,
}

/// The keys above a lower end, up to and with an upper end; `None`: no end.
pub type Ends<O> = (Option<<O as Order>::Owned>, Option<<O as Order>::Owned>);

/// Where the entries come from that are not in memory. What it gives stays the same as long as any view of the
/// database is open, but for keys that are covered already.
pub trait Base<O: Order>: Send + Sync {
    /// Reads a stretch that contains the target and up to `pages` - 1 that follow it.
    fn read(&self, target: &Target<O>, pages: usize) -> Result<Stretch<O>>;

    /// The number of entries of a stretch, which are not read. The caller holds [`Base::hold`].
    fn count(&self, stretch: &Ends<O>) -> Result<u64>;

    /// The base stays as it is while this is held; `None` where it never changes. Taken before a tree's lock.
    fn hold(&self) -> Option<RwLockReadGuard<'_, ()>>;

    /// About how many entries there are; `None` if it is not known without reading them.
    fn len_estimate(&self) -> Option<usize>;
}

/// The covered stretches of a tree.
pub struct Coverage<O: Order> {
    /// Lower ends by upper ends.
    stretches: BTreeMap<O::Owned, Option<O::Owned>>,
    /// The lower end of the stretch that has no upper one.
    top: Option<Option<O::Owned>>,
}

impl<O: Order> Default for Coverage<O> {
    fn default() -> Self {
        Coverage { stretches: BTreeMap::new(), top: None }
    }
}

/// Compares lower ends, where `None` is the least.
fn compare_low<O: Order>(a: Option<&O::Owned>, b: Option<&O::Owned>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => O::compare(O::of_owned(a), O::of_owned(b)),
    }
}

impl<O: Order> Coverage<O> {
    /// The ends of the stretch that a key is in.
    pub fn around(&self, probe: O::Probe<'_>) -> Option<(Option<&O::Owned>, Option<&O::Owned>)> {
        let (low, high) = match O::first_from(&self.stretches, probe) {
            Some((high, low)) => (low.as_ref(), Some(high)),
            None => (self.top.as_ref()?.as_ref(), None),
        };
        let inside = low.is_none_or(|low| O::compare(O::of_owned(low), probe).is_lt());
        inside.then_some((low, high))
    }

    /// The upper end of the stretch that has no lower one; `None` if there is no such stretch.
    pub fn bottom(&self) -> Option<Option<&O::Owned>> {
        match self.stretches.first_key_value() {
            Some((high, None)) => Some(Some(high)),
            None if self.top == Some(None) => Some(None),
            _ => None,
        }
    }

    /// The lower end of the stretch that has no upper one; `None` if there is no such stretch.
    pub fn top(&self) -> Option<Option<&O::Owned>> {
        self.top.as_ref().map(Option::as_ref)
    }

    /// What lies between the stretches.
    pub fn gaps(&self) -> Vec<Ends<O>> {
        let mut gaps = Vec::new();
        let mut low: Option<&O::Owned> = None;
        for (end, start) in &self.stretches {
            if let Some(start) = start {
                gaps.push((low.cloned(), Some(start.clone())));
            }
            low = Some(end);
        }
        match &self.top {
            None => gaps.push((low.cloned(), None)),
            Some(Some(start)) => gaps.push((low.cloned(), Some(start.clone()))),
            Some(None) => {}
        }
        gaps
    }

    pub fn is_all(&self) -> bool {
        self.top == Some(None)
    }

    /// Whether anything of a stretch is covered.
    pub fn overlaps(&self, low: Option<&O::Owned>, high: Option<&O::Owned>) -> bool {
        // The first stretch that ends above `low` must begin below `high`.
        let below = |start: Option<&O::Owned>| match high {
            None => true,
            Some(high) => compare_low::<O>(start, Some(high)).is_lt(),
        };
        let next = match low {
            None => self.stretches.iter().next(),
            Some(low) => self.stretches_from(low).find(|(end, _)| *end != low),
        };
        match next {
            Some((_, start)) => below(start.as_ref()),
            None => self.top.as_ref().is_some_and(|start| below(start.as_ref())),
        }
    }

    fn stretches_from(&self, low: &O::Owned) -> impl Iterator<Item = (&O::Owned, &Option<O::Owned>)> {
        self.stretches.range::<O::Owned, _>(low..)
    }

    /// Covers one more stretch.
    pub fn add(&mut self, mut low: Option<O::Owned>, mut high: Option<O::Owned>) {
        loop {
            // One that overlaps or touches: it ends at or above `low` and begins at or below `high`.
            let next = match &low {
                None => self.stretches.iter().next(),
                Some(low) => self.stretches_from(low).next(),
            };
            let touches =
                |start: Option<&O::Owned>| high.as_ref().is_none_or(|high| compare_low::<O>(start, Some(high)).is_le());
            let Some(end) = next.filter(|(_, start)| touches(start.as_ref())).map(|(end, _)| end.clone()) else {
                break;
            };
            let start = self.stretches.remove(&end).flatten();
            if compare_low::<O>(start.as_ref(), low.as_ref()).is_lt() {
                low = start;
            }
            if high.as_ref().is_some_and(|high| *high < end) {
                high = Some(end);
            }
        }
        if let Some(start) = &self.top
            && high.as_ref().is_none_or(|high| compare_low::<O>(start.as_ref(), Some(high)).is_le())
        {
            if compare_low::<O>(start.as_ref(), low.as_ref()).is_lt() {
                low = start.clone();
            }
            high = None;
        }
        match high {
            Some(high) => {
                self.stretches.insert(high, low);
            }
            None => self.top = Some(low),
        }
    }
}

/// The part of a tree that is in memory, and where the rest is.
pub struct Partial<O: Order> {
    pub coverage: Coverage<O>,
    pub base: Arc<dyn Base<O>>,
    /// Where the last read ended: one that goes on from there takes more at once.
    pub last_end: Option<O::Owned>,
    pub pages: usize,
}

/// Pages read at once by a scan that has been going on for a while.
const PAGES_MAX: usize = 64;

impl<O: Order> Partial<O> {
    pub fn new(base: Arc<dyn Base<O>>) -> Partial<O> {
        Partial { coverage: Coverage::default(), base, last_end: None, pages: 1 }
    }

    /// How many pages to read for a target.
    pub fn pages_for(&mut self, target: &Target<O>) -> usize {
        let goes_on = match target {
            Target::After(Some(key)) => self.last_end.as_ref() == Some(key),
            _ => false,
        };
        self.pages = if goes_on { (self.pages * 2).min(PAGES_MAX) } else { 1 };
        self.pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tree::order::RowOrder;

    type Around = Option<(Option<i64>, Option<i64>)>;

    fn around(coverage: &Coverage<RowOrder>, key: i64) -> Around {
        coverage.around(key).map(|(low, high)| (low.copied(), high.copied()))
    }

    /// Random stretches against a set of single keys.
    #[test]
    fn covers_what_was_added() {
        let mut seed = 7_u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for _ in 0..500 {
            let mut coverage = Coverage::<RowOrder>::default();
            // Keys 0..40 are below, within and above.
            let mut known = [false; 40];
            for _ in 0..random(12) {
                let a = random(39) as i64;
                let b = a + 1 + random(8) as i64;
                let low = (a > 0).then_some(a);
                let high = (b < 39).then_some(b);
                let covered = |k: i64| low.is_none_or(|l| k > l) && high.is_none_or(|h| k <= h);
                let any = (0..40).any(|k| covered(k) && known[k as usize]);
                assert_eq!(coverage.overlaps(low.as_ref(), high.as_ref()), any);
                coverage.add(low, high);
                (0..40).filter(|k| covered(*k)).for_each(|k| known[k as usize] = true);
            }
            for k in 0..40_i64 {
                let found = around(&coverage, k);
                assert_eq!(found.is_some(), known[k as usize]);
                if let Some((low, high)) = found {
                    assert!(low.is_none_or(|low| low < k && !known[low as usize]));
                    assert!(high.is_none_or(|high| high >= k && !known[high as usize + 1]));
                }
            }
            let in_gap = |k: i64| {
                coverage.gaps().iter().any(|(low, high)| low.is_none_or(|l| k > l) && high.is_none_or(|h| k <= h))
            };
            (0..40).for_each(|k| assert_eq!(in_gap(k), !known[k as usize]));
            assert_eq!(coverage.bottom().is_some(), known[0]);
            assert_eq!(coverage.top().is_some(), known[39]);
            assert_eq!(coverage.is_all(), known.iter().all(|k| *k));
        }
    }
}
