//! A map whose copies share what they have in common.
//!
//! A schema is an immutable value, and every CREATE and DROP makes a new one: a plain map would be copied each time, and
//! a transaction that creates thousands of tables keeps thousands of copies to go back to. Here the entries are spread over
//! small parts; a copy shares them all, and a change copies one.
//!
//! Invariant: an entry is in the part that its key's hash says; the number of parts is a power of two.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

type Part<K, T> = FxHashMap<K, Arc<T>>;

/// Entries in a part, on average, before the parts are doubled.
const PART_ENTRIES_MAX: usize = 32;

#[derive(Debug)]
pub struct SharedMap<K, T: ?Sized> {
    parts: Vec<Arc<Part<K, T>>>,
    len: usize,
}

impl<K, T: ?Sized> Clone for SharedMap<K, T> {
    fn clone(&self) -> SharedMap<K, T> {
        SharedMap { parts: self.parts.clone(), len: self.len }
    }
}

impl<K, T: ?Sized> Default for SharedMap<K, T> {
    fn default() -> SharedMap<K, T> {
        SharedMap { parts: vec![Arc::default()], len: 0 }
    }
}

impl<K: Hash + Eq + Clone, T: ?Sized> SharedMap<K, T> {
    /// The part of a key. The hash table takes the hash's first and last bits: here it is those in between.
    fn place<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        (FxBuildHasher.hash_one(key) >> 16) as usize & (self.parts.len() - 1)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&Arc<T>>
    where
        K: Borrow<Q>,
    {
        if self.len == 0 {
            return None;
        }
        self.parts[self.place(key)].get(key)
    }

    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut Arc<T>>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key);
        // Looking first spares the copy.
        self.parts[place].contains_key(key).then(|| Arc::make_mut(&mut self.parts[place]).get_mut(key))?
    }

    /// Adds an entry, or puts it in the place of the one with that key.
    pub fn insert(&mut self, key: K, value: Arc<T>) {
        if self.len >= self.parts.len() * PART_ENTRIES_MAX {
            self.double();
        }
        let place = self.place(&key);
        if Arc::make_mut(&mut self.parts[place]).insert(key, value).is_none() {
            self.len += 1;
        }
    }

    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<Arc<T>>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key);
        if !self.parts[place].contains_key(key) {
            return None;
        }
        self.len -= 1;
        Arc::make_mut(&mut self.parts[place]).remove(key)
    }

    /// In no order.
    pub fn values(&self) -> impl Iterator<Item = &Arc<T>> {
        self.parts.iter().flat_map(|part| part.values())
    }

    /// The values that are not in another map under their key.
    pub fn differing<'n>(&'n self, other: &'n SharedMap<K, T>) -> impl Iterator<Item = &'n Arc<T>> {
        let alike = self.parts.len() == other.parts.len();
        let changed = move |i: usize| !alike || !Arc::ptr_eq(&self.parts[i], &other.parts[i]);
        let parts = self.parts.iter().enumerate().filter(move |(i, _)| changed(*i));
        let entries = parts.flat_map(|(_, part)| part.iter());
        entries.filter(|(key, value)| !other.get(*key).is_some_and(|o| Arc::ptr_eq(o, value))).map(|(_, value)| value)
    }

    fn double(&mut self) {
        let parts = vec![Arc::default(); self.parts.len() * 2];
        let before = std::mem::replace(&mut self.parts, parts);
        for part in before {
            for (key, value) in Arc::unwrap_or_clone(part) {
                let place = self.place(&key);
                Arc::make_mut(&mut self.parts[place]).insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(i: usize) -> Box<str> {
        format!("t{i}").into()
    }

    #[test]
    fn copies_keep_what_they_had() {
        let mut names = SharedMap::default();
        let mut copies = Vec::new();
        for i in 0..1000 {
            copies.push(names.clone());
            names.insert(name(i), Arc::new(i));
        }
        for (len, copy) in copies.iter().enumerate() {
            assert_eq!((copy.len(), copy.values().count()), (len, len));
            assert!(copy.get(&name(len)).is_none());
        }
        for i in (0..1000).step_by(2) {
            assert_eq!(names.remove(&name(i)).as_deref(), Some(&i));
        }
        assert!(names.remove("t0").is_none() && names.get_mut("t2").is_none());
        *names.get_mut("t3").expect("it stayed") = Arc::new(0);
        assert_eq!((names.len(), names.get("t3").map(|n| **n)), (500, Some(0)));
    }

    #[test]
    fn differences() {
        let mut names = SharedMap::default();
        (0..100).for_each(|i| names.insert(name(i), Arc::new(i)));
        let before = names.clone();
        assert_eq!(names.differing(&before).count(), 0);
        names.insert(name(7), Arc::new(7));
        names.insert(name(500), Arc::new(500));
        names.remove(&name(9));
        let mut found: Vec<usize> = names.differing(&before).map(|n| **n).collect();
        found.sort_unstable();
        assert_eq!(found, [7, 500]);
        let mut gone: Vec<usize> = before.differing(&names).map(|n| **n).collect();
        gone.sort_unstable();
        assert_eq!(gone, [7, 9]);
    }
}
