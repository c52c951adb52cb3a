//! `Cursor`: runs statements and hands out their rows.
//!
//! As in CPython the statement is always one row ahead: `execute` steps to the first row, each fetch converts the
//! current row and steps to the next, so an error of row 2 is raised by the first fetch.

use std::sync::Arc;

use heliosdb::error::{Code, Error};
use heliosdb::session::{Connection as Engine, Step};
use pyo3::exceptions::{PyRuntimeWarning, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyString, PyTuple, PyType};

use crate::State;
use crate::callbacks::take_pending;
use crate::connection::{Autocommit, Connection, Plain};
use crate::constants::{PARSE_COLNAMES, PARSE_DECLTYPES};
use crate::convert::{self, Converters, TextFactory, c_int, statement_text, string, type_name};
use crate::error::{Class, EngineResult, engine_error, error, programming_error};
use crate::raw::{self, GilCell};
use crate::row::Row;
use crate::statement::{self, Prepared, checkout, give_back};

/// A cursor: made by `Connection.cursor()`, or by the connection's `execute` methods.
///
/// Attributes: `arraysize` (int, rows that `fetchmany` takes), `connection`, `description` (a tuple of 7-tuples
/// whose first item is the column's name; None without columns), `lastrowid` (int or None), `rowcount` (rows changed, -1 if that
/// does not apply), `row_factory` (callable taking cursor and tuple, or None).
///
/// >>> import heliosdb_sqlite
/// >>> con = heliosdb_sqlite.connect(":memory:")
/// >>> cur = con.cursor()
/// >>> cur.execute("create table t(a)").executemany("insert into t values (?)", [(1,), (2,)]).rowcount
/// 2
/// >>> cur.execute("select a from t").fetchall(), cur.description[0][0]
/// ([(1,), (2,)], 'a')
/// >>> con.close()
#[pyclass(frozen, subclass, weakref, module = "heliosdb_sqlite", name = "Cursor")]
pub struct Cursor {
    connection: GilCell<Option<Py<Connection>>>,
    /// The running statement, on a row.
    statement: GilCell<Option<Box<Prepared>>>,
    description: GilCell<Option<Py<PyTuple>>>,
    /// Converters by column, with `detect_types`.
    converters: GilCell<Option<Arc<Converters>>>,
    lastrowid: GilCell<Option<i64>>,
    rowcount: GilCell<i64>,
    arraysize: GilCell<i32>,
    row_factory: GilCell<Option<Py<PyAny>>>,
    initialized: GilCell<bool>,
    closed: GilCell<bool>,
    /// Set while a statement is run or a row converted, against recursive use from callbacks.
    locked: GilCell<bool>,
    /// The connection's count of rollbacks when this cursor last started anew (3.10).
    rollbacks_seen: GilCell<u64>,
    /// The current row, converted (3.10).
    row_ahead: GilCell<Option<Py<PyTuple>>>,
    /// A cursor of the standard library with our description, for its `Row`.
    stock_cursor: GilCell<Option<(Py<PyTuple>, Py<PyAny>)>>,
}

/// How the rows of one fetch are made.
struct RowForm {
    text: TextFactory,
    converters: Option<Arc<Converters>>,
}

impl Cursor {
    fn blank() -> Cursor {
        Cursor {
            connection: GilCell::new(None),
            statement: GilCell::new(None),
            description: GilCell::new(None),
            converters: GilCell::new(None),
            lastrowid: GilCell::new(None),
            rowcount: GilCell::new(-1),
            arraysize: GilCell::new(1),
            row_factory: GilCell::new(None),
            initialized: GilCell::new(false),
            closed: GilCell::new(false),
            locked: GilCell::new(false),
            rollbacks_seen: GilCell::new(0),
            row_ahead: GilCell::new(None),
            stock_cursor: GilCell::new(None),
        }
    }

    /// What `Connection.cursor()` makes without a factory.
    pub fn of(connection: &Bound<'_, Connection>) -> Cursor {
        let py = connection.py();
        let cursor = Cursor::blank();
        cursor.connection.set(py, Some(connection.clone().unbind()));
        cursor.rollbacks_seen.set(py, connection.get().rollbacks.get(py));
        cursor.initialized.set(py, true);
        cursor
    }

