//! The SQLite VFS "heliosdb": files with locks of their own descriptors, everything else as SQLite's VFS "unix" does it.
//!
//! Names, existence, deletion, time, sleep and temporary files without a name are the other VFS's functions; this file is
//! the bridge between SQLite's tables of C functions and [`File`]. https://sqlite.org/vfs.html

#![allow(unsafe_code)] // The C interface of a VFS is pointers.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::ffi;

use super::descriptor;
use super::fault::{self, Calls, Verdict};
use super::file::{self, File};
use super::group;
use super::state::Level;

pub const NAME: &CStr = c"heliosdb";

/// A question of our own to xFileControl: what others hold, as an `int` with the bits below.
pub const CONTROL_OTHERS: c_int = 0x4845_4c31;
pub const OTHERS_SHARED: c_int = 1;
pub const OTHERS_RESERVED: c_int = 2;
pub const OTHERS_PENDING: c_int = 4;
/// The main file's device and inode, as two `u64`.
pub const CONTROL_FILE_ID: c_int = 0x4845_4c32;

/// For a commit of several files (`group`): EXCLUSIVE beforehand, back to RESERVED, and the lock as the library has it.
pub const CONTROL_EXCLUSIVE: c_int = 0x4845_4c33;
pub const CONTROL_RESERVED: c_int = 0x4845_4c34;
pub const CONTROL_SETTLE: c_int = 0x4845_4c35;

/// What SQLite allocates for a file of ours; a temporary file of the VFS "unix" takes the same place.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    file: *mut File,
}

struct Registered {
    vfs: *mut ffi::sqlite3_vfs,
    unix: *mut ffi::sqlite3_vfs,
}

// SAFETY: both point to tables that are never written after registration and never freed.
unsafe impl Send for Registered {}
// SAFETY: as above.
unsafe impl Sync for Registered {}

static REGISTERED: OnceLock<Option<Registered>> = OnceLock::new();

/// Registers the VFS once a process. False if SQLite has no VFS "unix" or no memory.
pub fn register() -> bool {
    REGISTERED.get_or_init(registration).is_some()
}

fn registration() -> Option<Registered> {
    // SAFETY: the name ends in NUL; the answer is null or a table that lives as long as the process.
    unsafe {
        let unix = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        if unix.is_null() {
            return None;
        }
        let mut table = *unix;
        table.szOsFile = table.szOsFile.max(size_of::<Handle>() as c_int);
        table.pNext = ptr::null_mut();
        table.zName = NAME.as_ptr();
        table.xOpen = Some(open);
        table.xDelete = Some(delete);
        let vfs = Box::into_raw(Box::new(table));
        (ffi::sqlite3_vfs_register(vfs, 0) == ffi::SQLITE_OK).then_some(Registered { vfs, unix })
    }
}

fn unix() -> *mut ffi::sqlite3_vfs {
    REGISTERED.get().and_then(Option::as_ref).map_or(ptr::null_mut(), |r| {
        debug_assert!(!r.vfs.is_null());
        r.unix
    })
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    handle: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives room for `szOsFile` bytes, a name that is null or ends in NUL and, for a main file, has its URI
    // parameters behind it, and `out_flags` that is null or writable.
    unsafe {
        (*handle).pMethods = ptr::null();
        if name.is_null() {
            let unix = unix();
            return (*unix).xOpen.map_or(ffi::SQLITE_CANTOPEN, |open| open(unix, name, handle, flags, out_flags));
        }
        reseed_after_fork();
        let is_uri = flags & ffi::SQLITE_OPEN_URI != 0;
        let uri_name = if is_uri { name } else { ptr::null() };
        let powersafe = ffi::sqlite3_uri_boolean(uri_name, c"psow".as_ptr(), 1) != 0;
        let mode_of = ffi::sqlite3_uri_parameter(uri_name, c"modeof".as_ptr());
        let mode_of = (!mode_of.is_null()).then(|| CStr::from_ptr(mode_of));
        let opened = match File::open(CStr::from_ptr(name), flags, mode_of, powersafe) {
            Ok(opened) => opened,
            Err(code) => return code,
        };
        if !out_flags.is_null() {
            let writing = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE;
            *out_flags = if opened.read_only { flags & !writing | ffi::SQLITE_OPEN_READONLY } else { flags };
        }
        let handle = handle.cast::<Handle>();
        (*handle).file = Box::into_raw(Box::new(opened.file));
        (*handle).base.pMethods = &METHODS;
        ffi::SQLITE_OK
    }
}

