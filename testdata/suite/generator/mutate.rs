//! Statements with a word taken out, doubled or put elsewhere: most are wrong, and must be wrong in the same way.

use super::rng::Rng;
use super::{Compare, Statement};

/// What may stand in the place of a word.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "BY",
    "LIMIT",
    "AS",
    "ON",
    "JOIN",
    "VALUES",
    "SET",
    "INTO",
    "NOT",
    "NULL",
    "DISTINCT",
    "ALL",
    "(",
    ")",
    ",",
    "*",
    ".",
    "=",
    "+",
    "||",
    "x0",
    "a",
    "b",
    "rowid",
    "nosuch",
    "t0",
    "v",
    "1",
    "-1",
    "'a'",
    "count",
    "max",
    "sum",
    "OVER",
    "FILTER",
    "COLLATE",
    "NOCASE",
    "UNION",
    "EXISTS",
    "CASE",
    "END",
    "excluded",
    "new",
    "old",
    "\"a\"",
    "[b]",
    "sqlite_schema",
    "IN",
    "IS",
    "LIKE",
    "(SELECT 1)",
    "(SELECT 1, 2)",
    "(1, 2)",
    "count(*)",
    "max(1)",
    "length()",
    "row_number()",
    "count(*) OVER ()",
    "HAVING",
    "USING",
    "UNIQUE",
    "DEFAULT",
    "CHECK",
    "WITHOUT",
    "main",
    "temp",
    "RETURNING",
];

/// Whether a statement can be run in a wrong form without a trace.
pub fn can_mutate(statement: &Statement) -> bool {
    ["SELECT", "WITH", "INSERT", "REPLACE", "UPDATE", "DELETE", "CREATE"].iter().any(|k| statement.sql.starts_with(k))
}

/// A wrong form, if one was found. EXPLAIN keeps it from being run: what an error at run time says hangs on the rows that are visited.
pub fn mutate(rng: &mut Rng, statement: &Statement) -> Option<Statement> {
    let mut words = words(&statement.sql);
    for _ in 0..1 + rng.below(5) / 4 {
        let at = rng.below(words.len());
        match rng.below(6) {
            0 if words.len() > 1 => _ = words.remove(at),
            1 => words.insert(at, words[at].clone()),
            2 => {
                let other = rng.below(words.len());
                words.swap(at, other);
            }
            3 => {
                let other = words[rng.below(words.len())].clone();
                words[at] = other;
            }
            4 => words.insert(at, rng.pick(WORDS).to_owned()),
            _ => words[at] = rng.pick(WORDS).to_owned(),
        }
    }
    // An aggregate in VALUES makes a SELECT of its row in SQLite, or an error, as the number of rows has it.
    if words.iter().any(|w| w == "VALUES")
        && words
            .iter()
            .any(|w| w.ends_with("(*)") || w.contains("max(") || w.contains("OVER") || w.contains("row_number"))
    {
        return None;
    }
    // SQLite does not look at all arms of a recursive table for window functions.
    if words.iter().any(|w| w == "RECURSIVE") && words.iter().any(|w| w.contains("OVER") || w.contains("row_number")) {
        return None;
    }
    // Our EXPLAIN of CREATE looks at nothing.
    if words[0] == "CREATE" {
        return Some(Statement::new(words.join(" "), Compare::Errors));
    }
    // Our UPDATE and DELETE take ORDER BY and LIMIT, which the bundled library is built without.
    let writes = ["UPDATE", "DELETE"].iter().any(|k| words.iter().any(|w| w == k));
    if writes && words.iter().any(|w| w == "LIMIT" || w == "ORDER") {
        return None;
    }
    Some(Statement::new(format!("EXPLAIN {}", words.join(" ")), Compare::Errors))
}

/// The words, strings and signs of a text.
fn words(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quoted, mut in_word) = (false, false);
    for c in sql.chars() {
        let is_word = c.is_alphanumeric() || c == '_' || (c == '\'' && !quoted && ends_with_x(&words, in_word));
        match words.last_mut() {
            Some(last) if quoted || (in_word && is_word) => last.push(c),
            _ if c.is_whitespace() => {}
            // Signs of two characters stay together.
            Some(last)
                if matches!(
                    (last.as_str(), c),
                    ("|", '|') | ("<", '=' | '>' | '<') | (">", '=' | '>') | ("-", '>')
                ) =>
            {
                last.push(c);
            }
            _ => words.push(c.to_string()),
        }
        if c == '\'' {
            quoted = !quoted;
        }
        in_word = !quoted && (is_word || (in_word && c == '\''));
    }
    words
}

fn ends_with_x(words: &[String], in_word: bool) -> bool {
    in_word && words.last().is_some_and(|w| w == "x")
}
