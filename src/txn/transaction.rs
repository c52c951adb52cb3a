//! One connection's transaction: its snapshot, its writes and how to take them back.
//!
//! States: none, read (a snapshot is registered), write (the gate is held; reads see the newest commit and its
//! own writes). A version is stamped with the transaction's CSN and the number of the running statement.
//!
//! Invariant: every write since a mark can be taken back by the undo list behind it. The statement number never
//! goes back, so that what was rolled back and what is written later never share a stamp.

use std::sync::Arc;

use heliosdb_udfs::value::Collation;
use rustc_hash::FxHashMap;

use super::database::{Transactions, ViewGuard};
use super::error::Error;
use super::file::{Pin, keep_trying};
use super::garbage::Committed;
use super::through;
use super::undo::{TreeIndex, Undo, take_back_rows};
use crate::catalog::{IndexTerm, Schema, Table};
use crate::error::{Code, Result};
use crate::store::container::Definitions;
use crate::store::tree::fill::Sorted;
use crate::store::tree::{Put, PutIf};
use crate::store::{Csn, KeyTree, ObjectId, RowTree, Stamp, Tree, TreeKind, Version, View};

/// Undo entries whose room is kept for the next transaction.
const UNDO_KEPT_MAX: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionState {
    None,
    Read,
    Write,
}

pub struct Transaction {
    shared: Arc<Transactions>,
    state: TransactionState,
    /// The connection may not write, whatever others may.
    read_only: bool,
    /// How far its own commits moved the database's number of commits.
    own_commits: u64,
    /// What the connection calls the database.
    name: Box<str>,
    /// What the connection defined, for the file's library.
    definitions: Option<Arc<Definitions>>,
    /// None: the gate is held already, and nothing else.
    admitted: bool,
    /// While there is a transaction on a file.
    pin: Option<Pin>,
    /// Write: the stamp before the first write.
    first: Stamp,
    /// Read: the registered horizon. Write: what the next version is stamped with.
    stamp: Stamp,
    /// Whether anything was read on the snapshot, so that it cannot be moved any more.
    has_read: bool,
    /// Read: the snapshot's schema. Write: with the transaction's own changes.
    schema: Arc<Schema>,
    undo: Vec<Undo>,
    /// The trees written to, as the undo list numbers them.
    trees: Vec<Tree>,
    tree_indexes: FxHashMap<ObjectId, TreeIndex>,
    /// The undo list has entries that leave something to clean at commit.
    has_garbage: bool,
    /// The newest versions of some keys skip versions that the undo list knows.
    relinked: bool,
    /// Statements begun and not ended.
    statements: u32,
    /// The stamp of the last mark (or of the start): versions past it were written since.
    marked: Stamp,
    /// Entries since the outermost statement began that overwrote a version written since the last mark.
    rewritten: usize,
    /// Joins key and record.
    scratch: Vec<u8>,
}

/// A place in the undo list to roll back to: a savepoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    undo_len: usize,
    /// Rows of the last entry, which others may join later.
    inserted: u32,
}

/// A running statement, to be handed back when it ends or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct StatementMark {
    mark: Mark,
    view: View,
}

impl StatementMark {
    /// What the statement's own scans see: everything before its first write.
    #[inline]
    pub fn view(&self) -> View {
        self.view
    }
}

impl Transaction {
    pub fn new(shared: Arc<Transactions>) -> Transaction {
        shared.enter_use();
        let schema = shared.schema();
        Transaction {
            shared,
            state: TransactionState::None,
            read_only: false,
            own_commits: 0,
            admitted: false,
            name: "main".into(),
            definitions: None,
            pin: None,
            first: Stamp::default(),
            stamp: Stamp::default(),
            has_read: false,
            schema,
            undo: Vec::new(),
            trees: Vec::new(),
            tree_indexes: FxHashMap::default(),
            has_garbage: false,
            relinked: false,
            statements: 0,
            marked: Stamp::default(),
            rewritten: 0,
            scratch: Vec::new(),
        }
    }

