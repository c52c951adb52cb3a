//! A process of ours is killed while it commits: what it was told to be committed is there, and every commit is whole.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Folder, dump, stock};
use crate::engine::{Engine, Ours, literal};
use crate::generator::rng::Rng;
use crate::generator::setting;

/// Tells the test binary to be the process that is killed: the file's name.
const CHILD: &str = "HELIOSDB_SUITE_CRASHES";
/// Kills in `cargo test`; HELIOSDB_CRASHES for more.
const KILLS: u64 = 200;

fn ok(engine: &mut dyn Engine, sql: &str) {
    assert_eq!(engine.run(sql).error, None, "{sql}");
}

/// Commits until it is killed. Each commit writes rows with its number into two tables, and prints it.
#[test]
fn commits_until_it_is_killed() {
    let Ok(name) = std::env::var(CHILD) else { return };
    let mut ours = Ours::open(&name);
    ours.connection().set_busy_timeout_ms(5000);
    let last = ours.run("SELECT max(n) FROM a").rows;
    let first: u64 = literal(last[0][0].as_ref()).parse().unwrap_or(0);
    for number in first + 1.. {
        let rows = 1 + number % 40;
        ok(&mut ours, "BEGIN");
        for table in ["a", "b"] {
            let sql = format!(
                "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < {rows})
                 INSERT INTO {table}(n, text) SELECT {number}, printf('%.*c', 20 + i * 37 % 900, 'x') FROM s"
            );
            ok(&mut ours, &sql);
        }
        if number % 7 == 0 {
            ok(&mut ours, &format!("UPDATE a SET text = 'short' WHERE n = {}", number - 5));
            ok(&mut ours, &format!("DELETE FROM a WHERE n = {}", number - 6));
            ok(&mut ours, &format!("DELETE FROM b WHERE n = {}", number - 6));
        }
        ok(&mut ours, "COMMIT");
        println!("committed {number}");
    }
}

/// Starts the process, kills it, and gives the last commit that it told of.
fn crash(path: &Path, delay: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", "files::crash::commits_until_it_is_killed", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut told = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut last = 0;
    let mut line = String::new();
    let mut note = |line: &str| {
        let number =
            line.strip_suffix('\n').and_then(|l| l.rsplit_once("committed ")).and_then(|(_, n)| n.parse().ok());
        last = number.unwrap_or(last);
    };
    // The delay counts from the first commit: starting takes longer than most of them.
    while !line.contains("committed") {
        line.clear();
        assert!(told.read_line(&mut line).expect("text") > 0, "the process ended");
    }
    note(&line);
    std::thread::sleep(delay);
    child.kill().expect("it lives");
    child.wait().expect("it ends");
    line.clear();
    while told.read_line(&mut line).expect("text") > 0 {
        note(&line);
        line.clear();
    }
    last
}

#[test]
fn every_commit_is_whole_after_a_kill() {
    let kills = setting("HELIOSDB_CRASHES").unwrap_or(KILLS);
    let mut rng = Rng::new(kills);
    for journal in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let setup = format!(
            "PRAGMA page_size = 1024; PRAGMA journal_mode={journal};
             CREATE TABLE a(id INTEGER PRIMARY KEY, n, text);
             CREATE TABLE b(id INTEGER PRIMARY KEY, n, text); CREATE INDEX b_n ON b(n, text)"
        );
        ok(&mut stock(&path), &setup);
        for _ in 0..kills / 2 {
            let told = crash(&path, Duration::from_micros(rng.below(40_000) as u64));
            let mut stock = stock(&path);
            let rows = stock
                .run("SELECT (SELECT max(n) FROM a), (SELECT max(n) FROM b), (SELECT count(*) FROM a), (SELECT count(*) FROM b)")
                .rows;
            let counts: Vec<u64> = rows[0].iter().map(|v| literal(v.as_ref()).parse().expect("a number")).collect();
            assert!(counts[0] >= told && counts[0] <= told + 1, "{journal}: {counts:?} after commit {told}");
            assert_eq!(counts[0], counts[1], "{journal}: {counts:?}");
            for table in ["a", "b"] {
                let parts =
                    format!("SELECT n, count(*), max(id) FROM {table} GROUP BY n HAVING count(*) <> 1 + n % 40");
                let parts = stock.run(&parts).rows;
                assert!(parts.is_empty(), "{journal}, {table}: {parts:?} of {counts:?}, after {told}");
            }
            assert_eq!(counts[2], counts[3], "{journal}: {counts:?}");
            assert_eq!(dump(&mut stock).expect("it is whole")[0], "'ok'", "{journal}");
        }
    }
}
