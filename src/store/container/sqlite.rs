//! The bundled SQLite library's statements, as far as a container needs them: kept open beside their connection.
//!
//! A connection is used by one thread at a time; whoever holds it behind a lock sees to that.
#![allow(unsafe_code)] // The library's C interface.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use heliosdb_udfs::value::ValueRef;
use rusqlite::{Connection, ffi};

use crate::error::{Code, Error, Result};

/// A connection, by its handle.
pub struct Sqlite {
    db: *mut ffi::sqlite3,
    /// The database's name beside `main`, to which the library points.
    name: Option<CString>,
}

/// The name that the library knows anyway.
const MAIN: &CStr = c"main";

// SAFETY: the library is built threadsafe; a connection may move between threads as long as one uses it at a time,
// which `&mut`-like use behind the container's lock ensures.
unsafe impl Send for Sqlite {}

impl Drop for Sqlite {
    fn drop(&mut self) {
        if self.name.is_some() {
            self.point_to(MAIN);
        }
    }
}

/// A statement of one connection. It must go before its connection does; if not, the connection stays open for good.
pub struct Prepared {
    raw: *mut ffi::sqlite3_stmt,
}

// SAFETY: as for the connection.
unsafe impl Send for Prepared {}

impl Drop for Prepared {
    fn drop(&mut self) {
        // SAFETY: the pointer came from sqlite3_prepare_v3 and is finalized once.
        unsafe { ffi::sqlite3_finalize(self.raw) };
    }
}

impl Sqlite {
    /// The connection behind `connection`, which must outlive it.
    pub(super) fn of(connection: &Connection) -> Sqlite {
        // SAFETY: the handle is used only beside the connection, which the container drops last.
        Sqlite { db: unsafe { connection.handle() }, name: None }
    }

