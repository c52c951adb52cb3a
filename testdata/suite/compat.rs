//! `COMPAT.md` is made from the tables in the code and from SQLite's own lists; what SQLite has and this engine has not needs a
//! reason here. `HELIOSDB_BLESS=1` writes the file anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use heliosdb::session::pragma::table::PRAGMAS;
use heliosdb::udfs::{aggregate, scalar, window};
use heliosdb::value::{Value, ValueRef};

use super::engine::{Engine, Ours};
use super::oracle::Sqlite;

/// Kinds of statements: the variants of `heliosdb_dialect::ast::Statement`.
const STATEMENTS: &[(&str, &str)] = &[
    ("SELECT, VALUES, WITH", "as SQLite; ORDER BY in aggregates and WITHIN GROUP as well"),
    ("INSERT, REPLACE, UPSERT, RETURNING", "as SQLite"),
    ("UPDATE, UPDATE FROM", "as SQLite; ORDER BY and LIMIT as in builds with SQLITE_ENABLE_UPDATE_DELETE_LIMIT"),
    ("DELETE", "as UPDATE"),
    ("CREATE TABLE, CREATE TABLE AS", "as SQLite: STRICT, WITHOUT ROWID, generated columns, foreign keys"),
    ("CREATE INDEX", "as SQLite: unique, partial, on expressions"),
    ("CREATE VIEW, CREATE TRIGGER", "as SQLite"),
    ("CREATE VIRTUAL TABLE", "`no such module`: FTS and R-tree come later"),
    ("DROP, ALTER TABLE", "as SQLite"),
    ("BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE", "as SQLite"),
    ("ATTACH, DETACH", "as SQLite"),
    ("ANALYZE, REINDEX, VACUUM", "as SQLite; ANALYZE fills sqlite_stat1, not sqlite_stat4"),
    ("PRAGMA", "see below"),
    ("EXPLAIN, EXPLAIN QUERY PLAN", "EXPLAIN shows no SQLite bytecode; EXPLAIN QUERY PLAN tells in SQLite's words"),
];

const EXTENSIONS: &str = "`load_extension` works for scalar functions, aggregates (also as window functions) and collations of SQLite \
extensions. Their virtual tables are not there, a function that runs statements of its own sees an empty database, and JSON \
subtypes do not cross.";

const ENCODING: &str = "Text is UTF-8 inside. In a UTF-16 database the BINARY order, `hex()`, `octet_length()`, and blobs that are read as text by CAST, \
operators and text functions go by the bytes of the encoding, as in SQLite. `group_concat()`, date and JSON functions and incremental \
blob I/O see UTF-8.";

/// Why something of SQLite is missing, by how its name begins.
const REASONS: &[(&str, &str)] = &[
    ("fts", "full-text search comes later"),
    ("bm25", "full-text search comes later"),
    ("highlight", "full-text search comes later"),
    ("matchinfo", "full-text search comes later"),
    ("offsets", "full-text search comes later"),
    ("optimize", "full-text search comes later"),
    ("snippet", "full-text search comes later"),
    ("geopoly", "R-tree comes later"),
    ("rtree", "R-tree comes later"),
    ("dbstat", "about pages, which are not where rows are"),
    ("sqlite_dbpage", "the pages of a file are the container's own affair"),
];

fn reason(name: &str, missing: &mut Vec<String>) -> &'static str {
    let found = REASONS.iter().find(|(start, _)| name.starts_with(start));
    if found.is_none() {
        missing.push(name.to_owned());
    }
    found.map_or("", |(_, reason)| reason)
}

fn names(engine: &mut dyn Engine, list: &str) -> BTreeSet<String> {
    let outcome = engine.run(&format!("select distinct name from pragma_{list}"));
    assert!(outcome.error.is_none(), "{list}: {:?}", outcome.error);
    let text = |v: &Value| match v.as_ref() {
        ValueRef::Text(t) => String::from_utf8_lossy(t).into_owned(),
        _ => String::new(),
    };
    outcome.rows.iter().map(|row| text(&row[0])).collect()
}

fn section(out: &mut String, title: &str, head: &str, rows: &BTreeMap<String, String>) {
    write!(out, "\n## {title}\n\n| {head} | |\n|---|---|\n").expect("memory");
    for (name, text) in rows {
        writeln!(out, "| `{}` | {} |", name.replace('|', "\\|"), text.replace('|', "\\|")).expect("memory");
    }
}

