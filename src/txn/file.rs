//! The database file under the trees: leases, pins, and what others changed in it.
//!
//! A *pin* is somebody's promise that what was read stays true: a running statement, a transaction, a view. While
//! there is one the lease is kept; without any it is kept for a moment ([`super::keeper`]), so that the next
//! statement needs no system call. When a lease is taken again the file may have been changed by others: then memory
//! is forgotten, and read anew as it is needed.
//!
//! Invariant: the trees, the schema and `token` describe the same state of the file while `leased`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use rustc_hash::FxHashMap;

use super::database::Transactions;
use super::file_schema::{may_name_databases, read_statistics, schema_rows, schema_tree};
use crate::catalog::layout::{FileRules, key_layout, row_layout};
use crate::catalog::load::{SchemaRow, load};
use crate::catalog::system::SCHEMA_TABLE_ID;
use crate::catalog::{Schema, Table};
use crate::env;
use crate::error::{Code, Error, Result};
use crate::store::container::sqlite::Sqlite;
use crate::store::container::{Container, Header, Token, Writer};
use crate::store::image::keys::Keys;
use crate::store::image::page::Page;
use crate::store::image::rows::Rows;
use crate::store::image::{Encoding, Pages, damaged};
use crate::store::tree::Tree as TreeOf;
use crate::store::tree::coverage::Base;
use crate::store::tree::order::{KeyOrder, RowOrder};
use crate::store::{ObjectId, Tree, memory};

pub struct DatabaseFile {
    container: Arc<Container>,
    state: Mutex<State>,
    steady: Arc<Steady>,
}

/// What reading takes for granted between two commits of our own.
#[derive(Default)]
struct Steady {
    /// A read goes over several pages: it holds this, so that no commit moves entries between them.
    reading: RwLock<()>,
    /// Inner pages of b-trees, which every descent reads.
    inner: Mutex<FxHashMap<u32, Arc<[u8]>>>,
}

#[derive(Default)]
struct State {
    pins: usize,
    leased: bool,
    /// The keeper ends the lease; without it, the last pin does.
    kept: bool,
    /// Grows with every pin, so that the keeper sees who is busy.
    activity: u64,
    /// Somebody else waits for the lease to end.
    wanted: bool,
    /// What memory describes; `None` before the file was first read.
    token: Option<Token>,
    was_read: bool,
    header: Header,
    /// The root pages of all objects.
    roots: FxHashMap<ObjectId, Arc<AtomicU32>>,
}

/// The pages of one state of the file.
pub(super) struct FilePages {
    container: Arc<Container>,
    usable_size: usize,
    /// The size of a page, if pages can be read from the file as they lie there.
    page_of_file: Option<usize>,
    encoding: Encoding,
    steady: Arc<Steady>,
}

/// The newest format of a schema, https://sqlite.org/fileformat2.html#the_database_header.
const SCHEMA_FORMAT_MAX: u32 = 4;

/// Inner pages kept at most.
const INNER_MAX: usize = 4096;

impl Pages for FilePages {
    fn page(&self, number: u32) -> Result<Arc<[u8]>> {
        if let Some(page) = self.steady.inner.lock().get(&number) {
            return Ok(page.clone());
        }
        let page = match self.page_of_file {
            Some(size) => self.container.page_of_file(number, size)?,
            None => self.container.page(number)?,
        };
        let page = page.ok_or_else(|| damaged(number, "behind the end of the file"))?;
        if matches!(page.get(if number == 1 { 100 } else { 0 }), Some(2 | 5)) {
            Page::of(number, page.clone())?.check_order()?;
            let mut inner = self.steady.inner.lock();
            if inner.len() >= INNER_MAX {
                inner.clear();
            }
            inner.insert(number, page.clone());
        }
        Ok(page)
    }

    fn hold(&self) -> Option<RwLockReadGuard<'_, ()>> {
        Some(self.steady.reading.read())
    }

    fn usable_size(&self) -> usize {
        self.usable_size
    }

    fn encoding(&self) -> Encoding {
        self.encoding
    }
}

impl DatabaseFile {
    pub fn new(container: Arc<Container>) -> DatabaseFile {
        DatabaseFile { container, state: Mutex::default(), steady: Arc::default() }
    }

    pub fn container(&self) -> &Arc<Container> {
        &self.container
    }

