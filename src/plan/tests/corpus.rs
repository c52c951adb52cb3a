//! Statements written by hand, one rule each.

use super::compare::Both;

pub const SCHEMA: &str = include_str!("schema.sql");
const STATEMENTS: &str = include_str!("statements.sql");

#[test]
fn binds_what_sqlite_binds_with_the_same_errors_and_columns() {
    let both = Both::new(SCHEMA);
    let statements = STATEMENTS.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("--"));
    let found = both.differences(statements);
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
}
