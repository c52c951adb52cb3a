//! Values between Python and the engine, and the arguments of methods with CPython's wording of what is wrong
//! with them.

use std::borrow::Cow;

use heliosdb::session::Statement;
use heliosdb::udfs::value::{Value, ValueRef};
use pyo3::exceptions::{PyBufferError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyFloat, PyInt, PyMemoryView, PyString, PyTuple};

use crate::State;
use crate::error::{Class, error};

/// How TEXT becomes a Python object: `Connection.text_factory`, looked at once instead of for each value.
pub enum TextFactory {
    Str,
    Bytes,
    ByteArray,
    Other(Py<PyAny>),
}

impl TextFactory {
    pub fn of(factory: &Bound<'_, PyAny>) -> TextFactory {
        let py = factory.py();
        if factory.is(py.get_type::<PyString>()) {
            TextFactory::Str
        } else if factory.is(py.get_type::<PyBytes>()) {
            TextFactory::Bytes
        } else if factory.is(py.get_type::<PyByteArray>()) {
            TextFactory::ByteArray
        } else {
            TextFactory::Other(factory.clone().unbind())
        }
    }

    pub fn clone_ref(&self, py: Python<'_>) -> TextFactory {
        match self {
            TextFactory::Str => TextFactory::Str,
            TextFactory::Bytes => TextFactory::Bytes,
            TextFactory::ByteArray => TextFactory::ByteArray,
            TextFactory::Other(factory) => TextFactory::Other(factory.clone_ref(py)),
        }
    }

    /// The attribute's value.
    pub fn object(&self, py: Python<'_>) -> Py<PyAny> {
        match self {
            TextFactory::Str => py.get_type::<PyString>().into_any().unbind(),
            TextFactory::Bytes => py.get_type::<PyBytes>().into_any().unbind(),
            TextFactory::ByteArray => py.get_type::<PyByteArray>().into_any().unbind(),
            TextFactory::Other(factory) => factory.clone_ref(py),
        }
    }
}

/// Converters of the columns of a result: None for columns without.
pub type Converters = Vec<Option<Py<PyAny>>>;

/// The current row as a tuple.
#[inline]
pub fn row<'py>(
    py: Python<'py>,
    statement: &Statement,
    text: &TextFactory,
    converters: Option<&Converters>,
) -> PyResult<Bound<'py, PyTuple>> {
    // The tuple is filled as the values are made; after a failure with None, and then dropped.
    let mut failure = None;
    let values = (0..statement.column_count()).map(|i| {
        if failure.is_some() {
            return py.None().into_bound(py);
        }
        let value = match converters.and_then(|converters| converters.get(i)?.as_ref()) {
            None => column(py, statement, i, text),
            Some(converter) => converted(py, statement, i, converter),
        };
        value.unwrap_or_else(|problem| {
            failure = Some(problem);
            py.None().into_bound(py)
        })
    });
    let row = PyTuple::new(py, values)?;
    match failure {
        None => Ok(row),
        Some(problem) => Err(problem),
    }
}

fn converted<'py>(
    py: Python<'py>,
    statement: &Statement,
    i: usize,
    converter: &Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    match statement.column_bytes(i) {
        None => Ok(py.None().into_bound(py)),
        // The bytes are copied before Python code runs.
        Some(bytes) => converter.bind(py).call1((PyBytes::new(py, &bytes),)),
    }
}

#[inline]
fn column<'py>(py: Python<'py>, statement: &Statement, i: usize, text: &TextFactory) -> PyResult<Bound<'py, PyAny>> {
    Ok(match statement.column(i) {
        ValueRef::Null => py.None().into_bound(py),
        ValueRef::Integer(value) => value.into_pyobject(py)?.into_any(),
        ValueRef::Real(value) => PyFloat::new(py, value).into_any(),
        ValueRef::Blob(bytes) => PyBytes::new(py, bytes).into_any(),
        ValueRef::Text(bytes) => match text {
            TextFactory::Str => match std::str::from_utf8(bytes) {
                Ok(valid) => PyString::new(py, valid).into_any(),
                Err(_) => return Err(undecodable(py, statement.column_name(i), bytes)),
            },
            TextFactory::Bytes => PyBytes::new(py, bytes).into_any(),
            TextFactory::ByteArray => PyByteArray::new(py, bytes).into_any(),
            TextFactory::Other(factory) => factory.bind(py).call1((PyBytes::new(py, bytes),))?,
        },
    })
}

/// `Could not decode to UTF-8 column …`, cut and cleaned as CPython does it: 198 bytes, up to a NUL, ASCII.
fn undecodable(py: Python<'_>, name: &str, text: &[u8]) -> PyErr {
    let mut message = format!("Could not decode to UTF-8 column '{name}' with text '").into_bytes();
    message.extend(text.iter().take_while(|&&byte| byte != 0));
    message.push(b'\'');
    message.truncate(198);
    let message: String = message.iter().map(|&byte| if byte < 128 { byte as char } else { '\u{fffd}' }).collect();
    error(py, Class::OperationalError, message)
}

