//! A commit into the file: the transaction's net changes, in one transaction of the container.
//!
//! First what goes (objects, then rows), then what comes (tables, rows, then indexes, views and triggers), so that
//! no unique key is taken twice in between and indexes are filled at once. Rows carry their rowids. Triggers,
//! foreign keys and checks have done their work already; the container has them switched off.

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef};

use super::through_hidden;
use super::through_rows::{RowValues, insert_text, write_rows};
use super::undo::{TreeIndex, Undo};
use crate::catalog::load::SchemaRow;
use crate::catalog::sql_text::always_quoted;
use crate::catalog::system::SCHEMA_TABLE_ID;
use crate::catalog::{Schema, Table};
use crate::error::{Error, Result};
use crate::store::container::Writer;
use crate::store::{Stamp, Store, Tree, Version, record};

/// What a transaction wrote.
pub struct Changes<'t> {
    pub undo: &'t [Undo],
    pub trees: &'t [Tree],
    /// Versions from here on are the transaction's own.
    pub first: Stamp,
    pub before: &'t Schema,
    pub after: &'t Schema,
}

/// One row before and after; one of them is there.
pub(super) struct Change {
    pub rowid: i64,
    pub old: Option<Version>,
    pub new: Option<Version>,
}

/// One row of the schema table before and after.
struct ObjectChange {
    old: Option<SchemaRow>,
    new: Option<SchemaRow>,
}

