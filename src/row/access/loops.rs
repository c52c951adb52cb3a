//! A loop: one way to read one source, with what it needs, costs and yields.

use super::estimate::Estimate;

/// What a loop uses and promises, as bits.
pub mod flag {
    pub const EQUAL: u32 = 1;
    pub const RANGE: u32 = 2;
    pub const IN: u32 = 4;
    pub const NULL: u32 = 8;
    pub const LOW: u32 = 16;
    pub const HIGH: u32 = 32;
    pub const ROWID: u32 = 64;
    pub const INDEX: u32 = 128;
    /// The index holds all that is wanted.
    pub const COVERING: u32 = 256;
    pub const ONE_ROW: u32 = 512;
    pub const AUTOMATIC: u32 = 1024;
    pub const SKIP: u32 = 2048;
    pub const OR: u32 = 4096;
    /// Further conditions on the source leave out rows: a Bloom filter may pay.
    pub const SELF_CULLING: u32 = 8192;
    pub const VIRTUAL: u32 = 16384;
    pub const CONSTRAINED: u32 = EQUAL | RANGE | IN | NULL;
}

#[derive(Clone, Debug, Default)]
pub struct Loop {
    pub source: usize,
    /// Sources that must be in place.
    pub needs: u64,
    /// Distinguishes loops that may deliver different orders; 0: no useful order.
    pub order: u8,
    pub setup: Estimate,
    pub run: Estimate,
    pub out: Estimate,
    pub flags: u32,
    /// Position in `TableSize::indexes`.
    pub index: usize,
    /// Leading columns that are given, skipped ones included.
    pub equal: usize,
    pub skip: usize,
    /// Columns of a lower and an upper bound.
    pub low: usize,
    pub high: usize,
    /// The terms it seeks by, by position in the clause; `None` for skipped columns.
    pub terms: Vec<Option<usize>>,
}

impl Loop {
    pub fn has(&self, flags: u32) -> bool {
        self.flags & flags != 0
    }
}

/// The loops worth considering: no loop in it is worse in everything than another.
#[derive(Default)]
pub struct Loops {
    pub all: Vec<Loop>,
}

impl Loops {
    /// Adds a loop unless a better one is there; drops those it beats.
    pub fn insert(&mut self, mut new: Loop) {
        self.level(&mut new);
        let place = match self.find(&new, 0) {
            Found::Useless => return,
            Found::None => return self.all.push(new),
            Found::At(i) => i,
        };
        // Later loops that it beats as well go away.
        let mut at = place + 1;
        while let Found::At(i) = self.find(&new, at) {
            self.all.remove(i);
            at = i;
        }
        self.all[place] = new;
    }

    /// The first loop from `from` on that `new` replaces.
    fn find(&self, new: &Loop, from: usize) -> Found {
        for (i, old) in self.all.iter().enumerate().skip(from) {
            if old.source != new.source || old.order != new.order {
                continue;
            }
            let old_needs_no_more = old.needs & new.needs == old.needs;
            let new_needs_no_more = old.needs & new.needs == new.needs;
            let real_index = new.skip == 0 && new.has(flag::INDEX) && new.has(flag::EQUAL);
            if old.has(flag::AUTOMATIC) && real_index && new_needs_no_more {
                return Found::At(i);
            }
            if old_needs_no_more && old.setup <= new.setup && old.run <= new.run && old.out <= new.out {
                return Found::Useless;
            }
            if new_needs_no_more && old.run >= new.run && old.out >= new.out {
                return Found::At(i);
            }
        }
        Found::None
    }

    /// A loop that uses more terms of the same kind must not look dearer than one that uses fewer.
    fn level(&self, new: &mut Loop) {
        if !new.has(flag::INDEX) {
            return;
        }
        for old in self.all.iter().filter(|o| o.source == new.source && o.has(flag::INDEX)) {
            if is_cheaper_subset(old, new) {
                new.run = new.run.min(old.run);
                new.out = new.out.min(old.out - 1);
            } else if is_cheaper_subset(new, old) {
                new.run = new.run.max(old.run);
                new.out = new.out.max(old.out + 1);
            }
        }
    }
}

enum Found {
    None,
    At(usize),
    Useless,
}

/// Whether `a` uses fewer terms than `b`, all of them `b`'s too, and yet does not cost more.
fn is_cheaper_subset(a: &Loop, b: &Loop) -> bool {
    if a.terms.len() - a.skip >= b.terms.len() - b.skip || a.run > b.run && a.out > b.out || b.skip > a.skip {
        return false;
    }
    let shared = a.terms.iter().flatten().all(|t| b.terms.contains(&Some(*t)));
    shared && (b.has(flag::COVERING) || !a.has(flag::COVERING))
}
