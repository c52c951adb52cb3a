//! Opening a database file: one connection of the bundled SQLite for each file and process.
//!
//! Invariant: who opens a file that is open already, under whatever name, gets the same [`Container`], so the locks of
//! the process are those of one connection. Read-only requests share a writable connection; a request to write does not
//! share a read-only one. A forked child starts with nothing and never touches what its parent opened.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, InterruptHandle};

use super::lease::Parts;
use super::system::{self, FileId};
use crate::env;
use crate::error::{Code, Error, Result};

/// How a file is to be opened; by default for reading and writing, and it must exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags {
    /// Make an empty database where there is no file.
    pub create: bool,
    pub read_only: bool,
    /// Nobody writes the file as long as it is open: no locks, no look for journals (`immutable=1`).
    pub immutable: bool,
    /// Somebody else keeps others away (`nolock=1`).
    pub no_lock: bool,
}

/// A database file, open through the bundled SQLite.
pub struct Container {
    /// Present until dropped, and never closed by a forked child: that would act on the parent's files.
    parts: Option<Mutex<Parts>>,
    interrupt: InterruptHandle,
    path: PathBuf,
    flags: OpenFlags,
    file: Option<FileId>,
    /// The fork it belongs to.
    generation: u32,
}

/// How long an opening waits for a closing.
const CLOSING_MAX_MS: u64 = 1000;

/// Open files, and those that are being closed. Locked only while no fork can happen.
static CONTAINERS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    container: Weak<Container>,
    flags: OpenFlags,
    file: FileId,
    generation: u32,
}

impl Container {
    /// Opens a file. Whether it is a database shows at the first read, as with SQLite: SQLITE_NOTADB.
    /// Fails with SQLITE_CANTOPEN for folders, missing files without `create`, and whatever the system refuses.
    pub fn open(path: &Path, flags: OpenFlags) -> Result<Arc<Container>> {
        let own_vfs = system::register();
        for _ in 0..CLOSING_MAX_MS {
            if let Some(container) = Container::open_now(path, flags, own_vfs, false)? {
                return Ok(container);
            }
            env::sleep_ms(1);
        }
        let container = Container::open_now(path, flags, own_vfs, true)?;
        container.ok_or_else(|| Error::internal("a file was not opened"))
    }

    /// `None` while this process is closing the file, for which it locks it for a moment; unless `anyway`.
    fn open_now(path: &Path, flags: OpenFlags, own_vfs: bool, anyway: bool) -> Result<Option<Arc<Container>>> {
        let _no_fork = system::no_fork();
        let mut containers = CONTAINERS.lock();
        let generation = system::generation();
        containers.retain(|e| e.generation == generation);
        if let Some(file) = system::file_at(path) {
            let shared = containers.iter().filter(|e| e.file == file && e.serves(flags));
            if let Some(shared) = shared.filter_map(|e| e.container.upgrade()).next() {
                return Ok(Some(shared));
            }
            if !anyway && containers.iter().any(|e| e.file == file && e.container.strong_count() == 0) {
                return Ok(None);
            }
        }
        let connection = connect(path, flags, own_vfs)?;
        let container = Arc::new(Container {
            interrupt: connection.get_interrupt_handle(),
            path: connection.path().map_or_else(|| path.to_owned(), PathBuf::from),
            flags,
            file: system::file_of(&connection),
            generation,
            parts: Some(Mutex::new(Parts::new(connection))),
        });
        if let Some(file) = container.file {
            containers.push(Entry { container: Arc::downgrade(&container), flags, file, generation });
        }
        Ok(Some(container))
    }

    /// The file's absolute path, symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether others are kept away, and seen, by SQLite's locks.
    pub fn is_locked_by_rules(&self) -> bool {
        !self.flags.immutable && !self.flags.no_lock && self.file.is_some()
    }

    /// Device and inode; `None` where the system's default VFS is in use.
    pub fn file_id(&self) -> Option<FileId> {
        self.file
    }

    /// Makes a running statement of another thread fail with SQLITE_INTERRUPT.
    pub fn interrupt(&self) {
        if self.generation == system::generation() {
            self.interrupt.interrupt();
        }
    }

    /// The connection, for one call. Fails in a forked child.
    pub(super) fn parts(&self) -> Result<MutexGuard<'_, Parts>> {
        match &self.parts {
            Some(connection) if self.generation == system::generation() => Ok(connection.lock()),
            _ => Err(Error::new(Code::MISUSE, "the database was opened by the parent process")),
        }
    }
}

impl Container {
    /// [`Container::parts`], if nobody has them now.
    pub(super) fn free_parts(&self) -> Option<MutexGuard<'_, Parts>> {
        self.parts.as_ref().filter(|_| self.generation == system::generation())?.try_lock()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let parts = self.parts.take();
        if self.generation != system::generation() {
            std::mem::forget(parts);
            return;
        }
        drop(parts);
        let this: *const Container = self;
        let _no_fork = system::no_fork();
        CONTAINERS.lock().retain(|e| e.container.as_ptr() != this);
    }
}

impl Entry {
    fn serves(&self, flags: OpenFlags) -> bool {
        self.flags.immutable == flags.immutable
            && self.flags.no_lock == flags.no_lock
            && (!self.flags.read_only || flags.read_only)
    }
}

fn connect(path: &Path, flags: OpenFlags, own_vfs: bool) -> Result<Connection> {
    use rusqlite::OpenFlags as Raw;
    let mut raw = Raw::SQLITE_OPEN_NO_MUTEX;
    raw |= if flags.read_only { Raw::SQLITE_OPEN_READ_ONLY } else { Raw::SQLITE_OPEN_READ_WRITE };
    if flags.create && !flags.read_only {
        raw |= Raw::SQLITE_OPEN_CREATE;
    }
    let mut name = path.to_owned();
    if flags.immutable || flags.no_lock {
        raw |= Raw::SQLITE_OPEN_URI;
        name = uri(path, flags)?;
    } else if path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        // The library takes such names for URIs even when not told to.
        name = Path::new(".").join(path);
    }
    let opened = if own_vfs {
        Connection::open_with_flags_and_vfs(&name, raw, system::VFS_NAME)
    } else {
        Connection::open_with_flags(&name, raw)
    };
    let connection = opened.map_err(|e| without_path(refused(e), &name))?;
    prepare(&connection).map_err(refused)?;
    Ok(connection)
}

/// Nothing of the file is read here.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::ZERO)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(())
}

/// Statements kept prepared: a few for each table that is written.
const STATEMENTS_MAX: usize = 256;

/// `file:` with the path's bytes escaped where a URI needs it.
fn uri(path: &Path, flags: OpenFlags) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).map_err(|_| Error::new(Code::CANTOPEN, "unable to open database file"))?;
    let mut uri = String::from("file:");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str(if flags.immutable { "?immutable=1" } else { "?nolock=1" });
    Ok(PathBuf::from(OsString::from(uri)))
}

/// SQLite's own words and code.
pub fn refused(error: rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(message)) => Error::new(Code(code.extended_code), message),
        rusqlite::Error::SqlInputError { error, msg, .. } => Error::new(Code(error.extended_code), msg),
        other => Error::sql(other.to_string()),
    }
}

/// The binding adds the path to SQLite's message about a file that cannot be opened.
fn without_path(mut error: Error, path: &Path) -> Error {
    let suffix = format!(": {}", path.to_string_lossy());
    if let Some(message) = error.message.strip_suffix(&suffix) {
        error.message = message.to_owned();
    }
    error
}
