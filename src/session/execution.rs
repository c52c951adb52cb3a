//! One statement while it runs: what the row executor asks of its connection.
//!
//! A reading statement sees the snapshot of its first read and keeps it registered until it ends. A writing
//! statement begins the write transaction of each database it touches, with a mark to come back to.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::sync::Arc;

use heliosdb_udfs::signature::Host;
use heliosdb_udfs::value::{Encoding, Value, ValueRef, cast};

use super::inner::Inner;
use super::status::Limit;
use super::{extension, host, pragma, table_function};
use crate::catalog::{Table, Trigger};
use crate::env;
use crate::error::{Code, Error, Result};
use crate::plan;
use crate::plan::bound::{BoundTrigger, DatabaseIndex, TableFunction};
use crate::row::context::{Context, DeferredViolations, RowSource, Shared, Surroundings, WriteOptions};
use crate::row::lower::Lower;
use crate::row::program::TriggerProgram;
use crate::row::write::{self, TargetProgram};
use crate::store::{KeyTree, ObjectId, RowCursor, RowTree, View, record};
use crate::txn::{Pin, StatementMark, Transaction, TransactionState, ViewGuard};

/// What lives as long as the run of a statement.
#[derive(Default)]
pub struct Held {
    /// The files stay as they are while the statement runs.
    pub pins: RefCell<Vec<Pin>>,
    guards: RefCell<PerDatabase<ViewGuard>>,
    marks: RefCell<PerDatabase<StatementMark>>,
    /// The connection's count when the last of the marks was set.
    rollbacks: Cell<u32>,
    now_ms: OnceCell<i64>,
    ticks: Cell<u32>,
    pub changes: Cell<i64>,
    /// Deferred violations of foreign keys before the statement.
    pub violations: Cell<(i64, i64)>,
    /// Written tables reached through foreign keys.
    targets: RefCell<Vec<(Arc<Table>, Arc<TargetProgram>)>>,
    /// Trigger programs of this statement by trigger.
    triggers: RefCell<Vec<(Arc<BoundTrigger>, Arc<TriggerProgram>)>>,
    /// Triggers that are running, the innermost last.
    running_triggers: RefCell<Vec<Arc<Trigger>>>,
}

/// Something for each database that a statement touches: most touch one.
struct PerDatabase<T> {
    first: Option<(DatabaseIndex, T)>,
    others: Vec<(DatabaseIndex, T)>,
}

impl<T> Default for PerDatabase<T> {
    fn default() -> PerDatabase<T> {
        PerDatabase { first: None, others: Vec::new() }
    }
}

impl<T> PerDatabase<T> {
    #[inline]
    fn get(&self, database: DatabaseIndex) -> Option<&T> {
        match &self.first {
            Some((of, entry)) if *of == database => Some(entry),
            _ => self.others.iter().find(|(of, _)| *of == database).map(|(_, entry)| entry),
        }
    }

    /// Adds the entry of a database that has none.
    fn insert(&mut self, database: DatabaseIndex, entry: T) {
        match &self.first {
            None => self.first = Some((database, entry)),
            Some(_) => self.others.push((database, entry)),
        }
    }

    fn take(&mut self) -> impl Iterator<Item = (DatabaseIndex, T)> + use<T> {
        self.first.take().into_iter().chain(std::mem::take(&mut self.others))
    }

    fn clear(&mut self) {
        self.first = None;
        self.others.clear();
    }
}

pub struct Execution<'s> {
    pub inner: &'s Inner,
    pub held: &'s Held,
}

/// Rows of work between two looks at the clock of interrupts; the executor calls `tick` every few rows.
const TICKS_UNTIL_LONG: u32 = 64;

/// About how many of SQLite's operations lie between two ticks.
const TICK_OPERATIONS: u32 = 64;

impl Held {
    /// Ends the marks of a statement whose writes stay.
    pub fn keep_writes(&self, inner: &Inner) {
        let mut marks = self.marks.borrow_mut();
        if let Some((database, mark)) = marks.first.take() {
            inner.transaction(database).statement_end(mark);
        }
        for (database, mark) in marks.others.drain(..) {
            inner.transaction(database).statement_end(mark);
        }
    }

    /// Takes back what the statement wrote.
    pub fn undo_writes(&self, inner: &Inner) {
        for (database, mark) in self.marks.borrow_mut().take() {
            inner.transaction(database).statement_rollback(mark);
        }
        inner.deferred_violations.set(self.violations.get());
    }

