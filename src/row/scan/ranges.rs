//! Ranges of an index's keys, gone through one after the other in either direction; for a skip-scan once for each value
//! of the skipped columns.

use heliosdb_udfs::value::ValueRef;
use heliosdb_udfs::value::key::{Part, decode_key, skip_key};
use smallvec::SmallVec;

use super::Scan;
use crate::row::program::Covered;
use crate::store::KeyCursor;
use crate::store::record::Narrow;
use crate::store::tree::order::begins_with;

#[derive(Default, Clone)]
pub enum End {
    #[default]
    None,
    /// Keys must begin with this.
    Prefix(Vec<u8>),
    /// Keys must be below (forward) or not below (reverse) this.
    Before(Vec<u8>),
    /// Keys must be at most: begin with this or be below it.
    Through(Vec<u8>),
}

#[derive(Clone)]
pub struct KeyRange {
    /// First key of the range in forward order; inclusive.
    pub low: Vec<u8>,
    /// Whether keys that begin with `low` are skipped.
    pub after_low: bool,
    /// Last key in forward order: keys beginning with it are included if `through`.
    pub high: Vec<u8>,
    pub through: bool,
    /// Neither bound beyond the prefix: every key that begins with `low`. Then `high` is not used.
    pub whole_prefix: bool,
}

/// The first key past all keys that begin with `prefix`; `None` when there is no such key.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut key = prefix.to_vec();
    while let Some(last) = key.pop() {
        if last < 0xff {
            key.push(last + 1);
            return Some(key);
        }
    }
    None
}

/// The next entry of the current range, or the first of the next range.
#[inline]
pub fn next_key(cursor: &mut KeyCursor, scan: &mut Scan) -> bool {
    let placed = std::mem::take(&mut scan.placed);
    if !placed && scan.skip.is_some() && !cursor.is_valid() {
        return next_skipped(cursor, scan);
    }
    let mut more = match &scan.end {
        // A whole scan, placed on its first entry, or one that has passed over some.
        _ if placed => cursor.is_valid(),
        _ if !cursor.is_valid() => false,
        End::Prefix(prefix) if !scan.reverse => {
            if cursor.next_of(prefix) {
                return true;
            }
            false
        }
        _ if scan.reverse => cursor.prev(),
        _ => cursor.next(),
    };
    loop {
        if more && within(cursor.key(), &scan.end, scan.reverse) {
            return true;
        }
        let Some(range) = scan.ranges.pop() else {
            if scan.skip.is_some() {
                return next_skipped(cursor, scan);
            }
            cursor.leave();
            return false;
        };
        if scan.reverse {
            let high = if range.whole_prefix { &range.low } else { &range.high };
            more = if range.through {
                match successor(high) {
                    Some(key) => cursor.seek_lt(&key),
                    None => cursor.last(),
                }
            } else {
                cursor.seek_lt(high)
            };
            scan.end = if range.whole_prefix {
                End::Prefix(range.low)
            } else if range.after_low {
                match successor(&range.low) {
                    Some(key) => End::Before(key),
                    None => End::Before(vec![0xff; range.low.len() + 1]),
                }
            } else {
                End::Before(range.low)
            };
        } else {
            scan.end = if range.whole_prefix {
                End::Prefix(Vec::new())
            } else if !range.through {
                End::Before(range.high)
            } else if begins_with(&range.low, &range.high) {
                // What is past the low end begins with the high one or is past it.
                End::Prefix(range.high)
            } else {
                End::Through(range.high)
            };
            let after;
            let low = match range.after_low {
                false => &range.low,
                true => match successor(&range.low) {
                    Some(key) => {
                        after = key;
                        &after
                    }
                    None => {
                        more = false;
                        continue;
                    }
                },
            };
            more = match &mut scan.end {
                End::Prefix(prefix) => {
                    let found = cursor.seek_of(low, if range.whole_prefix { low } else { prefix });
                    if range.whole_prefix {
                        *prefix = range.low;
                    }
                    if found {
                        return true;
                    }
                    false
                }
                _ => cursor.seek_ge(low),
            };
        }
    }
}

/// Passes over the entries behind the current one that are in its range; how many.
pub fn pass_keys(cursor: &mut KeyCursor, end: &End) -> usize {
    match end {
        End::Prefix(prefix) => cursor.pass_of(prefix),
        _ => cursor.pass(|key| within(key, end, false)),
    }
}

/// Goes on to the first entry that differs from the current one in its leading columns, given the directions of these;
/// false if the key tells no columns.
pub fn pass_repeats(cursor: &mut KeyCursor, directions: &[bool]) -> bool {
    let mut rest = cursor.key();
    for descending in directions {
        let Some(tail) = skip_key(rest, *descending) else { return false };
        rest = tail;
    }
    let length = cursor.key().len() - rest.len();
    let prefix = cursor.key()[..length].to_vec();
    // Where they are few, a step is less than a seek.
    if cursor.next() && begins_with(cursor.key(), &prefix) {
        match successor(&prefix) {
            Some(key) => cursor.seek_ge(&key),
            None => cursor.last() && cursor.next(),
        };
    }
    true
}

