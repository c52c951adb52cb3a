//! Values as byte strings whose order is the order of the values.
//!
//! Class byte, then the value: a number is an order-preserving double followed, where the double alone is not
//! exact, by what remains; text and blobs are escaped and end in a terminator, so that no key is the beginning
//! of another and keys of several columns can be joined. Values that compare equal have equal keys, of whichever
//! class they are (1 and 1.0). Descending columns have every byte inverted.

use super::collation::until_nul;
use super::{Collation, Encoding, Value, ValueRef};

const NULL: u8 = 0x05;
const NUMBER: u8 = 0x15;
const TEXT: u8 = 0x25;
/// Text by its bytes in UTF-16. An index has text of one of the three kinds only.
const TEXT_UTF16_LE: u8 = 0x26;
const TEXT_UTF16_BE: u8 = 0x27;
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
                Collation::Utf16Le | Collation::Utf16Be => {
                    out.truncate(start);
                    let mut stored = Vec::with_capacity(t.len() * 2);
                    let encoding =
                        if matches!(collation, Collation::Utf16Le) { Encoding::Utf16Le } else { Encoding::Utf16Be };
                    encoding.encode(t, &mut stored);
                    stored_text(&stored, encoding, out);
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
        invert(&mut out[start..]);
    }
    Ok(())
}

/// [`encode_key`] of text as a file has it, under the BINARY of its encoding.
pub fn encode_stored_text(stored: &[u8], encoding: Encoding, descending: bool, out: &mut Vec<u8>) {
    let start = out.len();
    stored_text(stored, encoding, out);
    if descending {
        invert(&mut out[start..]);
    }
}

fn stored_text(stored: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
    out.push(match encoding {
        Encoding::Utf8 => TEXT,
        Encoding::Utf16Le => TEXT_UTF16_LE,
        Encoding::Utf16Be => TEXT_UTF16_BE,
    });
    escaped(stored, out);
}

fn invert(key: &mut [u8]) {
    for b in key {
        *b = !*b;
    }
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

/// A value read from a key: where it can be, as it stands there.
pub enum Part<'k> {
    Ref(ValueRef<'k>),
    Owned(Value),
}

impl Part<'_> {
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Part::Ref(v) => *v,
            Part::Owned(v) => v.as_ref(),
        }
    }

    pub fn into_owned(self) -> Value {
        match self {
            Part::Ref(v) => v.to_owned(),
            Part::Owned(v) => v,
        }
    }
}

const NUMBER_LEN: usize = 11;

/// The value that a key begins with, and what follows it. Numbers that are whole come back as integers; text as
/// it was encoded (folded, trimmed).
pub fn decode_key(key: &[u8], descending: bool) -> Option<(Part<'_>, &[u8])> {
    let flip = if descending { 0xff } else { 0 };
    match key.first()? ^ flip {
        NULL => Some((Part::Ref(ValueRef::Null), &key[1..])),
        NUMBER => {
            let (encoded, rest) = key.split_at_checked(NUMBER_LEN)?;
            let flips = if descending { u64::MAX } else { 0 };
            let bits = u64::from_be_bytes(encoded[1..9].try_into().ok()?) ^ flips;
            let residue = u16::from_be_bytes([encoded[9] ^ flip, encoded[10] ^ flip]);
            Some((Part::Ref(number(bits, residue)), rest))
        }
        class @ (TEXT_UTF16_LE | TEXT_UTF16_BE) => {
            let (body, rest) = key[1..].split_at(text_length(&key[1..], flip)?);
            let encoding = if class == TEXT_UTF16_LE { Encoding::Utf16Le } else { Encoding::Utf16Be };
            let mut text = Vec::with_capacity(body.len());
            encoding.decode(&unescaped(body, flip), &mut text);
            Some((Part::Owned(Value::Text(text.into())), &rest[2..]))
        }
        class @ (TEXT | BLOB) => {
            let (body, rest) = key[1..].split_at(text_length(&key[1..], flip)?);
            let part = match (class, !descending && memchr::memchr(0, body).is_none()) {
                (TEXT, true) => Part::Ref(ValueRef::Text(body)),
                (TEXT, false) => Part::Owned(Value::Text(unescaped(body, flip).into())),
                (_, true) => Part::Ref(ValueRef::Blob(body)),
                (_, false) => Part::Owned(Value::Blob(unescaped(body, flip).into())),
            };
            Some((part, &rest[2..]))
        }
        _ => None,
    }
}

