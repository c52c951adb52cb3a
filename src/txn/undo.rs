//! How each write of a transaction is taken back, in the order of writing.
//!
//! The same list says at commit which versions replaced others, and so what may be cleaned.

use std::sync::Arc;

use crate::catalog::Schema;
use crate::store::{ObjectId, Store, Tree, Version};

/// The place of a tree in the list of trees that the transaction has written to.
pub type TreeIndex = u32;

pub enum Undo {
    /// Rows where there was no version: so many from a rowid on, in this order.
    RowInsert { tree: TreeIndex, count: u32, rowid: i64 },
    /// A row's version over another, tombstones included. `old` is `None` if it is linked behind the new one,
    /// else it has the same stamp.
    RowReplace { tree: TreeIndex, rowid: i64, old: Option<Version>, new: Version },
    /// An entry where there was no version.
    KeyInsert { tree: TreeIndex, new: Version },
    /// An entry's version over another, as with rows.
    KeyReplace { tree: TreeIndex, old: Option<Version>, new: Version },
    /// All entries of an index that had none: see [`KeyTree::fill`](crate::store::KeyTree::fill).
    Fill { tree: TreeIndex },
    /// All of a tree's entries went at once: see [`Tree::clear`].
    Clear { tree: TreeIndex },
    /// The schema that was in force before.
    Schema(Arc<Schema>),
    /// A tree that did not exist.
    Create(ObjectId),
    /// A tree that goes away at commit.
    Drop(ObjectId),
}

impl Undo {
    /// Takes a write to a tree back. The schema is the transaction's own affair: it is returned.
    pub fn take_back(self, trees: &[Tree], store: &Store) -> Option<Arc<Schema>> {
        match self {
            Undo::RowInsert { tree, count, rowid } => remove_rows(trees, tree, rowid, count),
            Undo::RowReplace { tree, rowid, old, new } => {
                if let Some(Tree::Row(tree)) = trees.get(tree as usize) {
                    // The link stays: an open cursor may hold a leaf with the version that goes.
                    tree.restore(rowid, old.or_else(|| new.older()));
                }
            }
            Undo::KeyInsert { tree, new } => {
                if let Some(Tree::Key(tree)) = trees.get(tree as usize) {
                    tree.restore(new.key(), None);
                }
            }
            Undo::KeyReplace { tree, old, new } => {
                if let Some(Tree::Key(tree)) = trees.get(tree as usize) {
                    tree.restore(new.key(), old.or_else(|| new.older()));
                }
            }
            Undo::Fill { tree } => {
                if let Some(Tree::Key(tree)) = trees.get(tree as usize) {
                    tree.unfill();
                }
            }
            Undo::Clear { tree } => {
                if let Some(tree) = trees.get(tree as usize) {
                    tree.restore_cleared();
                }
            }
            Undo::Create(id) => {
                store.remove(id);
            }
            Undo::Drop(_) => {}
            Undo::Schema(before) => return Some(before),
        }
        None
    }

    /// How many rows an entry stands for that more rows may join; else 0.
    #[inline]
    pub fn inserted(&self) -> u32 {
        if let Undo::RowInsert { count, .. } = self { *count } else { 0 }
    }

    /// Adds the next row to those inserted, if it follows them.
    #[inline]
    pub fn join(&mut self, to: TreeIndex, next: i64) -> bool {
        match self {
            Undo::RowInsert { tree, count, rowid }
                if *tree == to && *count < u32::MAX && rowid.checked_add(i64::from(*count)) == Some(next) =>
            {
                *count += 1;
                true
            }
            _ => false,
        }
    }

    /// Takes the rows back that joined the first `kept`.
    pub fn take_back_joined(&mut self, kept: u32, trees: &[Tree]) {
        if let Undo::RowInsert { tree, count, rowid } = self
            && *count > kept
        {
            remove_rows(trees, *tree, *rowid + i64::from(kept), *count - kept);
            *count = kept;
        }
    }

    /// The versions of a row or entry that replaced another: (old, new).
    pub fn replaced(&self) -> Option<(Version, &Version)> {
        match self {
            Undo::RowReplace { old, new, .. } | Undo::KeyReplace { old, new, .. } => {
                Some((old.clone().or_else(|| new.older())?, new))
            }
            _ => None,
        }
    }
}

/// Of rows whose versions are put back, so many at once.
const ROWS_AT_ONCE: usize = 256;

/// Takes back the last entries, down to `end`, as far as they replaced rows of one table; false if the last one did not.
pub fn take_back_rows(undo: &mut Vec<Undo>, end: usize, trees: &[Tree]) -> bool {
    let Some(Undo::RowReplace { tree: of, .. }) = undo.last() else { return false };
    let of = *of;
    let Some(Tree::Row(table)) = trees.get(of as usize) else { return false };
    let (mut rows, mut gone) = (Vec::new(), Vec::new());
    while rows.len() < ROWS_AT_ONCE && undo.len() > end {
        let Some(Undo::RowReplace { rowid, old, new, .. }) =
            undo.pop_if(|undo| matches!(undo, Undo::RowReplace { tree, .. } if *tree == of))
        else {
            break;
        };
        // The link stays: an open cursor may hold a leaf with the version that goes.
        rows.extend(old.or_else(|| new.older()).map(|older| (rowid, older)));
        gone.push(new);
    }
    table.restore_each(&mut rows, &mut gone);
    true
}

/// Removes inserted rows, the last one first.
fn remove_rows(trees: &[Tree], tree: TreeIndex, rowid: i64, count: u32) {
    if let Some(Tree::Row(tree)) = trees.get(tree as usize) {
        for i in (0..i64::from(count)).rev() {
            tree.restore(rowid + i, None);
        }
    }
}
