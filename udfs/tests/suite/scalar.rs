//! Scalar functions over values of every storage class, against the bundled SQLite.

use crate::oracle::{compare_call, interesting};
use crate::reference::{Differences, Rng, TestHost, memory};
use heliosdb_udfs::value::Value;

const ONE: &[&str] = &[
    "abs",
    "concat",
    "hex",
    "length",
    "lower",
    "ltrim",
    "octet_length",
    "quote",
    "round",
    "rtrim",
    "sign",
    "soundex",
    "trim",
    "typeof",
    "unhex",
    "unicode",
    "unistr",
    "unistr_quote",
    "upper",
    "char",
    "likely",
    "unlikely",
    "subtype",
    "zeroblob",
    "printf",
    "format",
];

const TWO: &[&str] = &[
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "glob",
    "if",
    "ifnull",
    "iif",
    "instr",
    "like",
    "ltrim",
    "max",
    "min",
    "nullif",
    "round",
    "rtrim",
    "substr",
    "substring",
    "trim",
    "unhex",
];

const THREE: &[&str] = &["coalesce", "concat", "concat_ws", "iif", "like", "max", "min", "replace", "substr"];

#[test]
fn one_argument() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    for name in ONE {
        for value in interesting() {
            if *name == "zeroblob" && matches!(value, Value::Integer(i) if i > 1000) {
                continue;
            }
            compare_call(&db, &host, &mut differences, name, std::slice::from_ref(&value));
        }
    }
    differences.report();
}

#[test]
fn two_arguments() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    for name in TWO {
        for a in interesting() {
            for b in interesting() {
                compare_call(&db, &host, &mut differences, name, &[a.clone(), b]);
            }
        }
    }
    differences.report();
}

#[test]
fn three_arguments() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    let mut rng = Rng::new(3);
    let values = interesting();
    let mut pick = || values[rng.below(values.len() as u64) as usize].clone();
    for name in THREE {
        for _ in 0..4000 {
            compare_call(&db, &host, &mut differences, name, &[pick(), pick(), pick()]);
        }
    }
    differences.report();
}

#[test]
fn numbers_of_arguments() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    for name in ONE.iter().chain(TWO).chain(THREE) {
        for count in 0..5 {
            if count == 1 && matches!(*name, "min" | "max") {
                continue;
            }
            let args = vec![Value::Integer(1); count];
            compare_call(&db, &host, &mut differences, name, &args);
        }
    }
    differences.report();
}

#[test]
fn substrings() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    let limits = [
        i64::MIN,
        i64::MIN + 1,
        -(1 << 31),
        -(1 << 32),
        -6,
        -5,
        -4,
        -3,
        -2,
        -1,
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        1 << 31,
        1 << 32,
        i64::MAX - 1,
        i64::MAX,
    ];
    let texts = [
        Value::text("abcd"),
        Value::text("a\u{e9}\u{20ac}\u{1f600}z"),
        Value::Blob(b"abcd".as_slice().into()),
        Value::text(""),
        Value::Text(b"\xff\x80a\0b".as_slice().into()),
        Value::Blob(Box::default()),
        Value::Integer(12345),
    ];
    for text in &texts {
        for a in limits {
            compare_call(&db, &host, &mut differences, "substr", &[text.clone(), Value::Integer(a)]);
            for b in limits {
                compare_call(
                    &db,
                    &host,
                    &mut differences,
                    "substr",
                    &[text.clone(), Value::Integer(a), Value::Integer(b)],
                );
            }
        }
    }
    differences.report();
}
