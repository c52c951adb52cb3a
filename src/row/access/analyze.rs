//! What a condition can drive: the terms it makes.

use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::prefix;
use super::terms::{Clause, Right, Scope, Term, op};
use crate::plan::bound::{CompareOp, Comparison, Expr, ExprKind, ROWID};
use crate::plan::walk;

/// The condition that is analyzed.
#[derive(Clone, Copy)]
struct Base<'q> {
    expr: &'q Expr,
    all: u64,
    outer: Option<usize>,
}

impl<'q> Scope<'q> {
    /// Whether a comparison can drive: its left side is a column that the right side does not need.
    fn comparison(
        &self,
        base: Base<'q>,
        ops: u16,
        left: &'q Expr,
        right: Right<'q>,
        needs: u64,
        by: &Comparison,
    ) -> Option<Term<'q>> {
        let found = self.left(left)?;
        let extra = base.outer.map_or(0, |i| (1u64 << i) - 1);
        let own = self.left_source(&found);
        let mut term = Term::new(base.expr, base.all, base.outer);
        term.needs = needs | extra;
        term.left = Some(found);
        term.right = right;
        term.by = by.clone();
        term.ops = if term.needs & own == 0 { ops } else { 0 };
        Some(term)
    }

    pub fn analyze(&self, clause: &mut Clause<'q>, i: usize) {
        let Term { expr, all, outer, .. } = clause.terms[i];
        let base = Base { expr, all, outer };
        let derive = |clause: &mut Clause<'q>, term: Option<Term<'q>>| {
            if let Some(mut term) = term {
                term.is_virtual = true;
                term.parent = Some(i);
                clause.terms.push(term);
            }
        };
        match &base.expr.kind {
            ExprKind::Compare { op, left, right, by } => {
                let Some((ops, flipped)) = operators(*op) else { return };
                let (l, r) = (self.sources_of(left), self.sources_of(right));
                let equivalent = ops == op::EQ && base.outer.is_none() && self.is_equivalence(left, right, by);
                let mut own = self.comparison(base, ops, left, Right::One(right), r, by);
                let mut other = self.comparison(base, flipped, right, Right::One(left), l, by);
                for term in [&mut own, &mut other].into_iter().flatten() {
                    term.ops |= if equivalent { op::EQUIVALENT } else { 0 };
                }
                match (own, other) {
                    (Some(mut own), other) => {
                        own.small = is_small(right);
                        clause.terms[i] = own;
                        derive(clause, other);
                    }
                    (None, Some(mut other)) => {
                        other.small = is_small(left);
                        clause.terms[i] = other;
                    }
                    (None, None) => {
                        // It drives nothing, but an equality makes few rows likely.
                        clause.terms[i].ops = 0;
                    }
                }
            }
            ExprKind::Between { negated: false, operand, low, high, by } => {
                let of = |e: &Expr| self.sources_of(e);
                derive(clause, self.comparison(base, op::GE, operand, Right::One(low), of(low), &by[0]));
                derive(clause, self.comparison(base, op::LE, operand, Right::One(high), of(high), &by[1]));
            }
            ExprKind::InList { negated: false, operand, items, by } => {
                let needs = items.iter().fold(0, |bits, e| bits | self.sources_of(e));
                let term = match &items[..] {
                    [one] if walk::is_constant(one) => {
                        self.comparison(base, op::EQ, operand, Right::One(one), needs, by)
                    }
                    _ => self.comparison(base, op::IN, operand, Right::List(items.iter().collect()), needs, by),
                };
                if let Some(term) = term {
                    clause.terms[i] = term;
                }
            }
            ExprKind::InQuery { negated: false, operand, query, by } => {
                let needs = self.sources_of_query(query);
                for (n, (operand, by)) in operand.iter().zip(by).enumerate() {
                    let term = self.comparison(base, op::IN, operand, Right::Query(query, n), needs, by);
                    match term {
                        Some(term) if by_itself(base.expr) => clause.terms[i] = term,
                        term => derive(clause, term),
                    }
                }
            }
            ExprKind::IsNull { negated: false, operand } => {
                let by = Comparison { affinity: Affinity::None, collation: Collation::Binary };
                if let Some(term) = self.comparison(base, op::NULL, operand, Right::Null, 0, &by) {
                    clause.terms[i] = term;
                }
            }
            ExprKind::IsNull { negated: true, operand } if base.outer.is_none() => {
                let by = Comparison { affinity: Affinity::None, collation: Collation::Binary };
                let column = self.column(operand).filter(|c| c.column != ROWID);
                let term = column.and_then(|_| self.comparison(base, op::GT, operand, Right::Null, 0, &by));
                derive(clause, term.map(|t| Term { not_null: true, ..t }));
            }
            ExprKind::CompareRows { op: CompareOp::Equal | CompareOp::Is, left, right, by } => {
                let ExprKind::CompareRows { op, .. } = &base.expr.kind else { return };
                let ops = operators(*op).map_or(op::EQ, |o| o.0);
                for ((l, r), by) in left.iter().zip(right).zip(by) {
                    derive(clause, self.comparison(base, ops, l, Right::One(r), self.sources_of(r), by));
                    derive(clause, self.comparison(base, ops, r, Right::One(l), self.sources_of(l), by));
                }
            }
            ExprKind::CompareRows { op, left, right, by } => {
                let Some((ops, _)) = operators(*op) else { return };
                let needs = right.iter().fold(0, |bits, e| bits | self.sources_of(e));
                if let Some(term) = self.comparison(base, ops, &left[0], Right::Row(right), needs, &by[0]) {
                    clause.terms[i] = Term { lefts: left, more_by: by, ..term };
                }
            }
            ExprKind::Call(call) => {
                let Some((operand, range)) = prefix::of_call(call, self.case_sensitive_like, self.encoding) else {
                    return;
                };
                let Some(column) = self.column(operand) else { return };
                if !prefix::fits(self, column, operand, &range) {
                    return;
                }
                let by = Comparison { affinity: Affinity::None, collation: range.collation.clone() };
                for (ops, value) in [(op::GE, range.low), (op::LT, range.high)] {
                    let term = self.comparison(base, ops, operand, Right::Value(value), 0, &by);
                    derive(clause, term.map(|t| Term { like: true, ..t }));
                }
            }
            ExprKind::Or(arms) => super::disjunction::analyze(self, clause, i, arms),
            _ => {}
        }
    }

    /// `a = b` between columns: what holds for one holds for the other.
    fn is_equivalence(&self, left: &Expr, right: &Expr, by: &Comparison) -> bool {
        let (Some(l), Some(r)) = (self.column(left), self.column(right)) else { return false };
        let numeric = |a: Affinity| a.is_numeric();
        l.source != r.source
            && (left.affinity == right.affinity || numeric(left.affinity) && numeric(right.affinity))
            && (matches!(by.collation, Collation::Binary) || same_collation(left, right))
    }
}

fn same_collation(a: &Expr, b: &Expr) -> bool {
    let name = |e: &Expr| e.collation.as_ref().map_or("BINARY", |c| c.collation.name()).to_ascii_uppercase();
    name(a) == name(b)
}

/// Whether an IN with a subquery has one column.
fn by_itself(e: &Expr) -> bool {
    matches!(&e.kind, ExprKind::InQuery { operand, .. } if operand.len() == 1)
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
