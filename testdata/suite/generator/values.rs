//! Random calls and operators over values at the limits: 64-bit integers and reals around them as numbers, text and blobs, JSON
//! documents with paths, JSONB, casts, comparisons between classes under columns of every affinity.

use super::odd;
use super::rng::Rng;
use super::{Compare, Statement};

const LIMITS: &[&str] = &[
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "'9223372036854775807'",
    "'-9223372036854775808'",
    "'9223372036854775808'",
    "'9223372036854775807.0'",
    "'-9223372036854775809'",
    "9223372036854775807.0",
    "-9223372036854775808.0",
    "9223372036854774784.0",
    "-9223372036854774784.0",
    "4611686018427387904",
    "9007199254740993",
    "'9007199254740993'",
    "9007199254740993.0",
    "2251799813685248",
    "'2251799813685248' || char(0)",
    "1e18",
    "1e19",
    "'1e18'",
    "'1e19'",
    "'0x7fffffffffffffff'",
    "0x8000000000000000",
    "0xffffffffffffffff",
    "-1",
    "0",
    "-0.0",
    "0.1",
    "'.5'",
    "'5.'",
    "'+7'",
    "' 7 '",
    "'7e'",
    "'7e+'",
    "'1_000'",
    "1_000",
    "1e-400",
    "1e308 * 10",
    "-1e308 * 10",
    "NULL",
    "x'39'",
    "x'3900'",
    "x''",
    "'9' || char(0)",
    "'abc'",
    "''",
    "true",
];
const DOCUMENTS: &[&str] = &[
    "'{\"a\":{\"b\":[1,2,{\"c\":null}]},\"a.b\":7,\"\":0,\"é\":\"\\u00e9\"}'",
    "'[1,2.50,1e3,-0,\"x\\ny\",null,true,[],{}]'",
    "'[[1,2],[3,[4,5]]]'",
    "'\"a\\\"b\"'",
    "'{a:1,b:+2,c:.5,d:0xff,e:Infinity,\\'f\\':\\'g\\',}'",
    "'{\"a\":1,\"a\":2,\"b\":[{\"a\":3},{\"a\":4}]}'",
    "'9223372036854775808'",
    "'-9223372036854775808'",
    "'1e400'",
    "' [ 1 , 2 ] '",
    "'{}'",
    "'[]'",
    "'null'",
    "'tru'",
    "'[1,2'",
    "NULL",
    "5",
    "2.5",
    "x'00'",
    "x'1331'",
    "jsonb('[1,\"a\",{\"b\":2}]')",
    "jsonb('{\"k\":[1,2,3]}')",
    "json('{\"x\": [ 1 ] }')",
];
const PATHS: &[&str] = &[
    "'$'",
    "'$.a'",
    "'$.a.b'",
    "'$.\"a.b\"'",
    "'$.a.b[2].c'",
    "'$[0]'",
    "'$[#-1]'",
    "'$[1][1][0]'",
    "'$[#]'",
    "'$.b[1].a'",
    "'$.\"\"'",
    "'$.é'",
    "'$[-1]'",
    "'$.'",
    "'$a'",
    "'$['",
    "''",
    "NULL",
    "'a'",
    "0",
    "-1",
    "'[1]'",
    "'$.k[#-2]'",
    "'$.x.y'",
    "'$[99]'",
    "'$.a[#-9]'",
];

fn value(rng: &mut Rng) -> &'static str {
    if rng.one_in(5) { rng.pick(DOCUMENTS) } else { rng.pick(LIMITS) }
}

fn operator(rng: &mut Rng) -> String {
    let (x, y) = (value(rng), value(rng));
    let sign = rng.pick(&[
        "+", "-", "*", "/", "%", "&", "|", "<<", ">>", "||", "=", "<", ">=", "IS", "IS NOT", "AND", "OR", "LIKE",
        "GLOB",
    ]);
    match rng.below(8) {
        0 => format!("CAST({x} AS {})", rng.pick(&["INTEGER", "REAL", "NUMERIC", "TEXT", "BLOB"])),
        1 => format!("{}({x})", rng.pick(&["-", "~", "NOT ", "+", "abs"]).replace("abs", "-")),
        2 => format!("CAST({x} AS {}) {sign} CAST({y} AS {})", kind(rng), kind(rng)),
        3 => format!("({x}) BETWEEN {y} AND {}", value(rng)),
        4 => format!("({x}) IN ({y}, {}, CAST({} AS {}))", value(rng), value(rng), kind(rng)),
        5 => format!("CASE {x} WHEN {y} THEN 1 WHEN CAST({y} AS {}) THEN 2 END", kind(rng)),
        _ => format!("({x}) {sign} ({y})"),
    }
}

fn kind(rng: &mut Rng) -> &'static str {
    rng.pick(&["INTEGER", "REAL", "NUMERIC", "TEXT", "BLOB"])
}

