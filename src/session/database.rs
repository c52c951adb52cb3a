//! Databases as connections share them: private ones in memory, and named ones that connections of the
//! process open together (`file:name?mode=memory&cache=shared`), and files, which all connections of the process share.

use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::catalog::system;
use crate::error::Result;
use crate::store::container::{Container, Mode};
use crate::store::{Store, TreeKind};
use crate::txn::{DatabaseFile, Transactions, keeper};

/// A new empty database in memory.
pub fn in_memory(temporary: bool) -> Arc<Transactions> {
    let store = Store::new();
    let id = store.allocate_id();
    debug_assert!(id == system::SCHEMA_TABLE_ID, "the first object is the schema table");
    store.create(id, TreeKind::Row);
    Transactions::new(store, Arc::new(system::empty_schema(temporary)))
}

/// The database in memory that this process knows under a name; it lives as long as a connection has it open.
pub fn shared_memory(name: &str) -> Arc<Transactions> {
    static NAMED: OnceLock<Mutex<FxHashMap<String, Weak<Transactions>>>> = OnceLock::new();
    let mut named = NAMED.get_or_init(Mutex::default).lock();
    if let Some(database) = named.get(name).and_then(Weak::upgrade) {
        return database;
    }
    named.retain(|_, database| database.strong_count() > 0);
    let database = in_memory(false);
    named.insert(name.to_owned(), Arc::downgrade(&database));
    database
}

/// What tells files apart, whatever their names: device, inode, and whether others may change it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct FileKey {
    device: u64,
    inode: u64,
    immutable: bool,
    read_only: bool,
}

#[cfg(unix)]
fn file_key(path: &str, mode: Mode) -> Option<FileKey> {
    use std::os::unix::fs::MetadataExt;
    let data = std::fs::metadata(path).ok()?;
    Some(FileKey { device: data.dev(), inode: data.ino(), immutable: mode.immutable, read_only: mode.read_only })
}

/// Files are told apart by their full names.
#[cfg(not(unix))]
fn file_key(path: &str, mode: Mode) -> Option<FileKey> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    std::fs::canonicalize(path).ok()?.hash(&mut hasher);
    Some(FileKey { device: 0, inode: hasher.finish(), immutable: mode.immutable, read_only: mode.read_only })
}

/// The database in a file. All connections of the process that have it open share it.
pub fn in_file(path: &str, mode: Mode) -> Result<Arc<Transactions>> {
    static FILES: OnceLock<Mutex<FxHashMap<FileKey, Weak<Transactions>>>> = OnceLock::new();
    let mut files = FILES.get_or_init(Mutex::default).lock();
    if let Some(key) = file_key(path, mode)
        && let Some(database) = files.get(&key).and_then(Weak::upgrade)
    {
        return Ok(database);
    }
    files.retain(|_, database| database.strong_count() > 0);
    let container = Container::open(path, mode)?;
    let store = Store::new();
    let id = store.allocate_id();
    debug_assert!(id == system::SCHEMA_TABLE_ID, "the first object is the schema table");
    store.create(id, TreeKind::Row);
    let database = Transactions::of_file(store, Arc::new(system::empty_schema(false)), DatabaseFile::new(container));
    keeper::watch(&database);
    // The file is there now, if it was not before.
    if let Some(key) = file_key(path, mode) {
        files.insert(key, Arc::downgrade(&database));
    }
    Ok(database)
}
