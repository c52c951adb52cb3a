//! CREATE VIEW (https://sqlite.org/lang_createview.html).

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateView, Statement};

use super::{DdlContext, TEMP, action, change_schema, create_table, foreign_references, schema_rows};
use crate::catalog::build_view::build_view;
use crate::catalog::load::SchemaRow;
use crate::catalog::schema::fold;
use crate::catalog::sql_text::{self, parse_stored, stored_text};
use crate::error::{Error, Result};

pub fn run(context: &DdlContext<'_>, statement: &CreateView) -> Result<()> {
    let host = context.host;
    if context.parsed.parameters.count > 0 {
        return Err(Error::sql("parameters are not allowed in views"));
    }
    // SQLite calls a view a table here too.
    let database = create_table::target(host, statement.temporary, &statement.name, "table")?;
    let name = &*statement.name.name.text;
    if !host.options().writable_schema {
        sql_text::check_object_name(name)?;
    }
    let code = if database == TEMP { action::CREATE_TEMP_VIEW } else { action::CREATE_VIEW };
    if !create_table::authorize_create(host, database, code, name, None)? {
        return Ok(());
    }
    let shown = sql_text::shown(&statement.name);
    if !create_table::name_is_free(host, database, &shown, name, statement.if_not_exists)? {
        return Ok(());
    }
    let database_name = host.database_name(database);
    if database != TEMP
        && let Some(other) = foreign_references::in_query(&statement.query, &database_name)
    {
        return Err(Error::sql(format!("view {name} cannot reference objects in database {other}")));
    }
    let sql: Arc<str> = stored_text(context.sql, context.parsed).expect("a view has a text").into();
    let parsed = parse_stored(&sql)?;
    let Statement::CreateView(stored) = &parsed.statement else {
        return Err(Error::internal("the text of a view is CREATE VIEW"));
    };
    let view = build_view(stored, &sql, 0)?;
    let row = SchemaRow {
        kind: "view".into(),
        name: view.name.clone(),
        table: view.name.clone(),
        root_page: 0,
        sql: Some(sql),
    };
    schema_rows::insert(host, database, &row)?;
    change_schema(host, database, |schema| {
        schema.views.insert(fold(&view.name), Arc::new(view));
    })
}
