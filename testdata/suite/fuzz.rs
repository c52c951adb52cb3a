//! What a fuzzer calls with any bytes (the targets in `fuzz/`), and the same with random bytes here. Each panics where
//! ours is not as SQLite.
//!
//! `HELIOSDB_FUZZ` is the number of inputs for each target (2000).

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use heliosdb::value::{Value, ValueRef};

use super::engine::{Engine, Ours, Outcome, literal};
use super::oracle::Sqlite;

/// Any text: the parser takes it or says where it stops, and names only what is in it.
pub fn parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match heliosdb_dialect::parse(&text) {
        Ok(Some(parsed)) => {
            assert!(text.is_char_boundary(parsed.tail as usize), "{text:?}: the next statement is at {}", parsed.tail)
        }
        Ok(None) => {}
        Err(e) => assert!(!e.message.is_empty(), "{text:?}: an error without words"),
    }
    let _ = heliosdb_dialect::is_complete(&text);
}

/// A value of any storage class: how it is converted, compared and written.
pub fn values(data: &[u8]) {
    let mut data = data;
    let (a, b) = (argument(&mut data), argument(&mut data));
    compare(&format!(
        "WITH v(a, b) AS (SELECT {a}, {b}) SELECT typeof(a), a, CAST(a AS INTEGER), CAST(a AS REAL), CAST(a AS NUMERIC),
         CAST(a AS TEXT), CAST(a AS BLOB), a + 0, -a, a || '', a + b, a - b, a * b, a / b, a % b, a & b, a << b, ~a, a < b, a = b,
         a IS b, a LIKE b, a GLOB b, quote(a), hex(a), length(a), NOT a, a COLLATE NOCASE < b, a COLLATE RTRIM = b, max(a, b) FROM v"
    ));
}

/// A call of a built-in function.
pub fn functions(data: &[u8]) {
    let mut data = data;
    let at = usize::from(word(&mut data));
    let name = FUNCTIONS.with_borrow_mut(|names| {
        let names = names.get_or_insert_with(function_names);
        names[at % names.len()].clone()
    });
    let count = 1 + byte(&mut data) % 4;
    let arguments: Vec<String> = (0..count).map(|_| argument(&mut data)).collect();
    compare(&format!("SELECT {name}({})", arguments.join(", ")));
}

/// A database file with bytes changed. What both can read is the same where SQLite finds nothing wrong with the file.
pub fn file(data: &[u8]) {
    const QUERIES: &[&str] = &[
        "SELECT * FROM t",
        "SELECT * FROM t WHERE a = 'v7'",
        "SELECT a FROM t ORDER BY a DESC",
        "SELECT count(*), max(b) FROM w",
        "SELECT * FROM w WHERE k BETWEEN 'k1' AND 'k3'",
        "SELECT type, name, sql FROM sqlite_schema",
    ];
    TEMPLATE.with_borrow_mut(|template| {
        let Template { path, bytes } = template.get_or_insert_with(make_template);
        let mut changed = bytes.clone();
        for change in data.chunks_exact(4) {
            let at = u32::from_be_bytes([0, change[0], change[1], change[2]]) as usize % changed.len();
            changed[at] = change[3];
        }
        std::fs::write(&*path, &changed).expect("the file is written");
        let name = path.to_string_lossy().into_owned();
        let theirs: Vec<Outcome> = {
            let mut sqlite = Sqlite::open(path);
            let is_sound = {
                let checked = sqlite.run("PRAGMA integrity_check");
                // The binding panics where a declared type is not UTF-8.
                let schema = sqlite.run("SELECT sql FROM sqlite_schema");
                let is_utf8 = |v: &Value| !matches!(v, Value::Text(t) if std::str::from_utf8(t).is_err());
                checked.error.is_none() && shown(&checked) == ["'ok'"] && schema.rows.iter().flatten().all(is_utf8)
            };
            QUERIES.iter().filter(|_| is_sound).map(|sql| sqlite.run(sql)).collect()
        };
        let mut ours = Ours::open(&name);
        for (i, sql) in QUERIES.iter().enumerate() {
            let outcome = ours.run(sql);
            assert!(outcome.error.as_ref().is_none_or(|e| e.0 != 2), "{sql}: {:?}", outcome.error);
            if let Some(theirs) = theirs.get(i) {
                let (ours, theirs) = (shown(&outcome), shown(theirs));
                let differs = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
                assert!(differs.is_none() && ours.len() == theirs.len(), "{sql}: {differs:?}, changes {data:?}");
            }
        }
    });
}

thread_local! {
    static ENGINES: RefCell<Option<(Ours, Sqlite)>> = const { RefCell::new(None) };
    static FUNCTIONS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    static TEMPLATE: RefCell<Option<Template>> = const { RefCell::new(None) };
}

fn compare(sql: &str) {
    ENGINES.with_borrow_mut(|engines| {
        let (ours, sqlite) = engines.get_or_insert_with(|| (Ours::new(), Sqlite::new()));
        let (ours, theirs) = (ours.run(sql), sqlite.run(sql));
        assert_eq!(shown(&ours), shown(&theirs), "{sql}\nours and SQLite's");
    });
}

fn shown(outcome: &Outcome) -> Vec<String> {
    let rows = outcome.rows.iter().flatten().map(|v| literal(v.as_ref()));
    rows.chain(outcome.error.as_ref().map(|e| format!("{e:?}"))).collect()
}

