//! An open file of a database: its main file, journal or log, as SQLite's pager reads and writes it.
//!
//! Invariant: SQLite holds a connection's mutex around every call, so a [`File`] has one user at a time. Memory-mapped
//! reading is not offered (version 2 of the methods). https://sqlite.org/c3ref/io_methods.html

#![allow(unsafe_code)] // Reading and writing through raw descriptors into SQLite's buffers.

use std::ffi::{CStr, CString, c_int, c_void};
use std::io;
use std::os::fd::RawFd;

use rusqlite::ffi;

use super::descriptor::{self, FileId, Request};
use super::fault::{self, Calls, Verdict};
use super::group;
use super::lock::{self, Refused};
use super::shm::Shm;
use super::state::{Level, Others};

/// More than a transfer of SQLite's ever is; keeps counts within what every system takes.
const TRANSFER_BYTES_MAX: usize = 0x1_ffff;

pub struct File {
    fd: RawFd,
    pub path: CString,
    file: FileId,
    /// The fork it belongs to: a child must not touch what its parent opened.
    pub generation: u32,
    /// A database's main file: the only kind with locks.
    pub is_main: bool,
    pub level: Level,
    /// The level that the library believes in, where a group's commit keeps a higher one.
    believed: Option<Level>,
    pub shm: Option<Shm>,
    /// The folder's entry is not synced yet: the first sync of a new journal does it.
    unsynced_name: bool,
    pub last_errno: c_int,
    /// The file grows in multiples of this; 0: as needed.
    pub chunk_bytes: i64,
    pub persist_wal: bool,
    pub powersafe_overwrite: bool,
}

/// How xOpen's flags translate.
pub struct Opened {
    pub file: File,
    pub read_only: bool,
}

impl File {
    /// Opens as the flags of xOpen say; without the right to write it falls back to reading, as SQLite's own VFS does.
    pub fn open(path: &CStr, flags: c_int, mode_of: Option<&CStr>, powersafe: bool) -> Result<Opened, c_int> {
        let kind = flags & 0x0f_ff00;
        let is_main = kind == ffi::SQLITE_OPEN_MAIN_DB;
        let creates = flags & ffi::SQLITE_OPEN_CREATE != 0;
        let journals = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;
        let is_new_journal = creates && kind & journals != 0;
        if fault::check(path.to_bytes(), Calls::OPEN) != Verdict::Proceed {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let of_database = kind & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL) != 0;
        let owner = match database_of(path, of_database) {
            Some(database) => Some(descriptor::status(&database).map_err(|_| ffi::SQLITE_IOERR_FSTAT)?),
            None => mode_of.map(descriptor::status).transpose().map_err(|_| ffi::SQLITE_IOERR_FSTAT)?,
        };
        let mode = owner.map(|o| o.mode & 0o777);
        let locks = is_main.then_some(lock::ALL);
        let attempt = |flags| descriptor::open(Request { path, flags: flags | libc::O_NOFOLLOW, mode, locks });
        let mut read_only = flags & ffi::SQLITE_OPEN_READONLY != 0;
        let mut wanted = if read_only { libc::O_RDONLY } else { libc::O_RDWR };
        if creates {
            wanted |= libc::O_CREAT;
        }
        if flags & ffi::SQLITE_OPEN_EXCLUSIVE != 0 {
            wanted |= libc::O_EXCL;
        }
        let fd = match attempt(wanted) {
            Ok(fd) => fd,
            Err(e) if is_new_journal && e.raw_os_error() == Some(libc::EACCES) && descriptor::status(path).is_err() => {
                return Err(ffi::SQLITE_READONLY_DIRECTORY);
            }
            Err(e) if e.raw_os_error() == Some(libc::EISDIR) || read_only => return Err(ffi::SQLITE_CANTOPEN),
            Err(_) => {
                read_only = true;
                attempt(libc::O_RDONLY).map_err(|_| ffi::SQLITE_CANTOPEN)?
            }
        };
        let status = descriptor::status_of_open(fd).map_err(|_| ffi::SQLITE_IOERR_FSTAT);
        let Ok(status) = status else {
            descriptor::release(fd);
            return Err(ffi::SQLITE_IOERR_FSTAT);
        };
        if of_database && let Some(owner) = owner {
            // SAFETY: plain system calls; only root may give files away.
            unsafe {
                if libc::geteuid() == 0 {
                    libc::fchown(fd, owner.owner.0, owner.owner.1);
                }
            }
        }
        let file = File {
            fd,
            path: path.to_owned(),
            file: status.file,
            generation: descriptor::generation(),
            is_main,
            level: Level::None,
            believed: None,
            shm: None,
            unsynced_name: is_new_journal,
            last_errno: 0,
            chunk_bytes: 0,
            persist_wal: false,
            powersafe_overwrite: powersafe,
        };
        Ok(Opened { file, read_only })
    }

