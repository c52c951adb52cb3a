//! The texts that ALTER TABLE leaves in the schema, asked from the bundled SQLite.
//!
//! A connection to an empty database in memory gets the texts of our schema (no rows), runs the statement, and its
//! `sqlite_schema` is read back: names inside views, triggers, CHECKs and foreign keys are replaced by the
//! program that defines how. Only texts come from there, and its words when it refuses; what happens to rows is
//! the caller's.
//!
//! The schema is built in through `writable_schema`, so that no text is checked or changed on its way in.

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateTableBody, Statement};
use rusqlite::functions::{self, Aggregate, FunctionFlags, WindowAggregate};
use rusqlite::types::Null;
use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use super::{Host, MAIN, Options, TEMP, databases, schema_rows};
use crate::catalog::SchemaRow;
use crate::catalog::sql_text::{always_quoted, parse_stored};
use crate::error::Result;
use crate::plan::bound::DatabaseIndex;
pub use crate::store::container::refused;

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
    register(&connection, host)?;
    Ok(connection)
}

/// Makes the names of functions and collations known that the library lacks. Functions yield NULL: nothing is to be
/// computed.
pub fn register(connection: &Connection, host: &dyn Host) -> Result<()> {
    for collation in host.user_collations() {
        let name = collation.name().to_owned();
        let compare = move |a: &str, b: &str| collation.compare(a.as_bytes(), b.as_bytes());
        connection.create_collation(&*name, compare).map_err(refused)?;
    }
    for function in host.user_functions() {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        let (name, args) = (&*function.name, function.args);
        if function.aggregate {
            connection.create_window_function(name, args, flags, NoValue).map_err(refused)?;
        } else {
            connection.create_scalar_function(name, args, flags, |_| Ok(Null)).map_err(refused)?;
        }
    }
    Ok(())
}

/// An aggregate function that yields NULL.
struct NoValue;

impl Aggregate<(), Null> for NoValue {
    fn init(&self, _: &mut functions::Context<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    fn step(&self, _: &mut functions::Context<'_>, _: &mut ()) -> rusqlite::Result<()> {
        Ok(())
    }

    fn finalize(&self, _: &mut functions::Context<'_>, _: Option<()>) -> rusqlite::Result<Null> {
        Ok(Null)
    }
}

impl WindowAggregate<(), Null> for NoValue {
    fn value(&self, _: Option<&mut ()>) -> rusqlite::Result<Null> {
        Ok(Null)
    }

    fn inverse(&self, _: &mut functions::Context<'_>, _: &mut ()) -> rusqlite::Result<()> {
        Ok(())
    }
}

/// Puts rows into a schema table. Their root pages are those of empty trees of the right kind, so that the
/// library may look for rows and finds none. It looks into one table only, whose trees must be different ones; all tables
/// share them.
fn fill(connection: &Connection, database: &str, rows: &[(i64, SchemaRow)]) -> Result<()> {
    let quoted = always_quoted(database);
    let mut key_trees: FxHashMap<String, usize> = FxHashMap::default();
    let mut key_tree_of = |row: &SchemaRow| {
        let count = key_trees.entry(row.table.to_ascii_lowercase()).or_default();
        *count += 1;
        *count
    };
    // The first tree is one of rows.
    let trees = rows.iter().map(|(_, row)| match row.root_page {
        0 => None,
        _ if is_key_tree(row) => Some(key_tree_of(row)),
        _ => Some(0),
    });
    let trees: Vec<Option<usize>> = trees.collect();
    let spares = trees.iter().flatten().max().map_or(0, |last| last + 1);
    for i in 0..spares {
        let columns = if i > 0 { "(a PRIMARY KEY) WITHOUT ROWID" } else { "(a)" };
        connection.execute_batch(&format!("CREATE TABLE {quoted}.spare_{i}{columns}")).map_err(refused)?;
    }
    let pages: Vec<u32> = read_back(connection, database)?.iter().map(|(_, spare)| spare.root_page).collect();
    connection.execute_batch("PRAGMA writable_schema=ON").map_err(refused)?;
    connection.execute_batch(&format!("DELETE FROM {quoted}.sqlite_schema")).map_err(refused)?;
    let insert =
        format!("INSERT INTO {quoted}.sqlite_schema(rowid,type,name,tbl_name,rootpage,sql) VALUES(?1,?2,?3,?4,?5,?6)");
    let mut insert = connection.prepare(&insert).map_err(refused)?;
    for ((rowid, row), tree) in rows.iter().zip(trees) {
        let page = tree.and_then(|i| pages.get(i)).copied().unwrap_or(0);
        let values = params![rowid, &*row.kind, &*row.name, &*row.table, page, row.sql.as_deref()];
        insert.execute(values).map_err(refused)?;
    }
    drop(insert);
    // Makes the library read its schema again.
    connection.execute_batch("PRAGMA writable_schema=RESET").map_err(refused)
}

fn is_key_tree(row: &SchemaRow) -> bool {
    let without_rowid = |sql: &str| {
        let parsed = parse_stored(sql).ok()?;
        let Statement::CreateTable(table) = parsed.statement else { return None };
        Some(matches!(table.body, CreateTableBody::Columns { without_rowid: true, .. }))
    };
    &*row.kind == "index" || row.sql.as_deref().and_then(without_rowid).unwrap_or(false)
}

fn run(connection: &Connection, statement: &str) -> Result<()> {
    let mut prepared = connection.prepare(statement).map_err(refused)?;
    let mut rows = prepared.query([]).map_err(refused)?;
    // ALTER can have a (never reached) row of an internal SELECT.
    while rows.next().map_err(refused)?.is_some() {}
    Ok(())
}

fn read_back(connection: &Connection, database: &str) -> Result<Vec<(i64, SchemaRow)>> {
    let select = format!(
        "SELECT rowid,type,name,tbl_name,rootpage,sql FROM {}.sqlite_schema ORDER BY rowid",
        always_quoted(database)
    );
    let mut statement = connection.prepare(&select).map_err(refused)?;
    let rows = statement.query_map([], |row| {
        let text = |i: usize| row.get::<_, String>(i).map(Arc::from);
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
