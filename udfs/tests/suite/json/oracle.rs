//! Calls a function of ours and of the bundled SQLite with the same arguments and compares what comes back.

use bumpalo::Bump;
use heliosdb_udfs::json::{Column, Form, JsonEach, TABLE};
use heliosdb_udfs::signature::{Call, FunctionError, Host};
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};

/// An argument: a value, or the JSON text that `json(text)` yields, with its subtype.
#[derive(Clone, Debug)]
pub enum Arg {
    Value(Value),
    Json(String),
}

/// A result in a form that can be compared and printed: class, bytes, subtype; or the error's message.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Null,
    Integer(i64),
    Real(u64),
    Text(String),
    Blob(String),
    Error(String),
}

/// Asked for nothing but the length limit.
pub struct TestHost {
    pub length_limit: usize,
}

pub const HOST: TestHost = TestHost { length_limit: 1_000_000_000 };

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

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

/// Text as a string if it is UTF-8, else in hexadecimal, so that both sides show the same bytes.
pub fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => format!("hex:{}", hex(bytes)),
    }
}

pub fn ours_outcome(value: ValueRef<'_>) -> Outcome {
    match value {
        ValueRef::Null => Outcome::Null,
        ValueRef::Integer(i) => Outcome::Integer(i),
        ValueRef::Real(r) => Outcome::Real(r.to_bits()),
        ValueRef::Text(t) => Outcome::Text(shown(t)),
        ValueRef::Blob(b) => Outcome::Blob(hex(b)),
    }
}

pub fn their_outcome(value: SqlRef<'_>) -> Outcome {
    match value {
        SqlRef::Null => Outcome::Null,
        SqlRef::Integer(i) => Outcome::Integer(i),
        SqlRef::Real(r) => Outcome::Real(r.to_bits()),
        SqlRef::Text(t) => Outcome::Text(shown(t)),
        SqlRef::Blob(b) => Outcome::Blob(hex(b)),
    }
}

pub fn error_outcome(error: FunctionError) -> Outcome {
    Outcome::Error(match error {
        FunctionError::Error(message) => message,
        FunctionError::TooBig => "string or blob too big".into(),
        other => format!("{other:?}"),
    })
}

pub fn their_error(error: rusqlite::Error) -> Outcome {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => Outcome::Error(message),
        other => Outcome::Error(format!("{other}")),
    }
}

pub fn binding(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value.as_ref() {
        ValueRef::Null => SqlRef::Null,
        ValueRef::Integer(i) => SqlRef::Integer(i),
        ValueRef::Real(r) => SqlRef::Real(r),
        ValueRef::Text(t) => SqlRef::Text(t),
        ValueRef::Blob(b) => SqlRef::Blob(b),
    })
}

/// Calls one of our functions; the second result is whether it carries the JSON subtype.
pub fn call_ours<'a>(
    arena: &'a Bump,
    name: &str,
    args: &[ValueRef<'a>],
    json_args: u64,
) -> (Result<ValueRef<'a>, FunctionError>, bool) {
    call_hosted(&HOST, arena, name, args, json_args)
}

pub fn call_hosted<'a>(
    host: &TestHost,
    arena: &'a Bump,
    name: &str,
    args: &[ValueRef<'a>],
    json_args: u64,
) -> (Result<ValueRef<'a>, FunctionError>, bool) {
    let function = TABLE.iter().find(|f| f.name == name).expect("the test names a function in the table");
    let mut call = Call { arena, host, collation: &Collation::Binary, json_args, json_result: false };
    let result = (function.call)(&mut call, args);
    (result, call.json_result)
}

/// Calls a function here and there. Results of type text are passed on to json_quote(), which shows the subtype.
pub struct Oracle {
    db: Connection,
    checked: usize,
    failures: Vec<String>,
}

impl Oracle {
    pub fn new() -> Oracle {
        Oracle { db: Connection::open_in_memory().expect("memory database"), checked: 0, failures: Vec::new() }
    }

    pub fn sql(name: &str, args: &[Arg]) -> String {
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

    pub fn check(&mut self, name: &str, args: &[Arg]) {
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
        let text = if let Ok(ValueRef::Text(text)) = result { Some(text) } else { None };
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
        if let Some(text) = text {
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
            self.failures
                .push(format!("{expression}  [{}]\n   ours {ours:?}\n theirs {theirs:?}", shown_args.join(", ")));
        }
    }

    /// All rows of a table-valued function, up to the first error, at most 40.
    pub fn check_each(&mut self, name: &str, args: &[Arg]) {
        self.checked += 1;
        let columns: Vec<&str> = Column::ALL.iter().map(|(_, name)| *name).collect();
        let places = if args.len() == 2 { "?1,?2" } else { "?1" };
        let sql =
            format!("SELECT {},json_quote(atom),json_quote(type) FROM {name}({places}) LIMIT 40", columns.join(","));
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
                self.failures.push(format!(
                    "{name} {arguments:?}\n   ours\n{}\n theirs\n{}",
                    shown_rows(&ours),
                    shown_rows(&theirs)
                ));
            }
        }
    }

    pub fn finish(self) {
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

pub fn our_rows(name: &str, args: &[&Value]) -> Vec<Vec<Outcome>> {
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
                Call { arena: &arena, host: &HOST, collation: &Collation::Binary, json_args: 0, json_result: false };
            let value = match column {
                Column::Json => Ok(JsonEach::document(args[0].as_ref(), &mut call)),
                _ => each.column(&mut call, column),
            };
            match value {
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

pub fn text(s: &str) -> Arg {
    Arg::Value(Value::text(s))
}

pub fn int(i: i64) -> Arg {
    Arg::Value(Value::Integer(i))
}

pub fn real(r: f64) -> Arg {
    Arg::Value(Value::Real(r))
}

pub fn blob(bytes: &[u8]) -> Arg {
    Arg::Value(Value::Blob(bytes.into()))
}

pub fn null() -> Arg {
    Arg::Value(Value::Null)
}
