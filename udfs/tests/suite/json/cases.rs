//! Tables of documents, paths and values, each tried with everything.

use super::checks::*;
use super::oracle::*;

const DOCUMENTS: &[&str] = &[
    "1",
    "-1",
    "+1",
    "0",
    "-0",
    "00",
    "01",
    "-01",
    "0x1F",
    "-0x1F",
    "+0x1f",
    "0x",
    "0xg",
    ".5",
    "5.",
    "-.5",
    "+.5",
    "-5.",
    ".",
    "-.",
    "1e5",
    "1E5",
    "1e+5",
    "1e-5",
    "1.e5",
    ".e5",
    "1e",
    "1e+",
    "1.5e",
    "1.5.5",
    "1e5.5",
    "1e5e5",
    "- 1",
    "--1",
    "Infinity",
    "-Infinity",
    "+Infinity",
    "inf",
    "-inf",
    "INF",
    "infin",
    "-infin",
    "NaN",
    "-NaN",
    "nan",
    "qnan",
    "SNaN",
    "1.0",
    "2.50",
    "-0.0",
    "1e999",
    "-1e999",
    "1e-999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "0x7fffffffffffffff",
    "0x8000000000000000",
    "-0x8000000000000000",
    "0xffffffffffffffff",
    "0x10000000000000000",
    "0x00000000000000000001",
    "3.141592653589793",
    "0.1",
    "1e22",
    "1e23",
    "12345678901234567",
    "0.30000000000000004",
    "2.2250738585072014e-308",
    "true",
    "false",
    "null",
    "True",
    "tru",
    "nullx",
    "null1",
    "null_",
    "truefalse",
    "n",
    "nul",
    "\"a\"",
    "'a'",
    "'a\"b'",
    "'a\\'b'",
    "\"a'b\"",
    "\"\"",
    "''",
    "\"abc",
    "'abc",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\x4\"",
    "\"\\u0041\"",
    "\"\\u12\"",
    "\"\\u00e9\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ud83d\\u0041\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\0\"",
    "\"\\01\"",
    "\"\\v\"",
    "\"\\b\\f\\n\\r\\t\\/\\\\\"",
    "\"\\a\"",
    "\"\\'\"",
    "\"a\tb\"",
    "\"a\nb\"",
    "\"\u{1}\"",
    "\"\u{7f}\"",
    "\"a\\\nb\"",
    "\"a\\\r\nb\"",
    "\"a\\\rb\"",
    "\"a\\\u{2028}b\"",
    "\"a\\\n\"",
    "\"a\\\n\\\nb\"",
    "\"a\u{2028}b\"",
    "\"\u{e9}\"",
    "\"\u{1f600}\"",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "[,]",
    "[1,]",
    "[1,,2]",
    "[1 2]",
    "[1",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "[1]]",
    "[1}",
    "{\"a\":1]",
    "{\"a\":1}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{a:1}",
    "{a :1}",
    "{ a:1}",
    "{$a_1:2}",
    "{1:2}",
    "{1a:2}",
    "{a-b:2}",
    "{\u{e9}:2}",
    "{\\u0041:3}",
    "{a\\u0041b:3}",
    "{a\\x41:3}",
    "{nan:1}",
    "{nanx:1}",
    "{null:1}",
    "{inf:1}",
    "{infx:1}",
    "{true:1}",
    "{'a':1}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":{\"b\":[1,2,{\"c\":3}]}}",
    "{\"a\":1/**/,b:2}",
    "{a/*x*/:1}",
    "{a:/*x*/1}",
    "{/*x*/a:1}",
    "{a\u{a0}:1}",
    "[1/*]",
    "[1/*]*/]",
    "/*x*/1",
    "1/*x*/",
    "1/*x",
    "1//x",
    "//x\n1",
    "//x",
    "1/",
    "/",
    "\u{feff}1",
    "\u{a0}1\u{a0}",
    "\u{b}1",
    "\u{c}[1]",
    "\u{2028}1",
    "\u{3000}1",
    "\u{2000}1",
    "\u{200b}1",
    "\u{1680}1",
    "\u{205f}1",
    "",
    " ",
    "\t\n\r 1",
    " [ 1 , 2 ] ",
    " { \"a\" : 1 } ",
    "[null,true,false]",
    "[1.0,2.50,3e2]",
    "[[[[]]]]",
    "[{},[],{\"a\":{}}]",
    "[\"a\",'b',\"c\\n\"]",
    "\u{e9}[",
    "[\u{e9}]",
    "[1,x]",
    "a",
    "_",
    "$",
    "[a]",
    "[1\u{0}",
    "{\"\":1}",
    "{\"a b\":1}",
    "{\"a.b\":1}",
    "{\"a\\\"b\":1}",
    "{\"a\\u0041\":1}",
];

const PATHS: &[&str] = &[
    "",
    "$",
    "x",
    "$x",
    "$ ",
    "$.",
    "$..a",
    "$.a",
    "$.a.b",
    "$.a.b[1]",
    "$.a.b[2].c",
    "$.a.b[#]",
    "$.a.b[#-1]",
    "$.a.b[#-1].c",
    "$.a.b[#-9]",
    "$.a[0]",
    "$.b",
    "$.b.c",
    "$.b[0]",
    "$.b[1]",
    "$.b[0].c[0]",
    "$.b[0].c[1]",
    "$[0]",
    "$[1]",
    "$[2]",
    "$[3]",
    "$[-1]",
    "$[#]",
    "$[#-1]",
    "$[#-2]",
    "$[#-]",
    "$[#-x]",
    "$[#+1]",
    "$[#x]",
    "$[]",
    "$[",
    "$[0",
    "$[x]",
    "$[0]x",
    "$[0].a",
    "$[0][0]",
    "$[00]",
    "$[4294967296]",
    "$[18446744073709551616]",
    "$[#-4294967297]",
    "$[#-18446744073709551617]",
    "$.\"a\"",
    "$.\"a",
    "$.\"",
    "$.\"\"",
    "$.\"a b\"",
    "$.a b",
    "$.\"a.b\"",
    "$.\"a\\\"b\"",
    "$.a\"b",
    "$.\"a\\u0041\"",
    "$.aA",
    "$.a\\u0041",
    "$.\"a\\x41\"",
    "$.\"a\\xg\"",
    "$.\"a\"x",
    "$'",
    "$.a'",
    "$.é",
    "$.a[",
    "$.z[",
    "$.z.",
    "$.z[x",
    "$.z[0]x",
    "a",
    "a b",
    "a.b",
    "a_b",
    "0",
    "[0]",
    "[#-1]",
    "[]",
    "[x]",
    "[0",
    ".a",
    "$.a.",
    "a\"b",
    "a\\u0041",
];

#[test]
fn documents() {
    let mut oracle = Oracle::new();
    for document in DOCUMENTS {
        check_document(&mut oracle, &text(document));
        check_document(&mut oracle, &blob(document.as_bytes()));
    }
    for value in values() {
        check_document(&mut oracle, &value);
    }
    // Damage that random blobs seldom hit: a sign before a hexadecimal number, a backslash before NUL.
    for damaged in [
        &b"\x44\x2b\xc9\x13\x31"[..],
        b"\xac\x28\x5c\x00\x17\x61\xd1\x39\x61\x09\x62",
        b"\x49\x61\x5c\x0a\xe2",
        b"\x4b\x4b\x39\x09\x62",
    ] {
        check_document(&mut oracle, &blob(damaged));
    }
    oracle.finish();
}

#[test]
fn paths() {
    let mut oracle = Oracle::new();
    let documents = [
        "{\"a\":{\"b\":[1,2,{\"c\":3}]}}",
        "[1,2,3]",
        "[]",
        "{}",
        "5",
        "[[0],{\"a\":[7]}]",
        "{\"\":1,\"a b\":2,\"a.b\":3,\"a\\\"b\":4,\"a\\u0041\":5,\"\u{e9}\":6,'aA':7}",
        "[1",
        "{\"b\":[{\"c\":[]}]}",
    ];
    for document in documents {
        for path in PATHS {
            check_path(&mut oracle, &text(document), &text(path), &text("v"));
        }
        for path in [int(0), int(1), int(-1), int(-9), real(1.0), null(), blob(b"$.a"), blob(b"\xff")] {
            check_path(&mut oracle, &text(document), &path, &int(7));
        }
    }
    for path in PATHS {
        check_path(&mut oracle, &null(), &text(path), &int(7));
    }
    oracle.finish();
}

#[test]
fn edited_values() {
    let mut oracle = Oracle::new();
    for value in values() {
        for document in
            ["[10,\"abcdefghijklmn\",null,[]]", "{\"a\":[1,2],\"b\":\"0123456789012345678901234567890123456789\"}"]
        {
            for path in ["$", "$[0]", "$[1]", "$[2]", "$[#]", "$.a", "$.b", "$.a[1]", "$.c", "$.c.d[0]"] {
                check_path(&mut oracle, &text(document), &text(path), &value);
            }
        }
    }
    // The sizes at which headers grow and shrink, and replacements that fit into the room of the old element.
    for outer in [0usize, 5, 9, 10, 11, 12, 240, 250, 251, 252, 253, 254, 255, 256, 257, 65520, 65530, 65535, 65540] {
        for inner in [0usize, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 250, 256, 300, 65536] {
            let document = text(&format!("[[\"{}\"],{{\"x\":[]}}]", "o".repeat(outer)));
            oracle.check("jsonb_set", &[document.clone(), text("$[0][0]"), text(&"i".repeat(inner))]);
            oracle.check("jsonb_insert", &[document.clone(), text("$[1].y[0]"), text(&"i".repeat(inner))]);
            oracle.check("jsonb_remove", &[document.clone(), text("$[0]"), text("$[0].x")]);
            oracle.check("jsonb_patch", &[document, text("{\"a\":{\"b\":null}}")]);
        }
    }
    for old in 0..40 {
        for new in 0..40 {
            let document = text(&format!("[\"{}\"]", "o".repeat(old)));
            oracle.check("jsonb_replace", &[document, text("$[0]"), text(&"i".repeat(new))]);
        }
    }
    oracle.finish();
}

#[test]
fn argument_counts() {
    let mut oracle = Oracle::new();
    for name in EDITS.into_iter().chain([
        "json_array",
        "json_object",
        "jsonb_object",
        "json_extract",
        "jsonb_extract",
        "json_remove",
        "jsonb_remove",
    ]) {
        oracle.check(name, &[]);
        for first in [text("[1,2]"), null(), text("[1"), blob(b"\xaa"), int(4)] {
            oracle.check(name, std::slice::from_ref(&first));
            for second in [text("$[0]"), text("$"), null(), text("x"), int(5)] {
                oracle.check(name, &[first.clone(), second.clone()]);
                for third in [text("$[1]"), null(), blob(b"\xaa"), text("x")] {
                    oracle.check(name, &[first.clone(), second.clone(), third.clone()]);
                    for fourth in [text("$[#]"), null(), text("x"), blob(b"\xaa")] {
                        oracle.check(name, &[first.clone(), second.clone(), third.clone(), fourth.clone()]);
                        oracle.check(
                            name,
                            &[first.clone(), second.clone(), third.clone(), fourth, Arg::Json("[3]".into())],
                        );
                    }
                }
            }
        }
    }
    for flags in [int(0), int(16), int(-1), null(), text("2"), text("x"), real(2.9)] {
        oracle.check("json_valid", &[text("{a:1}"), flags.clone()]);
        oracle.check("json_valid", &[null(), flags]);
    }
    for indent in [text(""), text("\t"), null(), int(5), text("ab"), blob(b"--"), text("a\u{0}b")] {
        oracle.check("json_pretty", &[text("{\"a\":[1,{},[],{\"b\":null}],\"c\":\"d\"}"), indent.clone()]);
        oracle.check("json_pretty", &[null(), indent]);
    }
    oracle.finish();
}

#[test]
fn merge_patch() {
    let mut oracle = Oracle::new();
    let documents = [
        "{\"a\":\"b\"}",
        "{\"a\":\"c\"}",
        "{\"a\":null}",
        "{\"b\":\"c\"}",
        "{\"a\":[\"b\"]}",
        "{\"a\":{\"b\":\"c\"}}",
        "{\"a\":{\"b\":\"d\",\"c\":null}}",
        "{\"a\":[{\"b\":\"c\"}]}",
        "[1]",
        "[\"a\",\"b\"]",
        "[\"c\",\"d\"]",
        "null",
        "{\"e\":null}",
        "{\"a\":1}",
        "[1,2]",
        "{\"a\":\"b\",\"c\":null}",
        "{\"a\":{\"bb\":{\"ccc\":null}}}",
        "{}",
        "\"x\"",
        "5",
        "{",
        "{\"a\\u0041\":{\"x\":{\"y\":{\"z\":1}}}}",
        "{aA:{x:{y:null,w:2}}}",
        "{\"a\":{\"b\":{\"c\":{\"d\":\"0123456789012345678901234567890123456789\"}}}}",
        "{\"a\":{\"b\":{\"c\":{\"d\":1,\"e\":{}}}}}",
        "{\"a\":{\"b\":{}}}",
        "{\"x\":{},\"a\":{\"b\":5},\"a\":7}",
        "{\"a\":{\"b\":null},\"a\":{\"q\":1}}",
    ];
    for target in documents {
        for patch in documents {
            for name in ["json_patch", "jsonb_patch"] {
                oracle.check(name, &[text(target), text(patch)]);
            }
        }
        oracle.check("json_patch", &[text(target), null()]);
        oracle.check("json_patch", &[null(), text(target)]);
        oracle.check("json_patch", &[text(target), blob(b"\xaa")]);
    }
    oracle.finish();
}
