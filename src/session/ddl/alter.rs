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
    let table_name: Box<str> = object.name().into();
    if is_reserved_name(&table_name) && !host.options().writable_schema {
        return Err(Error::sql(format!("table {table_name} may not be altered")));
    }
    if !host.authorize(action::ALTER_TABLE, Some(&host.database_name(database)), Some(&table_name), None)? {
        return Ok(());
    }
    let statement = context.parsed.span.of(context.sql);
    let rewritten = rewrite(host, statement);
    // What is wrong with the table as it would be comes behind what its rows do not bear.
    let is_later = rewritten.as_ref().is_err_and(|e| e.message.contains(" after add column: "));
    if let (AlterTable::AddColumn(definition), Object::Table(table)) = (alteration, &object)
        && (is_later || rewritten.is_ok())
    {
        let checked = alter_check::added_column(host, database, table, definition, context.sql);
        match checked {
            Err(e) if !is_later || e.message.to_ascii_lowercase().starts_with("cannot add") => return Err(e),
            _ => {}
        }
    }
    let rewritten = rewritten?;
    let Object::Table(table) = object else {
        return Err(Error::sql(format!("view {table_name} may not be altered")));
    };
    if let AlterTable::Other { .. } = alteration {
        alter_check::changed_constraints(host, database, &table, &rewritten)?;
    }
    let mut rewritten = with_root_pages(host, rewritten)?;
    if let AlterTable::DropColumn(column) = alteration {
        let own = rewritten.iter_mut().find(|r| r.database == database);
        let own = own.ok_or_else(|| Error::internal("the altered table's database was rewritten"))?;
        copy_without(host, own, &table, &column.text)?;
    }
    apply(host, rewritten)?;
    match alteration {
        AlterTable::RenameTable { to } => rename_sequence(host, database, &table.name, &to.text),
        _ => Ok(()),
    }
}

/// Objects keep their numbers, by the rowid of their row, which no ALTER changes.
fn with_root_pages(host: &dyn Host, mut rewritten: Vec<Rewritten>) -> Result<Vec<Rewritten>> {
    for Rewritten { database, rows } in &mut rewritten {
        let old: FxHashMap<i64, u32> =
            schema_rows::read(host, *database)?.into_iter().map(|(rowid, row)| (rowid, row.root_page)).collect();
        for (rowid, row) in rows {
            row.root_page = old.get(rowid).copied().unwrap_or(0);
        }
    }
    Ok(rewritten)
}

/// Puts rewritten rows into the schema tables and builds the schemas from them.
fn apply(host: &dyn Host, rewritten: Vec<Rewritten>) -> Result<()> {
    for Rewritten { database, rows } in rewritten {
        let old: FxHashMap<i64, SchemaRow> = schema_rows::read(host, database)?.into_iter().collect();
        if rows.iter().all(|(rowid, row)| old.get(rowid) == Some(row)) {
            continue;
        }
        for (rowid, row) in &rows {
            schema_rows::replace(host, database, *rowid, row)?;
        }
        reload(host, database)?;
    }
    Ok(())
}

/// Copies the rows of a table without one column into a new tree, whose number goes into the rewritten rows, and lets
/// the old tree go. In memory indexes of rowids stay as they are: an indexed column cannot be dropped. In a file the pages of
/// all objects of the table are made anew. The old schema is still in force.
fn copy_without(host: &dyn Host, rewritten: &mut Rewritten, old: &Arc<Table>, column: &str) -> Result<()> {
    let database = rewritten.database;
    let dropped = old.column(column).ok_or_else(|| Error::sql(format!("no such column: \"{column}\"")))?;
    let keeps;
    {
        let mut write = host.write(database)?;
        keeps = old.has_rowid() && write.shared().file().is_none();
        for (_, row) in &mut rewritten.rows {
            let is_table = &*row.kind == "table";
            let changes = is_table || !keeps;
            if row.root_page != 0 && changes && row.table.eq_ignore_ascii_case(&old.name) {
                let kind = if is_table && old.has_rowid() { TreeKind::Row } else { TreeKind::Key };
                write.drop_tree(ObjectId(row.root_page));
                row.root_page = write.create_tree(kind).id().0;
            }
        }
    }
    let rows: Vec<SchemaRow> = rewritten.rows.iter().map(|(_, row)| row.clone()).collect();
    let mut number = |_: &str, _: TreeKind, root_page: u32| ObjectId(root_page);
    let schema = load(&rows, &host.database_name(database), &mut number)?;
    let new = schema.table(&old.name).ok_or_else(|| Error::internal("the altered table is in the schema"))?;
    let new = match keeps {
        true => &Arc::new(Table { indexes: Vec::new(), ..(**new).clone() }),
        false => new,
    };
    host.scan_rows(database, old, &mut |rowid, values| {
        let kept = values.iter().enumerate().filter(|(i, _)| *i != usize::from(dropped)).map(|(_, v)| *v);
        let kept: Vec<_> = kept.collect();
        host.load_row(database, new, rowid, &kept)
    })
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

/// `sqlite_sequence` names tables in its rows. (`sqlite_stat1` does too, and keeps the old name as in SQLite.)
fn rename_sequence(host: &dyn Host, database: DatabaseIndex, from: &str, to: &str) -> Result<()> {
    let Some(sequence) = host.schema(database).table("sqlite_sequence").cloned() else { return Ok(()) };
    let rows = schema_rows::plain_rows(&mut host.transaction(database), sequence.id)?;
    for (rowid, mut row) in rows {
        if schema_rows::is_text(row.first(), from) {
            row[0] = Value::text(to);
            schema_rows::put_plain(host, database, sequence.id, Some(rowid), &row)?;
        }
    }
    Ok(())
}

/// Reads a schema again whose rows were changed by hand (`PRAGMA writable_schema = RESET`).
pub fn reload_if_changed(host: &dyn Host, database: DatabaseIndex) -> Result<()> {
    let schema = host.schema(database);
    let rows = schema_rows::read(host, database)?;
    let known = |row: &SchemaRow| {
        let sql = match &*row.kind {
            "table" => schema.table(&row.name).map(|t| t.sql.clone()),
            "view" => schema.view(&row.name).map(|v| v.sql.clone()),
            "index" => return schema.index(&row.name).is_some_and(|i| i.sql == row.sql),
            _ => schema.trigger(&row.name).map(|t| t.sql.clone()),
        };
        sql == row.sql
    };
    let tables = schema.tables.values().filter(|t| !t.system).count();
    let indexes = schema.indexes.values().filter(|i| schema.table(&i.table).is_some_and(|t| t.id != i.id)).count();
    let count = tables + indexes + schema.views.len() + schema.triggers.len();
    if count == rows.len() && rows.iter().all(|(_, row)| known(row)) {
        return Ok(());
    }
    reload(host, database)
}
