//! The rules one by one: gate, snapshots, statements, schema and trees, garbage.

use crate::error::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{database, row_tree, write};
use crate::catalog::Schema;
use crate::env;
use crate::store::{RowCursor, Tree, TreeKind};
use crate::txn::{Transaction, TransactionState};

#[test]
fn second_writer_is_refused_or_waits() {
    let shared = database();
    let mut first = Transaction::new(shared.clone());
    let mut second = Transaction::new(shared.clone());
    write(&mut first);
    assert_eq!(second.begin_write(0, &|| false).map_err(|e| e.code), Err(Code::BUSY));
    assert_eq!(second.begin_write(30, &|| false).map_err(|e| e.code), Err(Code::BUSY));
    assert_eq!(second.begin_write(60_000, &|| true).map_err(|e| e.code), Err(Code::INTERRUPT));
    assert_eq!(second.state(), TransactionState::None);
    assert!(!shared.is_contended());
    first.commit().expect("no file below");
    write(&mut second);
}

#[test]
fn writers_enter_in_the_order_of_arrival() {
    let shared = database();
    let mut holder = Transaction::new(shared.clone());
    write(&mut holder);
    let entered = Arc::new(AtomicUsize::new(0));
    let arrived = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..5)
        .map(|n| {
            let (shared, entered, arrived_here) = (shared.clone(), entered.clone(), arrived.clone());
            let thread = env::spawn("writer", move || {
                let mut tx = Transaction::new(shared);
                let seen = || {
                    arrived_here.fetch_max(n + 1, Ordering::SeqCst);
                    false
                };
                tx.begin_write(60_000, &seen).expect("the holder ends");
                assert_eq!(entered.fetch_add(1, Ordering::SeqCst), n);
                tx.commit().expect("no file below");
            });
            // The interrupt check runs once the writer is in the queue.
            while arrived.load(Ordering::SeqCst) <= n {
                std::thread::yield_now();
            }
            thread.expect("a thread starts")
        })
        .collect();
    holder.commit().expect("no file below");
    for thread in threads {
        thread.join().expect("the writer got its turn");
    }
}

#[test]
fn snapshot_moves_until_it_is_read() {
    let shared = database();
    let tree = row_tree(&shared);
    let mut reader = Transaction::new(shared.clone());
    let mut writer = Transaction::new(shared.clone());

    reader.begin_read().expect("no file below");
    write(&mut writer);
    assert!(writer.insert_row(&tree, 1, b"one"));
    writer.commit().expect("no file below");
    write(&mut reader);
    assert!(tree.get(1, reader.view()).is_some());
    reader.rollback();

    reader.begin_read().expect("no file below");
    assert!(tree.get(2, reader.view()).is_none());
    write(&mut writer);
    assert!(writer.insert_row(&tree, 2, b"two"));
    writer.commit().expect("no file below");
    assert!(tree.get(2, reader.view()).is_none());
    assert_eq!(reader.begin_write(0, &|| false).map_err(|e| e.code), Err(Code::BUSY_SNAPSHOT));
    assert_eq!(reader.state(), TransactionState::Read);
    reader.commit().expect("no file below");
    write(&mut reader);
    assert!(tree.get(2, reader.view()).is_some());
}

#[test]
fn an_open_select_does_not_see_later_writes_of_its_connection() {
    let shared = database();
    let tree = row_tree(&shared);
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    for rowid in 0..300 {
        assert!(tx.insert_row(&tree, rowid, b"old"));
    }
    let select = tx.open_view();
    let mut cursor = RowCursor::new(tree.clone(), select.view());
    assert!(cursor.first());
    for rowid in 0..300 {
        let statement = tx.statement_begin();
        assert!(tx.put_row(&tree, rowid, b"new"));
        assert!(tx.insert_row(&tree, rowid + 1000, b"new"));
        tx.statement_end(statement);
    }
    tx.commit().expect("no file below");
    write(&mut tx);
    for rowid in 0..300 {
        assert!(tx.delete_row(&tree, rowid));
    }
    tx.commit().expect("no file below");
    let mut count = 1;
    while cursor.next() {
        assert_eq!(cursor.record(), b"old");
        count += 1;
    }
    assert_eq!(count, 300);
    drop((cursor, select));
    assert_eq!(tree.len_estimate(), 300);
    assert!(!shared.has_garbage());
}

#[test]
fn a_view_of_a_rolled_back_transaction_never_sees_the_next_one() {
    let shared = database();
    let tree = row_tree(&shared);
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    assert!(tx.insert_row(&tree, 1, b"rolled back"));
    let select = tx.open_view();
    tx.rollback();
    write(&mut tx);
    assert!(tx.insert_row(&tree, 2, b"next"));
    assert!(tree.get(2, select.view()).is_none());
    tx.commit().expect("no file below");
    assert!(tree.get(2, select.view()).is_none());
    assert!(tree.get(1, select.view()).is_none());
}

