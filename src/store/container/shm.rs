//! The index of a write-ahead log: the file `-shm`, mapped, and its locks (https://sqlite.org/walformat.html, section 2).
//!
//! Bytes 120..128 of the file carry SQLite's eight locks, byte 128 is the *dead man's switch*: whoever has the index open
//! holds a read lock on it; who finds it free is the first and empties the index, since what is left of a crash must
//! not be believed. Stock SQLite shares one descriptor among the connections of a process; with locks that belong to
//! descriptions every connection has its own, and its own mapping of the same pages.

#![allow(unsafe_code)] // mmap(2) and writing through it by SQLite.

use std::ffi::{CStr, CString, c_int, c_void};
use std::io;
use std::os::fd::RawFd;
use std::ptr;

use rusqlite::ffi;

use super::descriptor::{self, Request};
use super::fault::{self, Calls, Verdict};
use super::ofd::{self, Mode, Range};

const FIRST_LOCK: i64 = 120;
const SWITCH: Range = Range { start: FIRST_LOCK + ffi::SQLITE_SHM_NLOCK as i64, len: 1 };
const READERS: Range = Range { start: FIRST_LOCK + 3, len: ffi::SQLITE_SHM_NLOCK as i64 - 3 };
/// Everything that a lock of an index can lie on.
const ALL: Range = Range { start: FIRST_LOCK, len: ffi::SQLITE_SHM_NLOCK as i64 + 1 };
/// The least that a file grows by, so that a write to a mapped page cannot find the disk full.
const PAGE_BYTES: i64 = 4096;

/// One connection's view of the index.
pub struct Shm {
    fd: RawFd,
    path: CString,
    read_only: bool,
    /// A reader that may not write found nobody who keeps the index alive: it asks again at the next map.
    unlocked: bool,
    /// Locks that this connection holds, a bit each.
    shared: u32,
    exclusive: u32,
    maps: Vec<Map>,
}

struct Map {
    start: *mut c_void,
    len: usize,
}

/// How many regions one mapping covers: more than one where pages of memory are larger than a region.
fn regions_per_map(region_bytes: usize) -> usize {
    // SAFETY: a question without arguments that matter.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(1);
    (page / region_bytes).max(1)
}

