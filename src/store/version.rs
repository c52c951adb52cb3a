//! One version of one row or index entry: a reference-counted byte string with a stamp.
//!
//! The payload is the record, in a tree by key bytes the key; if an entry has both, the key, the record and the key's length
//! as a little-endian u32. A version is immutable but for `older`, the version it replaced, which is kept while a view
//! may need it. A version takes 40 bytes beside its payload, of every row: the kind lies in the stamp's word for that.
//!
//! Invariant: along a chain of `older` the stamps decrease.

use std::fmt;

use parking_lot::Mutex;
use triomphe::{Arc, ThinArc};

use super::ids::Stamp;

/// A handle, 8 bytes.
#[derive(Clone)]
pub struct Version(ThinArc<Head, u8>);

struct Head {
    /// The stamp, and below it the kind.
    word: u64,
    older: Mutex<Option<Version>>,
}

/// Bits of `Head::word` below the stamp.
const KIND_BITS: u32 = 3;
/// It ends the row or entry.
const TOMBSTONE: u64 = 1;
/// The payload begins with a key.
const KEY: u64 = 2;
/// A record follows the key.
const KEY_AND_RECORD: u64 = 4;

type KeyLen = [u8; 4];

impl Version {
    /// A row.
    #[inline]
    pub fn row(stamp: Stamp, record: &[u8]) -> Version {
        Version::new(stamp, 0, record)
    }

    /// The end of a row.
    #[inline]
    pub fn row_tombstone(stamp: Stamp) -> Version {
        Version::new(stamp, TOMBSTONE, &[])
    }

    /// An entry of a tree by key bytes. `scratch` is overwritten: it joins the two parts.
    #[inline]
    pub fn entry(stamp: Stamp, key: &[u8], record: &[u8], scratch: &mut Vec<u8>) -> Version {
        if record.is_empty() {
            return Version::new(stamp, KEY, key);
        }
        let key_len = u32::try_from(key.len()).expect("keys are bounded by the row size limit, below 4 GiB");
        scratch.clear();
        scratch.extend_from_slice(key);
        scratch.extend_from_slice(record);
        scratch.extend_from_slice(&key_len.to_le_bytes());
        Version::new(stamp, KEY | KEY_AND_RECORD, scratch)
    }

    /// The end of an entry of a tree by key bytes.
    #[inline]
    pub fn entry_tombstone(stamp: Stamp, key: &[u8]) -> Version {
        Version::new(stamp, KEY | TOMBSTONE, key)
    }

    #[inline]
    fn new(stamp: Stamp, kind: u64, payload: &[u8]) -> Version {
        debug_assert!(stamp.0.leading_zeros() >= KIND_BITS, "a stamp leaves room for the kind");
        let head = Head { word: stamp.0 << KIND_BITS | kind, older: Mutex::new(None) };
        Version(ThinArc::from_header_and_slice(head, payload))
    }

    #[inline]
    fn is(&self, kind: u64) -> bool {
        self.0.header.header.word & kind != 0
    }

    /// Key and record of an entry that has both.
    #[inline]
    fn key_and_record(&self) -> (&[u8], &[u8]) {
        let parts = self.0.slice.split_last_chunk::<{ size_of::<KeyLen>() }>();
        parts.and_then(|(both, len)| both.split_at_checked(u32::from_le_bytes(*len) as usize)).unwrap_or_default()
    }

    #[inline]
    pub fn stamp(&self) -> Stamp {
        Stamp(self.0.header.header.word >> KIND_BITS)
    }

    /// Looks at the head and at the end of the payload, which may lie in another line of the cache.
    #[inline]
    pub fn touch(&self) -> u64 {
        self.stamp().0 | u64::from(self.0.slice.last().copied().unwrap_or_default())
    }

    #[inline]
    pub fn is_tombstone(&self) -> bool {
        self.is(TOMBSTONE)
    }

    /// The key bytes; empty for a row.
    #[inline]
    pub fn key(&self) -> &[u8] {
        match self.0.header.header.word & (KEY | KEY_AND_RECORD) {
            0 => &[],
            KEY => &self.0.slice,
            _ => self.key_and_record().0,
        }
    }

    #[inline]
    pub fn record(&self) -> &[u8] {
        match self.0.header.header.word & (KEY | KEY_AND_RECORD) {
            0 => &self.0.slice,
            KEY => &[],
            _ => self.key_and_record().1,
        }
    }

    /// Whether both handles are of one version.
    #[inline]
    pub fn same(&self, other: &Version) -> bool {
        self.0.ptr() == other.0.ptr()
    }

    pub fn older(&self) -> Option<Version> {
        self.0.header.header.older.lock().clone()
    }

    /// The stamp of the version behind this one.
    #[inline]
    pub fn older_stamp(&self) -> Option<Stamp> {
        self.0.header.header.older.lock().as_ref().map(Version::stamp)
    }

