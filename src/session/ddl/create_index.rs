//! CREATE INDEX (https://sqlite.org/lang_createindex.html).

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateIndex, QualifiedName, Statement};

use super::{DdlContext, TEMP, action, change_schema, create_table, names, schema_rows};
use crate::catalog::build_index::{build_index, check_indexable};
use crate::catalog::load::SchemaRow;
use crate::catalog::sql_text::{self, parse_stored, stored_text};
use crate::catalog::{Object, Table};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::store::TreeKind;

pub fn run(context: &DdlContext<'_>, statement: &CreateIndex) -> Result<()> {
    let host = context.host;
    let (database, table) = table_of(context, statement)?;
    check_indexable(&table)?;
    let name = &*statement.name.name.text;
    if !host.options().writable_schema {
        sql_text::check_object_name(name)?;
    }
    if names::table_or_view_in(host, database, name).is_some() {
        return Err(Error::sql(format!("there is already a table named {name}")));
    }
    if host.schema(database).index(name).is_some() {
        if statement.if_not_exists {
            return Ok(());
        }
        return Err(Error::sql(format!("index {name} already exists")));
    }
    let code = if database == TEMP { action::CREATE_TEMP_INDEX } else { action::CREATE_INDEX };
    if !create_table::authorize_create(host, database, code, name, Some(&table.name))? {
        return Ok(());
    }

    let sql: Arc<str> = stored_text(context.sql, context.parsed).expect("an index has a text").into();
    let parsed = parse_stored(&sql)?;
    let Statement::CreateIndex(stored) = &parsed.statement else {
        return Err(Error::internal("the text of an index is CREATE INDEX"));
    };
    if context.parsed.parameters.count > 0 {
        let place = if parsed_filter_has_parameters(context, statement) {
            "partial index WHERE clauses"
        } else {
            "index expressions"
        };
        return Err(Error::sql(format!("parameters prohibited in {place}")));
    }
    let database_name = host.database_name(database);
    let mut index = build_index(stored, &sql, &table, &database_name, &*host.environment())?;
    index.id = host.write(database)?.create_tree(TreeKind::Key).id();
    let index_name = index.name.clone();
    let row = SchemaRow {
        kind: "index".into(),
        name: index.name.clone(),
        table: table.name.clone(),
        root_page: index.id.0,
        sql: Some(sql),
    };
    schema_rows::insert(host, database, &row)?;
    change_schema(host, database, |schema| schema.add_index(index))?;
    let schema = host.schema(database);
    let table = schema.table(&table.name).expect("the index was added to it");
    let index = schema.index(&index_name).expect("it was added");
    host.fill_index(database, table, index)
}

/// Whether the parameters that the statement must not have stand in its WHERE.
fn parsed_filter_has_parameters(context: &DdlContext<'_>, statement: &CreateIndex) -> bool {
    let Some(filter) = &statement.filter else { return false };
    filter.span.of(context.sql).contains(['?', ':', '@', '$'])
}

/// The table and the database of an index: the index' schema decides, an unqualified index goes with a
/// temp table.
fn table_of(context: &DdlContext<'_>, statement: &CreateIndex) -> Result<(DatabaseIndex, Arc<Table>)> {
    let host = context.host;
    let named = names::target_database(host, statement.name.schema.as_ref())?;
    let unqualified = statement.name.schema.is_none();
    let anywhere = QualifiedName { schema: None, name: statement.table.clone() };
    let found_in = names::find_table_or_view(host, &anywhere).map(|(d, _)| d);
    let database = match found_in {
        Some(found) => create_table::follow_table(unqualified, named, found),
        None => named,
    };
    let name = &*statement.table.text;
    let found = names::table_or_view_in(host, database, name).or_else(|| {
        // `CREATE INDEX temp.i ON t` looks for t everywhere, to say what is wrong.
        (database == TEMP).then(|| names::find_table_or_view(host, &anywhere).map(|(_, o)| o)).flatten()
    });
    match found {
        Some(Object::Table(_) | Object::View(_)) if database == TEMP && found_in != Some(TEMP) => {
            let name = found.as_ref().map_or(name, Object::name);
            Err(Error::sql(format!("cannot create a TEMP index on non-TEMP table \"{name}\"")))
        }
        Some(Object::View(_)) => Err(Error::sql("views may not be indexed")),
        Some(Object::Table(table)) => Ok((database, table)),
        _ if database == TEMP => Err(Error::sql(format!("no such table: {name}"))),
        _ => Err(Error::sql(format!("no such table: {}.{name}", host.database_name(database)))),
    }
}
