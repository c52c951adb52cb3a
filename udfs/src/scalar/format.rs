//! printf() and format(): SQLite's own grammar of conversions.
//!
//! A conversion is `%`, flags, width, `.` precision, `l` or `ll`, and a letter. What is no conversion ends the
//! output. Missing arguments are 0 or empty. Text arguments end at a NUL.
//!
//! Source: https://sqlite.org/printf.html

use super::format_number::{integer, real};
use super::row;
use crate::signature::{Call, Flags, FunctionError, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::cast::{to_integer, to_real, to_text};
use crate::value::text::{before_nul, char_end};

const TEXT: Flags = Flags::DETERMINISTIC.or(Flags::READS_TEXT);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("format", 0, None, TEXT, format, "format(FORMAT,...)", "The format with the arguments in the place of its % conversions."),
    row("printf", 0, None, TEXT, format, "printf(FORMAT,...)", "Another name of format()."),
];

/// What stands between `%` and the letter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spec {
    /// `-`
    pub left: bool,
    /// `+` or space; 0 without.
    pub sign: u8,
    /// `#`
    pub alternate: bool,
    /// `!`
    pub alternate2: bool,
    /// `0`
    pub zero: bool,
    /// `,`
    pub thousands: bool,
    pub width: i64,
    /// -1: not given.
    pub precision: i64,
}

/// Text of a limited length.
pub(super) struct Output {
    pub bytes: Vec<u8>,
    /// What SQLite would have allocated.
    capacity: i64,
    limit: usize,
}

impl Output {
    pub fn new(limit: usize) -> Output {
        Output { bytes: Vec::new(), capacity: 0, limit }
    }

    /// Fails before anything is allocated. At the limit it matters that SQLite counts a NUL behind the text when it
    /// enlarges its buffer, to a multiple of 8 bytes.
    fn reserve(&mut self, more: i64) -> Result<(), FunctionError> {
        let length = self.bytes.len() as i64;
        if length.saturating_add(more) < self.capacity {
            return Ok(());
        }
        let needed = length.saturating_add(more).saturating_add(1);
        self.scratch(needed)?;
        let doubled = needed + length;
        self.capacity = if self.scratch(doubled).is_ok() { doubled } else { needed };
        self.capacity = (self.capacity + 7) & !7;
        Ok(())
    }

    /// Whether a conversion may use so many bytes to work in.
    pub fn scratch(&self, size: i64) -> Result<(), FunctionError> {
        if size > self.limit as i64 { Err(FunctionError::TooBig) } else { Ok(()) }
    }

    pub fn fill(&mut self, count: i64, byte: u8) -> Result<(), FunctionError> {
        if count > 0 {
            self.reserve(count)?;
        }
        self.bytes.extend(std::iter::repeat_n(byte, count.max(0) as usize));
        Ok(())
    }

    pub fn push(&mut self, text: &[u8]) -> Result<(), FunctionError> {
        if !text.is_empty() {
            self.reserve(text.len() as i64)?;
        }
        self.bytes.extend_from_slice(text);
        Ok(())
    }

    /// Filled up with spaces to the width.
    pub fn padded(&mut self, text: &[u8], spec: &Spec) -> Result<(), FunctionError> {
        let pad = spec.width - text.len() as i64;
        if pad > 0 && !spec.left {
            self.fill(pad, b' ')?;
        }
        self.push(text)?;
        if pad > 0 && spec.left {
            self.fill(pad, b' ')?;
        }
        Ok(())
    }

    /// As `padded`; with `!` the width counts characters.
    fn padded_text(&mut self, text: &[u8], spec: &Spec) -> Result<(), FunctionError> {
        let mut spec = *spec;
        if spec.alternate2 && spec.width > 0 {
            spec.width += text.iter().filter(|&&b| b & 0xc0 == 0x80).count() as i64;
        }
        self.padded(text, &spec)
    }
}

struct Arguments<'a, 'v> {
    rest: std::slice::Iter<'v, ValueRef<'a>>,
}

