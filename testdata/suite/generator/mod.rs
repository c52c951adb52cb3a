//! Random programs of statements, run on our engine and on SQLite: values with their storage class, column names and
//! declared types, errors and counters must agree after each statement.
//!
//! A case is told by its seed. `HELIOSDB_GEN_SEED` is the first one (1), `HELIOSDB_GEN_CASES` how many (200),
//! `HELIOSDB_GEN_SECONDS` replaces the number by a time. A case that fails is shrunk to the statements it takes and printed.

mod expr;
mod query;
mod rng;
mod schema;
mod shrink;
mod write;

use heliosdb::value::{Value, ValueRef};

use super::engine::{Counters, Engine, Ours, Outcome, literal};
use super::oracle::Sqlite;
use rng::Rng;

/// How the rows of a statement are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// As a multiset of exact values.
    Rows,
    /// In their order, up to the representation of values that are equal in some collation.
    Ordered,
    /// As a multiset, up to that representation: which of several equal rows survives depends on the plan.
    Loose,
}

#[derive(Clone, Debug)]
pub struct Statement {
    pub sql: String,
    pub compare: Compare,
}

impl Statement {
    fn exact(sql: String) -> Statement {
        Statement { sql, compare: Compare::Rows }
    }
}

/// The statements of a seed.
pub fn case(seed: u64) -> Vec<Statement> {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut found = Vec::new();
    if rng.one_in(2) {
        found.push(Statement::exact("PRAGMA foreign_keys = ON".to_owned()));
    }
    if rng.one_in(4) {
        found.push(Statement::exact("PRAGMA recursive_triggers = ON".to_owned()));
    }
    let mut tables = Vec::new();
    for i in 0..1 + rng.below(3) {
        let (sql, table) = schema::table(rng, &format!("t{i}"), &tables);
        found.push(Statement::exact(sql));
        tables.push(table);
    }
    for i in 0..rng.below(4) {
        let table = &tables[rng.below(tables.len())];
        found.push(Statement::exact(schema::index(rng, &format!("i{i}"), table)));
    }
    for _ in 0..3 + rng.below(4) {
        let i = rng.below(tables.len());
        found.push(write::insert(rng, &tables[i], &tables));
    }
    if rng.one_in(3) {
        let table = tables[rng.below(tables.len())].clone();
        let columns = table.columns.join(", ");
        let filter = expr::condition(rng, &table.columns, 1);
        found.push(Statement::exact(format!("CREATE VIEW v AS SELECT {columns} FROM {} WHERE {filter}", table.name)));
        tables.push(schema::Table {
            name: "v".to_owned(),
            is_view: true,
            has_rowid: false,
            unique: Vec::new(),
            ..table
        });
    }
    if rng.one_in(3) {
        for i in 0..1 + rng.below(2) {
            let table = &tables[rng.below(tables.len())];
            let target = &tables[rng.below(tables.len())];
            found.push(Statement::exact(schema::trigger(rng, &format!("r{i}"), table, target)));
        }
    }
    for serial in 0..12 + rng.below(20) {
        let i = rng.below(tables.len());
        let statement = match rng.below(20) {
            0..8 => query::select(rng, &tables),
            8..12 => write::insert(rng, &tables[i], &tables),
            12..15 => write::update(rng, &tables[i], &tables),
            15..17 => write::delete(rng, &tables[i]),
            17..19 => write::transaction(rng),
            _ => write::alter(rng, &mut tables, serial),
        };
        let writes = statement.compare == Compare::Rows && !statement.sql.starts_with("SELECT");
        found.push(statement);
        if writes {
            let table = &tables[i];
            let rowid = if table.has_rowid { "rowid, " } else { "" };
            found.push(Statement::exact(format!("SELECT {rowid}* FROM {}", table.name)));
        }
    }
    for table in &tables {
        found.push(Statement::exact(format!("SELECT * FROM {}", table.name)));
    }
    found.push(Statement::exact("PRAGMA integrity_check".to_owned()));
    found
}

