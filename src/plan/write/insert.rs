//! INSERT and REPLACE.
//!
//! Source: https://sqlite.org/lang_insert.html

use std::sync::Arc;

use heliosdb_dialect::ast::{self, Conflict};

use super::super::authorize;
use super::super::binder::{Binder, Frame, is_rowid};
use super::super::bound::{Body, Insert, InsertValue, Query, TriggerEvent, UpsertAction, ViewTarget};
use super::super::expr::{made, walk};
use super::super::scope::Columns;
use super::super::select::{Naming, references};
use super::target::Written;
use crate::catalog::self_reference::for_each_child;
use crate::catalog::{Index, IndexTerm, Table};
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    pub(super) fn insert(&mut self, insert: &'a ast::Insert) -> Result<Box<Insert>> {
        self.frames.push(Frame { base: self.scopes.len(), free: Vec::new() });
        if let Some(with) = &insert.with {
            let count = |name: &str| references::in_with(with, name) + references::in_rows(&insert.rows, name);
            self.open_with_uses(with, &count);
        }
        let written = self.written(&insert.table)?;
        let database = match written {
            Written::Table(database, _) | Written::View(database, _) => database,
        };
        self.ask(authorize::INSERT, Some(self.written_name(written)), None, Some(database))?;
        let (table, view) = match written {
            Written::Table(_, table) => {
                self.check_target(written, TriggerEvent::Insert, &[])?;
                (table.clone(), None)
            }
            Written::View(database, view) => {
                let (table, _) = self.view_table(database, view, TriggerEvent::Insert, &[])?;
                (table, Some(Arc::new(ViewTarget { name: view.name.clone() })))
            }
        };
        let named = self.named_columns(insert, written, &table)?;
        let rows = match &insert.rows {
            ast::InsertRows::DefaultValues => None,
            ast::InsertRows::Query(query) => Some(self.query(query, Naming::Result)?),
        };
        let (values, rowid) = self.insert_values(insert, written, &table, named, rows.as_deref())?;
        let mut events = vec![(TriggerEvent::Insert, Vec::new())];
        let alias = table.rowid_alias().map(|c| &values[c as usize]);
        let given = rowid.is_some() || matches!(alias, Some(InsertValue::Source(_)));
        let upserts = self.upserts(insert, written, &table, given)?;
        let or = self.outer.or(insert.or);
        let mut updated = Vec::new();
        for upsert in &upserts {
            if let UpsertAction::Update { set, .. } = &upsert.action {
                updated.extend(set.iter().map(|(c, _)| *c));
            }
        }
        if !updated.is_empty() {
            events.push((TriggerEvent::Update, updated));
        }
        // What an ON CONFLICT clause is for is not replaced.
        let answered = |constraint| upserts.iter().any(|u| u.target.is_none_or(|t| t == constraint));
        let replaces = can_replace(or, &table, None, given, &answered);
        if replaces && self.space.options.recursive_triggers {
            events.push((TriggerEvent::Delete, Vec::new()));
        }
        let target = self.target(database, &table, &events, or)?;
        if replaces {
            events.push((TriggerEvent::Delete, Vec::new()));
        }
        let single = match rows.as_ref().map(|q| &q.body) {
            None => true,
            Some(Body::Values(rows)) => rows.len() == 1,
            Some(_) => false,
        };
        let many = !single || !target.triggers.is_empty() || !insert.returning.is_empty();
        super::foreign_key::check_keys(self.space, &target, &events, many)?;
        let columns = match written {
            Written::Table(_, table) => Columns::Table(table),
            Written::View(..) => Columns::View(table),
        };
        let returning = self.returning(written, columns, &insert.returning)?;
        if insert.with.is_some() {
            self.withs.pop();
        }
        let free = self.close_query();
        let or = insert.or;
        Ok(Box::new(Insert { target, or, rows, values, rowid, upserts, replaces, returning, view, free }))
    }

    /// The ordinals of the listed columns; `None` is the rowid.
    fn named_columns(&self, insert: &'a ast::Insert, written: Written<'a>, table: &Table) -> Result<Vec<Option<u16>>> {
        let mut named = Vec::with_capacity(insert.columns.len());
        for name in &insert.columns {
            let Some(column) = table.column(&name.text) else {
                // The rowid of a view: accepted, without effect.
                let view = matches!(written, Written::View(..));
                if is_rowid(&name.text) && (table.has_rowid() || view) {
                    named.push(table.rowid_alias());
                    continue;
                }
                return Err(Error::sql(format!(
                    "table {} has no column named {}",
                    self.statement_name(&insert.table),
                    name.text
                )));
            };
            if table.columns[column as usize].generated.is_some() {
                let name = &table.columns[column as usize].name;
                return Err(Error::sql(format!("cannot INSERT into generated column \"{name}\"")));
            }
            named.push(Some(column));
        }
        Ok(named)
    }

    fn insert_values(
        &mut self,
        insert: &'a ast::Insert,
        written: Written<'a>,
        table: &Arc<Table>,
        named: Vec<Option<u16>>,
        rows: Option<&Query>,
    ) -> Result<(Vec<InsertValue>, Option<u16>)> {
        let mut sources: Vec<Option<u16>> = vec![None; table.columns.len()];
        let mut rowid = None;
        if let Some(rows) = rows {
            let supplied = rows.columns.len();
            if insert.columns.is_empty() {
                let open = |c: &crate::catalog::Column| !c.hidden && c.generated.is_none();
                let expected = table.columns.iter().filter(|c| open(c)).count();
                if supplied != expected {
                    return Err(Error::sql(format!(
                        "table {} has {expected} columns but {supplied} values were supplied",
                        self.statement_name(&insert.table)
                    )));
                }
                let columns = table.columns.iter().enumerate().filter(|(_, c)| open(c));
                for (position, (column, _)) in columns.enumerate() {
                    sources[column] = Some(position as u16);
                }
            } else if supplied != named.len() {
                return Err(Error::sql(format!("{supplied} values for {} columns", named.len())));
            }
        }
        if rows.is_some() {
            for (position, column) in named.iter().enumerate() {
                match column {
                    // Of a column listed twice the first value counts; of a rowid the last.
                    Some(c) if table.rowid_alias() == Some(*c) => sources[*c as usize] = Some(position as u16),
                    Some(c) => {
                        sources[*c as usize].get_or_insert(position as u16);
                    }
                    None => rowid = Some(position as u16),
                }
            }
        }
        let mut values = Vec::with_capacity(sources.len());
        for (i, source) in sources.into_iter().enumerate() {
            values.push(match source {
                Some(position) => InsertValue::Source(position),
                None if table.columns[i].generated.is_some() => InsertValue::Generated,
                None => InsertValue::Default(match written {
                    // Of a rowid without a value the default does not count.
                    Written::Table(database, table) if table.rowid_alias() != Some(i as u16) => {
                        self.default_value(table, i as u16, database)?
                    }
                    _ => made(
                        super::super::bound::ExprKind::Literal(Default::default()),
                        super::super::bound::Classes::NULL,
                        None,
                    ),
                }),
            });
        }
        debug_assert!(values.iter().all(|v| !matches!(v, InsertValue::Default(e) if walk::query(e).is_some())));
        Ok((values, rowid))
    }
}

