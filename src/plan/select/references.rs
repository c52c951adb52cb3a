//! Counts how often a common table is named in FROM clauses: one that is used once is bound in place.

use heliosdb_dialect::ast::{
    Call, Expr, ExprKind, From, InSet, InsertRows, Name, Over, QualifiedName, Query, ResultColumn, SelectCore, Source,
    SourceKind, Window, With,
};

/// References to `name` in a query, its own WITH included. Shadowing is not looked at: a count that is too high
/// only costs keeping the rows.
pub fn in_query(query: &Query, name: &str) -> usize {
    let mut counter = Counter { name, count: 0 };
    counter.query(query);
    counter.count
}

pub fn in_with(with: &With, name: &str) -> usize {
    let mut counter = Counter { name, count: 0 };
    counter.with(with);
    counter.count
}

pub fn in_from(from: &From, name: &str) -> usize {
    let mut counter = Counter { name, count: 0 };
    counter.from(from);
    counter.count
}

pub fn in_rows(rows: &InsertRows, name: &str) -> usize {
    match rows {
        InsertRows::Query(query) => in_query(query, name),
        InsertRows::DefaultValues => 0,
    }
}

pub fn in_expr(e: &Expr, name: &str) -> usize {
    let mut counter = Counter { name, count: 0 };
    counter.expr(e);
    counter.count
}

struct Counter<'n> {
    name: &'n str,
    count: usize,
}

impl Counter<'_> {
    fn named(&mut self, name: &QualifiedName) {
        if name.schema.is_none() && name.name.is(self.name) {
            self.count += 1;
        }
    }

    fn with(&mut self, with: &With) {
        for table in &with.tables {
            self.query(&table.query);
        }
    }

    fn query(&mut self, query: &Query) {
        if let Some(with) = &query.with {
            self.with(with);
        }
        self.core(&query.body.first);
        for (_, core) in &query.body.arms {
            self.core(core);
        }
        for term in &query.order_by {
            self.expr(&term.expr);
        }
        query.limit.iter().chain(&query.offset).for_each(|e| self.expr(e));
    }

    fn core(&mut self, core: &SelectCore) {
        match core {
            SelectCore::Values(rows) => rows.iter().flatten().for_each(|e| self.expr(e)),
            SelectCore::Select(select) => {
                for column in &select.columns {
                    if let ResultColumn::Expr { expr, .. } = column {
                        self.expr(expr);
                    }
                }
                if let Some(from) = &select.from {
                    self.from(from);
                }
                select.filter.iter().chain(&select.group_by).chain(&select.having).for_each(|e| self.expr(e));
                for (_, window) in &select.windows {
                    self.window(window);
                }
            }
        }
    }

    fn from(&mut self, from: &From) {
        self.source(&from.first);
        for join in &from.joins {
            self.source(&join.source);
            join.on.iter().for_each(|e| self.expr(e));
        }
    }

    fn source(&mut self, source: &Source) {
        match &source.kind {
            SourceKind::Table { name, .. } => self.named(name),
            SourceKind::Function { name, args } => {
                self.named(name);
                args.iter().for_each(|e| self.expr(e));
            }
            SourceKind::Query(query) => self.query(query),
            SourceKind::Join(from) => self.from(from),
        }
    }

    fn window(&mut self, window: &Window) {
        window.partition_by.iter().for_each(|e| self.expr(e));
        window.order_by.iter().for_each(|t| self.expr(&t.expr));
    }

    fn call(&mut self, call: &Call) {
        call.args.iter().for_each(|e| self.expr(e));
        call.order_by.iter().for_each(|t| self.expr(&t.expr));
        call.within_group.iter().chain(&call.filter).for_each(|e| self.expr(e));
        if let Some(Over::Window(window)) = &call.over {
            self.window(window);
        }
    }

    fn expr(&mut self, e: &Expr) {
        // Down the left spine of operator chains in a loop.
        let mut e = e;
        loop {
            match &e.kind {
                ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Column { .. } | ExprKind::Parameter(_) => return,
                ExprKind::Binary(_, left, right) => {
                    self.expr(right);
                    e = left;
                }
                ExprKind::Unary(_, operand)
                | ExprKind::IsNull { operand, .. }
                | ExprKind::Collate(operand, _)
                | ExprKind::Cast { operand, .. } => e = operand,
                ExprKind::Like { operand, pattern, escape, .. } => {
                    self.expr(pattern);
                    escape.iter().for_each(|e| self.expr(e));
                    e = operand;
                }
                ExprKind::Between { operand, low, high, .. } => {
                    self.expr(low);
                    self.expr(high);
                    e = operand;
                }
                ExprKind::In { operand, set, .. } => {
                    match set {
                        InSet::List(items) => items.iter().for_each(|e| self.expr(e)),
                        InSet::Query(query) => self.query(query),
                        InSet::Table { name, args } => {
                            self.named(name);
                            args.iter().flatten().for_each(|e| self.expr(e));
                        }
                    }
                    e = operand;
                }
                ExprKind::Exists(query) | ExprKind::Subquery(query) => return self.query(query),
                ExprKind::Case { operand, whens, otherwise } => {
                    operand.iter().chain(otherwise).for_each(|e| self.expr(e));
                    for (when, then) in whens {
                        self.expr(when);
                        self.expr(then);
                    }
                    return;
                }
                ExprKind::Call(call) => return self.call(call),
                ExprKind::Raise { message, .. } => {
                    message.iter().for_each(|e| self.expr(e));
                    return;
                }
                ExprKind::Row(members) => return members.iter().for_each(|e| self.expr(e)),
            }
        }
    }
}

/// Whether a source is `name` itself, as the recursive part of a common table uses it.
pub fn names_directly<'f>(source: &'f Source, name: &str) -> Option<&'f Name> {
    match &source.kind {
        SourceKind::Table { name: n, .. } if n.schema.is_none() && n.name.is(name) => Some(&n.name),
        _ => None,
    }
}