impl<'a> Arguments<'a, '_> {
    fn integer(&mut self) -> i64 {
        self.rest.next().map_or(0, |&v| to_integer(v))
    }

    fn real(&mut self) -> f64 {
        self.rest.next().map_or(0.0, |&v| to_real(v))
    }

    fn text(&mut self, call: &Call<'a, '_>) -> Option<&'a [u8]> {
        let v = self.rest.next().filter(|v| !v.is_null())?;
        Some(before_nul(to_text(*v, call.arena)))
    }

    /// `*`: an int of C.
    fn int(&mut self) -> i64 {
        i64::from(self.integer() as i32)
    }
}

pub fn format<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let Some((first, rest)) = args.split_first().filter(|(first, _)| !first.is_null()) else {
        return Ok(ValueRef::Null);
    };
    let template = before_nul(to_text(*first, call.arena));
    let mut out = Output::new(call.host.length_limit());
    let mut arguments = Arguments { rest: rest.iter() };
    let mut at = 0;
    while at < template.len() {
        let end = memchr::memchr(b'%', &template[at..]).map_or(template.len(), |i| at + i);
        out.push(&template[at..end])?;
        if end == template.len() {
            break;
        }
        if end + 1 == template.len() {
            out.push(b"%")?;
            break;
        }
        let (spec, letter) = specification(template, end + 1, &mut arguments);
        if !conversion(call, &mut out, &mut arguments, &spec, template.get(letter).copied())? {
            break;
        }
        at = letter + 1;
    }
    Ok(call.text(&out.bytes))
}

/// The flags, width and precision from `at` on, and where the letter is.
fn specification(template: &[u8], mut at: usize, arguments: &mut Arguments<'_, '_>) -> (Spec, usize) {
    let mut spec = Spec { precision: -1, ..Spec::default() };
    let number = |at: &mut usize| {
        let mut n = 0u32;
        while let Some(d) = template.get(*at).filter(|b| b.is_ascii_digit()) {
            n = n.wrapping_mul(10).wrapping_add(u32::from(d - b'0'));
            *at += 1;
        }
        i64::from(n & 0x7fff_ffff)
    };
    let goes_on = |at: usize| matches!(template.get(at), Some(b'.' | b'l'));
    while let Some(&b) = template.get(at) {
        at += 1;
        match b {
            b'-' => spec.left = true,
            b'+' | b' ' => spec.sign = b,
            b'#' => spec.alternate = true,
            b'!' => spec.alternate2 = true,
            b'0' => spec.zero = true,
            b',' => spec.thousands = true,
            b'l' => {
                at += usize::from(template.get(at) == Some(&b'l'));
                return (spec, at);
            }
            b'1'..=b'9' => {
                at -= 1;
                spec.width = number(&mut at);
                if !goes_on(at) {
                    return (spec, at);
                }
            }
            b'*' => {
                spec.width = arguments.int();
                if spec.width < 0 {
                    spec.left = true;
                    spec.width = if spec.width >= -0x7fff_ffff { -spec.width } else { 0 };
                }
                if !goes_on(at) {
                    return (spec, at);
                }
            }
            b'.' => {
                if template.get(at) == Some(&b'*') {
                    at += 1;
                    let precision = arguments.int();
                    spec.precision = match precision {
                        0.. => precision,
                        -0x7fff_ffff..0 => -precision,
                        _ => -1,
                    };
                } else {
                    spec.precision = number(&mut at);
                }
                if template.get(at) != Some(&b'l') {
                    return (spec, at);
                }
            }
            _ => return (spec, at - 1),
        }
    }
    (spec, at)
}

/// Writes one conversion; false if the letter is none.
fn conversion<'a>(
    call: &Call<'a, '_>,
    out: &mut Output,
    arguments: &mut Arguments<'a, '_>,
    spec: &Spec,
    letter: Option<u8>,
) -> Result<bool, FunctionError> {
    let Some(letter) = letter else { return Ok(false) };
    match letter {
        b'd' | b'i' | b'r' | b'u' | b'x' | b'X' | b'p' | b'o' => integer(out, arguments.integer(), spec, letter)?,
        b'f' | b'e' | b'E' | b'g' | b'G' => real(out, arguments.real(), spec, letter)?,
        b's' | b'z' => {
            let text = arguments.text(call).unwrap_or(b"");
            out.padded_text(cut(text, spec), spec)?;
        }
        b'c' => character(out, arguments.text(call).unwrap_or(b""), spec)?,
        b'q' | b'Q' | b'w' => {
            let text = quoted(arguments.text(call), spec, letter);
            let quotes = if text.ends_with(b"'") && letter == b'Q' && !spec.alternate { 2 } else { 0 };
            out.scratch(text.len() as i64 + 3 - quotes)?;
            out.padded_text(&text, spec)?;
        }
        b'j' | b'J' => out.padded_text(&json_literal(arguments.text(call), spec, letter), spec)?,
        b'%' => out.padded(b"%", spec)?,
        b'n' => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// The precision is a number of bytes, with `!` of characters.
fn cut<'a>(text: &'a [u8], spec: &Spec) -> &'a [u8] {
    if spec.precision < 0 {
        return text;
    }
    if !spec.alternate2 {
        return &text[..text.len().min(spec.precision as usize)];
    }
    let (mut end, mut left) = (0, spec.precision);
    while left > 0 && end < text.len() {
        end = char_end(text, end);
        left -= 1;
    }
    &text[..end]
}

