//! Writing many rows at once: one lock, and one descent for the rows that lie in one leaf.

use super::order::Order;
use super::{LeafRef, Put, PutIf, RowTree};
use crate::store::ids::Stamp;
use crate::store::memory::Tally;
use crate::store::version::Version;

/// Makes `new` the newest version of entry `i` if the condition holds.
#[inline]
pub(super) fn put_over<O: Order>(
    leaf: &mut LeafRef<O>,
    i: usize,
    mut new: Version,
    condition: PutIf,
    tally: &mut Tally,
) -> Put {
    let tombstone = leaf.is_tombstone(i);
    if condition == PutIf::Absent && !tombstone || condition == PutIf::Present && tombstone {
        return Put::Refused;
    }
    tally.add(&new);
    let stamp = new.stamp();
    // An older version may be far away in memory: it is not touched unless it may be of the same transaction.
    let is_near = leaf.newest().csn() >= stamp.csn();
    let leaf = LeafRef::make_mut(leaf);
    let old = leaf.take(i);
    let older: Option<Stamp> = old.as_ref().filter(|_| is_near).map(Version::stamp);
    // No view can tell two versions of one stamp apart: the older one needs no link.
    let same = old.as_ref().filter(|_| older == Some(stamp)).cloned();
    new.link(match &same {
        Some(old) => old.older(),
        None => old,
    });
    leaf.replace(i, new.clone());
    match same {
        Some(old) => Put::Same { new, old, tombstone },
        None => Put::Over { new, tombstone, older },
    }
}

impl RowTree {
    /// As [`Tree::put`](super::Tree::put) for each of `rows`, which are taken out. `done` is told what became of them.
    pub fn put_each(&self, rows: &mut Vec<(i64, Version)>, condition: PutIf, mut done: impl FnMut(i64, Put)) {
        let mut rows = rows.drain(..).peekable();
        while let Some((mut rowid, mut new)) = rows.next() {
            let mut guard = self.body.write();
            let body = &mut *guard;
            let (leaf, guess) = body.root.leaf_mut(rowid);
            let Ok(mut i) = leaf.search(rowid, guess) else {
                drop(guard);
                done(rowid, self.put(rowid, new, condition));
                continue;
            };
            body.stays = true;
            loop {
                done(rowid, put_over(leaf, i, new, condition, &mut body.tally));
                // Mostly the next row is the entry behind.
                let Some(at) = rows.peek().and_then(|(next, _)| leaf.search(*next, i + 1).ok()) else { break };
                let Some(row) = rows.next() else { break };
                (rowid, new) = row;
                i = at;
            }
        }
    }

    /// As [`Tree::restore`](super::Tree::restore) for rows that had versions before; these are taken out, and what they
    /// take the place of is put into `gone`.
    pub fn restore_each(&self, rows: &mut Vec<(i64, Version)>, gone: &mut Vec<Version>) {
        let mut rows = rows.drain(..).peekable();
        while let Some((rowid, mut older)) = rows.next() {
            let mut body = self.body.write();
            let (leaf, guess) = body.root.leaf_mut(rowid);
            let Ok(mut i) = leaf.search(rowid, guess) else { continue };
            loop {
                gone.extend(LeafRef::make_mut(leaf).replace(i, older));
                // Mostly the next row is the entry before.
                let before = i.wrapping_sub(1);
                let Some(at) = rows.peek().and_then(|(next, _)| leaf.search(*next, before).ok()) else { break };
                let Some((_, version)) = rows.next() else { break };
                (i, older) = (at, version);
            }
        }
    }
}
