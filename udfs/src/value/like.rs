//! LIKE (https://sqlite.org/lang_expr.html#like): `%` any run, `_` one character, ASCII letters match either case.
//!
//! Only the last `%` is ever tried again: what an earlier one could take, the last one can take too.

use super::text::{char_end, code_point};

/// Whether `text` matches. `escape` is the code point that makes the next character stand for itself.
pub fn like(pattern: &[u8], text: &[u8], escape: Option<u32>, case_sensitive: bool) -> bool {
    let (mut p, mut t) = (0, 0);
    // Behind the last %, and where in the text what follows it was tried.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p >= pattern.len() {
            if t >= text.len() {
                return true;
            }
        } else {
            let (c, next) = code_point(pattern, p);
            if c == u32::from(b'%') && escape != Some(c) {
                if next >= pattern.len() {
                    return true;
                }
                p = next;
                let Some(from) = candidate(&pattern[p..], text, t, escape, case_sensitive) else { return false };
                t = from;
                retry = Some((p, t));
                continue;
            }
            if t >= text.len() {
                return false;
            }
            let (literal, any, after) = if escape == Some(c) {
                if next >= pattern.len() {
                    return false;
                }
                let (literal, after) = code_point(pattern, next);
                (literal, false, after)
            } else {
                (c, c == u32::from(b'_'), next)
            };
            let (x, rest) = code_point(text, t);
            if any || same(literal, x, case_sensitive) {
                (p, t) = (after, rest);
                continue;
            }
        }
        let Some((again, tried)) = retry.filter(|&(_, tried)| tried < text.len()) else { return false };
        let next = char_end(text, tried);
        let Some(from) = candidate(&pattern[again..], text, next, escape, case_sensitive) else { return false };
        (p, t) = (again, from);
        retry = Some((again, from));
    }
}

#[inline]
fn same(a: u32, b: u32, case_sensitive: bool) -> bool {
    a == b || (!case_sensitive && a < 0x80 && b < 0x80 && (a as u8).eq_ignore_ascii_case(&(b as u8)))
}

/// Where from `at` on the rest of the pattern might match: at its first character, if that is an ASCII letter or the
/// like. `None`: nowhere.
fn candidate(pattern: &[u8], text: &[u8], at: usize, escape: Option<u32>, case_sensitive: bool) -> Option<usize> {
    let &first = pattern.first()?;
    if first >= 0x80 || matches!(first, b'%' | b'_') || escape == Some(u32::from(first)) {
        return Some(at);
    }
    let found = if case_sensitive {
        memchr::memchr(first, &text[at..])
    } else {
        memchr::memchr2(first.to_ascii_lowercase(), first.to_ascii_uppercase(), &text[at..])
    };
    found.map(|i| at + i)
}
