//! Frames, the order of sliding and the positional functions against the bundled SQLite, over seeded random partitions.
//!
//! The reference lists the rows of each frame with group_concat, and the order of step and inverse with a window
//! function that keeps a log.

use crate::reference::{Differences, Param, Rng, TestHost, call, column, memory, show, show_error, show_result};
use bumpalo::Bump;
use heliosdb_udfs::aggregate::{self, start_call};
use heliosdb_udfs::signature::FunctionError;
use heliosdb_udfs::value::compare::compare;
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use heliosdb_udfs::window::{self, *};
use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};

struct Log;

impl Aggregate<String, String> for Log {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<String> {
        Ok(String::new())
    }
    fn step(&self, context: &mut Context<'_>, log: &mut String) -> rusqlite::Result<()> {
        log.push_str(&format!("+{}", context.get::<i64>(0)?));
        Ok(())
    }
    fn finalize(&self, _: &mut Context<'_>, log: Option<String>) -> rusqlite::Result<String> {
        Ok(log.unwrap_or_default())
    }
}

impl WindowAggregate<String, String> for Log {
    fn value(&self, log: Option<&mut String>) -> rusqlite::Result<String> {
        Ok(log.cloned().unwrap_or_default())
    }
    fn inverse(&self, context: &mut Context<'_>, log: &mut String) -> rusqlite::Result<()> {
        log.push_str(&format!("-{}", context.get::<i64>(0)?));
        Ok(())
    }
}

fn database() -> Connection {
    let db = memory();
    db.create_window_function("log", 1, FunctionFlags::SQLITE_UTF8, Log).expect("the function is new");
    db.execute_batch("CREATE TABLE t(id INTEGER PRIMARY KEY, k, x, s)").expect("the table is new");
    db
}

/// A partition: sort keys, arguments, separators; row i has id i + 1.
struct Partition {
    rows: Vec<[Value; 3]>,
    descending: bool,
    nulls_first: bool,
    collation: Collation,
}

impl Partition {
    fn key(&self, row: usize) -> ValueRef<'_> {
        self.rows[row][0].as_ref()
    }

    fn order_by(&self) -> String {
        format!(
            "ORDER BY k COLLATE {} {} NULLS {}",
            self.collation.name(),
            if self.descending { "DESC" } else { "ASC" },
            if self.nulls_first { "FIRST" } else { "LAST" }
        )
    }

    /// Puts the rows into the reference and then into the order that it gives them.
    fn fill_and_sort(&mut self, db: &Connection) {
        db.execute_batch("DELETE FROM t").expect("the table is ours");
        let mut insert = db.prepare_cached("INSERT INTO t(k, x, s) VALUES (?, ?, ?)").expect("the table exists");
        for [k, x, s] in &self.rows {
            insert.execute((Param(k), Param(x), Param(s))).expect("any value can be stored");
        }
        let ids = column(db, &format!("SELECT id FROM t {}, id", self.order_by()), &[]);
        let index = |id: &String| id["int:".len()..].parse::<usize>().expect("ids are integers") - 1;
        self.rows = ids.iter().map(|id| self.rows[index(id)].clone()).collect();
        // Ids follow the order from now on.
        db.execute_batch("DELETE FROM t").expect("the table is ours");
        for [k, x, s] in &self.rows {
            insert.execute((Param(k), Param(x), Param(s))).expect("any value can be stored");
        }
    }

    fn peers(&self) -> Peers {
        Peers::new(self.rows.len(), |i| compare(self.key(i - 1), self.key(i), &self.collation).is_eq())
    }
}

fn random_key(rng: &mut Rng, kind: u64) -> Value {
    match (kind, rng.below(10)) {
        (0, _) => Value::Integer(rng.range(0, 12)),
        (1, 0) => Value::Null,
        (1, 1..=4) => Value::Real(rng.range(-8, 20) as f64 / 2.0),
        (1, _) => Value::Integer(rng.range(-4, 10)),
        (_, 0 | 1) => Value::Null,
        (_, 2) => Value::Integer([i64::MAX, i64::MIN, i64::MAX - 2, i64::MIN + 1][rng.below(4) as usize]),
        (_, 3) => Value::Real([1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, 1e18][rng.below(5) as usize]),
        (_, 4 | 5) => Value::text(rng.pick(&["", "a", "A", "b", "5", "5 ", "a ", "2.5"])),
        (_, 6) => Value::Blob(rng.pick(&["", "a", "5"]).as_bytes().into()),
        _ => Value::Integer(rng.range(0, 8)),
    }
}

