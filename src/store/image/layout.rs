//! How the records of the file become records and keys of ours.
//!
//! The file leaves virtual columns out and stores whole reals as integers; a table WITHOUT ROWID has its key's columns
//! first. Our records have all columns in the table's order, virtual ones as NULL.

use heliosdb_udfs::value::{Collation, ValueRef, key};

use smallvec::SmallVec;

use super::page::varint;
use super::record::{Damaged, Record, Stored, integer, len_of};
use crate::store::ids::rowid_key;
use crate::store::record;

/// One column of a record of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileColumn {
    /// Its place in the file's record; `None`: it is not stored.
    pub place: Option<u16>,
    /// Integers are reals.
    pub real: bool,
}

/// The columns of a table in their order.
#[derive(Clone, Debug, Default)]
pub struct RowLayout {
    pub columns: Vec<FileColumn>,
}

/// One term of a key.
#[derive(Clone, Debug)]
pub struct KeyTerm {
    /// Its place in the file's record.
    pub place: u16,
    pub collation: Collation,
    pub descending: bool,
}

/// What follows the terms in a key, and the record beside it.
#[derive(Clone, Debug)]
pub enum KeyTail {
    /// An index of a rowid table: the rowid, which is the last value.
    Rowid,
    /// An index of a table WITHOUT ROWID: the table's key, which is the record too.
    Primary(Vec<KeyTerm>),
    /// A table WITHOUT ROWID itself: nothing; the record has the table's columns.
    Table(RowLayout),
}

#[derive(Clone, Debug)]
pub struct KeyLayout {
    pub terms: Vec<KeyTerm>,
    pub tail: KeyTail,
    /// Whether the file has the entries in the order of our keys. Otherwise they are all read and sorted.
    pub ordered: bool,
}

impl RowLayout {
    /// Appends our record of a record of the file.
    pub fn convert(&self, record: Record<'_>, out: &mut Vec<u8>) -> Result<(), Damaged> {
        if let Some((types, body)) = record.parts()
            && self.transcode(types, body, out)?
        {
            return Ok(());
        }
        self.encode(&values(record, self.stored())?, out);
        Ok(())
    }

    /// How many columns the file stores.
    fn stored(&self) -> usize {
        self.columns.iter().filter(|column| column.place.is_some()).count()
    }

    /// Appends our record of values that are all stored, in our order, and fit a narrow record; false (and nothing
    /// appended) where that is not so.
    fn transcode(&self, mut types: &[u8], mut body: &[u8], out: &mut Vec<u8>) -> Result<bool, Damaged> {
        let mut narrow = record::Narrow::new(out, self.columns.len(), body.len());
        for (i, column) in self.columns.iter().enumerate() {
            let is_next = column.place == Some(i as u16);
            let Some((kind, n)) = varint(types).filter(|_| is_next) else {
                narrow.give_up();
                return Ok(false);
            };
            types = &types[n..];
            let (bytes, rest) = body.split_at_checked(len_of(kind)?).ok_or(Damaged)?;
            body = rest;
            let fits = match kind {
                0 | 10 | 11 => narrow.null(),
                1..=6 | 8 | 9 => {
                    let number = if kind < 8 { integer(bytes) } else { kind as i64 - 8 };
                    if column.real { narrow.real(number as f64) } else { narrow.integer(number) }
                }
                7 => match f64::from_bits(integer(bytes) as u64) {
                    // SQLite reads what is not a number as NULL.
                    real if real.is_nan() => narrow.null(),
                    real => narrow.real(real),
                },
                even if even % 2 == 0 => narrow.blob(bytes),
                _ => narrow.text(bytes),
            };
            if !fits {
                narrow.give_up();
                return Ok(false);
            }
        }
        if types.is_empty() && !body.is_empty() {
            narrow.give_up();
            return Err(Damaged);
        }
        narrow.finish();
        Ok(true)
    }

    /// Appends our record of the values of a record of the file.
    pub fn encode(&self, stored: &[Stored<'_>], out: &mut Vec<u8>) {
        // Columns that were added later are missing at the end.
        let missing = |c: &FileColumn| c.place.is_some_and(|place| usize::from(place) >= stored.len());
        let len = self.columns.iter().position(missing).unwrap_or(self.columns.len());
        record::encode(
            out,
            self.columns[..len].iter().map(|c| match c.place.map(|place| stored[usize::from(place)].as_ref()) {
                Some(ValueRef::Integer(i)) if c.real => ValueRef::Real(i as f64),
                Some(v) => v,
                None => ValueRef::Null,
            }),
        );
    }
}

/// An entry under construction.
#[derive(Default)]
pub struct Entry {
    pub key: Vec<u8>,
    pub record: Vec<u8>,
}

impl KeyLayout {
    /// Makes our entry of an entry of the file.
    pub fn convert(&self, record: Record<'_>, entry: &mut Entry) -> Result<(), Damaged> {
        let most = if let KeyTail::Table(columns) = &self.tail { columns.stored() } else { usize::MAX };
        let values = values(record, most)?;
        entry.key.clear();
        entry.record.clear();
        push_terms(&self.terms, &values, &mut entry.key)?;
        match &self.tail {
            KeyTail::Rowid => match values.last().map(Stored::as_ref) {
                Some(ValueRef::Integer(rowid)) => entry.key.extend_from_slice(&rowid_key(rowid)),
                _ => return Err(Damaged),
            },
            KeyTail::Primary(terms) => {
                push_terms(terms, &values, &mut entry.record)?;
                entry.key.extend_from_slice(&entry.record);
            }
            KeyTail::Table(columns) => columns.encode(&values, &mut entry.record),
        }
        Ok(())
    }
}

/// So many values at most: what comes behind a table's columns is not looked at.
fn values(mut record: Record<'_>, most: usize) -> Result<SmallVec<[Stored<'_>; 8]>, Damaged> {
    let mut values = SmallVec::new();
    while values.len() < most
        && let Some(value) = record.read()?
    {
        values.push(value);
    }
    if values.len() == most && record.is_at_end() {
        record.read()?;
    }
    Ok(values)
}

fn push_terms(terms: &[KeyTerm], values: &[Stored<'_>], out: &mut Vec<u8>) -> Result<(), Damaged> {
    for term in terms {
        let value = values.get(usize::from(term.place)).ok_or(Damaged)?;
        match (value, &term.collation) {
            // What is no character in it keeps its place.
            (Stored::Text { bytes, encoding, .. }, Collation::Utf16Le | Collation::Utf16Be) => {
                key::encode_stored_text(bytes, *encoding, term.descending, out);
            }
            _ => encode_term(value.as_ref(), &term.collation, term.descending, out),
        }
    }
    Ok(())
}

/// Appends one term of a key. Text under a collation of a connection's own has no ordered form: it is encoded as it
/// is, and nobody seeks by it.
#[inline]
pub fn encode_term(v: ValueRef<'_>, collation: &Collation, descending: bool, out: &mut Vec<u8>) {
    let by = if matches!(collation, Collation::Custom(_)) { &Collation::Binary } else { collation };
    let encoded = key::encode_key(v, by, descending, out);
    debug_assert!(encoded.is_ok(), "built-in collations encode");
}
