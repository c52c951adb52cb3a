//! A versioned B+tree: keys in order, each with its newest version and the older ones behind it.
//!
//! * [`order`]   the two kinds of key: rowids inline, key bytes with an inline prefix.
//! * `leaf`      up to 64 entries, reference-counted as a whole.
//! * `node`      the inner nodes: descent, split, removal, merge.
//! * [`cursor`]  reading in both directions.
//! * `cleared`   a tree that was emptied at once, for views from before.
//! * `each`      many rows at once.
//! * [`fill`]    all entries of an index at once.
//! * [`coverage`] trees whose entries are read from elsewhere when they are asked for.
//!
//! A lock per tree guards the nodes. Readers hold it for a descent, then keep the leaf they found: they read
//! it without a lock and without copying. The writer changes a leaf in place when nobody holds it, else it puts
//! a changed copy into the tree. So a reader never sees a torn leaf and never makes the writer wait; what it
//! may miss in an old leaf was written after its view was taken.
//!
//! Invariants: no leaf is empty but that of an empty tree; a child's keys lie between its separators. The tree
//! does not know transactions: who calls the writing functions is the only writer and keeps the undo list.

mod cleared;
pub mod coverage;
pub mod cursor;
mod each;
pub mod fill;
mod find;
mod leaf;
mod node;
pub mod order;

use std::sync::Arc;

use parking_lot::RwLock;

use super::ids::{ObjectId, Stamp, View};
use super::memory::Tally;
use super::version::Version;
use crate::error::Result;
use cleared::Before;
use coverage::{Base, Partial};
use find::Found;
use leaf::Leaf;
use node::Node;
use order::{KeyOrder, Order, RowOrder};

pub use cursor::Cursor;

/// Rows by rowid.
pub type RowTree = Tree<RowOrder>;
/// Entries by memcomparable key bytes.
pub type KeyTree = Tree<KeyOrder>;
pub type RowCursor = Cursor<RowOrder>;
pub type KeyCursor = Cursor<KeyOrder>;

/// A leaf as cursors hold it. Without weak references, so that "does anybody else hold it" is one load.
type LeafRef<O> = triomphe::Arc<Leaf<O>>;

pub struct Tree<O: Order> {
    id: ObjectId,
    body: RwLock<Body<O>>,
}

struct Body<O: Order> {
    root: Node<O>,
    /// Entries in all leaves, tombstones included.
    entries: usize,
    /// `None`: everything is in memory.
    partial: Option<Box<Partial<O>>>,
    tally: Tally,
    /// Somebody has written to the tree, or wants all of it: nothing is let go of.
    stays: bool,
    /// What older views see instead.
    before: Option<Box<Before<O>>>,
}

/// Under which condition a version is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutIf {
    Always,
    /// The key has no version or its newest is a tombstone.
    Absent,
    /// The key's newest version is not a tombstone.
    Present,
}

/// What a put did.
#[derive(Debug)]
pub enum Put {
    /// The condition did not hold; nothing was changed.
    Refused,
    /// The key had no version. A handle of the new one where it holds its key.
    New(Option<Version>),
    /// The version before, a tombstone or not, is linked behind the new one. `older`: its stamp, if it may be one of the same
    /// transaction.
    Over { new: Version, tombstone: bool, older: Option<Stamp> },
    /// The version before has the same stamp: only what was behind it is linked behind the new one.
    Same { new: Version, old: Version, tombstone: bool },
}

impl<O: Order> Tree<O> {
    pub fn new(id: ObjectId) -> Tree<O> {
        Tree::counting(id, false)
    }

    /// A new tree whose memory counts or not.
    pub fn counting(id: ObjectId, counts: bool) -> Tree<O> {
        Tree { id, body: RwLock::new(Body::empty(None, if counts { Tally::counting() } else { Tally::default() })) }
    }

