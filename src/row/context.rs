//! What a running statement may ask of its connection.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::sync::Arc;

use arrayvec::ArrayVec;
use heliosdb_udfs::scalar::LikeOptions;
use heliosdb_udfs::signature::Host;
use heliosdb_udfs::value::Value;

use crate::error::Result;
use rustc_hash::FxHashMap;

use super::level::Kept;
use super::program::{QueryProgram, TriggerProgram};
use super::run::QueryRun;
use super::write::{Packing, TargetProgram};
use crate::catalog::{Table, Trigger};
use crate::plan::bound::{BoundTrigger, DatabaseIndex, TableFunction};
use crate::store::{KeyTree, ObjectId, RowTree, View};
use crate::txn::Transaction;

/// Rows that violate foreign keys which wait for the commit.
#[derive(Default)]
pub struct DeferredViolations {
    /// Of keys that were declared so.
    pub declared: Cell<i64>,
    /// Of any keys, while `PRAGMA defer_foreign_keys` is on: they are forgotten when it is set off.
    pub postponed: Cell<i64>,
}

impl DeferredViolations {
    pub fn get(&self) -> (i64, i64) {
        (self.declared.get(), self.postponed.get())
    }

    pub fn set(&self, (declared, postponed): (i64, i64)) {
        self.declared.set(declared);
        self.postponed.set(postponed);
    }
}

/// Implemented by a connection. Nothing of it is borrowed while a callback of the host language runs.
pub trait Surroundings {
    /// For built-in functions: clock, random numbers, counters.
    fn host(&self) -> &dyn Host;
    /// Called every few dozen rows: raises `interrupted`, calls the progress handler.
    fn tick(&self) -> Result<()>;
    fn row_tree(&self, database: DatabaseIndex, id: ObjectId) -> Result<Arc<RowTree>>;
    fn key_tree(&self, database: DatabaseIndex, id: ObjectId) -> Result<Arc<KeyTree>>;
    /// What the running statement reads: everything before it began.
    fn view(&self, database: DatabaseIndex) -> Result<View>;
    /// Whether what `view` gives stays the same while the statement writes.
    fn view_is_fixed(&self) -> bool;
    /// Everything up to now, the running statement's own writes included.
    fn live_view(&self, database: DatabaseIndex) -> Result<View>;
    /// The connection's write transaction of a database; borrowed for one operation at a time.
    fn transaction(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>>;
    /// The rows of a table-valued function for these arguments.
    fn table_function(&self, function: &TableFunction, args: Vec<Value>) -> Result<Box<dyn RowSource>>;
    /// The program of a trigger's body, bound and lowered at its first use.
    fn trigger_program(&self, trigger: &Arc<BoundTrigger>) -> Result<Arc<TriggerProgram>>;
    /// The default of a column, for NOT NULL ON CONFLICT REPLACE.
    fn default_value(&self, database: DatabaseIndex, table: &Arc<Table>, column: usize) -> Result<Value>;
    /// The largest rowid that an AUTOINCREMENT table has used, from `sqlite_sequence`.
    fn sequence(&self, database: DatabaseIndex, table: &str) -> Result<Option<i64>>;
    /// Raises it.
    fn note_sequence(&self, database: DatabaseIndex, table: &str, rowid: i64) -> Result<()>;
    /// A table as the target of the actions of foreign keys.
    fn target_program(&self, database: DatabaseIndex, table: &Arc<Table>) -> Result<Arc<TargetProgram>>;
    /// Counts changed rows (`changes()`, `total_changes()`).
    fn count_changes(&self, n: i64);
    /// Counts rows changed by a foreign key's action, or takes back what triggers counted (`total_changes()` only).
    fn count_nested_changes(&self, n: i64);
    fn set_last_insert_rowid(&self, rowid: i64);
    fn last_insert_rowid(&self) -> i64;
    /// Settings that change how rows are written.
    fn write_options(&self) -> WriteOptions;
    /// The violations of deferred foreign keys of the transaction; a commit needs 0.
    fn deferred_violations(&self) -> &DeferredViolations;
    /// How deep triggers are nested now.
    fn trigger_depth(&self) -> &Cell<u32>;
    /// The triggers that are running now, the innermost last.
    fn running_triggers(&self) -> &RefCell<Vec<Arc<Trigger>>>;
}

/// Settings that change how rows are written.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    pub foreign_keys: bool,
    pub defer_foreign_keys: bool,
    pub recursive_triggers: bool,
    pub ignore_checks: bool,
    /// SQLITE_LIMIT_TRIGGER_DEPTH
    pub trigger_depth_max: u32,
    /// SQLITE_LIMIT_LENGTH
    pub length_max: usize,
}

