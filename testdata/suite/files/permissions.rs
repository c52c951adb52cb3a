//! Files and folders that the user may not write, or not read (in a transaction ours sees it at COMMIT, SQLite at the first write): another user than root runs both engines on equal copies.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Folder, stock};
use crate::engine::{Engine, Ours, literal};
use crate::oracle::Sqlite;

const CHILD: &str = "HELIOSDB_SUITE_PERMISSIONS";
const FILL: &str = "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES ('one'), ('two')";
const STATEMENTS: [&str; 12] = [
    "SELECT count(*), max(b) FROM t",
    "INSERT INTO t(b) VALUES ('new')",
    "BEGIN IMMEDIATE",
    "ROLLBACK",
    "CREATE TABLE x(a)",
    "CREATE TEMP TABLE x AS SELECT 1",
    "PRAGMA user_version = 3",
    "PRAGMA journal_mode",
    "PRAGMA journal_mode = delete",
    "UPDATE t SET b = 'other'",
    "VACUUM",
    "SELECT count(*), max(b) FROM t",
];

/// Name; journal mode; modes of the file and of its folder; whether a writer's files are left beside it.
const CASES: [(&str, &str, u32, u32, bool); 9] = [
    ("file", "delete", 0o444, 0o777, false),
    ("folder", "delete", 0o666, 0o555, false),
    ("both", "delete", 0o444, 0o555, false),
    ("unreadable", "delete", 0o000, 0o777, false),
    ("hidden", "delete", 0o666, 0o000, false),
    ("hot", "delete", 0o444, 0o555, true),
    ("log", "wal", 0o444, 0o777, false),
    ("log-folder", "wal", 0o444, 0o555, false),
    ("log-left", "wal", 0o444, 0o555, true),
];

fn folder_of(base: &Path, case: &str, engine: &str) -> PathBuf {
    base.join(format!("{case}-{engine}"))
}

fn run_both(base: &Path) {
    for (case, ..) in CASES {
        let said = ["ours", "stock"].map(|engine| {
            let path = folder_of(base, case, engine).join("a.db");
            let name = path.to_string_lossy().into_owned();
            let opened = if engine == "ours" {
                heliosdb::session::Connection::open(
                    heliosdb::session::OpenOptions::from_filename(&name, false).expect("a name"),
                )
                .map(drop)
                .map_err(|e| e.code.0)
            } else {
                rusqlite::Connection::open(&path).map(drop).map_err(|e| e.sqlite_error().map_or(1, |e| e.extended_code))
            };
            if let Err(code) = opened {
                return vec![format!("open: {code}")];
            }
            let mut engine: Box<dyn Engine> =
                if engine == "ours" { Box::new(Ours::open(&name)) } else { Box::new(Sqlite::open(&path)) };
            STATEMENTS
                .map(|sql| {
                    let outcome = engine.run(sql);
                    let row =
                        |row: &Vec<heliosdb::value::Value>| row.iter().map(|v| literal(v.as_ref())).collect::<Vec<_>>();
                    let error = outcome.error.map(|(code, message)| (code & 0xff, message));
                    format!("{sql}: {:?} {error:?}", outcome.rows.iter().map(row).collect::<Vec<_>>())
                })
                .to_vec()
        });
        assert_eq!(said[0], said[1], "{case}");
    }
}

/// What the other user runs.
#[test]
fn as_another_user() {
    if let Ok(base) = std::env::var(CHILD) {
        run_both(Path::new(&base));
    }
}

#[test]
fn what_may_not_be_written() {
    let folder = Folder::new();
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
    mode(&folder.file(""), 0o755);
    for (case, journal, of_file, of_folder, is_left) in CASES {
        let made = folder.file("made");
        fs::create_dir(&made).expect("it is new");
        let writer = stock(&made.join("a.db"));
        let run = |sql: &str| writer.connection().execute_batch(sql).expect("plain SQL");
        run(&format!("PRAGMA page_size = 512; PRAGMA journal_mode={journal}; {FILL}"));
        if is_left {
            run(
                "PRAGMA cache_size = 1; BEGIN; UPDATE t SET b = printf('%.*c', 5000, 'x'); INSERT INTO t(b) SELECT b FROM t; INSERT INTO t(b) SELECT b FROM t",
            );
            if journal == "wal" {
                run("COMMIT");
            }
        } else {
            drop(writer);
        }
        for engine in ["ours", "stock"] {
            let copy = folder_of(&folder.file(""), case, engine);
            fs::create_dir(&copy).expect("it is new");
            for entry in fs::read_dir(&made).expect("it is there") {
                let entry = entry.expect("an entry");
                let to = copy.join(entry.file_name());
                fs::copy(entry.path(), &to).expect("room");
                mode(&to, of_file);
            }
            mode(&copy, of_folder);
        }
        fs::remove_dir_all(&made).expect("it is ours");
    }
    let program = folder.file("suite");
    fs::copy(std::env::current_exe().expect("it runs"), &program).expect("room");
    mode(&program, 0o755);
    let other = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let is_root = Command::new("setpriv").args(other).arg("true").status().is_ok_and(|status| status.success());
    let mut child = if is_root {
        let mut child = Command::new("setpriv");
        child.args(other).arg(&program);
        child
    } else {
        Command::new(&program)
    };
    let output = child
        .args(["--exact", "files::permissions::as_another_user", "--nocapture"])
        .env(CHILD, folder.file(""))
        .output()
        .expect("it starts");
    for (case, ..) in CASES {
        for engine in ["ours", "stock"] {
            mode(&folder_of(&folder.file(""), case, engine), 0o755);
        }
    }
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr)
    );
}
