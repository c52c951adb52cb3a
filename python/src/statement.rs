//! Prepared statements: what this layer knows about one, how parameters are bound to it, and the cache by text.
//!
//! A statement has one owner at a time: the cache, or the cursor that runs it. So two cursors that run the same text
//! at once have two statements, and no statement needs a lock of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use heliosdb::session::{Connection, Statement as EngineStatement};
use heliosdb::udfs::value::ValueRef;
use pyo3::exceptions::{PyDeprecationWarning, PyLookupError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use rustc_hash::FxHashMap;

use crate::State;
use crate::adapt::adapt_parameter;
use crate::constants::SQLITE_LIMIT_SQL_LENGTH;
use crate::convert::{buffer, integer, type_name};
use crate::error::{Class, EngineResult, error, programming_error};
use crate::raw::{self, GilCell};

/// A parameter's name.
struct Name {
    /// As written, with its prefix.
    text: String,
    /// Without the prefix: the key in a dict.
    key: Py<PyString>,
}

pub struct Prepared {
    /// Where it was prepared, which `Connection.__init__` called again may have left.
    pub connection: Arc<Connection>,
    /// None for text without a statement: running it does nothing.
    pub engine: Option<EngineStatement>,
    /// Whether the first keyword is INSERT, UPDATE, DELETE or REPLACE: decides about implicit transactions and rowcount.
    pub is_dml: bool,
    pub is_readonly: bool,
    names: Vec<Option<Name>>,
    /// `Cursor.description`, with the engine's generation it was made for.
    description: Option<(u32, Option<Py<PyTuple>>)>,
    /// Where in the cache this belongs, and the occupancy of that slot.
    home: Option<(usize, u64)>,
}

impl Prepared {
    /// Prepares the only statement of `sql`.
    pub fn new(py: Python<'_>, connection: &Arc<Connection>, sql: &Bound<'_, PyString>) -> PyResult<Prepared> {
        let differences = &State::get(py).differences;
        let text = sql.to_str().map_err(|problem| {
            if differences.statement_text_warns {
                error(py, Class::Warning, "SQL is of wrong type ('str'). Must be string.")
            } else {
                problem
            }
        })?;
        check_length(py, connection, text)?;
        if text.contains('\0') {
            let message = "the query contains a null character";
            return Err(if differences.statement_text_warns {
                PyValueError::new_err(message)
            } else {
                programming_error(py, message)
            });
        }
        let prepared = raw::engine(py, connection, |connection| connection.prepare(text)).or_raise(py)?;
        let (engine, tail) = match prepared {
            Some((statement, tail)) => (Some(statement), tail),
            None => (None, text.len()),
        };
        if after_blanks(&text[tail..]).is_some() {
            let class = if differences.statement_text_warns { Class::Warning } else { Class::ProgrammingError };
            return Err(error(py, class, "You can only execute one statement at a time."));
        }
        let name = |i: usize| {
            let text = engine.as_ref()?.parameter_name(i)?;
            let mut characters = text.chars();
            characters.next();
            Some(Name { text: text.to_string(), key: PyString::intern(py, characters.as_str()).unbind() })
        };
        let count = engine.as_ref().map_or(0, |engine| engine.parameter_count());
        Ok(Prepared {
            is_dml: engine.is_some() && is_dml(text),
            is_readonly: engine.as_ref().is_none_or(|engine| engine.is_readonly()),
            names: (1..=count).map(name).collect(),
            connection: connection.clone(),
            engine,
            description: None,
            home: None,
        })
    }

    /// `Cursor.description` of a statement that was stepped.
    pub fn description(&mut self, py: Python<'_>, cut_at_bracket: bool) -> PyResult<Option<Py<PyTuple>>> {
        let Some(engine) = &self.engine else { return Ok(None) };
        let generation = engine.generation();
        if let Some((of, description)) = &self.description
            && *of == generation
        {
            return Ok(description.as_ref().map(|description| description.clone_ref(py)));
        }
        let description = match engine.column_count() {
            0 => None,
            count => {
                let none = || py.None().into_bound(py);
                let columns = (0..count).map(|i| {
                    let name = engine.column_name(i);
                    let name = if cut_at_bracket { before_bracket(name) } else { name };
                    let name = PyString::new(py, name).into_any();
                    PyTuple::new(py, [name, none(), none(), none(), none(), none(), none()])
                });
                Some(PyTuple::new(py, columns.collect::<PyResult<Vec<_>>>()?)?.unbind())
            }
        };
        let shared = description.as_ref().map(|description| description.clone_ref(py));
        self.description = Some((generation, description));
        Ok(shared)
    }

    /// Binds all parameters: by position from a sequence, by name from a dict.
    pub fn bind(&mut self, py: Python<'_>, parameters: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let state = State::get(py);
        let Some(parameters) = parameters else {
            return self.check_count(py, 0);
        };
        if let Ok(tuple) = parameters.cast_exact::<PyTuple>() {
            self.check_count(py, tuple.len())?;
            for i in 0..self.names.len() {
                self.check_nameless(py, state, i)?;
                let value = adapt_parameter(py, state, tuple.get_item(i)?)?;
                self.bind_one(py, state, i, &value, false)?;
            }
        } else if let Ok(list) = parameters.cast_exact::<PyList>() {
            self.check_count(py, list.len())?;
            for i in 0..self.names.len() {
                self.check_nameless(py, state, i)?;
                // An adapter may have shortened the list.
                let value = adapt_parameter(py, state, list.get_item(i)?)?;
                self.bind_one(py, state, i, &value, false)?;
            }
        } else if let Ok(dict) = parameters.cast::<PyDict>() {
            for i in 0..self.names.len() {
                let value = self.named_value(py, dict, i)?;
                let value = adapt_parameter(py, state, value)?;
                self.bind_one(py, state, i, &value, true)?;
            }
        } else if raw::is_sequence(parameters) {
            self.check_count(py, parameters.len()?)?;
            for i in 0..self.names.len() {
                self.check_nameless(py, state, i)?;
                let value = adapt_parameter(py, state, raw::sequence_item(parameters, i)?)?;
                self.bind_one(py, state, i, &value, false)?;
            }
        } else {
            let message = "parameters are of unsupported type";
            return Err(if state.differences.wrong_parameters_are_value_error {
                PyValueError::new_err(message)
            } else {
                programming_error(py, message)
            });
        }
        Ok(())
    }

    fn check_count(&self, py: Python<'_>, supplied: usize) -> PyResult<()> {
        let needed = self.names.len();
        if needed == supplied {
            return Ok(());
        }
        let message = format!(
            "Incorrect number of bindings supplied. The current statement uses {needed}, and there are {supplied} supplied."
        );
        Err(programming_error(py, message))
    }

    /// A named parameter that gets its value by position.
    #[inline]
    fn check_nameless(&self, py: Python<'_>, state: &State, i: usize) -> PyResult<()> {
        match &self.names[i] {
            Some(name) if !name.text.starts_with('?') => self.named_by_position(py, state, i, &name.text),
            _ => Ok(()),
        }
    }

    #[cold]
    fn named_by_position(&self, py: Python<'_>, state: &State, i: usize, name: &str) -> PyResult<()> {
        let what = format!(
            "Binding {} ('{name}') is a named parameter, but you supplied a sequence which requires nameless (qmark) placeholders.",
            i + 1
        );
        if state.differences.named_with_sequence_refused {
            return Err(programming_error(py, what));
        }
        if state.differences.named_with_sequence_deprecated {
            let message = format!("{what} Starting with Python 3.14 an sqlite3.ProgrammingError will be raised.");
            return warn(py, &message);
        }
        Ok(())
    }

    fn named_value<'py>(&self, py: Python<'py>, dict: &Bound<'py, PyDict>, i: usize) -> PyResult<Bound<'py, PyAny>> {
        let Some(name) = &self.names[i] else {
            let message =
                format!("Binding {} has no name, but you supplied a dictionary (which has only names).", i + 1);
            return Err(programming_error(py, message));
        };
        let key = name.key.bind(py);
        let found = if dict.is_exact_instance_of::<PyDict>() {
            dict.get_item(key)
        } else {
            // A subclass may define __missing__.
            dict.as_any().get_item(key).map(Some)
        };
        match found {
            Ok(Some(value)) => return Ok(value),
            Err(problem) if !problem.is_instance_of::<PyLookupError>(py) => return Err(problem),
            _ => (),
        }
        Err(programming_error(py, format!("You did not supply a value for binding parameter :{key}.")))
    }

    #[inline]
    fn bind_one(
        &mut self,
        py: Python<'_>,
        state: &State,
        i: usize,
        value: &Bound<'_, PyAny>,
        named: bool,
    ) -> PyResult<()> {
        let Some(engine) = &mut self.engine else { return Ok(()) };
        let position = i + 1;
        let bound = if value.is_none() {
            engine.bind_ref(position, ValueRef::Null)
        } else if let Ok(number) = value.cast::<PyInt>() {
            engine.bind_ref(position, ValueRef::Integer(integer(number)?))
        } else if let Ok(text) = value.cast::<PyString>() {
            engine.bind_ref(position, ValueRef::Text(text.to_str()?.as_bytes()))
        } else if let Ok(number) = value.cast::<PyFloat>() {
            engine.bind_ref(position, ValueRef::Real(number.value()))
        } else if let Ok(bytes) = value.cast::<PyBytes>() {
            engine.bind_ref(position, ValueRef::Blob(bytes.as_bytes()))
        } else if let Ok(bytes) = value.cast::<PyByteArray>() {
            engine.bind_ref(position, ValueRef::Blob(&bytes.to_vec()))
        } else if let Some(bytes) = buffer(value)? {
            engine.bind_ref(position, ValueRef::Blob(bytes.as_bytes()))
        } else {
            return Err(self.unsupported(py, state, i, value, named));
        };
        bound.or_raise(py)
    }

    #[cold]
    fn unsupported(&self, py: Python<'_>, state: &State, i: usize, value: &Bound<'_, PyAny>, named: bool) -> PyErr {
        if !state.differences.unsupported_type_is_interface_error {
            let kind = type_name(value);
            let message = format!("Error binding parameter {}: type '{kind}' is not supported", i + 1);
            return programming_error(py, message);
        }
        let which = match &self.names[i] {
            Some(name) if named => format!(":{}", name.key),
            _ => i.to_string(),
        };
        error(py, Class::InterfaceError, format!("Error binding parameter {which} - probably unsupported type."))
    }
}

/// A DeprecationWarning that points at the caller.
pub fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    let message = std::ffi::CString::new(message)?;
    PyErr::warn(py, py.get_type::<PyDeprecationWarning>().as_any(), &message, 1)
}