    /// A tree whose entries are in a base.
    pub fn over(id: ObjectId, base: Arc<dyn Base<O>>) -> Tree<O> {
        Tree { id, body: RwLock::new(Body::empty(Some(Box::new(Partial::new(base))), Tally::counting())) }
    }

    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// The number of entries, tombstones and uncommitted ones included.
    pub fn len_estimate(&self) -> usize {
        let body = self.body.read();
        let below = body.partial.as_ref().and_then(|partial| partial.base.len_estimate());
        below.map_or(body.entries, |below| body.entries.max(below))
    }

    /// How many entries the view sees. What is not in memory is counted where it is.
    pub fn count(&self, view: View) -> Result<u64> {
        let base = self.body.read().partial.as_ref().map(|partial| partial.base.clone());
        // Meanwhile nothing moves from memory into the base.
        let _held = base.as_ref().and_then(|base| base.hold());
        let body = self.body.read();
        let mut count = 0;
        if let Some(root) = body.root_before(view) {
            root.each_leaf(&mut |leaf| count += leaf.count(view) as u64);
            return Ok(count);
        }
        body.root.each_leaf(&mut |leaf| count += leaf.count(view) as u64);
        let gaps = body.partial.as_ref().map(|partial| partial.coverage.gaps()).unwrap_or_default();
        drop(body);
        let Some(base) = &base else { return Ok(count) };
        for gap in &gaps {
            count += base.count(gap)?;
        }
        Ok(count)
    }

    /// The version of a key that the view sees.
    #[inline]
    pub fn get(&self, key: O::Key<'_>, view: View) -> Option<Version> {
        let newest = self.newest_for(key, view)?;
        if view.sees(newest.stamp()) {
            return (!newest.is_tombstone()).then_some(newest);
        }
        visible_older(&newest, view)
    }

    /// Calls `f` with the version of a key that the view sees, if there is one.
    #[inline]
    pub fn read<T>(&self, key: O::Key<'_>, view: View, f: impl FnOnce(&Version) -> T) -> Option<T> {
        let probe = O::probe(key);
        let body = self.body.read();
        if body.before.is_none() {
            let (leaf, guess) = body.root.leaf(probe);
            // What everybody sees needs no handle.
            if let Ok(i) = leaf.search(probe, guess)
                && leaf.is_seen(view)
            {
                return (!leaf.is_tombstone(i)).then(|| f(leaf.entries()[i].version()));
            }
        }
        drop(body);
        self.get(key, view).map(|version| f(&version))
    }

    /// The newest version of a key, committed or not, tombstone or not.
    #[inline]
    pub fn newest(&self, key: O::Key<'_>) -> Option<Version> {
        self.newest_for(key, View::main(Stamp(u64::MAX)))
    }

    /// The newest version of a key in the nodes that a view reads.
    #[inline]
    fn newest_for(&self, key: O::Key<'_>, view: View) -> Option<Version> {
        let probe = O::probe(key);
        let body = self.body.read();
        if let Some(root) = body.root_before(view) {
            let (leaf, guess) = root.leaf(probe);
            return leaf.search(probe, guess).ok().map(|i| leaf.entries()[i].version().clone());
        }
        let (leaf, guess) = body.root.leaf(probe);
        match leaf.search(probe, guess) {
            Ok(i) => Some(leaf.entries()[i].version().clone()),
            Err(_) if body.partial.is_none() => None,
            Err(_) => {
                drop(body);
                self.newest_below(probe)
            }
        }
    }

