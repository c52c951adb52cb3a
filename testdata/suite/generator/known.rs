//! What differs from SQLite and is meant to, or hangs on chance there: each with what shows it.

use super::{Compare, Counters, Outcome, Statement};
use crate::engine::{Engine, literal};
use crate::oracle::Sqlite;

/// SQLITE_CONSTRAINT_PINNED: a trigger takes the row away that SQLite's cursor stands on.
pub const PINNED: i32 = 2835;
/// SQLITE_CONSTRAINT_FOREIGNKEY
const FOREIGN_KEY: i32 = 787;
/// SQLITE_CORRUPT: a trigger of an UPSERT deletes what it updates.
const CORRUPT: i32 = 11;
/// A value of a wrong type for a STRICT table, or for a rowid.
const DATATYPE: i32 = 3091;
const MISMATCH: i32 = 20;
/// SQLITE_CONSTRAINT_NOTNULL
const NOT_NULL: i32 = 1299;

pub fn message(o: &Outcome) -> &str {
    o.error.as_ref().map_or("", |e| &e.1)
}

fn code(o: &Outcome) -> i32 {
    o.error.as_ref().map_or(0, |e| e.0)
}

/// Of several mistakes in a statement SQLite tells the first table of all arms of a compound that is not there, then columns;
/// a wrong key and what may not be written after everything else, triggers included.
pub fn is_mistake(o: &Outcome) -> bool {
    const MISTAKES: &[&str] = &[
        "no such column",
        "no such table",
        "ambiguous column name",
        "cannot join using column",
        "no query solution",
        "foreign key mismatch",
        "cannot modify",
        "cannot UPDATE generated column",
        "misuse of",
        "row value misused",
        "sub-select returns",
    ];
    MISTAKES.iter().any(|m| message(o).starts_with(m)) || message(o).ends_with("is circularly defined")
}

/// What SQLite makes no code of it does not check: rows and subqueries of several columns in columns of a subquery that
/// nobody reads. SET of an UPDATE with FROM takes aggregates, which our UPDATE does not.
fn is_unchecked(sql: &str, ours: &Outcome, stock: &Outcome) -> bool {
    let unread = ["row value misused", "sub-select returns"].iter().any(|m| message(ours).starts_with(m));
    let aggregate = message(ours).starts_with("misuse of") && sql.contains("UPDATE") && sql.contains("FROM");
    // With WITH, SQLite takes the rows of VALUES for SELECTs that ORDER BY may repeat.
    let repeated = message(ours).contains("ORDER BY term does not match") && sql.contains("VALUES");
    // A row compared with several rows of VALUES is refused in UPDATE and DELETE only.
    let compared = message(stock) == "row value misused" && ours.error.is_none() && sql.contains("VALUES");
    compared || stock.error.is_none() && (unread || aggregate || repeated)
}

/// SQLite computes generated columns of a STRICT table as if columns that must not be NULL were not, and refuses the type of
/// what comes out before the NULL.
fn types_first(ours: &Outcome, stock: &Outcome) -> bool {
    code(stock) == DATATYPE && matches!(code(ours), 0 | NOT_NULL)
}

/// In a transaction, SQLite keeps the rows before one with a value of a wrong type, or before triggers that fire
/// each other too deep: it keeps no journal of a statement that no constraint can end.
pub fn ends_halfway(stock: &Outcome) -> bool {
    stock.error.as_ref().is_some_and(|e| matches!(e.0, DATATYPE | MISMATCH) || e.1 == "triggers nested too deep")
}

/// SQLite does not look for the parent of a new row where the last program it made is the SET NULL of that very key, and
/// keeps what failed under OR FAIL, as it has no journal of a statement that only its keys can end: what it then holds
/// violates the key.
fn forgets_key(sql: &str, ours: &Outcome, stock: &Outcome, connection: &mut Sqlite) -> bool {
    let failed = |o: &Outcome| code(o) == FOREIGN_KEY;
    let forgotten = failed(ours) && !failed(stock) || failed(stock) && sql.contains(" FAIL ");
    forgotten && !connection.run("PRAGMA foreign_key_check").rows.is_empty()
}

/// A row whose key refers to itself, but for its type ('1' to 1): SQLite compares the row's own values without affinity, and
/// may have taken the old row away when it then looks for the parent.
fn misses_itself(statements: &[Statement], ours: &Outcome, stock: &Outcome) -> bool {
    let refers_to_itself = |s: &Statement| {
        let name = s.sql.strip_prefix("CREATE TABLE ").and_then(|rest| rest.split('(').next()).unwrap_or("-");
        let key = format!("REFERENCES {}", name.rsplit('.').next().unwrap_or(name));
        let Some((before, after)) = s.sql.split_once(&key) else { return false };
        let child = before.rsplit("FOREIGN KEY(").next().and_then(|rest| rest.split(')').next()).unwrap_or("");
        let parent = after.strip_prefix('(').and_then(|rest| rest.split(')').next());
        let parent = parent.map_or_else(|| primary_key(&s.sql), str::to_owned);
        kind(&s.sql, child).is_none_or(|child| kind(&s.sql, &parent) != Some(child))
    };
    let one = code(stock) == FOREIGN_KEY && ours.error.is_none() || code(ours) == FOREIGN_KEY && stock.error.is_none();
    one && statements.iter().any(refers_to_itself)
}

