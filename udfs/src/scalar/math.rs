//! The mathematical functions. Arguments that are not numbers, and results that are none, are NULL.
//!
//! Source: https://sqlite.org/lang_mathfunc.html

use super::row;
use crate::signature::{Call, Flags, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::cast::{to_real, whole_number};
use crate::value::number::Number;

const PURE: Flags = Flags::DETERMINISTIC;

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("acos", 1, Some(1), PURE, acos, "acos(X)", "The angle in radians whose cosine is X."),
    row("acosh", 1, Some(1), PURE, acosh, "acosh(X)", "The inverse of cosh."),
    row("asin", 1, Some(1), PURE, asin, "asin(X)", "The angle in radians whose sine is X."),
    row("asinh", 1, Some(1), PURE, asinh, "asinh(X)", "The inverse of sinh."),
    row("atan", 1, Some(1), PURE, atan, "atan(X)", "The angle in radians whose tangent is X."),
    row("atan2", 2, Some(2), PURE, atan2, "atan2(Y,X)", "The angle in radians of the point (X, Y)."),
    row("atanh", 1, Some(1), PURE, atanh, "atanh(X)", "The inverse of tanh."),
    row("ceil", 1, Some(1), PURE, ceil, "ceil(X)", "The least whole number that is not less than X."),
    row("ceiling", 1, Some(1), PURE, ceil, "ceiling(X)", "Another name of ceil()."),
    row("cos", 1, Some(1), PURE, cos, "cos(X)", "The cosine of X radians."),
    row("cosh", 1, Some(1), PURE, cosh, "cosh(X)", "The hyperbolic cosine."),
    row("degrees", 1, Some(1), PURE, degrees, "degrees(X)", "X radians in degrees."),
    row("exp", 1, Some(1), PURE, exp, "exp(X)", "e to the power X."),
    row("floor", 1, Some(1), PURE, floor, "floor(X)", "The greatest whole number that is not greater than X."),
    row("ln", 1, Some(1), PURE, ln, "ln(X)", "The natural logarithm."),
    row("log", 1, Some(2), PURE, log, "log([B,]X)", "The logarithm to base B, or to base 10."),
    row("log10", 1, Some(1), PURE, log10, "log10(X)", "The logarithm to base 10."),
    row("log2", 1, Some(1), PURE, log2, "log2(X)", "The logarithm to base 2."),
    row("mod", 2, Some(2), PURE, modulo, "mod(X,Y)", "The remainder of X divided by Y, also of reals."),
    row("pi", 0, Some(0), PURE, pi, "pi()", "The number pi."),
    row("pow", 2, Some(2), PURE, pow, "pow(X,Y)", "X to the power Y."),
    row("power", 2, Some(2), PURE, pow, "power(X,Y)", "Another name of pow()."),
    row("radians", 1, Some(1), PURE, radians, "radians(X)", "X degrees in radians."),
    row("sin", 1, Some(1), PURE, sin, "sin(X)", "The sine of X radians."),
    row("sinh", 1, Some(1), PURE, sinh, "sinh(X)", "The hyperbolic sine."),
    row("sqrt", 1, Some(1), PURE, sqrt, "sqrt(X)", "The square root."),
    row("tan", 1, Some(1), PURE, tan, "tan(X)", "The tangent of X radians."),
    row("tanh", 1, Some(1), PURE, tanh, "tanh(X)", "The hyperbolic tangent."),
    row("trunc", 1, Some(1), PURE, trunc, "trunc(X)", "X without its decimals."),
];

/// Numbers, and texts that are numbers throughout.
fn number(v: ValueRef<'_>) -> Option<Number> {
    match v {
        ValueRef::Integer(i) => Some(Number::Integer(i)),
        ValueRef::Real(r) => Some(Number::Real(r)),
        ValueRef::Text(t) => whole_number(t),
        _ => None,
    }
}

fn real(v: ValueRef<'_>) -> Option<f64> {
    number(v).map(|n| match n {
        Number::Integer(i) => i as f64,
        Number::Real(r) => r,
    })
}

fn result<'a>(r: Option<f64>) -> FunctionResult<'a> {
    Ok(match r {
        Some(r) if !r.is_nan() => ValueRef::Real(r),
        _ => ValueRef::Null,
    })
}