    /// Refuses writes from now on.
    pub fn set_read_only(&mut self) {
        self.read_only = true;
    }

    /// The name that texts of the schema may use for the database, unless it is `main`.
    pub fn set_name(&mut self, name: &str) {
        self.name = name.into();
    }

    /// Functions and collations of the connection, with which rows of files may have to be written.
    pub fn set_definitions(&mut self, definitions: Arc<Definitions>) {
        self.definitions = Some(definitions);
    }

    /// Grows with the commits of everybody else (`PRAGMA data_version`).
    pub fn foreign_commits(&self) -> u64 {
        self.shared.last_commit().0.saturating_sub(self.own_commits)
    }

    pub fn shared(&self) -> &Arc<Transactions> {
        &self.shared
    }

    #[inline]
    pub fn state(&self) -> TransactionState {
        self.state
    }

    /// The schema in force: the snapshot's with own changes; with no transaction the newest committed one as
    /// far as [`Transaction::refresh_schema`] has looked.
    #[inline]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// With no transaction, looks for a newer committed schema.
    pub fn refresh_schema(&mut self) {
        if self.state == TransactionState::None {
            let schema = self.shared.schema();
            self.schema = schema;
        }
    }

    // Begin and end.

    /// Takes a snapshot, unless there is one.
    pub fn begin_read(&mut self) -> Result<()> {
        if self.state != TransactionState::None {
            return Ok(());
        }
        self.pin = self.shared.pin(0, &|| false)?;
        let mut state = self.shared.state();
        self.stamp = state.committed;
        state.views.add(self.stamp);
        if !Arc::ptr_eq(&self.schema, &state.schema) {
            self.schema = state.schema.clone();
        }
        drop(state);
        self.state = TransactionState::Read;
        self.has_read = false;
        Ok(())
    }

    /// Becomes the writer, waiting for its turn up to the timeout. A snapshot that was read and is not the
    /// newest cannot be written on; one that was not read yet moves forward. On an error the transaction is
    /// what it was before.
    pub fn begin_write(&mut self, timeout_ms: u64, interrupted: &dyn Fn() -> bool) -> Result<()> {
        if self.state == TransactionState::Write {
            return Ok(());
        }
        if self.read_only {
            return Err(crate::error::Error::new(Code::READONLY, "attempt to write a readonly database"));
        }
        let bound = self.state == TransactionState::Read && self.has_read;
        if bound && self.shared.state().committed != self.stamp {
            return Err(Error::BusySnapshot.into());
        }
        if self.state == TransactionState::Read && !bound {
            self.end_read();
        }
        if !self.admitted {
            self.shared.enter(timeout_ms, interrupted)?;
        }
        if bound && self.shared.state().committed != self.stamp {
            self.shared.leave();
            return Err(Error::BusySnapshot.into());
        }
        let pin = match self.reserve(bound, timeout_ms, interrupted) {
            Ok(pin) => pin,
            Err(e) => {
                if !self.admitted {
                    self.shared.leave();
                }
                return Err(e);
            }
        };
        self.admitted = false;
        let state = self.shared.state();
        let csn = Csn(state.last_csn.0 + 1);
        if !Arc::ptr_eq(&self.schema, &state.schema) {
            self.schema = state.schema.clone();
        }
        drop(state);
        if self.state == TransactionState::Read {
            // The gate keeps everything up to the newest commit from being replaced by others.
            self.shared.release(self.stamp);
        }
        self.state = TransactionState::Write;
        self.stamp = Stamp::new(csn, 0);
        self.first = self.stamp;
        self.marked = self.stamp;
        if pin.is_some() {
            self.pin = pin;
        }
        Ok(())
    }

