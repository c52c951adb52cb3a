//! JSONB to canonical JSON text: numbers and escapes as they were written, JSON5 spellings made RFC 8259's.
//!
//! Without recursion; a damaged blob ends in `malformed JSON`. Labels are not checked to be text, as in SQLite.
//! Source: <https://sqlite.org/json1.html#jminify>

use super::document::{malformed, too_deep};
use super::jsonb::{
    ARRAY, DEPTH_MAX, FALSE, FLOAT, FLOAT5, Header, INT, INT5, NULL, OBJECT, TEXT, TEXT5, TEXTJ, TEXTRAW, TRUE, header,
};
use super::text::{plain_run, push_control, push_quoted};
use crate::signature::FunctionError;

/// A container that is being written.
struct Open {
    end: usize,
    object: bool,
    /// Elements written so far; in an object labels and values both count.
    count: usize,
}

/// Appends the element at `at` as text, which stops growing soon after it has more than `length_limit` bytes. Returns
/// where the blob goes on, by SQLite's count.
pub fn render(blob: &[u8], at: usize, length_limit: usize, out: &mut Vec<u8>) -> Result<usize, FunctionError> {
    let mut open: Vec<Open> = Vec::new();
    let mut i = at;
    loop {
        let h = header(blob, i).ok_or_else(malformed)?;
        match h.kind {
            ARRAY | OBJECT => {
                if open.len() >= DEPTH_MAX {
                    return Err(too_deep());
                }
                let object = h.kind == OBJECT;
                out.push(if object { b'{' } else { b'[' });
                open.push(Open { end: h.end, object, count: 0 });
                i = h.start;
            }
            _ => {
                i = scalar(blob, i, h, out)?;
                if let Some(container) = open.last_mut() {
                    container.count += 1;
                }
            }
        }
        // Close what ends here; the next element follows its separator.
        loop {
            let Some(container) = open.last() else {
                return Ok(i);
            };
            if i < container.end {
                if out.len() > length_limit {
                    return Err(FunctionError::TooBig);
                }
                if container.count > 0 {
                    let label = container.object && container.count % 2 == 1;
                    out.push(if label { b':' } else { b',' });
                }
                break;
            }
            if i > container.end || container.object && container.count % 2 == 1 {
                return Err(malformed());
            }
            out.push(if container.object { b'}' } else { b']' });
            open.pop();
            if let Some(outer) = open.last_mut() {
                outer.count += 1;
            }
        }
    }
}

/// Appends one element that is no container; returns where the blob goes on.
pub fn scalar(blob: &[u8], at: usize, h: Header, out: &mut Vec<u8>) -> Result<usize, FunctionError> {
    let payload = h.payload(blob);
    match h.kind {
        // These have no payload; if the header claims one, SQLite reads it as the next elements.
        NULL => {
            out.extend_from_slice(b"null");
            return Ok(at + 1);
        }
        TRUE => {
            out.extend_from_slice(b"true");
            return Ok(at + 1);
        }
        FALSE => {
            out.extend_from_slice(b"false");
            return Ok(at + 1);
        }
        INT..=FLOAT5 if payload.is_empty() => return Err(malformed()),
        INT | FLOAT => out.extend_from_slice(payload),
        INT5 => integer5(payload, out)?,
        FLOAT5 => float5(payload, out)?,
        TEXT | TEXTJ => {
            out.reserve(payload.len() + 2);
            out.push(b'"');
            out.extend_from_slice(payload);
            out.push(b'"');
        }
        TEXT5 => text5(payload, out)?,
        TEXTRAW => push_quoted(out, payload),
        _ => return Err(malformed()),
    }
    Ok(h.end)
}

/// A hexadecimal integer in decimal; one that does not fit 64 bits is infinity.
fn integer5(payload: &[u8], out: &mut Vec<u8>) -> Result<(), FunctionError> {
    let signed = matches!(payload[0], b'-' | b'+');
    if payload[0] == b'-' {
        out.push(b'-');
    }
    let mut value = 0u64;
    let mut overflow = false;
    for c in payload.get(2 + signed as usize..).unwrap_or(&[]) {
        let digit = (*c as char).to_digit(16).ok_or_else(malformed)?;
        if value >> 60 != 0 {
            overflow = true;
        } else {
            value = value << 4 | digit as u64;
        }
    }
    if overflow {
        out.extend_from_slice(b"9.0e999");
    } else {
        out.extend_from_slice(value.to_string().as_bytes());
    }
    Ok(())
}

/// A number like `.5` or `5.` with the digits that RFC 8259 wants around the point.
fn float5(payload: &[u8], out: &mut Vec<u8>) -> Result<(), FunctionError> {
    let mut rest = payload;
    if let [b'-', digits @ ..] = rest {
        out.push(b'-');
        rest = digits;
    }
    if rest.is_empty() {
        return Err(malformed());
    }
    if rest.first() == Some(&b'.') {
        out.push(b'0');
    }
    for (i, c) in rest.iter().enumerate() {
        out.push(*c);
        if *c == b'.' && !rest.get(i + 1).is_some_and(u8::is_ascii_digit) {
            out.push(b'0');
        }
    }
    Ok(())
}

/// A string with JSON5's escapes, in RFC 8259's.
fn text5(payload: &[u8], out: &mut Vec<u8>) -> Result<(), FunctionError> {
    out.push(b'"');
    let mut rest = payload;
    while !rest.is_empty() {
        let run = plain_run(rest);
        out.extend_from_slice(&rest[..run]);
        rest = &rest[run..];
        let length = match rest {
            [] => break,
            [b'"', ..] => {
                out.extend_from_slice(b"\\\"");
                1
            }
            [c @ 0..=0x1f, ..] => {
                push_control(out, *c);
                1
            }
            [_, b'\'', ..] => {
                out.push(b'\'');
                2
            }
            [_, b'v', ..] => {
                out.extend_from_slice(b"\\u000b");
                2
            }
            [_, b'x', a, b, ..] => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[*a, *b]);
                4
            }
            [_, b'0', ..] => {
                out.extend_from_slice(b"\\u0000");
                2
            }
            // Lines joined by a backslash.
            [_, b'\r', b'\n', ..] => 3,
            [_, b'\r' | b'\n', ..] => 2,
            [_, 0xe2, 0x80, 0xa8 | 0xa9, ..] => 4,
            [_, b'x' | 0xe2, ..] | [_] => return Err(malformed()),
            [slash, c, ..] => {
                out.extend_from_slice(&[*slash, *c]);
                2
            }
        };
        rest = &rest[length..];
    }
    out.push(b'"');
    Ok(())
}