/// `SQLITE_LIMIT_SQL_LENGTH` holds for text that comes from Python.
pub fn check_length(py: Python<'_>, connection: &Arc<Connection>, text: &str) -> PyResult<()> {
    let limit = connection.limit(SQLITE_LIMIT_SQL_LENGTH, -1).or_raise(py)?;
    if text.len() > usize::try_from(limit).unwrap_or(0) {
        return Err(error(py, Class::DataError, "query string is too large"));
    }
    Ok(())
}

/// The text from its first character that is neither blank nor comment; None if there is none.
fn after_blanks(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\x0c', '\n', '\r']);
        if rest.is_empty() {
            return None;
        }
        rest = if let Some(comment) = rest.strip_prefix("--") {
            &comment[comment.find('\n')? + 1..]
        } else if let Some(comment) = rest.strip_prefix("/*") {
            &comment[comment.find("*/")? + 2..]
        } else {
            return Some(rest);
        };
    }
}

/// The first-keyword rule of `sqlite3`: `WITH … INSERT` is not DML by it.
fn is_dml(text: &str) -> bool {
    let Some(text) = after_blanks(text) else { return false };
    ["insert", "update", "delete", "replace"]
        .iter()
        .any(|word| text.as_bytes().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes())))
}

/// A column name up to its `[type]`, without the blank before it.
fn before_bracket(name: &str) -> &str {
    match name.find('[') {
        Some(at) => name[..at].strip_suffix(' ').unwrap_or(&name[..at]),
        None => name,
    }
}