    /// Waits at the gate before there is a transaction, so that nothing is pinned meanwhile. True if the turn had come
    /// before.
    pub fn await_turn(&mut self, timeout_ms: u64, interrupted: &dyn Fn() -> bool) -> Result<bool> {
        if self.admitted || self.state != TransactionState::None {
            return Ok(true);
        }
        self.shared.enter(timeout_ms, interrupted)?;
        self.admitted = true;
        Ok(false)
    }

    /// Lets others pass, if the turn has come and no write has begun.
    pub fn give_up_turn(&mut self) {
        if std::mem::take(&mut self.admitted) {
            self.shared.leave();
        }
    }

    /// Begins the file's write transaction, if there is a file. Nobody waits while he keeps others waiting: whoever has
    /// not read yet lets go of the file between two attempts.
    fn reserve(&self, bound: bool, timeout_ms: u64, interrupted: &dyn Fn() -> bool) -> Result<Option<Pin>> {
        let Some(file) = self.shared.file() else { return Ok(None) };
        keep_trying(timeout_ms, interrupted, || {
            let pin = if bound { None } else { self.shared.pin(0, &|| false)? };
            match file.container().reserve() {
                Ok(()) => Ok(Ok(pin)),
                Err(e) if e.code.primary() != Code::BUSY => Err(e),
                // What was read would not be true any more when the other one has ended, and he waits for us to leave.
                Err(e) if bound => Ok(Err(e)),
                Err(e) => {
                    drop(pin);
                    file.release();
                    Err(crate::error::Error::new(Code::BUSY, e.message.clone()))
                }
            }
        })?
    }

    /// Makes the writes everybody's. Gives the new commit's number, or the last one's if nothing was written. After
    /// SQLITE_BUSY, which others who read the file cause, the transaction goes on; after any other failure it has been
    /// taken back.
    pub fn commit_waiting(&mut self, timeout_ms: u64, interrupted: &dyn Fn() -> bool) -> Result<Csn> {
        match self.state {
            TransactionState::None => return Ok(self.shared.last_commit()),
            TransactionState::Read => {
                let csn = self.stamp.csn();
                self.end_read();
                return Ok(csn);
            }
            TransactionState::Write => {}
        }
        if self.undo.is_empty() {
            let csn = self.shared.last_commit();
            self.end_unpublished();
            return Ok(csn);
        }
        if let Err(e) = keep_trying(timeout_ms, interrupted, || self.write_through()) {
            if e.code.primary() != Code::BUSY {
                self.rollback();
            }
            return Err(e);
        }
        Ok(self.publish())
    }

    /// Whether there is something to commit into a file.
    pub fn changes_file(&self) -> bool {
        self.state == TransactionState::Write && !self.undo.is_empty() && self.shared.file().is_some()
    }

    /// The first half of a commit in a [`Group`](crate::store::container::Group); after a failure all of them are taken back.
    pub fn write_in_group(&mut self) -> Result<()> {
        self.write_through()
    }

    /// The group was taken back: so is the transaction, and memory of its file is read anew.
    pub fn group_failed(&mut self) {
        if let Some(file) = self.shared.file() {
            file.undone();
        }
        self.rollback();
    }

    /// Makes what is in the file everybody's: the second half of a commit.
    pub fn publish(&mut self) -> Csn {
        let csn = self.stamp.csn();
        let committed = Stamp::end_of(csn);
        let mut state = self.shared.state();
        self.own_commits += csn.0 - state.committed.csn().0;
        state.committed = committed;
        state.last_csn = csn;
        let replaced = if Arc::ptr_eq(&self.schema, &state.schema) {
            None
        } else {
            Some(std::mem::replace(&mut state.schema, self.schema.clone()))
        };
        drop(state);
        drop(replaced);
        if self.has_garbage || self.shared.has_garbage() {
            let commit = Committed { stamp: committed, trees: &self.trees, relinked: self.relinked };
            let undo = if self.has_garbage { &self.undo[..] } else { &[] };
            self.shared.clean_behind(undo, &commit);
        }
        self.shared.leave();
        self.forget();
        csn
    }

