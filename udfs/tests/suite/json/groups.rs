//! json_group_array() and its like, as plain aggregates and over window frames.

use super::checks::*;
use super::oracle::*;
use bumpalo::Bump;
use heliosdb_udfs::json::AGGREGATES;
use heliosdb_udfs::signature::{Call, FunctionError};
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rusqlite::Connection;

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
                let mut call = Call {
                    arena: &arena,
                    host: &HOST,
                    collation: &Collation::Binary,
                    json_args: 0,
                    json_result: false,
                };
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
                Call { arena: &arena, host: &HOST, collation: &Collation::Binary, json_args, json_result: false };
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
            Call { arena: &arena, host: &HOST, collation: &Collation::Binary, json_args: 0, json_result: false };
        let both = [ValueRef::Text(b"l"), ValueRef::Blob(b"\xaa")];
        let error = state.step(&mut call, if two { &both } else { &both[1..] });
        assert_eq!(error, Err(FunctionError::new("JSON cannot hold BLOB values")));
    }
}
