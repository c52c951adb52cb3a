//! Reading a tree in order, either way, as a view sees it.
//!
//! A cursor holds the leaf it is in and reads it without a lock; at the leaf's end it descends again from the
//! last key. It skips tombstones and versions that its view does not see. While it holds a leaf, a write to that
//! leaf copies it once: [`Cursor::release`] avoids that where a cursor pauses while its own statement writes.
//!
//! What it does not do: keep its view alive. The view must be registered (`txn`) as long as the cursor reads,
//! or the versions it needs are cleaned away.

use std::sync::Arc;

use super::leaf::Entry;
use super::node::From;
use super::order::{KeyOrder, Order, RowOrder, begins_with};
use super::{Found, LeafRef, Tree, visible_older};
use crate::store::ids::View;
use crate::store::version::Version;

pub struct Cursor<O: Order> {
    tree: Arc<Tree<O>>,
    view: View,
    /// The leaf of the current entry; `None` if the cursor is at no entry.
    leaf: Option<LeafRef<O>>,
    /// The leaf of an entry that the cursor has left: the next seek looks there first. `known_from` and `known_to` are of
    /// this leaf.
    near: Option<LeafRef<O>>,
    /// Whether leaves are remembered so.
    stays_near: bool,
    /// The current entry's place in the leaf.
    index: usize,
    /// The entries of the leaf that follow each other without a gap, the current one among them.
    known_from: usize,
    known_to: usize,
    /// The entries in this stretch, the current one among them, are known to be seen in their newest version.
    /// Empty if the current entry is not.
    clear_from: usize,
    clear_to: usize,
    /// How many entries the next look ahead takes; grows as the cursor goes on.
    ahead: usize,
    /// The current entry's version if it is not the newest.
    older: Option<Version>,
    /// The current entry's newest version while the leaf is released.
    parked: Option<Parked<O>>,
}

struct Parked<O: Order> {
    inline: O::Inline,
    version: Version,
}

/// Looking at the versions of a stretch of entries at once lets the processor fetch them from memory together.
const AHEAD_MAX: usize = 16;

impl<O: Order> Cursor<O> {
    pub fn new(tree: Arc<Tree<O>>, view: View) -> Cursor<O> {
        Cursor {
            tree,
            view,
            leaf: None,
            near: None,
            stays_near: false,
            index: 0,
            known_from: 0,
            known_to: 0,
            clear_from: 0,
            clear_to: 0,
            ahead: 1,
            older: None,
            parked: None,
        }
    }

    /// Lets it begin to look for a key where it has been before. Its view must not come to see what is written meanwhile.
    pub fn staying_near(self) -> Cursor<O> {
        Cursor { stays_near: true, ..self }
    }

    pub fn tree(&self) -> &Arc<Tree<O>> {
        &self.tree
    }

    /// Whether it reads this tree as this view sees it.
    #[inline]
    pub fn is_over(&self, tree: &Arc<Tree<O>>, view: View) -> bool {
        Arc::ptr_eq(&self.tree, tree) && self.view == view
    }

    /// Whether it begins to look in this tree where it has been before.
    #[inline]
    pub fn stays_near_in(&self, tree: &Arc<Tree<O>>) -> bool {
        self.stays_near && Arc::ptr_eq(&self.tree, tree)
    }

    pub fn view(&self) -> View {
        self.view
    }