    /// Pins the file. Does not wait: SQLITE_BUSY if somebody else holds a lock that is in the way.
    pub(super) fn pin(&self, shared: &Transactions) -> Result<()> {
        let mut state = self.state.lock();
        if !state.leased || state.pins == 0 && state.token.is_none() {
            let token = self.container.lease()?;
            state.kept = super::keeper::wake();
            if state.token != Some(token)
                && let Err(e) = self.take_in(&mut state, token, shared)
            {
                self.container.release();
                return Err(e);
            }
            state.leased = true;
            state.wanted = false;
        }
        if state.pins == 0 && memory::is_over() {
            self.forget(&mut state, shared)?;
        }
        state.pins += 1;
        state.activity = state.activity.wrapping_add(1);
        Ok(())
    }

    /// One more pin beside another.
    pub(super) fn pin_again(&self) {
        let mut state = self.state.lock();
        debug_assert!(state.pins > 0, "a pin beside another");
        state.pins += 1;
    }

    pub(super) fn unpin(&self) {
        let mut state = self.state.lock();
        state.pins = state.pins.saturating_sub(1);
        // In WAL mode a lease does not keep others from writing: the next statement must see what they wrote.
        if state.pins == 0 && state.leased && (state.header.is_wal || state.wanted || !state.kept) {
            self.container.release();
            state.leased = false;
        }
    }

    /// Whether anybody but the asking statement or transaction has the file pinned more than `own` times.
    pub(super) fn is_pinned_beyond(&self, own: usize) -> bool {
        self.state.lock().pins > own
    }

    /// Gives the lease back if nobody needed it since the last call, or if somebody else waits for that: at once, or
    /// with the last pin. Gives whether it is still held.
    pub(super) fn settle(&self, seen: &mut u64) -> bool {
        let mut state = self.state.lock();
        if state.leased {
            state.wanted = self.container.is_awaited();
            if state.pins == 0 {
                if state.wanted || state.activity == *seen {
                    self.container.release();
                    state.leased = false;
                }
                *seen = state.activity;
            }
        }
        state.leased
    }

    /// Runs something in the container while nobody of this process reads the file; memory is forgotten afterwards.
    fn alone<T>(&self, f: impl FnOnce(&Sqlite) -> Result<T>) -> Result<T> {
        let mut state = self.state.lock();
        if state.pins > 0 {
            return Err(super::Error::Busy.into());
        }
        state.leased = false;
        state.token = None;
        self.container.outside(f)
    }

    /// Whether the file may stay open without a user: nobody reads it, and nothing is left to do at its end.
    pub(super) fn may_rest(&self) -> bool {
        let mut state = self.state.lock();
        if state.pins > 0 || state.header.is_wal || state.token.is_none() || !self.container.is_locked_by_rules() {
            return false;
        }
        if state.leased {
            self.container.release();
            state.leased = false;
        }
        true
    }

    /// Chooses how text is stored in a file that is empty still.
    pub(super) fn set_encoding(&self, encoding: Encoding) -> Result<()> {
        match self.alone(|sqlite| sqlite.execute(&format!("PRAGMA encoding='{}'", encoding.name()), &[])) {
            // Somebody reads it: it has been decided.
            Err(e) if e.code == Code::BUSY => Ok(()),
            result => result,
        }
    }

    /// Whether the file was ever read.
    pub(super) fn was_read(&self) -> bool {
        self.state.lock().was_read
    }

    /// Whether the file was empty when it was last looked at.
    pub(super) fn is_new(&self) -> bool {
        self.state.lock().header.pages == 0
    }

    /// Gives the lease back at once, if nobody has a pin.
    pub fn release(&self) {
        let mut state = self.state.lock();
        if state.leased && state.pins == 0 {
            self.container.release();
            state.leased = false;
        }
    }

