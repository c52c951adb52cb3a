//! The arithmetic, bit and concatenation operators (https://sqlite.org/lang_expr.html#operators).
//!
//! Integers that overflow become reals; NaN and division by zero become NULL.

use bumpalo::Bump;

use super::ValueRef;
use super::cast::{to_integer, to_numeric, to_real, to_text};
use super::number::Number;

#[inline]
fn real<'a>(r: f64) -> ValueRef<'a> {
    if r.is_nan() { ValueRef::Null } else { ValueRef::Real(r) }
}

#[inline]
fn numbers<'a>(
    a: ValueRef<'a>,
    b: ValueRef<'a>,
    integers: impl Fn(i64, i64) -> Option<i64>,
    reals: impl Fn(f64, f64) -> f64,
) -> ValueRef<'a> {
    let of_integers = |x: i64, y: i64| match integers(x, y) {
        Some(z) => ValueRef::Integer(z),
        None => real(reals(x as f64, y as f64)),
    };
    match (a, b) {
        (ValueRef::Integer(x), ValueRef::Integer(y)) => of_integers(x, y),
        (ValueRef::Real(x), ValueRef::Real(y)) => real(reals(x, y)),
        (ValueRef::Integer(x), ValueRef::Real(y)) => real(reals(x as f64, y)),
        (ValueRef::Real(x), ValueRef::Integer(y)) => real(reals(x, y as f64)),
        (ValueRef::Null, _) | (_, ValueRef::Null) => ValueRef::Null,
        _ => match (to_numeric(a), to_numeric(b)) {
            (Number::Integer(x), Number::Integer(y)) => of_integers(x, y),
            // Of its own text: '-0' is -0.0 here.
            _ => real(reals(to_real(a), to_real(b))),
        },
    }
}

#[inline]
pub fn add<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    numbers(a, b, i64::checked_add, |x, y| x + y)
}

#[inline]
pub fn subtract<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    numbers(a, b, i64::checked_sub, |x, y| x - y)
}

#[inline]
pub fn multiply<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    numbers(a, b, i64::checked_mul, |x, y| x * y)
}

#[inline]
pub fn divide<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    if a.is_null() || b.is_null() {
        return ValueRef::Null;
    }
    match (to_numeric(a), to_numeric(b)) {
        (_, Number::Integer(0)) => ValueRef::Null,
        (_, Number::Real(0.0)) => ValueRef::Null,
        (Number::Integer(x), Number::Integer(y)) => match x.checked_div(y) {
            Some(z) => ValueRef::Integer(z),
            None => real(x as f64 / y as f64),
        },
        _ => real(to_real(a) / to_real(b)),
    }
}

/// `%` works on integers, those that CAST gives; a real operand makes the result real.
#[inline]
pub fn remainder<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    if a.is_null() || b.is_null() {
        return ValueRef::Null;
    }
    let (i, j) = (to_integer(a), to_integer(b));
    if j == 0 {
        return ValueRef::Null;
    }
    let result = i.checked_rem(j).unwrap_or(0);
    match (to_numeric(a), to_numeric(b)) {
        (Number::Integer(_), Number::Integer(_)) => ValueRef::Integer(result),
        _ => ValueRef::Real(result as f64),
    }
}

#[inline]
pub fn negate<'a>(a: ValueRef<'a>) -> ValueRef<'a> {
    subtract(ValueRef::Integer(0), a)
}

pub fn bit_not<'a>(a: ValueRef<'a>) -> ValueRef<'a> {
    if a.is_null() { a } else { ValueRef::Integer(!to_integer(a)) }
}

fn bits<'a>(a: ValueRef<'a>, b: ValueRef<'a>, f: impl Fn(i64, i64) -> i64) -> ValueRef<'a> {
    if a.is_null() || b.is_null() { ValueRef::Null } else { ValueRef::Integer(f(to_integer(a), to_integer(b))) }
}

pub fn bit_and<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    bits(a, b, |x, y| x & y)
}

pub fn bit_or<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    bits(a, b, |x, y| x | y)
}

pub fn shift_left<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    bits(a, b, shift)
}

pub fn shift_right<'a>(a: ValueRef<'a>, b: ValueRef<'a>) -> ValueRef<'a> {
    bits(a, b, |x, by| shift(x, by.saturating_neg()))
}

/// To the left by `by`, or to the right (keeping the sign) by its negative.
fn shift(x: i64, by: i64) -> i64 {
    match by {
        0..=63 => ((x as u64) << by) as i64,
        64.. => 0,
        -63..=-1 => x >> -by,
        _ if x < 0 => -1,
        _ => 0,
    }
}

/// `||`: the result is text, except that two blobs make a blob of text in SQLite too, which is text.
pub fn concat<'a>(a: ValueRef<'a>, b: ValueRef<'a>, arena: &'a Bump) -> ValueRef<'a> {
    if a.is_null() || b.is_null() {
        return ValueRef::Null;
    }
    let (x, y) = (to_text(a, arena), to_text(b, arena));
    let joined = arena.alloc_slice_fill_copy(x.len() + y.len(), 0u8);
    joined[..x.len()].copy_from_slice(x);
    joined[x.len()..].copy_from_slice(y);
    ValueRef::Text(joined)
}
