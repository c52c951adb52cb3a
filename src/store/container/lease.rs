//! Keeping others from writing, reading pages, the write transaction.
//!
//! A *lease* is SQLite's SHARED lock (in WAL mode a snapshot), held by a query that has not ended. While it is held
//! nobody else commits, and what was read stays true. A write transaction on top of it (BEGIN IMMEDIATE) leaves the
//! lease as it is when it ends, so that there is no moment in between at which others could write.
//!
//! Nothing here waits: a lock that is not free is SQLITE_BUSY, and whoever can wait tries again.

use std::sync::Arc;

use heliosdb_udfs::value::ValueRef;
use rusqlite::{Connection, MAIN_DB, ffi};
use rustc_hash::FxHashMap;

use super::definitions::Definitions;
use super::open::{Container, refused};
use super::sqlite::{Prepared, Sqlite};
use super::system;
use crate::error::{Code, Error, Result};
use crate::store::image::Encoding;

/// What stays the same as long as nobody else changes the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Token {
    data_version: u32,
    pub schema_cookie: u32,
}

/// Numbers of the file's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// 0: the file is empty.
    pub pages: u32,
    pub page_size: usize,
    pub usable_size: usize,
    pub schema_cookie: u32,
    pub schema_format: u32,
    pub encoding: Encoding,
    pub user_version: i32,
    pub application_id: i32,
    pub is_wal: bool,
    /// Root pages may move when objects are dropped.
    pub auto_vacuum: bool,
}

/// What of the first page comes before its b-tree.
const HEADER_LEN: usize = 100;

impl Header {
    /// `encoding` is asked where the file does not say its encoding yet.
    fn of(bytes: &[u8; HEADER_LEN], encoding: impl FnOnce() -> Result<Encoding>) -> Result<Header> {
        let word = |at: usize| bytes.get(at..).and_then(|b| b.first_chunk().copied()).map_or(0, u32::from_be_bytes);
        let page_size = match u16::from_be_bytes([bytes[16], bytes[17]]) {
            1 => 1 << 16,
            size => usize::from(size),
        };
        Ok(Header {
            pages: word(28).max(1),
            page_size,
            usable_size: page_size.saturating_sub(usize::from(bytes[20])),
            schema_cookie: word(40),
            // As SQLite takes it.
            schema_format: u32::from(bytes[47]),
            encoding: match word(56) {
                2 => Encoding::Utf16Le,
                3 => Encoding::Utf16Be,
                1 => Encoding::Utf8,
                _ => encoding()?,
            },
            user_version: word(60) as i32,
            application_id: word(68) as i32,
            is_wal: bytes[18] == 2,
            auto_vacuum: word(52) != 0,
        })
    }
}

/// Statements before their connection: that is the order in which they go.
pub(super) struct Parts {
    /// A query whose first step takes the lease.
    lease: Option<Prepared>,
    /// Needs the library to know the schema, if that is to be checked with each lease.
    schema: Option<Prepared>,
    /// Gives the pages that cannot be read from the file itself.
    page: Option<Prepared>,
    /// The last one.
    token: Option<Token>,
    leased: bool,
    /// A write failed under this lease: what the file holds may wait for the library to roll it back.
    in_doubt: bool,
    /// What only writing needs has been set.
    may_write: bool,
    writes: FxHashMap<Box<str>, Prepared>,
    /// What the library knows of what users defined.
    defined: Option<Arc<Definitions>>,
    sqlite: Sqlite,
    pub connection: Connection,
}

/// Write statements kept prepared.
const WRITES_MAX: usize = 256;

/// A query that is at its row holds the lock. This one needs no schema, which the library reads as a whole.
const LEASE: &str = "PRAGMA schema_version";

impl Container {
    /// Takes the lease, if there is none; gives what to compare with the last time.
    pub fn lease(&self) -> Result<Token> {
        let mut parts = self.parts()?;
        if parts.lease.is_none() {
            parts.lease = Some(parts.sqlite.prepare(LEASE)?);
        }
        if !parts.leased {
            parts.take_lease()?;
            parts.in_doubt = false;
        }
        let token = parts.current_token().and_then(|token| {
            let Parts { schema, sqlite, .. } = &mut *parts;
            schema.as_mut().map_or(Ok(0), |schema| sqlite.number(schema))?;
            Ok(token)
        });
        if token.is_err() {
            parts.release();
        }
        token
    }

    /// Gives the lease back.
    pub fn release(&self) {
        if let Ok(mut parts) = self.parts() {
            parts.release();
        }
    }

