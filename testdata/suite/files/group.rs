//! A commit that changes two files is in both or in none, whatever fails and whenever the process is killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use heliosdb::store::container::fault::{Calls, Effect, inject};

use super::{Folder, dump, stock};
use crate::engine::{Engine, Ours, literal};
use crate::generator::rng::Rng;
use crate::generator::setting;

/// The second file's name begins with the first one's, so that failures are injected into both.
const NAMES: [&str; 2] = ["a.db", "a.db2"];
const CALLS_MAX: u64 = 400;
const CHILD: &str = "HELIOSDB_SUITE_GROUP";
const KILLS: u64 = 60;

fn ok(engine: &mut dyn Engine, sql: &str) {
    assert_eq!(engine.run(sql).error, None, "{sql}");
}

fn set_up(folder: &Folder, journal: &str) {
    for name in NAMES {
        let sql = format!(
            "PRAGMA page_size = 1024; PRAGMA journal_mode={journal}; CREATE TABLE t(n, text); INSERT INTO t VALUES (0, 'x')"
        );
        ok(&mut stock(&folder.file(name)), &sql);
    }
}

fn open(folder: &Folder) -> Ours {
    let mut ours = Ours::open(&folder.file(NAMES[0]).to_string_lossy());
    ok(&mut ours, &format!("ATTACH '{}' AS other", folder.file(NAMES[1]).to_string_lossy()));
    ours
}

/// What SQLite finds in both files, each by itself.
fn found(folder: &Folder) -> [Vec<String>; 2] {
    NAMES.map(|name| dump(&mut stock(&folder.file(name))).expect("it is whole"))
}

fn files_left(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.file("")).expect("the folder is ours");
    let names = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("-mj")).collect()
}

fn each_call(journal: &str, kind: Calls, effect: Effect) {
    let is_crash = matches!(effect, Effect::PowerOff | Effect::PowerOffTorn);
    for at in 0..CALLS_MAX {
        let folder = Folder::new();
        set_up(&folder, journal);
        let mut ours = open(&folder);
        let before = found(&folder);
        ok(
            &mut ours,
            "BEGIN; INSERT INTO t VALUES (1, printf('%.*c', 5000, 'y')); INSERT INTO other.t SELECT * FROM main.t; CREATE TABLE other.more(a)",
        );
        let injected = inject(&folder.file(NAMES[0]), kind, at, effect);
        let outcome = ours.run("COMMIT");
        let has_fired = injected.has_fired();
        let place = format!("{journal}, {kind:?}, {effect:?} at {at}: {:?}", outcome.error);
        if is_crash {
            drop(ours);
            // The descriptors are gone with their locks.
            drop(injected);
            let now = found(&folder);
            assert_eq!(now[0] == before[0], now[1] == before[1], "{place}: {now:?}");
            assert!(outcome.error.is_some() || now[0] != before[0], "{place}: lost");
        } else {
            drop(injected);
            assert!(ours.counters().autocommit || ours.run("ROLLBACK").error.is_none(), "{place}");
            let now = found(&folder);
            assert_eq!(now[0] == before[0], now[1] == before[1], "{place}: {now:?}");
            assert_eq!(now[0] == before[0], outcome.error.is_some(), "{place}");
            assert_eq!(dump(&mut ours).expect(&place), now[0], "{place}");
            ok(&mut ours, "BEGIN; INSERT INTO t VALUES (2, 'z'); INSERT INTO other.t VALUES (2, 'z'); COMMIT");
            assert_eq!(dump(&mut ours).expect(&place), found(&folder)[0], "{place}");
            assert_eq!(files_left(&folder), Vec::<String>::new(), "{place}");
        }
        if !has_fired {
            assert!(at > 3 || kind != Calls::ALL, "{place}: there are such calls");
            return;
        }
    }
    panic!("{journal}: more calls than {CALLS_MAX}");
}

#[test]
fn two_files_survive_each_failing_call() {
    for journal in ["delete", "truncate", "persist"] {
        for effect in [Effect::Fail, Effect::PowerOff, Effect::PowerOffTorn] {
            each_call(journal, Calls::CHANGES, effect);
        }
        each_call(journal, Calls::ALL, Effect::Fail);
    }
}

