//! The row executor against SQLite, in memory and in the same process: microseconds an operation and their ratio.
//!
//! `cargo bench -p heliosdb --bench row -- [part of a case's name] [ours|sqlite] [rounds]`. Rounds of both engines take turns
//! and the fastest round of each counts. With one engine named only that one runs: for `perf record`.

#![allow(clippy::disallowed_methods, reason = "benchmarks measure time")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use heliosdb::session::{Connection, OpenOptions, Statement, Step};
use heliosdb_udfs::value::Value;

/// As in the package: `python/src/lib.rs`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS_DEFAULT: usize = 5;
const ROWS: i64 = 100_000;

/// A connection of either engine.
enum Engine {
    Ours(Arc<Connection>),
    Sqlite(rusqlite::Connection),
}

enum Prepared<'e> {
    Ours(Statement),
    Sqlite(rusqlite::Statement<'e>),
}

impl Engine {
    fn ours() -> Engine {
        let options = OpenOptions::from_path(":memory:");
        Engine::Ours(Connection::open(options).expect("memory opens"))
    }

    fn sqlite() -> Engine {
        Engine::Sqlite(rusqlite::Connection::open_in_memory().expect("memory opens"))
    }

    fn prepare(&self, sql: &str) -> Prepared<'_> {
        match self {
            Engine::Ours(c) => Prepared::Ours(c.prepare(sql).expect(sql).expect(sql).0),
            Engine::Sqlite(c) => Prepared::Sqlite(c.prepare(sql).expect(sql)),
        }
    }

    /// Runs one statement.
    fn run(&self, sql: &str) -> usize {
        self.prepare(sql).run(&[])
    }
}

impl Prepared<'_> {
    /// Runs it to its end, reading every column of every row; the number of rows.
    fn run(&mut self, parameters: &[Value]) -> usize {
        let mut count = 0;
        match self {
            Prepared::Ours(statement) => {
                for (i, value) in parameters.iter().enumerate() {
                    statement.bind_ref(i + 1, value.as_ref()).expect("it binds");
                }
                let columns = statement.column_count();
                while statement.step().expect("it runs") == Step::Row {
                    for i in 0..columns {
                        black_box(statement.column(i));
                    }
                    count += 1;
                }
                statement.reset();
            }
            Prepared::Sqlite(statement) => {
                for (i, value) in parameters.iter().enumerate() {
                    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                    let bound = match value {
                        Value::Null => statement.raw_bind_parameter(i + 1, rusqlite::types::Null),
                        Value::Integer(n) => statement.raw_bind_parameter(i + 1, n),
                        Value::Real(r) => statement.raw_bind_parameter(i + 1, r),
                        Value::Text(t) => match std::str::from_utf8(t) {
                            Ok(t) => statement.raw_bind_parameter(i + 1, t),
                            Err(_) => statement.raw_bind_parameter(i + 1, text(t)),
                        },
                        Value::Blob(b) => statement.raw_bind_parameter(i + 1, &b[..]),
                    };
                    bound.expect("it binds");
                }
                let columns = statement.column_count();
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next().expect("it runs") {
                    for i in 0..columns {
                        black_box(row.get_ref(i).expect("a column"));
                    }
                    count += 1;
                }
            }
        }
        count
    }
}

/// What a case does `n` times.
type Run = fn(&Engine, i64);

struct Case {
    name: &'static str,
    n: i64,
    run: Run,
}

fn int(i: i64) -> Value {
    Value::Integer(i)
}

/// Runs a statement `n` times with one integer.
fn repeat(engine: &Engine, n: i64, sql: &str, parameter: fn(i64) -> i64) {
    let mut statement = engine.prepare(sql);
    for i in 0..n {
        statement.run(&[int(parameter(i))]);
    }
}

fn inside(engine: &Engine, run: impl FnOnce()) {
    engine.run("BEGIN");
    run();
    engine.run("ROLLBACK");
}

