//! The one public error: SQLite's extended result codes with SQLite's messages.
//!
//! Codes follow https://sqlite.org/rescode.html.

use std::fmt;

/// An extended SQLite result code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub i32);

impl Code {
    pub const ERROR: Code = Code(1);
    pub const INTERNAL: Code = Code(2);
    pub const PERM: Code = Code(3);
    pub const ABORT: Code = Code(4);
    pub const BUSY: Code = Code(5);
    pub const LOCKED: Code = Code(6);
    pub const NOMEM: Code = Code(7);
    pub const READONLY: Code = Code(8);
    pub const INTERRUPT: Code = Code(9);
    pub const IOERR: Code = Code(10);
    pub const CORRUPT: Code = Code(11);
    pub const NOTFOUND: Code = Code(12);
    pub const FULL: Code = Code(13);
    pub const CANTOPEN: Code = Code(14);
    pub const SCHEMA: Code = Code(17);
    pub const TOOBIG: Code = Code(18);
    pub const CONSTRAINT: Code = Code(19);
    pub const MISMATCH: Code = Code(20);
    pub const MISUSE: Code = Code(21);
    pub const AUTH: Code = Code(23);
    pub const RANGE: Code = Code(25);
    pub const NOTADB: Code = Code(26);

    pub const ABORT_ROLLBACK: Code = Code(4 | 2 << 8);
    pub const BUSY_SNAPSHOT: Code = Code(5 | 2 << 8);
    pub const CONSTRAINT_CHECK: Code = Code(19 | 1 << 8);
    pub const CONSTRAINT_COMMITHOOK: Code = Code(19 | 2 << 8);
    pub const CONSTRAINT_FOREIGNKEY: Code = Code(19 | 3 << 8);
    pub const CONSTRAINT_FUNCTION: Code = Code(19 | 4 << 8);
    pub const CONSTRAINT_NOTNULL: Code = Code(19 | 5 << 8);
    pub const CONSTRAINT_PRIMARYKEY: Code = Code(19 | 6 << 8);
    pub const CONSTRAINT_TRIGGER: Code = Code(19 | 7 << 8);
    pub const CONSTRAINT_UNIQUE: Code = Code(19 | 8 << 8);
    pub const CONSTRAINT_VTAB: Code = Code(19 | 9 << 8);
    pub const CONSTRAINT_ROWID: Code = Code(19 | 10 << 8);
    pub const CONSTRAINT_DATATYPE: Code = Code(19 | 12 << 8);

    /// The primary code: the low byte.
    pub fn primary(self) -> Code {
        Code(self.0 & 0xff)
    }
}

/// One word wide, so that results of expressions stay small; the fields are those of [`Failure`].
pub struct Error(Box<Failure>);

#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    pub message: String,
    /// Byte offset in the statement's text where known (`sqlite3_error_offset`).
    pub offset: Option<usize>,
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Set while RAISE travels from a trigger to the statement that fired it.
    pub raise: Option<heliosdb_dialect::ast::RaiseAction>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error(Box::new(Failure { code, message: message.into(), offset: None, source: None, raise: None }))
    }

    /// SQLITE_ERROR: the statement is wrong.
    pub fn sql(message: impl Into<String>) -> Error {
        Error::new(Code::ERROR, message)
    }

    /// A construct this version does not run; names it.
    pub fn unsupported(construct: impl fmt::Display) -> Error {
        Error::sql(format!("not supported yet: {construct}"))
    }

    /// A broken invariant of ours.
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(Code::INTERNAL, message)
    }

    pub fn interrupted() -> Error {
        Error::new(Code::INTERRUPT, "interrupted")
    }

    pub fn too_big() -> Error {
        Error::new(Code::TOOBIG, "string or blob too big")
    }

    pub fn no_memory() -> Error {
        Error::new(Code::NOMEM, "out of memory")
    }

    pub fn mismatch() -> Error {
        Error::new(Code::MISMATCH, "datatype mismatch")
    }

    pub fn at(mut self, offset: usize) -> Error {
        self.offset = Some(offset);
        self
    }
}

impl std::ops::Deref for Error {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl std::ops::DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e.as_ref() as _)
    }
}

impl From<heliosdb_udfs::signature::FunctionError> for Error {
    fn from(e: heliosdb_udfs::signature::FunctionError) -> Error {
        use heliosdb_udfs::signature::FunctionError as F;
        match e {
            F::Error(message) => Error::sql(message),
            F::TooBig => Error::too_big(),
            F::NoMemory => Error::no_memory(),
            F::Mismatch => Error::mismatch(),
        }
    }
}
