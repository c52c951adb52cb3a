//! Text to something that runs: parse, bind, lower.

use std::sync::Arc;

use heliosdb_dialect::ast::{self, Explain, ForeignKeyAction, Parsed};
use heliosdb_udfs::value::Value;

use super::ddl::MAIN;
use super::inner::Inner;
use super::{explain, pragma};
use crate::catalog::{Index, Table, Trigger};
use crate::error::{Error, Result};
use crate::plan::bound::{self, BoundTrigger, TriggerEvent};
use crate::plan::{self, Namespace};
use crate::row::lower::{self, Lowering, Planning, Schemas};
use crate::row::program::{QueryProgram, TriggerProgram};
use crate::row::write::{self, WriteProgram};
use crate::txn::Pin;

/// A column of a statement's result.
#[derive(Clone, Debug)]
pub struct ColumnInfo {
    pub name: Arc<str>,
    pub declared_type: Option<Arc<str>>,
}

pub enum Program {
    Query(Arc<QueryProgram>),
    Write(Arc<WriteProgram>),
    /// DDL, PRAGMA, transaction control, ATTACH: run from the tree.
    Other,
    /// Rows known beforehand: EXPLAIN.
    Rows(Vec<Vec<Value>>),
}

pub struct Compiled {
    pub program: Program,
    pub columns: Vec<ColumnInfo>,
    pub readonly: bool,
    /// What it was compiled against.
    pub fingerprint: Schemas,
    pub generation: u32,
}

/// Whether a statement looks at the databases at all: those that do not run however the files are.
fn needs_files(parsed: &Parsed) -> bool {
    match &parsed.statement {
        ast::Statement::Begin(_)
        | ast::Statement::Commit
        | ast::Statement::Rollback
        | ast::Statement::Savepoint(_)
        | ast::Statement::Release(_)
        | ast::Statement::RollbackTo(_)
        | ast::Statement::Attach { .. }
        | ast::Statement::Detach(_)
        | ast::Statement::Vacuum { .. } => false,
        ast::Statement::Pragma(p) => pragma::needs_files(&p.name.text),
        _ => true,
    }
}

/// When a statement looks at the files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Files {
    Never,
    /// A query that names no table: until main was read for the first time, which SQLite does for any query.
    Once,
    Always,
}

impl Files {
    pub fn of(parsed: &Parsed) -> Files {
        match &parsed.statement {
            ast::Statement::Select(_) if !parsed.names_tables => Files::Once,
            _ if needs_files(parsed) => Files::Always,
            _ => Files::Never,
        }
    }

    pub fn pin(self, inner: &Inner, pins: &mut Vec<Pin>) -> Result<()> {
        match self {
            Files::Never => Ok(()),
            Files::Once if inner.shared(MAIN).was_read() => Ok(()),
            _ => inner.pin_files(pins),
        }
    }
}

pub fn compile(inner: &Inner, parsed: &Parsed, sql: &str) -> Result<Compiled> {
    let generation = inner.generation.get();
    let fingerprint = inner.fingerprint();
    let (program, columns, readonly) = match &parsed.statement {
        ast::Statement::Select(_)
        | ast::Statement::Insert(_)
        | ast::Statement::Update(_)
        | ast::Statement::Delete(_) => {
            let statement = inner.with_namespace(|space| plan::bind_statement(space, &parsed.statement, sql))?;
            check_triggers(inner, &statement, &mut Vec::new())?;
            with_planning_of(inner, fingerprint.clone(), |planning| lowered(statement, planning))?
        }
        ast::Statement::Pragma(p) => {
            let columns = pragma::columns(&p.name.text, p.value.is_some());
            let columns =
                columns.into_iter().map(|name| ColumnInfo { name: name.into(), declared_type: None }).collect();
            (Program::Other, columns, false)
        }
        other => (Program::Other, Vec::new(), is_readonly(other)),
    };
    let (program, columns, readonly) = match parsed.explain {
        Explain::No => (program, columns, readonly),
        kind => {
            let rows = explain::rows(kind, &program, sql);
            (Program::Rows(rows), explain::columns(kind), true)
        }
    };
    Ok(Compiled { program, columns, readonly, fingerprint, generation })
}

fn is_readonly(statement: &ast::Statement) -> bool {
    matches!(
        statement,
        ast::Statement::Begin(_)
            | ast::Statement::Commit
            | ast::Statement::Rollback
            | ast::Statement::Savepoint(_)
            | ast::Statement::Release(_)
            | ast::Statement::RollbackTo(_)
    )
}

