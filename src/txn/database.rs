//! What the connections of one database share: the last commit, the views, the writer's gate, the garbage.
//!
//! Invariant: the last commit, its schema and the views change together under one lock, so that a view is
//! registered at the horizon it was taken at before anybody can clean behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use heliosdb_udfs::value::Encoding;
use parking_lot::{Mutex, MutexGuard};

use super::error::Error;
use super::file::{DatabaseFile, Pin};
use super::garbage::{Committed, Garbage};
use super::gate::Gate;
use super::rest::Rest;
use super::undo::Undo;
use super::views::Views;
use crate::catalog::Schema;
use crate::store::{Csn, Stamp, Store, View};

pub struct Transactions {
    store: Store,
    /// `None`: the database is in memory only.
    file: Option<DatabaseFile>,
    gate: Gate,
    state: Mutex<State>,
    garbage: Mutex<Garbage>,
    /// Whether `garbage` holds anything, to be asked without its lock.
    has_garbage: AtomicBool,
    pub(super) rest: Mutex<Rest>,
}

/// The committed state and who reads what.
pub(super) struct State {
    pub committed: Stamp,
    pub schema: Arc<Schema>,
    /// The last CSN that must not be given to a writer again: committed, or rolled back while a view of it is open.
    pub last_csn: Csn,
    pub views: Views,
    /// The encoding was decided before anything was written.
    pub encoding_fixed: bool,
}

impl Transactions {
    pub fn new(store: Store, schema: Arc<Schema>) -> Arc<Transactions> {
        Transactions::over(store, schema, None)
    }

    /// A database whose rows are in a file.
    pub fn of_file(store: Store, schema: Arc<Schema>, file: DatabaseFile) -> Arc<Transactions> {
        Transactions::over(store, schema, Some(file))
    }

    fn over(store: Store, schema: Arc<Schema>, file: Option<DatabaseFile>) -> Arc<Transactions> {
        let state = State {
            committed: Stamp::end_of(Csn(0)),
            schema,
            last_csn: Csn(0),
            views: Views::default(),
            encoding_fixed: false,
        };
        Arc::new(Transactions {
            store,
            file,
            gate: Gate::default(),
            state: Mutex::new(state),
            garbage: Mutex::default(),
            has_garbage: AtomicBool::new(false),
            rest: Mutex::default(),
        })
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn file(&self) -> Option<&DatabaseFile> {
        self.file.as_ref()
    }

    /// Others changed the file: everything that was committed is behind this.
    pub(super) fn taken_in(&self, schema: Arc<Schema>) {
        let mut state = self.state.lock();
        state.last_csn = Csn(state.last_csn.0 + 1);
        state.committed = Stamp::end_of(state.last_csn);
        let before = std::mem::replace(&mut state.schema, schema);
        drop(state);
        drop(before);
    }

    /// Chooses how text is stored; a database that holds something keeps what it has.
    pub fn set_encoding(&self, encoding: Encoding) -> Result<(), crate::error::Error> {
        if let Some(file) = &self.file {
            return file.set_encoding(encoding);
        }
        let mut state = self.state.lock();
        if state.last_csn.0 == 0 && !state.encoding_fixed {
            Arc::make_mut(&mut state.schema).encoding = encoding;
        }
        Ok(())
    }

    /// Whether the database is known: one in memory always is.
    pub fn was_read(&self) -> bool {
        self.file.as_ref().is_none_or(DatabaseFile::was_read)
    }

    /// From now on a database in memory keeps its encoding: another goes by it.
    pub fn fix_encoding(&self) {
        self.state.lock().encoding_fixed = true;
    }

    /// Whether nothing was ever written to the database.
    pub fn is_new(&self) -> bool {
        self.file.as_ref().map_or_else(|| self.last_commit().0 == 0, DatabaseFile::is_new)
    }

    /// The newest committed schema.
    pub fn schema(&self) -> Arc<Schema> {
        self.state.lock().schema.clone()
    }

    /// The last commit.
    pub fn last_commit(&self) -> Csn {
        self.state.lock().committed.csn()
    }

    /// A view of the newest commit, registered until it is dropped.
    pub fn open_view(self: &Arc<Self>) -> ViewGuard {
        let mut state = self.state.lock();
        let view = View::main(state.committed);
        state.views.add(view.horizon);
        drop(state);
        ViewGuard { shared: self.clone(), view, _pin: self.pin_again() }
    }

    /// Whether a second writer waits.
    pub fn is_contended(&self) -> bool {
        self.gate.is_contended()
    }

    /// Whether versions wait to be cleaned.
    pub fn has_garbage(&self) -> bool {
        self.has_garbage.load(Ordering::Relaxed)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(super) fn enter(&self, timeout_ms: u64, interrupted: &dyn Fn() -> bool) -> Result<(), Error> {
        self.gate.enter(timeout_ms, interrupted)
    }

    pub(super) fn leave(&self) {
        self.gate.leave();
    }

    /// Takes a view out of the registry; cleans if it was the oldest.
    #[inline]
    pub(super) fn release(&self, horizon: Stamp) {
        let oldest_went = self.state.lock().views.remove(horizon);
        if oldest_went && self.has_garbage.load(Ordering::Relaxed) {
            self.clean();
        }
    }

    /// Cleans what nobody needs any more, unless somebody else is at it.
    #[cold]
    pub(super) fn clean(&self) {
        if let Some(mut garbage) = self.garbage.try_lock() {
            let horizons = self.horizons();
            garbage.clean(&self.store, &horizons);
            self.has_garbage.store(!garbage.is_empty(), Ordering::Relaxed);
        }
    }

    /// Cleans behind a commit that has been published.
    pub(super) fn clean_behind(&self, undo: &[Undo], commit: &Committed<'_>) {
        let mut garbage = self.garbage.lock();
        let horizons = self.horizons();
        garbage.take_in(undo, commit, &self.store, &horizons);
        garbage.clean(&self.store, &horizons);
        self.has_garbage.store(!garbage.is_empty(), Ordering::Relaxed);
    }

    fn horizons(&self) -> Vec<Stamp> {
        let state = self.state.lock();
        state.views.with_committed(state.committed)
    }
}

/// A registered view: what it sees is kept until it is dropped, whatever becomes of the transaction it
/// was taken from.
pub struct ViewGuard {
    shared: Arc<Transactions>,
    view: View,
    /// What the view has not read yet must stay in the file.
    _pin: Option<Pin>,
}

impl ViewGuard {
    /// Registers a view that is readable now.
    pub(super) fn register(shared: &Arc<Transactions>, view: View) -> ViewGuard {
        shared.state.lock().views.add(view.horizon);
        ViewGuard { shared: shared.clone(), view, _pin: shared.pin_again() }
    }

    #[inline]
    pub fn view(&self) -> View {
        self.view
    }
}

impl Clone for ViewGuard {
    fn clone(&self) -> ViewGuard {
        ViewGuard::register(&self.shared, self.view)
    }
}

impl Drop for ViewGuard {
    #[inline]
    fn drop(&mut self) {
        self.shared.release(self.view.horizon);
    }
}
