//! One version of one row or index entry: a reference-counted byte string with a stamp.
//!
//! The payload is the record, in a tree by key bytes the key followed by the record. A version is immutable
//! but for `older`, the version it replaced, which is kept while a view may need it.
//!
//! Invariant: along a chain of `older` the stamps decrease.

use std::fmt;

use parking_lot::Mutex;
use triomphe::ThinArc;

use super::ids::Stamp;

/// A handle, 8 bytes.
#[derive(Clone)]
pub struct Version(ThinArc<Head, u8>);

struct Head {
    stamp: Stamp,
    older: Mutex<Option<Version>>,
    key_len: u32,
    tombstone: bool,
}

impl Version {
    /// A row.
    #[inline]
    pub fn row(stamp: Stamp, record: &[u8]) -> Version {
        Version::new(stamp, 0, false, record)
    }

    /// The end of a row.
    #[inline]
    pub fn row_tombstone(stamp: Stamp) -> Version {
        Version::new(stamp, 0, true, &[])
    }

    /// An entry of a tree by key bytes. `scratch` is overwritten: it joins the two parts.
    #[inline]
    pub fn entry(stamp: Stamp, key: &[u8], record: &[u8], scratch: &mut Vec<u8>) -> Version {
        if record.is_empty() {
            return Version::new(stamp, key.len(), false, key);
        }
        scratch.clear();
        scratch.extend_from_slice(key);
        scratch.extend_from_slice(record);
        Version::new(stamp, key.len(), false, scratch)
    }

    /// The end of an entry of a tree by key bytes.
    #[inline]
    pub fn entry_tombstone(stamp: Stamp, key: &[u8]) -> Version {
        Version::new(stamp, key.len(), true, key)
    }

    #[inline]
    fn new(stamp: Stamp, key_len: usize, tombstone: bool, payload: &[u8]) -> Version {
        let key_len = u32::try_from(key_len).expect("keys are bounded by the row size limit, below 4 GiB");
        Version(ThinArc::from_header_and_slice(Head { stamp, older: Mutex::new(None), key_len, tombstone }, payload))
    }

    #[inline]
    pub fn stamp(&self) -> Stamp {
        self.0.header.header.stamp
    }

    /// Looks at the head and at the end of the payload, which may lie in another line of the cache.
    #[inline]
    pub fn touch(&self) -> u64 {
        self.stamp().0 | u64::from(self.0.slice.last().copied().unwrap_or_default())
    }

    #[inline]
    pub fn is_tombstone(&self) -> bool {
        self.0.header.header.tombstone
    }

    /// The key bytes; empty for a row.
    #[inline]
    pub fn key(&self) -> &[u8] {
        self.0.slice.get(..self.0.header.header.key_len as usize).unwrap_or_default()
    }

    #[inline]
    pub fn record(&self) -> &[u8] {
        self.0.slice.get(self.0.header.header.key_len as usize..).unwrap_or_default()
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
        assert_eq!(std::mem::size_of::<Option<Version>>(), 8);
    }
}
