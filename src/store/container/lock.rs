//! The five states of a database file's lock (https://sqlite.org/lockingv3.html), on the same bytes as stock SQLite.
//!
//! | state     | lock of this descriptor                                              |
//! |-----------|----------------------------------------------------------------------|
//! | SHARED    | read lock on the shared bytes, taken under a read lock on PENDING      |
//! | RESERVED  | and a write lock on RESERVED                                         |
//! | PENDING   | and a write lock on PENDING: no new SHARED                           |
//! | EXCLUSIVE | and a write lock on the shared bytes: no SHARED at all               |
//!
//! Invariant: [`Level`] never claims more than the descriptor holds. Waiting is the caller's.

use std::io;
use std::os::fd::RawFd;

use super::ofd::{self, Mode, Range};
use super::state::{Level, Others};

pub const PENDING: Range = Range { start: 0x4000_0000, len: 1 };
pub const RESERVED: Range = Range { start: PENDING.start + 1, len: 1 };
pub const SHARED: Range = Range { start: PENDING.start + 2, len: 510 };
/// Everything that a lock of a database file can lie on.
pub const ALL: Range = Range { start: PENDING.start, len: 512 };

/// Why a lock was not taken.
#[derive(Debug)]
pub enum Refused {
    Busy,
    /// Locking itself failed.
    Failed(io::Error),
    /// A read lock could not replace a write lock: somebody does not follow the protocol.
    Downgrade(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        if ofd::is_busy(&error) { Refused::Busy } else { Refused::Failed(error) }
    }
}

/// Raises the level to `wanted`. On failure it may have been raised in part (to PENDING), which a later call builds on.
pub fn raise(fd: RawFd, level: &mut Level, wanted: Level) -> Result<(), Refused> {
    if *level >= wanted {
        return Ok(());
    }
    match wanted {
        Level::None => {}
        Level::Shared => {
            ofd::set(fd, Mode::Read, PENDING)?;
            let shared = ofd::set(fd, Mode::Read, SHARED);
            let dropped = ofd::set(fd, Mode::None, PENDING);
            shared?;
            dropped.map_err(Refused::Failed)?;
        }
        Level::Reserved => ofd::set(fd, Mode::Write, RESERVED)?,
        Level::Pending | Level::Exclusive => {
            // From SHARED straight to EXCLUSIVE is the rollback of a hot journal: it takes no PENDING, so that two who
            // try at once do not both wait for the other's SHARED.
            if *level == Level::Reserved {
                ofd::set(fd, Mode::Write, PENDING)?;
                *level = Level::Pending;
            }
            ofd::set(fd, Mode::Write, SHARED)?;
        }
    }
    *level = wanted;
    Ok(())
}

/// Lowers the level to SHARED or NONE.
pub fn lower(fd: RawFd, level: &mut Level, wanted: Level) -> Result<(), Refused> {
    if *level <= wanted {
        return Ok(());
    }
    if wanted == Level::Shared {
        // First the read lock, then the bytes before it: at no moment may another writer slip in.
        ofd::set(fd, Mode::Read, SHARED).map_err(Refused::Downgrade)?;
        ofd::set(fd, Mode::None, Range { start: PENDING.start, len: 2 }).map_err(Refused::Failed)?;
        *level = Level::Shared;
    } else {
        ofd::set(fd, Mode::None, ALL).map_err(Refused::Failed)?;
        *level = Level::None;
    }
    Ok(())
}

/// Lowers a level above RESERVED to it.
pub fn lower_to_reserved(fd: RawFd, level: &mut Level) -> Result<(), Refused> {
    if *level > Level::Reserved {
        ofd::set(fd, Mode::Read, SHARED).map_err(Refused::Downgrade)?;
        ofd::set(fd, Mode::None, PENDING).map_err(Refused::Failed)?;
        *level = Level::Reserved;
    }
    Ok(())
}

/// Whether anybody, this descriptor included, holds RESERVED or more: then a journal beside the file is not hot.
pub fn is_reserved(fd: RawFd, level: Level) -> io::Result<bool> {
    Ok(level > Level::Shared || ofd::holder(fd, Mode::Write, RESERVED)? != Mode::None)
}

pub fn others(fd: RawFd) -> io::Result<Others> {
    Ok(Others {
        shared: ofd::holder(fd, Mode::Write, SHARED)? != Mode::None,
        reserved: ofd::holder(fd, Mode::Write, RESERVED)? != Mode::None,
        // Whoever is just taking SHARED has a read lock here, for a moment.
        pending: ofd::holder(fd, Mode::Read, PENDING)? != Mode::None,
    })
}
