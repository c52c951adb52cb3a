//! Random values and expressions.
//!
//! Nothing here raises an error that depends on which rows are visited or in what order: `abs` of the smallest integer, JSON of
//! malformed text and sums that overflow stay out.

use super::rng::Rng;

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
const EXTREMES: &[&str] =
    &["9223372036854775807", "-9223372036854775808", "9007199254740993", "1e300", "-1e-300", "0x7f"];
const BLOBS: &[&str] = &["x''", "x'00'", "x'61'", "x'6162'", "x'ff00ff'"];
const TYPES: &[&str] = &["INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "VARCHAR(3)"];
const BINARY: &[&str] =
    &["+", "-", "*", "/", "%", "||", "&", "|", "<<", ">>", "=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"];
const UNARY: &[&str] = &["-", "+", "NOT ", "~"];
const COLLATIONS: &[&str] = &["BINARY", "NOCASE", "RTRIM"];
const ONE: &[&str] = &[
    "length",
    "typeof",
    "upper",
    "lower",
    "hex",
    "quote",
    "trim",
    "ltrim",
    "unicode",
    "sign",
    "round",
    "char",
    "octet_length",
];
const TWO: &[&str] = &["ifnull", "nullif", "instr", "max", "min", "coalesce", "iif_", "round_", "substr", "rtrim"];

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

fn column(rng: &mut Rng, scope: &[String]) -> String {
    if scope.is_empty() { value(rng).to_owned() } else { scope[rng.below(scope.len())].clone() }
}

/// An expression over the columns of `scope`.
pub fn expr(rng: &mut Rng, scope: &[String], depth: usize) -> String {
    if depth == 0 || rng.one_in(4) {
        return if rng.one_in(3) { value(rng).to_owned() } else { column(rng, scope) };
    }
    let mut sub = |rng: &mut Rng| expr(rng, scope, depth - 1);
    match rng.below(16) {
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
        11 => format!("({} IS {}NULL)", sub(rng), not(rng)),
        12 => format!("({} COLLATE {})", sub(rng), collation(rng)),
        13 => format!(
            "({} {}{} {})",
            sub(rng),
            not(rng),
            rng.pick(&["LIKE", "GLOB"]),
            rng.pick(&["'a%'", "'%B%'", "'_'", "'a*'", "'[a-b]*'", "1"])
        ),
        14 => format!("{}({})", rng.pick(ONE), sub(rng)),
        _ => call(rng, &mut sub),
    }
}

fn call(rng: &mut Rng, sub: &mut dyn FnMut(&mut Rng) -> String) -> String {
    match rng.pick(TWO) {
        "iif_" => format!("iif({}, {}, {})", sub(rng), sub(rng), sub(rng)),
        "round_" => format!("round({}, {})", sub(rng), rng.below(4)),
        "substr" => format!("substr({}, {}, {})", sub(rng), rng.below(5) as i32 - 2, rng.below(4)),
        name => format!("{name}({}, {})", sub(rng), sub(rng)),
    }
}

pub fn not(rng: &mut Rng) -> &'static str {
    if rng.one_in(3) { "NOT " } else { "" }
}

/// A condition, more often than not one that an index could serve.
pub fn condition(rng: &mut Rng, scope: &[String], depth: usize) -> String {
    let one = |rng: &mut Rng| match rng.below(8) {
        0..3 => format!("{} {} {}", column(rng, scope), rng.pick(&["=", "<", "<=", ">", ">=", "<>", "IS"]), key(rng)),
        3 => format!("{} BETWEEN {} AND {}", column(rng, scope), key(rng), key(rng)),
        4 => format!("{} {}IN ({}, {}, {})", column(rng, scope), not(rng), key(rng), key(rng), key(rng)),
        5 => format!("{} IS {}NULL", column(rng, scope), not(rng)),
        6 => format!("{} = {}", column(rng, scope), column(rng, scope)),
        _ => expr(rng, scope, depth),
    };
    match rng.below(6) {
        0..3 => one(rng),
        3..5 => format!("{} AND {}", one(rng), one(rng)),
        _ => format!("({} OR {})", one(rng), one(rng)),
    }
}