    pub fn set_row_factory(&self, py: Python<'_>, factory: Option<Py<PyAny>>) {
        self.row_factory.set(py, factory);
    }

    pub fn description_of(&self, py: Python<'_>) -> Option<Py<PyTuple>> {
        self.description.clone_ref(py)
    }

    fn check_unlocked(&self, py: Python<'_>) -> PyResult<()> {
        if self.locked.get(py) {
            return Err(programming_error(py, "Recursive use of cursors not allowed."));
        }
        Ok(())
    }

    /// The checks before every use, in CPython's order.
    #[inline]
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Connection>> {
        if !self.initialized.get(py) {
            return Err(not_initialized(py));
        }
        if self.closed.get(py) {
            return Err(programming_error(py, "Cannot operate on a closed cursor."));
        }
        let connection = self.connection.clone_ref(py).ok_or_else(|| not_initialized(py))?.into_bound(py);
        connection.get().check_thread(py)?;
        connection.get().check_open(py)?;
        self.check_unlocked(py)?;
        Ok(connection)
    }

    /// Puts the running statement back into the cache.
    fn end_run(&self, py: Python<'_>) {
        let Some(statement) = self.statement.take(py) else { return };
        match self.connection.clone_ref(py) {
            Some(connection) => give_back(py, &connection.get().cache, statement),
            None => statement::discard(py, statement),
        }
    }

    /// `execute` and `executemany`.
    pub fn query(
        &self,
        py: Python<'_>,
        sql: &Bound<'_, PyString>,
        parameters: Option<&Bound<'_, PyAny>>,
        many: bool,
    ) -> PyResult<()> {
        let connection = self.check(py)?;
        let connection = connection.get();
        let engine = connection.engine(py)?;
        self.locked.set(py, true);
        let result = self.query_locked(py, connection, &engine, sql, parameters, many);
        self.locked.set(py, false);
        if result.is_err() {
            self.end_run(py);
            self.rowcount.set(py, -1);
        }
        result
    }

    #[inline]
    fn query_locked(
        &self,
        py: Python<'_>,
        connection: &Connection,
        engine: &Arc<Engine>,
        sql: &Bound<'_, PyString>,
        parameters: Option<&Bound<'_, PyAny>>,
        many: bool,
    ) -> PyResult<()> {
        let iterator = match parameters {
            // An iterator need not be iterable itself.
            Some(parameters) if many => match parameters.cast::<PyIterator>() {
                Ok(iterator) => Some(iterator.clone()),
                Err(_) => Some(parameters.try_iter()?),
            },
            _ => None,
        };
        self.end_run(py);
        self.description.set(py, None);
        let mut prepared = checkout(py, engine, &connection.cache, sql)?;
        if many && prepared.is_readonly {
            give_back(py, &connection.cache, prepared);
            return Err(programming_error(py, "executemany() can only execute DML statements."));
        }
        let mut rowcount = if prepared.is_dml { 0 } else { -1 };
        self.rowcount.set(py, rowcount);
        self.rollbacks_seen.set(py, connection.rollbacks.get(py));
        let started = if prepared.is_dml { connection.begin_implicitly(py, engine) } else { Ok(()) };
        let ran = started.and_then(|()| match iterator {
            None => {
                let outcome = self.run_once(py, connection, &mut prepared, parameters, &mut rowcount)?;
                self.lastrowid.set(py, Some(outcome.lastrowid));
                Ok(outcome.step)
            }
            Some(iterator) => self.run_many(py, connection, &mut prepared, iterator, &mut rowcount),
        });
        match ran {
            Ok(Step::Row) => {
                self.rowcount.set(py, rowcount);
                if State::get(py).differences.row_converted_ahead {
                    let row = self.convert(py, &prepared, &self.row_form(py, connection));
                    self.statement.set(py, Some(prepared));
                    self.row_ahead.set(py, Some(row?.unbind()));
                } else {
                    self.statement.set(py, Some(prepared));
                }
                Ok(())
            }
            Ok(Step::Done) => {
                self.rowcount.set(py, rowcount);
                give_back(py, &connection.cache, prepared);
                Ok(())
            }
            Err(problem) => {
                give_back(py, &connection.cache, prepared);
                Err(problem)
            }
        }
    }

