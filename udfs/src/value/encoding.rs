//! How a database stores text. Inside, text is UTF-8; what depends on the bytes that SQLite would have in hand (the BINARY
//! order, CAST to and from BLOB, hex) goes by the database's encoding (https://sqlite.org/pragma.html#pragma_encoding).

use std::cmp::Ordering;

use super::arithmetic;
use super::cast::to_text;
use super::text::code_point;
use super::{Collation, ValueRef};
use bumpalo::Bump;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// As `PRAGMA encoding` shows it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16le",
            Encoding::Utf16Be => "UTF-16be",
        }
    }

    /// By one of the names that `PRAGMA encoding` takes.
    pub fn by_name(name: &str) -> Option<Encoding> {
        const NATIVE: Encoding = if cfg!(target_endian = "big") { Encoding::Utf16Be } else { Encoding::Utf16Le };
        const NAMES: [(&str, Encoding); 8] = [
            ("UTF8", Encoding::Utf8),
            ("UTF-8", Encoding::Utf8),
            ("UTF-16le", Encoding::Utf16Le),
            ("UTF-16be", Encoding::Utf16Be),
            ("UTF16le", Encoding::Utf16Le),
            ("UTF16be", Encoding::Utf16Be),
            ("UTF-16", NATIVE),
            ("UTF16", NATIVE),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, encoding)| *encoding)
    }

    /// What BINARY is where text is stored so.
    pub fn binary(self) -> Collation {
        match self {
            Encoding::Utf8 => Collation::Binary,
            Encoding::Utf16Le => Collation::Utf16Le,
            Encoding::Utf16Be => Collation::Utf16Be,
        }
    }

    /// A collation with BINARY as it is where text is stored so.
    pub fn collation(self, collation: &Collation) -> Collation {
        match collation {
            Collation::Binary => self.binary(),
            other => other.clone(),
        }
    }

    /// Appends text as it is stored.
    pub fn encode(self, text: &[u8], out: &mut Vec<u8>) {
        match self {
            Encoding::Utf8 => out.extend_from_slice(text),
            Encoding::Utf16Le => units(text).for_each(|unit| out.extend_from_slice(&unit.to_le_bytes())),
            Encoding::Utf16Be => units(text).for_each(|unit| out.extend_from_slice(&unit.to_be_bytes())),
        }
    }

    /// Appends stored text. What is no character becomes U+FFFD, half a unit at the end is left out.
    pub fn decode(self, stored: &[u8], out: &mut Vec<u8>) {
        let unit: fn([u8; 2]) -> u16 = match self {
            Encoding::Utf8 => return out.extend_from_slice(stored),
            Encoding::Utf16Le => u16::from_le_bytes,
            Encoding::Utf16Be => u16::from_be_bytes,
        };
        let units = stored.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let mut bytes = [0; 4];
        for c in char::decode_utf16(units) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
        }
    }

    /// A blob where text is wanted: its bytes are stored text.
    pub fn text_of_blob<'a>(self, v: ValueRef<'a>, arena: &'a Bump) -> ValueRef<'a> {
        match v {
            ValueRef::Blob(stored) if self != Encoding::Utf8 => {
                let mut text = Vec::with_capacity(stored.len());
                self.decode(stored, &mut text);
                ValueRef::Text(arena.alloc_slice_copy(&text))
            }
            v => v,
        }
    }

    /// `||` of what is stored: behind a blob with half a unit at its end, text begins with the other half.
    pub fn concat<'a>(self, a: ValueRef<'a>, b: ValueRef<'a>, arena: &'a Bump) -> ValueRef<'a> {
        if self == Encoding::Utf8 {
            return arithmetic::concat(a, b, arena);
        }
        let stored = |v: ValueRef<'a>| match v {
            ValueRef::Null => None,
            ValueRef::Blob(_) => Some(v),
            _ => Some(ValueRef::Blob(self.blob_of_text(to_text(v, arena), arena))),
        };
        let (Some(a), Some(b)) = (stored(a), stored(b)) else { return ValueRef::Null };
        let joined = arithmetic::concat(a, b, arena);
        match joined {
            ValueRef::Text(bytes) => self.text_of_blob(ValueRef::Blob(bytes), arena),
            joined => joined,
        }
    }

    /// Text where its bytes are wanted: as it is stored.
    pub fn blob_of_text<'a>(self, text: &'a [u8], arena: &'a Bump) -> &'a [u8] {
        if self == Encoding::Utf8 {
            return text;
        }
        let mut stored = Vec::with_capacity(text.len() * 2);
        self.encode(text, &mut stored);
        arena.alloc_slice_copy(&stored)
    }
}

/// The units of UTF-16.
fn units(text: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let (mut at, mut low) = (0, None);
    std::iter::from_fn(move || {
        if let Some(low) = low.take() {
            return Some(low);
        }
        if at >= text.len() {
            return None;
        }
        let (c, end) = code_point(text, at);
        at = end;
        match c.checked_sub(0x1_0000) {
            None => Some(c as u16),
            Some(above) => {
                low = Some(0xdc00 | (above & 0x3ff) as u16);
                Some(0xd800 | (above >> 10 & 0x3ff) as u16)
            }
        }
    })
}

/// The order of two texts' bytes in UTF-16.
pub fn compare_utf16(a: &[u8], b: &[u8], little_endian: bool) -> Ordering {
    // Equal bytes are equal units: only what follows them is taken apart, from the beginning of its character.
    let mut same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    while same > 0 && [a, b].iter().any(|text| text.get(same).is_some_and(|byte| byte & 0xc0 == 0x80)) {
        same -= 1;
    }
    let weight = |unit: u16| if little_endian { unit.swap_bytes() } else { unit };
    units(&a[same..]).map(weight).cmp(units(&b[same..]).map(weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_bytes() {
        let texts =
            ["", "a", "ab", "b", "\u{100}", "\u{ff}", "\u{1ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "\u{1d11e}a"];
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            for a in texts {
                for b in texts {
                    let (mut x, mut y) = (Vec::new(), Vec::new());
                    encoding.encode(a.as_bytes(), &mut x);
                    encoding.encode(b.as_bytes(), &mut y);
                    assert_eq!(encoding.binary().compare(a.as_bytes(), b.as_bytes()), x.cmp(&y), "{a:?} {b:?}");
                    let mut back = Vec::new();
                    encoding.decode(&x, &mut back);
                    assert_eq!(back, a.as_bytes());
                }
            }
        }
    }
}
