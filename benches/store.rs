//! What the trees and transactions cost in memory: nanoseconds an operation at a million rows, bytes a row.
//!
//! `cargo bench -p heliosdb --bench store -- [rows]`; figures and what follows from them: `docs/spikes/store.md`.

#![allow(clippy::disallowed_methods, reason = "benchmarks measure time")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use heliosdb::catalog::Schema;
use heliosdb::store::{KeyCursor, KeyTree, RowCursor, RowTree, Store, Tree, TreeKind, record};
use heliosdb::txn::{Transaction, Transactions};
use heliosdb_udfs::value::ValueRef;

fn main() {
    let rows = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(1_000_000);
    let bench = Bench { rows };
    bench.record();
    bench.append();
    bench.random();
    bench.keys(&[], "integer keys");
    bench.keys(b"\x03customer_", "text keys with a common beginning");
    bench.autocommit();
}

struct Bench {
    rows: i64,
}

fn timed<T>(what: &str, operations: i64, f: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = f();
    let ns = start.elapsed().as_nanos() as f64 / operations as f64;
    println!("{what:<46} {ns:>8.1} ns");
    result
}

/// Resident memory, where the system tells.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

/// Only of use for the first table of a size: later ones live in memory that the first one left.
fn print_memory(what: &str, before: usize, rows: i64) {
    let grown = resident_bytes().saturating_sub(before);
    println!("{what:<46} {:>8} B", grown / rows as usize);
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: i64) -> i64 {
        (self.next() % n as u64) as i64
    }
}

/// Eight columns, about 60 bytes.
fn fill(out: &mut Vec<u8>, i: i64) {
    out.clear();
    record::encode(
        out,
        [
            ValueRef::Null,
            ValueRef::Integer(i % 1000),
            ValueRef::Integer(i * 7919),
            ValueRef::Real(i as f64 * 0.25),
            ValueRef::Text(b"customer name"),
            ValueRef::Text(b"2024-01-01"),
            ValueRef::Integer(1),
            ValueRef::Blob(b"12345678"),
        ],
    );
}

fn row_tree(tx: &mut Transaction) -> Arc<RowTree> {
    match tx.create_tree(TreeKind::Row) {
        Tree::Row(tree) => tree,
        Tree::Key(_) => unreachable!("a row tree was asked for"),
    }
}

fn key_tree(tx: &mut Transaction) -> Arc<KeyTree> {
    match tx.create_tree(TreeKind::Key) {
        Tree::Key(tree) => tree,
        Tree::Row(_) => unreachable!("a key tree was asked for"),
    }
}

fn begin() -> Transaction {
    let shared = Transactions::new(Store::new(), Arc::new(Schema::default()));
    let mut tx = Transaction::new(shared);
    write(&mut tx);
    tx
}

fn write(tx: &mut Transaction) {
    tx.begin_write(0, &|| false).expect("there is no other writer");
}

impl Bench {
    fn record(&self) {
        let mut out = Vec::new();
        timed("encode 8 columns", self.rows, || {
            for i in 0..self.rows {
                fill(&mut out, black_box(i));
            }
        });
        fill(&mut out, 12_345);
        println!("{:<46} {:>8} B", "record", out.len());
        timed("decode 8 columns", self.rows, || {
            for _ in 0..self.rows {
                for i in 0..8 {
                    black_box(record::column(black_box(&out), i));
                }
            }
        });
        timed("decode 1 integer column", self.rows, || {
            for _ in 0..self.rows {
                black_box(record::column(black_box(&out), 2));
            }
        });
    }

    fn append(&self) {
        println!("\nrows appended in one transaction");
        let before = resident_bytes();
        let mut tx = begin();
        let tree = row_tree(&mut tx);
        let mut out = Vec::new();
        fill(&mut out, 5);
        timed("insert append", self.rows, || {
            for i in 0..self.rows {
                assert!(tx.insert_row(&tree, i, &out));
            }
        });
        timed("commit, per row", self.rows, || tx.commit().expect("no file below"));
        print_memory("memory per row", before, self.rows);
        self.reads(&tree, &mut tx);
        self.changes(&tree, &mut tx, &out, true);
    }