fn random_partition(rng: &mut Rng, db: &Connection) -> Partition {
    let (kind, rows) = (rng.below(3), rng.below(14));
    let argument = |rng: &mut Rng| match rng.below(8) {
        0 => Value::Null,
        1 | 2 => Value::Integer(rng.range(-5, 5)),
        3 => Value::Integer(rng.range(1 << 51, 1 << 55)),
        4 => Value::Real(rng.range(-1_000_000, 1_000_000) as f64 / 700.0),
        5 => Value::Real(rng.range(-5, 5) as f64),
        6 => Value::Real(rng.range(-100, 100) as f64 * 1e16),
        _ => Value::text(rng.pick(&["", "x", "y", "7", "1.5z"])),
    };
    let mut partition = Partition {
        rows: (0..rows)
            .map(|_| {
                let separator = Value::text(rng.pick(&["", ",", ",", "--"]));
                [random_key(rng, kind), argument(rng), separator]
            })
            .collect(),
        descending: rng.chance(40),
        nulls_first: rng.chance(50),
        collation: [Collation::Binary, Collation::NoCase, Collation::Rtrim][rng.below(3) as usize].clone(),
    };
    partition.fill_and_sort(db);
    partition
}

/// A frame clause and what it means.
fn random_frame(rng: &mut Rng, exclude: bool) -> (String, FrameSpec) {
    let (unit, unit_sql) =
        [(FrameUnit::Rows, "ROWS"), (FrameUnit::Range, "RANGE"), (FrameUnit::Groups, "GROUPS")][rng.below(3) as usize];
    loop {
        let (start_rank, start_sql, start) = random_bound(rng, unit, FrameSide::Starting);
        let (end_rank, end_sql, end) = random_bound(rng, unit, FrameSide::Ending);
        // What the grammar refuses.
        if end_rank < start_rank || start_rank == 4 || end_rank == 0 {
            continue;
        }
        let (exclude_sql, exclude) = if exclude {
            [
                ("EXCLUDE NO OTHERS", Exclude::NoOthers),
                ("EXCLUDE CURRENT ROW", Exclude::CurrentRow),
                ("EXCLUDE GROUP", Exclude::Group),
                ("EXCLUDE TIES", Exclude::Ties),
            ][rng.below(4) as usize]
        } else {
            ("", Exclude::Absent)
        };
        let sql = format!("{unit_sql} BETWEEN {start_sql} AND {end_sql} {exclude_sql}");
        return (sql, FrameSpec { unit, start, end, exclude });
    }
}

fn random_bound(rng: &mut Rng, unit: FrameUnit, side: FrameSide) -> (u8, String, Bound) {
    let (literal, value) = match (unit, rng.below(10)) {
        (_, 0) => ("0", Value::Integer(0)),
        (_, 1) => ("2.0", Value::Real(2.0)),
        (_, 2) => ("'3'", Value::text("3")),
        (_, 3) => ("9223372036854775807", Value::Integer(i64::MAX)),
        (FrameUnit::Range, 4) => ("0.5", Value::Real(0.5)),
        (FrameUnit::Range, 5) => ("1e300", Value::Real(1e300)),
        (_, 6) => ("1", Value::Integer(1)),
        (_, 7) => ("2", Value::Integer(2)),
        (_, 8) => ("5", Value::Integer(5)),
        _ => ("1", Value::Integer(1)),
    };
    let distance = || frame_offset(value.as_ref(), unit, side).expect("the offsets above are allowed");
    match rng.below(5) {
        0 => (0, "UNBOUNDED PRECEDING".to_string(), Bound::UnboundedPreceding),
        1 => (1, format!("{literal} PRECEDING"), Bound::Preceding(distance())),
        2 => (2, "CURRENT ROW".to_string(), Bound::CurrentRow),
        3 => (3, format!("{literal} FOLLOWING"), Bound::Following(distance())),
        _ => (4, "UNBOUNDED FOLLOWING".to_string(), Bound::UnboundedFollowing),
    }
}

fn describe(partition: &Partition, what: &str, frame: &str) -> String {
    let rows: Vec<String> =
        partition.rows.iter().map(|row| row.iter().map(|v| show(v.as_ref())).collect::<Vec<_>>().join(" | ")).collect();
    format!("{what} OVER ({} {frame})\n    {}", partition.order_by(), rows.join("\n    "))
}