    fn failed(&mut self, error: &io::Error, code: c_int) -> c_int {
        self.last_errno = error.raw_os_error().unwrap_or(0);
        code
    }

    fn verdict(&self, call: Calls) -> Verdict {
        fault::check(self.path.as_bytes(), call)
    }

    /// Fills the buffer; what lies past the end of the file reads as zeros.
    pub fn read(&mut self, buffer: &mut [u8], offset: i64) -> c_int {
        if self.verdict(Calls::READ) != Verdict::Proceed {
            return ffi::SQLITE_IOERR_READ;
        }
        let mut done = 0;
        while done < buffer.len() {
            let rest = &mut buffer[done..];
            let len = rest.len().min(TRANSFER_BYTES_MAX);
            // SAFETY: `len` bytes of a slice that is ours alone.
            let got = unsafe { libc::pread(self.fd, rest.as_mut_ptr().cast(), len, offset + done as i64) };
            match usize::try_from(got) {
                Ok(0) => break,
                Ok(got) => done += got,
                Err(_) => {
                    let error = io::Error::last_os_error();
                    if error.kind() == io::ErrorKind::Interrupted {
                        continue;
                    }
                    // These say that the medium is damaged, not that the request was wrong.
                    let damaged = matches!(error.raw_os_error(), Some(libc::ERANGE | libc::EIO | libc::ENXIO));
                    return self
                        .failed(&error, if damaged { ffi::SQLITE_IOERR_CORRUPTFS } else { ffi::SQLITE_IOERR_READ });
                }
            }
        }
        if done == buffer.len() {
            return ffi::SQLITE_OK;
        }
        self.last_errno = 0;
        buffer[done..].fill(0);
        ffi::SQLITE_IOERR_SHORT_READ
    }

    pub fn write(&mut self, mut bytes: &[u8], mut offset: i64) -> c_int {
        match group::before_write(self.path.as_bytes(), self.is_main, bytes, offset) {
            Ok(false) => {}
            Ok(true) => return ffi::SQLITE_OK,
            Err(error) => return self.failed(&error, ffi::SQLITE_IOERR_WRITE),
        }
        let after = match self.verdict(Calls::WRITE) {
            Verdict::Proceed => ffi::SQLITE_OK,
            Verdict::Fail => return ffi::SQLITE_IOERR_WRITE,
            Verdict::Half => {
                bytes = &bytes[..bytes.len() / 2];
                ffi::SQLITE_FULL
            }
        };
        while !bytes.is_empty() {
            let len = bytes.len().min(TRANSFER_BYTES_MAX);
            // SAFETY: `len` bytes of a slice.
            let wrote = unsafe { libc::pwrite(self.fd, bytes.as_ptr().cast(), len, offset) };
            match usize::try_from(wrote) {
                Ok(0) => {
                    self.last_errno = 0;
                    return ffi::SQLITE_FULL;
                }
                Ok(wrote) => {
                    bytes = &bytes[wrote..];
                    offset += wrote as i64;
                }
                Err(_) => {
                    let error = io::Error::last_os_error();
                    if error.kind() == io::ErrorKind::Interrupted {
                        continue;
                    }
                    let full = error.raw_os_error() == Some(libc::ENOSPC);
                    return self.failed(&error, if full { ffi::SQLITE_FULL } else { ffi::SQLITE_IOERR_WRITE });
                }
            }
        }
        after
    }

