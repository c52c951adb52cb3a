//! `Blob`: incremental reading and writing of one value (https://sqlite.org/c3ref/blob_open.html).

use std::sync::{Arc, Weak};

use heliosdb::session::Blob as EngineBlob;
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PySlice, PyTuple};

use crate::connection::Connection;
use crate::convert::{buffer_argument, c_int};
use crate::error::{EngineResult, programming_error};
use crate::raw::{self, GilCell};

const SEEK_SET: i32 = 0;
const SEEK_CUR: i32 = 1;
const SEEK_END: i32 = 2;

/// The engine's handle, shared with the connection, which closes it when it closes.
pub type Handle = GilCell<Option<EngineBlob>>;

/// One value of a BLOB column, opened by `Connection.blobopen`: a file-like object of fixed length that is also indexed
/// and sliced.
///
/// >>> import heliosdb_sqlite
/// >>> con = heliosdb_sqlite.connect(":memory:")
/// >>> _ = con.execute("create table t(b)")
/// >>> _ = con.execute("insert into t values (zeroblob(5))")
/// >>> with con.blobopen("t", "b", 1) as blob:
/// ...     blob.write(b"hello")
/// ...     blob[0] = ord("H")
/// >>> con.execute("select b from t").fetchone()
/// (b'Hello',)
/// >>> con.close()
// A mapping to Python, so that it is indexed but not iterated.
#[pyclass(frozen, weakref, mapping, module = "heliosdb_sqlite", name = "Blob")]
pub struct Blob {
    connection: GilCell<Option<Py<Connection>>>,
    handle: Arc<Handle>,
    /// In bytes, fixed while it is open.
    length: usize,
    position: GilCell<usize>,
}

/// The open blobs of a connection.
#[derive(Default)]
pub struct OpenBlobs(Vec<Weak<Handle>>);

impl OpenBlobs {
    fn add(&mut self, handle: &Arc<Handle>) {
        self.0.retain(|known| known.strong_count() > 0);
        self.0.push(Arc::downgrade(handle));
    }

    pub fn take_all(&mut self, py: Python<'_>) -> Vec<EngineBlob> {
        self.0.drain(..).filter_map(|handle| handle.upgrade()?.take(py)).collect()
    }
}

impl Blob {
    pub fn open(connection: &Bound<'_, Connection>, blob: EngineBlob) -> Blob {
        let py = connection.py();
        let length = blob.len();
        let handle = Arc::new(Handle::new(Some(blob)));
        connection.get().blobs.with(py, |blobs| blobs.add(&handle));
        Blob { connection: GilCell::new(Some(connection.clone().unbind())), handle, length, position: GilCell::new(0) }
    }

    fn connection<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Connection>> {
        let connection = self.connection.clone_ref(py).ok_or_else(|| closed(py))?.into_bound(py);
        connection.get().check_open(py)?;
        connection.get().check_thread(py)?;
        Ok(connection)
    }

    fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.connection(py)?;
        if self.handle.with(py, |blob| blob.is_none()) {
            return Err(closed(py));
        }
        Ok(())
    }

    /// Runs an engine call on the handle, which other threads meanwhile find closed.
    fn engine<R>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&mut EngineBlob) -> Result<R, heliosdb::error::Error>,
    ) -> PyResult<R> {
        let connection = self.connection(py)?;
        let engine = connection.get().engine(py)?;
        let mut blob = self.handle.take(py).ok_or_else(|| closed(py))?;
        let result = raw::engine(py, &engine, |_| call(&mut blob));
        self.handle.set(py, Some(blob));
        result.or_raise(py)
    }

    fn read_at<'py>(&self, py: Python<'py>, offset: usize, length: usize) -> PyResult<Bound<'py, PyBytes>> {
        // Python objects are not touched inside the engine: read into our own buffer first.
        let mut bytes = vec![0; length];
        self.engine(py, |blob| blob.read(offset, &mut bytes))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn write_at(&self, py: Python<'_>, offset: usize, bytes: &[u8]) -> PyResult<()> {
        self.engine(py, |blob| blob.write(offset, bytes))
    }

    fn close_handle(&self, py: Python<'_>) {
        let Some(mut blob) = self.handle.take(py) else { return };
        let engine = self.connection.clone_ref(py).and_then(|connection| connection.get().engine(py).ok());
        let close = || {
            blob.close();
            drop(blob);
            Ok(())
        };
        let _ = match engine {
            Some(engine) => raw::engine(py, &engine, |_| close()),
            None => raw::unlocked(py, close),
        };
    }

    /// An index of the subscript protocol as a position.
    fn index(&self, key: &Bound<'_, PyAny>) -> PyResult<usize> {
        let index: isize =
            key.extract().map_err(|_| PyIndexError::new_err("cannot fit 'int' into an index-sized integer"))?;
        let index = if index < 0 { index + self.length as isize } else { index };
        usize::try_from(index)
            .ok()
            .filter(|&index| index < self.length)
            .ok_or_else(|| PyIndexError::new_err("Blob index out of range"))
    }
}

fn closed(py: Python<'_>) -> PyErr {
    programming_error(py, "Cannot operate on a closed blob.")
}

fn is_index(key: &Bound<'_, PyAny>) -> bool {
    key.is_instance_of::<PyInt>() || key.hasattr("__index__").unwrap_or(false)
}

/// The positions that a slice takes of `length` bytes.
fn slice_positions(slice: &Bound<'_, PySlice>, length: usize) -> PyResult<(isize, isize, usize)> {
    let indices = slice.indices(length as isize)?;
    Ok((indices.start, indices.step, indices.slicelength))
}

/// The bytes between the first and last position of a slice: (offset, length).
fn span(start: isize, step: isize, count: usize) -> (usize, usize) {
    let last = start + step * (count as isize - 1);
    let (low, high) = (start.min(last), start.max(last));
    (low as usize, (high - low + 1) as usize)
}

#[pymethods]
impl Blob {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Blob> {
        Err(PyTypeError::new_err("cannot create 'heliosdb_sqlite.Blob' instances"))
    }

