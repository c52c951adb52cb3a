//! Views: their query is bound as if it stood in parentheses, but sees nothing of the statement around it.
//!
//! Source: https://sqlite.org/lang_createview.html

use std::sync::Arc;

use heliosdb_dialect::ast;

use super::super::binder::Binder;
use super::super::bound::{DatabaseIndex, Query};
use super::super::locate::TEMP;
use super::super::scope::ScopeSource;
use super::Naming;
use crate::catalog::View;
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn view_source(
        &mut self,
        database: DatabaseIndex,
        view: &'a Arc<View>,
        hint: &'a ast::IndexHint,
    ) -> Result<ScopeSource<'a>> {
        let query = self.view_query(database, view, Naming::View)?;
        if let ast::IndexHint::IndexedBy(index) = hint {
            return Err(Error::sql(format!("no such index: {}", index.text)));
        }
        let mut source = self.derived(view.name.clone(), Box::new(query), Some(view.name.clone()))?;
        source.database = Some(database);
        Ok(source)
    }

    /// The query of a view under the view's column names.
    pub fn view_query(&mut self, database: DatabaseIndex, view: &'a Arc<View>, naming: Naming) -> Result<Query> {
        let mut query = self.bare_view_query(database, view, naming)?;
        name_columns(view, &mut query)?;
        Ok(query)
    }

    /// The query of a view under its own column names.
    #[inline(never)]
    pub fn bare_view_query(&mut self, database: DatabaseIndex, view: &'a Arc<View>, naming: Naming) -> Result<Query> {
        let same = |v: &(DatabaseIndex, &str)| v.0 == database && v.1.eq_ignore_ascii_case(&view.name);
        if self.views.iter().any(same) {
            return Err(Error::sql(format!("view {} is circularly defined", view.name)));
        }
        if !self.space.options.views && database != TEMP {
            return Err(Error::sql(format!("access to view \"{}\" prohibited", view.name)));
        }
        self.views.push((database, &view.name));
        let scopes = std::mem::take(&mut self.scopes);
        let frames = std::mem::take(&mut self.frames);
        let withs = std::mem::take(&mut self.withs);
        let trigger = self.trigger.take();
        let source = std::mem::replace(&mut self.source, &view.sql);
        let fixed = std::mem::replace(&mut self.fixed, (database != TEMP).then_some(database));
        let from_schema = std::mem::replace(&mut self.from_schema, database != TEMP);
        let within = self.within.replace(&view.name);
        let bound = self.query(&view.query, naming);
        self.within = within;
        self.from_schema = from_schema;
        self.fixed = fixed;
        self.source = source;
        self.trigger = trigger;
        self.withs = withs;
        self.frames = frames;
        self.scopes = scopes;
        self.views.pop();
        bound.map(|q| *q)
    }
}

/// Gives a view's query the view's own column names.
pub fn name_columns(view: &View, query: &mut Query) -> Result<()> {
    if view.columns.is_empty() {
        return Ok(());
    }
    let (expected, actual) = (view.columns.len(), query.columns.len());
    if expected != actual {
        return Err(Error::sql(format!("expected {expected} columns for '{}' but got {actual}", view.name)));
    }
    for (column, name) in query.columns.iter_mut().zip(&view.columns) {
        column.name = name.text.clone();
    }
    super::column_name::make_unique(&mut query.columns);
    Ok(())
}