    /// [`Transaction::commit_waiting`] without waiting for other readers of the file.
    pub fn commit(&mut self) -> Result<Csn> {
        self.commit_waiting(0, &|| false)
    }

    /// Puts what was written into the file, if there is one.
    fn write_through(&mut self) -> Result<()> {
        let shared = self.shared.clone();
        let Some(file) = shared.file() else { return Ok(()) };
        let before = shared.schema();
        let changes = through::Changes {
            undo: &self.undo,
            trees: &self.trees,
            first: self.first,
            before: &before,
            after: &self.schema,
        };
        if file.is_pinned_beyond(1) {
            changes.keep_dropped(shared.store())?;
        }
        changes.read_ahead(shared.store())?;
        let schema_changed = !Arc::ptr_eq(&before, &self.schema);
        let schemas = schema_changed.then_some((&*before, &*self.schema));
        let defines = self.definitions.as_ref().filter(|_| {
            let written = self.trees.iter().filter_map(|tree| self.schema.table_of_tree(tree.id()));
            let mut touched = written.chain(self.schema.tables.differing(&before.tables));
            touched.any(|table| uses_definitions(table))
        });
        let token = file.commit(schemas, |writer| {
            if schema_changed {
                writer.set_name(&self.name);
            }
            defines.map_or(Ok(()), |definitions| writer.define(definitions))?;
            changes.write(writer, shared.store())
        })?;
        if schema_changed && self.schema.cookie != token.schema_cookie {
            Arc::make_mut(&mut self.schema).cookie = token.schema_cookie;
        }
        Ok(())
    }

    /// Takes all writes back and ends the transaction.
    pub fn rollback(&mut self) {
        match self.state {
            TransactionState::None => {}
            TransactionState::Read => self.end_read(),
            TransactionState::Write => {
                self.take_back(Mark::default());
                self.end_unpublished();
            }
        }
    }

    fn end_read(&mut self) {
        self.state = TransactionState::None;
        self.has_read = false;
        self.shared.release(self.stamp);
        self.pin = None;
    }

    /// Ends a write transaction that leaves nothing behind.
    fn end_unpublished(&mut self) {
        let mut state = self.shared.state();
        // An open view may reach into this CSN: nobody else may write under it.
        if state.views.newest().is_some_and(|newest| newest.csn() > state.last_csn) {
            state.last_csn = self.stamp.csn();
        }
        drop(state);
        if let Some(file) = self.shared.file() {
            file.container().abandon();
        }
        self.shared.leave();
        self.forget();
    }

    fn forget(&mut self) {
        self.state = TransactionState::None;
        self.pin = None;
        self.has_read = false;
        self.has_garbage = false;
        self.relinked = false;
        self.statements = 0;
        self.rewritten = 0;
        self.undo.clear();
        self.undo.shrink_to(UNDO_KEPT_MAX);
        self.trees.clear();
        self.tree_indexes.clear();
    }

    // Views.

    /// What a read sees now, own writes included. Reading binds the snapshot.
    #[inline]
    pub fn view(&mut self) -> View {
        debug_assert!(self.state != TransactionState::None, "a view belongs to a transaction");
        self.has_read = true;
        View::main(self.stamp)
    }

    /// As [`Transaction::view`], kept readable until the guard is dropped, beyond the transaction's end if need
    /// be. Without a transaction it is a view of the newest commit.
    pub fn open_view(&mut self) -> ViewGuard {
        if self.state == TransactionState::None {
            return self.shared.open_view();
        }
        let view = self.view();
        if self.state == TransactionState::Write {
            // What is written from now on is past the view.
            self.next_statement();
        }
        ViewGuard::register(&self.shared, view)
    }

    // Statements and savepoints.

    /// Begins a statement that writes, possibly inside another (a trigger's).
    #[inline]
    pub fn statement_begin(&mut self) -> StatementMark {
        debug_assert!(self.state == TransactionState::Write);
        let statement = StatementMark { mark: self.here(), view: View::main(self.stamp) };
        self.statements += 1;
        self.next_statement();
        statement
    }

