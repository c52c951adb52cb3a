//! A tree that was emptied at once, with what it held for the views that are not past that.
//!
//! DELETE without WHERE puts an empty root into the tree. The nodes before stay behind it until every view is past the
//! stamp; nobody writes to them meanwhile. Taking it back puts them into their place again.
//!
//! Invariants: along the chain of `before` the stamps do not increase; all entries of such nodes are in memory.

use super::node::Node;
use super::order::Order;
use super::{Body, Tree};
use crate::store::ids::{Stamp, View};
use crate::store::version::Version;

/// What a tree held before it was emptied.
pub(super) struct Before<O: Order> {
    /// Views that see this see the tree empty.
    stamp: Stamp,
    root: Node<O>,
    entries: usize,
    before: Option<Box<Before<O>>>,
}

impl<O: Order> Drop for Before<O> {
    /// One after the other: recursion would overflow the stack.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut before) = next {
            next = before.before.take();
        }
    }
}

impl<O: Order> Body<O> {
    /// The nodes a view reads if they are not those in force.
    #[inline]
    pub(super) fn root_before(&self, view: View) -> Option<&Node<O>> {
        self.before.as_deref().and_then(|before| before.root_for(view))
    }
}

impl<O: Order> Before<O> {
    #[cold]
    fn root_for(&self, view: View) -> Option<&Node<O>> {
        let (mut before, mut root) = (self, None);
        while !view.sees(before.stamp) {
            root = Some(&before.root);
            match &before.before {
                Some(next) => before = next,
                None => break,
            }
        }
        root
    }
}

impl<O: Order> Tree<O> {
    /// Empties the tree for views from a stamp on; false if what is not in memory could not be read.
    pub fn clear(&self, stamp: Stamp) -> bool {
        if !self.cover_all() {
            return false;
        }
        let mut body = self.body.write();
        let root = std::mem::replace(&mut body.root, Node::empty());
        let entries = std::mem::take(&mut body.entries);
        let before = body.before.take();
        body.before = Some(Box::new(Before { stamp, root, entries, before }));
        true
    }

    /// Takes the last [`Tree::clear`] back, with everything that was written since.
    pub fn restore_cleared(&self) {
        let mut body = self.body.write();
        let Some(mut cleared) = body.before.take() else { return };
        std::mem::swap(&mut body.root, &mut cleared.root);
        body.entries = cleared.entries;
        body.before = cleared.before.take();
        drop(body);
        drop(cleared);
    }

    /// Forgets what no view from a horizon on sees. `Some` says where the horizon must be for more to go.
    pub fn forget_cleared(&self, oldest: Stamp) -> Option<Stamp> {
        let mut body = self.body.write();
        let mut link = &mut body.before;
        let mut wait = None;
        while let Some(before) = link.take_if(|before| before.stamp > oldest) {
            wait = Some(before.stamp);
            link = &mut link.insert(before).before;
        }
        let forgotten = link.take();
        drop(body);
        drop(forgotten);
        wait
    }

    /// The newest version of a key for whoever cleans, as far as it is in memory. The stamp at which the tree was emptied
    /// if that is past the last commit: it may be taken back.
    pub fn newest_committed(&self, key: O::Key<'_>, committed: Stamp) -> Result<Option<Version>, Stamp> {
        let probe = O::probe(key);
        let body = self.body.read();
        match &body.before {
            Some(before) if before.stamp > committed => Err(before.stamp),
            _ => {
                let (leaf, guess) = body.root.leaf(probe);
                Ok(leaf.search(probe, guess).ok().map(|i| leaf.entries()[i].version().clone()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{PutIf, RowCursor, RowTree};
    use super::*;
    use crate::store::ObjectId;

    fn rowids(tree: &Arc<RowTree>, horizon: u64) -> Vec<i64> {
        let view = View::main(Stamp(horizon));
        let mut cursor = RowCursor::new(tree.clone(), view);
        let (mut all, mut more) = (Vec::new(), cursor.first());
        while more {
            assert!(tree.get(cursor.rowid(), view).is_some());
            all.push(cursor.rowid());
            more = cursor.next();
        }
        assert_eq!(tree.count(view).ok(), Some(all.len() as u64));
        let (mut backward, mut more) = (Vec::new(), cursor.last());
        while more {
            backward.push(cursor.rowid());
            more = cursor.prev();
        }
        backward.reverse();
        assert_eq!(backward, all);
        all
    }

    fn filled() -> Arc<RowTree> {
        let tree = Arc::new(RowTree::new(ObjectId(1)));
        for rowid in 0..200 {
            tree.put(rowid, Version::row(Stamp(1), b"first"), PutIf::Absent);
        }
        assert!(tree.clear(Stamp(3)));
        for rowid in 100..103 {
            tree.put(rowid, Version::row(Stamp(4), b"second"), PutIf::Absent);
        }
        assert!(tree.clear(Stamp(5)));
        tree.put(7, Version::row(Stamp(6), b"third"), PutIf::Absent);
        tree
    }

    #[test]
    fn views_see_what_was_there() {
        let tree = filled();
        let first: Vec<i64> = (0..200).collect();
        assert_eq!((rowids(&tree, 1), rowids(&tree, 2)), (first.clone(), first.clone()));
        assert_eq!((rowids(&tree, 3), rowids(&tree, 4)), (vec![], vec![100, 101, 102]));
        assert_eq!((rowids(&tree, 5), rowids(&tree, 6)), (vec![], vec![7]));
        assert_eq!(tree.newest_committed(7, Stamp(4)).err(), Some(Stamp(5)));
        assert_eq!(tree.forget_cleared(Stamp(4)), Some(Stamp(5)));
        assert_eq!((rowids(&tree, 4), rowids(&tree, 6)), (vec![100, 101, 102], vec![7]));
        assert_eq!(tree.forget_cleared(Stamp(5)), None);
        assert!(tree.newest_committed(7, Stamp(4)).is_ok_and(|v| v.is_some()));
        assert_eq!(rowids(&tree, 6), [7]);
    }

    #[test]
    fn it_is_taken_back_in_order() {
        let tree = filled();
        tree.restore_cleared();
        assert_eq!(rowids(&tree, 9), [100, 101, 102]);
        assert_eq!(rowids(&tree, 2).len(), 200);
        tree.restore_cleared();
        assert_eq!(rowids(&tree, 9).len(), 200);
        tree.restore_cleared();
        assert_eq!(rowids(&tree, 9).len(), 200);
        tree.check();
    }

    #[test]
    fn a_reading_cursor_goes_on() {
        let tree = Arc::new(RowTree::new(ObjectId(1)));
        for rowid in 0..200 {
            tree.put(rowid, Version::row(Stamp(1), b"first"), PutIf::Absent);
        }
        let mut cursor = RowCursor::new(tree.clone(), View::main(Stamp(2)));
        assert!(cursor.first());
        assert!(tree.clear(Stamp(3)));
        let mut count = 1;
        while cursor.next() {
            count += 1;
        }
        assert_eq!(count, 200);
    }

    #[test]
    fn a_long_chain_drops_without_recursion() {
        let tree = RowTree::new(ObjectId(1));
        for stamp in 0..100_000 {
            assert!(tree.clear(Stamp(stamp)));
        }
        assert_eq!(tree.forget_cleared(Stamp(200_000)), None);
    }
}
