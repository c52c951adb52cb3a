//! GLOB (https://sqlite.org/lang_expr.html#glob): `*` any run, `?` one character, `[a-z]` and `[^a-z]` sets.

use super::text::{char_end, code_point};

pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    matches(pattern, text) == Some(true)
}

/// `None`: no match, and none further right in the text either.
fn matches(pattern: &[u8], text: &[u8]) -> Option<bool> {
    let (mut p, mut t) = (0, 0);
    while p < pattern.len() {
        let (c, next) = code_point(pattern, p);
        p = next;
        match char::from_u32(c) {
            Some('*') => {
                while p < pattern.len() && (pattern[p] == b'*' || pattern[p] == b'?') {
                    if pattern[p] == b'?' {
                        if t >= text.len() {
                            return None;
                        }
                        t = char_end(text, t);
                    }
                    p += 1;
                }
                if p >= pattern.len() {
                    return Some(true);
                }
                loop {
                    match matches(&pattern[p..], &text[t..]) {
                        Some(false) => {}
                        outcome => return outcome,
                    }
                    if t >= text.len() {
                        return None;
                    }
                    t = char_end(text, t);
                }
            }
            Some('?') => {
                if t >= text.len() {
                    return Some(false);
                }
                t = char_end(text, t);
            }
            Some('[') => {
                if t >= text.len() {
                    return Some(false);
                }
                let (x, after) = code_point(text, t);
                let Some((inside, end)) = set(pattern, p, x) else { return Some(false) };
                if !inside {
                    return Some(false);
                }
                p = end;
                t = after;
            }
            _ => {
                if t >= text.len() {
                    return Some(false);
                }
                let (x, after) = code_point(text, t);
                if x != c {
                    return Some(false);
                }
                t = after;
            }
        }
    }
    Some(t == text.len())
}

/// Whether `x` is in the set that begins at `p`, and where the set ends; `None` without a closing bracket.
fn set(pattern: &[u8], mut p: usize, x: u32) -> Option<(bool, usize)> {
    let take = |p: &mut usize| -> Option<u32> {
        if *p >= pattern.len() {
            return None;
        }
        let (c, next) = code_point(pattern, *p);
        *p = next;
        Some(c)
    };
    let mut inside = false;
    let mut inverted = false;
    let mut previous: Option<u32> = None;
    let mut c = take(&mut p)?;
    if c == u32::from(b'^') {
        inverted = true;
        c = take(&mut p)?;
    }
    if c == u32::from(b']') {
        inside = x == c;
        c = take(&mut p)?;
    }
    while c != u32::from(b']') {
        let range = c == u32::from(b'-')
            && previous.is_some()
            && p < pattern.len()
            && pattern[p] != b']';
        if range {
            let high = take(&mut p)?;
            inside |= previous.is_some_and(|low| x >= low && x <= high);
            previous = None;
        } else {
            inside |= x == c;
            previous = Some(c);
        }
        c = take(&mut p)?;
    }
    Some((inside != inverted, p))
}
