//! `Connection`: opening, transactions, callbacks, backup and everything else that is not running statements.

use std::sync::Arc;
use std::time::Duration;

use heliosdb::error::{Code, Error};
use heliosdb::session::{BackupStep, Connection as Engine, OpenOptions, Statement as EngineStatement};
use pyo3::exceptions::{PyAttributeError, PyResourceWarning, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyString, PyTuple};

use crate::State;
use crate::blob::{Blob, OpenBlobs};
use crate::callbacks::{
    Aggregate, Callback, Collation, Function, LetOthersRun, PyAuthorizer, PyProgress, PyTrace, Registry,
};
use crate::constants::{CONFIG, LEGACY_TRANSACTION_CONTROL, SQLITE_LIMIT_FUNCTION_ARG};
use crate::convert::{TextFactory, buffer_argument, c_int, c_string, integer, statement_text, string, type_name};
use crate::cursor::{Cursor, Given};
use crate::error::{Class, EngineResult, error, programming_error};
use crate::options::{Isolation, Options};
use crate::raw::{self, GilCell};
use crate::statement::{Cache, Prepared, Statement, warn};

/// `Connection.autocommit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autocommit {
    /// True: SQLite's own autocommit mode.
    Enabled,
    /// False: PEP 249, a transaction is always open.
    Disabled,
    /// LEGACY_TRANSACTION_CONTROL: `isolation_level` says when a transaction is opened.
    Legacy,
}

impl Autocommit {
    pub fn parse(value: &Bound<'_, PyAny>) -> PyResult<Autocommit> {
        if let Ok(flag) = value.cast::<PyBool>() {
            return Ok(if flag.is_true() { Autocommit::Enabled } else { Autocommit::Disabled });
        }
        if value.is_instance_of::<PyInt>() && value.extract::<i32>().ok() == Some(LEGACY_TRANSACTION_CONTROL) {
            return Ok(Autocommit::Legacy);
        }
        let message = "autocommit must be True, False, or sqlite3.LEGACY_TRANSACTION_CONTROL";
        Err(PyValueError::new_err(message))
    }
}

/// The transaction statements that this layer runs itself; each connection keeps them prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    Begin,
    BeginLegacy,
    BeginDeferred,
    BeginImmediate,
    BeginExclusive,
    Commit,
    Rollback,
}

/// Their texts, in the order of [`Plain`]; a trace callback shows them.
const PLAIN: [&str; 7] =
    ["BEGIN", "BEGIN ", "BEGIN DEFERRED", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "COMMIT", "ROLLBACK"];

/// A connection to a database: made by `connect()`.
///
/// Attributes: `autocommit`, `in_transaction` (bool), `isolation_level` (str or None), `row_factory` (callable taking cursor and
/// tuple, or None), `text_factory` (callable taking bytes; default str), `total_changes` (int).
///
/// As a context manager it commits at the end, or rolls back after an exception; it does not close.
///
/// >>> import heliosdb_sqlite
/// >>> con = heliosdb_sqlite.connect(":memory:")
/// >>> _ = con.execute("create table t(a unique)")
/// >>> with con:
/// ...     _ = con.execute("insert into t values (?)", (1,))
/// >>> con.in_transaction, con.total_changes
/// (False, 1)
/// >>> con.close()
#[pyclass(frozen, subclass, module = "heliosdb_sqlite", name = "Connection")]
pub struct Connection {
    engine: GilCell<Option<Arc<Engine>>>,
    initialized: GilCell<bool>,
    pub cache: GilCell<Cache>,
    plain: GilCell<[Option<EngineStatement>; PLAIN.len()]>,
    pub blobs: GilCell<OpenBlobs>,
    callbacks: GilCell<Registry>,
    row_factory: GilCell<Option<Py<PyAny>>>,
    pub text_factory: GilCell<TextFactory>,
    isolation: GilCell<Option<Isolation>>,
    pub autocommit: GilCell<Autocommit>,
    pub detect_types: GilCell<i32>,
    check_same_thread: GilCell<bool>,
    thread_ident: GilCell<u64>,
    /// How often `rollback()` ended a transaction (3.10: older cursors notice).
    pub rollbacks: GilCell<u64>,
    /// For the warning about an unclosed connection.
    address: GilCell<usize>,
}

impl Connection {
    fn blank() -> Connection {
        Connection {
            engine: GilCell::new(None),
            initialized: GilCell::new(false),
            cache: GilCell::new(Cache::new(0)),
            plain: GilCell::new([const { None }; PLAIN.len()]),
            blobs: GilCell::new(OpenBlobs::default()),
            callbacks: GilCell::new(Registry::default()),
            row_factory: GilCell::new(None),
            text_factory: GilCell::new(TextFactory::Str),
            isolation: GilCell::new(Some(Isolation::default())),
            autocommit: GilCell::new(Autocommit::Legacy),
            detect_types: GilCell::new(0),
            check_same_thread: GilCell::new(true),
            thread_ident: GilCell::new(0),
            rollbacks: GilCell::new(0),
            address: GilCell::new(0),
        }
    }

    #[inline]
    pub fn check_thread(&self, py: Python<'_>) -> PyResult<()> {
        if !self.check_same_thread.get(py) || !self.initialized.get(py) {
            return Ok(());
        }
        let (created, current) = (self.thread_ident.get(py), raw::thread_ident());
        if created == current {
            return Ok(());
        }
        let message = format!(
            "SQLite objects created in a thread can only be used in that same thread. \
             The object was created in thread id {created} and this is thread id {current}."
        );
        Err(programming_error(py, message))
    }

    #[inline]
    pub fn check_open(&self, py: Python<'_>) -> PyResult<()> {
        if self.engine.with(py, |engine| engine.is_some()) {
            return Ok(());
        }
        Err(self.not_open(py))
    }

