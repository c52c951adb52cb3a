//! GLOB (https://sqlite.org/lang_expr.html#glob): `*` any run, `?` one character, `[a-z]` and `[^a-z]` sets.

use super::text::{char_end, code_point};

/// Whether `text` matches. Only the last `*` is ever tried again, as for LIKE.
pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Behind the last *, and where in the text what follows it was tried.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            None => {
                if t >= text.len() {
                    return true;
                }
            }
            Some(b'*') => {
                p += 1;
                if p >= pattern.len() {
                    return true;
                }
                let Some(from) = candidate(pattern[p], text, t) else { return false };
                t = from;
                retry = Some((p, t));
                continue;
            }
            Some(_) if t >= text.len() => return false,
            Some(_) => {
                let (c, next) = code_point(pattern, p);
                let (x, rest) = code_point(text, t);
                let after = match char::from_u32(c) {
                    Some('?') => Some(next),
                    Some('[') => match set(pattern, next, x) {
                        Some((inside, end)) => inside.then_some(end),
                        None => return false,
                    },
                    _ => (x == c).then_some(next),
                };
                if let Some(after) = after {
                    (p, t) = (after, rest);
                    continue;
                }
            }
        }
        let Some((again, tried)) = retry.filter(|&(_, tried)| tried < text.len()) else { return false };
        let Some(from) = candidate(pattern[again], text, char_end(text, tried)) else { return false };
        (p, t) = (again, from);
        retry = Some((again, from));
    }
}

/// Where from `at` on the pattern that begins with `first` might match; `None`: nowhere.
fn candidate(first: u8, text: &[u8], at: usize) -> Option<usize> {
    if first >= 0x80 || matches!(first, b'*' | b'?' | b'[') {
        return Some(at);
    }
    memchr::memchr(first, &text[at..]).map(|i| at + i)
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
        let range = c == u32::from(b'-') && previous.is_some() && p < pattern.len() && pattern[p] != b']';
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
