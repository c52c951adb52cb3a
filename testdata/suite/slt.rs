//! Runs `.slt` scripts (the sqllogictest format, https://sqlite.org/sqllogictest) on our engine and on SQLite.
//!
//! `statement ok`, `statement error MESSAGE`, and `query [TYPES [SORT [LABEL]]]`, where a query's results are one value a
//! line or `N values hashing to MD5`; `skipif`, `onlyif`, `halt`; `hash-threshold` needs no care, as results say
//! themselves whether they are hashed. In our own scripts (`testdata/slt`, made by `scripts/make_slt.py`) a row
//! is one line of SQL literals, so that the storage class shows. `HELIOSDB_SLT` names a file or folder of scripts from elsewhere.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use heliosdb::value::{Value, ValueRef, cast};

use super::engine::{Engine, Ours, literal};
use super::oracle::Sqlite;

/// Failures shown for each script; the rest is only counted.
const SHOWN_MAX: usize = 8;

/// A value as sqllogictest shows it under a type.
fn formatted(v: ValueRef<'_>, kind: u8) -> String {
    match (kind, v) {
        (_, ValueRef::Null) => "NULL".to_owned(),
        (b'I', v) => cast::to_integer(v).to_string(),
        (b'R', v) => printf_3f(v),
        (_, v) => {
            let arena = bumpalo::Bump::new();
            let text = cast::to_text(v, &arena);
            if text.is_empty() {
                return "(empty)".to_owned();
            }
            text.iter().map(|b| if (b' '..=b'~').contains(b) { *b as char } else { '@' }).collect()
        }
    }
}

thread_local! {
    static FORMATTER: RefCell<Ours> = RefCell::new(Ours::new());
}

/// `printf('%.3f', v)`: beyond 15 digits it differs from what Rust prints.
fn printf_3f(v: ValueRef<'_>) -> String {
    let sql = format!("SELECT printf('%.3f', {})", literal(ValueRef::Real(cast::to_real(v))));
    let outcome = FORMATTER.with_borrow_mut(|engine| engine.run(&sql));
    match outcome.rows.first().map(|row| row[0].as_ref()) {
        Some(ValueRef::Text(t)) => String::from_utf8_lossy(t).into_owned(),
        _ => unreachable!("printf yields text"),
    }
}

/// What a script came to on one engine.
#[derive(Default)]
struct Report {
    passed: usize,
    failures: Vec<String>,
}

/// One record of a script.
enum Record<'s> {
    Statement { line: usize, sql: String, ok: bool, message: &'s str },
    Query { line: usize, sql: String, types: &'s [u8], sort: &'s str, wanted: String },
}

/// The records that are for SQLite, up to `halt`.
fn records(source: &str) -> Vec<Record<'_>> {
    let lines: Vec<&str> = source.lines().map(|l| l.trim_end_matches('\r')).collect();
    let (mut found, mut at, mut skip) = (Vec::new(), 0, false);
    while at < lines.len() {
        let head = lines[at];
        let word = |n| head.split_whitespace().nth(n).unwrap_or("");
        let line = at + 1;
        at += 1;
        match word(0) {
            "skipif" => skip |= word(1) == "sqlite",
            "onlyif" => skip |= word(1) != "sqlite",
            "halt" if !skip => break,
            "statement" => {
                let sql = block(&lines, &mut at);
                let message = head.splitn(3, ' ').nth(2).unwrap_or("");
                if !std::mem::take(&mut skip) {
                    found.push(Record::Statement { line, sql, ok: word(1) == "ok", message });
                }
            }
            "query" => {
                let sql = block(&lines, &mut at);
                let mut wanted = String::new();
                if lines.get(at) == Some(&"----") {
                    at += 1;
                    wanted = block(&lines, &mut at);
                }
                if !std::mem::take(&mut skip) {
                    found.push(Record::Query { line, sql, types: word(1).as_bytes(), sort: word(2), wanted });
                }
            }
            "halt" => skip = false,
            _ => {}
        }
    }
    found
}

/// The lines up to an empty one or `----`.
fn block(lines: &[&str], at: &mut usize) -> String {
    let start = *at;
    while *at < lines.len() && !lines[*at].is_empty() && lines[*at] != "----" {
        *at += 1;
    }
    lines[start..*at].join("\n")
}

