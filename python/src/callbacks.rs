//! Python callables as the engine's callbacks, with `sqlite3`'s handling of what they raise.
//!
//! The engine owns a [`Callback`]; the connection object keeps weak references, through which the garbage collector
//! sees and clears the callables (a function that closes over its own connection is a cycle).

use std::cell::RefCell;
use std::cmp::Ordering;
use std::sync::{Arc, Weak};

use heliosdb::error::{Code, Error};
use heliosdb::session::callback::{
    Authorization, Authorizer, LongRunning, Progress, Trace, UserAggregate, UserAggregateState, UserScalar,
};
use heliosdb::udfs::value::collation::CustomCollation;
use heliosdb::udfs::value::{Value, ValueRef};
use pyo3::exceptions::{PyAttributeError, PyMemoryError, PyOverflowError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString, PyTuple};

use crate::State;
use crate::constants::{SQLITE_DENY, SQLITE_IGNORE, SQLITE_OK};
use crate::convert::{argument, result, type_name};
use crate::error::{Class, error, programming_error};
use crate::raw::{self, GilCell, with_gil};

/// A callable that the engine owns.
pub struct Callback(GilCell<Option<Py<PyAny>>>);

impl Callback {
    pub fn new(callable: &Bound<'_, PyAny>) -> Callback {
        Callback(GilCell::new(Some(callable.clone().unbind())))
    }

    /// The callable; an error if the garbage collector took it.
    fn callable<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0
            .clone_ref(py)
            .map(|callable| callable.into_bound(py))
            .ok_or_else(|| programming_error(py, "the callback's connection was collected"))
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        drop_with_gil(&self.0);
    }
}

/// Drops a Python object from wherever the engine is. At interpreter exit it is leaked.
fn drop_with_gil(object: &GilCell<Option<Py<PyAny>>>) {
    if object.visited().is_some() {
        let _ = with_gil(|py| object.set(py, None));
    }
}

/// The callbacks of a connection that may still be alive.
#[derive(Default)]
pub struct Registry(Vec<Weak<Callback>>);

impl Registry {
    /// Remembers a callback for the garbage collector.
    pub fn add(&mut self, callback: &Arc<Callback>) {
        self.0.retain(|known| known.strong_count() > 0);
        self.0.push(Arc::downgrade(callback));
    }

    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for callback in self.0.iter().filter_map(Weak::upgrade) {
            visit.call(callback.0.visited())?;
        }
        Ok(())
    }

    /// The callables, taken out so that they can be dropped.
    pub fn clear(&mut self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.0.drain(..).filter_map(|callback| callback.upgrade()?.0.take(py)).collect()
    }
}

/// Shows or forgets what a callback raised, as `enable_callback_tracebacks` says.
fn report(py: Python<'_>, error: PyErr, callable: Option<&Bound<'_, PyAny>>) {
    let state = State::get(py);
    if !state.callback_tracebacks.get(py) {
        return;
    }
    if state.differences.callback_errors_printed {
        raw::print(py, error);
    } else {
        error.write_unraisable(py, callable);
    }
}

/// The engine's error for what a function raised.
fn raised(py: Python<'_>, problem: PyErr, callable: Option<&Bound<'_, PyAny>>, message: &str) -> Error {
    let error = if State::get(py).differences.callback_errors_alike {
        Error::sql(message)
    } else if problem.is_instance_of::<PyMemoryError>(py) {
        Error::no_memory()
    } else if problem.is_instance_of::<PyOverflowError>(py) {
        Error::too_big()
    } else {
        Error::sql(message)
    };
    report(py, problem, callable);
    error
}

/// The answer to a callback while the interpreter shuts down.
fn shutting_down() -> Error {
    Error::new(Code::ABORT, "the interpreter is shutting down")
}

