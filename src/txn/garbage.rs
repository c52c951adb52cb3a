//! Versions that nobody reads any more, and when they can go.
//!
//! Invariant: the key of every committed newest version that is a tombstone or has an older one behind it is in
//! the queue, or is being committed. An item is looked at when every view is at or past its stamp; what still
//! cannot go then is queued again.
//!
//! Whoever holds the queue's lock is the only one who prunes.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::store::tree::Tree as TreeOf;
use crate::store::tree::order::Order;
use crate::store::{KeyTree, ObjectId, RowTree, Stamp, Store, Tree, Version};

use super::undo::Undo;

/// The most items one call looks at, so that no reader pays for a mass deletion of others at once.
const ITEMS_PER_CALL_MAX: usize = 20_000;

#[derive(Default)]
pub struct Garbage {
    queue: VecDeque<Item>,
}

struct Item {
    /// Every view must have come this far.
    ready: Stamp,
    what: What,
}

enum What {
    Row(Arc<RowTree>, i64),
    Key(Arc<KeyTree>, Box<[u8]>),
    /// What a tree held before it was emptied.
    Cleared(Tree),
    /// A dropped tree.
    Tree(ObjectId),
}

/// What a transaction's undo list needs to be read at its commit.
pub struct Committed<'t> {
    pub stamp: Stamp,
    pub trees: &'t [Tree],
    /// Some versions of the list are not linked from the newest one any more: look the keys up.
    pub relinked: bool,
}

impl Garbage {
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Cleans what a commit replaced, or queues it. `horizons` as for [`Version::prune`].
    pub fn take_in(&mut self, undo: &[Undo], commit: &Committed<'_>, store: &Store, horizons: &[Stamp]) {
        let alone = horizons.len() == 1;
        for entry in undo {
            match entry {
                Undo::RowReplace { tree, rowid, old, new } => {
                    if let Some(Tree::Row(tree)) = commit.trees.get(*tree as usize)
                        && !settled(tree, *rowid, old.as_ref(), new, commit, alone, horizons)
                    {
                        self.queue.push_back(Item { ready: commit.stamp, what: What::Row(tree.clone(), *rowid) });
                    }
                }
                Undo::KeyReplace { tree, old, new } => {
                    if let Some(Tree::Key(tree)) = commit.trees.get(*tree as usize)
                        && !settled(tree, new.key(), old.as_ref(), new, commit, alone, horizons)
                    {
                        let key = new.key().into();
                        self.queue.push_back(Item { ready: commit.stamp, what: What::Key(tree.clone(), key) });
                    }
                }
                Undo::Clear { tree } => {
                    if let Some(tree) = commit.trees.get(*tree as usize)
                        && let Some(&oldest) = horizons.first()
                        && let Some(ready) = tree.forget_cleared(oldest)
                    {
                        self.queue.push_back(Item { ready, what: What::Cleared(tree.clone()) });
                    }
                }
                Undo::Drop(id) if alone => {
                    store.remove(*id);
                }
                Undo::Drop(id) => self.queue.push_back(Item { ready: commit.stamp, what: What::Tree(*id) }),
                Undo::RowInsert { .. }
                | Undo::KeyInsert { .. }
                | Undo::Fill { .. }
                | Undo::Schema(_)
                | Undo::Create(_) => {}
            }
        }
    }

    /// Looks at the items that every view has come to.
    pub fn clean(&mut self, store: &Store, horizons: &[Stamp]) {
        let Some(&oldest) = horizons.first() else { return };
        for _ in 0..ITEMS_PER_CALL_MAX {
            if self.queue.front().is_none_or(|item| item.ready > oldest) {
                return;
            }
            let Some(item) = self.queue.pop_front() else { return };
            let again = match &item.what {
                What::Row(tree, rowid) => settle(tree, *rowid, horizons),
                What::Key(tree, key) => settle(tree, &**key, horizons),
                What::Cleared(tree) => tree.forget_cleared(oldest),
                What::Tree(id) => {
                    store.remove(*id);
                    None
                }
            };
            if let Some(ready) = again {
                self.queue.push_back(Item { ready, what: item.what });
            }
        }
    }
}

/// Cleans behind one write of a commit; false if its key must be queued.
#[inline]
fn settled<O: Order>(
    tree: &TreeOf<O>,
    key: O::Key<'_>,
    old: Option<&Version>,
    new: &Version,
    commit: &Committed<'_>,
    alone: bool,
    horizons: &[Stamp],
) -> bool {
    if commit.relinked {
        return settle(tree, key, horizons).is_none();
    }
    if alone {
        drop(new.set_older(None));
        if new.is_tombstone() {
            tree.remove_if(key, new);
        }
        return true;
    }
    // What was replaced had garbage itself: then its key is in the queue already.
    let old = old.cloned().or_else(|| new.older());
    let queued = old.is_some_and(|old| old.is_tombstone() || old.has_older());
    new.prune(horizons);
    queued || !(new.is_tombstone() || new.has_older())
}

/// Removes what nobody sees of a key; `Some` says when to try again.
fn settle<O: Order>(tree: &TreeOf<O>, key: O::Key<'_>, horizons: &[Stamp]) -> Option<Stamp> {
    let committed = *horizons.last()?;
    let newest = match tree.newest_committed(key, committed) {
        Ok(newest) => newest?,
        Err(cleared) => return Some(cleared),
    };
    newest.prune(horizons);
    if newest.has_older() {
        return Some(newest.stamp());
    }
    if newest.is_tombstone() {
        if horizons.first().is_some_and(|oldest| newest.stamp() <= *oldest) {
            tree.remove_if(key, &newest);
        } else {
            return Some(newest.stamp());
        }
    }
    None
}
