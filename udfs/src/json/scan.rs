//! The tokens of JSON and JSON5 text: white space, strings, numbers and the bare words of JSON5.
//!
//! Reading past the end yields NUL, and a NUL in the text counts as its end, as in SQLite, whose texts are C strings.
//! A scanner gets the offset where its token starts and says where it ends; it does not know what the token is for.
//! Grammar: <https://sqlite.org/json1.html#json5_extensions>, <https://spec.json5.org>

use super::jsonb::{FLOAT, INT, Kind, NULL, TEXT, TEXT5, TEXTJ};

/// The byte at `at`, NUL past the end.
#[inline(always)]
pub fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// A token: its kind, its payload's range in the text, where the text goes on, and whether it is JSON5 only.
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    pub next: usize,
    pub json5: bool,
}

/// Bytes that stand for themselves in a string: no control character, quote of either sort or backslash.
pub static PLAIN: [bool; 256] = plain();

const fn plain() -> [bool; 256] {
    let mut table = [true; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = false;
        i += 1;
    }
    table[b'"' as usize] = false;
    table[b'\'' as usize] = false;
    table[b'\\' as usize] = false;
    table
}

/// Space, tab, line feed, carriage return: the white space of RFC 8259.
#[inline(always)]
pub fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\n' | b'\r')
}

/// Bytes of white space and comments at `at` by JSON5's rules (a comment that does not end is none).
pub fn json5_space(text: &[u8], at: usize) -> usize {
    let mut i = at;
    loop {
        let rest = text.get(i..).unwrap_or(&[]);
        i += match rest {
            [0x09..=0x0d | 0x20, ..] => 1,
            [b'/', b'*', body @ ..] => match memchr::memmem::find(before_nul(body), b"*/") {
                Some(n) => n + 4,
                None => return i - at,
            },
            [b'/', b'/', body @ ..] => 2 + line_length(before_nul(body)),
            // No-break space, ogham space, en quad to hair space, line and paragraph separator, narrow no-break
            // space, medium mathematical space, ideographic space, byte order mark.
            [0xc2, 0xa0, ..] => 2,
            [0xe1, 0x9a, 0x80, ..] => 3,
            [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] => 3,
            [0xe2, 0x81, 0x9f, ..] => 3,
            [0xe3, 0x80, 0x80, ..] => 3,
            [0xef, 0xbb, 0xbf, ..] => 3,
            _ => return i - at,
        };
    }
}

fn before_nul(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(0, text).unwrap_or(text.len())]
}

/// Bytes up to and including the end of the line: \n, \r, or U+2028 and U+2029.
fn line_length(text: &[u8]) -> usize {
    let mut i = 0;
    while i < text.len() {
        match text[i..] {
            [b'\n' | b'\r', ..] => return i + 1,
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => return i + 3,
            _ => i += 1,
        }
    }
    i
}

/// Whether four hexadecimal digits stand at `at`.
pub fn is_hex4(text: &[u8], at: usize) -> bool {
    text.get(at..at + 4).is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit))
}

/// A string whose opening quote, single or double, is at `at`. Err: where it is wrong.
#[inline]
pub fn string(text: &[u8], at: usize) -> Result<Token, usize> {
    let quote = text[at];
    let mut kind = TEXT;
    let mut json5 = quote == b'\'';
    let mut i = at + 1;
    loop {
        while i < text.len() && PLAIN[text[i] as usize] {
            i += 1;
        }
        match byte(text, i) {
            c if c == quote => {
                return Ok(Token { kind, start: at + 1, end: i, next: i + 1, json5 });
            }
            b'\\' => {
                i += 1;
                match byte(text, i) {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => kind = kind.max(TEXTJ),
                    b'u' if is_hex4(text, i + 1) => kind = kind.max(TEXTJ),
                    _ => {
                        i += json5_escape(text, i).ok_or(i)?;
                        kind = TEXT5;
                        json5 = true;
                    }
                }
            }
            0 => return Err(i),
            0x01..=0x1f => {
                kind = TEXT5;
                json5 = true;
            }
            b'"' => kind = TEXT5,
            _ => {}
        }
        i += 1;
    }
}

/// An escape that only JSON5 has, after its backslash: how many bytes more than one it takes.
fn json5_escape(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..).unwrap_or(&[]) {
        [b'\'' | b'v' | b'\n', ..] => Some(0),
        [b'0', next, ..] if next.is_ascii_digit() => None,
        [b'0', ..] => Some(0),
        [b'\r', b'\n', ..] => Some(1),
        [b'\r', ..] => Some(0),
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => Some(2),
        [b'x', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => Some(2),
        _ => None,
    }
}

