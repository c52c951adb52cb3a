//! Whether a chain of loops delivers rows in a wanted order, and which loops must run backwards for it.

use heliosdb_udfs::value::{Affinity, Collation};

use super::facts::{Facts, IndexFacts, KeyTerm, is_same};
use super::loops::{Loop, flag};
use super::scan::through_equals;
use super::terms::{Clause, Right, Scope, Term, op};
use crate::plan::bound::{ColumnRef, Expr, ROWID};
use crate::plan::walk;

/// What an order is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Purpose {
    #[default]
    Sort,
    /// Equal rows must be neighbours.
    Group,
    Distinct,
    /// Only the first row that is not NULL.
    Extreme,
    /// The innermost loop alone, for a sort that may stop early.
    Limit,
}

pub struct WantedTerm<'q> {
    pub expr: &'q Expr,
    pub collation: Collation,
    pub descending: bool,
    /// NULLs come where the direction does not put them.
    pub odd_nulls: bool,
}

#[derive(Default)]
pub struct Wanted<'q> {
    pub terms: Vec<WantedTerm<'q>>,
    pub purpose: Purpose,
}

impl Wanted<'_> {
    /// Whether rowid order may help.
    pub fn rowid_helps(&self, scope: &Scope<'_>, i: usize) -> bool {
        self.columns(scope, i).any(|c| c == ROWID)
    }

    pub fn index_helps(&self, scope: &Scope<'_>, i: usize, index: &IndexFacts) -> bool {
        let source = scope.sources[i].id;
        let declared = &index.keys[..index.declared];
        let column = |c: u16| c == ROWID || declared.iter().any(|k| matches!(k.term, KeyTerm::Column(own) if own == c));
        let expression =
            |e: &Expr| declared.iter().any(|k| matches!(&k.term, KeyTerm::Expr(t) if is_same(e, source, t, index.row)));
        self.columns(scope, i).any(column) || index.has_expressions && self.terms.iter().any(|t| expression(t.expr))
    }

    fn columns(&self, scope: &Scope<'_>, i: usize) -> impl Iterator<Item = u16> {
        let source = scope.sources[i].id;
        self.terms
            .iter()
            .filter_map(move |t| column(scope, t.expr))
            .filter(move |c| c.source == source)
            .map(|c| c.column)
    }
}

fn column(scope: &Scope<'_>, e: &Expr) -> Option<ColumnRef> {
    scope.column(e)
}

/// How far an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Satisfied {
    /// This many leading terms.
    Terms(usize),
    /// So far all rows are distinct in it: further loops may complete it.
    Open,
}

pub struct Order<'p, 'q> {
    pub scope: &'p Scope<'q>,
    pub facts: &'p [Facts],
    pub clause: &'p Clause<'q>,
}

/// State of one check.
struct Check {
    done: u64,
    distinct: bool,
    reverse: u64,
}

impl Order<'_, '_> {
    /// Checks `path` followed by `last`; yields the loops (by position) that run backwards.
    pub fn satisfied(&self, wanted: &Wanted<'_>, purpose: Purpose, path: &[&Loop], last: &Loop) -> (Satisfied, u64) {
        let n = wanted.terms.len();
        if n > 63 {
            return (Satisfied::Terms(0), 0);
        }
        let all = (1u64 << n) - 1;
        let mut check = Check { done: 0, distinct: true, reverse: 0 };
        let (mut ready, mut distinct_sources) = (0u64, 0u64);
        for position in 0..=path.len() {
            if !check.distinct || check.done == all {
                break;
            }
            let one = match path.get(position) {
                Some(one) => one,
                None => last,
            };
            if position > 0 {
                ready |= 1 << path[position - 1].source;
            }
            if position < path.len() && purpose == Purpose::Limit {
                continue;
            }
            if one.has(flag::VIRTUAL) {
                check.distinct = false;
                break;
            }
            self.constants(wanted, purpose, one, ready, &mut check);
            if !one.has(flag::ONE_ROW) {
                if one.has(flag::AUTOMATIC | flag::OR) {
                    return (Satisfied::Terms(0), 0);
                }
                self.columns(wanted, purpose, one, position, &mut check);
            }
            if check.distinct {
                distinct_sources |= 1 << one.source;
                for (i, term) in wanted.terms.iter().enumerate() {
                    let sources = self.scope.sources_of(term.expr);
                    if check.done >> i & 1 == 1 || sources == 0 && !walk::is_constant(term.expr) {
                        continue;
                    }
                    if sources & !distinct_sources == 0 {
                        check.done |= 1 << i;
                    }
                }
            }
        }
        if check.done == all {
            return (Satisfied::Terms(n), check.reverse);
        }
        if check.distinct {
            return (Satisfied::Open, check.reverse);
        }
        let leading = (check.done.trailing_ones() as usize).min(n);
        (Satisfied::Terms(leading), check.reverse)
    }