    /// Runs a statement once for each item of an iterator. Rows are for RETURNING only, and versions differ in what
    /// they do with them.
    fn run_many(
        &self,
        py: Python<'_>,
        connection: &Connection,
        prepared: &mut Prepared,
        iterator: Bound<'_, PyIterator>,
        rowcount: &mut i64,
    ) -> PyResult<Step> {
        let differences = &State::get(py).differences;
        let mut last = Step::Done;
        for parameters in iterator {
            let parameters = parameters?;
            if last == Step::Row {
                return Err(engine_error(py, Error::new(Code::MISUSE, "bad parameter or other API misuse")));
            }
            last = self.run_once(py, connection, prepared, Some(&parameters), rowcount)?.step;
            if last == Step::Row && differences.executemany_refuses_rows {
                return Err(programming_error(py, "executemany() can only execute DML statements."));
            }
            if last == Step::Row && differences.executemany_resets_rows {
                let Prepared { connection: engine, engine: Some(statement), .. } = &mut *prepared else { continue };
                raw::engine(py, engine, |_| {
                    statement.reset();
                    Ok(())
                })
                .or_raise(py)?;
                last = Step::Done;
            }
        }
        Ok(last)
    }

    /// Binds and runs a statement up to its first row or its end.
    #[inline]
    fn run_once(
        &self,
        py: Python<'_>,
        connection: &Connection,
        prepared: &mut Prepared,
        parameters: Option<&Bound<'_, PyAny>>,
        rowcount: &mut i64,
    ) -> PyResult<Outcome> {
        prepared.bind(py, parameters)?;
        let Prepared { connection: engine, engine: Some(statement), is_dml, .. } = &mut *prepared else {
            let lastrowid = self.lastrowid.get(py).unwrap_or(0);
            return Ok(Outcome { step: Step::Done, lastrowid });
        };
        let is_dml = *is_dml;
        let outcome = raw::engine(py, engine, |engine| {
            let step = statement.step()?;
            let changes = if is_dml { engine.changes() } else { 0 };
            if step == Step::Done {
                statement.reset();
            }
            Ok((step, changes, engine.last_insert_rowid()))
        });
        let (step, changes, lastrowid) = outcome.or_raise(py)?;
        if let Some(problem) = take_pending() {
            return Err(problem);
        }
        if is_dml && step == Step::Done {
            *rowcount += changes;
        }
        let detect_types = connection.detect_types.get(py);
        if detect_types != 0 {
            let converters = self.find_converters(py, detect_types, prepared)?;
            self.converters.set(py, Some(Arc::new(converters)));
        }
        if self.description.with(py, |description| description.is_none()) {
            self.description.set(py, prepared.description(py, detect_types & PARSE_COLNAMES != 0)?);
        }
        Ok(Outcome { step, lastrowid })
    }

    /// The converters that `detect_types` asks for: by `[type]` in the column's name, by the declared type's first word.
    fn find_converters(&self, py: Python<'_>, detect_types: i32, prepared: &Prepared) -> PyResult<Converters> {
        let Some(statement) = &prepared.engine else { return Ok(Converters::new()) };
        let registry = State::get(py).converters.bind(py);
        let find = |name: &str| -> PyResult<Option<Py<PyAny>>> {
            let key = PyString::new(py, name).call_method0("upper")?;
            let converter = registry.get_item(key)?;
            Ok(converter.filter(|converter| !converter.is_none()).map(|converter| converter.unbind()))
        };
        (0..statement.column_count())
            .map(|i| {
                if detect_types & PARSE_COLNAMES != 0
                    && let Some((_, rest)) = statement.column_name(i).split_once('[')
                    && let Some((inside, _)) = rest.split_once(']')
                {
                    // The last opening bracket before the first closing one counts.
                    let name = inside.rsplit('[').next().unwrap_or(inside);
                    if let Some(converter) = find(name)? {
                        return Ok(Some(converter));
                    }
                }
                match statement.column_decltype(i) {
                    Some(declared) if detect_types & PARSE_DECLTYPES != 0 => {
                        find(declared.split([' ', '(']).next().unwrap_or(declared))
                    }
                    _ => Ok(None),
                }
            })
            .collect()
    }

