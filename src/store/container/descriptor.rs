//! Every descriptor that our VFS has open, and when it may be closed.
//!
//! Closing *any* descriptor of a file drops all POSIX locks that the process holds on it: those of another copy of SQLite in our
//! process, which knows nothing of us. So a descriptor of a file that carries locks is closed only under a lock of
//! ours over the whole lock range, which proves that nobody holds one; else it is parked, taken again by the next open of
//! that file, and closed at a later open or close that finds the file free and not in use by us. Stock users see such a lock, if at all, as a
//! busy file for the time of one close(2).
//!
//! A forked child shares the open file descriptions of its parent: its unlocking would unlock the parent, and its mere
//! existence would keep the locks of a parent that died. So the child closes all of them before `fork` returns, when it
//! cannot hold locks of its own yet; [`generation`] tells what was opened before.

#![allow(unsafe_code)] // System calls on raw descriptors, and the handlers of pthread_atfork.

use std::cell::Cell;
use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::ofd::{self, Mode, Range};

/// A file, whatever it is called: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    pub device: u64,
    pub inode: u64,
}

struct Descriptor {
    fd: RawFd,
    file: FileId,
    writable: bool,
    /// Where this kind of file carries locks; `None` if nobody locks it.
    locks: Option<Range>,
    /// Nobody uses it: it waits until closing it harms no one.
    parked: bool,
}

static OPEN: Mutex<Vec<Descriptor>> = Mutex::new(Vec::new());
/// Held while a database is opened: no fork may copy the process in the middle of that.
static GATE: Mutex<()> = Mutex::new(());
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the first process and this one. What an older generation opened must not be touched.
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Keeps forks out for as long as the guard lives.
pub fn no_fork() -> MutexGuard<'static, ()> {
    forget_in_children();
    GATE.lock()
}

/// What `stat` says, as far as we ask.
#[derive(Clone, Copy)]
pub struct Status {
    pub file: FileId,
    pub size: i64,
    pub mode: libc::mode_t,
    pub owner: (libc::uid_t, libc::gid_t),
}

fn status_of(call: impl FnOnce(*mut libc::stat) -> libc::c_int) -> io::Result<Status> {
    let mut buffer = std::mem::MaybeUninit::<libc::stat>::zeroed();
    if call(buffer.as_mut_ptr()) != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `stat` is plain data, zeroed at first, filled by the call that succeeded.
    let stat = unsafe { buffer.assume_init() };
    #[allow(clippy::unnecessary_cast, reason = "widths differ between systems")]
    let file = FileId { device: stat.st_dev as u64, inode: stat.st_ino as u64 };
    Ok(Status { file, size: stat.st_size, mode: stat.st_mode, owner: (stat.st_uid, stat.st_gid) })
}

pub fn status(path: &CStr) -> io::Result<Status> {
    // SAFETY: the path ends in NUL; the buffer is as large as `stat`.
    status_of(|buffer| unsafe { libc::stat(path.as_ptr(), buffer) })
}

pub fn status_of_open(fd: RawFd) -> io::Result<Status> {
    // SAFETY: the buffer is as large as `stat`; a bad descriptor is an error.
    status_of(|buffer| unsafe { libc::fstat(fd, buffer) })
}

/// What to open and how.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub path: &'a CStr,
    /// `O_…` besides `O_CLOEXEC`.
    pub flags: libc::c_int,
    /// Exact permissions of a file that this call creates; `None`: 0644 less the process's mask.
    pub mode: Option<libc::mode_t>,
    pub locks: Option<Range>,
}