    /// Commits changes, with the schema before and after if it changed; afterwards memory describes the file again.
    pub(super) fn commit(
        &self,
        schemas: Option<(&Schema, &Schema)>,
        changes: impl FnOnce(&mut Writer<'_>) -> Result<()>,
    ) -> Result<Token> {
        let _reads_wait = self.steady.reading.write();
        self.steady.inner.lock().clear();
        self.container.write(changes)?;
        let mut state = self.state.lock();
        // The lease was held throughout: the difference is our own commit.
        let token = self.container.lease().inspect_err(|_| {
            state.leased = false;
            state.token = None;
        })?;
        state.token = Some(token);
        if let Some((before, after)) = schemas {
            self.find_roots(&mut state, before, after)?;
        }
        Ok(token)
    }

    /// A commit of several files failed after this one's: the file is as it was, but where the pages lie is not known any more.
    pub(super) fn undone(&self) {
        self.steady.inner.lock().clear();
        self.state.lock().token = None;
    }

    /// Notes the root pages of new objects and forgets those of objects that are gone.
    fn find_roots(&self, state: &mut State, before: &Schema, after: &Schema) -> Result<()> {
        let mut known = FxHashMap::default();
        for id in before.tables.differing(&after.tables).flat_map(ids) {
            known.extend(state.roots.remove(&id).map(|root| (id, root)));
        }
        let mut wanted: FxHashMap<&str, Arc<AtomicU32>> = FxHashMap::default();
        for (id, name) in after.tables.differing(&before.tables).filter(|t| is_stored(t)).flat_map(objects) {
            let root = known.remove(&id);
            let is_new = root.is_none();
            let root = root.unwrap_or_default();
            if is_new {
                wanted.insert(name, root.clone());
            }
            state.roots.insert(id, root);
        }
        // What is left was dropped: then the pages of others may have moved.
        if !known.is_empty() && self.container.header()?.auto_vacuum {
            let all = after.tables.values().filter(|t| is_stored(t)).flat_map(objects);
            wanted = all.filter_map(|(id, name)| Some((name, state.roots.get(&id)?.clone()))).collect();
        }
        if wanted.is_empty() {
            return Ok(());
        }
        self.container.read(|sqlite| {
            // The newest are the last ones.
            let sql = "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0 ORDER BY rowid DESC";
            let mut rows = sqlite.prepare(sql)?;
            sqlite.start(&mut rows, [])?;
            while !wanted.is_empty() && sqlite.step(&mut rows)? {
                if let Some(root) = wanted.remove(&*rows.text(0)) {
                    root.store(rows.integer(1) as u32, Ordering::Relaxed);
                }
            }
            Ok(())
        })
    }

    /// Reads schema and header, and makes the trees. Nobody has a pin.
    fn take_in(&self, state: &mut State, token: Token, shared: &Transactions) -> Result<()> {
        let header = self.container.header()?;
        if header.schema_format > SCHEMA_FORMAT_MAX {
            return Err(Error::sql("unsupported file format"));
        }
        let same_schema = state.token.is_some_and(|known| known.schema_cookie == token.schema_cookie)
            && state.header.encoding == header.encoding;
        state.header = header;
        state.token = None;
        let pages = self.pages(&header);
        let before = shared.schema();
        if !same_schema {
            let rows = if header.pages == 0 { Vec::new() } else { schema_rows(&pages)? };
            self.container.check_schema(rows.iter().any(|(_, row)| may_name_databases(row)))?;
            state.roots.clear();
            let store = shared.store();
            let roots = &mut state.roots;
            let plain: Vec<SchemaRow> = rows.iter().map(|(_, row)| row.clone()).collect();
            let mut schema = load(&plain, "main", &mut |_, _, page| {
                let id = store.allocate_id();
                roots.insert(id, Arc::new(AtomicU32::new(page)));
                id
            })?;
            schema.user_version = header.user_version;
            schema.application_id = header.application_id;
            schema.encoding = header.encoding;
            schema.cookie = token.schema_cookie;
            read_statistics(&mut schema, roots, &pages)?;
            store.put(schema_tree(&rows, &schema));
            for id in before.tables.values().filter(|t| t.id != SCHEMA_TABLE_ID).flat_map(ids) {
                store.remove(id);
            }
            shared.taken_in(Arc::new(schema));
        } else {
            let mut schema = before.clone();
            if (schema.user_version, schema.application_id) != (header.user_version, header.application_id) {
                let changed = Arc::make_mut(&mut schema);
                changed.user_version = header.user_version;
                changed.application_id = header.application_id;
            }
            shared.taken_in(schema);
        }
        make_trees(state, shared, &pages);
        state.token = Some(token);
        state.was_read = true;
        Ok(())
    }

    /// Lets go of all rows and entries in memory: nobody has a pin, so that nobody needs them.
    fn forget(&self, state: &mut State, shared: &Transactions) -> Result<()> {
        state.header = self.container.header()?;
        if state.header.pages > 0 {
            make_trees(state, shared, &self.pages(&state.header));
        }
        Ok(())
    }

    /// The pages of the file as it is now; what was kept of them before is forgotten.
    fn pages(&self, header: &Header) -> Arc<FilePages> {
        self.steady.inner.lock().clear();
        Arc::new(FilePages {
            container: self.container.clone(),
            usable_size: header.usable_size,
            page_of_file: (!header.is_wal && header.page_size > 0).then_some(header.page_size),
            encoding: header.encoding,
            steady: self.steady.clone(),
        })
    }
}

/// Puts trees over the b-trees of all objects in place of those that are there. Nobody has a pin.
fn make_trees(state: &State, shared: &Transactions, pages: &Arc<FilePages>) {
    let header = state.header;
    let schema = shared.schema();
    let rules = FileRules { encoding: header.encoding, schema_format: header.schema_format };
    for table in schema.tables.values().filter(|t| is_stored(t)) {
        if table.has_rowid() {
            let root = state.roots.get(&table.id).cloned().unwrap_or_default();
            let base = Rows { pages: pages.clone(), root, layout: row_layout(table), len_estimate: None };
            shared.store().put(Tree::Row(Arc::new(TreeOf::<RowOrder>::over(table.id, Arc::new(base)))));
        }
        for index in &table.indexes {
            let root = state.roots.get(&index.id).cloned().unwrap_or_default();
            let layout = key_layout(table, index, rules);
            let base: Arc<dyn Base<KeyOrder>> =
                Arc::new(Keys { pages: pages.clone(), root, layout, len_estimate: None });
            shared.store().put(Tree::Key(Arc::new(TreeOf::over(index.id, base))));
        }
    }
}
/// Whether a table has a tree of its own in the file.
fn is_stored(table: &Table) -> bool {
    table.id != SCHEMA_TABLE_ID && !table.is_virtual()
}

/// The trees of a table by the names that the file's schema table has for them.
fn objects(table: &Arc<Table>) -> impl Iterator<Item = (ObjectId, &str)> {
    let indexes = table.indexes.iter().filter(|i| i.id != table.id).map(|i| (i.id, &*i.name));
    indexes.chain([(table.id, &*table.name)])
}

fn ids(table: &Arc<Table>) -> impl Iterator<Item = ObjectId> + '_ {
    table.indexes.iter().map(|i| i.id).chain([table.id])
}

