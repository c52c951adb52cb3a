//! CREATE TRIGGER (https://sqlite.org/lang_createtrigger.html).

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateTrigger, InsertRows, QualifiedName, Statement};

use super::{DdlContext, Host, TEMP, action, change_schema, create_table, foreign_references, names, schema_rows};
use crate::catalog::Object;
use crate::catalog::build_trigger::{Watched, build_trigger, check_watched};
use crate::catalog::load::SchemaRow;
use crate::catalog::sql_text::{self, parse_stored, stored_text};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;

pub fn run(context: &DdlContext<'_>, statement: &CreateTrigger) -> Result<()> {
    let host = context.host;
    let name = &*statement.name.name.text;
    if context.parsed.parameters.count > 0 {
        return Err(Error::sql("trigger cannot use variables"));
    }
    // SQLite's grammar has no such INSERT inside triggers.
    let default_values =
        |s: &Statement| matches!(s, Statement::Insert(i) if matches!(i.rows, InsertRows::DefaultValues));
    if statement.body.iter().any(default_values) {
        return Err(Error::sql("near \"DEFAULT\": syntax error"));
    }
    let (database, table_database, watched) = place(host, statement)?;
    if watched == Watched::Virtual {
        return Err(Error::sql("cannot create triggers on virtual tables"));
    }
    if !host.options().writable_schema {
        sql_text::check_object_name(name)?;
    }
    if host.schema(database).trigger(name).is_some() {
        if statement.if_not_exists {
            return Ok(());
        }
        return Err(Error::sql(format!("trigger {} already exists", statement.name.name.text)));
    }
    check_watched(statement.time, watched, &statement.table, database == TEMP)?;
    if !authorize(host, statement, table_database)? {
        return Ok(());
    }
    let database_name = host.database_name(database);
    if database != TEMP
        && let Some(other) = foreign_references::in_trigger(statement, &database_name)
    {
        return Err(Error::sql(format!("trigger {name} cannot reference objects in database {other}")));
    }
    let sql: Arc<str> = stored_text(context.sql, context.parsed).expect("a trigger has a text").into();
    let parsed = parse_stored(&sql)?;
    let Statement::CreateTrigger(stored) = &parsed.statement else {
        return Err(Error::internal("the text of a trigger is CREATE TRIGGER"));
    };
    let elsewhere = (table_database != database).then(|| host.database_name(table_database));
    let trigger = build_trigger(stored, &sql, elsewhere.as_deref());
    let row = SchemaRow {
        kind: "trigger".into(),
        name: trigger.name.clone(),
        table: trigger.table.clone(),
        root_page: 0,
        sql: Some(sql),
    };
    schema_rows::insert(host, database, &row)?;
    change_schema(host, database, |schema| schema.add_trigger(trigger))
}

/// The trigger's database, its table's, and what that is.
fn place(host: &dyn Host, statement: &CreateTrigger) -> Result<(DatabaseIndex, DatabaseIndex, Watched)> {
    let name = &statement.name;
    let mut database = if statement.temporary {
        if name.schema.is_some() {
            return Err(Error::sql("temporary trigger may not have qualified name"));
        }
        TEMP
    } else {
        names::target_database(host, name.schema.as_ref())?
    };
    let found = names::find_table_or_view(host, &statement.table);
    if name.schema.is_none() && matches!(found, Some((TEMP, _))) {
        database = TEMP;
    }
    if database != TEMP
        && let Some(schema) = &statement.table.schema
        && !schema.is(&host.database_name(database))
    {
        return Err(Error::sql(format!(
            "trigger {} cannot reference objects in database {}",
            name.name.text, schema.text
        )));
    }
    let found = if database == TEMP {
        found
    } else {
        // The table must be in the trigger's own database.
        names::table_or_view_in(host, database, &statement.table.name.text).map(|o| (database, o))
    };
    let Some((table_database, object)) = found else {
        let table = &statement.table;
        let shown = match (&table.schema, database) {
            (None, TEMP) => table.name.text.to_string(),
            (None, _) => format!("{}.{}", host.database_name(database), table.name.text),
            (Some(_), _) => sql_text::shown(table),
        };
        return Err(Error::sql(format!("no such table: {shown}")));
    };
    let watched = match object {
        Object::View(_) => Watched::View,
        Object::Table(table) if table.is_virtual() => Watched::Virtual,
        _ => Watched::Table,
    };
    Ok((database, table_database, watched))
}

fn authorize(host: &dyn Host, statement: &CreateTrigger, table_database: DatabaseIndex) -> Result<bool> {
    let temporary = statement.temporary || table_database == TEMP;
    let code = if temporary { action::CREATE_TEMP_TRIGGER } else { action::CREATE_TRIGGER };
    let database = if statement.temporary { TEMP } else { table_database };
    let table = QualifiedName { schema: None, name: statement.table.name.clone() };
    let name = &statement.name.name.text;
    create_table::authorize_create(host, database, code, name, Some(&table.name.text))
}
