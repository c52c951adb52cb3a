//! SQL text to tokens.
//!
//! Tokens are byte ranges; nothing is copied. White space and comments are passed over
//! (https://sqlite.org/lang_comment.html).

use crate::ast::Span;
use crate::keyword::{self, Keyword};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    End,
    /// No token begins like this, or one is not terminated.
    Illegal,
    /// An unquoted word that is no keyword.
    Word,
    Keyword(Keyword),
    /// `"x"`, `[x]`, `` `x` ``
    QuotedName,
    String,
    Blob,
    Integer,
    Float,
    Parameter,
    Semicolon,
    LeftParen,
    RightParen,
    Comma,
    Dot,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    ShiftLeft,
    ShiftRight,
    Ampersand,
    Bar,
    Concat,
    Tilde,
    Arrow,
    ArrowText,
}

#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// What a byte can be, as bits.
const WORD: u8 = 1;
const WORD_START: u8 = 2;
const SPACE: u8 = 4;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut i = 0;
    while i < 256 {
        classes[i] = match i as u8 {
            b'0'..=b'9' | b'$' => WORD,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => WORD | WORD_START,
            b' ' | b'\t' | b'\n' | 0x0c | b'\r' => SPACE,
            _ => 0,
        };
        i += 1;
    }
    classes
};

fn is(b: u8, class: u8) -> bool {
    CLASSES[usize::from(b)] & class != 0
}

/// Whether a byte may stand inside an identifier: letters, digits, `_`, `$` and everything beyond ASCII.
pub fn is_word_byte(b: u8) -> bool {
    is(b, WORD)
}

fn is_space(b: u8) -> bool {
    is(b, SPACE)
}

/// The first token at or after `at`.
pub fn token(text: &[u8], mut at: usize) -> Token {
    use TokenKind::*;
    loop {
        let Some(&b) = text.get(at) else { return make(End, text.len(), text.len()) };
        if is_space(b) {
            at += 1;
            continue;
        }
        let second = text.get(at + 1).copied();
        if is(b, WORD_START) && second != Some(b'\'') {
            return word(text, at);
        }
        let simple = |kind, len| make(kind, at, at + len);
        return match b {
            b'-' if second == Some(b'-') => {
                at = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |i| at + i + 1);
                continue;
            }
            b'/' if second == Some(b'*') && text.len() > at + 2 => {
                at = memchr::memmem::find(&text[at + 2..], b"*/").map_or(text.len(), |i| at + 2 + i + 2);
                continue;
            }
            b'-' if second == Some(b'>') => {
                if text.get(at + 2) == Some(&b'>') {
                    simple(ArrowText, 3)
                } else {
                    simple(Arrow, 2)
                }
            }
            b'-' => simple(Minus, 1),
            b'(' => simple(LeftParen, 1),
            b')' => simple(RightParen, 1),
            b';' => simple(Semicolon, 1),
            b'+' => simple(Plus, 1),
            b'*' => simple(Star, 1),
            b'/' => simple(Slash, 1),
            b'%' => simple(Percent, 1),
            b',' => simple(Comma, 1),
            b'&' => simple(Ampersand, 1),
            b'~' => simple(Tilde, 1),
            b'=' => simple(Equal, if second == Some(b'=') { 2 } else { 1 }),
            b'<' => match second {
                Some(b'=') => simple(LessEqual, 2),
                Some(b'>') => simple(NotEqual, 2),
                Some(b'<') => simple(ShiftLeft, 2),
                _ => simple(Less, 1),
            },
            b'>' => match second {
                Some(b'=') => simple(GreaterEqual, 2),
                Some(b'>') => simple(ShiftRight, 2),
                _ => simple(Greater, 1),
            },
            b'!' if second == Some(b'=') => simple(NotEqual, 2),
            b'!' => simple(Illegal, 1),
            b'|' => {
                if second == Some(b'|') {
                    simple(Concat, 2)
                } else {
                    simple(Bar, 1)
                }
            }
            b'\'' | b'"' | b'`' => quoted(text, at, b),
            b'[' => match memchr::memchr(b']', &text[at..]) {
                Some(i) => simple(QuotedName, i + 1),
                None => make(Illegal, at, text.len()),
            },
            b'.' if !second.is_some_and(|c| c.is_ascii_digit()) => simple(Dot, 1),
            b'.' | b'0'..=b'9' => number(text, at),
            b'?' => {
                let end = end_of(text, at + 1, |c| c.is_ascii_digit());
                make(Parameter, at, end)
            }
            b'$' | b'@' | b':' | b'#' => variable(text, at),
            b'x' | b'X' if second == Some(b'\'') => {
                let digits = end_of(text, at + 2, |c| c.is_ascii_hexdigit());
                if text.get(digits) == Some(&b'\'') && (digits - at).is_multiple_of(2) {
                    make(Blob, at, digits + 1)
                } else {
                    let end = end_of(text, digits, |c| c != b'\'');
                    make(Illegal, at, (end + 1).min(text.len()))
                }
            }
            _ if is_word_byte(b) => word(text, at),
            _ => {
                // Of a byte that begins no token; ASCII, as everything beyond is a word byte.
                simple(Illegal, 1)
            }
        };
    }
}

