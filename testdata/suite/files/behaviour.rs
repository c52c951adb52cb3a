//! What happens to a file from outside, and what SQLite does then: the same statements with both engines on equal
//! files must give the same rows, codes and messages.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use heliosdb::session::BackupStep;

use super::{Folder, stock};
use crate::engine::{Engine, Ours, literal};
use crate::oracle::Sqlite;

const FILL: &str = "
    CREATE TABLE t(a INTEGER PRIMARY KEY, b);
    CREATE INDEX i ON t(b);
    WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 2000)
    INSERT INTO t(b) SELECT printf('%020d', k * 7919 % 2000) FROM n;";

const READ: &str = "SELECT count(*), sum(length(b)), min(b) FROM t";
const LOOK_UP: &str = "SELECT a, b FROM t WHERE a = 3";
const WRITE: &str = "INSERT INTO t(b) VALUES ('new')";

type Open = fn(&Path) -> Box<dyn Engine>;

const OPEN: [Open; 2] =
    [|path| Box::new(Ours::open(path.to_str().expect("an ASCII name"))), |path| Box::new(Sqlite::open(path))];

fn line(engine: &mut dyn Engine, sql: &str) -> String {
    let outcome = engine.run(sql);
    let row = |row: &Vec<heliosdb::value::Value>| row.iter().map(|v| literal(v.as_ref())).collect::<Vec<_>>().join("|");
    format!("{sql}: {:?} {:?}", outcome.rows.iter().map(row).collect::<Vec<_>>(), outcome.error)
}

/// Runs `case` on a filled file with each engine and compares what it gives.
fn compare(case: impl Fn(&Path, Open) -> Vec<String>) -> Vec<String> {
    let said = OPEN.map(|open| {
        let folder = Folder::new();
        assert_eq!(stock(&folder.file("a.db")).run(FILL).error, None);
        let folder_name = folder.file("").to_string_lossy().into_owned();
        let said = case(&folder.file("a.db"), open);
        said.into_iter().map(|line| line.replace(&folder_name, "…/")).collect::<Vec<_>>()
    });
    let [ours, theirs] = said;
    assert_eq!(ours, theirs);
    ours
}

fn beside(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}

/// Reads, lets `f` happen, and reads and writes again.
fn meanwhile(f: impl Fn(&Path)) {
    compare(|path, open| {
        let mut engine = open(path);
        let mut said = vec![line(&mut *engine, READ)];
        f(path);
        said.extend([READ, WRITE, "BEGIN", LOOK_UP, WRITE, "ROLLBACK"].map(|sql| line(&mut *engine, sql)));
        said
    });
}

#[test]
fn moved_replaced_or_deleted() {
    meanwhile(|path| fs::rename(path, beside(path, "b.db")).expect("a rename"));
    meanwhile(|path| fs::remove_file(path).expect("a removal"));
    meanwhile(|path| {
        fs::copy(path, beside(path, "b.db")).expect("a copy");
        fs::rename(beside(path, "b.db"), path).expect("a rename");
    });
}

#[test]
fn truncated_while_open() {
    for len in [0, 4096, 5 * 4096] {
        meanwhile(|path| {
            let file = OpenOptions::new().write(true).open(path).expect("it is there");
            // Until the lease ends nobody may write the file, so that it is not looked at.
            std::thread::sleep(std::time::Duration::from_millis(100));
            file.set_len(len).expect("shorter");
        });
    }
}

#[test]
fn a_journal_that_a_crash_left() {
    compare(|path, open| {
        let script = "import sqlite3, os, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA cache_size=5'); \
                      c.execute('UPDATE t SET b = b || 1'); os._exit(0)";
        let ended = Command::new("python3").args(["-c", script]).arg(path).status().expect("python3 is there");
        assert!(ended.success() && beside(path, "a.db-journal").exists());
        let mut engine = open(path);
        let said = [READ, "PRAGMA integrity_check", WRITE, READ].map(|sql| line(&mut *engine, sql)).to_vec();
        assert!(!beside(path, "a.db-journal").exists());
        said
    });
}

#[cfg(unix)]
#[test]
fn symbolic_links() {
    compare(|path, open| {
        let link = beside(path, "link");
        std::os::unix::fs::symlink(path, &link).expect("a link");
        let mut engine = open(&link);
        let mut said = [WRITE, READ, "PRAGMA database_list"].map(|sql| line(&mut *engine, sql)).to_vec();
        said.push(line(&mut *open(path), READ));
        said
    });
}

