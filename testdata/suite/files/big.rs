//! A big file: a lookup reads a few pages of it, a scan all rows.

use heliosdb::store::container::fault::{Calls, Effect, inject};
use heliosdb::value::Value;

use super::{Folder, stock};
use crate::engine::{Engine, Ours, literal};

const ROWS: usize = 300_000;
/// Reads for a lookup: the pages of a descent or two, and the check that nobody changed the file.
const READS_MAX: u64 = 16;

#[test]
fn a_lookup_reads_a_few_pages() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut stock = stock(&path);
    let setup = format!(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, k, text);
         WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < {ROWS})
         INSERT INTO t SELECT i, i * 7919 % {ROWS}, printf('row %d', i) FROM s; CREATE INDEX t_k ON t(k)"
    );
    assert_eq!(stock.run(&setup).error, None);
    let mut ours = Ours::open(path.to_str().expect("an ASCII name"));
    // The schema is read first.
    assert_eq!(ours.run("SELECT 1 FROM t WHERE id = 1").error, None);
    for sql in ["SELECT * FROM t WHERE id = 200123", "SELECT * FROM t WHERE k = 151515", "SELECT max(id) FROM t"] {
        let counted = inject(&path, Calls::READ, u64::MAX, Effect::Fail);
        let got = ours.run(sql);
        let reads = counted.seen();
        drop(counted);
        assert_eq!(shown(&got.rows), shown(&stock.run(sql).rows), "{sql}");
        assert!((1..=READS_MAX).contains(&reads), "{sql}: {reads} reads");
    }
    let all = |engine: &mut dyn Engine| {
        let rows = engine.run("SELECT count(*), sum(id), sum(k), sum(length(text)) FROM t").rows;
        let order = engine.run("SELECT id, k FROM t WHERE k BETWEEN 100 AND 20000 ORDER BY k").rows;
        let some = rows.iter().chain(&order).flatten().map(|v| literal(v.as_ref()));
        some.collect::<Vec<_>>().join("|")
    };
    assert_eq!(all(&mut ours), all(&mut stock));
}

fn shown(rows: &[Vec<Value>]) -> Vec<String> {
    rows.iter().flatten().map(|v| literal(v.as_ref())).collect()
}

/// Rows are counted where they are, also while a transaction has changed some; no leaf of the table is read where an
/// index is narrower.
#[test]
fn rows_are_counted_in_place() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut stock = stock(&path);
    let setup = format!(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, k, text); CREATE TABLE p(a); CREATE TABLE w(a PRIMARY KEY, b) WITHOUT ROWID;
         WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < 20000)
         INSERT INTO t SELECT i * 3, i * 7919 % {ROWS}, printf('row %.*c', 100, 'x') FROM s; CREATE INDEX t_k ON t(k);
         INSERT INTO p SELECT text FROM t; INSERT INTO w SELECT printf('%d', id), text FROM t"
    );
    assert_eq!(stock.run(&setup).error, None);
    let mut ours = Ours::open(path.to_str().expect("an ASCII name"));
    assert_eq!(ours.run("SELECT 1 FROM t WHERE id = 1").error, None);
    let counted = inject(&path, Calls::READ, u64::MAX, Effect::Fail);
    assert_eq!(literal(ours.run("SELECT count(*) FROM t").rows[0][0].as_ref()), "20000");
    // An entry of the index takes some 10 bytes.
    assert!((1..=20_000 * 12 / 4096 + READS_MAX).contains(&counted.seen()), "{} reads", counted.seen());
    drop(counted);
    let counts =
        "SELECT count(*), count(*) + 1 FROM t UNION ALL SELECT count(*), 2 FROM p UNION ALL SELECT count(*), 3 FROM w";
    let changes = [
        "SELECT 1",
        "DELETE FROM t WHERE id BETWEEN 7000 AND 7100 OR k < 900; DELETE FROM w WHERE a LIKE '77%'",
        "INSERT INTO t SELECT id + 1, k, text FROM t WHERE id % 77 = 0; INSERT INTO p SELECT a FROM p WHERE rowid < 50",
        "UPDATE t SET k = k + 1 WHERE id > 50000; INSERT INTO w VALUES ('new', 1), ('newer', 2)",
    ];
    for commit in [false, true] {
        // SQLite makes the same changes in the same file before, and takes them back.
        assert_eq!(stock.run("BEGIN").error, None);
        let wanted = changes.map(|sql| {
            assert_eq!(stock.run(sql).error, None, "{sql}");
            shown(&stock.run(counts).rows)
        });
        assert_eq!(stock.run("ROLLBACK").error, None);
        assert_eq!(ours.run("BEGIN").error, None);
        for (sql, wanted) in changes.iter().zip(&wanted) {
            assert_eq!(ours.run(sql).error, None, "{sql}");
            assert_eq!(shown(&ours.run(counts).rows), *wanted, "{sql}");
        }
        assert_eq!(ours.run(if commit { "COMMIT" } else { "ROLLBACK" }).error, None);
        assert_eq!(shown(&ours.run(counts).rows), shown(&stock.run(counts).rows));
    }
}
