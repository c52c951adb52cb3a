//! Finding places in a tree, also in one whose entries are partly in its base still.
//!
//! Reading from the base may fail: then the failure is kept for the running thread ([`fault`]) and the place is not
//! found. Whoever runs statements asks for it before a row or the end of a statement is reported.
//!
//! No lock is held while the base is read. What it gave goes into the tree where nobody has covered the
//! place meanwhile: a writer covers a key before it writes it, so what is covered is newer than what was read.

use super::coverage::{Coverage, Partial, Stretch, Target};
use super::node::{From, Node};
use super::order::Order;
use super::{Body, LeafRef, Tree};
use crate::error::{Code, Error};
use crate::store::ids::View;
use crate::store::version::Version;
use crate::store::{fault, memory};

/// A place in a leaf, and the entries of the leaf around it (`from..to`) between which nothing is missing.
pub struct Found<O: Order> {
    pub leaf: LeafRef<O>,
    pub index: usize,
    pub from: usize,
    pub to: usize,
}

impl<O: Order> Found<O> {
    #[inline]
    fn whole((leaf, index): (&LeafRef<O>, usize)) -> Found<O> {
        Found { leaf: leaf.clone(), index, from: 0, to: leaf.len() }
    }

    /// Within a covered stretch.
    fn within((leaf, index): (&LeafRef<O>, usize), low: Option<&O::Owned>, high: Option<&O::Owned>) -> Found<O> {
        // The ends may lie outside of the leaf, whose own search knows only keys that belong here.
        let place = |end: &O::Owned| {
            leaf.entries().partition_point(|entry| {
                O::compare(O::of_entry(entry.inline, entry.version()), O::of_owned(end)).is_le()
            })
        };
        Found { leaf: leaf.clone(), index, from: low.map_or(0, place), to: high.map_or(leaf.len(), place) }
    }
}

impl<O: Order> Tree<O> {
    pub(super) fn find_first(&self, view: View) -> Option<Found<O>> {
        loop {
            let body = self.body.read();
            if let Some(root) = body.root_before(view) {
                return root.first().map(Found::whole);
            }
            let found = body.root.first();
            let Some(partial) = &body.partial else { return found.map(Found::whole) };
            let Some(high) = partial.coverage.bottom() else {
                drop(body);
                self.load(&Target::After(None))?;
                continue;
            };
            match settle_below(found, None, high) {
                Ok(found) => return found,
                Err(target) => {
                    drop(body);
                    self.load(&target)?;
                }
            }
        }
    }

    pub(super) fn find_last(&self, view: View) -> Option<Found<O>> {
        loop {
            let body = self.body.read();
            if let Some(root) = body.root_before(view) {
                return root.last().map(Found::whole);
            }
            let found = body.root.last();
            let Some(partial) = &body.partial else { return found.map(Found::whole) };
            let Some(low) = partial.coverage.top() else {
                drop(body);
                self.load(&Target::Last)?;
                continue;
            };
            match settle_above(found, low, None) {
                Ok(found) => return found,
                Err(target) => {
                    drop(body);
                    self.load(&target)?;
                }
            }
        }
    }

    /// The first entry after a key, or at it.
    #[inline]
    pub(super) fn find_after(&self, probe: O::Probe<'_>, from: From, view: View) -> Option<Found<O>> {
        let body = self.body.read();
        if body.partial.is_some() || body.before.is_some() {
            drop(body);
            return self.find_elsewhere(probe, |root| root.after(probe, from), view, settle_below);
        }
        body.root.after(probe, from).map(Found::whole)
    }

    /// The last entry before a key, or at it.
    #[inline]
    pub(super) fn find_before(&self, probe: O::Probe<'_>, or_at: bool, view: View) -> Option<Found<O>> {
        let body = self.body.read();
        if body.partial.is_some() || body.before.is_some() {
            drop(body);
            return self.find_elsewhere(probe, |root| root.before(probe, or_at), view, settle_above);
        }
        body.root.before(probe, or_at).map(Found::whole)
    }

