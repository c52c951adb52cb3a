//! Whether a blob is JSONB, through and through or at first sight.
//! Rules: <https://sqlite.org/jsonb.html>, <https://sqlite.org/json1.html#jvalid>

use super::jsonb::{
    ARRAY, DEPTH_MAX, FALSE, FLOAT, FLOAT5, Header, INT, INT5, NULL, OBJECT, TEXT, TEXT5, TEXTJ, TEXTRAW, header,
};
use super::scan::{PLAIN, is_hex4};
use super::text::{Unescaped, unescape};

/// Whether a blob counts as JSONB: its first header says how long it is. What is inside is not looked at, except that
/// a short blob which could as well be JSON text (it begins with a digit, `[` or `{`) must be valid all through.
pub fn looks_like_jsonb(blob: &[u8]) -> bool {
    let Some(h) = header(blob, 0) else {
        return false;
    };
    h.end == blob.len()
        && h.kind <= OBJECT
        && (h.kind > FALSE || h.size() == 0)
        && (h.size() > 7 || !matches!(blob[0], b'0'..=b'9' | b'[' | b'{') || check(blob).is_ok())
}

/// A container that is being checked.
struct Open {
    end: usize,
    object: bool,
    count: usize,
}

/// Checks every byte of a blob. Err: a position, counted from 1, at or before the first damage.
pub fn check(blob: &[u8]) -> Result<(), usize> {
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    loop {
        if open.len() >= DEPTH_MAX {
            return Err(at + 1);
        }
        let h = header(blob, at).ok_or(at + 1)?;
        match open.last() {
            None if h.end != blob.len() => return Err(at + 1),
            Some(container) if h.end > container.end => return Err(at + 1),
            Some(container) if container.object && container.count % 2 == 0 && !h.is_text() => {
                return Err(at + 1);
            }
            _ => {}
        }
        if h.kind == ARRAY || h.kind == OBJECT {
            open.push(Open { end: h.end, object: h.kind == OBJECT, count: 0 });
            at = h.start;
        } else {
            scalar(blob, at, h)?;
            at = h.end;
            if let Some(container) = open.last_mut() {
                container.count += 1;
            }
        }
        while let Some(container) = open.last() {
            if at < container.end {
                break;
            }
            if container.object && container.count % 2 == 1 {
                return Err(at + 1);
            }
            open.pop();
            if let Some(outer) = open.last_mut() {
                outer.count += 1;
            }
        }
        if open.is_empty() {
            return Ok(());
        }
    }
}

fn scalar(blob: &[u8], at: usize, h: Header) -> Result<(), usize> {
    let wrong = Err(at + 1);
    let payload = h.payload(blob);
    match h.kind {
        NULL..=FALSE => {
            if h.end == at + 1 {
                Ok(())
            } else {
                wrong
            }
        }
        INT => {
            let sign = (payload.first() == Some(&b'-')) as usize;
            if payload.len() <= sign {
                return wrong;
            }
            all(payload, sign, h, |c| c.is_ascii_digit())
        }
        INT5 => {
            let sign = (payload.first() == Some(&b'-')) as usize;
            if payload.len() < 3 + sign || payload[sign] != b'0' {
                return wrong;
            }
            if !matches!(payload[sign + 1], b'x' | b'X') {
                return Err(h.start + sign + 2);
            }
            all(payload, sign + 2, h, |c| c.is_ascii_hexdigit())
        }
        FLOAT | FLOAT5 => float(payload, h, at),
        TEXT => all(payload, 0, h, |c| PLAIN[c as usize] || c == b'\''),
        TEXTJ | TEXT5 => text(payload, h),
        TEXTRAW => Ok(()),
        _ => wrong,
    }
}

/// Every byte of the payload from `from` on must be good.
fn all(payload: &[u8], from: usize, h: Header, good: impl Fn(u8) -> bool) -> Result<(), usize> {
    match payload[from..].iter().position(|&c| !good(c)) {
        Some(i) => Err(h.start + from + i + 1),
        None => Ok(()),
    }
}

fn float(payload: &[u8], h: Header, at: usize) -> Result<(), usize> {
    let strict: bool = h.kind == FLOAT;
    let sign = (payload.first() == Some(&b'-')) as usize;
    if payload.len() < 2 + sign {
        return Err(at + 1);
    }
    let digit = |i: usize| payload.get(i).is_some_and(u8::is_ascii_digit);
    let wrong = |i: usize| Err(h.start + i + 1);
    let mut point = false;
    let mut exponent = false;
    let mut i = sign;
    if payload[i] == b'.' {
        if strict || !digit(i + 1) {
            return wrong(i);
        }
        i += 2;
        point = true;
    } else if payload[i] == b'0' && strict {
        if i + 3 > payload.len() || !matches!(payload[i + 1], b'.' | b'e' | b'E') {
            return wrong(i);
        }
        i += 1;
    }
    while i < payload.len() {
        match payload[i] {
            b'0'..=b'9' => {}
            b'.' if point || exponent || strict && !digit(i + 1) => return wrong(i),
            b'.' => point = true,
            b'e' | b'E' if exponent || i + 1 == payload.len() => return wrong(i),
            b'e' | b'E' => {
                if matches!(payload[i + 1], b'+' | b'-') {
                    i += 1;
                    if i + 1 == payload.len() {
                        return wrong(i);
                    }
                }
                exponent = true;
            }
            _ => return wrong(i),
        }
        i += 1;
    }
    if point || exponent { Ok(()) } else { Err(at + 1) }
}

fn text(payload: &[u8], h: Header) -> Result<(), usize> {
    let json5: bool = h.kind == TEXT5;
    let mut i = 0;
    while i < payload.len() {
        let wrong = Err(h.start + i + 1);
        match payload[i] {
            c if PLAIN[c as usize] || c == b'\'' => {}
            b'\\' => match payload.get(i + 1) {
                None => return wrong,
                // A NUL passes in SQLite too.
                Some(0 | b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => i += 1,
                Some(b'u') if is_hex4(payload, i + 2) => i += 1,
                Some(b'u') => return wrong,
                Some(_) if !json5 => return wrong,
                Some(_) => match unescape(&payload[i..]) {
                    (_, Unescaped::Invalid) => return wrong,
                    (length, _) => i += length - 1,
                },
            },
            // A quote or a control character.
            _ if !json5 => return wrong,
            _ => {}
        }
        i += 1;
    }
    Ok(())
}
