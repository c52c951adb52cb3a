//! Numbers to text and text to numbers, digit for digit as SQLite does it.
//!
//! Follows https://sqlite.org/datatype3.html and the observed behaviour of the bundled release: a REAL shows
//! 15 significant digits where they give the same value back, else 17.

use super::decimal::{Digits, double};

/// A number of either class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Integer(i64),
    Real(f64),
}

/// How much of a text is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseKind {
    /// All of it but white space around it.
    Whole,
    /// It begins with a number.
    Prefix,
    /// It does not; the value is 0.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parsed {
    pub number: Number,
    pub kind: ParseKind,
    /// No point and no exponent, also where the number is a real.
    pub integer: bool,
}

pub fn write_integer(i: i64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = i.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if i < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// The text of a REAL: always with a decimal point, `Inf` and `-Inf` for the infinities.
pub fn write_real(r: f64, out: &mut Vec<u8>) {
    if r.is_infinite() {
        out.extend_from_slice(if r > 0.0 { b"Inf" } else { b"-Inf" });
        return;
    }
    if r == 0.0 {
        out.extend_from_slice(b"0.0");
        return;
    }
    if r < 0.0 {
        out.push(b'-');
    }
    let shown = Digits::shortest(r.abs());
    let digits = shown.as_slice();
    let exponent = shown.point - 1;
    if !(-4..17).contains(&exponent) {
        out.push(digits[0]);
        out.push(b'.');
        out.extend_from_slice(if digits.len() > 1 { &digits[1..] } else { b"0" });
        out.push(b'e');
        out.push(if exponent < 0 { b'-' } else { b'+' });
        let magnitude = exponent.unsigned_abs();
        if magnitude < 10 {
            out.push(b'0');
        }
        write_integer(i64::from(magnitude), out);
    } else if exponent < 0 {
        out.extend_from_slice(&b"0.000"[..(1 - exponent) as usize]);
        out.extend_from_slice(digits);
    } else {
        let whole = exponent as usize + 1;
        if digits.len() <= whole {
            out.extend_from_slice(digits);
            out.extend_from_slice(&[b'0'; 17][..whole - digits.len()]);
            out.extend_from_slice(b".0");
        } else {
            out.extend_from_slice(&digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
    }
}

pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// The extent of the number a text begins with.
struct Extent {
    start: usize,
    end: usize,
    /// No point and no exponent.
    integer: bool,
}

fn extent(text: &[u8]) -> Option<Extent> {
    let start = text.iter().position(|&b| !is_space(b)).unwrap_or(text.len());
    let mut at = start;
    if matches!(text.get(at), Some(b'+' | b'-')) {
        at += 1;
    }
    let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(at);
    at += whole;
    let mut fraction = 0;
    let mut integer = true;
    if text.get(at) == Some(&b'.') {
        fraction = digits(at + 1);
        if whole + fraction > 0 {
            integer = false;
            at += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits((at + 1 + sign).min(text.len()));
        if exponent > 0 {
            integer = false;
            at += 1 + sign + exponent;
        }
    }
    Some(Extent { start, end: at, integer })
}

/// The number that a text is or begins with.
pub fn parse_number(text: &[u8]) -> Parsed {
    let Some(extent) = extent(text) else {
        return Parsed { number: Number::Integer(0), kind: ParseKind::None, integer: false };
    };
    let integer = extent.integer;
    let body = &text[extent.start..extent.end];
    // A NUL ends the text, but operators take an integer that ends there as a real.
    let (kind, nul) = match text[extent.end..].iter().find(|&&b| !is_space(b)) {
        None => (ParseKind::Whole, false),
        Some(0) => (ParseKind::Whole, true),
        Some(_) => (ParseKind::Prefix, false),
    };
    if integer
        && !nul
        && let Some(i) = parse_i64(body)
    {
        return Parsed { number: Number::Integer(i), kind, integer };
    }
    Parsed { number: Number::Real(parse_real(body)), kind, integer }
}

fn parse_i64(body: &[u8]) -> Option<i64> {
    let (negative, digits) = match body.first() {
        Some(b'-') => (true, &body[1..]),
        Some(b'+') => (false, &body[1..]),
        _ => (false, body),
    };
    let mut value = 0i64;
    for d in digits {
        value = value.checked_mul(10)?.checked_sub(i64::from(d - b'0'))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// Digits beyond this value are only counted.
const SIGNIFICAND_MAX: u64 = (u64::MAX - 9) / 10;

/// A number as [`extent`] found it: sign, digits, point, digits, exponent.
fn parse_real(body: &[u8]) -> f64 {
    let (negative, body) = match body.first() {
        Some(b'-') => (true, &body[1..]),
        Some(b'+') => (false, &body[1..]),
        _ => (false, body),
    };
    let mut significand = 0u64;
    let mut power = 0i32;
    let mut at = 0;
    let mut fraction = 0;
    while let Some(&b) = body.get(at) {
        match b {
            b'.' => fraction = 1,
            b'0'..=b'9' if significand < SIGNIFICAND_MAX => {
                significand = significand * 10 + u64::from(b - b'0');
                power = power.saturating_sub(fraction);
            }
            b'0'..=b'9' => power = power.saturating_add(1 - fraction),
            _ => break,
        }
        at += 1;
    }
    if at < body.len() {
        let (down, digits) = match body.get(at + 1) {
            Some(b'-') => (true, &body[at + 2..]),
            Some(b'+') => (false, &body[at + 2..]),
            _ => (false, &body[at + 1..]),
        };
        let exponent = digits.iter().fold(0i32, |e, d| if e < 10_000 { e * 10 + i32::from(d - b'0') } else { 10_000 });
        power = power.saturating_add(if down { -exponent } else { exponent });
    }
    let r = double(significand, power);
    if negative { -r } else { r }
}

/// CAST of text to INTEGER: the integer it begins with, held within the limits.
pub fn integer_prefix(text: &[u8]) -> i64 {
    let start = text.iter().position(|&b| !is_space(b)).unwrap_or(text.len());
    let sign = usize::from(matches!(text.get(start), Some(b'+' | b'-')));
    let digits = text[start + sign..].iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return 0;
    }
    let body = &text[start..start + sign + digits];
    parse_i64(body).unwrap_or(if body[0] == b'-' { i64::MIN } else { i64::MAX })
}

/// The real that a text begins with, or 0.
pub fn real_prefix(text: &[u8]) -> f64 {
    extent(text).map_or(0.0, |e| parse_real(&text[e.start..e.end]))
}

/// The integer equal to a real, if one is and a 64-bit integer holds it exactly.
pub fn exact_integer(r: f64) -> Option<i64> {
    if !(-9223372036854775808.0..9223372036854775808.0).contains(&r) {
        return None;
    }
    let i = r as i64;
    (i as f64 == r).then_some(i)
}

/// A real as an integer: towards zero, held within the limits.
pub fn real_to_integer(r: f64) -> i64 {
    // Rust's cast saturates and maps NaN to 0.
    r as i64
}