    /// Whether the statement has looked into a database.
    pub fn has_read(&mut self) -> bool {
        self.guards.get_mut().first.is_some()
    }

    /// Forgets marks of transactions that have ended.
    pub fn forget_writes(&self) {
        self.marks.borrow_mut().clear();
    }

    /// Forgets everything about the run that has ended; its cursors must be gone.
    pub fn clear(&mut self) {
        self.guards.get_mut().clear();
        self.marks.get_mut().clear();
        self.pins.get_mut().clear();
        self.now_ms.take();
        self.ticks.set(0);
        self.changes.set(0);
        self.targets.get_mut().clear();
        self.triggers.get_mut().clear();
        self.running_triggers.get_mut().clear();
    }
}

impl Execution<'_> {
    /// SQLITE_SCHEMA if the schema changed while the turn to write was waited for: the statement must be compiled anew.
    fn begin_write(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>> {
        if self.held.marks.borrow().get(database).is_some() {
            // A function of the host may have ended the transaction that the statement writes in.
            if self.held.rollbacks.get() != self.inner.rollbacks.get() {
                return Err(aborted_by_rollback());
            }
            return Ok(self.inner.transaction(database));
        }
        let mut transaction = self.inner.transaction(database);
        if transaction.state() != TransactionState::Write {
            let known = transaction.schema().clone();
            drop(transaction);
            transaction = self.inner.begin_write(database)?;
            if !Arc::ptr_eq(&known, transaction.schema()) {
                return Err(Error::new(Code::SCHEMA, "database schema has changed"));
            }
        }
        let mark = transaction.statement_begin();
        self.held.rollbacks.set(self.inner.rollbacks.get());
        self.held.marks.borrow_mut().insert(database, mark);
        Ok(transaction)
    }
}

