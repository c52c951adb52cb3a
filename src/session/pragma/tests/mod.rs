//! Pragmas compared with SQLite.

use crate::session::ddl::tests::compare::Pair;

/// Pragmas without argument on a new database, in memory.
#[test]
fn without_argument() {
    let pair = Pair::new();
    // The oracle's build and its binding set these otherwise.
    let other_defaults = ["busy_timeout", "compile_options", "function_list", "module_list"];
    let different: Vec<String> = super::PRAGMAS
        .iter()
        .filter(|p| !other_defaults.contains(&p.name))
        .filter_map(|p| pair.differs(&format!("PRAGMA {}", p.name)))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn all_pragmas_of_the_oracle() {
    let pair = Pair::new();
    assert_eq!(pair.differs("PRAGMA pragma_list"), None);
    assert_eq!(pair.differs("PRAGMA no_such_pragma"), None);
    assert_eq!(pair.differs("PRAGMA no_such_pragma = 5"), None);
}

#[test]
fn settings() {
    let mut pair = Pair::new();
    pair.attach("aux");
    let values = [
        "0",
        "1",
        "2",
        "-1",
        "5",
        "100",
        "-2000",
        "99999999999",
        "on",
        "off",
        "yes",
        "no",
        "true",
        "false",
        "foo",
        "'abc'",
        "full",
        "normal",
        "extra",
        "fast",
        "memory",
        "delete",
        "exclusive",
        "'0x10'",
        "1.5",
    ];
    let names = [
        "analysis_limit",
        "application_id",
        "automatic_index",
        "cache_size",
        "cell_size_check",
        "checkpoint_fullfsync",
        "count_changes",
        "defer_foreign_keys",
        "empty_result_callbacks",
        "foreign_keys",
        "full_column_names",
        "fullfsync",
        "ignore_check_constraints",
        "journal_mode",
        "journal_size_limit",
        "legacy_alter_table",
        "locking_mode",
        "query_only",
        "read_uncommitted",
        "recursive_triggers",
        "reverse_unordered_selects",
        "schema_version",
        "secure_delete",
        "short_column_names",
        "synchronous",
        "temp_store",
        "threads",
        "trusted_schema",
        "user_version",
        "busy_timeout",
        "case_sensitive_like",
        "writable_schema",
        "mmap_size",
        "auto_vacuum",
        "page_size",
        "data_version",
        "wal_checkpoint",
        "incremental_vacuum",
        "shrink_memory",
        "optimize",
        "freelist_count",
        "database_list",
        "collation_list",
        "max_page_count",
    ];
    let mut different = Vec::new();
    for name in names {
        // Rounded by the page cache, or without a setting to go back to.
        for value in values.iter().filter(|v| !(name == "max_page_count" && v.len() > 4)) {
            if name == "query_only" || name == "writable_schema" {
                // Left on it would stop what follows.
                different.extend(pair.differs(&format!("PRAGMA {name} = {value}")));
                different.extend(pair.differs(&format!("PRAGMA {name}")));
                different.extend(pair.differs(&format!("PRAGMA {name} = 0")));
                continue;
            }
            different.extend(pair.differs(&format!("PRAGMA {name} = {value}")));
            different.extend(pair.differs(&format!("PRAGMA {name}")));
        }
        different.extend(pair.differs(&format!("PRAGMA {name}(1)")));
        different.extend(pair.differs(&format!("PRAGMA aux.{name}")));
        different.extend(pair.differs(&format!("PRAGMA nodb.{name}")));
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn objects() {
    let mut pair = Pair::new();
    pair.attach("aux");
    pair.agree(&[
        "CREATE TABLE p(a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x' COLLATE NOCASE, c INT AS (a + 1) STORED, d AS (b), e REFERENCES p, UNIQUE(b, a))",
        "CREATE INDEX pi ON p(b DESC, a + 1) WHERE b > 1",
        "CREATE TABLE aux.p(z)",
        "CREATE TEMP TABLE tp(y)",
        "CREATE TABLE wr(a, b, c, PRIMARY KEY(b, a)) WITHOUT ROWID",
        "CREATE INDEX wri ON wr(c)",
        "PRAGMA table_info(p)",
        "PRAGMA table_info('p')",
        "PRAGMA table_info(\"p\")",
        "PRAGMA table_info = p",
        "PRAGMA main.table_info(p)",
        "PRAGMA aux.table_info(p)",
        "PRAGMA temp.table_info(p)",
        "PRAGMA table_info(tp)",
        "PRAGMA table_info",
        "PRAGMA table_info(nosuch)",
        "PRAGMA table_info(sqlite_master)",
        "PRAGMA table_info(sqlite_schema)",
        "PRAGMA table_xinfo(sqlite_temp_master)",
        "PRAGMA index_list(p)",
        "PRAGMA index_list(pi)",
        "PRAGMA index_list",
        "PRAGMA index_info(pi)",
        "PRAGMA index_xinfo(pi)",
        "PRAGMA aux.index_xinfo(pi)",
        "PRAGMA index_info(wr)",
        "PRAGMA index_xinfo(wr)",
        "PRAGMA index_info(p)",
        "PRAGMA foreign_key_list(p)",
        "PRAGMA foreign_key_list(nosuch)",
        "PRAGMA foreign_key_check(nosuch)",
        "PRAGMA integrity_check(nosuch)",
        "PRAGMA integrity_check",
        "PRAGMA integrity_check(5)",
        "PRAGMA quick_check(p)",
        "PRAGMA database_list",
        "PRAGMA table_list(p)",
        "PRAGMA aux.table_list",
    ]);
}

#[test]
fn table_valued_functions() {
    let shape = |name: &str| {
        let function = super::table_function(name)?;
        let columns: Vec<String> = function.columns.iter().map(|c| c.name.to_string()).collect();
        Some((columns.join(","), function.parameters))
    };
    assert_eq!(shape("pragma_table_info"), Some(("cid,name,type,notnull,dflt_value,pk,arg,schema".to_owned(), 2)));
    assert_eq!(shape("PRAGMA_user_version"), Some(("user_version".to_owned(), 0)));
    assert_eq!(shape("pragma_journal_mode"), Some(("journal_mode,schema".to_owned(), 1)));
    assert_eq!(shape("pragma_table_list"), Some(("schema,name,type,ncol,wr,strict,arg".to_owned(), 1)));
    assert_eq!(shape("pragma_case_sensitive_like"), None);
    assert_eq!(shape("pragma_no"), None);
    // The oracle's functions have the same columns.
    let pair = Pair::new();
    for pragma in super::PRAGMAS {
        let sql = format!("SELECT name, hidden FROM pragma_table_xinfo('pragma_{}')", pragma.name);
        let theirs: Vec<(String, i64)> = pair
            .oracle
            .prepare(&sql)
            .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .unwrap_or_default();
        let ours: Vec<(String, i64)> = super::table_function(&format!("pragma_{}", pragma.name))
            .map(|f| f.columns.iter().map(|c| (c.name.to_string(), i64::from(c.hidden))).collect())
            .unwrap_or_default();
        assert!(theirs.is_empty() || theirs == ours, "{}: {theirs:?}, ours {ours:?}", pragma.name);
    }
}