    #[cold]
    fn not_open(&self, py: Python<'_>) -> PyErr {
        programming_error(
            py,
            if self.initialized.get(py) {
                "Cannot operate on a closed database."
            } else {
                "Base Connection.__init__ not called."
            },
        )
    }

    /// The engine's connection. The caller's own reference: another thread may close meanwhile.
    #[inline]
    pub fn engine(&self, py: Python<'_>) -> PyResult<Arc<Engine>> {
        self.engine.with(py, |engine| engine.clone()).ok_or_else(|| self.not_open(py))
    }

    fn checked(&self, py: Python<'_>) -> PyResult<Arc<Engine>> {
        self.check_thread(py)?;
        self.engine(py)
    }

    /// Runs one of the transaction statements.
    pub fn run_plain(&self, py: Python<'_>, engine: &Arc<Engine>, which: Plain) -> PyResult<()> {
        let slot = which as usize;
        let known = self.plain.with(py, |plain| plain[slot].take());
        let statement = raw::engine(py, engine, |engine| {
            let mut statement = match known {
                Some(statement) => statement,
                None => match engine.prepare(PLAIN[slot])? {
                    Some((statement, _)) => statement,
                    None => return Err(Error::internal("a transaction statement did not parse")),
                },
            };
            let stepped = statement.step();
            statement.reset();
            Ok((statement, stepped))
        });
        let (statement, stepped) = statement.or_raise(py)?;
        let old = self.plain.with(py, |plain| plain[slot].replace(statement));
        if old.is_some() {
            let _ = raw::engine(py, engine, |_| {
                drop(old);
                Ok(())
            });
        }
        stepped.or_raise(py).map(|_| ())
    }

    /// The legacy mode's BEGIN before a statement that changes rows.
    #[inline]
    pub fn begin_implicitly(&self, py: Python<'_>, engine: &Arc<Engine>) -> PyResult<()> {
        if self.autocommit.get(py) != Autocommit::Legacy || !engine.is_autocommit() {
            return Ok(());
        }
        match self.isolation.with(py, |isolation| isolation.as_ref().map(|isolation| isolation.begin)) {
            Some(begin) => self.run_plain(py, engine, begin),
            None => Ok(()),
        }
    }

    fn end_transaction(&self, py: Python<'_>, how: Plain) -> PyResult<()> {
        let engine = self.checked(py)?;
        match self.autocommit.get(py) {
            Autocommit::Enabled => Ok(()),
            Autocommit::Legacy if engine.is_autocommit() => Ok(()),
            Autocommit::Legacy => {
                if how == Plain::Rollback {
                    self.rollbacks.set(py, self.rollbacks.get(py) + 1);
                }
                self.run_plain(py, &engine, how)
            }
            Autocommit::Disabled => {
                self.run_plain(py, &engine, how)?;
                self.run_plain(py, &engine, Plain::Begin)
            }
        }
    }

    /// A cursor, without the detour through Python.
    pub fn new_cursor<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Cursor>> {
        let py = slf.py();
        let this = slf.get();
        this.check_thread(py)?;
        this.check_open(py)?;
        let cursor = Cursor::of(slf);
        cursor.set_row_factory(py, this.row_factory.clone_ref(py));
        Bound::new(py, cursor)
    }

    /// Lets go of the engine's connection, with its blobs and idle statements. What cursors run of it goes on.
    fn leave(&self, py: Python<'_>) -> PyResult<Option<Arc<Engine>>> {
        let Some(engine) = self.engine.with(py, |engine| engine.clone()) else { return Ok(None) };
        let rolled_back = if self.autocommit.get(py) == Autocommit::Disabled && !engine.is_autocommit() {
            self.run_plain(py, &engine, Plain::Rollback)
        } else {
            Ok(())
        };
        self.engine.set(py, None);
        let blobs = self.blobs.with(py, |blobs| blobs.take_all(py));
        let statements = self.cache.take(py);
        let plain = self.plain.replace(py, [const { None }; PLAIN.len()]);
        let dropped = raw::engine(py, &engine, |_| {
            drop((blobs, statements, plain));
            Ok(())
        });
        rolled_back.and(dropped.or_raise(py)).map(|()| Some(engine))
    }

    /// Closes the engine's connection.
    fn shut(&self, py: Python<'_>) -> PyResult<()> {
        let engine = self.engine.with(py, |engine| engine.clone());
        let left = self.leave(py);
        let Some(engine) = engine else { return Ok(()) };
        let closed = raw::engine(py, &engine, |engine| engine.close()).or_raise(py);
        left.and(closed)
    }

    /// Registers a callback with the garbage collector.
    fn callback(&self, py: Python<'_>, callable: &Bound<'_, PyAny>) -> Arc<Callback> {
        let callback = Arc::new(Callback::new(callable));
        self.callbacks.with(py, |callbacks| callbacks.add(&callback));
        callback
    }

    fn check_argument_count(&self, py: Python<'_>, engine: &Arc<Engine>, count: i32, name: &str) -> PyResult<()> {
        if !State::get(py).differences.argument_count_checked {
            return Ok(());
        }
        let limit = engine.limit(SQLITE_LIMIT_FUNCTION_ARG, -1).or_raise(py)?;
        if count < -1 || count > limit {
            let message = format!("'{name}' must be between -1 and {limit}, not {count}");
            return Err(programming_error(py, message));
        }
        Ok(())
    }
}

