//! What the differential tests of functions share: the bundled SQLite as reference, a host with a fixed clock, and a
//! seeded source of cases.
//!
//! Results are compared as text that shows storage class and exact content: `real:3ff0000000000000`.

use bumpalo::Bump;
use heliosdb_udfs::signature::{Call, FunctionError, FunctionResult, Host};
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};
use rusqlite::{Connection, ToSql};

/// 2024-02-29 13:14:15.678 UTC
pub const NOW_MS: i64 = 210_866_760_000_000 + 1_709_212_455_678;

pub struct TestHost {
    pub local_offset_s: fn(i64) -> i64,
    pub length_limit: usize,
}

impl Default for TestHost {
    fn default() -> TestHost {
        TestHost { local_offset_s: |_| 0, length_limit: 1_000_000_000 }
    }
}

impl Host for TestHost {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }
    fn local_offset_s(&self, unix_s: i64) -> i64 {
        (self.local_offset_s)(unix_s)
    }
    fn random(&self) -> i64 {
        4
    }
    fn changes(&self) -> i64 {
        0
    }
    fn total_changes(&self) -> i64 {
        0
    }
    fn last_insert_rowid(&self) -> i64 {
        0
    }
    fn length_limit(&self) -> usize {
        self.length_limit
    }
    fn like_pattern_limit(&self) -> usize {
        50_000
    }
    fn case_sensitive_like(&self) -> bool {
        false
    }
    fn sqlite_version(&self) -> &'static str {
        ""
    }
    fn sqlite_source_id(&self) -> &'static str {
        ""
    }
}

pub fn call<'a, 'h>(arena: &'a Bump, host: &'h TestHost, collation: &'h Collation) -> Call<'a, 'h> {
    Call { arena, host, collation, json_args: 0, json_result: false }
}

pub fn show(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_string(),
        ValueRef::Integer(i) => format!("int:{i}"),
        ValueRef::Real(r) => format!("real:{:016x} {r:?}", r.to_bits()),
        ValueRef::Text(t) => format!("text:{}", t.escape_ascii()),
        ValueRef::Blob(b) => format!("blob:{}", b.escape_ascii()),
    }
}

pub fn show_result(result: FunctionResult<'_>) -> String {
    match result {
        Ok(value) => show(value),
        Err(error) => show_error(error),
    }
}

pub fn show_error(error: FunctionError) -> String {
    match error {
        FunctionError::Error(message) => format!("error:{message}"),
        FunctionError::TooBig => "error:string or blob too big".to_string(),
        other => format!("error:{other:?}"),
    }
}

/// A value as a parameter of the reference.
pub struct Param<'a>(pub &'a Value);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => SqlRef::Null,
            Value::Integer(i) => SqlRef::Integer(*i),
            Value::Real(r) => SqlRef::Real(*r),
            Value::Text(t) => SqlRef::Text(t),
            Value::Blob(b) => SqlRef::Blob(b),
        }))
    }
}

fn show_sql(value: SqlRef<'_>) -> String {
    show(match value {
        SqlRef::Null => ValueRef::Null,
        SqlRef::Integer(i) => ValueRef::Integer(i),
        SqlRef::Real(r) => ValueRef::Real(r),
        SqlRef::Text(t) => ValueRef::Text(t),
        SqlRef::Blob(b) => ValueRef::Blob(b),
    })
}

/// The first column of every row; an error ends the list.
pub fn column(db: &Connection, sql: &str, params: &[Value]) -> Vec<String> {
    let mut shown = Vec::new();
    let mut statement = match db.prepare_cached(sql) {
        Ok(statement) => statement,
        Err(error) => return vec![show_sql_error(&error)],
    };
    let mut rows = match statement.query(rusqlite::params_from_iter(params.iter().map(Param))) {
        Ok(rows) => rows,
        Err(error) => return vec![show_sql_error(&error)],
    };
    loop {
        match rows.next() {
            Ok(Some(row)) => shown.push(show_sql(row.get_ref(0).expect("one column is asked for"))),
            Ok(None) => return shown,
            Err(error) => {
                shown.push(show_sql_error(&error));
                return shown;
            }
        }
    }
}

fn show_sql_error(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => format!("error:{message}"),
        rusqlite::Error::SqlInputError { msg, .. } => format!("error:{msg}"),
        other => format!("error:{other}"),
    }
}

pub fn memory() -> Connection {
    let db = Connection::open_in_memory().expect("a memory database opens");
    db.set_prepared_statement_cache_capacity(500);
    db
}

/// xorshift64*
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to `end - 1`.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    pub fn range(&mut self, min: i64, max: i64) -> i64 {
        min + self.below((max - min + 1) as u64) as i64
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Collects differences and reports the first of them.
#[derive(Default)]
pub struct Differences {
    cases: usize,
    found: Vec<String>,
}

impl Differences {
    pub fn compare(&mut self, what: impl FnOnce() -> String, ours: &str, sqlite: &str) {
        self.cases += 1;
        if ours != sqlite {
            self.found.push(format!("{}\n    ours   {ours}\n    sqlite {sqlite}", what()));
        }
    }

    pub fn report(self) {
        let shown: Vec<_> = self.found.iter().take(25).cloned().collect();
        assert!(self.found.is_empty(), "{} of {} cases differ:\n{}", self.found.len(), self.cases, shown.join("\n"));
    }
}
