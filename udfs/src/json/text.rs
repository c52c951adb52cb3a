//! The text inside JSON strings: writing the escapes, reading them, and comparing labels across spellings.
//! Escapes: RFC 8259 section 7, <https://spec.json5.org/#escapes>

use super::jsonb::{Kind, TEXT, TEXTRAW};
use super::scan::PLAIN;

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 stay as they are.
pub fn push_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut i = 0;
    while i < text.len() {
        let run = plain_run(&text[i..]);
        out.extend_from_slice(&text[i..i + run]);
        i += run;
        let Some(&c) = text.get(i) else { break };
        match c {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', c]),
            _ => push_control(out, c),
        }
        i += 1;
    }
    out.push(b'"');
}

/// Bytes up to the first that may need an escape; a single quote never does.
pub fn plain_run(text: &[u8]) -> usize {
    text.iter().position(|&c| !PLAIN[c as usize] && c != b'\'').unwrap_or(text.len())
}

/// Appends the escape of a control character.
pub fn push_control(out: &mut Vec<u8>, c: u8) {
    let short = match c {
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let digits = [HEX[(c >> 4) as usize & 15], HEX[c as usize & 15]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// What an escape stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unescaped {
    Char(u32),
    /// Nothing. Left out where the string is read.
    Invalid,
}

/// Reads the escape at the beginning of `text`, which is a backslash: its length and meaning.
pub fn unescape(text: &[u8]) -> (usize, Unescaped) {
    use Unescaped::{Char, Invalid};
    let char = |c: u8| (2, Char(c as u32));
    match text.get(1..).unwrap_or(&[]) {
        [] => (text.len(), Invalid),
        [b'u', ..] => unescape_u(text),
        [b'b', ..] => char(0x08),
        [b'f', ..] => char(0x0c),
        [b'n', ..] => char(b'\n'),
        [b'r', ..] => char(b'\r'),
        [b't', ..] => char(b'\t'),
        [b'v', ..] => char(0x0b),
        [b'0', next, ..] if next.is_ascii_digit() => (2, Invalid),
        [b'0', ..] => char(0),
        [c @ (b'\'' | b'"' | b'/' | b'\\'), ..] => char(*c),
        [b'x', a, b, ..] => (4, Char(hex(*a) << 4 | hex(*b))),
        [b'x', ..] => (text.len(), Invalid),
        [0xe2 | b'\r' | b'\n', ..] => {
            // A joined line: the meaning is that of the character on the next line.
            match joined_lines(text) {
                0 => (text.len(), Invalid),
                // Lines joined at the very end of the string: SQLite reads its terminator.
                n if n == text.len() => (n, Char(0)),
                n if text[n] == b'\\' => {
                    let (length, meaning) = unescape(&text[n..]);
                    (n + length, meaning)
                }
                n => {
                    let (length, c) = decode_utf8(&text[n..]);
                    (n + length, Char(c))
                }
            }
        }
        _ => (2, Invalid),
    }
}

fn unescape_u(text: &[u8]) -> (usize, Unescaped) {
    let Some(high) = hex4(text, 2) else {
        return (text.len(), Unescaped::Invalid);
    };
    if high & 0xfc00 == 0xd800
        && text.get(6..8) == Some(b"\\u")
        && let Some(low) = hex4(text, 8).filter(|low| low & 0xfc00 == 0xdc00)
    {
        return (12, Unescaped::Char(((high & 0x3ff) << 10) + (low & 0x3ff) + 0x10000));
    }
    (6, Unescaped::Char(high))
}

/// The value of a hexadecimal digit. In a damaged blob it may be any byte; SQLite then computes just this.
fn hex(c: u8) -> u32 {
    (c as u32 + 9 * (c as u32 >> 6 & 1)) & 15
}

fn hex4(text: &[u8], at: usize) -> Option<u32> {
    Some(text.get(at..at + 4)?.iter().fold(0, |n, c| n << 4 | hex(*c)))
}

/// Bytes of backslashes that end their line, one after another.
fn joined_lines(text: &[u8]) -> usize {
    let mut i = 0;
    loop {
        i += match text.get(i..).unwrap_or(&[]) {
            [b'\\', b'\r', b'\n', ..] => 3,
            [b'\\', b'\r' | b'\n', ..] => 2,
            [b'\\', 0xe2, 0x80, 0xa8 | 0xa9, ..] => 4,
            _ => return i,
        };
    }
}

/// Reads one character as SQLite's JSON does: whatever the first byte promises, as many continuation bytes as follow,
/// up to three. For valid UTF-8 that is the character.
fn decode_utf8(text: &[u8]) -> (usize, u32) {
    let first = match text[0] {
        c @ 0..0xc0 => return (1, c as u32),
        c @ 0xc0..0xe0 => c & 0x1f,
        c @ 0xe0..0xf0 => c & 0x0f,
        c @ 0xf0..0xf8 => c & 0x07,
        c @ 0xf8..0xfc => c & 0x03,
        c @ 0xfc..0xfe => c & 0x01,
        0xfe.. => 0,
    };
    let rest = &text[1..text.len().min(4)];
    let tail = rest.iter().take_while(|b| **b & 0xc0 == 0x80).count();
    (1 + tail, rest[..tail].iter().fold(first as u32, |c, b| c << 6 | (b & 0x3f) as u32))
}

/// Appends a character; surrogates and the like are encoded as if they were characters.
pub fn push_utf8(out: &mut Vec<u8>, c: u32) {
    let tail = |shift: u32| 0x80 | (c >> shift & 0x3f) as u8;
    match c {
        0..0x80 => out.push(c as u8),
        0x80..0x800 => out.extend_from_slice(&[0xc0 | (c >> 6) as u8, tail(0)]),
        0x800..0x10000 => out.extend_from_slice(&[0xe0 | (c >> 12) as u8, tail(6), tail(0)]),
        _ => out.extend_from_slice(&[0xf0 | (c >> 18 & 7) as u8, tail(12), tail(6), tail(0)]),
    }
}

/// Appends what a string with escapes stands for; escapes without meaning are left out.
pub fn push_unescaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut i = 0;
    while i < text.len() {
        match memchr::memchr(b'\\', &text[i..]) {
            None => {
                out.extend_from_slice(&text[i..]);
                return;
            }
            Some(run) => {
                out.extend_from_slice(&text[i..i + run]);
                i += run;
                let (length, meaning) = unescape(&text[i..]);
                if let Unescaped::Char(c) = meaning {
                    push_utf8(out, c);
                }
                i += length;
            }
        }
    }
}

/// A label as it is written, in a document or in a path.
#[derive(Clone, Copy, Debug)]
pub struct Label<'b> {
    pub text: &'b [u8],
    /// No backslash has a meaning in it.
    pub raw: bool,
}

