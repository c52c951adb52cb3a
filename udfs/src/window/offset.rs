//! Offsets of frames, and the other arguments that count rows: `ntile`'s, `nth_value`'s, `lag`'s and `lead`'s.
//!
//! Each takes what SQLite takes (an integer may come as `2.0` or `'2'`) and raises SQLite's message.
//!
//! Source: https://sqlite.org/windowfunctions.html

use super::frame::FrameUnit;
use crate::signature::FunctionError;
use crate::value::number::{Number, exact_integer};
use crate::value::{ValueRef, cast};

/// How far a frame's bound is from the current row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distance {
    /// ROWS and GROUPS
    Count(usize),
    /// RANGE: a difference of keys, not negative.
    Integer(i64),
    Real(f64),
}

impl Distance {
    /// Rows or groups.
    pub fn count(self) -> usize {
        match self {
            Distance::Count(n) => n,
            Distance::Integer(i) => usize::try_from(i).unwrap_or(0),
            Distance::Real(_) => 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameSide {
    Starting,
    Ending,
}

/// The offset of a frame's bound.
pub fn frame_offset(value: ValueRef<'_>, unit: FrameUnit, side: FrameSide) -> Result<Distance, FunctionError> {
    let (distance, wanted) = match unit {
        FrameUnit::Rows | FrameUnit::Groups => {
            (integer(value).filter(|&i| i >= 0).map(|i| Distance::Count(i as usize)), "integer")
        }
        FrameUnit::Range => (numeric(value).and_then(key_distance), "number"),
    };
    distance.ok_or_else(|| {
        let side = if side == FrameSide::Starting { "starting" } else { "ending" };
        FunctionError::Error(format!("frame {side} offset must be a non-negative {wanted}"))
    })
}

fn key_distance(number: Number) -> Option<Distance> {
    match number {
        Number::Integer(i) if i >= 0 => Some(Distance::Integer(i)),
        Number::Real(r) if r >= 0.0 => Some(Distance::Real(r)),
        _ => None,
    }
}

/// A number, or text that is wholly a number.
fn numeric(value: ValueRef<'_>) -> Option<Number> {
    match value {
        ValueRef::Integer(i) => Some(Number::Integer(i)),
        ValueRef::Real(r) => Some(Number::Real(r)),
        ValueRef::Text(t) => cast::whole_number(t),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

/// A number without fraction that is an integer of 64 bits.
fn integer(value: ValueRef<'_>) -> Option<i64> {
    match numeric(value)? {
        Number::Integer(i) => Some(i),
        Number::Real(r) => exact_integer(r).filter(|&i| i != i64::MIN),
    }
}

/// The number of buckets of `ntile`. SQLite evaluates it at the first row of the partition.
pub fn ntile_buckets(value: ValueRef<'_>) -> Result<i64, FunctionError> {
    match cast::to_integer(value) {
        n if n > 0 => Ok(n),
        _ => Err(FunctionError::new("argument of ntile must be a positive integer")),
    }
}

/// The position, from 1, that `nth_value` asks for.
pub fn nth_position(value: ValueRef<'_>) -> Result<usize, FunctionError> {
    integer(value)
        .filter(|&i| i > 0)
        .map(|i| i as usize)
        .ok_or_else(|| FunctionError::new("second argument to nth_value must be a positive integer"))
}

/// The row that `lag` (`back`) or `lead` looks at; `None` where the default applies. Text counts as the number at its
/// beginning; an offset with a fraction, or NULL, leads to no row. With a negative offset `lag` looks one row ahead at
/// most, because SQLite has read no further.
pub fn offset_row(row: usize, rows: usize, offset: ValueRef<'_>, back: bool) -> Option<usize> {
    if offset.is_null() {
        return None;
    }
    let offset = match cast::to_numeric(offset) {
        Number::Integer(i) => i,
        Number::Real(r) => exact_integer(r)?,
    };
    let from = i64::try_from(row).ok()?;
    let target = if back { from.checked_sub(offset) } else { from.checked_add(offset) }?;
    let target = usize::try_from(target).ok()?;
    (target < rows && !(back && target > row + 1)).then_some(target)
}
