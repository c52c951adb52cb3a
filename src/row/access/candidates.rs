//! The loops that could read a source: whole, by rowid, by each index with every usable set of terms, by an
//! automatic index, arm by arm of an OR.
//!
//! Costs follow https://sqlite.org/optoverview.html and https://sqlite.org/queryplanner-ng.html.

use super::estimate::{self, Estimate, IndexSize};
use super::facts::{Facts, IndexFacts};
use super::loops::{Loop, Loops, flag};
use super::order::Wanted;
use super::scan::Scan;
use super::seek::Probe;
use super::terms::{Clause, Scope, Term, op};
use crate::plan::bound::{IndexHint, JoinKind, SourceId, SourceKind};
use crate::plan::walk;

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
    /// Partial indexes are used where the conditions imply theirs.
    pub partial: bool,
    /// No other source is planned with it.
    pub alone: bool,
    /// Sources that stop at their first match.
    pub exists: &'p [SourceId],
}

impl<'p, 'q> Candidates<'p, 'q> {
    /// Whether rows are written while they are being found.
    pub fn one_pass(&self) -> bool {
        let subquery = |t: &Term<'_>| walk::any(t.expr, &|e| walk::query(e).is_some());
        self.writes && self.scope.sources.len() == 1 && !self.all.terms.iter().any(subquery)
    }

    /// Whether a source stops at its first match.
    pub fn stops(&self, i: usize) -> bool {
        self.exists.contains(&self.scope.sources[i].id)
    }

    /// The loop that finds the one row of the only source by a unique key. Nothing costs less, so nothing is weighed.
    pub fn one_row(&self) -> Option<Loop> {
        let ([source], [facts]) = (self.scope.sources, self.facts) else { return None };
        let plain = matches!(&source.kind, SourceKind::Table { hint: IndexHint::None, .. });
        if !plain || !facts.is_table {
            return None;
        }
        let given = |probe: &Probe<'_>, at: usize, mask: u16| {
            let scan = Scan { candidates: self, probe };
            scan.terms(at, mask).into_iter().find(|t| self.clause.terms[*t].needs == 0).map(Some)
        };
        let width = facts.size.width;
        let rowid = Probe { facts: None, size: None, rows: &[facts.size.rows, 0], width, source: 0 };
        let flags = flag::EQUAL | flag::ONE_ROW;
        if facts.has_rowid
            && let Some(term) = given(&rowid, 0, op::EQ | op::IS)
        {
            return Some(Loop {
                flags: flags | flag::ROWID,
                run: 33,
                out: 1,
                equal: 1,
                terms: vec![term],
                ..Loop::default()
            });
        }
        for (n, (size, known)) in facts.size.indexes.iter().zip(&facts.indexes).enumerate() {
            if !size.index.unique || size.index.filter.is_some() || known.declared > 3 || !known.usable {
                continue;
            }
            let mask = if known.unique_not_null { op::EQ | op::IS } else { op::EQ };
            let probe = Probe { facts: Some(known), size: Some(size), rows: &size.rows, width: size.width, source: 0 };
            let terms: Option<Vec<_>> = (0..known.declared).map(|at| given(&probe, at, mask)).collect();
            let Some(terms) = terms else { continue };
            let covering = if known.covering { flag::COVERING } else { 0 };
            let flags = flags | flag::INDEX | covering;
            return Some(Loop { flags, run: 39, out: 1, index: n, equal: terms.len(), terms, ..Loop::default() });
        }
        None
    }

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
            new.run = size.rows + 16;
            self.reduce(&mut new, size.rows);
            if self.stops(i) {
                new.out = 0;
            }
            self.add(sink, new);
            let rowid = Probe { facts: None, size: None, rows: &[size.rows, 0], width: size.width, source: i };
            self.seeks(&rowid, seek_from, 0, sink);
        }
        order += u8::from(facts.has_rowid);
        for (n, (one, known)) in size.indexes.iter().zip(&facts.indexes).enumerate() {
            order = order.saturating_add(1);
            let hinted = facts.hinted.as_ref().map(|h| h.id == one.index.id);
            let partial = one.index.filter.is_some() && !self.partial;
            if hinted == Some(false) || !known.usable || partial || (facts.not_indexed && !known.primary) {
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
            if self.stops(i) {
                new.out = 0;
            }
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
            let held = |c: &u16| known.holds(*c);
            if !used.iter().all(held) {
                break;
            }
            if let Some(truth) = term.truth {
                lookups += truth;
                continue;
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
            JoinKind::Left | JoinKind::Right | JoinKind::Full => term.outer == Some(i),
            // WHERE is for rows that the joins behind have put together.
            JoinKind::Inner | JoinKind::Cross if self.scope.keeps_right(i + 1) => term.outer == Some(i),
            JoinKind::Inner | JoinKind::Cross => term.outer.is_none(),
        }
    }

    /// Conditions that the loop does not seek by leave out rows.
    pub fn reduce(&self, new: &mut Loop, rows: Estimate) {
        // With one source and no order to choose for, the number of rows decides nothing.
        if self.alone && self.wanted.terms.is_empty() {
            return;
        }
        let own = 1u64 << new.source;
        let outside = !(new.needs | own);
        let mut less = 0;
        let base = |(t, term): &(usize, &Term<'_>)| !term.is_virtual && (*t < self.clause.base || term.is_slice);
        for (t, term) in self.clause.terms.iter().enumerate().filter(base) {
            if term.all & outside != 0 || term.all & own == 0 {
                continue;
            }
            let used = new.terms.iter().flatten().any(|x| *x == t || self.clause.terms[*x].parent == Some(t));
            if used {
                continue;
            }
            if term.all == own {
                let left =
                    self.scope.sources[new.source].join == JoinKind::Left || self.scope.keeps_right(new.source + 1);
                if term.ops & (op::EQ | op::IN | op::RANGE) != 0 || !left {
                    new.flags |= flag::SELF_CULLING;
                }
            }
            if let Some(truth) = term.truth {
                new.out += truth;
                continue;
            }
            new.out -= 1;
            if term.ops & (op::EQ | op::IS) != 0 {
                less = less.max(if term.small { 10 } else { 20 });
            } else {
                new.out -= 2 * super::prefix::plain_characters(term.expr) as Estimate;
            }
        }
        new.out = new.out.min(rows - less);
    }
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
