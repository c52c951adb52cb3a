//! Locks in rollback mode: every state of ours against every state of a stock user, and the closing of descriptors.

use super::super::{Level, Others, descriptor};
use super::*;

#[test]
fn our_levels_exclude_stock_users() {
    let folder = Folder::new();
    let path = folder.database("delete", 3);
    for mut stock in Stock::both(&path) {
        let ours = open(&path);
        ours.begin_read(&at_once).expect("a free file");
        assert_eq!(ours.level().expect("a level"), Level::Shared);
        assert_eq!(stock.ok("SELECT count(*) FROM t"), "3");
        stock.ok("BEGIN IMMEDIATE");
        stock.ok("UPDATE t SET a=a");
        assert!(stock.is_locked("COMMIT"), "a reader is there");
        let others = ours.others().expect("known");
        assert_eq!(others, Others { shared: true, reserved: true, pending: true });
        ours.end_read().expect("its end");
        assert_eq!(code(ours.begin_read(&at_once)), BUSY, "a writer waits");
        stock.ok("COMMIT");

        ours.begin_write(&at_once).expect("a free file");
        assert_eq!(ours.level().expect("a level"), Level::Reserved);
        assert_eq!(stock.ok("SELECT count(*) FROM t"), "3");
        assert!(stock.is_locked("BEGIN IMMEDIATE"));
        ours.rollback().expect("its end");
        assert_eq!(ours.level().expect("a level"), Level::None);

        ours.execute("BEGIN EXCLUSIVE", &[]).expect("a free file");
        assert_eq!(ours.level().expect("a level"), Level::Exclusive);
        assert!(stock.is_locked("SELECT count(*) FROM t"));
        ours.rollback().expect("its end");
        stock.ok("BEGIN EXCLUSIVE");
        stock.ok("COMMIT");
    }
    check_integrity(&path);
}

#[test]
fn stock_levels_exclude_us() {
    let folder = Folder::new();
    let path = folder.database("delete", 3);
    for mut stock in Stock::both(&path) {
        let ours = open(&path);
        stock.ok("BEGIN");
        stock.ok("SELECT count(*) FROM t");
        assert_eq!(ours.others().expect("known"), Others { shared: true, ..Others::default() });
        ours.begin_write(&at_once).expect("readers do not matter yet");
        ours.execute("UPDATE t SET a=a+1", &[]).expect("a change");
        assert_eq!(code(ours.commit(&at_once)), BUSY);
        assert_eq!(ours.level().expect("a level"), Level::Pending);
        assert!(Stock::there(&path).is_locked("SELECT 1 FROM t"), "nobody else gets in");
        stock.ok("COMMIT");
        let tries = std::cell::Cell::new(0);
        ours.commit(&|n| {
            tries.set(n + 1);
            false
        })
        .expect("nobody reads");
        assert_eq!(tries.get(), 0);

        stock.ok("BEGIN IMMEDIATE");
        ours.begin_read(&at_once).expect("a writer does not hinder readers");
        assert_eq!(code(ours.begin_write(&|_| panic!("an upgrade does not wait"))), BUSY);
        ours.end_read().expect("its end");
        assert_eq!(code(ours.begin_write(&at_once)), BUSY);
        stock.ok("ROLLBACK");

        stock.ok("BEGIN EXCLUSIVE");
        let tries = std::cell::Cell::new(0);
        let patient = |n: u32| {
            tries.set(n + 1);
            n < 4
        };
        assert_eq!(code(ours.begin_read(&patient)), BUSY);
        assert_eq!(tries.get(), 5);
        assert!(!ours.is_in_transaction().expect("known"));
        stock.ok("ROLLBACK");
        ours.begin_read(&at_once).expect("a free file");
        ours.begin_write(&at_once).expect("an upgrade");
        assert_eq!(ours.level().expect("a level"), Level::Reserved);
        ours.execute("UPDATE t SET a=a-1", &[]).expect("a change");
        ours.commit(&at_once).expect("nobody reads");
    }
    check_integrity(&path);
}

/// One file, one connection: whatever the name.
#[test]
fn a_file_is_opened_once() {
    let folder = Folder::new();
    let path = folder.database("delete", 0);
    let link = folder.file("link.db");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    let read_only = OpenFlags { read_only: true, ..OpenFlags::default() };
    let alone = Container::open(&path, read_only).expect("it opens");
    let writer = open(&path);
    assert!(!Arc::ptr_eq(&alone, &writer), "a read-only connection cannot serve a writer");
    assert!(Arc::ptr_eq(&writer, &open(&link)));
    assert_eq!(writer.path(), path);
    drop(alone);
    assert!(Arc::ptr_eq(&writer, &Container::open(&link, read_only).expect("it opens")));
}

/// close(2) of ours must not drop a POSIX lock that another copy of SQLite holds in our process.
#[test]
fn closing_keeps_the_locks_of_others() {
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.database(mode, 3);
        let mut stock = Stock::here(&path);
        let mut outside = Stock::there(&path);
        stock.ok("BEGIN IMMEDIATE");
        for _ in 0..3 {
            let ours = open(&path);
            ours.begin_read(&at_once).expect("a writer does not hinder readers");
            assert_eq!(integer(&ours, "SELECT count(*) FROM t"), 3);
            ours.end_read().expect("its end");
            drop(ours);
            assert!(outside.is_locked("BEGIN IMMEDIATE"), "{mode}");
        }
        let id = descriptor::status(&std::ffi::CString::new(path.to_str().expect("text")).expect("no NUL"));
        let file = id.expect("it exists").file;
        assert_eq!(descriptor::parked(file), 1, "taken again by each open: {mode}");
        stock.ok("UPDATE t SET a=1");
        stock.ok("COMMIT");
        drop(stock);
        outside.ok("BEGIN IMMEDIATE");
        outside.ok("COMMIT");
        outside.kill();
        drop(open(&path));
        assert_eq!(descriptor::parked(file), 0, "{mode}");
        check_integrity(&path);
    }
}
