//! What a condition can drive: the terms it makes.

use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::prefix;
use super::terms::{Clause, Right, Scope, Term, op};
use crate::plan::bound::{CompareOp, Comparison, Expr, ExprKind, ROWID};
use crate::plan::walk;

impl<'q> Scope<'q> {
    /// Whether a comparison can drive: its left side is a column that the right side does not need.
    fn comparison(
        &self,
        base: &Term<'q>,
        ops: u16,
        left: &'q Expr,
        right: Right<'q>,
        needs: u64,
        by: &Comparison,
    ) -> Option<Term<'q>> {
        let found = self.left(left)?;
        let extra = base.outer.map_or(0, |i| (1u64 << i) - 1);
        let mut term = base.clone();
        term.needs = needs | extra;
        term.left = Some(found);
        term.right = right;
        term.by = by.clone();
        // (What ON needs besides is looked at where the term is used.)
        term.ops = if needs & self.sources_of(left) == 0 { ops } else { 0 };
        Some(term)
    }

    pub fn analyze(&self, clause: &mut Clause<'q>, i: usize) {
        let base = clause.terms[i].clone();
        let derive = |clause: &mut Clause<'q>, term: Option<Term<'q>>| {
            if let Some(mut term) = term {
                term.is_virtual = true;
                term.parent = Some(i);
                clause.terms.push(term);
            }
        };
        match &base.expr.kind {
            ExprKind::Compare { op, left, right, by } => self.compare(clause, i, *op, left, right, by),
            ExprKind::Between { negated: false, operand, low, high, by_low, by_high } => {
                for (op, end, by) in [(CompareOp::GreaterEqual, low, by_low), (CompareOp::LessEqual, high, by_high)] {
                    let at = clause.terms.len();
                    let part =
                        Term { all: self.sources_of(operand) | self.sources_of(end) | own_bit(&base), ..base.clone() };
                    clause.terms.push(Term { is_virtual: true, parent: Some(i), ..part });
                    self.compare(clause, at, op, operand, end, by);
                }
            }
            ExprKind::InList { negated: false, operand, items, by } => {
                let needs = items.iter().fold(0, |bits, e| bits | self.sources_of(e));
                let term = match &items[..] {
                    [one] if walk::is_constant(one) => {
                        self.comparison(&base, op::EQ, operand, Right::One(one), needs, by)
                    }
                    _ => self.comparison(&base, op::IN, operand, Right::List(items.iter().collect()), needs, by),
                };
                if let Some(term) = term {
                    clause.terms[i] = term;
                }
            }
            ExprKind::InQuery { negated: false, operand, query, by } => {
                let needs = self.sources_of_query(query);
                for (n, (operand, by)) in operand.iter().zip(by).enumerate() {
                    let term = self.comparison(&base, op::IN, operand, Right::Query(query, n), needs, by);
                    match term {
                        Some(term) if by_itself(&base) => clause.terms[i] = term,
                        term => derive(clause, term),
                    }
                }
            }
            ExprKind::IsNull { negated: false, .. } if base.outer.is_none() && self.null_test(base.expr).is_some() => {
                clause.terms[i].all = 0;
            }
            ExprKind::IsNull { negated: false, operand } => {
                let by = Comparison { affinity: Affinity::None, collation: Collation::Binary };
                if let Some(term) = self.comparison(&base, op::NULL, operand, Right::Null, 0, &by) {
                    clause.terms[i] = term;
                }
            }
            ExprKind::IsNull { negated: true, operand } if base.outer.is_none() => {
                let by = Comparison { affinity: Affinity::None, collation: Collation::Binary };
                let column = self.column(operand).filter(|c| c.column != ROWID);
                let term = column.and_then(|_| self.comparison(&base, op::GT, operand, Right::Null, 0, &by));
                derive(clause, term.map(|t| Term { not_null: true, ..t }));
            }
            ExprKind::CompareRows { op: op @ (CompareOp::Equal | CompareOp::Is), left, right, by } => {
                // Each column by itself; the whole is not looked at any more.
                clause.terms[i].is_virtual = true;
                for ((l, r), by) in left.iter().zip(right).zip(by) {
                    let at = clause.terms.len();
                    let all = self.sources_of(l) | self.sources_of(r) | own_bit(&base);
                    clause.terms.push(Term { all, parent: Some(i), is_slice: true, ..base.clone() });
                    self.compare(clause, at, *op, l, r, by);
                }
            }
            ExprKind::CompareRows { op, left, right, by } => {
                let Some((ops, _)) = operators(*op) else { return };
                let needs = right.iter().fold(0, |bits, e| bits | self.sources_of(e));
                if let Some(term) = self.comparison(&base, ops, &left[0], Right::Row(right), needs, &by[0]) {
                    clause.terms[i] = Term { lefts: left, more_by: by, ..term };
                }
            }
            ExprKind::Call(call) => {
                let Some((operand, range)) = prefix::of_call(call, self.case_sensitive_like, self.encoding) else {
                    return;
                };
                if self.column(operand).is_none() || !prefix::fits(operand, &range) {
                    return;
                }
                let by = Comparison { affinity: Affinity::None, collation: range.collation.clone() };
                let parent = range.complete.then_some(i);
                for (ops, value) in [(op::GE, range.low), (op::LT, range.high)] {
                    let term = self.comparison(&base, ops, operand, Right::Value(value), 0, &by);
                    clause.terms.extend(term.map(|t| Term { like: true, is_virtual: true, parent, ..t }));
                }
            }
            ExprKind::Or(arms) => super::disjunction::analyze(self, clause, i, arms),
            _ => {}
        }
    }

    /// What a comparison at a place of the clause can drive: either side; the second as a term behind the others.
    fn compare(
        &self,
        clause: &mut Clause<'q>,
        at: usize,
        op: CompareOp,
        left: &'q Expr,
        right: &'q Expr,
        by: &Comparison,
    ) {
        let Some((ops, flipped)) = operators(op) else { return };
        let base = clause.terms[at].clone();
        let (l, r) = (self.sources_of(left), self.sources_of(right));
        let equivalent = ops & (op::EQ | op::IS) != 0 && base.outer.is_none() && self.is_equivalence(op, left, right);
        let mut own = self.comparison(&base, ops, left, Right::One(right), r, by);
        let mut other = self.comparison(&base, flipped, right, Right::One(left), l, by);
        for term in [&mut own, &mut other].into_iter().flatten() {
            term.ops |= if equivalent { op::EQUIVALENT } else { 0 };
        }
        match (own, other) {
            (Some(own), other) => {
                clause.terms[at] = Term { small: is_small(right), ..own };
                // (It stands for the same condition.)
                let parent = Some(at);
                clause.terms.extend(other.map(|t| Term { is_virtual: true, is_slice: false, parent, ..t }));
            }
            (None, Some(other)) => clause.terms[at] = Term { small: is_small(left), ..other },
            // It drives nothing, but an equality makes few rows likely.
            (None, None) => clause.terms[at].ops = 0,
        }
    }

    /// `a = b` between columns: what holds for one holds for the other.
    fn is_equivalence(&self, op: CompareOp, left: &Expr, right: &Expr) -> bool {
        if self.column(left).is_none() || self.column(right).is_none() {
            return false;
        }
        let numeric = |a: Affinity| a.is_numeric();
        let keeps_left = op == CompareOp::Is && self.sources.len() > 1 && self.keeps_right(1);
        !keeps_left
            && (left.affinity == right.affinity || numeric(left.affinity) && numeric(right.affinity))
            && same_collation(left, right)
    }
}

