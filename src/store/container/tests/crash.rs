//! Processes killed in the middle: theirs, whose journal we roll back, and ours, whose journal they do.

use std::time::Duration;

use super::*;

/// Begins a transaction that overflows the cache, so that pages reach the file before the commit.
pub fn overflow(stock: &mut Stock) {
    stock.ok("PRAGMA cache_size=5");
    stock.ok("BEGIN IMMEDIATE");
    stock.ok("UPDATE t SET a=-1, b=randomblob(1000)");
}

#[test]
fn a_journal_left_by_a_killed_process_is_rolled_back() {
    let folder = Folder::new();
    let path = folder.database("delete", 200);
    let journal = folder.file("app.db-journal");
    let mut victim = Stock::there(&path);
    overflow(&mut victim);
    let ours = open(&path);
    assert_eq!(code(ours.begin_read(&at_once)), BUSY, "it writes");
    victim.kill();
    assert!(journal.metadata().expect("left behind").len() > 0);
    let immutable = Container::open(&path, OpenFlags { read_only: true, immutable: true, ..OpenFlags::default() });
    drop(immutable.expect("it opens"));
    assert!(journal.exists(), "an immutable file is left alone");
    ours.begin_read(&at_once).expect("the rollback");
    assert_eq!(integer(&ours, "SELECT sum(a) FROM t"), 20100);
    ours.end_read().expect("its end");
    assert!(!journal.exists());
    check_integrity(&path);
}

#[test]
fn a_log_left_by_a_killed_process_is_read() {
    let folder = Folder::new();
    let path = folder.database("wal", 200);
    let mut victim = Stock::there(&path);
    victim.ok("PRAGMA wal_autocheckpoint=0");
    victim.ok("UPDATE t SET a=a+1");
    overflow(&mut victim);
    victim.kill();
    let ours = open(&path);
    assert_eq!(integer(&ours, "SELECT sum(a) FROM t"), 20300);
    drop(ours);
    check_integrity(&path);
}

const VICTIM: &str = "HELIOSDB_TEST_VICTIM";
const MODE: &str = "HELIOSDB_TEST_MODE";

/// Not a test but what [`our_process_killed`] runs in a process of its own: commits until killed.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let mode = std::env::var(MODE).expect("set by the test");
    let ours = open_in(Path::new(&path), &mode);
    loop {
        ours.begin_write(&at_once).expect("nobody else");
        ours.execute("UPDATE t SET a=a+1", &[]).expect("a change");
        ours.commit(&at_once).expect("nobody else");
        println!("committed");
    }
}

/// All rows have the same value, or the commit was not atomic.
#[test]
fn our_process_killed() {
    for mode in ["delete", "persist", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 50);
        let mut stock = rusqlite::Connection::open(&path).expect("it opens");
        stock.execute("UPDATE t SET a=0", []).expect("a change");
        let mut before = 0;
        for round in 0..12i64 {
            let mut child = Command::new(std::env::current_exe().expect("this test"))
                .args(["--exact", "store::container::tests::crash::victim", "--nocapture"])
                .env(VICTIM, &path)
                .env(MODE, mode)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("a process");
            let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
            let mut known = 0;
            while known < 3 + round % 4 {
                let line = lines.next().expect("it goes on").expect("text");
                known += i64::from(line.contains("committed"));
            }
            std::thread::sleep(Duration::from_micros(137 * round.unsigned_abs()));
            child.kill().expect("it lives");
            child.wait().expect("it ends");
            let judge = stock.query_row("SELECT count(DISTINCT a), max(a) FROM t", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            });
            let (distinct, last) = judge.expect("rows");
            assert_eq!(distinct, 1, "{mode}, round {round}");
            assert!(last >= before + known, "{mode}, round {round}: {last} after {before} and {known} commits");
            before = last;
            if round % 3 == 2 {
                // Sometimes nobody holds the file open when the next one starts.
                stock = rusqlite::Connection::open(&path).expect("it opens");
            }
        }
        drop(stock);
        check_integrity(&path);
    }
}
