//! Aggregates against the bundled SQLite, boxed and fast, over seeded random groups.
//!
//! `median` and the percentiles are not in the reference build: `percentile.txt` holds what the same release gives when
//! it is built with SQLITE_ENABLE_PERCENTILE (`function|values|fractions|result`).

use crate::reference::{Differences, Param, Rng, TestHost, call, column, memory, show, show_error, show_result};
use bumpalo::Bump;
use heliosdb_udfs::aggregate::{LookupError, TABLES, lookup, start_call};
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rusqlite::Connection;

/// One row of arguments a row of the group.
fn ours(name: &str, rows: &[Vec<Value>], collation: &Collation, fast: bool) -> String {
    let (arena, host) = (Bump::new(), TestHost::default());
    let mut call = call(&arena, &host, collation);
    let args_count = rows.first().map_or(1, Vec::len);
    let def = match lookup(name, args_count) {
        Ok(def) => def,
        Err(error) => return format!("error:{}", error.message(name)),
    };
    let (mut boxed, mut quick) = ((def.new)(), start_call(def, args_count));
    for row in rows {
        let args: Vec<_> = row.iter().map(Value::as_ref).collect();
        let stepped = if fast { quick.step(&mut call, &args).map(|_| ()) } else { boxed.step(&mut call, &args) };
        if let Err(error) = stepped {
            return show_error(error);
        }
    }
    let value = if fast { quick.value(&mut call) } else { boxed.value(&mut call) };
    show_result(value)
}

fn fill(db: &Connection, rows: &[Vec<Value>]) {
    db.execute_batch("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, a, b); DELETE FROM t")
        .expect("the table is ours");
    let mut insert = db.prepare_cached("INSERT INTO t(a, b) VALUES (?, ?)").expect("the table exists");
    for row in rows {
        let b = row.get(1).unwrap_or(&Value::Null);
        insert.execute((Param(&row[0]), Param(b))).expect("any value can be stored");
    }
}

fn describe(name: &str, rows: &[Vec<Value>]) -> String {
    let rows: Vec<String> =
        rows.iter().map(|row| row.iter().map(|v| show(v.as_ref())).collect::<Vec<_>>().join(" ")).collect();
    format!("{name}: {}", rows.join(", "))
}

fn random_number(rng: &mut Rng) -> Value {
    match rng.below(12) {
        0 => Value::Null,
        1..=3 => Value::Integer(rng.range(-10, 10)),
        4 => Value::Integer(rng.next() as i64),
        5 => Value::Integer(i64::MAX - rng.range(0, 3)),
        6 => Value::Integer(i64::MIN + rng.range(0, 3)),
        7 => Value::Integer((1 << 52) * rng.range(-2, 2) + rng.range(-2, 2)),
        8 => Value::Real(rng.range(-1000, 1000) as f64 / 10.0),
        9 => Value::Real(rng.range(-1_000_000, 1_000_000) as f64 / 7.0 * 10_f64.powi(rng.range(-20, 20) as i32)),
        10 => Value::Real([0.0, -0.0, 1e308, -1e308, f64::INFINITY, f64::NEG_INFINITY, 5e-324][rng.below(7) as usize]),
        _ => Value::Integer(rng.range(-1 << 53, 1 << 53)),
    }
}

fn random_value(rng: &mut Rng) -> Value {
    let texts = [
        "",
        "a",
        "A",
        "b",
        "abc",
        "ABC",
        "a ",
        "1",
        "1.0",
        " 7 ",
        "7x",
        "1e2",
        "-3",
        "+4",
        "9223372036854775807",
        "9223372036854775808",
        "1e400",
        ".5",
        "5.",
        "x1",
        "é",
        "12345678901234567890",
    ];
    match rng.below(6) {
        0 | 1 => Value::text(rng.pick(&texts)),
        2 => Value::Blob(rng.pick(&texts).as_bytes().into()),
        _ => random_number(rng),
    }
}

/// The text of long reals is tested where it is made.
fn is_short(value: &Value) -> bool {
    !matches!(value, Value::Real(r) if format!("{r:e}").len() > 7 || r.abs() < 1e-300)
}

fn small_number(rng: &mut Rng) -> Value {
    if rng.chance(50) {
        Value::Integer(rng.range(-100, 100))
    } else {
        Value::Real(rng.range(-100_000, 100_000) as f64 / 100.0)
    }
}

fn random_rows(rng: &mut Rng) -> Vec<Vec<Value>> {
    let source = [small_number, random_number, random_value][rng.below(3) as usize];
    (0..rng.below(20)).map(|_| vec![source(rng)]).collect()
}

#[test]
fn random_groups() {
    let (db, mut rng, mut d) = (memory(), Rng::new(7), Differences::default());
    for _ in 0..4_000 {
        let rows = random_rows(&mut rng);
        fill(&db, &rows);
        for name in ["count", "sum", "total", "avg", "min", "max", "group_concat"] {
            if name == "group_concat" && !rows.iter().flatten().all(is_short) {
                continue;
            }
            let sqlite = column(&db, &format!("SELECT {name}(a) FROM (SELECT a FROM t ORDER BY id)"), &[]);
            for fast in [false, true] {
                let ours = ours(name, &rows, &Collation::Binary, fast);
                d.compare(|| describe(name, &rows), &ours, &sqlite.join("; "));
            }
        }
    }
    d.report();
}