    fn random(&self) {
        println!("\nrows inserted in random order");
        let mut order: Vec<i64> = (0..self.rows).collect();
        let mut random = Random(88_172_645_463_325_252);
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i as i64 + 1) as usize);
        }
        let before = resident_bytes();
        let mut tx = begin();
        let tree = row_tree(&mut tx);
        let mut out = Vec::new();
        fill(&mut out, 5);
        timed("insert random", self.rows, || {
            for &i in &order {
                assert!(tx.insert_row(&tree, i * 3, &out));
            }
        });
        timed("commit, per row", self.rows, || tx.commit().expect("no file below"));
        print_memory("memory per row", before, self.rows);
        println!("{:<46} {:>8.1}", "entries per leaf", self.rows as f64 / tree.leaf_count() as f64);
        self.reads(&tree, &mut tx);
        write(&mut tx);
        timed("delete random", self.rows, || {
            for &i in &order {
                assert!(tx.delete_row(&tree, i * 3));
            }
        });
        timed("commit (cleans), per row", self.rows, || tx.commit().expect("no file below"));
        assert_eq!(tree.len_estimate(), 0);
    }

    fn reads(&self, tree: &Arc<RowTree>, tx: &mut Transaction) {
        tx.begin_read().expect("no file below");
        let view = tx.view();
        let last = tree.max_key(view).expect("the tree has rows");
        let step = last / (self.rows - 1);
        let mut random = Random(1);
        let gets = self.rows.min(1_000_000);
        timed("get random", gets, || {
            for _ in 0..gets {
                let row = tree.get(random.below(self.rows) * step, view).expect("the row is there");
                black_box(row.record().first());
            }
        });
        timed("get in order", gets, || {
            for i in 0..gets {
                let row = tree.get(i * step, view).expect("the row is there");
                black_box(row.record().first());
            }
        });
        let mut cursor = RowCursor::new(tree.clone(), view);
        timed("cursor seek random", gets, || {
            for _ in 0..gets {
                assert!(cursor.seek_ge(random.below(self.rows) * step));
                black_box(cursor.record().first());
            }
        });
        for (what, forward, column) in [
            ("scan, rowid only", true, None),
            ("scan, one column", true, Some(2)),
            ("scan backwards, one column", false, Some(2)),
        ] {
            let mut cursor = RowCursor::new(tree.clone(), view);
            timed(what, self.rows, || {
                let (mut sum, mut count) = (0i64, 0);
                let mut valid = if forward { cursor.first() } else { cursor.last() };
                while valid {
                    sum = sum.wrapping_add(cursor.rowid());
                    if let Some(i) = column
                        && let Some(ValueRef::Integer(n)) = record::column(cursor.record(), i)
                    {
                        sum = sum.wrapping_add(n);
                    }
                    count += 1;
                    valid = if forward { cursor.next() } else { cursor.prev() };
                }
                black_box(sum);
                assert_eq!(count, self.rows);
            });
        }
        tx.commit().expect("no file below");
    }

    fn changes(&self, tree: &Arc<RowTree>, tx: &mut Transaction, record: &[u8], delete: bool) {
        let mut random = Random(2);
        write(tx);
        timed("update random, one transaction", self.rows, || {
            for _ in 0..self.rows {
                let statement = tx.statement_begin();
                assert!(tx.put_row(tree, random.below(self.rows), record));
                tx.statement_end(statement);
            }
        });
        timed("commit (cleans), per row", self.rows, || tx.commit().expect("no file below"));
        write(tx);
        let statement = tx.statement_begin();
        timed("update in order, a cursor ahead", self.rows, || {
            let mut cursor = RowCursor::new(tree.clone(), statement.view());
            let mut valid = cursor.first();
            while valid {
                assert!(tx.put_row(tree, cursor.rowid(), record));
                valid = cursor.next();
            }
        });
        tx.statement_end(statement);
        timed("commit (cleans), per row", self.rows, || tx.commit().expect("no file below"));
        write(tx);
        timed("update in order, rolled back", self.rows, || {
            for i in 0..self.rows {
                assert!(tx.put_row(tree, i, record));
            }
            tx.rollback();
        });
        write(tx);
        timed("update one row over and over", self.rows, || {
            for _ in 0..self.rows {
                let statement = tx.statement_begin();
                assert!(tx.put_row(tree, 77, record));
                tx.statement_end(statement);
            }
        });
        tx.commit().expect("no file below");
        if delete {
            write(tx);
            timed("delete in order", self.rows, || {
                for i in 0..self.rows {
                    assert!(tx.delete_row(tree, i));
                }
            });
            timed("commit (cleans), per row", self.rows, || tx.commit().expect("no file below"));
            assert_eq!(tree.len_estimate(), 0);
        }
    }

    fn keys(&self, common: &[u8], what: &str) {
        println!("\n{what}");
        let key = |out: &mut Vec<u8>, i: i64| {
            out.clear();
            out.extend_from_slice(common);
            out.extend_from_slice(&(i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
            out.extend_from_slice(&i.to_be_bytes());
        };
        let before = resident_bytes();
        let mut tx = begin();
        let tree = key_tree(&mut tx);
        let mut out = Vec::new();
        timed("insert random", self.rows, || {
            for i in 0..self.rows {
                key(&mut out, i);
                assert!(tx.insert_key(&tree, &out, &[]));
            }
        });
        timed("commit, per entry", self.rows, || tx.commit().expect("no file below"));
        print_memory("memory per entry", before, self.rows);
        tx.begin_read().expect("no file below");
        let view = tx.view();
        let mut random = Random(3);
        timed("get random", self.rows, || {
            for _ in 0..self.rows {
                key(&mut out, random.below(self.rows));
                assert!(tree.get(&out, view).is_some());
            }
        });
        timed("first_with_prefix random", self.rows, || {
            for _ in 0..self.rows {
                key(&mut out, random.below(self.rows));
                assert!(tree.first_with_prefix(&out[..out.len() - 8], view).is_some());
            }
        });
        let mut cursor = KeyCursor::new(tree.clone(), view);
        timed("scan", self.rows, || {
            let (mut valid, mut count) = (cursor.first(), 0);
            while valid {
                black_box(cursor.key().last());
                count += 1;
                valid = cursor.next();
            }
            assert_eq!(count, self.rows);
        });
        tx.commit().expect("no file below");
        write(&mut tx);
        timed("delete random", self.rows, || {
            for i in 0..self.rows {
                key(&mut out, i);
                assert!(tx.delete_key(&tree, &out));
            }
        });
        timed("commit (cleans), per entry", self.rows, || tx.commit().expect("no file below"));
    }

    fn autocommit(&self) {
        println!("\nautocommit");
        let mut tx = begin();
        let tree = row_tree(&mut tx);
        tx.commit().expect("no file below");
        let mut out = Vec::new();
        fill(&mut out, 5);
        timed("begin, insert, commit", self.rows, || {
            for i in 0..self.rows {
                write(&mut tx);
                assert!(tx.insert_row(&tree, i, &out));
                tx.commit().expect("no file below");
            }
        });
        timed("begin, update, commit (cleans)", self.rows, || {
            for i in 0..self.rows {
                write(&mut tx);
                assert!(tx.put_row(&tree, i, &out));
                tx.commit().expect("no file below");
            }
        });
        let old = tx.open_view();
        timed("the same under an old view (queues)", self.rows, || {
            for i in 0..self.rows {
                write(&mut tx);
                assert!(tx.put_row(&tree, i, &out));
                tx.commit().expect("no file below");
            }
        });
        timed("the same again (prunes)", self.rows, || {
            for i in 0..self.rows {
                write(&mut tx);
                assert!(tx.put_row(&tree, i, &out));
                tx.commit().expect("no file below");
            }
        });
        drop(old);
        timed("open and close a view", self.rows, || {
            for _ in 0..self.rows {
                black_box(tx.open_view());
            }
        });
        timed("open a view, get, close", self.rows, || {
            for i in 0..self.rows {
                let guard = tx.open_view();
                black_box(tree.get(i, guard.view()));
            }
        });
        timed("begin read, get, end", self.rows, || {
            for i in 0..self.rows {
                tx.begin_read().expect("no file below");
                let view = tx.view();
                black_box(tree.get(i, view));
                tx.commit().expect("no file below");
            }
        });
    }
}
