//! CAST and the conversions that operators ask for (https://sqlite.org/lang_expr.html#castexpr).

use bumpalo::Bump;

use super::number::{Number, ParseKind, exact_integer, integer_prefix, parse_number, real_prefix, real_to_integer};
use super::number::{write_integer, write_real};
use super::text::before_nul;
use super::{Affinity, Encoding, ValueRef};

#[inline]
pub fn to_integer(v: ValueRef<'_>) -> i64 {
    match v {
        ValueRef::Null => 0,
        ValueRef::Integer(i) => i,
        ValueRef::Real(r) => real_to_integer(r),
        ValueRef::Text(t) | ValueRef::Blob(t) => integer_prefix(t),
    }
}

#[inline]
pub fn to_real(v: ValueRef<'_>) -> f64 {
    match v {
        ValueRef::Null => 0.0,
        ValueRef::Integer(i) => i as f64,
        ValueRef::Real(r) => r,
        ValueRef::Text(t) | ValueRef::Blob(t) => real_prefix(t),
    }
}

/// What an arithmetic operator sees.
#[inline]
pub fn to_numeric(v: ValueRef<'_>) -> Number {
    match v {
        ValueRef::Null => Number::Integer(0),
        ValueRef::Integer(i) => Number::Integer(i),
        ValueRef::Real(r) => Number::Real(r),
        ValueRef::Text(t) | ValueRef::Blob(t) => parse_number(t).number,
    }
}

/// The bytes of a value as text; NULL is empty.
pub fn to_text<'a>(v: ValueRef<'a>, arena: &'a Bump) -> &'a [u8] {
    match v {
        ValueRef::Null => &[],
        ValueRef::Text(t) | ValueRef::Blob(t) => t,
        ValueRef::Integer(i) => {
            let mut out = Vec::with_capacity(20);
            write_integer(i, &mut out);
            arena.alloc_slice_copy(&out)
        }
        ValueRef::Real(r) => {
            let mut out = Vec::with_capacity(24);
            write_real(r, &mut out);
            arena.alloc_slice_copy(&out)
        }
    }
}

pub fn cast<'a>(v: ValueRef<'a>, to: Affinity, arena: &'a Bump) -> ValueRef<'a> {
    if v.is_null() {
        return v;
    }
    match to {
        Affinity::None | Affinity::FlexNum => v,
        Affinity::Blob => match v {
            ValueRef::Blob(_) => v,
            _ => ValueRef::Blob(to_text(v, arena)),
        },
        Affinity::Text => ValueRef::Text(to_text(v, arena)),
        Affinity::Integer => ValueRef::Integer(to_integer(v)),
        Affinity::Real => ValueRef::Real(to_real(v)),
        Affinity::Numeric => match v {
            ValueRef::Text(t) | ValueRef::Blob(t) => match parse_number(before_nul(t)).number {
                Number::Integer(i) => ValueRef::Integer(i),
                Number::Real(r) => match exact_integer(r) {
                    // A real that is whole becomes an integer only where doubles are exact.
                    Some(i) if i.unsigned_abs() < 1 << 51 => ValueRef::Integer(i),
                    _ => ValueRef::Real(r),
                },
            },
            _ => v,
        },
    }
}

/// [`cast`] in a database with this encoding: where text becomes a blob or a blob is read as text.
pub fn cast_encoded<'a>(v: ValueRef<'a>, to: Affinity, encoding: Encoding, arena: &'a Bump) -> ValueRef<'a> {
    match (v, to) {
        (ValueRef::Null | ValueRef::Blob(_), Affinity::Blob) | (_, Affinity::None | Affinity::FlexNum) => v,
        (_, Affinity::Blob) => ValueRef::Blob(encoding.blob_of_text(to_text(v, arena), arena)),
        _ => cast(encoding.text_of_blob(v, arena), to, arena),
    }
}

/// A value in a boolean context; `None` for NULL.
#[inline]
pub fn truth(v: ValueRef<'_>) -> Option<bool> {
    match v {
        ValueRef::Null => None,
        ValueRef::Integer(i) => Some(i != 0),
        ValueRef::Real(r) => Some(r != 0.0),
        ValueRef::Text(t) | ValueRef::Blob(t) => Some(real_prefix(t) != 0.0),
    }
}

/// Digits with a NUL behind them are an integer where all of the text is asked for, but not beyond this one.
const BEHIND_NUL_MAX: f64 = (1u64 << 51) as f64;

/// Whether all of a text is a number, and which.
pub fn whole_number(text: &[u8]) -> Option<Number> {
    let parsed = parse_number(text);
    (parsed.kind == ParseKind::Whole).then_some(match parsed.number {
        Number::Real(r) if parsed.integer && r.abs() < BEHIND_NUL_MAX => Number::Integer(r as i64),
        number => number,
    })
}
