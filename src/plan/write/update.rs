//! UPDATE, with FROM.
//!
//! Source: https://sqlite.org/lang_update.html

use std::sync::Arc;

use heliosdb_dialect::ast::{self, ExprKind as Ast};

use super::super::authorize::{self, Permission};
use super::super::binder::{Binder, Frame, is_rowid};
use super::super::bound::{DatabaseIndex, Expr, ROWID, Select, SourceKind, TriggerEvent, Update, ViewTarget};
use super::super::expr::Operand;
use super::super::locate::Found;
use super::super::scope::{Columns, Scope, ScopeSource};
use super::super::select::{bound_sources, placed, references};
use super::insert::can_replace;
use super::target::Written;
use crate::catalog::Table;
use crate::error::{Error, Result};

/// The rows that UPDATE or DELETE visits, before their conditions.
pub(super) struct Rows<'a> {
    pub database: DatabaseIndex,
    pub table: Arc<Table>,
    pub written: Written<'a>,
    pub view: Option<Arc<ViewTarget>>,
    pub source: ScopeSource<'a>,
}

impl<'a> Binder<'a> {
    /// The target of UPDATE or DELETE as the first source; `set` are the columns that an UPDATE sets.
    pub(super) fn target_rows(
        &mut self,
        name: &'a ast::QualifiedName,
        alias: Option<&'a ast::Name>,
        hint: &'a ast::IndexHint,
        event: TriggerEvent,
        set: &[&str],
    ) -> Result<Rows<'a>> {
        let written = self.written(name)?;
        let (database, table, view, mut source) = match written {
            Written::Table(database, table) => {
                self.check_target(written, event, set)?;
                let hint = self.index_hint(table, hint)?;
                let id = self.new_source();
                let mut source = ScopeSource::of_table(id, table.name.clone(), table);
                source.database = Some(database);
                let kind = SourceKind::Table { database, table: table.clone(), hint };
                let mut source = placed(source, kind);
                if let Some(bound) = &mut source.bound {
                    bound.name = self.shown_name(name);
                }
                (database, table.clone(), None, source)
            }
            Written::View(database, view) => {
                if let ast::IndexHint::IndexedBy(index) = hint {
                    return Err(Error::sql(format!("no such index: {}", index.text)));
                }
                let (table, source) = self.view_table(database, view, event, set)?;
                let view = Some(Arc::new(ViewTarget { name: view.name.clone() }));
                (database, table, view, source)
            }
        };
        if let Some(alias) = alias {
            source.name = alias.text.clone();
            source.aliased = true;
            if let Some(bound) = &mut source.bound {
                bound.name = alias.text.clone();
            }
        }
        Ok(Rows { database, table, written, view, source })
    }

    pub(super) fn update(&mut self, update: &'a ast::Update) -> Result<Box<Update>> {
        self.frames.push(Frame { base: self.scopes.len(), free: Vec::new() });
        if let Some(with) = &update.with {
            let count = |name: &str| {
                let from = update.from.as_ref().map_or(0, |f| references::in_from(f, name));
                let values: usize = update.set.iter().map(|a| references::in_expr(&a.value, name)).sum();
                let filter = update.filter.as_ref().map_or(0, |f| references::in_expr(f, name));
                references::in_with(with, name) + from + values + filter
            };
            self.open_with_uses(with, &count);
        }
        let set: Vec<&str> = update.set.iter().flat_map(|a| &a.columns).map(|c| &*c.text).collect();
        let event = TriggerEvent::Update;
        let rows = self.target_rows(&update.table, update.alias.as_ref(), &update.index, event, &set)?;
        let Rows { database, table, written, view, source } = rows;
        let old = source.id;
        let (limit, offset) = self.limits(update.limit.as_ref(), update.offset.as_ref())?;
        let mut scope = Scope::new();
        scope.sources.push(source);
        if let Some(from) = &update.from {
            if from.joins.is_empty() && !matches!(from.first.kind, ast::SourceKind::Join(_)) {
                scope.sources.extend(self.from(from)?);
            } else {
                // Joins behind FROM are a source of their own, which does not see the target.
                scope.sources.push(self.nested(from)?);
            }
        }
        self.scopes.push(scope);
        if update.from.is_some() {
            // SQLite looks at the values when it has seen all columns.
            let mut columns = update.set.iter().flat_map(|a| &a.columns);
            if let Some(c) = columns.find(|c| table.column(&c.text).is_none() && !is_rowid(&c.text)) {
                return Err(Error::sql(format!("no such column: {}", c.text)));
            }
        }
        let set = self.assignments(&update.set, &table, database)?;
        let filter = update.filter.as_ref().map(|f| self.expr(f)).transpose()?;
        self.function_arguments()?;
        if !update.order_by.is_empty() && update.limit.is_none() {
            return Err(Error::sql("ORDER BY without LIMIT on UPDATE"));
        }
        let order_by = self.sort_keys(&update.order_by)?;
        let scope = self.scopes.pop().expect("pushed above");
        let select = row_select(scope, filter);
        let columns: Vec<u16> = set.iter().map(|(c, _)| *c).collect();
        if update.from.as_ref().is_some_and(|from| self.names_target(from, update, &table)) {
            let shown = update.alias.as_ref().map_or(&table.name, |a| &a.text);
            return Err(Error::sql(format!("target object/alias may not appear in FROM clause: {shown}")));
        }
        let is_key = |c: &u16| match table.has_rowid() {
            true => *c == ROWID || table.rowid_alias() == Some(*c),
            false => table.columns.get(usize::from(*c)).is_some_and(|c| c.primary_key_position > 0),
        };
        let moves = columns.iter().any(is_key);
        let or = self.outer.or(update.or);
        let replaces = can_replace(or, &table, (!moves).then_some(&columns), moves, &|_| false);
        let mut events = vec![(TriggerEvent::Update, columns)];
        if replaces && self.space.options.recursive_triggers {
            events.push((TriggerEvent::Delete, Vec::new()));
        }
        let target = self.target(database, &table, &events, or)?;
        if replaces {
            events.push((TriggerEvent::Delete, Vec::new()));
        }
        super::foreign_key::check_keys(self.space, &target, &events, true)?;
        let columns = match written {
            Written::Table(_, table) => Columns::Table(table),
            Written::View(..) => Columns::View(table),
        };
        let returning = self.returning(written, columns, &update.returning)?;
        if update.with.is_some() {
            self.withs.pop();
        }
        let free = self.close_query();
        let or = update.or;
        let update = Update { target, or, select, old, set, order_by, limit, offset, replaces, returning, view, free };
        Ok(Box::new(update))
    }

    /// Whether FROM holds the target once more under the same alias, or like it without one.
    fn names_target(&self, from: &'a ast::From, update: &'a ast::Update, table: &Arc<Table>) -> bool {
        let sources = std::iter::once(&from.first).chain(from.joins.iter().map(|j| &j.source));
        sources.into_iter().any(|s| match &s.kind {
            ast::SourceKind::Table { name, .. } => {
                let same_alias = match (&s.alias, &update.alias) {
                    (None, None) => true,
                    (Some(a), Some(b)) => a.is(&b.text),
                    _ => false,
                };
                same_alias
                    && name.name.is(&table.name)
                    && matches!(self.locate(name), Ok(Found::Table(_, t)) if Arc::ptr_eq(t, table))
            }
            ast::SourceKind::Join(inner) => self.names_target(inner, update, table),
            _ => false,
        })
    }

    /// SET, over the innermost scope.
    pub(super) fn assignments(
        &mut self,
        set: &'a [ast::Assignment],
        table: &Table,
        database: DatabaseIndex,
    ) -> Result<Vec<(u16, Expr)>> {
        let mut bound = Vec::with_capacity(set.len());
        for assignment in set {
            let columns = &assignment.columns;
            if let [column] = columns.as_slice() {
                let value = self.expr(&assignment.value)?;
                self.assign(column, value, table, database, &mut bound)?;
                continue;
            }
            let values = match &assignment.value.kind {
                Ast::Row(_) | Ast::Subquery(_) => {
                    let operand = self.operand(&assignment.value)?;
                    let n = operand.width();
                    if n != columns.len() {
                        return Err(Error::sql(format!("{} columns assigned {n} values", columns.len())));
                    }
                    match operand {
                        Operand::One(e) => vec![e],
                        Operand::Row(members) => members,
                        Operand::Query(query) => self.row_members(*query),
                    }
                }
                _ => return Err(Error::sql(format!("{} columns assigned 1 values", columns.len()))),
            };
            for (column, value) in columns.iter().zip(values) {
                self.assign(column, value, table, database, &mut bound)?;
            }
        }
        Ok(bound)
    }

    fn assign(
        &mut self,
        name: &'a ast::Name,
        value: Expr,
        table: &Table,
        database: DatabaseIndex,
        set: &mut Vec<(u16, Expr)>,
    ) -> Result<()> {
        let view = table.primary_index().is_none() && !table.has_rowid() && !table.is_virtual();
        let column = match table.column(&name.text) {
            Some(column) => {
                let c = &table.columns[column as usize];
                if c.generated.is_some() {
                    return Err(Error::sql(format!("cannot UPDATE generated column \"{}\"", c.name)));
                }
                column
            }
            None if is_rowid(&name.text) && table.has_rowid() => table.rowid_alias().unwrap_or(ROWID),
            // The rowid of a view: accepted, without effect.
            None if is_rowid(&name.text) && view => return Ok(()),
            None => return Err(Error::sql(format!("no such column: {}", name.text))),
        };
        let shown = table.columns.get(column as usize).map_or("ROWID", |c| &c.name);
        let permission = self.ask(authorize::UPDATE, Some(&table.name), Some(shown), Some(database))?;
        if permission == Permission::Granted {
            // Of a column that is set twice the last value counts.
            set.retain(|(c, _)| *c != column);
            set.push((column, value));
        }
        Ok(())
    }
}

/// The SELECT over the rows that UPDATE or DELETE visits.
pub(super) fn row_select(scope: Scope<'_>, filter: Option<Expr>) -> Select {
    Select {
        sources: bound_sources(scope.sources),
        filter,
        group_by: None,
        aggregates: Vec::new(),
        having: None,
        windows: Vec::new(),
        output: Vec::new(),
        distinct: None,
    }
}
