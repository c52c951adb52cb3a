//! Bound writes to programs.

use std::sync::Arc;

use super::Run;
use super::plain::is_plain_scan;
use super::target::{IndexProgram, TargetProgram, lower_target, may_move};
use crate::catalog::{Index, Table};
use crate::error::Result;
use crate::plan::bound::{
    self, Body, BoundTrigger, Classes, ColumnRef, Conflict, Expr, ExprKind, ForeignKeyCheck, Free, IndexHint,
    InsertValue, OrderBy, OrderKey, OutputColumn, Query, ROWID, Select, SortKey, SourceId, SourceKind, TriggerBody,
    TriggerEvent, UpsertAction,
};
use crate::plan::walk;
use crate::row::lower::{Layout, Lower, Lowering, Planning, query_with_free, target_query};
use crate::row::node::{Node, Subquery};
use crate::row::point;
use crate::row::program::{self, Access, QueryProgram, SourceProgram, TriggerProgram, TriggerStatement};

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
    /// An UPSERT by the rowid sees the proposed row before its values are converted: nothing needs them converted earlier.
    pub upsert_sees_given: bool,
    pub returning: Option<ReturningProgram>,
    pub view: bool,
    pub subqueries: Vec<Subquery>,
    /// As in `plain`.
    pub plain: bool,
    /// As in `watched`.
    pub watched: bool,
    /// The source's rows are rows of a table, and stored alike in this one.
    pub copies: bool,
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

/// New values, one for each changed column. Level 0 is the row.
struct SetProgram {
    values: Vec<Node>,
    subqueries: Vec<Subquery>,
}

/// Level 0 is the row.
pub struct ReturningProgram {
    pub output: Vec<Node>,
    pub subqueries: Vec<Subquery>,
}

pub struct UpdateProgram {
    pub target: TargetProgram,
    pub or: Option<Conflict>,
    /// Yields what finds the row (the rowid, or all columns), then under FROM the new values of `columns`.
    pub rows: Arc<QueryProgram>,
    /// How many output columns find the row.
    pub found_by: usize,
    pub columns: Vec<u16>,
    /// As `set()` says; `None` as well where `rows` yields at most one row of a table, with its new values.
    own_set: Option<SetProgram>,
    pub returning: Option<ReturningProgram>,
    pub view: bool,
    /// Rows are visited in the order of their keys, not as they were found: see `keyed_update`.
    pub by_key: bool,
    /// As in `plain`.
    pub plain: bool,
    /// As in `watched`.
    pub watched: bool,
    /// As in `plain`: nobody looks at the table between two rows.
    pub batches: bool,
}

impl UpdateProgram {
    /// What computes the new values from the row, after the rows before it have been changed, and its subqueries. With FROM
    /// there is none: new values are computed with the rows, and a row that is found more than once counts once.
    pub fn set(&self) -> Option<(&[Node], &[Subquery])> {
        match (&self.own_set, &self.rows.body) {
            (Some(set), _) => Some((&set.values, &set.subqueries)),
            (None, program::Body::Select(select)) if self.plain => {
                Some((select.output.get(self.found_by..).unwrap_or_default(), &select.subqueries))
            }
            _ => None,
        }
    }
}

pub struct DeleteProgram {
    pub target: TargetProgram,
    pub rows: Arc<QueryProgram>,
    /// As in UPDATE: see `keyed_delete`.
    pub by_key: bool,
    pub returning: Option<ReturningProgram>,
    pub view: bool,
    /// As in `plain`.
    pub plain: bool,
    /// As in `watched`.
    pub watched: bool,
    /// As in `plain`: nobody looks at the table between two rows.
    pub batches: bool,
    /// Every row goes, and nothing watches them: nothing is looked for.
    pub truncates: bool,
}