impl Changes<'_> {
    /// Takes into memory what others may still read of objects that go away.
    pub fn keep_dropped(&self, store: &Store) -> Result<()> {
        for undo in self.undo {
            if let Undo::Drop(id) = undo
                && let Some(tree) = store.tree(*id)
            {
                tree.cover_all();
            }
        }
        crate::store::fault::check()
    }

    /// Takes into memory what [`Changes::write`] reads: the file cannot be read while it is written.
    pub fn read_ahead(&self, store: &Store) -> Result<()> {
        if let Some(table) = self.changed_sequences()
            && let Some(Tree::Row(tree)) = store.tree(table.id)
        {
            tree.cover_all();
        }
        crate::store::fault::check()
    }

    pub fn write(&self, writer: &mut Writer<'_>, store: &Store) -> Result<()> {
        let objects = self.objects();
        drop_objects(&objects, writer)?;
        rewrite_objects(&objects, writer)?;
        create_objects(&objects, writer, |kind| kind == "table")?;
        let tables = self.changed_tables();
        for (table, tree) in &tables {
            let changes = self.changes_of(tree);
            let cleared = self.is_cleared(tree);
            if through_hidden::hides_rowid(table) {
                through_hidden::write_rows(table, cleared, &changes, writer)?;
            } else {
                write_rows(table, cleared, &changes, writer)?;
            }
        }
        if let Some(table) = self.changed_sequences() {
            writer.execute("DELETE FROM sqlite_sequence", &[])?;
            self.write_all(table, store, writer)?;
        }
        create_objects(&objects, writer, |kind| kind != "table")?;
        self.recreate_triggers(&objects, writer)?;
        for (pragma, old, new) in [
            ("user_version", self.before.user_version, self.after.user_version),
            ("application_id", self.before.application_id, self.after.application_id),
        ] {
            if old != new {
                writer.execute_once(&format!("PRAGMA {pragma}={new}"), &[])?;
            }
        }
        if objects.is_empty() && self.before.cookie != self.after.cookie {
            writer.execute_once(&format!("PRAGMA schema_version={}", self.after.cookie), &[])?;
        }
        Ok(())
    }

    /// `sqlite_sequence`, if its rows in the file have to be written anew: the container's own AUTOINCREMENT changes them.
    fn changed_sequences(&self) -> Option<&Table> {
        let table = self.after.table("sqlite_sequence")?;
        let mut changed = self.trees.iter().filter_map(|tree| self.after.table_of_tree(tree.id()));
        changed.any(|t| t.id == table.id || uses_autoincrement(t)).then_some(table)
    }

    /// The tables with changed rows.
    fn changed_tables(&self) -> Vec<(Arc<Table>, Tree)> {
        let mut tables: Vec<(Arc<Table>, Tree)> = (self.trees.iter())
            .filter_map(|tree| Some((self.after.table_of_tree(tree.id())?.clone(), tree.clone())))
            .collect();
        tables.sort_by_key(|(table, _)| table.id);
        tables
    }

    /// Whether all entries of a tree went at once: then its changes are rows that came since.
    fn is_cleared(&self, tree: &Tree) -> bool {
        let index = self.index_of(tree);
        self.undo.iter().any(|undo| matches!(undo, Undo::Clear { tree } if index == Some(*tree)))
    }

    /// The number of a tree in the undo list.
    fn index_of(&self, tree: &Tree) -> Option<TreeIndex> {
        self.trees.iter().position(|t| t.id() == tree.id()).map(|index| index as TreeIndex)
    }

    /// The net changes of a table's rows, in the order of their keys.
    fn changes_of(&self, tree: &Tree) -> Vec<Change> {
        let Some(index) = self.index_of(tree) else { return Vec::new() };
        match tree {
            Tree::Row(tree) => {
                let mut rowids: Vec<i64> = Vec::new();
                for undo in self.undo {
                    match undo {
                        Undo::RowInsert { tree, count, rowid } if *tree == index => {
                            rowids.extend((0..i64::from(*count)).map(|i| rowid + i));
                        }
                        Undo::RowReplace { tree, rowid, .. } if *tree == index => rowids.push(*rowid),
                        _ => {}
                    }
                }
                rowids.sort_unstable();
                rowids.dedup();
                let mut changes = Vec::with_capacity(rowids.len());
                tree.each_newest(&rowids, |rowid, newest| changes.extend(self.change(newest, rowid)));
                changes
            }
            Tree::Key(tree) => {
                let mut keys: Vec<&[u8]> = (self.undo.iter())
                    .filter_map(|undo| match undo {
                        Undo::KeyInsert { tree, new } | Undo::KeyReplace { tree, new, .. } if *tree == index => {
                            Some(new.key())
                        }
                        _ => None,
                    })
                    .collect();
                keys.sort_unstable();
                keys.dedup();
                keys.into_iter().filter_map(|key| self.change(&tree.newest(key)?, 0)).collect()
            }
        }
    }

    /// What became of the row or entry with this newest version.
    fn change(&self, newest: &Version, rowid: i64) -> Option<Change> {
        let mut old = if newest.stamp() < self.first { Some(newest.clone()) } else { newest.older() };
        while let Some(version) = old.take_if(|version| version.stamp() >= self.first) {
            old = version.older();
        }
        let old = old.filter(|version| !version.is_tombstone());
        let new = Some(newest).filter(|version| !version.is_tombstone()).cloned();
        (old.is_some() || new.is_some()).then_some(Change { rowid, old, new })
    }

    /// The changes of the schema table.
    fn objects(&self) -> Vec<ObjectChange> {
        let Some(tree) = self.trees.iter().find(|tree| tree.id() == SCHEMA_TABLE_ID) else { return Vec::new() };
        let row = |version: Version| {
            let text = |i| match record::column(version.record(), i) {
                Some(ValueRef::Text(t)) => Some(String::from_utf8_lossy(t).into_owned()),
                _ => None,
            };
            let root_page = match record::column(version.record(), 3) {
                Some(ValueRef::Integer(page)) => u32::try_from(page).unwrap_or(0),
                _ => 0,
            };
            let word = |i| text(i).unwrap_or_default().into();
            SchemaRow { kind: word(0), name: word(1), table: word(2), root_page, sql: text(4).map(Into::into) }
        };
        (self.changes_of(tree).into_iter())
            .map(|change| ObjectChange { old: change.old.map(row), new: change.new.map(row) })
            .filter(|change| change.old != change.new)
            .collect()
    }

    /// Writes all rows of a table that is empty.
    fn write_all(&self, table: &Table, store: &Store, writer: &mut Writer<'_>) -> Result<()> {
        let insert = insert_text(table)?;
        let view = crate::store::View::main(Stamp(u64::MAX));
        let columns = RowValues::written(table);
        let mut put = |rowid: i64, bytes: &[u8]| writer.execute_each(&insert, [columns.values(rowid, bytes)]);
        match store.tree(table.id) {
            Some(Tree::Row(tree)) => {
                let mut cursor = crate::store::RowCursor::new(tree, view);
                let mut more = cursor.first();
                while more {
                    put(cursor.rowid(), cursor.record())?;
                    more = cursor.next();
                }
            }
            Some(Tree::Key(tree)) => {
                let mut cursor = crate::store::KeyCursor::new(tree, view);
                let mut more = cursor.first();
                while more {
                    put(0, cursor.record())?;
                    more = cursor.next();
                }
            }
            None => return Err(Error::internal("a table without rows")),
        }
        crate::store::fault::check()
    }

    /// The triggers of tables that were dropped and created under the same name, which ALTER TABLE does: they went
    /// with the old one.
    fn recreate_triggers(&self, objects: &[ObjectChange], writer: &mut Writer<'_>) -> Result<()> {
        let replaced = |name: &str| {
            let mut old = objects.iter().filter(|c| !c.is_same()).filter_map(|c| c.old.as_ref());
            old.any(|old| &*old.kind == "table" && old.name.eq_ignore_ascii_case(name))
        };
        let created = |name: &str| {
            let mut new = objects.iter().filter(|c| !c.is_same()).filter_map(|c| c.new.as_ref());
            new.any(|new| &*new.kind == "trigger" && new.name.eq_ignore_ascii_case(name))
        };
        for trigger in self.after.trigger_order.iter().filter_map(|name| self.after.triggers.get(name)) {
            if replaced(&trigger.table) && !created(&trigger.name) {
                writer.execute_once(&trigger.sql, &[])?;
            }
        }
        Ok(())
    }
}

