//! INSERT and REPLACE (https://sqlite.org/lang_insert.html, https://sqlite.org/lang_conflict.html).

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_udfs::value::{Affinity, Value};

use super::Run;
use super::delete::Deleted;
use super::key::{self, EntryKey, Holder};
use super::lower::{ColumnValue, InsertProgram, ReturningProgram};
use super::row::{Row, apply, apply_rowid, check_types, check_virtual_types, generate, with_env};
use super::target::{CheckProgram, IndexProgram, TargetProgram};
use super::trigger::Fired;
use crate::catalog::Table;
use crate::error::{Code, Error, Result};
use crate::plan::bound::{Conflict, RaiseAction, TriggerEvent, TriggerTime};
use crate::row::context::Context;
use crate::row::eval::{Env, Near, eval, truth};
use crate::row::program::Body;
use crate::row::run::QueryRun;
use crate::row::subquery::SubqueryRun;
use crate::store::{KeyTree, RowTree};

/// A uniqueness constraint that a new row violates.
pub enum Clash {
    Rowid,
    /// Position in `TargetProgram::indexes`.
    Index(usize),
}

/// An index entry of the row being written, found to be free.
pub struct Entry {
    pub index: usize,
    pub key: EntryKey,
    pub tree: Arc<KeyTree>,
}

/// What a NOT NULL constraint makes of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NotNull {
    Holds,
    /// REPLACE has put the default in, which may be NULL itself.
    Given,
    Skip,
}

/// What to do with a violation: the statement's OR clause, else the constraint's own, else ABORT.
pub fn action(or: Option<Conflict>, own: Option<Conflict>) -> Conflict {
    or.or(own).unwrap_or(Conflict::Abort)
}

/// An error with what it does to the statement.
pub fn failed(action: Conflict, mut error: Error) -> Error {
    error.raise = match action {
        Conflict::Fail => Some(RaiseAction::Fail),
        Conflict::Rollback => Some(RaiseAction::Rollback),
        _ => None,
    };
    error
}

