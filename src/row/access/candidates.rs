//! The loops that could read a source: whole, by rowid, by each index with every usable set of terms, by an
//! automatic index, arm by arm of an OR.
//!
//! Costs follow https://sqlite.org/optoverview.html and https://sqlite.org/queryplanner-ng.html.

use super::estimate::{self, Estimate, IndexSize, depth};
use super::facts::{Facts, IndexFacts, KeyTerm};
use super::loops::{Loop, Loops, flag};
use super::order::Wanted;
use super::scan::Scan;
use super::terms::{Clause, Right, Scope, Term, op};
use crate::plan::bound::{JoinKind, ROWID, SourceKind};

/// Where candidates go: loops of the statement, or costs of one arm of an OR.
pub enum Sink<'s> {
    Loops(&'s mut Loops),
    Arm(&'s mut Vec<Loop>),
}

pub struct Candidates<'p, 'q> {
    pub scope: &'p Scope<'q>,
    pub facts: &'p [Facts],
    pub clause: &'p Clause<'q>,
    /// The whole statement's terms, when `clause` is an arm of an OR.
    pub all: &'p Clause<'q>,
    pub wanted: &'p Wanted<'q>,
    /// The statement writes the table: entries it moves must not be met again.
    pub writes: bool,
}

impl<'p, 'q> Candidates<'p, 'q> {
    /// Adds every loop for a source; `before` must be in place.
    pub fn source(&self, i: usize, before: u64, sink: &mut Sink<'_>) {
        match &self.scope.sources[i].kind {
            SourceKind::Function { args, .. } => {
                let needs = args.iter().fold(before, |bits, a| bits | self.scope.sources_of(a));
                let flags = flag::VIRTUAL;
                self.add(sink, Loop { source: i, needs, run: 0, out: 46, flags, ..Loop::default() });
            }
            _ if self.facts[i].is_table => self.table(i, before, sink),
            _ => self.rows(i, before, sink),
        }
        if self.clause.terms.iter().any(|t| t.ops & op::OR != 0 && t.indexable >> i & 1 == 1) {
            self.disjunctions(i, before, sink);
        }
    }

    pub fn add(&self, sink: &mut Sink<'_>, new: Loop) {
        match sink {
            Sink::Loops(loops) => loops.insert(new),
            Sink::Arm(arms) if !new.terms.is_empty() => keep_cheapest(arms, new),
            Sink::Arm(_) => {}
        }
    }

    /// A subquery's rows: all of them, or through an automatic index.
    fn rows(&self, i: usize, before: u64, sink: &mut Sink<'_>) {
        let rows = self.facts[i].rows;
        self.automatic(i, before, rows, sink);
        let flags = flag::ROWID;
        let mut new = Loop { source: i, needs: before, order: 0, run: rows + 16, out: rows, flags, ..Loop::default() };
        self.reduce(&mut new, rows);
        self.add(sink, new);
    }

    fn table(&self, i: usize, before: u64, sink: &mut Sink<'_>) {
        let facts = &self.facts[i];
        let size = &facts.size;
        if !facts.not_indexed {
            self.automatic(i, before, size.rows, sink);
        }
        let mut order = 1;
        if facts.has_rowid && facts.hinted.is_none() {
            let helps = self.wanted.rowid_helps(self.scope, i);
            let base = Loop { source: i, needs: before, out: size.rows, flags: flag::ROWID, ..Loop::default() };
            let mut new = Loop { order: if helps { order } else { 0 }, ..base };
            let seek_from = new.clone();
            new.run = size.rows + 16 - if size.analyzed { 2 } else { 0 };
            self.reduce(&mut new, size.rows);
            self.add(sink, new);
            let rowid = Probe { facts: None, size: None, rows: &[size.rows, 0], width: size.width, source: i };
            self.seeks(&rowid, seek_from, 0, sink);
        }
        order += u8::from(facts.has_rowid);
        for (n, (one, known)) in size.indexes.iter().zip(&facts.indexes).enumerate() {
            order = order.saturating_add(1);
            let hinted = facts.hinted.as_ref().map(|h| h.id == one.index.id);
            if hinted == Some(false) || !known.usable || (facts.not_indexed && !known.primary) {
                continue;
            }
            self.index(i, before, n, order, sink, one, known);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one index of one source")]
    fn index(
        &self,
        i: usize,
        before: u64,
        n: usize,
        order: u8,
        sink: &mut Sink<'_>,
        one: &IndexSize,
        known: &IndexFacts,
    ) {
        let facts = &self.facts[i];
        let size = &facts.size;
        let rows = one.rows[0];
        let helps = !one.unordered && self.wanted.index_helps(self.scope, i, known);
        let covering = if known.covering { flag::COVERING } else { 0 };
        let base = Loop {
            source: i,
            needs: before,
            order: if helps { order } else { 0 },
            out: rows,
            flags: flag::INDEX | covering,
            index: n,
            ..Loop::default()
        };
        let narrow = known.covering && !one.unordered && one.width < size.width && !self.writes;
        if helps || !facts.has_rowid || one.index.filter.is_some() || facts.hinted.is_some() || narrow {
            let mut new = base.clone();
            new.run = rows + 1 + 15 * one.width / size.width.max(1);
            if !known.covering {
                new.run = estimate::add(new.run, self.lookups(i, known, rows));
            }
            self.reduce(&mut new, rows);
            if self.scope.sources[i].join != JoinKind::Right || !known.has_expressions {
                self.add(sink, new);
            }
        }
        let probe = Probe { facts: Some(known), size: Some(one), rows: &one.rows, width: one.width, source: i };
        self.seeks(&probe, base, 0, sink);
    }

    /// How often the table must be looked up: conditions over the index's own columns come first.
    fn lookups(&self, i: usize, known: &IndexFacts, rows: Estimate) -> Estimate {
        let mut lookups = rows + 16;
        for term in &self.all.terms {
            let mut used = Default::default();
            super::facts::wanted(term.expr, self.scope.sources[i].id, &|_| false, &mut used);
            let held = |c: &u16| known.keys.iter().any(|k| matches!(k.term, KeyTerm::Column(own) if own == *c));
            if !used.iter().all(held) || term.all != 1 << i {
                break;
            }
            lookups -= 1;
            if term.ops & (op::EQ | op::IS) != 0 {
                lookups -= 19;
            }
        }
        lookups
    }

    /// Only its own ON may drive the right side of an outer join.
    pub fn outer_agrees(&self, term: &Term<'q>, i: usize) -> bool {
        match self.scope.sources[i].join {
            JoinKind::Left => term.outer == Some(i),
            // Rows without a match are looked for in the same way: all of them must be met.
            JoinKind::Right | JoinKind::Full => false,
            // WHERE is for rows that such a join has put together.
            JoinKind::Inner | JoinKind::Cross if self.scope.keeps_right(0) => term.outer == Some(i),
            JoinKind::Inner | JoinKind::Cross => term.outer.is_none(),
        }
    }

    /// Conditions that the loop does not seek by leave out rows.
    pub fn reduce(&self, new: &mut Loop, rows: Estimate) {
        let own = 1u64 << new.source;
        let outside = !(new.needs | own);
        let mut less = 0;
        for (t, term) in self.clause.terms[..self.clause.base].iter().enumerate() {
            if term.all & outside != 0 || term.all & own == 0 {
                continue;
            }
            let used = new.terms.iter().flatten().any(|x| *x == t || self.clause.terms[*x].parent == Some(t));
            if used {
                continue;
            }
            if term.all == own {
                let left = self.scope.sources[new.source].join == JoinKind::Left;
                if term.ops & (op::EQ | op::IN | op::RANGE) != 0 || !left {
                    new.flags |= flag::SELF_CULLING;
                }
            }
            new.out -= 1;
            if is_equality(term) {
                less = less.max(if term.small { 10 } else { 20 });
            }
        }
        new.out = new.out.min(rows - less);
    }

    /// Loops that seek in an index (or by rowid) with one more term than `from`, and so on.
    fn seeks(&self, probe: &Probe<'_>, from: Loop, multiplier: Estimate, sink: &mut Sink<'_>) {
        let at = from.equal;
        let mut mask = if from.has(flag::LOW) { op::HIGH } else { op::SEEK };
        if let Some(size) = probe.size {
            if size.unordered {
                mask &= !op::RANGE;
            }
            if size.low_quality && self.facts[from.source].hinted.is_none() {
                mask &= !(op::EQ | op::IN | op::IS);
            }
        }
        let scan = Scan { candidates: self, probe };
        for t in scan.terms(at, mask) {
            let term = &self.clause.terms[t];
            if (term.ops & op::NULL != 0 || term.not_null) && probe.facts.is_none_or(|f| f.keys[at].not_null) {
                continue;
            }
            if term.needs >> from.source & 1 == 1 || (term.like && term.ops & op::LT != 0) || !self.outer_agrees(term, from.source)
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
    fn seek(
        &self,
        probe: &Probe<'_>,
        new: &mut Loop,
        t: usize,
        multiplier: Estimate,
        sink: &mut Sink<'_>,
    ) {
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
            let low = if new.has(flag::LOW) && term.ops & op::HIGH != 0 { new.terms[new.terms.len() - 2] } else { Some(t).filter(|_| term.ops & op::LOW != 0) };
            let top = high.or(Some(t).filter(|_| term.ops & op::HIGH != 0));
            new.out = self.range(before, low.filter(|_| new.has(flag::LOW)), top);
        } else {
            new.equal += 1;
            new.out += probe.rows_at(new.equal) - probe.rows_at(new.equal - 1);
            if term.ops & op::NULL != 0 {
                new.out += 10;
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
                let counted = others.map(|t| &self.clause.terms[*t].right).any(|r| {
                    matches!(r, Right::Query(q, _) if std::ptr::eq(*q, *query))
                });
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
            if !end.not_null {
                new -= 20;
            }
        }
        if ends.len() == 2 {
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
    rows: &'p [Estimate],
    pub width: Estimate,
    pub source: usize,
}

impl Probe<'_> {
    fn rows_at(&self, columns: usize) -> Estimate {
        self.rows.get(columns).copied().unwrap_or(0)
    }
}

/// An equality as it is written, whether or not it can drive.
fn is_equality(term: &Term<'_>) -> bool {
    term.ops & (op::EQ | op::IS) != 0
}

/// An arm of an OR keeps its three cheapest loops, one for each set of needs.
pub fn keep_cheapest(arms: &mut Vec<Loop>, new: Loop) {
    for old in arms.iter_mut() {
        if new.run <= old.run && new.needs & old.needs == new.needs {
            let out = old.out.min(new.out);
            *old = Loop { out, ..new };
            return;
        }
        if old.run <= new.run && old.needs & new.needs == old.needs {
            return;
        }
    }
    if arms.len() < 3 {
        arms.push(new);
    } else if let Some(worst) = arms.iter_mut().max_by_key(|l| l.run).filter(|w| w.run > new.run) {
        *worst = new;
    }
}
