//! Random programs of statements, run on our engine and on SQLite: values with their storage class, column names and
//! declared types, errors and counters must agree after each statement.
//!
//! A program is told by its seed. `cargo test` runs a fixed number of them from seed 1. For a long run:
//!
//!     HELIOSDB_RANDOM_SECONDS=3600 HELIOSDB_RANDOM_SEED=$RANDOM cargo test --release --test suite random
//!
//! `HELIOSDB_RANDOM_FILE` names a file with a program, one statement a line, to be run again by itself.
//! `HELIOSDB_RANDOM_SEED` is the first seed; with `HELIOSDB_RANDOM_COUNT=1` it runs one program again. A program that fails is
//! shrunk to the statements it takes and printed; `HELIOSDB_RANDOM_SHOWN` says after how many of them to stop.
//!
//! What is known to differ, and why, is in `known.rs`; what the generators avoid, beside it:
//!
//! * subqueries of DO UPDATE without a target are made once for each constraint in SQLite, once for each clause here;
//!   a subquery in FROM of a subquery of RETURNING is made once in SQLite even where it could be merged;
//! * SQLite takes a unique index over (b, b) for one over (a, b) where a key asks;
//! * `max(DISTINCT x)` in HAVING picks another row for bare columns where several rows tie;
//! * an integer of one SELECT of a compound is shown as a real if another SELECT has a REAL column there: SQLite also looks
//!   through compounds within it, past a unary plus;
//! * SQLite reads `ORDER BY x NULLS LAST` from an index in two parts, where we sort, and the rows that a RIGHT join has not
//!   matched by an index that covers them or that WHERE seeks by, where we read the table;
//! * with five temporary triggers or more, which fires first hangs on a hash.

mod alter;
mod attached;
mod call;
mod change;
mod cte;
mod expr;
mod feature;
mod joins;
mod known;
mod mutate;
mod odd;
pub mod program;
mod query;
pub mod rng;
mod schema;
mod shrink;
mod trigger;
mod values;
mod window;
mod write;

use std::sync::atomic::{AtomicU64, Ordering};

use heliosdb::value::{Value, ValueRef};

use super::engine::{Counters, Engine, Ours, Outcome, literal};
use super::oracle::Sqlite;
pub use known::{PINNED, ends_halfway};
use program::program;

/// Programs in `cargo test`.
const COUNT: u64 = 3000;
/// Rowids from here on are chosen at random.
pub const ROWID_MAX: i64 = i64::MAX;

/// SQLITE_INTERRUPT: the statement took too many steps.
const INTERRUPTED: i32 = 9;
/// How the rows of a statement are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Exact values in their order: the plan leaves no choice.
    Same,
    /// As a multiset of exact values.
    Rows,
    /// As `Loose`, and counters are not looked at.
    RowsOnly,
    /// In their order, up to the representation of values that are equal in some collation.
    Ordered,
    /// As a multiset, up to that representation: which of several equal rows survives depends on the plan.
    Loose,
    /// Not at all: only errors are. Of several mistakes in a statement another one may be found first.
    Errors,
}

#[derive(Clone, Debug)]
pub struct Statement {
    pub sql: String,
    pub compare: Compare,
    /// Which of two connections to the same database runs it.
    pub session: usize,
}

impl Statement {
    fn new(sql: String, compare: Compare) -> Statement {
        Statement { sql, compare, session: 0 }
    }

    fn exact(sql: String) -> Statement {
        Statement::new(sql, Compare::Rows)
    }
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
    let exact = matches!(compare, Compare::Same | Compare::Rows);
    let show = |v: &Value| if exact { literal(v.as_ref()) } else { loose(v.as_ref()) };
    let mut rows: Vec<String> =
        outcome.rows.iter().map(|row| row.iter().map(show).collect::<Vec<_>>().join("|")).collect();
    if matches!(compare, Compare::Rows | Compare::RowsOnly | Compare::Loose) {
        rows.sort();
    }
    rows
}

fn is_alter(statement: &Statement) -> bool {
    statement.sql.starts_with("ALTER")
}

/// What differs between two runs of a statement.
pub fn difference(statement: &Statement, ours: &(Outcome, Counters), stock: &(Outcome, Counters)) -> Option<String> {
    let pair =
        |ours: &dyn std::fmt::Debug, stock: &dyn std::fmt::Debug| format!("  ours   {ours:?}\n  sqlite {stock:?}");
    if ours.0.error != stock.0.error && !known::may_differ(statement, &ours.0, &stock.0) {
        return Some(pair(&ours.0.error, &stock.0.error));
    }
    if ours.0.error.is_none() && statement.compare != Compare::Errors {
        let (our_rows, stock_rows) = (rows(&ours.0, statement.compare), rows(&stock.0, statement.compare));
        if our_rows != stock_rows {
            return Some(pair(&our_rows, &stock_rows));
        }
        // SQLite's ALTER TABLE shows the columns of its own queries.
        if ours.0.columns != stock.0.columns && !is_alter(statement) {
            return Some(pair(&ours.0.columns, &stock.0.columns));
        }
    }
    (ours.1 != stock.1 && statement.compare != Compare::RowsOnly).then(|| pair(&ours.1, &stock.1))
}

