//! Whether a text ends with a complete statement, as `sqlite3_complete` sees it
//! (https://sqlite.org/c3ref/complete.html): a semicolon at the end that is outside strings and comments,
//! and for CREATE TRIGGER the semicolon behind its END.

use crate::keyword::Keyword as K;
use crate::lexer::{TokenKind as T, token};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing has been read.
    Invalid,
    /// Behind a semicolon.
    Start,
    Normal,
    Explain,
    Create,
    Trigger,
    /// Behind a semicolon inside a trigger.
    Semicolon,
    /// Behind END inside a trigger.
    End,
}

pub fn is_complete(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut state = State::Invalid;
    let mut at = 0;
    loop {
        let next = token(bytes, at);
        at = next.span.end as usize;
        let word = match next.kind {
            T::End => return state == State::Start && !in_open_comment(bytes),
            // An open string or name swallows the rest.
            T::Illegal
                if at == bytes.len() && matches!(bytes[next.span.start as usize], b'\'' | b'"' | b'`' | b'[') =>
            {
                return false;
            }
            T::Keyword(k) => Some(k),
            _ => None,
        };
        state = if next.kind == T::Semicolon {
            match state {
                State::Trigger | State::Semicolon => State::Semicolon,
                _ => State::Start,
            }
        } else {
            match (state, word) {
                (State::Invalid | State::Start, Some(K::Explain)) => State::Explain,
                (State::Explain, Some(K::Query | K::Plan)) => State::Explain,
                (State::Invalid | State::Start | State::Explain, Some(K::Create)) => State::Create,
                (State::Create, Some(K::Temp | K::Temporary)) => State::Create,
                (State::Create, Some(K::Trigger)) => State::Trigger,
                (State::Semicolon, Some(K::End)) => State::End,
                (State::Trigger | State::Semicolon | State::End, _) => State::Trigger,
                _ => State::Normal,
            }
        };
    }
}

/// A block comment without its end makes the text incomplete.
fn in_open_comment(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"' | b'`') => {
                at = memchr::memchr(quote, &bytes[at + 1..]).map_or(bytes.len(), |i| at + i + 2);
            }
            b'[' => at = memchr::memchr(b']', &bytes[at..]).map_or(bytes.len(), |i| at + i + 1),
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |i| at + i + 1);
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => match memchr::memmem::find(&bytes[at + 2..], b"*/") {
                Some(i) => at += i + 4,
                None => return true,
            },
            _ => at += 1,
        }
    }
    false
}
