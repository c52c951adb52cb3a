//! SQL values to JSON and back.
//! Rules: <https://sqlite.org/json1.html#value_arguments>, <https://sqlite.org/json1.html#jex>

use super::document::malformed;
use super::jsonb::{
    ARRAY, FALSE, FLOAT, FLOAT5, INT, INT5, NULL, OBJECT, TEXT, TEXT5, TEXTJ, TEXTRAW, TRUE, header, push_element,
};
use super::parse::parse;
use super::render::render;
use super::text::{push_quoted, push_unescaped};
use super::validity::looks_like_jsonb;
use crate::signature::{Call, FunctionError, FunctionResult};
use crate::value::ValueRef;
use crate::value::number::{ParseKind, parse_number, real_prefix, write_integer, write_real};
use std::borrow::Cow;

/// What a function yields for a JSON array or object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// JSON text.
    Text,
    /// A JSONB blob.
    Binary,
}

/// A value's bytes as text, as `CAST(x AS TEXT)` gives them.
pub fn text_of(value: ValueRef<'_>) -> Cow<'_, [u8]> {
    match value {
        ValueRef::Null => Cow::Borrowed(&[]),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cow::Borrowed(bytes),
        ValueRef::Integer(i) => {
            let mut out = Vec::new();
            write_integer(i, &mut out);
            Cow::Owned(out)
        }
        ValueRef::Real(r) => {
            let mut out = Vec::new();
            write_real(r, &mut out);
            Cow::Owned(out)
        }
    }
}

/// The bytes before the first NUL: what remains of a text where SQLite takes a C string.
pub fn c_string(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(0, text).unwrap_or(text.len())]
}

fn no_blobs() -> FunctionError {
    FunctionError::new("JSON cannot hold BLOB values")
}

/// Appends a value, which is argument `i`, as JSON text. Text that is JSON by its subtype is taken over as it is. Raises
/// TooBig once there is more text than a result may have.
pub fn push_json(call: &Call<'_, '_>, out: &mut Vec<u8>, value: ValueRef<'_>, i: usize) -> Result<(), FunctionError> {
    let length_limit = call.host.length_limit();
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Integer(i) => write_integer(i, out),
        ValueRef::Real(r) if r == f64::INFINITY => out.extend_from_slice(b"9.0e+999"),
        ValueRef::Real(r) if r == f64::NEG_INFINITY => out.extend_from_slice(b"-9.0e+999"),
        ValueRef::Real(r) => write_real(r, out),
        ValueRef::Text(text) if call.is_json(i) => out.extend_from_slice(text),
        ValueRef::Text(text) => push_quoted(out, text),
        ValueRef::Blob(blob) if looks_like_jsonb(blob) => {
            render(blob, 0, length_limit, out)?;
        }
        ValueRef::Blob(_) => return Err(no_blobs()),
    }
    if out.len() > length_limit { Err(FunctionError::TooBig) } else { Ok(()) }
}

