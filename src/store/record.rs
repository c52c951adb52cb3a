//! A row as one byte string.
//!
//! ```text
//! u16           column count (15 bits) | wide flag (high bit)
//! count x u16   end of the column's bytes in the payload (12 bits) << 4 | tag
//!               wide form, for payloads of 4096 bytes and more: u64, 60 bits << 4 | tag
//! payload       the columns' bytes, one after the other
//! ```
//! All numbers are little-endian. An integer takes the 0 to 8 bytes that hold it in two's complement (0 takes
//! none), a real 8, NULL none. A column begins where the one before it ends, so any column is found in O(1).
//!
//! Reading never panics: what is not a record has columns that are `None`. A column past the count is `None`
//! too: the row is older than the column (ALTER TABLE ADD COLUMN).

use heliosdb_udfs::value::ValueRef;

const TAG_NULL: u8 = 0;
const TAG_INTEGER: u8 = 1;
const TAG_REAL: u8 = 2;
const TAG_TEXT: u8 = 3;
const TAG_BLOB: u8 = 4;

const HEAD_LEN: usize = 2;
const WIDE: u16 = 0x8000;
const NARROW_ENTRY_LEN: usize = 2;
const WIDE_ENTRY_LEN: usize = 8;
const NARROW_PAYLOAD_MAX: usize = 0xfff;

/// The most columns a record can have; SQLite's own limit is 32767 too.
pub const COLUMNS_MAX: usize = 0x7fff;

/// Appends a record to `out`. Values past [`COLUMNS_MAX`] are left out.
///
/// Fastest when the iterator's lower size bound is the number of its values.
#[inline]
pub fn encode<'v>(out: &mut Vec<u8>, values: impl IntoIterator<Item = ValueRef<'v>>) {
    let values = values.into_iter();
    let expected = values.size_hint().0.min(COLUMNS_MAX);
    let mut writer = Writer::new(out, expected);
    // No `Option` around each value: it would go through memory.
    values.take(COLUMNS_MAX).for_each(|value| writer.push(value));
    writer.finish();
}

/// The number of columns that were stored.
#[inline]
pub fn column_count(record: &[u8]) -> usize {
    match head(record) {
        Some(head) => usize::from(head & !WIDE),
        None => 0,
    }
}

/// Column `i`, from 0.
#[inline]
pub fn column(record: &[u8], i: usize) -> Option<ValueRef<'_>> {
    let head = head(record)?;
    let count = usize::from(head & !WIDE);
    if i >= count {
        return None;
    }
    if head & WIDE != 0 {
        return wide_column(record, count, i);
    }
    let base = HEAD_LEN + NARROW_ENTRY_LEN * count;
    let at = HEAD_LEN + NARROW_ENTRY_LEN * i;
    // The entry before the first column is the head, whose place stands for offset 0.
    let pair = record.get(at - 2..at + 2)?;
    let entry = u16::from_le_bytes([pair[2], pair[3]]);
    let start = if i == 0 { 0 } else { usize::from(u16::from_le_bytes([pair[0], pair[1]]) >> 4) };
    value(record, entry as u8 & 0xf, base + start, base + usize::from(entry >> 4))
}

/// All columns from the first on.
pub fn columns(record: &[u8]) -> impl ExactSizeIterator<Item = Option<ValueRef<'_>>> {
    (0..column_count(record)).map(move |i| column(record, i))
}

#[inline]
fn head(record: &[u8]) -> Option<u16> {
    Some(u16::from_le_bytes(*record.first_chunk::<2>()?))
}

#[cold]
fn wide_column(record: &[u8], count: usize, i: usize) -> Option<ValueRef<'_>> {
    let entry = |i: usize| {
        let bytes = record.get(HEAD_LEN + WIDE_ENTRY_LEN * i..)?.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*bytes))
    };
    let base = HEAD_LEN + WIDE_ENTRY_LEN * count;
    let own = entry(i)?;
    let start = if i == 0 { 0 } else { usize::try_from(entry(i - 1)? >> 4).ok()? };
    let end = usize::try_from(own >> 4).ok()?;
    value(record, own as u8 & 0xf, base.checked_add(start)?, base.checked_add(end)?)
}

