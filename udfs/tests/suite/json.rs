//! JSON functions against the bundled SQLite: value, storage class, subtype and error message of every call.
//!
//! Tables of cases for what is documented or odd, then random documents (valid, JSON5, mutated), paths, edits and
//! blobs. A failure prints the call as SQL that can be pasted into a shell.

use bumpalo::Bump;
use heliosdb_udfs::json::{AGGREGATES, Column, Form, JsonEach, TABLE};
use heliosdb_udfs::signature::{Call, FunctionError, Host};
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};

/// An argument: a value, or the JSON text that `json(text)` yields, with its subtype.
#[derive(Clone, Debug)]
enum Arg {
    Value(Value),
    Json(String),
}

/// A result in a form that can be compared and printed: class, bytes, subtype; or the error's message.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Null,
    Integer(i64),
    Real(u64),
    Text(String),
    Blob(String),
    Error(String),
}

struct TestHost;

impl Host for TestHost {
    fn now_ms(&self) -> i64 {
        0
    }
    fn local_offset_s(&self, _: i64) -> i64 {
        0
    }
    fn random(&self) -> i64 {
        0
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
        1_000_000_000
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

/// Text as a string if it is UTF-8, else in hexadecimal, so that both sides show the same bytes.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => format!("hex:{}", hex(bytes)),
    }
}

fn ours_outcome(value: ValueRef<'_>) -> Outcome {
    match value {
        ValueRef::Null => Outcome::Null,
        ValueRef::Integer(i) => Outcome::Integer(i),
        ValueRef::Real(r) => Outcome::Real(r.to_bits()),
        ValueRef::Text(t) => Outcome::Text(shown(t)),
        ValueRef::Blob(b) => Outcome::Blob(hex(b)),
    }
}

fn their_outcome(value: SqlRef<'_>) -> Outcome {
    match value {
        SqlRef::Null => Outcome::Null,
        SqlRef::Integer(i) => Outcome::Integer(i),
        SqlRef::Real(r) => Outcome::Real(r.to_bits()),
        SqlRef::Text(t) => Outcome::Text(shown(t)),
        SqlRef::Blob(b) => Outcome::Blob(hex(b)),
    }
}

fn error_outcome(error: FunctionError) -> Outcome {
    Outcome::Error(match error {
        FunctionError::Error(message) => message,
        FunctionError::TooBig => "string or blob too big".into(),
        other => format!("{other:?}"),
    })
}

fn their_error(error: rusqlite::Error) -> Outcome {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => Outcome::Error(message),
        other => Outcome::Error(format!("{other}")),
    }
}

fn binding(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value.as_ref() {
        ValueRef::Null => SqlRef::Null,
        ValueRef::Integer(i) => SqlRef::Integer(i),
        ValueRef::Real(r) => SqlRef::Real(r),
        ValueRef::Text(t) => SqlRef::Text(t),
        ValueRef::Blob(b) => SqlRef::Blob(b),
    })
}

/// Calls one of our functions; the second result is whether it carries the JSON subtype.
fn call_ours<'a>(arena: &'a Bump, name: &str, args: &[ValueRef<'a>], json_args: u64) -> (Result<ValueRef<'a>, FunctionError>, bool) {
    let function = TABLE.iter().find(|f| f.name == name).expect("the test names a function in the table");
    let mut call = Call { arena, host: &TestHost, collation: &Collation::Binary, json_args, json_result: false };
    let result = (function.call)(&mut call, args);
    (result, call.json_result)
}

/// Calls a function here and there. Results of type text are passed on to json_quote(), which shows the subtype.
struct Oracle {
    db: Connection,
    checked: usize,
    failures: Vec<String>,
}

impl Oracle {
    fn new() -> Oracle {
        Oracle { db: Connection::open_in_memory().expect("memory database"), checked: 0, failures: Vec::new() }
    }

    fn sql(name: &str, args: &[Arg]) -> String {
        let place = |i: usize| match &args[i] {
            Arg::Value(_) => format!("?{}", i + 1),
            Arg::Json(_) => format!("json(?{})", i + 1),
        };
        if name.starts_with('-') {
            return format!("({} {name} {})", place(0), place(1));
        }
        format!("{name}({})", (0..args.len()).map(place).collect::<Vec<_>>().join(","))
    }

    fn theirs(&self, expression: &str, args: &[Arg]) -> Outcome {
        let sql = format!("SELECT {expression}");
        let run = || -> rusqlite::Result<Outcome> {
            let mut statement = self.db.prepare_cached(&sql)?;
            let texts: Vec<Value> = args
                .iter()
                .map(|arg| match arg {
                    Arg::Value(value) => value.clone(),
                    Arg::Json(text) => Value::text(text),
                })
                .collect();
            for (i, text) in texts.iter().enumerate() {
                statement.raw_bind_parameter(i + 1, binding(text))?;
            }
            let mut rows = statement.raw_query();
            let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            Ok(their_outcome(row.get_ref(0)?))
        };
        run().unwrap_or_else(their_error)
    }