    /// Where not all is in memory, or an older view does not read the nodes in force.
    #[cold]
    fn find_elsewhere(
        &self,
        probe: O::Probe<'_>,
        look: impl for<'b> Fn(&'b Node<O>) -> Option<(&'b LeafRef<O>, usize)>,
        view: View,
        settle: impl for<'b> Fn(
            Option<(&'b LeafRef<O>, usize)>,
            Option<&O::Owned>,
            Option<&O::Owned>,
        ) -> Result<Option<Found<O>>, Target<O>>,
    ) -> Option<Found<O>> {
        loop {
            let body = self.body.read();
            if let Some(root) = body.root_before(view) {
                return look(root).map(Found::whole);
            }
            let found = look(&body.root);
            let Some(partial) = &body.partial else { return found.map(Found::whole) };
            let target = match partial.coverage.around(probe) {
                None => Target::At(O::to_owned(probe)),
                Some((low, high)) => match settle(found, low, high) {
                    Ok(found) => return found,
                    Err(target) => target,
                },
            };
            drop(body);
            self.load(&target)?;
        }
    }

    /// The newest version of a key that is not in memory.
    #[cold]
    pub(super) fn newest_below(&self, probe: O::Probe<'_>) -> Option<Version> {
        let mut body = self.body.read();
        while !body.covers(probe) {
            drop(body);
            if !self.cover(probe) {
                return None;
            }
            body = self.body.read();
        }
        let (leaf, guess) = body.root.leaf(probe);
        let i = leaf.search(probe, guess).ok()?;
        Some(leaf.entries()[i].version().clone())
    }

    /// Sees to it that a key is covered; false if the base could not be read.
    pub(super) fn cover(&self, probe: O::Probe<'_>) -> bool {
        loop {
            let body = self.body.read();
            let Some(partial) = &body.partial else { return true };
            if partial.coverage.around(probe).is_some() {
                return true;
            }
            drop(body);
            if self.load(&Target::At(O::to_owned(probe))).is_none() {
                return false;
            }
        }
    }

    /// Takes everything into memory; false if the base could not be read.
    pub fn cover_all(&self) -> bool {
        self.body.write().stays = true;
        loop {
            let body = self.body.read();
            let Some(partial) = &body.partial else { return true };
            let target = Target::After(match partial.coverage.bottom() {
                None => None,
                Some(high) => high.cloned(),
            });
            drop(body);
            if self.load(&target).is_none() {
                return false;
            }
        }
    }

    /// Reads a target from the base into the tree. `None` if that failed: the reason is in [`fault`].
    fn load(&self, target: &Target<O>) -> Option<()> {
        let (base, pages) = {
            let mut body = self.body.write();
            let Some(partial) = &mut body.partial else { return Some(()) };
            (partial.base.clone(), partial.pages_for(target))
        };
        let taken = base.read(target, pages).and_then(|stretch| {
            if is_in(target, &stretch) {
                let let_go = self.body.write().take_in(stretch);
                drop(let_go);
                return Ok(());
            }
            Err(Error::new(
                Code::CORRUPT,
                "database disk image is malformed: a page does not hold what its parent says",
            ))
        });
        taken.map_err(fault::raise).ok()
    }
}

/// Whether a read brought what was asked for: else asking again would never end.
fn is_in<O: Order>(target: &Target<O>, stretch: &Stretch<O>) -> bool {
    let above_low =
        |key: &O::Owned, or_at: bool| stretch.low.as_ref().is_none_or(|low| low < key || or_at && low == key);
    match target {
        Target::At(key) => above_low(key, false) && stretch.high.as_ref().is_none_or(|high| key <= high),
        Target::After(None) => stretch.low.is_none(),
        Target::After(Some(key)) => above_low(key, true) && stretch.high.as_ref().is_none_or(|high| key < high),
        Target::Last => stretch.high.is_none(),
    }
}