pub fn lower(statement: bound::Statement, planning: Planning<'_>) -> Result<Arc<WriteProgram>> {
    let shared = Lowering::volatile(planning);
    Ok(Arc::new(match statement {
        bound::Statement::Insert(s) => WriteProgram::Insert(insert(&s, &shared)?),
        bound::Statement::Update(s) => WriteProgram::Update(update(*s, &shared)?),
        bound::Statement::Delete(s) => WriteProgram::Delete(delete(*s, &shared)?),
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
    let target = lower_target(&s.target, shared.planning.encoding)?;
    let packs = target.packs
        && s.view.is_none()
        && s.returning.is_none()
        && upserts.iter().all(|u| u.action.as_ref().is_none_or(|update| is_plain_upsert(&target, update)))
        && values.iter().all(|v| matches!(v, ColumnValue::Source(_) | ColumnValue::Default(Node::Constant(_))));
    let plain = packs && target.triggers.is_empty();
    let watched = packs && !plain && upserts.is_empty() && !target.fires_before(TriggerEvent::Insert);
    let copies = plain && s.rowid.is_none() && rows.as_ref().is_some_and(|rows| copies(&target.table, rows, &values));
    let by_rowid = upserts.first().is_some_and(|u| u.action.is_some() && matches!(u.target, None | Some(None)));
    let upsert_sees_given =
        by_rowid && target.table.has_rowid() && target.checks.is_empty() && target.generated.is_empty();
    Ok(InsertProgram {
        plain,
        watched,
        copies,
        upsert_sees_given,
        target,
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

/// Whether every row that a query gives is stored alike in two tables.
fn copies(table: &Table, rows: &QueryProgram, values: &[ColumnValue]) -> bool {
    let program::Body::Select(select) = &rows.body else { return false };
    let [level] = &select.levels[..] else { return false };
    let SourceProgram::Table { table: source, access, .. } = &level.source else { return false };
    let alike = |i: usize| {
        let (from, to) = (&source.columns[i], &table.columns[i]);
        let output = match &values[i] {
            ColumnValue::Source(at) => select.output.get(usize::from(*at)),
            _ => None,
        };
        let same = match output {
            Some(Node::Rowid { level: 0 }) => table.rowid_alias() == Some(i as u16),
            Some(Node::Column { level: 0, field, default: None }) => usize::from(*field) == i,
            _ => false,
        };
        same && from.affinity == to.affinity && from.generated.is_none() && to.generated.is_none()
    };
    is_plain_scan(rows)
        && matches!(access, Access::Scan { .. } | Access::Rowids { .. } | Access::RowidRange { .. })
        && source.columns.len() == table.columns.len()
        && source.rowid_alias() == table.rowid_alias()
        && (0..values.len()).all(alike)
}

/// Whether DO UPDATE leaves every key and index entry as it is.
fn is_plain_upsert(target: &TargetProgram, update: &UpsertUpdate) -> bool {
    let set: Vec<u16> = update.set.iter().map(|(c, _)| *c).collect();
    let is_key = |c: &u16| *c == ROWID || target.table.rowid_alias() == Some(*c);
    update.subqueries.is_empty()
        && !set.iter().any(is_key)
        && !target.indexes.iter().any(|i| i.depends_on(&set))
        && !Run::sets_keys(target, &set)
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

/// The query that finds the rows of the target.
fn rows(select: Select, order_by: Vec<SortKey>, limit: Option<Expr>, offset: Option<Expr>, free: &[Free]) -> Query {
    let columns = select
        .output
        .iter()
        .map(|_| OutputColumn {
            name: Default::default(),
            declared_type: None,
            affinity: Default::default(),
            classes: Classes::ANY,
            collation: None,
            explicit_collation: false,
        })
        .collect();
    let order_by = order_by
        .into_iter()
        .map(|k| OrderBy {
            key: OrderKey::Expr(k.expr),
            collation: k.collation,
            descending: k.descending,
            nulls_first: k.nulls_first,
        })
        .collect();
    let body = Body::Select(Box::new(select));
    Query { body, columns, order_by, limit, offset, free: free.to_vec(), end: 0 }
}

fn update(mut s: bound::Update, shared: &Lowering<'_>) -> Result<UpdateProgram> {
    let view = s.view.is_some();
    let mut output = identity(&s.target, s.old, view);
    let found_by = output.len();
    let is_joined = s.select.sources.len() > 1;
    if is_joined {
        output.extend(s.set.iter().map(|(_, e)| e.clone()));
    }
    let asks = asks_queries(s.select.filter.as_ref());
    let target = lower_target(&s.target, shared.planning.encoding)?;
    let columns: Vec<u16> = s.set.iter().map(|(c, _)| *c).collect();
    let is_key = |c: &u16| *c == ROWID || target.table.rowid_alias() == Some(*c);
    // A row that takes the place of others may take those that the scan is yet to come to.
    let replaces = |i: &IndexProgram| {
        i.depends_on(&columns) && i.index.unique && super::insert::action(s.or, Some(i.conflict)) == Conflict::Replace
    };
    let packs = target.packs
        && !is_joined
        && !view
        && s.returning.is_none()
        && !columns.iter().any(is_key)
        && !target.indexes.iter().any(replaces)
        && !Run::sets_keys(&target, &columns);
    let may_be_plain = packs && target.triggers.is_empty();
    let watched = packs && !may_be_plain && !target.fires_before(TriggerEvent::Update);
    // In one pass the new values come with the rows, which are found as without them.
    if may_be_plain {
        let nothing = column(s.old, ROWID);
        output.extend(s.set.iter_mut().map(|(_, e)| std::mem::replace(e, nothing.clone())));
    }
    let select = Select { output, ..std::mem::take(&mut s.select) };
    let mut query = rows(select, std::mem::take(&mut s.order_by), s.limit.take(), s.offset.take(), &s.free);
    let mut rows = target_query(&query, &s.free, shared)?;
    let mut by_key = !is_joined && keyed_update(&s, asks, &rows);
    let plain = may_be_plain && !by_key && is_plain_scan(&rows);
    if may_be_plain && !plain {
        if let Body::Select(select) = &mut query.body {
            let values = select.output.drain(found_by..);
            s.set.iter_mut().zip(values).for_each(|((_, e), value)| *e = value);
        }
        query.columns.truncate(found_by);
        rows = target_query(&query, &s.free, shared)?;
        by_key = keyed_update(&s, asks, &rows);
    }
    let own_set = match &query.body {
        _ if is_joined => None,
        Body::Select(_) if plain && point::select_of(&rows).is_some() => None,
        Body::Select(select) if plain => Some(set_program(&s, select.output.iter().skip(found_by), shared)?),
        _ => Some(set_program(&s, s.set.iter().map(|(_, e)| e), shared)?),
    };
    Ok(UpdateProgram {
        plain,
        watched,
        batches: plain && !pauses_for_others(&rows),
        target,
        or: s.or,
        rows,
        found_by,
        columns: s.set.iter().map(|(c, _)| *c).collect(),
        own_set,
        returning: returning(s.returning.as_ref(), &s.target, &s.free, shared)?,
        view,
        by_key,
    })
}

fn set_program<'e>(
    s: &bound::Update,
    values: impl Iterator<Item = &'e Expr>,
    shared: &Lowering<'_>,
) -> Result<SetProgram> {
    let mut lower = Lower::new(&s.free, shared);
    lower.add_level(s.old, 0, Layout::Table(s.target.table.clone()));
    let values = values.map(|e| lower.node(e)).collect::<Result<_>>()?;
    Ok(SetProgram { values, subqueries: lower.subqueries })
}

/// Whether a query or a callback of the host may look at tables between two rows of a plain scan.
fn pauses_for_others(rows: &QueryProgram) -> bool {
    let program::Body::Select(select) = &rows.body else { return true };
    let of_levels = select.levels.iter().flat_map(|level| level.filters.iter().chain(&level.on));
    !select.subqueries.is_empty() || of_levels.chain(&select.output).any(Node::asks_host)
}

/// Whether SQLite notes the rows down before it changes any, for all that its condition says.
fn asks_queries(filter: Option<&Expr>) -> bool {
    filter.is_some_and(|e| walk::any(e, &|e| walk::query(e).is_some()))
}

/// SQLite notes the rows of a DELETE down in a sorted set.
fn keyed_delete(s: &bound::Delete) -> bool {
    let keys = !s.target.child_keys.is_empty() || !s.target.parent_keys.is_empty();
    keys || !s.target.triggers.is_empty() || s.returning.is_some() || asks_queries(s.select.filter.as_ref())
}

/// The columns that an UPDATE sets, with the generated ones that follow them.
fn with_generated(s: &bound::Update) -> Vec<u16> {
    let mut set: Vec<u16> = s.set.iter().map(|(c, _)| *c).collect();
    for column in &s.target.generated_order {
        let mut follows = false;
        if let Some(e) = &s.target.generated[usize::from(*column)] {
            walk::references(e, &mut |f| follows |= matches!(f, Free::Column(c) if set.contains(&c.column)));
        }
        if follows {
            set.push(*column);
        }
    }
    set
}

/// Whether an UPDATE of these columns has to do with triggers or foreign keys.
fn is_watched(s: &bound::Update, set: &[u16]) -> bool {
    let alias = s.target.table.rowid_alias();
    let sets = |c: &u16| set.contains(c) || alias == Some(*c) && set.contains(&ROWID);
    let child = |k: &Arc<ForeignKeyCheck>| k.child.foreign_keys[usize::from(k.position)].columns.iter().any(sets);
    let parent = |k: &Arc<ForeignKeyCheck>| k.parent_columns.iter().flatten().any(sets);
    s.target.triggers.iter().any(|t| t.event == TriggerEvent::Update)
        || s.returning.is_some()
        || s.target.child_keys.iter().any(child)
        || s.target.parent_keys.iter().any(parent)
}

/// SQLite notes the rows of an UPDATE down by their keys, unless it can change them where it finds them. `asks`: as
/// [`asks_queries`] says of its condition.
fn keyed_update(s: &bound::Update, asks: bool, rows: &QueryProgram) -> bool {
    let table = &s.target.table;
    if s.view.is_some() {
        return false;
    }
    let set = with_generated(s);
    let changes = |index: &Index| {
        let own = s.target.indexes.iter().find(|i| i.index.id == index.id);
        own.is_none_or(|own| may_move(&s.target, own, &set))
    };
    let replaces = match s.or {
        Some(or) => or == Conflict::Replace,
        None => s.target.indexes.iter().any(|i| i.conflict == Conflict::Replace && changes(&i.index)),
    };
    let is_key = |c: &u16| match table.has_rowid() {
        true => *c == ROWID || table.rowid_alias() == Some(*c),
        false => table.columns[*c as usize].primary_key_position > 0,
    };
    let access = match &rows.body {
        program::Body::Select(select) => match select.levels.first().map(|l| &l.source) {
            Some(SourceProgram::Table { access, .. } | SourceProgram::KeyTable { access, .. }) => Some(access),
            _ => None,
        },
        _ => None,
    };
    let found_by_changed = match access {
        Some(Access::Or(_)) => true,
        Some(Access::Index { index, .. }) => changes(index),
        _ => false,
    };
    set.iter().any(is_key) || replaces || found_by_changed || is_watched(s, &set) || asks
}

fn delete(mut s: bound::Delete, shared: &Lowering<'_>) -> Result<DeleteProgram> {
    let view = s.view.is_some();
    let output = identity(&s.target, s.old, view);
    let is_keyed = keyed_delete(&s);
    let whole = s.select.filter.is_none() && s.limit.is_none() && s.returning.is_none();
    if s.select.filter.is_none() && s.limit.is_none() && !is_keyed {
        // Nothing is looked for: not by an index either.
        for source in &mut s.select.sources {
            if let SourceKind::Table { hint, .. } = &mut source.kind {
                *hint = IndexHint::None;
            }
        }
    }
    let select = Select { output, ..s.select };
    let query = rows(select, std::mem::take(&mut s.order_by), s.limit.take(), s.offset.take(), &s.free);
    let rows = target_query(&query, &s.free, shared)?;
    let by_key = !view && is_keyed;
    let target = lower_target(&s.target, shared.planning.encoding)?;
    let packs = target.packs && target.parent_keys.is_empty() && !view && s.returning.is_none();
    let system = target.table.name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"));
    Ok(DeleteProgram {
        truncates: whole
            && !target.has_keys()
            && !system
            && !view
            && target.triggers.is_empty()
            && !target.table.is_virtual(),
        plain: packs && target.triggers.is_empty() && !by_key && is_plain_scan(&rows),
        watched: packs
            && !target.triggers.is_empty()
            && target.child_keys.is_empty()
            && !target.fires_before(TriggerEvent::Delete),
        batches: !pauses_for_others(&rows),
        by_key,
        target,
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
                TriggerStatement::Write(self::lower(statement.clone(), shared.planning.clone())?, take(&s.free))
            }
            bound::Statement::Update(s) => {
                TriggerStatement::Write(self::lower(statement.clone(), shared.planning.clone())?, take(&s.free))
            }
            bound::Statement::Delete(s) => {
                TriggerStatement::Write(self::lower(statement.clone(), shared.planning.clone())?, take(&s.free))
            }
        });
    }
    let (old, new) = (trigger.old, trigger.new);
    Ok(Arc::new(TriggerProgram { free, old, new, when, when_inputs, when_subqueries, statements }))
}