/// The declared type of a column.
fn kind<'s>(sql: &'s str, column: &str) -> Option<&'s str> {
    let (_, rest) = sql.split_once(&format!("({column} ")).or_else(|| sql.split_once(&format!(", {column} ")))?;
    rest.split([' ', ',', ')']).next()
}

fn primary_key(sql: &str) -> String {
    let before = sql.split(" PRIMARY KEY").next().unwrap_or("");
    let definition = before.rsplit(['(', ',']).next().unwrap_or("");
    definition.split_whitespace().next().unwrap_or("").to_owned()
}

/// A view remembers its columns where a table of another database goes.
fn remembers_columns(sql: &str, ours: &Outcome, stock: &Outcome) -> bool {
    sql.starts_with("PRAGMA") && sql.contains("table_") && stock.error.is_none() && is_mistake(ours)
}

/// In a transaction, a pragma that looks at all databases reads them for SQLite, which then lets none of them go.
fn locks(sql: &str, stock: &Outcome) -> bool {
    sql.starts_with("DETACH") && message(stock).ends_with(" is locked")
}

/// A real of -2^63 in an INTEGER or NUMERIC column stands in an index as the integer does, and is read from one that covers
/// the query as an integer.
fn is_least(ours: &(Outcome, Counters), stock: &(Outcome, Counters)) -> bool {
    let shown = |o: &Outcome| {
        let values = o.rows.iter().flatten().map(|v| literal(v.as_ref()));
        let alike =
            |v: String| v.replace("-9.2233720368547758e+18", "-9223372036854775808").replace("'real'", "'integer'");
        values.map(alike).collect::<Vec<_>>()
    };
    ours.0.error.is_none() && stock.0.error.is_none() && ours.1 == stock.1 && {
        let (mut ours, mut stock) = (shown(&ours.0), shown(&stock.0));
        ours.sort();
        stock.sort();
        ours == stock && ours.iter().any(|v| v == "-9223372036854775808")
    }
}

/// SQLITE_CONSTRAINT_ROWID of a table without INTEGER PRIMARY KEY: a trigger of a row that REPLACE takes away has used the
/// rowid that the new row was given.
fn loses_rowid(stock: &Outcome) -> bool {
    code(stock) == 2579 && message(stock).ends_with(".rowid")
}

/// Whether the last of the statements may differ.
pub fn is_known(
    statements: &[Statement],
    ours: &(Outcome, Counters),
    stock: &(Outcome, Counters),
    connection: &mut Sqlite,
) -> bool {
    let Some(statement) = statements.last() else { return false };
    // Behind the largest rowid, SQLite chooses at random.
    let rowids = stock.1.last_insert_rowid != ours.1.last_insert_rowid && stock.1.last_insert_rowid > 1 << 40;
    if matches!(code(&stock.0), PINNED | CORRUPT) || rowids || types_first(&ours.0, &stock.0) {
        return true;
    }
    // A trigger that deletes what an UPSERT updates leaves SQLite's table with the same rowid twice.
    let checked = connection.run("PRAGMA integrity_check");
    let broken = checked.rows.first().is_some_and(|row| literal(row[0].as_ref()) != "'ok'");
    broken
        || loses_rowid(&stock.0)
        || is_unchecked(&statement.sql, &ours.0, &stock.0)
        || forgets_key(&statement.sql, &ours.0, &stock.0, connection)
        || locks(&statement.sql, &stock.0)
        || is_least(ours, stock)
        || remembers_columns(&statement.sql, &ours.0, &stock.0)
        || misses_itself(statements, &ours.0, &stock.0)
}

/// Whether different errors may be taken for the same.
pub fn may_differ(statement: &Statement, ours: &Outcome, stock: &Outcome) -> bool {
    let syntax = |o: &Outcome| message(o).ends_with("syntax error") || message(o) == "incomplete input";
    // A trigger's table is looked up before its statements are read.
    let of_trigger = statement.sql.contains(" TRIGGER ") && is_mistake(stock);
    let mistakes = (statement.compare == Compare::Errors || of_trigger) && !(syntax(ours) && syntax(stock));
    // Which of several tables the pragma finds first hangs on a hash of their names.
    let checks_keys = statement.sql.ends_with("foreign_key_check") && stock.error.is_some();
    // SQLite opens the temporary database when something is first looked for in it.
    let detaches = statement.sql == "DETACH temp";
    ours.error.is_some()
        && (checks_keys
            || detaches && stock.error.is_some()
            || is_mistake(ours) && is_mistake(stock)
            || mistakes && stock.error.is_some())
}