/// Whether the first entry found from within a stretch on is in it; if not, what to read.
fn settle_below<O: Order>(
    found: Option<(&LeafRef<O>, usize)>,
    low: Option<&O::Owned>,
    high: Option<&O::Owned>,
) -> Result<Option<Found<O>>, Target<O>> {
    let Some(end) = high else { return Ok(found.map(|found| Found::within(found, low, high))) };
    match found {
        Some((leaf, i)) if O::compare(leaf.key(i), O::of_owned(end)).is_le() => {
            Ok(Some(Found::within((leaf, i), low, high)))
        }
        _ => Err(Target::After(Some(end.clone()))),
    }
}

/// Whether the last entry found down from within a stretch is in it; if not, what to read.
fn settle_above<O: Order>(
    found: Option<(&LeafRef<O>, usize)>,
    low: Option<&O::Owned>,
    high: Option<&O::Owned>,
) -> Result<Option<Found<O>>, Target<O>> {
    let Some(start) = low else { return Ok(found.map(|found| Found::within(found, low, high))) };
    match found {
        Some((leaf, i)) if O::compare(leaf.key(i), O::of_owned(start)).is_gt() => {
            Ok(Some(Found::within((leaf, i), low, high)))
        }
        _ => Err(Target::At(start.clone())),
    }
}

impl<O: Order> Body<O> {
    /// Gives what had to be let go of for it, to be dropped without the tree's lock.
    fn take_in(&mut self, stretch: Stretch<O>) -> Option<Node<O>> {
        let mut partial = self.partial.take()?;
        let Stretch { low, high, entries } = stretch;
        let bytes = entries.iter().map(|(_, version)| memory::bytes_of(version)).sum();
        let let_go = (!self.stays && self.tally.is_too_much(bytes)).then(|| {
            partial.coverage = Coverage::default();
            self.tally.clear();
            self.entries = 0;
            std::mem::replace(&mut self.root, Node::empty())
        });
        self.tally.add_bytes(bytes);
        let overlaps = partial.coverage.overlaps(low.as_ref(), high.as_ref());
        let follows = match (self.root.last(), entries.first()) {
            (Some((leaf, i)), Some((inline, version))) => {
                O::compare(leaf.key(i), O::of_entry(*inline, version)).is_lt()
            }
            _ => true,
        };
        if follows && !overlaps {
            self.append(entries);
        } else {
            self.insert_each(entries, &partial, overlaps);
        }
        partial.last_end.clone_from(&high);
        partial.coverage.add(low, high);
        if !partial.coverage.is_all() {
            self.partial = Some(partial);
        }
        let_go
    }

    /// Inserts entries in ascending order, all of them behind those in the tree.
    pub(super) fn append(&mut self, entries: Vec<(O::Inline, Version)>) {
        self.entries += entries.len();
        let mut entries = entries.into_iter();
        while !entries.as_slice().is_empty() {
            let leaf = self.root.last_leaf_mut();
            if leaf.is_full() {
                if let Some((inline, version)) = entries.next() {
                    let lent = version.clone();
                    self.root.insert_splitting(O::of_entry(inline, &lent), version);
                }
            } else {
                LeafRef::make_mut(leaf).fill(&mut entries);
            }
        }
    }