    /// Begins the write transaction: SQLITE_BUSY, or SQLITE_BUSY_SNAPSHOT where others wrote since the lease was taken.
    pub fn reserve(&self) -> Result<()> {
        let mut parts = self.parts()?;
        // Left to itself, SQLite begins a read transaction then.
        if parts.connection.is_readonly(MAIN_DB).map_err(refused)? {
            return Err(Error::new(Code::READONLY, "attempt to write a readonly database"));
        }
        if system::is_moved(&parts.connection)? {
            return Err(moved());
        }
        parts.prepare_to_write()?;
        parts.write("BEGIN IMMEDIATE", &[])
    }

    /// Ends the write transaction without a change.
    pub fn abandon(&self) {
        let Ok(mut parts) = self.parts() else { return };
        if parts.sqlite.in_transaction() {
            // It fails only where the library has rolled back already.
            let _ = parts.write("ROLLBACK", &[]);
        }
    }

    /// Makes changes in the write transaction and commits it. On SQLITE_BUSY the transaction stays open without the
    /// changes; on every other failure it is rolled back.
    pub fn write(&self, changes: impl FnOnce(&mut Writer<'_>) -> Result<()>) -> Result<()> {
        let mut parts = self.parts()?;
        if system::is_moved(&parts.connection)? {
            parts.write("ROLLBACK", &[])?;
            return Err(moved());
        }
        let result = parts.write("SAVEPOINT heliosdb", &[]).and_then(|()| {
            // Nothing is dropped beside an open query; the transaction holds the lock meanwhile.
            parts.release();
            let changed = changes(&mut Writer { parts: &mut parts });
            parts.take_lease()?;
            changed?;
            // Read before the commit, because nothing may fail after it.
            let schema_cookie = parts.schema_cookie()?;
            parts.write("COMMIT", &[])?;
            parts.token = parts.sqlite.data_version().ok().map(|data_version| Token { data_version, schema_cookie });
            Ok(())
        });
        parts.in_doubt |= result.is_err();
        if let Err(e) = &result
            && parts.sqlite.in_transaction()
        {
            let busy = e.code.primary() == Code::BUSY;
            let back = if busy { "ROLLBACK TO heliosdb" } else { "ROLLBACK" };
            parts.write(back, &[])?;
            if busy {
                parts.write("RELEASE heliosdb", &[])?;
            }
        }
        result
    }

    /// Runs statements that stand outside of a transaction: VACUUM and pragmas.
    pub fn outside<T>(&self, f: impl FnOnce(&Sqlite) -> Result<T>) -> Result<T> {
        let mut parts = self.parts()?;
        // VACUUM does not run beside an open query.
        parts.release();
        parts.prepare_to_write()?;
        f(&parts.sqlite)
    }

    /// Makes the library know what a user defined, for a check of the file. Where another connection has defined the
    /// same and the lease keeps the library from changing it, that stands in.
    pub fn define(&self, definitions: &Arc<Definitions>) -> Result<()> {
        let mut parts = self.parts()?;
        if parts.defined.as_ref().is_some_and(|known| Arc::ptr_eq(known, definitions)) {
            return Ok(());
        }
        match definitions.register(&parts.connection) {
            Err(e) if e.code.primary() == Code::BUSY => Ok(()),
            result => result.map(|()| parts.defined = Some(definitions.clone())),
        }
    }

    /// Lets views and triggers of the file name the database as whoever attached it does. Texts that name another are
    /// malformed, but nobody has the schema read again while a statement or a transaction needs it.
    pub fn set_name(&self, name: &str) -> Result<()> {
        let mut parts = self.parts()?;
        if parts.sqlite.set_name(name) && parts.lease.is_some() && !parts.leased && !parts.sqlite.in_transaction() {
            parts.sqlite.execute("PRAGMA writable_schema=RESET", &[])?;
        }
        Ok(())
    }

    /// Whether the library reads the schema now and, where it has changed, with each lease: it refuses texts that name
    /// another database.
    pub fn check_schema(&self, wanted: bool) -> Result<()> {
        let mut parts = self.parts()?;
        parts.schema = None;
        if wanted {
            parts.schema = Some(parts.sqlite.prepare("SELECT 1 FROM sqlite_schema LIMIT 0")?);
        }
        Ok(())
    }

    /// Runs queries under the lease.
    pub fn read<T>(&self, f: impl FnOnce(&Sqlite) -> Result<T>) -> Result<T> {
        f(&self.parts()?.sqlite)
    }

    /// The bytes of a page, under the lease.
    pub fn page(&self, number: u32) -> Result<Option<Arc<[u8]>>> {
        self.parts()?.page(number)
    }

    /// [`Container::page`] of a file that is not in WAL mode. Under a lease without a write transaction the file itself
    /// is the committed state, and the library has nothing else in its cache.
    pub fn page_of_file(&self, number: u32, page_size: usize) -> Result<Option<Arc<[u8]>>> {
        let mut parts = self.parts()?;
        if !parts.is_as_in_file() {
            return parts.page(number);
        }
        let mut page: Arc<[u8]> = std::iter::repeat_n(0, page_size).collect();
        let Some(bytes) = Arc::get_mut(&mut page) else { return Err(Error::internal("a new page is shared")) };
        let offset = i64::from(number.wrapping_sub(1)) * page_size as i64;
        Ok(parts.sqlite.read_file(offset, bytes)?.then_some(page))
    }

    /// The size of a page, where a commit goes through a rollback journal that is a file.
    #[cfg(unix)]
    pub(super) fn page_size_with_journal(&self) -> Result<Option<usize>> {
        let parts = self.parts()?;
        let (mut mode, mut page_size) = (String::new(), 0);
        parts.sqlite.query("PRAGMA main.journal_mode", &[], |row| {
            mode = row.text(0);
            Ok(())
        })?;
        parts.sqlite.query("PRAGMA main.page_size", &[], |row| {
            page_size = row.integer(0) as usize;
            Ok(())
        })?;
        let is_file = self.file_id().is_some() && ["delete", "truncate", "persist"].contains(&&*mode);
        Ok((is_file && page_size > 0).then_some(page_size))
    }

    /// A question or a wish of our own to the main file.
    #[cfg(unix)]
    pub(super) fn control(&self, code: std::ffi::c_int) -> Result<()> {
        match super::vfs::control(&self.parts()?.connection, code) {
            Ok(_) => Ok(()),
            Err(code) if code & 0xff == Code::BUSY.0 => Err(Error::new(Code(code), "database is locked")),
            Err(code) => Err(Error::new(Code(code), "disk I/O error")),
        }
    }

    /// The file's header, under the lease.
    pub fn header(&self) -> Result<Header> {
        self.parts()?.header()
    }
}

/// Written under another name, the file would have no journal where others look for it.
fn moved() -> Error {
    Error::new(Code(Code::READONLY.0 | 4 << 8), "attempt to write a readonly database")
}

impl Parts {
    pub fn new(connection: Connection) -> Parts {
        Parts {
            lease: None,
            schema: None,
            page: None,
            token: None,
            leased: false,
            in_doubt: false,
            may_write: false,
            writes: FxHashMap::default(),
            defined: None,
            sqlite: Sqlite::of(&connection),
            connection,
        }
    }

