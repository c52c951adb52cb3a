//! SQLite's total order over values: NULL, numbers, text, blobs
//! (https://sqlite.org/datatype3.html#comparison_expressions).

use std::cmp::Ordering;

use super::{Collation, ValueRef};

#[inline]
pub fn compare(a: ValueRef<'_>, b: ValueRef<'_>, collation: &Collation) -> Ordering {
    match (a, b) {
        (ValueRef::Integer(x), ValueRef::Integer(y)) => x.cmp(&y),
        (ValueRef::Text(x), ValueRef::Text(y)) => collation.compare(x, y),
        (ValueRef::Real(x), ValueRef::Real(y)) => x.partial_cmp(&y).unwrap_or(Ordering::Equal),
        (ValueRef::Integer(x), ValueRef::Real(y)) => integer_real(x, y),
        (ValueRef::Real(x), ValueRef::Integer(y)) => integer_real(y, x).reverse(),
        (ValueRef::Blob(x), ValueRef::Blob(y)) => x.cmp(y),
        _ => rank(a).cmp(&rank(b)),
    }
}

#[inline]
fn rank(v: ValueRef<'_>) -> u8 {
    match v {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 1,
        ValueRef::Text(_) => 2,
        ValueRef::Blob(_) => 3,
    }
}

/// Exact beyond 2^53: the real is compared as an integer where it can be one.
#[inline]
pub fn integer_real(i: i64, r: f64) -> Ordering {
    if r.is_nan() || r < -9223372036854775808.0 {
        return Ordering::Greater;
    }
    if r >= 9223372036854775808.0 {
        return Ordering::Less;
    }
    let whole = r as i64;
    i.cmp(&whole).then_with(|| {
        let fraction = r - whole as f64;
        0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal)
    })
}
