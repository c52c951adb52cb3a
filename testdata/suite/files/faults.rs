//! Every call of a commit on the file fails once: the database is as before or as after, for SQLite too, and our
//! engine goes on.

use heliosdb::store::container::fault::{Calls, Effect, inject};

use super::{Folder, dump, stock};
use crate::engine::{Engine, Ours};

/// More than a commit here makes.
const CALLS_MAX: u64 = 300;

fn ok(engine: &mut dyn Engine, sql: &str) {
    assert_eq!(engine.run(sql).error, None, "{sql}");
}

fn each_call_fails(journal: &str, kind: Calls, effect: Effect) {
    for at in 0..CALLS_MAX {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let setup = format!(
            "PRAGMA page_size = 512; PRAGMA journal_mode={journal}; CREATE TABLE a(id INTEGER PRIMARY KEY, n, text);
             CREATE TABLE b(n UNIQUE, text); INSERT INTO a(n) VALUES (1), (2), (3);
             INSERT INTO b VALUES (1, 'x'), (2, 'y')"
        );
        ok(&mut stock(&path), &setup);
        let name = path.to_str().expect("an ASCII name");
        let (mut ours, mut second) = (Ours::open(name), Ours::open(name));
        ok(&mut ours, "INSERT INTO b VALUES (3, printf('%.*c', 2000, 'o'))");
        let before = dump(&mut ours).expect("it is whole");
        let changes = "UPDATE a SET text = printf('%.*c', 300, 'n'); DELETE FROM b WHERE n = 2;
             INSERT INTO b VALUES (7, 'seven'); CREATE TABLE c(x); INSERT INTO c VALUES (1)";
        ok(&mut ours, "BEGIN IMMEDIATE");
        ok(&mut ours, changes);
        let after = dump(&mut ours).expect("it is whole");
        let injected = inject(&path, kind, at, effect);
        let outcome = ours.run("COMMIT");
        let has_fired = injected.has_fired();
        drop(injected);
        let place = format!("{journal}, {kind:?}, {effect:?} at {at}: {:?}", outcome.error);
        let is_busy = outcome.error.as_ref().is_none_or(|(code, _)| code & 0xff == 5);
        assert!(is_busy || ours.counters().autocommit, "{place}: the transaction is over");
        if !ours.counters().autocommit {
            ok(&mut ours, "ROLLBACK");
        }
        let found = dump(&mut stock(&path)).expect(&place);
        assert!(found == before || found == after, "{place}: neither before nor after: {found:?}");
        if outcome.error.is_none() {
            assert_eq!(found, after, "{place}");
        }
        for engine in [&mut ours, &mut second] {
            assert_eq!(dump(engine).expect(&place), found, "{place}: ours and SQLite's");
        }
        let later = second.run("INSERT INTO a(n) VALUES (9)").error.or(ours.run("INSERT INTO a(n) VALUES (10)").error);
        assert_eq!(later, None, "{place}");
        let found = dump(&mut stock(&path)).expect(&place);
        assert_eq!(dump(&mut ours).expect(&place), found, "{place}: after it");
        if !has_fired {
            assert!(at > 0 || kind == Calls::TRUNCATE || kind == Calls::LOCK, "{place}: there are such calls");
            return;
        }
    }
    panic!("{journal}: more calls than {CALLS_MAX}");
}

#[test]
fn a_commit_survives_each_failing_call() {
    for journal in ["delete", "wal"] {
        for kind in [Calls::WRITE, Calls::SYNC, Calls::TRUNCATE, Calls::LOCK, Calls::DELETE, Calls::ALL] {
            if journal == "wal" && kind == Calls::DELETE {
                continue;
            }
            each_call_fails(journal, kind, Effect::Fail);
        }
        each_call_fails(journal, Calls::WRITE, Effect::Short);
    }
}