/// Built-in functions whose result hangs on their arguments alone.
fn function_names() -> Vec<String> {
    const NOT: &str = "'random', 'randomblob', 'changes', 'total_changes', 'last_insert_rowid', 'sqlite_version', 'load_extension',
        'sqlite_source_id', 'sqlite_log', 'sqlite_compileoption_get', 'sqlite_compileoption_used', 'sqlite_offset', 'match',
        'fts3_tokenizer', 'current_date', 'current_time', 'current_timestamp', 'zeroblob', 'subtype'";
    let mut ours = Ours::new();
    let sql = format!(
        "SELECT DISTINCT name FROM pragma_function_list WHERE builtin AND type = 's' AND name NOT IN ({NOT}) ORDER BY 1"
    );
    let found = Sqlite::new().run(&sql);
    let names = found.rows.iter().flatten().map(|name| literal(name.as_ref()).replace('\'', ""));
    let own = shown(&ours.run("SELECT name FROM pragma_function_list"));
    names.filter(|name| own.contains(&format!("'{name}'"))).map(|name| format!("\"{name}\"")).collect()
}

/// A sound file, and where its changed copies are.
struct Template {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Drop for Template {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn make_template() -> Template {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let path = folder.join(format!("heliosdb-fuzz-{}-{:?}.db", std::process::id(), std::thread::current().id()));
    let _ = std::fs::remove_file(&path);
    let mut sqlite = Sqlite::open(&path);
    let made = sqlite.run(
        "PRAGMA page_size = 512; CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b); CREATE INDEX ta ON t(a);
         CREATE TABLE w(k TEXT, n INT, b, PRIMARY KEY(k, n)) WITHOUT ROWID; CREATE VIEW v AS SELECT a FROM t;
         WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < 60)
         INSERT INTO t SELECT i, 'v' || (i % 20), CASE i % 7 WHEN 0 THEN zeroblob(900) WHEN 1 THEN i * 1.5 ELSE i END FROM c;
         INSERT INTO w SELECT 'k' || (id % 6), id, b FROM t",
    );
    assert!(made.error.is_none(), "{:?}", made.error);
    drop(sqlite);
    let bytes = std::fs::read(&path).expect("the file is there");
    Template { path, bytes }
}

fn byte(data: &mut &[u8]) -> u8 {
    let Some((first, rest)) = data.split_first() else { return 0 };
    *data = rest;
    *first
}

fn word(data: &mut &[u8]) -> u16 {
    u16::from_be_bytes([byte(data), byte(data)])
}

/// An SQL literal. Some texts are put together from what conversions and functions look for.
fn argument(data: &mut &[u8]) -> String {
    const NUMBER: &[&str] = &[
        "0", "1", "9", "5", "12345678", "99999999", ".", "e", "E", "+", "-", " ", "_", "x", "0x", "e308", "inf", "\t",
    ];
    const JSON: &[&str] = &[
        "{", "}", "[", "]", ":", ",", "\"a\"", "\"", "\\", "u0041", "null", "true", "1", "-", ".5", "e9", "'", "a",
        "$", "/*", "*/", "//", "\n", "Infinity", "0x1f", "$.a", "[0]", "[#-1]", ".a",
    ];
    const TIME: &[&str] = &[
        "now",
        "2024",
        "-",
        "01",
        "12",
        "31",
        "T",
        " ",
        ":",
        "23",
        "59",
        ".5",
        "Z",
        "+05:00",
        "days",
        "month",
        "start of ",
        "weekday ",
        "unixepoch",
        "julianday",
        "auto",
        "utc",
        "-1 ",
        "+400 ",
        "year",
        "subsec",
        "ceiling",
        "floor",
    ];
    const FORMAT: &[&str] = &[
        "%", "d", "f", "g", "e", "s", "q", "Q", "w", "c", "x", "5", "0", ".", "-", "+", ",", "!", "#", "*", "ll", "Y",
        "j", "é",
    ];
    let kind = byte(data);
    let len = usize::from(byte(data)) % 24;
    let mut pieces = |of: &[&str]| -> String {
        let text: String = (0..len).map(|_| of[usize::from(byte(data)) % of.len()]).collect();
        format!("'{}'", text.replace('\'', "''"))
    };
    match kind % 10 {
        0 => "NULL".to_owned(),
        1 => i64::from(word(data) as i16).to_string(),
        2 => {
            let bits = (0..4).fold(0, |bits, _| bits << 16 | u64::from(word(data)));
            // The least integer has no literal.
            literal(ValueRef::Integer((bits as i64).max(-i64::MAX)))
        }
        3 => {
            let real = f64::from_bits((0..4).fold(0, |bits, _| bits << 16 | u64::from(word(data))));
            if real.is_nan() { "9e999".to_owned() } else { format!("{real:e}").replace("inf", "9e999") }
        }
        4 => pieces(NUMBER),
        5 => pieces(JSON),
        6 => pieces(TIME),
        7 => pieces(FORMAT),
        kind => {
            let hex: String = (0..len).map(|_| format!("{:02X}", byte(data))).collect();
            if kind == 8 { format!("CAST(x'{hex}' AS TEXT)") } else { format!("x'{hex}'") }
        }
    }
}

/// Calls a target with random bytes.
#[cfg(test)]
fn each_random(target: fn(&[u8]), seed: u64, len: usize) {
    let inputs = super::generator::setting("HELIOSDB_FUZZ").unwrap_or(2_000);
    let mut rng = super::generator::rng::Rng::new(seed);
    for _ in 0..inputs {
        let data: Vec<u8> = (0..len).map(|_| rng.next() as u8).collect();
        target(&data);
    }
}

#[test]
fn any_text_is_parsed() {
    each_random(parse, 1, 40);
}

#[test]
fn any_values_are_converted() {
    each_random(values, 2, 60);
}

#[test]
fn any_calls_are_answered() {
    each_random(functions, 3, 80);
}

#[test]
fn any_damage_is_reported() {
    each_random(file, 4, 8);
    // The reserved serial type 11 where a rowid's NULL was.
    file(&[247, 68, 36, 11]);
}