fn function(rng: &mut Rng) -> String {
    let (x, y) = (value(rng), value(rng));
    match rng.below(9) {
        0 => format!(
            "{}({x})",
            rng.pick(&["ceil", "floor", "trunc", "round", "sign", "typeof", "quote", "hex", "length"])
        ),
        1 => format!("{}({x}, {y})", rng.pick(&["mod", "max", "min", "nullif", "ifnull", "round", "instr", "pow"])),
        2 => format!("(SELECT {}(v) FROM (SELECT {x} AS v UNION ALL SELECT {y}))", aggregate(rng)),
        3 => format!(
            "printf('{}', {x})",
            rng.pick(&["%d", "%s", "%g", "%!.20g", "%.17e", "%x", "%o", "%c", "%q", "%Q", "%,d"])
        ),
        4 => format!("substr({x}, {y}, {})", value(rng)),
        5 => format!(
            "{}({x}{})",
            rng.pick(&["date", "datetime", "julianday", "unixepoch"]),
            rng.pick(&["", ", 'auto'", ", 'unixepoch'"])
        ),
        6 => format!("char({x})"),
        7 => odd::call(rng),
        _ => odd::limits(rng),
    }
}

fn aggregate(rng: &mut Rng) -> &'static str {
    rng.pick(&["sum", "total", "avg", "max", "min", "count", "group_concat", "json_group_array"])
}

fn json(rng: &mut Rng) -> String {
    let (d, p, e) = (rng.pick(DOCUMENTS), rng.pick(PATHS), value(rng));
    let b = rng.pick(&["", "", "b"]);
    let call = match rng.below(18) {
        0..3 => format!("json{b}_extract({d}, {p}{})", if rng.one_in(3) { ", '$.a'" } else { "" }),
        3 => format!("({d}) -> {p}"),
        4 => format!("({d}) ->> {p}"),
        5 => format!("json{b}_set({d}, {p}, {e})"),
        6 => format!("json{b}_insert({d}, {p}, {e})"),
        7 => format!("json{b}_replace({d}, {p}, {e}, {}, json({}))", rng.pick(PATHS), rng.pick(DOCUMENTS)),
        8 => format!("json{b}_remove({d}, {p}, {})", rng.pick(PATHS)),
        9 => format!("json{b}_patch({d}, {})", rng.pick(DOCUMENTS)),
        10 => format!("json_type({d}, {p})"),
        11 => format!("json_array_length({d}, {p})"),
        12 => format!("json_valid({d}, {})", rng.pick(&["1", "2", "4", "5", "6", "8", "9", "15", "0"])),
        13 => format!("json_error_position({d})"),
        14 => format!("json{b}({d})"),
        15 => format!("json_pretty({d}{})", rng.pick(&["", ", '  '", ", NULL", ", 3"])),
        16 => format!("json{b}_array({d}, json({}), {e})", rng.pick(DOCUMENTS)),
        _ => format!("json{b}_object('k', {e}, {d}, jsonb({}))", rng.pick(DOCUMENTS)),
    };
    if b == "b" && rng.one_in(2) { format!("json({call})") } else { call }
}

fn statement(rng: &mut Rng) -> String {
    let column = rng.pick(&["i", "r", "n", "t", "b", "x"]);
    match rng.below(14) {
        0..4 => format!("SELECT {}", operator(rng)),
        4..6 => format!("SELECT {}", function(rng)),
        6..9 => format!("SELECT {}", json(rng)),
        9 => format!(
            "SELECT key, value, type, atom, id, parent, fullkey, path FROM {}({}{})",
            rng.pick(&["json_each", "json_tree", "jsonb_each", "jsonb_tree"]),
            rng.pick(DOCUMENTS),
            if rng.one_in(3) { format!(", {}", rng.pick(PATHS)) } else { String::new() }
        ),
        10 => format!("INSERT INTO k({column}) VALUES ({})", value(rng)),
        11 => {
            format!("SELECT quote(i), quote(r), quote(n), quote(t), quote(b), quote(x) FROM k ORDER BY {column}, rowid")
        }
        12 => format!(
            "SELECT rowid, typeof({column}), {column} FROM k WHERE {column} {} {}",
            rng.pick(&["=", "<", ">=", "IS"]),
            value(rng)
        ),
        _ => format!("UPDATE k SET {column} = {column} {} {}", rng.pick(&["+", "-", "||", "*"]), value(rng)),
    }
}

/// The statements of a seed.
pub fn program(seed: u64) -> Vec<Statement> {
    let mut rng = Rng::new(seed ^ 0x7A1E5);
    let rng = &mut rng;
    let index = rng.pick(&["i", "r DESC", "n", "t", "b", "x", "i, r", "n, x"]);
    let made = [
        "CREATE TABLE k(i INTEGER, r REAL, n NUMERIC, t TEXT, b BLOB, x)".to_owned(),
        format!("CREATE INDEX ki ON k({index})"),
    ];
    let others = (0..24).map(|_| statement(rng)).collect::<Vec<_>>();
    made.into_iter().chain(others).map(|sql| Statement::new(sql, Compare::Rows)).collect()
}