fn make(kind: TokenKind, start: usize, end: usize) -> Token {
    Token { kind, span: Span::new(start, end) }
}

fn word(text: &[u8], start: usize) -> Token {
    let end = end_of(text, start + 1, is_word_byte);
    match keyword::lookup(&text[start..end]) {
        Some(k) => make(TokenKind::Keyword(k), start, end),
        None => make(TokenKind::Word, start, end),
    }
}

#[inline]
fn end_of(text: &[u8], from: usize, accept: impl Fn(u8) -> bool) -> usize {
    text[from..].iter().position(|&b| !accept(b)).map_or(text.len(), |i| from + i)
}

/// A quoted string or name; the quote is doubled inside.
fn quoted(text: &[u8], start: usize, quote: u8) -> Token {
    let mut at = start + 1;
    loop {
        match memchr::memchr(quote, &text[at..]) {
            None => return make(TokenKind::Illegal, start, text.len()),
            Some(i) if text.get(at + i + 1) == Some(&quote) => at += i + 2,
            Some(i) => {
                let kind = if quote == b'\'' { TokenKind::String } else { TokenKind::QuotedName };
                return make(kind, start, at + i + 1);
            }
        }
    }
}

fn number(text: &[u8], start: usize) -> Token {
    let digit = |i: usize| text.get(i).is_some_and(u8::is_ascii_digit);
    let mut at = start;
    let mut kind = TokenKind::Integer;
    if text[at] == b'0'
        && matches!(text.get(at + 1), Some(b'x' | b'X'))
        && text.get(at + 2).is_some_and(u8::is_ascii_hexdigit)
    {
        at += 2;
        at = separated(text, at, |b| b.is_ascii_hexdigit());
    } else {
        at = separated(text, at, |b| b.is_ascii_digit());
        if text.get(at) == Some(&b'.') {
            kind = TokenKind::Float;
            at = separated(text, at + 1, |b| b.is_ascii_digit());
        }
        if matches!(text.get(at), Some(b'e' | b'E'))
            && (digit(at + 1) || (matches!(text.get(at + 1), Some(b'+' | b'-')) && digit(at + 2)))
        {
            kind = TokenKind::Float;
            at = separated(text, at + 2, |b| b.is_ascii_digit());
        }
    }
    if text.get(at).is_some_and(|&b| is_word_byte(b)) {
        return make(TokenKind::Illegal, start, end_of(text, at, is_word_byte));
    }
    make(kind, start, at)
}

/// Digits and underscores; whether these stand between digits is looked at by who uses the number.
fn separated(text: &[u8], at: usize, digit: impl Fn(u8) -> bool) -> usize {
    end_of(text, at, |b| digit(b) || b == b'_')
}

/// `:name`, `@name`, `#name`, `$name::suffix(anything)`.
fn variable(text: &[u8], start: usize) -> Token {
    let mut at = start + 1;
    let mut letters = 0;
    while let Some(&b) = text.get(at) {
        if is_word_byte(b) {
            letters += 1;
            at += 1;
        } else if b == b'(' && letters > 0 && text[start] == b'$' {
            let close = end_of(text, at + 1, |c| !is_space(c) && c != b')');
            if text.get(close) == Some(&b')') {
                at = close + 1;
            } else {
                return make(TokenKind::Illegal, start, close.min(text.len()));
            }
            break;
        } else if b == b':' && text.get(at + 1) == Some(&b':') && text[start] == b'$' {
            at += 2;
        } else {
            break;
        }
    }
    let kind = if letters == 0 { TokenKind::Illegal } else { TokenKind::Parameter };
    make(kind, start, at)
}
