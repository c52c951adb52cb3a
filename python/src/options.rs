//! The arguments of `connect()` and `Connection()`: CPython's and our own (all keyword-only).

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use crate::State;
use crate::connection::{Autocommit, Plain, check_positional, unexpected_keyword};
use crate::convert::{c_int, type_name};
use crate::error::{Class, error};

/// CPython's arguments that may be positional, in order.
const POSITIONAL: [&str; 8] = [
    "database",
    "timeout",
    "detect_types",
    "isolation_level",
    "check_same_thread",
    "factory",
    "cached_statements",
    "uri",
];

/// Our options that only say what is so anyway: any truth value is taken.
const FLAGS: [&str; 4] = ["enable_vector_search", "enable_time_travel", "enable_branching", "enable_cache"];

/// Our options that this version does not do, with the values that ask for nothing.
const NOT_YET: [(&str, &[&str]); 5] =
    [("encryption_key", &[]), ("dsn", &[]), ("port", &[]), ("branch", &["main"]), ("mode", &["embedded"])];

/// `isolation_level`, unless it is None.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// As the attribute shows it.
    pub shown: String,
    pub begin: Plain,
}

impl Default for Isolation {
    fn default() -> Isolation {
        Isolation { shown: String::new(), begin: Plain::BeginLegacy }
    }
}

impl Isolation {
    pub fn parse(level: &Bound<'_, PyAny>) -> PyResult<Option<Isolation>> {
        let as_written = State::get(level.py()).differences.isolation_level_as_written;
        if level.is_none() {
            return Ok(None);
        }
        let Ok(text) = level.cast::<PyString>() else {
            return Err(PyTypeError::new_err(if as_written {
                format!("isolation_level must be a string or None, not {}", type_name(level))
            } else {
                "isolation_level must be str or None".to_string()
            }));
        };
        let text = text.to_str()?;
        if text.contains('\0') {
            return Err(PyValueError::new_err("embedded null character"));
        }
        let begin = match text.to_ascii_uppercase().as_str() {
            "" => Plain::BeginLegacy,
            "DEFERRED" => Plain::BeginDeferred,
            "IMMEDIATE" => Plain::BeginImmediate,
            "EXCLUSIVE" => Plain::BeginExclusive,
            _ => {
                return Err(PyValueError::new_err(if as_written {
                    "invalid value for isolation_level"
                } else {
                    "isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'"
                }));
            }
        };
        let shown = if as_written { text.to_string() } else { text.to_ascii_uppercase() };
        Ok(Some(Isolation { shown, begin }))
    }
}

/// What a connection is opened with.
pub struct Options<'py> {
    pub database: Bound<'py, PyAny>,
    pub timeout_seconds: f64,
    pub detect_types: i32,
    pub isolation: Option<Isolation>,
    pub check_same_thread: bool,
    pub cached_statements: usize,
    pub uri: bool,
    pub autocommit: Autocommit,
}

