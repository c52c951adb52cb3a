//! unistr() and unistr_quote(): text with escaped code points.

use super::characters::push_utf8;
use super::format::{Spec, quoted};
use super::row;
use crate::signature::{Call, Flags, FunctionError, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::cast::to_text;
use crate::value::text::before_nul;

const PURE: Flags = Flags::DETERMINISTIC;

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("unistr", 1, Some(1), PURE, unistr, "unistr(X)", "X with its escapes \\XXXX, \\+XXXXXX, \\uXXXX, \\UXXXXXXXX and \\\\ replaced by what they stand for."),
    row("unistr_quote", 1, Some(1), PURE, unistr_quote, "unistr_quote(X)", "X as an SQL literal, or as a call of unistr() where it has control characters."),
];

/// The value of exactly `digits` hexadecimal digits.
fn code(text: &[u8], digits: usize) -> Option<u32> {
    text.get(..digits)?.iter().try_fold(0u32, |c, &b| Some(c << 4 | (b as char).to_digit(16)?))
}

fn unistr<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args[0].is_null() {
        return Ok(ValueRef::Null);
    }
    let mut rest = to_text(args[0], call.arena);
    let mut out = Vec::with_capacity(rest.len());
    // What is behind a NUL has no escapes.
    while let Some(at) = memchr::memchr(b'\\', before_nul(rest)) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let (skip, digits) = match rest.first() {
            Some(b'\\') => {
                out.push(b'\\');
                rest = &rest[1..];
                continue;
            }
            Some(b'+') => (1, 6),
            Some(b'u') => (1, 4),
            Some(b'U') => (1, 8),
            _ => (0, 4),
        };
        let c = code(&rest[skip.min(rest.len())..], digits);
        let c = c.ok_or_else(|| FunctionError::new("invalid Unicode escape"))?;
        push_utf8(c, |b| out.push(b));
        rest = &rest[skip + digits..];
    }
    out.extend_from_slice(rest);
    Ok(call.text(&out))
}

fn unistr_quote<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let ValueRef::Text(t) = args[0] else { return super::characters::quote(call, args) };
    let spec = Spec { alternate: true, precision: -1, ..Spec::default() };
    let literal = quoted(Some(before_nul(t)), &spec, b'Q');
    // SQLite's scratch memory is larger.
    let more = if literal.starts_with(b"unistr") { 3 } else { 1 };
    if literal.len() + more > call.host.length_limit() {
        return Err(FunctionError::TooBig);
    }
    Ok(call.text(&literal))
}