    /// Closes the blob; further use raises ProgrammingError.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.connection(py)?;
        self.close_handle(py);
        Ok(())
    }

    /// Reads `length` bytes (int; negative: all that is left) from the current position and moves it.
    #[pyo3(signature = (length=None, /), text_signature = "($self, length=-1, /)")]
    fn read<'py>(&self, py: Python<'py>, length: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyBytes>> {
        let wanted = length.map_or(Ok(-1), c_int)?;
        self.check(py)?;
        let position = self.position.get(py);
        let left = self.length - position;
        let length = usize::try_from(wanted).map_or(left, |wanted| wanted.min(left));
        let bytes = self.read_at(py, position, length)?;
        self.position.set(py, position + length);
        Ok(bytes)
    }

    /// Writes bytes at the current position and moves it. Raises ValueError if they go beyond the end: the length of a
    /// blob cannot change.
    #[pyo3(signature = (data, /))]
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let data = buffer_argument(data)?;
        self.check(py)?;
        let data = data.as_bytes();
        let position = self.position.get(py);
        if data.len() > i32::MAX as usize {
            return Err(PyOverflowError::new_err("data longer than INT_MAX bytes"));
        }
        if data.len() > self.length - position {
            return Err(PyValueError::new_err("data longer than blob length"));
        }
        self.write_at(py, position, data)?;
        self.position.set(py, position + data.len());
        Ok(())
    }

    /// Moves the current position: `offset` bytes from the start (origin 0), the position (1) or the end (2).
    #[pyo3(signature = (offset, origin=None, /), text_signature = "($self, offset, origin=0, /)")]
    fn seek(&self, py: Python<'_>, offset: &Bound<'_, PyAny>, origin: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let offset = i64::from(c_int(offset)?);
        let origin = origin.map_or(Ok(SEEK_SET), c_int)?;
        self.check(py)?;
        let from = match origin {
            SEEK_SET => 0,
            SEEK_CUR => self.position.get(py) as i64,
            SEEK_END => self.length as i64,
            _ => {
                return Err(PyValueError::new_err("'origin' should be os.SEEK_SET, os.SEEK_CUR, or os.SEEK_END"));
            }
        };
        let target = from + offset;
        if target > i64::from(i32::MAX) {
            return Err(PyOverflowError::new_err("seek offset results in overflow"));
        }
        match usize::try_from(target) {
            Ok(target) if target <= self.length => self.position.set(py, target),
            _ => return Err(PyValueError::new_err("offset out of blob range")),
        }
        Ok(())
    }

    /// The current position in bytes.
    fn tell(&self, py: Python<'_>) -> PyResult<usize> {
        self.check(py)?;
        Ok(self.position.get(py))
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.get().check(slf.py())?;
        Ok(slf.clone())
    }

    #[pyo3(signature = (_type, _value, _traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _type: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        self.check(py)?;
        self.close_handle(py);
        Ok(false)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.check(py)?;
        Ok(self.length)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.check(py)?;
        if is_index(key) {
            let byte = self.read_at(py, self.index(key)?, 1)?;
            return Ok(byte.as_bytes()[0].into_pyobject(py)?.into_any());
        }
        let Ok(slice) = key.cast::<PySlice>() else {
            return Err(PyTypeError::new_err("Blob indices must be integers"));
        };
        let (start, step, count) = slice_positions(slice, self.length)?;
        if count == 0 {
            return Ok(PyBytes::new(py, b"").into_any());
        }
        let (offset, length) = span(start, step, count);
        let bytes = self.read_at(py, offset, length)?;
        if step == 1 {
            return Ok(bytes.into_any());
        }
        let all = bytes.as_bytes();
        let at = |i: usize| all[(start + step * i as isize) as usize - offset];
        Ok(PyBytes::new(py, &(0..count).map(at).collect::<Vec<u8>>()).into_any())
    }

    fn __setitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.check(py)?;
        if is_index(key) {
            let index = self.index(key)?;
            if !value.is_instance_of::<PyInt>() {
                let kind = crate::convert::type_name(value);
                let message = format!("'{kind}' object cannot be interpreted as an integer");
                return Err(PyTypeError::new_err(message));
            }
            let byte: u8 = value.extract().map_err(|_| PyValueError::new_err("byte must be in range(0, 256)"))?;
            return self.write_at(py, index, &[byte]);
        }
        let Ok(slice) = key.cast::<PySlice>() else {
            return Err(PyTypeError::new_err("Blob indices must be integers"));
        };
        let (start, step, count) = slice_positions(slice, self.length)?;
        let new = buffer_argument(value)?;
        let new = new.as_bytes();
        if new.len() != count {
            return Err(PyIndexError::new_err("Blob slice assignment is wrong size"));
        }
        if count == 0 {
            return Ok(());
        }
        let (offset, length) = span(start, step, count);
        if step == 1 {
            return self.write_at(py, offset, new);
        }
        let mut bytes = self.read_at(py, offset, length)?.as_bytes().to_vec();
        for (i, byte) in new.iter().enumerate() {
            bytes[(start + step * i as isize) as usize - offset] = *byte;
        }
        self.write_at(py, offset, &bytes)
    }

    fn __delitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        self.check(py)?;
        Err(PyTypeError::new_err(if is_index(key) {
            "Blob doesn't support item deletion"
        } else if key.is_instance_of::<PySlice>() {
            "Blob doesn't support slice deletion"
        } else {
            "Blob indices must be integers"
        }))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.connection.visited())
    }

    fn __clear__(&self, py: Python<'_>) {
        self.close_handle(py);
        self.connection.set(py, None);
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        let _ = Python::try_attach(|py| self.close_handle(py));
    }
}
