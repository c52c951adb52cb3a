//! The two kinds of key a tree is ordered by.
//!
//! Rowids lie in the leaf. Of key bytes eight lie in the leaf (and in the inner node, of a separator) as a
//! big-endian number, padded with zeros, so that most comparisons need nothing else; the whole key is in the
//! version. Which eight is up to the node: those behind the bytes that all its keys begin with, its *skip*.

use std::cmp::Ordering;
use std::collections::BTreeMap;

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
    /// A key of its own.
    type Owned: Ord + Clone + Send + Sync;

    /// Whether the inline part is the whole key.
    const IS_INLINE: bool;
    /// The greatest inline key: what unused entries hold.
    const PADDING: Self::Inline;

    fn probe<'k>(key: Self::Key<'k>) -> Self::Probe<'k>;
    /// The inline part of a key in a node that skips so many bytes.
    fn inline(probe: Self::Probe<'_>, skip: usize) -> Self::Inline;
    /// Whether all of a key is in its inline part.
    fn is_inline(probe: Self::Probe<'_>, skip: usize) -> bool;
    /// How many bytes the keys between two bounds have in common at their beginning.
    fn skip(low: Option<Self::Probe<'_>>, high: Option<Self::Probe<'_>>) -> usize;
    /// Whether two keys begin with the same bytes, so many.
    fn shares(a: Self::Probe<'_>, b: Self::Probe<'_>, skip: usize) -> bool;
    /// The key of an entry.
    fn of_entry(inline: Self::Inline, version: &Version) -> Self::Probe<'_>;
    /// How many separators are at most the key: the number of the child to descend to.
    fn child(separators: &[Self::Separator], probe: Self::Probe<'_>, skip: usize) -> usize;
    /// A separator that is greater than `left` and at most `right`, for a node that skips nothing.
    fn separator(left: Self::Probe<'_>, right: Self::Probe<'_>) -> Self::Separator;
    /// Fits a separator into a node that skips so many bytes.
    fn set_skip(separator: &mut Self::Separator, skip: usize);
    /// Compares two keys.
    fn compare(a: Self::Probe<'_>, b: Self::Probe<'_>) -> Ordering;
    /// Compares two keys that have the same inline part in a node that skips so many bytes.
    fn compare_behind(a: Self::Probe<'_>, b: Self::Probe<'_>, skip: usize) -> Ordering;
    /// Where in a leaf a key probably is, given the separator before the leaf. Known before the leaf is touched.
    fn guess(low: &Self::Separator, probe: Self::Probe<'_>) -> usize;
    /// The same key for a shorter time, which the compiler cannot see by itself of an associated type.
    fn shorten<'s, 'l: 's>(probe: Self::Probe<'l>) -> Self::Probe<'s>;
    /// A separator as a key.
    fn of_separator(separator: &Self::Separator) -> Self::Probe<'_>;
    fn to_owned(probe: Self::Probe<'_>) -> Self::Owned;
    fn of_owned(key: &Self::Owned) -> Self::Probe<'_>;
    /// The first entry of a map at or after a key.
    fn first_from<'m, V>(map: &'m BTreeMap<Self::Owned, V>, probe: Self::Probe<'_>)
    -> Option<(&'m Self::Owned, &'m V)>;
}

/// By rowid.
pub struct RowOrder;

impl Order for RowOrder {
    type Key<'k> = i64;
    type Probe<'k> = i64;
    type Inline = i64;
    type Separator = i64;
    type Owned = i64;

    const IS_INLINE: bool = true;
    const PADDING: i64 = i64::MAX;

    #[inline]
    fn probe<'k>(key: Self::Key<'k>) -> Self::Probe<'k> {
        key
    }

    #[inline]
    fn inline(probe: i64, _: usize) -> i64 {
        probe
    }

    #[inline]
    fn is_inline(_: i64, _: usize) -> bool {
        true
    }

    #[inline]
    fn skip(_: Option<i64>, _: Option<i64>) -> usize {
        0
    }

    #[inline]
    fn shares(_: i64, _: i64, _: usize) -> bool {
        true
    }

    #[inline]
    fn of_entry(inline: i64, _: &Version) -> i64 {
        inline
    }

    #[inline]
    fn child(separators: &[i64], rowid: i64, _: usize) -> usize {
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
    fn set_skip(_: &mut i64, _: usize) {}

    #[inline]
    fn compare(a: i64, b: i64) -> Ordering {
        a.cmp(&b)
    }

    #[inline]
    fn compare_behind(a: i64, b: i64, _: usize) -> Ordering {
        a.cmp(&b)
    }

    /// Rowids mostly have no gaps: then the distance is the place.
    #[inline]
    fn guess(low: &i64, rowid: i64) -> usize {
        rowid.wrapping_sub(*low) as u64 as usize
    }

    #[inline]
    fn shorten<'s, 'l: 's>(rowid: Self::Probe<'l>) -> Self::Probe<'s> {
        rowid
    }

    #[inline]
    fn of_separator(separator: &i64) -> i64 {
        *separator
    }

    #[inline]
    fn to_owned(probe: i64) -> i64 {
        probe
    }

    #[inline]
    fn of_owned(key: &i64) -> i64 {
        *key
    }

    fn first_from<V>(map: &BTreeMap<i64, V>, probe: i64) -> Option<(&i64, &V)> {
        map.range(probe..).next()
    }
}

