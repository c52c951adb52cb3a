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
        let show = |rows: &[Vec<Value>]| rows.iter().flatten().map(|v| literal(v.as_ref())).collect::<Vec<_>>();
        assert_eq!(show(&got.rows), show(&stock.run(sql).rows), "{sql}");
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