    /// Terms that are equal to something known are in order already.
    fn constants(&self, wanted: &Wanted<'_>, purpose: Purpose, one: &Loop, ready: u64, check: &mut Check) {
        let source = self.scope.sources[one.source].id;
        for (i, term) in wanted.terms.iter().enumerate() {
            let Some(c) = column(self.scope, term.expr).filter(|c| c.source == source) else { continue };
            let lists = matches!(purpose, Purpose::Limit | Purpose::Extreme);
            let mask = op::EQ | op::IS | op::NULL | if lists { op::IN } else { 0 };
            let Some((position, known)) = self.known(c, mask, ready) else { continue };
            if known.ops & op::IN != 0 && !one.terms.contains(&Some(position)) {
                continue;
            }
            let same = known.by.collation.name().eq_ignore_ascii_case(term.collation.name());
            let unlike = |e: &Expr| e.affinity != Affinity::None && e.affinity != term.expr.affinity;
            let converted = matches!(known.right, Right::One(e) if unlike(e));
            if known.ops & (op::EQ | op::IS) != 0 && c.column != ROWID && (!same || converted) {
                continue;
            }
            check.done |= 1 << i;
        }
    }

    /// The term that says what a column is, one that needs no source before others.
    fn known(&self, c: ColumnRef, mask: u16, ready: u64) -> Option<(usize, &Term<'_>)> {
        let mut best = None;
        through_equals(self.scope, self.clause, c, mask, &mut |t, term| {
            if term.needs & !ready != 0 {
                return true;
            }
            let constant = term.needs == 0 && term.ops & (op::EQ | op::IS) != 0;
            if constant || best.is_none() {
                best = Some(t);
            }
            !constant
        });
        best.map(|t| (t, &self.clause.terms[t]))
    }

    /// Goes along the columns of the loop's index.
    fn columns(&self, wanted: &Wanted<'_>, purpose: Purpose, one: &Loop, position: usize, check: &mut Check) {
        let facts = &self.facts[one.source];
        let source = self.scope.sources[one.source].id;
        let index = one.has(flag::INDEX).then(|| &facts.indexes[one.index]);
        let size = one.has(flag::INDEX).then(|| &facts.size.indexes[one.index]);
        if !one.has(flag::INDEX) && !facts.is_table || size.is_some_and(|s| s.unordered) {
            check.distinct = false;
            return;
        }
        if let Some(size) = size {
            check.distinct = size.index.unique && !one.has(flag::SKIP);
        }
        let declared = index.map_or(0, |i| i.declared);
        let count = index.map_or(1, |i| i.keys.len());
        let lists = matches!(purpose, Purpose::Limit | Purpose::Extreme);
        let grouping = matches!(purpose, Purpose::Group | Purpose::Distinct);
        let mut backwards: Option<bool> = None;
        let mut through_rowid = false;
        for j in 0..count {
            let mut search = true;
            if j < one.equal && j >= one.skip {
                let Some(t) = one.terms.get(j).copied().flatten() else { continue };
                let ops = self.clause.terms[t].ops;
                if ops & (op::EQ | op::IS | op::NULL) != 0 || lists && ops & op::IN != 0 {
                    if ops & (op::IS | op::NULL) != 0 {
                        check.distinct = false;
                    }
                    continue;
                }
                let same = |other: &Option<usize>| {
                    other.is_some_and(|o| std::ptr::eq(self.clause.terms[o].expr, self.clause.terms[t].expr))
                };
                search = !one.terms[j + 1..one.equal.min(one.terms.len()).max(j + 1)].iter().any(same);
            }
            let key = index.map(|i| &i.keys[j]);
            let descending = key.is_some_and(|k| k.descending);
            if check.distinct
                && let Some(key) = key
                && (j >= one.equal && !key.not_null || matches!(key.term, KeyTerm::Expr(_)))
            {
                check.distinct = false;
            }
            let is_rowid = key.is_none_or(|k| matches!(k.term, KeyTerm::Column(ROWID)));
            let matches_key = |term: &WantedTerm<'_>| {
                let same = match key.map(|k| &k.term) {
                    None => column(self.scope, term.expr) == Some(ColumnRef { source, column: ROWID }),
                    Some(KeyTerm::Column(c)) => column(self.scope, term.expr) == Some(ColumnRef { source, column: *c }),
                    Some(KeyTerm::Expr(e)) => is_same(term.expr, source, e, index.map_or(source, |i| i.row)),
                };
                same && (is_rowid
                    || key.is_some_and(|k| k.collation.name().eq_ignore_ascii_case(term.collation.name())))
            };
            let open = wanted.terms.iter().enumerate().filter(|(i, _)| check.done >> i & 1 == 0);
            let mut found = if !search {
                None
            } else if grouping {
                open.into_iter().find(|(_, t)| matches_key(t))
            } else {
                open.into_iter().next().filter(|(_, t)| matches_key(t))
            };
            if let Some((_, term)) = found
                && purpose != Purpose::Group
            {
                let this = descending != term.descending;
                match backwards {
                    Some(known) if known != this => found = None,
                    Some(_) => {}
                    None => {
                        backwards = Some(this);
                        if this {
                            check.reverse |= 1 << position;
                        }
                    }
                }
            }
            if found.is_some_and(|(_, t)| t.odd_nulls && j != one.equal) {
                found = None;
            }
            match found {
                Some((i, _)) => {
                    through_rowid |= is_rowid;
                    check.done |= 1 << i;
                }
                None => {
                    if j == 0 || j < declared {
                        check.distinct = false;
                    }
                    break;
                }
            }
        }
        if through_rowid {
            check.distinct = true;
        }
    }
}
