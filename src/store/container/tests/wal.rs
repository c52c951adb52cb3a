//! Databases in WAL mode, used by us and by stock users at once; and many writers in both modes.

use std::time::Duration;

use super::*;

#[test]
fn snapshots_and_writers() {
    let folder = Folder::new();
    let path = folder.database("wal", 3);
    for mut stock in Stock::both(&path) {
        let ours = open(&path);
        ours.execute("UPDATE t SET a=0", &[]).expect("a change");
        ours.begin_read(&at_once).expect("a snapshot");
        stock.ok("UPDATE t SET a=1");
        assert_eq!(integer(&ours, "SELECT sum(a) FROM t"), 0);
        assert_eq!(code(ours.begin_write(&at_once)), Code::BUSY_SNAPSHOT.0);
        assert_eq!(stock.ok("PRAGMA wal_checkpoint(TRUNCATE)"), "1", "our snapshot needs the log");
        ours.end_read().expect("its end");
        assert_eq!(integer(&ours, "SELECT sum(a) FROM t"), 3);
        assert_eq!(stock.ok("PRAGMA wal_checkpoint(TRUNCATE)"), "0");

        stock.ok("BEGIN");
        assert_eq!(stock.ok("SELECT sum(a) FROM t"), "3");
        ours.begin_write(&at_once).expect("a reader does not hinder writers");
        ours.execute("UPDATE t SET a=2", &[]).expect("a change");
        ours.commit(&at_once).expect("nor commits");
        assert_eq!(stock.ok("SELECT sum(a) FROM t"), "3");
        assert!(stock.is_locked("UPDATE t SET a=9"), "its snapshot is old");
        assert_eq!(integer(&ours, "PRAGMA wal_checkpoint(TRUNCATE)"), 1);
        stock.ok("COMMIT");
        assert_eq!(stock.ok("SELECT sum(a) FROM t"), "6");

        ours.begin_write(&at_once).expect("no writer");
        assert!(stock.is_locked("BEGIN IMMEDIATE"));
        ours.rollback().expect("its end");
        stock.ok("BEGIN IMMEDIATE");
        assert_eq!(code(ours.begin_write(&at_once)), BUSY);
        stock.ok("COMMIT");
    }
    check_integrity(&path);
}

/// The last one to leave removes the log, whoever it is; before that nobody does.
#[test]
fn the_log_goes_with_its_last_user() {
    let folder = Folder::new();
    for we_are_last in [false, true] {
        let path = folder.database("wal", 3);
        let (log, index) = (folder.file("app.db-wal"), folder.file("app.db-shm"));
        let ours = open(&path);
        ours.execute("UPDATE t SET a=7", &[]).expect("a change");
        let mut stocks = Stock::both(&path);
        for stock in &mut stocks {
            assert_eq!(stock.ok("SELECT a FROM t"), "7");
        }
        assert!(log.exists() && index.exists());
        if we_are_last {
            drop(stocks);
            assert!(log.exists() && index.exists());
            drop(ours);
        } else {
            drop(ours);
            assert!(log.exists() && index.exists());
            let [mut here, there] = stocks;
            drop(there);
            assert!(log.exists() && index.exists());
            here.ok("UPDATE t SET a=8");
            drop(here);
        }
        assert!(!log.exists() && !index.exists());
        check_integrity(&path);
        std::fs::remove_file(path).expect("it is there");
    }
}

/// Three users add one to a counter as fast as they can: no addition is lost.
#[test]
fn many_writers() {
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 1);
        let rounds = 60;
        let ours = open(&path);
        std::thread::scope(|scope| {
            for mut stock in Stock::both(&path) {
                scope.spawn(move || {
                    stock.ok("PRAGMA busy_timeout=60000");
                    for _ in 0..rounds {
                        stock.ok("BEGIN IMMEDIATE");
                        stock.ok("UPDATE t SET a=a+1");
                        stock.ok("COMMIT");
                    }
                });
            }
            let wait = |_: u32| {
                std::thread::sleep(Duration::from_millis(1));
                true
            };
            for round in 0..rounds {
                ours.begin_write(&wait).expect("in the end");
                ours.execute("UPDATE t SET a=a+1", &[]).expect("a change");
                ours.commit(&wait).expect("in the end");
                if round % 8 == 0 {
                    // Coming and going of connections is part of the traffic.
                    let other = Container::open(&path, OpenFlags { no_lock: false, ..OpenFlags::default() });
                    assert!(Arc::ptr_eq(&ours, &other.expect("it opens")));
                }
            }
        });
        assert_eq!(integer(&ours, "SELECT a FROM t"), 1 + 3 * i64::from(rounds), "{mode}");
        drop(ours);
        check_integrity(&path);
    }
}

/// Opening and closing while stock users of our process write: their locks must hold all the time.
#[test]
fn coming_and_going() {
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 1);
        let rounds = 60;
        std::thread::scope(|scope| {
            for mut stock in Stock::both(&path) {
                scope.spawn(move || {
                    stock.ok("PRAGMA busy_timeout=60000");
                    for _ in 0..rounds {
                        // A busy timeout does not cover the moment in which a log is opened or removed.
                        while stock.run("UPDATE t SET a=a+1").is_err() {}
                    }
                });
            }
            for _ in 0..4 * rounds {
                let ours = open(&path);
                let _ = ours.query_value("SELECT a FROM t", &[]);
            }
        });
        assert_eq!(integer(&open(&path), "SELECT a FROM t"), 1 + 2 * i64::from(rounds), "{mode}");
        check_integrity(&path);
    }
}
