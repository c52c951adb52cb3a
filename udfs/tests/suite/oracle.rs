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
        self.statement.query_row([Param(value)], |row| Ok(row.get_ref(0)?.as_bytes()?.to_vec())).expect("a text")
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

/// Values of every storage class at the edges of their ranges and of what functions do with them.
pub fn interesting() -> Vec<Value> {
    let mut values = vec![Value::Null];
    let integers = [
        0,
        1,
        -1,
        2,
        3,
        7,
        10,
        15,
        64,
        65,
        100,
        255,
        1000,
        -45,
        0xe9,
        0xd800,
        0xffff,
        0x10000,
        0x10_ffff,
        0x11_0000,
        1 << 31,
        -(1 << 31),
        1 << 32,
        1 << 53,
        (1 << 53) + 1,
        i64::MAX,
        i64::MAX - 1,
        i64::MIN,
        i64::MIN + 1,
    ];
    values.extend(integers.map(Value::Integer));
    let reals = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        0.1,
        1.5,
        2.5,
        -2.5,
        3.99,
        0.045,
        1.005,
        2.675,
        1e15,
        123456789.98765433,
        1e16,
        1e17,
        -1e18,
        9.3e18,
        1e300,
        -1e300,
        5e-324,
        2.2250738585072014e-308,
        1.7976931348623157e308,
        0.9999999999999999,
        1.0000000000000002,
        4503599627370495.5,
        4503599627370497.5,
        9007199254740993.0,
        9223372036854774784.0,
        9223372036854775808.0,
        -9223372036854775808.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e-5,
        0.00012345,
        3.25,
        1e21,
        123456.7891,
    ];
    values.extend(reals.map(Value::Real));
    let texts: [&[u8]; 74] = [
        b"12 \0x",
        b"1.5\0",
        b"9223372036854775807\0",
        b"12x\0",
        b"1e3\0",
        b"-7\0\0",
        b"1 2",
        b"\x0b12\x0c",
        b"",
        b" ",
        b"a",
        b"A",
        b"abc",
        b"ABC",
        b"aBc%_",
        b"%",
        b"_",
        b"*",
        b"?",
        b"[a-c]",
        b"[^a]",
        b"[",
        b"]",
        b"a%",
        b"%b%",
        b"*b*",
        b"1",
        b"-1",
        b"+1",
        b"12",
        b" 12 ",
        b"12abc",
        b"0x10",
        b"1e5",
        b"1E5x",
        b"1e",
        b".5",
        b"5.",
        b".",
        b"-",
        b"+",
        b"1.5e3 ",
        b"9223372036854775807",
        b"9223372036854775808",
        b"-9223372036854775808",
        b"-9223372036854775809",
        b"1e999",
        b"-1e999",
        b"inf",
        b"0.1",
        b"-0",
        b"-0.0",
        b"\t\n12\r",
        b"12\0",
        b"a\0b",
        b"\0",
        b"\0a",
        "\u{e9}".as_bytes(),
        "\u{20ac}uro".as_bytes(),
        "\u{1f600}".as_bytes(),
        "\u{c4}\u{d6}".as_bytes(),
        b"\xff",
        b"\x80",
        b"\xc3",
        b"\xe2\x82",
        b"a\xffb",
        b"\xc0\x80",
        b"it's",
        b"\"q\"",
        b"Robert",
        b"Tymczak",
        b"53 51 4C",
        b"a\\b\x01\n",
        b"\\u0041\\U0001f600\\+01f600\\0041\\\\",
    ];
    values.extend(texts.map(|t| Value::Text(t.into())));
    let blobs: [&[u8]; 13] = [
        b"12\0",
        b"1e2\0z",
        b"",
        b"a",
        b"abc",
        b"12",
        b"\0",
        b"\xff\x00\x80",
        b"a\0b",
        b"1.5",
        "\u{e9}".as_bytes(),
        b"%",
        b"*",
    ];
    values.extend(blobs.map(|b| Value::Blob(b.into())));
    values
}