fn fill(engine: &Engine) {
    let each = |sql: &str, rows: i64| {
        engine.run("BEGIN");
        let mut statement = engine.prepare(sql);
        for i in 0..rows {
            statement.run(&[int(i)]);
        }
        engine.run("COMMIT");
    };
    engine.run("CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, name TEXT, price REAL, note TEXT)");
    engine.run("CREATE INDEX t_k ON t(k)");
    each("INSERT INTO t VALUES (?1, ?1 * 7 % 100000, 'name ' || ?1, ?1 * 0.5, 'xxxxxxxxxxxxxxxxxxxx')", ROWS);
    engine.run("CREATE TABLE m(a INTEGER, b INTEGER, c REAL, d TEXT)");
    each("INSERT INTO m VALUES (?1, ?1 * 37 % 1000, ?1 * 0.25, 'text number ' || ?1 % 5000)", 1_000_000);
    engine.run("CREATE TABLE o(id INTEGER PRIMARY KEY, t_id INTEGER, q INTEGER)");
    engine.run("CREATE INDEX o_t ON o(t_id)");
    each("INSERT INTO o VALUES (?1, ?1 * 13 % 100000, ?1 % 17)", ROWS);
    engine.run("CREATE TABLE p(id INTEGER PRIMARY KEY, o_id INTEGER, z TEXT)");
    each("INSERT INTO p VALUES (?1, ?1 * 3 % 100000, 'z' || ?1)", ROWS);
    engine.run("CREATE TABLE h1(x INTEGER, v TEXT)");
    engine.run("CREATE TABLE h2(y INTEGER, w TEXT)");
    each("INSERT INTO h1 VALUES (?1 * 11 % 100000, 'v' || ?1)", ROWS);
    each("INSERT INTO h2 VALUES (?1 * 17 % 100000, 'w' || ?1)", ROWS);
    engine.run("CREATE TABLE j(doc TEXT)");
    each("INSERT INTO j VALUES (json_object('a', ?1, 'b', json_array(1, 2, ?1), 'name', 'n' || ?1))", 20_000);
    engine.run("CREATE TABLE g(id INTEGER PRIMARY KEY, c INTEGER, p TEXT)");
    engine.run("CREATE INDEX g_c ON g(c)");
    each("INSERT INTO g VALUES (?1, ?1 * 7919 % 10007, ?1 % 5)", ROWS);
    engine.run("CREATE TABLE u(id INTEGER PRIMARY KEY, k TEXT UNIQUE, n INTEGER)");
    each("INSERT INTO u VALUES (?1, 'key ' || ?1, 0)", ROWS);
}

