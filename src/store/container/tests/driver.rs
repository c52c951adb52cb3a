//! Transactions and statements of any kind on a container, so that every lock state and call of the VFS can be
//! brought about.

use parking_lot::{MappedMutexGuard, MutexGuard};
use rusqlite::{Connection, MAIN_DB};

use super::super::open::{Container, refused};
use crate::error::{Code, Error, Result};

/// Asked after the n-th refusal (from 0) because of somebody's lock; it may sleep. False: give up with SQLITE_BUSY.
pub type Busy<'a> = &'a dyn Fn(u32) -> bool;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionState {
    None,
    Read,
    Write,
}

/// Equal tokens of two read transactions: nobody else committed anything to the file between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeToken {
    /// `PRAGMA data_version`: changes with every commit of another connection.
    pub data_version: i64,
    /// `PRAGMA schema_version`: changes with every change of the schema, our own too.
    pub schema_version: i64,
}

impl Container {
    pub fn connection(&self) -> Result<MappedMutexGuard<'_, Connection>> {
        Ok(MutexGuard::map(self.parts()?, |parts| &mut parts.connection))
    }

    /// Begins a read transaction and takes its lock at once. Codes beside SQLITE_BUSY: SQLITE_NOTADB, SQLITE_CORRUPT,
    /// SQLITE_READONLY_ROLLBACK (a hot journal in a file that cannot be written), SQLITE_READONLY_CANTINIT, SQLITE_CANTOPEN.
    pub fn begin_read(&self, busy: Busy<'_>) -> Result<()> {
        let connection = self.connection()?;
        connection.execute_batch("BEGIN").map_err(refused)?;
        let begun = patiently(busy, || number(&connection, "PRAGMA main.schema_version"));
        if begun.is_err() {
            // The transaction holds nothing: ending it cannot fail in a way that matters more than the error at hand.
            let _ = connection.execute_batch("ROLLBACK");
        }
        begun.map(drop)
    }

    /// Ends a read transaction.
    pub fn end_read(&self) -> Result<()> {
        let connection = self.connection()?;
        if state(&connection)? == TransactionState::Write {
            return Err(Error::internal("a write transaction ends with commit or rollback"));
        }
        connection.execute_batch("COMMIT").map_err(refused)
    }

    /// Begins a write transaction, or makes the running read transaction one. The latter asks `busy` nothing: who waits
    /// with a lock in hand for another who does the same would wait for ever. SQLITE_BUSY_SNAPSHOT: somebody
    /// committed to the log since the read transaction began. SQLITE_READONLY and its kin: the file cannot be written.
    pub fn begin_write(&self, busy: Busy<'_>) -> Result<()> {
        let connection = self.connection()?;
        // Left to itself, SQLite begins a read transaction then.
        if connection.is_readonly(MAIN_DB).map_err(refused)? {
            return Err(Error::new(Code::READONLY, "attempt to write a readonly database"));
        }
        if connection.is_autocommit() {
            return patiently(busy, || connection.execute_batch("BEGIN IMMEDIATE").map_err(refused));
        }
        if state(&connection)? == TransactionState::Write {
            return Ok(());
        }
        upgrade(&connection).map_err(refused)
    }

    /// Commits. On SQLITE_BUSY (readers did not leave) the transaction stays, with PENDING held, and commit can be called
    /// again; on other errors ask [`Container::state`] whether SQLite rolled it back.
    pub fn commit(&self, busy: Busy<'_>) -> Result<()> {
        let connection = self.connection()?;
        patiently(busy, || connection.execute_batch("COMMIT").map_err(refused))
    }

    /// Rolls back; nothing happens if SQLite already did.
    pub fn rollback(&self) -> Result<()> {
        let connection = self.connection()?;
        if connection.is_autocommit() {
            return Ok(());
        }
        connection.execute_batch("ROLLBACK").map_err(refused)
    }

    pub fn state(&self) -> Result<TransactionState> {
        state(&*self.connection()?)
    }

    /// Whether a transaction is open, even one that holds nothing yet.
    pub fn is_in_transaction(&self) -> Result<bool> {
        Ok(!self.connection()?.is_autocommit())
    }

    /// Whether the file cannot be written through this container.
    pub fn is_read_only(&self) -> Result<bool> {
        self.connection()?.is_readonly(MAIN_DB).map_err(refused)
    }

    /// Only in a transaction: without a lock the answer would be old when it comes.
    pub fn change_token(&self) -> Result<ChangeToken> {
        let connection = self.connection()?;
        if connection.is_autocommit() {
            return Err(Error::internal("a change token is read in a transaction"));
        }
        let data_version = number(&connection, "PRAGMA main.data_version")?;
        let schema_version = number(&connection, "PRAGMA main.schema_version")?;
        Ok(ChangeToken { data_version, schema_version })
    }
}

/// A write statement that changes nothing: the only way to take the write lock in an open transaction.
fn upgrade(connection: &Connection) -> rusqlite::Result<()> {
    use rusqlite::config::DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA as WRITABLE_SCHEMA;
    let before = connection.db_config(WRITABLE_SCHEMA)?;
    connection.set_db_config(WRITABLE_SCHEMA, true)?;
    let taken = connection.execute_batch("DELETE FROM main.sqlite_schema WHERE 0");
    connection.set_db_config(WRITABLE_SCHEMA, before)?;
    taken
}

fn state(connection: &Connection) -> Result<TransactionState> {
    Ok(match connection.transaction_state(Some(MAIN_DB)).map_err(refused)? {
        rusqlite::TransactionState::None => TransactionState::None,
        rusqlite::TransactionState::Read => TransactionState::Read,
        _ => TransactionState::Write,
    })
}

fn number(connection: &Connection, pragma: &str) -> Result<i64> {
    let mut statement = connection.prepare_cached(pragma).map_err(refused)?;
    statement.query_row([], |row| row.get(0)).map_err(refused)
}

/// Runs `attempt` until it succeeds, fails for another reason than a lock, or `busy` gives up.
fn patiently<T>(busy: Busy<'_>, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let mut refusals = 0;
    loop {
        match attempt() {
            Err(error) if error.code.primary() == Code::BUSY && busy(refusals) => refusals += 1,
            done => return done,
        }
    }
}
