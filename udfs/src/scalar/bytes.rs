//! Functions of bytes that are not text: unhex, randomblob, zeroblob; and soundex.

use super::characters::sized;
use super::row;
use crate::signature::{Call, Flags, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::cast::{to_integer, to_text};
use crate::value::text::{before_nul, code_point};
use bumpalo::collections::Vec as ArenaVec;

const PURE: Flags = Flags::DETERMINISTIC;
const TEXT: Flags = PURE.or(Flags::READS_TEXT);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("randomblob", 1, Some(1), Flags::NONE, randomblob, "randomblob(N)", "N random bytes, at least one."),
    row("soundex", 1, Some(1), TEXT, soundex, "soundex(X)", "The Soundex code of an English word."),
    row("unhex", 1, Some(2), TEXT, unhex, "unhex(X[,Y])", "The blob of the hexadecimal digits X, between whose bytes characters of Y may stand; NULL if X is anything else."),
    row("zeroblob", 1, Some(1), PURE, zeroblob, "zeroblob(N)", "A blob of N zero bytes."),
];

fn randomblob<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let length = to_integer(args[0]).max(1) as usize;
    let mut out = sized(call, length)?;
    while out.len() < length {
        let bytes = call.host.random().to_le_bytes();
        out.extend_from_slice_copy(&bytes[..(length - out.len()).min(8)]);
    }
    Ok(ValueRef::Blob(out.into_bump_slice()))
}

fn zeroblob<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let length = to_integer(args[0]).max(0) as usize;
    let mut out = sized(call, length)?;
    out.resize(length, 0);
    Ok(ValueRef::Blob(out.into_bump_slice()))
}

/// Whether the code point is one of the text's.
fn contains(set: &[u8], wanted: u32) -> bool {
    let mut at = 0;
    while at < set.len() {
        let (c, end) = code_point(set, at);
        if c == wanted {
            return true;
        }
        at = end;
    }
    false
}

fn digit(b: u8) -> Option<u8> {
    (b as char).to_digit(16).map(|d| d as u8)
}

fn unhex<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args.iter().any(|v| v.is_null()) {
        return Ok(ValueRef::Null);
    }
    let text = before_nul(to_text(args[0], call.arena));
    let between: &[u8] = args.get(1).map_or(&[], |&v| to_text(v, call.arena));
    let mut out = ArenaVec::with_capacity_in(text.len() / 2, call.arena);
    let mut at = 0;
    while at < text.len() {
        if let Some(high) = digit(text[at]) {
            // The digits of a byte stand together.
            let Some(low) = text.get(at + 1).copied().and_then(digit) else { return Ok(ValueRef::Null) };
            out.push(high << 4 | low);
            at += 2;
        } else {
            let (c, end) = code_point(text, at);
            if !contains(between, c) {
                return Ok(ValueRef::Null);
            }
            at = end;
        }
    }
    Ok(ValueRef::Blob(out.into_bump_slice()))
}

fn soundex<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    const CODES: &[u8; 26] = b"01230120022455012623010202";
    // The topmost bit counts for nothing behind the first letter.
    let code = |b: u8| {
        if (b & 0x7f).is_ascii_alphabetic() { CODES[usize::from((b & 0x7f).to_ascii_uppercase() - b'A')] } else { b'0' }
    };
    let text = before_nul(to_text(args[0], call.arena));
    let Some(start) = text.iter().position(u8::is_ascii_alphabetic) else { return Ok(ValueRef::Text(b"?000")) };
    let mut out = *b"0000";
    out[0] = text[start].to_ascii_uppercase();
    let mut previous = code(text[start]);
    let mut at = 1;
    for &b in &text[start + 1..] {
        let c = code(b);
        if c != b'0' && c != previous {
            out[at] = c;
            at += 1;
            if at == 4 {
                break;
            }
        }
        previous = c;
    }
    Ok(call.text(&out))
}