    /// What the library says about its last failure.
    fn error(&self, code: c_int) -> Error {
        // SAFETY: an open connection; the message is copied before the next call.
        let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.db)) }.to_string_lossy().into_owned();
        // SAFETY: an open connection.
        let extended = unsafe { ffi::sqlite3_extended_errcode(self.db) };
        let code = if extended & 0xff == code & 0xff { extended } else { code };
        Error::new(Code(code), message)
    }

    /// Sets a boolean SQLITE_DBCONFIG_….
    pub fn configure(&self, option: c_int, on: bool) {
        // SAFETY: these options take an int and a pointer to an int, which may be null.
        unsafe { ffi::sqlite3_db_config(self.db, option, c_int::from(on), ptr::null_mut::<c_int>()) };
    }

    /// Gives the database a second name beside `main`, if it can be told; gives whether it is another one than before.
    pub(super) fn set_name(&mut self, name: &str) -> bool {
        let known = self.name.as_deref().unwrap_or(MAIN);
        if known.to_bytes().eq_ignore_ascii_case(name.as_bytes()) {
            return false;
        }
        let Ok(name) = CString::new(name) else { return false };
        self.point_to(&name);
        self.name = Some(name);
        true
    }

    /// The library keeps the pointer.
    fn point_to(&self, name: &CStr) {
        // SAFETY: this option takes one pointer to a text; `name` is kept, and given up after another was set.
        unsafe { ffi::sqlite3_db_config(self.db, ffi::SQLITE_DBCONFIG_MAINDBNAME, name.as_ptr()) };
    }

    pub fn prepare(&self, sql: &str) -> Result<Prepared> {
        let mut raw = ptr::null_mut();
        let len = c_int::try_from(sql.len()).map_err(|_| Error::too_big())?;
        // SAFETY: the text and its length belong together; raw is written once.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                self.db,
                sql.as_ptr().cast::<c_char>(),
                len,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &mut raw,
                ptr::null_mut(),
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(self.error(code));
        }
        if raw.is_null() {
            return Err(Error::internal("an empty statement for the container"));
        }
        Ok(Prepared { raw })
    }

    /// Runs one statement to its end.
    pub fn execute(&self, sql: &str, values: &[ValueRef<'_>]) -> Result<()> {
        let mut statement = self.prepare(sql)?;
        self.run(&mut statement, values.iter().copied())
    }

    /// Runs a prepared statement to its end.
    pub fn run<'v>(&self, statement: &mut Prepared, values: impl IntoIterator<Item = ValueRef<'v>>) -> Result<()> {
        statement.reset();
        let result = self.bind(statement, values, ffi::SQLITE_STATIC()).and_then(|()| {
            while self.step(statement)? {}
            Ok(())
        });
        statement.reset();
        // The bytes that were lent are the caller's again.
        statement.unbind();
        result
    }

    /// Calls `row` with every row of a query.
    pub fn query(
        &self,
        sql: &str,
        values: &[ValueRef<'_>],
        mut row: impl FnMut(&Prepared) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.prepare(sql)?;
        self.start(&mut statement, values.iter().copied())?;
        while self.step(&mut statement)? {
            row(&statement)?;
        }
        Ok(())
    }

    /// The first column of the first row of a prepared query, as an integer.
    pub fn number(&self, statement: &mut Prepared) -> Result<i64> {
        let found = self.step(statement).map(|row| if row { statement.integer(0) } else { 0 });
        statement.reset();
        found
    }

    /// Resets the statement and binds its parameters.
    pub fn start<'v>(&self, statement: &mut Prepared, values: impl IntoIterator<Item = ValueRef<'v>>) -> Result<()> {
        statement.reset();
        self.bind(statement, values, ffi::SQLITE_TRANSIENT())
    }

    /// Binds parameters: lent until they are unbound (SQLITE_STATIC), or copied (SQLITE_TRANSIENT).
    fn bind<'v>(
        &self,
        statement: &mut Prepared,
        values: impl IntoIterator<Item = ValueRef<'v>>,
        lifetime: ffi::sqlite3_destructor_type,
    ) -> Result<()> {
        for (i, value) in values.into_iter().enumerate() {
            let code = statement.bind(i as c_int + 1, value, lifetime);
            if code != ffi::SQLITE_OK {
                return Err(self.error(code));
            }
        }
        Ok(())
    }

    /// To the next row; false at the end.
    pub fn step(&self, statement: &mut Prepared) -> Result<bool> {
        // SAFETY: a statement of this connection.
        match unsafe { ffi::sqlite3_step(statement.raw) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            code => {
                let error = self.error(code);
                statement.reset();
                Err(error)
            }
        }
    }

    /// A number that differs when the main database was changed, by this connection too. Under a lock.
    pub fn data_version(&self) -> Result<u32> {
        let mut version: std::ffi::c_uint = 0;
        // SAFETY: an open connection; the library writes one number.
        let code = unsafe {
            ffi::sqlite3_file_control(
                self.db,
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_DATA_VERSION,
                (&raw mut version).cast(),
            )
        };
        if code == ffi::SQLITE_OK { Ok(version) } else { Err(self.error(code)) }
    }

    /// Reads bytes of the main file, past the library's cache; false if the file ends before them.
    pub fn read_file(&self, offset: i64, into: &mut [u8]) -> Result<bool> {
        let mut file: *mut ffi::sqlite3_file = ptr::null_mut();
        let len = c_int::try_from(into.len()).map_err(|_| Error::too_big())?;
        // SAFETY: an open connection; the library writes a pointer to its own open file, which lives as long as the
        // connection does, and `xRead` writes `len` bytes at most.
        let code = unsafe {
            let code = ffi::sqlite3_file_control(
                self.db,
                c"main".as_ptr(),
                ffi::SQLITE_FCNTL_FILE_POINTER,
                (&raw mut file).cast(),
            );
            if code != ffi::SQLITE_OK || file.is_null() || (*file).pMethods.is_null() {
                return Err(Error::internal("the database file is not open"));
            }
            let read = (*(*file).pMethods).xRead.ok_or_else(|| Error::internal("a file that cannot be read"))?;
            read(file, into.as_mut_ptr().cast(), len, offset)
        };
        match code {
            ffi::SQLITE_OK => Ok(true),
            ffi::SQLITE_IOERR_SHORT_READ => Ok(false),
            code => Err(Error::new(Code(code), "disk I/O error")),
        }
    }

    /// Whether BEGIN is in force.
    pub fn in_transaction(&self) -> bool {
        // SAFETY: an open connection.
        unsafe { ffi::sqlite3_get_autocommit(self.db) == 0 }
    }
}