    pub fn has_older(&self) -> bool {
        self.0.header.header.older.lock().is_some()
    }

    /// Links the version that this one replaces (`None` cuts the chain); returns what was linked before,
    /// to be dropped where no lock is held.
    pub fn set_older(&self, older: Option<Version>) -> Option<Version> {
        std::mem::replace(&mut *self.0.header.header.older.lock(), older)
    }

    /// As [`Version::set_older`] of a version that has no other handle yet: without a lock.
    #[inline]
    pub fn link(&mut self, older: Option<Version>) {
        let mut older = Some(older);
        self.0.with_arc_mut(|arc| {
            if let Some(head) = Arc::get_mut(arc) {
                *head.header_mut().older.get_mut() = older.take().flatten();
            }
        });
        if let Some(older) = older {
            self.set_older(older);
        }
    }

    /// Removes from the chain what no view needs: a version is needed if some horizon of `horizons`
    /// (ascending) sees it but not the next newer one.
    ///
    /// `horizons` was taken at one moment and ends with the newest committed stamp of that moment: horizons
    /// registered later are at least that, which is why only what was replaced by then may go.
    pub fn prune(&self, horizons: &[Stamp]) {
        let (Some(oldest), Some(committed)) = (horizons.first(), horizons.last()) else { return };
        let mut newer = self.clone();
        while let Some(version) = newer.older() {
            let replaced = newer.stamp();
            if *oldest >= replaced {
                // Every view sees the newer one: nothing behind it is needed.
                newer.set_older(None);
                return;
            }
            let first = horizons.partition_point(|h| *h < version.stamp());
            let needed = horizons.get(first).is_some_and(|h| *h < replaced);
            if needed || replaced > *committed {
                newer = version;
            } else {
                // The removed version keeps its own link for those who are walking over it.
                newer.set_older(version.older());
            }
        }
    }
}

impl Drop for Head {
    /// A long chain is taken apart link by link: recursion would overflow the stack.
    fn drop(&mut self) {
        let mut next = self.older.get_mut().take();
        while let Some(version) = next {
            // Of a shared version only our reference goes.
            if ThinArc::strong_count(&version.0) != 1 {
                return;
            }
            next = version.set_older(None);
        }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version")
            .field("stamp", &(self.stamp().csn().0, self.stamp().statement()))
            .field("tombstone", &self.is_tombstone())
            .field("key", &self.key())
            .field("record", &self.record())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Csn;

    fn at(n: u64) -> Stamp {
        Stamp::new(Csn(n), 1)
    }

    fn chain(stamps: &[u64]) -> Version {
        let mut newest: Option<Version> = None;
        for &n in stamps {
            let version = Version::row(at(n), &n.to_le_bytes());
            version.set_older(newest);
            newest = Some(version);
        }
        newest.expect("a chain has a version")
    }

    fn stamps(newest: &Version) -> Vec<u64> {
        let mut all = vec![newest.stamp().csn().0];
        let mut next = newest.older();
        while let Some(version) = next {
            all.push(version.stamp().csn().0);
            next = version.older();
        }
        all
    }

    #[test]
    fn a_long_chain_drops_without_recursion() {
        drop(chain(&(0..1_000_000).collect::<Vec<_>>()));
    }

    #[test]
    fn prune_keeps_what_a_view_needs() {
        let end = |n| Stamp::end_of(Csn(n));
        let newest = chain(&[1, 2, 3, 4, 5]);
        newest.prune(&[end(2), end(4), end(4)]);
        // 5 is not committed yet: what it replaced (4) stays. 3 replaced nothing anyone sees; 1 neither.
        assert_eq!(stamps(&newest), [5, 4, 2]);
        newest.prune(&[end(4), end(5)]);
        assert_eq!(stamps(&newest), [5, 4]);
        newest.prune(&[end(5)]);
        assert_eq!(stamps(&newest), [5]);
    }

    #[test]
    fn key_and_record_share_the_payload() {
        let mut scratch = Vec::new();
        let version = Version::entry(at(1), b"key", b"record", &mut scratch);
        assert_eq!((version.key(), version.record()), (&b"key"[..], &b"record"[..]));
        let version = Version::entry_tombstone(at(1), b"key");
        assert_eq!((version.key(), version.record()), (&b"key"[..], &b""[..]));
        assert!(version.is_tombstone());
        let version = Version::row(at(1), b"record");
        assert_eq!((version.key(), version.record()), (&b""[..], &b"record"[..]));
        assert!(!version.is_tombstone() && Version::row_tombstone(at(1)).is_tombstone());
        let last = Stamp::end_of(Csn((1 << 40) - 1));
        assert_eq!(Version::row_tombstone(last).stamp(), last);
        assert_eq!((size_of::<Option<Version>>(), size_of::<Head>()), (8, 24));
    }
}