    fn take_lease(&mut self) -> Result<()> {
        if let Some(lease) = &mut self.lease {
            self.sqlite.step(lease)?;
            self.leased = true;
        }
        Ok(())
    }

    /// What there is to compare, under the lease. As long as the pages are the same, so is the schema's number.
    fn current_token(&mut self) -> Result<Token> {
        let data_version = self.sqlite.data_version()?;
        if let Some(known) = self.token.filter(|known| known.data_version == data_version) {
            return Ok(known);
        }
        let token = Token { data_version, schema_cookie: self.header()?.schema_cookie };
        self.token = Some(token);
        Ok(token)
    }

    /// The schema's number as the write transaction sees it.
    fn schema_cookie(&mut self) -> Result<u32> {
        let (sqlite, statement) = self.kept("PRAGMA schema_version")?;
        // A signed number in SQL.
        sqlite.number(statement).map(|cookie| cookie as u32)
    }

    /// Whether the file holds what was committed and nothing else, but for a write-ahead log.
    fn is_as_in_file(&self) -> bool {
        self.leased && !self.in_doubt && !self.sqlite.in_transaction()
    }

    fn header(&mut self) -> Result<Header> {
        if self.is_as_in_file() {
            let mut bytes = [0; HEADER_LEN];
            if !self.sqlite.read_file(0, &mut bytes)? {
                return Ok(Header { encoding: self.encoding()?, ..Header::default() });
            }
            let header = Header::of(&bytes, || self.encoding())?;
            if !header.is_wal {
                return Ok(header);
            }
        }
        match self.page(1)?.as_ref().and_then(|page| page.first_chunk()) {
            Some(bytes) => Header::of(bytes, || self.encoding()),
            None => Ok(Header { encoding: self.encoding()?, ..Header::default() }),
        }
    }

    /// What the library says of a file that does not say it itself yet.
    fn encoding(&self) -> Result<Encoding> {
        let mut encoding = Encoding::default();
        self.sqlite.query("PRAGMA encoding", &[], |row| {
            encoding = Encoding::by_name(&row.text(0)).unwrap_or_default();
            Ok(())
        })?;
        Ok(encoding)
    }

