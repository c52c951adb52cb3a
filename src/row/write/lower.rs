//! Bound writes to programs.

use std::sync::Arc;

use super::target::{TargetProgram, lower_target};
use crate::catalog::{Index, IndexTerm};
use crate::error::Result;
use crate::plan::bound::{
    self, Body, BoundTrigger, Classes, ColumnRef, Conflict, Expr, ExprKind, Free, InsertValue, OrderBy, OrderKey,
    OutputColumn, Query, ROWID, Select, SortKey, SourceId, TriggerBody, UpsertAction,
};
use crate::row::lower::{Layout, Lower, Lowering, Planning, query_with_free, target_query};
use crate::row::node::{Node, Subquery};
use crate::row::program::{Access, QueryProgram, SourceProgram, TriggerProgram, TriggerStatement};

pub enum WriteProgram {
    Insert(InsertProgram),
    Update(UpdateProgram),
    Delete(DeleteProgram),
}

pub struct InsertProgram {
    pub target: TargetProgram,
    pub or: Option<Conflict>,
    pub rows: Option<Arc<QueryProgram>>,
    /// What each column is made of; nodes see no row.
    pub values: Vec<ColumnValue>,
    pub rowid: Option<u16>,
    pub upserts: Vec<UpsertProgram>,
    pub returning: Option<ReturningProgram>,
    pub view: bool,
    pub subqueries: Vec<Subquery>,
}

pub enum ColumnValue {
    Source(u16),
    Default(Node),
    Generated,
}

pub struct UpsertProgram {
    pub target: Option<Option<usize>>,
    pub action: Option<UpsertUpdate>,
}

/// Level 0 is the existing row, level 1 the proposed one.
pub struct UpsertUpdate {
    pub set: Vec<(u16, Node)>,
    pub filter: Option<Node>,
    pub subqueries: Vec<Subquery>,
}

/// Level 0 is the row.
pub struct ReturningProgram {
    pub output: Vec<Node>,
    pub subqueries: Vec<Subquery>,
}

pub struct UpdateProgram {
    pub target: TargetProgram,
    pub or: Option<Conflict>,
    /// Yields what finds the row (the rowid, or all columns), then the new values of `columns`.
    pub rows: Arc<QueryProgram>,
    /// How many output columns find the row.
    pub found_by: usize,
    pub columns: Vec<u16>,
    /// Rows are changed in the order of their keys, not in that in which they are found.
    pub by_key: bool,
    /// More than one source: a row may be found more than once, and counts once.
    pub from: bool,
    pub returning: Option<ReturningProgram>,
    pub view: bool,
}

pub struct DeleteProgram {
    /// As `UpdateProgram::by_key`.
    pub by_key: bool,
    pub target: TargetProgram,
    pub rows: Arc<QueryProgram>,
    pub returning: Option<ReturningProgram>,
    pub view: bool,
}

impl DeleteProgram {
    /// Every row goes: nothing is looked for.
    pub fn is_truncate(&self) -> bool {
        let crate::row::program::Body::Select(select) = &self.rows.body else { return false };
        let [level] = &select.levels[..] else { return false };
        let whole = !matches!(&level.source, SourceProgram::Table { access, .. } | SourceProgram::KeyTable { access, .. }
            if !matches!(access, Access::Scan { .. }));
        whole
            && level.filters.is_empty()
            && select.precondition.is_empty()
            && self.target.triggers.is_empty()
            && !self.view
    }
}

pub fn lower(statement: &bound::Statement, planning: Planning<'_>) -> Result<Arc<WriteProgram>> {
    let shared = Lowering::volatile(planning);
    Ok(Arc::new(match statement {
        bound::Statement::Insert(s) => WriteProgram::Insert(insert(s, &shared)?),
        bound::Statement::Update(s) => WriteProgram::Update(update(s, &shared)?),
        bound::Statement::Delete(s) => WriteProgram::Delete(delete(s, &shared)?),
        bound::Statement::Query(_) => return Err(crate::error::Error::internal("a query writes nothing")),
    }))
}