/// A number that starts at `at` with a digit, sign or point. Err: where it is wrong.
///
/// Infinity with a sign is a number too; its payload is then not in the text, and `start..end` is empty.
pub fn number(text: &[u8], at: usize) -> Result<Token, usize> {
    let first = text[at];
    let mut json5 = first == b'+' || first == b'.';
    // A plus sign is accepted but not kept.
    let start = at + (first == b'+') as usize;
    let digits = at + matches!(first, b'+' | b'-') as usize;
    let mut float = false;
    let mut exponent = false;
    if digits > at && !byte(text, digits).is_ascii_digit() {
        if let Some(length) = infinity(text, digits) {
            return Ok(Token { kind: FLOAT, start: at, end: at, next: digits + length, json5: true });
        }
        if byte(text, digits) != b'.' {
            return Err(at);
        }
        json5 = true;
    }
    if first == b'.' && !byte(text, at + 1).is_ascii_digit() {
        return Err(at);
    }
    if byte(text, digits) == b'0' {
        match byte(text, digits + 1) {
            b'x' | b'X' if byte(text, digits + 2).is_ascii_hexdigit() => {
                let mut end = digits + 3;
                while byte(text, end).is_ascii_hexdigit() {
                    end += 1;
                }
                return Ok(Token { kind: INT + 1, start, end, next: end, json5: true });
            }
            b'0'..=b'9' => return Err(at + 1),
            _ => {}
        }
    }
    // JSON5 spelling of the mantissa, which makes INT into INT5 and FLOAT into FLOAT5.
    let mut spelling5 = byte(text, digits) == b'.';
    let mut i = digits;
    let point_wrong = |i: usize| !(byte(text, i - 1) == b'.' && i >= at + 2 && byte(text, i - 2).is_ascii_digit());
    loop {
        match byte(text, i) {
            b'0'..=b'9' => {}
            b'.' if !float => float = true,
            b'.' => return Err(i),
            b'e' | b'E' => {
                if byte(text, i - 1) < b'0' {
                    if point_wrong(i) {
                        return Err(i);
                    }
                    spelling5 = true;
                }
                if exponent {
                    return Err(i);
                }
                float = true;
                exponent = true;
                if matches!(byte(text, i + 1), b'+' | b'-') {
                    i += 1;
                }
                if !byte(text, i + 1).is_ascii_digit() {
                    return Err(i);
                }
            }
            _ => break,
        }
        i += 1;
    }
    if byte(text, i - 1) < b'0' {
        if point_wrong(i) {
            return Err(i);
        }
        spelling5 = true;
    }
    let kind = INT + spelling5 as Kind + 2 * float as Kind;
    Ok(Token { kind, start, end: i, next: i, json5: json5 || spelling5 })
}

/// Bytes of `inf` or `infinity` at `at`, in any case.
fn infinity(text: &[u8], at: usize) -> Option<usize> {
    let has = |at: usize, word: &[u8]| text.get(at..at + word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word));
    has(at, b"inf").then(|| if has(at + 3, b"inity") { 8 } else { 3 })
}

/// What JSON5 and SQLite read as infinity or not-a-number, in any case, if no letter or digit follows.
const WORDS: [(&[u8], Kind, &[u8]); 5] = [
    (b"inf", FLOAT, b"9e999"),
    (b"infinity", FLOAT, b"9e999"),
    (b"nan", NULL, b""),
    (b"qnan", NULL, b""),
    (b"snan", NULL, b""),
];

/// A word at `at`: its length, and the kind and payload it stands for.
pub fn word(text: &[u8], at: usize) -> Option<(usize, Kind, &'static [u8])> {
    let found = WORDS.iter().find(|(word, _, _)| {
        text.get(at..at + word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word))
            && !byte(text, at + word.len()).is_ascii_alphanumeric()
    })?;
    Some((found.0.len(), found.1, found.2))
}

/// An object's label without quotes that starts at `at`: where it ends, and TEXT, or TEXTJ if it has `\uXXXX`.
pub fn bare_label(text: &[u8], at: usize) -> Option<(usize, Kind)> {
    let mut kind = TEXT;
    let mut i = at;
    loop {
        match byte(text, i) {
            b'\\' if byte(text, i + 1) == b'u' && is_hex4(text, i + 2) => kind = TEXTJ,
            b'0'..=b'9' if i > at => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => {}
            // Anything outside ASCII, unless it is a space.
            0x80.. if i == at || json5_space(text, i) == 0 => {}
            _ => return (i > at).then_some((i, kind)),
        }
        i += 1;
    }
}
