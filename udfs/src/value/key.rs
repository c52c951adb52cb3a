//! Values as byte strings whose order is the order of the values.
//!
//! Class byte, then the value: a number is an order-preserving double followed, where the double alone is not
//! exact, by what remains; text and blobs are escaped and end in a terminator, so that no key is the beginning
//! of another and keys of several columns can be joined. Values that compare equal have equal keys, of whichever
//! class they are (1 and 1.0). Descending columns have every byte inverted.

use super::collation::until_nul;
use super::{Collation, Value, ValueRef};

const NULL: u8 = 0x05;
const NUMBER: u8 = 0x15;
const TEXT: u8 = 0x25;
const BLOB: u8 = 0x35;

/// Text under a collation of a connection's own has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomCollation;

pub fn encode_key(
    v: ValueRef<'_>,
    collation: &Collation,
    descending: bool,
    out: &mut Vec<u8>,
) -> Result<(), CustomCollation> {
    let start = out.len();
    match v {
        ValueRef::Null => out.push(NULL),
        ValueRef::Integer(i) => {
            out.push(NUMBER);
            integer(i, out);
        }
        ValueRef::Real(r) => {
            out.push(NUMBER);
            match super::number::exact_integer(r) {
                Some(i) => integer(i, out),
                None => {
                    out.extend_from_slice(&ordered(r).to_be_bytes());
                    out.extend_from_slice(&MIDDLE.to_be_bytes());
                }
            }
        }
        ValueRef::Text(t) => {
            out.push(TEXT);
            match collation {
                Collation::Binary => escaped(t, out),
                Collation::NoCase => {
                    out.reserve(t.len() + 2);
                    let looked_at = until_nul(t);
                    for &b in looked_at {
                        escape(b.to_ascii_lowercase(), out);
                    }
                    if looked_at.last() == Some(&0) {
                        for b in (t.len() as u64).to_be_bytes() {
                            escape(b, out);
                        }
                    }
                    out.extend_from_slice(&[0, 0]);
                }
                Collation::Rtrim => {
                    let end = t.iter().rposition(|&b| b != b' ').map_or(0, |i| i + 1);
                    escaped(&t[..end], out);
                }
                Collation::Custom(_) => {
                    out.truncate(start);
                    return Err(CustomCollation);
                }
            }
        }
        ValueRef::Blob(b) => {
            out.push(BLOB);
            escaped(b, out);
        }
    }
    if descending {
        for b in &mut out[start..] {
            *b = !*b;
        }
    }
    Ok(())
}

/// The residue of a number that its double holds exactly.
const MIDDLE: u16 = 0x8000;

/// The double nearest to an integer, and how far the integer is from it (at most 512).
#[inline]
fn integer(i: i64, out: &mut Vec<u8>) {
    let nearest = i as f64;
    let is_exact = i.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS;
    let residue = if is_exact { 0 } else { (i128::from(i) - nearest as i128) as i32 };
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&ordered(nearest).to_be_bytes());
    bytes[8..].copy_from_slice(&((i32::from(MIDDLE) + residue) as u16).to_be_bytes());
    out.extend_from_slice(&bytes);
}

/// A double's bits in an order that unsigned comparison keeps.
#[inline]
fn ordered(r: f64) -> u64 {
    let r = if r == 0.0 { 0.0 } else { r };
    let bits = r.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[inline]
fn escape(b: u8, out: &mut Vec<u8>) {
    out.push(b);
    if b == 0 {
        out.push(0xff);
    }
}

/// NUL becomes 00 FF; the end is 00 00.
fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + 2);
    if memchr::memchr(0, bytes).is_none() {
        out.extend_from_slice(bytes);
    } else {
        for &b in bytes {
            escape(b, out);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

/// The value that a key begins with, and what follows it. Numbers that are whole come back as integers; text as
/// it was encoded (folded, trimmed).
pub fn decode_key(key: &[u8], descending: bool) -> Option<(Value, &[u8])> {
    let byte = |i: usize| key.get(i).map(|b| if descending { !*b } else { *b });
    match byte(0)? {
        NULL => Some((Value::Null, &key[1..])),
        NUMBER => {
            let mut bits = [0u8; 8];
            for (i, b) in bits.iter_mut().enumerate() {
                *b = byte(1 + i)?;
            }
            let residue = i32::from(u16::from_be_bytes([byte(9)?, byte(10)?])) - i32::from(MIDDLE);
            let bits = u64::from_be_bytes(bits);
            let real = f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits });
            let whole = real.fract() == 0.0 && real.abs() <= 9223372036854775808.0;
            let value = match i64::try_from(real as i128 + i128::from(residue)) {
                Ok(i) if whole => Value::Integer(i),
                _ => Value::Real(real),
            };
            Some((value, &key[11..]))
        }
        class @ (TEXT | BLOB) => {
            let mut bytes = Vec::new();
            let mut at = 1;
            loop {
                match (byte(at)?, byte(at + 1)) {
                    (0, Some(0)) => break,
                    (0, _) => {
                        bytes.push(0);
                        at += 2;
                    }
                    (b, _) => {
                        bytes.push(b);
                        at += 1;
                    }
                }
            }
            let value = if class == TEXT { Value::Text(bytes.into()) } else { Value::Blob(bytes.into()) };
            Some((value, &key[at + 2..]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::compare::compare;

    fn key(v: ValueRef<'_>, c: &Collation) -> Vec<u8> {
        let mut out = Vec::new();
        encode_key(v, c, false, &mut out).expect("a built-in collation");
        out
    }

    #[test]
    fn keys_order_as_values_do() {
        let ints =
            [i64::MIN, i64::MIN + 1, -(1 << 53) - 1, -1, 0, 1, 2, (1 << 53) + 1, 1 << 62, i64::MAX - 1, i64::MAX];
        let reals = [
            f64::NEG_INFINITY,
            -1e300,
            -9.3e18,
            -9223372036854775808.0,
            -0.5,
            -0.0,
            0.5,
            1.0,
            9007199254740992.0,
            9223372036854774784.0,
            9223372036854775808.0,
            1e300,
        ];
        let texts: [&[u8]; 9] = [b"", b"a", b"A", b"a ", b"a\0", b"a\0b", b"ab", b"b", b"\xff"];
        let mut all = vec![ValueRef::Null];
        all.extend(ints.iter().map(|i| ValueRef::Integer(*i)));
        all.extend(reals.iter().map(|r| ValueRef::Real(*r)));
        all.extend(texts.iter().map(|t| ValueRef::Text(t)));
        all.extend(texts.iter().map(|t| ValueRef::Blob(t)));
        for c in [Collation::Binary, Collation::NoCase, Collation::Rtrim] {
            for a in &all {
                for b in &all {
                    assert_eq!(key(*a, &c).cmp(&key(*b, &c)), compare(*a, *b, &c), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
