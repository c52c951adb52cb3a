//! The container against stock SQLite, in our own process (the VFS "unix") and in another one (Python's `sqlite3`).

mod any_statement;
mod crash;
mod driver;
mod fault;
mod file;
mod fork;
mod lock;
mod statement;
mod wal;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use heliosdb_udfs::value::Value;

use super::{Container, OpenFlags};
use crate::error::{Code, Result};
use any_statement::Pragma;

/// A folder of its own for each test, removed afterwards.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let base = std::env::temp_dir().canonicalize().expect("a folder for temporary files");
        let path = base.join(format!("heliosdb-container-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a new folder");
        Folder(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A database with the table `t(a)` that holds `rows` rows of 1000 bytes, made by stock SQLite.
    pub fn database(&self, journal_mode: &str, rows: u32) -> PathBuf {
        let path = self.file("app.db");
        let stock = rusqlite::Connection::open(&path).expect("a new database");
        stock.query_row(&format!("PRAGMA journal_mode={journal_mode}"), [], |_| Ok(())).expect("a mode");
        stock.execute_batch("CREATE TABLE t(a, b)").expect("a table");
        stock
            .execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?1)
                 INSERT INTO t SELECT i, zeroblob(1000) FROM n WHERE ?1>0",
                [rows],
            )
            .expect("rows");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn open(path: &Path) -> Arc<Container> {
    Container::open(path, OpenFlags::default()).expect("the file opens")
}

/// Opens with a rollback journal of this mode, which the file does not remember (unlike `wal`).
pub fn open_in(path: &Path, journal_mode: &str) -> Arc<Container> {
    let container = open(path);
    let set = container.query_value(&format!("PRAGMA journal_mode={journal_mode}"), &[]).expect("a mode");
    assert!(matches!(set, Value::Text(t) if *t == *journal_mode.as_bytes()));
    container
}

/// Gives up at the first refusal.
pub fn at_once(_: u32) -> bool {
    false
}

/// The code of a failure, 0 for success.
pub fn code(result: Result<()>) -> i32 {
    result.map_or_else(|e| e.code.0, |()| 0)
}

pub const BUSY: i32 = Code::BUSY.0;

pub fn integer(container: &Container, sql: &str) -> i64 {
    match container.query_value(sql, &[]).expect("a value") {
        Value::Integer(i) => i,
        other => panic!("{sql}: {other:?}"),
    }
}

/// A user of stock SQLite with one connection.
pub enum Stock {
    Here(Box<rusqlite::Connection>),
    There(Python),
}

pub struct Python {
    process: Child,
    answers: BufReader<ChildStdout>,
}

const SCRIPT: &str = "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
for line in sys.stdin:
    try:
        rows = c.execute(eval(line)).fetchall()
        print('ok', rows[0][0] if rows else '', flush=True)
    except sqlite3.Error as e:
        print('error', e, flush=True)
";

impl Stock {
    pub fn here(path: &Path) -> Stock {
        let connection = rusqlite::Connection::open(path).expect("the file opens");
        connection.busy_timeout(std::time::Duration::ZERO).expect("no waiting");
        Stock::Here(Box::new(connection))
    }

    pub fn there(path: &Path) -> Stock {
        let mut process = Command::new("python3")
            .args(["-c", SCRIPT])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Stock::There(Python { process, answers })
    }

    pub fn both(path: &Path) -> [Stock; 2] {
        [Stock::here(path), Stock::there(path)]
    }

    /// The first value of the first row, as text, or the message of the failure.
    pub fn run(&mut self, sql: &str) -> Result<String, String> {
        match self {
            Stock::Here(connection) => {
                let mut statement = connection.prepare(sql).map_err(|e| message(&e))?;
                let mut rows = statement.raw_query();
                let mut first = None;
                while let Some(row) = rows.next().map_err(|e| message(&e))? {
                    let value: rusqlite::types::Value = row.get(0).map_err(|e| message(&e))?;
                    first.get_or_insert_with(|| match value {
                        rusqlite::types::Value::Integer(i) => i.to_string(),
                        rusqlite::types::Value::Text(t) => t,
                        other => format!("{other:?}"),
                    });
                }
                Ok(first.unwrap_or_default())
            }
            Stock::There(python) => {
                let input = python.process.stdin.as_mut().expect("a pipe");
                writeln!(input, "{sql:?}").expect("python lives");
                let mut line = String::new();
                python.answers.read_line(&mut line).expect("an answer");
                match line.trim_end().split_once(' ') {
                    Some(("ok", value)) => Ok(value.to_owned()),
                    Some((_, message)) => Err(message.to_owned()),
                    None if line.starts_with("ok") => Ok(String::new()),
                    None => panic!("{sql}: python died"),
                }
            }
        }
    }

    /// Succeeds, if need be after some tries: a close of ours may be in the way for as long as some other test
    /// starts a process (docs/format/container.md, "Descriptors").
    pub fn ok(&mut self, sql: &str) -> String {
        for _ in 0..100 {
            match self.run(sql) {
                Err(message) if message == "database is locked" => std::thread::sleep(Duration::from_millis(10)),
                Err(message) => panic!("{sql}: {message}"),
                Ok(value) => return value,
            }
        }
        panic!("{sql}: database is locked");
    }

    pub fn is_locked(&mut self, sql: &str) -> bool {
        match self.run(sql) {
            Ok(_) => false,
            Err(message) => {
                assert_eq!(message, "database is locked", "{sql}");
                true
            }
        }
    }

    /// Ends without any tidying: what kill -9 does. A connection of our own process is just closed.
    pub fn kill(mut self) {
        if let Stock::There(python) = &mut self {
            python.process.kill().expect("it lives");
            python.process.wait().expect("it ends");
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

/// `PRAGMA integrity_check` by a process that knows nothing of us.
pub fn check_integrity(path: &Path) {
    let mut judge = Stock::there(path);
    judge.ok("PRAGMA busy_timeout=5000");
    assert_eq!(judge.ok("PRAGMA integrity_check"), "ok");
}