impl<'py> Options<'py> {
    pub fn parse(args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyResult<Options<'py>> {
        let py = args.py();
        check_positional("_sqlite3.Connection", args)?;
        if args.len() > POSITIONAL.len() {
            let message =
                format!("Connection() takes at most {} positional arguments ({} given)", POSITIONAL.len(), args.len());
            return Err(PyTypeError::new_err(message));
        }
        let mut given: [Option<Bound<'py, PyAny>>; POSITIONAL.len()] = [const { None }; POSITIONAL.len()];
        for (slot, value) in given.iter_mut().zip(args.iter()) {
            *slot = Some(value);
        }
        let mut autocommit = Autocommit::Legacy;
        for (name, value) in kwargs.iter().flat_map(|kwargs| kwargs.iter()) {
            let key = name.cast::<PyString>()?.to_cow()?;
            if let Some(at) = POSITIONAL.iter().position(|known| *known == key) {
                if given[at].replace(value).is_some() {
                    let message =
                        format!("argument for Connection() given by name ('{key}') and position ({})", at + 1);
                    return Err(PyTypeError::new_err(message));
                }
            } else if key == "autocommit" {
                autocommit = Autocommit::parse(&value)?;
            } else if !extension(&key, &value)? {
                let unnamed = State::get(py).differences.constructor_unnamed;
                return Err(unexpected_keyword(if unnamed { "this function" } else { "Connection()" }, &name));
            }
        }
        let [database, timeout, detect_types, isolation, check_same_thread, _factory, cached, uri] = given;
        let Some(database) = database else {
            let unnamed = State::get(py).differences.constructor_unnamed;
            let function = if unnamed { "function" } else { "Connection()" };
            return Err(PyTypeError::new_err(format!("{function} missing required argument 'database' (pos 1)")));
        };
        let check_same_thread = match check_same_thread {
            None => true,
            Some(value) if State::get(py).differences.check_same_thread_is_int => c_int(&value)? != 0,
            Some(value) => value.is_truthy()?,
        };
        Ok(Options {
            database,
            timeout_seconds: timeout.map_or(Ok(5.0), |timeout| timeout.extract())?,
            detect_types: detect_types.map_or(Ok(0), |types| c_int(&types))?,
            isolation: isolation.map_or_else(|| Ok(Some(Isolation::default())), |level| Isolation::parse(&level))?,
            check_same_thread,
            cached_statements: usize::try_from(cached.map_or(Ok(128), |cached| c_int(&cached))?).unwrap_or(0),
            uri: uri.map_or(Ok(false), |uri| uri.is_truthy())?,
            autocommit,
        })
    }

    /// The database's name: a path, `:memory:`, empty, or a `file:` URI.
    pub fn file_name(&self) -> PyResult<Vec<u8>> {
        let py = self.database.py();
        // os.fsencode words what is wrong as os.fspath does, which is what CPython's converter raises.
        let encoded = py.import("os")?.getattr("fsencode")?.call1((&self.database,))?;
        let bytes = encoded.cast::<PyBytes>()?.as_bytes();
        if bytes.contains(&0) {
            return Err(PyValueError::new_err("embedded null byte"));
        }
        // SQLAlchemy's way of writing it: three slashes before a relative path, four before an absolute one.
        Ok(match bytes.strip_prefix(b"heliosdb://") {
            Some(b"" | b"/") => b":memory:".to_vec(),
            Some(path) => path.strip_prefix(b"/").unwrap_or(path).to_vec(),
            None => bytes.to_vec(),
        })
    }
}

/// Looks at one of our own options; false if it is none. What is not there yet raises NotSupportedError naming it.
fn extension(name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = value.py();
    let not_supported = || {
        let shown = if name == "encryption_key" {
            "…".to_string()
        } else {
            value.repr().map_or_else(|_| "…".into(), |text| text.to_string())
        };
        Err(error(py, Class::NotSupportedError, format!("{name}={shown} is not supported by this version")))
    };
    let text = value.cast::<PyString>().ok().map(|text| text.to_string());
    if FLAGS.contains(&name) {
        value.is_truthy()?;
        return Ok(true);
    }
    if name == "cache_size_mb" {
        if !value.is_none() && c_int(value)? < 0 {
            return Err(PyValueError::new_err("cache_size_mb must not be negative"));
        }
        return Ok(true);
    }
    if name == "heliosdb_mode" {
        return match text.as_deref() {
            Some("embedded" | "advanced") => Ok(true),
            Some("server" | "hybrid") => not_supported(),
            _ => Err(PyValueError::new_err("heliosdb_mode must be 'embedded', 'advanced', 'server' or 'hybrid'")),
        };
    }
    let Some((_, harmless)) = NOT_YET.iter().find(|(known, _)| *known == name) else {
        return Ok(false);
    };
    if value.is_none() || text.is_some_and(|text| harmless.contains(&text.as_str())) {
        return Ok(true);
    }
    not_supported()
}
