//! Foreign keys in both directions (https://sqlite.org/foreignkeys.html).

use std::sync::Arc;

use heliosdb_dialect::ast::ForeignKeyAction;

use super::super::binder::Binder;
use super::super::bound::{DatabaseIndex, ForeignKeyCheck, ROWID, Target, TriggerEvent};
use super::super::context::Namespace;
use crate::catalog::{ForeignKey, Index, IndexTerm, Table};
use crate::error::{Error, Result};
use crate::store::ObjectId;

/// Keys of which a table is the child, and keys of which it is the parent.
type Keys = (Vec<Arc<ForeignKeyCheck>>, Vec<Arc<ForeignKeyCheck>>);

impl<'a> Binder<'a> {
    pub(super) fn foreign_keys(&self, database: DatabaseIndex, table: &Arc<Table>) -> Keys {
        keys_of(self.space, database, table)
    }
}

fn keys_of(space: &Namespace<'_>, database: DatabaseIndex, table: &Arc<Table>) -> Keys {
    let schema = &space.databases[database.0 as usize].1;
    let check = |child: &Arc<Table>, position: usize| {
        let key = &child.foreign_keys[position];
        let parent = schema.table(&key.parent).cloned();
        let parent_columns = match &parent {
            Some(parent) => parent_key(child, key, parent),
            None => Err(mismatch(child, key)),
        };
        let child = child.clone();
        Arc::new(ForeignKeyCheck { database, child, position: position as u16, parent, parent_columns })
    };
    let own = (0..table.foreign_keys.len()).map(|i| check(table, i)).collect();
    let mut children: Vec<(&Arc<Table>, usize)> = schema
        .tables
        .values()
        .flat_map(|child| (0..child.foreign_keys.len()).map(move |i| (child, i)))
        .filter(|(child, i)| child.foreign_keys[*i].parent.eq_ignore_ascii_case(&table.name))
        .collect();
    // Newest tables first, as SQLite links them.
    children.sort_by_key(|(child, i)| (std::cmp::Reverse(child.id), *i));
    let referring = children.into_iter().map(|(child, i)| check(child, i)).collect();
    (own, referring)
}

/// Raises what SQLite raises when it prepares a statement that must look a key up: the parent is not there, or its
/// columns are no key. `many`: the statement may write more than one row.
pub(super) fn check_keys(
    space: &Namespace<'_>,
    target: &Target,
    events: &[(TriggerEvent, Vec<u16>)],
    many: bool,
) -> Result<()> {
    if target.child_keys.is_empty() && target.parent_keys.is_empty() {
        return Ok(());
    }
    // What an UPSERT updates and what REPLACE deletes comes before the row itself; the last mistake is reported.
    let (table, keys) = (&target.table, (&target.child_keys[..], &target.parent_keys[..]));
    let failed = events.iter().rev().fold(None, |earlier, (event, changed)| {
        let failed = failure(space, table, keys, *event, changed, many);
        failed.or(earlier)
    });
    failed.map_or_else(|| check_actions(space, target, events), |message| Err(Error::sql(message)))
}

/// Raises what is wrong with the keys of children that an action would change or delete, which SQLite prepares, too.
pub(super) fn check_actions(space: &Namespace<'_>, target: &Target, events: &[(TriggerEvent, Vec<u16>)]) -> Result<()> {
    let mut seen = Vec::new();
    let mut failed = events.iter().filter_map(|(event, changed)| {
        action_failure(space, &target.table, &target.parent_keys, *event, changed, &mut seen)
    });
    failed.next().map_or(Ok(()), |message| Err(Error::sql(message)))
}

/// `seen`: the keys whose action was looked at, for both events.
fn action_failure(
    space: &Namespace<'_>,
    parent: &Table,
    keys: &[Arc<ForeignKeyCheck>],
    event: TriggerEvent,
    changed: &[u16],
    seen: &mut Vec<(ObjectId, u16, bool)>,
) -> Option<String> {
    for key in keys.iter().filter(|key| key.parent_columns.is_ok()) {
        let foreign_key = &key.child.foreign_keys[key.position as usize];
        let deletes = event == TriggerEvent::Delete;
        let action = match event {
            TriggerEvent::Delete => foreign_key.on_delete,
            TriggerEvent::Update if key_columns(parent, key).any(|c| changed.contains(&c)) => foreign_key.on_update,
            _ => continue,
        };
        let (event, changed) = match action {
            ForeignKeyAction::NoAction | ForeignKeyAction::Restrict => continue,
            ForeignKeyAction::Cascade if deletes => (TriggerEvent::Delete, Vec::new()),
            _ => (TriggerEvent::Update, foreign_key.columns.to_vec()),
        };
        let step = (key.child.id, key.position, deletes);
        if seen.contains(&step) {
            continue;
        }
        seen.push(step);
        let (own, referring) = keys_of(space, key.database, &key.child);
        let failed = failure(space, &key.child, (&own, &referring), event, &changed, true)
            .or_else(|| action_failure(space, &key.child, &referring, event, &changed, seen));
        if failed.is_some() {
            return failed;
        }
    }
    None
}

