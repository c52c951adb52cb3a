//! DROP TABLE, VIEW, INDEX and TRIGGER.
//!
//! A table with rows cannot go while another statement of the connection runs: SQLite could not free its
//! pages, and applications see `database table is locked`.

use std::sync::Arc;

use heliosdb_dialect::ast::QualifiedName;

use super::{Host, TEMP, action, change_schema, names, schema_rows};
use crate::catalog::schema::fold;
use crate::catalog::sql_text::is_reserved_name;
use crate::catalog::{Index, IndexOrigin, Object, Table, Trigger};
use crate::error::{Code, Error, Result};
use crate::plan::bound::DatabaseIndex;

/// DROP TABLE or, if `view`, DROP VIEW.
pub fn table(host: &dyn Host, name: &QualifiedName, if_exists: bool, view: bool) -> Result<()> {
    let kind = if view { "view" } else { "table" };
    let Some((database, object)) = names::find_table_or_view(host, name) else {
        return if if_exists { Ok(()) } else { Err(names::no_such(kind, name)) };
    };
    match object {
        Object::View(found) if view => drop_view(host, database, &found.name),
        Object::View(found) => Err(Error::sql(format!("use DROP VIEW to delete view {}", found.name))),
        Object::Table(found) => {
            if may_not_be_dropped(&found.name) {
                return Err(Error::sql(format!("table {} may not be dropped", found.name)));
            }
            if view {
                return Err(Error::sql(format!("use DROP TABLE to delete table {}", found.name)));
            }
            drop_table(host, database, &found)
        }
        Object::Index(_) => Err(Error::internal("tables and views only were looked for")),
    }
}

/// SQLite's own tables stay, but the statistics may go.
fn may_not_be_dropped(name: &str) -> bool {
    is_reserved_name(name) && !name[7..].get(..4).is_some_and(|n| n.eq_ignore_ascii_case("stat"))
}

fn drop_view(host: &dyn Host, database: DatabaseIndex, name: &str) -> Result<()> {
    let code = if database == TEMP { action::DROP_TEMP_VIEW } else { action::DROP_VIEW };
    if !authorize_drop(host, database, code, name, None)? {
        return Ok(());
    }
    drop_triggers_of(host, database, name)?;
    schema_rows::remove(host, database, |row| row.name.eq_ignore_ascii_case(name) && row.kind == "view")?;
    change_schema(host, database, |schema| {
        schema.views.remove(&fold(name));
    })
}

fn drop_table(host: &dyn Host, database: DatabaseIndex, table: &Arc<Table>) -> Result<()> {
    let code = if database == TEMP { action::DROP_TEMP_TABLE } else { action::DROP_TABLE };
    if !authorize_drop(host, database, code, &table.name, None)? {
        return Ok(());
    }
    if host.options().foreign_keys {
        let parent = is_parent(host, database, table);
        if parent || waits_for_commit(host, table) {
            host.delete_for_drop(database, table, parent)?;
        }
    }
    refuse_while_running(host)?;
    drop_triggers_of(host, database, &table.name)?;
    if table.primary_key.as_ref().is_some_and(|k| k.autoincrement) {
        forget_sequence(host, database, &table.name)?;
    }
    forget_statistics(host, database, |row| schema_rows::is_text(row.first(), &table.name))?;
    schema_rows::remove(host, database, |row| row.table.eq_ignore_ascii_case(&table.name) && row.kind != "trigger")?;
    {
        let mut write = host.write(database)?;
        if !table.is_virtual() {
            write.drop_tree(table.id);
        }
        for index in table.indexes.iter().filter(|i| i.id != table.id) {
            write.drop_tree(index.id);
        }
    }
    change_schema(host, database, |schema| schema.remove_table(&table.name))
}

/// Whether violations of a key of the table are counted until the commit: deleting its rows can resolve them.
fn waits_for_commit(host: &dyn Host, table: &Table) -> bool {
    let deferred = host.options().defer_foreign_keys;
    table.foreign_keys.iter().any(|k| k.deferred || deferred)
}

/// Whether deleting the table's rows can violate a foreign key.
fn is_parent(host: &dyn Host, database: DatabaseIndex, table: &Table) -> bool {
    let schema = host.schema(database);
    let refers = |t: &Arc<Table>| t.foreign_keys.iter().any(|k| k.parent.eq_ignore_ascii_case(&table.name));
    schema.tables.values().any(refers)
}

