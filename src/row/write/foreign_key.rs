//! Foreign keys (https://sqlite.org/foreignkeys.html).
//!
//! Violations are counted: immediate ones until the end of the statement, deferred ones until COMMIT. A row that
//! takes away a parent, or has none, adds; a row that mends it subtracts.

use std::sync::Arc;

use heliosdb_udfs::value::{Affinity, Collation, Value, ValueRef, affinity, compare};

use super::Run;
use super::delete::Deleted;
use super::key::primary_key;
use super::lower::{ColumnValue, InsertProgram, UpsertProgram};
use super::row::{Row, generate};
use super::target::TargetProgram;
use crate::catalog::{Column, IndexTerm, Table};
use crate::error::{Code, Error, Result};
use crate::plan::bound::{Conflict, DatabaseIndex, ForeignKeyCheck, ROWID};
use crate::row::level::rowid_of_key;
use crate::row::program::Body;
use crate::row::scan::encode;
use crate::store::{KeyCursor, RowCursor};
use heliosdb_dialect::ast::ForeignKeyAction;

impl Run<'_> {
    /// Adds to the violations that a key counts into. With children that lacked their parents before keys were enforced the
    /// sum may come below zero: anything but zero is an error, as in SQLite.
    fn add(&self, key: &ForeignKeyCheck, n: i64) {
        let waiting = self.cx.around.deferred_violations();
        let counter = if self.cx.around.write_options().defer_foreign_keys {
            &waiting.postponed
        } else if key.child.foreign_keys[key.position as usize].deferred {
            &waiting.declared
        } else {
            self.violations
        };
        counter.set(counter.get() + n);
    }

    /// Whether there is anything to be mended.
    fn is_counting(&self, key: &ForeignKeyCheck) -> bool {
        let waiting = self.cx.around.deferred_violations();
        let own = match key.child.foreign_keys[key.position as usize].deferred {
            true => &waiting.declared,
            false => self.violations,
        };
        own.get() != 0 || waiting.postponed.get() != 0
    }

    /// A new child row needs its parents. `value`: its columns.
    pub fn check_child<'v>(
        &self,
        target: &TargetProgram,
        rowid: i64,
        value: impl Fn(u16) -> ValueRef<'v>,
    ) -> Result<()> {
        for key in &target.child_keys {
            if !self.has_parent(key, rowid, &value, true)? {
                self.add(key, 1);
            }
        }
        Ok(())
    }

    /// Whether a row that comes may mend what keys that refer to it count.
    pub fn may_mend(&self, target: &TargetProgram) -> bool {
        target.parent_keys.iter().any(|key| self.is_counting(key))
    }

    /// Whether a child row that goes may mend what its keys count.
    pub fn may_mend_by_leaving(&self, target: &TargetProgram) -> bool {
        target.child_keys.iter().any(|key| self.is_counting(key))
    }

    /// A child row that had no parent has gone.
    pub fn child_left(&mut self, target: &TargetProgram, row: &Row) -> Result<()> {
        for key in &target.child_keys {
            if self.is_counting(key)
                && !self.has_parent(key, row.rowid, |c| column_value(&target.table, row, c), false)?
            {
                self.add(key, -1);
            }
        }
        Ok(())
    }

    /// The keys that an update of these columns may break: of a row that may be its own parent, all.
    fn set_keys<'t>(target: &'t TargetProgram, set: &[u16]) -> impl Iterator<Item = &'t Arc<ForeignKeyCheck>> {
        target.child_keys.iter().filter(|key| {
            let own = key.parent.as_ref().is_some_and(|p| p.id == key.child.id);
            own || sets(target, set, &key.child.foreign_keys[key.position as usize].columns)
        })
    }

    /// Whether an update of these columns has to do with a key of the table.
    pub fn sets_keys(target: &TargetProgram, set: &[u16]) -> bool {
        let child = |k: &Arc<ForeignKeyCheck>| sets(target, set, &k.child.foreign_keys[k.position as usize].columns);
        let parent = |k: &Arc<ForeignKeyCheck>| k.parent_columns.as_ref().is_ok_and(|c| sets(target, set, c));
        target.child_keys.iter().any(child) || target.parent_keys.iter().any(parent)
    }

    /// A child row is about to change: it may have had no parent.
    pub fn child_changes(&mut self, target: &TargetProgram, set: &[u16], old: &Row) -> Result<()> {
        for key in Self::set_keys(target, set) {
            if self.is_counting(key)
                && !self.has_parent(key, old.rowid, |c| column_value(&target.table, old, c), false)?
            {
                self.add(key, -1);
            }
        }
        Ok(())
    }

    /// A child row has changed: it needs its parents.
    pub fn child_changed(&mut self, target: &TargetProgram, set: &[u16], new: &Row) -> Result<()> {
        for key in Self::set_keys(target, set) {
            if !self.has_parent(key, new.rowid, |c| column_value(&target.table, new, c), true)? {
                self.add(key, 1);
            }
        }
        Ok(())
    }

    /// A parent row that children were waiting for has come, or an old one has taken another key. A row waits for itself
    /// no more: `check_child` has seen to it.
    pub fn parent_appeared(&mut self, target: &TargetProgram, row: &Row, old: Option<&Row>) -> Result<()> {
        for key in &target.parent_keys {
            if !self.is_counting(key) {
                continue;
            }
            let columns = match old {
                Some(old) => changed_columns(key, old, Some(row))?,
                None => key.parent_columns.as_deref().ok(),
            };
            let Some(columns) = columns else { continue };
            let mut children = self.children(key, row, columns, Purpose::Count)?;
            if key.child.id == target.table.id {
                let own = primary_key(target, row, self.cx)?;
                children.retain(|(child, primary)| match primary {
                    None => child.rowid != row.rowid,
                    Some(_) => *primary != own,
                });
            }
            self.add(key, -(children.len() as i64));
        }
        Ok(())
    }

    /// A parent row has gone or changed: its children follow, or violate the key.
    pub fn act_on_children(&mut self, target: &TargetProgram, old: &Row, new: Option<&Row>) -> Result<()> {
        for key in &target.parent_keys {
            let Some(columns) = changed_columns(key, old, new)? else { continue };
            let own = key.child.id == target.table.id;
            let own_key = match new {
                Some(new) if own => primary_key(target, new, self.cx)?,
                _ => None,
            };
            let children = |purpose: Purpose| -> Result<Vec<(Row, Option<Vec<u8>>)>> {
                let mut children = self.children(key, old, columns, purpose)?;
                // A row that refers to itself has gone with its parent, or is changed like others.
                let gone = |(child, primary): &(Row, Option<Vec<u8>>)| match new {
                    None => primary.is_none() && child.rowid == old.rowid,
                    Some(new) if primary.is_none() => purpose == Purpose::Count && child.rowid == new.rowid,
                    Some(_) => purpose == Purpose::Count && *primary == own_key,
                };
                children.retain(|child| !own || !gone(child));
                Ok(children)
            };
            // An action mends what is counted here: the child that it changes or deletes subtracts again.
            self.add(key, children(Purpose::Count)?.len() as i64);
            let foreign_key = &key.child.foreign_keys[key.position as usize];
            let action = if new.is_some() { foreign_key.on_update } else { foreign_key.on_delete };
            if action == ForeignKeyAction::NoAction {
                continue;
            }
            let children = children(Purpose::Act)?;
            if children.is_empty() {
                continue;
            }
            if action == ForeignKeyAction::Restrict {
                return Err(Error::new(Code::CONSTRAINT_TRIGGER, "FOREIGN KEY constraint failed"));
            }
            let child_target = self.cx.around.target_program(key.database, &key.child)?;
            let (changes, abort) = (self.written.changes, Some(Conflict::Abort));
            for (child, primary) in children {
                let set = |value: &dyn Fn(usize, u16) -> Result<Value>| -> Result<Vec<(u16, Value)>> {
                    foreign_key.columns.iter().enumerate().map(|(i, c)| Ok((*c, value(i, *c)?))).collect()
                };
                let set = match (action, new) {
                    (ForeignKeyAction::Cascade, None) => {
                        self.delete_row(&child_target, abort, &child, primary.as_deref(), Deleted::ByKey, None)?;
                        continue;
                    }
                    (ForeignKeyAction::Cascade, Some(new)) => set(&|i, _| Ok(parent_value(key, new, columns[i])))?,
                    (ForeignKeyAction::SetNull, _) => set(&|_, _| Ok(Value::Null))?,
                    _ => set(&|_, c| self.cx.around.default_value(key.database, &key.child, c as usize))?,
                };
                let depth = self.cx.around.trigger_depth();
                depth.set(depth.get() + 1);
                let result = self.update_row(&child_target, abort, &child, primary.as_deref(), set, None);
                depth.set(depth.get() - 1);
                result?;
            }
            self.written.changes = changes;
        }
        Ok(())
    }

    /// A single row that nothing follows: SQLite refuses it before it is stored.
    pub fn is_alone(&self, program: &InsertProgram) -> bool {
        let single = match program.rows.as_ref().map(|rows| &rows.body) {
            None => true,
            Some(Body::Values(rows)) => rows.len() == 1,
            Some(_) => false,
        };
        let target = &program.target;
        let table = &target.table;
        let given = program.rowid.is_some()
            || table.rowid_alias().is_some_and(|c| matches!(program.values[c as usize], ColumnValue::Source(_)));
        let answered = |i: Option<usize>| program.upserts.iter().any(|u| u.target.is_none() || u.target == Some(i));
        let replacing = |own: Option<Conflict>| self.or.or(own) == Some(Conflict::Replace);
        let mut indexes =
            target.indexes.iter().enumerate().filter(|(_, x)| x.index.unique && replacing(Some(x.conflict)));
        let own = table.primary_key.as_ref().filter(|_| table.rowid_alias().is_some()).and_then(|k| k.conflict);
        let replaces = given && replacing(own) && !answered(None) || indexes.any(|(i, _)| !answered(Some(i)));
        let is_key = |column: u16| {
            let child =
                target.child_keys.iter().any(|k| k.child.foreign_keys[k.position as usize].columns.contains(&column));
            child || target.parent_keys.iter().any(|k| k.parent_columns.iter().flatten().any(|c| *c == column))
        };
        // A clause answers nothing behind others for the same constraint, or for all of them.
        let unique = target.indexes.iter().filter(|i| i.index.unique).count() + usize::from(given);
        let answers = |(i, u): &(usize, &UpsertProgram)| {
            let known = program.upserts[..*i].iter().any(|earlier| earlier.target == u.target);
            !known && (u.target.is_some() || *i < unique)
        };
        let sets = program.upserts.iter().enumerate().filter(answers).flat_map(|(_, u)| &u.action).flat_map(|a| &a.set);
        let updates = sets.map(|(column, _)| *column).any(is_key);
        let top = target.triggers.is_empty() && self.cx.around.trigger_depth().get() == 0;
        single && top && !replaces && !updates && program.returning.is_none()
    }

    /// Whether the parent of a child row exists, or none is needed. A new row has not been stored yet.
    fn has_parent<'v>(
        &self,
        key: &ForeignKeyCheck,
        rowid: i64,
        value: impl Fn(u16) -> ValueRef<'v>,
        is_new: bool,
    ) -> Result<bool> {
        let foreign_key = &key.child.foreign_keys[key.position as usize];
        let Some(parent) = &key.parent else {
            return Err(Error::sql(format!("no such table: {}.{}", "main", foreign_key.parent)));
        };
        let columns = key.parent_columns.as_ref().map_err(|message| Error::sql(message.clone()))?;
        let values: Vec<ValueRef<'_>> = foreign_key.columns.iter().map(|c| value(*c)).collect();
        if values.iter().any(|v| v.is_null()) {
            return Ok(true);
        }
        // A row can be its own parent; SQLite compares a new one's values as they are.
        if parent.id == key.child.id {
            let own = columns.iter().zip(&values).all(|(c, v)| {
                let parent_value = value(*c);
                if is_new && parent.rowid_alias() != Some(*c) {
                    return compare::compare(parent_value, *v, &Collation::Binary).is_eq();
                }
                parent_equals(parent, *c, parent_value, *v)
            });
            if own {
                return Ok(true);
            }
        }
        // A new row that is stored already is not its own parent by another comparison.
        let own = (is_new && parent.id == key.child.id && parent.has_rowid()).then_some(rowid);
        self.find_parent(key.database, parent, columns, &values, own)
    }

    fn find_parent(
        &self,
        database: DatabaseIndex,
        parent: &Arc<Table>,
        columns: &[u16],
        values: &[ValueRef<'_>],
        but: Option<i64>,
    ) -> Result<bool> {
        let around = self.cx.around;
        let view = around.live_view(database)?;
        let arena = bumpalo::Bump::new();
        if let [column] = columns
            && parent.rowid_alias() == Some(*column)
        {
            let found = match affinity::apply(values[0], Affinity::Integer, &arena) {
                ValueRef::Integer(rowid) => around.row_tree(database, parent.id)?.read(rowid, view, |_| ()).is_some(),
                _ => false,
            };
            return Ok(found);
        }
        for index in &parent.indexes {
            let ordinals: Vec<Option<usize>> = index
                .columns
                .iter()
                .map(|k| match k.term {
                    IndexTerm::Column(c) => columns.iter().position(|p| *p == c),
                    _ => None,
                })
                .collect();
            if !index.unique || index.filter.is_some() || ordinals.len() != columns.len() || ordinals.contains(&None) {
                continue;
            }
            let mut prefix = Vec::new();
            for (k, position) in index.columns.iter().zip(ordinals.iter().flatten()) {
                let affinity_of_parent = parent.columns[columns[*position] as usize].affinity;
                let v = affinity::apply(values[*position], affinity_of_parent, &arena);
                let collation =
                    around.host().encoding().collation(&Collation::built_in(&k.collation).unwrap_or_default());
                encode(v, &collation, k.descending, &mut prefix);
            }
            let tree = around.key_tree(database, index.id)?;
            let found = tree.first_with_prefix(&prefix, view);
            return Ok(found.is_some_and(|f| but.is_none_or(|but| rowid_of_key(f.key()) != but)));
        }
        Ok(false)
    }

    /// The child rows that refer to a parent row.
    fn children(
        &self,
        key: &ForeignKeyCheck,
        parent: &Row,
        columns: &[u16],
        purpose: Purpose,
    ) -> Result<Vec<(Row, Option<Vec<u8>>)>> {
        let around = self.cx.around;
        let child = &key.child;
        let foreign_key = &child.foreign_keys[key.position as usize];
        let Some(parent_table) = &key.parent else { return Ok(Vec::new()) };
        let wanted: Vec<Value> = columns.iter().map(|c| column_value(parent_table, parent, *c).to_owned()).collect();
        if wanted.iter().any(|v| matches!(v, Value::Null)) {
            return Ok(Vec::new());
        }
        let refers = |row: &Row| {
            foreign_key.columns.iter().zip(columns).zip(&wanted).all(|((c, p), w)| {
                let v = &row.values[*c as usize];
                !matches!(v, Value::Null) && refers_to((parent_table, *p, w), (child, *c, v), purpose)
            })
        };
        let view = around.live_view(key.database)?;
        let mut found = Vec::new();
        let is_virtual = |c: &Column| c.generated.as_ref().is_some_and(|g| !g.stored);
        let target = match child.columns.iter().any(is_virtual) {
            true => Some(around.target_program(key.database, child)?),
            false => None,
        };
        let read = |rowid: i64, record: &[u8]| -> Result<Row> {
            let mut row = Row::read(child, rowid, record);
            if let Some(target) = &target {
                generate(target, &mut row, self.cx)?;
            }
            Ok(row)
        };
        if !child.has_rowid() {
            let mut cursor = KeyCursor::new(around.key_tree(key.database, child.id)?, view);
            let mut more = cursor.first();
            while more {
                let row = read(0, cursor.record())?;
                if refers(&row) {
                    found.push((row, Some(cursor.key().to_vec())));
                }
                more = cursor.next();
            }
            return Ok(found);
        }
        let tree = around.row_tree(key.database, child.id)?;
        // An index that begins with the first child column narrows the search.
        let first = foreign_key.columns[0];
        let index = child.indexes.iter().find(|i| {
            let leads = matches!(i.columns.first(), Some(k) if matches!(k.term, IndexTerm::Column(c) if c == first)
                && k.collation.eq_ignore_ascii_case("BINARY"));
            let plain = parent_table.columns[columns[0] as usize].collation.is_none();
            leads && plain && i.filter.is_none()
        });
        if let Some(index) = index {
            let arena = bumpalo::Bump::new();
            let mut prefix = Vec::new();
            let v = affinity::apply(wanted[0].as_ref(), child.columns[first as usize].affinity, &arena);
            encode(v, &around.host().encoding().binary(), index.columns[0].descending, &mut prefix);
            let mut cursor = KeyCursor::new(around.key_tree(key.database, index.id)?, view);
            let mut more = cursor.seek_ge(&prefix);
            while more && cursor.key().starts_with(&prefix) {
                let rowid = rowid_of_key(cursor.key());
                if let Some(version) = tree.get(rowid, view) {
                    let row = read(rowid, version.record())?;
                    if refers(&row) {
                        found.push((row, None));
                    }
                }
                more = cursor.next();
            }
            return Ok(found);
        }
        if child.rowid_alias() == Some(first) && foreign_key.columns.len() == 1 {
            if let Value::Integer(rowid) = wanted[0]
                && let Some(version) = tree.get(rowid, view)
            {
                found.push((read(rowid, version.record())?, None));
            }
            return Ok(found);
        }
        let mut cursor = RowCursor::new(tree, view);
        let mut more = cursor.first();
        while more {
            let row = read(cursor.rowid(), cursor.record())?;
            if refers(&row) {
                found.push((row, None));
            }
            more = cursor.next();
        }
        Ok(found)
    }
}