/// Functions of one real.
macro_rules! of_one {
    ($($name:ident = $f:expr;)*) => {
        $(fn $name<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
            result(real(args[0]).map($f))
        })*
    };
}

of_one! {
    acos = f64::acos;
    acosh = inverse_cosh;
    asin = f64::asin;
    asinh = inverse_sinh;
    atan = f64::atan;
    atanh = inverse_tanh;
    cos = f64::cos;
    cosh = f64::cosh;
    degrees = |x| x * (180.0 / std::f64::consts::PI);
    exp = f64::exp;
    radians = |x| x * (std::f64::consts::PI / 180.0);
    sin = f64::sin;
    sinh = f64::sinh;
    sqrt = f64::sqrt;
    tan = f64::tan;
    tanh = f64::tanh;
}

/// Functions of one number that leave integers as they are.
macro_rules! rounding {
    ($($name:ident = $f:expr;)*) => {
        $(fn $name<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
            match number(args[0]) {
                Some(Number::Integer(i)) => Ok(ValueRef::Integer(i)),
                Some(Number::Real(r)) => result(Some($f(r))),
                None => Ok(ValueRef::Null),
            }
        })*
    };
}

rounding! {
    ceil = f64::ceil;
    floor = f64::floor;
    trunc = f64::trunc;
}

fn atan2<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    result(real(args[0]).zip(real(args[1])).map(|(y, x)| y.atan2(x)))
}

/// The remainder has the sign of X.
fn modulo<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    result(real(args[0]).zip(real(args[1])).map(|(x, y)| x % y))
}

fn pow<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    result(real(args[0]).zip(real(args[1])).map(|(x, y)| x.powf(y)))
}

fn pi<'a>(_: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Real(std::f64::consts::PI))
}

/// Of positive numbers only.
fn logarithm<'a>(v: ValueRef<'a>, f: fn(f64) -> f64) -> FunctionResult<'a> {
    result(real(v).filter(|&x| x > 0.0).map(f))
}

fn ln<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    logarithm(args[0], f64::ln)
}

fn log2<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    logarithm(args[0], f64::log2)
}

fn log10<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    logarithm(args[0], f64::log10)
}

fn log<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let [base, x] = *args else { return logarithm(args[0], f64::log10) };
    // Unlike the base, X may be anything that begins with a number.
    let logs = real(base).map(|b| (b, to_real(x))).filter(|&(b, x)| b > 0.0 && x > 0.0);
    result(logs.filter(|&(b, _)| b.ln() > 0.0).map(|(b, x)| x.ln() / b.ln()))
}

/// Above, the square of a number absorbs 1; below its inverse, 1 absorbs the number.
const LARGE: f64 = (1u64 << 28) as f64;

/// As C libraries compute it, to the last bit; Rust's own method rounds differently.
fn inverse_cosh(x: f64) -> f64 {
    if x < 1.0 {
        f64::NAN
    } else if x >= LARGE {
        x.ln() + std::f64::consts::LN_2
    } else if x > 2.0 {
        (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln()
    } else {
        let t = x - 1.0;
        (t + (2.0 * t + t * t).sqrt()).ln_1p()
    }
}

/// As C libraries compute it.
fn inverse_sinh(x: f64) -> f64 {
    let size = x.abs();
    if size < 1.0 / LARGE || !x.is_finite() {
        return x;
    }
    let result = if size > LARGE {
        size.ln() + std::f64::consts::LN_2
    } else if size > 2.0 {
        (2.0 * size + 1.0 / ((x * x + 1.0).sqrt() + size)).ln()
    } else {
        let t = x * x;
        (size + t / (1.0 + (1.0 + t).sqrt())).ln_1p()
    };
    result.copysign(x)
}

/// As C libraries compute it.
fn inverse_tanh(x: f64) -> f64 {
    let size = x.abs();
    if size < 1.0 / LARGE {
        return x;
    }
    let result = if size < 0.5 {
        let t = size + size;
        0.5 * (t + t * size / (1.0 - size)).ln_1p()
    } else if size < 1.0 {
        0.5 * ((size + size) / (1.0 - size)).ln_1p()
    } else if size > 1.0 {
        f64::NAN
    } else {
        f64::INFINITY
    };
    result.copysign(x)
}
