//! Databases as connections share them: private ones in memory, and named ones that connections of the
//! process open together (`file:name?mode=memory&cache=shared`), and files, which all connections of the process share.

use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::catalog::system;
use crate::env;
use crate::error::{Code, Error, Result};
use crate::store::container::{Container, OpenFlags};
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

/// The database in a file. All connections of the process that have it open share it, whatever `name` they give it.
pub fn in_file(path: &Path, flags: OpenFlags, name: &str) -> Result<Arc<Transactions>> {
    static FILES: Mutex<Vec<Weak<Transactions>>> = Mutex::new(Vec::new());
    /// For the keeper to end what it is just doing with a file that was changed by other means since its last connection
    /// closed it: what is known of such a file must not be used.
    const WAIT_MS: u64 = 1;
    const WAITS_MAX: usize = 5_000;
    let mut files = FILES.lock();
    let mut waits = 0;
    let container = loop {
        let container = Container::open(path, flags)?;
        container.set_name(name)?;
        let mut open = files.iter().filter_map(Weak::upgrade);
        let known = open.find(|d| d.file().is_some_and(|file| Arc::ptr_eq(file.container(), &container)));
        drop(open);
        match known {
            Some(known) if known.is_reusable() => return Ok(known),
            Some(_) if waits == WAITS_MAX => return Err(Error::new(Code::BUSY, "database is locked")),
            Some(known) => known.wake_up(),
            None => break container,
        }
        drop(container);
        waits += 1;
        env::sleep_ms(WAIT_MS);
    };
    files.retain(|database| database.strong_count() > 0);
    let store = Store::of_file();
    let id = store.allocate_id();
    debug_assert!(id == system::SCHEMA_TABLE_ID, "the first object is the schema table");
    store.create(id, TreeKind::Row);
    let database = Transactions::of_file(store, Arc::new(system::empty_schema(false)), DatabaseFile::new(container));
    keeper::watch(&database);
    files.push(Arc::downgrade(&database));
    Ok(database)
}