/// Arguments that may be given by keyword until Python 3.15: all of `names`, in order.
fn call_form<'py>(
    function: &str,
    names: &[&str],
    positional_only: usize,
    args: &Bound<'py, PyTuple>,
    mut kwargs: Option<Bound<'py, PyDict>>,
) -> PyResult<(Vec<Bound<'py, PyAny>>, Option<Bound<'py, PyDict>>)> {
    let py = args.py();
    let count = names.len();
    if args.len() > count {
        let message = format!("{function}() takes exactly {count} positional arguments ({} given)", args.len());
        return Err(PyTypeError::new_err(message));
    }
    let mut values: Vec<Bound<'py, PyAny>> = args.iter().collect();
    for (i, name) in names.iter().enumerate().skip(args.len()) {
        let given = match &kwargs {
            Some(kwargs) => kwargs.get_item(name)?,
            None => None,
        };
        let Some(value) = given else {
            let message = format!("{function}() missing required argument '{name}' (pos {})", i + 1);
            return Err(PyTypeError::new_err(message));
        };
        values.push(value);
    }
    let deprecated = &names[..positional_only];
    if args.len() < positional_only && State::get(py).differences.call_forms_deprecated {
        let quoted: Vec<String> = deprecated.iter().map(|name| format!("'{name}'")).collect();
        let (plural, list) = match quoted.as_slice() {
            [one] => ("", one.clone()),
            [start @ .., last] => ("s", format!("{} and {last}", start.join(", "))),
            [] => ("s", String::new()),
        };
        warn(
            py,
            &format!(
                "Passing keyword argument{plural} {list} to _sqlite3.Connection.{function}() is deprecated. \
             Parameter{plural} {list} will become positional-only in Python 3.15."
            ),
        )?;
    }
    if let Some(rest) = &kwargs {
        let rest = rest.copy()?;
        for name in &names[args.len()..] {
            rest.del_item(name)?;
        }
        kwargs = Some(rest);
    }
    Ok((values, kwargs.filter(|kwargs| !kwargs.is_empty())))
}

fn no_more_keywords(function: &str, kwargs: Option<Bound<'_, PyDict>>) -> PyResult<()> {
    match kwargs.and_then(|kwargs| kwargs.keys().iter().next()) {
        Some(name) => Err(unexpected_keyword(&format!("{function}()"), &name)),
        None => Ok(()),
    }
}

pub fn unexpected_keyword(function: &str, name: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(if State::get(name.py()).differences.unexpected_keyword_wording {
        format!("{function} got an unexpected keyword argument '{name}'")
    } else {
        format!("'{name}' is an invalid keyword argument for {function}")
    })
}

fn audit<'py>(py: Python<'py>, event: &str, values: Vec<Bound<'py, PyAny>>) -> PyResult<()> {
    let mut args = vec![PyString::new(py, event).into_any()];
    args.extend(values);
    py.import("sys")?.getattr("audit")?.call1(PyTuple::new(py, args)?)?;
    Ok(())
}

#[pymethods]
impl Connection {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Connection {
        Connection::blank()
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __init__(slf: &Bound<'_, Self>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let options = Options::parse(args, kwargs)?;
        audit(py, "sqlite3.connect", vec![options.database.clone()])?;
        let name = options.file_name()?;
        if this.initialized.replace(py, false) {
            this.leave(py)?;
        }
        let timeout_ms = (options.timeout_seconds * 1000.0).max(0.0) as u64;
        let uri = options.uri;
        let engine = raw::unlocked(py, || {
            raw::release();
            let mut open = OpenOptions::from_bytes(&name, uri)?;
            open.busy_timeout_ms = timeout_ms;
            Engine::open(open)
        })
        .or_raise(py)?;
        raw::engine(py, &engine, |engine| {
            engine.set_long_running(Some(Arc::new(LetOthersRun)));
            Ok(())
        })
        .or_raise(py)?;
        this.engine.set(py, Some(engine.clone()));
        this.detect_types.set(py, options.detect_types);
        this.isolation.set(py, options.isolation);
        this.autocommit.set(py, options.autocommit);
        this.check_same_thread.set(py, options.check_same_thread);
        this.thread_ident.set(py, raw::thread_ident());
        this.cache.set(py, Cache::new(options.cached_statements));
        this.row_factory.set(py, None);
        this.text_factory.set(py, TextFactory::Str);
        this.address.set(py, raw::address(slf));
        audit(py, "sqlite3.connect/handle", vec![slf.clone().into_any()])?;
        this.initialized.set(py, true);
        if options.autocommit == Autocommit::Disabled {
            this.run_plain(py, &engine, Plain::Begin)?;
        }
        Ok(())
    }