fn key_of<'a>(partition: &'a Partition, value: &'a dyn Fn(usize) -> ValueRef<'a>) -> RangeKey<'a> {
    RangeKey {
        value,
        descending: partition.descending,
        nulls_first: partition.nulls_first,
        collation: &partition.collation,
    }
}

/// A known difference: where adding the offset to a key rounds, an end PRECEDING may let in rows behind the current one.
/// SQLite has not read them yet and goes astray; here the frame ends with the current row's peers.
fn goes_astray(partition: &Partition, spec: &FrameSpec) -> bool {
    let large = |v: &Value| matches!(v, Value::Integer(i) if i.unsigned_abs() > 1 << 53);
    matches!(spec.end, Bound::Preceding(Distance::Real(_))) && partition.rows.iter().any(|row| large(&row[0]))
}

#[test]
fn frames() {
    let (db, mut rng, mut d) = (database(), Rng::new(21), Differences::default());
    for i in 0..1_500 {
        let partition = random_partition(&mut rng, &db);
        let peers = partition.peers();
        let value = |row| partition.key(row);
        for _ in 0..8 {
            let (sql, spec) = random_frame(&mut rng, i % 2 == 0);
            if goes_astray(&partition, &spec) {
                continue;
            }
            let mut frames = Frames::new(spec, &peers, Some(key_of(&partition, &value)));
            let ours: Vec<String> = (0..partition.rows.len())
                .map(|row| {
                    let frame = frames.frame(row);
                    assert_eq!(frame.len(), frame.rows().count());
                    assert_eq!(frame.first(), frame.rows().next());
                    assert_eq!(frame.last(), frame.rows().last());
                    assert_eq!(frame.nth(2), frame.rows().nth(2));
                    let ids: Vec<_> = frame.rows().map(|row| (row + 1).to_string()).collect();
                    if ids.is_empty() { "null".to_string() } else { format!("text:{}", ids.join(",")) }
                })
                .collect();
            let query = format!("SELECT group_concat(id) OVER ({} {sql}) FROM t", partition.order_by());
            let sqlite = column(&db, &query, &[]).join(" ");
            d.compare(|| describe(&partition, "frame", &sql), &ours.join(" "), &sqlite);
        }
    }
    d.report();
}

#[test]
fn order_of_sliding() {
    let (db, mut rng, mut d) = (database(), Rng::new(22), Differences::default());
    for _ in 0..1_500 {
        let partition = random_partition(&mut rng, &db);
        let peers = partition.peers();
        let value = |row| partition.key(row);
        for _ in 0..8 {
            let (sql, spec) = random_frame(&mut rng, false);
            if goes_astray(&partition, &spec) {
                continue;
            }
            let mut frames = Frames::new(spec, &peers, Some(key_of(&partition, &value)));
            let mut slider = Slider::new(spec);
            let (mut log, mut ours) = (String::new(), Vec::new());
            for row in 0..partition.rows.len() {
                slider
                    .advance::<()>(&mut frames, &peers, row, |slide| {
                        let (sign, rows) = match slide {
                            Slide::Step(rows) => ('+', rows),
                            Slide::Inverse(rows) => ('-', rows),
                        };
                        rows.for_each(|row| log.push_str(&format!("{sign}{}", row + 1)));
                        Ok(())
                    })
                    .expect("writing a log raises nothing");
                ours.push(format!("text:{log}"));
            }
            let query = format!("SELECT log(id) OVER ({} {sql}) FROM t", partition.order_by());
            let sqlite = column(&db, &query, &[]).join(" ");
            d.compare(|| describe(&partition, "log", &sql), &ours.join(" "), &sqlite);
        }
    }
    d.report();
}