fn arguments<'py>(py: Python<'py>, values: &[ValueRef<'_>]) -> PyResult<Bound<'py, PyTuple>> {
    let values = values.iter().map(|value| argument(py, *value)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, values)
}

/// A result that SQLite has a type for.
fn checked(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    result(value)?.ok_or_else(|| {
        let kind = type_name(value);
        programming_error(value.py(), format!("User-defined functions cannot return '{kind}' values to SQLite"))
    })
}

/// `create_function`.
pub struct Function(pub Arc<Callback>);

impl UserScalar for Function {
    fn call(&self, args: &[ValueRef<'_>]) -> Result<Value, Error> {
        with_gil(|py| {
            let callable = self.0.callable(py).map_err(|problem| raised(py, problem, None, "no callback"))?;
            let run = || checked(&callable.call1(arguments(py, args)?)?);
            run().map_err(|problem| raised(py, problem, Some(&callable), "user-defined function raised exception"))
        })
        .unwrap_or_else(|| Err(shutting_down()))
    }
}

/// `create_aggregate` and `create_window_function`.
pub struct Aggregate {
    pub class: Arc<Callback>,
    pub is_window: bool,
}

impl UserAggregate for Aggregate {
    fn start(&self) -> Box<dyn UserAggregateState> {
        Box::new(Group { class: self.class.clone(), instance: GilCell::new(None) })
    }

    fn is_window(&self) -> bool {
        self.is_window
    }
}

/// One group: an instance of the user's class, made when the first row arrives.
struct Group {
    class: Arc<Callback>,
    instance: GilCell<Option<Py<PyAny>>>,
}

impl Drop for Group {
    fn drop(&mut self) {
        drop_with_gil(&self.instance);
    }
}

impl Group {
    /// Calls a method for its effect; `what` names it in messages.
    fn feed(&mut self, method: &str, args: &[ValueRef<'_>]) -> Result<(), Error> {
        with_gil(|py| {
            let class = self.class.callable(py).map_err(|problem| raised(py, problem, None, "no callback"))?;
            let fail = |problem, message: &str| raised(py, problem, Some(&class), message);
            if self.instance.with(py, |instance| instance.is_none()) {
                let made = class
                    .call0()
                    .map_err(|problem| fail(problem, "user-defined aggregate's '__init__' method raised error"))?;
                self.instance.set(py, Some(made.unbind()));
            }
            let Some(instance) = self.instance.clone_ref(py) else { return Ok(()) };
            let bound = match instance.bind(py).getattr(method) {
                Ok(bound) => bound,
                Err(problem) if State::get(py).differences.callback_errors_alike => {
                    PENDING.with(|pending| *pending.borrow_mut() = Some(problem));
                    return Ok(());
                }
                Err(problem) => {
                    return Err(fail(problem, &format!("user-defined aggregate's '{method}' method not defined")));
                }
            };
            let call = || bound.call1(arguments(py, args)?);
            call().map_err(|problem| {
                fail(problem, &format!("user-defined aggregate's '{method}' method raised error"))
            })?;
            Ok(())
        })
        .unwrap_or_else(|| Err(shutting_down()))
    }

    /// Calls a method for its result.
    fn ask(&mut self, method: &str) -> Result<Value, Error> {
        with_gil(|py| {
            // A group without rows has no instance and yields NULL.
            let Some(instance) = self.instance.clone_ref(py) else { return Ok(Value::Null) };
            let ask = || checked(&instance.bind(py).call_method0(method)?);
            ask().map_err(|problem| {
                let alike = State::get(py).differences.callback_errors_alike;
                let missing = !alike && problem.is_instance_of::<PyAttributeError>(py);
                let what = if missing { "not defined" } else { "raised error" };
                let message = format!("user-defined aggregate's '{method}' method {what}");
                raised(py, problem, self.class.callable(py).ok().as_ref(), &message)
            })
        })
        .unwrap_or_else(|| Err(shutting_down()))
    }
}

impl UserAggregateState for Group {
    fn step(&mut self, args: &[ValueRef<'_>]) -> Result<(), Error> {
        self.feed("step", args)
    }

    fn inverse(&mut self, args: &[ValueRef<'_>]) -> Result<(), Error> {
        self.feed("inverse", args)
    }

    fn value(&mut self) -> Result<Value, Error> {
        self.ask("value")
    }

    fn finalize(&mut self) -> Result<Value, Error> {
        let value = self.ask("finalize");
        drop_with_gil(&self.instance);
        value
    }
}

thread_local! {
    /// What a collation (3.10: or a missing `step`) raised: the statement goes on and the exception is raised when it returns to Python.
    static PENDING: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// The exception of a collation that ran in the engine call that just returned.
#[inline]
pub fn take_pending() -> Option<PyErr> {
    PENDING.with(|pending| pending.borrow_mut().take())
}

/// `create_collation`.
pub struct Collation {
    pub name: String,
    pub callback: Arc<Callback>,
}

impl CustomCollation for Collation {
    fn name(&self) -> &str {
        &self.name
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        if PENDING.with(|pending| pending.borrow().is_some()) {
            return Ordering::Equal;
        }
        let compare = |py: Python<'_>| -> PyResult<Ordering> {
            let (a, b) = (PyString::from_bytes(py, a)?, PyString::from_bytes(py, b)?);
            let answer = self.callback.callable(py)?.call1((a, b))?;
            // What is no number compares equal.
            let Ok(number) = answer.cast::<PyInt>() else { return Ok(Ordering::Equal) };
            if number.as_any().lt(0)? {
                Ok(Ordering::Less)
            } else if number.as_any().gt(0)? {
                Ok(Ordering::Greater)
            } else {
                Ok(Ordering::Equal)
            }
        };
        let answer = with_gil(|py| {
            compare(py).unwrap_or_else(|problem| {
                PENDING.with(|pending| *pending.borrow_mut() = Some(problem));
                Ordering::Equal
            })
        });
        answer.unwrap_or(Ordering::Equal)
    }
}

/// `set_authorizer`.
pub struct PyAuthorizer(pub Arc<Callback>);

impl Authorizer for PyAuthorizer {
    fn authorize(
        &self,
        action: i32,
        arg1: Option<&str>,
        arg2: Option<&str>,
        database: Option<&str>,
        trigger: Option<&str>,
    ) -> Authorization {
        let ask = |py: Python<'_>| -> Authorization {
            let Ok(callable) = self.0.callable(py) else { return Authorization::Deny };
            let answer = callable.call1((action, arg1, arg2, database, trigger));
            let answer = answer.and_then(|answer| match answer.cast::<PyInt>() {
                Ok(number) => number.extract::<i32>(),
                Err(_) => Ok(SQLITE_DENY),
            });
            match answer {
                Ok(SQLITE_OK) => Authorization::Ok,
                Ok(SQLITE_DENY) => Authorization::Deny,
                Ok(SQLITE_IGNORE) => Authorization::Ignore,
                Ok(_) => Authorization::Malfunction,
                Err(problem) => {
                    report(py, problem, Some(&callable));
                    Authorization::Deny
                }
            }
        };
        with_gil(ask).unwrap_or(Authorization::Deny)
    }
}

/// `set_progress_handler`.
pub struct PyProgress(pub Arc<Callback>);

impl Progress for PyProgress {
    fn progress(&self) -> bool {
        let ask = |py: Python<'_>| -> bool {
            let Ok(callable) = self.0.callable(py) else { return true };
            callable.call0().and_then(|answer| answer.is_truthy()).unwrap_or_else(|problem| {
                report(py, problem, Some(&callable));
                true
            })
        };
        with_gil(ask).unwrap_or(true)
    }
}

/// `set_trace_callback`.
pub struct PyTrace(pub Arc<Callback>);

impl Trace for PyTrace {
    fn statement(&self, sql: &str, expanded_sql: Option<&str>) {
        let _ = with_gil(|py| {
            let Ok(callable) = self.0.callable(py) else { return };
            if expanded_sql.is_none() {
                let message = "Expanded SQL string exceeds the maximum string length";
                report(py, error(py, Class::DataError, message), Some(&callable));
            }
            if let Err(problem) = callable.call1((expanded_sql.unwrap_or(sql),)) {
                report(py, problem, Some(&callable));
            }
        });
    }
}

/// Lets other Python threads run while a statement waits or runs long.
pub struct LetOthersRun;

impl LongRunning for LetOthersRun {
    fn begins(&self) {
        raw::release();
    }
}
