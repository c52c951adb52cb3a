//! ALTER TABLE (https://sqlite.org/lang_altertable.html).
//!
//! 1. [`rewrite`] gives the schema's texts as they are afterwards, or says why not.
//! 2. Data is checked against what is added (NOT NULL, CHECK) in `alter_check`.
//! 3. The schema is built anew from the texts. Trees keep their numbers: renaming and adding a column touch no row (a
//!    record that is older than a column reads as its default). Dropping a column copies the rows.

use std::sync::Arc;

use heliosdb_dialect::ast::{AlterTable, QualifiedName};
use heliosdb_udfs::value::Value;
use rustc_hash::FxHashMap;

use super::rewrite::{Rewritten, rewrite};
use super::{DdlContext, Host, TEMP, action, alter_check, names, schema_rows};
use crate::catalog::load::load;
use crate::catalog::schema::fold;
use crate::catalog::sql_text::is_reserved_name;
use crate::catalog::{Object, SchemaRow, Table};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::store::{ObjectId, TreeKind};

pub fn run(context: &DdlContext<'_>, name: &QualifiedName, alteration: &AlterTable) -> Result<()> {
    let host = context.host;
    let Some((database, object)) = names::find_table_or_view(host, name) else {
        return Err(names::no_such("table", name));
    };
    let table_name = match &object {
        Object::Table(table) => table.name.clone(),
        Object::View(view) => view.name.clone(),
        Object::Index(index) => index.name.clone(),
    };
    if is_reserved_name(&table_name) && !host.options().writable_schema {
        return Err(Error::sql(format!("table {table_name} may not be altered")));
    }
    if !host.authorize(action::ALTER_TABLE, Some(&host.database_name(database)), Some(&table_name), None)? {
        return Ok(());
    }
    let statement = context.parsed.span.of(context.sql);
    let rewritten = rewrite(host, statement)?;
    let Object::Table(table) = object else {
        return Err(Error::sql(format!("view {table_name} may not be altered")));
    };
    if let AlterTable::AddColumn(definition) = alteration {
        alter_check::added_column(host, database, &table, definition, context.sql)?;
    }
    if let AlterTable::Other { .. } = alteration {
        alter_check::changed_constraints(host, database, &table, &rewritten)?;
    }
    apply(host, rewritten)?;
    match alteration {
        AlterTable::RenameTable { to } => rename_in_plain_tables(host, database, &table.name, &to.text),
        AlterTable::DropColumn(column) => drop_column(host, database, &table, &column.text),
        _ => Ok(()),
    }
}

/// Puts rewritten rows into the schema tables and builds the schemas from them. Objects keep their numbers by the
/// rowid of their row, which no ALTER changes.
fn apply(host: &dyn Host, rewritten: Vec<Rewritten>) -> Result<()> {
    for Rewritten { database, rows } in rewritten {
        let old: FxHashMap<i64, SchemaRow> = schema_rows::read(host, database)?.into_iter().collect();
        let rows: Vec<(i64, SchemaRow)> = rows
            .into_iter()
            .map(|(rowid, mut row)| {
                row.root_page = old.get(&rowid).map_or(0, |o| o.root_page);
                (rowid, row)
            })
            .collect();
        if rows.len() == old.len() && rows.iter().all(|(rowid, row)| old.get(rowid) == Some(row)) {
            continue;
        }
        for (rowid, row) in &rows {
            schema_rows::replace(host, database, *rowid, row)?;
        }
        reload(host, database)?;
    }
    Ok(())
}

/// Builds a database's schema anew from its rows and puts it into force.
pub fn reload(host: &dyn Host, database: DatabaseIndex) -> Result<()> {
    let before = host.schema(database);
    let rows: Vec<SchemaRow> = schema_rows::read(host, database)?.into_iter().map(|(_, row)| row).collect();
    let mut number = |_: &str, _: TreeKind, root_page: u32| ObjectId(root_page);
    let mut schema = load(&rows, &host.database_name(database), &mut number)?;
    // Triggers in temp follow the altered table without a change of temp's version.
    schema.cookie = if database == TEMP { before.cookie } else { before.cookie.wrapping_add(1) };
    schema.take_settings(&before);
    // Triggers keep their order, which is that of their rows.
    host.write(database)?.set_schema(Arc::new(schema));
    Ok(())
}

/// `sqlite_sequence` and `sqlite_stat1` name tables in their rows.
fn rename_in_plain_tables(host: &dyn Host, database: DatabaseIndex, from: &str, to: &str) -> Result<()> {
    for name in ["sqlite_sequence", "sqlite_stat1", "sqlite_stat4"] {
        let Some(table) = host.schema(database).table(name).cloned() else { continue };
        let rows = schema_rows::plain_rows(&mut host.transaction(database), table.id)?;
        for (rowid, mut row) in rows {
            if schema_rows::is_text(row.first(), from) {
                row[0] = Value::text(to);
                schema_rows::put_plain(host, database, table.id, Some(rowid), &row)?;
            }
        }
    }
    Ok(())
}

/// Copies the rows of a table without one column into new trees, and lets the old ones go.
fn drop_column(host: &dyn Host, database: DatabaseIndex, old: &Arc<Table>, column: &str) -> Result<()> {
    let dropped = old.column(column).ok_or_else(|| Error::sql(format!("no such column: \"{column}\"")))?;
    let schema = host.schema(database);
    let current =
        schema.table(&old.name).ok_or_else(|| Error::internal("the altered table is in the schema"))?;
    let mut new = (**current).clone();
    let mut numbers: FxHashMap<ObjectId, ObjectId> = FxHashMap::default();
    {
        let mut write = host.write(database)?;
        let kind = if new.has_rowid() { TreeKind::Row } else { TreeKind::Key };
        let id = write.create_tree(kind).id();
        numbers.insert(std::mem::replace(&mut new.id, id), id);
        for index in &mut new.indexes {
            let index = Arc::make_mut(index);
            let id = *numbers.entry(index.id).or_insert_with(|| write.create_tree(TreeKind::Key).id());
            index.id = id;
        }
        for old_id in numbers.keys() {
            write.drop_tree(*old_id);
        }
    }
    schema_rows::update(host, database, |row| {
        let mut row = row.clone();
        if row.root_page != 0
            && let Some(id) = numbers.get(&ObjectId(row.root_page))
        {
            row.root_page = id.0;
        }
        Some(row)
    })?;
    let mut schema = (*schema).clone();
    let new = Arc::new(new);
    for index in &new.indexes {
        schema.indexes.insert(fold(&index.name), index.clone());
    }
    schema.tables.insert(fold(&new.name), new.clone());
    host.write(database)?.set_schema(Arc::new(schema));
    host.scan_rows(database, old, &mut |rowid, values| {
        let kept = values.iter().enumerate().filter(|(i, _)| *i != usize::from(dropped)).map(|(_, v)| *v);
        let kept: Vec<_> = kept.collect();
        host.load_row(database, &new, rowid, &kept)
    })
}
