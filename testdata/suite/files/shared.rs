//! Writers and readers of one file at the same time: ours, and SQLite in another process. Nobody sees an error under
//! the usual timeout of five seconds, and nothing is lost.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use heliosdb::value::Value;

use super::{Folder, Python, dump, stock};
use crate::engine::{Engine, Ours, literal};

/// Additions by each writer.
const ADDITIONS: usize = 150;

/// Adds 1 to the counter, in two rows whose sum stays even.
const SCRIPT: &str = "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=5, isolation_level=None)
try:
    for i in range(150):
        c.execute('BEGIN IMMEDIATE')
        c.execute('UPDATE counter SET n = n + 1 WHERE id = 1')
        c.execute('UPDATE counter SET n = n + 1 WHERE id = 2')
        c.execute('COMMIT')
    print('done', flush=True)
except sqlite3.Error as e:
    print('error', e, flush=True)
";

fn open(path: &Path) -> Ours {
    let ours = Ours::open(path.to_str().expect("an ASCII name"));
    ours.connection().set_busy_timeout_ms(5000);
    ours
}

fn ok(engine: &mut dyn Engine, sql: &str) -> Vec<Vec<Value>> {
    let outcome = engine.run(sql);
    assert_eq!(outcome.error, None, "{sql}");
    outcome.rows
}

fn writers(journal: &str, own_process: usize, other_processes: usize) {
    let folder = Folder::new();
    let path = folder.file("a.db");
    ok(
        &mut stock(&path),
        &format!(
            "PRAGMA journal_mode={journal}; CREATE TABLE counter(id INTEGER PRIMARY KEY, n);
             INSERT INTO counter VALUES (1, 0), (2, 0)"
        ),
    );
    let ended = Arc::new(AtomicBool::new(false));
    let reader = {
        let (path, ended) = (path.clone(), ended.clone());
        thread::spawn(move || {
            let mut ours = open(&path);
            let mut last = 0;
            while !ended.load(Ordering::Relaxed) {
                let rows = ok(&mut ours, "SELECT a.n, b.n FROM counter a, counter b WHERE a.id = 1 AND b.id = 2");
                let [Value::Integer(a), Value::Integer(b)] = rows[0][..] else { panic!("{rows:?}") };
                assert!(a == b && a >= last, "{a} {b} after {last}");
                last = a;
                thread::sleep(std::time::Duration::from_millis(3));
            }
        })
    };
    let others: Vec<Python> = (0..other_processes).map(|_| Python::running(SCRIPT, &path)).collect();
    let ours: Vec<_> = (0..own_process)
        .map(|_| {
            let path = path.clone();
            thread::spawn(move || {
                let mut ours = open(&path);
                for i in 0..ADDITIONS {
                    let begin = if i % 2 == 0 { "BEGIN IMMEDIATE" } else { "SAVEPOINT s" };
                    let end = if i % 2 == 0 { "COMMIT" } else { "RELEASE s" };
                    ok(&mut ours, begin);
                    ok(&mut ours, "UPDATE counter SET n = n + 1");
                    ok(&mut ours, end);
                }
            })
        })
        .collect();
    let failures: Vec<String> = ours.into_iter().filter_map(|w| w.join().err()).map(|e| format!("{e:?}")).collect();
    let mut said = Vec::new();
    for mut other in others {
        let mut text = String::new();
        other.answers.read_to_string(&mut text).expect("an answer");
        said.push(text);
    }
    ended.store(true, Ordering::Relaxed);
    reader.join().expect("consistent sums");
    assert!(failures.is_empty() && said.iter().all(|s| s == "done\n"), "{journal}: {failures:?} {said:?}");
    let wanted = (ADDITIONS * (own_process + other_processes)) as i64;
    for engine in [&mut stock(&path) as &mut dyn Engine, &mut open(&path)] {
        let rows = ok(engine, "SELECT n FROM counter");
        let counts: Vec<String> = rows.iter().map(|row| literal(row[0].as_ref())).collect();
        assert_eq!(counts, [wanted.to_string(), wanted.to_string()], "{journal}");
    }
    assert_eq!(dump(&mut stock(&path)).expect("it is whole")[0], "'ok'");
}

#[test]
fn nothing_is_lost_with_a_rollback_journal() {
    writers("delete", 1, 1);
    writers("truncate", 2, 1);
}

#[test]
fn nothing_is_lost_with_a_log() {
    writers("wal", 1, 1);
    writers("wal", 2, 1);
}

/// A writer of ours that waits must not keep the one it waits for from committing, and readers that never rest must
/// let writers in.
#[test]
fn those_who_wait_hold_no_lock() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    ok(&mut stock(&path), "CREATE TABLE t(a, b UNIQUE); INSERT INTO t VALUES (1, 1)");
    for wait in ["BEGIN IMMEDIATE", "UPDATE t SET a = a + 1", "SAVEPOINT s; INSERT INTO t(a) VALUES (1)"] {
        let mut other = Python::new(&path);
        other.run("BEGIN IMMEDIATE").expect("nobody else writes");
        other.run("UPDATE t SET a = a + 1").expect("nobody else writes");
        let waiting = {
            let path = path.clone();
            thread::spawn(move || {
                let mut ours = open(&path);
                let before = ours.run("SELECT max(a) FROM t").rows;
                ok(&mut ours, wait);
                let after = ok(&mut ours, "SELECT max(a) FROM t");
                (format!("{before:?}"), format!("{after:?}"))
            })
        };
        thread::sleep(std::time::Duration::from_millis(60));
        other.run("COMMIT").expect("ours does not read while it waits");
        let (before, after) = waiting.join().expect("its turn came");
        assert!(before != after, "{wait} works on {after}, what the other wrote");
    }
    let ended = Arc::new(AtomicBool::new(false));
    let reader = {
        let (path, ended) = (path.clone(), ended.clone());
        thread::spawn(move || {
            let mut ours = open(&path);
            while !ended.load(Ordering::Relaxed) {
                ok(&mut ours, "SELECT a FROM t");
            }
        })
    };
    let mut other = Python::new(&path);
    for _ in 0..5 {
        other.run("UPDATE t SET a = a + 1").expect("readers make room");
    }
    ended.store(true, Ordering::Relaxed);
    reader.join().expect("reading goes on");
}

/// Waiting with a snapshot that was read would be in vain: SQLite gives up at once.
#[test]
fn a_reader_does_not_wait_to_write() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    ok(&mut stock(&path), "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    let mut other = Python::new(&path);
    for theirs in [&mut stock(&path) as &mut dyn Engine, &mut open(&path)] {
        ok(theirs, "BEGIN; SELECT * FROM t");
        other.run("BEGIN IMMEDIATE").expect("readers do not hinder it");
        let start = std::time::Instant::now();
        let message = theirs.run("UPDATE t SET a = 2").error.map(|e| e.1);
        assert_eq!(message.as_deref(), Some("database is locked"));
        assert!(start.elapsed().as_millis() < 2500);
        other.run("ROLLBACK").expect("nothing was written");
        ok(theirs, "COMMIT");
    }
}
