//! Random values and expressions.
//!
//! Nothing here raises an error that depends on which rows are visited or in what order: `abs` of the smallest integer, JSON of
//! malformed text and sums that overflow stay out.

use super::call;
use super::rng::Rng;
use super::schema::Table;

const TEXTS: &[&str] = &[
    "''",
    "'a'",
    "'A'",
    "'b'",
    "'abc'",
    "'ABC '",
    "'1'",
    "'01'",
    "' 2 '",
    "'1.5'",
    "'3abc'",
    "'-4e1'",
    "'é'",
    "'x%y_'",
    "'2024-02-29'",
    "'1e500'",
    "'9223372036854775808'",
    "'0x10'",
    "'null'",
    "'a''b'",
    "CAST(x'ff41' AS TEXT)",
    "'a' || char(0) || 'b'",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "10",
    "100",
    "0.0",
    "1.0",
    "-0.5",
    "2.5",
    "1e3",
    "1e15",
    "255",
    "65536",
    "2147483648",
    "4503599627370497",
];
const EXTREMES: &[&str] = &[
    "9223372036854775000",
    "-9223372036854775808",
    "9007199254740993",
    "1e300",
    "-1e-300",
    "0x7f",
    "9007199254740992.0",
    "1e999",
    "(1e999 - 1e999)",
    "-0.0",
    "9223372036854775807.0",
    "123456789012345678",
];
const BLOBS: &[&str] = &["x''", "x'00'", "x'61'", "x'6162'", "x'ff00ff'", "x'31'"];
const TYPES: &[&str] = &["INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "VARCHAR(3)"];
const BINARY: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "&",
    "|",
    "<<",
    ">>",
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "IS",
    "IS NOT",
    "AND",
    "OR",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
];
const UNARY: &[&str] = &["-", "+", "NOT ", "~"];
const COLLATIONS: &[&str] = &["BINARY", "NOCASE", "RTRIM"];
const TESTS: &[&str] = &["IS NULL", "IS NOT NULL", "NOTNULL", "ISNULL", "IS TRUE", "IS NOT FALSE", "IS FALSE"];
const PATTERNS: &[&str] = &["'a%'", "'%B%'", "'_'", "'a*'", "'[a-b]*'", "1", "'[^a]?'", "'%'", "NULL"];

pub fn value(rng: &mut Rng) -> &'static str {
    match rng.below(20) {
        0..2 => "NULL",
        2..8 => rng.pick(&NUMBERS[..8]),
        8..12 => rng.pick(NUMBERS),
        12 => rng.pick(EXTREMES),
        13..18 => rng.pick(TEXTS),
        _ => rng.pick(BLOBS),
    }
}

/// A literal that may stand where only constants may.
pub fn constant(rng: &mut Rng) -> String {
    format!("({})", value(rng))
}

/// A value of which most are alike, so that keys meet.
pub fn key(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => value(rng).to_owned(),
        _ => rng.below(12).to_string(),
    }
}

pub fn type_name(rng: &mut Rng) -> &'static str {
    rng.pick(TYPES)
}

pub fn collation(rng: &mut Rng) -> &'static str {
    rng.pick(COLLATIONS)
}

pub fn column(rng: &mut Rng, scope: &[String]) -> String {
    if scope.is_empty() { value(rng).to_owned() } else { scope[rng.below(scope.len())].clone() }
}

/// What an expression may name.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    pub columns: &'a [String],
    /// Tables for subqueries; none where there can be no subquery.
    pub tables: &'a [Table],
}

/// An expression over columns, without subqueries.
pub fn expr(rng: &mut Rng, columns: &[String], depth: usize) -> String {
    any(rng, Names { columns, tables: &[] }, depth)
}

