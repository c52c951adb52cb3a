//! Characters of text that may not be UTF-8, counted as SQLite counts them: a byte that is not a
//! continuation byte begins a character, and a lead byte takes all continuation bytes behind it.

/// The end of the character that begins at `at`.
#[inline]
pub fn char_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    if text[at] >= 0xc0 {
        while end < text.len() && text[end] & 0xc0 == 0x80 {
            end += 1;
        }
    }
    end
}

/// The end of the character that begins at `at` as length() counts and substr() skips: to them, a continuation byte
/// that begins one takes those behind it, too.
#[inline]
pub fn counted_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    if text[at] >= 0x80 {
        while end < text.len() && text[end] & 0xc0 == 0x80 {
            end += 1;
        }
    }
    end
}

/// How many characters.
pub fn char_count(text: &[u8]) -> usize {
    count(text, char_end)
}

/// How many characters, for length().
pub fn counted(text: &[u8]) -> usize {
    count(text, counted_end)
}

#[inline]
fn count(text: &[u8], end: impl Fn(&[u8], usize) -> usize) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut at = 0;
    let mut count = 0;
    while at < text.len() {
        at = end(text, at);
        count += 1;
    }
    count
}

/// Up to the first NUL: what SQLite's C strings see.
pub fn before_nul(text: &[u8]) -> &[u8] {
    memchr::memchr(0, text).map_or(text, |i| &text[..i])
}

/// The code point at `at` and its end; malformed sequences give U+FFFD as in SQLite.
pub fn code_point(text: &[u8], at: usize) -> (u32, usize) {
    let first = u32::from(text[at]);
    if first < 0xc0 {
        return (first, at + 1);
    }
    let mut c = match first {
        0xc0..=0xdf => first & 0x1f,
        0xe0..=0xef => first & 0x0f,
        0xf0..=0xf7 => first & 0x07,
        0xf8..=0xfb => first & 0x03,
        0xfc..=0xfd => first & 0x01,
        _ => 0,
    };
    let end = char_end(text, at);
    for &b in &text[at + 1..end] {
        c = (c << 6).wrapping_add(u32::from(b & 0x3f));
    }
    if c < 0x80 || c & 0xffff_f800 == 0xd800 {
        c = 0xfffd;
    }
    (c, end)
}
