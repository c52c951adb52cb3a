//! DROP, REINDEX, ANALYZE and VACUUM: what they refuse, and what is left.

use super::compare::Pair;

#[test]
fn refusals() {
    let mut pair = Pair::new();
    pair.attach("aux");
    pair.agree(&[
        "CREATE TABLE t(a PRIMARY KEY, b UNIQUE)",
        "CREATE INDEX i ON t(b)",
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",
        "DROP TABLE v",
        "DROP VIEW t",
        "DROP TABLE nosuch",
        "DROP TABLE main.nosuch",
        "DROP TABLE nodb.nosuch",
        "DROP VIEW nosuch",
        "DROP INDEX nosuch",
        "DROP INDEX main.nosuch",
        "DROP TRIGGER nosuch",
        "DROP TRIGGER main.nosuch",
        "DROP INDEX sqlite_autoindex_t_1",
        "DROP TABLE sqlite_master",
        "DROP TABLE sqlite_schema",
        "DROP VIEW sqlite_master",
        "DROP TABLE IF EXISTS nosuch",
        "DROP TABLE IF EXISTS nodb.x",
        "DROP INDEX IF EXISTS nodb.x",
        "DROP TRIGGER IF EXISTS nodb.x",
        "DROP VIEW IF EXISTS x",
        "DROP INDEX t",
        "DROP TABLE i",
        "DROP TRIGGER t",
        "REINDEX",
        "REINDEX t",
        "REINDEX i",
        "REINDEX main.i",
        "REINDEX nosuch",
        "REINDEX nocase",
        "REINDEX nodb.t",
        "VACUUM",
        "VACUUM nodb",
        "ANALYZE nosuch",
        "ANALYZE nodb.t",
    ]);
    pair.same_schema();
}

#[test]
fn what_is_left() {
    let mut pair = Pair::new();
    pair.attach("aux");
    pair.agree(&[
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b UNIQUE)",
        "CREATE TABLE u(a)",
        "CREATE INDEX i ON t(b)",
        "CREATE INDEX j ON u(a)",
        "CREATE VIEW v(a) AS SELECT a FROM t",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TEMP TRIGGER tt AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
        "CREATE TRIGGER tu AFTER INSERT ON u BEGIN SELECT 1; END",
        "CREATE TABLE aux.t(a)",
    ]);
    pair.same_schema();
    pair.agree(&["DROP TABLE t"]);
    pair.same_schema();
    pair.agree(&["DROP TABLE t"]);
    pair.same_schema();
    pair.agree(&["DROP TABLE t", "DROP INDEX j", "DROP VIEW v", "DROP TRIGGER tu", "DROP TABLE u"]);
    pair.same_schema();
}

#[test]
fn a_running_statement_keeps_tables() {
    let pair = Pair::new();
    pair.agree(&["CREATE TABLE t(a)", "CREATE INDEX i ON t(a)", "CREATE VIEW v AS SELECT 1"]);
    pair.ours.running.set(true);
    for sql in ["DROP TABLE t", "DROP INDEX i"] {
        let error = pair.ours.execute(sql).expect_err("the table is in use");
        assert_eq!((error.code, &*error.message), (crate::error::Code::LOCKED, "database table is locked"));
    }
    pair.ours.execute("DROP VIEW v").expect("a view has no pages");
    pair.ours.running.set(false);
    pair.ours.execute("DROP TABLE t").expect("nothing runs any more");
}
