//! Type affinity (https://sqlite.org/datatype3.html#type_affinity).

use bumpalo::Bump;

use super::number::{Number, exact_integer};
use super::{ValueRef, cast};

/// What a column or cast prefers to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Affinity {
    /// No affinity at all: literals and most expressions.
    #[default]
    None,
    Blob,
    Text,
    Numeric,
    Integer,
    Real,
    /// A numeric-valued expression column of a view or subquery (SQLITE_AFF_FLEXNUM): compares as numeric, converts nothing.
    FlexNum,
}

impl Affinity {
    /// The affinity of a declared type, by SQLite's substring rules.
    pub fn of_type(declared: &str) -> Affinity {
        let t = declared.to_ascii_uppercase();
        let has = |s: &str| t.contains(s);
        match () {
            _ if has("INT") => Affinity::Integer,
            _ if has("CHAR") || has("CLOB") || has("TEXT") => Affinity::Text,
            _ if has("BLOB") || t.trim().is_empty() => Affinity::Blob,
            _ if has("REAL") || has("FLOA") || has("DOUB") => Affinity::Real,
            _ => Affinity::Numeric,
        }
    }

    pub fn is_numeric(self) -> bool {
        matches!(self, Affinity::Numeric | Affinity::Integer | Affinity::Real)
    }
}

/// What storing a value into a column of this affinity stores
/// (https://sqlite.org/datatype3.html#type_affinity).
#[inline]
pub fn apply<'a>(v: ValueRef<'a>, affinity: Affinity, arena: &'a Bump) -> ValueRef<'a> {
    let stays = match v {
        ValueRef::Null | ValueRef::Blob(_) => true,
        ValueRef::Integer(_) => !matches!(affinity, Affinity::Text | Affinity::Real),
        ValueRef::Text(_) => !matches!(affinity, Affinity::Numeric | Affinity::Integer | Affinity::Real),
        ValueRef::Real(_) => matches!(affinity, Affinity::None | Affinity::Blob | Affinity::FlexNum),
    };
    if stays { v } else { convert(v, affinity, arena) }
}

fn convert<'a>(v: ValueRef<'a>, affinity: Affinity, arena: &'a Bump) -> ValueRef<'a> {
    match affinity {
        Affinity::None | Affinity::Blob | Affinity::FlexNum => v,
        Affinity::Text => match v {
            ValueRef::Integer(_) | ValueRef::Real(_) => ValueRef::Text(cast::to_text(v, arena)),
            _ => v,
        },
        Affinity::Numeric | Affinity::Integer => match v {
            ValueRef::Text(t) => match cast::whole_number(t) {
                Some(Number::Integer(i)) => ValueRef::Integer(i),
                Some(Number::Real(r)) => whole(r),
                None => v,
            },
            ValueRef::Real(r) => whole(r),
            _ => v,
        },
        Affinity::Real => match v {
            ValueRef::Text(t) => match cast::whole_number(t) {
                Some(Number::Integer(i)) => ValueRef::Real(i as f64),
                Some(Number::Real(r)) => ValueRef::Real(r + 0.0),
                None => v,
            },
            ValueRef::Integer(i) => ValueRef::Real(i as f64),
            // -0.0 becomes 0.0.
            ValueRef::Real(r) => ValueRef::Real(r + 0.0),
            _ => v,
        },
    }
}

/// What stands for a rowid or a LIMIT: as INTEGER affinity, but the least integer may come as a real.
pub fn to_rowid<'a>(v: ValueRef<'a>, arena: &'a Bump) -> ValueRef<'a> {
    match v {
        ValueRef::Real(r) if exact_integer(r) == Some(i64::MIN) => ValueRef::Integer(i64::MIN),
        _ => apply(v, Affinity::Integer, arena),
    }
}

/// A real that is a 64-bit integer becomes one.
fn whole<'a>(r: f64) -> ValueRef<'a> {
    match exact_integer(r) {
        Some(i) if i > i64::MIN && i < i64::MAX => ValueRef::Integer(i),
        _ => ValueRef::Real(r),
    }
}

/// What a comparison does to an operand first: numeric affinities make numbers of texts that look like numbers,
/// TEXT makes text of numbers (https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison).
#[inline]
pub fn prepare<'a>(v: ValueRef<'a>, affinity: Affinity, arena: &'a Bump) -> ValueRef<'a> {
    match (affinity, v) {
        (Affinity::Numeric | Affinity::Integer | Affinity::Real, ValueRef::Text(t)) => match cast::whole_number(t) {
            Some(Number::Integer(i)) => ValueRef::Integer(i),
            Some(Number::Real(r)) => ValueRef::Real(r),
            None => v,
        },
        (Affinity::Text, ValueRef::Integer(_) | ValueRef::Real(_)) => ValueRef::Text(cast::to_text(v, arena)),
        _ => v,
    }
}