/// Opens a file, or takes a parked descriptor of the same file.
pub fn open(request: Request<'_>) -> io::Result<RawFd> {
    forget_in_children();
    let writable = request.flags & libc::O_ACCMODE == libc::O_RDWR;
    let mut table = OPEN.lock();
    if request.locks.is_some()
        && let Ok(status) = status(request.path)
    {
        let same = |d: &&mut Descriptor| d.parked && d.file == status.file && d.writable == writable;
        if let Some(parked) = table.iter_mut().find(same) {
            parked.parked = false;
            return Ok(parked.fd);
        }
    }
    sweep(&mut table);
    let fd = open_above_standard(request)?;
    // Without the file's identity it cannot be told whether closing is harmless: after a failure the descriptor stays open.
    let status = status_of_open(fd)?;
    if let Some(mode) = request.mode
        && status.size == 0
        && status.mode & 0o777 != mode
    {
        // SAFETY: a plain system call on a descriptor that we own. A failure leaves the permissions of the mask.
        unsafe { libc::fchmod(fd, mode) };
    }
    table.push(Descriptor { fd, file: status.file, writable, locks: request.locks, parked: false });
    Ok(fd)
}

/// A database in place of standard output would be overwritten by the next message: numbers below 3 are filled first.
fn open_above_standard(request: Request<'_>) -> io::Result<RawFd> {
    for standard in 0..3 {
        // SAFETY: plain system calls; the path ends in NUL. /dev/null takes the free number, which is the lowest one.
        unsafe {
            if libc::fcntl(standard, libc::F_GETFD) < 0 {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
            }
        }
    }
    let mode = libc::c_uint::from(request.mode.unwrap_or(0o644));
    loop {
        // SAFETY: the path ends in NUL.
        let fd = unsafe { libc::open(request.path.as_ptr(), request.flags | libc::O_CLOEXEC, mode) };
        if fd >= 0 {
            return Ok(fd);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Gives a descriptor back. The caller has dropped its own locks.
pub fn release(fd: RawFd) {
    let mut table = OPEN.lock();
    if let Some(own) = table.iter_mut().find(|d| d.fd == fd) {
        own.parked = true;
    }
    sweep(&mut table);
}

/// Closes what is parked and free. Of a file that we have open nothing is: the lock would be in the way of our own users.
fn sweep(table: &mut Vec<Descriptor>) {
    let in_use: Vec<FileId> = table.iter().filter(|d| !d.parked).map(|d| d.file).collect();
    table.retain(|d| !(d.parked && !in_use.contains(&d.file) && close_if_free(d)));
}

fn close_if_free(descriptor: &Descriptor) -> bool {
    let fd = descriptor.fd;
    if let Some(range) = descriptor.locks {
        // A descriptor without write access cannot lock against readers, only ask; between the asking and the closing a lock
        // could come, but only in our own process, and only if it too opened a file that it cannot write.
        if !matches!(ofd::holder(fd, Mode::Write, range), Ok(Mode::None) | Err(_)) {
            return false;
        }
        if descriptor.writable && ofd::set(fd, Mode::Write, range).is_err_and(|e| ofd::is_busy(&e)) {
            return false;
        }
    }
    // SAFETY: the descriptor is ours and leaves the table, so nobody uses its number again. After a failure it is closed too.
    unsafe { libc::close(fd) };
    true
}

/// How many descriptors of a file wait to be closed.
#[cfg(test)]
pub fn parked(file: FileId) -> usize {
    OPEN.lock().iter().filter(|d| d.parked && d.file == file).count()
}

fn forget_in_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the three handlers only use the table below and system calls.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork_in_parent), Some(after_fork_in_child)) };
    });
}

thread_local! {
    /// Both locks, from before a fork until after it, in the thread that forks.
    static HELD: Cell<Option<Held>> = const { Cell::new(None) };
}

struct Held {
    _gate: MutexGuard<'static, ()>,
    open: MutexGuard<'static, Vec<Descriptor>>,
}

extern "C" fn before_fork() {
    HELD.set(Some(Held { _gate: GATE.lock(), open: OPEN.lock() }));
}

extern "C" fn after_fork_in_parent() {
    HELD.take();
}

extern "C" fn after_fork_in_child() {
    let Some(mut held) = HELD.take() else { return };
    for descriptor in held.open.iter() {
        // SAFETY: a copy that nobody in the child uses: every user compares generations first.
        unsafe { libc::close(descriptor.fd) };
    }
    held.open.clear(); // Frees nothing: no allocator may run here.
    GENERATION.fetch_add(1, Ordering::Relaxed);
}
