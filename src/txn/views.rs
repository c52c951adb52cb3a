//! The horizons that are being read at, with how often each is.
//!
//! Invariant: horizons ascend, counts are not 0. There are few: one per transaction or open SELECT, fewer if
//! they began after the same commit.

use crate::store::Stamp;

#[derive(Default)]
pub struct Views {
    horizons: Vec<(Stamp, u32)>,
}

impl Views {
    #[inline]
    pub fn add(&mut self, horizon: Stamp) {
        // New readers read the newest: look from the end.
        let behind = self.horizons.iter().rposition(|(h, _)| *h <= horizon);
        match behind {
            Some(i) if self.horizons[i].0 == horizon => self.horizons[i].1 += 1,
            Some(i) => self.horizons.insert(i + 1, (horizon, 1)),
            None => self.horizons.insert(0, (horizon, 1)),
        }
    }

    /// Whether the oldest horizon went.
    #[inline]
    pub fn remove(&mut self, horizon: Stamp) -> bool {
        let Some(i) = self.horizons.iter().rposition(|(h, _)| *h == horizon) else {
            debug_assert!(false, "a view is removed once");
            return false;
        };
        self.horizons[i].1 -= 1;
        if self.horizons[i].1 > 0 {
            return false;
        }
        self.horizons.remove(i);
        i == 0
    }

    pub fn newest(&self) -> Option<Stamp> {
        self.horizons.last().map(|(h, _)| *h)
    }

    /// The horizons with the one every later reader is at or past at its end: what pruning goes by.
    pub fn with_committed(&self, committed: Stamp) -> Vec<Stamp> {
        let before = self.horizons.iter().map(|(h, _)| *h).filter(|h| *h < committed);
        before.chain([committed]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_order() {
        let mut views = Views::default();
        for n in [5, 3, 5, 9] {
            views.add(Stamp(n));
        }
        assert_eq!(views.with_committed(Stamp(7)), [Stamp(3), Stamp(5), Stamp(7)]);
        assert_eq!(views.newest(), Some(Stamp(9)));
        assert!(!views.remove(Stamp(5)));
        assert!(views.remove(Stamp(3)));
        assert!(views.remove(Stamp(5)));
        assert!(views.remove(Stamp(9)));
        assert_eq!(views.newest(), None);
    }
}
