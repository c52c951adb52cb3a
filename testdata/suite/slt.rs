//! Runs `.slt` scripts (the sqllogictest format) on our engine and on the bundled SQLite.
//!
//! `statement ok`, `statement error MESSAGE`, and `query [TYPES [SORT [LABEL]]]`, where a query's results are one value a line or
//! `N values hashing to MD5`. In our own scripts results are SQL literals, so that the storage class shows; scripts
//! from elsewhere are formatted by the query's types. `HELIOSDB_SLT` names a folder with such scripts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use heliosdb::session::{Connection, OpenOptions, Step};
use heliosdb::value::{ValueRef, cast, number};
use rusqlite::fallible_iterator::FallibleIterator;

type Rows = Vec<Vec<heliosdb::value::Value>>;

trait Engine {
    fn run(&mut self, sql: &str) -> Result<Rows, String>;
}

struct Ours(Arc<Connection>);

impl Ours {
    fn new() -> Ours {
        let options = OpenOptions::from_filename(":memory:", false).expect("a plain name");
        Ours(Connection::open(options).expect("memory opens"))
    }
}

impl Engine for Ours {
    fn run(&mut self, sql: &str) -> Result<Rows, String> {
        let (mut rows, mut rest) = (Vec::new(), sql);
        while let Some((mut statement, tail)) = self.0.prepare(rest).map_err(|e| e.message.clone())? {
            while statement.step().map_err(|e| e.message.clone())? == Step::Row {
                rows.push((0..statement.column_count()).map(|i| statement.column(i).to_owned()).collect());
            }
            rest = &rest[tail..];
        }
        Ok(rows)
    }
}

struct Sqlite(rusqlite::Connection);

impl Engine for Sqlite {
    fn run(&mut self, sql: &str) -> Result<Rows, String> {
        use heliosdb::value::Value;
        let mut rows = Vec::new();
        let message = |e: rusqlite::Error| match e {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            other => other.to_string(),
        };
        let mut batch = rusqlite::Batch::new(&self.0, sql);
        while let Some(mut statement) = batch.next().map_err(message)? {
            let width = statement.column_count();
            let mut found = statement.query([]).map_err(message)?;
            while let Some(row) = found.next().map_err(message)? {
                let value = |i| match row.get_ref(i).expect("within the width") {
                    rusqlite::types::ValueRef::Null => Value::Null,
                    rusqlite::types::ValueRef::Integer(n) => Value::Integer(n),
                    rusqlite::types::ValueRef::Real(r) => Value::Real(r),
                    rusqlite::types::ValueRef::Text(t) => Value::Text(t.into()),
                    rusqlite::types::ValueRef::Blob(b) => Value::Blob(b.into()),
                };
                rows.push((0..width).map(value).collect());
            }
        }
        Ok(rows)
    }
}

