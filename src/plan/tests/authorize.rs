//! The authorizer is asked what SQLite asks.

use std::sync::{Arc, Mutex};

use rusqlite::hooks::{AuthAction, AuthContext};

use super::compare::Both;
use super::corpus::SCHEMA;
use crate::env::callback::{Authorization, Authorizer};
use crate::plan::{authorize, bind_statement};

#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Authorizer for Recorder {
    fn authorize(
        &self,
        action: i32,
        a: Option<&str>,
        b: Option<&str>,
        d: Option<&str>,
        t: Option<&str>,
    ) -> Authorization {
        let name = match action {
            authorize::SELECT => "select",
            authorize::READ => "read",
            authorize::INSERT => "insert",
            authorize::UPDATE => "update",
            authorize::DELETE => "delete",
            authorize::FUNCTION => "function",
            authorize::RECURSIVE => "recursive",
            _ => "other",
        };
        let line = format!("{name} {a:?} {b:?} {d:?} {t:?}");
        self.0.lock().expect("no panic while recording").push(line);
        Authorization::Ok
    }
}

fn sqlite_line(c: &AuthContext<'_>) -> String {
    let (name, a, b) = match c.action {
        AuthAction::Select => ("select", None, None),
        AuthAction::Read { table_name, column_name } => ("read", Some(table_name), Some(column_name)),
        AuthAction::Insert { table_name } => ("insert", Some(table_name), None),
        AuthAction::Update { table_name, column_name } => ("update", Some(table_name), Some(column_name)),
        AuthAction::Delete { table_name } => ("delete", Some(table_name), None),
        AuthAction::Function { function_name } => ("function", None, Some(function_name)),
        AuthAction::Recursive => ("recursive", None, None),
        _ => ("other", None, None),
    };
    format!("{name} {a:?} {b:?} {:?} {:?}", c.database_name, c.accessor)
}

#[test]
fn asks_what_sqlite_asks() {
    let statements = [
        "SELECT 1",
        "SELECT a, b FROM t",
        "SELECT * FROM w",
        "SELECT count(*) FROM t",
        "SELECT t.a, u.x FROM t JOIN u ON t.a = u.id",
        "SELECT (SELECT max(x) FROM u WHERE u.a = t.b) FROM t",
        "SELECT rowid, id FROM u",
        "SELECT rowid FROM t",
        "SELECT lower(a) FROM (SELECT b AS a FROM t)",
        "SELECT 1 UNION SELECT a FROM t",
        "SELECT name FROM sqlite_master",
        "INSERT INTO w VALUES (1, 2)",
        "INSERT INTO w SELECT a, b FROM t",
        "UPDATE w SET v = k + 1 WHERE k = 1",
        "DELETE FROM w WHERE k = 1",
        "DELETE FROM w",
    ];
    let mut both = Both::new(SCHEMA);
    let mut differences = Vec::new();
    for sql in statements {
        let theirs: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = theirs.clone();
        let hook = move |c: AuthContext<'_>| {
            sink.lock().expect("no panic while recording").push(sqlite_line(&c));
            rusqlite::hooks::Authorization::Allow
        };
        both.sqlite.authorizer(Some(hook)).expect("an authorizer can be set");
        drop(both.sqlite.prepare(sql).expect("a valid statement"));
        both.sqlite.authorizer(None::<fn(AuthContext<'_>) -> rusqlite::hooks::Authorization>).expect("and unset");
        let recorder = Recorder::default();
        let mut space = both.namespace();
        space.authorizer = Some(&recorder);
        let parsed = heliosdb_dialect::parse(sql).expect("valid").expect("not empty");
        bind_statement(&space, &parsed.statement, sql).expect("valid");
        // SQLite asks again when it flattens or compiles parts twice.
        let mut theirs = theirs.lock().expect("no panic while recording").clone();
        let mut ours = recorder.0.lock().expect("no panic while recording").clone();
        for list in [&mut theirs, &mut ours] {
            list.sort();
            list.dedup();
        }
        if ours != theirs {
            differences.push(format!("{sql}\n  sqlite {theirs:#?}\n  ours   {ours:#?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
