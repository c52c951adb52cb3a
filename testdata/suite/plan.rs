//! The corpus of plans: EXPLAIN QUERY PLAN and the rows of each statement, as SQLite gives them, with and without
//! ANALYZE. `HELIOSDB_PLAN=text` shows the differences of the statements that contain the text,
//! `HELIOSDB_PLANS` names another folder of scripts.

use std::path::Path;

use heliosdb::value::Value;

use super::engine::{Engine, Ours};
use super::oracle::Sqlite;

/// Plans that may differ: RIGHT JOIN by an index, NULLS LAST by an index, numbers of VALUES and of counted parts.
const DIFFERENT_MAX: usize = 19;

const STATISTICS: &str = "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2";

#[derive(Default)]
struct Count {
    statements: usize,
    plans: usize,
    rows: usize,
}

/// The lines of a plan, indented.
pub fn tree(rows: &[Vec<Value>]) -> String {
    fn below(rows: &[Vec<Value>], parent: &Value, depth: usize, out: &mut String) {
        for row in rows {
            let same = matches!((&row[1], parent), (Value::Integer(a), Value::Integer(b)) if a == b);
            if let (true, Value::Text(text)) = (same, &row[3]) {
                out.push_str(&"  ".repeat(depth));
                out.push_str(&String::from_utf8_lossy(text));
                out.push('\n');
                below(rows, &row[0], depth + 1, out);
            }
        }
    }
    let mut out = String::new();
    below(rows, &Value::Integer(0), 0, &mut out);
    out
}

fn check(path: &Path, analyze: bool, count: &mut Count, wanted: Option<&str>) {
    let text = std::fs::read_to_string(path).expect("the corpus is there");
    let (setup, statements) = text.split_once("\n----\n").expect("setup, a line of dashes, statements");
    let (mut ours, mut sqlite) = (Ours::new(), Sqlite::new());
    for engine in [&mut ours as &mut dyn Engine, &mut sqlite] {
        let outcome = engine.run(setup);
        assert!(outcome.error.is_none(), "{}: {:?}", path.display(), outcome.error);
        if analyze {
            assert!(engine.run("ANALYZE").error.is_none());
        }
    }
    if analyze {
        // The bundled build keeps samples, which ordinary builds do not.
        sqlite.run("DELETE FROM sqlite_stat4; PRAGMA writable_schema=RESET");
        let (a, b) = (ours.run(STATISTICS), sqlite.run(STATISTICS));
        assert_eq!(format!("{:?}", a.rows), format!("{:?}", b.rows), "{}", path.display());
    }
    for sql in statements.lines().filter(|l| !l.is_empty() && !l.starts_with("--")) {
        if wanted.is_some_and(|w| !sql.contains(w)) {
            continue;
        }
        count.statements += 1;
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let (a, b) = (ours.run(&explain), sqlite.run(&explain));
        let (our_tree, their_tree) = (tree(&a.rows), tree(&b.rows));
        let same_plan = our_tree == their_tree && a.error == b.error;
        count.plans += usize::from(same_plan);
        if !same_plan && wanted.is_some() {
            let with = if analyze { " (analyzed)" } else { "" };
            println!("== {sql}{with}\nours {:?}\n{our_tree}sqlite {:?}\n{their_tree}", a.error, b.error);
        }
        let (a, b) = (ours.run(sql), sqlite.run(sql));
        let same_rows = format!("{:?}", a.rows) == format!("{:?}", b.rows);
        count.rows += usize::from(same_rows);
        if !same_rows {
            let sorted = |rows: &[Vec<Value>]| {
                let mut lines: Vec<String> = rows.iter().map(|r| format!("{r:?}")).collect();
                lines.sort();
                lines
            };
            let what = if sorted(&a.rows) == sorted(&b.rows) { "order" } else { "rows" };
            let show =
                |rows: &[Vec<Value>]| rows.iter().take(6).map(|r| format!("   {r:?}")).collect::<Vec<_>>().join("\n");
            println!("!! {what} of {sql} (analyzed: {analyze})\n ours\n{}\n sqlite\n{}", show(&a.rows), show(&b.rows));
        }
    }
}

#[test]
fn plans_are_sqlites() {
    let wanted = std::env::var("HELIOSDB_PLAN").ok();
    let mut count = Count::default();
    let folder = std::env::var("HELIOSDB_PLANS");
    let folder = folder.unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/plan").to_owned());
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus is there")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "sql"))
        .collect();
    paths.sort();
    for path in &paths {
        for analyze in [false, true] {
            check(path, analyze, &mut count, wanted.as_deref());
        }
    }
    println!("{} statements, {} plans equal, {} results equal in order", count.statements, count.plans, count.rows);
    assert!(count.statements - count.plans <= DIFFERENT_MAX && count.rows == count.statements);
}
