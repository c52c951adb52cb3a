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
    assert!(
        message(&[row("table", "t", "t", 2, Some("CREATE TABLE t(a"))]).starts_with("malformed database schema (t)")
    );
}

/// What SQLite stores for `CREATE TABLE … AS SELECT`.
#[test]
fn texts_of_tables_made_by_select() {
    use super::sql_text::{ResultColumn, table_as_text};
    use heliosdb_udfs::value::Affinity;

    let text = |table: &str, columns: &[(&str, Affinity)]| {
        let columns: Vec<ResultColumn<'_>> =
            columns.iter().map(|(name, affinity)| ResultColumn { name, affinity: *affinity }).collect();
        table_as_text(table, &columns)
    };
    let none = Affinity::None;
    assert_eq!(text("q5", &[("a", none), ("b", none), ("c d", none)]), "CREATE TABLE q5(a,b,\"c d\")");
    assert_eq!(
        text(
            "q6",
            &[
                ("select", none),
                ("key", none),
                ("1a", none),
                ("aé", none),
                ("cast(1 as text)", Affinity::Text),
                ("zz", Affinity::Real),
                ("bb", Affinity::Blob)
            ]
        ),
        "CREATE TABLE q6(\n  \"select\",\n  \"key\",\n  \"1a\",\n  \"aé\",\n  \"cast(1 as text)\" TEXT,\n  zz REAL,\n  bb\n)"
    );
    assert_eq!(text("q6b", &[("1", none)]), "CREATE TABLE q6b(\"1\")");
    assert_eq!(
        text("q8", &[("a", none), ("a", none), ("a:1", none), ("1+1", none), ("1+1", none)]),
        "CREATE TABLE q8(\n  a,\n  \"a:1\",\n  \"a:2\",\n  \"1+1\",\n  \"1+1:1\"\n)"
    );
    assert_eq!(
        text("n", &[("i", Affinity::Integer), ("n", Affinity::Numeric), ("f", Affinity::FlexNum)]),
        "CREATE TABLE n(i INT,n NUM,f NUM)"
    );
}