    /// Changes the view; the cursor is at no entry until the next seek.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
        self.reset();
    }

    /// Leaves the current entry and lets go of its leaf.
    pub fn reset(&mut self) {
        self.near = None;
        self.leave();
        self.leaf = None;
    }

    /// Leaves the current entry but remembers where it was, for a seek to a place near to it.
    #[inline]
    pub fn leave(&mut self) {
        let leaf = self.leaf.take();
        if self.stays_near && leaf.is_some() {
            self.near = leaf;
        }
        self.older = None;
        self.parked = None;
        self.ahead = 1;
        self.index = 0;
        self.clear_from = 0;
        self.clear_to = 0;
    }

    /// Whether the cursor is at an entry.
    #[inline]
    pub fn is_valid(&self) -> bool {
        self.leaf.is_some() || self.parked.is_some()
    }

    pub fn first(&mut self) -> bool {
        self.reset();
        let found = self.tree.find_first(self.view);
        self.enter_forward(found)
    }

    pub fn last(&mut self) -> bool {
        self.reset();
        let found = self.tree.find_last(self.view);
        self.enter_backward(found)
    }

    /// To the first entry at or after a key.
    pub fn seek_ge(&mut self, key: O::Key<'_>) -> bool {
        let found = self.find(O::probe(key), From::At);
        self.enter_forward(found)
    }

    #[inline]
    fn find(&mut self, probe: O::Probe<'_>, way: From) -> Option<Found<O>> {
        self.leave();
        match self.near.take().and_then(|near| self.find_near(near, probe, way)) {
            None => self.tree.find_after(probe, way, self.view),
            found => found,
        }
    }

    /// Passes over the entries behind the current one up to the first that is not within, of which none is within again.
    /// How many they are; afterwards the cursor stands at the last of them, or at no entry.
    pub fn pass(&mut self, is_within: impl Fn(O::Probe<'_>) -> bool) -> usize {
        let mut passed = 0;
        loop {
            if self.index + 1 < self.clear_to
                && let Some(leaf) = &self.leaf
            {
                let last = self.clear_to - 1;
                if !is_within(leaf.key(last)) {
                    let entries = &leaf.entries()[self.index + 1..last];
                    let more = entries.partition_point(|e| is_within(O::of_entry(e.inline, e.version())));
                    self.index += more;
                    return passed + more;
                }
                passed += last - self.index;
                self.index = last;
            }
            let within = self.advance()
                && match (&self.leaf, self.current()) {
                    (Some(leaf), Some(version)) => is_within(O::of_entry(leaf.entries()[self.index].inline, version)),
                    _ => false,
                };
            if !within {
                self.leave();
                return passed;
            }
            passed += 1;
        }
    }

    /// The first entry at or after a key, if it is in the leaf that was left and surely so.
    #[inline]
    fn find_near(&self, leaf: LeafRef<O>, probe: O::Probe<'_>, way: From) -> Option<Found<O>> {
        let (from, to) = (self.known_from, self.known_to);
        let known = leaf.entries().get(from..to)?;
        let at = O::inline(probe, leaf.skip());
        if at <= known.first()?.inline || at >= known.last()?.inline {
            return None;
        }
        // Always the same entry is asked, which is in the cache then.
        if leaf.skip() > 0 && !O::shares(leaf.key(from), probe, leaf.skip()) {
            return None;
        }
        let index = leaf.first_from(probe, leaf.len(), way);
        Some(Found { leaf, index, from, to })
    }

    /// To the first entry after a key.
    pub fn seek_gt(&mut self, key: O::Key<'_>) -> bool {
        self.reset();
        let found = self.tree.find_after(O::probe(key), From::Behind, self.view);
        self.enter_forward(found)
    }

    /// To the last entry at or before a key.
    pub fn seek_le(&mut self, key: O::Key<'_>) -> bool {
        self.reset();
        let found = self.tree.find_before(O::probe(key), true, self.view);
        self.enter_backward(found)
    }

    /// To the last entry before a key.
    pub fn seek_lt(&mut self, key: O::Key<'_>) -> bool {
        self.reset();
        let found = self.tree.find_before(O::probe(key), false, self.view);
        self.enter_backward(found)
    }

    /// To the next entry; false (and at no entry) behind the last one.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "the entry stays in the cursor: it lends it")]
    pub fn next(&mut self) -> bool {
        if self.index + 1 < self.clear_to {
            self.index += 1;
            return true;
        }
        self.advance()
    }

    /// To the entry before; false (and at no entry) before the first one.
    #[inline]
    pub fn prev(&mut self) -> bool {
        if self.index > self.clear_from {
            self.index -= 1;
            return true;
        }
        self.retreat()
    }

    /// The current entry's record. Empty if there is no current entry.
    #[inline]
    pub fn record(&self) -> &[u8] {
        match self.current() {
            Some(version) => version.record(),
            None => &[],
        }
    }

    /// The current entry's version.
    pub fn version(&self) -> Option<Version> {
        self.current().cloned()
    }

    /// Lets go of the leaf but not of the current entry: the next move descends again.
    pub fn release(&mut self) {
        if let Some(leaf) = self.leaf.take() {
            let version = self.older.take().unwrap_or_else(|| leaf.entries()[self.index].version().clone());
            self.parked = Some(Parked { inline: leaf.entries()[self.index].inline, version });
            self.clear_from = 0;
            self.clear_to = 0;
            self.index = 0;
        }
    }

    #[inline]
    fn current(&self) -> Option<&Version> {
        if let Some(version) = &self.older {
            return Some(version);
        }
        if let Some(leaf) = &self.leaf {
            return leaf.entries().get(self.index).map(Entry::version);
        }
        self.parked.as_ref().map(|parked| &parked.version)
    }

    /// From the current entry, which is the last one known to be clear, to the next.
    fn advance(&mut self) -> bool {
        if let Some(parked) = self.parked.take() {
            let from = O::of_entry(parked.inline, &parked.version);
            let found = self.tree.find_after(from, From::Behind, self.view);
            return self.enter_forward(found);
        }
        let Some(leaf) = self.leaf.take() else { return false };
        self.older = None;
        self.ahead = (self.ahead * 4).min(AHEAD_MAX);
        let found = if self.index + 1 < self.known_to {
            Some(Found { leaf, index: self.index + 1, from: self.known_from, to: self.known_to })
        } else {
            self.tree.find_after(leaf.key(self.index), From::Behind, self.view)
        };
        self.enter_forward(found)
    }

    /// To the first entry seen at or behind a place.
    fn enter_forward(&mut self, mut found: Option<Found<O>>) -> bool {
        while let Some(Found { leaf, index, from, to }) = found {
            (self.known_from, self.known_to) = (from, to);
            if leaf.is_seen(self.view) {
                let (start, end) = leaf.live_from(index);
                let end = end.min(to);
                if start < end {
                    self.fetch(&leaf.entries()[start..end]);
                    return self.settle(leaf, start, (start, end));
                }
            } else {
                for (i, entry) in leaf.entries()[..to].iter().enumerate().skip(index) {
                    if self.view.sees(entry.version().stamp()) {
                        if !leaf.is_tombstone(i) {
                            let end = (i + self.ahead).min(to);
                            let unclear = (i + 1..end).find(|&i| {
                                leaf.is_tombstone(i) || !self.view.sees(leaf.entries()[i].version().stamp())
                            });
                            return self.settle(leaf, i, (i, unclear.unwrap_or(end)));
                        }
                    } else if let Some(older) = visible_older(entry.version(), self.view) {
                        self.older = Some(older);
                        return self.settle(leaf, i, (i, i));
                    }
                }
            }
            found = self.tree.find_after(leaf.key(to - 1), From::Behind, self.view);
        }
        self.reset();
        false
    }

    /// Touches the versions that a cursor on the move is about to read, so that they come from memory together:
    /// it halves a scan of rows that lie in memory in another order.
    #[inline]
    fn fetch(&self, entries: &[Entry<O>]) {
        if self.ahead > 1 {
            let any = entries.iter().fold(0, |any, entry| any | entry.version().touch());
            std::hint::black_box(any);
        }
    }

    #[inline]
    fn settle(&mut self, leaf: LeafRef<O>, index: usize, clear: (usize, usize)) -> bool {
        self.leaf = Some(leaf);
        self.index = index;
        (self.clear_from, self.clear_to) = clear;
        true
    }

    /// From the current entry, which is the first one known to be clear, to the one before.
    fn retreat(&mut self) -> bool {
        if let Some(parked) = self.parked.take() {
            let from = O::of_entry(parked.inline, &parked.version);
            let found = self.tree.find_before(from, false, self.view);
            return self.enter_backward(found);
        }
        let Some(leaf) = self.leaf.take() else { return false };
        self.older = None;
        self.ahead = AHEAD_MAX;
        let found = if self.index > self.known_from {
            Some(Found { leaf, index: self.index - 1, from: self.known_from, to: self.known_to })
        } else {
            self.tree.find_before(leaf.key(self.index), false, self.view)
        };
        self.enter_backward(found)
    }

    /// To the last entry seen at or before a place.
    fn enter_backward(&mut self, mut found: Option<Found<O>>) -> bool {
        while let Some(Found { leaf, index, from, to }) = found {
            (self.known_from, self.known_to) = (from, to);
            if leaf.is_seen(self.view) {
                let (start, end) = leaf.live_before(index + 1);
                let start = start.max(from);
                if start < end {
                    self.fetch(&leaf.entries()[start..end]);
                    return self.settle(leaf, end - 1, (start, end));
                }
            } else {
                for (i, entry) in leaf.entries().iter().enumerate().take(index + 1).skip(from).rev() {
                    if self.view.sees(entry.version().stamp()) {
                        if !leaf.is_tombstone(i) {
                            return self.settle(leaf, i, (i, i + 1));
                        }
                    } else if let Some(older) = visible_older(entry.version(), self.view) {
                        self.older = Some(older);
                        return self.settle(leaf, i, (i, i));
                    }
                }
            }
            found = self.tree.find_before(leaf.key(from), false, self.view);
        }
        self.reset();
        false
    }
}