/// By key bytes.
pub struct KeyOrder;

pub struct KeySeparator {
    inline: u64,
    key: Box<[u8]>,
}

/// Eight bytes of a key. Numbers that differ order as the keys do, if those begin with the same `skip` bytes:
/// a padding zero is at most any byte of the longer key.
#[inline]
fn window(key: &[u8], skip: usize) -> u64 {
    let rest = key.get(skip..).unwrap_or_default();
    if let Some(first) = rest.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    let padding = 8 * (8 - rest.len());
    // Pieces that overlap where they say the same.
    if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        return u64::from(u32::from_be_bytes(*first)) << 32 | u64::from(u32::from_be_bytes(*last)) << padding;
    }
    match (rest, rest.get(rest.len() / 2), rest.last()) {
        ([first, ..], Some(middle), Some(last)) => {
            let middle = u64::from(*middle) << (56 - 8 * (rest.len() / 2));
            u64::from(*first) << 56 | middle | u64::from(*last) << padding
        }
        _ => 0,
    }
}

/// Whether a key begins with these bytes, which are mostly few (a number takes eleven): then nothing is called for it.
#[inline]
pub fn begins_with(key: &[u8], prefix: &[u8]) -> bool {
    let differ = |at: usize| window(key, at) ^ window(prefix, at);
    match prefix.len() {
        0 => true,
        len if key.len() < len => false,
        len @ 1..=8 => differ(0) >> (64 - 8 * len) == 0,
        len @ 9..=16 => differ(0) == 0 && differ(8) >> (128 - 8 * len) == 0,
        _ => key.starts_with(prefix),
    }
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

impl Order for KeyOrder {
    type Key<'k> = &'k [u8];
    type Probe<'k> = &'k [u8];
    type Inline = u64;
    type Separator = KeySeparator;
    type Owned = Box<[u8]>;

    const IS_INLINE: bool = false;
    const PADDING: u64 = u64::MAX;

    #[inline]
    fn probe<'k>(key: Self::Key<'k>) -> Self::Probe<'k> {
        key
    }

    #[inline]
    fn inline(key: &[u8], skip: usize) -> u64 {
        window(key, skip)
    }

    #[inline]
    fn is_inline(key: &[u8], skip: usize) -> bool {
        key.len() <= skip + 8
    }

    #[inline]
    fn skip(low: Option<&[u8]>, high: Option<&[u8]>) -> usize {
        match (low, high) {
            (Some(low), Some(high)) => common(low, high),
            _ => 0,
        }
    }

    #[inline]
    fn shares(a: &[u8], b: &[u8], skip: usize) -> bool {
        a.get(..skip).is_some_and(|start| begins_with(b, start))
    }

    #[inline]
    fn of_entry(_: u64, version: &Version) -> &[u8] {
        version.key()
    }

    #[inline]
    fn child(separators: &[KeySeparator], key: &[u8], skip: usize) -> usize {
        let inline = window(key, skip);
        separators.partition_point(|s| {
            s.inline < inline || s.inline == inline && KeyOrder::compare_behind(&s.key, key, skip).is_le()
        })
    }

    /// The shortest beginning of `right` that is greater than `left`.
    fn separator(left: &[u8], right: &[u8]) -> KeySeparator {
        let key = right.get(..=common(left, right)).unwrap_or(right);
        KeySeparator { inline: window(key, 0), key: key.into() }
    }

    fn set_skip(separator: &mut KeySeparator, skip: usize) {
        separator.inline = window(&separator.key, skip);
    }

    #[inline]
    fn compare(a: &[u8], b: &[u8]) -> Ordering {
        a.cmp(b)
    }

    /// Mostly the next eight bytes decide.
    #[inline]
    fn compare_behind(a: &[u8], b: &[u8], skip: usize) -> Ordering {
        window(a, skip + 8).cmp(&window(b, skip + 8)).then_with(|| {
            // Keys that end within these differ in zeros at the end only.
            if a.len().max(b.len()) <= skip + 16 { a.len().cmp(&b.len()) } else { a.cmp(b) }
        })
    }

    #[inline]
    fn guess(_: &KeySeparator, _: &[u8]) -> usize {
        0
    }

    #[inline]
    fn shorten<'s, 'l: 's>(key: &'l [u8]) -> &'s [u8] {
        key
    }

    #[inline]
    fn of_separator(separator: &KeySeparator) -> &[u8] {
        &separator.key
    }

    fn to_owned(key: &[u8]) -> Box<[u8]> {
        key.into()
    }

    fn of_owned(key: &Box<[u8]>) -> &[u8] {
        key
    }

    fn first_from<'m, V>(map: &'m BTreeMap<Box<[u8]>, V>, key: &[u8]) -> Option<(&'m Box<[u8]>, &'m V)> {
        map.range::<[u8], _>((std::ops::Bound::Included(key), std::ops::Bound::Unbounded)).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_order_as_keys_do() {
        let keys: [&[u8]; 9] = [b"", b"\0", b"\0\0", b"a", b"a\0", b"ab", b"abcdefgh", b"abcdefgh\0", b"abcdefghi"];
        for (i, a) in keys.iter().enumerate() {
            for (j, b) in keys.iter().enumerate() {
                let order = window(a, 0).cmp(&window(b, 0));
                assert!(order.is_eq() || order == i.cmp(&j));
            }
        }
        assert_eq!(window(b"common12345678", 6), u64::from_be_bytes(*b"12345678"));
        assert_eq!(window(b"common", 9), 0);
        for len in 0..8 {
            let mut padded = [0; 8];
            padded[..len].copy_from_slice(&b"1234567"[..len]);
            assert_eq!(window(&b"1234567"[..len], 0), u64::from_be_bytes(padded));
        }
    }

    #[test]
    fn what_decides_behind_a_window() {
        let keys: [&[u8]; 7] =
            [b"", b"a", b"a\0", b"a\0\0\0\0\0\0\0\0", b"a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0b", b"abcdefghi", b"b"];
        for a in keys {
            for b in keys {
                if window(a, 0) == window(b, 0) {
                    assert_eq!(KeyOrder::compare_behind(a, b, 0), a.cmp(b), "{a:?} {b:?}");
                }
                assert_eq!(begins_with(a, b), a.starts_with(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn separators_are_short() {
        assert_eq!(&*KeyOrder::separator(b"blue", b"brown").key, b"br");
        assert_eq!(&*KeyOrder::separator(b"bl", b"blue").key, b"blu");
    }
}
