//! Calls functions and value operations here and in the bundled SQLite with the same arguments.

use crate::reference::{Differences, Param, TestHost, call, show_result};
use bumpalo::Bump;
use heliosdb_udfs::scalar;
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rusqlite::{Connection, Statement};

/// One prepared statement of the reference.
pub struct Oracle<'c> {
    statement: Statement<'c>,
}

impl<'c> Oracle<'c> {
    pub fn new(db: &'c Connection, sql: &str) -> Oracle<'c> {
        let statement = db.prepare(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        Oracle { statement }
    }

    pub fn real(&mut self, value: &Value) -> f64 {
        self.statement.query_row([Param(value)], |row| row.get(0)).expect("a real")
    }

    pub fn text(&mut self, value: &Value) -> Vec<u8> {
        self.statement
            .query_row([Param(value)], |row| Ok(row.get_ref(0)?.as_bytes()?.to_vec()))
            .expect("a text")
    }
}

/// The list `?1,?2,...`.
pub fn parameters(count: usize) -> String {
    (1..=count).map(|i| format!("?{i}")).collect::<Vec<_>>().join(",")
}

/// What a built-in function gives here.
pub fn ours(host: &TestHost, name: &str, args: &[Value]) -> String {
    let function = match scalar::lookup(name, args.len()) {
        Ok(function) => function,
        Err(error) => return format!("error:{}", error.message(name)),
    };
    let arena = Bump::new();
    let collation = Collation::Binary;
    let refs: Vec<ValueRef<'_>> = args.iter().map(Value::as_ref).collect();
    let refs = arena.alloc_slice_copy(&refs);
    show_result((function.call)(&mut call(&arena, host, &collation), refs))
}

/// Compares one call.
pub fn compare_call(db: &Connection, host: &TestHost, differences: &mut Differences, name: &str, args: &[Value]) {
    let sql = format!("SELECT {name}({})", parameters(args.len()));
    let theirs = crate::reference::column(db, &sql, args).join(" ");
    differences.compare(|| format!("{name}{args:?}"), &ours(host, name, args), &theirs);
}