/// `%c`: the first character, as often as the precision says.
fn character(out: &mut Output, text: &[u8], spec: &Spec) -> Result<(), FunctionError> {
    let mut spec = Spec { alternate2: true, ..*spec };
    let first = match text.first() {
        None => &b"\0"[..],
        Some(_) => &text[..char_end(text, 0).min(4)],
    };
    if spec.precision > 1 {
        spec.width -= spec.precision - 1;
        if spec.width > 1 && !spec.left {
            out.fill(spec.width - 1, b' ')?;
            spec.width = 0;
        }
        out.reserve(spec.precision * first.len() as i64)?;
        for _ in 1..spec.precision {
            out.bytes.extend_from_slice(first);
        }
    }
    out.padded_text(first, &spec)
}

/// `%q`, `%Q`, `%w`; with `#` control characters and backslashes as unistr() reads them.
pub(super) fn quoted(text: Option<&[u8]>, spec: &Spec, letter: u8) -> Vec<u8> {
    let null: &[u8] = if letter == b'Q' { b"NULL" } else { b"(NULL)" };
    let body = cut(text.unwrap_or(null), spec);
    let quote = if letter == b'w' { b'"' } else { b'\'' };
    let escape = spec.alternate && (letter == b'q' || letter == b'Q' && body.iter().any(|&b| b <= 0x1f));
    let around: (&[u8], &[u8]) = match (letter == b'Q' && text.is_some(), escape && letter == b'Q') {
        (_, true) => (b"unistr('", b"')"),
        (true, false) => (b"'", b"'"),
        (false, false) => (b"", b""),
    };
    let mut out = Vec::with_capacity(body.len() + 16);
    out.extend_from_slice(around.0);
    for &b in body {
        match b {
            _ if b == quote => out.extend_from_slice(&[b, b]),
            b'\\' if escape => out.extend_from_slice(b"\\\\"),
            0..=0x1f if escape => {
                out.extend_from_slice(b"\\u00");
                out.push(b'0' + (b >> 4));
                out.push(b"0123456789abcdef"[usize::from(b & 15)]);
            }
            _ => out.push(b),
        }
    }
    out.extend_from_slice(around.1);
    out
}

/// `%J`: as a JSON string, or null; `%j`: what is between its quotes.
fn json_literal(text: Option<&[u8]>, spec: &Spec, letter: u8) -> Vec<u8> {
    let Some(text) = text else { return if letter == b'J' { b"null".to_vec() } else { Vec::new() } };
    let quote: &[u8] = if letter == b'J' { b"\"" } else { b"" };
    let mut out = quote.to_vec();
    for &b in &text[..json_end(text, spec)] {
        match b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
            8..=10 | 12 | 13 => out.extend_from_slice(&[b'\\', b"btn?fr"[usize::from(b - 8)]]),
            0..=0x1f => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
            _ => out.push(b),
        }
    }
    out.extend_from_slice(quote);
    out
}

/// Where the precision cuts a text for `%j`. With `!` it counts all bytes but those that continue a character.
fn json_end(text: &[u8], spec: &Spec) -> usize {
    let Ok(precision) = usize::try_from(spec.precision) else { return text.len() };
    if !spec.alternate2 {
        return text.len().min(precision);
    }
    let starts = text.iter().enumerate().filter(|(_, b)| **b & 0xc0 != 0x80);
    starts.map(|(at, _)| at).nth(precision).unwrap_or(text.len())
}
