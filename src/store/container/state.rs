//! The locks of a database file: ours, and what others hold.

use super::open::Container;
use super::system;
use crate::error::Result;

/// Numbered as `SQLITE_LOCK_NONE` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    None = 0,
    Shared = 1,
    Reserved = 2,
    Pending = 3,
    Exclusive = 4,
}

impl Level {
    pub fn from_raw(raw: i32) -> Level {
        match raw {
            ..=0 => Level::None,
            1 => Level::Shared,
            2 => Level::Reserved,
            3 => Level::Pending,
            4.. => Level::Exclusive,
        }
    }
}

/// What other users of the file hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// Somebody reads (or, in WAL mode, merely has the file open).
    pub shared: bool,
    /// Somebody prepares a write.
    pub reserved: bool,
    /// Somebody waits for readers to leave.
    pub pending: bool,
}

impl Container {
    /// The lock on the main file. In WAL mode it stays SHARED between transactions.
    pub fn level(&self) -> Result<Level> {
        system::level(&self.parts()?.connection)
    }

    /// What others hold on the main file now. In WAL mode readers and writers show in the log's index instead.
    pub fn others(&self) -> Result<Others> {
        system::others(&self.parts()?.connection)
    }

    /// Whether a writer waits for readers to leave. Does not wait: false while the container is busy.
    pub fn is_awaited(&self) -> bool {
        self.free_parts().is_some_and(|parts| system::others(&parts.connection).is_ok_and(|others| others.pending))
    }

    /// Whether the file's name leads to another file by now, or to none (`SQLITE_FCNTL_HAS_MOVED`).
    pub fn is_moved(&self) -> Result<bool> {
        system::is_moved(&self.parts()?.connection)
    }
}