impl Cursor<RowOrder> {
    /// To the row of a rowid; false (and at no row) if there is none.
    pub fn seek_exact(&mut self, rowid: i64) -> bool {
        let here =
            self.leaf.take().or_else(|| self.near.take()).filter(|leaf| self.stays_near && self.knows(leaf, rowid));
        (self.older, self.parked, self.ahead) = (None, None, 1);
        (self.clear_from, self.clear_to) = (0, 0);
        let found = match here {
            Some(leaf) => {
                // Rowids mostly have no gaps.
                let entries = leaf.entries();
                let guess = entries
                    .get(self.index)
                    .map_or(0, |e| self.index.wrapping_add_signed(rowid.wrapping_sub(e.inline) as isize));
                match leaf.search(rowid, guess) {
                    Ok(index) => Some(Found { leaf, index, from: self.known_from, to: self.known_to }),
                    Err(_) => {
                        self.near = Some(leaf);
                        return false;
                    }
                }
            }
            None => self.tree.find_after(rowid, From::At, self.view),
        };
        let Some(Found { leaf, index, from, to }) = found else { return false };
        (self.known_from, self.known_to) = (from, to);
        let entry = &leaf.entries()[index];
        let newest_is_seen = leaf.is_seen(self.view) || self.view.sees(entry.version().stamp());
        if entry.inline == rowid && newest_is_seen && !leaf.is_tombstone(index) {
            return self.settle(leaf, index, (index, index + 1));
        }
        if entry.inline == rowid && !newest_is_seen {
            self.older = visible_older(entry.version(), self.view);
            if self.older.is_some() {
                return self.settle(leaf, index, (index, index));
            }
        }
        self.index = index;
        self.near = Some(leaf);
        false
    }