fn insert(s: &bound::Insert, shared: &Lowering<'_>) -> Result<InsertProgram> {
    let mut lower = Lower::new(&s.free, shared);
    let rows = s.rows.as_ref().map(|q| query_with_free(q, &s.free, shared)).transpose()?;
    let mut values = Vec::new();
    for value in &s.values {
        values.push(match value {
            InsertValue::Source(i) => ColumnValue::Source(*i),
            InsertValue::Default(e) => ColumnValue::Default(lower.node(e)?),
            InsertValue::Generated => ColumnValue::Generated,
        });
    }
    let mut upserts = Vec::new();
    for upsert in &s.upserts {
        let action = match &upsert.action {
            UpsertAction::Nothing => None,
            UpsertAction::Update { existing, excluded, set, filter } => {
                let mut lower = Lower::new(&s.free, shared);
                let layout = Layout::Table(s.target.table.clone());
                lower.add_level(*existing, 0, layout.clone());
                lower.add_level(*excluded, 1, layout);
                let mut lowered = Vec::new();
                for (column, e) in set {
                    lowered.push((*column, lower.node(e)?));
                }
                let filter = filter.as_ref().map(|e| lower.node(e)).transpose()?;
                Some(UpsertUpdate { set: lowered, filter, subqueries: lower.subqueries })
            }
        };
        upserts.push(UpsertProgram { target: upsert.target, action });
    }
    Ok(InsertProgram {
        target: lower_target(&s.target)?,
        or: s.or,
        rows,
        values,
        rowid: s.rowid,
        upserts,
        returning: returning(s.returning.as_ref(), &s.target, &s.free, shared)?,
        view: s.view.is_some(),
        subqueries: lower.subqueries,
    })
}

fn returning(
    returning: Option<&bound::Returning>,
    target: &bound::Target,
    free: &[Free],
    shared: &Lowering<'_>,
) -> Result<Option<ReturningProgram>> {
    let Some(r) = returning else { return Ok(None) };
    let mut lower = Lower::new(free, shared);
    lower.add_level(r.row, 0, Layout::Table(target.table.clone()));
    let output = lower.nodes(&r.output)?;
    Ok(Some(ReturningProgram { output, subqueries: lower.subqueries }))
}

fn column(source: SourceId, column: u16) -> Expr {
    let kind = ExprKind::Column(ColumnRef { source, column });
    Expr { kind, affinity: Default::default(), classes: Classes::ANY, collation: None }
}

/// What tells which row of the target a found row is: its rowid, or all its columns.
fn identity(target: &bound::Target, old: SourceId, view: bool) -> Vec<Expr> {
    if target.table.has_rowid() && !view {
        return vec![column(old, ROWID)];
    }
    (0..target.table.columns.len()).map(|i| column(old, i as u16)).collect()
}

fn rows(
    select: &Select,
    output: Vec<Expr>,
    order_by: &[SortKey],
    limit: Option<&Expr>,
    offset: Option<&Expr>,
    free: &[Free],
    shared: &Lowering<'_>,
) -> Result<Arc<QueryProgram>> {
    let columns = output
        .iter()
        .map(|_| OutputColumn {
            name: "".into(),
            declared_type: None,
            affinity: Default::default(),
            classes: Classes::ANY,
            collation: None,
            explicit_collation: false,
        })
        .collect();
    let order_by = order_by
        .iter()
        .map(|k| OrderBy {
            key: OrderKey::Expr(k.expr.clone()),
            collation: k.collation.clone(),
            descending: k.descending,
            nulls_first: k.nulls_first,
        })
        .collect();
    let body = Body::Select(Box::new(Select { output, ..select.clone() }));
    let query =
        Query { body, columns, order_by, limit: limit.cloned(), offset: offset.cloned(), free: free.to_vec(), end: 0 };
    target_query(&query, free, shared)
}

/// Whether rows can be written while they are being found: nothing else looks at the table meanwhile.
fn is_simple(target: &bound::Target, select: &Select) -> bool {
    let subquery = |e: &Expr| crate::plan::walk::any(e, &|e| crate::plan::walk::query(e).is_some());
    target.triggers.is_empty()
        && target.child_keys.is_empty()
        && target.parent_keys.is_empty()
        && !select.filter.as_ref().is_some_and(subquery)
}

/// Whether an UPDATE moves rows in what they are found by.
fn changes_what_finds(target: &bound::Target, rows: &QueryProgram, changed: &[u16]) -> bool {
    let table = &target.table;
    let is_key = |c: &u16| {
        let primary = table.primary_index().is_some_and(|i| has_column(i, *c));
        *c == ROWID || table.rowid_alias() == Some(*c) || primary
    };
    if changed.iter().any(is_key) {
        return true;
    }
    let crate::row::program::Body::Select(select) = &rows.body else { return false };
    select.levels.iter().any(|level| match &level.source {
        SourceProgram::Table { access, .. } | SourceProgram::KeyTable { access, .. } => match access {
            Access::Or(_) => true,
            Access::Index { index, .. } => {
                let special = index.columns.iter().any(|c| matches!(c.term, IndexTerm::Expr(_)));
                special || index.filter.is_some() || changed.iter().any(|c| has_column(index, *c))
            }
            _ => false,
        },
        _ => false,
    })
}