#[test]
fn collations() {
    let (db, mut rng, mut d) = (memory(), Rng::new(8), Differences::default());
    for _ in 0..1_000 {
        let rows: Vec<_> = (0..rng.below(8)).map(|_| vec![random_value(&mut rng)]).collect();
        fill(&db, &rows);
        for (collation, sql) in [(Collation::NoCase, "NOCASE"), (Collation::Rtrim, "RTRIM")] {
            for name in ["min", "max"] {
                let sqlite = column(&db, &format!("SELECT {name}(a COLLATE {sql}) FROM t"), &[]);
                d.compare(|| describe(name, &rows), &ours(name, &rows, &collation, true), &sqlite.join("; "));
            }
        }
    }
    d.report();
}

/// Bare columns come from the row that `step` marked last.
#[test]
fn bare_columns() {
    let (db, mut rng, mut d) = (memory(), Rng::new(9), Differences::default());
    let (arena, host) = (Bump::new(), TestHost::default());
    for _ in 0..3_000 {
        let rows: Vec<_> = (0..1 + rng.below(8))
            .map(|_| vec![if rng.chance(40) { Value::Null } else { random_value(&mut rng) }])
            .collect();
        fill(&db, &rows);
        for name in ["min", "max"] {
            let mut call = call(&arena, &host, &Collation::Binary);
            let mut state = start_call(lookup(name, 1).expect("min and max exist"), 1);
            let mut bare = 0;
            for (i, row) in rows.iter().enumerate() {
                if state.step(&mut call, &[row[0].as_ref()]).expect("min and max raise nothing") {
                    bare = i + 1;
                }
            }
            // Two other terms keep SQLite from reading the extreme off the end of an index.
            let sql = format!("SELECT id FROM (SELECT id, {name}(a) m, count(a) n FROM t)");
            d.compare(|| describe(name, &rows), &format!("int:{bare}"), &column(&db, &sql, &[]).join("; "));
        }
    }
    d.report();
}

#[test]
fn separators() {
    let (db, mut rng, mut d) = (memory(), Rng::new(10), Differences::default());
    for _ in 0..2_000 {
        let rows: Vec<_> = (0..rng.below(8)).map(|_| vec![random_value(&mut rng), random_value(&mut rng)]).collect();
        if rows.is_empty() || !rows.iter().flatten().all(is_short) {
            continue;
        }
        fill(&db, &rows);
        for name in ["group_concat", "string_agg"] {
            let sqlite = column(&db, &format!("SELECT {name}(a, b) FROM (SELECT a, b FROM t ORDER BY id)"), &[]);
            let ours = ours(name, &rows, &Collation::Binary, true);
            d.compare(|| describe(name, &rows), &ours, &sqlite.join("; "));
        }
    }
    d.report();
}

/// A literal of `percentile.txt`.
fn literal(text: &str) -> Value {
    if text == "NULL" {
        Value::Null
    } else if let Some(quoted) = text.strip_prefix('\'') {
        Value::text(quoted.trim_end_matches('\''))
    } else if let Some(hex) = text.strip_prefix("x'") {
        let hex = hex.trim_end_matches('\'');
        let byte = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).expect("blobs are written in hex");
        Value::Blob((0..hex.len()).step_by(2).map(byte).collect())
    } else if let Ok(i) = text.parse() {
        Value::Integer(i)
    } else {
        Value::Real(text.parse().expect("what is nothing else is a real"))
    }
}

#[test]
fn percentiles() {
    let mut d = Differences::default();
    for line in include_str!("percentile.txt").lines() {
        let [name, values, fractions, expected]: [&str; 4] =
            line.split('|').collect::<Vec<_>>().try_into().expect("four fields a line");
        let rows: Vec<Vec<Value>> = values
            .split_whitespace()
            .zip(fractions.split_whitespace())
            .map(|(value, fraction)| match name {
                "median" => vec![literal(value)],
                _ => vec![literal(value), literal(fraction)],
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        for fast in [false, true] {
            let ours = ours(name, &rows, &Collation::Binary, fast);
            let bits = ours.split(' ').next().expect("splitting gives at least one part");
            let ours = if ours.starts_with("real:") { bits } else { &ours };
            d.compare(|| line.to_string(), ours, expected);
        }
    }
    d.report();
}

#[test]
fn too_long_a_text() {
    let (arena, collation) = (Bump::new(), Collation::Binary);
    let host = TestHost { length_limit: 10, ..TestHost::default() };
    let mut call = call(&arena, &host, &collation);
    let mut state = (lookup("group_concat", 1).expect("it exists").new)();
    let args = [ValueRef::Text(b"12345")];
    state.step(&mut call, &args).expect("five bytes are allowed");
    let error = state.step(&mut call, &args).expect_err("eleven are not");
    assert_eq!(show_error(error), "error:string or blob too big");
}

#[test]
fn names_and_argument_counts() {
    let (db, mut d) = (memory(), Differences::default());
    for name in ["count", "sum", "TOTAL", "Avg", "group_concat", "string_agg", "unheard_of"] {
        for args in 0..4 {
            let ours = match lookup(name, args) {
                Ok(_) => "known".to_string(),
                Err(error) => format!("error:{}", error.message(name)),
            };
            let list = vec!["1"; args].join(",");
            let sqlite = column(&db, &format!("SELECT {name}({list})"), &[]);
            let sqlite = sqlite[0].split(" in SELECT").next().expect("splitting gives at least one part");
            let sqlite = if sqlite.starts_with("error:") { sqlite } else { "known" };
            d.compare(|| format!("{name}/{args}"), &ours, sqlite);
        }
    }
    d.report();
    assert_eq!(lookup("max", 2).err(), Some(LookupError::WrongArgumentCount));
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = TABLES.iter().flat_map(|table| table.iter().map(|def| def.name)).collect();
    let rows = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rows);
}