impl<'b> Label<'b> {
    pub fn of(kind: Kind, text: &'b [u8]) -> Label<'b> {
        Label { text, raw: kind == TEXT || kind == TEXTRAW }
    }

    /// Whether two labels mean the same text.
    #[inline]
    pub fn same(self, other: Label<'_>) -> bool {
        if self.raw && other.raw { self.text == other.text } else { same_meaning(self, other) }
    }
}

#[cold]
fn same_meaning(a: Label<'_>, b: Label<'_>) -> bool {
    let (mut a, mut b) = (Characters { rest: a.text, raw: a.raw }, Characters { rest: b.text, raw: b.raw });
    loop {
        let c = a.advance();
        if c != b.advance() {
            return false;
        }
        if c == Unescaped::Char(0) {
            return true;
        }
    }
}

/// The characters of a label; 0 at the end.
struct Characters<'b> {
    rest: &'b [u8],
    raw: bool,
}

impl Characters<'_> {
    fn advance(&mut self) -> Unescaped {
        let (length, c) = match self.rest {
            [] => return Unescaped::Char(0),
            [b'\\', ..] if !self.raw => unescape(self.rest),
            rest => {
                let (length, c) = decode_utf8(rest);
                (length, Unescaped::Char(c))
            }
        };
        self.rest = &self.rest[length..];
        c
    }
}