    /// A new cursor. `factory` is a callable that takes the connection and returns a Cursor (default: the Cursor class).
    #[pyo3(signature = (factory=Given::default()), text_signature = "($self, /, factory=<unrepresentable>)")]
    fn cursor<'py>(slf: &Bound<'py, Self>, factory: Given<'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(factory) = factory.0 else {
            return Ok(Connection::new_cursor(slf)?.into_any());
        };
        slf.get().checked(py)?;
        let cursor = factory.call1((slf,))?;
        let Ok(made) = cursor.cast::<Cursor>() else {
            let message = format!("factory must return a cursor, not {}", type_name(&cursor));
            return Err(PyTypeError::new_err(message));
        };
        if let Some(row_factory) = slf.get().row_factory.clone_ref(py) {
            made.get().set_row_factory(py, Some(row_factory));
        }
        Ok(cursor)
    }

    /// Runs one SQL statement on a new cursor and returns that: see `Cursor.execute`.
    #[pyo3(signature = (sql, parameters=Given::default(), /), text_signature = "($self, sql, parameters=(), /)")]
    fn execute<'py>(
        slf: &Bound<'py, Self>,
        sql: &Bound<'py, PyAny>,
        parameters: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if State::get(py).differences.connection_calls_cursor_method {
            let cursor = slf.call_method0("cursor")?;
            match parameters.0 {
                Some(parameters) => cursor.call_method1("execute", (sql, parameters))?,
                None => cursor.call_method1("execute", (sql,))?,
            };
            return Ok(cursor);
        }
        let sql = statement_text(sql, "execute() argument 1")?;
        let cursor = Connection::new_cursor(slf)?;
        cursor.get().query(py, sql, parameters.0.as_ref(), false)?;
        Ok(cursor.into_any())
    }

    /// Runs one SQL statement for each item of `parameters` on a new cursor and returns that: see `Cursor.executemany`.
    #[pyo3(signature = (sql, parameters, /))]
    fn executemany<'py>(
        slf: &Bound<'py, Self>,
        sql: &Bound<'py, PyAny>,
        parameters: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if State::get(py).differences.connection_calls_cursor_method {
            let cursor = slf.call_method0("cursor")?;
            cursor.call_method1("executemany", (sql, parameters))?;
            return Ok(cursor);
        }
        let sql = statement_text(sql, "executemany() argument 1")?;
        let cursor = Connection::new_cursor(slf)?;
        cursor.get().query(py, sql, Some(parameters), true)?;
        Ok(cursor.into_any())
    }

    /// Runs all statements of a text on a new cursor and returns that: see `Cursor.executescript`.
    #[pyo3(signature = (sql_script, /))]
    fn executescript<'py>(slf: &Bound<'py, Self>, sql_script: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let cursor = if State::get(slf.py()).differences.connection_calls_cursor_method {
            slf.call_method0("cursor")?
        } else {
            Connection::new_cursor(slf)?.into_any()
        };
        cursor.call_method1("executescript", (sql_script,))?;
        Ok(cursor)
    }

    /// Prepares a statement, to see whether it is valid; there is nothing else to do with the result.
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Statement> {
        let py = args.py();
        let engine = self.checked(py)?;
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(PyTypeError::new_err("sqlite3.Connection() takes no keyword arguments"));
        }
        if args.len() != 1 {
            let message = format!("function takes exactly 1 argument ({} given)", args.len());
            return Err(PyTypeError::new_err(message));
        }
        let sql = args.get_item(0)?;
        if State::get(py).differences.statement_type_is_value_error && !sql.is_instance_of::<PyString>() {
            let message = format!("SQL is of wrong type ('{}'). Must be string.", type_name(&sql));
            return Err(error(py, Class::Warning, message));
        }
        let prepared = Prepared::new(py, &engine, string(&sql, "argument 1")?)?;
        Ok(Statement { prepared: GilCell::new(Some(Box::new(prepared))) })
    }

    /// Commits the open transaction, if there is one.
    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        self.end_transaction(py, Plain::Commit)
    }

    /// Rolls back the open transaction, if there is one.
    fn rollback(&self, py: Python<'_>) -> PyResult<()> {
        self.end_transaction(py, Plain::Rollback)
    }

    /// Closes the connection; what was not committed is lost. Further use raises ProgrammingError, closing again does not.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.check_thread(py)?;
        if !self.initialized.get(py) {
            return Err(self.not_open(py));
        }
        self.shut(py)
    }

    /// Makes the running statements of this connection fail with OperationalError. For use from another thread.
    fn interrupt(&self, py: Python<'_>) -> PyResult<()> {
        self.engine(py)?.interrupt();
        Ok(())
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        if !State::get(py).differences.lenient_entry {
            slf.get().check_open(py)?;
        }
        Ok(slf.clone())
    }

    #[pyo3(signature = (r#type, value, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        r#type: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        if !(r#type.is_none() && value.is_none() && traceback.is_none()) {
            self.rollback(py)?;
            return Ok(false);
        }
        if let Err(problem) = self.commit(py) {
            // The transaction would keep its locks; if that fails too, its error goes on top.
            return Err(match self.rollback(py) {
                Ok(()) => problem,
                Err(second) => {
                    second.set_context(py, Some(problem));
                    second
                }
            });
        }
        Ok(false)
    }

    /// `create_function(name, narg, func, /, *, deterministic=False)`: makes a Python callable an SQL function.
    ///
    /// `name` (str), `narg` (int, -1 for any number), `func` gets int, float, str, bytes or None and returns one of these. With
    /// `deterministic` SQLite may use it in indexes and evaluate it once. Exceptions it raises become OperationalError.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> con.create_function("twice", 1, lambda x: 2 * x, deterministic=True)
    /// >>> con.execute("select twice(21)").fetchone()
    /// (42,)
    /// >>> con.close()
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, name, narg, func, /, *, deterministic=False)")]
    fn create_function(&self, args: &Bound<'_, PyTuple>, kwargs: Option<Bound<'_, PyDict>>) -> PyResult<()> {
        let py = args.py();
        let (values, rest) = call_form("create_function", &["name", "narg", "func"], 3, args, kwargs)?;
        let mut deterministic = false;
        if let Some(rest) = rest {
            if let Some(value) = rest.get_item("deterministic")? {
                deterministic = value.is_truthy()?;
                rest.del_item("deterministic")?;
            }
            no_more_keywords("create_function", Some(rest))?;
        }
        let name = c_string(&values[0], "create_function() argument 'name'")?;
        let count = c_int(&values[1])?;
        let engine = self.checked(py)?;
        self.check_argument_count(py, &engine, count, "narg")?;
        let function = Arc::new(Function(self.callback(py, &values[2])));
        raw::engine(py, &engine, |engine| engine.create_scalar(&name, count, deterministic, false, Some(function)))
            .map_err(|_| error(py, Class::OperationalError, "Error creating function"))
    }

    /// `create_aggregate(name, n_arg, aggregate_class, /)`: makes a class an SQL aggregate.
    ///
    /// An instance is made for each group; `step(*args)` is called for each row and `finalize()` returns the result.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> class Count:
    /// ...     n = 0
    /// ...     def step(self, value): self.n += 1
    /// ...     def finalize(self): return self.n
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> con.create_aggregate("mycount", 1, Count)
    /// >>> con.execute("select mycount(x) from (select 1 as x union select 2)").fetchone()
    /// (2,)
    /// >>> con.close()
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, name, n_arg, aggregate_class, /)")]
    fn create_aggregate(&self, args: &Bound<'_, PyTuple>, kwargs: Option<Bound<'_, PyDict>>) -> PyResult<()> {
        let py = args.py();
        let names = ["name", "n_arg", "aggregate_class"];
        let (values, rest) = call_form("create_aggregate", &names, 3, args, kwargs)?;
        no_more_keywords("create_aggregate", rest)?;
        let name = c_string(&values[0], "create_aggregate() argument 'name'")?;
        let count = c_int(&values[1])?;
        let engine = self.checked(py)?;
        self.check_argument_count(py, &engine, count, "n_arg")?;
        let aggregate = Arc::new(Aggregate { class: self.callback(py, &values[2]), is_window: false });
        raw::engine(py, &engine, |engine| engine.create_aggregate(&name, count, Some(aggregate)))
            .map_err(|_| error(py, Class::OperationalError, "Error creating aggregate"))
    }

    /// Makes a class an SQL window function, or removes it with `aggregate_class=None`. Besides `step` and `finalize` it has
    /// `value()`, the result so far, and `inverse(*args)`, which takes the oldest row out again.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> class Sum:
    /// ...     total = 0
    /// ...     def step(self, value): self.total += value
    /// ...     def inverse(self, value): self.total -= value
    /// ...     def value(self): return self.total
    /// ...     finalize = value
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> con.create_window_function("mysum", 1, Sum)
    /// >>> sql = "select mysum(x) over (order by x rows 1 preceding) from (select 1 as x union select 2 union select 3)"
    /// >>> con.execute(sql).fetchall()
    /// [(1,), (3,), (5,)]
    /// >>> con.close()
    #[pyo3(signature = (name, num_params, aggregate_class, /))]
    fn create_window_function(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        num_params: &Bound<'_, PyAny>,
        aggregate_class: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let name = c_string(name, "create_window_function() argument 1")?;
        let count = c_int(num_params)?;
        let engine = self.checked(py)?;
        self.check_argument_count(py, &engine, count, "num_params")?;
        let aggregate = (!aggregate_class.is_none()).then(|| {
            let class = self.callback(py, aggregate_class);
            Arc::new(Aggregate { class, is_window: true }) as Arc<dyn heliosdb::session::callback::UserAggregate>
        });
        raw::engine(py, &engine, |engine| engine.create_aggregate(&name, count, aggregate))
            .map_err(|problem| programming_error(py, problem.message.clone()))
    }

    /// Makes a callable a collating sequence, or removes it with `callback=None`. It takes two str and returns a negative number, 0
    /// or a positive number.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> con.create_collation("backwards", lambda a, b: (a < b) - (a > b))
    /// >>> con.execute("select 'a' as x union select 'b' order by x collate backwards").fetchall()
    /// [('b',), ('a',)]
    /// >>> con.close()
    #[pyo3(signature = (name, callback, /))]
    fn create_collation(&self, py: Python<'_>, name: &Bound<'_, PyAny>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let what = "create_collation() argument 1";
        let name = if State::get(py).differences.collation_name_checked {
            let name = string(name, what)?.to_string_lossy().to_uppercase();
            if !name.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '_') {
                return Err(programming_error(py, "invalid character in collation name"));
            }
            name
        } else {
            c_string(name, what)?.into_owned()
        };
        let engine = self.checked(py)?;
        let collation = if callback.is_none() {
            None
        } else if callback.is_callable() {
            let callback = self.callback(py, callback);
            Some(Arc::new(Collation { name: name.clone(), callback })
                as Arc<dyn heliosdb::udfs::value::collation::CustomCollation>)
        } else {
            return Err(PyTypeError::new_err("parameter must be callable"));
        };
        raw::engine(py, &engine, |engine| engine.create_collation(&name, collation)).or_raise(py)
    }

    /// `set_authorizer(authorizer_callback, /)`: a callable that is asked while statements are prepared, or None.
    ///
    /// It gets an action code (int), two arguments, the database's name and the trigger's or view's name (str or None), and
    /// returns SQLITE_OK, SQLITE_DENY or SQLITE_IGNORE (https://sqlite.org/c3ref/set_authorizer.html).
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, authorizer_callback, /)")]
    fn set_authorizer(&self, args: &Bound<'_, PyTuple>, kwargs: Option<Bound<'_, PyDict>>) -> PyResult<()> {
        let py = args.py();
        let (values, rest) = call_form("set_authorizer", &["authorizer_callback"], 1, args, kwargs)?;
        no_more_keywords("set_authorizer", rest)?;
        let engine = self.checked(py)?;
        let authorizer = (!values[0].is_none()).then(|| {
            Arc::new(PyAuthorizer(self.callback(py, &values[0]))) as Arc<dyn heliosdb::session::callback::Authorizer>
        });
        raw::engine(py, &engine, |engine| {
            engine.set_authorizer(authorizer);
            Ok(())
        })
        .or_raise(py)
    }

    /// `set_progress_handler(progress_handler, /, n)`: a callable without arguments, called every `n` (int) steps of a
    /// statement, which it interrupts by returning a true value; None or `n` below 1 removes it.
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, progress_handler, /, n)")]
    fn set_progress_handler(&self, args: &Bound<'_, PyTuple>, kwargs: Option<Bound<'_, PyDict>>) -> PyResult<()> {
        let py = args.py();
        let (values, rest) = call_form("set_progress_handler", &["progress_handler", "n"], 1, args, kwargs)?;
        no_more_keywords("set_progress_handler", rest)?;
        let every = u32::try_from(c_int(&values[1])?).unwrap_or(0);
        let engine = self.checked(py)?;
        let handler = (!values[0].is_none() && every > 0).then(|| {
            Arc::new(PyProgress(self.callback(py, &values[0]))) as Arc<dyn heliosdb::session::callback::Progress>
        });
        raw::engine(py, &engine, |engine| {
            engine.set_progress(every, handler);
            Ok(())
        })
        .or_raise(py)
    }

    /// `set_trace_callback(trace_callback, /)`: a callable that gets the text (str) of each statement as it starts, or None.
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, trace_callback, /)")]
    fn set_trace_callback(&self, args: &Bound<'_, PyTuple>, kwargs: Option<Bound<'_, PyDict>>) -> PyResult<()> {
        let py = args.py();
        let (values, rest) = call_form("set_trace_callback", &["trace_callback"], 1, args, kwargs)?;
        no_more_keywords("set_trace_callback", rest)?;
        let engine = self.checked(py)?;
        let trace = (!values[0].is_none())
            .then(|| Arc::new(PyTrace(self.callback(py, &values[0]))) as Arc<dyn heliosdb::session::callback::Trace>);
        raw::engine(py, &engine, |engine| {
            engine.set_trace(trace);
            Ok(())
        })
        .or_raise(py)
    }

    /// Allows or forbids (bool) loading SQLite extensions.
    #[pyo3(signature = (enable, /))]
    fn enable_load_extension(slf: &Bound<'_, Self>, enable: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let enable = enable.is_truthy()?;
        let flag = PyBool::new(py, enable).to_owned().into_any();
        audit(py, "sqlite3.enable_load_extension", vec![slf.clone().into_any(), flag])?;
        let engine = slf.get().checked(py)?;
        raw::engine(py, &engine, |engine| {
            engine.enable_load_extension(enable);
            Ok(())
        })
        .or_raise(py)
    }

    /// Loads an SQLite extension from a shared library (str), which `enable_load_extension(True)` must have allowed.
    /// `entrypoint` (str or None) names its entry function. Raises OperationalError.
    #[pyo3(signature = (name, /, *, entrypoint=None))]
    fn load_extension(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyAny>,
        entrypoint: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let path = c_string(name, "load_extension() argument 1")?;
        let entrypoint = entrypoint.map(|name| c_string(name, "load_extension() argument 'entrypoint'")).transpose()?;
        audit(py, "sqlite3.load_extension", vec![slf.clone().into_any(), name.clone()])?;
        let engine = slf.get().checked(py)?;
        raw::engine(py, &engine, |engine| engine.load_extension(&path, entrypoint.as_deref()))
            .map_err(|problem| error(py, Class::OperationalError, problem.message.clone()))
    }

    /// An iterator over SQL statements (str) that make this database anew. `filter` (str) is a LIKE pattern for the names
    /// of what to dump.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> _ = con.execute("create table t(a)")
    /// >>> list(con.iterdump())
    /// ['BEGIN TRANSACTION;', 'CREATE TABLE t(a);', 'COMMIT;']
    /// >>> con.close()
    #[pyo3(signature = (*, filter=None))]
    fn iterdump<'py>(slf: &Bound<'py, Self>, filter: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        slf.get().check_open(py)?;
        let kwargs = PyDict::new(py);
        kwargs.set_item("filter", filter)?;
        py.import("heliosdb_sqlite.dump")?.getattr("_iterdump")?.call((slf,), Some(&kwargs))
    }

    /// Copies a database of this connection into `target`'s main database.
    ///
    /// `pages` (int) at a time, all at once if 0 or negative; between the steps `progress(status, remaining, total)` is called with
    /// three int, and if the source or target is locked, `sleep` (float) seconds pass. `name` (str) is the database to copy.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con, copy = heliosdb_sqlite.connect(":memory:"), heliosdb_sqlite.connect(":memory:")
    /// >>> _ = con.executescript("create table t(a); insert into t values (1)")
    /// >>> con.backup(copy)
    /// >>> copy.execute("select a from t").fetchall()
    /// [(1,)]
    /// >>> con.close(); copy.close()
    #[pyo3(signature = (target, *, pages=None, progress=None, name=None, sleep=None), text_signature = "($self, target, *, pages=-1, progress=None, name='main', sleep=0.25)")]
    fn backup(
        slf: &Bound<'_, Self>,
        target: &Bound<'_, PyAny>,
        pages: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
        sleep: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        let target = target.cast::<Connection>().map_err(|_| {
            let kind = type_name(target);
            PyTypeError::new_err(format!("backup() argument 'target' must be sqlite3.Connection, not {kind}"))
        })?;
        let pages = match pages.map_or(Ok(-1), c_int)? {
            0 => -1,
            pages => pages,
        };
        let schema = name.map(|name| c_string(name, "backup() argument 'name'")).transpose()?;
        let schema = schema.as_deref().unwrap_or("main");
        let sleep_seconds: f64 = sleep.map_or(Ok(0.25), |sleep| sleep.extract())?;
        let engine = slf.get().checked(py)?;
        let target_engine = target.get().engine(py)?;
        if target.is(slf) {
            return Err(PyValueError::new_err("target cannot be the same connection instance"));
        }
        if progress.is_some_and(|progress| !progress.is_callable()) {
            return Err(PyTypeError::new_err("progress argument must be a callable"));
        }
        let backup = raw::engine(py, &engine, |engine| engine.backup_to(schema, &target_engine, "main"));
        let mut backup = backup.or_else(|problem| {
            if State::get(py).differences.backup_errors_general && problem.code == Code::ERROR {
                return Err(error(py, Class::OperationalError, "SQL logic error"));
            }
            Err(problem).or_raise(py)
        })?;
        let ended = loop {
            let step = raw::engine(py, &engine, |_| {
                let step = backup.step(pages)?;
                Ok((step, backup.remaining(), backup.page_count()))
            });
            let (step, remaining, total) = match step.or_raise(py) {
                Ok(done) => done,
                Err(problem) => break Err(problem),
            };
            let status = match step {
                BackupStep::Ok => 0,
                BackupStep::Done => 101,
                BackupStep::Busy => 5,
                BackupStep::Locked => 6,
            };
            if let Some(progress) = progress
                && let Err(problem) = progress.call1((status, remaining, total))
            {
                break Err(problem);
            }
            match step {
                BackupStep::Done => break Ok(()),
                BackupStep::Ok => (),
                BackupStep::Busy | BackupStep::Locked => {
                    let pause = Duration::try_from_secs_f64(sleep_seconds).unwrap_or_default();
                    py.detach(|| std::thread::sleep(pause));
                    if let Err(interrupt) = py.check_signals() {
                        break Err(interrupt);
                    }
                }
            }
        };
        let _ = raw::engine(py, &engine, |_| {
            drop(backup);
            Ok(())
        });
        ended
    }

    /// Opens the BLOB in `column` (str) of the row `row` (int, its rowid) of `table` (str) as a `Blob`. `readonly` (bool) forbids
    /// writing, `name` (str) is the database. Raises OperationalError if there is none.
    #[pyo3(signature = (table, column, row, /, *, readonly=None, name=None), text_signature = "($self, table, column, row, /, *, readonly=False, name='main')")]
    fn blobopen(
        slf: &Bound<'_, Self>,
        table: &Bound<'_, PyAny>,
        column: &Bound<'_, PyAny>,
        row: &Bound<'_, PyAny>,
        readonly: Option<&Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Blob> {
        let py = slf.py();
        let table = c_string(table, "blobopen() argument 1")?;
        let column = c_string(column, "blobopen() argument 2")?;
        let row = integer(row.cast::<PyInt>().map_err(|_| PyTypeError::new_err("expected 'int'"))?)?;
        let readonly = readonly.map_or(Ok(false), |flag| flag.is_truthy())?;
        let schema = name.map(|name| c_string(name, "blobopen() argument 'name'")).transpose()?;
        let schema = schema.as_deref().unwrap_or("main");
        let engine = slf.get().checked(py)?;
        let blob = raw::engine(py, &engine, |engine| engine.open_blob(schema, &table, &column, row, !readonly));
        Ok(Blob::open(slf, blob.or_raise(py)?))
    }

    /// The database `name` (str) as the bytes of an SQLite database file.
    #[pyo3(signature = (*, name=None), text_signature = "($self, *, name='main')")]
    fn serialize<'py>(&self, py: Python<'py>, name: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyBytes>> {
        let schema = name.map(|name| c_string(name, "serialize() argument 'name'")).transpose()?;
        let schema = schema.as_deref().unwrap_or("main");
        let engine = self.checked(py)?;
        match raw::engine(py, &engine, |engine| engine.serialize(schema)).or_raise(py)? {
            Some(bytes) => Ok(PyBytes::new(py, &bytes)),
            None => Err(error(py, Class::OperationalError, format!("unable to serialize '{schema}'"))),
        }
    }

    /// Replaces the database `name` (str) by one in memory with the content of `data`, the bytes of an SQLite database file.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con, copy = heliosdb_sqlite.connect(":memory:"), heliosdb_sqlite.connect(":memory:")
    /// >>> _ = con.executescript("create table t(a); insert into t values (1)")
    /// >>> copy.deserialize(con.serialize())
    /// >>> copy.execute("select a from t").fetchall()
    /// [(1,)]
    /// >>> con.close(); copy.close()
    #[pyo3(signature = (data, /, *, name=None), text_signature = "($self, data, /, *, name='main')")]
    fn deserialize(&self, py: Python<'_>, data: &Bound<'_, PyAny>, name: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let bytes = match data.cast::<PyString>() {
            Ok(text) => PyBytes::new(py, text.to_str()?.as_bytes()),
            Err(_) => buffer_argument(data)?,
        };
        let schema = name.map(|name| c_string(name, "deserialize() argument 'name'")).transpose()?;
        let schema = schema.as_deref().unwrap_or("main");
        let engine = self.checked(py)?;
        raw::engine(py, &engine, |engine| engine.deserialize(schema, bytes.as_bytes())).or_raise(py)
    }

    /// The limit of a category (int, an SQLITE_LIMIT_ constant). Raises ProgrammingError for another category.
    #[pyo3(signature = (category, /))]
    fn getlimit(&self, py: Python<'_>, category: &Bound<'_, PyAny>) -> PyResult<i32> {
        self.change_limit(py, c_int(category)?, -1)
    }

    /// Sets the limit (int; negative: unchanged) of a category and returns what it was. A limit above SQLite's hard bound
    /// becomes that bound.
    #[pyo3(signature = (category, limit, /))]
    fn setlimit(&self, py: Python<'_>, category: &Bound<'_, PyAny>, limit: &Bound<'_, PyAny>) -> PyResult<i32> {
        self.change_limit(py, c_int(category)?, c_int(limit)?)
    }

    /// Whether an option (int, an SQLITE_DBCONFIG_ constant) is on. Raises ValueError for another number.
    #[pyo3(signature = (op, /))]
    fn getconfig(&self, py: Python<'_>, op: &Bound<'_, PyAny>) -> PyResult<bool> {
        let op = c_int(op)?;
        let engine = self.checked(py)?;
        check_config(op)?;
        raw::engine(py, &engine, |engine| engine.config(op)).or_raise(py)
    }

    /// Switches an option (int, an SQLITE_DBCONFIG_ constant) on or off.
    #[pyo3(signature = (op, enable=None, /), text_signature = "($self, op, enable=True, /)")]
    fn setconfig(&self, py: Python<'_>, op: &Bound<'_, PyAny>, enable: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let op = c_int(op)?;
        let enable = enable.map_or(Ok(true), |enable| enable.is_truthy())?;
        let engine = self.checked(py)?;
        check_config(op)?;
        if raw::engine(py, &engine, |engine| engine.set_config(op, enable)).or_raise(py)? != enable {
            return Err(error(py, Class::OperationalError, "Unable to set config"));
        }
        Ok(())
    }

    #[getter(__text_signature__)]
    fn text_signature(&self) -> &'static str {
        "(sql, /)"
    }

    #[getter]
    fn in_transaction(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(!self.engine(py)?.is_autocommit())
    }

    #[getter]
    fn total_changes(&self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.engine(py)?.total_changes())
    }

    #[getter]
    fn get_isolation_level(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.check_open(py)?;
        Ok(self.isolation.with(py, |isolation| isolation.as_ref().map(|isolation| isolation.shown.clone())))
    }

    #[setter]
    fn set_isolation_level(&self, py: Python<'_>, level: Given<'_>) -> PyResult<()> {
        let level = level.0.ok_or_else(|| PyAttributeError::new_err("cannot delete attribute"))?;
        let parsed = Isolation::parse(&level)?;
        let is_none = parsed.is_none();
        self.isolation.set(py, parsed);
        if is_none { self.commit(py) } else { Ok(()) }
    }

    #[getter]
    fn get_autocommit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.checked(py)?;
        Ok(match self.autocommit.get(py) {
            Autocommit::Enabled => PyBool::new(py, true).to_owned().into_any(),
            Autocommit::Disabled => PyBool::new(py, false).to_owned().into_any(),
            Autocommit::Legacy => LEGACY_TRANSACTION_CONTROL.into_pyobject(py)?.into_any(),
        })
    }

    #[setter]
    fn set_autocommit(&self, py: Python<'_>, mode: &Bound<'_, PyAny>) -> PyResult<()> {
        let engine = self.checked(py)?;
        let mode = Autocommit::parse(mode)?;
        self.autocommit.set(py, mode);
        match mode {
            Autocommit::Enabled if !engine.is_autocommit() => self.run_plain(py, &engine, Plain::Commit),
            Autocommit::Disabled if engine.is_autocommit() => self.run_plain(py, &engine, Plain::Begin),
            _ => Ok(()),
        }
    }

    #[getter]
    fn get_row_factory(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.row_factory.clone_ref(py)
    }

    #[setter]
    fn set_row_factory(&self, py: Python<'_>, factory: &Bound<'_, PyAny>) {
        self.row_factory.set(py, (!factory.is_none()).then(|| factory.clone().unbind()));
    }

    #[getter]
    fn get_text_factory(&self, py: Python<'_>) -> Py<PyAny> {
        self.text_factory.with(py, |factory| factory.object(py))
    }

    #[setter]
    fn set_text_factory(&self, py: Python<'_>, factory: &Bound<'_, PyAny>) {
        self.text_factory.set(py, TextFactory::of(factory));
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.row_factory.visited())?;
        if let TextFactory::Other(factory) = self.text_factory.visited() {
            visit.call(factory)?;
        }
        self.callbacks.visited().traverse(&visit)
    }

    fn __clear__(&self, py: Python<'_>) {
        self.row_factory.set(py, None);
        self.text_factory.set(py, TextFactory::Str);
        drop(self.callbacks.with(py, |callbacks| callbacks.clear(py)));
    }
}

