//! The AND-terms of a SELECT: what each needs, and how it may drive the access to a source.
//!
//! One condition can make several terms: `BETWEEN` is two ranges, `a = b` drives either side, `LIKE 'x%'` is a range.
//! Terms made so are virtual: they help to seek, the condition they come from (`parent`) decides.
//! Follows https://sqlite.org/optoverview.html.

use heliosdb_udfs::value::{Affinity, Encoding, Value};
use smallvec::SmallVec;

use super::estimate::{self, Estimate};
use crate::plan::bound::{
    ColumnRef, Comparison, Expr, ExprKind, Free, Function, JoinKind, Query, ROWID, Source, SourceId, SourceKind,
};
use crate::plan::walk;

/// Operators, as bits.
pub mod op {
    pub const EQ: u16 = 1;
    pub const IN: u16 = 2;
    pub const GT: u16 = 4;
    pub const GE: u16 = 8;
    pub const LT: u16 = 16;
    pub const LE: u16 = 32;
    pub const IS: u16 = 64;
    pub const NULL: u16 = 128;
    pub const OR: u16 = 256;
    /// An equality between columns that makes them interchangeable.
    pub const EQUIVALENT: u16 = 512;
    pub const LOW: u16 = GT | GE;
    pub const HIGH: u16 = LT | LE;
    pub const RANGE: u16 = LOW | HIGH;
    pub const SEEK: u16 = EQ | IN | RANGE | IS | NULL;
}

/// What stands on the left of a term.
#[derive(Clone, Copy)]
pub enum Left<'q> {
    Column(ColumnRef),
    /// For an index on the same expression.
    Expr(&'q Expr),
}

/// What stands on the right.
#[derive(Clone)]
pub enum Right<'q> {
    One(&'q Expr),
    List(Vec<&'q Expr>),
    /// A column of a subquery's rows.
    Query(&'q Query, usize),
    Null,
    /// An end of the range that a LIKE or GLOB pattern spans.
    Value(Value),
    /// The ends of a range over several columns.
    Row(&'q [Expr]),
}

#[derive(Clone)]
pub struct Term<'q> {
    /// The condition; for a virtual term the one it comes from.
    pub expr: &'q Expr,
    /// Sources the condition refers to.
    pub all: u64,
    /// Sources that must be in place to seek.
    pub needs: u64,
    pub ops: u16,
    pub left: Option<Left<'q>>,
    /// All left columns of a comparison of rows by `<` and its like, the first included.
    pub lefts: &'q [Expr],
    pub right: Right<'q>,
    pub by: Comparison,
    /// For each of `lefts`.
    pub more_by: &'q [Comparison],
    pub is_virtual: bool,
    /// One column of a comparison of rows by `=`.
    pub is_slice: bool,
    pub parent: Option<usize>,
    /// The source whose outer join's ON it belongs to.
    pub outer: Option<usize>,
    /// One end of a LIKE range; the other is the next term.
    pub like: bool,
    /// `x > NULL`, from `x IS NOT NULL`.
    pub not_null: bool,
    /// How likely it is true, by `likelihood()` and its like.
    pub truth: Option<Estimate>,
    /// The right side is the integer -1, 0 or 1: less selective than others.
    pub small: bool,
    /// Arms of an OR, each a clause of its own, when every arm can drive the sources in `indexable`.
    pub arms: Vec<Clause<'q>>,
    pub indexable: u64,
}

/// AND-terms; the first `base` are the conditions as written.
#[derive(Clone, Default)]
pub struct Clause<'q> {
    pub terms: Vec<Term<'q>>,
    pub base: usize,
    /// Conditions were left out that are always true.
    pub has_constant: bool,
}

/// What analysis needs to know of the statement.
#[derive(Clone, Copy)]
pub struct Scope<'q> {
    pub sources: &'q [Source],
    pub case_sensitive_like: bool,
    pub encoding: Encoding,
}

pub type Conjuncts<'q> = SmallVec<[&'q Expr; 8]>;

pub fn conjuncts(e: &Expr) -> Conjuncts<'_> {
    fn collect<'q>(e: &'q Expr, all: &mut Conjuncts<'q>) {
        match &e.kind {
            ExprKind::And(terms) => terms.iter().for_each(|t| collect(t, all)),
            _ => all.push(e),
        }
    }
    let mut all = SmallVec::new();
    collect(e, &mut all);
    all
}

/// The condition within `likely()`, `unlikely()` and `likelihood()`, and how likely the outermost says it is.
fn hint_of(mut e: &Expr) -> (&Expr, Option<Estimate>) {
    let mut truth = None;
    while let ExprKind::Call(call) = &e.kind
        && let Function::Builtin(function) = &call.function
    {
        let probability = match (function.name, call.args.get(1).map(|e| &e.kind)) {
            ("likely", _) => 0.9375,
            ("unlikely", _) => 0.0625,
            ("likelihood", Some(ExprKind::Literal(Value::Real(p)))) => *p,
            _ => break,
        };
        truth = truth.or(Some(estimate::of((probability * 134_217_728.0) as u64) - 270));
        e = &call.args[0];
    }
    (e, truth)
}

impl<'q> Scope<'q> {
    pub fn bit(&self, id: SourceId) -> u64 {
        self.sources.iter().position(|s| s.id == id).map_or(0, |i| 1 << i)
    }

    /// Whether a RIGHT or FULL join stands at `from` or behind.
    pub fn keeps_right(&self, from: usize) -> bool {
        self.sources[from..].iter().any(|s| matches!(s.join, JoinKind::Right | JoinKind::Full))
    }