/// An argument of a user-defined function.
pub fn argument<'py>(py: Python<'py>, value: ValueRef<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        ValueRef::Null => py.None().into_bound(py),
        ValueRef::Integer(value) => value.into_pyobject(py)?.into_any(),
        ValueRef::Real(value) => PyFloat::new(py, value).into_any(),
        ValueRef::Blob(bytes) => PyBytes::new(py, bytes).into_any(),
        ValueRef::Text(bytes) => PyString::from_bytes(py, bytes)?.into_any(),
    })
}

/// What a user-defined function returned. `Ok(None)`: a type that SQLite does not have.
pub fn result(value: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    Ok(Some(if value.is_none() {
        Value::Null
    } else if let Ok(number) = value.cast::<PyInt>() {
        Value::Integer(integer(number)?)
    } else if let Ok(number) = value.cast::<PyFloat>() {
        Value::Real(number.value())
    } else if let Ok(text) = value.cast::<PyString>() {
        Value::Text(text.to_str()?.as_bytes().into())
    } else if let Some(bytes) = buffer(value)? {
        Value::Blob(bytes.as_bytes().into())
    } else {
        return Ok(None);
    }))
}

/// A Python int as SQLite's 64 bits.
pub fn integer(number: &Bound<'_, PyInt>) -> PyResult<i64> {
    number.extract::<i64>().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(number.py()) {
            PyOverflowError::new_err("Python int too large to convert to SQLite INTEGER")
        } else {
            error
        }
    })
}

/// The bytes of anything with the buffer protocol; None for objects without. The stable ABI of 3.10 reaches buffers
/// through `memoryview` only.
pub fn buffer<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let py = object.py();
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Some(bytes.clone()));
    }
    let view = match PyMemoryView::from(object) {
        Ok(view) => view.into_any(),
        Err(error) if error.is_instance_of::<PyTypeError>(py) => return Ok(None),
        Err(_) if State::get(py).differences.buffer_errors_are_value_errors => return Err(no_buffer()),
        Err(error) => return Err(error),
    };
    if !view.getattr(pyo3::intern!(py, "c_contiguous"))?.is_truthy()? {
        if State::get(py).differences.buffer_errors_are_value_errors {
            return Err(no_buffer());
        }
        return Err(PyBufferError::new_err("memoryview: underlying buffer is not C-contiguous"));
    }
    let bytes = view.call_method0(pyo3::intern!(py, "tobytes"))?;
    view.call_method0(pyo3::intern!(py, "release"))?;
    Ok(Some(bytes.cast_into::<PyBytes>()?))
}

fn no_buffer() -> PyErr {
    PyValueError::new_err("could not convert BLOB to buffer")
}

/// An argument that must have the buffer protocol.
pub fn buffer_argument<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    buffer(object)?
        .ok_or_else(|| PyTypeError::new_err(format!("a bytes-like object is required, not '{}'", type_name(object))))
}

/// `type(object).__name__`.
pub fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".to_string(), |name| name.to_string())
}

/// A `str` argument; `what` is `execute() argument 1`.
pub fn string<'a, 'py>(object: &'a Bound<'py, PyAny>, what: &str) -> PyResult<&'a Bound<'py, PyString>> {
    object.cast::<PyString>().map_err(|_| {
        let name = if object.is_none() { "None".to_string() } else { type_name(object) };
        PyTypeError::new_err(format!("{what} must be str, not {name}"))
    })
}

/// The SQL argument of `execute` and `executemany`.
pub fn statement_text<'a, 'py>(object: &'a Bound<'py, PyAny>, what: &str) -> PyResult<&'a Bound<'py, PyString>> {
    if State::get(object.py()).differences.statement_type_is_value_error && !object.is_instance_of::<PyString>() {
        return Err(PyValueError::new_err("operation parameter must be str"));
    }
    string(object, what)
}

/// A `str` argument that ends up in a C string elsewhere: no NUL in it.
pub fn c_string<'a>(object: &'a Bound<'_, PyAny>, what: &str) -> PyResult<Cow<'a, str>> {
    let text = string(object, what)?.to_cow()?;
    if text.contains('\0') {
        return Err(PyValueError::new_err("embedded null character"));
    }
    Ok(text)
}

/// An argument that is a C `int`.
pub fn c_int(object: &Bound<'_, PyAny>) -> PyResult<i32> {
    let too_large = || PyOverflowError::new_err("Python int too large to convert to C int");
    match object.extract::<i64>() {
        Ok(value) => i32::try_from(value).map_err(|_| too_large()),
        Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => Err(too_large()),
        Err(error) => Err(error),
    }
}