impl Connection {
    fn change_limit(&self, py: Python<'_>, category: i32, limit: i32) -> PyResult<i32> {
        let engine = self.checked(py)?;
        engine.limit(category, limit).map_err(|_| programming_error(py, "'category' is out of bounds"))
    }

    /// The end of a connection that nobody closed.
    fn finalize(&self, py: Python<'_>) {
        if self.initialized.get(py) && State::get(py).differences.unclosed_connection_warns {
            let address = self.address.get(py);
            let message = format!("unclosed database in <heliosdb_sqlite.Connection object at {address:#x}>");
            let category = py.get_type::<PyResourceWarning>();
            if let Ok(message) = std::ffi::CString::new(message)
                && let Err(problem) = PyErr::warn(py, category.as_any(), &message, 1)
            {
                problem.write_unraisable(py, None);
            }
        }
        if let Err(problem) = self.shut(py) {
            problem.write_unraisable(py, None);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.engine.visited().is_some() {
            let _ = Python::try_attach(|py| {
                // A destructor must leave the pending exception as it found it.
                let pending = PyErr::take(py);
                self.finalize(py);
                if let Some(pending) = pending {
                    pending.restore(py);
                }
            });
        }
    }
}

fn check_config(op: i32) -> PyResult<()> {
    if CONFIG.iter().any(|(_, known)| *known == op) {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("unknown config 'op': {op}")))
}

/// The exception classes as attributes, as PEP 249 suggests.
pub fn add_class_attributes(py: Python<'_>, module: &Bound<'_, PyModule>) -> PyResult<()> {
    let class = py.get_type::<Connection>();
    for name in crate::error::class_names() {
        class.setattr(name, module.getattr(name)?)?;
    }
    Ok(())
}

/// Positional arguments of `connect()`, for [`Options`] and the deprecation of all but the first.
pub fn check_positional(function: &str, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let py = args.py();
    if args.len() > 1 && args.len() <= 8 && State::get(py).differences.call_forms_deprecated {
        warn(
            py,
            &format!(
                "Passing more than 1 positional argument to {function}() is deprecated. Parameters 'timeout', \
             'detect_types', 'isolation_level', 'check_same_thread', 'factory', 'cached_statements' and 'uri' will \
             become keyword-only parameters in Python 3.15."
            ),
        )?;
    }
    Ok(())
}
