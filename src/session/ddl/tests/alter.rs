//! ALTER TABLE: texts, refusals and descriptions. The tables are empty here.

use super::compare::Pair;
use crate::session::ddl::Host;

const SCHEMA: &[&str] = &[
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT UNIQUE, c INT CHECK (c > b), d AS (c + 1), e DEFAULT 'x')",
    "CREATE TABLE child(x REFERENCES t(b), y INT, FOREIGN KEY (y) REFERENCES t(a))",
    "CREATE INDEX i ON t(c, lower(b)) WHERE e IS NOT NULL",
    "CREATE VIEW v AS SELECT b, t.c AS cc FROM t WHERE a > 1",
    "CREATE TRIGGER tr AFTER UPDATE OF c ON t WHEN new.b > 1 BEGIN INSERT INTO child VALUES(new.b, old.a); END",
    "CREATE TEMP TRIGGER tt AFTER INSERT ON t BEGIN SELECT b FROM t; END",
    "CREATE TABLE w(k, l, PRIMARY KEY(k)) WITHOUT ROWID",
    "CREATE TABLE \"q t\"(a, \"b c\")",
];

#[test]
fn each_alteration() {
    let mut different = Vec::new();
    for sql in [
        "ALTER TABLE t RENAME TO t2",
        "ALTER TABLE t RENAME TO \"t 2\"",
        "ALTER TABLE main.t RENAME TO child",
        "ALTER TABLE t RENAME TO i",
        "ALTER TABLE t RENAME TO v",
        "ALTER TABLE t RENAME TO sqlite_t",
        "ALTER TABLE nosuch RENAME TO x",
        "ALTER TABLE nodb.t RENAME TO x",
        "ALTER TABLE v RENAME TO x",
        "ALTER TABLE sqlite_master RENAME TO x",
        "ALTER TABLE t RENAME COLUMN b TO bb",
        "ALTER TABLE t RENAME b TO \"b b\"",
        "ALTER TABLE t RENAME a TO id",
        "ALTER TABLE t RENAME c TO b",
        "ALTER TABLE t RENAME nosuch TO b",
        "ALTER TABLE v RENAME b TO x",
        "ALTER TABLE child RENAME x TO z",
        "ALTER TABLE t ADD COLUMN f",
        "ALTER TABLE t ADD f INT DEFAULT 5 NOT NULL CHECK (f > 0)",
        "ALTER TABLE t ADD f REFERENCES child",
        "ALTER TABLE t ADD a",
        "ALTER TABLE t ADD f PRIMARY KEY",
        "ALTER TABLE t ADD f UNIQUE",
        "ALTER TABLE t ADD f NOT NULL",
        "ALTER TABLE t ADD f DEFAULT CURRENT_TIMESTAMP",
        "ALTER TABLE t ADD f AS (a * 2)",
        "ALTER TABLE t ADD f COLLATE nosuch",
        "ALTER TABLE v ADD f",
        "ALTER TABLE sqlite_master ADD f",
        "ALTER TABLE w ADD m DEFAULT 1",
        "ALTER TABLE t DROP COLUMN e",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t DROP COLUMN b",
        "ALTER TABLE t DROP COLUMN d",
        "ALTER TABLE t DROP nosuch",
        "ALTER TABLE child DROP x",
        "ALTER TABLE child DROP y",
        "ALTER TABLE w DROP l",
        "ALTER TABLE w DROP k",
        "ALTER TABLE v DROP b",
        "ALTER TABLE \"q t\" DROP \"b c\"",
        "ALTER TABLE \"q t\" RENAME \"b c\" TO d",
        "ALTER TABLE \"q t\" RENAME TO q",
        "ALTER TABLE w ALTER COLUMN l SET NOT NULL",
        "ALTER TABLE w ADD CONSTRAINT cc CHECK (l > 5)",
        "ALTER TABLE w DROP CONSTRAINT cc",
    ] {
        let pair = Pair::new();
        pair.agree(SCHEMA);
        different.extend(pair.differs(sql));
        different.extend(pair.schema_differences().into_iter().map(|d| format!("after {sql}\n   {d}")));
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn one_after_another() {
    let pair = Pair::new();
    pair.agree(SCHEMA);
    for sql in [
        "ALTER TABLE t RENAME TO t2",
        "ALTER TABLE t2 RENAME c TO cc",
        "ALTER TABLE t2 ADD f INT",
        "CREATE INDEX fi ON t2(f)",
        "ALTER TABLE t2 DROP e",
        "DROP INDEX i",
        "ALTER TABLE t2 DROP e",
        "ALTER TABLE t2 RENAME TO t",
    ] {
        assert_eq!(pair.differs(sql), None);
        pair.same_schema();
    }
}

/// Functions and collations that the library lacks, built in here or the host's, do not stand in the way.
#[test]
fn unknown_functions() {
    let pair = Pair::new();
    for sql in [
        "CREATE TABLE t(a, b CHECK (mine(a, 1) > 0) COLLATE NOCASE)",
        "CREATE INDEX i ON t(sin(a))",
        "CREATE VIEW v AS SELECT ours(a) OVER (ORDER BY b), median(b) FROM t",
    ] {
        pair.ours.execute(sql).expect("the host knows them");
    }
    pair.ours.execute("ALTER TABLE t RENAME a TO aa").expect("the texts are rewritten");
    let schema = pair.ours.schema(crate::session::ddl::MAIN);
    assert_eq!(
        &*schema.view("v").expect("it is there").sql,
        "CREATE VIEW v AS SELECT ours(aa) OVER (ORDER BY b), median(b) FROM t"
    );
    assert_eq!(schema.index("i").expect("it is there").sql.as_deref(), Some("CREATE INDEX i ON t(sin(aa))"));
}

/// Dropping a column copies the rows into new trees without it.
#[test]
fn rows_without_the_dropped_column() {
    use crate::plan::bound::DatabaseIndex;
    use heliosdb_udfs::value::ValueRef;

    let pair = Pair::new();
    pair.agree(&["CREATE TABLE t(a, b, c)", "CREATE INDEX i ON t(c)", "CREATE INDEX j ON t(a)"]);
    let main = DatabaseIndex(0);
    let before = pair.ours.schema(main).table("t").expect("it was created").clone();
    for rowid in 1..4 {
        let values = [ValueRef::Integer(rowid), ValueRef::Text(b"b"), ValueRef::Integer(rowid * 10)];
        pair.ours.load_row(main, &before, rowid, &values).expect("a row");
    }
    pair.ours.commit();
    pair.agree(&["ALTER TABLE t DROP COLUMN b"]);
    pair.same_schema();
    let after = pair.ours.schema(main).table("t").expect("it is still there").clone();
    assert_ne!(before.id, after.id);
    let mut rows = Vec::new();
    pair.ours
        .scan_rows(main, &after, &mut |rowid, values| {
            rows.push((rowid, format!("{values:?}")));
            Ok(())
        })
        .expect("a scan");
    let expected: Vec<(i64, String)> = (1..4).map(|i| (i, format!("[Integer({i}), Integer({})]", i * 10))).collect();
    assert_eq!(rows, expected);
}
