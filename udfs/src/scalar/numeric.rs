//! abs, round, sign.

use super::format::{Output, Spec};
use super::format_number::real;
use super::row;
use crate::signature::{Call, Flags, FunctionError, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::cast::{to_integer, to_real};
use crate::value::number::real_prefix;

const PURE: Flags = Flags::DETERMINISTIC;
const TEXT: Flags = PURE.or(Flags::READS_TEXT);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("abs", 1, Some(1), TEXT, abs, "abs(X)", "The absolute value."),
    row("round", 1, Some(2), TEXT, round, "round(X[,Y])", "X as a real rounded to Y decimals, half away from zero."),
    row("sign", 1, Some(1), PURE, sign, "sign(X)", "-1, 0 or 1; NULL for what is no number."),
];

fn abs<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    match args[0] {
        ValueRef::Null => Ok(ValueRef::Null),
        ValueRef::Integer(i) => match i.checked_abs() {
            Some(i) => Ok(ValueRef::Integer(i)),
            None => Err(FunctionError::new("integer overflow")),
        },
        v => {
            // Keeps the sign of -0.0.
            let r = to_real(v);
            Ok(ValueRef::Real(if r < 0.0 { -r } else { r }))
        }
    }
}

fn sign<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let r = match args[0] {
        ValueRef::Integer(i) => return Ok(ValueRef::Integer(i.signum())),
        ValueRef::Real(r) => r,
        ValueRef::Text(t) => match crate::value::cast::whole_number(t) {
            Some(_) => to_real(args[0]),
            None => return Ok(ValueRef::Null),
        },
        _ => return Ok(ValueRef::Null),
    };
    Ok(ValueRef::Integer(i64::from(r > 0.0) - i64::from(r < 0.0)))
}

fn round<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let places = match args.get(1) {
        None => 0,
        Some(ValueRef::Null) => return Ok(ValueRef::Null),
        Some(&v) => to_integer(v).clamp(0, 30),
    };
    if args[0].is_null() {
        return Ok(ValueRef::Null);
    }
    let r = to_real(args[0]);
    if !(-4503599627370496.0..=4503599627370496.0).contains(&r) {
        return Ok(ValueRef::Real(r));
    }
    if places == 0 {
        let half = if r < 0.0 { -0.5 } else { 0.5 };
        return Ok(ValueRef::Real((r + half) as i64 as f64));
    }
    let mut out = Output::new(usize::MAX >> 1);
    let spec = Spec { alternate2: true, precision: places, ..Spec::default() };
    real(&mut out, r, &spec, b'f')?;
    Ok(ValueRef::Real(real_prefix(&out.bytes)))
}
