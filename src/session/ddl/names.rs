//! Which object a name in a DDL statement means.
//!
//! An unqualified name is looked for in temp, main and then the attached databases in order.

use std::sync::Arc;

use heliosdb_dialect::ast::{Name, QualifiedName};

use super::{Host, MAIN, TEMP, databases};
use crate::catalog::system::{is_schema_table, schema_table_names};
use crate::catalog::{Index, Object, Table, Trigger};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;

/// The databases in which to look for a name.
pub fn search_order(host: &dyn Host, schema: Option<&Name>) -> Vec<DatabaseIndex> {
    match schema {
        Some(name) => database_of(host, name).into_iter().collect(),
        None => [TEMP, MAIN].into_iter().chain(databases(host).skip(2)).collect(),
    }
}

/// The database of a name; `main` is always the first one's.
pub fn database_of(host: &dyn Host, name: &Name) -> Option<DatabaseIndex> {
    databases(host).find(|d| name.is(&host.database_name(*d)))
}

/// The database a new object goes to, or `unknown database x`.
pub fn target_database(host: &dyn Host, schema: Option<&Name>) -> Result<DatabaseIndex> {
    match schema {
        None => Ok(MAIN),
        Some(name) => database_of(host, name).ok_or_else(|| unknown_database(&name.text)),
    }
}

pub fn unknown_database(name: &str) -> Error {
    Error::sql(format!("unknown database {name}"))
}

/// A table, view or index of a name.
pub fn find_object(host: &dyn Host, name: &QualifiedName) -> Option<(DatabaseIndex, Object)> {
    let order = search_order(host, name.schema.as_ref());
    order.into_iter().find_map(|d| object_in(host, d, name).map(|o| (d, o)))
}

/// A table or view: indexes are not looked at.
pub fn find_table_or_view(host: &dyn Host, name: &QualifiedName) -> Option<(DatabaseIndex, Object)> {
    let order = search_order(host, name.schema.as_ref());
    order.into_iter().find_map(|d| match object_in(host, d, name) {
        Some(Object::Index(_)) | None => None,
        Some(found) => Some((d, found)),
    })
}

pub fn find_table(host: &dyn Host, name: &QualifiedName) -> Option<(DatabaseIndex, Arc<Table>)> {
    match find_table_or_view(host, name) {
        Some((database, Object::Table(table))) => Some((database, table)),
        _ => None,
    }
}

pub fn find_index(host: &dyn Host, name: &QualifiedName) -> Option<(DatabaseIndex, Arc<Index>)> {
    let order = search_order(host, name.schema.as_ref());
    order.into_iter().find_map(|d| host.schema(d).index(&name.name.text).map(|i| (d, i.clone())))
}

pub fn find_trigger(host: &dyn Host, name: &QualifiedName) -> Option<(DatabaseIndex, Arc<Trigger>)> {
    let order = search_order(host, name.schema.as_ref());
    order.into_iter().find_map(|d| host.schema(d).trigger(&name.name.text).map(|t| (d, t.clone())))
}

pub fn table_or_view_in(host: &dyn Host, database: DatabaseIndex, name: &str) -> Option<Object> {
    match host.schema(database).object(name) {
        Some(Object::Index(_)) => None,
        found => found,
    }
}

fn object_in(host: &dyn Host, database: DatabaseIndex, name: &QualifiedName) -> Option<Object> {
    let schema = host.schema(database);
    // `temp.sqlite_master` is temp's schema table, though its own name is another; `sqlite_master` alone is main's.
    if database == TEMP && name.schema.is_some() && is_schema_table(&name.name.text) {
        return schema.object(schema_table_names(true)[0]);
    }
    schema.object(&name.name.text)
}

/// `no such table: x`, with the schema if it was written.
pub fn no_such(kind: &str, name: &QualifiedName) -> Error {
    Error::sql(format!("no such {kind}: {}", crate::catalog::sql_text::shown(name)))
}

/// A name in double quotes for a text of our own.
pub fn quoted(database: &str, name: &str) -> String {
    use crate::catalog::sql_text::always_quoted;
    format!("{}.{}", always_quoted(database), always_quoted(name))
}