/// Rows of a table-valued function, one after the other.
pub trait RowSource: Send {
    /// Packs the next row into `record`, which is empty: one value per column, hidden ones included, of which only those in
    /// `wanted` are looked at. False at the end.
    fn next(&mut self, record: &mut Vec<u8>, wanted: WantedColumns, host: &dyn Host) -> Result<bool>;
}

/// The columns of a table-valued function that a statement reads, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedColumns(u64);

impl WantedColumns {
    pub fn of(columns: impl IntoIterator<Item = u16>) -> WantedColumns {
        WantedColumns(columns.into_iter().fold(0, |bits, c| bits | 1u64.checked_shl(u32::from(c)).unwrap_or(0)))
    }

    pub fn has(self, column: usize) -> bool {
        self.0 >> column & 1 == 1
    }

    /// How many leading columns hold them all.
    pub fn width(self) -> usize {
        (u64::BITS - self.0.leading_zeros()) as usize
    }
}

/// One run of a statement: its parameters, its connection and what its parts share.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    pub parameters: &'c [Value],
    pub around: &'c dyn Surroundings,
    pub shared: &'c Shared,
    /// It reads what the running statement has written so far: subqueries of SET and RETURNING do.
    pub live: bool,
}

impl Context<'_> {
    /// What scans read.
    pub fn view(&self, database: DatabaseIndex) -> Result<View> {
        if self.live { self.around.live_view(database) } else { self.around.view(database) }
    }
}

/// What is computed once per run of a statement, whichever part of it asks first.
#[derive(Default)]
pub struct Shared {
    /// Rows of common tables.
    pub common: RefCell<FxHashMap<u32, Arc<Kept>>>,
    /// The rows that the steps of recursive tables are reading, the innermost last.
    pub recursive: RefCell<Vec<(u32, Vec<u8>)>>,
    like: OnceCell<LikeOptions>,
    /// Room for packing rows, kept for the next run of the statement.
    pub packing: Cell<Option<Box<Packing>>>,
    /// Runs that have ended, kept for the next run of the statement.
    idle: RefCell<ArrayVec<Box<QueryRun>, IDLE_MAX>>,
    /// What the statements of triggers have kept, by trigger and position.
    nested: RefCell<Vec<Nested>>,
}

type Nested = (Arc<TriggerProgram>, usize, Box<Shared>);

/// Idle runs that are kept.
const IDLE_MAX: usize = 2;

impl Shared {
    /// A run of a program at its beginning.
    pub fn run(&self, program: &Arc<QueryProgram>, inputs: Vec<Value>) -> Box<QueryRun> {
        let mut idle = self.idle.borrow_mut();
        match idle.iter().position(|run| run.is_of(program)) {
            Some(i) => {
                let mut run = idle.swap_remove(i);
                run.restart(inputs);
                run
            }
            None => Box::new(QueryRun::new(program.clone(), inputs)),
        }
    }

    /// Takes a run back that will not be moved any more.
    pub fn rest(&self, mut run: Box<QueryRun>) {
        run.rest();
        // Where there is no room it goes.
        drop(self.idle.borrow_mut().try_push(run));
    }

    /// What a statement of a trigger kept from its last run.
    pub fn take_nested(&self, trigger: &Arc<TriggerProgram>, position: usize) -> Box<Shared> {
        let mut nested = self.nested.borrow_mut();
        let found = nested.iter().position(|(t, p, _)| Arc::ptr_eq(t, trigger) && *p == position);
        found.map(|i| nested.swap_remove(i).2).unwrap_or_default()
    }

    /// Keeps it for the next; of a trigger that fires itself, what the outermost run kept.
    pub fn keep_nested(&self, trigger: &Arc<TriggerProgram>, position: usize, mut kept: Box<Shared>) {
        kept.clear();
        let mut nested = self.nested.borrow_mut();
        nested.retain(|(t, p, _)| !Arc::ptr_eq(t, trigger) || *p != position);
        nested.push((trigger.clone(), position, kept));
    }

    /// Forgets everything but the idle runs.
    pub fn clear(&mut self) {
        if !self.common.get_mut().is_empty() {
            self.common.get_mut().clear();
        }
        self.recursive.get_mut().clear();
        self.like.take();
    }

    /// How the connection wants LIKE to be, as it was when the run first asked.
    #[inline]
    pub fn like_options(&self, around: &dyn Surroundings) -> LikeOptions {
        *self.like.get_or_init(|| LikeOptions::of(around.host()))
    }

    /// Copies the row that the innermost step of a recursive table is reading; false if there is none.
    pub fn recursive_row(&self, id: u32, record: &mut Vec<u8>) -> bool {
        record.clear();
        let rows = self.recursive.borrow();
        let row = rows.iter().rev().find(|(of, _)| *of == id);
        if let Some((_, row)) = row {
            record.extend_from_slice(row);
        }
        row.is_some()
    }
}
