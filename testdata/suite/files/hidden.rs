//! Tables whose columns have taken all names of the rowid.

use super::{Folder, dump, stock};
use crate::engine::{Engine, Ours};

const TABLES: &str = "
    CREATE TABLE h(rowid TEXT, \"OID\" UNIQUE, _rowid_ /* kept */ , x CHECK (x > 0 OR rowid = 'r'), heliosdb_0, y AS (rowid || x));
    CREATE INDEX hi ON h(rowid, lower(\"oid\")) WHERE _rowid_ > 0;
    CREATE TABLE other(a REFERENCES h(oid));
    CREATE VIEW v AS SELECT rowid, h.oid FROM h;
    CREATE TABLE gone(a); CREATE VIEW broken AS SELECT a, rowid FROM gone; DROP TABLE gone;
    CREATE TRIGGER tr AFTER UPDATE OF rowid ON h BEGIN UPDATE other SET a = new.rowid WHERE a = old.oid; END";

const CHANGES: [&str; 8] = [
    "INSERT INTO h(rowid, oid, _rowid_, x) VALUES ('a', 1, 5, 1), ('b', 2, 6, 2), ('c', 3, 7, 3)",
    "UPDATE h SET oid = oid + 1 WHERE oid < 3 AND oid > 1 OR oid = 3",
    "UPDATE h SET rowid = 'z' WHERE x = 1",
    "DELETE FROM h WHERE oid = 4",
    "BEGIN; INSERT INTO other VALUES (1); INSERT INTO h VALUES ('d', 10, 11, 12, 13); UPDATE h SET x = x + 1; COMMIT",
    "REPLACE INTO h(rowid, oid, _rowid_, x) VALUES ('e', 1, 5, 1)",
    "BEGIN; CREATE TABLE h2(oid, rowid, _rowid_); INSERT INTO h2 VALUES (1, 2, 3), (4, 5, 6); COMMIT",
    "INSERT INTO h2 SELECT rowid, oid, x FROM h",
];

#[test]
fn rows_without_a_name_for_their_number() {
    let folder = Folder::new();
    let paths = ["ours.db", "stock.db"].map(|name| folder.file(name));
    for path in &paths {
        assert_eq!(stock(path).run(TABLES).error, None);
    }
    for change in CHANGES {
        let mut ours = Ours::open(&paths[0].to_string_lossy());
        let mut wanted = stock(&paths[1]);
        let cookie = |path| stock(path).run("PRAGMA schema_version").rows;
        let before = cookie(&paths[0]);
        assert_eq!(ours.run(change).error, wanted.run(change).error, "{change}");
        if !change.contains("CREATE") {
            assert_eq!(format!("{before:?}"), format!("{:?}", cookie(&paths[0])));
        }
        let mut again = stock(&paths[0]);
        assert_eq!(dump(&mut again), dump(&mut wanted), "{change}");
        assert_eq!(dump(&mut ours), dump(&mut wanted), "{change}");
    }
}