    /// Ends a statement whose writes stay.
    #[inline]
    pub fn statement_end(&mut self, statement: StatementMark) {
        self.statements = self.statements.saturating_sub(1);
        if self.statements == 0 && self.rewritten > 0 {
            self.forget_rewritten(statement.mark);
        }
    }

    /// Takes back what a statement wrote and ends it.
    pub fn statement_rollback(&mut self, statement: StatementMark) {
        self.statements = self.statements.saturating_sub(1);
        self.take_back(statement.mark);
        if self.statements == 0 {
            self.rewritten = 0;
        }
    }

    /// A savepoint. Valid until the transaction ends or is rolled back to an earlier one.
    pub fn mark(&mut self) -> Mark {
        if self.state == TransactionState::Write {
            self.marked = self.stamp;
            self.next_statement();
        }
        self.here()
    }

    /// Takes back what was written since the mark; the mark stays valid. A mark that was set before the first
    /// write takes back everything.
    pub fn rollback_to(&mut self, mark: Mark) {
        if self.state == TransactionState::Write {
            self.take_back(mark);
            self.next_statement();
        }
    }

    /// Writes so far, as the undo list counts them: whether anything was written since a mark.
    pub fn has_written_since(&self, mark: Mark) -> bool {
        self.here() != mark
    }

    fn here(&self) -> Mark {
        Mark { undo_len: self.undo.len(), inserted: self.undo.last().map_or(0, Undo::inserted) }
    }

    /// Gives what is written from now on a stamp of its own.
    #[inline]
    fn next_statement(&mut self) {
        self.stamp = if self.stamp.statement() < Stamp::STATEMENT_MAX {
            Stamp::new(self.stamp.csn(), self.stamp.statement() + 1)
        } else {
            Stamp::new(Csn(self.stamp.csn().0 + 1), 0)
        };
    }

    #[inline]
    fn take_back(&mut self, mark: Mark) {
        while self.undo.len() > mark.undo_len {
            if take_back_rows(&mut self.undo, mark.undo_len, &self.trees) {
                continue;
            }
            let Some(undo) = self.undo.pop() else { return };
            if let Some(schema) = undo.take_back(&self.trees, self.shared.store()) {
                self.schema = schema;
            }
        }
        if let Some(last) = self.undo.last_mut() {
            last.take_back_joined(mark.inserted, &self.trees);
        }
    }

    /// Forgets versions that a statement wrote over and that no rollback can come back to: written by this
    /// transaction after its last mark. Without this a row that is updated a million times in one transaction
    /// would keep a million versions.
    #[cold]
    fn forget_rewritten(&mut self, from: Mark) {
        self.rewritten = 0;
        let own_views = self.shared.state().views.newest().is_some_and(|newest| newest > self.marked);
        if own_views {
            return;
        }
        let marked = self.marked;
        let mut kept = from.undo_len;
        for i in from.undo_len..self.undo.len() {
            let forget = match self.undo[i].replaced() {
                Some((old, new)) if is_rewrite(Some(old.stamp()), old.is_tombstone(), new, marked) => {
                    // In the order of writing, so that what the old one links is up to date.
                    drop(new.set_older(old.older()));
                    true
                }
                _ => false,
            };
            if !forget {
                self.undo.swap(kept, i);
                kept += 1;
            }
        }
        self.relinked = true;
        self.undo.truncate(kept);
    }

    // Trees.

    /// The tree of a table: one it has written to needs no look at the store.
    #[inline]
    pub fn row_tree(&self, id: ObjectId) -> Option<Arc<RowTree>> {
        match self.written_tree(id) {
            Some(Tree::Row(tree)) => Some(tree.clone()),
            _ => self.shared.store().row_tree(id),
        }
    }

    #[inline]
    pub fn key_tree(&self, id: ObjectId) -> Option<Arc<KeyTree>> {
        match self.written_tree(id) {
            Some(Tree::Key(tree)) => Some(tree.clone()),
            _ => self.shared.store().key_tree(id),
        }
    }

