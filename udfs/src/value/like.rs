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

/// A pattern that is known beforehand, without ESCAPE: matches what [`like`] matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As given.
    whole: Box<[u8]>,
    form: Form,
}

/// Where ASCII text, given by its place in the pattern, must stand. Bytes of ASCII are always characters of their own,
/// so that bytes can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Whole(std::ops::Range<usize>),
    Begins(std::ops::Range<usize>),
    Ends(std::ops::Range<usize>),
    Contains(std::ops::Range<usize>),
    Other,
}

impl Pattern {
    pub fn new(pattern: &[u8]) -> Pattern {
        let from = pattern.iter().take_while(|&&b| b == b'%').count();
        let behind = pattern[from..].iter().rev().take_while(|&&b| b == b'%').count();
        let text = from..pattern.len() - behind;
        let is_plain = pattern[text.clone()].iter().all(|&b| b < 0x80 && b != 0 && b != b'%' && b != b'_');
        let form = match (is_plain, from > 0, behind > 0) {
            (false, ..) => Form::Other,
            (true, false, false) => Form::Whole(text),
            (true, false, true) => Form::Begins(text),
            (true, true, false) if text.is_empty() => Form::Contains(text),
            (true, true, false) => Form::Ends(text),
            (true, true, true) => Form::Contains(text),
        };
        Pattern { whole: pattern.into(), form }
    }

    /// The pattern's length in bytes.
    pub fn len(&self) -> usize {
        self.whole.len()
    }

    pub fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    #[inline]
    pub fn matches(&self, text: &[u8], case_sensitive: bool) -> bool {
        let equal = |a: &[u8], b: &[u8]| if case_sensitive { a == b } else { a.eq_ignore_ascii_case(b) };
        let part = |range: &std::ops::Range<usize>| &self.whole[range.clone()];
        match &self.form {
            Form::Whole(range) => equal(text, part(range)),
            Form::Begins(range) => text.get(..range.len()).is_some_and(|start| equal(start, part(range))),
            Form::Ends(range) => {
                text.len().checked_sub(range.len()).is_some_and(|from| equal(&text[from..], part(range)))
            }
            Form::Contains(range) => contains(text, part(range), case_sensitive, equal),
            Form::Other => like(&self.whole, text, None, case_sensitive),
        }
    }
}

fn contains(text: &[u8], wanted: &[u8], case_sensitive: bool, equal: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    let mut at = 0;
    while text.len() - at >= wanted.len() {
        let Some(from) = candidate(wanted, text, at, None, case_sensitive) else { return wanted.is_empty() };
        match text.get(from..from + wanted.len()) {
            Some(found) if equal(found, wanted) => return true,
            Some(_) => at = from + 1,
            None => return false,
        }
    }
    false
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

#[cfg(test)]
mod tests {
    use super::{Pattern, like};

    /// All strings over a few bytes up to a length: letters of both cases, wildcards, NUL, parts of characters.
    fn strings(alphabet: &[u8], len_max: usize) -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        let mut from = 0;
        for _ in 0..len_max {
            let until = all.len();
            for i in from..until {
                for &b in alphabet {
                    let mut longer = all[i].clone();
                    longer.push(b);
                    all.push(longer);
                }
            }
            from = until;
        }
        all
    }

    #[test]
    fn known_patterns_match_what_like_matches() {
        let texts = strings(b"aAb\xc3\xa4", 4);
        for pattern in strings(b"aAb%_\xc3\xa4", 4) {
            let known = Pattern::new(&pattern);
            for text in &texts {
                for case_sensitive in [false, true] {
                    let expected = like(&pattern, text, None, case_sensitive);
                    assert_eq!(known.matches(text, case_sensitive), expected, "{text:?} LIKE {pattern:?}");
                }
            }
        }
    }
}