fn has_column(index: &Index, column: u16) -> bool {
    index.columns.iter().any(|c| matches!(c.term, IndexTerm::Column(own) if own == column))
}

fn update(s: &bound::Update, shared: &Lowering<'_>) -> Result<UpdateProgram> {
    let view = s.view.is_some();
    let mut output = identity(&s.target, s.old, view);
    let found_by = output.len();
    output.extend(s.set.iter().map(|(_, e)| e.clone()));
    let rows = rows(&s.select, output, &s.order_by, s.limit.as_ref(), s.offset.as_ref(), &s.free, shared)?;
    let replaces = s.or == Some(Conflict::Replace)
        || s.target.indexes.iter().any(|i| i.conflict == Conflict::Replace && s.or.is_none());
    let changed: Vec<u16> = s.set.iter().map(|(c, _)| *c).collect();
    let one_pass = is_simple(&s.target, &s.select) && !replaces && !changes_what_finds(&s.target, &rows, &changed);
    Ok(UpdateProgram {
        by_key: !one_pass && !view && s.order_by.is_empty() && s.limit.is_none(),
        target: lower_target(&s.target)?,
        or: s.or,
        rows,
        found_by,
        columns: s.set.iter().map(|(c, _)| *c).collect(),
        from: s.select.sources.len() > 1,
        returning: returning(s.returning.as_ref(), &s.target, &s.free, shared)?,
        view,
    })
}

fn delete(s: &bound::Delete, shared: &Lowering<'_>) -> Result<DeleteProgram> {
    let view = s.view.is_some();
    let output = identity(&s.target, s.old, view);
    let rows = rows(&s.select, output, &s.order_by, s.limit.as_ref(), s.offset.as_ref(), &s.free, shared)?;
    Ok(DeleteProgram {
        by_key: !is_simple(&s.target, &s.select) && !view && s.order_by.is_empty() && s.limit.is_none(),
        target: lower_target(&s.target)?,
        rows,
        returning: returning(s.returning.as_ref(), &s.target, &s.free, shared)?,
        view,
    })
}

/// A trigger's body: each statement takes its inputs from OLD and NEW.
pub fn lower_trigger(
    body: &TriggerBody,
    trigger: &Arc<BoundTrigger>,
    planning: Planning<'_>,
) -> Result<Arc<TriggerProgram>> {
    let shared = Lowering::volatile(planning);
    let mut statements = Vec::new();
    let mut free: Vec<Free> = Vec::new();
    let mut take = |wanted: &[Free]| -> Vec<usize> {
        let mut positions = Vec::new();
        for f in wanted {
            let at = free.iter().position(|known| known == f).unwrap_or_else(|| {
                free.push(*f);
                free.len() - 1
            });
            positions.push(at);
        }
        positions
    };
    let mut when_free = Vec::new();
    if let Some(when) = &body.when {
        crate::plan::walk::references(when, &mut |f| {
            if !when_free.contains(&f) {
                when_free.push(f);
            }
        });
    }
    let when_inputs = take(&when_free);
    let mut lower = Lower::new(&when_free, &shared);
    let when = body.when.as_ref().map(|e| lower.node(e)).transpose()?;
    let when_subqueries = lower.subqueries;
    for statement in &body.statements {
        statements.push(match statement {
            bound::Statement::Query(q) => TriggerStatement::Query(query_with_free(q, &q.free, &shared)?, take(&q.free)),
            bound::Statement::Insert(s) => {
                TriggerStatement::Write(self::lower(statement, shared.planning.clone())?, take(&s.free))
            }
            bound::Statement::Update(s) => {
                TriggerStatement::Write(self::lower(statement, shared.planning.clone())?, take(&s.free))
            }
            bound::Statement::Delete(s) => {
                TriggerStatement::Write(self::lower(statement, shared.planning.clone())?, take(&s.free))
            }
        });
    }
    let (old, new) = (trigger.old, trigger.new);
    Ok(Arc::new(TriggerProgram { free, old, new, when, when_inputs, when_subqueries, statements }))
}