/// Whether a written row may take the place of others: `set` are the columns an UPDATE sets, `given` says whether the row's
/// rowid is, `answered` tells the constraints that UPSERT answers (an index by its position, or the rowid).
pub(super) fn can_replace(
    or: Option<Conflict>,
    table: &Table,
    set: Option<&[u16]>,
    given: bool,
    answered: &dyn Fn(Option<usize>) -> bool,
) -> bool {
    let replaces = |own: Option<Conflict>| or.or(own) == Some(Conflict::Replace);
    let moves = |term: &IndexTerm, set: &[u16]| match term {
        IndexTerm::Column(c) => {
            let generated = &table.columns[usize::from(*c)].generated;
            set.contains(c) || generated.as_ref().is_some_and(|g| names_column(&g.expr.expr))
        }
        IndexTerm::Expr(e) => names_column(&e.expr),
        IndexTerm::Rowid => true,
    };
    let concerned = |index: &Index| {
        let filtered = index.filter.as_ref().is_some_and(|f| names_column(&f.expr));
        set.is_none_or(|set| filtered || index.columns.iter().any(|c| moves(&c.term, set)))
    };
    let mut indexes = table.indexes.iter().enumerate();
    let by_index = indexes.any(|(n, i)| i.unique && !answered(Some(n)) && concerned(i) && replaces(i.conflict));
    let alias = table.primary_key.as_ref().filter(|_| table.rowid_alias().is_some());
    by_index || given && !answered(None) && replaces(alias.and_then(|k| k.conflict))
}

fn names_column(e: &ast::Expr) -> bool {
    let mut found = matches!(e.kind, ast::ExprKind::Name(_) | ast::ExprKind::Column { .. });
    for_each_child(e, &mut |child| found = found || names_column(child));
    found
}
