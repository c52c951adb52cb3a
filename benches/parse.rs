//! From text to a statement and simple statements end to end, beside SQLite in the same run. Nanoseconds, the best of five rounds.
//!
//! `cargo bench --bench parse`

#![allow(clippy::disallowed_methods, reason = "benchmarks measure time")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use heliosdb::session::{Connection, OpenOptions, Statement, Step};
use heliosdb::value::Value;

const TEXTS: &[(&str, &str)] = &[
    ("point read", "SELECT a, b FROM t WHERE id = ?"),
    (
        "join",
        "SELECT t.a, count(*) FROM t JOIN u ON t.id = u.t WHERE u.c > ? AND t.b LIKE 'x%' GROUP BY t.a ORDER BY 2 DESC LIMIT 10",
    ),
    ("insert", "INSERT INTO t(a, b) VALUES (?, ?)"),
];
const SCHEMA: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT); CREATE TABLE u(t INTEGER, c REAL)";
const ROUNDS: usize = 5;
const ROWS: i64 = 100_000;

/// Nanoseconds a call in the best round.
fn best(calls: usize, mut f: impl FnMut()) -> f64 {
    (0..ROUNDS).fold(f64::INFINITY, |least, _| {
        let start = Instant::now();
        for _ in 0..calls {
            f();
        }
        least.min(start.elapsed().as_nanos() as f64 / calls as f64)
    })
}

fn prepare(connection: &Arc<Connection>, sql: &str) -> Statement {
    connection.prepare(sql).expect("it is right").expect("it is a statement").0
}

fn run(connection: &Arc<Connection>, script: &str) {
    for sql in script.split(';') {
        let mut statement = prepare(connection, sql);
        while statement.step().expect("it runs") == Step::Row {}
    }
}

fn show(what: &str, ours: f64, sqlite: f64) {
    println!("{what:<28} ours {ours:>10.0} ns   sqlite {sqlite:>10.0} ns   {:.2}x", sqlite / ours);
}

fn main() {
    let ours = Connection::open(OpenOptions::from_filename(":memory:", false).expect("a name")).expect("memory opens");
    let sqlite = rusqlite::Connection::open_in_memory().expect("memory opens");
    run(&ours, SCHEMA);
    sqlite.execute_batch(SCHEMA).expect("a schema");
    for (name, sql) in TEXTS {
        let parse = best(20_000, || drop(black_box(heliosdb_dialect::parse(black_box(sql)))));
        println!("parse {name:<22} ours {parse:>10.0} ns");
        let a = best(5_000, || drop(black_box(prepare(&ours, sql))));
        let b = best(5_000, || drop(black_box(sqlite.prepare(sql).expect("it is right"))));
        show(&format!("prepare {name}"), a, b);
    }

    run(&ours, "BEGIN");
    sqlite.execute_batch("BEGIN").expect("it begins");
    let (mut insert, mut theirs) = (prepare(&ours, TEXTS[2].1), sqlite.prepare(TEXTS[2].1).expect("it is right"));
    let mut i = 0;
    let per = ROWS as usize / ROUNDS;
    let a = best(per, || {
        i += 1;
        insert.bind(1, Value::Integer(i % 1000)).expect("a parameter");
        insert.bind(2, Value::Text(b"some text"[..].into())).expect("a parameter");
        insert.step().expect("it runs");
        insert.reset();
    });
    i = 0;
    let b = best(per, || {
        i += 1;
        theirs.execute((i % 1000, "some text")).expect("it runs");
    });
    show("insert", a, b);
    run(&ours, "COMMIT");
    sqlite.execute_batch("COMMIT").expect("it commits");

    let (mut point, mut theirs) = (prepare(&ours, TEXTS[0].1), sqlite.prepare(TEXTS[0].1).expect("it is right"));
    let mut key = 0;
    let a = best(50_000, || {
        key = (key * 7919 + 13) % ROWS;
        point.bind(1, Value::Integer(key + 1)).expect("a parameter");
        point.step().expect("it runs");
        black_box(point.column(1));
        point.reset();
    });
    key = 0;
    let b = best(50_000, || {
        key = (key * 7919 + 13) % ROWS;
        let text = theirs.query_row([key + 1], |row| row.get_ref(1).map(|v| v.data_type()));
        black_box(text.expect("a row"));
    });
    show("point read", a, b);

    for (name, sql) in [
        ("filtered scan", "SELECT id, b FROM t WHERE a < 100"),
        ("sum over a scan", "SELECT sum(a) FROM t"),
        ("group by", "SELECT a, count(*) FROM t GROUP BY a"),
    ] {
        let (mut statement, mut theirs) = (prepare(&ours, sql), sqlite.prepare(sql).expect("it is right"));
        let a = best(3, || {
            while statement.step().expect("it runs") == Step::Row {
                black_box(statement.column(0));
            }
            statement.reset();
        });
        let b = best(3, || {
            let mut rows = theirs.query([]).expect("it runs");
            while let Some(row) = rows.next().expect("a row") {
                black_box(row.get_ref(0).expect("a column").data_type());
            }
        });
        show(&format!("{name}, {ROWS} rows"), a, b);
    }
}
