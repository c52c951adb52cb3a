//! LIKE and GLOB with random patterns, against the bundled SQLite.

use crate::oracle::compare_call;
use crate::reference::{Differences, Rng, TestHost, memory};
use crate::values::cases;
use heliosdb_udfs::value::{Value, glob, like};

fn random_text(rng: &mut Rng, parts: &[&[u8]], length: u64) -> Value {
    let mut text = Vec::new();
    for _ in 0..rng.below(length) {
        text.extend_from_slice(parts[rng.below(parts.len() as u64) as usize]);
    }
    Value::Text(text.into())
}

const TEXT: &[&[u8]] = &[
    b"a",
    b"b",
    b"A",
    b"c",
    b"a",
    b"b",
    "\u{e9}".as_bytes(),
    "\u{c9}".as_bytes(),
    b"\xff",
    b"\x80",
    b"\xe2",
    b"]",
    b"-",
    b"^",
    b"%",
    b"_",
    b"!",
    "\u{fffe}".as_bytes(),
];

#[test]
fn random_like() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    let mut rng = Rng::new(31);
    let parts: Vec<&[u8]> = [TEXT, &[b"%", b"%", b"_", b"%", b"_", b"!%", b"!_", b"!!", b"!"]].concat();
    for _ in 0..cases(200_000) {
        let mut args = vec![random_text(&mut rng, &parts, 8), random_text(&mut rng, TEXT, 9)];
        if rng.chance(60) {
            args.push(Value::text(rng.pick(&["!", "!", "!", "%", "_", "a", "A", "\u{e9}"])));
        }
        compare_call(&db, &host, &mut differences, "like", &args);
    }
    differences.report();
}

#[test]
fn random_glob() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    let mut rng = Rng::new(32);
    let parts: Vec<&[u8]> = [
        TEXT,
        &[
            b"*",
            b"*",
            b"?",
            b"*",
            b"?",
            b"[a-b]",
            b"[^a]",
            b"[",
            b"[]a]",
            b"[^]b]",
            b"[b-]",
            b"[-c]",
            b"[a-",
            b"[a-c-e]",
            "[\u{e8}-\u{ea}]".as_bytes(),
        ],
    ]
    .concat();
    for _ in 0..cases(200_000) {
        let args = [random_text(&mut rng, &parts, 8), random_text(&mut rng, TEXT, 9)];
        compare_call(&db, &host, &mut differences, "glob", &args);
    }
    differences.report();
}

/// As many wildcards as a pattern may have need no stack.
#[test]
fn many_wildcards() {
    let text = b"a".repeat(30_000);
    assert!(like::like(&b"%a".repeat(25_000), &text, None, false));
    assert!(!like::like(&b"%a".repeat(25_000), &text[..20_000], None, false));
    assert!(glob::glob(&b"*a".repeat(25_000), &text));
    assert!(!glob::glob(&[b"*a".repeat(20_000), b"*b".to_vec()].concat(), &text));
}

/// Characters of bytes that are no UTF-8.
#[test]
fn random_bytes() {
    let (db, host, mut differences) = (memory(), TestHost::default(), Differences::default());
    let mut rng = Rng::new(33);
    for _ in 0..cases(40_000) {
        let text = |rng: &mut Rng, length: u64| -> Value {
            let bytes = [
                b'a', 0x80, 0xbf, 0x9f, 0xa0, 0xc0, 0xc1, 0xc3, 0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf7, 0xf8,
                0xfc, 0xfe, 0xff, 0xbe, 0xbe, 0xbf,
            ];
            Value::Text((0..rng.below(length)).map(|_| bytes[rng.below(23) as usize]).collect())
        };
        let (long, short) = (text(&mut rng, 8), text(&mut rng, 4));
        for name in ["unicode", "length", "upper", "quote", "octet_length", "soundex", "unhex"] {
            compare_call(&db, &host, &mut differences, name, std::slice::from_ref(&long));
        }
        for name in ["instr", "trim", "rtrim", "ltrim", "unhex"] {
            compare_call(&db, &host, &mut differences, name, &[long.clone(), short.clone()]);
        }
        compare_call(&db, &host, &mut differences, "like", &[short.clone(), long.clone()]);
        compare_call(&db, &host, &mut differences, "like", &[short.clone(), short.clone(), text(&mut rng, 4)]);
        compare_call(
            &db,
            &host,
            &mut differences,
            "substr",
            &[long.clone(), Value::Integer(rng.range(-6, 6)), Value::Integer(rng.range(-6, 6))],
        );
        compare_call(
            &db,
            &host,
            &mut differences,
            "printf",
            &[Value::text("%!5.3s|%c|%!.2q|%!6c"), long.clone(), long.clone(), long.clone(), long.clone()],
        );
        compare_call(&db, &host, &mut differences, "replace", &[long.clone(), short.clone(), Value::text("-")]);
    }
    differences.report();
}
