//! OR: as an IN list where all arms are equalities on one column, or arm by arm where each arm has an index
//! (https://sqlite.org/optoverview.html#or_optimizations).

use heliosdb_udfs::value::Affinity;

use super::candidates::{Candidates, Sink, keep_cheapest};
use super::estimate;
use super::loops::{Loop, flag};
use super::terms::{Clause, Left, Right, Scope, Term, conjuncts, op};
use crate::plan::bound::{ColumnRef, Expr};
use crate::plan::walk;

pub fn analyze<'q>(scope: &Scope<'q>, clause: &mut Clause<'q>, position: usize, arms: &'q [Expr]) {
    let flat = disjuncts(arms);
    let outer = clause.terms[position].outer;
    let analyzed: Vec<Clause<'q>> =
        flat.iter().map(|e| scope.analyzed(conjuncts(e).into_iter().map(|e| (e, outer)))).collect();
    let indexable = analyzed.iter().fold(u64::MAX, |bits, arm| bits & driven(scope, arm));
    if let Some(list) = as_list(&flat, &analyzed) {
        let mut term = clause.terms[position].clone();
        term.ops = op::IN;
        term.left = list.left;
        term.needs = list.needs;
        term.by = list.by;
        term.right = list.right;
        term.is_virtual = true;
        term.parent = Some(position);
        clause.terms.push(term);
        return;
    }
    if indexable != 0 {
        let term = &mut clause.terms[position];
        term.ops = op::OR;
        term.indexable = indexable;
        term.arms = analyzed;
    }
}

fn disjuncts(arms: &[Expr]) -> Vec<&Expr> {
    arms.iter()
        .flat_map(|e| match &e.kind {
            crate::plan::bound::ExprKind::Or(inner) => disjuncts(inner),
            _ => vec![e],
        })
        .collect()
}

/// The sources that an arm can drive.
fn driven(scope: &Scope<'_>, arm: &Clause<'_>) -> u64 {
    let seeks = arm.terms.iter().filter(|t| t.ops & op::SEEK != 0);
    seeks.fold(0, |bits, t| bits | t.left.as_ref().map_or(0, |l| scope.left_source(l)))
}

/// `x = 1 OR x = 2`: one column, equal to values that need no conversion of their own.
fn as_list<'q>(exprs: &[&'q Expr], arms: &[Clause<'q>]) -> Option<Term<'q>> {
    let column_of = |t: &Term<'q>| match t.left {
        Some(Left::Column(c)) if t.ops & op::EQ != 0 => Some(c),
        _ => None,
    };
    let on = |arm: &Clause<'q>, column: ColumnRef| -> Option<Term<'q>> {
        if arm.base != 1 {
            return None;
        }
        arm.terms.iter().find(|t| column_of(t) == Some(column)).cloned()
    };
    let candidates = arms.first()?.terms.iter().filter_map(column_of).collect::<Vec<_>>();
    'columns: for column in candidates {
        let mut first: Option<Term<'q>> = None;
        let mut values = Vec::new();
        let mut needs = 0;
        for arm in arms.iter().take(exprs.len()) {
            let Some(term) = on(arm, column) else { continue 'columns };
            let Right::One(value) = term.right else { continue 'columns };
            let same =
                |f: &Term<'q>| f.by.affinity == term.by.affinity && f.by.collation.name() == term.by.collation.name();
            if !first.as_ref().is_none_or(same) {
                continue 'columns;
            }
            if !matches!(value.affinity, Affinity::None | Affinity::Blob) && value.affinity != term.by.affinity {
                continue 'columns;
            }
            needs |= term.needs;
            values.push(value);
            first.get_or_insert(term);
        }
        let term = first?;
        return Some(Term { right: Right::List(values), needs, ..term });
    }
    None
}

impl<'q> Candidates<'_, 'q> {
    /// Loops that go through the arms of an OR one after the other.
    pub fn disjunctions(&self, i: usize, before: u64, sink: &mut Sink<'_>) {
        for (t, term) in self.clause.terms.iter().enumerate() {
            if term.ops & op::OR == 0 || term.indexable >> i & 1 == 0 || !self.outer_agrees(term, i) {
                continue;
            }
            let mut sums: Option<Vec<Loop>> = None;
            for arm in &term.arms {
                let clause = within(arm, self.all);
                let mut costs = Vec::new();
                let arm = Candidates { clause: &clause, all: &clause, ..*self };
                arm.source(i, before, &mut Sink::Arm(&mut costs));
                sums = Some(match sums {
                    None => costs,
                    Some(known) => together(&known, &costs),
                });
                if sums.as_ref().is_none_or(Vec::is_empty) {
                    break;
                }
            }
            for sum in sums.unwrap_or_default() {
                // A little more, so that a whole never costs the same as its dearest part.
                let new = Loop {
                    source: i,
                    needs: sum.needs,
                    run: sum.run + 1,
                    out: sum.out,
                    flags: flag::OR,
                    terms: vec![Some(t)],
                    ..Loop::default()
                };
                match sink {
                    Sink::Loops(loops) => loops.insert(new),
                    Sink::Arm(arms) => keep_cheapest(arms, new),
                }
            }
        }
    }
}

fn together(a: &[Loop], b: &[Loop]) -> Vec<Loop> {
    let mut sums = Vec::new();
    for x in a {
        for y in b {
            let needs = x.needs | y.needs;
            let (run, out) = (estimate::add(x.run, y.run), estimate::add(x.out, y.out));
            keep_cheapest(&mut sums, Loop { needs, run, out, ..x.clone() });
        }
    }
    sums
}

/// An arm's terms, with those around the OR to seek by as well.
fn within<'q>(arm: &Clause<'q>, all: &Clause<'q>) -> Clause<'q> {
    let mut clause = arm.clone();
    clause.terms.extend(all.terms.iter().filter(|t| t.ops & op::OR == 0).cloned().map(|t| Term { parent: None, ..t }));
    clause
}

/// An arm together with the conditions around the OR, as it is run.
pub fn run_as<'q>(scope: &Scope<'q>, arm: &Clause<'q>, all: &Clause<'q>, or: usize) -> Clause<'q> {
    let mut exprs: Vec<(&'q Expr, Option<usize>)> = arm.terms[..arm.base].iter().map(|t| (t.expr, t.outer)).collect();
    for (t, term) in all.terms[..all.base].iter().enumerate() {
        let plain = !walk::any(term.expr, &|e| walk::query(e).is_some());
        if t != or && term.ops & !op::EQUIVALENT != 0 && plain {
            exprs.push((term.expr, term.outer));
        }
    }
    scope.analyzed(exprs)
}
