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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Csn, ObjectId, View};

    /// Many at once against one by one, in a tree with gaps and tombstones; then all of it is taken back.
    #[test]
    fn it_is_as_if_put_one_by_one() {
        let mut seed = 77_u64;
        let mut random = move |below: i64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below as u64) as i64
        };
        for round in 0..100 {
            let (one, many) = (RowTree::new(ObjectId(1)), RowTree::new(ObjectId(1)));
            for rowid in 0..400 {
                if random(5) > 0 {
                    let record = [rowid as u8];
                    for tree in [&one, &many] {
                        tree.put(rowid, Version::row(Stamp::new(Csn(1), 0), &record), PutIf::Always);
                    }
                }
            }
            let held = many.get(7, View::main(Stamp(u64::MAX)));
            let mut rows: Vec<i64> = (0..random(300)).map(|_| random(420)).collect();
            if round % 2 == 0 {
                rows.sort_unstable();
            }
            let version = |rowid: i64| match rowid % 3 {
                0 => Version::row_tombstone(Stamp::new(Csn(2), 3)),
                _ => Version::row(Stamp::new(Csn(2), 3), b"new"),
            };
            let told = |put: Put| match put {
                Put::Refused => "refused".to_string(),
                Put::New(_) => "new".to_string(),
                Put::Over { tombstone, older, .. } => format!("over {tombstone} {older:?}"),
                Put::Same { old, tombstone, .. } => format!("same {tombstone} {old:?}"),
            };
            let condition = if round % 3 == 0 { PutIf::Present } else { PutIf::Always };
            let singly: Vec<_> = rows.iter().map(|r| (*r, told(one.put(*r, version(*r), condition)))).collect();
            let (mut at_once, mut undo) = (Vec::new(), Vec::new());
            let mut batch = rows.iter().map(|rowid| (*rowid, version(*rowid))).collect();
            many.put_each(&mut batch, condition, |rowid, put| {
                match &put {
                    Put::Refused => {}
                    Put::New(_) => undo.push((rowid, None)),
                    Put::Over { new, .. } => undo.push((rowid, new.older())),
                    Put::Same { old, .. } => undo.push((rowid, Some(old.clone()))),
                }
                at_once.push((rowid, told(put)));
            });
            assert_eq!(singly, at_once);
            many.check();
            let mut gone = Vec::new();
            while let Some((rowid, older)) = undo.pop() {
                match older {
                    Some(older) => {
                        let mut run = vec![(rowid, older)];
                        while let Some((rowid, Some(older))) = undo.pop_if(|(_, older)| older.is_some()) {
                            run.push((rowid, older));
                        }
                        many.restore_each(&mut run, &mut gone);
                    }
                    None => many.restore(rowid, None),
                }
            }
            many.check();
            let before = View::main(Stamp::end_of(Csn(1)));
            assert_eq!(many.count(View::main(Stamp(u64::MAX))).ok(), one.count(before).ok());
            assert_eq!(held.is_some(), many.get(7, before).is_some());
        }
    }

    #[test]
    fn appended_rows_follow_the_last() {
        let tree = RowTree::new(ObjectId(1));
        let row = || Version::row(Stamp(1), b"row");
        let appended: Vec<_> = (0..200).map(|_| tree.append(row)).collect();
        assert!(appended.into_iter().eq((1..=200).map(Some)));
        tree.put(200, Version::row_tombstone(Stamp(2)), PutIf::Present);
        assert_eq!(tree.append(row), None);
        tree.put(i64::MAX, row(), PutIf::Absent);
        assert_eq!(tree.append(row), None);
        tree.check();
    }
}
