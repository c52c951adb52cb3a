//! The DB-API exceptions: classes below the standard library's, and the table from SQLite's result codes to them.
//!
//! Every instance carries `sqlite_errorcode` and `sqlite_errorname`: those of the engine's error, or for errors of
//! this layer (a closed connection, wrong parameters) the code that SQLite gives to such misuse.

use heliosdb::error::{Code, Error};
use pyo3::exceptions::{PyException, PyMemoryError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::State;
use crate::constants::result_name;

/// The exception classes, in the order of [`CLASSES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Warning,
    Error,
    InterfaceError,
    DatabaseError,
    DataError,
    OperationalError,
    IntegrityError,
    InternalError,
    ProgrammingError,
    NotSupportedError,
}

struct ClassRow {
    name: &'static str,
    base: Option<Class>,
    /// The code of such an error when this layer raises it.
    code: Code,
    doc: &'static str,
}

const fn row(name: &'static str, base: Option<Class>, code: Code, doc: &'static str) -> ClassRow {
    ClassRow { name, base, code, doc }
}

const CLASSES: [ClassRow; 10] = [
    row(
        "Warning",
        None,
        Code::MISUSE,
        "Important warnings (PEP 249); raised by Python 3.10 for several statements in one text.",
    ),
    row("Error", None, Code::ERROR, "The base of all errors of this module."),
    row("InterfaceError", Some(Class::Error), Code::MISUSE, "The interface was misused."),
    row("DatabaseError", Some(Class::Error), Code::ERROR, "The base of errors that come from the database."),
    row("DataError", Some(Class::DatabaseError), Code::TOOBIG, "A value or text is too large."),
    row(
        "OperationalError",
        Some(Class::DatabaseError),
        Code::ERROR,
        "The statement or its circumstances: no such table, locked, interrupted.",
    ),
    row("IntegrityError", Some(Class::DatabaseError), Code::CONSTRAINT, "A constraint failed."),
    row(
        "InternalError",
        Some(Class::DatabaseError),
        Code::INTERNAL,
        "The engine broke one of its own rules: please report it.",
    ),
    row(
        "ProgrammingError",
        Some(Class::DatabaseError),
        Code::MISUSE,
        "The module was called wrongly: closed objects, wrong parameters.",
    ),
    row("NotSupportedError", Some(Class::DatabaseError), Code::ERROR, "Not supported by this version."),
];

/// SQLite's primary result codes by exception class; what is not listed is a DatabaseError.
const BY_CODE: [(Class, &[i32]); 6] = [
    // INTERNAL, NOTFOUND
    (Class::InternalError, &[2, 12]),
    // ERROR, PERM, ABORT, BUSY, LOCKED, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL, EMPTY, SCHEMA
    (Class::OperationalError, &[1, 3, 4, 5, 6, 8, 9, 10, 13, 14, 15, 16, 17]),
    // TOOBIG
    (Class::DataError, &[18]),
    // CONSTRAINT, MISMATCH
    (Class::IntegrityError, &[19, 20]),
    // MISUSE, RANGE
    (Class::InterfaceError, &[21, 25]),
    // CORRUPT
    (Class::DatabaseError, &[11]),
];

/// Makes the classes. Where CPython's own `_sqlite3` can be imported each also derives from its namesake, so that
/// handlers written for `sqlite3` catch ours.
pub fn create_classes<'py>(py: Python<'py>, stock: Option<&Bound<'py, PyModule>>) -> PyResult<Vec<Py<PyType>>> {
    let metaclass = py.get_type::<PyType>();
    let mut made: Vec<Bound<'py, PyAny>> = Vec::with_capacity(CLASSES.len());
    for class in &CLASSES {
        let mut bases: Vec<Bound<'py, PyAny>> = Vec::with_capacity(2);
        bases.extend(class.base.map(|base| made[base as usize].clone()));
        match stock {
            Some(stock) => bases.push(stock.getattr(class.name)?),
            None if bases.is_empty() => bases.push(py.get_type::<PyException>().into_any()),
            None => (),
        }
        let namespace = PyDict::new(py);
        namespace.set_item("__module__", crate::PACKAGE)?;
        namespace.set_item("__doc__", class.doc)?;
        made.push(metaclass.call1((class.name, PyTuple::new(py, bases)?, namespace))?);
    }
    made.into_iter().map(|class| Ok(class.cast_into::<PyType>()?.unbind())).collect()
}

/// The names of all classes, for the module and for `Connection`'s attributes.
pub fn class_names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|class| class.name)
}

/// An error of this layer.
pub fn error(py: Python<'_>, class: Class, message: impl AsRef<str>) -> PyErr {
    instance(py, class, message.as_ref(), CLASSES[class as usize].code)
}

pub fn programming_error(py: Python<'_>, message: impl AsRef<str>) -> PyErr {
    error(py, Class::ProgrammingError, message)
}

/// An error of the engine.
pub fn engine_error(py: Python<'_>, error: Error) -> PyErr {
    let primary = error.code.primary();
    if primary == Code::NOMEM {
        return PyMemoryError::new_err(());
    }
    let mut class =
        BY_CODE.iter().find(|(_, codes)| codes.contains(&primary.0)).map_or(Class::DatabaseError, |(class, _)| *class);
    if class == Class::InterfaceError && State::get(py).differences.misuse_is_programming_error {
        class = if primary == Code::MISUSE { Class::ProgrammingError } else { Class::DatabaseError };
    }
    instance(py, class, &error.message, error.code)
}

fn instance(py: Python<'_>, class: Class, message: &str, code: Code) -> PyErr {
    let made = State::get(py).classes[class as usize].bind(py).call1((message,)).and_then(|instance| {
        instance.setattr("sqlite_errorcode", code.0)?;
        instance.setattr("sqlite_errorname", result_name(code.0).unwrap_or("unknown"))?;
        Ok(instance)
    });
    match made {
        Ok(instance) => PyErr::from_value(instance),
        Err(error) => error,
    }
}

/// `Result::map_err` with the engine's error.
pub trait EngineResult<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> EngineResult<T> for Result<T, Error> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| engine_error(py, error))
    }
}
