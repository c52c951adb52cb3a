//! Loops that seek: by every usable set of terms on the leading columns of an index, or on the rowid.

use super::candidates::{Candidates, Sink};
use super::estimate::{self, Estimate, IndexSize, depth};
use super::facts::{IndexFacts, KeyTerm};
use super::loops::{Loop, flag};
use super::scan::Scan;
use super::terms::{Right, Term, op};
use crate::plan::bound::ROWID;

impl<'q> Candidates<'_, 'q> {
    /// Loops that seek in an index (or by rowid) with one more term than `from`, and so on.
    pub fn seeks(&self, probe: &Probe<'_>, from: Loop, multiplier: Estimate, sink: &mut Sink<'_>) {
        let at = from.equal;
        let mut mask = if from.has(flag::LOW) { op::HIGH } else { op::SEEK };
        if probe.size.is_some_and(|size| size.unordered) {
            mask &= !op::RANGE;
        }
        let scan = Scan { candidates: self, probe };
        for t in scan.terms(at, mask) {
            let term = &self.clause.terms[t];
            if (term.ops & op::NULL != 0 || term.not_null) && probe.facts.is_none_or(|f| f.keys[at].not_null) {
                continue;
            }
            if term.needs >> from.source & 1 == 1
                || (term.like && term.ops & op::LT != 0)
                || !self.outer_agrees(term, from.source)
            {
                continue;
            }
            let mut new = from.clone();
            new.terms.push(Some(t));
            new.needs |= term.needs & !(1 << from.source);
            self.seek(probe, &mut new, t, multiplier, sink);
        }
        self.skip(probe, &from, multiplier, sink);
    }

    /// Adds the loop that seeks by one more term, and those that go on from it.
    fn seek(&self, probe: &Probe<'_>, new: &mut Loop, t: usize, multiplier: Estimate, sink: &mut Sink<'_>) {
        let term = &self.clause.terms[t];
        let at = new.equal;
        let rows = probe.rows[0];
        let mut list: Estimate = 0;
        let mut high = None;
        if term.ops & op::IN != 0 {
            list = self.list_size(term, new);
            if probe.size.is_some_and(|s| s.analyzed) && depth(rows) >= 10 {
                let matching = probe.rows_at(at);
                let gain = matching + depth(list) + 10 - (list + depth(rows));
                if gain < 0 && multiplier >= 2 {
                    return;
                }
            }
            new.flags |= flag::IN;
        } else if term.ops & (op::EQ | op::IS) != 0 {
            new.flags |= flag::EQUAL;
            let one = match probe.facts {
                None => true,
                Some(f) => {
                    let last = multiplier == 0 && at + 1 == f.declared && probe.size.is_some_and(|s| s.index.unique);
                    let rowid = matches!(f.keys[at].term, KeyTerm::Column(ROWID));
                    rowid || last && (f.unique_not_null || (f.declared == 1 && term.ops & op::EQ != 0))
                }
            };
            if one {
                new.flags |= flag::ONE_ROW;
            }
        } else if term.ops & op::NULL != 0 {
            new.flags |= flag::NULL;
        } else if term.ops & op::LOW != 0 {
            new.flags |= flag::RANGE | flag::LOW;
            new.low = self.row_length(probe, term, at);
            if term.like {
                high = Some(t + 1);
                new.terms.push(high);
                new.flags |= flag::HIGH;
                new.high = 1;
            }
        } else {
            new.flags |= flag::RANGE | flag::HIGH;
            new.high = self.row_length(probe, term, at);
        }
        let before = new.out;
        if new.has(flag::RANGE) {
            let low = if new.has(flag::LOW) && term.ops & op::HIGH != 0 {
                new.terms[new.terms.len() - 2]
            } else {
                Some(t).filter(|_| term.ops & op::LOW != 0)
            };
            let top = high.or(Some(t).filter(|_| term.ops & op::HIGH != 0));
            new.out = self.range(before, low.filter(|_| new.has(flag::LOW)), top);
        } else {
            new.equal += 1;
            let stored = probe.facts.is_some_and(|f| match f.keys[at].term {
                KeyTerm::Column(c) => c != ROWID,
                KeyTerm::Expr(_) => false,
            });
            match term.truth.filter(|_| stored) {
                Some(truth) => new.out += truth - list,
                None => {
                    new.out += probe.rows_at(new.equal) - probe.rows_at(new.equal - 1);
                    if term.ops & op::NULL != 0 {
                        new.out += 10;
                    }
                }
            }
        }
        let table_width = self.facts[new.source].size.width.max(1);
        let entry = match probe.facts {
            None => new.out + 16,
            Some(_) => new.out + 1 + 15 * probe.width / table_width,
        };
        new.run = estimate::add(depth(rows), entry);
        if !new.has(flag::COVERING | flag::ROWID) {
            new.run = estimate::add(new.run, new.out + 16);
        }
        let plain = new.out;
        new.run += multiplier + list;
        new.out += multiplier + list;
        let mut added = new.clone();
        self.reduce(&mut added, rows);
        if self.stops(new.source) {
            added.out = 0;
        }
        self.add(sink, added);
        new.out = if new.has(flag::RANGE) { before } else { plain };
        let columns = probe.facts.map_or(1, |f| f.seekable);
        if !new.has(flag::HIGH) && new.equal < columns {
            let mut next = new.clone();
            next.run = 0;
            self.seeks(probe, next, multiplier + list, sink);
        }
    }

    fn list_size(&self, term: &Term<'q>, new: &Loop) -> Estimate {
        match &term.right {
            Right::List(items) => estimate::of(items.len() as u64),
            Right::Query(query, _) => {
                let others = new.terms[..new.terms.len() - 1].iter().flatten();
                let counted = others
                    .map(|t| &self.clause.terms[*t].right)
                    .any(|r| matches!(r, Right::Query(q, _) if std::ptr::eq(*q, *query)));
                if counted { 0 } else { 46 }
            }
            _ => 0,
        }
    }

    /// Rows within a range: a quarter for each end, a quarter of that for both.
    fn range(&self, rows: Estimate, low: Option<usize>, high: Option<usize>) -> Estimate {
        let mut new = rows;
        let ends: Vec<&Term<'q>> = [low, high].into_iter().flatten().map(|t| &self.clause.terms[t]).collect();
        for end in &ends {
            match end.truth {
                Some(truth) => new += truth,
                None if end.not_null => {}
                None => new -= 20,
            }
        }
        if ends.len() == 2 && ends.iter().all(|e| e.truth.is_none()) {
            new -= 20;
        }
        (rows - ends.len() as Estimate).min(new.max(10))
    }

    /// Skip-scan: a leading column with many rows for each value is gone through value by value.
    fn skip(&self, probe: &Probe<'_>, from: &Loop, multiplier: Estimate, sink: &mut Sink<'_>) {
        let (Some(facts), Some(size)) = (probe.facts, probe.size) else { return };
        let at = from.equal;
        let possible = at == from.skip
            && at + 1 < facts.declared
            && at == from.terms.len()
            && !size.no_skip
            && !self.stops(from.source)
            && size.analyzed
            && probe.rows[at + 1] >= 42;
        if !possible {
            return;
        }
        let mut new = from.clone();
        new.equal += 1;
        new.skip += 1;
        new.terms.push(None);
        new.flags |= flag::SKIP;
        let values = probe.rows[at] - probe.rows[at + 1];
        new.out -= values;
        self.seeks(probe, new, values + 5 + multiplier, sink);
    }
}

/// What seeks go by: an index or the rowid.
pub struct Probe<'p> {
    pub facts: Option<&'p IndexFacts>,
    pub size: Option<&'p IndexSize>,
    pub rows: &'p [Estimate],
    pub width: Estimate,
    pub source: usize,
}

impl Probe<'_> {
    fn rows_at(&self, columns: usize) -> Estimate {
        self.rows.get(columns).copied().unwrap_or(0)
    }
}
