//! JSON and JSON5 text to JSONB, in one pass and without recursion.
//!
//! The output is the document's only form inside: everything else reads or edits JSONB. Containers get a header wide
//! enough for the rest of the text when they open and the right one when they close.
//! Sources: <https://sqlite.org/json1.html>, <https://sqlite.org/jsonb.html>

use super::jsonb::{
    ARRAY, DEPTH_MAX, FALSE, Kind, NULL, OBJECT, TRUE, header_length_at, is_text, push_element, push_header,
    push_slice, rewrite_header,
};
use super::scan::{bare_label, byte, is_space, json5_space, number, string, word};

/// What a parse of well-formed text found out besides the JSONB.
#[derive(Clone, Copy, Debug)]
pub struct Parsed {
    /// Something was JSON5 rather than RFC 8259.
    pub json5: bool,
}

/// Offset of the byte at which text stops being JSON. For something behind the document that is, as in SQLite, not the
/// byte itself but the last at which the parser stumbled on the way, or 0.
#[derive(Clone, Copy, Debug)]
pub struct Malformed {
    pub at: usize,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value, or the end of the array that was just opened or continued by a comma.
    Element,
    /// A label, or the end of the object.
    Label,
    Colon,
    /// The value after a colon, or the document itself.
    Value,
    /// A comma or the end of the container.
    Separator,
}

/// What stands at an offset once white space has been skipped.
enum Lexeme {
    /// An element was appended; the text goes on here.
    Appended(usize),
    /// `[` or `{` at this offset.
    Open(Kind, usize),
    /// One of `] } , :` at this offset.
    Punctuation(u8, usize),
    End,
    Wrong(usize),
}

/// A container that has begun.
struct Open {
    /// Its offset in the output.
    start: usize,
    /// It stands where a label or a colon should: at this offset of the text. That is wrong, but an error inside it is
    /// reported first.
    misplaced_at: Option<usize>,
}

struct Parser<'t, 'o> {
    text: &'t [u8],
    out: &'o mut Vec<u8>,
    json5: bool,
    /// Offset of what was last met where it was not looked for first: punctuation, a label without quotes.
    stumbled: usize,
}

/// Parses one document and appends it to `out`. After an error `out` holds what was read so far.
pub fn parse(text: &[u8], out: &mut Vec<u8>) -> Result<Parsed, Malformed> {
    out.reserve(text.len() + 8);
    let mut parser = Parser { text, out, json5: false, stumbled: 0 };
    let mut at = parser.document()?;
    while is_space(byte(text, at)) {
        at += 1;
    }
    if byte(text, at) != 0 {
        parser.json5 = true;
        at += json5_space(text, at);
        if byte(text, at) != 0 {
            return Err(Malformed { at: parser.stumbled });
        }
    }
    Ok(Parsed { json5: parser.json5 })
}

impl Parser<'_, '_> {
    /// Reads one value with all it contains; returns where it ends.
    fn document(&mut self) -> Result<usize, Malformed> {
        let mut open: Vec<Open> = Vec::new();
        let mut at = 0;
        let mut expect = Expect::Value;
        loop {
            // The common separators, without looking further.
            if expect == Expect::Separator {
                let container = open.last().expect("a separator is expected inside a container only").start;
                match self.separator(at, self.out[container] & 0x0f)? {
                    (next, true) => {
                        at = next;
                        expect = if self.out[container] & 0x0f == ARRAY { Expect::Element } else { Expect::Label };
                    }
                    (next, false) => {
                        at = next;
                        self.close(open.pop().expect("it was there above"))?;
                        if open.is_empty() {
                            return Ok(at);
                        }
                    }
                }
                continue;
            }
            if expect == Expect::Colon {
                // What comes after white space is a colon, or else wrong.
                while is_space(byte(self.text, at)) {
                    at += 1;
                }
                if byte(self.text, at) == b':' {
                    at += 1;
                    expect = Expect::Value;
                    continue;
                }
            }
            let element = self.out.len();
            let found = self.lexeme(at);
            if let Lexeme::Wrong(wrong) = found {
                self.stumbled = wrong;
            }
            match found {
                Lexeme::Appended(next) => {
                    if open.is_empty() {
                        return Ok(next);
                    }
                    if expect == Expect::Colon {
                        return Err(Malformed { at });
                    }
                    if expect == Expect::Label {
                        if !is_text(self.out[element] & 0x0f) {
                            return Err(Malformed { at });
                        }
                        expect = Expect::Colon;
                    } else {
                        expect = Expect::Separator;
                    }
                    at = next;
                }
                Lexeme::Open(kind, start) => {
                    push_header(self.out, kind, self.text.len() - start);
                    if open.len() >= DEPTH_MAX {
                        return Err(Malformed { at: start });
                    }
                    open.push(Open {
                        start: element,
                        misplaced_at: matches!(expect, Expect::Label | Expect::Colon).then_some(at),
                    });
                    at = start + 1;
                    expect = if kind == ARRAY { Expect::Element } else { Expect::Label };
                }
                Lexeme::Punctuation(c, end)
                    if c == b']' && expect == Expect::Element || c == b'}' && expect == Expect::Label =>
                {
                    let container = open.pop().expect("elements and labels are expected inside a container only");
                    if self.out.len() > container.start + header_length_at(self.out, container.start) {
                        // A comma before the end.
                        self.json5 = true;
                    }
                    self.close(container)?;
                    at = end + 1;
                    if open.is_empty() {
                        return Ok(at);
                    }
                    expect = Expect::Separator;
                }
                Lexeme::Punctuation(b':', colon) if expect == Expect::Colon => {
                    at = colon + 1;
                    expect = Expect::Value;
                }
                Lexeme::Wrong(_) | Lexeme::End | Lexeme::Punctuation(..) if expect == Expect::Label => {
                    at += json5_space(self.text, at);
                    let Some((end, kind)) = bare_label(self.text, at) else {
                        return Err(Malformed { at: if let Lexeme::Wrong(wrong) = found { wrong } else { at } });
                    };
                    push_slice(self.out, kind, self.text, at, end);
                    self.json5 = true;
                    at = end;
                    expect = Expect::Colon;
                }
                Lexeme::Wrong(wrong) => return Err(Malformed { at: wrong }),
                Lexeme::Punctuation(..) | Lexeme::End if open.is_empty() => {
                    return Err(Malformed { at: self.stumbled });
                }
                Lexeme::Punctuation(..) | Lexeme::End => return Err(Malformed { at }),
            }
        }
    }