    /// Makes `new` the key's newest version if the condition holds.
    #[inline]
    pub fn put(&self, key: O::Key<'_>, new: Version, condition: PutIf) -> Put {
        let probe = O::probe(key);
        let mut body = self.body.write();
        while !body.covers(probe) {
            drop(body);
            if !self.cover(probe) {
                return Put::Refused;
            }
            body = self.body.write();
        }
        let body = &mut *body;
        body.stays = true;
        let (leaf, guess) = body.root.leaf_mut(probe);
        match leaf.search(probe, guess) {
            Ok(i) => each::put_over(leaf, i, new, condition, &mut body.tally),
            Err(_) if condition == PutIf::Present => Put::Refused,
            Err(i) => {
                body.tally.add(&new);
                let handle = (!O::IS_INLINE).then(|| new.clone());
                if leaf.is_full() {
                    body.root.insert_splitting(probe, new);
                } else {
                    LeafRef::make_mut(leaf).insert(i, probe, new);
                }
                body.entries += 1;
                Put::New(handle)
            }
        }
    }

    /// Takes a put back: `older` was the newest version before. Nothing happens if the key is not there.
    pub fn restore(&self, key: O::Key<'_>, older: Option<Version>) {
        let probe = O::probe(key);
        let mut body = self.body.write();
        let removed = match older {
            Some(older) => {
                let (leaf, guess) = body.root.leaf_mut(probe);
                match leaf.search(probe, guess) {
                    Ok(i) => LeafRef::make_mut(leaf).replace(i, older),
                    Err(_) => None,
                }
            }
            None => body.remove(probe, |_| true),
        };
        drop(body);
        drop(removed);
    }

    /// Removes the key's entry if its newest version is still this one.
    pub fn remove_if(&self, key: O::Key<'_>, version: &Version) -> bool {
        let removed = self.body.write().remove(O::probe(key), |newest| newest.same(version));
        removed.is_some()
    }

    /// The number of leaves: with the number of entries, how sparse the tree is.
    pub fn leaf_count(&self) -> usize {
        self.body.read().root.leaf_count()
    }

    /// Panics unless the nodes' invariants hold.
    #[cfg(test)]
    pub fn check(&self) {
        let body = self.body.read();
        assert_eq!(body.root.check(None, None, true), body.entries);
    }
}

impl<O: Order> Body<O> {
    fn empty(partial: Option<Box<Partial<O>>>, tally: Tally) -> Body<O> {
        Body { root: Node::empty(), entries: 0, partial, tally, stays: false, before: None }
    }

    /// Whether what there is of a key is in memory.
    #[inline]
    fn covers(&self, probe: O::Probe<'_>) -> bool {
        self.partial.as_ref().is_none_or(|partial| partial.coverage.around(probe).is_some())
    }

    /// Inserts a version under a key that is not there.
    fn insert(&mut self, probe: O::Probe<'_>, version: Version) {
        let (leaf, guess) = self.root.leaf_mut(probe);
        let Err(i) = leaf.search(probe, guess) else { return };
        if leaf.is_full() {
            self.root.insert_splitting(probe, version);
        } else {
            LeafRef::make_mut(leaf).insert(i, probe, version);
        }
        self.entries += 1;
    }

    fn remove(&mut self, probe: O::Probe<'_>, wanted: impl Fn(&Version) -> bool) -> Option<Version> {
        let removed = self.root.remove(probe, &wanted, (None, None))?;
        self.root.collapse();
        self.entries -= 1;
        Some(removed)
    }
}

impl RowTree {
    /// Calls `f` with the newest versions of rowids, in ascending order, as far as they are in memory.
    pub fn each_newest(&self, rowids: &[i64], mut f: impl FnMut(i64, &Version)) {
        let body = self.body.read();
        let mut place: Option<(&LeafRef<RowOrder>, usize)> = None;
        for rowid in rowids {
            // Mostly the entry behind the one before.
            let next = place.map(|(leaf, i)| (leaf, i + 1));
            let is_it = |(leaf, i): &(&LeafRef<RowOrder>, usize)| {
                leaf.entries().get(*i).is_some_and(|entry| entry.inline == *rowid)
            };
            let found = next.filter(is_it).or_else(|| {
                let (leaf, guess) = body.root.leaf(*rowid);
                leaf.search(*rowid, guess).ok().map(|i| (leaf, i))
            });
            if let Some((leaf, i)) = found {
                f(*rowid, leaf.entries()[i].version());
                place = found;
            }
        }
    }