/// An SQL literal.
fn literal(v: ValueRef<'_>) -> String {
    let mut out = Vec::new();
    match v {
        ValueRef::Null => out.extend_from_slice(b"NULL"),
        ValueRef::Integer(i) => number::write_integer(i, &mut out),
        ValueRef::Real(r) => number::write_real(r, &mut out),
        ValueRef::Text(t) => {
            let text = String::from_utf8_lossy(t).replace('\'', "''").replace('\n', "\\n");
            out = format!("'{text}'").into_bytes();
        }
        ValueRef::Blob(b) => {
            let hex: String = b.iter().map(|x| format!("{x:02X}")).collect();
            out = format!("X'{hex}'").into_bytes();
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A value as sqllogictest shows it under a type.
fn formatted(v: ValueRef<'_>, kind: u8) -> String {
    match (kind, v) {
        (_, ValueRef::Null) => "NULL".to_owned(),
        (b'I', v) => cast::to_integer(v).to_string(),
        (b'R', v) => format!("{:.3}", cast::to_real(v)),
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

struct Report {
    passed: usize,
    failures: Vec<String>,
}

fn run_script(path: &Path, engine: &mut dyn Engine, own: bool) -> Report {
    let source = std::fs::read_to_string(path).expect("a readable script");
    let lines: Vec<&str> = source.lines().collect();
    let mut report = Report { passed: 0, failures: Vec::new() };
    let mut at = 0;
    while at < lines.len() {
        if lines[at].trim().is_empty() || lines[at].starts_with('#') {
            at += 1;
            continue;
        }
        let mut skip = false;
        while at < lines.len() && (lines[at].starts_with("skipif") || lines[at].starts_with("onlyif")) {
            let is_sqlite = lines[at].split_whitespace().nth(1) == Some("sqlite");
            skip |= lines[at].starts_with("skipif") == is_sqlite;
            at += 1;
        }
        let head: Vec<&str> = lines.get(at).map_or(Vec::new(), |l| l.split_whitespace().collect());
        let first = at + 1;
        at += 1;
        match head.first() {
            Some(&"halt") if !skip => break,
            Some(&"statement") => {
                let sql = take_until(&lines, &mut at, &[]);
                if skip {
                    continue;
                }
                let result = engine.run(&sql);
                let wanted = lines[first - 1].splitn(3, ' ').nth(2).unwrap_or("");
                let good = match (&result, head.get(1)) {
                    (Ok(_), Some(&"ok")) => true,
                    (Err(message), Some(&"error")) => wanted.is_empty() || message == wanted,
                    _ => false,
                };
                if good {
                    report.passed += 1;
                } else {
                    let outcome = result.map(|_| "ok".to_owned()).unwrap_or_else(|e| e);
                    report
                        .failures
                        .push(format!("{}:{first}: {sql}\n  got {outcome}\n  want {wanted}", path.display()));
                }
            }
            Some(&"query") => {
                let sql = take_until(&lines, &mut at, &["----"]);
                if lines.get(at) == Some(&"----") {
                    at += 1;
                }
                let wanted = take_until(&lines, &mut at, &[]);
                if skip {
                    continue;
                }
                let types = head.get(1).map_or(&b""[..], |t| t.as_bytes());
                let got = engine.run(&sql).map(|rows| render(rows, types, head.get(2).copied(), &wanted, own));
                match got {
                    Ok(got) if got == wanted => report.passed += 1,
                    Ok(got) => {
                        report
                            .failures
                            .push(format!("{}:{first}: {sql}\n  got  {got:?}\n  want {wanted:?}", path.display()));
                    }
                    Err(e) => report.failures.push(format!("{}:{first}: {sql}\n  error {e}", path.display())),
                }
            }
            _ => {}
        }
    }
    report
}

fn take_until(lines: &[&str], at: &mut usize, stops: &[&str]) -> String {
    let start = *at;
    while *at < lines.len() && !lines[*at].is_empty() && !stops.contains(&lines[*at]) {
        *at += 1;
    }
    lines[start..*at].join("\n")
}

fn render(rows: Rows, types: &[u8], sort: Option<&str>, wanted: &str, own: bool) -> String {
    let mut rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let value = |(i, v): (usize, &heliosdb::value::Value)| {
                if own { literal(v.as_ref()) } else { formatted(v.as_ref(), *types.get(i).unwrap_or(&b'T')) }
            };
            row.iter().enumerate().map(value).collect()
        })
        .collect();
    if own {
        let joined: Vec<String> = rows.iter().map(|r| r.join("|")).collect();
        return joined.join("\n");
    }
    if sort == Some("rowsort") {
        rows.sort();
    }
    let mut values: Vec<String> = rows.into_iter().flatten().collect();
    if sort == Some("valuesort") {
        values.sort();
    }
    if wanted.contains(" values hashing to ") {
        let text: String = values.iter().map(|v| format!("{v}\n")).collect();
        return format!("{} values hashing to {:x}", values.len(), md5::compute(text));
    }
    values.join("\n")
}

fn scripts(root: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            scripts(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
}

fn check(engine: fn() -> Box<dyn Engine>, root: &Path, extension: &str, own: bool, without: &[&str]) {
    let mut files = Vec::new();
    scripts(root, extension, &mut files);
    files.retain(|f| !without.iter().any(|w| f.file_stem().is_some_and(|s| s == *w)));
    let (mut passed, mut failures) = (0, Vec::new());
    for file in files {
        let report = run_script(&file, &mut *engine(), own);
        passed += report.passed;
        failures.extend(report.failures);
    }
    println!("{passed} passed, {} failed", failures.len());
    assert!(failures.is_empty(), "{}", failures[..failures.len().min(20)].join("\n"));
    assert!(passed > 0, "no script under {}", root.display());
}

fn own_scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/slt")
}

fn ours() -> Box<dyn Engine> {
    Box::new(Ours::new())
}

#[test]
fn own_scripts_pass() {
    check(ours, &own_scripts(), "slt", true, &[]);
}

#[test]
fn own_scripts_are_what_sqlite_says() {
    let sqlite = || -> Box<dyn Engine> { Box::new(Sqlite(rusqlite::Connection::open_in_memory().expect("memory"))) };
    // The library is built without math functions; their results come from a build that has them.
    check(sqlite, &own_scripts(), "slt", true, &["math"]);
}

/// sqllogictest scripts from outside the tree, where `HELIOSDB_SLT` names them.
#[test]
fn foreign_scripts_pass() {
    if let Ok(root) = std::env::var("HELIOSDB_SLT") {
        check(ours, Path::new(&root), "test", false, &[]);
    }
}