    /// Finds the comma (true) or the end (false) of a container at or after `at`.
    #[inline]
    fn separator(&mut self, at: usize, container: Kind) -> Result<(usize, bool), Malformed> {
        let mut i = at;
        while is_space(byte(self.text, i)) {
            i += 1;
        }
        let end = if container == ARRAY { b']' } else { b'}' };
        match byte(self.text, i) {
            b',' => return Ok((i + 1, true)),
            c if c == end => return Ok((i + 1, false)),
            _ => {}
        }
        match self.lexeme(i) {
            Lexeme::Punctuation(b',', p) => Ok((p + 1, true)),
            Lexeme::Punctuation(c, p) if c == end => Ok((p + 1, false)),
            _ => Err(Malformed { at: i }),
        }
    }

    /// Gives a container that is complete the header for its size.
    #[inline]
    fn close(&mut self, container: Open) -> Result<(), Malformed> {
        let length = header_length_at(self.out, container.start);
        let size = self.out.len() - container.start - length;
        rewrite_header(self.out, container.start, length, size);
        match container.misplaced_at {
            Some(at) => Err(Malformed { at }),
            None => Ok(()),
        }
    }

    /// Skips white space and looks at what comes; scalars are appended.
    #[inline]
    fn lexeme(&mut self, mut at: usize) -> Lexeme {
        let text = self.text;
        loop {
            let c = byte(text, at);
            match c {
                b'"' | b'\'' => {
                    return match string(text, at) {
                        Ok(token) => self.append(token),
                        Err(wrong) => Lexeme::Wrong(wrong),
                    };
                }
                b'0'..=b'9' | b'-' | b'+' | b'.' => {
                    return match number(text, at) {
                        Ok(token) if token.start == token.end => {
                            // Infinity with a sign.
                            let payload: &[u8] = if c == b'-' { b"-9e999" } else { b"9e999" };
                            self.json5 = true;
                            push_element(self.out, token.kind, payload);
                            Lexeme::Appended(token.next)
                        }
                        Ok(token) => self.append(token),
                        Err(wrong) => Lexeme::Wrong(wrong),
                    };
                }
                b'{' => return Lexeme::Open(OBJECT, at),
                b'[' => return Lexeme::Open(ARRAY, at),
                b'}' | b']' | b',' | b':' => {
                    self.stumbled = at;
                    return Lexeme::Punctuation(c, at);
                }
                b' ' | b'\t' | b'\n' | b'\r' => {
                    at += 1;
                    while is_space(byte(text, at)) {
                        at += 1;
                    }
                }
                0x0b | 0x0c | b'/' | 0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef => match json5_space(text, at) {
                    0 => return Lexeme::Wrong(at),
                    n => {
                        at += n;
                        self.json5 = true;
                    }
                },
                0 => return Lexeme::End,
                _ => return self.bare_word(at),
            }
        }
    }

    /// `null`, `true`, `false`, or one of JSON5's words.
    fn bare_word(&mut self, at: usize) -> Lexeme {
        let (length, kind) = match &self.text[at..] {
            [b'n', b'u', b'l', b'l', ..] => (4, NULL),
            [b't', b'r', b'u', b'e', ..] => (4, TRUE),
            [b'f', b'a', b'l', b's', b'e', ..] => (5, FALSE),
            _ => (0, NULL),
        };
        if length > 0 && !byte(self.text, at + length).is_ascii_alphanumeric() {
            self.out.push(kind);
            return Lexeme::Appended(at + length);
        }
        match word(self.text, at) {
            Some((length, kind, payload)) => {
                push_element(self.out, kind, payload);
                self.json5 = true;
                Lexeme::Appended(at + length)
            }
            None => Lexeme::Wrong(at),
        }
    }

    #[inline]
    fn append(&mut self, token: super::scan::Token) -> Lexeme {
        self.json5 |= token.json5;
        push_slice(self.out, token.kind, self.text, token.start, token.end);
        Lexeme::Appended(token.next)
    }
}