/// Others who read one of the files keep both from being committed, and the transaction goes on.
#[test]
fn a_reader_of_one_file() {
    let folder = Folder::new();
    set_up(&folder, "delete");
    let mut ours = open(&folder);
    let before = found(&folder);
    ok(&mut ours, "BEGIN; INSERT INTO t VALUES (1, 'y'); INSERT INTO other.t VALUES (1, 'y')");
    let reader = stock(&folder.file(NAMES[1]));
    let mut statement = reader.connection().prepare("SELECT * FROM t").expect("a table");
    let mut rows = statement.query([]).expect("it runs");
    assert!(rows.next().expect("it reads").is_some());
    assert_eq!(ours.run("COMMIT").error.map(|e| e.0), Some(5));
    assert_eq!(found(&folder), before);
    drop(rows);
    drop(statement);
    ok(&mut ours, "INSERT INTO other.t VALUES (2, 'z'); COMMIT");
    let rows = ours.run("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM other.t)").rows;
    assert_eq!(rows[0].iter().map(|v| literal(v.as_ref())).collect::<Vec<_>>(), ["2", "3"]);
    assert_eq!(files_left(&folder), Vec::<String>::new());
}

/// Commits the next number into both files until it is killed.
#[test]
fn commits_two_files_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let mut ours = Ours::open(&path);
    ok(&mut ours, &format!("ATTACH '{path}2' AS other"));
    let last = ours.run("SELECT max(n) FROM t").rows;
    let first: u64 = literal(last[0][0].as_ref()).parse().unwrap_or(0);
    for n in first + 1.. {
        ok(&mut ours, "BEGIN");
        for table in ["t", "other.t"] {
            ok(&mut ours, &format!("INSERT INTO {table} VALUES ({n}, printf('%.*c', {}, 'x'))", n * 37 % 3000));
            ok(&mut ours, &format!("DELETE FROM {table} WHERE n = {}", n.saturating_sub(50)));
        }
        ok(&mut ours, "COMMIT");
        println!("committed {n}");
    }
}

fn kill(path: &Path, delay: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", "files::group::commits_two_files_until_it_is_killed", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut told = BufReader::new(child.stdout.take().expect("a pipe"));
    let number = |line: &str| line.trim_end().rsplit_once("committed ").and_then(|(_, n)| n.parse().ok());
    let (mut last, mut line) = (0, String::new());
    while last == 0 {
        line.clear();
        assert!(told.read_line(&mut line).expect("text") > 0, "the process ended");
        last = number(&line).unwrap_or(0);
    }
    std::thread::sleep(delay);
    child.kill().expect("it lives");
    child.wait().expect("it ends");
    line.clear();
    while told.read_line(&mut line).expect("text") > 0 {
        last = if line.ends_with('\n') { number(&line).unwrap_or(last) } else { last };
        line.clear();
    }
    last
}

#[test]
fn both_files_or_none_after_a_kill_crash() {
    let kills = setting("HELIOSDB_CRASHES").unwrap_or(KILLS);
    let mut rng = Rng::new(kills);
    for journal in ["delete", "truncate", "persist"] {
        let folder = Folder::new();
        set_up(&folder, journal);
        for i in 0..kills / 3 {
            let told = kill(&folder.file(NAMES[0]), Duration::from_micros(rng.below(20_000) as u64));
            // By SQLite's recovery and by ours in turn, of either file first.
            let read = |name: &str| {
                let path = folder.file(name);
                let sql = "SELECT max(n), count(*), sum(length(text)) FROM t";
                let rows =
                    if i % 2 == 0 { stock(&path).run(sql) } else { Ours::open(&path.to_string_lossy()).run(sql) }.rows;
                rows[0].iter().map(|v| literal(v.as_ref())).collect::<Vec<_>>()
            };
            let mut order = NAMES;
            if i % 4 > 1 {
                order.reverse();
            }
            let states = order.map(read);
            assert_eq!(states[0], states[1], "{journal}, after {told}");
            let newest: u64 = states[0][0].parse().expect("a number");
            assert!(newest == told || newest == told + 1, "{journal}: {newest} after {told}");
            let whole = found(&folder);
            assert_eq!((whole[0][0].as_str(), whole[1][0].as_str()), ("'ok'", "'ok'"));
        }
    }
}
