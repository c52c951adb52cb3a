//! What is tried with a document, with a document and a path; and the values that are put into documents.

use super::oracle::*;
use bumpalo::Bump;
use heliosdb_udfs::value::ValueRef;

/// Functions of one argument.
pub const UNARY: [&str; 10] = [
    "json",
    "jsonb",
    "json_pretty",
    "json_type",
    "json_array_length",
    "json_error_position",
    "json_valid",
    "json_quote",
    "json_array",
    "jsonb_array",
];

/// Whether a value survives as a part of JSON text.
pub fn well_formed(value: &Arg) -> bool {
    let Arg::Value(value) = value else {
        return true;
    };
    let arena = Bump::new();
    match call_ours(&arena, "json_array", &[value.as_ref()], 0).0 {
        Ok(text) => matches!(call_ours(&arena, "json_valid", &[text], 0).0, Ok(ValueRef::Integer(1))),
        Err(_) => true,
    }
}

/// Everything that can be done to one document without a path.
pub fn check_document(oracle: &mut Oracle, document: &Arg) {
    for name in UNARY {
        // What SQLite makes of a damaged blob here is bytes that are no JSONB, and not always the same as ours.
        if name == "jsonb_array" && !well_formed(document) {
            continue;
        }
        oracle.check(name, std::slice::from_ref(document));
    }
    for flags in [2, 4, 8, 9, 15] {
        oracle.check("json_valid", &[document.clone(), int(flags)]);
    }
    for name in ["json_extract", "jsonb_extract", "->", "->>"] {
        oracle.check(name, &[document.clone(), text("$")]);
    }
    if matches!(document, Arg::Value(_)) {
        for name in ["json_each", "json_tree", "jsonb_each", "jsonb_tree"] {
            oracle.check_each(name, std::slice::from_ref(document));
        }
    }
}

/// Everything that can be done to a document at a path.
pub fn check_path(oracle: &mut Oracle, document: &Arg, path: &Arg, value: &Arg) {
    for name in
        ["json_extract", "jsonb_extract", "->", "->>", "json_type", "json_array_length", "json_remove", "jsonb_remove"]
    {
        oracle.check(name, &[document.clone(), path.clone()]);
    }
    for name in EDITS {
        oracle.check(name, &[document.clone(), path.clone(), value.clone()]);
    }
    for name in ["json_each", "json_tree", "jsonb_tree"] {
        oracle.check_each(name, &[document.clone(), path.clone()]);
    }
}

pub const EDITS: [&str; 8] = [
    "json_insert",
    "jsonb_insert",
    "json_replace",
    "jsonb_replace",
    "json_set",
    "jsonb_set",
    "json_array_insert",
    "jsonb_array_insert",
];

pub fn values() -> Vec<Arg> {
    vec![
        null(),
        int(5),
        int(-1234567),
        real(1.5),
        real(f64::INFINITY),
        real(f64::NEG_INFINITY),
        real(-0.0),
        real(0.1 + 0.2),
        real(1e100),
        text("abc"),
        text("a\"b\\c/\n\u{1}\u{e9}"),
        text(""),
        text("[1,2]"),
        Arg::Json("[1,{\"x\":[]}]".into()),
        Arg::Json("\"q\"".into()),
        Arg::Json("3.50".into()),
        blob(b"\xaa"),
        blob(b"\x2b\x13\x31"),
        blob(b"\x0c"),
        blob(b"[1]"),
        blob(b""),
    ]
}