impl Surroundings for Execution<'_> {
    fn host(&self) -> &dyn Host {
        self
    }

    fn tick(&self) -> Result<()> {
        if self.inner.status.interrupted.get() {
            return Err(Error::interrupted());
        }
        let ticks = self.held.ticks.get();
        self.held.ticks.set(ticks.wrapping_add(1));
        if ticks % TICKS_UNTIL_LONG == TICKS_UNTIL_LONG - 1 {
            let long = self.inner.hooks.borrow().long_running.clone();
            if let Some(long) = long {
                long.begins();
            }
        }
        self.count_operations(TICK_OPERATIONS)
    }

    fn row_tree(&self, database: DatabaseIndex, id: ObjectId) -> Result<Arc<RowTree>> {
        let tree = self.inner.transaction(database).row_tree(id);
        tree.ok_or_else(|| Error::internal(format!("object {} of database {} has no rows", id.0, database.0)))
    }

    fn key_tree(&self, database: DatabaseIndex, id: ObjectId) -> Result<Arc<KeyTree>> {
        let tree = self.inner.transaction(database).key_tree(id);
        tree.ok_or_else(|| Error::internal(format!("index {} of database {} has no entries", id.0, database.0)))
    }

    fn view(&self, database: DatabaseIndex) -> Result<View> {
        if self.inner.trigger_depth.get() > 0 {
            return self.live_view(database);
        }
        if let Some(mark) = self.held.marks.borrow().get(database) {
            return Ok(mark.view());
        }
        if let Some(guard) = self.held.guards.borrow().get(database) {
            return Ok(guard.view());
        }
        let mut transaction = self.inner.transaction(database);
        if self.inner.status.explicit.get() {
            transaction.begin_read()?;
        }
        let guard = transaction.open_view();
        let view = guard.view();
        drop(transaction);
        self.held.guards.borrow_mut().insert(database, guard);
        Ok(view)
    }

    fn view_is_fixed(&self) -> bool {
        self.inner.trigger_depth.get() == 0
    }

    fn live_view(&self, database: DatabaseIndex) -> Result<View> {
        let mut transaction = self.inner.transaction(database);
        if transaction.state() == TransactionState::None {
            drop(transaction);
            if let Some(guard) = self.held.guards.borrow().get(database) {
                return Ok(guard.view());
            }
            let guard = self.inner.transaction(database).open_view();
            let view = guard.view();
            self.held.guards.borrow_mut().insert(database, guard);
            return Ok(view);
        }
        Ok(transaction.view())
    }

    fn transaction(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>> {
        self.begin_write(database)
    }

    fn table_function(&self, function: &TableFunction, args: Vec<Value>) -> Result<Box<dyn RowSource>> {
        if function.pragma.is_empty() {
            return table_function::open(function, args);
        }
        let context = host::ConnectionHost::new(self);
        let rows = pragma::run_function(&context, &function.pragma, &args)?;
        let hidden = function.parameters as usize;
        let rows: Vec<Vec<Value>> = rows
            .into_iter()
            .map(|mut row| {
                row.resize(function.columns.len() - hidden, Value::Null);
                row.extend((0..hidden).map(|i| args.get(i).cloned().unwrap_or_default()));
                row
            })
            .collect();
        Ok(Box::new(table_function::Rows { rows: rows.into_iter() }))
    }

    fn trigger_program(&self, trigger: &Arc<BoundTrigger>) -> Result<Arc<TriggerProgram>> {
        let known = self.held.triggers.borrow().iter().find(|(t, _)| Arc::ptr_eq(t, trigger)).map(|(_, p)| p.clone());
        if let Some(program) = known {
            return Ok(program);
        }
        let program = super::compile::trigger(self.inner, trigger)?;
        self.held.triggers.borrow_mut().push((trigger.clone(), program.clone()));
        Ok(program)
    }

    fn count_changes(&self, n: i64) {
        if self.inner.trigger_depth.get() == 0 {
            self.held.changes.set(self.held.changes.get() + n);
        }
        self.inner.status.total_changes.set(self.inner.status.total_changes.get() + n);
    }

    fn count_nested_changes(&self, n: i64) {
        self.inner.status.total_changes.set(self.inner.status.total_changes.get() + n);
    }

    fn default_value(&self, database: DatabaseIndex, table: &Arc<Table>, column: usize) -> Result<Value> {
        let Some(default) = &table.columns[column].default else { return Ok(Value::Null) };
        let name = &table.columns[column].name;
        let bound =
            self.inner.with_namespace(|space| plan::bind_default(space, name, &default.expr, &default.source))?;
        let _ = database;
        let lowering = self.inner.lowering();
        let mut lower = Lower::new(&[], &lowering);
        let node = lower.node(&bound.expr)?;
        let shared = Shared::default();
        let cx = Context { parameters: &[], around: self, shared: &shared, live: false };
        write::constant(&node, &lower.subqueries, &cx)
    }

    fn sequence(&self, database: DatabaseIndex, table: &str) -> Result<Option<i64>> {
        Ok(self.sequence_row(database, table)?.map(|(_, seq)| seq))
    }

    fn note_sequence(&self, database: DatabaseIndex, table: &str, rowid: i64) -> Result<()> {
        let found = self.sequence_row(database, table)?;
        if found.is_some_and(|(_, seq)| seq >= rowid) {
            return Ok(());
        }
        let id = self.sequence_table(database)?;
        let tree = self.row_tree(database, id)?;
        let key = match found {
            Some((key, _)) => key,
            None => tree.max_key(self.live_view(database)?).map_or(1, |k| k + 1),
        };
        let mut record = Vec::new();
        record::encode(&mut record, [ValueRef::Text(table.as_bytes()), ValueRef::Integer(rowid)]);
        Surroundings::transaction(self, database)?.put_row(&tree, key, &record);
        Ok(())
    }

    fn target_program(&self, database: DatabaseIndex, table: &Arc<Table>) -> Result<Arc<TargetProgram>> {
        let known = self.held.targets.borrow().iter().find(|(t, _)| Arc::ptr_eq(t, table)).map(|(_, p)| p.clone());
        if let Some(program) = known {
            return Ok(program);
        }
        let target = self.inner.with_namespace(|space| plan::build_target(space, database, table))?;
        let program = Arc::new(write::lower_target(&target, self.inner.encoding())?);
        self.held.targets.borrow_mut().push((table.clone(), program.clone()));
        Ok(program)
    }

    fn set_last_insert_rowid(&self, rowid: i64) {
        self.inner.status.last_insert_rowid.set(rowid);
    }

    fn last_insert_rowid(&self) -> i64 {
        self.inner.status.last_insert_rowid.get()
    }

    fn write_options(&self) -> WriteOptions {
        let settings = self.inner.settings.borrow();
        let limit = |limit| self.inner.status.limit(limit);
        WriteOptions {
            foreign_keys: settings.foreign_keys,
            defer_foreign_keys: settings.defer_foreign_keys,
            recursive_triggers: settings.recursive_triggers,
            ignore_checks: settings.ignore_check_constraints,
            trigger_depth_max: limit(Limit::TriggerDepth) as u32,
            length_max: limit(Limit::Length),
        }
    }

    fn deferred_violations(&self) -> &DeferredViolations {
        &self.inner.deferred_violations
    }

    fn trigger_depth(&self) -> &Cell<u32> {
        &self.inner.trigger_depth
    }

    fn running_triggers(&self) -> &RefCell<Vec<Arc<Trigger>>> {
        &self.held.running_triggers
    }
}