    #[inline]
    fn written_tree(&self, id: ObjectId) -> Option<&Tree> {
        if self.trees.is_empty() {
            return None;
        }
        self.tree_indexes.get(&id).map(|index| &self.trees[*index as usize])
    }

    // Writes.

    /// The number of a table's or an index's tree in this transaction.
    #[inline]
    pub fn number_of(&mut self, id: ObjectId) -> Option<TreeIndex> {
        if let Some(index) = self.tree_indexes.get(&id) {
            return Some(*index);
        }
        let tree = self.shared.store().tree(id)?;
        Some(self.tree_index(id, || tree))
    }

    /// The rows under a number.
    #[inline]
    pub fn rows(&self, tree: TreeIndex) -> &Arc<RowTree> {
        match self.trees.get(tree as usize) {
            Some(Tree::Row(rows)) => rows,
            _ => unreachable!("a table's number is that of a tree of rows"),
        }
    }

    /// The entries under a number.
    #[inline]
    pub fn keys(&self, tree: TreeIndex) -> &Arc<KeyTree> {
        match self.trees.get(tree as usize) {
            Some(Tree::Key(keys)) => keys,
            _ => unreachable!("an index's number is that of a tree of entries"),
        }
    }

    /// Writes a row whose rowid has none; false (and nothing written) if it has.
    #[inline]
    pub fn insert_row(&mut self, tree: impl WrittenTo, rowid: i64, record: &[u8]) -> bool {
        let new = Version::row(self.stamp, record);
        self.write_row(tree, rowid, new, PutIf::Absent).is_some()
    }

    /// Writes a row whether its rowid has one or not; true if it had.
    #[inline]
    pub fn put_row(&mut self, tree: impl WrittenTo, rowid: i64, record: &[u8]) -> bool {
        let new = Version::row(self.stamp, record);
        self.write_row(tree, rowid, new, PutIf::Always).unwrap_or_default()
    }

    /// Writes a row at the rowid behind the greatest and gives that; `None` (and nothing written) where
    /// [`RowTree::append`] does not find it.
    #[inline]
    pub fn append_row(&mut self, tree: TreeIndex, record: &[u8]) -> Option<i64> {
        let stamp = self.stamp;
        let rowid = self.rows(tree).append(|| Version::row(stamp, record))?;
        self.note_insert(tree, rowid);
        Some(rowid)
    }

    /// Removes a row; false if there is none.
    #[inline]
    pub fn delete_row(&mut self, tree: impl WrittenTo, rowid: i64) -> bool {
        let new = Version::row_tombstone(self.stamp);
        self.write_row(tree, rowid, new, PutIf::Present).is_some()
    }

    /// Writes an entry whose key has none; false (and nothing written) if it has.
    #[inline]
    pub fn insert_key(&mut self, tree: impl WrittenTo, key: &[u8], record: &[u8]) -> bool {
        let new = self.entry(key, record);
        self.write_key(tree, key, new, PutIf::Absent).is_some()
    }

    /// Writes an entry whether its key has one or not; true if it had.
    #[inline]
    pub fn put_key(&mut self, tree: impl WrittenTo, key: &[u8], record: &[u8]) -> bool {
        let new = self.entry(key, record);
        self.write_key(tree, key, new, PutIf::Always).unwrap_or_default()
    }

    /// An entry for [`Transaction::fill`].
    #[inline]
    pub fn entry(&mut self, key: &[u8], record: &[u8]) -> Version {
        Version::entry(self.stamp, key, record, &mut self.scratch)
    }

    /// Writes all entries of an index that has none.
    pub fn fill(&mut self, tree: &Arc<KeyTree>, entries: Sorted) {
        let number = tree.number_in(self);
        match tree.fill(entries) {
            Ok(()) => self.undo.push(Undo::Fill { tree: number }),
            // It has some that were deleted.
            Err(entries) => {
                for entry in entries.entries() {
                    self.write_key(number, entry.key(), entry.clone(), PutIf::Always);
                }
            }
        }
    }

