//! A schema from the rows of a schema table.
//!
//! Rows come in rowid order, so that a table comes before its indexes and triggers. A row that cannot be understood
//! makes the whole schema malformed, as in SQLite.

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateIndex, CreateTrigger, CreateVirtualTable, Parsed, Statement};
use rustc_hash::FxHashMap;

use super::build_index::build_index;
use super::build_table::build_table;
use super::build_trigger::build_trigger;
use super::build_view::build_view;
use super::environment::Loading;
use super::schema::{Schema, fold};
use super::sql_text::parse_stored;
use super::system::empty_schema;
use super::table::{Table, TableKind};
use crate::error::{Code, Error, Result};
use crate::store::{ObjectId, TreeKind};

/// A row of a schema table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaRow {
    /// `table`, `index`, `view` or `trigger`
    pub kind: Arc<str>,
    pub name: Arc<str>,
    pub table: Arc<str>,
    /// 0 for views, triggers and virtual tables.
    pub root_page: u32,
    /// `None` for automatic indexes.
    pub sql: Option<Arc<str>>,
}

/// The root pages of automatic indexes by name (lowercased).
type Automatic = FxHashMap<Box<str>, u32>;

/// Gives an object its number: name, kind of tree and the root page its row has.
pub type Number<'n> = &'n mut dyn FnMut(&str, TreeKind, u32) -> ObjectId;

/// `malformed database schema (name) - reason`
pub fn malformed(name: &str, reason: &str) -> Error {
    let name = if name.is_empty() { "?" } else { name };
    let reason = if reason.is_empty() { String::new() } else { format!(" - {reason}") };
    Error::new(Code::CORRUPT, format!("malformed database schema ({name}){reason}"))
}

/// Builds the schema that the rows describe. `database` is its name; the numbers of the objects come from
/// `number`, which is asked once for every object that has a tree.
pub fn load(rows: &[SchemaRow], database: &str, number: Number<'_>) -> Result<Schema> {
    let mut schema = empty_schema(database.eq_ignore_ascii_case("temp"));
    let mut automatic = Automatic::default();
    for row in rows.iter().filter(|r| r.sql.is_none()) {
        automatic.entry(fold(&row.name)).or_insert(row.root_page);
    }
    for row in rows {
        let Some(sql) = &row.sql else { continue };
        let added =
            parse_stored(sql).and_then(|parsed| add(&mut schema, &automatic, row, sql, &parsed, database, number));
        added.map_err(|e| malformed(&row.name, &e.message))?;
    }
    for row in rows.iter().filter(|r| r.sql.is_none()) {
        if schema.index(&row.name).is_none() {
            return Err(malformed(&row.name, "orphan index"));
        }
    }
    Ok(schema)
}

/// [`load`] with every object numbered by its root page: what our own databases store.
pub fn load_own(rows: &[SchemaRow], database: &str) -> Result<Schema> {
    load(rows, database, &mut |_, _, root_page| ObjectId(root_page))
}

fn add(
    schema: &mut Schema,
    automatic: &Automatic,
    row: &SchemaRow,
    sql: &Arc<str>,
    parsed: &Parsed,
    database: &str,
    number: Number<'_>,
) -> Result<()> {
    match &parsed.statement {
        Statement::CreateTable(statement) => {
            let draft = build_table(statement, sql, database, &Loading)?;
            let table = draft.numbered(&mut |name, kind| number(name, kind, root_page(automatic, row, name)));
            schema.add_table(table);
        }
        Statement::CreateVirtualTable(statement) => schema.add_table(virtual_table(statement, sql)),
        Statement::CreateIndex(statement) => add_index(schema, row, statement, sql, database, number)?,
        Statement::CreateView(statement) => {
            let view = build_view(statement, sql, 0)?;
            schema.views.insert(fold(&view.name), Arc::new(view));
        }
        Statement::CreateTrigger(statement) => add_trigger(schema, statement, sql, database),
        _ => return Err(Error::sql("")),
    }
    Ok(())
}

/// The root page of a table or of one of its automatic indexes, which have rows of their own.
fn root_page(automatic: &Automatic, table: &SchemaRow, name: &str) -> u32 {
    if table.name.eq_ignore_ascii_case(name) {
        return table.root_page;
    }
    automatic.get(&fold(name)).copied().unwrap_or(0)
}

fn add_index(
    schema: &mut Schema,
    row: &SchemaRow,
    statement: &CreateIndex,
    sql: &Arc<str>,
    database: &str,
    number: Number<'_>,
) -> Result<()> {
    let name = &statement.table.text;
    let table = schema.table(name).ok_or_else(|| Error::sql(format!("no such table: {database}.{name}")))?.clone();
    let mut index = build_index(statement, sql, &table, database, &Loading)?;
    index.id = number(&index.name, TreeKind::Key, row.root_page);
    schema.add_index(index);
    Ok(())
}

fn add_trigger(schema: &mut Schema, statement: &CreateTrigger, sql: &Arc<str>, database: &str) {
    // Triggers of the temp database may watch tables of others, which is looked up when they are needed.
    let is_temp = database.eq_ignore_ascii_case("temp");
    let own = schema.object(&statement.table.name.text).is_some();
    let table_database = match &statement.table.schema {
        Some(written) if is_temp && !written.is("temp") => Some(&*written.text),
        None if is_temp && !own => Some("main"),
        _ => None,
    };
    schema.add_trigger(build_trigger(statement, sql, table_database));
}

/// A virtual table whose module is not asked for its columns.
pub fn virtual_table(statement: &CreateVirtualTable, sql: &Arc<str>) -> Table {
    Table {
        id: ObjectId(0),
        name: statement.name.name.text.clone(),
        columns: Vec::new(),
        kind: TableKind::Virtual { module: statement.module.text.clone(), args: statement.args.clone() },
        primary_key: None,
        strict: false,
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
        sql: sql.clone(),
        system: false,
    }
}
