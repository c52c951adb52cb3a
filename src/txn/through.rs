//! A commit into the file: the transaction's net changes, in one transaction of the container.
//!
//! First what goes (objects, then rows), then what comes (tables, rows, then indexes, views and triggers), so that
//! no unique key is taken twice in between and indexes are filled at once. Rows carry their rowids. Triggers,
//! foreign keys and checks have done their work already; the container has them switched off.

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef};

use super::undo::Undo;
use crate::catalog::load::SchemaRow;
use crate::catalog::sql_text::always_quoted;
use crate::catalog::system::SCHEMA_TABLE_ID;
use crate::catalog::{IndexTerm, Schema, Table};
use crate::error::{Error, Result};
use crate::store::container::Writer;
use crate::store::tree::Tree as TreeOf;
use crate::store::tree::order::Order;
use crate::store::{ObjectId, Stamp, Store, Tree, Version, record};

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
struct Change {
    rowid: i64,
    old: Option<Version>,
    new: Option<Version>,
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
            if let Undo::Drop(id) = undo {
                match store.tree(*id) {
                    Some(Tree::Row(tree)) => tree.cover_all(),
                    Some(Tree::Key(tree)) => tree.cover_all(),
                    None => true,
                };
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
            write_rows(table, &self.changes_of(tree), writer)?;
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
        let of_tree = |id: ObjectId| self.after.tables.values().find(|t| t.id == id);
        let mut changed = self.trees.iter().filter_map(|tree| of_tree(tree.id()));
        changed.any(|t| t.id == table.id || uses_autoincrement(t)).then_some(table)
    }

    /// The tables with changed rows.
    fn changed_tables(&self) -> Vec<(Arc<Table>, Tree)> {
        let of_tree = |id: ObjectId| self.after.tables.values().find(|t| t.id == id);
        let mut tables: Vec<(Arc<Table>, Tree)> = (self.trees.iter())
            .filter(|tree| tree.id() != SCHEMA_TABLE_ID)
            .filter_map(|tree| of_tree(tree.id()).map(|table| (table.clone(), tree.clone())))
            .collect();
        tables.sort_by_key(|(table, _)| table.id);
        tables
    }

    /// The net changes of a table's rows, in the order of their keys.
    fn changes_of(&self, tree: &Tree) -> Vec<Change> {
        let Some(index) = self.trees.iter().position(|t| t.id() == tree.id()) else { return Vec::new() };
        let index = index as u32;
        match tree {
            Tree::Row(tree) => {
                let mut rowids: Vec<i64> = (self.undo.iter())
                    .filter_map(|undo| match undo {
                        Undo::RowInsert { tree, rowid } | Undo::RowReplace { tree, rowid, .. } if *tree == index => {
                            Some(*rowid)
                        }
                        _ => None,
                    })
                    .collect();
                rowids.sort_unstable();
                rowids.dedup();
                rowids.into_iter().filter_map(|rowid| self.change(tree, rowid, rowid)).collect()
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
                keys.into_iter().filter_map(|key| self.change(tree, key, 0)).collect()
            }
        }
    }

    fn change<O: Order>(&self, tree: &Arc<TreeOf<O>>, key: O::Key<'_>, rowid: i64) -> Option<Change> {
        let newest = tree.newest(key)?;
        let mut old = Some(newest.clone());
        while let Some(version) = old.take_if(|version| version.stamp() >= self.first) {
            old = version.older();
        }
        let old = old.filter(|version| !version.is_tombstone());
        let new = Some(newest).filter(|version| !version.is_tombstone());
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
            let word = |i| text(i).unwrap_or_default().into_boxed_str();
            SchemaRow { kind: word(0), name: word(1), table: word(2), root_page, sql: text(4).map(Into::into) }
        };
        (self.changes_of(tree).into_iter())
            .map(|change| ObjectChange { old: change.old.map(row), new: change.new.map(row) })
            .filter(|change| change.old != change.new)
            .collect()
    }

    /// Writes all rows of a table that is empty.
    fn write_all(&self, table: &Table, store: &Store, writer: &mut Writer<'_>) -> Result<()> {
        let mut insert = writer.repeated(&insert_text(table, "INSERT")?)?;
        let written: Vec<usize> = written_columns(table).collect();
        let view = crate::store::View::main(Stamp(u64::MAX));
        let mut put = |rowid: i64, bytes: &[u8]| insert.run(insert_values(table, &written, rowid, bytes));
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

/// The columns that a statement can set.
fn written_columns(table: &Table) -> impl Iterator<Item = usize> + '_ {
    (0..table.columns.len()).filter(|i| table.columns[*i].generated.is_none())
}

fn no_rowid_name(table: &Table) -> Error {
    Error::sql(format!("table {} cannot be written: its columns hide the rowid", table.name))
}

fn insert_text(table: &Table, verb: &str) -> Result<String> {
    let mut columns: Vec<String> = written_columns(table).map(|i| always_quoted(&table.columns[i].name)).collect();
    if table.has_rowid() && table.rowid_alias().is_none() {
        columns.push(table.rowid_name().ok_or_else(|| no_rowid_name(table))?.to_owned());
    }
    let marks = vec!["?"; columns.len()].join(",");
    Ok(format!("{verb} INTO {}({}) VALUES({marks})", always_quoted(&table.name), columns.join(",")))
}