fn sessions(two: bool) -> (Vec<Ours>, Vec<Sqlite>) {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    if !two {
        return (vec![Ours::new()], vec![Sqlite::new()]);
    }
    let name = format!("suite{}", SERIAL.fetch_add(1, Ordering::Relaxed));
    let ours = (0..2).map(|_| Ours::shared(&name)).collect();
    (ours, (0..2).map(|_| Sqlite::shared(&name)).collect())
}

/// The number of the first statement that differs, and how.
pub fn run(statements: &[Statement]) -> Option<(usize, String)> {
    let (mut all_ours, mut all_stock) = sessions(statements.iter().any(|s| s.session > 0));
    for (i, statement) in statements.iter().enumerate() {
        // Locks are not compared: a session waits until the other's transaction has ended.
        if all_stock.iter().enumerate().any(|(k, s)| k != statement.session && !s.counters().autocommit) {
            continue;
        }
        let (ours, stock) = (&mut all_ours[statement.session], &mut all_stock[statement.session]);
        if statements.iter().any(|s| s.session > 0) {
            // SQLite prepares against the schema that the session last saw.
            stock.run("SELECT 1 FROM sqlite_schema");
            ours.run("SELECT 1 FROM sqlite_schema");
        }
        let wanted = stock.run(&statement.sql);
        let wanted = (wanted, stock.counters());
        // Triggers that fire each other may take longer than anybody waits.
        if wanted.0.error.as_ref().is_some_and(|e| e.0 == INTERRUPTED) {
            return None;
        }
        forget_samples(statement, stock);
        let run = std::panic::AssertUnwindSafe(|| {
            let got = ours.run(&statement.sql);
            let counters = ours.counters();
            (got, counters)
        });
        let Ok(got) = std::panic::catch_unwind(run) else { return Some((i, "  panic".to_owned())) };
        if let Some(how) = difference(statement, &got, &wanted) {
            let is_known = known::is_known(&statements[..=i], &got, &wanted, stock);
            return (!is_known).then_some((i, how));
        }
        let wrong_type = ends_halfway(&wanted.0);
        if wanted.1.last_insert_rowid == ROWID_MAX || wrong_type && !wanted.1.autocommit {
            return None;
        }
    }
    None
}

/// The bundled build keeps samples of tables, which ordinary builds do not, and plans by them.
fn forget_samples(statement: &Statement, stock: &mut Sqlite) {
    if statement.sql == "ANALYZE" {
        stock.run("DELETE FROM sqlite_stat4; PRAGMA writable_schema=RESET");
    }
}

/// Runs the program in the file `HELIOSDB_RANDOM_FILE`, one statement a line, as those that fail are printed.
#[test]
fn a_random_program_can_be_run_again() {
    let Ok(path) = std::env::var("HELIOSDB_RANDOM_FILE") else { return };
    let text = std::fs::read_to_string(path).expect("the program's file");
    let (mut ours, mut stock) = (Ours::new(), Sqlite::new());
    for line in text.lines().map(|l| l.trim_end_matches(';')).filter(|l| !l.is_empty()) {
        let statement = Statement::new(line.to_owned(), Compare::Same);
        let (wanted, got) = (stock.run(line), ours.run(line));
        let (wanted, got) = ((wanted, stock.counters()), (got, ours.counters()));
        match difference(&statement, &got, &wanted) {
            Some(how) => println!("DIFFERS {line}\n{how}"),
            None => println!("same    {line}\n  {:?} {:?}", got.0.error, rows(&got.0, Compare::Same)),
        }
    }
}

pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|v| v.parse().expect("a number in the environment"))
}

/// Bytes of stack: triggers may fire each other a thousand times.
const STACK: usize = 32 << 20;

#[test]
fn random_programs_agree_with_sqlite() {
    run_in_thread(COUNT, program);
}

#[test]
fn random_changes_of_schemas_agree_with_sqlite() {
    run_in_thread(COUNT / 6, change::program);
}

#[test]
fn random_attached_databases_agree_with_sqlite() {
    run_in_thread(COUNT / 6, attached::program);
}

#[test]
fn random_values_agree_with_sqlite() {
    run_in_thread(COUNT / 6, values::program);
}

fn run_in_thread(count: u64, program: fn(u64) -> Vec<Statement>) {
    let run = move || run_all(count, program);
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread starts");
    if let Err(failure) = thread.join() {
        std::panic::resume_unwind(failure);
    }
}

fn run_all(count: u64, program: fn(u64) -> Vec<Statement>) {
    let first = setting("HELIOSDB_RANDOM_SEED").unwrap_or(1);
    let start = std::time::Instant::now();
    let seconds = setting("HELIOSDB_RANDOM_SECONDS");
    let cases = setting("HELIOSDB_RANDOM_COUNT").unwrap_or(count);
    let shown_max = setting("HELIOSDB_RANDOM_SHOWN").unwrap_or(5) as usize;
    let (mut statements, mut failures, mut seed) = (0, Vec::new(), first);
    while failures.len() < shown_max && seconds.map_or(seed - first < cases, |s| start.elapsed().as_secs() < s) {
        let case = program(seed);
        statements += case.len();
        if let Some((at, _)) = run(&case) {
            let (small, how) = shrink::shrink(&case[..=at]);
            let text: Vec<String> = small.iter().map(|s| format!("{}{}", ["", "/* 2 */ "][s.session], s.sql)).collect();
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
