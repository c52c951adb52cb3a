//! Filling an empty tree by key bytes: all entries are sorted, then put leaf behind leaf.
//!
//! The keys are ordered by eight bytes behind those that all of them begin with; only where these are equal the keys
//! themselves are compared, which lie anywhere in memory.

use super::KeyTree;
use super::node::Node;
use super::order::{common, window};
use crate::store::version::Version;

/// Entries in the order of their keys, none of them a tombstone.
pub struct Sorted(Vec<(u64, Version)>);

impl Sorted {
    /// Sorts entries whose keys all differ.
    pub fn new(entries: Vec<Version>) -> Sorted {
        let shared = match entries.split_first() {
            Some((first, rest)) => rest.iter().fold(first.key(), |shared, entry| {
                if entry.key().starts_with(shared) { shared } else { &shared[..common(shared, entry.key())] }
            }),
            None => &[],
        };
        let skip = shared.len();
        let mut sorted: Vec<(u64, Version)> =
            entries.into_iter().map(|entry| (window(entry.key(), skip), entry)).collect();
        sorted.sort_by_key(|(inline, _)| *inline);
        for alike in sorted.chunk_by_mut(|a, b| a.0 == b.0) {
            if alike.len() > 1 {
                alike.sort_by(|a, b| a.1.key().cmp(b.1.key()));
            }
        }
        Sorted(sorted)
    }

    pub fn entries(&self) -> impl Iterator<Item = &Version> {
        self.0.iter().map(|(_, entry)| entry)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl KeyTree {
    /// Puts all entries into the tree; gives them back if it has some already.
    pub fn fill(&self, sorted: Sorted) -> Result<(), Sorted> {
        let mut body = self.body.write();
        if body.entries > 0 || body.partial.is_some() {
            return Err(sorted);
        }
        body.stays = true;
        sorted.entries().for_each(|entry| body.tally.add(entry));
        body.append(sorted.0);
        Ok(())
    }

    /// Takes [`KeyTree::fill`] back.
    pub fn unfill(&self) {
        let mut body = self.body.write();
        let root = std::mem::replace(&mut body.root, Node::empty());
        body.entries = 0;
        drop(body);
        drop(root);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{KeyCursor, Put, PutIf};
    use super::*;
    use crate::store::{ObjectId, Stamp, View};

    #[test]
    fn it_is_as_if_put_one_by_one() {
        let mut seed = 11_u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for round in 0..60 {
            let start = &b"all of them begin so"[..random(20) as usize];
            let mut keys = BTreeSet::new();
            for _ in 0..random(1500) {
                let len = random(if round % 2 == 0 { 4 } else { 30 });
                let tail = (0..len).map(|_| random(3) as u8 * 120);
                keys.insert(start.iter().copied().chain(tail).collect::<Vec<u8>>());
            }
            let mut entries: Vec<Version> =
                keys.iter().map(|key| Version::entry(Stamp(2), key, b"", &mut Vec::new())).collect();
            for i in (1..entries.len()).rev() {
                entries.swap(i, random(i as u64 + 1) as usize);
            }
            let tree = std::sync::Arc::new(KeyTree::new(ObjectId(1)));
            assert!(tree.fill(Sorted::new(entries)).is_ok());
            tree.check();
            let mut cursor = KeyCursor::new(tree.clone(), View::main(Stamp(9)));
            let mut more = cursor.first();
            for key in &keys {
                assert!(more && cursor.key() == key.as_slice());
                more = cursor.next();
            }
            assert!(!more);
            for key in keys.iter().step_by(3) {
                let again = Version::entry(Stamp(3), key, b"", &mut Vec::new());
                assert!(matches!(tree.put(key, again, PutIf::Always), Put::Over { .. }));
            }
            tree.check();
            assert_eq!(tree.fill(Sorted::new(Vec::new())).is_ok(), keys.is_empty());
            tree.unfill();
            assert_eq!(tree.count(View::main(Stamp(9))).ok(), Some(0));
        }
    }
}