pub fn any(rng: &mut Rng, names: Names<'_>, depth: usize) -> String {
    if depth == 0 || rng.one_in(4) {
        return if rng.one_in(3) { value(rng).to_owned() } else { column(rng, names.columns) };
    }
    let sub = |rng: &mut Rng| any(rng, names, depth - 1);
    match rng.below(19) {
        0..5 => format!("({} {} {})", sub(rng), rng.pick(BINARY), sub(rng)),
        5 => format!("({}{})", rng.pick(UNARY), sub(rng)),
        6 => format!("CAST({} AS {})", sub(rng), type_name(rng)),
        7 => {
            let end = if rng.one_in(2) { format!(" ELSE {}", sub(rng)) } else { String::new() };
            format!("CASE WHEN {} THEN {}{end} END", sub(rng), sub(rng))
        }
        8 => format!("CASE {} WHEN {} THEN {} WHEN {} THEN 2 ELSE 3 END", sub(rng), sub(rng), sub(rng), sub(rng)),
        9 => format!("({} {}IN ({}, {}, {}))", sub(rng), not(rng), sub(rng), sub(rng), value(rng)),
        10 => format!("({} {}BETWEEN {} AND {})", sub(rng), not(rng), sub(rng), sub(rng)),
        11 => format!("({} {})", sub(rng), rng.pick(TESTS)),
        12 => format!("({} COLLATE {})", sub(rng), collation(rng)),
        13 => {
            let (operator, pattern) = (rng.pick(&["LIKE", "GLOB"]), rng.pick(PATTERNS));
            let escape = if operator == "LIKE" && rng.one_in(4) { " ESCAPE 'x'" } else { "" };
            format!("({} {}{operator} {pattern}{escape})", sub(rng), not(rng))
        }
        14 => row_value(rng, &sub),
        15 if !names.tables.is_empty() => subquery(rng, names),
        _ => call::call(rng, &sub),
    }
}

fn row_value(rng: &mut Rng, sub: &dyn Fn(&mut Rng) -> String) -> String {
    match rng.below(4) {
        0 => format!("(({}, {}) {}IN (VALUES ({}, {}), (1, 2)))", sub(rng), sub(rng), not(rng), key(rng), key(rng)),
        1 => format!("(({}, {}) BETWEEN (0, 1) AND ({}, {}))", sub(rng), sub(rng), key(rng), key(rng)),
        _ => {
            let operator = rng.pick(&["=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"]);
            format!("(({}, {}) {operator} ({}, {}))", sub(rng), sub(rng), sub(rng), sub(rng))
        }
    }
}

/// A subquery whose result does not depend on the order in which its rows are visited.
fn subquery(rng: &mut Rng, names: Names<'_>) -> String {
    let table = &names.tables[rng.below(names.tables.len())];
    let inner: Vec<String> = table.columns.iter().map(|c| format!("s.{c}")).collect();
    let (outer, own) = (column(rng, names.columns), column(rng, &inner));
    let filter = match rng.below(3) {
        0 => format!("{own} = {outer}"),
        1 => condition(rng, &inner, 1),
        _ => format!("{own} {} {outer} AND {}", rng.pick(&["<", "IS", ">="]), condition(rng, &inner, 0)),
    };
    let from = format!("FROM {} AS s WHERE {filter}", table.name);
    match rng.below(6) {
        0 => format!("({}EXISTS (SELECT 1 {from}))", not(rng)),
        1 => format!("({outer} {}IN (SELECT {own} {from}))", not(rng)),
        2 => format!("(SELECT max(quote({own})) {from})"),
        3 => format!("(SELECT group_concat(quote({own}), '-' ORDER BY quote({own})) {from})"),
        4 => format!("(({outer}, 1) {}IN (SELECT {own}, {} {from}))", not(rng), column(rng, &inner)),
        _ => format!("(SELECT count(*) {from})"),
    }
}

pub fn not(rng: &mut Rng) -> &'static str {
    if rng.one_in(3) { "NOT " } else { "" }
}

/// A condition, more often than not one that an index could serve.
pub fn condition(rng: &mut Rng, scope: &[String], depth: usize) -> String {
    filter(rng, Names { columns: scope, tables: &[] }, depth)
}

pub fn filter(rng: &mut Rng, names: Names<'_>, depth: usize) -> String {
    let scope = names.columns;
    let one = |rng: &mut Rng| match rng.below(9) {
        0..3 => {
            format!("{} {} {}", column(rng, scope), rng.pick(&["=", "<", "<=", ">", ">=", "<>", "IS"]), key(rng))
        }
        3 => format!("{} BETWEEN {} AND {}", column(rng, scope), key(rng), key(rng)),
        4 => format!("{} {}IN ({}, {}, {})", column(rng, scope), not(rng), key(rng), key(rng), key(rng)),
        5 => format!("{} IS {}NULL", column(rng, scope), not(rng)),
        6 => format!("{} = {}", column(rng, scope), column(rng, scope)),
        7 => format!("{} LIKE {}", column(rng, scope), rng.pick(PATTERNS)),
        _ => any(rng, names, depth),
    };
    match rng.below(6) {
        0..3 => one(rng),
        3..5 => format!("{} AND {}", one(rng), one(rng)),
        _ => format!("({} OR {})", one(rng), one(rng)),
    }
}
