//! What the statements of one connection share: databases and their transactions, settings, what the host
//! registered, counters.
//!
//! Invariant: no cell here stays borrowed while a callback of the host language runs.

use std::cell::{Cell, RefCell, RefMut};
use std::sync::Arc;

use heliosdb_udfs::value::Encoding;
use smallvec::SmallVec;

use super::extension::Library;
use super::functions::Registry;
use super::pragma::Settings;
use super::rules::TableRules;
use super::status::{Limit, Status};
use crate::catalog::Schema;
use crate::env;
use crate::env::callback::Authorization;
use crate::env::callback::{Authorizer, LongRunning, Progress, Trace};
use crate::error::{Code, Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::plan::{KeptRules, Limits, Namespace, Options};
use crate::row::context::DeferredViolations;
use crate::row::lower::{Lowering, Planning, Schemas};
use crate::store::container::{Container, Definitions, Group};
use crate::txn::{Mark, Pin, Transaction, TransactionState, Transactions, busy_delay_ms, keep_trying};

/// main, temp and ten attached ones.
pub const DATABASES_MAX: usize = 12;

/// One open database.
pub struct Slot {
    pub name: Arc<str>,
    pub file: String,
    pub transaction: Transaction,
}

pub struct Savepoint {
    pub name: Arc<str>,
    /// One for each database open then.
    pub marks: Vec<Mark>,
    /// It began the transaction: releasing it commits.
    pub outermost: bool,
    pub deferred_violations: (i64, i64),
}

#[derive(Default)]
pub struct Hooks {
    pub authorizer: Option<Arc<dyn Authorizer>>,
    pub progress: Option<(u32, Arc<dyn Progress>)>,
    pub trace: Option<Arc<dyn Trace>>,
    pub long_running: Option<Arc<dyn LongRunning>>,
}

/// How long a statement has waited for its turn.
#[derive(Default)]
pub struct Patience {
    since_ms: Option<u64>,
    tries: usize,
}

impl Patience {
    pub fn was_needed(&self) -> bool {
        self.since_ms.is_some()
    }
}

pub struct Inner {
    slots: [RefCell<Option<Slot>>; DATABASES_MAX],
    /// How many slots are in use, from the first on, and whether one of them is of a file.
    count: Cell<usize>,
    has_files: Cell<bool>,
    pub settings: RefCell<Settings>,
    pub registry: RefCell<Arc<Registry>>,
    /// Made of this state of the registry when it was needed last.
    pub definitions: RefCell<Option<(Arc<Registry>, Arc<Definitions>)>>,
    pub hooks: RefCell<Hooks>,
    pub rules: TableRules,
    /// Grows when something changes that compiled statements depend on beside schemas.
    pub generation: Cell<u32>,
    pub status: Arc<Status>,
    pub savepoints: RefCell<Vec<Savepoint>>,
    pub deferred_violations: DeferredViolations,
    pub trigger_depth: Cell<u32>,
    /// Statements that have been stepped and are not done.
    pub running: Cell<u32>,
    /// Those of them that have read a database.
    pub reading: Cell<u32>,
    /// Those that have written and still have rows to return.
    pub returning: Cell<u32>,
    /// Statements that write among them.
    pub writing: Cell<u32>,
    pub closed: Cell<bool>,
    /// The statement that starts is started again once a file is free, rather than wait with its pins.
    pub yields: Cell<bool>,
    /// The database whose writer's turn such a statement needs.
    pub awaited: Cell<Option<DatabaseIndex>>,
    /// Grows with each rollback: statements that were reading then must not go on.
    pub rollbacks: Cell<u32>,
    /// Operations since the progress handler was last called.
    pub operations: Cell<u32>,
    /// `Connection::load_extension` is allowed.
    pub load_extension: Cell<bool>,
    /// The SQL function load_extension() is allowed as well.
    pub load_extension_function: Cell<bool>,
    /// What extensions run on, from the first one on.
    pub extensions: RefCell<Option<Arc<Library>>>,
    /// File names of ATTACH may be URIs.
    pub uris: bool,
    pub dbconfig: RefCell<std::collections::BTreeMap<i32, bool>>,
}

impl Inner {
    pub fn new(main: Arc<Transactions>, file: String, uris: bool, status: Arc<Status>) -> Inner {
        let slots: [RefCell<Option<Slot>>; DATABASES_MAX] = std::array::from_fn(|_| RefCell::new(None));
        *slots[0].borrow_mut() = Some(Slot { name: "main".into(), file, transaction: Transaction::new(main) });
        let temp = super::database::in_memory(true);
        *slots[1].borrow_mut() =
            Some(Slot { name: "temp".into(), file: String::new(), transaction: Transaction::new(temp) });
        let inner = Inner {
            slots,
            count: Cell::new(0),
            has_files: Cell::new(false),
            settings: RefCell::new(Settings::default()),
            registry: RefCell::new(Arc::new(Registry::default())),
            definitions: RefCell::default(),
            hooks: RefCell::new(Hooks::default()),
            rules: TableRules::default(),
            generation: Cell::new(0),
            status,
            savepoints: RefCell::new(Vec::new()),
            deferred_violations: DeferredViolations::default(),
            trigger_depth: Cell::new(0),
            running: Cell::new(0),
            reading: Cell::new(0),
            returning: Cell::new(0),
            writing: Cell::new(0),
            closed: Cell::new(false),
            yields: Cell::new(false),
            awaited: Cell::new(None),
            rollbacks: Cell::new(0),
            operations: Cell::new(0),
            load_extension: Cell::new(false),
            load_extension_function: Cell::new(false),
            extensions: RefCell::new(None),
            uris,
            dbconfig: RefCell::new(std::collections::BTreeMap::new()),
        };
        inner.look_over();
        inner
    }

    /// Notes which databases are open.
    fn look_over(&self) {
        self.count.set(self.slots.iter().rposition(|s| s.borrow().is_some()).map_or(0, |i| i + 1));
        let is_of_file = |slot: &Slot| slot.transaction.shared().file().is_some();
        self.has_files.set(self.slots.iter().any(|s| s.borrow().as_ref().is_some_and(is_of_file)));
    }

    pub fn database_count(&self) -> usize {
        self.count.get()
    }

    pub fn database_name(&self, database: DatabaseIndex) -> Arc<str> {
        self.slots[database.0 as usize].borrow().as_ref().map_or_else(|| "".into(), |s| s.name.clone())
    }

    pub fn database_file(&self, database: DatabaseIndex) -> String {
        self.slots[database.0 as usize].borrow().as_ref().map_or_else(String::new, |s| s.file.clone())
    }

    pub fn find_database(&self, name: &str) -> Option<DatabaseIndex> {
        (0..self.database_count())
            .rev()
            .map(|i| DatabaseIndex(i as u16))
            .find(|d| self.database_name(*d).eq_ignore_ascii_case(name))
            .or_else(|| name.eq_ignore_ascii_case("main").then_some(DatabaseIndex(0)))
    }

    pub fn attach(&self, slot: Slot) -> Result<()> {
        let free = self.slots.iter().find(|s| s.borrow().is_none());
        let free = free.ok_or_else(|| Error::sql("too many attached databases - max 10"))?;
        *free.borrow_mut() = Some(slot);
        self.look_over();
        self.invalidate();
        Ok(())
    }

    /// Takes a database out; those behind it move up, as in SQLite.
    pub fn detach(&self, database: DatabaseIndex) {
        let count = self.database_count();
        self.slots[database.0 as usize].borrow_mut().take();
        for i in database.0 as usize..count - 1 {
            let next = self.slots[i + 1].borrow_mut().take();
            *self.slots[i].borrow_mut() = next;
        }
        self.look_over();
        self.settings.borrow_mut().detach(database);
        self.invalidate();
    }

    /// Puts another database in the place of an open one.
    pub fn replace(&self, database: DatabaseIndex, with: Arc<Transactions>) {
        if let Some(slot) = self.slots[database.0 as usize].borrow_mut().as_mut() {
            slot.transaction = Transaction::new(with);
        }
        self.look_over();
        self.invalidate();
    }

    pub fn transaction(&self, database: DatabaseIndex) -> RefMut<'_, Transaction> {
        RefMut::map(self.slots[database.0 as usize].borrow_mut(), |s| {
            &mut s.as_mut().expect("statements are compiled anew when a database is detached").transaction
        })
    }

    pub fn shared(&self, database: DatabaseIndex) -> Arc<Transactions> {
        self.transaction(database).shared().clone()
    }

    pub fn databases(&self) -> impl Iterator<Item = DatabaseIndex> + use<> {
        (0..self.database_count()).map(|i| DatabaseIndex(i as u16))
    }

    /// The schema in force. Outside transactions the newest committed one.
    pub fn schema(&self, database: DatabaseIndex) -> Arc<Schema> {
        let mut transaction = self.transaction(database);
        transaction.refresh_schema();
        transaction.schema().clone()
    }

    /// How the connection's databases store text.
    pub fn encoding(&self) -> Encoding {
        self.transaction(super::ddl::MAIN).schema().encoding
    }

    /// For an expression that stands alone.
    pub fn lowering(&self) -> Lowering<'static> {
        Lowering::new(Planning { encoding: self.encoding(), ..Planning::default() })
    }

    /// Compiled statements must be compiled anew.
    pub fn invalidate(&self) {
        self.rules.forget();
        self.generation.set(self.generation.get().wrapping_add(1));
    }

    pub fn check_open(&self) -> Result<()> {
        if self.closed.get() { Err(Error::new(Code::MISUSE, "bad parameter or other API misuse")) } else { Ok(()) }
    }

    // Compiling.

    pub fn options(&self) -> Options {
        let s = self.settings.borrow();
        let config = self.dbconfig.borrow();
        let on = |op: i32, default: bool| config.get(&op).copied().unwrap_or(default);
        Options {
            foreign_keys: s.foreign_keys,
            recursive_triggers: s.recursive_triggers,
            ignore_check_constraints: s.ignore_check_constraints,
            trusted_schema: s.trusted_schema,
            writable_schema: s.writable_schema,
            triggers: on(super::config::ENABLE_TRIGGER, true),
            views: on(super::config::ENABLE_VIEW, true),
            dqs_dml: on(super::config::DQS_DML, true),
            dqs_ddl: on(super::config::DQS_DDL, true),
            full_column_names: s.full_column_names,
            short_column_names: s.short_column_names,
            limits: Limits {
                columns: self.status.limit(Limit::Columns),
                expression_depth: self.status.limit(Limit::ExpressionDepth),
                compound_selects: self.status.limit(Limit::CompoundSelects),
                function_args: self.status.limit(Limit::FunctionArgs),
                variables: self.status.limit(Limit::Variables),
            },
        }
    }

    /// Calls `f` with everything names are resolved against.
    pub fn with_namespace<T>(&self, f: impl FnOnce(&Namespace<'_>) -> T) -> T {
        let registry = self.registry.borrow().clone();
        let authorizer = self.hooks.borrow().authorizer.clone();
        let databases: SmallVec<[_; 2]> = self.databases().map(|d| (self.database_name(d), self.schema(d))).collect();
        let options = self.options();
        let kept = authorizer.is_none().then(|| self.rules.against(&databases, options));
        let space = Namespace {
            databases,
            functions: &*registry,
            options,
            authorizer: authorizer.as_deref(),
            rules: kept.as_ref().map(|kept| kept as &dyn KeptRules),
        };
        f(&space)
    }

    /// What compiled statements depend on.
    pub fn fingerprint(&self) -> Schemas {
        self.databases().map(|d| self.schema(d)).collect()
    }

    pub fn is_current(&self, fingerprint: &[Arc<Schema>]) -> bool {
        fingerprint.len() == self.database_count()
            && fingerprint.iter().enumerate().all(|(i, known)| {
                let mut transaction = self.transaction(DatabaseIndex(i as u16));
                if i != 1 {
                    transaction.refresh_schema();
                }
                Arc::ptr_eq(known, transaction.schema())
            })
    }

    // Transactions.

    /// The running thread is about to wait: lets the host language's other threads run. Whether to give up.
    fn waits(&self) -> bool {
        let long = self.hooks.borrow().long_running.clone();
        if let Some(long) = long {
            long.begins();
        }
        self.status.interrupted.get()
    }

    /// Pins the files of all databases: what others changed in them has been seen, and no more changes come.
    pub fn pin_files(&self, pins: &mut Vec<Pin>) -> Result<()> {
        if !self.has_files.get() {
            return Ok(());
        }
        for slot in &self.slots {
            let slot = slot.borrow();
            let Some(shared) = slot.as_ref().map(|s| s.transaction.shared()).filter(|s| s.file().is_some()) else {
                continue;
            };
            let timeout_ms = self.settings.borrow().busy_timeout_ms.max(0) as u64;
            pins.extend(shared.pin(timeout_ms, &|| self.waits())?);
        }
        Ok(())
    }

    /// Gives up the leases that nobody needs.
    pub fn release_files(&self) {
        for slot in &self.slots {
            if let Some(file) = slot.borrow().as_ref().and_then(|s| s.transaction.shared().file()) {
                file.release();
            }
        }
    }

    /// Lets go of the files and rests for a moment; false if a statement should not be tried again.
    pub fn gives_way(&self) -> bool {
        self.release_files();
        let interrupted = self.waits();
        env::sleep_ms(1);
        !interrupted && self.settings.borrow().busy_timeout_ms > 0
    }

    /// Waits for the turn that a statement needs, with nothing pinned. False if none is needed or time is up.
    pub fn gets_turn(&self, patience: &mut Patience) -> Result<bool> {
        let Some(database) = self.awaited.take() else { return Ok(false) };
        let timeout_ms = self.settings.borrow().busy_timeout_ms.max(0) as u64;
        let waited_ms = env::monotonic_ms() - *patience.since_ms.get_or_insert_with(env::monotonic_ms);
        if waited_ms >= timeout_ms {
            return Ok(false);
        }
        self.release_files();
        let left_ms = timeout_ms - waited_ms;
        // Waiting with the cell borrowed is safe: only this thread, which waits, can use the connection.
        if self.transaction(database).await_turn(left_ms, &|| self.waits())? {
            if self.waits() {
                return Err(Error::new(Code::INTERRUPT, "interrupted"));
            }
            env::sleep_ms(busy_delay_ms(patience.tries).min(left_ms));
            patience.tries += 1;
        }
        Ok(true)
    }

    /// Lets other writers pass, if a turn was got and not used.
    pub fn gives_up_turns(&self) {
        self.databases().for_each(|database| self.transaction(database).give_up_turn());
    }

    /// Whether no database has a transaction, not even one that only read.
    pub fn is_idle(&self) -> bool {
        self.databases().all(|d| self.transaction(d).state() == TransactionState::None)
    }

    pub fn is_autocommit(&self) -> bool {
        !self.status.explicit.get()
    }

    pub fn begin_write(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>> {
        if self.transaction(database).state() != TransactionState::Write {
            if self.settings.borrow().query_only {
                return Err(Error::new(Code::READONLY, "attempt to write a readonly database"));
            }
            let timeout_ms = self.settings.borrow().busy_timeout_ms.max(0) as u64;
            if self.shared(database).is_contended() {
                self.waits();
            }
            // Waiting with the cell borrowed is safe: only this thread, which waits, can use the connection.
            let mut transaction = self.transaction(database);
            let yields = self.yields.get()
                && timeout_ms > 0
                && transaction.state() == TransactionState::None
                && transaction.shared().file().is_some();
            let begun = transaction.begin_write(if yields { 0 } else { timeout_ms }, &|| self.waits());
            if yields && begun.as_ref().is_err_and(|e| e.code == Code::BUSY) {
                self.awaited.set(Some(database));
            }
            begun?;
        }
        Ok(self.transaction(database))
    }

    /// What the library that writes files must know of the registered functions and collations.
    pub fn definitions(&self) -> Option<Arc<Definitions>> {
        let registry = self.registry.borrow();
        if registry.is_empty() {
            return None;
        }
        let mut known = self.definitions.borrow_mut();
        match &*known {
            Some((of, definitions)) if Arc::ptr_eq(of, &registry) => Some(definitions.clone()),
            _ => {
                let definitions = Arc::new(registry.definitions());
                *known = Some((registry.clone(), definitions.clone()));
                Some(definitions)
            }
        }
    }

    /// Commits every database. What fails otherwise than with SQLITE_BUSY or a violated foreign key ends the transaction.
    pub fn commit_all(&self) -> Result<()> {
        let (declared, postponed) = self.deferred_violations.get();
        if declared + postponed != 0 {
            return Err(Error::new(Code::CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed"));
        }
        let result = self.commit_each();
        if result.as_ref().is_err_and(|e| e.code.primary() != Code::BUSY) {
            self.rollback_all();
        }
        result
    }

    fn commit_each(&self) -> Result<()> {
        let mut touched = self.status.explicit.get();
        self.commit_files_together()?;
        for database in self.databases() {
            let mut transaction = self.transaction(database);
            touched |= transaction.state() != TransactionState::None;
            match transaction.state() {
                TransactionState::Write => {
                    let timeout_ms = self.settings.borrow().busy_timeout_ms.max(0) as u64;
                    if let Some(definitions) = self.definitions().filter(|_| transaction.shared().file().is_some()) {
                        transaction.set_definitions(definitions);
                    }
                    transaction.commit_waiting(timeout_ms, &|| self.waits())?;
                }
                TransactionState::Read => transaction.rollback(),
                TransactionState::None => {}
            }
        }
        // A statement that looks at no database ends nothing.
        if touched {
            self.transaction_ended();
        }
        Ok(())
    }

    /// Commits the changes of several files at once, where SQLite would: nothing is done if these are not several.
    fn commit_files_together(&self) -> Result<()> {
        let changed: Vec<DatabaseIndex> = self.databases().filter(|d| self.transaction(*d).changes_file()).collect();
        if changed.len() < 2 {
            return Ok(());
        }
        let container = |d: DatabaseIndex| self.shared(d).file().map(|file| file.container().clone());
        let containers: Vec<Arc<Container>> = changed.iter().filter_map(|d| container(*d)).collect();
        let timeout_ms = self.settings.borrow().busy_timeout_ms.max(0) as u64;
        let Some(group) = keep_trying(timeout_ms, &|| self.waits(), || Group::begin(&containers))? else {
            return Ok(());
        };
        let members: Vec<DatabaseIndex> =
            changed.into_iter().filter(|d| container(*d).is_some_and(|container| group.has(&container))).collect();
        let written = members.iter().try_for_each(|database| {
            let mut transaction = self.transaction(*database);
            if let Some(definitions) = self.definitions() {
                transaction.set_definitions(definitions);
            }
            transaction.write_in_group()
        });
        let result = match written {
            Ok(()) => group.commit(),
            Err(e) => {
                drop(group);
                Err(e)
            }
        };
        for database in &members {
            match &result {
                Ok(()) => drop(self.transaction(*database).publish()),
                Err(_) => self.transaction(*database).group_failed(),
            }
        }
        result
    }

    /// Asks the authorizer about what no binding asks about; false where it is to do nothing.
    pub fn authorize(
        &self,
        action: i32,
        first: Option<&str>,
        second: Option<&str>,
        database: Option<&str>,
    ) -> Result<bool> {
        let authorizer = self.hooks.borrow().authorizer.clone();
        let Some(authorizer) = authorizer else { return Ok(true) };
        match authorizer.authorize(action, first, second, database, None) {
            Authorization::Ok => Ok(true),
            Authorization::Ignore => Ok(false),
            Authorization::Deny => Err(Error::new(Code::AUTH, "not authorized")),
            Authorization::Malfunction => Err(Error::sql("authorizer malfunction")),
        }
    }

    pub fn rollback_all(&self) {
        let mut schema_changes = false;
        for database in self.databases() {
            let mut transaction = self.transaction(database);
            if transaction.state() != TransactionState::None {
                let before = transaction.schema().clone();
                transaction.rollback();
                schema_changes |= !Arc::ptr_eq(&before, transaction.schema());
            }
        }
        // Reads go on, unless what they read may be gone.
        if schema_changes {
            self.rollbacks.set(self.rollbacks.get().wrapping_add(1));
        }
        self.transaction_ended();
    }

    fn transaction_ended(&self) {
        self.status.explicit.set(false);
        self.savepoints.borrow_mut().clear();
        self.deferred_violations.set((0, 0));
        self.end_deferring();
    }

    /// `PRAGMA defer_foreign_keys` holds until the end of a transaction, that of a reading statement included.
    pub fn end_deferring(&self) {
        self.settings.borrow_mut().defer_foreign_keys = false;
    }
}
