//! The texts that ALTER TABLE leaves in the schema, asked from the bundled SQLite.
//!
//! A connection to an empty database in memory gets the texts of our schema (no rows), runs the statement, and its
//! `sqlite_schema` is read back: names inside views, triggers, CHECKs and foreign keys are replaced by the
//! program that defines how. Only texts come from there, and its words when it refuses; what happens to rows is
//! the caller's.
//!
//! The schema is built in through `writable_schema`, so that no text is checked or changed on its way in.

use std::sync::Arc;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

use super::{Host, MAIN, Options, TEMP, databases, schema_rows};
use crate::catalog::SchemaRow;
use crate::catalog::sql_text::always_quoted;
use crate::error::{Code, Error, Result};
use crate::plan::bound::DatabaseIndex;

/// The rows of one database after the statement, in rowid order.
pub struct Rewritten {
    pub database: DatabaseIndex,
    pub rows: Vec<(i64, SchemaRow)>,
}

/// Runs `statement` on a copy of the host's schemas and returns the rows of every database.
pub fn rewrite(host: &dyn Host, statement: &str) -> Result<Vec<Rewritten>> {
    let connection = open(host)?;
    for database in databases(host) {
        let name = host.database_name(database);
        if database != MAIN && database != TEMP {
            connection.execute("ATTACH ':memory:' AS ?1", [&*name]).map_err(refused)?;
        }
        fill(&connection, &name, &schema_rows::read(host, database)?)?;
    }
    run(&connection, statement)?;
    databases(host)
        .map(|database| {
            let rows = read_back(&connection, &host.database_name(database))?;
            Ok(Rewritten { database, rows })
        })
        .collect()
}

fn open(host: &dyn Host) -> Result<Connection> {
    use rusqlite::config::DbConfig;
    let connection = Connection::open_in_memory().map_err(refused)?;
    let Options { legacy_alter_table, foreign_keys, .. } = host.options();
    let settings = [
        (DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, legacy_alter_table),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, foreign_keys),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false),
    ];
    for (setting, on) in settings {
        connection.set_db_config(setting, on).map_err(refused)?;
    }
    for collation in host.user_collations() {
        connection.create_collation(&*collation, |a: &str, b: &str| a.cmp(b)).map_err(refused)?;
    }
    for function in host.user_functions() {
        // Never called: there are no rows. Aggregates only matter in that their name is known.
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection
            .create_scalar_function(&*function.name, function.args, flags, |_| Ok(rusqlite::types::Null))
            .map_err(refused)?;
    }
    Ok(connection)
}

/// Puts rows into a schema table. Root pages are those of a throw-away table each, so that they exist.
fn fill(connection: &Connection, database: &str, rows: &[(i64, SchemaRow)]) -> Result<()> {
    let schema_table = format!("{}.sqlite_schema", always_quoted(database));
    connection.execute_batch("PRAGMA writable_schema=ON").map_err(refused)?;
    let insert = format!("INSERT INTO {schema_table}(rowid,type,name,tbl_name,rootpage,sql) VALUES(?1,?2,?3,?4,?5,?6)");
    let mut pages = spare_pages(connection, database, rows.iter().filter(|(_, r)| r.root_page != 0).count())?;
    for (rowid, row) in rows {
        let page = if row.root_page == 0 { 0 } else { pages.pop().unwrap_or(0) };
        let values = params![rowid, &*row.kind, &*row.name, &*row.table, page, row.sql.as_deref()];
        connection.execute(&insert, values).map_err(refused)?;
    }
    // Makes the library read its schema again.
    connection.execute_batch("PRAGMA writable_schema=RESET").map_err(refused)?;
    Ok(())
}

/// Root pages of empty trees that no row of the schema table names.
fn spare_pages(connection: &Connection, database: &str, count: usize) -> Result<Vec<i64>> {
    let database = always_quoted(database);
    let mut pages: Vec<i64> = Vec::with_capacity(count);
    for i in 0..count {
        connection.execute_batch(&format!("CREATE TABLE {database}.spare_{i}(a)")).map_err(refused)?;
    }
    {
        let select = format!("SELECT rootpage FROM {database}.sqlite_schema WHERE name LIKE 'spare~_%' ESCAPE '~'");
        let mut statement = connection.prepare(&select).map_err(refused)?;
        let found = statement.query_map([], |row| row.get(0)).map_err(refused)?;
        for page in found {
            pages.push(page.map_err(refused)?);
        }
    }
    connection.execute_batch(&format!("DELETE FROM {database}.sqlite_schema")).map_err(refused)?;
    pages.sort_unstable_by(|a, b| b.cmp(a));
    Ok(pages)
}

fn run(connection: &Connection, statement: &str) -> Result<()> {
    let mut prepared = connection.prepare(statement).map_err(refused)?;
    let mut rows = prepared.query([]).map_err(refused)?;
    // ALTER can have a (never reached) row of an internal SELECT.
    while rows.next().map_err(refused)?.is_some() {}
    Ok(())
}

fn read_back(connection: &Connection, database: &str) -> Result<Vec<(i64, SchemaRow)>> {
    let select =
        format!("SELECT rowid,type,name,tbl_name,rootpage,sql FROM {}.sqlite_schema ORDER BY rowid", always_quoted(database));
    let mut statement = connection.prepare(&select).map_err(refused)?;
    let rows = statement.query_map([], |row| {
        let text = |i: usize| row.get::<_, String>(i).map(String::into_boxed_str);
        let schema_row = SchemaRow {
            kind: text(1)?,
            name: text(2)?,
            table: text(3)?,
            root_page: row.get::<_, i64>(4)? as u32,
            sql: row.get::<_, Option<String>>(5)?.map(Arc::from),
        };
        Ok((row.get(0)?, schema_row))
    });
    rows.map_err(refused)?.collect::<std::result::Result<_, _>>().map_err(refused)
}

/// SQLite's own words and code.
pub fn refused(error: rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(message)) => Error::new(Code(code.extended_code), message),
        rusqlite::Error::SqlInputError { error, msg, .. } => Error::new(Code(error.extended_code), msg),
        other => Error::sql(other.to_string()),
    }
}
