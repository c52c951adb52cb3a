//! Byte-range locks that belong to an open file description (`F_OFD_SETLK`), not to the process.
//!
//! They conflict with the POSIX locks of stock SQLite in every process, our own included, and with the locks of our other
//! descriptions of the same file. Only closing the description drops them, never the closing of another one.
//! See fcntl(2), "Open file description locks".

#![allow(unsafe_code)] // fcntl(2) has no safe form.

use std::io;
use std::os::fd::RawFd;

/// Bytes of a file, as locks name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: i64,
    pub len: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    None,
    Read,
    Write,
}

impl Mode {
    fn raw(self) -> libc::c_short {
        let raw = match self {
            Mode::None => libc::F_UNLCK,
            Mode::Read => libc::F_RDLCK,
            Mode::Write => libc::F_WRLCK,
        };
        raw as libc::c_short
    }
}

fn flock(mode: Mode, range: Range) -> libc::flock {
    // SAFETY: `flock` is plain data; zero is a value of every field (and `l_pid` must be zero here).
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = mode.raw();
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = range.start;
    lock.l_len = range.len;
    lock
}

/// Takes, changes or drops the description's lock on all of the range, or changes nothing. Never waits.
pub fn set(fd: RawFd, mode: Mode, range: Range) -> io::Result<()> {
    let lock = flock(mode, range);
    // SAFETY: the command reads one `flock`, which lives until the call returns.
    if unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, &lock) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A lock of somebody else that would refuse `mode` on the range: its own mode, or `Mode::None`.
pub fn holder(fd: RawFd, mode: Mode, range: Range) -> io::Result<Mode> {
    let mut lock = flock(mode, range);
    // SAFETY: the command reads and writes one `flock`, which lives until the call returns.
    if unsafe { libc::fcntl(fd, libc::F_OFD_GETLK, &mut lock) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(match libc::c_int::from(lock.l_type) {
        t if t == libc::c_int::from(Mode::None.raw()) => Mode::None,
        t if t == libc::c_int::from(Mode::Read.raw()) => Mode::Read,
        _ => Mode::Write,
    })
}

/// Whether the error says that somebody else holds a lock (and not that locking is impossible here).
/// The list is that of stock SQLite: network file systems answer with any of them.
pub fn is_busy(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EACCES | libc::EAGAIN | libc::ETIMEDOUT | libc::EBUSY | libc::EINTR | libc::ENOLCK)
    )
}
