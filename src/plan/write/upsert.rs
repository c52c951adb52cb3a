//! ON CONFLICT … DO.
//!
//! Source: https://sqlite.org/lang_upsert.html

use std::sync::Arc;

use heliosdb_dialect::ast;

use super::super::binder::{Binder, ordinal};
use super::super::bound::{Expr, ExprKind, ROWID, SourceId, Upsert, UpsertAction};
use super::super::expr::same::{Renaming, same_but_collation, same_collation};
use super::super::scope::{QualifiedRow, Scope, ScopeSource};
use super::target::Written;
use crate::catalog::{IndexTerm, Table};
use crate::error::{Error, Result};

/// Whether a new row can meet a constraint that the last of these conflict targets is for. `given`: the rowid is chosen.
fn can_meet(targets: &[Option<Option<usize>>], table: &Table, given: bool) -> bool {
    let Some((last, earlier)) = targets.split_last() else { return false };
    match last {
        Some(None) => given && !earlier.contains(last),
        Some(Some(_)) => !earlier.contains(last),
        None => {
            let free = |constraint: Option<usize>| !earlier.contains(&Some(constraint));
            given && table.has_rowid() && free(None)
                || table.indexes.iter().enumerate().any(|(i, index)| index.unique && free(Some(i)))
        }
    }
}

impl<'a> Binder<'a> {
    /// Binds the ON CONFLICT clauses. `given`: the rowid is chosen.
    pub(super) fn upserts(
        &mut self,
        insert: &'a ast::Insert,
        written: Written<'a>,
        table: &Arc<Table>,
        given: bool,
    ) -> Result<Vec<Upsert>> {
        let mut bound = Vec::with_capacity(insert.upserts.len());
        if insert.upserts.is_empty() {
            return Ok(bound);
        }
        let Written::Table(database, stored) = written else { return Err(Error::sql("cannot UPSERT a view")) };
        if table.is_virtual() {
            return Err(Error::sql(format!("UPSERT not implemented for virtual table \"{}\"", table.name)));
        }
        let existing = self.new_source();
        let name: Arc<str> = insert.alias.as_ref().map_or_else(|| table.name.clone(), |a| a.text.clone());
        // A conflict target is compared with index terms, which see generated columns as columns.
        let scope = |row: Option<QualifiedRow>| {
            let mut scope = Scope::new();
            let mut source = ScopeSource::of_table(existing, name.clone(), stored);
            source.aliased = insert.alias.is_some();
            source.database = Some(database);
            source.whole = row.is_none();
            scope.sources.push(source);
            scope.rows.extend(row);
            scope
        };
        let mut targets = Vec::with_capacity(insert.upserts.len());
        for (i, upsert) in insert.upserts.iter().enumerate() {
            if upsert.target.is_empty() {
                targets.push(None);
                continue;
            }
            self.scopes.push(scope(None));
            let found = self.upsert_target(upsert, existing, database, stored);
            self.scopes.pop();
            match found? {
                Some(found) => targets.push(Some(found)),
                None => {
                    let which = if insert.upserts.len() == 1 { String::new() } else { format!("{} ", ordinal(i + 1)) };
                    return Err(Error::sql(format!(
                        "{which}ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint"
                    )));
                }
            }
        }
        for (i, (upsert, target)) in insert.upserts.iter().zip(&targets).enumerate() {
            let target = *target;
            let action = match &upsert.action {
                ast::UpsertAction::Nothing => UpsertAction::Nothing,
                // SQLite does not look at what cannot happen.
                _ if !can_meet(&targets[..=i], table, given) => UpsertAction::Nothing,
                ast::UpsertAction::Update { set, filter } => {
                    let excluded = self.new_source();
                    let row = QualifiedRow { name: "excluded", id: excluded, table: table.clone() };
                    self.scopes.push(scope(Some(row)));
                    let set = self.assignments(set, table, database)?;
                    let filter = filter.as_ref().map(|f| self.expr(f)).transpose()?;
                    self.scopes.pop();
                    UpsertAction::Update { existing, excluded, set, filter }
                }
            };
            bound.push(Upsert { target, action });
        }
        Ok(bound)
    }

    /// The uniqueness constraint that a conflict target names: the rowid or the position of an index.
    fn upsert_target(
        &mut self,
        upsert: &'a ast::Upsert,
        row: SourceId,
        database: super::super::bound::DatabaseIndex,
        table: &'a Arc<Table>,
    ) -> Result<Option<Option<usize>>> {
        let mut terms: Vec<Expr> = Vec::with_capacity(upsert.target.len());
        for term in &upsert.target {
            terms.push(self.expr(&term.expr)?);
        }
        let filter = upsert.target_filter.as_ref().map(|f| self.expr(f)).transpose()?;
        if let ([only], true) = (terms.as_slice(), table.has_rowid())
            && let ExprKind::Column(c) = &only.kind
        {
            let explicit = only.collation.as_ref().is_some_and(|c| c.explicit);
            if !explicit && (c.column == ROWID || Some(c.column) == table.rowid_alias()) {
                return Ok(Some(None));
            }
        }
        for (position, index) in table.indexes.iter().enumerate().rev() {
            // SQLite takes the column for the rowid, which no index has.
            let has_alias =
                index.columns.iter().any(|c| matches!(c.term, IndexTerm::Column(c) if Some(c) == table.rowid_alias()));
            if !index.unique || has_alias && table.has_rowid() || index.columns.len() != terms.len() {
                continue;
            }
            let (columns, collations, wanted) = self.index_terms(database, table, row, index)?;
            let renaming = Some(Renaming(row, row));
            if let Some(wanted) = &wanted
                && !filter.as_ref().is_some_and(|f| same_but_collation(f, wanted, renaming))
            {
                continue;
            }
            let matched = columns.iter().zip(&collations).all(|(column, collation)| {
                terms.iter().any(|t| {
                    let agrees = match &t.collation {
                        Some(c) if c.explicit => same_collation(&c.collation, collation),
                        _ => true,
                    };
                    agrees && same_but_collation(t, column, renaming)
                })
            });
            if matched {
                return Ok(Some(Some(position)));
            }
        }
        Ok(None)
    }
}