    pub fn truncate(&mut self, mut size: i64) -> c_int {
        if self.verdict(Calls::TRUNCATE) != Verdict::Proceed {
            return ffi::SQLITE_IOERR_TRUNCATE;
        }
        if !self.is_main && group::keeps_journal(self.path.as_bytes(), false) {
            return ffi::SQLITE_OK;
        }
        if self.chunk_bytes > 0 {
            size = (size + self.chunk_bytes - 1) / self.chunk_bytes * self.chunk_bytes;
        }
        loop {
            // SAFETY: a plain system call.
            if unsafe { libc::ftruncate(self.fd, size) } == 0 {
                return ffi::SQLITE_OK;
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return self.failed(&error, ffi::SQLITE_IOERR_TRUNCATE);
            }
        }
    }

    /// Makes the file durable, and a new journal's name too: a journal that a crash leaves without a name cannot roll back.
    pub fn sync(&mut self, flags: c_int) -> c_int {
        if self.verdict(Calls::SYNC) != Verdict::Proceed {
            return ffi::SQLITE_IOERR_FSYNC;
        }
        if let Err(error) = group::before_sync(self.path.as_bytes()) {
            return self.failed(&error, ffi::SQLITE_IOERR_FSYNC);
        }
        if let Err(error) = sync_descriptor(self.fd, flags & 0x0f == ffi::SQLITE_SYNC_FULL) {
            return self.failed(&error, ffi::SQLITE_IOERR_FSYNC);
        }
        if self.unsynced_name {
            sync_folder(&self.path);
            self.unsynced_name = false;
        }
        ffi::SQLITE_OK
    }

    pub fn size(&mut self) -> Result<i64, c_int> {
        match descriptor::status_of_open(self.fd) {
            // Stock SQLite on macOS may leave one byte in an empty database (its ticket 3260).
            Ok(status) => Ok(if status.size == 1 { 0 } else { status.size }),
            Err(error) => Err(self.failed(&error, ffi::SQLITE_IOERR_FSTAT)),
        }
    }

    pub fn lock(&mut self, wanted: Level) -> c_int {
        if !self.is_main || self.level >= wanted {
            self.believed = self.believed.map(|believed| believed.max(wanted));
            return ffi::SQLITE_OK;
        }
        if self.verdict(Calls::LOCK) != Verdict::Proceed {
            return ffi::SQLITE_IOERR_LOCK;
        }
        // EXCLUSIVE with a log open means that the log is to be removed: not while anybody has its index, even if his locks
        // on the main file were lost.
        if wanted > Level::Reserved && self.shm.as_ref().is_some_and(Shm::is_shared) {
            return ffi::SQLITE_BUSY;
        }
        let result = lock::raise(self.fd, &mut self.level, wanted);
        self.lock_code(result, ffi::SQLITE_IOERR_LOCK)
    }

    pub fn unlock(&mut self, wanted: Level) -> c_int {
        if !self.is_main {
            return ffi::SQLITE_OK;
        }
        if group::keeps_lock(self.path.as_bytes()) {
            self.believed = Some(wanted);
            return ffi::SQLITE_OK;
        }
        let result = lock::lower(self.fd, &mut self.level, wanted);
        self.lock_code(result, ffi::SQLITE_IOERR_UNLOCK)
    }

    /// Makes the lock what the library believes it to be.
    pub fn settle(&mut self) -> c_int {
        self.believed.take().map_or(ffi::SQLITE_OK, |level| self.unlock(level))
    }

    /// Takes back an EXCLUSIVE that the library has not asked for.
    pub fn lower_to_reserved(&mut self) -> c_int {
        let result = lock::lower_to_reserved(self.fd, &mut self.level);
        self.lock_code(result, ffi::SQLITE_IOERR_UNLOCK)
    }

    fn lock_code(&mut self, result: Result<(), Refused>, code: c_int) -> c_int {
        match result {
            Ok(()) => ffi::SQLITE_OK,
            Err(Refused::Busy) => ffi::SQLITE_BUSY,
            Err(Refused::Failed(error)) if error.raw_os_error() == Some(libc::EPERM) => {
                self.failed(&error, ffi::SQLITE_PERM)
            }
            Err(Refused::Failed(error)) => self.failed(&error, code),
            Err(Refused::Downgrade(error)) => self.failed(&error, ffi::SQLITE_IOERR_RDLOCK),
        }
    }

    pub fn is_reserved(&mut self) -> Result<bool, c_int> {
        if !self.is_main {
            return Ok(false);
        }
        lock::is_reserved(self.fd, self.level).map_err(|e| self.failed(&e, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK))
    }

