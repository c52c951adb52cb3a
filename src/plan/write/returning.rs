//! RETURNING (https://sqlite.org/lang_returning.html).

use heliosdb_dialect::ast;

use super::super::binder::Binder;
use super::super::bound::Returning;
use super::super::scope::{Columns, Output, Scope, ScopeSource};
use super::super::select::{Naming, output_columns};
use super::target::Written;
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    /// The row as written (for DELETE, as it was); only the table's own name qualifies its columns.
    pub(super) fn returning(
        &mut self,
        written: Written<'a>,
        columns: Columns<'a>,
        terms: &'a [ast::ResultColumn],
    ) -> Result<Option<Returning>> {
        if terms.is_empty() {
            return Ok(None);
        }
        if self.trigger.is_some() {
            return Err(Error::sql("cannot use RETURNING in a trigger"));
        }
        let row = self.new_source();
        let name = self.written_name(written);
        let mut scope = Scope::new();
        let mut source = ScopeSource::new(row, name.into(), columns);
        if let Written::Table(database, _) = written {
            source.database = Some(database);
        }
        scope.sources.push(source);
        self.scopes.push(scope);
        for term in terms {
            match term {
                ast::ResultColumn::Expr { expr, alias, span } => {
                    let bound = self.expr(expr)?;
                    let text = self.text(*span);
                    self.scope().outputs.push(Output {
                        expr: bound,
                        alias: alias.as_ref().map(|a| a.text.clone()),
                        written: Some(expr),
                        text,
                        has_aggregate: false,
                        has_window: false,
                    });
                }
                ast::ResultColumn::Star => self.star(None)?,
                ast::ResultColumn::TableStar(_) => {
                    return Err(Error::sql("RETURNING may not use \"TABLE.*\" wildcards"));
                }
            }
        }
        let mut scope = self.scopes.pop().expect("pushed above");
        let columns = output_columns(self, &mut scope, Naming::Result);
        let output = scope.outputs.into_iter().map(|o| o.expr).collect();
        Ok(Some(Returning { row, columns, output }))
    }
}
