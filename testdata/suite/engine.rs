//! What a script runs on: our engine or SQLite, seen alike.
//!
//! An [`Outcome`] holds everything that a program can see of a statement, so that two of them can be compared.

use std::sync::Arc;

use heliosdb::session::{Connection, OpenOptions, Step};
use heliosdb::value::{Value, ValueRef, number};

/// What one text (of one or more statements) came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Name and declared type of each result column of the last statement.
    pub columns: Vec<(String, Option<String>)>,
    pub rows: Vec<Vec<Value>>,
    /// Extended result code and message. Rows before the error are kept.
    pub error: Option<(i32, String)>,
}

/// What a connection tells about itself between statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    pub changes: i64,
    pub total_changes: i64,
    pub last_insert_rowid: i64,
    pub autocommit: bool,
}

pub trait Engine {
    fn run(&mut self, sql: &str) -> Outcome;
    fn counters(&self) -> Counters;
}

/// A connection of ours.
pub struct Ours(Arc<Connection>);

impl Ours {
    /// To a database in memory.
    pub fn new() -> Ours {
        Ours::open(":memory:")
    }

    pub fn open(name: &str) -> Ours {
        let options = OpenOptions::from_filename(name, true).expect("a plain name");
        Ours(Connection::open(options).expect("it opens"))
    }

    pub fn connection(&self) -> &Arc<Connection> {
        &self.0
    }

    /// One of several connections to a database in memory.
    pub fn shared(name: &str) -> Ours {
        let options = OpenOptions::from_filename(&format!("file:/{name}?vfs=memdb"), true).expect("a plain URI");
        Ours(Connection::open(options).expect("memory opens"))
    }

    fn run_all(&self, sql: &str, outcome: &mut Outcome) -> heliosdb::error::Result<()> {
        let mut rest = sql;
        while let Some((mut statement, tail)) = self.0.prepare(rest)? {
            while statement.step()? == Step::Row {
                let row = (0..statement.column_count()).map(|i| statement.column(i).to_owned()).collect();
                outcome.rows.push(row);
            }
            let column = |i| (statement.column_name(i).to_owned(), statement.column_decltype(i).map(str::to_owned));
            outcome.columns = (0..statement.column_count()).map(column).collect();
            rest = &rest[tail..];
        }
        Ok(())
    }
}

impl Engine for Ours {
    fn run(&mut self, sql: &str) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.error = self.run_all(sql, &mut outcome).err().map(|e| (e.code.0, e.message.clone()));
        outcome
    }

    fn counters(&self) -> Counters {
        Counters {
            changes: self.0.changes(),
            total_changes: self.0.total_changes(),
            last_insert_rowid: self.0.last_insert_rowid(),
            autocommit: self.0.is_autocommit(),
        }
    }
}

/// A value as an SQL literal: shows its storage class.
pub fn literal(v: ValueRef<'_>) -> String {
    let mut out = Vec::new();
    match v {
        ValueRef::Null => out.extend_from_slice(b"NULL"),
        ValueRef::Integer(i) => number::write_integer(i, &mut out),
        ValueRef::Real(r) => number::write_real(r, &mut out),
        ValueRef::Text(t) => {
            let text = String::from_utf8_lossy(t).replace('\'', "''").replace('\n', "\\n").replace('\r', "\\r");
            out = format!("'{text}'").into_bytes();
        }
        ValueRef::Blob(b) => {
            let hex: String = b.iter().map(|x| format!("{x:02X}")).collect();
            out = format!("X'{hex}'").into_bytes();
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