    /// Whether a rowid lies among the entries of the leaf that was last looked at that follow each other without a gap.
    fn knows(&self, leaf: &LeafRef<RowOrder>, rowid: i64) -> bool {
        match leaf.entries().get(self.known_from..self.known_to) {
            Some([first, .., last]) => first.inline <= rowid && rowid <= last.inline,
            _ => false,
        }
    }

    /// The rowids and records behind the current row that are known to be the view's, without a look at another leaf.
    #[inline]
    pub fn ahead(&self) -> impl Iterator<Item = (i64, &[u8])> {
        let known = match &self.leaf {
            Some(leaf) if self.index + 1 < self.clear_to => &leaf.entries()[self.index + 1..self.clear_to],
            _ => &[],
        };
        known.iter().map(|entry| (entry.inline, entry.version().record()))
    }

    /// Goes on by so many rows, no more than are [`ahead`](Cursor::ahead).
    #[inline]
    pub fn pass_ahead(&mut self, rows: usize) {
        debug_assert!(rows == 0 || self.index + rows < self.clear_to, "only what is ahead is passed over");
        self.index += rows;
    }

    /// The current row's rowid; 0 if there is no current row.
    #[inline]
    pub fn rowid(&self) -> i64 {
        if let Some(leaf) = &self.leaf {
            return leaf.entries().get(self.index).map_or(0, |entry| entry.inline);
        }
        self.parked.as_ref().map_or(0, |parked| parked.inline)
    }
}