/// What children are looked for: SQLite compares keys in one way to count violations, in another for actions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Count,
    Act,
}

/// Whether a child's value refers to a parent's.
fn refers_to(parent: (&Table, u16, &Value), child: (&Table, u16, &Value), purpose: Purpose) -> bool {
    let of_parent = &parent.0.columns[parent.1 as usize];
    let own = child.0.columns[child.1 as usize].affinity;
    let affinity = match purpose {
        // `OLD.key = child`, where OLD brings no affinity.
        Purpose::Act => own,
        Purpose::Count if own.is_numeric() || of_parent.affinity.is_numeric() => Affinity::Numeric,
        Purpose::Count => Affinity::None,
    };
    let arena = bumpalo::Bump::new();
    let (left, right) = (parent.2.as_ref(), child.2.as_ref());
    let (left, right) = (affinity::apply(left, affinity, &arena), affinity::apply(right, affinity, &arena));
    compare::compare(left, right, &of_parent.built_in_collation().unwrap_or_default()).is_eq()
}

/// The parent's key columns if the row's key goes away; `None` if an update leaves the key as it is.
fn changed_columns<'k>(key: &'k ForeignKeyCheck, old: &Row, new: Option<&Row>) -> Result<Option<&'k [u16]>> {
    let Some(parent) = &key.parent else { return Ok(None) };
    let columns = match &key.parent_columns {
        Ok(columns) => columns,
        Err(message) => return Err(Error::sql(message.clone())),
    };
    let unchanged = new.is_some_and(|new| {
        columns.iter().all(|c| {
            let (a, b) = (column_value(parent, old, *c), column_value(parent, new, *c));
            parent_equals(parent, *c, a, b)
        })
    });
    Ok((!unchanged).then_some(columns))
}

fn parent_value(key: &ForeignKeyCheck, row: &Row, column: u16) -> Value {
    match &key.parent {
        Some(parent) => column_value(parent, row, column).to_owned(),
        None => Value::Null,
    }
}

fn column_value<'r>(table: &Table, row: &'r Row, column: u16) -> ValueRef<'r> {
    match table.rowid_alias() == Some(column) {
        true => ValueRef::Integer(row.rowid),
        false => row.values[column as usize].as_ref(),
    }
}

/// Keys compare by the parent column's affinity and collation.
fn parent_equals(parent: &Table, column: u16, parent_value: ValueRef<'_>, child_value: ValueRef<'_>) -> bool {
    let column = &parent.columns[column as usize];
    let arena = bumpalo::Bump::new();
    let collation = column.built_in_collation().unwrap_or_default();
    let child = affinity::apply(child_value, column.affinity, &arena);
    compare::compare(parent_value, child, &collation).is_eq()
}

/// Whether any of a key's columns is set.
fn sets(target: &TargetProgram, set: &[u16], key: &[u16]) -> bool {
    let alias = target.table.rowid_alias();
    key.iter().any(|c| set.contains(c) || alias == Some(*c) && set.contains(&ROWID))
}