    /// Removes an entry; false if there is none.
    #[inline]
    pub fn delete_key(&mut self, tree: impl WrittenTo, key: &[u8]) -> bool {
        let new = Version::entry_tombstone(self.stamp, key);
        self.write_key(tree, key, new, PutIf::Present).is_some()
    }

    /// Removes all entries of a tree; false (and nothing done) if what is in the file could not be read.
    pub fn clear_tree(&mut self, tree: &Tree) -> bool {
        debug_assert!(self.state == TransactionState::Write);
        if !tree.clear(self.stamp) {
            return false;
        }
        let tree = self.tree_index(tree.id(), || tree.clone());
        self.has_garbage = true;
        self.undo.push(Undo::Clear { tree });
        true
    }

    /// `None` if the condition did not hold, else whether the row was there.
    #[inline]
    fn write_row(&mut self, tree: impl WrittenTo, rowid: i64, new: Version, condition: PutIf) -> Option<bool> {
        debug_assert!(self.state == TransactionState::Write);
        let tree = tree.number_in(self);
        let (old, new, live) = match self.rows(tree).put(rowid, new, condition) {
            Put::Refused => return None,
            Put::New(_) => {
                self.note_insert(tree, rowid);
                return Some(false);
            }
            Put::Over { new, tombstone, older } => {
                self.rewritten += usize::from(is_rewrite(older, tombstone, &new, self.marked));
                (None, new, !tombstone)
            }
            Put::Same { new, old, tombstone } => {
                self.rewritten += usize::from(is_rewrite(Some(old.stamp()), tombstone, &new, self.marked));
                (Some(old), new, !tombstone)
            }
        };
        self.has_garbage = true;
        self.undo.push(Undo::RowReplace { tree, rowid, old, new });
        Some(live)
    }

    /// As [`Transaction::put_row`] or, for tombstones, [`Transaction::delete_row`] of rows that are there; they are taken out.
    pub fn put_rows(&mut self, tree: TreeIndex, rows: &mut Vec<(i64, Version)>) {
        debug_assert!(self.state == TransactionState::Write);
        let marked = self.marked;
        let Transaction { trees, undo, rewritten, .. } = self;
        let Some(Tree::Row(table)) = trees.get(tree as usize) else { return };
        self.has_garbage = true;
        undo.reserve(rows.len());
        table.put_each(rows, PutIf::Present, |rowid, put| match put {
            Put::Refused | Put::New(_) => {}
            Put::Over { new, tombstone, older } => {
                *rewritten += usize::from(is_rewrite(older, tombstone, &new, marked));
                undo.push(Undo::RowReplace { tree, rowid, old: None, new });
            }
            Put::Same { new, old, tombstone } => {
                *rewritten += usize::from(is_rewrite(Some(old.stamp()), tombstone, &new, marked));
                undo.push(Undo::RowReplace { tree, rowid, old: Some(old), new });
            }
        });
    }

    /// A row for [`Transaction::put_rows`].
    #[inline]
    pub fn row(&self, record: &[u8]) -> Version {
        Version::row(self.stamp, record)
    }

    /// The end of a row for [`Transaction::put_rows`].
    #[inline]
    pub fn end_of_row(&self) -> Version {
        Version::row_tombstone(self.stamp)
    }

    #[inline]
    fn note_insert(&mut self, tree: TreeIndex, rowid: i64) {
        if !self.undo.last_mut().is_some_and(|last| last.join(tree, rowid)) {
            self.undo.push(Undo::RowInsert { tree, count: 1, rowid });
        }
    }

