//! `Row`: a tuple that knows its columns' names.

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyIterator, PyList, PySlice, PyString, PyTuple};

use crate::convert::type_name;
use crate::cursor::Cursor;

/// A row that is indexed by position, by slice and by column name, the latter without regard to ASCII case. Use it
/// as `row_factory` of a connection or cursor.
///
/// Raises IndexError for a position or name that does not exist.
///
/// >>> import heliosdb_sqlite
/// >>> con = heliosdb_sqlite.connect(":memory:")
/// >>> con.row_factory = heliosdb_sqlite.Row
/// >>> row = con.execute("select 1 as one, 2 as two").fetchone()
/// >>> row["ONE"], row[1], row.keys(), tuple(row)
/// (1, 2, ['one', 'two'], (1, 2))
/// >>> con.close()
#[pyclass(frozen, subclass, sequence, module = "heliosdb_sqlite", name = "Row")]
pub struct Row {
    data: Py<PyTuple>,
    /// The cursor's description: None when the row was made from a cursor without.
    description: Option<Py<PyTuple>>,
}

impl Row {
    pub fn from_parts(data: Bound<'_, PyTuple>, description: Option<Py<PyTuple>>) -> Row {
        Row { data: data.unbind(), description }
    }

    fn position(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> PyResult<Option<usize>> {
        let Some(description) = &self.description else { return Ok(None) };
        let wanted = name.to_cow()?;
        for (i, column) in description.bind(py).iter().enumerate() {
            let column = column.get_item(0)?;
            if column.is(name) {
                return Ok(Some(i));
            }
            let column = column.cast::<PyString>()?.to_cow()?;
            if column == wanted || (column.is_ascii() && column.eq_ignore_ascii_case(&wanted)) {
                return Ok(Some(i));
            }
        }
        Ok(None)
    }
}

#[pymethods]
impl Row {
    #[new]
    #[pyo3(signature = (*args, **kwargs))]
    fn new(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Row> {
        let py = args.py();
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(PyTypeError::new_err("Row() takes no keyword arguments"));
        }
        if args.len() != 2 {
            return Err(PyTypeError::new_err(format!("Row expected 2 arguments, got {}", args.len())));
        }
        let cursor = args.get_item(0)?;
        let data = args.get_item(1)?;
        let cursor = cursor.cast::<Cursor>().map_err(|_| {
            PyTypeError::new_err(format!("Row() argument 1 must be sqlite3.Cursor, not {}", type_name(&cursor)))
        })?;
        let data = data.cast_into::<PyTuple>().map_err(|wrong| {
            PyTypeError::new_err(format!("Row() argument 2 must be tuple, not {}", type_name(&wrong.into_inner())))
        })?;
        Ok(Row { data: data.unbind(), description: cursor.get().description_of(py) })
    }

    /// The column names, as a list of str in the order of the columns.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let names = PyList::empty(py);
        if let Some(description) = &self.description {
            for column in description.bind(py).iter() {
                names.append(column.get_item(0)?)?;
            }
        }
        Ok(names)
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.data.bind(py).len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.data.bind(py).try_iter()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let data = self.data.bind(py);
        if key.is_instance_of::<PyInt>() {
            let index: isize =
                key.extract().map_err(|_| PyIndexError::new_err("cannot fit 'int' into an index-sized integer"))?;
            let index = if index < 0 { index + data.len() as isize } else { index };
            let index = usize::try_from(index).map_err(|_| PyIndexError::new_err("tuple index out of range"))?;
            return data.get_item(index);
        }
        if let Ok(name) = key.cast::<PyString>() {
            return match self.position(py, name)? {
                Some(i) => data.get_item(i),
                None => Err(PyIndexError::new_err("No item with that key")),
            };
        }
        if key.is_instance_of::<PySlice>() {
            return data.as_any().get_item(key);
        }
        Err(PyIndexError::new_err("Index must be int or string"))
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        let names = match &self.description {
            Some(description) => description.bind(py).hash()?,
            None => py.None().bind(py).hash()?,
        };
        Ok(names ^ self.data.bind(py).hash()?)
    }

    fn __richcmp__(&self, py: Python<'_>, other: &Bound<'_, PyAny>, compare: CompareOp) -> PyResult<Py<PyAny>> {
        let (CompareOp::Eq | CompareOp::Ne) = compare else { return Ok(py.NotImplemented()) };
        let Ok(other) = other.cast::<Row>() else { return Ok(py.NotImplemented()) };
        let other = other.get();
        let same_names = match (&self.description, &other.description) {
            (Some(a), Some(b)) => a.is(b) || a.bind(py).as_any().eq(b.bind(py))?,
            (None, None) => true,
            _ => false,
        };
        let equal = same_names && self.data.bind(py).as_any().eq(other.data.bind(py))?;
        let answer = equal == matches!(compare, CompareOp::Eq);
        Ok(answer.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.data)?;
        visit.call(&self.description)
    }
}
