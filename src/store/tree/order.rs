//! The two kinds of key a tree is ordered by.
//!
//! Rowids lie in the leaf. Of key bytes the first eight lie in the leaf as a big-endian number, padded with
//! zeros, so that most comparisons need nothing else; the whole key is in the version.

use std::cmp::Ordering;

use crate::store::version::Version;

/// How keys are passed, kept and compared.
pub trait Order: Send + Sync + 'static {
    /// A key as callers give it.
    type Key<'k>: Copy;
    /// A key made ready for comparisons.
    type Probe<'k>: Copy;
    /// What an entry holds beside its version.
    type Inline: Copy + Send + Sync;
    /// The lower bound of a node's right part.
    type Separator: Send + Sync;

    fn probe<'k>(key: Self::Key<'k>) -> Self::Probe<'k>;
    fn inline(probe: Self::Probe<'_>) -> Self::Inline;
    /// The key of an entry.
    fn of_entry(inline: Self::Inline, version: &Version) -> Self::Probe<'_>;
    /// Where a key is among a leaf's entries, or where it would be.
    fn search(inlines: &[Self::Inline], versions: &[Version], probe: Self::Probe<'_>) -> Result<usize, usize>;
    /// How many separators are at most the key: the number of the child to descend to.
    fn child(separators: &[Self::Separator], probe: Self::Probe<'_>) -> usize;
    /// A separator that is greater than `left` and at most `right`.
    fn separator(left: Self::Probe<'_>, right: Self::Probe<'_>) -> Self::Separator;
    /// Compares two keys.
    fn compare(a: Self::Probe<'_>, b: Self::Probe<'_>) -> Ordering;
    /// A separator as a key.
    fn of_separator(separator: &Self::Separator) -> Self::Probe<'_>;
}

/// By rowid.
pub struct RowOrder;

impl Order for RowOrder {
    type Key<'k> = i64;
    type Probe<'k> = i64;
    type Inline = i64;
    type Separator = i64;

    #[inline]
    fn probe<'k>(key: Self::Key<'k>) -> Self::Probe<'k> {
        key
    }

    #[inline]
    fn inline(probe: i64) -> i64 {
        probe
    }

    #[inline]
    fn of_entry(inline: i64, _: &Version) -> i64 {
        inline
    }

    #[inline]
    fn search(rowids: &[i64], _: &[Version], rowid: i64) -> Result<usize, usize> {
        let (Some(&first), Some(&last)) = (rowids.first(), rowids.last()) else { return Err(0) };
        if rowid > last {
            return Err(rowids.len());
        }
        // Rowids mostly have no gaps: then the distance from the first is the place.
        let guess = rowid.wrapping_sub(first) as u64 as usize;
        if rowids.get(guess) == Some(&rowid) {
            return Ok(guess);
        }
        rowids.binary_search(&rowid)
    }

    #[inline]
    fn child(separators: &[i64], rowid: i64) -> usize {
        match separators.last() {
            // Appending and the newest rows.
            Some(&last) if rowid >= last => separators.len(),
            _ => separators.partition_point(|s| *s <= rowid),
        }
    }

    #[inline]
    fn separator(_: i64, right: i64) -> i64 {
        right
    }

    #[inline]
    fn compare(a: i64, b: i64) -> Ordering {
        a.cmp(&b)
    }

    #[inline]
    fn of_separator(separator: &i64) -> i64 {
        *separator
    }
}

/// By key bytes.
pub struct KeyOrder;

/// Key bytes with their first eight as a number.
#[derive(Clone, Copy)]
pub struct KeyProbe<'k> {
    prefix: u64,
    key: &'k [u8],
}

pub struct KeySeparator {
    prefix: u64,
    key: Box<[u8]>,
}

/// Numbers that differ order as the keys do: a padding zero is at most any byte of the longer key.
#[inline]
fn prefix(key: &[u8]) -> u64 {
    if let Some(first) = key.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    let mut padded = [0; 8];
    padded[..key.len()].copy_from_slice(key);
    u64::from_be_bytes(padded)
}

impl Order for KeyOrder {
    type Key<'k> = &'k [u8];
    type Probe<'k> = KeyProbe<'k>;
    type Inline = u64;
    type Separator = KeySeparator;

    #[inline]
    fn probe<'k>(key: Self::Key<'k>) -> Self::Probe<'k> {
        KeyProbe { prefix: prefix(key), key }
    }

    #[inline]
    fn inline(probe: KeyProbe<'_>) -> u64 {
        probe.prefix
    }

    #[inline]
    fn of_entry(inline: u64, version: &Version) -> KeyProbe<'_> {
        KeyProbe { prefix: inline, key: version.key() }
    }

    #[inline]
    fn search(prefixes: &[u64], versions: &[Version], probe: KeyProbe<'_>) -> Result<usize, usize> {
        match prefixes.last() {
            Some(&last) if probe.prefix <= last => {}
            _ => return Err(prefixes.len()),
        }
        let from = prefixes.partition_point(|p| *p < probe.prefix);
        if prefixes[from] != probe.prefix {
            return Err(from);
        }
        let alike = prefixes[from..].partition_point(|p| *p == probe.prefix);
        versions[from..from + alike]
            .binary_search_by(|version| version.key().cmp(probe.key))
            .map(|i| from + i)
            .map_err(|i| from + i)
    }

    #[inline]
    fn child(separators: &[KeySeparator], probe: KeyProbe<'_>) -> usize {
        separators.partition_point(|s| s.prefix < probe.prefix || s.prefix == probe.prefix && *s.key <= *probe.key)
    }

    /// The shortest beginning of `right` that is greater than `left`.
    fn separator(left: KeyProbe<'_>, right: KeyProbe<'_>) -> KeySeparator {
        let common = left.key.iter().zip(right.key).take_while(|(l, r)| l == r).count();
        let key = right.key.get(..=common).unwrap_or(right.key);
        KeySeparator { prefix: prefix(key), key: key.into() }
    }

    #[inline]
    fn compare(a: KeyProbe<'_>, b: KeyProbe<'_>) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| a.key.cmp(b.key))
    }

    #[inline]
    fn of_separator(separator: &KeySeparator) -> KeyProbe<'_> {
        KeyProbe { prefix: separator.prefix, key: &separator.key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_order_as_keys_do() {
        let keys: [&[u8]; 9] =
            [b"", b"\0", b"\0\0", b"a", b"a\0", b"ab", b"abcdefgh", b"abcdefgh\0", b"abcdefghi"];
        for (i, a) in keys.iter().enumerate() {
            for (j, b) in keys.iter().enumerate() {
                assert_eq!(KeyOrder::compare(KeyOrder::probe(a), KeyOrder::probe(b)), i.cmp(&j));
            }
        }
    }

    #[test]
    fn separators_are_short() {
        let separator = KeyOrder::separator(KeyOrder::probe(b"blue"), KeyOrder::probe(b"brown"));
        assert_eq!(&*separator.key, b"br");
        let separator = KeyOrder::separator(KeyOrder::probe(b"bl"), KeyOrder::probe(b"blue"));
        assert_eq!(&*separator.key, b"blu");
    }
}
