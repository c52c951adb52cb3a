//! The only unsafe code of this crate: cells that the GIL protects, and letting the GIL go in the middle of an
//! engine call.
//!
//! Invariants:
//! * A [`GilCell`] is touched only with the GIL held (a `Python` token proves it) and no reference into it outlives
//!   a closure that cannot run Python code.
//! * Between [`release`] and [`restore`] the thread runs engine code only. PyO3 still counts it as attached, so
//!   whatever the engine calls back goes through [`with_gil`], which takes the GIL first.

#![allow(unsafe_code)]

use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::Arc;

use heliosdb::error::{Code, Error};
use heliosdb::session::{Connection, ConnectionGuard};
use pyo3::ffi;
use pyo3::prelude::*;

/// A field of a Python object. Like `Cell`, but shared between threads under the GIL. (The stable ABI of 3.10 has
/// no free-threaded build, so the GIL exists wherever this module loads.)
pub struct GilCell<T>(UnsafeCell<T>);

// SAFETY: every access needs the GIL, which serialises threads.
unsafe impl<T: Send> Sync for GilCell<T> {}

impl<T> GilCell<T> {
    pub const fn new(value: T) -> GilCell<T> {
        GilCell(UnsafeCell::new(value))
    }

    pub fn get(&self, _py: Python<'_>) -> T
    where
        T: Copy,
    {
        // SAFETY: the GIL is held and a copy leaves no reference.
        unsafe { *self.0.get() }
    }

    pub fn replace(&self, _py: Python<'_>, value: T) -> T {
        // SAFETY: the GIL is held; moving a value runs no foreign code.
        unsafe { std::mem::replace(&mut *self.0.get(), value) }
    }

    /// The old value is dropped after the new one is in place: its destructor may come back here.
    pub fn set(&self, py: Python<'_>, value: T) {
        drop(self.replace(py, value));
    }

    pub fn take(&self, py: Python<'_>) -> T
    where
        T: Default,
    {
        self.replace(py, T::default())
    }

    /// `f` must neither run Python code nor come back to this cell.
    pub fn with<R>(&self, _py: Python<'_>, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the GIL is held, and by the rule above this is the only reference while `f` runs.
        f(unsafe { &mut *self.0.get() })
    }

    /// For `__traverse__`, which gets no token but runs under the GIL and calls nothing.
    pub fn visited(&self) -> &T {
        // SAFETY: the garbage collector stops everything else while it traverses.
        unsafe { &*self.0.get() }
    }
}

impl<T> GilCell<Option<Py<T>>> {
    pub fn clone_ref(&self, py: Python<'_>) -> Option<Py<T>> {
        self.with(py, |held| held.as_ref().map(|object| object.clone_ref(py)))
    }
}

thread_local! {
    /// The thread state put aside by `release`; null while this thread holds the GIL.
    static SAVED: Cell<*mut ffi::PyThreadState> = const { Cell::new(null_mut()) };
    /// Whether this thread is inside `engine`: only there may the GIL be let go.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Lets other Python threads run until `restore`. Does nothing outside `engine` and when already done.
pub fn release() {
    if INSIDE.get() && SAVED.get().is_null() {
        // SAFETY: inside `engine` this thread holds the GIL unless SAVED says otherwise.
        SAVED.set(unsafe { ffi::PyEval_SaveThread() });
    }
}

fn restore() {
    let saved = SAVED.replace(null_mut());
    if !saved.is_null() {
        // SAFETY: `saved` is this thread's own state, put aside by `release`.
        unsafe { ffi::PyEval_RestoreThread(saved) };
    }
}

/// Runs `f` with the GIL, wherever the engine calls from. None: the interpreter is shutting down.
pub fn with_gil<R>(f: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    let saved = SAVED.replace(null_mut());
    let inside = INSIDE.replace(false);
    if !saved.is_null() {
        // SAFETY: as in `restore`.
        unsafe { ffi::PyEval_RestoreThread(saved) };
    }
    let result = Python::try_attach(f);
    INSIDE.set(inside);
    if !saved.is_null() {
        // SAFETY: restored above, so this thread holds the GIL.
        SAVED.set(unsafe { ffi::PyEval_SaveThread() });
    }
    result
}

/// The end of an engine call, also when it unwinds.
struct Inside(bool);

impl Drop for Inside {
    fn drop(&mut self) {
        restore();
        INSIDE.set(self.0);
    }
}

/// One call (or group of calls) into the engine: with the connection's lock, which is tried first and waited for
/// without the GIL; a panic becomes an internal error. Only what never waits may be called outside: `is_autocommit`,
/// `interrupt`, counters, limits, and what a statement says of itself, its parameters and its current row.
#[inline]
pub fn engine<R>(
    _py: Python<'_>,
    connection: &Arc<Connection>,
    call: impl FnOnce(&Arc<Connection>) -> Result<R, Error>,
) -> Result<R, Error> {
    caught(|| {
        let _inside = Inside(INSIDE.replace(true));
        let _lock: ConnectionGuard<'_> = match connection.try_lock() {
            Some(lock) => lock,
            None => {
                release();
                let lock = connection.lock();
                restore();
                lock
            }
        };
        call(connection)
    })
}

/// A call into the engine that belongs to no open connection.
pub fn unlocked<R>(_py: Python<'_>, call: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    caught(|| {
        let _inside = Inside(INSIDE.replace(true));
        call()
    })
}

fn caught<R>(call: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|text| text.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(Error::new(Code::INTERNAL, format!("internal error: {what}")))
    })
}

unsafe extern "C" {
    // Part of the stable ABI, but not among PyO3's declarations.
    fn PyThread_get_thread_ident() -> std::ffi::c_ulong;
}

/// What `threading.get_ident()` returns.
pub fn thread_ident() -> u64 {
    // SAFETY: takes nothing, returns a number.
    #[allow(clippy::useless_conversion)]
    u64::from(unsafe { PyThread_get_thread_ident() })
}

/// What the C API calls a sequence: anything with `__getitem__` that is not a dict.
pub fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object, with the GIL held.
    unsafe { ffi::PySequence_Check(object.as_ptr()) != 0 }
}

/// `object[i]` through the sequence protocol.
pub fn sequence_item<'py>(object: &Bound<'py, PyAny>, i: usize) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: returns a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(object.py(), ffi::PySequence_GetItem(object.as_ptr(), i as ffi::Py_ssize_t)) }
}

/// The address that `repr` shows.
pub fn address<T>(object: &Bound<'_, T>) -> usize {
    object.as_ptr() as usize
}

/// Prints the exception as the interpreter prints an uncaught one, and forgets it.
pub fn print(py: Python<'_>, error: PyErr) {
    error.restore(py);
    // SAFETY: an exception is set.
    unsafe { ffi::PyErr_PrintEx(0) };
}