    fn check(&mut self, name: &str, args: &[Arg]) {
        self.checked += 1;
        let arena = Bump::new();
        let mut values = Vec::new();
        let mut json_args = 0;
        for (i, arg) in args.iter().enumerate() {
            values.push(match arg {
                Arg::Value(value) => value.as_ref(),
                Arg::Json(text) => {
                    json_args |= 1 << i;
                    let text = ValueRef::Text(text.as_bytes());
                    call_ours(&arena, "json", &[text], 0).0.expect("the test's own JSON is valid")
                }
            });
        }
        let (result, is_json) = call_ours(&arena, name, &values, json_args);
        let expression = Oracle::sql(name, args);
        let theirs = self.theirs(&expression, args);
        let ours = match result {
            Ok(value) => ours_outcome(value),
            Err(error) => error_outcome(error),
        };
        if ours != theirs {
            self.fail(&expression, args, &ours, &theirs);
            return;
        }
        if let (Ok(ValueRef::Text(text)), Outcome::Text(_)) = (result_again(&arena, name, &values, json_args), &theirs) {
            let expression = format!("json_quote({expression})");
            let theirs = self.theirs(&expression, args);
            let quoted = call_ours(&arena, "json_quote", &[ValueRef::Text(text)], is_json as u64).0;
            let ours = quoted.map_or_else(error_outcome, ours_outcome);
            if ours != theirs {
                self.fail(&expression, args, &ours, &theirs);
            }
        }
    }

    fn fail(&mut self, expression: &str, args: &[Arg], ours: &Outcome, theirs: &Outcome) {
        if self.failures.len() < 60 {
            let shown_args: Vec<String> = args
                .iter()
                .map(|arg| match arg {
                    Arg::Value(v) => format!("{:?}", ours_outcome(v.as_ref())),
                    Arg::Json(t) => format!("json {t:?}"),
                })
                .collect();
            self.failures.push(format!("{expression}  [{}]\n   ours {ours:?}\n theirs {theirs:?}", shown_args.join(", ")));
        }
    }

    /// All rows of a table-valued function, up to the first error, at most 40.
    fn check_each(&mut self, name: &str, args: &[Arg]) {
        self.checked += 1;
        let columns: Vec<&str> = Column::ALL.iter().map(|(_, name)| *name).collect();
        let places = if args.len() == 2 { "?1,?2" } else { "?1" };
        let sql = format!("SELECT {},json_quote(atom),json_quote(type) FROM {name}({places}) LIMIT 40", columns.join(","));
        let values: Vec<&Value> = args
            .iter()
            .map(|arg| match arg {
                Arg::Value(value) => value,
                Arg::Json(_) => unreachable!("not used with table-valued functions"),
            })
            .collect();
        let mut theirs = Vec::new();
        let mut run = || -> rusqlite::Result<()> {
            let mut statement = self.db.prepare_cached(&sql)?;
            for (i, value) in values.iter().enumerate() {
                statement.raw_bind_parameter(i + 1, binding(value))?;
            }
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                theirs.push((0..10).map(|i| row.get_ref(i).map(their_outcome)).collect::<Result<Vec<_>, _>>()?);
            }
            Ok(())
        };
        if let Err(error) = run() {
            theirs.push(vec![their_error(error)]);
        }
        let ours = our_rows(name, &values);
        if ours != theirs {
            let shown_rows = |rows: &[Vec<Outcome>]| {
                let lines: Vec<String> = rows.iter().map(|row| format!("      {row:?}")).collect();
                lines.join("\n")
            };
            let arguments: Vec<_> = values.iter().map(|v| ours_outcome(v.as_ref())).collect();
            if self.failures.len() < 60 {
                self.failures.push(format!("{name} {arguments:?}\n   ours\n{}\n theirs\n{}", shown_rows(&ours), shown_rows(&theirs)));
            }
        }
    }

    fn finish(self) {
        assert!(
            self.failures.is_empty(),
            "{} or more of {} calls differ:\n{}",
            self.failures.len(),
            self.checked,
            self.failures.join("\n")
        );
        assert!(self.checked > 0);
    }
}