    #[inline]
    fn write_key(&mut self, tree: impl WrittenTo, key: &[u8], new: Version, condition: PutIf) -> Option<bool> {
        debug_assert!(self.state == TransactionState::Write);
        let tree = tree.number_in(self);
        let (old, new, live) = match self.keys(tree).put(key, new, condition) {
            Put::Refused => return None,
            Put::New(new) => {
                self.undo.extend(new.map(|new| Undo::KeyInsert { tree, new }));
                return Some(false);
            }
            Put::Over { new, tombstone, older } => {
                self.rewritten += usize::from(is_rewrite(older, tombstone, &new, self.marked));
                (None, new, !tombstone)
            }
            Put::Same { new, old, tombstone } => {
                self.rewritten += usize::from(is_rewrite(Some(old.stamp()), tombstone, &new, self.marked));
                (Some(old), new, !tombstone)
            }
        };
        self.has_garbage = true;
        self.undo.push(Undo::KeyReplace { tree, old, new });
        Some(live)
    }

    #[inline]
    fn tree_index(&mut self, id: ObjectId, tree: impl FnOnce() -> Tree) -> TreeIndex {
        if let Some(index) = self.tree_indexes.get(&id) {
            return *index;
        }
        let index = self.trees.len() as TreeIndex;
        self.trees.push(tree());
        self.tree_indexes.insert(id, index);
        index
    }

    // Schema.

    /// An empty tree under a new object id; it goes if the transaction is rolled back.
    pub fn create_tree(&mut self, kind: TreeKind) -> Tree {
        debug_assert!(self.state == TransactionState::Write);
        let id = self.shared.store().allocate_id();
        self.undo.push(Undo::Create(id));
        self.shared.store().create(id, kind)
    }

    /// Lets a tree go once the transaction is committed and nobody reads it any more.
    pub fn drop_tree(&mut self, id: ObjectId) {
        debug_assert!(self.state == TransactionState::Write);
        self.has_garbage = true;
        self.undo.push(Undo::Drop(id));
    }

    /// Puts a changed schema into force: for this transaction now, for all at its commit.
    pub fn set_schema(&mut self, schema: Arc<Schema>) {
        debug_assert!(self.state == TransactionState::Write);
        let before = std::mem::replace(&mut self.schema, schema);
        self.undo.push(Undo::Schema(before));
    }
}

/// Names a tree to write to: by its number, or by a handle, which takes longer.
pub trait WrittenTo {
    fn number_in(self, transaction: &mut Transaction) -> TreeIndex;
}

impl WrittenTo for TreeIndex {
    #[inline]
    fn number_in(self, _: &mut Transaction) -> TreeIndex {
        self
    }
}

impl WrittenTo for &Arc<RowTree> {
    #[inline]
    fn number_in(self, transaction: &mut Transaction) -> TreeIndex {
        transaction.tree_index(self.id(), || Tree::Row(self.clone()))
    }
}

impl WrittenTo for &Arc<KeyTree> {
    #[inline]
    fn number_in(self, transaction: &mut Transaction) -> TreeIndex {
        transaction.tree_index(self.id(), || Tree::Key(self.clone()))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.give_up_turn();
        self.rollback();
        self.shared.leave_use();
    }
}

/// Whether writing the table's rows may need a function or a collation of a user, or creating it.
fn uses_definitions(table: &Table) -> bool {
    let is_custom = |name: &str| Collation::built_in(name).is_none();
    !table.checks.is_empty()
        || table.columns.iter().any(|c| c.generated.is_some() || c.collation.as_deref().is_some_and(is_custom))
        || table.indexes.iter().any(|index| {
            index.filter.is_some()
                || index.columns.iter().any(|c| matches!(c.term, IndexTerm::Expr(_)) || is_custom(&c.collation))
        })
}

/// Whether both versions were written by a transaction after its last mark, and neither ends the row. `old`: the stamp of
/// the version that was replaced.
#[inline]
fn is_rewrite(old: Option<Stamp>, tombstone: bool, new: &Version, marked: Stamp) -> bool {
    old.is_some_and(|old| old > marked) && !tombstone && !new.is_tombstone()
}
