//! Puts expressions in the place of a source's columns, through subqueries too.

use std::cell::Cell;

use heliosdb_udfs::value::Affinity;

use crate::plan::bound::{
    self, Body, ColumnRef, Expr, ExprKind, Free, OrderBy, OrderKey, Query, Select, SourceId, SourceKind,
};
use crate::plan::{applied, comparison, walk};

/// What stands for the columns of `source`.
pub struct Replacement<'r> {
    pub source: SourceId,
    pub by: By<'r>,
}

#[derive(Clone, Copy)]
pub enum By<'r> {
    /// One expression for each column.
    Outputs(&'r [Expr]),
    /// The same columns of another source.
    Source(SourceId),
}

impl Replacement<'_> {
    pub fn expr(&self, e: &mut Expr) {
        if let ExprKind::Column(c) = &e.kind
            && c.source == self.source
        {
            let column = c.column;
            match self.by {
                By::Source(source) => e.kind = ExprKind::Column(ColumnRef { source, column }),
                By::Outputs(outputs) => {
                    let Some(new) = outputs.get(usize::from(column)) else { return };
                    let hinted = e.affinity == Affinity::None;
                    *e = new.clone();
                    if hinted {
                        e.affinity = Affinity::None;
                    }
                }
            }
            return;
        }
        if let (ExprKind::Generated { column, .. }, By::Source(source)) = (&mut e.kind, self.by)
            && column.source == self.source
        {
            column.source = source;
        }
        children(e, &mut |child| self.expr(child));
        if let Some(query) = query_of(e) {
            self.query(query);
        }
    }

    pub fn query(&self, query: &mut Query) {
        let mut free = Vec::new();
        let mut changed = false;
        for f in &query.free {
            match f {
                Free::Column(c) if c.source == self.source => {
                    changed = true;
                    match self.by {
                        By::Source(source) => free.push(Free::Column(ColumnRef { source, column: c.column })),
                        By::Outputs(outputs) => {
                            if let Some(new) = outputs.get(usize::from(c.column)) {
                                walk::references(new, &mut |f| free.push(f));
                            }
                        }
                    }
                }
                f => free.push(*f),
            }
        }
        if !changed {
            return;
        }
        query.free.clear();
        for f in free {
            if !query.free.contains(&f) {
                query.free.push(f);
            }
        }
        self.body(&mut query.body);
        query.limit.iter_mut().chain(&mut query.offset).for_each(|e| self.expr(e));
        self.order(&mut query.order_by);
    }

    fn body(&self, body: &mut Body) {
        match body {
            Body::Select(select) => self.select(select),
            Body::Values(rows) => rows.iter_mut().flatten().for_each(|e| self.expr(e)),
            Body::Compound(compound) => {
                self.body(&mut compound.first);
                compound.arms.iter_mut().for_each(|(_, b)| self.body(b));
            }
        }
    }

    pub fn order(&self, order_by: &mut [OrderBy]) {
        for term in order_by {
            if let OrderKey::Expr(e) = &mut term.key {
                self.expr(e);
            }
        }
    }

    pub fn select(&self, select: &mut Select) {
        for source in &mut select.sources {
            if let SourceKind::Query { query, .. } = &mut source.kind {
                self.query(query);
            }
        }
        expressions(select, &mut |e| self.expr(e));
    }
}

/// Sources of copies are numbered from here on; no statement has so many of its own.
const FRESH: u32 = 1 << 24;

/// Gives the comparisons of an expression the affinities that its operands have now.
pub fn compare_anew(e: &mut Expr) {
    children(e, &mut compare_anew);
    match &mut e.kind {
        ExprKind::Compare { left, right, by, .. } => by.affinity = comparison(left, right).affinity,
        ExprKind::CompareRows { left, right, by, .. } => {
            for ((left, right), by) in left.iter().zip(right.iter()).zip(by) {
                by.affinity = comparison(left, right).affinity;
            }
        }
        ExprKind::Between { operand, low, high, by, .. } => {
            by[0].affinity = comparison(operand, low).affinity;
            by[1].affinity = comparison(operand, high).affinity;
        }
        ExprKind::InList { operand, by, .. } => by.affinity = applied(operand.affinity),
        _ => {}
    }
}

/// Gives every source inside a query a new number, so that two copies of it can stand in one FROM clause.
pub fn renumber(query: &mut Query, fresh: &Cell<u32>) {
    renumber_body(&mut query.body, &mut query.order_by, fresh);
}