impl Execution<'_> {
    fn sequence_table(&self, database: DatabaseIndex) -> Result<ObjectId> {
        let schema = self.inner.transaction(database).schema().clone();
        let table = schema.table("sqlite_sequence");
        table.map(|t| t.id).ok_or_else(|| Error::internal("AUTOINCREMENT without sqlite_sequence"))
    }

    /// The rowid and the number of a table's row in `sqlite_sequence`.
    fn sequence_row(&self, database: DatabaseIndex, table: &str) -> Result<Option<(i64, i64)>> {
        let tree = self.row_tree(database, self.sequence_table(database)?)?;
        let mut cursor = RowCursor::new(tree, self.live_view(database)?);
        let mut more = cursor.first();
        while more {
            if let Some(ValueRef::Text(name)) = record::column(cursor.record(), 0)
                && name == table.as_bytes()
            {
                let seq = record::column(cursor.record(), 1).map_or(0, cast::to_integer);
                return Ok(Some((cursor.rowid(), seq)));
            }
            more = cursor.next();
        }
        Ok(None)
    }

    /// Counts work towards the progress handler, and calls it each time its number of operations has passed.
    pub fn count_operations(&self, operations: u32) -> Result<()> {
        let hooks = self.inner.hooks.borrow();
        let Some((every, progress)) = &hooks.progress else { return Ok(()) };
        let (every, progress) = (*every, progress.clone());
        drop(hooks);
        let mut done = self.inner.operations.get().saturating_add(operations);
        while done >= every {
            done -= every;
            self.inner.operations.set(done);
            if progress.progress() {
                return Err(Error::interrupted());
            }
        }
        self.inner.operations.set(done);
        Ok(())
    }
}

impl Host for Execution<'_> {
    fn now_ms(&self) -> i64 {
        // Julian day 2440587.5 is 1970-01-01.
        *self.held.now_ms.get_or_init(|| env::now_ms() + 210_866_760_000_000)
    }

    fn local_offset_s(&self, unix_s: i64) -> i64 {
        i64::from(env::local_offset_s(unix_s))
    }

    fn random(&self) -> i64 {
        env::random_u64() as i64
    }

    fn changes(&self) -> i64 {
        self.inner.status.changes.get()
    }

    fn total_changes(&self) -> i64 {
        self.inner.status.total_changes.get()
    }

    fn last_insert_rowid(&self) -> i64 {
        self.inner.status.last_insert_rowid.get()
    }

    fn length_limit(&self) -> usize {
        self.inner.status.limit(Limit::Length)
    }

    fn like_pattern_limit(&self) -> usize {
        self.inner.status.limit(Limit::LikePattern)
    }

    fn case_sensitive_like(&self) -> bool {
        self.inner.settings.borrow().case_sensitive_like
    }

    fn encoding(&self) -> Encoding {
        self.inner.encoding()
    }

    fn compile_option(&self, n: i64) -> Option<&'static str> {
        pragma::compile_option(n)
    }

    fn is_compile_option(&self, name: &str) -> bool {
        pragma::is_compile_option(name)
    }

    fn load_extension(&self, path: Option<&str>, entry: Option<&str>) -> std::result::Result<(), String> {
        if !self.inner.load_extension_function.get() {
            return Err("not authorized".to_owned());
        }
        path.map_or(Ok(()), |path| extension::load(self.inner, path, entry)).map_err(|e| e.message.clone())
    }

    fn sqlite_version(&self) -> &'static str {
        crate::SQLITE_VERSION
    }

    fn sqlite_source_id(&self) -> &'static str {
        crate::SQLITE_SOURCE_ID
    }
}

/// The error of a statement that cannot go on after a rollback.
pub fn aborted_by_rollback() -> Error {
    Error::new(Code::ABORT_ROLLBACK, "abort due to ROLLBACK")
}