/// No such slot: the end of a list.
const NONE: usize = usize::MAX;

struct Slot {
    key: Py<PyString>,
    hash: isize,
    /// None while a cursor has it.
    statement: Option<Box<Prepared>>,
    occupancy: u64,
    newer: usize,
    older: usize,
}

/// Least recently used statements leave first. `capacity` is `cached_statements`.
pub struct Cache {
    capacity: usize,
    by_hash: FxHashMap<isize, usize>,
    slots: Vec<Slot>,
    newest: usize,
    oldest: usize,
}

/// Numbers the occupants of slots, over all caches: a statement of a cache that is gone must not enter another.
static OCCUPANCIES: AtomicU64 = AtomicU64::new(0);

impl Default for Cache {
    fn default() -> Cache {
        Cache::new(0)
    }
}

impl Cache {
    pub fn new(capacity: usize) -> Cache {
        Cache { capacity, by_hash: FxHashMap::default(), slots: Vec::new(), newest: NONE, oldest: NONE }
    }

    /// The idle statement of this text. `known` is false if the text is not in the cache at all.
    fn take(&mut self, py: Python<'_>, sql: &Bound<'_, PyString>, hash: isize) -> (Option<Box<Prepared>>, bool) {
        let Some(&at) = self.by_hash.get(&hash) else { return (None, false) };
        let key = self.slots[at].key.bind(py);
        if !key.is(sql) && !key.as_any().eq(sql).unwrap_or(false) {
            return (None, false);
        }
        self.unlink(at);
        self.link_newest(at);
        (self.slots[at].statement.take(), true)
    }