    fn page(&mut self, number: u32) -> Result<Option<Arc<[u8]>>> {
        if !self.leased {
            return Err(Error::internal("a page is read without a lease"));
        }
        let page = match &mut self.page {
            Some(page) => page,
            None => self.page.insert(self.sqlite.prepare("SELECT data FROM sqlite_dbpage WHERE pgno = ?")?),
        };
        self.sqlite.start(page, [ValueRef::Integer(i64::from(number))])?;
        let bytes = if self.sqlite.step(page)? {
            match page.value(0) {
                ValueRef::Blob(bytes) => Some(Arc::from(bytes)),
                _ => None,
            }
        } else {
            None
        };
        page.reset();
        Ok(bytes)
    }

    /// Sets what a connection that only reads does without.
    fn prepare_to_write(&mut self) -> Result<()> {
        if self.may_write {
            return Ok(());
        }
        for pragma in [
            "PRAGMA ignore_check_constraints=ON",
            "PRAGMA cell_size_check=ON",
            // What a commit changes is in memory anyway: writing pages before its end would write many of them twice.
            "PRAGMA cache_spill=16384",
        ] {
            self.sqlite.execute(pragma, &[])?;
        }
        self.may_write = true;
        Ok(())
    }

    fn release(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.reset();
        }
        self.leased = false;
    }

    /// Runs a statement that is kept prepared.
    fn write(&mut self, sql: &str, values: &[ValueRef<'_>]) -> Result<()> {
        let (sqlite, statement) = self.kept(sql)?;
        sqlite.run(statement, values.iter().copied())
    }

    /// A statement that is kept prepared.
    fn kept(&mut self, sql: &str) -> Result<(&Sqlite, &mut Prepared)> {
        if !self.writes.contains_key(sql) {
            if self.writes.len() >= WRITES_MAX {
                self.writes.clear();
            }
            let prepared = self.sqlite.prepare(sql)?;
            self.writes.insert(sql.into(), prepared);
        }
        match self.writes.get_mut(sql) {
            Some(statement) => Ok((&self.sqlite, statement)),
            None => Err(Error::internal("a statement that was just prepared")),
        }
    }
}

/// Writes in the container's transaction.
pub struct Writer<'c> {
    parts: &'c mut Parts,
}

impl Writer<'_> {
    /// Makes the library know what a user defined.
    pub fn define(&mut self, definitions: &Arc<Definitions>) -> Result<()> {
        if !self.parts.defined.as_ref().is_some_and(|known| Arc::ptr_eq(known, definitions)) {
            definitions.register(&self.parts.connection)?;
            self.parts.defined = Some(definitions.clone());
        }
        Ok(())
    }

    /// What texts that come now may call the database.
    pub fn set_name(&mut self, name: &str) {
        self.parts.sqlite.set_name(name);
    }

    /// Runs a statement; its text is prepared once.
    pub fn execute(&mut self, sql: &str, values: &[ValueRef<'_>]) -> Result<()> {
        self.parts.write(sql, values)
    }

    /// Runs a statement once for each of many rows of values.
    pub fn execute_each<'v, V: IntoIterator<Item = ValueRef<'v>>>(
        &mut self,
        sql: &str,
        rows: impl IntoIterator<Item = V>,
    ) -> Result<()> {
        let (sqlite, statement) = self.parts.kept(sql)?;
        rows.into_iter().try_for_each(|row| sqlite.run(statement, row))
    }

    /// Runs a statement that comes only once, such as CREATE TABLE.
    pub fn execute_once(&mut self, sql: &str, values: &[ValueRef<'_>]) -> Result<()> {
        self.parts.sqlite.execute(sql, values)
    }

    /// Lets the library read the schema table anew after it was changed directly.
    pub fn reload_schema(&mut self) -> Result<()> {
        let cookie = self.schema_cookie()?;
        self.set_schema_cookie(cookie + 1)?;
        self.parts.sqlite.execute("PRAGMA writable_schema=RESET", &[])
    }

    /// `PRAGMA schema_version`
    pub fn schema_cookie(&mut self) -> Result<u32> {
        self.parts.schema_cookie()
    }

    pub fn set_schema_cookie(&mut self, cookie: u32) -> Result<()> {
        self.parts.sqlite.execute(&format!("PRAGMA schema_version={cookie}"), &[])
    }

    /// Calls `row` with every row of a query.
    pub fn query(&self, sql: &str, row: impl FnMut(&Prepared) -> Result<()>) -> Result<()> {
        self.parts.sqlite.query(sql, &[], row)
    }

    /// Changes the schema table directly while `f` runs.
    pub fn with_writable_schema(&mut self, f: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.parts.sqlite.configure(ffi::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true);
        let result = f(self);
        self.parts.sqlite.configure(ffi::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false);
        result
    }
}
