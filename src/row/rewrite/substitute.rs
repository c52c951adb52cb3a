//! Puts expressions in the place of a source's columns, through subqueries too.

use heliosdb_udfs::value::Affinity;

use crate::plan::bound::{
    self, Body, ColumnRef, Expr, ExprKind, Free, OrderBy, OrderKey, Query, Select, SortKey, SourceId, SourceKind,
};
use crate::plan::walk;

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

    fn sort(&self, keys: &mut [SortKey]) {
        keys.iter_mut().for_each(|k| self.expr(&mut k.expr));
    }

    pub fn select(&self, select: &mut Select) {
        for source in &mut select.sources {
            source.on.iter_mut().for_each(|e| self.expr(e));
            match &mut source.kind {
                SourceKind::Query { query, .. } => self.query(query),
                SourceKind::Function { args, .. } => args.iter_mut().for_each(|e| self.expr(e)),
                _ => {}
            }
        }
        select.filter.iter_mut().chain(&mut select.having).chain(&mut select.output).for_each(|e| self.expr(e));
        select.group_by.iter_mut().flatten().for_each(|k| self.expr(&mut k.expr));
        for a in &mut select.aggregates {
            a.args.iter_mut().chain(&mut a.filter).for_each(|e| self.expr(e));
            self.sort(&mut a.order_by);
        }
        for w in &mut select.windows {
            w.args.iter_mut().chain(&mut w.filter).for_each(|e| self.expr(e));
            w.partition_by.iter_mut().for_each(|k| self.expr(&mut k.expr));
            self.sort(&mut w.order_by);
            for edge in [&mut w.start, &mut w.end] {
                if let bound::FrameBound::Preceding(e) | bound::FrameBound::Following(e) = edge {
                    self.expr(e);
                }
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
fn children(e: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
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