    fn row_form(&self, py: Python<'_>, connection: &Connection) -> RowForm {
        RowForm {
            text: connection.text_factory.with(py, |factory| factory.clone_ref(py)),
            converters: match connection.detect_types.get(py) {
                0 => None,
                _ => self.converters.with(py, |converters| converters.clone()),
            },
        }
    }

    fn convert<'py>(&self, py: Python<'py>, prepared: &Prepared, form: &RowForm) -> PyResult<Bound<'py, PyTuple>> {
        match &prepared.engine {
            Some(statement) => convert::row(py, statement, &form.text, form.converters.as_deref()),
            None => Ok(PyTuple::empty(py)),
        }
    }

    /// The current row; the statement then stands on the next one. None: no row.
    #[inline]
    fn next_row<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = slf.py();
        let this = slf.get();
        let connection = this.check(py)?;
        let connection = connection.get();
        let differences = &State::get(py).differences;
        if differences.rollback_resets_cursors && this.rollbacks_seen.get(py) != connection.rollbacks.get(py) {
            let message = "Cursor needed to be reset because of commit/rollback and can no longer be fetched from.";
            return Err(error(py, Class::InterfaceError, message));
        }
        let Some(mut prepared) = this.statement.take(py) else {
            return Ok(None);
        };
        let form = this.row_form(py, connection);
        this.locked.set(py, true);
        let row = match this.row_ahead.take(py) {
            Some(row) => Ok(row.into_bound(py)),
            None => this.convert(py, &prepared, &form),
        };
        let row = match row {
            Ok(row) => row,
            Err(problem) => {
                this.statement.set(py, Some(prepared));
                this.locked.set(py, false);
                return Err(problem);
            }
        };
        let stepped = this.step(py, &mut prepared);
        let ahead = match stepped {
            Ok(Step::Row) if differences.row_converted_ahead => Some(this.convert(py, &prepared, &form)),
            _ => None,
        };
        this.locked.set(py, false);
        match stepped {
            Ok(Step::Row) => match ahead {
                None => this.statement.set(py, Some(prepared)),
                Some(Ok(ahead)) => {
                    this.statement.set(py, Some(prepared));
                    this.row_ahead.set(py, Some(ahead.unbind()));
                }
                Some(Err(problem)) => {
                    give_back(py, &connection.cache, prepared);
                    return Err(problem);
                }
            },
            Ok(Step::Done) => give_back(py, &connection.cache, prepared),
            Err(problem) => {
                give_back(py, &connection.cache, prepared);
                return Err(problem);
            }
        }
        let Some(factory) = this.row_factory.clone_ref(py) else {
            return Ok(Some(row.into_any()));
        };
        Self::make_row(slf, factory.bind(py), row).map(Some)
    }

    /// Steps to the next row of a running statement.
    #[inline]
    fn step(&self, py: Python<'_>, prepared: &mut Prepared) -> PyResult<Step> {
        let Prepared { connection: engine, engine: Some(statement), is_dml, .. } = prepared else {
            return Ok(Step::Done);
        };
        let is_dml = *is_dml;
        let (step, changes) = raw::engine(py, engine, |engine| {
            let step = statement.step()?;
            Ok((step, if is_dml && step == Step::Done { engine.changes() } else { 0 }))
        })
        .or_raise(py)?;
        if let Some(problem) = take_pending() {
            return Err(problem);
        }
        if is_dml && step == Step::Done && !State::get(py).differences.rowcount_set_by_execute_only {
            self.rowcount.set(py, changes);
        }
        Ok(step)
    }

    /// Applies the row factory.
    fn make_row<'py>(
        slf: &Bound<'py, Self>,
        factory: &Bound<'py, PyAny>,
        row: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        if factory.is(py.get_type::<Row>()) {
            return Ok(Bound::new(py, Row::from_parts(row, this.description.clone_ref(py)))?.into_any());
        }
        if let Some(stock_row) = &State::get(py).stock_row
            && let Ok(class) = factory.cast::<PyType>()
            && class.is_subclass(stock_row.bind(py))?
        {
            return factory.call1((this.stock_cursor(py)?, row));
        }
        factory.call1((slf, row))
    }

    /// A cursor that the standard library's `Row` accepts, with our description.
    fn stock_cursor<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Some(description) = self.description.clone_ref(py) else {
            return Ok(py.None().into_bound(py));
        };
        let known = self.stock_cursor.with(py, |known| match known {
            Some((of, cursor)) if of.is(&description) => Some(cursor.clone_ref(py)),
            _ => None,
        });
        if let Some(cursor) = known {
            return Ok(cursor.into_bound(py));
        }
        let make = py.import("heliosdb_sqlite.stock")?.getattr("cursor_with_description")?;
        let cursor = make.call1((&description,))?;
        self.stock_cursor.set(py, Some((description, cursor.clone().unbind())));
        Ok(cursor)
    }
}