/// A child must not continue its parent's sequence of journal nonces and salts.
fn reseed_after_fork() {
    static SEEDED: AtomicU32 = AtomicU32::new(0);
    let generation = descriptor::generation();
    if SEEDED.swap(generation, Ordering::Relaxed) != generation {
        // SAFETY: no bytes into no buffer: SQLite's way to say "forget the state".
        unsafe { ffi::sqlite3_randomness(0, ptr::null_mut()) };
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: the name ends in NUL; the other VFS's function gets its own table.
    unsafe {
        if fault::check(CStr::from_ptr(name).to_bytes(), Calls::DELETE) != Verdict::Proceed {
            return ffi::SQLITE_IOERR_DELETE;
        }
        if group::keeps_journal(CStr::from_ptr(name).to_bytes(), true) {
            return ffi::SQLITE_OK;
        }
        let unix = unix();
        (*unix).xDelete.map_or(ffi::SQLITE_IOERR_DELETE, |delete| delete(unix, name, sync_folder))
    }
}

/// The file behind a handle; `None` in a forked child, where it is the parent's.
///
/// # Safety
/// `handle` was opened by [`open`] with a name, and SQLite's mutex is held (one user at a time).
unsafe fn file<'a>(handle: *mut ffi::sqlite3_file) -> Option<&'a mut File> {
    // SAFETY: `open` stored a pointer that `close` frees.
    let file = unsafe { &mut *(*handle.cast::<Handle>()).file };
    (file.generation == descriptor::generation()).then_some(file)
}

unsafe extern "C" fn close(handle: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; the pointer came from `Box::into_raw`.
    unsafe {
        let file = Box::from_raw((*handle.cast::<Handle>()).file);
        (*handle).pMethods = ptr::null();
        file.close();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(handle: *mut ffi::sqlite3_file, data: *mut c_void, len: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite's handle and its buffer of `len` bytes.
    unsafe { file(handle).map_or(ffi::SQLITE_IOERR_READ, |f| f.read(file::buffer(data, len), offset)) }
}

unsafe extern "C" fn write(handle: *mut ffi::sqlite3_file, data: *const c_void, len: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite's handle and its `len` bytes, only read.
    unsafe {
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), usize::try_from(len).unwrap_or(0));
        file(handle).map_or(ffi::SQLITE_IOERR_WRITE, |f| f.write(bytes, offset))
    }
}

unsafe extern "C" fn truncate(handle: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: SQLite's handle.
    unsafe { file(handle) }.map_or(ffi::SQLITE_IOERR_TRUNCATE, |f| f.truncate(size))
}

unsafe extern "C" fn sync(handle: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite's handle.
    unsafe { file(handle) }.map_or(ffi::SQLITE_IOERR_FSYNC, |f| f.sync(flags))
}

unsafe extern "C" fn file_size(handle: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: SQLite's handle and place for the answer.
    unsafe { answer(file(handle).map_or(Err(ffi::SQLITE_IOERR_FSTAT), File::size), size) }
}

unsafe extern "C" fn lock(handle: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite's handle.
    unsafe { file(handle) }.map_or(ffi::SQLITE_IOERR_LOCK, |f| f.lock(Level::from_raw(level)))
}

unsafe extern "C" fn unlock(handle: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite's handle.
    unsafe { file(handle) }.map_or(ffi::SQLITE_IOERR_UNLOCK, |f| f.unlock(Level::from_raw(level)))
}

unsafe extern "C" fn check_reserved_lock(handle: *mut ffi::sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: SQLite's handle and place for the answer.
    unsafe {
        let found = file(handle).map_or(Err(ffi::SQLITE_IOERR_CHECKRESERVEDLOCK), File::is_reserved);
        answer(found.map(c_int::from), reserved)
    }
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn device_characteristics(handle: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite's handle.
    let powersafe = unsafe { file(handle) }.is_some_and(|f| f.powersafe_overwrite);
    ffi::SQLITE_IOCAP_SUBPAGE_READ | if powersafe { ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE } else { 0 }
}

/// Stores an answer.
///
/// # Safety
/// `place` is writable.
unsafe fn answer<T>(result: Result<T, c_int>, place: *mut T) -> c_int {
    match result {
        Ok(value) => {
            // SAFETY: as the caller promises.
            unsafe { place.write(value) };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

/// Reads or changes a flag: negative asks, 0 and 1 set.
fn mode_bit(flag: &mut bool, argument: &mut c_int) {
    match *argument {
        ..0 => *argument = c_int::from(*flag),
        value => *flag = value != 0,
    }
}

unsafe extern "C" fn file_control(handle: *mut ffi::sqlite3_file, code: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: SQLite's handle; the argument's type belongs to the code (https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html).
    unsafe {
        let Some(file) = file(handle) else { return ffi::SQLITE_IOERR };
        let number = argument.cast::<c_int>();
        match code {
            ffi::SQLITE_FCNTL_LOCKSTATE => *number = file.level as c_int,
            ffi::SQLITE_FCNTL_LAST_ERRNO => *number = file.last_errno,
            ffi::SQLITE_FCNTL_CHUNK_SIZE => file.chunk_bytes = i64::from(*number),
            ffi::SQLITE_FCNTL_SIZE_HINT => return file.size_hint(*argument.cast::<i64>()),
            ffi::SQLITE_FCNTL_PERSIST_WAL => mode_bit(&mut file.persist_wal, &mut *number),
            ffi::SQLITE_FCNTL_POWERSAFE_OVERWRITE => mode_bit(&mut file.powersafe_overwrite, &mut *number),
            ffi::SQLITE_FCNTL_VFSNAME => {
                *argument.cast::<*mut c_char>() = ffi::sqlite3_mprintf(c"%s".as_ptr(), NAME.as_ptr());
            }
            ffi::SQLITE_FCNTL_HAS_MOVED => *number = c_int::from(file.has_moved()),
            ffi::SQLITE_FCNTL_EXTERNAL_READER => match file.shm.as_ref().map(|s| s.has_reader()) {
                Some(Err(_)) => return ffi::SQLITE_IOERR_LOCK,
                Some(Ok(reads)) => *number = c_int::from(reads),
                None => *number = 0,
            },
            CONTROL_OTHERS => match file.others() {
                Ok(others) => {
                    *number = if others.shared { OTHERS_SHARED } else { 0 }
                        | if others.reserved { OTHERS_RESERVED } else { 0 }
                        | if others.pending { OTHERS_PENDING } else { 0 };
                }
                Err(code) => return code,
            },
            CONTROL_FILE_ID => {
                let id = file.file_id();
                *argument.cast::<[u64; 2]>() = [id.device, id.inode];
            }
            CONTROL_EXCLUSIVE => return file.lock(Level::Exclusive),
            CONTROL_RESERVED => return file.lower_to_reserved(),
            CONTROL_SETTLE => return file.settle(),
            _ => return ffi::SQLITE_NOTFOUND,
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_map(
    handle: *mut ffi::sqlite3_file,
    region: c_int,
    region_bytes: c_int,
    extend: c_int,
    memory: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite's handle and place for the answer.
    unsafe {
        *memory = ptr::null_mut();
        let Some(file) = file(handle) else { return ffi::SQLITE_IOERR_SHMMAP };
        let (Ok(region), Ok(bytes)) = (usize::try_from(region), usize::try_from(region_bytes)) else {
            return ffi::SQLITE_IOERR_SHMMAP;
        };
        match file.shm().and_then(|s| s.map(region, bytes, extend != 0)) {
            Ok((start, code)) => {
                *memory = start;
                code
            }
            Err(code) => code,
        }
    }
}

unsafe extern "C" fn shm_lock(handle: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: SQLite's handle.
    let shm = unsafe { file(handle) }.and_then(|f| f.shm.as_mut());
    shm.map_or(ffi::SQLITE_IOERR_SHMLOCK, |s| s.lock(first, count, flags))
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(handle: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: SQLite's handle.
    if let Some(shm) = unsafe { file(handle) }.and_then(|f| f.shm.take())
        && delete != 0
    {
        shm.delete_if_last();
    }
    ffi::SQLITE_OK
}

/// Asks the main file of a connection for an `int`.
pub fn control(connection: &rusqlite::Connection, code: c_int) -> Result<c_int, c_int> {
    let mut number = 0;
    // SAFETY: the connection is open; every code used with this function takes an `int`.
    let result = unsafe {
        ffi::sqlite3_file_control(connection.handle(), c"main".as_ptr(), code, (&raw mut number).cast::<c_void>())
    };
    if result == ffi::SQLITE_OK { Ok(number) } else { Err(result) }
}

/// The file that a connection has open as its main database.
pub fn file_id(connection: &rusqlite::Connection) -> Result<descriptor::FileId, c_int> {
    let mut id = [0u64; 2];
    // SAFETY: the connection is open and on this VFS; the code's argument is two `u64`.
    let result = unsafe {
        let argument = (&raw mut id).cast::<c_void>();
        ffi::sqlite3_file_control(connection.handle(), c"main".as_ptr(), CONTROL_FILE_ID, argument)
    };
    if result == ffi::SQLITE_OK { Ok(descriptor::FileId { device: id[0], inode: id[1] }) } else { Err(result) }
}
