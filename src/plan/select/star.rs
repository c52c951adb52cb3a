//! `*` and `table.*`.
//!
//! Source: https://sqlite.org/lang_select.html#the_result_set_and_group_by

use std::sync::Arc;

use heliosdb_dialect::ast;

use super::super::binder::Binder;
use super::super::bound::{DatabaseIndex, Expr};
use super::super::scope::{Columns, Output};
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    /// Appends the columns that a star stands for to the innermost scope's result.
    pub fn star(&mut self, table: Option<&'a ast::Name>) -> Result<()> {
        let level = self.scopes.len() - 1;
        let count = self.scopes[level].sources.len();
        let right_at = self.scopes[level].sources.iter().rposition(|s| s.right);
        let mut seen = false;
        for i in 0..count {
            let source = &self.scopes[level].sources[i];
            let nested = matches!(source.columns, Columns::Nested(..));
            if !nested && table.is_some_and(|t| !t.is(&source.name)) {
                continue;
            }
            for j in 0..source.len() {
                let source = &self.scopes[level].sources[i];
                let name = source.columns.name(j);
                if let Columns::Nested(_, origins) = &source.columns {
                    let origin = &origins[j];
                    if origin.rowid || table.is_some_and(|t| !t.is(&origin.table)) || origin.hidden && table.is_none() {
                        continue;
                    }
                }
                if source.columns.hidden(j) {
                    continue;
                }
                seen = true;
                if i > 0 && table.is_none() && source.in_using(name) {
                    continue;
                }
                let merged = table.is_none()
                    && right_at.is_some_and(|r| i < r)
                    && self.scopes[level].sources[i + 1..].iter().any(|s| s.in_using(name));
                let name = name.clone();
                let expr = if merged {
                    self.unqualified(&name)?
                } else {
                    self.check_unambiguous(level, i, &name)?;
                    self.column_at(level, i, j)?
                };
                self.push_star(level, i, expr, name);
            }
        }
        match (seen, table) {
            (true, _) => Ok(()),
            (false, Some(table)) => Err(Error::sql(format!("no such table: {}", table.text))),
            (false, None) => Err(Error::sql("no tables specified")),
        }
    }

    fn push_star(&mut self, level: usize, source: usize, expr: Expr, name: Arc<str>) {
        let options = &self.space.options;
        let scope = &mut self.scopes[level];
        let alias = if options.full_column_names && !options.short_column_names {
            format!("{}.{name}", scope.sources[source].name).into()
        } else {
            name
        };
        scope.outputs.push(Output {
            expr,
            alias: Some(alias),
            written: None,
            text: "",
            has_aggregate: false,
            has_window: false,
        });
    }

    /// Two sources under one name make their columns ambiguous even for `*`.
    fn check_unambiguous(&self, level: usize, source: usize, column: &str) -> Result<()> {
        let sources = &self.scopes[level].sources;
        let this = &sources[source];
        if sources.len() < 2 || matches!(this.columns, Columns::Nested(..)) {
            return Ok(());
        }
        let clash = sources.iter().enumerate().any(|(i, s)| {
            i != source
                && s.database == this.database
                && s.name.eq_ignore_ascii_case(&this.name)
                && !matches!(s.columns, Columns::Nested(..))
                && !this.name.is_empty()
                && s.columns.find(column).is_some()
                && !s.in_using(column)
                && !this.in_using(column)
        });
        if !clash {
            return Ok(());
        }
        let database = this.database.unwrap_or(DatabaseIndex(0));
        let database = self.database_name(database);
        Err(Error::sql(format!("ambiguous column name: {database}.{}.{column}", this.name)))
    }
}