/// What follows the value that a key begins with.
pub fn skip_key(key: &[u8], descending: bool) -> Option<&[u8]> {
    let flip = if descending { 0xff } else { 0 };
    match key.first()? ^ flip {
        NULL => Some(&key[1..]),
        NUMBER => key.get(NUMBER_LEN..),
        TEXT | TEXT_UTF16_LE | TEXT_UTF16_BE | BLOB => key.get(1 + text_length(&key[1..], flip)? + 2..),
        _ => None,
    }
}

fn number(bits: u64, residue: u16) -> ValueRef<'static> {
    /// Below it every whole double is the integer it stands for.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let real = f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits });
    if real.abs() < EXACT_MAX {
        let i = real as i64;
        return if i as f64 == real { ValueRef::Integer(i) } else { ValueRef::Real(real) };
    }
    let whole = real.abs() <= 9223372036854775808.0;
    let exact = real as i128 + i128::from(i32::from(residue) - i32::from(MIDDLE));
    match i64::try_from(exact) {
        Ok(i) if whole => ValueRef::Integer(i),
        _ => ValueRef::Real(real),
    }
}

/// The length of escaped bytes before their terminator; every byte is inverted by `flip`.
fn text_length(bytes: &[u8], flip: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(flip, bytes.get(at..)?)?;
        if *bytes.get(at + 1)? == flip {
            return Some(at);
        }
        at += 2;
    }
}

fn unescaped(body: &[u8], flip: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(b) = body.get(at) {
        bytes.push(b ^ flip);
        at += if *b == flip { 2 } else { 1 };
    }
    bytes
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

    /// Two values that make one key are read back from it, in both directions.
    fn come_back(a: ValueRef<'_>, b: ValueRef<'_>, c: &Collation) {
        for descending in [false, true] {
            let mut both = Vec::new();
            for v in [a, b] {
                encode_key(v, c, descending, &mut both).expect("a built-in collation");
            }
            let (first, rest) = decode_key(&both, descending).expect("a key");
            assert_eq!(skip_key(&both, descending), Some(rest));
            let (second, rest) = decode_key(rest, descending).expect("a key");
            assert!(rest.is_empty());
            for (found, v) in [(first, a), (second, b)] {
                assert!(compare(found.as_ref(), v, c).is_eq(), "{v:?} {c:?}");
            }
        }
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
        for c in [Collation::Binary, Collation::NoCase, Collation::Rtrim, Collation::Utf16Le, Collation::Utf16Be] {
            for a in &all {
                for b in &all {
                    assert_eq!(key(*a, &c).cmp(&key(*b, &c)), compare(*a, *b, &c), "{a:?} {b:?} {c:?}");
                    // Of text with a NUL, NOCASE looks at the part before it and the length.
                    let cut = |v: &ValueRef<'_>| matches!(v, ValueRef::Text(t) if t.contains(&0));
                    let encodes = |v: &ValueRef<'_>| match v {
                        ValueRef::Text(t) => {
                            !matches!(c, Collation::Utf16Le | Collation::Utf16Be) || str::from_utf8(t).is_ok()
                        }
                        _ => true,
                    };
                    if (!matches!(c, Collation::NoCase) || !cut(a) && !cut(b)) && encodes(a) && encodes(b) {
                        come_back(*a, *b, &c);
                    }
                }
            }
        }
    }
}
