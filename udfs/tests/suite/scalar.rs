//! Scalar functions over values of every storage class, against the bundled SQLite.

use crate::oracle::{compare_call, interesting};
use crate::reference::{Differences, Rng, TestHost, call, column, memory};
use bumpalo::Bump;
use heliosdb_udfs::scalar::{LookupError, lookup};
use heliosdb_udfs::value::{Collation, Value, ValueRef};

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

/// A function whose result is one of its arguments passes the JSON subtype on.
#[test]
fn subtypes() {
    let db = memory();
    let (host, arena, collation) = (TestHost::default(), Bump::new(), Collation::Binary);
    let json = ValueRef::Text(b"[1]");
    let other = ValueRef::Integer(2);
    let cases: [(&str, &[ValueRef<'_>], u64); 14] = [
        ("coalesce(json('[1]'),2)", &[json, other], 1),
        ("coalesce(2,json('[1]'))", &[other, json], 2),
        ("ifnull(NULL,json('[1]'))", &[ValueRef::Null, json], 2),
        ("iif(2,json('[1]'))", &[other, json], 2),
        ("if(2,json('[1]'))", &[other, json], 2),
        ("nullif(json('[1]'),2)", &[json, other], 1),
        ("max(json('[1]'),2)", &[json, other], 1),
        ("min(2,json('[1]'))", &[other, json], 2),
        ("likely(json('[1]'))", &[json], 1),
        ("unlikely(json('[1]'))", &[json], 1),
        ("likelihood(json('[1]'),0.5)", &[json, ValueRef::Real(0.5)], 1),
        ("trim(json('[1]'))", &[json], 1),
        ("replace(json('[1]'),'x','y')", &[json, ValueRef::Text(b"x"), ValueRef::Text(b"y")], 1),
        ("max('a',json('[1]'))", &[ValueRef::Text(b"a"), json], 2),
    ];
    for (sql, args, json_args) in cases {
        let name = sql.split('(').next().expect("a name");
        let function = lookup(name, args.len()).expect("a function");
        let mut call = call(&arena, &host, &collation);
        call.json_args = json_args;
        (function.call)(&mut call, arena.alloc_slice_copy(args)).expect("a result");
        let theirs = column(&db, &format!("SELECT subtype({sql})"), &[]).join(" ");
        assert_eq!(format!("int:{}", if call.json_result { 74 } else { 0 }), theirs, "{sql}");
    }
}

/// Names in any case; what is no function.
#[test]
fn names() {
    assert_eq!(lookup("SubStr", 2).expect("a function").name, "substr");
    assert_eq!(lookup("min", 1).err(), Some(LookupError::WrongArgumentCount));
    for name in ["", "no_such", "a name that is longer than any function's name", "\u{e9}"] {
        assert_eq!(lookup(name, 1).err(), Some(LookupError::NoSuchFunction), "{name}");
    }
}

/// Every name of a scalar function that SQLite has, but for the extensions'.
#[test]
fn all_names() {
    let db = memory();
    let names = column(
        &db,
        "SELECT DISTINCT name FROM pragma_function_list WHERE type='s' AND builtin AND name NOT IN ('->','->>')",
        &[],
    );
    let missing: Vec<_> = names
        .iter()
        .map(|name| name.trim_start_matches("text:"))
        .filter(|name| (0..4).all(|args| lookup(name, args).is_err()))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