#[inline]
fn value(record: &[u8], tag: u8, start: usize, end: usize) -> Option<ValueRef<'_>> {
    match tag {
        TAG_INTEGER => integer(record, start, end).map(ValueRef::Integer),
        TAG_TEXT => record.get(start..end).map(ValueRef::Text),
        TAG_REAL => {
            let bytes = record.get(start..end)?;
            Some(ValueRef::Real(f64::from_le_bytes(bytes.try_into().ok()?)))
        }
        TAG_NULL => Some(ValueRef::Null),
        TAG_BLOB => record.get(start..end).map(ValueRef::Blob),
        _ => None,
    }
}

/// The integer whose bytes are `start..end`.
#[inline]
fn integer(record: &[u8], start: usize, end: usize) -> Option<i64> {
    let len = end.wrapping_sub(start);
    // One load for every length: the eight bytes that end with the integer, shifted down. The bytes before
    // it are the head's and the columns' before.
    if let (1..=8, Some(window)) = (len, end.checked_sub(8)) {
        let bytes = record.get(window..end)?.first_chunk::<8>()?;
        return Some(i64::from_le_bytes(*bytes) >> (64 - 8 * len));
    }
    short_integer(record, start, end)
}

/// An integer of no bytes, or one whose record has less than eight bytes up to its end.
fn short_integer(record: &[u8], start: usize, end: usize) -> Option<i64> {
    let bytes = record.get(start..end)?;
    if bytes.len() > 8 {
        return None;
    }
    let Some(&last) = bytes.last() else { return Some(0) };
    let mut extended = if last & 0x80 != 0 { [0xff; 8] } else { [0; 8] };
    extended[..bytes.len()].copy_from_slice(bytes);
    Some(i64::from_le_bytes(extended))
}

/// The number of bytes that hold an integer.
#[inline]
fn integer_len(i: i64) -> usize {
    // The bits without the copies of the sign, and one sign bit.
    let bits = 65 - (i ^ (i >> 63)).leading_zeros() as usize;
    if i == 0 { 0 } else { bits.div_ceil(8) }
}

/// Puts another value into column `i` of a record; false, and nothing done, if it is not a narrow one or would not stay one.
pub fn set(record: &mut Vec<u8>, i: usize, value: ValueRef<'_>) -> bool {
    let Some(head) = head(record) else { return false };
    let count = usize::from(head & !WIDE);
    let at = HEAD_LEN + NARROW_ENTRY_LEN * i;
    if head & WIDE != 0 || i >= count || record.len() < HEAD_LEN + NARROW_ENTRY_LEN * count {
        return false;
    }
    let base = HEAD_LEN + NARROW_ENTRY_LEN * count;
    let end_of = |at: usize| base + usize::from(u16::from_le_bytes([record[at], record[at + 1]]) >> 4);
    let (start, end) = (if i == 0 { base } else { end_of(at - NARROW_ENTRY_LEN) }, end_of(at));
    let number;
    let (bytes, tag): (&[u8], u8) = match value {
        ValueRef::Null => (&[], TAG_NULL),
        ValueRef::Integer(n) => {
            number = n.to_le_bytes();
            (&number[..integer_len(n)], TAG_INTEGER)
        }
        ValueRef::Real(r) => {
            number = r.to_le_bytes();
            (&number, TAG_REAL)
        }
        ValueRef::Text(text) => (text, TAG_TEXT),
        ValueRef::Blob(blob) => (blob, TAG_BLOB),
    };
    if start > end || end > record.len() || record.len() - base + bytes.len() - (end - start) > NARROW_PAYLOAD_MAX {
        return false;
    }
    if end - start == bytes.len() {
        record[start..end].copy_from_slice(bytes);
    } else {
        record.splice(start..end, bytes.iter().copied());
        for at in (at..base).step_by(NARROW_ENTRY_LEN) {
            let entry = u16::from_le_bytes([record[at], record[at + 1]]);
            let moved = (usize::from(entry >> 4) + bytes.len()).saturating_sub(end - start);
            record[at..at + NARROW_ENTRY_LEN].copy_from_slice(&((moved as u16) << 4 | entry & 0xf).to_le_bytes());
        }
    }
    record[at] = record[at] & 0xf0 | tag;
    true
}