/// A value as one JSONB element.
pub fn to_jsonb(value: ValueRef<'_>, is_json: bool) -> Result<Cow<'_, [u8]>, FunctionError> {
    let mut out = Vec::new();
    match value {
        ValueRef::Null => out.push(NULL),
        ValueRef::Integer(_) => push_element(&mut out, INT, &text_of(value)),
        ValueRef::Real(r) if r == f64::INFINITY => push_element(&mut out, FLOAT, b"9e999"),
        ValueRef::Real(r) if r == f64::NEG_INFINITY => push_element(&mut out, FLOAT, b"-9e999"),
        ValueRef::Real(_) => push_element(&mut out, FLOAT, &text_of(value)),
        ValueRef::Text(text) if is_json => {
            parse(text, &mut out).map_err(|_| malformed())?;
        }
        ValueRef::Text(text) => push_element(&mut out, TEXTRAW, text),
        ValueRef::Blob(blob) if looks_like_jsonb(blob) => return Ok(Cow::Borrowed(blob)),
        ValueRef::Blob(_) => return Err(no_blobs()),
    }
    Ok(Cow::Owned(out))
}

/// Bytes as a result, if they are not too many.
pub fn text_result<'a>(call: &Call<'a, '_>, bytes: &[u8]) -> FunctionResult<'a> {
    if bytes.len() > call.host.length_limit() {
        return Err(FunctionError::TooBig);
    }
    Ok(call.text(bytes))
}

pub fn blob_result<'a>(call: &Call<'a, '_>, bytes: &[u8]) -> FunctionResult<'a> {
    if bytes.len() > call.host.length_limit() {
        return Err(FunctionError::TooBig);
    }
    Ok(call.blob(bytes))
}

/// The element at `at` as a JSON result: text with the JSON subtype, or a blob.
pub fn json_result<'a>(call: &mut Call<'a, '_>, blob: &[u8], at: usize, form: Form) -> FunctionResult<'a> {
    if form == Form::Binary {
        let h = header(blob, at).ok_or_else(malformed)?;
        return blob_result(call, &blob[at..h.end]);
    }
    // Text is about as long as JSONB, a little longer where elements are small.
    let mut out = Vec::with_capacity((blob.len() - at) * 5 / 4 + 16);
    render(blob, at, call.host.length_limit(), &mut out)?;
    call.json_result = true;
    text_result(call, &out)
}

/// JSON text that was just put together, as a result.
pub fn built_result<'a>(call: &mut Call<'a, '_>, text: &[u8], form: Form) -> FunctionResult<'a> {
    if form == Form::Binary {
        // The text may be malformed if a damaged blob went into it, or too deep. SQLite returns what it has by then.
        let mut out = Vec::new();
        let _ = parse(text, &mut out);
        return blob_result(call, &out);
    }
    call.json_result = true;
    text_result(call, text)
}

/// The element at `at` as an SQL value.
pub fn sql_value<'a>(call: &mut Call<'a, '_>, blob: &[u8], at: usize, form: Form) -> FunctionResult<'a> {
    let h = header(blob, at).ok_or_else(malformed)?;
    let payload = h.payload(blob);
    match h.kind {
        NULL..=FALSE if !payload.is_empty() => Err(malformed()),
        NULL => Ok(ValueRef::Null),
        TRUE => Ok(ValueRef::Integer(1)),
        FALSE => Ok(ValueRef::Integer(0)),
        INT | INT5 => integer(payload),
        FLOAT | FLOAT5 => real(payload),
        TEXT | TEXTRAW => text_result(call, payload),
        TEXTJ | TEXT5 => {
            let mut out = Vec::with_capacity(payload.len());
            push_unescaped(&mut out, payload);
            text_result(call, &out)
        }
        // By itself: nothing in it may reach past its end.
        ARRAY | OBJECT => json_result(call, &blob[at..h.end], 0, form),
        _ => Err(malformed()),
    }
}

/// An integer's payload. One that does not fit 64 bits is a real; so is a hexadecimal one above 2^63.
fn integer(payload: &[u8]) -> FunctionResult<'static> {
    let negative = payload.first() == Some(&b'-');
    let digits = &payload[negative as usize..];
    if digits.is_empty() {
        return Err(malformed());
    }
    // What valid JSON has.
    if digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit) {
        let magnitude = digits.iter().fold(0, |n, c| n * 10 + (c - b'0') as i64);
        return Ok(ValueRef::Integer(if negative { -magnitude } else { magnitude }));
    }
    let digits = c_string(digits);
    let (magnitude, less) = match digits {
        [b'0', b'x' | b'X', hex @ ..] => {
            let zeros = hex.iter().take_while(|c| **c == b'0').count();
            let hex = &hex[zeros..];
            if hex.len() > 16 || !hex.iter().all(u8::is_ascii_hexdigit) {
                return Err(malformed());
            }
            let magnitude = hex.iter().fold(0u64, |n, c| n << 4 | (*c as char).to_digit(16).unwrap_or(0) as u64);
            if magnitude > i64::MAX as u64 {
                let real = magnitude as f64;
                return Ok(ValueRef::Real(if negative { -real } else { real }));
            }
            (magnitude, false)
        }
        _ => match decimal(digits) {
            Decimal::Integer(magnitude, less) => (magnitude, less),
            Decimal::Trailing => return Err(malformed()),
            Decimal::Other => return real(payload),
        },
    };
    match (magnitude, less, negative) {
        // SQLite takes a second sign for the first bit of a hexadecimal number.
        (0, true, _) => Ok(ValueRef::Integer(0)),
        (m, true, negative) => {
            let real = (m as i64).wrapping_neg() as u64 as f64;
            Ok(ValueRef::Real(if negative { -real } else { real }))
        }
        (m, false, true) if m == 1 << 63 => Ok(ValueRef::Integer(i64::MIN)),
        (m, false, _) if m > i64::MAX as u64 => real(payload),
        (m, false, true) => Ok(ValueRef::Integer(-(m as i64))),
        (m, false, false) => Ok(ValueRef::Integer(m as i64)),
    }
}

/// What a damaged integer's payload may turn out to be.
enum Decimal {
    /// Magnitude, and whether a minus sign came first.
    Integer(u64, bool),
    /// Digits followed by something else.
    Trailing,
    /// No integer of 64 bits; perhaps a real.
    Other,
}

/// Decimal digits with white space around, by the rules of SQLite's text-to-integer conversion, which looks at the
/// first byte after digits, signs and spaces and no further.
fn decimal(text: &[u8]) -> Decimal {
    let span = text.iter().take_while(|c| matches!(c, b'+' | b'-' | b' ' | b'\n' | b'\t' | b'0'..=b'9')).count();
    let text = &text[..(span + 1).min(text.len())];
    let text = &text[text.iter().take_while(|c| is_sql_space(**c)).count()..];
    let less = text.first() == Some(&b'-');
    let text = &text[matches!(text.first(), Some(b'-' | b'+')) as usize..];
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    if digits == 0 {
        return Decimal::Other;
    }
    if !text[digits..].iter().all(|c| is_sql_space(*c)) {
        return Decimal::Trailing;
    }
    let magnitude = text[..digits]
        .iter()
        .try_fold(0u64, |n, c| n.checked_mul(10)?.checked_add((c - b'0') as u64).filter(|n| *n <= 1 << 63));
    match magnitude {
        Some(m) => Decimal::Integer(m, less),
        None => Decimal::Other,
    }
}

fn is_sql_space(c: u8) -> bool {
    matches!(c, 0x09..=0x0d | b' ')
}

/// A real's payload.
fn real(payload: &[u8]) -> FunctionResult<'static> {
    let text = c_string(payload);
    match parse_number(text).kind {
        ParseKind::Whole => Ok(ValueRef::Real(real_prefix(text))),
        _ => Err(malformed()),
    }
}
