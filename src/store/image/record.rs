//! SQLite's record format: a header of serial types, then the values.

use heliosdb_udfs::value::ValueRef;

use super::Encoding;
use super::page::varint;

/// Walks over the values of a record from the first on.
pub struct Record<'r> {
    types: &'r [u8],
    body: &'r [u8],
    encoding: Encoding,
}

/// A value as the file has it: text may need another encoding.
pub enum Stored<'r> {
    Value(ValueRef<'r>),
    Text { text: Vec<u8>, bytes: &'r [u8], encoding: Encoding },
}

impl Stored<'_> {
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Stored::Value(v) => *v,
            Stored::Text { text, .. } => ValueRef::Text(text),
        }
    }
}

impl<'r> Record<'r> {
    /// `None` if the header is none.
    pub fn new(bytes: &'r [u8], encoding: Encoding) -> Option<Record<'r>> {
        let (header, n) = varint(bytes)?;
        let header = usize::try_from(header).ok()?;
        Some(Record { types: bytes.get(n..header)?, body: bytes.get(header..)?, encoding })
    }

    /// The types and the bytes of the values, where text is as ours is.
    pub fn parts(&self) -> Option<(&'r [u8], &'r [u8])> {
        (self.encoding == Encoding::Utf8).then_some((self.types, self.body))
    }

    /// Whether the header has no more types.
    pub fn is_at_end(&self) -> bool {
        self.types.is_empty()
    }

    /// The next value; `Ok(None)` behind the last one.
    pub fn read(&mut self) -> Result<Option<Stored<'r>>, Damaged> {
        if self.types.is_empty() {
            // The types tell how long the body is.
            return if self.body.is_empty() { Ok(None) } else { Err(Damaged) };
        }
        let (kind, n) = varint(self.types).ok_or(Damaged)?;
        self.types = &self.types[n..];
        let len = len_of(kind)?;
        let bytes = self.body.get(..len).ok_or(Damaged)?;
        self.body = &self.body[len..];
        let value = match kind {
            // 10 and 11 are reserved; SQLite reads NULL.
            0 | 10 | 11 => ValueRef::Null,
            1..=6 => ValueRef::Integer(integer(bytes)),
            7 => match f64::from_bits(integer(bytes) as u64) {
                // SQLite reads what is not a number as NULL.
                real if real.is_nan() => ValueRef::Null,
                real => ValueRef::Real(real),
            },
            8 => ValueRef::Integer(0),
            9 => ValueRef::Integer(1),
            even if even % 2 == 0 => ValueRef::Blob(bytes),
            _ => {
                if self.encoding != Encoding::Utf8 {
                    let mut text = Vec::with_capacity(bytes.len());
                    self.encoding.decode(bytes, &mut text);
                    return Ok(Some(Stored::Text { text, bytes, encoding: self.encoding }));
                }
                ValueRef::Text(bytes)
            }
        };
        Ok(Some(Stored::Value(value)))
    }
}

/// The record's header or a value is cut off.
#[derive(Debug)]
pub struct Damaged;

/// How many bytes a value of a serial type has.
#[inline]
pub fn len_of(kind: u64) -> Result<usize, Damaged> {
    Ok(match kind {
        0 | 8..=11 => 0,
        1..=4 => kind as usize,
        5 => 6,
        6 | 7 => 8,
        _ => usize::try_from((kind - 12) / 2).map_err(|_| Damaged)?,
    })
}

/// Big-endian two's complement of up to eight bytes.
#[inline]
pub fn integer(bytes: &[u8]) -> i64 {
    match *bytes {
        [a] => i64::from(a as i8),
        [a, b] => i64::from(i16::from_be_bytes([a, b])),
        [a, b, c] => i64::from(i32::from_be_bytes([a, b, c, 0]) >> 8),
        [a, b, c, d] => i64::from(i32::from_be_bytes([a, b, c, d])),
        [a, b, c, d, e, f] => i64::from_be_bytes([a, b, c, d, e, f, 0, 0]) >> 16,
        [a, b, c, d, e, f, g, h] => i64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}
