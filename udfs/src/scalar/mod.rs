//! Scalar functions: the tables of all of them, and how one is found.
//!
//! Source: https://sqlite.org/lang_corefunc.html, https://sqlite.org/lang_mathfunc.html

mod bytes;
mod characters;
mod choose;
mod connection;
mod extreme;
mod format;
mod format_number;
mod math;
mod numeric;
mod pattern;
mod text;
mod unistr;

pub use crate::aggregate::LookupError;
pub use pattern::{LikeOptions, known_pattern, like_known};

use crate::signature::{Flags, Scalar, ScalarFn};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Every table of scalar functions.
pub static TABLES: &[&[Scalar]] = &[
    choose::TABLE,
    bytes::TABLE,
    characters::TABLE,
    connection::TABLE,
    extreme::TABLE,
    format::TABLE,
    math::TABLE,
    numeric::TABLE,
    pattern::TABLE,
    text::TABLE,
    unistr::TABLE,
    crate::datetime::TABLE,
    crate::json::TABLE,
];

/// A row of a table.
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

/// No name is longer; a lookup folds the name's case in a buffer of this size.
const NAME_MAX: usize = 32;

/// The scalar function of this name (ASCII case-insensitive) that takes this many arguments.
///
/// `min` and `max` with one argument are aggregates: they are `WrongArgumentCount` here.
pub fn lookup(name: &str, args: usize) -> Result<&'static Scalar, LookupError> {
    static BY_NAME: OnceLock<HashMap<&'static [u8], Vec<&'static Scalar>>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let mut map: HashMap<&'static [u8], Vec<&'static Scalar>> = HashMap::new();
        for scalar in TABLES.iter().copied().flatten() {
            map.entry(scalar.name.as_bytes()).or_default().push(scalar);
        }
        map
    });
    let mut buffer = [0; NAME_MAX];
    let folded = buffer.get_mut(..name.len()).ok_or(LookupError::NoSuchFunction)?;
    folded.copy_from_slice(name.as_bytes());
    folded.make_ascii_lowercase();
    let overloads = by_name.get(&*folded).ok_or(LookupError::NoSuchFunction)?;
    overloads
        .iter()
        .find(|s| args >= usize::from(s.args_min) && s.args_max.is_none_or(|max| args <= usize::from(max)))
        .copied()
        .ok_or(LookupError::WrongArgumentCount)
}