impl Cursor<KeyOrder> {
    /// To the first entry at or after a key, of which no entry is a true beginning, if that begins with `prefix`. If not,
    /// the cursor is to be left.
    pub fn seek_of(&mut self, key: &[u8], prefix: &[u8]) -> bool {
        let found = self.find(key, From::Beginning);
        // Between two entries of a leaf the key has in common with them what these have.
        let home = found.as_ref().filter(|found| found.index > 0).map(|found| LeafRef::as_ptr(&found.leaf));
        if !self.enter_forward(found) {
            return false;
        }
        if let Some(leaf) = self.leaf.as_ref().filter(|leaf| home == Some(LeafRef::as_ptr(leaf)))
            && let (Some(rest), Some(start)) = (prefix.len().checked_sub(leaf.skip()), key.get(..leaf.skip()))
            && begins_with(prefix, start)
        {
            let inline = leaf.entries()[self.index].inline ^ KeyOrder::inline(prefix, leaf.skip());
            if (inline.leading_zeros() as usize) < (8 * rest).min(64) {
                return false;
            }
            if rest <= 8 {
                return true;
            }
        }
        begins_with(self.key(), prefix)
    }

    /// As [`Cursor::pass`] over the entries that begin with `prefix`, from one that does.
    pub fn pass_of(&mut self, prefix: &[u8]) -> usize {
        let mut passed = 0;
        while let Some(leaf) = &self.leaf {
            // The bits of an inline key that are the prefix's; what is behind them is looked at where they are the same.
            let bits = 8 * prefix.len().saturating_sub(leaf.skip());
            let entries = &leaf.entries()[..self.clear_to.max(self.index + 1)];
            let here = entries[self.index].inline;
            let begins = |e: &&Entry<KeyOrder>| {
                (e.inline ^ here).leading_zeros() as usize >= bits.min(64)
                    && (bits <= 64 || begins_with(e.version().key(), prefix))
            };
            let more = entries[self.index + 1..].iter().take_while(begins).count();
            let is_end = self.index + 1 + more < entries.len();
            self.index += more;
            passed += more;
            if is_end {
                break;
            }
            if !self.advance() || !begins_with(self.key(), prefix) {
                self.leave();
                break;
            }
            passed += 1;
        }
        passed
    }

    /// To the next entry, from one that begins with `prefix`, if that does so too. If not, the cursor is to be left: the
    /// next entry mostly has not been touched.
    #[inline]
    pub fn next_of(&mut self, prefix: &[u8]) -> bool {
        if self.index + 1 < self.clear_to
            && let Some(leaf) = &self.leaf
            && let [here, next, ..] = &leaf.entries()[self.index..]
        {
            // The bits of an inline key that are the prefix's.
            let bits = 8 * prefix.len().saturating_sub(leaf.skip());
            let differ = (here.inline ^ next.inline).leading_zeros() as usize;
            if differ < bits.min(64) {
                return false;
            }
            self.index += 1;
            return bits <= 64 || begins_with(self.key(), prefix);
        }
        self.next() && begins_with(self.key(), prefix)
    }

    /// The current entry's key; empty if there is no current entry.
    #[inline]
    pub fn key(&self) -> &[u8] {
        match self.current() {
            Some(version) => version.key(),
            None => &[],
        }
    }
}
