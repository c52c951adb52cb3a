//! The catalog's builders are compared with SQLite where statements run: `session/ddl/tests`. Here: reading stored
//! texts back.

use std::sync::Arc;

use super::load::{SchemaRow, load_own};

fn row(kind: &str, name: &str, table: &str, root_page: u32, sql: Option<&str>) -> SchemaRow {
    SchemaRow { kind: kind.into(), name: name.into(), table: table.into(), root_page, sql: sql.map(Arc::from) }
}

#[test]
fn a_schema_from_its_rows() {
    let rows = [
        row("table", "t", "t", 2, Some("CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE COLLATE mine)")),
        row("index", "sqlite_autoindex_t_1", "t", 3, None),
        row("index", "i", "t", 4, Some("CREATE INDEX i ON t(nosuchfunction(b))")),
        row("view", "v", "v", 0, Some("CREATE VIEW v AS SELECT * FROM t")),
        row("trigger", "tr", "t", 0, Some("CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END")),
    ];
    let schema = load_own(&rows, "main").expect("the rows are sound");
    let table = schema.table("T").expect("t is there");
    assert_eq!(table.id.0, 2);
    assert_eq!(table.rowid_alias(), Some(0));
    let indexes: Vec<(&str, u32)> = table.indexes.iter().map(|i| (&*i.name, i.id.0)).collect();
    assert_eq!(indexes, [("sqlite_autoindex_t_1", 3), ("i", 4)]);
    assert!(schema.view("v").is_some());
    assert_eq!(schema.triggers_on("t").count(), 1);
}

#[test]
fn malformed_schemas() {
    let message = |rows: &[SchemaRow]| load_own(rows, "main").expect_err("the rows are not sound").message.clone();
    assert_eq!(
        message(&[row("table", "t", "t", 2, Some("CREATE TABLE t(a, a)"))]),
        "malformed database schema (t) - duplicate column name: a"
    );
    assert_eq!(
        message(&[row("index", "i", "t", 2, Some("CREATE INDEX i ON t(a)"))]),
        "malformed database schema (i) - no such table: main.t"
    );
    assert_eq!(message(&[row("index", "i", "t", 2, None)]), "malformed database schema (i) - orphan index");
    assert!(message(&[row("table", "t", "t", 2, Some("CREATE TABLE t(a"))]).starts_with("malformed database schema (t)"));
}