/// Lends lowering what it may ask of the connection.
pub fn with_planning<T>(inner: &Inner, f: impl FnOnce(Planning<'_>) -> T) -> T {
    with_planning_of(inner, inner.fingerprint(), f)
}

fn with_planning_of<T>(inner: &Inner, schemas: Schemas, f: impl FnOnce(Planning<'_>) -> T) -> T {
    let bind = |database, table: &Arc<Table>, index: &Arc<Index>| {
        inner.with_namespace(|space| {
            let quiet = Namespace { databases: space.databases.clone(), authorizer: None, ..*space };
            let (row, terms, _, filter) = plan::bind_index_terms(&quiet, database, table, index)?;
            Ok((row, terms, filter))
        })
    };
    let (automatic_index, case_sensitive_like) = {
        let settings = inner.settings.borrow();
        (settings.automatic_index, settings.case_sensitive_like)
    };
    let encoding = schemas.first().map(|main| main.encoding).unwrap_or_default();
    f(Planning { schemas, bind_terms: Some(&bind), automatic_index, case_sensitive_like, encoding })
}

fn lowered(statement: bound::Statement, planning: Planning<'_>) -> Result<(Program, Vec<ColumnInfo>, bool)> {
    let info = |columns: &[bound::OutputColumn]| -> Vec<ColumnInfo> {
        columns.iter().map(|c| ColumnInfo { name: c.name.clone(), declared_type: c.declared_type.clone() }).collect()
    };
    let returning = match &statement {
        bound::Statement::Query(query) => {
            let program = lower::query(query, &Lowering::new(planning))?;
            return Ok((Program::Query(program), info(&query.columns), true));
        }
        bound::Statement::Insert(s) => s.returning.as_ref(),
        bound::Statement::Update(s) => s.returning.as_ref(),
        bound::Statement::Delete(s) => s.returning.as_ref(),
    };
    let columns = returning.map(|r| info(&r.columns)).unwrap_or_default();
    let program = write::lower(statement, planning)?;
    Ok((Program::Write(program), columns, false))
}

/// Binds the triggers that a statement may fire, and those that they may fire: their errors are the statement's.
fn check_triggers(inner: &Inner, statement: &bound::Statement, seen: &mut Vec<Arc<Trigger>>) -> Result<()> {
    let target = match statement {
        bound::Statement::Query(_) => return Ok(()),
        bound::Statement::Insert(s) => &s.target,
        bound::Statement::Update(s) => &s.target,
        bound::Statement::Delete(s) => &s.target,
    };
    for trigger in target.triggers.iter().chain(&triggers_of_actions(inner, statement, target)?) {
        if seen.iter().any(|t| Arc::ptr_eq(t, &trigger.trigger)) {
            continue;
        }
        seen.push(trigger.trigger.clone());
        for statement in &body(inner, trigger)?.statements {
            check_triggers(inner, statement, seen)?;
        }
    }
    Ok(())
}

/// The triggers of the tables that a statement writes through actions of foreign keys.
fn triggers_of_actions(
    inner: &Inner,
    statement: &bound::Statement,
    target: &bound::Target,
) -> Result<Vec<Arc<BoundTrigger>>> {
    if target.parent_keys.is_empty() {
        return Ok(Vec::new());
    }
    let (deletes, set): (bool, Vec<u16>) = match statement {
        bound::Statement::Query(_) => return Ok(Vec::new()),
        bound::Statement::Delete(_) => (true, Vec::new()),
        bound::Statement::Update(s) => (s.replaces, s.set.iter().map(|(c, _)| *c).collect()),
        bound::Statement::Insert(s) => {
            let updates = s.upserts.iter().filter_map(|u| match &u.action {
                bound::UpsertAction::Update { set, .. } => Some(set),
                bound::UpsertAction::Nothing => None,
            });
            (s.replaces, updates.flatten().map(|(c, _)| *c).collect())
        }
    };
    let mut found = Vec::new();
    for key in &target.parent_keys {
        let foreign_key = &key.child.foreign_keys[key.position as usize];
        let acts = |action| !matches!(action, ForeignKeyAction::NoAction | ForeignKeyAction::Restrict);
        let moves = key.parent_columns.iter().flatten().any(|c| set.contains(c)) && acts(foreign_key.on_update);
        let removes = deletes && acts(foreign_key.on_delete);
        if !moves && !removes {
            continue;
        }
        let cascades = foreign_key.on_delete == ForeignKeyAction::Cascade;
        let child = inner.with_namespace(|space| plan::build_target(space, key.database, &key.child))?;
        let fires = |t: &Arc<BoundTrigger>| {
            let watched = t.columns.is_empty() || t.columns.iter().any(|c| foreign_key.columns.contains(c));
            match t.event {
                TriggerEvent::Insert => false,
                TriggerEvent::Update => watched && (moves || removes && !cascades),
                TriggerEvent::Delete => removes && cascades,
            }
        };
        found.extend(child.triggers.into_iter().filter(fires));
    }
    Ok(found)
}

fn body<'t>(inner: &Inner, trigger: &'t BoundTrigger) -> Result<&'t bound::TriggerBody> {
    let body = trigger.body.get_or_init(|| {
        inner.with_namespace(|space| plan::bind_trigger_body(space, trigger)).map_err(|e| e.message.clone())
    });
    body.as_ref().map_err(|message| Error::sql(message.clone()))
}

/// The program of a trigger, bound against the schemas as they are.
pub fn trigger(inner: &Inner, trigger: &Arc<BoundTrigger>) -> Result<Arc<TriggerProgram>> {
    let body = body(inner, trigger)?;
    with_planning(inner, |planning| write::lower_trigger(body, trigger, planning))
}