#[test]
fn read_only() {
    for parameters in ["mode=ro", "immutable=1"] {
        compare(|path, open| {
            let name = format!("file:{}?{parameters}", path.display());
            let mut engine = open(Path::new(&name));
            [
                READ,
                WRITE,
                "BEGIN IMMEDIATE",
                "ROLLBACK",
                "CREATE TEMP TABLE x AS SELECT 1",
                "PRAGMA user_version = 3",
                "VACUUM",
                "DROP TABLE t",
                READ,
            ]
            .map(|sql| line(&mut *engine, sql))
            .to_vec()
        });
    }
}

#[test]
fn mapped_bytes() {
    compare(|path, open| {
        let mut engine = open(path);
        [
            "PRAGMA mmap_size",
            "PRAGMA mmap_size=67108864",
            "PRAGMA main.mmap_size",
            "PRAGMA mmap_size=-1",
            "PRAGMA temp.mmap_size",
        ]
        .map(|sql| line(&mut *engine, sql))
        .to_vec()
    });
}

/// Dropping moves what is left to other pages, where the file vacuums itself.
#[test]
fn many_tables() {
    for mode in ["none", "full"] {
        compare(|path, open| {
            let path = &beside(path, "many.db");
            let mut engine = open(path);
            let tables = (0..70).map(|i| {
                format!("CREATE TABLE t{i}(a UNIQUE, b); INSERT INTO t{i} VALUES ({i}, 'b{i}'); CREATE INDEX i{i} ON t{i}(b);")
            });
            let made = format!("PRAGMA page_size=512; PRAGMA auto_vacuum={mode}; {}", tables.collect::<String>());
            let mut said = vec![line(&mut *engine, &made)];
            drop(engine);
            let mut engine = open(path);
            said.push(line(&mut *engine, "SELECT * FROM t3"));
            let dropped: String = (0..70).step_by(3).map(|i| format!("DROP TABLE t{i};")).collect();
            said.push(line(
                &mut *engine,
                &format!("BEGIN; {dropped} CREATE TABLE last(a); INSERT INTO last VALUES (7); COMMIT"),
            ));
            said.push(line(&mut *engine, "ALTER TABLE t4 RENAME TO renamed"));
            let left = (0..70).filter(|i| i % 3 != 0 && *i != 4);
            said.extend(left.map(|i| line(&mut *engine, &format!("SELECT * FROM t{i} WHERE b = 'b{i}'"))));
            said.extend(["SELECT * FROM last", "SELECT * FROM renamed WHERE a = 4"].map(|sql| line(&mut *engine, sql)));
            said.push(line(&mut *engine, "PRAGMA integrity_check"));
            said
        });
    }
}

#[test]
fn vacuum() {
    compare(|path, open| {
        let mut engine = open(path);
        let into = format!("VACUUM INTO '{}'", beside(path, "copy.db").display());
        let mut said: Vec<String> = (["DELETE FROM t WHERE a > 100", "VACUUM", "PRAGMA page_count", READ, LOOK_UP])
            .map(|sql| line(&mut *engine, sql))
            .to_vec();
        said.extend([&*into, &*into, "BEGIN", "VACUUM", "ROLLBACK"].map(|sql| line(&mut *engine, sql)));
        said.push(line(&mut *open(&beside(path, "copy.db")), READ));
        said
    });
}

#[test]
fn cut_short() {
    for len in [0, 50, 4096, 5000, 8 * 4096, 8 * 4096 + 100] {
        compare(|path, open| {
            let file = OpenOptions::new().write(true).open(path).expect("it is there");
            file.set_len(len).expect("shorter");
            let mut engine = open(path);
            [LOOK_UP, READ, "SELECT max(b) FROM t"].map(|sql| line(&mut *engine, sql)).to_vec()
        });
    }
}

/// Ours says where.
#[test]
fn damaged() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    assert_eq!(stock(&path).run(FILL).error, None);
    let mut file = OpenOptions::new().write(true).open(&path).expect("it is there");
    file.seek(SeekFrom::Start(5 * 4096)).expect("a place in it");
    file.write_all(&[0xff; 4096]).expect("room");
    let [ours, theirs] = OPEN.map(|open| open(&path).run("SELECT sum(length(b)) FROM t NOT INDEXED").error);
    assert_eq!(theirs, Some((11, "database disk image is malformed".to_owned())));
    let ours = ours.expect("the same code");
    assert_eq!((ours.0, ours.1.starts_with("database disk image is malformed: page 6")), (11, true), "{}", ours.1);
}

