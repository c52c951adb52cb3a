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
    type Inline: Copy + Ord + Send + Sync;
    /// The lower bound of a node's right part.
    type Separator: Send + Sync;

    /// Whether the inline part is the whole key.
    const IS_INLINE: bool;
    /// The greatest inline key: what unused entries hold.
    const PADDING: Self::Inline;

    fn probe<'k>(key: Self::Key<'k>) -> Self::Probe<'k>;
    fn inline(probe: Self::Probe<'_>) -> Self::Inline;
    /// The key of an entry.
    fn of_entry(inline: Self::Inline, version: &Version) -> Self::Probe<'_>;
    /// How many separators are at most the key: the number of the child to descend to.
    fn child(separators: &[Self::Separator], probe: Self::Probe<'_>) -> usize;
    /// A separator that is greater than `left` and at most `right`.
    fn separator(left: Self::Probe<'_>, right: Self::Probe<'_>) -> Self::Separator;
    /// Compares two keys.
    fn compare(a: Self::Probe<'_>, b: Self::Probe<'_>) -> Ordering;
    /// Where in a leaf a key probably is, given the separator before the leaf. Known before the leaf is touched.
    fn guess(low: &Self::Separator, probe: Self::Probe<'_>) -> usize;
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

    const IS_INLINE: bool = true;
    const PADDING: i64 = i64::MAX;

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

    /// Rowids mostly have no gaps: then the distance is the place.
    #[inline]
    fn guess(low: &i64, rowid: i64) -> usize {
        rowid.wrapping_sub(*low) as u64 as usize
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

    const IS_INLINE: bool = false;
    const PADDING: u64 = u64::MAX;

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
    fn guess(_: &KeySeparator, _: KeyProbe<'_>) -> usize {
        0
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
