//! A connection as the outside sees it.

use std::ops::Deref;
use std::sync::Arc;

use heliosdb_udfs::value::collation::CustomCollation;
use parking_lot::{ReentrantMutex, ReentrantMutexGuard};

use super::backup::Backup;
use super::ddl::MAIN;
use super::execution::{Execution, Held};
use super::functions::Registered;
use super::host::ConnectionHost;
use super::inner::Inner;
use super::status::{Limit, Status};
use super::{OpenOptions, Statement, config, extension, serialize};
use crate::catalog::schema::fold;
use crate::env::callback::{Authorizer, LongRunning, Progress, Trace, UserAggregate, UserScalar};
use crate::error::{Code, Error, Result};

pub struct Connection {
    lock: ReentrantMutex<Inner>,
    /// Beside the lock: what never waits for it.
    status: Arc<Status>,
}

/// The connection's lock while it is held; re-entrant, so that callbacks can use the connection that calls them.
pub struct ConnectionGuard<'c>(ReentrantMutexGuard<'c, Inner>);

impl Deref for ConnectionGuard<'_> {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Connection {
    pub fn open(options: OpenOptions) -> Result<Arc<Connection>> {
        let main = options.database("main")?;
        let status = Arc::new(Status::default());
        let inner = Inner::new(main, options.shown_file(), options.uri, status.clone());
        if options.read_only {
            inner.transaction(MAIN).set_read_only();
        }
        inner.settings.borrow_mut().busy_timeout_ms = options.busy_timeout_ms as i64;
        Ok(Arc::new(Connection { lock: ReentrantMutex::new(inner), status }))
    }

    /// What can be asked without the lock.
    pub(super) fn status(&self) -> &Status {
        &self.status
    }

    pub fn lock(&self) -> ConnectionGuard<'_> {
        ConnectionGuard(self.lock.lock())
    }

    /// The lock, if no other thread has it.
    pub fn try_lock(&self) -> Option<ConnectionGuard<'_>> {
        self.lock.try_lock().map(ConnectionGuard)
    }

    /// The first statement of a text and where the rest begins; `None` if there is none.
    pub fn prepare(self: &Arc<Self>, sql: &str) -> Result<Option<(Statement, usize)>> {
        let inner = self.lock();
        inner.check_open()?;
        if sql.len() > self.status.limit(Limit::SqlLength) {
            return Err(Error::new(Code::TOOBIG, "query string is too large"));
        }
        let parsed = heliosdb_dialect::parse(sql).map_err(|e| {
            let mut error = Error::sql(e.message);
            error.offset = e.offset;
            error
        })?;
        let Some(parsed) = parsed else { return Ok(None) };
        if parsed.parameters.count as usize > self.status.limit(Limit::Variables) {
            return Err(Error::sql("too many SQL variables"));
        }
        let tail = parsed.tail as usize;
        Statement::new(self.clone(), sql, parsed).map(|s| Some((s, tail)))
    }

    /// Ends the connection: an open transaction is rolled back; statements answer MISUSE from now on.
    pub fn close(&self) -> Result<()> {
        let inner = self.lock();
        if inner.closed.replace(true) {
            return Ok(());
        }
        inner.rollback_all();
        inner.release_files();
        *inner.hooks.borrow_mut() = super::inner::Hooks::default();
        *inner.registry.borrow_mut() = Arc::default();
        *inner.definitions.borrow_mut() = None;
        *inner.extensions.borrow_mut() = None;
        Ok(())
    }

    /// Whether no transaction is open (`sqlite3_get_autocommit`). Like the counters below it never waits.
    pub fn is_autocommit(&self) -> bool {
        !self.status.explicit.get()
    }

    pub fn changes(&self) -> i64 {
        self.status.changes.get()
    }

    pub fn total_changes(&self) -> i64 {
        self.status.total_changes.get()
    }

    pub fn last_insert_rowid(&self) -> i64 {
        self.status.last_insert_rowid.get()
    }

    pub fn set_last_insert_rowid(&self, rowid: i64) {
        self.lock().status.last_insert_rowid.set(rowid);
    }

    /// Makes running statements end with `interrupted`. From any thread, without waiting.
    pub fn interrupt(&self) {
        self.status.interrupted.set(true);
    }

    pub fn set_busy_timeout_ms(&self, timeout_ms: u64) {
        self.lock().settings.borrow_mut().busy_timeout_ms = i64::try_from(timeout_ms).unwrap_or(i64::MAX);
    }

    fn register(&self, name: &str, args: i32, function: Option<Registered>) -> Result<()> {
        let inner = self.lock();
        inner.check_open()?;
        if name.len() > 255 || !(-1..=1000).contains(&args) {
            return Err(Error::new(Code::MISUSE, "bad parameter or other API misuse"));
        }
        if inner.running.get() > 0 {
            let known = inner.registry.borrow().functions.get(&fold(name)).is_some_and(|f| !f.is_empty());
            if known {
                return Err(Error::new(Code::BUSY, "unable to delete/modify user-function due to active statements"));
            }
        }
        Arc::make_mut(&mut *inner.registry.borrow_mut()).set(name, args, function);
        inner.invalidate();
        Ok(())
    }

    /// Registers a scalar function for a number of arguments (-1: any), or takes it away.
    pub fn create_scalar(
        &self,
        name: &str,
        args: i32,
        deterministic: bool,
        direct_only: bool,
        function: Option<Arc<dyn UserScalar>>,
    ) -> Result<()> {
        let registered = function.map(|function| Registered::Scalar { function, deterministic, direct_only });
        self.register(name, args, registered)
    }

    /// Registers an aggregate or window function, or takes it away.
    pub fn create_aggregate(&self, name: &str, args: i32, function: Option<Arc<dyn UserAggregate>>) -> Result<()> {
        self.register(name, args, function.map(Registered::Aggregate))
    }

    /// Registers a collating sequence, or takes it away.
    pub fn create_collation(&self, name: &str, collation: Option<Arc<dyn CustomCollation>>) -> Result<()> {
        let inner = self.lock();
        inner.check_open()?;
        if inner.running.get() > 0 && inner.registry.borrow().collations.contains_key(&fold(name)) {
            return Err(Error::new(Code::BUSY, "unable to delete/modify collation sequence due to active statements"));
        }
        {
            let mut registry = inner.registry.borrow_mut();
            let collations = &mut Arc::make_mut(&mut *registry).collations;
            match collation {
                Some(collation) => collations.insert(fold(name), collation),
                None => collations.remove(&fold(name)),
            };
        }
        inner.invalidate();
        Ok(())
    }

    pub fn set_authorizer(&self, authorizer: Option<Arc<dyn Authorizer>>) {
        let inner = self.lock();
        inner.hooks.borrow_mut().authorizer = authorizer;
        inner.invalidate();
    }

    /// Calls `progress` about every `every` steps of a running statement.
    pub fn set_progress(&self, every: u32, progress: Option<Arc<dyn Progress>>) {
        self.lock().hooks.borrow_mut().progress = progress.map(|p| (every.max(1), p));
    }

    pub fn set_trace(&self, trace: Option<Arc<dyn Trace>>) {
        self.lock().hooks.borrow_mut().trace = trace;
    }

    pub fn set_long_running(&self, hook: Option<Arc<dyn LongRunning>>) {
        self.lock().hooks.borrow_mut().long_running = hook;
    }

    /// The value of a SQLITE_LIMIT_…; sets it unless `new` is negative. Never waits.
    pub fn limit(&self, id: i32, new: i32) -> Result<i32> {
        self.status.change_limit(id, new).ok_or_else(|| Error::new(Code::RANGE, "'category' is out of bounds"))
    }

    pub fn config(&self, op: i32) -> Result<bool> {
        config::get(&self.lock(), op)
    }

    pub fn set_config(&self, op: i32, on: bool) -> Result<bool> {
        config::set(&self.lock(), op, on)
    }

    /// Allows `load_extension` and the SQL function of that name.
    pub fn enable_load_extension(&self, on: bool) {
        let inner = self.lock();
        inner.load_extension.set(on);
        inner.load_extension_function.set(on);
    }

    /// Loads a SQLite extension for its functions and collations.
    pub fn load_extension(&self, path: &str, entry: Option<&str>) -> Result<()> {
        let inner = self.lock();
        inner.check_open()?;
        if !inner.load_extension.get() {
            return Err(Error::sql("not authorized"));
        }
        extension::load(&inner, path, entry)
    }

    /// Begins a copy of a database of this connection into one of another.
    pub fn backup_to(&self, source_schema: &str, target: &Connection, target_schema: &str) -> Result<Backup> {
        let unknown = |schema: &str| Error::sql(format!("unknown database {schema}"));
        let source = {
            let inner = self.lock();
            inner.check_open()?;
            let database = inner.find_database(source_schema).ok_or_else(|| unknown(source_schema))?;
            inner.shared(database)
        };
        let inner = target.lock();
        inner.check_open()?;
        let database = inner.find_database(target_schema).ok_or_else(|| unknown(target_schema))?;
        if inner.transaction(database).state() != crate::txn::TransactionState::None {
            return Err(Error::sql("destination database is in use"));
        }
        Backup::new(source, inner.shared(database), target_schema)
    }

    /// A database as the bytes of a SQLite file; `None` if there is no such database.
    pub fn serialize(self: &Arc<Self>, schema: &str) -> Result<Option<Vec<u8>>> {
        let inner = self.lock();
        inner.check_open()?;
        let Some(database) = inner.find_database(schema) else { return Ok(None) };
        let mut pins = Vec::new();
        inner.pin_files(&mut pins)?;
        let held = Held::default();
        let execution = Execution { inner: &inner, held: &held };
        serialize::serialize(&ConnectionHost::new(&execution), database).map(Some)
    }

    /// Replaces a database by what the bytes of a SQLite file hold.
    pub fn deserialize(self: &Arc<Self>, schema: &str, data: &[u8]) -> Result<()> {
        let inner = self.lock();
        inner.check_open()?;
        let unknown = || Error::sql(format!("unknown database {schema}"));
        let database = inner.find_database(schema).ok_or_else(unknown)?;
        if inner.status.explicit.get() || inner.running.get() > 0 {
            return Err(Error::new(Code::LOCKED, "database is locked"));
        }
        inner.replace(database, super::database::in_memory(database.0 == 1));
        let held = Held::default();
        let execution = Execution { inner: &inner, held: &held };
        let loaded = serialize::load_into(&ConnectionHost::new(&execution), database, data);
        match loaded {
            Ok(()) => {
                held.keep_writes(&inner);
                inner.commit_all()
            }
            Err(e) => {
                held.forget_writes();
                inner.rollback_all();
                Err(e)
            }
        }
    }

    /// The file of a database; `None` if there is no such database.
    pub fn filename(&self, schema: &str) -> Option<String> {
        let inner = self.lock();
        inner.find_database(schema).map(|d| inner.database_file(d))
    }
}
