//! The table a statement writes: checks, generated columns, indexes, triggers and foreign keys.

use std::sync::{Arc, OnceLock};

use heliosdb_dialect::ast;
use heliosdb_udfs::value::Affinity;

use super::super::binder::Binder;
use super::super::bound::{
    Conflict, DatabaseIndex, RowRules, SourceId, SourceKind, Target, TargetIndex, TriggerEvent, TriggerTime,
};
use super::super::context::Namespace;
use super::super::locate::Found;
use super::super::scope::{Columns, Place, ScopeSource};
use super::super::select::{Naming, name_columns, placed};
use crate::catalog::sql_text::dequoted;
use crate::catalog::{Column, Table, TableKind, View};
use crate::error::{Error, Result};
use crate::store::ObjectId;

/// Binds what writing a table maintains, without triggers and foreign keys: for DDL that fills or checks a table.
pub fn build_target(space: &Namespace<'_>, database: DatabaseIndex, table: &Arc<Table>) -> Result<Target> {
    let all = (0..table.columns.len() as u16).collect();
    let events = [(TriggerEvent::Insert, Vec::new()), (TriggerEvent::Update, all), (TriggerEvent::Delete, Vec::new())];
    Binder::new(space, "").target(database, table, &events, None)
}

/// What a DML statement's table name stands for.
#[derive(Clone, Copy)]
pub enum Written<'a> {
    Table(DatabaseIndex, &'a Arc<Table>),
    View(DatabaseIndex, &'a Arc<View>),
}

impl<'a> Binder<'a> {
    /// The table or view that a statement writes.
    pub(super) fn written(&mut self, name: &'a ast::QualifiedName) -> Result<Written<'a>> {
        Ok(match self.locate(name)? {
            Found::Table(database, table) => {
                table.check_module()?;
                Written::Table(database, table)
            }
            Found::View(database, view) => Written::View(database, view),
            Found::Function(_) => {
                return Err(Error::sql(format!("table {} may not be modified", name.name.text)));
            }
        })
    }

    /// Refuses system tables, and views without a trigger that does the work: for an UPDATE, one that watches a
    /// column in `set`.
    pub(super) fn check_target(&self, written: Written<'a>, event: TriggerEvent, set: &[&str]) -> Result<()> {
        match written {
            Written::Table(_, table) => self.check_writable(table),
            Written::View(database, view) => {
                let instead = self.triggers_of(database, &view.name).iter().any(|(_, t)| {
                    super::trigger::matches(t, event, TriggerTime::InsteadOf) && super::trigger::watches(t, set)
                });
                if instead {
                    return Ok(());
                }
                Err(Error::sql(format!("cannot modify {} because it is a view", view.name)))
            }
        }
    }

    /// A table value made of a view's columns, and a source that yields its rows. What is wrong with the view's query is told
    /// first, then that nothing does the writing.
    pub(super) fn view_table(
        &mut self,
        database: DatabaseIndex,
        view: &'a Arc<View>,
        event: TriggerEvent,
        set: &[&str],
    ) -> Result<(Arc<Table>, ScopeSource<'a>)> {
        let mut query = self.bare_view_query(database, view, Naming::View)?;
        self.check_target(Written::View(database, view), event, set)?;
        name_columns(view, &mut query)?;
        let table = table_of_view(view, &query.columns);
        let id = self.new_source();
        let source = ScopeSource::new(id, view.name.clone(), Columns::View(table.clone()));
        let kind = SourceKind::Query { query: Box::new(query), view: Some(view.name.clone()) };
        let mut source = placed(source, kind);
        source.database = Some(database);
        Ok((table, source))
    }

    /// `events`: what the statement may do to rows, with the columns it sets; its own comes first. `or`: its conflict clause.
    pub(super) fn target(
        &mut self,
        database: DatabaseIndex,
        table: &Arc<Table>,
        events: &[(TriggerEvent, Vec<u16>)],
        or: Option<Conflict>,
    ) -> Result<Target> {
        let rules = match self.space.rules.and_then(|kept| kept.find(database, table)) {
            Some(rules) => rules,
            None => {
                let rules = Arc::new(self.row_rules(database, table)?);
                if let Some(kept) = self.space.rules.filter(|_| table.id != ObjectId::default()) {
                    kept.keep(database, table, &rules);
                }
                rules
            }
        };
        let (child_keys, parent_keys) = if events.is_empty() { Default::default() } else { rules.keys.clone() };
        let triggers = self.bound_triggers(database, table, events, or);
        Ok(Target { database, table: table.clone(), rules, triggers, child_keys, parent_keys })
    }

    fn row_rules(&mut self, database: DatabaseIndex, table: &Arc<Table>) -> Result<RowRules> {
        let row = SourceId::WRITTEN;
        let (generated, generated_order) = if table.columns.iter().any(|c| c.generated.is_some()) {
            self.generated_columns(database, table, row)?
        } else {
            (vec![None; table.columns.len()], Vec::new())
        };
        let mut checks = Vec::with_capacity(table.checks.len());
        for check in &table.checks {
            let condition = self.row_source_expr(database, table, row, Place::Check, &check.expr)?;
            let message = check.name.clone().unwrap_or_else(|| dequoted(&check.expr.text).into());
            checks.push((message, condition));
        }
        let mut indexes = Vec::with_capacity(table.indexes.len());
        for index in &table.indexes {
            let (terms, collations, filter) = self.index_terms(database, table, row, index)?;
            for collation in &collations {
                self.check_collation(collation)?;
            }
            let conflict = index.conflict.unwrap_or(Conflict::Abort);
            indexes.push(TargetIndex { index: index.clone(), terms, collations, filter, conflict });
        }
        let keys =
            if self.space.options.foreign_keys { self.foreign_keys(database, table) } else { Default::default() };
        Ok(RowRules { row, generated, generated_order, checks, indexes, keys, lowered: OnceLock::new() })
    }

    /// The table's name as messages about columns show it: with the database where the statement names one.
    pub(super) fn statement_name(&self, name: &ast::QualifiedName) -> String {
        match &name.schema {
            Some(schema) => format!("{}.{}", schema.text, name.name.text),
            None => name.name.text.to_string(),
        }
    }

    pub(super) fn written_name(&self, written: Written<'a>) -> &'a str {
        match written {
            Written::Table(_, table) => &table.name,
            Written::View(_, view) => &view.name,
        }
    }
}

/// The columns of a view as a table without rowid or constraints.
pub(super) fn table_of_view(view: &View, columns: &[super::super::bound::OutputColumn]) -> Arc<Table> {
    let column = |c: &super::super::bound::OutputColumn| Column {
        name: c.name.clone(),
        type_name: c.declared_type.clone().unwrap_or_default(),
        affinity: if c.affinity == Affinity::None { Affinity::Blob } else { c.affinity },
        collation: c.collation.as_ref().map(|c| c.name().into()),
        not_null: None,
        default: None,
        added_default: None,
        generated: None,
        primary_key_position: 0,
        hidden: false,
    };
    Arc::new(Table {
        id: ObjectId::default(),
        name: view.name.clone(),
        columns: columns.iter().map(column).collect(),
        kind: TableKind::WithoutRowid,
        primary_key: None,
        strict: false,
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
        sql: view.sql.clone(),
        system: false,
    })
}