    pub fn position(&self, id: SourceId) -> Option<usize> {
        self.sources.iter().position(|s| s.id == id)
    }

    /// The sources an expression refers to, through its subqueries too.
    pub fn sources_of(&self, e: &Expr) -> u64 {
        let mut bits = 0;
        walk::references(e, &mut |free| {
            if let Free::Column(c) = free {
                bits |= self.bit(c.source);
            }
        });
        bits
    }

    pub fn sources_of_query(&self, query: &Query) -> u64 {
        query.free.iter().fold(0, |bits, f| match f {
            Free::Column(c) => bits | self.bit(c.source),
            _ => bits,
        })
    }

    /// A column of a source that may be seeked by: not behind `+` or `likely()`, which take its affinity away.
    pub fn column(&self, e: &Expr) -> Option<ColumnRef> {
        let (ExprKind::Column(c) | ExprKind::Generated { column: c, .. }) = &e.kind else { return None };
        let source = &self.sources[self.position(c.source)?];
        let plain = e.affinity != Affinity::None || !matches!(source.kind, SourceKind::Table { .. });
        plain.then_some(self.canonical(source, *c))
    }

    /// The rowid has one number, whatever it is called.
    fn canonical(&self, source: &Source, c: ColumnRef) -> ColumnRef {
        match &source.kind {
            SourceKind::Table { table, .. } if table.rowid_alias() == Some(c.column) => {
                ColumnRef { source: c.source, column: ROWID }
            }
            _ => c,
        }
    }

    pub fn left(&self, e: &'q Expr) -> Option<Left<'q>> {
        if let Some(c) = self.column(e) {
            return Some(Left::Column(c));
        }
        let bits = self.sources_of(e);
        let single = bits.count_ones() == 1 && !matches!(e.kind, ExprKind::Column(_));
        let has_expression_index = single && {
            let source = &self.sources[bits.trailing_zeros() as usize];
            matches!(&source.kind, SourceKind::Table { table, .. } if table.indexes.iter()
                .any(|i| i.columns.iter().any(|c| matches!(c.term, crate::catalog::IndexTerm::Expr(_)))))
        };
        has_expression_index.then_some(Left::Expr(e))
    }

    pub fn left_source(&self, left: &Left<'_>) -> u64 {
        match left {
            Left::Column(c) => self.bit(c.source),
            Left::Expr(e) => self.sources_of(e),
        }
    }

    /// Splits WHERE and the ON of inner joins, then analyzes every term.
    pub fn clause(&self, filter: Option<&'q Expr>) -> Clause<'q> {
        let mut exprs: SmallVec<[(&'q Expr, Option<usize>); 8]> =
            filter.iter().flat_map(|f| conjuncts(f)).map(|e| (e, None)).collect();
        for (i, source) in self.sources.iter().enumerate() {
            // With a RIGHT or FULL join behind it, ON decides what that join sees on its left.
            let outer = !matches!(source.join, JoinKind::Inner | JoinKind::Cross) || self.keeps_right(i + 1);
            if let Some(on) = &source.on {
                exprs.extend(conjuncts(on).into_iter().map(|e| (e, outer.then_some(i))));
            }
        }
        // What NOT NULL has decided already is no condition.
        let written = exprs.len();
        exprs.retain(|(e, outer)| outer.is_some() || self.null_test(e) != Some(true));
        let has_constant = exprs.len() < written;
        Clause { has_constant, ..self.analyzed(exprs) }
    }

    /// Whether `x IS NULL` or `x IS NOT NULL` is true, where the column cannot be NULL.
    pub fn null_test(&self, e: &Expr) -> Option<bool> {
        let ExprKind::IsNull { negated, operand } = &e.kind else { return None };
        let ExprKind::Column(c) = operand.kind else { return None };
        let position = self.position(c.source)?;
        let source = &self.sources[position];
        let SourceKind::Table { table, .. } = &source.kind else { return None };
        let rowid = table.has_rowid() && (c.column == ROWID || table.rowid_alias() == Some(c.column));
        let never = rowid || table.columns.get(usize::from(c.column)).is_some_and(|c| c.not_null.is_some());
        let kept = matches!(source.join, JoinKind::Left | JoinKind::Full) || self.keeps_right(position + 1);
        (never && !kept && !table.is_virtual()).then_some(*negated)
    }

    pub fn analyzed(&self, exprs: impl IntoIterator<Item = (&'q Expr, Option<usize>)>) -> Clause<'q> {
        let mut clause = Clause::default();
        clause.terms.extend(exprs.into_iter().map(|(e, outer)| self.plain(e, outer)));
        clause.base = clause.terms.len();
        for i in (0..clause.base).rev() {
            self.analyze(&mut clause, i);
        }
        clause
    }

    fn plain(&self, expr: &'q Expr, outer: Option<usize>) -> Term<'q> {
        let (expr, truth) = hint_of(expr);
        let mut all = self.sources_of(expr);
        if let Some(i) = outer {
            all |= 1 << i;
        }
        Term { truth, ..Term::new(expr, all, outer) }
    }
}

impl<'q> Term<'q> {
    /// A condition before it is known what it drives.
    pub fn new(expr: &'q Expr, all: u64, outer: Option<usize>) -> Term<'q> {
        Term {
            expr,
            all,
            needs: 0,
            ops: 0,
            left: None,
            lefts: &[],
            right: Right::Null,
            by: Comparison::default(),
            more_by: &[],
            is_virtual: false,
            is_slice: false,
            parent: None,
            outer,
            like: false,
            not_null: false,
            truth: None,
            small: false,
            arms: Vec::new(),
            indexable: 0,
        }
    }
}
