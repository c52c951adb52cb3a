//! Adapting Python objects to SQLite's types (PEP 246, as `sqlite3` does it): a registry by (type, protocol), the
//! protocol's `__adapt__`, the object's `__conform__`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyFloat, PyInt, PyNone, PyString, PyType};

use crate::State;
use crate::error::programming_error;

/// The protocol under which adapters are registered: `__conform__(self, protocol)` gets this class and returns an
/// int, float, str, bytes or None, or None when it cannot.
///
/// >>> import heliosdb_sqlite
/// >>> class Point:
/// ...     def __conform__(self, protocol):
/// ...         if protocol is heliosdb_sqlite.PrepareProtocol:
/// ...             return "1;2"
/// >>> con = heliosdb_sqlite.connect(":memory:")
/// >>> con.execute("select ?", (Point(),)).fetchone()
/// ('1;2',)
/// >>> con.close()
#[pyclass(frozen, subclass, module = "heliosdb_sqlite", name = "PrepareProtocol")]
pub struct PrepareProtocol;

#[pymethods]
impl PrepareProtocol {
    #[new]
    fn new() -> PrepareProtocol {
        PrepareProtocol
    }
}

/// Puts an adapter into the registry.
pub fn register(py: Python<'_>, class: &Bound<'_, PyAny>, adapter: &Bound<'_, PyAny>) -> PyResult<()> {
    let state = State::get(py);
    let is = |class_of: Bound<'_, PyType>| class.is(&class_of);
    if is(py.get_type::<PyInt>())
        || is(py.get_type::<PyFloat>())
        || is(py.get_type::<PyString>())
        || is(py.get_type::<PyByteArray>())
    {
        state.base_type_adapted.set(py, true);
    }
    if is(py.get_type::<PyNone>()) || is(py.get_type::<PyBytes>()) {
        state.plain_type_adapted.set(py, true);
    }
    state.adapters.bind(py).set_item((class, py.get_type::<PrepareProtocol>()), adapter)
}

/// What of `value` is to be bound. The types that SQLite stores as they are skip the registry, unless somebody
/// registered an adapter for one of them.
#[inline]
pub fn adapt_parameter<'py>(py: Python<'py>, state: &State, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let plain = value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyByteArray>();
    if plain && !state.base_type_adapted.get(py) {
        return Ok(value);
    }
    if (value.is_none() || value.is_exact_instance_of::<PyBytes>()) && !state.plain_type_adapted.get(py) {
        return Ok(value);
    }
    let protocol = py.get_type::<PrepareProtocol>();
    adapt(py, &value, protocol.as_any(), Some(&value))
}

/// `adapt(obj, protocol, alternative)`.
pub fn adapt<'py>(
    py: Python<'py>,
    object: &Bound<'py, PyAny>,
    protocol: &Bound<'py, PyAny>,
    alternative: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let key = (object.get_type(), protocol);
    if let Some(adapter) = State::get(py).adapters.bind(py).get_item(key)? {
        return adapter.call1((object,));
    }
    if let Some(adapted) = conform(protocol, pyo3::intern!(py, "__adapt__"), object)? {
        return Ok(adapted);
    }
    if let Some(adapted) = conform(object, pyo3::intern!(py, "__conform__"), protocol)? {
        return Ok(adapted);
    }
    match alternative {
        Some(alternative) => Ok(alternative.clone()),
        None => Err(programming_error(py, "can't adapt")),
    }
}

/// `of.method(argument)`; None where there is no such method, it returns None or raises TypeError.
fn conform<'py>(
    of: &Bound<'py, PyAny>,
    method: &Bound<'py, PyString>,
    argument: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(method) = of.getattr_opt(method)? else {
        return Ok(None);
    };
    match method.call1((argument,)) {
        Ok(adapted) if adapted.is_none() => Ok(None),
        Ok(adapted) => Ok(Some(adapted)),
        Err(error) if error.is_instance_of::<PyTypeError>(of.py()) => Ok(None),
        Err(error) => Err(error),
    }
}