fn not_initialized(py: Python<'_>) -> PyErr {
    programming_error(py, "Base Cursor.__init__ not called.")
}

/// An argument that was given, even if it is None (which an `Option` cannot tell from absent).
#[derive(Default)]
pub struct Given<'py>(pub Option<Bound<'py, PyAny>>);

impl<'a, 'py> FromPyObject<'a, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Given<'py>> {
        Ok(Given(Some(object.to_owned())))
    }
}

/// What one run of a statement left.
struct Outcome {
    step: Step,
    lastrowid: i64,
}

#[pymethods]
impl Cursor {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Cursor {
        Cursor::blank()
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __init__(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let py = args.py();
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(PyTypeError::new_err("Cursor() takes no keyword arguments"));
        }
        if args.len() != 1 {
            return Err(PyTypeError::new_err(format!("Cursor expected 1 argument, got {}", args.len())));
        }
        let connection = args.get_item(0)?;
        let connection = connection.cast::<Connection>().map_err(|_| {
            PyTypeError::new_err(format!(
                "Cursor() argument 1 must be sqlite3.Connection, not {}",
                type_name(&connection)
            ))
        })?;
        self.check_unlocked(py)?;
        self.end_run(py);
        self.connection.set(py, Some(connection.clone().unbind()));
        self.converters.set(py, None);
        self.description.set(py, None);
        self.lastrowid.set(py, None);
        self.arraysize.set(py, 1);
        self.closed.set(py, false);
        self.rowcount.set(py, -1);
        self.row_factory.set(py, None);
        self.row_ahead.set(py, None);
        self.rollbacks_seen.set(py, connection.get().rollbacks.get(py));
        connection.get().check_thread(py)?;
        self.initialized.set(py, true);
        Ok(())
    }