impl Shm {
    /// Opens the index of a database, creating it with the database's permissions and owner.
    pub fn open(database: &CStr, database_fd: RawFd) -> Result<Shm, c_int> {
        let path = CString::new([database.to_bytes(), b"-shm"].concat()).map_err(|_| ffi::SQLITE_CANTOPEN)?;
        if fault::check(path.as_bytes(), Calls::OPEN) != Verdict::Proceed {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let owner = descriptor::status_of_open(database_fd).map_err(|_| ffi::SQLITE_IOERR_FSTAT)?;
        let attempt = |flags| {
            let flags = flags | libc::O_NOFOLLOW;
            descriptor::open(Request { path: &path, flags, mode: Some(owner.mode & 0o777), locks: Some(ALL) })
        };
        let (fd, read_only) = match attempt(libc::O_RDWR | libc::O_CREAT) {
            Ok(fd) => (fd, false),
            Err(_) => (attempt(libc::O_RDONLY).map_err(|_| ffi::SQLITE_CANTOPEN)?, true),
        };
        // SAFETY: plain system calls; only root may give files away, others fail harmlessly.
        unsafe {
            if libc::geteuid() == 0 {
                libc::fchown(fd, owner.owner.0, owner.owner.1);
            }
        }
        let mut shm = Shm { fd, path, read_only, unlocked: false, shared: 0, exclusive: 0, maps: Vec::new() };
        match shm.attach() {
            Ok(()) => {}
            Err(ffi::SQLITE_READONLY_CANTINIT) => shm.unlocked = true,
            Err(code) => return Err(code),
        }
        Ok(shm)
    }

    /// Takes the dead man's switch; empties the index if nobody else has it.
    fn attach(&mut self) -> Result<(), c_int> {
        if fault::check(self.path.as_bytes(), Calls::LOCK) != Verdict::Proceed {
            return Err(ffi::SQLITE_IOERR_LOCK);
        }
        match ofd::holder(self.fd, Mode::Write, SWITCH).map_err(|_| ffi::SQLITE_IOERR_LOCK)? {
            Mode::None if self.read_only => return Err(ffi::SQLITE_READONLY_CANTINIT),
            Mode::None => {
                ofd::set(self.fd, Mode::Write, SWITCH).map_err(|_| ffi::SQLITE_BUSY)?;
                // Three bytes, as stock SQLite does: less than a header, yet tells a wanted truncation from an accident.
                // SAFETY: a plain system call on a descriptor of ours.
                if unsafe { libc::ftruncate(self.fd, 3) } != 0 {
                    return Err(ffi::SQLITE_IOERR_SHMOPEN);
                }
            }
            Mode::Read => {}
            // Somebody is just emptying it. Waiting for a read lock here instead would accept an index whose emptying failed.
            Mode::Write => return Err(ffi::SQLITE_BUSY),
        }
        ofd::set(self.fd, Mode::Read, SWITCH).map_err(|_| ffi::SQLITE_BUSY)
    }

    /// The memory of a region, or null if it does not exist and is not to be made. The second part is the call's code:
    /// SQLITE_READONLY goes along with memory.
    pub fn map(&mut self, region: usize, region_bytes: usize, extend: bool) -> Result<(*mut c_void, c_int), c_int> {
        if self.unlocked {
            self.attach()?;
            self.unlocked = false;
        }
        let per_map = regions_per_map(region_bytes);
        let map_bytes = per_map * region_bytes;
        let maps = region / per_map + 1;
        let code = if self.read_only { ffi::SQLITE_READONLY } else { ffi::SQLITE_OK };
        if self.maps.len() < maps {
            let needed = (maps * map_bytes) as i64;
            let size = descriptor::status_of_open(self.fd).map_err(|_| ffi::SQLITE_IOERR_SHMSIZE)?.size;
            if size < needed {
                if !extend {
                    return Ok((ptr::null_mut(), code));
                }
                self.grow(size, needed)?;
            }
        }
        while self.maps.len() < maps {
            let offset = (self.maps.len() * map_bytes) as libc::off_t;
            let access = if self.read_only { libc::PROT_READ } else { libc::PROT_READ | libc::PROT_WRITE };
            // SAFETY: a new mapping at a place of the system's choice; the file is long enough (checked or grown above) and is
            // truncated only by who holds the switch alone.
            let start = unsafe { libc::mmap(ptr::null_mut(), map_bytes, access, libc::MAP_SHARED, self.fd, offset) };
            if start == libc::MAP_FAILED {
                return Err(ffi::SQLITE_IOERR_SHMMAP);
            }
            self.maps.push(Map { start, len: map_bytes });
        }
        let map = &self.maps[region / per_map];
        // SAFETY: `region % per_map` regions fit into the mapping.
        Ok((unsafe { map.start.byte_add(region % per_map * region_bytes) }, code))
    }

    /// Writes the last byte of every page between, so that the system has to find room for them now.
    fn grow(&self, size: i64, needed: i64) -> Result<(), c_int> {
        for page in size / PAGE_BYTES..needed / PAGE_BYTES {
            if fault::check(self.path.as_bytes(), Calls::WRITE) != Verdict::Proceed {
                return Err(ffi::SQLITE_IOERR_SHMSIZE);
            }
            let last = page * PAGE_BYTES + PAGE_BYTES - 1;
            // SAFETY: one byte of a constant.
            if unsafe { libc::pwrite(self.fd, c"".as_ptr().cast(), 1, last) } != 1 {
                return Err(ffi::SQLITE_IOERR_SHMSIZE);
            }
        }
        Ok(())
    }

    /// Takes or drops locks `first .. first + count`. SQLite never asks to change a shared lock into an exclusive one.
    pub fn lock(&mut self, first: c_int, count: c_int, flags: c_int) -> c_int {
        let mask = ((1u32 << count) - 1) << first;
        let range = Range { start: FIRST_LOCK + i64::from(first), len: i64::from(count) };
        let exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
        let unlock = flags & ffi::SQLITE_SHM_UNLOCK != 0;
        let mode = match (unlock, exclusive) {
            (true, _) if (self.shared | self.exclusive) & mask == 0 => return ffi::SQLITE_OK,
            (true, _) => Mode::None,
            (false, true) => Mode::Write,
            (false, false) if self.shared & mask != 0 => return ffi::SQLITE_OK,
            (false, false) => Mode::Read,
        };
        if !unlock && fault::check(self.path.as_bytes(), Calls::LOCK) != Verdict::Proceed {
            return ffi::SQLITE_IOERR_SHMLOCK;
        }
        if ofd::set(self.fd, mode, range).is_err() {
            return ffi::SQLITE_BUSY;
        }
        match mode {
            Mode::None => {
                self.shared &= !mask;
                self.exclusive &= !mask;
            }
            Mode::Read => self.shared |= mask,
            Mode::Write => self.exclusive |= mask,
        }
        ffi::SQLITE_OK
    }

    /// Whether anybody else has the index open.
    pub fn is_shared(&self) -> bool {
        !matches!(ofd::holder(self.fd, Mode::Write, SWITCH), Ok(Mode::None) | Err(_))
    }

    /// Whether anybody else reads in a transaction.
    pub fn has_reader(&self) -> io::Result<bool> {
        Ok(ofd::holder(self.fd, Mode::Write, READERS)? != Mode::None)
    }

    /// Removes the file's name if nobody else has the index: what the last connection does.
    pub fn delete_if_last(&self) {
        if !self.is_shared() {
            // SAFETY: the path ends in NUL.
            unsafe { libc::unlink(self.path.as_ptr()) };
        }
    }
}

impl Drop for Shm {
    fn drop(&mut self) {
        for map in &self.maps {
            // SAFETY: mapped here and not used by SQLite after xShmUnmap or xClose.
            unsafe { libc::munmap(map.start, map.len) };
        }
        // A failure means that the descriptor is bad: nothing is held then.
        let _ = ofd::set(self.fd, Mode::None, ALL);
        descriptor::release(self.fd);
    }
}
