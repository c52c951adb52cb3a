//! Database files that SQLite uses too: random programs, several users at once, crashes and failing calls.

mod behaviour;
#[cfg(unix)]
mod big;
mod crash;
mod damage;
mod encoding;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod group;
mod hidden;
mod memory;
#[cfg(unix)]
mod permissions;
mod random;
mod shared;
mod statistics;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::engine::{Engine, literal};
use super::oracle::Sqlite;

/// A folder that goes when it is dropped; in memory where the system has such a place, for speed.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let name = format!("heliosdb-suite-{}-{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed));
        let folder = base.join(name);
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        Folder(folder)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A connection of SQLite in this process, which waits for others.
pub fn stock(path: &Path) -> Sqlite {
    let stock = Sqlite::open(path);
    stock.connection().busy_timeout(Duration::from_secs(5)).expect("a plain setting");
    stock
}

/// Schema and rows of a database, and what its integrity check says.
pub fn dump(engine: &mut dyn Engine) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let ask = |engine: &mut dyn Engine, sql: &str| -> Result<Vec<String>, String> {
        let outcome = engine.run(sql);
        if let Some(error) = outcome.error {
            return Err(format!("{sql}: {error:?}"));
        }
        let show = |row: &Vec<_>| row.iter().map(|v: &heliosdb::value::Value| literal(v.as_ref())).collect::<Vec<_>>();
        Ok(outcome.rows.iter().map(|row| show(row).join("|")).collect())
    };
    found.extend(ask(engine, "PRAGMA integrity_check")?);
    let mut schema = ask(engine, "SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    schema.sort();
    let names = engine.run("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").rows;
    found.extend(schema);
    for name in names.iter().flatten() {
        let heliosdb::value::Value::Text(name) = name else { continue };
        let name = String::from_utf8_lossy(name).into_owned();
        found.push(name.clone());
        let mut rows = ask(engine, &format!("SELECT rowid, * FROM \"{name}\""))
            .or_else(|_| ask(engine, &format!("SELECT * FROM \"{name}\"")))?;
        rows.sort();
        found.extend(rows);
    }
    Ok(found)
}

/// Another process with SQLite: the one that Python brings.
pub struct Python {
    process: Child,
    answers: BufReader<ChildStdout>,
}

const SCRIPT: &str = "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=5, isolation_level=None)
for line in sys.stdin:
    try:
        rows = c.execute(eval(line)).fetchall()
        print('ok', rows[0][0] if rows else '', flush=True)
    except sqlite3.Error as e:
        print('error', e, flush=True)
";

impl Python {
    pub fn new(path: &Path) -> Python {
        Python::running(SCRIPT, path)
    }

    pub fn running(script: &str, path: &Path) -> Python {
        let mut process = Command::new("python3")
            .args(["-c", script])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Python { process, answers }
    }

    /// The first value of the first row, as text, or the message of the failure.
    pub fn run(&mut self, sql: &str) -> Result<String, String> {
        let input = self.process.stdin.as_mut().expect("a pipe");
        writeln!(input, "{sql:?}").expect("python lives");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        match line.trim_end().split_once(' ') {
            Some(("ok", value)) => Ok(value.to_owned()),
            Some((_, message)) => Err(message.to_owned()),
            None if line.starts_with("ok") => Ok(String::new()),
            None => Err("python died".to_owned()),
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