/// A value as its equals of other classes and collations are written.
fn loose(v: ValueRef<'_>) -> String {
    match v {
        ValueRef::Real(r) if r.fract() == 0.0 && r.abs() < 9e15 => (r as i64).to_string(),
        ValueRef::Text(t) => String::from_utf8_lossy(t).trim_end().to_lowercase(),
        v => literal(v),
    }
}

fn rows(outcome: &Outcome, compare: Compare) -> Vec<String> {
    let show = |v: &Value| if compare == Compare::Rows { literal(v.as_ref()) } else { loose(v.as_ref()) };
    let mut rows: Vec<String> =
        outcome.rows.iter().map(|row| row.iter().map(show).collect::<Vec<_>>().join("|")).collect();
    if compare != Compare::Ordered {
        rows.sort();
    }
    rows
}

/// What differs between two runs of a statement.
fn difference(compare: Compare, ours: &(Outcome, Counters), stock: &(Outcome, Counters)) -> Option<String> {
    let pair =
        |ours: &dyn std::fmt::Debug, stock: &dyn std::fmt::Debug| format!("  ours   {ours:?}\n  sqlite {stock:?}");
    if ours.0.error != stock.0.error {
        return Some(pair(&ours.0.error, &stock.0.error));
    }
    if ours.0.error.is_none() {
        let (our_rows, stock_rows) = (rows(&ours.0, compare), rows(&stock.0, compare));
        if our_rows != stock_rows {
            return Some(pair(&our_rows, &stock_rows));
        }
        if ours.0.columns != stock.0.columns {
            return Some(pair(&ours.0.columns, &stock.0.columns));
        }
    }
    if std::env::var("X_NOERR").is_ok() {
        return None;
    }
    (ours.1 != stock.1).then(|| pair(&ours.1, &stock.1))
}

/// The number of the first statement that differs, and how.
pub fn run(statements: &[Statement]) -> Option<(usize, String)> {
    let (mut ours, mut stock) = (Ours::new(), Sqlite::new());
    for (i, statement) in statements.iter().enumerate() {
        let wanted = stock.run(&statement.sql);
        let wanted = (wanted, stock.counters());
        let run = std::panic::AssertUnwindSafe(|| {
            let got = ours.run(&statement.sql);
            let counters = ours.counters();
            (got, counters)
        });
        let Ok(got) = std::panic::catch_unwind(run) else { return Some((i, "  panic".to_owned())) };
        if let Some(how) = difference(statement.compare, &got, &wanted) {
            return Some((i, how));
        }
    }
    None
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|v| v.parse().expect("a number in the environment"))
}

#[test]
#[allow(clippy::disallowed_methods)]
fn random_programs_agree_with_sqlite() {
    let first = setting("HELIOSDB_GEN_SEED").unwrap_or(1);
    let start = std::time::Instant::now();
    let seconds = setting("HELIOSDB_GEN_SECONDS");
    let cases = setting("HELIOSDB_GEN_CASES").unwrap_or(200);
    let shown_max = setting("HELIOSDB_GEN_SHOWN").unwrap_or(5) as usize;
    let (mut statements, mut failures, mut seed) = (0, Vec::new(), first);
    while failures.len() < shown_max && seconds.map_or(seed - first < cases, |s| start.elapsed().as_secs() < s) {
        let case = case(seed);
        statements += case.len();
        if let Some((at, _)) = run(&case) {
            let (small, how) = shrink::shrink(&case[..=at]);
            let text: Vec<&str> = small.iter().map(|s| s.sql.as_str()).collect();
            failures.push(format!("seed {seed}:\n{};\n{how}\n", text.join(";\n")));
        }
        seed += 1;
    }
    println!(
        "random programs: {} passed, {} failed ({statements} statements)",
        seed - first - failures.len() as u64,
        failures.len()
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
