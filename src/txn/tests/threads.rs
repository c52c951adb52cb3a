//! Writers and readers in threads: the sum over all accounts is the same in every view.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Random, database, key_tree, row_tree, write};
use crate::env;
use crate::store::{KeyCursor, KeyTree, RowCursor, RowTree, View};
use crate::txn::{Transaction, Transactions};

const ACCOUNTS: i64 = 700;
const TOTAL: i64 = ACCOUNTS * 100;

fn amount(record: &[u8]) -> i64 {
    i64::from_le_bytes(record.try_into().expect("a record is an amount"))
}

fn key(account: i64) -> [u8; 16] {
    let mut key = *b"account\0\0\0\0\0\0\0\0\0";
    key[8..].copy_from_slice(&account.to_be_bytes());
    key
}

/// Moves money between two accounts, or an account's money to another number; keeps the index in step.
fn transfer(tx: &mut Transaction, rows: &Arc<RowTree>, keys: &Arc<KeyTree>, random: &mut Random) {
    let view = tx.view();
    let (from, to) = (random.below(ACCOUNTS as usize * 2) as i64, random.below(ACCOUNTS as usize * 2) as i64);
    let Some(source) = rows.get(from, view).map(|row| amount(row.record())) else { return };
    if from == to {
        return;
    }
    let set = |tx: &mut Transaction, account: i64, n: i64| {
        tx.put_row(rows, account, &n.to_le_bytes());
        tx.put_key(keys, &key(account), &n.to_le_bytes());
    };
    match rows.get(to, view).map(|row| amount(row.record())) {
        Some(target) => {
            set(tx, from, source - 7);
            set(tx, to, target + 7);
        }
        None => {
            assert!(tx.delete_row(rows, from));
            assert!(tx.delete_key(keys, &key(from)));
            set(tx, to, source);
        }
    }
}

fn write_some(shared: &Arc<Transactions>, rows: &Arc<RowTree>, keys: &Arc<KeyTree>, seed: u64) {
    let mut random = Random::new(seed);
    let mut tx = Transaction::new(shared.clone());
    for _ in 0..4_000 {
        tx.begin_write(60_000, &|| false).expect("the other writer ends");
        for _ in 0..random.below(6) + 1 {
            let statement = tx.statement_begin();
            transfer(&mut tx, rows, keys, &mut random);
            if random.one_in(5) {
                tx.statement_rollback(statement);
            } else {
                tx.statement_end(statement);
            }
        }
        if random.one_in(5) {
            tx.rollback();
        } else {
            tx.commit().expect("no file below");
        }
    }
}

fn check(rows: &Arc<RowTree>, keys: &Arc<KeyTree>, view: View, random: &mut Random) {
    let mut cursor = RowCursor::new(rows.clone(), view);
    let (mut sum, mut count) = (0, 0);
    let forward = random.one_in(2);
    let mut valid = if forward { cursor.first() } else { cursor.last() };
    while valid {
        sum += amount(cursor.record());
        count += 1;
        if random.one_in(64) {
            std::thread::yield_now();
        }
        if random.one_in(50) {
            cursor.release();
        }
        valid = if forward { cursor.next() } else { cursor.prev() };
    }
    assert_eq!((sum, count), (TOTAL, ACCOUNTS));
    let mut cursor = KeyCursor::new(keys.clone(), view);
    let mut valid = cursor.first();
    let mut sum = 0;
    while valid {
        sum += amount(cursor.record());
        let account = i64::from_be_bytes(cursor.key()[8..].try_into().expect("a key ends in a number"));
        let row = rows.get(account, view).expect("what the index has the table has");
        assert_eq!(row.record(), cursor.record());
        valid = cursor.next();
    }
    assert_eq!(sum, TOTAL);
}

#[test]
fn sums_are_constant() {
    let shared = database();
    let (rows, keys) = (row_tree(&shared), key_tree(&shared));
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    for account in 0..ACCOUNTS {
        assert!(tx.insert_row(&rows, account * 2, &100i64.to_le_bytes()));
        assert!(tx.insert_key(&keys, &key(account * 2), &100i64.to_le_bytes()));
    }
    tx.commit().expect("no file below");
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3u64)
        .map(|n| {
            let (shared, rows, keys, stop) = (shared.clone(), rows.clone(), keys.clone(), stop.clone());
            env::spawn("reader", move || {
                let mut random = Random::new(1000 + n);
                let mut views = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    views.push(shared.open_view());
                    let any = random.below(views.len());
                    check(&rows, &keys, views[any].view(), &mut random);
                    if views.len() > n as usize * 3 {
                        views.swap_remove(random.below(views.len()));
                    }
                }
            })
            .expect("a thread starts")
        })
        .collect();
    let writers: Vec<_> = (0..2)
        .map(|n| {
            let (shared, rows, keys) = (shared.clone(), rows.clone(), keys.clone());
            env::spawn("writer", move || write_some(&shared, &rows, &keys, n)).expect("a thread starts")
        })
        .collect();
    for writer in writers {
        writer.join().expect("the writer ends well");
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().expect("the reader ends well");
    }
    write(&mut tx);
    tx.put_row(&rows, -1, &0i64.to_le_bytes());
    tx.delete_row(&rows, -1);
    tx.commit().expect("no file below");
    rows.check();
    keys.check();
    assert!(!shared.has_garbage());
    assert_eq!(rows.len_estimate(), ACCOUNTS as usize);
    assert_eq!(keys.len_estimate(), ACCOUNTS as usize);
}