/// A pin that is given back when it is dropped.
pub struct Pin {
    shared: Arc<Transactions>,
}

impl Transactions {
    /// Pins the file of a database that has one, trying again as long as others hold its lock and the timeout lasts.
    pub fn pin(self: &Arc<Self>, timeout_ms: u64, interrupted: &dyn Fn() -> bool) -> Result<Option<Pin>> {
        /// A descriptor is closed under a lock on the whole file. Where a child is just being started, it has a copy of
        /// the descriptor until it runs its own program, and the lock lasts as long.
        const CLOSING_MS: u64 = 8;
        let Some(file) = self.file() else { return Ok(None) };
        keep_trying(timeout_ms.max(CLOSING_MS), interrupted, || file.pin(self))?;
        Ok(Some(Pin { shared: self.clone() }))
    }

    /// Runs something in the file's container that nobody may read beside, such as VACUUM, waiting for other processes
    /// up to the timeout. SQLITE_BUSY if somebody of this process has a pin.
    pub fn alone<T>(&self, timeout_ms: u64, f: impl Fn(&Sqlite) -> Result<T>) -> Result<T> {
        let Some(file) = self.file() else { return Err(Error::internal("the database has no file")) };
        keep_trying(timeout_ms, &|| false, || file.alone(&f))
    }

    /// One more pin beside another.
    pub(super) fn pin_again(self: &Arc<Self>) -> Option<Pin> {
        self.file()?.pin_again();
        Some(Pin { shared: self.clone() })
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        if let Some(file) = self.shared.file() {
            file.unpin();
        }
    }
}

/// How long to wait after so many failed tries: SQLite's own delays.
pub fn busy_delay_ms(tries: usize) -> u64 {
    const DELAYS_MS: [u64; 12] = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];
    DELAYS_MS[tries.min(DELAYS_MS.len() - 1)]
}

/// Repeats what fails with SQLITE_BUSY because of another process, with SQLite's own delays.
pub fn keep_trying<T>(
    timeout_ms: u64,
    interrupted: &dyn Fn() -> bool,
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    let mut start = None;
    let mut tries = 0;
    loop {
        match attempt() {
            Err(e) if e.code == Code::BUSY => {
                let waited = env::monotonic_ms() - *start.get_or_insert_with(env::monotonic_ms);
                if waited >= timeout_ms {
                    return Err(e);
                }
                if interrupted() {
                    return Err(super::Error::Interrupted.into());
                }
                env::sleep_ms(busy_delay_ms(tries).min(timeout_ms - waited));
                tries += 1;
            }
            result => return result,
        }
    }
}
