//! What a database holds, as bytes: versioned trees of packed records.
//!
//! * [`container`] the database file, through the bundled SQLite and our own VFS.
//! * [`fault`]    failures of reading, for whoever runs the statement.
//! * [`ids`]      object, branch, commit numbers; [`View`] decides what a reader sees.
//! * [`image`]    the B-trees of a SQLite file, read as the base of our trees.
//! * [`memory`]   how much of files is kept.
//! * [`record`]   a row as one byte string, any column read in O(1).
//! * [`version`]  one version of one row or key, with the older ones behind it.
//! * [`tree`]     the B+trees of versions, by rowid and by key bytes, and their cursors.
//!
//! Invariant: at any moment at most one transaction writes to the trees of a database (`txn` sees to it);
//! readers come and go at any time. No SQL text, no function names, no transactions here.

pub mod container;
pub mod fault;
pub mod ids;
pub mod image;
pub mod memory;
pub mod record;
pub mod tree;
pub mod version;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use crate::error::Result;

pub use ids::{BranchId, Csn, ObjectId, Stamp, View};
pub use tree::{KeyCursor, KeyTree, RowCursor, RowTree};
pub use version::Version;

/// A tree of either kind.
#[derive(Clone)]
pub enum Tree {
    Row(Arc<RowTree>),
    Key(Arc<KeyTree>),
}

impl Tree {
    pub fn id(&self) -> ObjectId {
        match self {
            Tree::Row(tree) => tree.id(),
            Tree::Key(tree) => tree.id(),
        }
    }

    /// Takes everything into memory; false if it could not be read.
    pub fn cover_all(&self) -> bool {
        match self {
            Tree::Row(tree) => tree.cover_all(),
            Tree::Key(tree) => tree.cover_all(),
        }
    }

    /// How many entries a view sees.
    pub fn count(&self, view: View) -> Result<u64> {
        match self {
            Tree::Row(tree) => tree.count(view),
            Tree::Key(tree) => tree.count(view),
        }
    }

    /// As [`tree::Tree::clear`].
    pub fn clear(&self, stamp: Stamp) -> bool {
        match self {
            Tree::Row(tree) => tree.clear(stamp),
            Tree::Key(tree) => tree.clear(stamp),
        }
    }

    /// As [`tree::Tree::restore_cleared`].
    pub fn restore_cleared(&self) {
        match self {
            Tree::Row(tree) => tree.restore_cleared(),
            Tree::Key(tree) => tree.restore_cleared(),
        }
    }

    /// As [`tree::Tree::forget_cleared`].
    pub fn forget_cleared(&self, oldest: Stamp) -> Option<Stamp> {
        match self {
            Tree::Row(tree) => tree.forget_cleared(oldest),
            Tree::Key(tree) => tree.forget_cleared(oldest),
        }
    }
}

/// Which kind of tree to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeKind {
    Row,
    Key,
}

/// The trees of one database by their object.
#[derive(Default)]
pub struct Store {
    trees: RwLock<FxHashMap<ObjectId, Tree>>,
    /// The last object id given out; ids are never reused.
    last_id: AtomicU32,
    /// Whether the memory of new trees counts: what they hold is in a file too.
    counts: bool,
}

impl Store {
    pub fn new() -> Store {
        Store::default()
    }

    /// For a database in a file.
    pub fn of_file() -> Store {
        Store { counts: true, ..Store::default() }
    }

    /// A new object id, never given out before.
    pub fn allocate_id(&self) -> ObjectId {
        ObjectId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Creates an empty tree for an object that has none.
    pub fn create(&self, id: ObjectId, kind: TreeKind) -> Tree {
        let tree = match kind {
            TreeKind::Row => Tree::Row(Arc::new(RowTree::counting(id, self.counts))),
            TreeKind::Key => Tree::Key(Arc::new(KeyTree::counting(id, self.counts))),
        };
        let before = self.trees.write().insert(id, tree.clone());
        debug_assert!(before.is_none(), "an object id is used once");
        tree
    }

    /// Puts a tree into the place of its object's.
    pub fn put(&self, tree: Tree) {
        self.trees.write().insert(tree.id(), tree);
    }

    /// Forgets an object's tree; whoever holds it may read on.
    pub fn remove(&self, id: ObjectId) -> Option<Tree> {
        self.trees.write().remove(&id)
    }

    pub fn tree(&self, id: ObjectId) -> Option<Tree> {
        self.trees.read().get(&id).cloned()
    }

    pub fn row_tree(&self, id: ObjectId) -> Option<Arc<RowTree>> {
        match self.trees.read().get(&id) {
            Some(Tree::Row(tree)) => Some(tree.clone()),
            _ => None,
        }
    }

    pub fn key_tree(&self, id: ObjectId) -> Option<Arc<KeyTree>> {
        match self.trees.read().get(&id) {
            Some(Tree::Key(tree)) => Some(tree.clone()),
            _ => None,
        }
    }

    pub fn tree_count(&self) -> usize {
        self.trees.read().len()
    }
}