pub fn index(host: &dyn Host, name: &QualifiedName, if_exists: bool) -> Result<()> {
    let Some((database, index)) = names::find_index(host, name) else {
        return if if_exists { Ok(()) } else { Err(names::no_such("index", name)) };
    };
    if index.origin != IndexOrigin::Created {
        return Err(Error::sql("index associated with UNIQUE or PRIMARY KEY constraint cannot be dropped"));
    }
    let code = if database == TEMP { action::DROP_TEMP_INDEX } else { action::DROP_INDEX };
    if !authorize_drop(host, database, code, &index.name, Some(&index.table))? {
        return Ok(());
    }
    refuse_while_running(host)?;
    drop_index(host, database, &index)
}

fn drop_index(host: &dyn Host, database: DatabaseIndex, index: &Index) -> Result<()> {
    forget_statistics(host, database, |row| schema_rows::is_text(row.get(1), &index.name))?;
    schema_rows::remove(host, database, |row| row.name.eq_ignore_ascii_case(&index.name) && row.kind == "index")?;
    host.write(database)?.drop_tree(index.id);
    change_schema(host, database, |schema| schema.remove_index(&index.name))
}

pub fn trigger(host: &dyn Host, name: &QualifiedName, if_exists: bool) -> Result<()> {
    let Some((database, trigger)) = names::find_trigger(host, name) else {
        return if if_exists { Ok(()) } else { Err(names::no_such("trigger", name)) };
    };
    let code = if database == TEMP { action::DROP_TEMP_TRIGGER } else { action::DROP_TRIGGER };
    if !authorize_drop(host, database, code, &trigger.name, Some(&trigger.table))? {
        return Ok(());
    }
    drop_trigger(host, database, &trigger.name)
}

fn drop_trigger(host: &dyn Host, database: DatabaseIndex, name: &str) -> Result<()> {
    schema_rows::remove(host, database, |row| row.name.eq_ignore_ascii_case(name) && row.kind == "trigger")?;
    change_schema(host, database, |schema| schema.remove_trigger(name))
}

/// The triggers on a table or view, those in temp included.
fn drop_triggers_of(host: &dyn Host, database: DatabaseIndex, table: &str) -> Result<()> {
    let database_name = host.database_name(database);
    // In temp there are those of other databases' tables, too.
    let schema = host.schema(database);
    let is_own = |t: &&Arc<Trigger>| t.table_database.as_deref().is_none_or(|d| d.eq_ignore_ascii_case(&database_name));
    let own: Vec<Arc<str>> = schema.triggers_on(table).filter(is_own).map(|t| t.name.clone()).collect();
    for name in own {
        drop_trigger(host, database, &name)?;
    }
    if database == TEMP {
        return Ok(());
    }
    let temporary: Vec<Arc<str>> = host
        .schema(TEMP)
        .triggers_on(table)
        .filter(|t| t.table_database.as_deref().is_some_and(|d| d.eq_ignore_ascii_case(&database_name)))
        .map(|t| t.name.clone())
        .collect();
    for name in temporary {
        drop_trigger(host, TEMP, &name)?;
    }
    Ok(())
}

fn authorize_drop(
    host: &dyn Host,
    database: DatabaseIndex,
    code: i32,
    name: &str,
    table: Option<&str>,
) -> Result<bool> {
    let database_name = host.database_name(database);
    let schema_table = if database == TEMP { "sqlite_temp_master" } else { "sqlite_master" };
    Ok(host.authorize(action::DELETE, Some(schema_table), None, Some(&database_name))?
        && host.authorize(code, Some(name), table, Some(&database_name))?
        && (table.is_some() || host.authorize(action::DELETE, Some(name), None, Some(&database_name))?))
}

fn refuse_while_running(host: &dyn Host) -> Result<()> {
    if host.has_reading_statements() {
        return Err(Error::new(Code::LOCKED, "database table is locked"));
    }
    Ok(())
}

fn forget_sequence(host: &dyn Host, database: DatabaseIndex, table: &str) -> Result<()> {
    let Some(sequence) = host.schema(database).table("sqlite_sequence").cloned() else { return Ok(()) };
    schema_rows::delete_plain(host, database, sequence.id, |row| schema_rows::is_text(row.first(), table))
}

/// Removes rows of `sqlite_stat1` and `sqlite_stat4`.
fn forget_statistics(
    host: &dyn Host,
    database: DatabaseIndex,
    matches: impl Fn(&[heliosdb_udfs::value::Value]) -> bool,
) -> Result<()> {
    for name in ["sqlite_stat1", "sqlite_stat4"] {
        if let Some(table) = host.schema(database).table(name).cloned() {
            schema_rows::delete_plain(host, database, table.id, &matches)?;
        }
    }
    Ok(())
}