    pub fn others(&mut self) -> Result<Others, c_int> {
        lock::others(self.fd).map_err(|e| self.failed(&e, ffi::SQLITE_IOERR_LOCK))
    }

    /// Whether the name leads to another file by now, or to none.
    pub fn has_moved(&self) -> bool {
        descriptor::status(&self.path).map_or(true, |s| s.file.inode != self.file.inode)
    }

    pub fn file_id(&self) -> FileId {
        self.file
    }

    pub fn shm(&mut self) -> Result<&mut Shm, c_int> {
        if self.shm.is_none() {
            self.shm = Some(Shm::open(&self.path, self.fd)?);
        }
        self.shm.as_mut().ok_or(ffi::SQLITE_IOERR_SHMOPEN)
    }

    /// Room for a file of this size, in whole chunks, so that the growing commit cannot fail half way.
    pub fn size_hint(&mut self, size: i64) -> c_int {
        if self.chunk_bytes <= 0 {
            return ffi::SQLITE_OK;
        }
        let target = (size + self.chunk_bytes - 1) / self.chunk_bytes * self.chunk_bytes;
        let current = match descriptor::status_of_open(self.fd) {
            Ok(status) => status.size,
            Err(error) => return self.failed(&error, ffi::SQLITE_IOERR_FSTAT),
        };
        // One byte a block of 4096 and the last one: what a system without posix_fallocate does, and enough for every one.
        for block in current / 4096..(target + 4095) / 4096 {
            let last = (block * 4096 + 4095).min(target - 1);
            if last >= current && self.write(&[0], last) != ffi::SQLITE_OK {
                return ffi::SQLITE_IOERR_WRITE;
            }
        }
        ffi::SQLITE_OK
    }

    /// Drops locks, index and descriptor. A child of a fork only forgets them: they are its parent's.
    pub fn close(mut self) {
        if self.generation != descriptor::generation() {
            std::mem::forget(self);
            return;
        }
        self.shm = None;
        // A failure means that the descriptor is bad: nothing is held then.
        let _ = self.unlock(Level::None);
        descriptor::release(self.fd);
    }
}

/// `app.db` of `app.db-journal`: the part before the last dash after the last dot.
fn database_of(path: &CStr, is_journal: bool) -> Option<CString> {
    let bytes = path.to_bytes();
    let dash = bytes.iter().rposition(|b| matches!(b, b'-' | b'.')).filter(|at| is_journal && *at > 0)?;
    if bytes[dash] == b'-' { CString::new(&bytes[..dash]).ok() } else { None }
}

fn sync_descriptor(fd: RawFd, full: bool) -> io::Result<()> {
    #[cfg(target_vendor = "apple")]
    // SAFETY: plain system calls. F_FULLFSYNC reaches the medium; not every file system knows it.
    let code = unsafe { if full && libc::fcntl(fd, libc::F_FULLFSYNC, 0) == 0 { 0 } else { libc::fsync(fd) } };
    #[cfg(not(target_vendor = "apple"))]
    // SAFETY: a plain system call. It also writes a changed size, and that is all of the inode that matters here.
    let code = unsafe {
        let _ = full;
        libc::fdatasync(fd)
    };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Not every system can sync a folder: failures are ignored, as SQLite does.
pub(super) fn sync_folder(path: &CStr) {
    let bytes = path.to_bytes();
    let folder = match bytes.iter().rposition(|b| *b == b'/') {
        Some(0) => &b"/"[..],
        Some(slash) => &bytes[..slash],
        None => b".",
    };
    let Ok(folder) = CString::new(folder) else { return };
    // SAFETY: the path ends in NUL; the descriptor is closed here and nowhere else.
    unsafe {
        let fd = libc::open(folder.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if fd >= 0 {
            let _ = sync_descriptor(fd, false);
            libc::close(fd);
        }
    }
}

/// A pointer from SQLite as a slice.
///
/// # Safety
/// `data` must be `len` writable bytes that nobody else uses for `'a`.
pub unsafe fn buffer<'a>(data: *mut c_void, len: c_int) -> &'a mut [u8] {
    // SAFETY: as the caller promises; SQLite's buffers are initialised memory.
    unsafe { std::slice::from_raw_parts_mut(data.cast(), usize::try_from(len).unwrap_or(0)) }
}