fn run_script(path: &Path, engine: &mut dyn Engine, own: bool) -> Report {
    let source = std::fs::read_to_string(path).expect("a readable script");
    let mut report = Report::default();
    for record in records(&source) {
        let failure = match record {
            Record::Statement { line, sql, ok, message } => match engine.run(&sql).error {
                None if ok => None,
                Some((_, e)) if !ok && (message.is_empty() || e == message) => None,
                got => {
                    let got = got.map_or("ok".to_owned(), |e| e.1);
                    let wanted = if ok { "ok" } else { message };
                    Some(format!("{line}: {sql}\n  got  {got}\n  want {wanted}"))
                }
            },
            Record::Query { line, sql, types, sort, wanted } => {
                let outcome = engine.run(&sql);
                let got = match outcome.error {
                    // sqllogictest's runner looks at no result code while it steps: the rows end there.
                    Some(_) if !own && outcome.rows.is_empty() && wanted.is_empty() => String::new(),
                    Some((_, e)) => format!("error: {e}"),
                    None if own => own_rows(&outcome.rows),
                    None => foreign_rows(&outcome.rows, types, sort, &wanted),
                };
                (got != wanted).then(|| format!("{line}: {sql}\n  got  {got:?}\n  want {wanted:?}"))
            }
        };
        match failure {
            None => report.passed += 1,
            Some(failure) => report.failures.push(format!("{}:{failure}", path.display())),
        }
    }
    report
}

fn own_rows(rows: &[Vec<Value>]) -> String {
    let line = |row: &Vec<Value>| row.iter().map(|v| literal(v.as_ref())).collect::<Vec<_>>().join("|");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn foreign_rows(rows: &[Vec<Value>], types: &[u8], sort: &str, wanted: &str) -> String {
    let cell = |(i, v): (usize, &Value)| formatted(v.as_ref(), *types.get(i).unwrap_or(&b'T'));
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect();
    if sort == "rowsort" {
        rows.sort();
    }
    let mut values: Vec<String> = rows.into_iter().flatten().collect();
    if sort == "valuesort" {
        values.sort();
    }
    if wanted.contains(" values hashing to ") {
        let text: String = values.iter().map(|v| format!("{v}\n")).collect();
        return format!("{} values hashing to {:x}", values.len(), md5::compute(text));
    }
    values.join("\n")
}

/// The files with an extension at or below a path, in the order of their names.
fn scripts(root: &Path, extension: &str) -> Vec<PathBuf> {
    if root.is_file() {
        return vec![root.to_owned()];
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() || path.extension().is_some_and(|e| e == extension) {
            found.extend(scripts(&path, extension));
        }
    }
    found.sort();
    found
}

fn check(name: &str, engine: fn() -> Box<dyn Engine>, root: &Path, extension: &str, own: bool) {
    let (mut passed, mut failed, mut shown) = (0, 0, Vec::new());
    let mut files = scripts(root, extension);
    // The bundled library may have been built without them.
    if engine().run("SELECT pi()").error.is_some() {
        files.retain(|f| !f.ends_with("math.slt"));
    }
    for file in &files {
        let report = run_script(file, &mut *engine(), own);
        if !own || !report.failures.is_empty() {
            println!("{}: {} passed, {} failed", file.display(), report.passed, report.failures.len());
        }
        passed += report.passed;
        failed += report.failures.len();
        shown.extend(report.failures.into_iter().take(SHOWN_MAX));
    }
    println!("{name}: {passed} passed, {failed} failed in {} scripts", files.len());
    assert!(failed == 0, "{}", shown.join("\n"));
    assert!(passed > 0, "no script under {}", root.display());
}

fn ours() -> Box<dyn Engine> {
    Box::new(Ours::new())
}

fn sqlite() -> Box<dyn Engine> {
    Box::new(Sqlite::new())
}

fn own_scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/slt")
}

#[test]
fn own_scripts_pass() {
    check("own scripts", ours, &own_scripts(), "slt", true);
}

#[test]
fn own_scripts_are_what_sqlite_says() {
    check("own scripts on SQLite", sqlite, &own_scripts(), "slt", true);
}

/// sqllogictest scripts from outside the tree, where `HELIOSDB_SLT` names them.
#[test]
fn foreign_scripts_pass() {
    if let Ok(root) = std::env::var("HELIOSDB_SLT") {
        check("scripts", ours, Path::new(&root), "test", false);
    }
}
