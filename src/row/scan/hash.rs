//! The hash table of a join.
//!
//! A probe that finds a short key reads a chain's head and its entries, and nothing else: each is a line of memory.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::error::Result;
use crate::row::level::Kept;

/// Positions of kept rows, or rowids of a table's rows, by the encoded values of their lookup fields.
///
/// Entries are linked when all of them are there. Those of one key come in the order in which they were inserted.
#[derive(Default)]
pub struct HashTable {
    /// The first entry of each chain; a power of two of them.
    heads: Vec<u32>,
    entries: Vec<Entry>,
    /// The keys that are not in their tags.
    keys: Kept,
}

struct Entry {
    tag: u128,
    position: i64,
    /// The place of the next entry of the chain.
    next: u32,
}

/// No entry follows.
const CHAIN_END: u32 = u32::MAX;

impl HashTable {
    /// Adds an entry; beyond 2^32 entries there is no room.
    pub fn insert(&mut self, key: &[u8], position: i64) {
        self.keys.push_record(if key.len() < TAG_LEN { &[] } else { key });
        self.entries.push(Entry { tag: tag_of(key), position, next: CHAIN_END });
    }

    /// Makes the chains.
    pub fn link(&mut self) {
        let chains = self.entries.len().next_power_of_two();
        self.heads = vec![CHAIN_END; chains];
        // Each is put before those behind it.
        for place in (0..self.entries.len()).rev() {
            let entry = &mut self.entries[place];
            let head = &mut self.heads[chain_of(entry.tag, chains)];
            entry.next = std::mem::replace(head, place as u32);
        }
    }

    /// The entries of a chain, with their places.
    fn chain(&self, head: u32) -> impl Iterator<Item = (u32, &Entry)> {
        let mut at = head;
        std::iter::from_fn(move || {
            let place = at;
            let entry = (place != CHAIN_END).then(|| &self.entries[place as usize])?;
            at = entry.next;
            Some((place, entry))
        })
    }

    /// The positions of a key, in the order in which they came.
    pub fn matches(&self, key: &[u8]) -> impl Iterator<Item = i64> {
        let tag = tag_of(key);
        let head = self.heads.get(chain_of(tag, self.heads.len())).map_or(CHAIN_END, |head| *head);
        self.chain(head)
            .filter(move |(place, entry)| {
                entry.tag == tag && (key.len() < TAG_LEN || self.keys.get(*place as usize) == key)
            })
            .map(|(_, entry)| entry.position)
    }

    /// Puts rows of one key in the order of `rest`, what SQLite's automatic index holds behind its key.
    pub fn sort_by_rest(&mut self, mut rest: impl FnMut(i64) -> Result<Vec<u8>>) -> Result<()> {
        let mut keyed = Vec::new();
        for chain in 0..self.heads.len() {
            keyed.clear();
            for (place, entry) in self.chain(self.heads[chain]) {
                keyed.push((entry.tag, Vec::new(), entry.position, place));
            }
            keyed.sort_unstable();
            let mut moved = false;
            for alike in keyed.chunk_by_mut(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
                for (_, key, position, _) in alike.iter_mut() {
                    *key = rest(*position)?;
                }
                alike.sort_unstable();
                moved = true;
            }
            if !moved {
                continue;
            }
            // The chain is linked anew from its end.
            let mut next = CHAIN_END;
            for (_, _, _, place) in keyed.iter().rev() {
                self.entries[*place as usize].next = next;
                next = *place;
            }
            self.heads[chain] = next;
        }
        Ok(())
    }
}

const TAG_LEN: usize = 16;

/// A short key with its length, or the hash of a longer one and a length that none of those has.
#[inline]
fn tag_of(key: &[u8]) -> u128 {
    let mut tag = [0; TAG_LEN];
    match tag.get_mut(..key.len()) {
        Some(start) if key.len() < TAG_LEN => {
            start.copy_from_slice(key);
            tag[TAG_LEN - 1] = key.len() as u8;
        }
        _ => {
            let mut hasher = FxHasher::default();
            hasher.write(key);
            tag[..8].copy_from_slice(&hasher.finish().to_le_bytes());
            tag[TAG_LEN - 1] = u8::MAX;
        }
    }
    u128::from_le_bytes(tag)
}

/// The chain of a tag where there are so many, a power of two.
#[inline]
fn chain_of(tag: u128, chains: usize) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write_u128(tag);
    hasher.finish() as usize & chains.wrapping_sub(1)
}