fn result_again<'a>(arena: &'a Bump, name: &str, args: &[ValueRef<'a>], json_args: u64) -> Result<ValueRef<'a>, FunctionError> {
    call_ours(arena, name, args, json_args).0
}

fn our_rows(name: &str, args: &[&Value]) -> Vec<Vec<Outcome>> {
    let form = if name.starts_with("jsonb") { Form::Binary } else { Form::Text };
    let root = args.get(1).map(|root| root.as_ref());
    let mut each = match JsonEach::open(args[0].as_ref(), root, name.ends_with("tree"), form) {
        Ok(each) => each,
        Err(error) => return vec![vec![error_outcome(error)]],
    };
    let mut rows = Vec::new();
    while rows.len() < 40 && each.advance() {
        let mut row = Vec::new();
        for (column, _) in Column::ALL {
            let arena = Bump::new();
            let mut call =
                Call { arena: &arena, host: &TestHost, collation: &Collation::Binary, json_args: 0, json_result: false };
            match each.column(&mut call, column) {
                Ok(value) => row.push(ours_outcome(value)),
                Err(error) => {
                    rows.push(vec![error_outcome(error)]);
                    return rows;
                }
            }
        }
        rows.push(row);
    }
    rows
}

fn text(s: &str) -> Arg {
    Arg::Value(Value::text(s))
}

fn int(i: i64) -> Arg {
    Arg::Value(Value::Integer(i))
}

fn real(r: f64) -> Arg {
    Arg::Value(Value::Real(r))
}

fn blob(bytes: &[u8]) -> Arg {
    Arg::Value(Value::Blob(bytes.into()))
}

fn null() -> Arg {
    Arg::Value(Value::Null)
}

/// Functions of one argument.
const UNARY: [&str; 10] = [
    "json", "jsonb", "json_pretty", "json_type", "json_array_length", "json_error_position", "json_valid", "json_quote",
    "json_array", "jsonb_array",
];

/// Whether a value survives as a part of JSON text.
fn well_formed(value: &Arg) -> bool {
    let Arg::Value(value) = value else { return true };
    let arena = Bump::new();
    match call_ours(&arena, "json_array", &[value.as_ref()], 0).0 {
        Ok(text) => matches!(call_ours(&arena, "json_valid", &[text], 0).0, Ok(ValueRef::Integer(1))),
        Err(_) => true,
    }
}

/// Everything that can be done to one document without a path.
fn check_document(oracle: &mut Oracle, document: &Arg) {
    for name in UNARY {
        // What SQLite makes of a damaged blob here is bytes that are no JSONB, and not always the same as ours.
        if name == "jsonb_array" && !well_formed(document) {
            continue;
        }
        oracle.check(name, std::slice::from_ref(document));
    }
    for flags in [2, 4, 8, 9, 15] {
        oracle.check("json_valid", &[document.clone(), int(flags)]);
    }
    for name in ["json_extract", "jsonb_extract", "->", "->>"] {
        oracle.check(name, &[document.clone(), text("$")]);
    }
    if matches!(document, Arg::Value(_)) {
        for name in ["json_each", "json_tree", "jsonb_each", "jsonb_tree"] {
            oracle.check_each(name, std::slice::from_ref(document));
        }
    }
}

/// Everything that can be done to a document at a path.
fn check_path(oracle: &mut Oracle, document: &Arg, path: &Arg, value: &Arg) {
    for name in
        ["json_extract", "jsonb_extract", "->", "->>", "json_type", "json_array_length", "json_remove", "jsonb_remove"]
    {
        oracle.check(name, &[document.clone(), path.clone()]);
    }
    for name in EDITS {
        oracle.check(name, &[document.clone(), path.clone(), value.clone()]);
    }
    for name in ["json_each", "json_tree", "jsonb_tree"] {
        oracle.check_each(name, &[document.clone(), path.clone()]);
    }
}

const EDITS: [&str; 8] = [
    "json_insert", "jsonb_insert", "json_replace", "jsonb_replace", "json_set", "jsonb_set", "json_array_insert",
    "jsonb_array_insert",
];

const DOCUMENTS: &[&str] = &[
    "1", "-1", "+1", "0", "-0", "00", "01", "-01", "0x1F", "-0x1F", "+0x1f", "0x", "0xg", ".5", "5.", "-.5", "+.5", "-5.",
    ".", "-.", "1e5", "1E5", "1e+5", "1e-5", "1.e5", ".e5", "1e", "1e+", "1.5e", "1.5.5", "1e5.5", "1e5e5", "- 1", "--1",
    "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "INF", "infin", "-infin", "NaN", "-NaN", "nan", "qnan", "SNaN",
    "1.0", "2.50", "-0.0", "1e999", "-1e999", "1e-999", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "0x7fffffffffffffff",
    "0x8000000000000000", "-0x8000000000000000", "0xffffffffffffffff", "0x10000000000000000", "0x00000000000000000001",
    "3.141592653589793", "0.1", "1e22", "1e23", "12345678901234567", "0.30000000000000004", "2.2250738585072014e-308",
    "true", "false", "null", "True", "tru", "nullx", "null1", "null_", "truefalse", "n", "nul",
    "\"a\"", "'a'", "'a\"b'", "'a\\'b'", "\"a'b\"", "\"\"", "''", "\"abc", "'abc", "\"\\\"", "\"\\x41\"", "\"\\x4\"",
    "\"\\u0041\"", "\"\\u12\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"",
    "\"\\u0000\"", "\"a\\u0000b\"", "\"\\0\"", "\"\\01\"", "\"\\v\"", "\"\\b\\f\\n\\r\\t\\/\\\\\"", "\"\\a\"", "\"\\'\"",
    "\"a\tb\"", "\"a\nb\"", "\"\u{1}\"", "\"\u{7f}\"", "\"a\\\nb\"", "\"a\\\r\nb\"", "\"a\\\rb\"", "\"a\\\u{2028}b\"",
    "\"a\\\n\"", "\"a\\\n\\\nb\"", "\"a\u{2028}b\"", "\"\u{e9}\"", "\"\u{1f600}\"",
    "[]", "{}", "[ ]", "{ }", "[,]", "[1,]", "[1,,2]", "[1 2]", "[1", "[", "]", "{", "}", ",", ":", "[1]]", "[1}", "{\"a\":1]",
    "{\"a\":1}", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{a:1}", "{a :1}", "{ a:1}",
    "{$a_1:2}", "{1:2}", "{1a:2}", "{a-b:2}", "{\u{e9}:2}", "{\\u0041:3}", "{a\\u0041b:3}", "{a\\x41:3}", "{nan:1}",
    "{nanx:1}", "{null:1}", "{inf:1}", "{infx:1}", "{true:1}", "{'a':1}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":[1,2,{\"c\":3}]}}",
    "{\"a\":1/**/,b:2}", "{a/*x*/:1}", "{a:/*x*/1}", "{/*x*/a:1}", "{a\u{a0}:1}", "[1/*]", "[1/*]*/]", "/*x*/1", "1/*x*/", "1/*x",
    "1//x", "//x\n1", "//x", "1/", "/", "\u{feff}1", "\u{a0}1\u{a0}", "\u{b}1", "\u{c}[1]", "\u{2028}1", "\u{3000}1", "\u{2000}1",
    "\u{200b}1", "\u{1680}1", "\u{205f}1", "", " ", "\t\n\r 1", " [ 1 , 2 ] ", " { \"a\" : 1 } ", "[null,true,false]",
    "[1.0,2.50,3e2]", "[[[[]]]]", "[{},[],{\"a\":{}}]", "[\"a\",'b',\"c\\n\"]", "\u{e9}[", "[\u{e9}]", "[1,x]", "a", "_", "$", "[a]",
    "[1\u{0}", "{\"\":1}", "{\"a b\":1}", "{\"a.b\":1}", "{\"a\\\"b\":1}", "{\"a\\u0041\":1}",
];

const PATHS: &[&str] = &[
    "", "$", "x", "$x", "$ ", "$.", "$..a", "$.a", "$.a.b", "$.a.b[1]", "$.a.b[2].c", "$.a.b[#]", "$.a.b[#-1]", "$.a.b[#-1].c",
    "$.a.b[#-9]", "$.a[0]", "$.b", "$.b.c", "$.b[0]", "$.b[1]", "$.b[0].c[0]", "$.b[0].c[1]", "$[0]", "$[1]", "$[2]", "$[3]", "$[-1]", "$[#]",
    "$[#-1]", "$[#-2]", "$[#-]", "$[#-x]", "$[#+1]", "$[#x]", "$[]", "$[", "$[0", "$[x]", "$[0]x", "$[0].a", "$[0][0]", "$[00]",
    "$[4294967296]", "$[18446744073709551616]", "$[#-4294967297]", "$[#-18446744073709551617]", "$.\"a\"", "$.\"a", "$.\"", "$.\"\"",
    "$.\"a b\"", "$.a b", "$.\"a.b\"", "$.\"a\\\"b\"", "$.a\"b", "$.\"a\\u0041\"", "$.aA", "$.a\\u0041", "$.\"a\\x41\"", "$.\"a\\xg\"", "$.\"a\"x",
    "$'", "$.a'", "$.é", "$.a[", "$.z[", "$.z.", "$.z[x", "$.z[0]x", "a", "a b", "a.b", "a_b", "0", "[0]", "[#-1]", "[]", "[x]", "[0", ".a", "$.a.", "a\"b",
    "a\\u0041",
];

fn values() -> Vec<Arg> {
    vec![
        null(),
        int(5),
        int(-1234567),
        real(1.5),
        real(f64::INFINITY),
        real(f64::NEG_INFINITY),
        real(-0.0),
        real(0.1 + 0.2),
        real(1e100),
        text("abc"),
        text("a\"b\\c/\n\u{1}\u{e9}"),
        text(""),
        text("[1,2]"),
        Arg::Json("[1,{\"x\":[]}]".into()),
        Arg::Json("\"q\"".into()),
        Arg::Json("3.50".into()),
        blob(b"\xaa"),
        blob(b"\x2b\x13\x31"),
        blob(b"\x0c"),
        blob(b"[1]"),
        blob(b""),
    ]
}

#[test]
fn documents() {
    let mut oracle = Oracle::new();
    for document in DOCUMENTS {
        check_document(&mut oracle, &text(document));
        check_document(&mut oracle, &blob(document.as_bytes()));
    }
    for value in values() {
        check_document(&mut oracle, &value);
    }
    oracle.finish();
}

#[test]
fn paths() {
    let mut oracle = Oracle::new();
    let documents = [
        "{\"a\":{\"b\":[1,2,{\"c\":3}]}}", "[1,2,3]", "[]", "{}", "5", "[[0],{\"a\":[7]}]",
        "{\"\":1,\"a b\":2,\"a.b\":3,\"a\\\"b\":4,\"a\\u0041\":5,\"\u{e9}\":6,'aA':7}", "[1", "{\"b\":[{\"c\":[]}]}",
    ];
    for document in documents {
        for path in PATHS {
            check_path(&mut oracle, &text(document), &text(path), &text("v"));
        }
        for path in [int(0), int(1), int(-1), int(-9), real(1.0), null(), blob(b"$.a"), blob(b"\xff")] {
            check_path(&mut oracle, &text(document), &path, &int(7));
        }
    }
    for path in PATHS {
        check_path(&mut oracle, &null(), &text(path), &int(7));
    }
    oracle.finish();
}

#[test]
fn edited_values() {
    let mut oracle = Oracle::new();
    for value in values() {
        for document in ["[10,\"abcdefghijklmn\",null,[]]", "{\"a\":[1,2],\"b\":\"0123456789012345678901234567890123456789\"}"] {
            for path in ["$", "$[0]", "$[1]", "$[2]", "$[#]", "$.a", "$.b", "$.a[1]", "$.c", "$.c.d[0]"] {
                check_path(&mut oracle, &text(document), &text(path), &value);
            }
        }
    }
    // The sizes at which headers grow and shrink, and replacements that fit into the room of the old element.
    for outer in [0usize, 5, 9, 10, 11, 12, 240, 250, 251, 252, 253, 254, 255, 256, 257, 65520, 65530, 65535, 65540] {
        for inner in [0usize, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 250, 256, 300, 65536] {
            let document = text(&format!("[[\"{}\"],{{\"x\":[]}}]", "o".repeat(outer)));
            oracle.check("jsonb_set", &[document.clone(), text("$[0][0]"), text(&"i".repeat(inner))]);
            oracle.check("jsonb_insert", &[document.clone(), text("$[1].y[0]"), text(&"i".repeat(inner))]);
            oracle.check("jsonb_remove", &[document.clone(), text("$[0]"), text("$[0].x")]);
            oracle.check("jsonb_patch", &[document, text("{\"a\":{\"b\":null}}")]);
        }
    }
    for old in 0..40 {
        for new in 0..40 {
            let document = text(&format!("[\"{}\"]", "o".repeat(old)));
            oracle.check("jsonb_replace", &[document, text("$[0]"), text(&"i".repeat(new))]);
        }
    }
    oracle.finish();
}

#[test]
fn argument_counts() {
    let mut oracle = Oracle::new();
    for name in EDITS.into_iter().chain([
        "json_array", "json_object", "jsonb_object", "json_extract", "jsonb_extract", "json_remove", "jsonb_remove",
    ]) {
        oracle.check(name, &[]);
        for first in [text("[1,2]"), null(), text("[1"), blob(b"\xaa"), int(4)] {
            oracle.check(name, std::slice::from_ref(&first));
            for second in [text("$[0]"), text("$"), null(), text("x"), int(5)] {
                oracle.check(name, &[first.clone(), second.clone()]);
                for third in [text("$[1]"), null(), blob(b"\xaa"), text("x")] {
                    oracle.check(name, &[first.clone(), second.clone(), third.clone()]);
                    for fourth in [text("$[#]"), null(), text("x"), blob(b"\xaa")] {
                        oracle.check(name, &[first.clone(), second.clone(), third.clone(), fourth.clone()]);
                        oracle.check(
                            name,
                            &[first.clone(), second.clone(), third.clone(), fourth, Arg::Json("[3]".into())],
                        );
                    }
                }
            }
        }
    }
    for flags in [int(0), int(16), int(-1), null(), text("2"), text("x"), real(2.9)] {
        oracle.check("json_valid", &[text("{a:1}"), flags.clone()]);
        oracle.check("json_valid", &[null(), flags]);
    }
    for indent in [text(""), text("\t"), null(), int(5), text("ab"), blob(b"--"), text("a\u{0}b")] {
        oracle.check("json_pretty", &[text("{\"a\":[1,{},[],{\"b\":null}],\"c\":\"d\"}"), indent.clone()]);
        oracle.check("json_pretty", &[null(), indent]);
    }
    oracle.finish();
}

/// Nested containers as a blob, innermost `core`.
fn nested(kind: u8, depth: usize, core: &[u8]) -> Vec<u8> {
    let mut blob = core.to_vec();
    for _ in 0..depth {
        let mut payload = if kind == 12 { b"\x17a".to_vec() } else { Vec::new() };
        payload.extend_from_slice(&blob);
        blob = match payload.len() {
            n @ 0..=11 => vec![(n as u8) << 4 | kind],
            n @ 12..=255 => vec![0xc0 | kind, n as u8],
            n => vec![0xd0 | kind, (n >> 8) as u8, n as u8],
        };
        blob.extend_from_slice(&payload);
    }
    blob
}

#[test]
fn depth() {
    let mut oracle = Oracle::new();
    for depth in [997, 998, 999, 1000, 1001, 1002, 1003, 2500] {
        let documents = [
            text(&("[".repeat(depth) + &"]".repeat(depth))),
            text(&("[".repeat(depth) + "1" + &"]".repeat(depth))),
            text(&("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth))),
            text(&"[".repeat(depth)),
            blob(&nested(11, depth, b"")),
            blob(&nested(11, depth, b"\x13\x31")),
            blob(&nested(12, depth, b"\x00")),
            blob(&nested(12, depth, b"\x13\x31")),
            blob(&nested(12, depth, b"\x0c")),
        ];
        for document in documents {
            check_document(&mut oracle, &document);
            for path in ["$".to_string() + &"[0]".repeat(depth), "$".to_string() + &".a".repeat(depth)] {
                check_path(&mut oracle, &document, &text(&path), &int(1));
                check_path(&mut oracle, &document, &text(&(path.clone() + "[0]")), &int(1));
                check_path(&mut oracle, &text("{}"), &text(&path), &int(1));
                check_path(&mut oracle, &text("[]"), &text(&path), &int(1));
            }
            for name in ["json_patch", "jsonb_patch"] {
                oracle.check(name, &[text("{}"), document.clone()]);
                oracle.check(name, &[document.clone(), document.clone()]);
                oracle.check(name, &[document.clone(), text("{\"a\":{\"b\":2}}")]);
            }
            for name in EDITS {
                oracle.check(name, &[text("[1]"), text("$[0]"), document.clone()]);
            }
        }
    }
    oracle.finish();
}

#[test]
fn small_stack() {
    let run = || {
        let arena = Bump::new();
        for (kind, core) in [(11, &b""[..]), (12, b"\x00"), (12, b"\x0c")] {
            for depth in [1000, 30_000] {
                let blob = arena.alloc_slice_copy(&nested(kind, depth.min(20_000), core));
                let document = ValueRef::Blob(blob);
                for name in ["json", "jsonb", "json_pretty", "json_valid", "json_error_position"] {
                    let _ = call_ours(&arena, name, &[document], 0);
                }
                let _ = call_ours(&arena, "json_valid", &[document, ValueRef::Integer(8)], 0);
                let _ = call_ours(&arena, "jsonb_patch", &[document, document], 0);
                let path = arena.alloc_str(&("$".to_string() + &".a".repeat(depth)));
                let path = ValueRef::Text(path.as_bytes());
                let _ = call_ours(&arena, "json_set", &[document, path, ValueRef::Integer(1)], 0);
                let _ = call_ours(&arena, "json", &[ValueRef::Text("[".repeat(depth).leak().as_bytes())], 0);
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(run).expect("a thread");
    thread.join().expect("nothing recurses, so a small stack is enough");
}

#[test]
fn merge_patch() {
    let mut oracle = Oracle::new();
    let documents = [
        "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
        "{\"a\":[{\"b\":\"c\"}]}", "[1]", "[\"a\",\"b\"]", "[\"c\",\"d\"]", "null", "{\"e\":null}", "{\"a\":1}", "[1,2]", "{\"a\":\"b\",\"c\":null}",
        "{\"a\":{\"bb\":{\"ccc\":null}}}", "{}", "\"x\"", "5", "{", "{\"a\\u0041\":{\"x\":{\"y\":{\"z\":1}}}}", "{aA:{x:{y:null,w:2}}}",
        "{\"a\":{\"b\":{\"c\":{\"d\":\"0123456789012345678901234567890123456789\"}}}}", "{\"a\":{\"b\":{\"c\":{\"d\":1,\"e\":{}}}}}", "{\"a\":{\"b\":{}}}",
        "{\"x\":{},\"a\":{\"b\":5},\"a\":7}", "{\"a\":{\"b\":null},\"a\":{\"q\":1}}",
    ];
    for target in documents {
        for patch in documents {
            for name in ["json_patch", "jsonb_patch"] {
                oracle.check(name, &[text(target), text(patch)]);
            }
        }
        oracle.check("json_patch", &[text(target), null()]);
        oracle.check("json_patch", &[null(), text(target)]);
        oracle.check("json_patch", &[text(target), blob(b"\xaa")]);
    }
    oracle.finish();
}

/// Aggregates as plain ones, where the subtype counts, and over sliding frames, before which SQLite stores its
/// arguments in a table and so forgets their subtype.
#[test]
fn groups() {
    let db = Connection::open_in_memory().expect("memory database");
    db.execute_batch("CREATE TABLE t(i INTEGER PRIMARY KEY, k, v)").expect("table");
    let mut rows: Vec<(Value, Value)> = Vec::new();
    for (i, value) in values().into_iter().enumerate() {
        let value = match value {
            Arg::Value(Value::Blob(bytes)) if bytes.first() != Some(&0x2b) => continue,
            Arg::Value(value) => value,
            Arg::Json(text) => Value::text(&text),
        };
        rows.push((if i % 3 == 1 { Value::Null } else { value.clone() }, value));
    }
    rows.push((Value::text("x"), Value::text("a\\\",{[\"b")));
    rows.push((Value::text("a\",\"]}"), Value::text("[{\"a\":[1,\"]\"]},2]")));
    rows.push((Value::Null, Value::Null));
    rows.push((Value::Blob((*b"ab").into()), Value::text("{}")));
    for (label, value) in &rows {
        db.execute("INSERT INTO t(k,v) VALUES(?,?)", (binding(label), binding(value))).expect("insert");
    }
    for definition in AGGREGATES {
        let two = definition.args_min == 2;
        let label = if two { "k," } else { "" };
        for frame in [0usize, 1, 3, 100] {
            let sql = format!(
                "SELECT {}({label}v) OVER (ORDER BY i ROWS BETWEEN {frame} PRECEDING AND CURRENT ROW) FROM t",
                definition.name
            );
            let mut statement = db.prepare(&sql).expect("statement");
            let theirs: Vec<Outcome> = statement
                .query_map([], |row| row.get_ref(0).map(their_outcome))
                .expect("query")
                .collect::<Result<_, _>>()
                .expect("rows");
            let mut state = (definition.new)();
            for (i, theirs) in theirs.iter().enumerate() {
                let arena = Bump::new();
                let mut call =
                    Call { arena: &arena, host: &TestHost, collation: &Collation::Binary, json_args: 0, json_result: false };
                let both = [rows[i].0.as_ref(), rows[i].1.as_ref()];
                state.step(&mut call, if two { &both } else { &both[1..] }).expect("a step");
                if i > frame {
                    let old = &rows[i - frame - 1];
                    let both = [old.0.as_ref(), old.1.as_ref()];
                    state.inverse(&mut call, if two { &both } else { &both[1..] }).expect("an inverse step");
                }
                let ours = state.value(&mut call).map_or_else(error_outcome, ours_outcome);
                assert_eq!(&ours, theirs, "{} frame {frame} row {i}", definition.name);
            }
        }
        for (json, argument) in [("[1, {\"a\":2}]", "json(?1)"), ("[1, {\"a\":2}]", "?1")] {
            let sql = format!("SELECT {}({}{argument})", definition.name, if two { "'l'," } else { "" });
            let theirs =
                db.query_row(&sql, [json], |row| row.get_ref(0).map(their_outcome)).unwrap_or_else(their_error);
            let arena = Bump::new();
            let is_json = argument != "?1";
            let mut value = ValueRef::Text(json.as_bytes());
            if is_json {
                value = call_ours(&arena, "json", &[value], 0).0.expect("valid JSON");
            }
            let json_args = if is_json { 1 << two as u64 } else { 0 };
            let mut call =
                Call { arena: &arena, host: &TestHost, collation: &Collation::Binary, json_args, json_result: false };
            let mut state = (definition.new)();
            let both = [ValueRef::Text(b"l"), value];
            state.step(&mut call, if two { &both } else { &both[1..] }).expect("a step");
            let ours = state.value(&mut call).map_or_else(error_outcome, ours_outcome);
            assert_eq!(ours, theirs, "{sql}");
            assert_eq!(call.json_result, definition.name.starts_with("json_"));
        }
        let mut state = (definition.new)();
        let arena = Bump::new();
        let mut call =
            Call { arena: &arena, host: &TestHost, collation: &Collation::Binary, json_args: 0, json_result: false };
        let both = [ValueRef::Text(b"l"), ValueRef::Blob(b"\xaa")];
        let error = state.step(&mut call, if two { &both } else { &both[1..] });
        assert_eq!(error, Err(FunctionError::new("JSON cannot hold BLOB values")));
    }
}

/// A small generator of random numbers (xorshift), so that failures repeat.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A number of rounds: HELIOSDB_FUZZ multiplies what runs every time.
    fn rounds(n: usize) -> usize {
        n * std::env::var("HELIOSDB_FUZZ").ok().and_then(|s| s.parse().ok()).unwrap_or(1)
    }

    fn seeded(default: u64) -> Random {
        let seed = std::env::var("HELIOSDB_SEED").ok().and_then(|s| s.parse::<u64>().ok()).unwrap_or(1);
        Random(default.wrapping_mul(seed.wrapping_mul(2).wrapping_add(1)) | 1)
    }
}

const LABELS: &[&str] = &["a", "b", "c", "aA", "a b", "", "1", "_x", "long_label_of_an_object", "\u{e9}"];
const LABELS_WRITTEN: &[&str] = &[
    "\"a\"", "\"b\"", "\"c\"", "a", "b", "'c'", "\"a\\u0041\"", "\"a b\"", "\"\"", "\"1\"", "_x", "\"long_label_of_an_object\"",
    "\"\\x61\"", "\u{e9}", "\\u0061", "\"a\\\nA\"", "\"\\\"\"",
];
const SCALARS: &[&str] = &[
    "null", "true", "false", "0", "1", "-1", "12", "123456789", "9223372036854775807", "9223372036854775808", "1.5", "-0.25",
    "1e10", "6.02e-23", "\"\"", "\"a\"", "\"abc\"", "\"0123456789ab\"", "\"tab\\tnew\\nline\"", "\"\\u00e9\\ud83d\\ude00\"", "\"\u{e9}\"",
];
const SCALARS5: &[&str] = &[
    "+1", ".5", "5.", "-.5", "0x1F", "-0xff", "Infinity", "-Infinity", "NaN", "'single'", "'\"'", "\"\\x41\"", "\"a\\\nb\"", "\"a\tb\"",
    "\"\\0\"", "\"\\v\"", "\"\\'\"", "0xffffffffffffffffff", "5.e3",
];
const SPACES: &[&str] = &["", "", "", "", "", " ", "\n", "\t ", "  "];
const SPACES5: &[&str] = &["/*c*/", "//c\n", "\u{a0}", "\u{b}", "\u{feff}", "\u{2003}"];

fn space(random: &mut Random, json5: bool, out: &mut String) {
    let set = if json5 && random.one_in(12) { SPACES5 } else { SPACES };
    out.push_str(random.pick(set));
}

/// Appends a random document.
fn generate(random: &mut Random, json5: bool, depth: usize, out: &mut String) {
    space(random, json5, out);
    match if depth == 0 { 0 } else { random.below(5) } {
        0 | 1 => out.push_str(if json5 && random.one_in(3) { random.pick(SCALARS5) } else { random.pick(SCALARS) }),
        2 if random.one_in(8) => {
            out.push('"');
            let length = random.pick(&[10, 11, 12, 13, 250, 260]);
            out.push_str(&"x".repeat(length));
            out.push('"');
        }
        kind => {
            let object = kind == 4;
            out.push(if object { '{' } else { '[' });
            let n = random.below(4);
            for i in 0..n {
                if i > 0 {
                    out.push(',');
                }
                if object {
                    space(random, json5, out);
                    let written = if json5 { LABELS_WRITTEN.len() } else { 3 };
                    out.push_str(LABELS_WRITTEN[random.below(written)]);
                    space(random, json5, out);
                    out.push(':');
                }
                generate(random, json5, depth - 1, out);
            }
            if json5 && n > 0 && random.one_in(6) {
                out.push(',');
            }
            space(random, json5, out);
            out.push(if object { '}' } else { ']' });
        }
    }
    space(random, json5, out);
}

fn generate_path(random: &mut Random) -> String {
    let mut path = if random.one_in(40) { String::new() } else { "$".to_string() };
    for _ in 0..random.below(4) {
        let step = match random.below(8) {
            0..=2 => format!(".{}", random.pick(&["a", "b", "c", "aA", "_x"])),
            3 => format!(".\"{}\"", random.pick(&["a\\u0041", "\\x61", "\\\"", "\\u0062", "a b", ""])),
            4 => format!(".\"{}\"", random.pick(LABELS)),
            5 | 6 => format!("[{}]", random.below(4)),
            _ => random.pick(&["[#]", "[#-1]", "[#-2]", "[9]", ".", "[", "x", ".\"a"]).to_string(),
        };
        path.push_str(&step);
    }
    path
}

/// Changes some bytes.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>, alphabet: &[u8]) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let new = if alphabet.is_empty() { random.next() as u8 } else { random.pick(alphabet) };
        match random.below(4) {
            0 => bytes.insert(at, new),
            1 if at < bytes.len() => {
                bytes.remove(at);
            }
            2 if at < bytes.len() => {
                let end = (at + random.below(5)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.extend_from_slice(&piece);
            }
            _ if at < bytes.len() => bytes[at] = new,
            _ => {}
        }
    }
}

fn random_value(random: &mut Random) -> Arg {
    let all = values();
    let i = random.below(all.len() + 3);
    if i < all.len() { all[i].clone() } else { text(&"s".repeat(random.below(30))) }
}

#[test]
fn random_documents() {
    let mut random = Random::seeded(0x9e37_79b9_7f4a_7c15);
    let mut oracle = Oracle::new();
    for round in 0..Random::rounds(1500) {
        let mut document = String::new();
        let depth = 1 + random.below(4);
        generate(&mut random, round % 2 == 1, depth, &mut document);
        let mut bytes = document.into_bytes();
        if round % 3 == 0 {
            mutate(&mut random, &mut bytes, b"[]{},:\"'\\0123456789.eE+-xXuabnNtfiI /*\n\t\x00\x01\xc2\xa0\xe2\x80\xa8$_");
        }
        let document = Arg::Value(Value::Text(bytes.into()));
        check_document(&mut oracle, &document);
    }
    oracle.finish();
}

#[test]
fn random_paths_and_edits() {
    let mut random = Random::seeded(0xdead_beef_1234_5678);
    let mut oracle = Oracle::new();
    for round in 0..Random::rounds(1500) {
        let mut document = String::new();
        generate(&mut random, round % 2 == 1, 4, &mut document);
        let document = text(&document);
        let path = text(&generate_path(&mut random));
        let value = random_value(&mut random);
        check_path(&mut oracle, &document, &path, &value);
        let path2 = text(&generate_path(&mut random));
        let value2 = random_value(&mut random);
        for name in EDITS {
            oracle.check(name, &[document.clone(), path.clone(), value.clone(), path2.clone(), value2.clone()]);
        }
        for name in ["json_extract", "jsonb_extract", "json_remove", "jsonb_remove"] {
            oracle.check(name, &[document.clone(), path.clone(), path2.clone()]);
        }
        let mut patch = String::new();
        generate(&mut random, round % 4 == 1, 4, &mut patch);
        for name in ["json_patch", "jsonb_patch"] {
            oracle.check(name, &[document.clone(), text(&patch)]);
        }
    }
    oracle.finish();
}

/// The JSONB of a document, as a blob.
fn jsonb_of(document: &str) -> Option<Vec<u8>> {
    let arena = Bump::new();
    match call_ours(&arena, "jsonb", &[ValueRef::Text(document.as_bytes())], 0).0 {
        Ok(ValueRef::Blob(bytes)) => Some(bytes.to_vec()),
        _ => None,
    }
}

#[test]
fn random_blobs() {
    let mut random = Random::seeded(0x0123_4567_89ab_cdef);
    let mut oracle = Oracle::new();
    for round in 0..Random::rounds(2500) {
        let mut bytes;
        if round % 3 == 0 {
            bytes = (0..random.below(14)).map(|_| random.next() as u8).collect();
        } else {
            let mut document = String::new();
            generate(&mut random, true, 3, &mut document);
            let Some(jsonb) = jsonb_of(&document) else { continue };
            bytes = jsonb;
            mutate(&mut random, &mut bytes, &[]);
        }
        // Mostly keep the first header right, so that damage inside is reached.
        if round % 5 != 0 && !bytes.is_empty() {
            let payload = bytes.split_off(1);
            let kind = bytes[0] & 0x0f;
            bytes = match payload.len() {
                n @ 0..=11 => vec![(n as u8) << 4 | kind],
                n => vec![0xd0 | kind, (n >> 8) as u8, n as u8],
            };
            bytes.extend_from_slice(&payload);
        }
        let document = blob(&bytes);
        check_document(&mut oracle, &document);
        let path = text(&generate_path(&mut random));
        check_path(&mut oracle, &document, &path, &random_value(&mut random));
        for name in ["json_patch", "jsonb_patch"] {
            oracle.check(name, &[text("{\"a\":{\"b\":1},\"b\":[1,2]}"), document.clone()]);
            oracle.check(name, &[document.clone(), text("{\"a\":{\"b\":1},\"b\":[1,2],\"c\":null}")]);
        }
        oracle.check("json_set", &[text("[1,2]"), text("$[0]"), document.clone()]);
    }
    oracle.finish();
}

/// Every blob of one byte, and short ones that could as well be text.
#[test]
fn short_blobs() {
    let mut oracle = Oracle::new();
    for first in 0..=255u8 {
        check_document(&mut oracle, &blob(&[first]));
        let n = (first >> 4) as usize;
        if n <= 11 {
            for payload in [&b"123456789012"[..], b"'a'bcdef'gh'", b"0x12ab5e2]]}", b" 1 2 3 4 5 6", b"-.5e+1-+. \x0b\x00", b"\\x4\\u0041\\n\\", b"\x00\x01\x10\x20\x13\x31\x1b\x00\x0b\x0c\x17\x61"] {
                let mut bytes = vec![first];
                bytes.extend_from_slice(&payload[..n]);
                let document = blob(&bytes);
                check_document(&mut oracle, &document);
            }
        }
    }
    oracle.finish();
}
