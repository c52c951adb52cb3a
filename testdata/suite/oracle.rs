//! SQLite itself, the judge of every test. The bundled library's build flags are in `.cargo/config.toml`; what a
//! connection needs beyond them is set here and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use heliosdb::value::Value;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ValueRef;

use super::engine::{Counters, Engine, Outcome};

/// Operations after which a statement is interrupted, and how many lie between two looks.
const STEPS_MAX: u64 = 50_000_000;
const STEPS_EACH: u64 = 10_000;

/// A connection of SQLite, and how often its statement has been looked at.
pub struct Sqlite(rusqlite::Connection, Arc<AtomicU64>);

impl Sqlite {
    /// To a database in memory.
    pub fn new() -> Sqlite {
        Sqlite::prepared(rusqlite::Connection::open_in_memory())
    }

    /// One of several connections to a database in memory.
    pub fn shared(name: &str) -> Sqlite {
        Sqlite::prepared(rusqlite::Connection::open(format!("file:/{name}?vfs=memdb")))
    }

    /// A connection to a file, through SQLite's own VFS.
    pub fn open(path: &std::path::Path) -> Sqlite {
        Sqlite::prepared(rusqlite::Connection::open(path))
    }

    fn prepared(connection: rusqlite::Result<rusqlite::Connection>) -> Sqlite {
        let mut connection = connection.expect("the database opens");
        // The bundled build switches keys on, and rusqlite waits; ordinary distributions do neither.
        let settings = "PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 0";
        connection.execute_batch(settings).expect("pragmas of SQLite");
        let steps = Arc::new(AtomicU64::new(0));
        let counted = steps.clone();
        let is_too_long = move || counted.fetch_add(1, Ordering::Relaxed) > STEPS_MAX / STEPS_EACH;
        connection.progress_handler(STEPS_EACH as i32, Some(is_too_long)).expect("a handler");
        Sqlite(connection, steps)
    }

    pub fn connection(&self) -> &rusqlite::Connection {
        &self.0
    }

    fn run_all(&self, sql: &str, outcome: &mut Outcome) -> rusqlite::Result<()> {
        let mut batch = rusqlite::Batch::new(&self.0, sql);
        while let Some(mut statement) = batch.next()? {
            {
                let mut found = statement.query([])?;
                while let Some(row) = found.next()? {
                    // The first step prepares a statement anew whose schema others changed.
                    let width = row.as_ref().column_count();
                    outcome.rows.push((0..width).map(|i| value(row.get_ref(i).expect("within the width"))).collect());
                }
            }
            let columns = statement.columns();
            outcome.columns = columns.map(|c| (c.name().to_owned(), c.decl_type().map(str::to_owned))).collect();
        }
        Ok(())
    }
}

impl Engine for Sqlite {
    fn run(&mut self, sql: &str) -> Outcome {
        let mut outcome = Outcome::default();
        self.1.store(0, Ordering::Relaxed);
        outcome.error = self.run_all(sql, &mut outcome).err().map(|e| match e {
            rusqlite::Error::SqliteFailure(code, message) => (code.extended_code, message.unwrap_or_default()),
            rusqlite::Error::SqlInputError { error, msg, .. } => (error.extended_code, msg),
            other => (-1, other.to_string()),
        });
        outcome
    }

    fn counters(&self) -> Counters {
        Counters {
            changes: self.0.changes() as i64,
            total_changes: self.0.total_changes() as i64,
            last_insert_rowid: self.0.last_insert_rowid(),
            autocommit: self.0.is_autocommit(),
        }
    }
}

fn value(v: ValueRef<'_>) -> Value {
    match v {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Integer(n),
        ValueRef::Real(r) => Value::Real(r),
        ValueRef::Text(t) => Value::Text(t.into()),
        ValueRef::Blob(b) => Value::Blob(b.into()),
    }
}