impl Prepared {
    pub fn reset(&mut self) {
        // SAFETY: a statement that is not finalized. Its result repeats the last step's failure.
        unsafe { ffi::sqlite3_reset(self.raw) };
    }

    fn unbind(&mut self) {
        // SAFETY: a statement that is not finalized.
        unsafe { ffi::sqlite3_clear_bindings(self.raw) };
    }

    fn bind(&mut self, i: c_int, value: ValueRef<'_>, lifetime: ffi::sqlite3_destructor_type) -> c_int {
        // SAFETY: pointers and lengths belong together, and the library copies what they point to or is made to
        // forget it while the bytes live.
        unsafe {
            match value {
                ValueRef::Null => ffi::sqlite3_bind_null(self.raw, i),
                ValueRef::Integer(n) => ffi::sqlite3_bind_int64(self.raw, i, n),
                ValueRef::Real(r) => ffi::sqlite3_bind_double(self.raw, i, r),
                ValueRef::Text(t) => {
                    let start = if t.is_empty() { c"".as_ptr() } else { t.as_ptr().cast::<c_char>() };
                    let utf8 = ffi::SQLITE_UTF8 as u8;
                    ffi::sqlite3_bind_text64(self.raw, i, start, t.len() as u64, lifetime, utf8)
                }
                ValueRef::Blob([]) => ffi::sqlite3_bind_zeroblob(self.raw, i, 0),
                ValueRef::Blob(b) => ffi::sqlite3_bind_blob64(self.raw, i, b.as_ptr().cast(), b.len() as u64, lifetime),
            }
        }
    }

    pub fn column_count(&self) -> usize {
        // SAFETY: a statement that is not finalized.
        unsafe { ffi::sqlite3_column_count(self.raw) }.max(0) as usize
    }

    pub fn integer(&self, i: usize) -> i64 {
        // SAFETY: the library gives 0 for a column that is not there.
        unsafe { ffi::sqlite3_column_int64(self.raw, i as c_int) }
    }

    /// A column of the current row; valid until the statement moves on.
    pub fn value(&self, i: usize) -> ValueRef<'_> {
        let i = i as c_int;
        // SAFETY: type, pointer and length are asked in the order that the library wants, and the bytes live until
        // the next step or reset, which need `&mut self`.
        unsafe {
            match ffi::sqlite3_column_type(self.raw, i) {
                ffi::SQLITE_INTEGER => ValueRef::Integer(ffi::sqlite3_column_int64(self.raw, i)),
                ffi::SQLITE_FLOAT => ValueRef::Real(ffi::sqlite3_column_double(self.raw, i)),
                ffi::SQLITE_TEXT => {
                    let start = ffi::sqlite3_column_text(self.raw, i);
                    ValueRef::Text(bytes(start, ffi::sqlite3_column_bytes(self.raw, i)))
                }
                ffi::SQLITE_BLOB => {
                    let start = ffi::sqlite3_column_blob(self.raw, i).cast::<u8>();
                    ValueRef::Blob(bytes(start, ffi::sqlite3_column_bytes(self.raw, i)))
                }
                _ => ValueRef::Null,
            }
        }
    }

    /// A column as text; empty for NULL.
    pub fn text(&self, i: usize) -> String {
        match self.value(i) {
            ValueRef::Text(t) | ValueRef::Blob(t) => String::from_utf8_lossy(t).into_owned(),
            ValueRef::Integer(n) => n.to_string(),
            ValueRef::Real(r) => r.to_string(),
            ValueRef::Null => String::new(),
        }
    }
}

/// # Safety
/// `start` is null or points to `len` bytes that live for `'a`.
unsafe fn bytes<'a>(start: *const u8, len: c_int) -> &'a [u8] {
    if start.is_null() || len <= 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(start, len as usize) }
}
