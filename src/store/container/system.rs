//! What differs between systems: with locks of open file descriptions our own VFS, else SQLite's default one.

#[cfg(unix)]
pub use own::*;
#[cfg(not(unix))]
pub use plain::*;

#[cfg(unix)]
mod own {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use rusqlite::{Connection, ffi};

    pub use super::super::descriptor::{FileId, generation, no_fork};
    use super::super::{descriptor, vfs};

    use super::super::state::{Level, Others};
    use crate::error::{Code, Error, Result};
    pub use vfs::{NAME as VFS_NAME, register};

    /// The file that a name leads to now.
    pub fn file_at(path: &Path) -> Option<FileId> {
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        descriptor::status(&path).ok().map(|s| s.file)
    }

    pub fn file_of(connection: &Connection) -> Option<FileId> {
        vfs::file_id(connection).ok()
    }

    pub fn level(connection: &Connection) -> Result<Level> {
        Ok(Level::from_raw(ask(connection, ffi::SQLITE_FCNTL_LOCKSTATE)?))
    }

    pub fn others(connection: &Connection) -> Result<Others> {
        let bits = ask(connection, vfs::CONTROL_OTHERS)?;
        Ok(Others {
            shared: bits & vfs::OTHERS_SHARED != 0,
            reserved: bits & vfs::OTHERS_RESERVED != 0,
            pending: bits & vfs::OTHERS_PENDING != 0,
        })
    }

    pub fn is_moved(connection: &Connection) -> Result<bool> {
        Ok(ask(connection, ffi::SQLITE_FCNTL_HAS_MOVED)? != 0)
    }

    fn ask(connection: &Connection, code: i32) -> Result<i32> {
        vfs::control(connection, code).map_err(|code| Error::new(Code(code), "disk I/O error"))
    }
}

#[cfg(not(unix))]
mod plain {
    use std::ffi::CStr;
    use std::path::Path;

    use rusqlite::Connection;

    use super::super::state::{Level, Others};
    use crate::error::Result;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct FileId {
        pub device: u64,
        pub inode: u64,
    }

    pub const VFS_NAME: &CStr = c"win32";

    pub fn register() -> bool {
        false
    }

    /// There is no fork here.
    pub fn generation() -> u32 {
        0
    }

    pub fn no_fork() {}

    pub fn file_at(_: &Path) -> Option<FileId> {
        None
    }

    pub fn file_of(_: &Connection) -> Option<FileId> {
        None
    }

    /// The default VFS does not tell: a transaction's state says as much as the engine needs.
    pub fn level(connection: &Connection) -> Result<Level> {
        use rusqlite::TransactionState as State;
        Ok(match connection.transaction_state(Some(rusqlite::MAIN_DB)) {
            Ok(State::Write) => Level::Reserved,
            Ok(State::Read) => Level::Shared,
            _ => Level::None,
        })
    }

    /// Unknown; a caller that gives way when others wait gives way always.
    pub fn others(_: &Connection) -> Result<Others> {
        Ok(Others { shared: true, reserved: false, pending: true })
    }

    /// An open file cannot be moved there.
    pub fn is_moved(_: &Connection) -> Result<bool> {
        Ok(false)
    }
}
