//! The number conversions of format(): `%d %i %u %x %X %o %p %r` and `%f %e %E %g %G`.

use super::format::{Output, Spec};
use crate::signature::FunctionError;
use crate::value::decimal::Digits;

/// Longer precisions are cut to this.
const REAL_PRECISION_MAX: i64 = 100_000_000;

pub(super) fn integer(out: &mut Output, value: i64, spec: &Spec, letter: u8) -> Result<(), FunctionError> {
    let signed = matches!(letter, b'd' | b'i' | b'r');
    let (magnitude, prefix) = match signed {
        true if value < 0 => (value.unsigned_abs(), b'-'),
        true => (value as u64, spec.sign),
        false => (value as u64, 0),
    };
    let base = match letter {
        b'x' | b'X' | b'p' => 16,
        b'o' => 8,
        _ => 10,
    };
    let mut precision = spec.precision;
    if spec.zero {
        precision = precision.max(spec.width - i64::from(prefix != 0));
    }
    if precision >= 37 {
        out.scratch(precision + 10 + if spec.thousands { precision / 3 } else { 0 })?;
    }
    let mut reversed = Vec::with_capacity(32);
    if letter == b'r' {
        let last = match magnitude % 10 {
            n @ 1..=3 if magnitude / 10 % 10 != 1 => n as usize,
            _ => 0,
        };
        reversed.extend_from_slice([b"ht", b"ts", b"dn", b"dr"][last]);
    }
    let mut rest = magnitude;
    loop {
        let digits = if letter == b'x' { b"0123456789abcdef" } else { b"0123456789ABCDEF" };
        reversed.push(digits[(rest % base) as usize]);
        rest /= base;
        if rest == 0 {
            break;
        }
    }
    while (reversed.len() as i64) < precision {
        reversed.push(b'0');
    }
    if spec.thousands && matches!(letter, b'd' | b'i' | b'u') {
        let groups: Vec<&[u8]> = reversed.chunks(3).collect();
        reversed = groups.join(&b',');
    }
    if prefix != 0 {
        reversed.push(prefix);
    }
    if spec.alternate && magnitude != 0 {
        reversed.extend_from_slice(match letter {
            b'x' => b"x0",
            b'X' => b"X0",
            b'p' => b"x0",
            b'o' => b"0",
            _ => b"",
        });
    }
    reversed.reverse();
    out.padded(&reversed, spec)
}

pub(super) fn real(out: &mut Output, value: f64, spec: &Spec, letter: u8) -> Result<(), FunctionError> {
    let mut precision = if spec.precision < 0 { 6 } else { spec.precision.min(REAL_PRECISION_MAX) };
    let general = matches!(letter, b'g' | b'G');
    if general && precision == 0 {
        precision = 1;
    }
    let places = match letter {
        b'f' => -precision,
        b'e' | b'E' => precision + 1,
        _ => precision,
    };
    let negative = value < 0.0;
    if value.is_infinite() && !spec.zero {
        let text: &[u8] = match (negative, spec.sign) {
            (true, _) => b"-Inf",
            (false, b'+') => b"+Inf",
            (false, b' ') => b" Inf",
            _ => b"Inf",
        };
        return out.padded(text, spec);
    }
    if value.is_nan() {
        return out.padded(if spec.zero { b"null" } else { b"NaN" }, spec);
    }
    let digits = if value.is_infinite() {
        Digits::nine(1000)
    } else if value == 0.0 {
        Digits::zero()
    } else {
        Digits::rounded(value.abs(), places as i32, if spec.alternate2 { 20 } else { 16 })
    };
    let prefix = match negative {
        // With # and %f a number that rounds to 0 has no sign.
        true if spec.alternate && spec.sign == 0 && letter == b'f' && i64::from(digits.point) <= places => 0,
        true => b'-',
        false => spec.sign,
    };
    let exponent = digits.point - 1;
    let mut scientific = matches!(letter, b'e' | b'E');
    let mut trim = spec.alternate2;
    if general {
        precision -= 1;
        trim = !spec.alternate;
        if exponent < -4 || i64::from(exponent) > precision {
            scientific = true;
        } else {
            precision -= i64::from(exponent);
        }
    }
    let mut place = if scientific { 0 } else { exponent };
    let groups = if spec.thousands && place > 0 { (place + 2) / 3 } else { 0 };
    out.scratch(i64::from(place.max(0) + groups) + precision + spec.width + 11)?;
    let mut text = Vec::with_capacity(32);
    if prefix != 0 {
        text.push(prefix);
    }
    let mut source = digits.as_slice().iter().copied();
    let mut next = || source.next().unwrap_or(b'0');
    if place < 0 {
        text.push(b'0');
    }
    while place >= 0 {
        text.push(next());
        if spec.thousands && place % 3 == 0 && place > 1 {
            text.push(b',');
        }
        place -= 1;
    }
    let point = precision > 0 || spec.alternate || spec.alternate2;
    if point {
        text.push(b'.');
    }
    place += 1;
    while place < 0 && precision > 0 {
        text.push(b'0');
        place += 1;
        precision -= 1;
    }
    for _ in 0..precision {
        text.push(next());
    }
    if trim && point {
        while text.last() == Some(&b'0') {
            text.pop();
        }
        if text.last() == Some(&b'.') {
            if spec.alternate2 {
                text.push(b'0');
            } else {
                text.pop();
            }
        }
    }
    if scientific {
        push_exponent(&mut text, exponent, letter);
    }
    let missing = spec.width - text.len() as i64;
    if spec.zero && !spec.left && missing > 0 {
        let at = usize::from(prefix != 0);
        text.splice(at..at, std::iter::repeat_n(b'0', missing as usize));
    }
    out.padded(&text, spec)
}

fn push_exponent(text: &mut Vec<u8>, exponent: i32, letter: u8) {
    text.push(if letter.is_ascii_uppercase() { b'E' } else { b'e' });
    text.push(if exponent < 0 { b'-' } else { b'+' });
    let magnitude = exponent.unsigned_abs();
    if magnitude >= 100 {
        text.push(b'0' + (magnitude / 100) as u8);
    }
    text.push(b'0' + (magnitude / 10 % 10) as u8);
    text.push(b'0' + (magnitude % 10) as u8);
}