#[test]
fn a_hot_row_keeps_few_versions_under_an_old_view() {
    let shared = database();
    let tree = row_tree(&shared);
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    assert!(tx.insert_row(&tree, 1, &0u64.to_le_bytes()));
    tx.commit().expect("no file below");
    let old = shared.open_view();
    for n in 1..1000u64 {
        write(&mut tx);
        assert!(tx.put_row(&tree, 1, &n.to_le_bytes()));
        tx.commit().expect("no file below");
        let mut chain = 0;
        let mut next = tree.newest(1);
        while let Some(version) = next {
            chain += 1;
            next = version.older();
        }
        assert_eq!(chain, 2);
    }
    let row = tree.get(1, old.view()).expect("the old view reads its version");
    assert_eq!(row.record(), 0u64.to_le_bytes());
    drop(old);
    assert!(tree.newest(1).is_some_and(|row| !row.has_older()));
}

#[test]
fn a_row_rewritten_in_one_transaction_keeps_few_versions() {
    let shared = database();
    let tree = row_tree(&shared);
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    assert!(tx.insert_row(&tree, 1, b"before"));
    tx.commit().expect("no file below");
    write(&mut tx);
    let mut marks = Vec::new();
    for n in 0..1000u64 {
        if n.is_multiple_of(250) {
            marks.push((n, tx.mark()));
        }
        let statement = tx.statement_begin();
        assert!(tx.put_row(&tree, 1, &n.to_le_bytes()));
        tx.statement_end(statement);
    }
    let mut chain = 0;
    let mut next = tree.newest(1);
    while let Some(version) = next {
        chain += 1;
        next = version.older();
    }
    assert_eq!(chain, 5);
    for (n, mark) in marks.into_iter().rev() {
        tx.rollback_to(mark);
        let row = tree.get(1, tx.view()).expect("the row stays");
        match n {
            0 => assert_eq!(row.record(), b"before"),
            n => assert_eq!(row.record(), (n - 1).to_le_bytes()),
        }
    }
    tx.commit().expect("no file below");
}

#[test]
fn schema_and_trees_follow_the_transaction() {
    let shared = database();
    let mut tx = Transaction::new(shared.clone());
    let mut other = Transaction::new(shared.clone());
    let schema = |cookie| Arc::new(Schema { cookie, ..Schema::default() });
    write(&mut tx);
    let Tree::Row(tree) = tx.create_tree(TreeKind::Row) else { unreachable!("a row tree was asked for") };
    tx.set_schema(schema(1));
    let mark = tx.mark();
    let second = tx.create_tree(TreeKind::Key).id();
    tx.set_schema(schema(2));
    assert_eq!(tx.schema().cookie, 2);
    tx.rollback_to(mark);
    assert_eq!(tx.schema().cookie, 1);
    assert!(shared.store().tree(second).is_none());
    other.begin_read().expect("no file below");
    assert_eq!(other.schema().cookie, 0);
    tx.commit().expect("no file below");
    assert_eq!(other.schema().cookie, 0);
    other.commit().expect("no file below");
    other.begin_read().expect("no file below");
    assert_eq!(other.schema().cookie, 1);

    write(&mut tx);
    tx.drop_tree(tree.id());
    tx.set_schema(schema(3));
    tx.commit().expect("no file below");
    assert!(shared.store().tree(tree.id()).is_some());
    other.commit().expect("no file below");
    assert!(shared.store().tree(tree.id()).is_none());
    write(&mut tx);
    tx.set_schema(schema(4));
    drop(tx);
    assert_eq!(shared.schema().cookie, 3);
}

#[test]
fn mass_deletion_leaves_no_sparse_tree() {
    let shared = database();
    let tree = row_tree(&shared);
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    for rowid in 0..100_000 {
        assert!(tx.insert_row(&tree, rowid, b""));
    }
    tx.commit().expect("no file below");
    assert_eq!(tree.leaf_count(), 100_000usize.div_ceil(64));
    write(&mut tx);
    for rowid in 0..100_000 {
        assert!(tx.delete_row(&tree, rowid));
        if rowid % 20 == 0 {
            assert!(tx.insert_row(&tree, rowid, b"stays"));
        }
    }
    tx.commit().expect("no file below");
    tree.check();
    assert_eq!(tree.len_estimate(), 5000);
    assert!(tree.leaf_count() < 5000 / 15, "{} leaves", tree.leaf_count());
}
