//! Functions of characters and bytes: length, octet_length, hex, unhex, char, unicode, quote, typeof.

use super::row;
use crate::signature::{Call, Flags, FunctionError, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::cast::{to_integer, to_text};
use crate::value::number::{write_integer, write_real};
use crate::value::text::{before_nul, code_point, counted};
use bumpalo::collections::Vec as ArenaVec;

const PURE: Flags = Flags::DETERMINISTIC;
const TEXT: Flags = PURE.or(Flags::READS_TEXT);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("char", 0, None, TEXT, char_function, "char(X,...)", "The characters of these code points."),
    row("hex", 1, Some(1), PURE, hex, "hex(X)", "The bytes of X as hexadecimal digits."),
    row("length", 1, Some(1), PURE, length, "length(X)", "The characters of X up to a NUL, or the bytes of a blob."),
    row("octet_length", 1, Some(1), PURE, octet_length, "octet_length(X)", "The bytes of X as text."),
    row("quote", 1, Some(1), PURE, quote, "quote(X)", "X as an SQL literal."),
    row("typeof", 1, Some(1), PURE, type_of, "typeof(X)", "null, integer, real, text or blob."),
    row("unicode", 1, Some(1), TEXT, unicode, "unicode(X)", "The code point of the first character of X."),
];

fn length<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(match args[0] {
        ValueRef::Null => ValueRef::Null,
        ValueRef::Blob(b) => ValueRef::Integer(b.len() as i64),
        ValueRef::Text(t) => ValueRef::Integer(counted(before_nul(t)) as i64),
        number => ValueRef::Integer(to_text(number, call.arena).len() as i64),
    })
}

fn octet_length<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(match args[0] {
        ValueRef::Null => ValueRef::Null,
        ValueRef::Blob(b) => ValueRef::Integer(b.len() as i64),
        v => ValueRef::Integer(call.host.encoding().blob_of_text(to_text(v, call.arena), call.arena).len() as i64),
    })
}

fn type_of<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Text(match args[0] {
        ValueRef::Null => b"null",
        ValueRef::Integer(_) => b"integer",
        ValueRef::Real(_) => b"real",
        ValueRef::Text(_) => b"text",
        ValueRef::Blob(_) => b"blob",
    }))
}

fn push_hex(bytes: &[u8], out: &mut ArenaVec<'_, u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for b in bytes {
        out.push(DIGITS[usize::from(b >> 4)]);
        out.push(DIGITS[usize::from(b & 15)]);
    }
}

/// An empty result with room for so many bytes. SQLite counts the bytes it allocates, often a few more than the result
/// has; `sized` is given that number where it is.
pub(super) fn sized<'a>(call: &Call<'a, '_>, length: usize) -> Result<ArenaVec<'a, u8>, FunctionError> {
    if length > call.host.length_limit() {
        return Err(FunctionError::TooBig);
    }
    Ok(ArenaVec::with_capacity_in(length, call.arena))
}

fn hex<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let bytes = match args[0] {
        ValueRef::Text(text) => call.host.encoding().blob_of_text(text, call.arena),
        v => to_text(v, call.arena),
    };
    let mut out = sized(call, bytes.len() * 2 + 1)?;
    push_hex(bytes, &mut out);
    Ok(ValueRef::Text(out.into_bump_slice()))
}

/// What is no code point becomes U+FFFD.
fn char_function<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let mut out = sized(call, args.len())?;
    for &arg in args {
        let c = to_integer(arg);
        let c = if (0..=0x10_ffff).contains(&c) { c as u32 } else { 0xfffd };
        push_utf8(c, |b| out.push(b));
    }
    Ok(ValueRef::Text(out.into_bump_slice()))
}

/// UTF-8 of a number up to 21 bits, surrogates included.
pub(super) fn push_utf8(c: u32, mut push: impl FnMut(u8)) {
    let tail = |shift: u32| 0x80 | (c >> shift & 0x3f) as u8;
    if c < 0x80 {
        push(c as u8);
    } else if c < 0x800 {
        push(0xc0 | (c >> 6) as u8);
        push(tail(0));
    } else if c < 0x1_0000 {
        push(0xe0 | (c >> 12) as u8);
        push(tail(6));
        push(tail(0));
    } else {
        push(0xf0 | (c >> 18 & 7) as u8);
        push(tail(12));
        push(tail(6));
        push(tail(0));
    }
}

fn unicode<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let text = to_text(args[0], call.arena);
    Ok(match text.first() {
        None | Some(0) => ValueRef::Null,
        // An int of C, to which a malformed sequence may be negative.
        Some(_) => ValueRef::Integer(i64::from(code_point(text, 0).0 as i32)),
    })
}

/// Text ends at a NUL, as in SQLite.
pub(super) fn quote<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let mut out = sized(call, 0)?;
    match args[0] {
        ValueRef::Null => out.extend_from_slice(b"NULL"),
        ValueRef::Integer(i) => {
            let mut text = Vec::with_capacity(20);
            write_integer(i, &mut text);
            out.extend_from_slice(&text);
        }
        ValueRef::Real(r) if r.is_infinite() => out.extend_from_slice(if r > 0.0 { b"9.0e+999" } else { b"-9.0e+999" }),
        ValueRef::Real(r) => {
            let mut text = Vec::with_capacity(24);
            write_real(r, &mut text);
            out.extend_from_slice(&text);
        }
        ValueRef::Blob(b) => {
            out = sized(call, b.len() * 2 + 5)?;
            out.extend_from_slice(b"X'");
            push_hex(b, &mut out);
            out.push(b'\'');
        }
        ValueRef::Text(t) => {
            let t = before_nul(t);
            out = sized(call, t.len() + 3 + t.iter().filter(|&&b| b == b'\'').count())?;
            out.push(b'\'');
            for &b in t {
                if b == b'\'' {
                    out.push(b);
                }
                out.push(b);
            }
            out.push(b'\'');
        }
    }
    Ok(ValueRef::Text(out.into_bump_slice()))
}