    /// Runs one SQL statement and returns the cursor.
    ///
    /// `sql` (str) holds exactly one statement; `parameters` is a sequence for `?` or a dict for `:name` placeholders. In the
    /// legacy transaction mode a transaction is opened before INSERT, UPDATE, DELETE and REPLACE.
    ///
    /// Raises ProgrammingError for several statements or parameters that do not fit, and the class of SQLite's error otherwise
    /// (IntegrityError, OperationalError, …).
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> con.cursor().execute("select ?1 + :b", {"1": 1, "b": 2}).fetchone()
    /// (3,)
    /// >>> con.close()
    #[pyo3(signature = (sql, parameters=Given::default(), /), text_signature = "($self, sql, parameters=(), /)")]
    fn execute<'py>(
        slf: &Bound<'py, Self>,
        sql: &Bound<'py, PyAny>,
        parameters: Given<'py>,
    ) -> PyResult<Bound<'py, Self>> {
        let sql = statement_text(sql, "execute() argument 1")?;
        slf.get().query(slf.py(), sql, parameters.0.as_ref(), false)?;
        Ok(slf.clone())
    }

    /// Runs one INSERT, UPDATE, DELETE or REPLACE statement for each item of `parameters` (an iterable of what `execute`
    /// takes) and returns the cursor; `rowcount` is the sum.
    ///
    /// Raises ProgrammingError for a statement that only reads.
    #[pyo3(signature = (sql, parameters, /))]
    fn executemany<'py>(
        slf: &Bound<'py, Self>,
        sql: &Bound<'py, PyAny>,
        parameters: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        let sql = statement_text(sql, "executemany() argument 1")?;
        slf.get().query(slf.py(), sql, Some(parameters), true)?;
        Ok(slf.clone())
    }

    /// Runs all statements of `sql_script` (str), without parameters. In the legacy transaction mode an open transaction is
    /// committed first.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> _ = con.cursor().executescript("create table t(a); insert into t values (1);")
    /// >>> con.execute("select a from t").fetchall()
    /// [(1,)]
    /// >>> con.close()
    #[pyo3(signature = (sql_script, /))]
    fn executescript<'py>(slf: &Bound<'py, Self>, sql_script: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let differences = &State::get(py).differences;
        if differences.lenient_entry && !sql_script.is_instance_of::<PyString>() {
            return Err(PyValueError::new_err("script argument must be unicode."));
        }
        let script = string(sql_script, "executescript() argument")?.to_str()?;
        let script = match script.find('\0') {
            None => script,
            Some(end) if differences.lenient_entry => &script[..end],
            Some(_) => return Err(PyValueError::new_err("embedded null character")),
        };
        let connection = slf.get().check(py)?;
        let connection = connection.get();
        let engine = connection.engine(py)?;
        statement::check_length(py, &engine, script)?;
        if connection.autocommit.get(py) == Autocommit::Legacy && !engine.is_autocommit() {
            connection.run_plain(py, &engine, Plain::Commit)?;
        }
        let mut rest = script;
        while !rest.is_empty() {
            let used = raw::engine(py, &engine, |engine| {
                let Some((mut statement, tail)) = engine.prepare(rest)? else { return Ok(rest.len()) };
                while statement.step()? == Step::Row {}
                Ok(tail)
            })
            .or_raise(py)?;
            if let Some(problem) = take_pending() {
                return Err(problem);
            }
            rest = &rest[used..];
        }
        Ok(slf.clone())
    }

    /// Inserts many rows in one go and returns how many (int). Constraints and triggers hold.
    ///
    /// `table` (str) and `columns` (a sequence of str) are names, not SQL: they are quoted. `rows` is an iterable of sequences with
    /// one value for each column.
    ///
    /// Raises ValueError without columns, and what `executemany` raises.
    ///
    /// >>> import heliosdb_sqlite
    /// >>> con = heliosdb_sqlite.connect(":memory:")
    /// >>> _ = con.execute('create table "my table"(a, "b c")')
    /// >>> con.cursor().batch_insert("my table", ["a", "b c"], [(1, 2), (3, 4)])
    /// 2
    /// >>> con.close()
    #[pyo3(signature = (table, columns, rows))]
    fn batch_insert(
        slf: &Bound<'_, Self>,
        table: &Bound<'_, PyAny>,
        columns: &Bound<'_, PyAny>,
        rows: &Bound<'_, PyAny>,
    ) -> PyResult<i64> {
        let py = slf.py();
        let table = quoted(&convert::c_string(table, "batch_insert() argument 'table'")?);
        if columns.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("batch_insert() argument 'columns' must be a sequence of str, not str"));
        }
        let mut names = Vec::new();
        for column in columns.try_iter()? {
            names.push(quoted(&convert::c_string(&column?, "batch_insert() column name")?));
        }
        if names.is_empty() {
            return Err(PyValueError::new_err("batch_insert() needs at least one column"));
        }
        let marks = vec!["?"; names.len()].join(", ");
        let sql = PyString::new(py, &format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", ")));
        slf.get().query(py, &sql, Some(rows), true)?;
        Ok(slf.get().rowcount.get(py))
    }

    /// The next row, or None.
    fn fetchone<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Cursor::next_row(slf)
    }

    /// A list of the next `size` rows (int, default `arraysize`; 0 or negative: all).
    #[pyo3(signature = (size=None))]
    fn fetchmany<'py>(slf: &Bound<'py, Self>, size: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyList>> {
        let py = slf.py();
        let size = size.map_or_else(|| Ok(slf.get().arraysize.get(py)), c_int)?;
        let rows = PyList::empty(py);
        while let Some(row) = Cursor::next_row(slf)? {
            rows.append(row)?;
            if i32::try_from(rows.len()) == Ok(size) {
                break;
            }
        }
        Ok(rows)
    }

    /// A list of all rows that are left.
    fn fetchall<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        let rows = PyList::empty(slf.py());
        while let Some(row) = Cursor::next_row(slf)? {
            rows.append(row)?;
        }
        Ok(rows)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __next__<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Cursor::next_row(slf)
    }

    /// Required by PEP 249; does nothing.
    #[pyo3(signature = (_sizes, /), text_signature = "($self, sizes, /)")]
    fn setinputsizes(&self, _sizes: &Bound<'_, PyAny>) {}

    /// Required by PEP 249; does nothing.
    #[pyo3(signature = (_size, _column=None, /), text_signature = "($self, size, column=None, /)")]
    fn setoutputsize(&self, _size: &Bound<'_, PyAny>, _column: Option<&Bound<'_, PyAny>>) {}

    /// Closes the cursor; further use raises ProgrammingError.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.check_unlocked(py)?;
        let connection = self.connection.clone_ref(py).ok_or_else(|| not_initialized(py))?;
        connection.get().check_thread(py)?;
        connection.get().check_open(py)?;
        self.end_run(py);
        self.row_ahead.set(py, None);
        self.closed.set(py, true);
        Ok(())
    }

    #[getter]
    fn connection(&self, py: Python<'_>) -> Option<Py<Connection>> {
        self.connection.clone_ref(py)
    }

    #[getter]
    fn description(&self, py: Python<'_>) -> Option<Py<PyTuple>> {
        self.description.clone_ref(py)
    }

    #[getter]
    fn lastrowid(&self, py: Python<'_>) -> Option<i64> {
        self.lastrowid.get(py)
    }

    #[getter]
    fn rowcount(&self, py: Python<'_>) -> i64 {
        self.rowcount.get(py)
    }

    #[getter]
    fn get_arraysize(&self, py: Python<'_>) -> i32 {
        self.arraysize.get(py)
    }

    #[setter]
    fn set_arraysize(&self, py: Python<'_>, size: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let size = size.ok_or_else(|| PyTypeError::new_err("can't delete numeric/char attribute"))?;
        let wide: i64 = size.extract()?;
        let narrow = wide as i32;
        if i64::from(narrow) != wide {
            PyErr::warn(py, py.get_type::<PyRuntimeWarning>().as_any(), c"Truncation of value to int", 1)?;
        }
        self.arraysize.set(py, narrow);
        Ok(())
    }

    #[getter]
    fn get_row_factory(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.row_factory.clone_ref(py)
    }

    #[setter(row_factory)]
    fn assign_row_factory(&self, py: Python<'_>, factory: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.row_factory.set(py, factory.filter(|factory| !factory.is_none()).map(|factory| factory.clone().unbind()));
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.connection.visited())?;
        visit.call(self.description.visited())?;
        visit.call(self.row_factory.visited())?;
        visit.call(self.row_ahead.visited())?;
        if let Some(converters) = self.converters.visited() {
            for converter in converters.iter() {
                visit.call(converter)?;
            }
        }
        if let Some((_, cursor)) = self.stock_cursor.visited() {
            visit.call(cursor)?;
        }
        Ok(())
    }

    fn __clear__(&self, py: Python<'_>) {
        self.end_run(py);
        self.connection.set(py, None);
        self.description.set(py, None);
        self.row_factory.set(py, None);
        self.row_ahead.set(py, None);
        self.converters.set(py, None);
        self.stock_cursor.set(py, None);
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        if self.statement.visited().is_some() {
            let _ = Python::try_attach(|py| self.end_run(py));
        }
    }
}

/// An identifier in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