/// Writes a record whose number of columns and about whose length are known beforehand, if it can be a narrow one.
pub struct Narrow<'o> {
    out: &'o mut Vec<u8>,
    /// Where the record begins in `out`.
    at: usize,
    /// Where the payload begins, and where its next bytes go.
    base: usize,
    end: usize,
    /// Where the next entry goes.
    entry: usize,
}

impl<'o> Narrow<'o> {
    /// `payload`: about how many bytes the values take.
    #[inline]
    pub fn new(out: &'o mut Vec<u8>, columns: usize, payload: usize) -> Narrow<'o> {
        let at = out.len();
        let columns = columns.min(COLUMNS_MAX);
        let base = at + HEAD_LEN + NARROW_ENTRY_LEN * columns;
        // A number takes at most eight bytes here, however few it took there.
        let room = if payload > NARROW_PAYLOAD_MAX { 0 } else { payload + 8 * columns };
        out.resize(base + room, 0);
        out[at..at + HEAD_LEN].copy_from_slice(&(columns as u16).to_le_bytes());
        Narrow { out, at, base, end: base, entry: at + HEAD_LEN }
    }

    /// Notes a value of `len` bytes that lie at the end; false if the record is none of the narrow ones.
    #[inline]
    fn note(&mut self, len: usize, tag: u8) -> bool {
        self.end += len;
        let entry = (self.end - self.base) as u16;
        let fits = self.end - self.base <= NARROW_PAYLOAD_MAX && self.entry < self.base;
        if fits {
            self.out[self.entry..self.entry + NARROW_ENTRY_LEN]
                .copy_from_slice(&(entry << 4 | u16::from(tag)).to_le_bytes());
            self.entry += NARROW_ENTRY_LEN;
        }
        fits
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8], len: usize, tag: u8) -> bool {
        let Some(room) = self.out.get_mut(self.end..self.end + bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        self.note(len, tag)
    }

    #[inline]
    pub fn null(&mut self) -> bool {
        self.note(0, TAG_NULL)
    }

    #[inline]
    pub fn integer(&mut self, i: i64) -> bool {
        self.bytes(&i.to_le_bytes(), integer_len(i), TAG_INTEGER)
    }

    #[inline]
    pub fn real(&mut self, r: f64) -> bool {
        self.bytes(&r.to_le_bytes(), 8, TAG_REAL)
    }

    #[inline]
    pub fn text(&mut self, text: &[u8]) -> bool {
        self.bytes(text, text.len(), TAG_TEXT)
    }

    #[inline]
    pub fn blob(&mut self, blob: &[u8]) -> bool {
        self.bytes(blob, blob.len(), TAG_BLOB)
    }

    /// All columns are written.
    #[inline]
    pub fn finish(self) {
        debug_assert!(self.entry == self.base, "every column has its entry");
        self.out.truncate(self.end);
    }

    /// Takes the record back.
    pub fn give_up(self) {
        self.out.truncate(self.at);
    }
}

/// Writes the entries in place while the payload grows behind them.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Where the record begins in `out`.
    at: usize,
    /// Where the payload begins in `out`.
    base: usize,
    /// Entries that there is room for.
    room: usize,
    count: usize,
    wide: bool,
}

