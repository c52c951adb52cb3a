//! Finds names of other databases in the text of a view or trigger: only those in temp may use them.

use std::sync::Arc;

use heliosdb_dialect::ast::{
    CommonTable, CreateTrigger, Expr, ExprKind, From, InSet, InsertRows, Query, ResultColumn, Select, SelectCore,
    Source, SourceKind, Statement, UpsertAction,
};

use crate::catalog::self_reference::for_each_child;

/// The name of a database other than `own` that the query refers to.
pub fn in_query(query: &Query, own: &str) -> Option<Arc<str>> {
    let mut search = Search { own, found: None };
    search.query(query);
    search.found
}

/// The same for a trigger's WHEN and statements.
pub fn in_trigger(trigger: &CreateTrigger, own: &str) -> Option<Arc<str>> {
    let mut search = Search { own, found: None };
    for statement in &trigger.body {
        search.statement(statement);
    }
    if let Some(when) = &trigger.when {
        search.expr(when);
    }
    search.found
}

struct Search<'s> {
    own: &'s str,
    found: Option<Arc<str>>,
}

impl Search<'_> {
    fn schema(&mut self, schema: Option<&heliosdb_dialect::ast::Name>) {
        if let Some(name) = schema
            && self.found.is_none()
            && !name.is(self.own)
        {
            self.found = Some(name.text.clone());
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Select(query) => self.query(query),
            Statement::Insert(insert) => {
                if let InsertRows::Query(query) = &insert.rows {
                    self.query(query);
                }
                for upsert in &insert.upserts {
                    if let UpsertAction::Update { set, filter } = &upsert.action {
                        set.iter().for_each(|a| self.expr(&a.value));
                        filter.iter().for_each(|e| self.expr(e));
                    }
                }
            }
            Statement::Update(update) => {
                update.set.iter().for_each(|a| self.expr(&a.value));
                update.from.iter().for_each(|f| self.from(f));
                update.filter.iter().for_each(|e| self.expr(e));
            }
            Statement::Delete(delete) => delete.filter.iter().for_each(|e| self.expr(e)),
            _ => {}
        }
    }

    fn query(&mut self, query: &Query) {
        if let Some(with) = &query.with {
            with.tables.iter().for_each(|t: &CommonTable| self.query(&t.query));
        }
        self.core(&query.body.first);
        query.body.arms.iter().for_each(|(_, core)| self.core(core));
        query.order_by.iter().for_each(|t| self.expr(&t.expr));
        query.limit.iter().chain(&query.offset).for_each(|e| self.expr(e));
    }

    fn core(&mut self, core: &SelectCore) {
        match core {
            SelectCore::Select(select) => self.select(select),
            SelectCore::Values(rows) => rows.iter().flatten().for_each(|e| self.expr(e)),
        }
    }

    fn select(&mut self, select: &Select) {
        for column in &select.columns {
            if let ResultColumn::Expr { expr, .. } = column {
                self.expr(expr);
            }
        }
        select.from.iter().for_each(|f| self.from(f));
        select.filter.iter().chain(&select.having).for_each(|e| self.expr(e));
        select.group_by.iter().for_each(|e| self.expr(e));
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
            SourceKind::Table { name, .. } => self.schema(name.schema.as_ref()),
            SourceKind::Function { name, args } => {
                self.schema(name.schema.as_ref());
                args.iter().for_each(|e| self.expr(e));
            }
            SourceKind::Query(query) => self.query(query),
            SourceKind::Join(from) => self.from(from),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Exists(query) | ExprKind::Subquery(query) => self.query(query),
            ExprKind::In { set: InSet::Query(query), .. } => self.query(query),
            ExprKind::In { set: InSet::Table { name, .. }, .. } => self.schema(name.schema.as_ref()),
            _ => {}
        }
        let mut children = Vec::new();
        for_each_child(expr, &mut |child| children.push(child));
        children.into_iter().for_each(|child| self.expr(child));
    }
}