    /// Puts a version behind all others, at the next rowid; `None` if finding that takes more than a look at the last
    /// entry, which the writer sees.
    #[inline]
    pub fn append(&self, new: impl FnOnce() -> Version) -> Option<i64> {
        let mut body = self.body.write();
        let body = &mut *body;
        if body.partial.is_some() {
            return None;
        }
        let leaf = body.root.last_leaf_mut();
        let rowid = match leaf.entries().last() {
            Some(_) if leaf.is_tombstone(leaf.len() - 1) => return None,
            Some(last) => last.inline.checked_add(1)?,
            None => 1,
        };
        let new = new();
        body.stays = true;
        body.tally.add(&new);
        if leaf.is_full() {
            body.root.insert_splitting(rowid, new);
        } else {
            let end = leaf.len();
            LeafRef::make_mut(leaf).insert(end, rowid, new);
        }
        body.entries += 1;
        Some(rowid)
    }

    /// The greatest rowid that the view sees.
    pub fn max_key(self: &Arc<Self>, view: View) -> Option<i64> {
        let body = self.body.read();
        // Mostly the last entry is there for everybody.
        if body.partial.is_none() && body.before.is_none() {
            match body.root.last() {
                None => return None,
                Some((leaf, i)) if leaf.is_seen(view) && !leaf.is_tombstone(i) => {
                    return Some(leaf.entries()[i].inline);
                }
                Some(_) => {}
            }
        }
        drop(body);
        let mut cursor = RowCursor::new(self.clone(), view);
        cursor.last().then(|| cursor.rowid())
    }
}

impl KeyTree {
    /// The least key that the view sees.
    pub fn min_key(self: &Arc<Self>, view: View) -> Option<Box<[u8]>> {
        let mut cursor = KeyCursor::new(self.clone(), view);
        cursor.first().then(|| cursor.key().into())
    }

    /// The greatest key that the view sees.
    pub fn max_key(self: &Arc<Self>, view: View) -> Option<Box<[u8]>> {
        let mut cursor = KeyCursor::new(self.clone(), view);
        cursor.last().then(|| cursor.key().into())
    }

    /// The first entry whose key begins with `prefix`.
    pub fn first_with_prefix(self: &Arc<Self>, prefix: &[u8], view: View) -> Option<Version> {
        let body = self.body.read();
        // Mostly there is none, or everybody sees it.
        if body.partial.is_none() && body.before.is_none() {
            match body.root.after(prefix, node::From::At) {
                Some((leaf, i)) if begins(leaf, i, prefix) => {
                    if leaf.is_seen(view) && !leaf.is_tombstone(i) {
                        return Some(leaf.entries()[i].version().clone());
                    }
                }
                _ => return None,
            }
        }
        drop(body);
        let mut cursor = KeyCursor::new(self.clone(), view);
        (cursor.seek_ge(prefix) && cursor.key().starts_with(prefix)).then(|| cursor.version())?
    }
}

/// Whether the key of an entry begins with `prefix`: what lies in the leaf is asked first.
#[inline]
fn begins(leaf: &Leaf<KeyOrder>, i: usize, prefix: &[u8]) -> bool {
    let inline = prefix.len().saturating_sub(leaf.skip()).min(size_of::<u64>()) as u32;
    let differing = leaf.entries()[i].inline ^ KeyOrder::inline(prefix, leaf.skip());
    (inline == 0 || differing.leading_zeros() >= inline * u8::BITS) && leaf.key(i).starts_with(prefix)
}

/// What a view sees of a key whose newest version it does not see.
#[cold]
fn visible_older(newest: &Version, view: View) -> Option<Version> {
    let mut next = newest.older();
    while let Some(version) = next {
        if view.sees(version.stamp()) {
            return (!version.is_tombstone()).then_some(version);
        }
        next = version.older();
    }
    None
}