impl<'o> Writer<'o> {
    #[inline]
    fn new(out: &'o mut Vec<u8>, room: usize) -> Writer<'o> {
        let at = out.len();
        let base = at + HEAD_LEN + NARROW_ENTRY_LEN * room;
        out.resize(base, 0);
        Writer { out, at, base, room, count: 0, wide: false }
    }

    #[inline]
    fn push(&mut self, value: ValueRef<'_>) {
        let tag = match value {
            ValueRef::Null => TAG_NULL,
            ValueRef::Integer(i) => {
                // Eight bytes at once, of which the last go again.
                let end = self.out.len() + integer_len(i);
                self.out.extend_from_slice(&i.to_le_bytes());
                self.out.truncate(end);
                TAG_INTEGER
            }
            ValueRef::Real(r) => {
                self.out.extend_from_slice(&r.to_le_bytes());
                TAG_REAL
            }
            ValueRef::Text(text) => {
                self.out.extend_from_slice(text);
                TAG_TEXT
            }
            ValueRef::Blob(blob) => {
                self.out.extend_from_slice(blob);
                TAG_BLOB
            }
        };
        let end = self.out.len() - self.base;
        if self.count == self.room || end > NARROW_PAYLOAD_MAX && !self.wide {
            let room = if self.count == self.room { (self.room * 2).max(8) } else { self.room };
            self.lay_out(room, end > NARROW_PAYLOAD_MAX);
        }
        self.set_entry(self.count, end, tag);
        self.count += 1;
    }

    #[inline]
    fn set_entry(&mut self, i: usize, end: usize, tag: u8) {
        if self.wide {
            let at = self.at + HEAD_LEN + WIDE_ENTRY_LEN * i;
            self.out[at..at + 8].copy_from_slice(&((end as u64) << 4 | u64::from(tag)).to_le_bytes());
        } else {
            let at = self.at + HEAD_LEN + NARROW_ENTRY_LEN * i;
            self.out[at..at + 2].copy_from_slice(&((end as u16) << 4 | u16::from(tag)).to_le_bytes());
        }
    }

    /// Makes the entries' room fit: another number of columns than expected, or a payload past 4095 bytes.
    #[cold]
    fn lay_out(&mut self, room: usize, wide: bool) {
        let entries: Vec<(usize, u8)> = (0..self.count)
            .map(|i| {
                let mut entry = [0; 8];
                let len = if self.wide { WIDE_ENTRY_LEN } else { NARROW_ENTRY_LEN };
                let at = self.at + HEAD_LEN + len * i;
                entry[..len].copy_from_slice(&self.out[at..at + len]);
                let entry = u64::from_le_bytes(entry);
                ((entry >> 4) as usize, entry as u8 & 0xf)
            })
            .collect();
        let len = if wide { WIDE_ENTRY_LEN } else { NARROW_ENTRY_LEN };
        let base = self.at + HEAD_LEN + len * room;
        self.out.splice(self.at + HEAD_LEN..self.base, std::iter::repeat_n(0, len * room));
        (self.base, self.room, self.wide) = (base, room, wide);
        for (i, (end, tag)) in entries.into_iter().enumerate() {
            self.set_entry(i, end, tag);
        }
    }

    #[inline]
    fn finish(mut self) {
        if self.count != self.room {
            self.lay_out(self.count, self.wide);
        }
        let head = self.count as u16 | if self.wide { WIDE } else { 0 };
        self.out[self.at..self.at + HEAD_LEN].copy_from_slice(&head.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heliosdb_udfs::value::Value;

    fn round_trip(values: &[Value]) {
        let mut out = b"before".to_vec();
        encode(&mut out, values.iter().map(Value::as_ref));
        // The same through an iterator that does not know its length.
        let mut unsized_out = Vec::new();
        encode(&mut unsized_out, values.iter().map(Value::as_ref).filter(|_| true));
        assert_eq!(out[6..], unsized_out);
        let record = &out[6..];
        assert_eq!(column_count(record), values.len());
        for (i, value) in values.iter().enumerate() {
            let found = column(record, i).expect("the column was written");
            assert!(found.is_identical(value.as_ref()), "column {i}: {found:?} is not {value:?}");
        }
        assert!(column(record, values.len()).is_none());
        assert_eq!(columns(record).len(), values.len());
    }

    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn set_is_as_if_encoded_so() {
        let mut state = 5;
        for _ in 0..3000 {
            let value = |state: &mut u64| match random(state) % 6 {
                0 => Value::Null,
                1 => Value::Integer((random(state) as i64) >> (random(state) % 64)),
                2 => Value::Real(random(state) as f64),
                3 => Value::Blob(vec![7; (random(state) % 40) as usize].into()),
                4 => Value::Text(vec![b'x'; (random(state) % 2000) as usize].into()),
                _ => Value::Text(b"text"[..].into()),
            };
            let mut values: Vec<Value> = (0..1 + random(&mut state) % 6).map(|_| value(&mut state)).collect();
            let mut changed = Vec::new();
            encode(&mut changed, values.iter().map(Value::as_ref));
            let (i, new) = (random(&mut state) as usize % (values.len() + 1), value(&mut state));
            let before = changed.clone();
            let done = set(&mut changed, i, new.as_ref());
            if i < values.len() {
                values[i] = new;
            }
            let mut expected = Vec::new();
            encode(&mut expected, values.iter().map(Value::as_ref));
            let narrow = |record: &[u8]| head(record).is_some_and(|head| head & WIDE == 0);
            assert_eq!(done, i < values.len() && narrow(&before) && narrow(&expected));
            assert_eq!(changed, if done { expected } else { before });
        }
        assert!(!set(&mut vec![3, 0, 1], 0, ValueRef::Null));
        assert!(!set(&mut vec![1, 0, 0xf1, 0xff], 0, ValueRef::Null));
    }

    #[test]
    fn integers_of_every_length() {
        let mut values = vec![0, 1, -1, i64::MAX, i64::MIN];
        for bits in 0..63 {
            let edge = 1i64 << bits;
            values.extend([edge, edge - 1, -edge, -edge - 1, edge + 1]);
        }
        for &value in &values {
            round_trip(&[Value::Integer(value)]);
            round_trip(&[Value::Null, Value::Integer(value), Value::Integer(7)]);
        }
        round_trip(&values.into_iter().map(Value::Integer).collect::<Vec<_>>());
        assert_eq!((integer_len(127), integer_len(128), integer_len(-128), integer_len(-129)), (1, 2, 1, 2));
    }

    #[test]
    fn empty_wide_and_many_columns() {
        round_trip(&[]);
        round_trip(&[Value::text("")]);
        for len in [4094, 4095, 4096, 4097, 70_000] {
            let long = Value::Blob(vec![7; len].into());
            round_trip(std::slice::from_ref(&long));
            round_trip(&[Value::Integer(5), long.clone(), Value::text("tail"), Value::Null, Value::Real(0.5)]);
            round_trip(&[long.clone(), long]);
        }
        round_trip(&vec![Value::Integer(300); 2000]);
        round_trip(&vec![Value::Integer(300); COLUMNS_MAX]);
    }

    #[test]
    fn random_rows() {
        let mut state = 0x1234_5678_9abc_def1;
        for _ in 0..5_000 {
            let count = random(&mut state) % 12;
            let values: Vec<Value> = (0..count)
                .map(|_| {
                    let r = random(&mut state);
                    let bytes =
                        || vec![r as u8; (r >> 8) as usize % if r.is_multiple_of(97) { 9000 } else { 40 }].into();
                    match random(&mut state) % 5 {
                        0 => Value::Null,
                        1 => Value::Integer(r as i64 >> (r % 64)),
                        2 => Value::Real(f64::from_bits(r)),
                        3 => Value::Text(bytes()),
                        _ => Value::Blob(bytes()),
                    }
                })
                .collect();
            round_trip(&values);
        }
    }

    #[test]
    fn no_bytes_panic() {
        let mut state = 0x9876_5432_1fed_cba9;
        let mut touched = 0u64;
        for _ in 0..200_000 {
            let len = random(&mut state) as usize % 48;
            let mut bytes: Vec<u8> = (0..len).map(|_| random(&mut state) as u8).collect();
            // Small counts, so that the columns are reached.
            if len > 1 && random(&mut state).is_multiple_of(2) {
                bytes[0] %= 8;
                bytes[1] &= 0x80;
            }
            for i in 0..column_count(&bytes).min(20) + 1 {
                touched += u64::from(column(&bytes, i).is_some());
            }
            touched += u64::from(column(&bytes, usize::MAX).is_some());
        }
        assert!(touched > 0);
    }
}