fn renumber_body(body: &mut Body, order_by: &mut [OrderBy], fresh: &Cell<u32>) {
    match body {
        Body::Select(select) => {
            for position in 0..select.sources.len() {
                let new = SourceId(FRESH + fresh.get());
                fresh.set(fresh.get() + 1);
                let renaming = Replacement { source: select.sources[position].id, by: By::Source(new) };
                renaming.select(select);
                renaming.order(order_by);
                let source = &mut select.sources[position];
                source.id = new;
                if let SourceKind::Query { query, .. } = &mut source.kind {
                    renumber(query, fresh);
                }
            }
            expressions(select, &mut |e| renumber_expr(e, fresh));
        }
        Body::Values(rows) => rows.iter_mut().flatten().for_each(|e| renumber_expr(e, fresh)),
        Body::Compound(compound) => {
            renumber_body(&mut compound.first, &mut [], fresh);
            compound.arms.iter_mut().for_each(|(_, b)| renumber_body(b, &mut [], fresh));
        }
    }
    for term in order_by {
        if let OrderKey::Expr(e) = &mut term.key {
            renumber_expr(e, fresh);
        }
    }
}

pub fn renumber_expr(e: &mut Expr, fresh: &Cell<u32>) {
    children(e, &mut |child| renumber_expr(child, fresh));
    if let Some(query) = query_of(e) {
        renumber(query, fresh);
    }
}

/// Calls `f` for each expression of a SELECT; those of subqueries are not entered.
fn expressions(select: &mut Select, f: &mut dyn FnMut(&mut Expr)) {
    for source in &mut select.sources {
        source.on.iter_mut().for_each(&mut *f);
        if let SourceKind::Function { args, .. } = &mut source.kind {
            args.iter_mut().for_each(&mut *f);
        }
    }
    select.filter.iter_mut().chain(&mut select.having).chain(&mut select.output).for_each(&mut *f);
    select.group_by.iter_mut().flatten().for_each(|k| f(&mut k.expr));
    for a in &mut select.aggregates {
        a.args.iter_mut().chain(&mut a.filter).for_each(&mut *f);
        a.order_by.iter_mut().for_each(|k| f(&mut k.expr));
    }
    for w in &mut select.windows {
        w.args.iter_mut().chain(&mut w.filter).for_each(&mut *f);
        w.partition_by.iter_mut().for_each(|k| f(&mut k.expr));
        w.order_by.iter_mut().for_each(|k| f(&mut k.expr));
        for edge in [&mut w.start, &mut w.end] {
            if let bound::FrameBound::Preceding(e) | bound::FrameBound::Following(e) = edge {
                f(e);
            }
        }
    }
}

fn query_of(e: &mut Expr) -> Option<&mut Query> {
    match &mut e.kind {
        ExprKind::CompareRowQuery { right: query, .. }
        | ExprKind::InQuery { query, .. }
        | ExprKind::Exists { query, .. }
        | ExprKind::Scalar(query) => Some(query),
        ExprKind::RowScalar { query, .. } => Some(std::sync::Arc::make_mut(query)),
        _ => None,
    }
}

/// Calls `f` for each operand; subqueries are not entered.
pub fn children(e: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
    match &mut e.kind {
        ExprKind::Generated { operand, .. }
        | ExprKind::Stored { operand, .. }
        | ExprKind::Unary(_, operand)
        | ExprKind::IsNull { operand, .. }
        | ExprKind::IsTruth { operand, .. }
        | ExprKind::Cast { operand, .. } => f(operand),
        ExprKind::Arithmetic(_, l, r) | ExprKind::Compare { left: l, right: r, .. } => {
            f(l);
            f(r);
        }
        ExprKind::And(es) | ExprKind::Or(es) | ExprKind::Coalesce(es) => es.iter_mut().for_each(f),
        ExprKind::CompareRows { left, right, .. } => left.iter_mut().chain(right).for_each(f),
        ExprKind::CompareRowQuery { left, .. } => left.iter_mut().for_each(f),
        ExprKind::Between { operand, low, high, .. } => {
            f(operand);
            f(low);
            f(high);
        }
        ExprKind::InList { operand, items, .. } => {
            f(operand);
            items.iter_mut().for_each(f);
        }
        ExprKind::InQuery { operand, .. } => operand.iter_mut().for_each(f),
        ExprKind::Case { operand, whens, otherwise } => {
            operand.iter_mut().for_each(|e| f(e));
            for w in whens {
                f(&mut w.when);
                f(&mut w.then);
            }
            otherwise.iter_mut().for_each(|e| f(e));
        }
        ExprKind::Call(call) => call.args.iter_mut().for_each(f),
        ExprKind::Raise { message, .. } => message.iter_mut().for_each(|e| f(e)),
        ExprKind::Literal(_)
        | ExprKind::Parameter(_)
        | ExprKind::Column(_)
        | ExprKind::Exists { .. }
        | ExprKind::Scalar(_)
        | ExprKind::RowScalar { .. }
        | ExprKind::Aggregate(_)
        | ExprKind::Window(_) => {}
    }
}