/// The first thing that a connection does may be to open a value; while it is open others do not change the file.
#[test]
fn a_value_is_open() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    assert_eq!(stock(&path).run(FILL).error, None);
    let ours = Ours::open(path.to_str().expect("an ASCII name"));
    let mut blob = ours.connection().open_blob("main", "t", "b", 3, false).expect("it is there");
    let mut start = [0; 3];
    let change = "UPDATE t SET b = 'changed' WHERE a = 3";
    let refused = Sqlite::open(&path).run(change).error.map(|e| e.1);
    assert_eq!(refused.as_deref(), Some("database is locked"));
    blob.read(0, &mut start).expect("it is as it was");
    assert_eq!(start[..3], *b"000");
    blob.close();
    assert_eq!(stock(&path).run(change).error, None);
    let blob = ours.connection().open_blob("main", "t", "b", 3, false).expect("it is there");
    assert_eq!(blob.len(), "changed".len());
}

#[test]
fn copies_go_both_ways() {
    let folder = Folder::new();
    let (path, copy) = (folder.file("a.db"), folder.file("copy.db"));
    assert_eq!(stock(&path).run(FILL).error, None);
    let wanted = line(&mut stock(&path), READ);
    let open = |path: &Path| Ours::open(path.to_str().expect("an ASCII name"));
    let (mut ours, mut target) = (open(&path), open(&copy));
    let mut backup = ours.connection().backup_to("main", target.connection(), "main").expect("a backup");
    while backup.step(7).expect("nobody hinders it") == BackupStep::Ok {}
    drop(backup);
    for engine in [&mut ours as &mut dyn Engine, &mut target, &mut stock(&copy)] {
        assert_eq!(line(engine, READ), wanted);
        assert_eq!(line(engine, "PRAGMA integrity_check"), "PRAGMA integrity_check: [\"'ok'\"] None");
    }
    // The bytes of a file are a file.
    let bytes = ours.connection().serialize("main").expect("it is readable").expect("it is there");
    fs::write(folder.file("bytes.db"), bytes).expect("room");
    assert_eq!(line(&mut stock(&folder.file("bytes.db")), READ), wanted);
}

/// What is no database, and one that becomes none: a query that names no table needs the file once.
#[test]
fn a_file_that_is_no_database() {
    let texts = [
        "no database at all, but long enough to have a header, and then some more of it ".repeat(60),
        "short".to_owned(),
    ];
    for text in texts {
        compare(|path, open| {
            fs::write(path, &text).expect("the folder is ours");
            let mut engine = open(path);
            let statements = [
                "SELECT 1",
                "SELECT 1 + 1, (SELECT 'x')",
                "VALUES (1), (2)",
                "BEGIN",
                "SELECT 2",
                "COMMIT",
                READ,
                WRITE,
                "BEGIN IMMEDIATE",
                "CREATE TABLE t(a)",
                "SELECT * FROM sqlite_schema",
                "PRAGMA foreign_keys",
                "PRAGMA user_version",
                "PRAGMA integrity_check",
                "SELECT 3",
            ];
            let said = statements.map(|sql| line(&mut *engine, sql)).to_vec();
            assert_eq!(fs::read_to_string(path).expect("it is still there"), text);
            said
        });
    }
    compare(|path, open| {
        let mut engine = open(path);
        let mut said = vec![line(&mut *engine, READ)];
        fs::write(path, "no database").expect("the folder is ours");
        // Until the lease ends nobody may write the file, so that it is not looked at.
        std::thread::sleep(std::time::Duration::from_millis(100));
        said.extend(["SELECT 1", READ, "VALUES (1), (2)"].map(|sql| line(&mut *engine, sql)));
        said
    });
}

/// A query that names no table runs whoever locks the file.
#[test]
fn locked_by_others() {
    compare(|path, open| {
        let mut engine = open(path);
        let mut said = vec![line(&mut *engine, READ)];
        let mut other = stock(path);
        assert_eq!(other.run("BEGIN EXCLUSIVE").error, None);
        said.extend(["SELECT 1", READ, "SELECT 2 IN (1, 2)"].map(|sql| line(&mut *engine, sql)));
        said
    });
}

#[test]
fn all_rows_go_and_others_come() {
    compare(|path, open| {
        let mut engine = open(path);
        let mut reader = open(path);
        let mut said = vec![line(&mut *engine, READ)];
        for (end, delete) in [("ROLLBACK", "DELETE FROM t"), ("COMMIT", "DELETE FROM t"), ("COMMIT", "DELETE FROM t")] {
            said.push(line(&mut *engine, "BEGIN"));
            for sql in [WRITE, delete, "SELECT changes()", LOOK_UP, WRITE, WRITE, READ] {
                said.push(line(&mut *engine, sql));
            }
            said.push(line(&mut *reader, READ));
            said.push(line(&mut *engine, end));
            said.extend([&mut *engine, &mut *reader, &mut *open(path), &mut stock(path)].map(|e| line(e, READ)));
        }
        said.push(line(&mut stock(path), "PRAGMA integrity_check"));
        said
    });
}