#[inline]
fn within(key: &[u8], end: &End, reverse: bool) -> bool {
    match end {
        End::None => true,
        End::Prefix(p) => begins_with(key, p),
        End::Before(e) if reverse => key >= e.as_slice(),
        End::Before(e) => key < e.as_slice(),
        End::Through(e) => key < e.as_slice() || begins_with(key, e),
    }
}

/// Makes the record of a row's wanted columns from an index's key.
pub fn record_of_key(key: &[u8], covered: &Covered, record: &mut Vec<u8>) {
    record.clear();
    if !in_order(key, covered, record) {
        in_any_order(key, covered, record);
    }
}

/// [`record_of_key`] where fields come in the order of the key and fit a narrow record; false where not.
fn in_order(key: &[u8], covered: &Covered, record: &mut Vec<u8>) -> bool {
    let mut narrow = Narrow::new(record, covered.width, key.len());
    let (mut rest, mut next) = (key, 0);
    for (descending, field) in &covered.keys {
        let tail = match *field {
            None => skip_key(rest, *descending),
            Some(field) => decode_key(rest, *descending).and_then(|(part, tail)| {
                while next < field && narrow.null() {
                    next += 1;
                }
                let fits = next == field
                    && match part.as_ref() {
                        ValueRef::Null => narrow.null(),
                        ValueRef::Integer(i) if covered.reals.contains(&field) => narrow.real(i as f64),
                        ValueRef::Integer(i) => narrow.integer(i),
                        ValueRef::Real(r) => narrow.real(r),
                        ValueRef::Text(t) => narrow.text(t),
                        ValueRef::Blob(b) => narrow.blob(b),
                    };
                next += 1;
                fits.then_some(tail)
            }),
        };
        let Some(tail) = tail else {
            narrow.give_up();
            return false;
        };
        rest = tail;
    }
    while next < covered.width && narrow.null() {
        next += 1;
    }
    let whole = next == covered.width;
    if whole {
        narrow.finish()
    } else {
        narrow.give_up()
    }
    whole
}

fn in_any_order(key: &[u8], covered: &Covered, record: &mut Vec<u8>) {
    let mut parts: SmallVec<[(usize, Part<'_>); 8]> = SmallVec::new();
    let mut rest = key;
    for (descending, field) in &covered.keys {
        let Some(field) = *field else {
            let Some(tail) = skip_key(rest, *descending) else { return };
            rest = tail;
            continue;
        };
        let Some((part, tail)) = decode_key(rest, *descending) else { return };
        let part = match part.as_ref() {
            ValueRef::Integer(i) if covered.reals.contains(&field) => Part::Ref(ValueRef::Real(i as f64)),
            _ => part,
        };
        parts.push((field, part));
        rest = tail;
    }
    let mut fields: SmallVec<[ValueRef<'_>; 16]> = SmallVec::from_elem(ValueRef::Null, covered.width);
    for (field, part) in &parts {
        fields[*field] = part.as_ref();
    }
    crate::store::record::encode(record, fields);
}

/// A skip-scan: the leading columns take one value after the other, and the ranges hold behind each.
pub struct Skip {
    /// Behind the leading columns.
    pub ranges: Vec<KeyRange>,
    /// Directions of the leading columns.
    pub descending: Vec<bool>,
    /// The values that are being gone through, as they begin a key.
    pub prefix: Option<Vec<u8>>,
}

/// Goes on with the next value of the leading columns.
fn next_skipped(cursor: &mut KeyCursor, scan: &mut Scan) -> bool {
    let reverse = scan.reverse;
    loop {
        let Some(skip) = &mut scan.skip else { return false };
        let more = match &skip.prefix {
            None if reverse => cursor.last(),
            None => cursor.first(),
            Some(prefix) if reverse => cursor.seek_lt(prefix),
            Some(prefix) => successor(prefix).is_some_and(|key| cursor.seek_ge(&key)),
        };
        if !more {
            scan.skip = None;
            cursor.reset();
            return false;
        }
        let key = cursor.key();
        let mut rest = key;
        for descending in &skip.descending {
            match skip_key(rest, *descending) {
                Some(tail) => rest = tail,
                None => return false,
            }
        }
        let prefix = key[..key.len() - rest.len()].to_vec();
        let behind = |part: &[u8]| [&prefix[..], part].concat();
        scan.ranges = skip
            .ranges
            .iter()
            .map(|r| KeyRange {
                low: behind(&r.low),
                high: behind(&r.high),
                after_low: r.after_low,
                through: r.through,
                whole_prefix: r.whole_prefix,
            })
            .collect();
        if !reverse {
            scan.ranges.reverse();
        }
        skip.prefix = Some(prefix);
        cursor.reset();
        let skip = scan.skip.take();
        let found = next_key(cursor, scan);
        scan.skip = skip;
        if found {
            return true;
        }
    }
}
