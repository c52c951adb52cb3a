//! Random operations on both kinds of tree against ordered maps.
//!
//! One connection writes (statements, savepoints, rollbacks), readers with views of all ages move cursors in
//! both directions. The model keeps a map for the last commit, one for the running transaction, one a mark and
//! one a view.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Random, database, key_tree, row_tree, write};
use crate::store::{KeyCursor, KeyTree, RowCursor, RowTree, Tree, View};
use crate::txn::{Mark, Transaction, ViewGuard};

/// Keys are numbered in their order; each kind of tree has its own key for a number.
type Map = Arc<BTreeMap<usize, Vec<u8>>>;

#[derive(Clone)]
enum Subject {
    Row(Arc<RowTree>),
    Key(Arc<KeyTree>, Arc<Vec<Vec<u8>>>),
}

fn rowid(n: usize) -> i64 {
    match n {
        0 => i64::MIN,
        1_000_000.. => i64::MAX,
        n => (n as i64 - 150) * if n.is_multiple_of(400) { 1 << 40 } else { 1 },
    }
}

/// Ascending rowids without and with gaps: the number is the place among them.
fn rowids(count: usize) -> Vec<i64> {
    let mut all: Vec<i64> = (0..count - 1).map(rowid).chain([i64::MAX]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Byte strings that begin alike, differ in length, hold zeros.
fn keys(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    let mut all = std::collections::BTreeSet::new();
    while all.len() < count {
        let mut key = if random.one_in(2) { b"common beginning".to_vec() } else { Vec::new() };
        for _ in 0..random.below(24) {
            key.push([0, 1, 2, 97, 254, 255][random.below(6)]);
        }
        all.insert(key);
    }
    all.into_iter().collect()
}

impl Subject {
    fn insert(&self, tx: &mut Transaction, ids: &[i64], n: usize, record: &[u8]) -> bool {
        match self {
            Subject::Row(tree) => tx.insert_row(tree, ids[n], record),
            Subject::Key(tree, keys) => tx.insert_key(tree, &keys[n], record),
        }
    }

    fn put(&self, tx: &mut Transaction, ids: &[i64], n: usize, record: &[u8]) -> bool {
        match self {
            Subject::Row(tree) => tx.put_row(tree, ids[n], record),
            Subject::Key(tree, keys) => tx.put_key(tree, &keys[n], record),
        }
    }

    fn delete(&self, tx: &mut Transaction, ids: &[i64], n: usize) -> bool {
        match self {
            Subject::Row(tree) => tx.delete_row(tree, ids[n]),
            Subject::Key(tree, keys) => tx.delete_key(tree, &keys[n]),
        }
    }

    fn get(&self, ids: &[i64], n: usize, view: View) -> Option<Vec<u8>> {
        match self {
            Subject::Row(tree) => tree.get(ids[n], view).map(|v| v.record().to_vec()),
            Subject::Key(tree, keys) => tree.get(&keys[n], view).map(|v| v.record().to_vec()),
        }
    }

    fn cursor(&self, view: View) -> Cursor {
        match self {
            Subject::Row(tree) => Cursor::Row(RowCursor::new(tree.clone(), view)),
            Subject::Key(tree, keys) => Cursor::Key(KeyCursor::new(tree.clone(), view), keys.clone()),
        }
    }

    fn tree(&self) -> Tree {
        match self {
            Subject::Row(tree) => Tree::Row(tree.clone()),
            Subject::Key(tree, _) => Tree::Key(tree.clone()),
        }
    }

    fn check(&self) {
        match self {
            Subject::Row(tree) => tree.check(),
            Subject::Key(tree, _) => tree.check(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Subject::Row(tree) => tree.len_estimate(),
            Subject::Key(tree, _) => tree.len_estimate(),
        }
    }

    fn has_older(&self, ids: &[i64], n: usize) -> bool {
        let newest = match self {
            Subject::Row(tree) => tree.newest(ids[n]),
            Subject::Key(tree, keys) => tree.newest(&keys[n]),
        };
        newest.is_some_and(|v| v.has_older() || v.is_tombstone())
    }
}

enum Cursor {
    Row(RowCursor),
    Key(KeyCursor, Arc<Vec<Vec<u8>>>),
}

macro_rules! both {
    ($cursor:expr, $ids:expr, $n:expr, $method:ident) => {
        match $cursor {
            Cursor::Row(c) => c.$method($ids[$n]),
            Cursor::Key(c, keys) => c.$method(&keys[$n]),
        }
    };
    ($cursor:expr, $method:ident) => {
        match $cursor {
            Cursor::Row(c) => c.$method(),
            Cursor::Key(c, _) => c.$method(),
        }
    };
}

impl Cursor {
    fn number(&self, ids: &[i64]) -> usize {
        match self {
            Cursor::Row(c) => ids.binary_search(&c.rowid()).expect("a rowid of the model"),
            Cursor::Key(c, keys) => keys.binary_search_by(|k| k.as_slice().cmp(c.key())).expect("a key of the model"),
        }
    }
}

/// A view with a cursor on it, and what it must see.
struct Reader {
    guard: ViewGuard,
    seen: Map,
    cursor: Cursor,
    at: Option<usize>,
    /// Sees what may be rolled back.
    own: bool,
}

impl Reader {
    fn new(subject: &Subject, guard: ViewGuard, seen: Map, own: bool) -> Reader {
        let cursor = subject.cursor(guard.view());
        Reader { guard, seen, cursor, at: None, own }
    }

    fn step(&mut self, random: &mut Random, ids: &[i64], count: usize) {
        let n = random.below(count);
        let map = &self.seen;
        let (found, expected) = match random.below(14) {
            0 => (both!(&mut self.cursor, first), map.iter().next()),
            1 => (both!(&mut self.cursor, last), map.iter().next_back()),
            2 => (both!(&mut self.cursor, ids, n, seek_ge), map.range(n..).next()),
            3 => (both!(&mut self.cursor, ids, n, seek_gt), map.range(n + 1..).next()),
            4 => (both!(&mut self.cursor, ids, n, seek_le), map.range(..=n).next_back()),
            5 => (both!(&mut self.cursor, ids, n, seek_lt), map.range(..n).next_back()),
            6 => {
                both!(&mut self.cursor, release);
                (both!(&self.cursor, is_valid), self.at.and_then(|at| map.range(at..).next()))
            }
            7..=10 => (both!(&mut self.cursor, next), self.at.and_then(|at| map.range(at + 1..).next())),
            _ => (both!(&mut self.cursor, prev), self.at.and_then(|at| map.range(..at).next_back())),
        };
        assert_eq!(found, expected.is_some());
        assert_eq!(found, both!(&self.cursor, is_valid));
        self.at = expected.map(|(n, _)| *n);
        if let Some((n, record)) = expected {
            assert_eq!(self.cursor.number(ids), *n);
            assert_eq!(both!(&self.cursor, record), record);
        }
    }

    fn check(&self, subject: &Subject) {
        let mut cursor = subject.cursor(self.guard.view());
        check_all(&mut cursor, &self.seen);
    }
}

fn check_all(cursor: &mut Cursor, map: &Map) {
    let mut valid = both!(cursor, first);
    for record in map.values() {
        assert!(valid);
        assert_eq!(both!(&*cursor, record), record);
        valid = both!(cursor, next);
    }
    assert!(!valid);
    let mut valid = both!(cursor, last);
    for record in map.values().rev() {
        assert!(valid);
        assert_eq!(both!(&*cursor, record), record);
        valid = both!(cursor, prev);
    }
    assert!(!valid);
}

fn run(seed: u64, rows: bool, count: usize, steps: usize) {
    let mut random = Random::new(seed);
    let shared = database();
    let ids = rowids(count);
    let count = ids.len();
    let subject = if rows {
        Subject::Row(row_tree(&shared))
    } else {
        Subject::Key(key_tree(&shared), Arc::new(keys(&mut random, count)))
    };
    let mut tx = Transaction::new(shared.clone());
    let mut committed = Map::default();
    let mut working: Option<Map> = None;
    let mut marks: Vec<(Mark, Map)> = Vec::new();
    let mut readers: Vec<Reader> = Vec::new();
    let mut written = 0u64;
    for _ in 0..steps {
        match random.below(20) {
            0..=7 => {
                let Some(map) = &mut working else {
                    write(&mut tx);
                    working = Some(committed.clone());
                    continue;
                };
                let before = map.clone();
                let statement = tx.statement_begin();
                if random.one_in(20) {
                    assert!(tx.clear_tree(&subject.tree()));
                    *map = Map::default();
                }
                let operation = random.below(4);
                let mut n = random.below(count);
                let stride = if random.one_in(2) { 1 } else { random.below(count) + 1 };
                let length = if random.one_in(8) { random.below(count) } else { random.below(12) };
                for _ in 0..length {
                    written += 1;
                    let mut record = written.to_le_bytes().to_vec();
                    record.resize(random.below(30), 7);
                    let model = Arc::make_mut(map);
                    match operation {
                        0 => {
                            let absent = !model.contains_key(&n);
                            assert_eq!(subject.insert(&mut tx, &ids, n, &record), absent);
                            if absent {
                                model.insert(n, record);
                            }
                        }
                        1 | 2 => {
                            let had = subject.put(&mut tx, &ids, n, &record);
                            assert_eq!(had, model.insert(n, record).is_some());
                        }
                        _ => assert_eq!(subject.delete(&mut tx, &ids, n), model.remove(&n).is_some()),
                    }
                    n = (n + stride) % count;
                }
                if random.one_in(4) {
                    // A statement's own scan sees nothing of its writes.
                    check_all(&mut subject.cursor(statement.view()), &before);
                }
                if random.one_in(6) {
                    tx.statement_rollback(statement);
                    *map = before;
                    readers.retain(|r| !r.own);
                } else {
                    tx.statement_end(statement);
                }
            }
            8 => {
                if let Some(map) = &working {
                    marks.push((tx.mark(), map.clone()));
                }
            }
            9 => {
                if !marks.is_empty() {
                    marks.truncate(random.below(marks.len()) + 1);
                    let (mark, map) = marks[marks.len() - 1].clone();
                    tx.rollback_to(mark);
                    working = Some(map);
                    readers.retain(|r| !r.own);
                }
            }
            10 => {
                if let Some(map) = working.take() {
                    marks.clear();
                    if random.one_in(3) {
                        tx.rollback();
                        readers.retain(|r| !r.own);
                    } else {
                        tx.commit().expect("no file below");
                        committed = map;
                        for reader in &mut readers {
                            reader.own = false;
                        }
                    }
                }
            }
            11 => {
                if readers.len() < 6 {
                    let reader = match &working {
                        Some(map) if random.one_in(2) => Reader::new(&subject, tx.open_view(), map.clone(), true),
                        _ => Reader::new(&subject, shared.open_view(), committed.clone(), false),
                    };
                    readers.push(reader);
                }
            }
            12 => {
                if !readers.is_empty() {
                    let reader = readers.swap_remove(random.below(readers.len()));
                    reader.check(&subject);
                }
            }
            13 => {
                let n = random.below(count);
                for reader in &readers {
                    assert_eq!(subject.get(&ids, n, reader.guard.view()).as_ref(), reader.seen.get(&n));
                }
                if let Some(map) = &working {
                    assert_eq!(subject.get(&ids, n, tx.view()).as_ref(), map.get(&n));
                }
            }
            14 if random.one_in(10) => subject.check(),
            _ => {
                if !readers.is_empty() {
                    let reader = random.below(readers.len());
                    for _ in 0..20 {
                        readers[reader].step(&mut random, &ids, count);
                    }
                }
            }
        }
    }
    if let Some(map) = working {
        tx.commit().expect("no file below");
        committed = map;
    }
    subject.check();
    for reader in readers.drain(..) {
        reader.check(&subject);
    }
    // With every view gone, a few more commits leave nothing but the newest versions.
    for _ in 0..4 {
        write(&mut tx);
        subject.put(&mut tx, &ids, 0, b"end");
        tx.commit().expect("no file below");
    }
    Arc::make_mut(&mut committed).insert(0, b"end".to_vec());
    assert!(!shared.has_garbage());
    assert_eq!(subject.len(), committed.len());
    assert!((0..count).all(|n| !subject.has_older(&ids, n)));
    check_all(&mut subject.cursor(shared.open_view().view()), &committed);
    subject.check();
}

#[test]
fn few_keys() {
    for seed in 0..60 {
        run(seed, true, 20, 1500);
        run(seed, false, 20, 1500);
    }
}

#[test]
fn some_leaves() {
    for seed in 100..130 {
        run(seed, true, 600, 1200);
        run(seed, false, 600, 1200);
    }
}

#[test]
fn several_levels() {
    for seed in 200..203 {
        run(seed, true, 30_000, 150);
        run(seed, false, 30_000, 150);
    }
}