fn failure(
    space: &Namespace<'_>,
    table: &Table,
    (child_keys, parent_keys): (&[Arc<ForeignKeyCheck>], &[Arc<ForeignKeyCheck>]),
    event: TriggerEvent,
    changed: &[u16],
    many: bool,
) -> Option<String> {
    let is_update = event == TriggerEvent::Update;
    let set = |columns: &[u16]| !is_update || columns.iter().any(|c| changed.contains(c));
    // An update that sets no column of a key looks nothing up.
    let child = |key: &Arc<ForeignKeyCheck>| set(&key.child.foreign_keys[key.position as usize].columns);
    let parent = |key: &Arc<ForeignKeyCheck>| key_columns(table, key).any(|c| set(&[c]));
    if !child_keys.iter().any(child) && !parent_keys.iter().any(parent) {
        return None;
    }
    // An update first finds the columns of every key that refers to the table.
    let mut failed =
        parent_keys.iter().filter(|_| is_update).filter_map(|k| k.parent_columns.clone().err()).next_back();
    let mut looked_up = false;
    for key in child_keys {
        let foreign_key = &key.child.foreign_keys[key.position as usize];
        let own = foreign_key.parent.eq_ignore_ascii_case(&table.name);
        if !own && !set(&foreign_key.columns) {
            continue;
        }
        if key.parent.is_none() {
            let (database, schema) = &space.databases[key.database.0 as usize];
            failed = Some(match schema.view(&foreign_key.parent) {
                Some(_) => mismatch(table, foreign_key),
                None => format!("no such table: {database}.{}", foreign_key.parent),
            });
            looked_up = true;
            break;
        }
        if let Err(message) = &key.parent_columns {
            failed = Some(message.clone());
            looked_up = true;
            break;
        }
    }
    for key in parent_keys {
        let foreign_key = &key.child.foreign_keys[key.position as usize];
        let is_part = |c: &u16| key_columns(table, key).any(|part| part == *c);
        let concerned = match event {
            // A single row that appears can only mend what is counted until COMMIT.
            TriggerEvent::Insert => many || foreign_key.deferred,
            TriggerEvent::Update => changed.iter().filter(|c| **c != ROWID).any(is_part),
            TriggerEvent::Delete => true,
        };
        let Err(message) = &key.parent_columns else { continue };
        if !concerned {
            continue;
        }
        // The last key with an action to prepare has the last word.
        let acts = match event {
            TriggerEvent::Insert => false,
            TriggerEvent::Update => foreign_key.on_update != ForeignKeyAction::NoAction,
            TriggerEvent::Delete => foreign_key.on_delete != ForeignKeyAction::NoAction,
        };
        if acts || !looked_up {
            failed = Some(message.clone());
            looked_up = true;
        }
    }
    failed
}

/// The columns of a parent that a key names, or its primary key.
fn key_columns<'t>(parent: &'t Table, key: &'t ForeignKeyCheck) -> impl Iterator<Item = u16> + 't {
    let named = &key.child.foreign_keys[key.position as usize].parent_columns;
    (0..parent.columns.len() as u16).filter(move |c| {
        let column = &parent.columns[*c as usize];
        match named.is_empty() {
            true => column.primary_key_position > 0,
            false => named.iter().any(|n| n.eq_ignore_ascii_case(&column.name)),
        }
    })
}

fn mismatch(child: &Table, key: &ForeignKey) -> String {
    format!("foreign key mismatch - \"{}\" referencing \"{}\"", child.name, key.parent)
}

/// The parent's columns that a key refers to, in the order of the child's columns: its primary key, or those of a
/// UNIQUE index over exactly the named columns with the columns' own collations.
fn parent_key(child: &Table, key: &ForeignKey, parent: &Table) -> std::result::Result<Vec<u16>, String> {
    let mismatch = || mismatch(child, key);
    if key.parent_columns.is_empty() {
        let columns = match (&parent.primary_key, parent.rowid_alias()) {
            (_, Some(alias)) => vec![alias],
            (Some(key), None) => key.columns.clone(),
            (None, None) => return Err(mismatch()),
        };
        return if columns.len() == key.columns.len() { Ok(columns) } else { Err(mismatch()) };
    }
    let named = key.parent_columns.iter().map(|n| parent.column(n)).collect::<Option<Vec<u16>>>();
    let Some(named) = named.filter(|n| n.len() == key.columns.len()) else { return Err(mismatch()) };
    if let ([only], Some(alias)) = (named.as_slice(), parent.rowid_alias())
        && *only == alias
    {
        return Ok(named);
    }
    if parent.indexes.iter().any(|i| covers(i, parent, &named)) { Ok(named) } else { Err(mismatch()) }
}

fn covers(index: &Index, parent: &Table, named: &[u16]) -> bool {
    if !index.unique || index.filter.is_some() || index.columns.len() != named.len() {
        return false;
    }
    index.columns.iter().all(|term| match &term.term {
        IndexTerm::Column(c) => {
            let own = parent.columns[*c as usize].collation.as_deref().unwrap_or("BINARY");
            named.contains(c) && term.collation.eq_ignore_ascii_case(own)
        }
        _ => false,
    })
}
