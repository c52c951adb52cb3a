//! The compiled part of the Python package `heliosdb_sqlite`: CPython's `sqlite3` (3.13 surface) over the engine.
//!
//! One file for each of CPython's `Modules/_sqlite`: `connection`, `cursor`, `row`, `blob`, `statement`, `adapt` (its
//! `microprotocols`), `error` (its `util`). `raw` holds the unsafe code, `version` what differs between Python versions.
//! The engine knows no Python types and this crate no engine types but those of `heliosdb::session`.
//!
//! Every call into the engine goes through `raw::engine`, which takes the connection's lock without deadlocking on the
//! GIL and turns a panic into an InternalError.

mod adapt;
mod blob;
mod callbacks;
mod connection;
mod constants;
mod convert;
mod cursor;
mod error;
mod options;
mod raw;
mod row;
mod statement;
mod version;

use pyo3::exceptions::{PyDeprecationWarning, PyImportError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::raw::GilCell;
use crate::version::Differences;

/// Statements make and drop many small things: on the system's allocator new SQL text costs a quarter more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The importable package, which types and exceptions give as their module.
pub const PACKAGE: &str = "heliosdb_sqlite";

/// What the module keeps for the whole process.
pub struct State {
    pub differences: Differences,
    /// In the order of `error::Class`.
    pub classes: Vec<Py<PyType>>,
    pub adapters: Py<PyDict>,
    pub converters: Py<PyDict>,
    /// Whether an adapter was ever registered for int, float, str or bytearray.
    pub base_type_adapted: GilCell<bool>,
    /// The same for None and bytes.
    pub plain_type_adapted: GilCell<bool>,
    pub callback_tracebacks: GilCell<bool>,
    /// The standard library's `Row`, where there is one.
    pub stock_row: Option<Py<PyType>>,
}

static STATE: PyOnceLock<State> = PyOnceLock::new();

impl State {
    #[inline]
    pub fn get(py: Python<'_>) -> &'static State {
        STATE.get(py).expect("set when the module is imported, before any of its types exist")
    }

    fn create(py: Python<'_>) -> PyResult<State> {
        let stock = match py.import("_sqlite3") {
            Ok(stock) => Some(stock),
            Err(problem) if problem.is_instance_of::<PyImportError>(py) => None,
            Err(problem) => return Err(problem),
        };
        let stock_row = match &stock {
            Some(stock) => Some(stock.getattr("Row")?.cast_into::<PyType>()?.unbind()),
            None => None,
        };
        Ok(State {
            differences: Differences::of(py.version_info().minor),
            classes: error::create_classes(py, stock.as_ref())?,
            adapters: PyDict::new(py).unbind(),
            converters: PyDict::new(py).unbind(),
            base_type_adapted: GilCell::new(false),
            plain_type_adapted: GilCell::new(false),
            callback_tracebacks: GilCell::new(false),
            stock_row,
        })
    }
}

/// `connect(database, timeout=5.0, detect_types=0, isolation_level='', check_same_thread=True, factory=Connection,
/// cached_statements=128, uri=False, *, autocommit=LEGACY_TRANSACTION_CONTROL, …)`: opens a database.
///
/// `database` is a path (str, bytes or os.PathLike), ':memory:', '' or with `uri` a `file:` URI. `timeout` (float) is how many
/// seconds a statement waits for a lock. `detect_types` (int) is a sum of PARSE_DECLTYPES and PARSE_COLNAMES.
/// `isolation_level` ('', 'DEFERRED', 'IMMEDIATE', 'EXCLUSIVE' or None) says how implicit transactions begin. `factory` makes the
/// connection. `cached_statements` (int) is how many prepared statements are kept. `autocommit` is True, False or
/// LEGACY_TRANSACTION_CONTROL.
///
/// Our own options: `enable_vector_search`, `enable_time_travel`, `enable_branching`, `enable_cache` (bool), `cache_size_mb` (int),
/// `heliosdb_mode` ('embedded' or 'advanced'), `mode` ('embedded').
///
/// Raises OperationalError if the file cannot be opened, NotSupportedError for an option that this version does not do.
///
/// >>> import heliosdb_sqlite
/// >>> con = heliosdb_sqlite.connect(":memory:", isolation_level=None)
/// >>> con.execute("select 1 + 1").fetchone()
/// (2,)
/// >>> con.close()
#[pyfunction]
#[pyo3(signature = (*args, **kwargs), text_signature = "(database, timeout=5.0, detect_types=0, isolation_level='', check_same_thread=True, factory=Connection, cached_statements=128, uri=False, *, autocommit=-1, **options)")]
fn connect<'py>(args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
    let py = args.py();
    connection::check_positional("sqlite3.connect", args)?;
    let named = match kwargs {
        Some(kwargs) => kwargs.get_item("factory")?,
        None => None,
    };
    let factory = match args.get_item(5).ok().or(named) {
        Some(factory) => factory,
        None => py.get_type::<connection::Connection>().into_any(),
    };
    factory.call(args, kwargs)
}

/// Whether `statement` (str) is one or more complete SQL statements: the last token is a semicolon outside of literals, comments
/// and trigger bodies. Nothing else is checked.
///
/// >>> import heliosdb_sqlite
/// >>> heliosdb_sqlite.complete_statement("select 1;"), heliosdb_sqlite.complete_statement("select ';")
/// (True, False)
#[pyfunction]
fn complete_statement(statement: &Bound<'_, PyAny>) -> PyResult<bool> {
    let text = convert::c_string(statement, "complete_statement() argument 'statement'")?;
    Ok(heliosdb::session::is_complete(&text))
}

/// Whether exceptions in callbacks are shown: through `sys.unraisablehook`, on Python 3.10 printed.
#[pyfunction]
#[pyo3(signature = (enable, /))]
fn enable_callback_tracebacks(py: Python<'_>, enable: &Bound<'_, PyAny>) -> PyResult<()> {
    State::get(py).callback_tracebacks.set(py, convert::c_int(enable)? != 0);
    Ok(())
}

/// Deprecated; does nothing: open with `cache=shared` in a URI instead.
#[pyfunction]
fn enable_shared_cache(py: Python<'_>, do_enable: &Bound<'_, PyAny>) -> PyResult<()> {
    convert::c_int(do_enable)?;
    let message = c"enable_shared_cache is deprecated and will be removed in Python 3.12. Shared cache is strongly discouraged by the SQLite 3 documentation. If shared cache must be used, open the database in URI mode usingthe cache=shared query parameter.";
    PyErr::warn(py, py.get_type::<PyDeprecationWarning>().as_any(), message, 1)
}

/// Registers `adapter`, a callable that turns objects of exactly this `type` into an int, float, str, bytes or None.
///
/// >>> import heliosdb_sqlite
/// >>> class Celsius(float): pass
/// >>> heliosdb_sqlite.register_adapter(Celsius, lambda c: f"{float(c)} C")
/// >>> con = heliosdb_sqlite.connect(":memory:")
/// >>> con.execute("select ?", (Celsius(20),)).fetchone()
/// ('20.0 C',)
/// >>> con.close()
#[pyfunction]
#[pyo3(signature = (r#type, adapter, /))]
fn register_adapter(py: Python<'_>, r#type: &Bound<'_, PyAny>, adapter: &Bound<'_, PyAny>) -> PyResult<()> {
    adapt::register(py, r#type, adapter)
}

/// Registers `converter`, a callable that takes the bytes of a value, for the type `typename` (str, without regard to case). It
/// is used for columns of that declared type with PARSE_DECLTYPES, and for columns named `x [typename]` with PARSE_COLNAMES.
///
/// >>> import heliosdb_sqlite
/// >>> heliosdb_sqlite.register_converter("upper", lambda text: text.decode().upper())
/// >>> con = heliosdb_sqlite.connect(":memory:", detect_types=heliosdb_sqlite.PARSE_COLNAMES)
/// >>> con.execute("select 'a' as 'a [upper]'").fetchone()
/// ('A',)
/// >>> con.close()
#[pyfunction]
#[pyo3(signature = (typename, converter, /))]
fn register_converter(py: Python<'_>, typename: &Bound<'_, PyAny>, converter: &Bound<'_, PyAny>) -> PyResult<()> {
    let name = convert::string(typename, "register_converter() argument 1")?.call_method0("upper")?;
    State::get(py).converters.bind(py).set_item(name, converter)
}

/// Adapts an object to a protocol: by the registry, the protocol's `__adapt__` or the object's `__conform__`. Returns `alt` if
/// that fails, and without `alt` raises ProgrammingError.
#[pyfunction]
#[pyo3(name = "adapt", signature = (obj, proto=cursor::Given::default(), alt=cursor::Given::default(), /), text_signature = "(obj, proto=PrepareProtocol, alt=<unrepresentable>, /)")]
fn adapt_object<'py>(
    obj: &Bound<'py, PyAny>,
    proto: cursor::Given<'py>,
    alt: cursor::Given<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = obj.py();
    let default = py.get_type::<adapt::PrepareProtocol>().into_any();
    adapt::adapt(py, obj, proto.0.as_ref().unwrap_or(&default), alt.0.as_ref())
}

/// The compiled part of `heliosdb_sqlite`.
#[pymodule]
fn _heliosdb(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let state = STATE.get_or_try_init(py, || State::create(py))?;
    for (name, class) in error::class_names().zip(&state.classes) {
        module.add(name, class.bind(py))?;
    }
    module.add("adapters", state.adapters.bind(py))?;
    module.add("converters", state.converters.bind(py))?;
    module.add_class::<connection::Connection>()?;
    module.add_class::<cursor::Cursor>()?;
    module.add_class::<row::Row>()?;
    module.add_class::<blob::Blob>()?;
    module.add_class::<adapt::PrepareProtocol>()?;
    connection::add_class_attributes(py, module)?;
    for table in [constants::RESULT_CODES, constants::AUTHORIZER, constants::LIMITS, constants::CONFIG] {
        for (name, value) in table {
            module.add(*name, *value)?;
        }
    }
    module.add("PARSE_DECLTYPES", constants::PARSE_DECLTYPES)?;
    module.add("PARSE_COLNAMES", constants::PARSE_COLNAMES)?;
    module.add("LEGACY_TRANSACTION_CONTROL", constants::LEGACY_TRANSACTION_CONTROL)?;
    module.add("sqlite_version", heliosdb::SQLITE_VERSION)?;
    // Not by `add`, which lists a name in `__all__`.
    module.setattr("_engine_version", env!("CARGO_PKG_VERSION"))?;
    for (name, holds) in state.differences.asked_by_python() {
        module.setattr(name, holds)?;
    }
    module.add_function(wrap_pyfunction!(connect, module)?)?;
    module.add_function(wrap_pyfunction!(complete_statement, module)?)?;
    module.add_function(wrap_pyfunction!(enable_callback_tracebacks, module)?)?;
    module.add_function(wrap_pyfunction!(enable_shared_cache, module)?)?;
    module.add_function(wrap_pyfunction!(register_adapter, module)?)?;
    module.add_function(wrap_pyfunction!(register_converter, module)?)?;
    module.add_function(wrap_pyfunction!(adapt_object, module)?)?;
    Ok(())
}