/// The source whose ON a condition belongs to, as a bit.
fn own_bit(term: &Term<'_>) -> u64 {
    term.outer.map_or(0, |i| 1 << i)
}

fn same_collation(a: &Expr, b: &Expr) -> bool {
    let name = |e: &Expr| e.collation.as_ref().map_or("BINARY", |c| c.collation.name()).to_ascii_uppercase();
    name(a) == name(b)
}

/// Whether an IN with a subquery has one column.
fn by_itself(term: &Term<'_>) -> bool {
    matches!(&term.expr.kind, ExprKind::InQuery { operand, .. } if operand.len() == 1)
}

/// The bits of an operator, and of the operator with its sides exchanged.
fn operators(op: CompareOp) -> Option<(u16, u16)> {
    Some(match op {
        CompareOp::Equal => (op::EQ, op::EQ),
        CompareOp::Is => (op::IS, op::IS),
        CompareOp::Less => (op::LT, op::GT),
        CompareOp::LessEqual => (op::LE, op::GE),
        CompareOp::Greater => (op::GT, op::LT),
        CompareOp::GreaterEqual => (op::GE, op::LE),
        CompareOp::NotEqual | CompareOp::IsNot => return None,
    })
}

fn is_small(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Literal(Value::Integer(-1..=1)))
}
