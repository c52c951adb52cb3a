//! DELETE.
//!
//! Source: https://sqlite.org/lang_delete.html

use heliosdb_dialect::ast;

use super::super::authorize;
use super::super::binder::{Binder, Frame};
use super::super::bound::{Delete, TriggerEvent};
use super::super::scope::{Columns, Scope};
use super::super::select::references;
use super::target::Written;
use super::update::{Rows, row_select};
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    pub(super) fn delete(&mut self, delete: &'a ast::Delete) -> Result<Box<Delete>> {
        self.frames.push(Frame { base: self.scopes.len(), free: Vec::new() });
        if let Some(with) = &delete.with {
            let count = |name: &str| {
                let filter = delete.filter.as_ref().map_or(0, |f| references::in_expr(f, name));
                references::in_with(with, name) + filter
            };
            self.open_with_uses(with, &count);
        }
        let event = TriggerEvent::Delete;
        let rows = self.target_rows(&delete.table, delete.alias.as_ref(), &delete.index, event, &[])?;
        let Rows { database, table, written, view, source } = rows;
        self.ask(authorize::DELETE, Some(self.written_name(written)), None, Some(database))?;
        let old = source.id;
        let (limit, offset) = self.limits(delete.limit.as_ref(), delete.offset.as_ref())?;
        let mut scope = Scope::new();
        scope.sources.push(source);
        self.scopes.push(scope);
        let filter = delete.filter.as_ref().map(|f| self.expr(f)).transpose()?;
        if !delete.order_by.is_empty() && delete.limit.is_none() {
            return Err(Error::sql("ORDER BY without LIMIT on DELETE"));
        }
        let order_by = self.sort_keys(&delete.order_by)?;
        let scope = self.scopes.pop().expect("pushed above");
        let select = row_select(scope, filter);
        let events = vec![(TriggerEvent::Delete, Vec::new())];
        let target = self.target(database, &table, &events, self.outer)?;
        match self.drops {
            true => super::foreign_key::check_actions(self.space, &target, &events)?,
            false => super::foreign_key::check_keys(self.space, &target, &events, true)?,
        }
        let columns = match written {
            Written::Table(_, table) => Columns::Table(table),
            Written::View(..) => Columns::View(table),
        };
        let returning = self.returning(written, columns, &delete.returning)?;
        if delete.with.is_some() {
            self.withs.pop();
        }
        let free = self.close_query();
        Ok(Box::new(Delete { target, select, old, order_by, limit, offset, returning, view, free }))
    }
}