/// The results of an aggregate over a window, computed the way the executor is meant to.
fn aggregate_over(
    partition: &Partition,
    name: &str,
    args: &[usize],
    spec: FrameSpec,
) -> Result<Vec<String>, FunctionError> {
    let (arena, host) = (Bump::new(), TestHost::default());
    let collation = Collation::Binary;
    let mut call = call(&arena, &host, &collation);
    let def = aggregate::lookup(name, args.len()).expect("only known aggregates are tested");
    let peers = partition.peers();
    let value = |row| partition.key(row);
    let mut frames = Frames::new(spec, &peers, Some(key_of(partition, &value)));
    let args_of =
        |row: usize| -> Vec<ValueRef<'_>> { args.iter().map(|&arg| partition.rows[row][arg].as_ref()).collect() };
    let mut results = Vec::new();
    let mut slider = Slider::new(spec);
    let mut state = start_call(def, args.len());
    let mut extreme = if name == "min" { SlidingExtreme::min() } else { SlidingExtreme::max() };
    let mut taken = 0;
    for row in 0..partition.rows.len() {
        if !def.invertible && SlidingExtreme::applies(&spec) {
            let range = frames.range(row);
            let argument = |row: usize| args_of(row)[0];
            while taken < range.end {
                extreme.push(taken, argument, &collation);
                taken += 1;
            }
            extreme.evict_before(range.start);
            results.push(show(extreme.row().map_or(ValueRef::Null, argument)));
            continue;
        }
        if spec.slides() {
            slider.advance(&mut frames, &peers, row, |slide| match slide {
                Slide::Step(mut rows) => rows.try_for_each(|row| state.step(&mut call, &args_of(row)).map(|_| ())),
                Slide::Inverse(mut rows) => rows.try_for_each(|row| state.inverse(&mut call, &args_of(row))),
            })?;
        } else {
            state = start_call(def, args.len());
            for row in frames.frame(row).rows() {
                state.step(&mut call, &args_of(row))?;
            }
        }
        results.push(show_result(Ok(state.value(&mut call)?)));
    }
    Ok(results)
}

#[test]
fn aggregates_over_frames() {
    let (db, mut rng, mut d) = (database(), Rng::new(23), Differences::default());
    for i in 0..1_500 {
        let partition = random_partition(&mut rng, &db);
        for _ in 0..4 {
            let (sql, spec) = random_frame(&mut rng, i % 3 == 0);
            if goes_astray(&partition, &spec) {
                continue;
            }
            for (name, args, call_sql) in [
                ("sum", &[1][..], "sum(x)"),
                ("total", &[1], "total(x)"),
                ("avg", &[1], "avg(x)"),
                ("count", &[1], "count(x)"),
                ("count", &[], "count(*)"),
                ("min", &[1], "min(x)"),
                ("max", &[1], "max(x)"),
                ("group_concat", &[2, 2], "group_concat(s, s)"),
                ("group_concat", &[2], "group_concat(s)"),
            ] {
                let ours = match aggregate_over(&partition, name, args, spec) {
                    Ok(results) => results.join("; "),
                    Err(error) => show_error(error),
                };
                let query = format!("SELECT {call_sql} OVER ({} {sql}) FROM t", partition.order_by());
                let sqlite = column(&db, &query, &[]);
                let sqlite = match sqlite.last() {
                    Some(last) if last.starts_with("error:") => last.clone(),
                    _ => sqlite.join("; "),
                };
                d.compare(|| describe(&partition, call_sql, &sql), &ours, &sqlite);
            }
        }
    }
    d.report();
}

#[test]
fn positions() {
    let (db, mut rng, mut d) = (database(), Rng::new(24), Differences::default());
    for _ in 0..800 {
        let partition = random_partition(&mut rng, &db);
        let (peers, rows) = (partition.peers(), partition.rows.len());
        let buckets = rng.range(1, 9);
        for name in ["row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(?)"] {
            let ours: Vec<String> = (0..rows)
                .map(|row| {
                    let group = peers.group_of(row);
                    let peers = peers.group(group);
                    show(match name {
                        "row_number()" => ValueRef::Integer(position::row_number(row)),
                        "rank()" => ValueRef::Integer(position::rank(&peers)),
                        "dense_rank()" => ValueRef::Integer(position::dense_rank(group)),
                        "percent_rank()" => ValueRef::Real(position::percent_rank(&peers, rows)),
                        "cume_dist()" => ValueRef::Real(position::cume_dist(&peers, rows)),
                        _ => ValueRef::Integer(position::ntile(row, rows, buckets)),
                    })
                })
                .collect();
            let query = format!("SELECT {name} OVER ({}) FROM t", partition.order_by());
            let params = [Value::Integer(buckets)];
            let params = if name == "ntile(?)" { &params[..] } else { &[] };
            let sqlite = column(&db, &query, params);
            d.compare(|| describe(&partition, name, ""), &ours.join(" "), &sqlite.join(" "));
        }
    }
    d.report();
}