fn cases() -> Vec<Case> {
    let case = |name, n, run: Run| Case { name, n, run };
    vec![
        case("SELECT 1", 20_000, |e, n| repeat(e, n, "SELECT ?", |i| i)),
        case("point read by rowid", 20_000, |e, n| repeat(e, n, "SELECT * FROM t WHERE id = ?", |i| i * 13 % ROWS)),
        case("point read by index", 20_000, |e, n| repeat(e, n, "SELECT * FROM t WHERE k = ?", |i| i * 13 % ROWS)),
        case("range of 100", 1_000, |e, n| {
            repeat(e, n, "SELECT * FROM t WHERE id BETWEEN ?1 AND ?1 + 99", |i| i * 13 % 99_000)
        }),
        case("scan 1M: column against constant", 1, |e, _| {
            e.run("SELECT count(*) FROM m WHERE b > 500");
        }),
        case("scan 1M: arithmetic and comparison", 1, |e, _| {
            e.run("SELECT sum(a) FROM m WHERE a * 2 + b > 900000 AND c < 200000.5");
        }),
        case("scan 1M: LIKE", 1, |e, _| {
            e.run("SELECT count(*) FROM m WHERE d LIKE '%99'");
        }),
        case("scan 1M: LIKE contains, IN", 1, |e, _| {
            e.run("SELECT count(*) FROM m WHERE b IN (1, 2, 3, 4, 5, 600) OR d LIKE '%ber 49%'");
        }),
        case("join of three LIMIT 20", 50, |e, n| {
            repeat(
                e,
                n,
                "SELECT t.name, o.q, p.z FROM t JOIN o ON o.t_id = t.id JOIN p ON p.id = o.id WHERE t.k > ? AND o.q = 3 LIMIT 20",
                |i| i,
            );
        }),
        case("hash join 100k x 100k", 1, |e, _| {
            e.run("SELECT count(*), min(v), max(w) FROM h1 JOIN h2 ON h1.x = h2.y");
        }),
        case("GROUP BY 100k", 1, |e, _| {
            e.run("SELECT k % 100, count(*), sum(price) FROM t GROUP BY 1");
        }),
        case("GROUP BY text 1M", 1, |e, _| {
            e.run("SELECT d, count(*), avg(c) FROM m GROUP BY d");
        }),
        case("ORDER BY LIMIT 10 of 100k", 1, |e, _| {
            e.run("SELECT * FROM t ORDER BY price DESC LIMIT 10");
        }),
        case("ORDER BY all of 100k", 1, |e, _| {
            e.run("SELECT * FROM t ORDER BY name");
        }),
        case("ORDER BY integer, all of 1M", 1, |e, _| {
            e.run("SELECT a, b FROM m ORDER BY b, a DESC");
        }),
        case("DISTINCT of 1M", 1, |e, _| {
            e.run("SELECT DISTINCT d FROM m");
        }),
        case("correlated subquery 10k", 1, |e, _| {
            e.run("SELECT id, (SELECT count(*) FROM o WHERE o.t_id = t.id) FROM t WHERE id < 10000");
        }),
        case("EXISTS 100k", 1, |e, _| {
            e.run("SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND q > 5)");
        }),
        case("NOT EXISTS 100k", 1, |e, _| {
            e.run("SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND q > 5)");
        }),
        case("correlated average 10k", 1, |e, _| {
            e.run("SELECT count(*) FROM t WHERE id < 10000 AND price > (SELECT avg(q) FROM o WHERE o.t_id = t.id)");
        }),
        case("IN (subquery) 100k", 1, |e, _| {
            e.run("SELECT count(*) FROM o WHERE t_id IN (SELECT id FROM t WHERE k % 3 = 0)");
        }),
        case("self join through covering index", 1, |e, _| {
            e.run("SELECT count(*) FROM g a JOIN g b ON a.c = b.c AND a.id < b.id");
        }),
        case("left join and GROUP BY", 1, |e, _| {
            e.run("SELECT n, count(*) FROM (SELECT t.id, count(g.id) AS n FROM t LEFT JOIN g ON g.c = t.id AND g.p <> '3' WHERE t.id < 20000 GROUP BY t.id) GROUP BY n");
        }),
        case("recursive table to 1M", 1, |e, _| {
            e.run("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) SELECT sum(n) FROM c");
        }),
        case("window running sum 100k", 1, |e, _| {
            e.run("SELECT id, sum(price) OVER (ORDER BY id) FROM t");
        }),
        case("window rank by part 100k", 1, |e, _| {
            e.run("SELECT id, rank() OVER (PARTITION BY k % 100 ORDER BY price) FROM t");
        }),
        case("JSON extraction 20k", 1, |e, _| {
            e.run("SELECT sum(doc ->> '$.a'), max(json_extract(doc, '$.name')) FROM j");
        }),
        case("scan and read 100k", 1, |e, _| {
            e.run("SELECT * FROM t");
        }),
        case("insert one by one, autocommit", 20_000, |e, n| {
            e.run("CREATE TABLE b(id INTEGER, value TEXT)");
            repeat(e, n, "INSERT INTO b VALUES (?, 'value')", |i| i);
            e.run("DROP TABLE b");
        }),
        case("insert 100k in a transaction", ROWS, |e, n| {
            e.run("CREATE TABLE b(id INTEGER, value TEXT)");
            e.run("BEGIN");
            repeat(e, n, "INSERT INTO b VALUES (?, 'value')", |i| i);
            e.run("COMMIT");
            e.run("DROP TABLE b");
        }),
        case("insert 100k with two indexes", ROWS, |e, n| {
            e.run("CREATE TABLE b(id INTEGER PRIMARY KEY, k INTEGER UNIQUE, value TEXT)");
            e.run("CREATE INDEX b_v ON b(value)");
            e.run("BEGIN");
            repeat(e, n, "INSERT INTO b VALUES (?1, ?1 * 7 % 100000, 'value')", |i| i);
            e.run("COMMIT");
            e.run("DROP TABLE b");
        }),
        case("INSERT SELECT 100k", 1, |e, _| {
            e.run("CREATE TABLE b(id INTEGER PRIMARY KEY, k INTEGER, name TEXT, price REAL, note TEXT)");
            e.run("INSERT INTO b SELECT * FROM t");
            e.run("DROP TABLE b");
        }),
        case("update by rowid", 20_000, |e, n| {
            inside(e, || repeat(e, n, "UPDATE t SET price = price + 1.5 WHERE id = ?", |i| i));
        }),
        case("update all of 100k", 1, |e, _| {
            inside(e, || {
                e.run("UPDATE t SET price = price * 2");
            });
        }),
        case("upsert", 20_000, |e, n| {
            inside(e, || {
                repeat(
                    e,
                    n,
                    "INSERT INTO u(k, n) VALUES ('key ' || ?, 1) ON CONFLICT(k) DO UPDATE SET n = n + 1",
                    |i| i * 2,
                );
            });
        }),
        case("delete by rowid", 20_000, |e, n| {
            inside(e, || repeat(e, n, "DELETE FROM t WHERE id = ?", |i| i));
        }),
        case("delete half of 100k", 1, |e, _| {
            inside(e, || {
                e.run("DELETE FROM t WHERE id % 2 = 0");
            });
        }),
        case("DELETE without WHERE of 100k", 1, |e, _| {
            inside(e, || {
                e.run("DELETE FROM t");
            });
        }),
        case("new SQL text each time", 5_000, |e, n| {
            for i in 0..n {
                e.run(&format!("SELECT id, name FROM t WHERE id = {i} AND k <> -{i}"));
            }
        }),
        case("new text: point read", 5_000, |e, n| {
            for i in 0..n {
                e.run(&format!("SELECT name, price FROM t WHERE id = {i}"));
            }
        }),
        case("new text: INSERT of five values", 5_000, |e, n| {
            inside(e, || {
                for i in 200_000..200_000 + n {
                    e.run(&format!(
                        "INSERT INTO t(id, k, name, price, note) VALUES ({i}, {i}, 'name {i}', {i}.5, 'note')"
                    ));
                }
            });
        }),
        case("new text: UPDATE by key", 5_000, |e, n| {
            inside(e, || {
                for i in 0..n {
                    e.run(&format!("UPDATE t SET price = {i}.25, note = 'note {i}' WHERE id = {i}"));
                }
            });
        }),
        case("new text: join of three", 2_000, |e, n| {
            for i in 0..n {
                e.run(&format!(
                    "SELECT t.name, o.q, p.z FROM t JOIN o ON o.t_id = t.id JOIN p ON p.id = o.id \
                     WHERE t.id = {i} AND o.q > 3 ORDER BY o.q DESC, p.id LIMIT 10"
                ));
            }
        }),
        case("new text: subquery, GROUP BY", 2_000, |e, n| {
            for i in 0..n {
                e.run(&format!(
                    "SELECT o.q, count(*) AS n, max(o.id) FROM o WHERE o.t_id IN (SELECT t.id FROM t WHERE t.id BETWEEN {i} AND {i} + 3) \
                     GROUP BY o.q HAVING count(*) > 0 ORDER BY n DESC"
                ));
            }
        }),
    ]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let only = arguments.iter().find(|a| matches!(a.as_str(), "ours" | "sqlite"));
    let rounds = arguments.iter().find_map(|a| a.parse().ok());
    let is_part = |a: &&String| Some(*a) != only && a.parse::<usize>().is_err();
    let part = arguments.iter().find(is_part).map_or("", String::as_str);
    let mut engines = Vec::new();
    for (name, open) in [("ours", Engine::ours as fn() -> Engine), ("sqlite", Engine::sqlite)] {
        if only.is_none_or(|o| o == name) {
            let engine = open();
            fill(&engine);
            engines.push(engine);
        }
    }
    println!("{:38}{:>12}{:>12}{:>8}", "microseconds per operation", "ours", "SQLite", "ratio");
    for case in cases().into_iter().filter(|c| c.name.contains(part)) {
        let mut best = [f64::INFINITY; 2];
        for _ in 0..rounds.unwrap_or(ROUNDS_DEFAULT) {
            for (engine, best) in engines.iter().zip(&mut best) {
                let start = Instant::now();
                (case.run)(engine, case.n);
                *best = best.min(start.elapsed().as_secs_f64() * 1e6 / case.n as f64);
            }
        }
        println!("{:38}{:12.2}{:12.2}{:8.2}", case.name, best[0], best[1], best[0] / best[1]);
    }
}
