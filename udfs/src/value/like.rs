//! LIKE (https://sqlite.org/lang_expr.html#like): `%` any run, `_` one character, ASCII letters match either case.

use super::text::{char_end, code_point};

/// Whether `text` matches. `escape` is the code point that makes the next character stand for itself.
pub fn like(pattern: &[u8], text: &[u8], escape: Option<u32>, case_sensitive: bool) -> bool {
    matches(pattern, text, escape, case_sensitive) == Outcome::Match
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Match,
    NoMatch,
    /// No match, and none further right in the text either.
    NoMatchAnywhere,
}

fn same(a: u32, b: u32, case_sensitive: bool) -> bool {
    a == b || (!case_sensitive && a < 0x80 && b < 0x80 && (a as u8).eq_ignore_ascii_case(&(b as u8)))
}

fn matches(pattern: &[u8], text: &[u8], escape: Option<u32>, case_sensitive: bool) -> Outcome {
    let (mut p, mut t) = (0, 0);
    while p < pattern.len() {
        let (c, next) = code_point(pattern, p);
        if Some(c) != escape && c == u32::from(b'%') {
            p = next;
            // Further % and _ just behind.
            while p < pattern.len() && (pattern[p] == b'%' || pattern[p] == b'_') {
                if escape == Some(u32::from(pattern[p])) {
                    break;
                }
                if pattern[p] == b'_' {
                    if t >= text.len() {
                        return Outcome::NoMatchAnywhere;
                    }
                    t = char_end(text, t);
                }
                p += 1;
            }
            if p >= pattern.len() {
                return Outcome::Match;
            }
            loop {
                match matches(&pattern[p..], &text[t..], escape, case_sensitive) {
                    Outcome::NoMatch => {}
                    outcome => return outcome,
                }
                if t >= text.len() {
                    return Outcome::NoMatchAnywhere;
                }
                t = char_end(text, t);
            }
        }
        let (literal, any) = if Some(c) == escape {
            if next >= pattern.len() {
                return Outcome::NoMatch;
            }
            let (literal, after) = code_point(pattern, next);
            p = after;
            (literal, false)
        } else {
            p = next;
            (c, c == u32::from(b'_'))
        };
        if t >= text.len() {
            return Outcome::NoMatch;
        }
        let (x, after) = code_point(text, t);
        if !any && !same(literal, x, case_sensitive) {
            return Outcome::NoMatch;
        }
        t = after;
    }
    if t == text.len() { Outcome::Match } else { Outcome::NoMatch }
}