impl ObjectChange {
    /// Whether both rows are of one object: otherwise the row was used again.
    fn is_same(&self) -> bool {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => old.kind == new.kind && old.root_page == new.root_page,
            _ => false,
        }
    }
}

fn drop_objects(objects: &[ObjectChange], writer: &mut Writer<'_>) -> Result<()> {
    for kind in ["trigger", "view", "index", "table"] {
        for change in objects {
            let Some(old) = change.old.as_ref().filter(|old| &*old.kind == kind) else { continue };
            // What belongs to a dropped table goes with it.
            let with_table = kind != "table" && old.sql.is_none();
            if change.is_same() || with_table {
                continue;
            }
            // The library never drops it: it stays, without rows.
            if &*old.name == "sqlite_sequence" {
                writer.execute("DELETE FROM sqlite_sequence", &[])?;
                continue;
            }
            writer.execute_once(&format!("DROP {kind} IF EXISTS {}", always_quoted(&old.name)), &[])?;
        }
    }
    Ok(())
}

/// Texts and names that ALTER changed.
fn rewrite_objects(objects: &[ObjectChange], writer: &mut Writer<'_>) -> Result<()> {
    let changed: Vec<&ObjectChange> = objects.iter().filter(|c| c.is_same()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    writer.with_writable_schema(|writer| {
        for change in changed {
            let (Some(old), Some(new)) = (&change.old, &change.new) else { continue };
            let text = |t: &'_ str| Value::Text(t.as_bytes().into());
            let values = [
                text(&new.name),
                text(&new.table),
                new.sql.as_ref().map_or(Value::Null, |sql| text(sql)),
                text(&old.kind),
                text(&old.name),
            ];
            let refs: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
            let sql = "UPDATE sqlite_schema SET name = ?, tbl_name = ?, sql = ? WHERE type = ? AND name = ?";
            writer.execute_once(sql, &refs)?;
        }
        Ok(())
    })?;
    writer.reload_schema()
}

fn create_objects(objects: &[ObjectChange], writer: &mut Writer<'_>, wanted: impl Fn(&str) -> bool) -> Result<()> {
    for change in objects {
        let Some(new) = change.new.as_ref().filter(|new| wanted(&new.kind) && !change.is_same()) else { continue };
        match (&new.sql, &*new.name) {
            // The first AUTOINCREMENT table makes it.
            (_, "sqlite_sequence") | (None, _) => {}
            (Some(sql), name) if name.starts_with("sqlite_") => {
                writer.with_writable_schema(|writer| writer.execute_once(sql, &[]))?;
            }
            (Some(sql), _) => writer.execute_once(sql, &[])?,
        }
    }
    Ok(())
}

fn uses_autoincrement(table: &Table) -> bool {
    table.primary_key.as_ref().is_some_and(|key| key.autoincrement)
}
