//! What ANALYZE of SQLite found guides us too: plans of a file that it analysed are those of one that we analysed.

use super::{Folder, stock};
use crate::engine::{Engine, Ours};

const FILL: &str = "
    CREATE TABLE t(a, b, c);
    CREATE INDEX few ON t(a);
    CREATE INDEX many ON t(b);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
    INSERT INTO t SELECT i % 2, i, i FROM n;
    ANALYZE;";

#[test]
fn analyze_of_sqlite() {
    let folder = Folder::new();
    let theirs = folder.file("theirs.db");
    let own = folder.file("own.db");
    assert_eq!(stock(&theirs).run(FILL).error, None);
    let open = |path: &std::path::Path| Ours::open(path.to_str().expect("an ASCII name"));
    assert_eq!(open(&own).run(FILL).error, None);
    let mut found = Vec::new();
    for path in [&theirs, &own] {
        let mut ours = open(path);
        let mut rows = ours.run("SELECT * FROM sqlite_stat1 ORDER BY 1, 2").rows;
        rows.extend(ours.run("EXPLAIN QUERY PLAN SELECT c FROM t WHERE a = 1 AND b = 7").rows);
        // Rows of another shape do no harm.
        assert_eq!(stock(path).run("UPDATE sqlite_stat1 SET idx = NULL, stat = 'x' WHERE idx = 'few'").error, None);
        let outcome = open(path).run("SELECT c FROM t WHERE a = 1 AND b = 7");
        assert_eq!((outcome.error, outcome.rows.len()), (None, 1));
        found.push(format!("{rows:?}"));
    }
    assert_eq!(found[0], found[1]);
}