impl Run<'_> {
    pub fn insert(&mut self, program: &InsertProgram) -> Result<()> {
        if program.plain && self.insert_plain(program)? {
            return Ok(());
        }
        self.use_up(&program.target, 0);
        self.upserts.clear();
        self.insert_all(program)?;
        self.note_sequence(&program.target)
    }

    fn insert_all(&mut self, program: &InsertProgram) -> Result<()> {
        let Some(rows) = &program.rows else {
            return self.insert_values(program, &[]);
        };
        let mut run = QueryRun::new(rows.clone(), self.inputs.to_vec());
        let simple = matches!(rows.body, Body::Values(_));
        if simple {
            let mut row = Vec::new();
            while run.next(self.cx)? {
                row.clear();
                row.extend((0..run.width()).map(|i| run.column(i).to_owned()));
                self.insert_values(program, &row)?;
            }
            return Ok(());
        }
        // The source may read the table: all of it is read first.
        let mut all = Vec::new();
        while run.next(self.cx)? {
            all.push((0..run.width()).map(|i| run.column(i).to_owned()).collect::<Vec<Value>>());
        }
        if program.watched {
            return self.insert_watched(program, &all);
        }
        for row in all {
            self.insert_values(program, &row)?;
        }
        Ok(())
    }

    pub fn insert_values(&mut self, program: &InsertProgram, source: &[Value]) -> Result<()> {
        let target = &program.target;
        let table = &target.table;
        let mut row = Row { rowid: 0, values: Vec::with_capacity(table.columns.len()) };
        for value in &program.values {
            row.values.push(match value {
                ColumnValue::Source(i) => source[*i as usize].clone(),
                ColumnValue::Default(crate::row::node::Node::Constant(v)) => v.clone(),
                ColumnValue::Default(node) => {
                    with_env(&[], self.inputs, &program.subqueries, self.cx, |env| Ok(eval(node, env)?.to_owned()))?
                }
                ColumnValue::Generated => Value::Null,
            });
        }
        let mut given = match (program.rowid, table.rowid_alias()) {
            (Some(i), _) => source[i as usize].clone(),
            (None, Some(alias)) => row.values[alias as usize].clone(),
            (None, None) => Value::Null,
        };
        let unconverted = program.upsert_sees_given.then(|| row.values.clone());
        let unconverted = unconverted.map(|values| real_columns(table, values));
        // INSTEAD OF triggers see values as they were given, but for whole numbers in REAL columns.
        if program.view {
            row.values = real_columns(table, row.values);
        } else {
            row.apply_affinity(table);
        }
        apply_rowid(&mut given);
        let explicit = match given {
            Value::Null => None,
            Value::Integer(i) => Some(i),
            _ => return Err(Error::mismatch()),
        };
        row.rowid = explicit.unwrap_or(-1);
        if let Some(alias) = table.rowid_alias() {
            row.values[alias as usize] = explicit.map_or(Value::Null, Value::Integer);
        }
        if program.view {
            let fired =
                self.fire(target, self.or, TriggerTime::InsteadOf, TriggerEvent::Insert, &[], None, Some(&row))?;
            if fired == Fired::GoOn {
                self.give_back(program.returning.as_ref(), &row)?;
            }
            return Ok(());
        }
        if target.fires_before(TriggerEvent::Insert) {
            check_types(table, &row)?;
            generate(target, &mut row, self.cx)?;
            check_types(table, &row)?;
            check_virtual_types(table, &row)?;
        }
        if self.fire(target, self.or, TriggerTime::Before, TriggerEvent::Insert, &[], None, Some(&row))?
            == Fired::Ignore
        {
            return Ok(());
        }
        let tree = if table.has_rowid() { Some(self.cx.around.row_tree(target.database, table.id)?) } else { None };
        if let Some(tree) = &tree {
            row.rowid = match explicit {
                Some(rowid) => rowid,
                None => self.new_rowid(target, tree)?,
            };
            self.use_up(target, row.rowid);
            if let Some(alias) = table.rowid_alias() {
                row.values[alias as usize] = Value::Integer(row.rowid);
            }
        }
        if !target.generated.is_empty() {
            check_types(table, &row)?;
            generate(target, &mut row, self.cx)?;
            check_virtual_types(table, &row)?;
        }
        let Some(entries) = self.admit(program, &mut row, unconverted, tree.as_ref(), explicit.is_some())? else {
            return Ok(());
        };
        self.check_child(target, row.rowid, |c| row.values[usize::from(c)].as_ref())?;
        if self.violations.get() != 0 && self.is_alone(program) {
            return Err(Error::new(Code::CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed"));
        }
        self.parent_appeared(target, &row, None)?;
        self.store(target, &row, tree.as_ref(), &entries)?;
        if tree.is_some() {
            self.cx.around.set_last_insert_rowid(row.rowid);
        }
        self.count();
        let returning = program.returning.as_ref();
        self.fire_after(target, self.or, TriggerEvent::Insert, &[], None, Some(&row), returning)
    }

    /// Checks everything that can keep a new row out; `None` if it is skipped (or an UPSERT took its place). `given`: its
    /// values as they were given, if an UPSERT may see them so.
    fn admit(
        &mut self,
        program: &InsertProgram,
        row: &mut Row,
        given: Option<Vec<Value>>,
        tree: Option<&Arc<RowTree>>,
        explicit: bool,
    ) -> Result<Option<Vec<Entry>>> {
        let target = &program.target;
        if !self.check_row(target, self.or, row, None)? {
            return Ok(None);
        }
        for (n, upsert) in program.upserts.iter().enumerate() {
            if let Some(holder) = self.upsert_holder(program, upsert.target, row, tree)? {
                if let Some(update) = &upsert.action {
                    let by_rowid = matches!(holder, Holder::Rowid(rowid) if rowid == row.rowid);
                    // SQLite looks at the rowid before it converts values, unless it has converted them for others.
                    if let Some(given) = given.filter(|_| n == 0 && by_rowid) {
                        row.values = given;
                        if let Some(alias) = target.table.rowid_alias() {
                            row.values[usize::from(alias)] = Value::Integer(row.rowid);
                        }
                    }
                    self.upsert(program, n, update, holder, row)?;
                }
                return Ok(None);
            }
        }
        self.make_room(target, self.or, row, tree, explicit, None, None)
    }

    /// NOT NULL and CHECK; false if the row is skipped. With `set` only the conditions that read one of these columns.
    pub fn check_row(
        &mut self,
        target: &TargetProgram,
        or: Option<Conflict>,
        row: &mut Row,
        set: Option<&[u16]>,
    ) -> Result<bool> {
        let table = &target.table;
        if target.has_not_null {
            let mut again = !target.generated.is_empty();
            let columns = || table.columns.iter().enumerate();
            for (i, _) in columns().filter(|(_, c)| c.generated.is_none()) {
                match self.check_not_null(target, or, row, i, false)? {
                    NotNull::Skip => return Ok(false),
                    NotNull::Given => again = true,
                    NotNull::Holds => {}
                }
            }
            if again {
                generate(target, row, self.cx)?;
                for (i, _) in columns() {
                    if self.check_not_null(target, or, row, i, true)? == NotNull::Skip {
                        return Ok(false);
                    }
                }
            }
        }
        let mut concerned = target.checks.iter().filter(|c| set.is_none_or(|set| c.reads(set))).peekable();
        if concerned.peek().is_some() && !self.cx.around.write_options().ignore_checks {
            check_types(table, row)?;
            let levels = [row.level()];
            for CheckProgram { message, node, .. } in concerned {
                let holds = with_env(&levels, &[], &target.subqueries, self.cx, |env| truth(node, env))?;
                if holds == Some(false) {
                    // CHECK has no conflict clause of its own; REPLACE works like ABORT.
                    match or {
                        Some(Conflict::Ignore) => return Ok(false),
                        or => {
                            let action = or.filter(|a| *a != Conflict::Replace).unwrap_or(Conflict::Abort);
                            let message = format!("CHECK constraint failed: {message}");
                            return Err(failed(action, Error::new(Code::CONSTRAINT_CHECK, message)));
                        }
                    }
                }
            }
        }
        Ok(true)
    }

    /// `again`: behind the defaults of others.
    fn check_not_null(
        &self,
        target: &TargetProgram,
        or: Option<Conflict>,
        row: &mut Row,
        i: usize,
        again: bool,
    ) -> Result<NotNull> {
        let table = &target.table;
        let column = &table.columns[i];
        let Some(not_null) = &column.not_null else { return Ok(NotNull::Holds) };
        if table.rowid_alias() == Some(i as u16) || !matches!(row.values[i], Value::Null) {
            return Ok(NotNull::Holds);
        }
        let mut action = action(or, not_null.conflict);
        if action == Conflict::Replace {
            if !again && column.default.is_some() {
                row.values[i] = self.cx.around.default_value(target.database, table, i)?;
                apply(&mut row.values[i], column.affinity);
                return Ok(NotNull::Given);
            }
            action = Conflict::Abort;
        }
        if action == Conflict::Ignore {
            return Ok(NotNull::Skip);
        }
        let message = format!("NOT NULL constraint failed: {}.{}", table.name, column.name);
        Err(failed(action, Error::new(Code::CONSTRAINT_NOTNULL, message)))
    }

    /// Sees to it that no other row has the rowid or a unique key: skips, fails, or removes the others. Gives the entries
    /// to write; with `set` only those that depend on these columns.
    pub fn make_room(
        &mut self,
        target: &TargetProgram,
        or: Option<Conflict>,
        row: &Row,
        tree: Option<&Arc<RowTree>>,
        check_rowid: bool,
        old: Option<(&Row, Option<&[u8]>)>,
        set: Option<&[u16]>,
    ) -> Result<Option<Vec<Entry>>> {
        let around = self.cx.around;
        let mut to_remove: Vec<Holder> = Vec::new();
        if let Some(tree) = tree
            && check_rowid
            && tree.get(row.rowid, around.live_view(target.database)?).is_some()
        {
            let alias = target.table.rowid_alias().is_some();
            let own = target.table.primary_key.as_ref().filter(|_| alias).and_then(|p| p.conflict);
            match action(or, own) {
                Conflict::Ignore => return Ok(None),
                Conflict::Replace => to_remove.push(Holder::Rowid(row.rowid)),
                action => return Err(failed(action, self.unique_error(target, Clash::Rowid))),
            }
        }
        check_types(&target.table, row)?;
        let mut entries = Vec::with_capacity(target.indexes.len());
        let mut replacing = Vec::new();
        for &i in &target.check_order {
            let index = &target.indexes[i];
            if set.is_some_and(|set| !index.depends_on(set)) {
                continue;
            }
            let Some(key) = key::entry_key(target, index, row, self.cx)? else { continue };
            let tree = around.key_tree(target.database, index.index.id)?;
            if index.index.unique {
                let action = action(or, Some(index.conflict));
                if action == Conflict::Replace {
                    replacing.push(entries.len());
                } else if self.other_holder(target, index, &key, &tree, old)?.is_some() {
                    if action == Conflict::Ignore {
                        return Ok(None);
                    }
                    return Err(failed(action, self.unique_error(target, Clash::Index(i))));
                }
            }
            entries.push(Entry { index: i, key, tree });
        }
        let mut replaced = !to_remove.is_empty();
        for holder in to_remove {
            self.remove_holder(target, holder)?;
        }
        for position in replacing {
            let entry = &entries[position];
            let index = &target.indexes[entry.index];
            if let Some(holder) = self.other_holder(target, index, &entry.key, &entry.tree, old)? {
                self.remove_holder(target, holder)?;
                replaced = true;
            }
        }
        // Triggers of the rows that went may have put others in their place.
        if replaced && !target.triggers.is_empty() && around.write_options().recursive_triggers {
            if let Some(tree) = tree
                && (check_rowid || old.is_none())
                && tree.get(row.rowid, around.live_view(target.database)?).is_some()
            {
                return Err(self.unique_error(target, Clash::Rowid));
            }
            for entry in entries.iter().filter(|e| target.indexes[e.index].index.unique) {
                let index = &target.indexes[entry.index];
                if self.other_holder(target, index, &entry.key, &entry.tree, old)?.is_some() {
                    return Err(self.unique_error(target, Clash::Index(entry.index)));
                }
            }
        }
        Ok(Some(entries))
    }

    /// The row that has a unique key already, unless it is the row being updated.
    fn other_holder(
        &self,
        target: &TargetProgram,
        index: &IndexProgram,
        key: &EntryKey,
        tree: &Arc<KeyTree>,
        old: Option<(&Row, Option<&[u8]>)>,
    ) -> Result<Option<Holder>> {
        let view = self.cx.around.live_view(target.database)?;
        if index.primary {
            let found = tree.get(&key.prefix, view).map(|_| Holder::Primary(key.prefix.clone()));
            return Ok(found.filter(|h| !is_own(h, old)));
        }
        let found = key::holder(tree, index, key, target.table.has_rowid(), view);
        Ok(found.filter(|h| !is_own(h, old)))
    }

    /// REPLACE: deletes the row in the way.
    fn remove_holder(&mut self, target: &TargetProgram, holder: Holder) -> Result<()> {
        let Some((row, primary)) = self.read_holder(target, &holder)? else { return Ok(()) };
        self.delete_row(target, Some(Conflict::Replace), &row, primary.as_deref(), Deleted::Replaced, None)?;
        Ok(())
    }

    /// Whether a row is still there.
    pub fn is_there(&self, target: &TargetProgram, holder: &Holder) -> Result<bool> {
        let around = self.cx.around;
        let view = around.live_view(target.database)?;
        Ok(match holder {
            Holder::Rowid(rowid) => around.row_tree(target.database, target.table.id)?.get(*rowid, view).is_some(),
            Holder::Primary(key) => around.key_tree(target.database, target.table.id)?.get(key, view).is_some(),
        })
    }

    /// A row as it is now, with its primary key WITHOUT ROWID.
    pub fn read_holder(&self, target: &TargetProgram, holder: &Holder) -> Result<Option<(Row, Option<Vec<u8>>)>> {
        let around = self.cx.around;
        let view = around.live_view(target.database)?;
        Ok(match holder {
            Holder::Rowid(rowid) => {
                let tree = around.row_tree(target.database, target.table.id)?;
                match tree.get(*rowid, view) {
                    Some(version) => {
                        let mut row = Row::read(&target.table, *rowid, version.record());
                        generate(target, &mut row, self.cx)?;
                        Some((row, None))
                    }
                    None => None,
                }
            }
            Holder::Primary(key) => {
                let tree = around.key_tree(target.database, target.table.id)?;
                match tree.get(key, view) {
                    Some(version) => {
                        let mut row = Row::read(&target.table, 0, version.record());
                        generate(target, &mut row, self.cx)?;
                        Some((row, Some(key.clone())))
                    }
                    None => None,
                }
            }
        })
    }

    /// Writes the row and its index entries.
    pub fn store(
        &mut self,
        target: &TargetProgram,
        row: &Row,
        tree: Option<&Arc<RowTree>>,
        entries: &[Entry],
    ) -> Result<()> {
        let mut record = Vec::with_capacity(64);
        row.encode(&target.table, &mut record);
        if record.len() > self.cx.around.write_options().length_max {
            return Err(Error::too_big());
        }
        let primary = key::primary_key(target, row, self.cx)?;
        let mut transaction = self.cx.around.transaction(target.database)?;
        match (tree, &primary) {
            (Some(tree), _) => {
                transaction.put_row(tree, row.rowid, &record);
            }
            (None, Some(primary)) => {
                drop(transaction);
                let tree = self.cx.around.key_tree(target.database, target.table.id)?;
                transaction = self.cx.around.transaction(target.database)?;
                transaction.put_key(&tree, primary, &record);
            }
            (None, None) => return Err(Error::internal("a table has rowids or a primary key")),
        }
        for entry in entries {
            if target.indexes[entry.index].primary {
                continue;
            }
            let key = key::full_key(&entry.key.prefix, row, primary.as_deref());
            transaction.put_key(&entry.tree, &key, primary.as_deref().unwrap_or_default());
        }
        Ok(())
    }

    pub fn unique_error(&self, target: &TargetProgram, clash: Clash) -> Error {
        let table = &target.table;
        let columns = |ordinals: &[u16]| -> String {
            let names: Vec<String> =
                ordinals.iter().map(|c| format!("{}.{}", table.name, table.columns[*c as usize].name)).collect();
            names.join(", ")
        };
        match clash {
            Clash::Rowid => match table.rowid_alias() {
                Some(alias) => {
                    Error::new(Code::CONSTRAINT_PRIMARYKEY, format!("UNIQUE constraint failed: {}", columns(&[alias])))
                }
                None => Error::new(Code::CONSTRAINT_ROWID, format!("UNIQUE constraint failed: {}.rowid", table.name)),
            },
            Clash::Index(i) => {
                let index = &target.indexes[i].index;
                let ordinals: Option<Vec<u16>> = index
                    .columns
                    .iter()
                    .map(|c| if let crate::catalog::IndexTerm::Column(c) = c.term { Some(c) } else { None })
                    .collect();
                let what = match ordinals {
                    Some(ordinals) => columns(&ordinals),
                    None => format!("index '{}'", index.name),
                };
                let code = if index.origin == crate::catalog::IndexOrigin::PrimaryKey {
                    Code::CONSTRAINT_PRIMARYKEY
                } else {
                    Code::CONSTRAINT_UNIQUE
                };
                Error::new(code, format!("UNIQUE constraint failed: {what}"))
            }
        }
    }

    /// Counts a changed row.
    #[inline]
    pub fn count(&mut self) {
        self.written.changes += 1;
        self.cx.around.count_changes(1);
    }

    /// Computes RETURNING for a row. What INSTEAD OF triggers take from a view counts as no change.
    pub fn give_back(&mut self, returning: Option<&ReturningProgram>, row: &Row) -> Result<()> {
        if let Some(returning) = returning {
            if self.returning.len() != returning.subqueries.len() {
                self.returning = SubqueryRun::all(&returning.subqueries);
            }
            // Only what stands in FROM in parentheses is made once.
            for (run, subquery) in self.returning.iter().zip(&returning.subqueries) {
                if !subquery.program.reads_queries() {
                    run.borrow_mut().forget();
                }
            }
            let (levels, cx) = ([row.level()], Context { live: true, ..*self.cx });
            let (arena, json) = (Bump::new(), Cell::new(false));
            let env = Env {
                cx: &cx,
                levels: &levels,
                near: Near::of(&levels, 0),
                inputs: self.inputs,
                slots: &[],
                subqueries: &returning.subqueries,
                runs: &self.returning,
                arena: &arena,
                json: &json,
            };
            let values = returning.output.iter().map(|n| Ok(eval(n, &env)?.to_owned()));
            let values = values.collect::<Result<Vec<Value>>>()?;
            self.written.returned.push(values);
        }
        Ok(())
    }
}

/// Whole numbers in REAL columns are made reals where values are seen as they were given.
fn real_columns(table: &Table, mut values: Vec<Value>) -> Vec<Value> {
    for (value, column) in values.iter_mut().zip(&table.columns) {
        if column.affinity == Affinity::Real && matches!(value, Value::Integer(_)) {
            apply(value, Affinity::Real);
        }
    }
    values
}

fn is_own(holder: &Holder, old: Option<(&Row, Option<&[u8]>)>) -> bool {
    match (holder, old) {
        (Holder::Rowid(rowid), Some((row, None))) => *rowid == row.rowid,
        (Holder::Primary(key), Some((_, Some(primary)))) => key == primary,
        _ => false,
    }
}