    /// Makes room for a statement that was just prepared; it comes with `give` when its cursor is done. What had to
    /// leave is returned, to be dropped outside.
    fn admit(&mut self, sql: &Bound<'_, PyString>, hash: isize, statement: &mut Prepared) -> Option<Box<Prepared>> {
        if self.capacity == 0 {
            return None;
        }
        let occupancy = OCCUPANCIES.fetch_add(1, Ordering::Relaxed);
        let slot = Slot { key: sql.clone().unbind(), hash, statement: None, occupancy, newer: NONE, older: NONE };
        let collision = self.by_hash.get(&hash).copied();
        let (at, left) = match collision {
            None if self.slots.len() < self.capacity => {
                self.slots.push(slot);
                (self.slots.len() - 1, None)
            }
            _ => {
                let at = collision.unwrap_or(self.oldest);
                self.unlink(at);
                let old = std::mem::replace(&mut self.slots[at], slot);
                self.by_hash.remove(&old.hash);
                (at, old.statement)
            }
        };
        self.by_hash.insert(hash, at);
        self.link_newest(at);
        statement.home = Some((at, occupancy));
        left
    }

    /// Takes a statement back; returns it if its place is gone.
    fn give(&mut self, statement: Box<Prepared>) -> Option<Box<Prepared>> {
        if let Some((at, occupancy)) = statement.home
            && let Some(slot) = self.slots.get_mut(at)
            && slot.occupancy == occupancy
            && slot.statement.is_none()
        {
            slot.statement = Some(statement);
            return None;
        }
        Some(statement)
    }

    fn unlink(&mut self, at: usize) {
        let (newer, older) = (self.slots[at].newer, self.slots[at].older);
        match newer {
            NONE => self.newest = older,
            _ => self.slots[newer].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            _ => self.slots[older].newer = newer,
        }
    }

    fn link_newest(&mut self, at: usize) {
        self.slots[at].newer = NONE;
        self.slots[at].older = self.newest;
        match self.newest {
            NONE => self.oldest = at,
            newest => self.slots[newest].newer = at,
        }
        self.newest = at;
    }
}

/// The statement for a text, from the cache or new. It is the caller's until [`give_back`].
pub fn checkout(
    py: Python<'_>,
    connection: &Arc<Connection>,
    cache: &GilCell<Cache>,
    sql: &Bound<'_, PyString>,
) -> PyResult<Box<Prepared>> {
    // A subclass may lie about its hash and equality.
    if !sql.is_exact_instance_of::<PyString>() {
        return Ok(Box::new(Prepared::new(py, connection, sql)?));
    }
    let hash = sql.hash()?;
    let (found, known) = cache.with(py, |cache| cache.take(py, sql, hash));
    if let Some(statement) = found {
        return Ok(statement);
    }
    let mut statement = Box::new(Prepared::new(py, connection, sql)?);
    if !known && let Some(left) = cache.with(py, |cache| cache.admit(sql, hash, &mut statement)) {
        discard(py, left);
    }
    Ok(statement)
}

/// Ends the run of a statement and puts it where the next `checkout` finds it.
pub fn give_back(py: Python<'_>, cache: &GilCell<Cache>, mut statement: Box<Prepared>) {
    let Prepared { connection, engine, .. } = &mut *statement;
    let reset = raw::engine(py, connection, |_| {
        if let Some(engine) = engine {
            engine.reset();
        }
        Ok(())
    });
    // After a panic in the engine the statement is not used again; leaking it is safer than running its destructor.
    if reset.is_err() {
        std::mem::forget(statement);
        return;
    }
    if let Some(left) = cache.with(py, |cache| cache.give(statement)) {
        discard(py, left);
    }
}

/// Drops a statement as a call into the engine.
pub fn discard(py: Python<'_>, statement: Box<Prepared>) {
    let connection = statement.connection.clone();
    let _ = raw::engine(py, &connection, |_| {
        drop(statement);
        Ok(())
    });
}

/// A prepared statement, as `Connection(sql)` returns it. There is nothing to do with it.
#[pyclass(frozen, module = "heliosdb_sqlite", name = "Statement")]
pub struct Statement {
    pub prepared: GilCell<Option<Box<Prepared>>>,
}

#[pymethods]
impl Statement {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Statement> {
        Err(PyTypeError::new_err("cannot create 'heliosdb_sqlite.Statement' instances"))
    }
}
