//! A file that does not fit into the memory it may take: answers stay the same.

use super::{Folder, dump, stock};
use crate::engine::{Engine, Ours, literal};

const FILL: &str = "
    CREATE TABLE t(a INTEGER PRIMARY KEY, b, c); CREATE INDEX i ON t(b, c);
    CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
    WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 20000)
    INSERT INTO t(b, c) SELECT printf('%012d', k * 7919 % 20000), printf('%.*c', k % 400, 'x') FROM n;
    INSERT INTO w SELECT b || a, a FROM t";

const STATEMENTS: [&str; 14] = [
    "SELECT count(*), sum(a), sum(length(c)), min(b), max(b) FROM t",
    "SELECT sum(a), count(c) FROM t INDEXED BY i WHERE b > '000000010000'",
    "SELECT a, b FROM t ORDER BY b DESC LIMIT 3",
    "SELECT sum(a) FROM (SELECT a FROM t ORDER BY a DESC)",
    "SELECT count(*), sum(x.a - y.a) FROM t x JOIN t y ON x.b = y.b",
    "SELECT count(*), sum(v) FROM w JOIN t ON k = b || a",
    "SELECT a, length(c) FROM t WHERE a IN (1, 10000, 19999, 70000)",
    "UPDATE t SET c = 'short' WHERE a % 1000 = 0",
    "BEGIN; INSERT INTO t(b) VALUES ('new'); DELETE FROM t WHERE a BETWEEN 100 AND 200",
    "SELECT count(*), sum(a), sum(length(c)), min(b), max(b) FROM t",
    "COMMIT",
    "CREATE INDEX ic ON t(c); CREATE TABLE copy AS SELECT * FROM t",
    "SELECT count(*), sum(a), sum(length(c)) FROM copy",
    "SELECT count(DISTINCT c), sum(a) FROM t",
];

#[test]
fn a_file_that_does_not_fit() {
    let folder = Folder::new();
    let paths = ["ours.db", "stock.db"].map(|name| folder.file(name));
    for path in &paths {
        assert_eq!(stock(path).run(FILL).error, None);
    }
    let mut ours = Ours::open(&paths[0].to_string_lossy());
    let mut reader = Ours::open(&paths[0].to_string_lossy());
    let mut wanted = stock(&paths[1]);
    assert_eq!(ours.run("PRAGMA soft_heap_limit = 1000000").error, None);
    let show = |engine: &mut dyn Engine, sql: &str| {
        let outcome = engine.run(sql);
        let rows: Vec<Vec<String>> =
            outcome.rows.iter().map(|row| row.iter().map(|v| literal(v.as_ref())).collect()).collect();
        (rows, outcome.error)
    };
    for _ in 0..2 {
        for sql in STATEMENTS {
            let expected = show(&mut wanted, sql);
            assert_eq!(show(&mut ours, sql), expected, "{sql}");
            if sql.starts_with("SELECT") && ours.connection().is_autocommit() {
                assert_eq!(show(&mut reader, sql), expected, "{sql}");
            }
        }
        for engine in [&mut ours as &mut dyn Engine, &mut wanted] {
            assert_eq!(engine.run("DROP TABLE copy; DROP INDEX ic").error, None);
        }
    }
    assert_eq!(dump(&mut ours), dump(&mut wanted));
    assert_eq!(dump(&mut stock(&paths[0])), dump(&mut wanted));
    assert_eq!(ours.run("PRAGMA soft_heap_limit = 0").error, None);
}
