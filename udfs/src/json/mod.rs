//! JSON and JSONB: every function of SQLite's JSON library, and the rows of its table-valued functions.
//!
//! A document is JSONB inside, as in SQLite: text is parsed once ([`parse`]), read by walking ([`path`]), changed in
//! place ([`edit`], [`patch`]) and written as canonical text ([`render`]). No damage in a blob may do more than raise
//! `malformed JSON`, and nothing recurses.
//!
//! - [`jsonb`] the format, [`validity`] its checks, [`scan`] and [`parse`] text to JSONB, [`text`] escapes and labels
//! - [`document`] arguments to documents, [`value`] SQL values to JSON and back
//! - one file for each operation; [`each`] for json_each and json_tree
//!
//! Source: <https://sqlite.org/json1.html>

mod build;
mod document;
pub mod each;
mod edit;
mod extract;
mod group;
mod inspect;
mod jsonb;
mod parse;
mod patch;
mod path;
mod pretty;
mod remove;
mod render;
mod scan;
mod set;
mod text;
mod validity;
mod value;

pub use each::{Column, JsonEach};
pub use value::Form;

use crate::signature::{AggregateDef, Flags, Scalar, ScalarFn};

const READS: Flags = Flags::DETERMINISTIC;
const TAKES: Flags = Flags::DETERMINISTIC.or(Flags::TAKES_SUBTYPE);

const fn row(
    name: &'static str,
    args_min: u8,
    args_max: Option<u8>,
    flags: Flags,
    call: ScalarFn,
    usage: &'static str,
    doc: &'static str,
) -> Scalar {
    Scalar { name, args_min, args_max, flags, usage, doc, call }
}

/// The scalar functions.
#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("->", 2, Some(2), READS, extract::arrow, "X -> P", "The part of X at path P, as JSON."),
    row("->>", 2, Some(2), READS, extract::arrow2, "X ->> P", "The part of X at path P, as an SQL value."),
    row("json", 1, Some(1), READS, build::json, "json(X)", "X as minified JSON text."),
    row("jsonb", 1, Some(1), READS, build::jsonb, "jsonb(X)", "X as JSONB."),
    row("json_array", 0, None, TAKES, build::json_array, "json_array(V,...)", "A JSON array of the values."),
    row("jsonb_array", 0, None, TAKES, build::jsonb_array, "jsonb_array(V,...)", "A JSONB array of the values."),
    row("json_array_insert", 0, None, TAKES, set::json_array_insert, "json_array_insert(X,P,V,...)", "X with each V inserted before the array element at P."),
    row("jsonb_array_insert", 0, None, TAKES, set::jsonb_array_insert, "jsonb_array_insert(X,P,V,...)", "As json_array_insert(), as JSONB."),
    row("json_array_length", 1, Some(2), READS, inspect::json_array_length, "json_array_length(X[,P])", "The number of elements of the array at P; 0 for what is no array."),
    row("json_error_position", 1, Some(1), READS, inspect::json_error_position, "json_error_position(X)", "The position of the first character at which X stops being JSON; 0 if it is JSON."),
    row("json_extract", 0, None, READS, extract::json_extract, "json_extract(X,P,...)", "The part of X at P as an SQL value, or the parts at several paths as a JSON array."),
    row("jsonb_extract", 0, None, READS, extract::jsonb_extract, "jsonb_extract(X,P,...)", "As json_extract(), but arrays and objects are JSONB."),
    row("json_insert", 0, None, TAKES, set::json_insert, "json_insert(X,P,V,...)", "X with each V added at its path where there is nothing."),
    row("jsonb_insert", 0, None, TAKES, set::jsonb_insert, "jsonb_insert(X,P,V,...)", "As json_insert(), as JSONB."),
    row("json_object", 0, None, TAKES, build::json_object, "json_object(N,V,...)", "A JSON object of the labels and values."),
    row("jsonb_object", 0, None, TAKES, build::jsonb_object, "jsonb_object(N,V,...)", "A JSONB object of the labels and values."),
    row("json_patch", 2, Some(2), READS, patch::json_patch, "json_patch(T,P)", "T with the MergePatch P (RFC 7396) applied."),
    row("jsonb_patch", 2, Some(2), READS, patch::jsonb_patch, "jsonb_patch(T,P)", "As json_patch(), as JSONB."),
    row("json_pretty", 1, Some(2), READS, pretty::json_pretty, "json_pretty(X[,I])", "X as JSON text on indented lines."),
    row("json_quote", 1, Some(1), TAKES, build::json_quote, "json_quote(V)", "The SQL value V as JSON."),
    row("json_remove", 0, None, READS, remove::json_remove, "json_remove(X,P,...)", "X without the parts at the paths."),
    row("jsonb_remove", 0, None, READS, remove::jsonb_remove, "jsonb_remove(X,P,...)", "As json_remove(), as JSONB."),
    row("json_replace", 0, None, TAKES, set::json_replace, "json_replace(X,P,V,...)", "X with each V in the place of what is at its path."),
    row("jsonb_replace", 0, None, TAKES, set::jsonb_replace, "jsonb_replace(X,P,V,...)", "As json_replace(), as JSONB."),
    row("json_set", 0, None, TAKES, set::json_set, "json_set(X,P,V,...)", "X with each V at its path, added or replaced."),
    row("jsonb_set", 0, None, TAKES, set::jsonb_set, "jsonb_set(X,P,V,...)", "As json_set(), as JSONB."),
    row("json_type", 1, Some(2), READS, inspect::json_type, "json_type(X[,P])", "The type of the element at P: null, true, false, integer, real, text, array or object."),
    row("json_valid", 1, Some(2), READS, inspect::json_valid, "json_valid(X[,F])", "Whether X is JSON in one of the senses of the flags F."),
];

/// The aggregate functions; all of them slide with a window frame.
#[rustfmt::skip]
pub static AGGREGATES: &[AggregateDef] = &[
    AggregateDef { name: "json_group_array", args_min: 1, args_max: Some(1), flags: TAKES, usage: "json_group_array(V)", doc: "A JSON array of the values.", invertible: true, new: group::json_group_array },
    AggregateDef { name: "jsonb_group_array", args_min: 1, args_max: Some(1), flags: TAKES, usage: "jsonb_group_array(V)", doc: "A JSONB array of the values.", invertible: true, new: group::jsonb_group_array },
    AggregateDef { name: "json_group_object", args_min: 2, args_max: Some(2), flags: TAKES, usage: "json_group_object(N,V)", doc: "A JSON object of the labels and values.", invertible: true, new: group::json_group_object },
    AggregateDef { name: "jsonb_group_object", args_min: 2, args_max: Some(2), flags: TAKES, usage: "jsonb_group_object(N,V)", doc: "A JSONB object of the labels and values.", invertible: true, new: group::jsonb_group_object },
];