fn column_value<'v>(table: &'v Table, i: usize, rowid: i64, bytes: &'v [u8]) -> ValueRef<'v> {
    if table.rowid_alias() == Some(i as u16) {
        return ValueRef::Integer(rowid);
    }
    match record::column(bytes, i) {
        Some(v) => v,
        None => table.columns[i].added_default.as_ref().map_or(ValueRef::Null, Value::as_ref),
    }
}

/// The values of [`insert_text`], `written` being the columns.
fn insert_values<'v>(
    table: &'v Table,
    written: &'v [usize],
    rowid: i64,
    bytes: &'v [u8],
) -> impl Iterator<Item = ValueRef<'v>> {
    let hidden = table.has_rowid() && table.rowid_alias().is_none();
    let columns = written.iter().map(move |i| column_value(table, *i, rowid, bytes));
    columns.chain(hidden.then_some(ValueRef::Integer(rowid)))
}

/// Which row: a condition with parameters, and their values.
fn row_condition(table: &Table) -> Result<(String, Vec<usize>)> {
    if table.has_rowid() {
        let name = match table.rowid_alias() {
            Some(alias) => always_quoted(&table.columns[usize::from(alias)].name),
            None => table.rowid_name().ok_or_else(|| no_rowid_name(table))?.to_owned(),
        };
        return Ok((format!("{name} = ?"), Vec::new()));
    }
    let mut columns: Vec<usize> = Vec::new();
    for column in table.primary_index().map(|p| &p.columns[..]).unwrap_or_default() {
        if let IndexTerm::Column(c) = column.term
            && !columns.contains(&usize::from(c))
        {
            columns.push(usize::from(c));
        }
    }
    let terms: Vec<String> =
        columns.iter().map(|i| format!("{} = ?", always_quoted(&table.columns[*i].name))).collect();
    Ok((terms.join(" AND "), columns))
}

/// Whether a column takes part in a unique key, or in something that is computed from several.
fn is_unique_column(table: &Table, i: usize) -> bool {
    table.indexes.iter().filter(|index| index.unique || index.id == table.id).any(|index| {
        index.filter.is_some()
            || index.columns.iter().any(|c| match &c.term {
                IndexTerm::Column(c) => usize::from(*c) == i || table.columns[usize::from(*c)].generated.is_some(),
                IndexTerm::Rowid => false,
                IndexTerm::Expr(_) => true,
            })
    })
}

fn write_rows(table: &Table, changes: &[Change], writer: &mut Writer<'_>) -> Result<()> {
    if table.is_virtual() || &*table.name == "sqlite_sequence" {
        return Ok(());
    }
    let (condition, key) = row_condition(table)?;
    let name = always_quoted(&table.name);
    let delete = format!("DELETE FROM {name} WHERE {condition}");
    let written: Vec<usize> = written_columns(table).collect();
    let unique: Vec<bool> = (0..table.columns.len()).map(|i| is_unique_column(table, i)).collect();
    let differing = |change: &Change, old: &Version, new: &Version| -> Vec<usize> {
        written
            .iter()
            .copied()
            .filter(|i| {
                let value = |version| column_value(table, *i, change.rowid, Version::record(version));
                !identical(value(old), value(new))
            })
            .collect()
    };
    // Rows that are written whole, and rows of which columns are set.
    let mut inserted: Vec<&Change> = Vec::new();
    let mut updated: Vec<(&Change, Vec<usize>)> = Vec::new();
    for change in changes {
        match (&change.old, &change.new) {
            (Some(old), Some(new)) => {
                let columns = differing(change, old, new);
                if columns.iter().any(|i| unique[*i]) && changes.len() > 1 {
                    writer.execute(&delete, &key_values(table, &key, change.rowid, old.record()))?;
                    inserted.push(change);
                } else if !columns.is_empty() {
                    updated.push((change, columns));
                }
            }
            (Some(old), None) => writer.execute(&delete, &key_values(table, &key, change.rowid, old.record()))?,
            _ => inserted.push(change),
        }
    }
    for (change, columns) in updated {
        let Some(new) = &change.new else { continue };
        let set: Vec<String> =
            columns.iter().map(|i| format!("{} = ?", always_quoted(&table.columns[*i].name))).collect();
        let mut values: Vec<ValueRef<'_>> =
            columns.iter().map(|i| column_value(table, *i, change.rowid, new.record())).collect();
        values.extend(key_values(table, &key, change.rowid, new.record()));
        writer.execute(&format!("UPDATE {name} SET {} WHERE {condition}", set.join(", ")), &values)?;
    }
    if inserted.is_empty() {
        return Ok(());
    }
    let mut insert = writer.repeated(&insert_text(table, "INSERT")?)?;
    for change in inserted {
        if let Some(new) = &change.new {
            insert.run(insert_values(table, &written, change.rowid, new.record()))?;
        }
    }
    Ok(())
}

/// The values of [`row_condition`], `key` being its columns.
fn key_values<'v>(table: &'v Table, key: &[usize], rowid: i64, bytes: &'v [u8]) -> Vec<ValueRef<'v>> {
    if table.has_rowid() {
        return vec![ValueRef::Integer(rowid)];
    }
    key.iter().map(|i| column_value(table, *i, rowid, bytes)).collect()
}

/// Whether two values are stored alike.
fn identical(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Null, ValueRef::Null) => true,
        (ValueRef::Integer(a), ValueRef::Integer(b)) => a == b,
        (ValueRef::Real(a), ValueRef::Real(b)) => a.to_bits() == b.to_bits(),
        (ValueRef::Text(a), ValueRef::Text(b)) | (ValueRef::Blob(a), ValueRef::Blob(b)) => a == b,
        _ => false,
    }
}
