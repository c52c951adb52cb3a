//! Extensions of SQLite, loaded into SQLite and into ours: `testdata/extension/example.c`, compiled by the test.

// Allowing SQLite to load a library is unsafe.
#![allow(unsafe_code)]

use std::path::PathBuf;
use std::process::Command;

use heliosdb::session::OpenOptions;
use heliosdb::value::Value;

use super::engine::{Engine, Ours, Outcome, literal};
use super::oracle::Sqlite;

/// The compiled extension. Needs a C compiler, as the build of the bundled SQLite does.
fn compiled(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    // A file of its own, so that no test replaces what another one has loaded.
    let stem = format!("{test}-{}", std::process::id());
    let library = folder.join(format!("{stem}.so"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/extension/example.c");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let status = Command::new(compiler).args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
    assert!(status.expect("a C compiler").success());
    library.with_file_name(stem)
}

const SCRIPT: &[&str] = &[
    "select ext_same(1), typeof(ext_same(2.0)), ext_same('a'), ext_same(x'00ff'), ext_same(null)",
    "select hex(ext_same('a' || char(0) || 'b')), hex(ext_same(cast(x'ff41' as text))), ext_same(-9223372036854775808)",
    "select ext_same(9e999), ext_same(''), typeof(ext_same(x''))",
    "select ext_count(), ext_count(1), ext_count(1, 'b', null)",
    "select ext_same(1, 2)",
    "select ext_missing(1)",
    "select ext_fail(0)",
    "select ext_fail(19)",
    "create table t(g, v)",
    "insert into t values (1, 5), (2, 'x'), (1, null), (2, x'0102'), (1, 2.5), (3, 7)",
    "select g, ext_trace(v) from t group by g order by g",
    "select ext_trace(v) from t where 0",
    "select ext_trace(distinct g), ext_trace(v) filter (where g < 3) from t",
    "select ext_trace(v order by g desc, v) from t",
    "select ext_trace(1 - v) from t where g <> 3 and v > 1",
    "select ext_trace(-1) from t",
    "select ext_trace(v) over (order by rowid) from t",
    "create index i on t(ext_same(v))",
    "select count(*) from t where ext_same(v) = 5",
    "create index j on t(ext_count(v))",
    "create table w(a collate ext_length)",
    "insert into w values ('ccc'), ('a'), ('bb')",
    "select a from w order by a",
    "select a from w where a > 'zz'",
    "select upper('a')",
    "select load_extension('LIBRARY', 'other_init')",
    "select upper('a')",
    "select load_extension('LIBRARY', 'failing_init')",
    "select load_extension('LIBRARY', 'no_such_init')",
    "select load_extension('LIBRARY.none')",
    "select load_extension(null)",
];

fn shown(outcome: &Outcome) -> String {
    let row = |r: &Vec<Value>| r.iter().map(|v| literal(v.as_ref())).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = outcome.rows.iter().map(row).collect();
    format!("{} {:?}", rows.join(" | "), outcome.error)
}

#[test]
fn functions_of_an_extension_work_as_in_sqlite() {
    let library = compiled("functions");
    let name = library.display().to_string();
    let (mut ours, mut sqlite) = (Ours::new(), Sqlite::new());
    let load = format!("select load_extension('{name}', 'sqlite3_example_init')");
    for engine in [&mut ours as &mut dyn Engine, &mut sqlite] {
        assert_eq!(engine.run(&load).error.expect("off at first").1, "not authorized");
    }
    ours.connection().enable_load_extension(true);
    // SAFETY: the only library loaded is the test's own.
    unsafe { sqlite.connection().load_extension_enable() }.expect("it can be allowed");
    let mut wrong = Vec::new();
    for sql in [&*load].iter().chain(SCRIPT) {
        let sql = sql.replace("LIBRARY", &name);
        let (a, b) = (ours.run(&sql), sqlite.run(&sql));
        let (a, b) = (shown(&a), shown(&b));
        if a != b {
            wrong.push(format!("{sql}\n  ours   {a}\n  sqlite {b}"));
        }
    }
    ours.connection().load_extension(&name, Some("other_init")).expect("nothing runs");
    assert_eq!(shown(&ours.run("select upper('a')")), "'a' None");
    std::fs::remove_file(library.with_extension("so")).expect("it is there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn extensions_belong_to_their_connection() {
    let options = || OpenOptions::from_filename(":memory:", false).expect("a plain name");
    let library = compiled("belonging");
    let name = library.display().to_string();
    let one = heliosdb::session::Connection::open(options()).expect("memory opens");
    let other = heliosdb::session::Connection::open(options()).expect("memory opens");
    assert_eq!(one.load_extension(&name, None).expect_err("off at first").message, "not authorized");
    one.enable_load_extension(true);
    one.load_extension(&name, Some("sqlite3_example_init")).expect("it loads");
    one.enable_load_extension(false);
    assert!(one.prepare("select ext_count()").is_ok());
    assert!(other.prepare("select ext_count()").is_err());
    one.close().expect("nothing is open");
    std::fs::remove_file(library.with_extension("so")).expect("it is there");
}
