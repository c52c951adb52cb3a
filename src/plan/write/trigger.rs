//! Triggers: which fire for a statement, and their bodies, bound when they first fire.
//!
//! Source: https://sqlite.org/lang_createtrigger.html

use std::sync::{Arc, OnceLock};

use heliosdb_dialect::ast;

use super::super::binder::{Binder, TriggerRows};
use super::super::bound::{BoundTrigger, Conflict, DatabaseIndex, Statement, TriggerBody, TriggerEvent, TriggerTime};
use super::super::context::Namespace;
use super::super::locate::{Found, TEMP};
use super::super::scope::Scope;
use super::super::select::Naming;
use super::target::table_of_view;
use crate::catalog::{Table, Trigger};
use crate::error::{Error, Result};

fn event_of(trigger: &Trigger) -> TriggerEvent {
    match trigger.statement.event {
        ast::TriggerEvent::Delete => TriggerEvent::Delete,
        ast::TriggerEvent::Insert => TriggerEvent::Insert,
        ast::TriggerEvent::Update(_) => TriggerEvent::Update,
    }
}

fn time_of(trigger: &Trigger) -> TriggerTime {
    match trigger.statement.time {
        ast::TriggerTime::Before => TriggerTime::Before,
        ast::TriggerTime::After => TriggerTime::After,
        ast::TriggerTime::InsteadOf => TriggerTime::InsteadOf,
    }
}

pub(super) fn matches(trigger: &Trigger, event: TriggerEvent, time: TriggerTime) -> bool {
    event_of(trigger) == event && time_of(trigger) == time
}

/// Whether a trigger is for an UPDATE of some of these columns; others are for every statement of their event.
pub(super) fn watches(trigger: &Trigger, set: &[&str]) -> bool {
    let ast::TriggerEvent::Update(of) = &trigger.statement.event else { return true };
    of.is_empty() || of.iter().any(|c| set.iter().any(|s| s.eq_ignore_ascii_case(&c.text)))
}

impl<'a> Binder<'a> {
    /// The triggers on a table or view in the order in which they fire: temporary ones of other databases' tables first,
    /// the oldest first, then the newest first. (With five or more of them SQLite's order hangs on a hash.)
    pub(super) fn triggers_of(&self, database: DatabaseIndex, table: &str) -> Vec<(DatabaseIndex, &'a Arc<Trigger>)> {
        let space = self.space;
        if !space.options.triggers {
            return Vec::new();
        }
        let name = &*space.databases[database.0 as usize].0;
        let mut found = Vec::new();
        if database != TEMP && space.databases.len() > 1 {
            let schema = &space.databases[1].1;
            for trigger in schema.trigger_order.iter().filter_map(|n| schema.triggers.get(n)) {
                let here = trigger.table_database.as_deref().is_some_and(|d| d.eq_ignore_ascii_case(name));
                if here && trigger.table.eq_ignore_ascii_case(table) {
                    found.push((TEMP, trigger));
                }
            }
        }
        let schema = &space.databases[database.0 as usize].1;
        for trigger in schema.trigger_order.iter().rev().filter_map(|n| schema.triggers.get(n)) {
            let elsewhere = trigger.table_database.as_deref().is_some_and(|d| !d.eq_ignore_ascii_case(name));
            if !elsewhere && trigger.table.eq_ignore_ascii_case(table) {
                found.push((database, trigger));
            }
        }
        found
    }

    /// The triggers that a statement with this conflict clause can fire.
    pub(super) fn bound_triggers(
        &mut self,
        database: DatabaseIndex,
        table: &Table,
        events: &[(TriggerEvent, Vec<u16>)],
        or: Option<Conflict>,
    ) -> Vec<Arc<BoundTrigger>> {
        let mut bound = Vec::new();
        if events.is_empty() {
            return bound;
        }
        for (own, trigger) in self.triggers_of(database, &table.name) {
            let event = event_of(trigger);
            let columns = match &trigger.statement.event {
                ast::TriggerEvent::Update(names) => names.iter().filter_map(|n| table.column(&n.text)).collect(),
                _ => Vec::new(),
            };
            let of = |set: &[u16]| columns.is_empty() || set.iter().any(|c| columns.contains(c));
            let named_none =
                matches!(&trigger.statement.event, ast::TriggerEvent::Update(n) if !n.is_empty()) && columns.is_empty();
            if named_none || !events.iter().any(|(e, set)| *e == event && of(set)) {
                continue;
            }
            bound.push(Arc::new(BoundTrigger {
                database: own,
                name: trigger.name.clone(),
                event,
                time: time_of(trigger),
                columns,
                old: self.new_source(),
                new: self.new_source(),
                trigger: trigger.clone(),
                or: match (events[0].0, event) {
                    // An UPSERT's update, and a row that REPLACE takes away.
                    (TriggerEvent::Insert, TriggerEvent::Update) => Some(Conflict::Abort),
                    (TriggerEvent::Insert | TriggerEvent::Update, TriggerEvent::Delete) => Some(Conflict::Replace),
                    _ => or,
                },
                body: OnceLock::new(),
            }));
        }
        bound
    }
}

/// Binds WHEN and the statements of a trigger. `NEW` and `OLD` are the trigger's sources, free everywhere.
pub fn bind_trigger_body(space: &Namespace<'_>, trigger: &BoundTrigger) -> Result<TriggerBody> {
    let definition = &*trigger.trigger;
    let mut binder = Binder::new(space, &definition.sql);
    binder.sources_after(trigger.old);
    binder.sources_after(trigger.new);
    let on = match &definition.table_database {
        Some(name) => space.database(name),
        None => Some(trigger.database),
    };
    let table = match space.find(on, &definition.table) {
        Some(Found::Table(_, table)) => table.clone(),
        Some(Found::View(database, view)) => {
            let query = Binder::new(space, "").view_query(database, view, Naming::View)?;
            table_of_view(view, &query.columns)
        }
        _ => return Err(Error::sql(format!("no such table: {}", definition.table))),
    };
    binder.trigger = Some(TriggerRows {
        table,
        old: (trigger.event != TriggerEvent::Insert).then_some(trigger.old),
        new: (trigger.event != TriggerEvent::Delete).then_some(trigger.new),
    });
    if trigger.database != TEMP {
        binder.fixed = Some(trigger.database);
        binder.from_schema = true;
    }
    binder.within = Some(&definition.name);
    binder.outer = trigger.or;
    let when = match &definition.statement.when {
        Some(when) => {
            binder.scopes.push(Scope::barrier());
            let bound = binder.expr(when)?;
            binder.scopes.pop();
            Some(bound)
        }
        None => None,
    };
    let mut statements: Vec<Statement> = Vec::with_capacity(definition.statement.body.len());
    for statement in &definition.statement.body {
        statements.push(binder.statement(statement)?);
    }
    Ok(TriggerBody { when, statements })
}
