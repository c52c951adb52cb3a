//! CREATE TABLE, also AS SELECT (https://sqlite.org/lang_createtable.html).

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateTable, CreateTableBody, Query, Statement};

use super::{DdlContext, Host, MAIN, TEMP, action, change_schema, names, schema_rows};
use crate::catalog::build_table::{TableDraft, build_table};
use crate::catalog::load::SchemaRow;
use crate::catalog::sql_text::{self, ResultColumn, parse_stored, stored_text, table_as_text};
use crate::catalog::system::SEQUENCE_SQL;
use crate::catalog::{Object, Table};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;

pub fn run(context: &DdlContext<'_>, statement: &CreateTable) -> Result<()> {
    let host = context.host;
    let Some(database) = start(host, statement)? else { return Ok(()) };
    match &statement.body {
        CreateTableBody::Columns { .. } => {
            let sql = stored_text(context.sql, context.parsed).expect("a table with columns has a text");
            create(host, database, sql.into())?;
        }
        CreateTableBody::AsSelect(query) => {
            as_select(context, database, &statement.name.name.text, query)?;
        }
    }
    Ok(())
}

/// The database the table goes to; `None` if there is nothing to do.
fn start(host: &dyn Host, statement: &CreateTable) -> Result<Option<DatabaseIndex>> {
    let database = target(host, statement.temporary, &statement.name, "table")?;
    let name = &*statement.name.name.text;
    if !host.options().writable_schema {
        sql_text::check_object_name(name)?;
    }
    let code = if database == TEMP { action::CREATE_TEMP_TABLE } else { action::CREATE_TABLE };
    if !authorize_create(host, database, code, name, None)? {
        return Ok(None);
    }
    if !name_is_free(host, database, &sql_text::shown(&statement.name), name, statement.if_not_exists)? {
        return Ok(None);
    }
    Ok(Some(database))
}

/// Asks whether the schema table may be written and the object created.
pub fn authorize_create(
    host: &dyn Host,
    database: DatabaseIndex,
    code: i32,
    name: &str,
    table: Option<&str>,
) -> Result<bool> {
    let database_name = host.database_name(database);
    let schema_table = if database == TEMP { "sqlite_temp_master" } else { "sqlite_master" };
    Ok(host.authorize(action::INSERT, Some(schema_table), None, Some(&database_name))?
        && host.authorize(code, Some(name), table, Some(&database_name))?)
}

/// The database of a new table or view.
pub fn target(
    host: &dyn Host,
    temporary: bool,
    name: &heliosdb_dialect::ast::QualifiedName,
    kind: &str,
) -> Result<DatabaseIndex> {
    let database = names::target_database(host, name.schema.as_ref())?;
    if !temporary {
        return Ok(database);
    }
    if name.schema.is_some() && database != TEMP {
        return Err(Error::sql(format!("temporary {kind} name must be unqualified")));
    }
    Ok(TEMP)
}

/// Whether a table or view of this name can be created; false if it exists and that is fine.
pub fn name_is_free(
    host: &dyn Host,
    database: DatabaseIndex,
    shown: &str,
    name: &str,
    if_not_exists: bool,
) -> Result<bool> {
    let kind = match names::table_or_view_in(host, database, name) {
        Some(Object::View(_)) => "view",
        Some(_) => "table",
        None if host.schema(database).index(name).is_some() => {
            return Err(Error::sql(format!("there is already an index named {name}")));
        }
        None => return Ok(true),
    };
    if if_not_exists {
        return Ok(false);
    }
    // SQLite shows the last part of the name only.
    let shown = shown.rsplit_once('.').filter(|(schema, _)| !schema.is_empty()).map_or(shown, |_| name);
    Err(Error::sql(format!("{kind} {shown} already exists")))
}

/// Creates the table of a stored text.
pub fn create(host: &dyn Host, database: DatabaseIndex, sql: Arc<str>) -> Result<Arc<Table>> {
    let parsed = parse_stored(&sql)?;
    let Statement::CreateTable(statement) = &parsed.statement else {
        return Err(Error::internal("the text of a table is CREATE TABLE"));
    };
    let database_name = host.database_name(database);
    let draft = build_table(statement, &sql, &database_name, &*host.environment())?;
    let sequence = draft.uses_autoincrement() && host.schema(database).table("sqlite_sequence").is_none();
    let table = publish(host, database, draft)?;
    if sequence {
        create(host, database, SEQUENCE_SQL.into())?;
    }
    Ok(table)
}

/// Makes the trees and rows of a table and puts it into the schema.
fn publish(host: &dyn Host, database: DatabaseIndex, draft: TableDraft) -> Result<Arc<Table>> {
    let mut write = host.write(database)?;
    let table = draft.numbered(&mut |_, kind| write.create_tree(kind).id());
    drop(write);
    let row = SchemaRow {
        kind: "table".into(),
        name: table.name.clone(),
        table: table.name.clone(),
        root_page: table.id.0,
        sql: Some(table.sql.clone()),
    };
    schema_rows::insert(host, database, &row)?;
    for index in table.indexes.iter().filter(|i| i.id != table.id) {
        let row = SchemaRow {
            kind: "index".into(),
            name: index.name.clone(),
            table: table.name.clone(),
            root_page: index.id.0,
            sql: None,
        };
        schema_rows::insert(host, database, &row)?;
    }
    let name = table.name.clone();
    change_schema(host, database, |schema| schema.add_table(table))?;
    let created = host.schema(database).table(&name).cloned();
    created.ok_or_else(|| Error::internal("a created table is in the schema"))
}

fn as_select(context: &DdlContext<'_>, database: DatabaseIndex, name: &str, query: &Query) -> Result<()> {
    let host = context.host;
    // What it names is what was there before: the new table may hide another one.
    let bound = host.bind_query(query, context.sql)?;
    let columns = &bound.columns;
    let limit = host.environment().column_limit();
    if columns.len() > limit {
        return Err(Error::sql("too many columns in result set"));
    }
    let columns: Vec<ResultColumn<'_>> =
        columns.iter().map(|c| ResultColumn { name: &c.name, affinity: c.affinity }).collect();
    let table = create(host, database, table_as_text(name, &columns).into())?;
    host.insert_query(database, &table, &bound)
}

/// Makes sure that a table of SQLite's own (`sqlite_stat1`) exists.
pub fn ensure(host: &dyn Host, database: DatabaseIndex, name: &str, sql: &str) -> Result<Arc<Table>> {
    if let Some(table) = host.schema(database).table(name) {
        return Ok(table.clone());
    }
    create(host, database, sql.into())
}

/// The database for objects that follow a table: its own, or the one that was written.
pub fn follow_table(unqualified: bool, named: DatabaseIndex, table: DatabaseIndex) -> DatabaseIndex {
    // An unqualified index or trigger on a temp table is temp's; on any other it is main's.
    if unqualified && table == TEMP {
        TEMP
    } else if unqualified {
        MAIN
    } else {
        named
    }
}