#[rustfmt::skip]
fn odd_arguments() -> Vec<Value> {
    vec![
        Value::Null, Value::Integer(0), Value::Integer(1), Value::Integer(2), Value::Integer(-1), Value::Integer(-2),
        Value::Integer(i64::MAX), Value::Integer(i64::MIN), Value::Real(1.0), Value::Real(2.5), Value::Real(-1.0),
        Value::Real(0.5), Value::Real(1e30), Value::Real(-1e30), Value::Real(9_223_372_036_854_775_807.0),
        Value::Real(f64::INFINITY), Value::text("2"), Value::text("2.0"), Value::text("x"), Value::text("2x"),
        Value::text(""), Value::text(" 2 "), Value::text("1.5"), Value::text("1e0"), Value::text("-1"),
        Value::Blob((*b"2").into()), Value::Blob((*b"").into()),
    ]
}

#[test]
fn odd_arguments_of_functions() {
    let (db, mut d) = (database(), Differences::default());
    let rows = 5;
    db.execute_batch("INSERT INTO t(k) VALUES (1), (2), (3), (4), (5)").expect("the table exists");
    let all = |result: Result<Vec<String>, FunctionError>| match result {
        Ok(results) => results.join(" "),
        Err(error) => show_error(error),
    };
    let row_or =
        |row: Option<usize>, default: i64| row.map_or(format!("int:{default}"), |row| format!("int:{}", row + 1));
    for argument in odd_arguments() {
        let shown = show(argument.as_ref());
        for back in [true, false] {
            let name = if back { "lag" } else { "lead" };
            let ours: Vec<String> =
                (0..rows).map(|row| row_or(offset_row(row, rows, argument.as_ref(), back), 99)).collect();
            let query = format!("SELECT {name}(id, ?, 99) OVER (ORDER BY id) FROM t");
            let sqlite = column(&db, &query, std::slice::from_ref(&argument)).join(" ");
            d.compare(|| format!("{name} {shown}"), &ours.join(" "), &sqlite);
        }
        let ours = all(ntile_buckets(argument.as_ref())
            .map(|n| (0..rows).map(|row| format!("int:{}", position::ntile(row, rows, n))).collect()));
        let query = "SELECT ntile(?) OVER (ORDER BY id) FROM t";
        d.compare(|| format!("ntile {shown}"), &ours, &column(&db, query, std::slice::from_ref(&argument)).join(" "));
        let ours = all(nth_position(argument.as_ref())
            .map(|n| (0..rows).map(|_| if n <= rows { format!("int:{n}") } else { "null".to_string() }).collect()));
        let query = "SELECT nth_value(id, ?) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM t";
        d.compare(
            || format!("nth_value {shown}"),
            &ours,
            &column(&db, query, std::slice::from_ref(&argument)).join(" "),
        );
        for (unit, unit_sql) in [(FrameUnit::Rows, "ROWS"), (FrameUnit::Range, "RANGE"), (FrameUnit::Groups, "GROUPS")]
        {
            for (side, bounds) in [
                (FrameSide::Starting, "? PRECEDING AND CURRENT ROW"),
                (FrameSide::Ending, "CURRENT ROW AND ? FOLLOWING"),
            ] {
                let ours = match frame_offset(argument.as_ref(), unit, side) {
                    Ok(_) => "accepted".to_string(),
                    Err(error) => show_error(error),
                };
                let query = format!("SELECT count(*) OVER (ORDER BY k {unit_sql} BETWEEN {bounds}) FROM t");
                let sqlite = column(&db, &query, std::slice::from_ref(&argument)).join(" ");
                let sqlite = if sqlite.starts_with("error:") { &sqlite } else { "accepted" };
                d.compare(|| format!("{unit_sql} {bounds} {shown}"), &ours, sqlite);
            }
        }
    }
    d.report();
}

#[test]
fn names_and_argument_counts() {
    let (db, mut d) = (database(), Differences::default());
    db.execute_batch("INSERT INTO t(k) VALUES (1)").expect("the table exists");
    let names = [
        "row_number",
        "rank",
        "DENSE_RANK",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
        "unheard_of",
    ];
    for name in names {
        for args in 0..5 {
            let ours = match window::lookup(name, args) {
                Ok(_) => "known".to_string(),
                Err(error) => format!("error:{}", error.message(name)),
            };
            let list = vec!["1"; args].join(",");
            let sqlite = column(&db, &format!("SELECT {name}({list}) OVER () FROM t"), &[]).join(" ");
            let sqlite = if sqlite.starts_with("error:") { &sqlite } else { "known" };
            d.compare(|| format!("{name}/{args}"), &ours, sqlite);
        }
    }
    d.report();
}