fn made() -> String {
    let (mut ours, mut sqlite) = (Ours::new(), Sqlite::new());
    let mut unexplained = Vec::new();
    let mut out = "# What is as in SQLite, and what is not\n\nMade by `testdata/suite/compat.rs` from the tables in the code and \
        from the lists of the bundled SQLite. `—` marks what is missing.\n\n## Statements\n\n| statement | |\n|---|---|\n"
        .to_owned();
    for (name, state) in STATEMENTS {
        writeln!(out, "| {name} | {state} |").expect("memory");
    }
    let mut missing = |list: &str, ours: &BTreeSet<String>, rows: &mut BTreeMap<String, String>| {
        for name in names(&mut sqlite, list).difference(ours).filter(|n| !n.starts_with("pragma_")) {
            rows.insert(name.clone(), format!("— {}", reason(name, &mut unexplained)));
        }
    };
    let mut functions = BTreeMap::new();
    for f in scalar::TABLES.iter().copied().flatten() {
        functions.insert(f.usage.to_owned(), f.doc.to_owned());
    }
    for f in aggregate::TABLES.iter().copied().flatten() {
        functions.insert(f.usage.to_owned(), format!("Aggregate. {}", f.doc));
    }
    for f in window::TABLES.iter().copied().flatten() {
        functions.insert(f.usage.to_owned(), format!("Window function. {}", f.doc));
    }
    missing("function_list", &names(&mut ours, "function_list"), &mut functions);
    section(&mut out, "Functions", "function", &functions);
    write!(out, "\n## Extensions\n\n{EXTENSIONS}\n").expect("memory");
    write!(out, "\n## Encoding\n\n{ENCODING}\n").expect("memory");
    let mut pragmas: BTreeMap<String, String> = PRAGMAS.iter().map(|p| (p.name.into(), p.doc.into())).collect();
    missing("pragma_list", &names(&mut ours, "pragma_list"), &mut pragmas);
    section(&mut out, "Pragmas", "pragma", &pragmas);
    let own = names(&mut ours, "module_list");
    let mut modules: BTreeMap<String, String> =
        own.iter().map(|m| (m.clone(), "table-valued function".into())).collect();
    missing("module_list", &own, &mut modules);
    section(&mut out, "Virtual tables and table-valued functions", "module", &modules);
    assert!(unexplained.is_empty(), "missing without a reason: {unexplained:?}");
    out
}

#[test]
fn compat_tells_what_the_tables_tell() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/COMPAT.md");
    let made = made();
    if std::env::var_os("HELIOSDB_BLESS").is_some() {
        std::fs::write(path, &made).expect("the tree can be written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == made, "COMPAT.md is not what the tables give: run with HELIOSDB_BLESS=1");
}

/// Pragmas whose answer does not depend on files, with and without argument.
const PRAGMA_STATEMENTS: &str = "analysis_limit; application_id; automatic_index; cell_size_check; \
    checkpoint_fullfsync; count_changes; defer_foreign_keys; empty_result_callbacks; encoding; foreign_key_check; \
    foreign_key_list(c); foreign_keys; freelist_count; full_column_names; fullfsync; ignore_check_constraints; \
    incremental_vacuum; index_info(i); index_list(t); index_xinfo(i); integrity_check; journal_mode; legacy_alter_table; \
    locking_mode; quick_check; query_only; read_uncommitted; recursive_triggers; reverse_unordered_selects; secure_delete; \
    short_column_names; shrink_memory; synchronous; table_info(t); table_xinfo(t); temp_store; threads; trusted_schema; \
    user_version; writable_schema; user_version = 7; user_version; foreign_keys = on; foreign_keys; busy_timeout = 5; busy_timeout; \
    application_id = 3; synchronous = off; synchronous; journal_mode = wal; temp_store = memory; query_only = 1; query_only; \
    case_sensitive_like = 1; locking_mode = exclusive; no_such_pragma; no_such_pragma = 1; table_info(nosuch); \
    database_list; data_version; auto_vacuum; mmap_size; page_size; soft_heap_limit; hard_heap_limit; wal_autocheckpoint; \
    wal_checkpoint; cache_spill; journal_size_limit; max_page_count; cache_size; optimize; table_list(t)";

#[test]
fn pragmas_answer_in_sqlites_shape() {
    let schema = "create table t(a integer primary key, b text not null default 'x', c unique); create index i on t(b, c desc); \
                  create table c(a references t on delete cascade)";
    let (mut ours, mut sqlite) = (Ours::new(), Sqlite::new());
    ours.run(schema);
    sqlite.run(schema);
    let mut wrong = Vec::new();
    for pragma in PRAGMA_STATEMENTS.split(';') {
        let sql = format!("pragma {}", pragma.trim());
        let (a, b) = (ours.run(&sql), sqlite.run(&sql));
        let shown = |o: &super::engine::Outcome| {
            let names: Vec<&str> = o.columns.iter().map(|c| &*c.0).collect();
            let rows: Vec<String> = o
                .rows
                .iter()
                .map(|r| r.iter().map(|v| super::engine::literal(v.as_ref())).collect::<Vec<_>>().join(","))
                .collect();
            format!("{names:?} {rows:?} {:?}", o.error)
        };
        let (a, b) = (shown(&a), shown(&b));
        if a != b {
            wrong.push(format!("{sql}\n  ours   {a}\n  sqlite {b}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