    fn insert_each(&mut self, entries: Vec<(O::Inline, Version)>, partial: &Partial<O>, overlaps: bool) {
        for (inline, version) in entries {
            let probe = O::of_entry(inline, &version);
            if !overlaps || partial.coverage.around(probe).is_none() {
                // The version holds its key: another handle lends it while this one is moved in.
                let lent = version.clone();
                self.insert(O::of_entry(inline, &lent), version);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::tree::coverage::{Base, Ends};
    use crate::store::tree::cursor::Cursor;
    use crate::store::tree::order::RowOrder;
    use crate::store::{ObjectId, Stamp, View};

    /// Rows at every third key, read in stretches of a few.
    struct Thirds {
        count: i64,
        size: i64,
    }

    impl Base<RowOrder> for Thirds {
        fn read(&self, target: &Target<RowOrder>, pages: usize) -> crate::error::Result<Stretch<RowOrder>> {
            let size = self.size * 3;
            let last = (self.count - 1) / self.size;
            let page = match target {
                Target::At(key) => (key - 1).div_euclid(size),
                Target::After(None) => 0,
                Target::After(Some(key)) => key.div_euclid(size),
                Target::Last => last,
            };
            let page = page.clamp(0, last);
            let end = (page + pages as i64 - 1).min(last);
            let rows = (page * self.size..((end + 1) * self.size).min(self.count)).map(|i| i * 3 + 1);
            Ok(Stretch {
                low: (page > 0).then_some(page * size),
                high: (end < last).then_some((end + 1) * size),
                entries: rows.map(|k| (k, Version::row(Stamp::default(), &k.to_le_bytes()))).collect(),
            })
        }

        fn count(&self, (low, high): &Ends<RowOrder>) -> crate::error::Result<u64> {
            let inside = |k: &i64| low.is_none_or(|low| *k > low) && high.is_none_or(|high| *k <= high);
            Ok((0..self.count).map(|i| i * 3 + 1).filter(inside).count() as u64)
        }

        fn hold(&self) -> Option<parking_lot::RwLockReadGuard<'_, ()>> {
            None
        }

        fn len_estimate(&self) -> Option<usize> {
            Some(self.count as usize)
        }
    }

    #[test]
    fn reads_as_if_all_were_there() {
        let mut seed = 99_u64;
        let mut random = move |below: i64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below as u64) as i64
        };
        for round in 0..200 {
            let (count, size) = (1 + random(400), 1 + random(30));
            let base = Arc::new(Thirds { count, size });
            let tree = Arc::new(Tree::<RowOrder>::over(ObjectId(1), base));
            let mut model: std::collections::BTreeSet<i64> = (0..count).map(|i| i * 3 + 1).collect();
            let view = View::main(Stamp(u64::MAX));
            let mut cursor = Cursor::new(tree.clone(), view);
            for step in 0..60 {
                let key = random(count * 3 + 10) - 5;
                assert_eq!(tree.count(view).ok(), Some(model.len() as u64));
                match random(9) {
                    0 => assert_eq!(tree.get(key, view).is_some(), model.contains(&key)),
                    1 => {
                        let version = Version::row(Stamp(step + 1), b"new");
                        tree.put(key, version, super::super::PutIf::Always);
                        model.insert(key);
                    }
                    2 => {
                        let version = Version::row_tombstone(Stamp(step + 1));
                        let put = tree.put(key, version.clone(), super::super::PutIf::Present);
                        assert_eq!(matches!(put, super::super::Put::Refused), !model.remove(&key));
                        tree.remove_if(key, &version);
                    }
                    3 => {
                        let found = cursor.first().then(|| cursor.rowid());
                        assert_eq!(found, model.first().copied());
                    }
                    4 => {
                        let found = cursor.last().then(|| cursor.rowid());
                        assert_eq!(found, model.last().copied());
                    }
                    5 | 6 => {
                        let mut expected = model.range(key..);
                        let mut found = cursor.seek_ge(key);
                        for _ in 0..random(80) {
                            assert_eq!(found.then(|| cursor.rowid()), expected.next().copied());
                            if !found {
                                break;
                            }
                            found = cursor.next();
                        }
                    }
                    _ => {
                        let mut expected = model.range(..key).rev();
                        let mut found = cursor.seek_lt(key);
                        for _ in 0..random(80) {
                            assert_eq!(found.then(|| cursor.rowid()), expected.next().copied());
                            if !found {
                                break;
                            }
                            found = cursor.prev();
                        }
                    }
                }
            }
            if round % 2 == 0 {
                assert!(tree.cover_all());
            }
            let mut near = Cursor::new(tree.clone(), view).staying_near();
            for _ in 0..40 {
                let key = random(count * 3 + 10) - 5;
                let found = near.seek_exact(key).then(|| near.rowid());
                assert_eq!(found, model.get(&key).copied());
                assert_eq!(near.is_valid(), found.is_some());
            }
            let mut all = Vec::new();
            let mut more = cursor.first();
            while more {
                all.push(cursor.rowid());
                more = cursor.next();
            }
            assert_eq!(all, model.into_iter().collect::<Vec<_>>());
            tree.check();
        }
    }
}
