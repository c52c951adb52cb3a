//! Statements that change the schema: CREATE, DROP, ALTER, and those that go over it: ANALYZE, REINDEX, VACUUM.
//!
//! A statement checks, writes the rows of `sqlite_schema`, creates or drops trees and puts a new [`Schema`] value into
//! the transaction. Data is read and written through [`Host`], which the connection implements with the row
//! executor: how rows and index keys are laid out is not known here. Whoever calls [`run`] begins and ends the
//! transaction of an autocommit statement; a failing statement takes its own changes back.
//!
//! Texts that ALTER TABLE rewrites come from the bundled SQLite, see [`rewrite`].

mod alter;
mod alter_check;
pub mod analyze;
mod create_index;
mod create_table;
mod create_trigger;
mod create_view;
mod create_virtual;
mod drop;
mod foreign_references;
mod names;
mod reindex;
pub mod rewrite;
pub mod schema_rows;
mod vacuum;

#[cfg(test)]
pub(crate) mod tests;

use std::cell::RefMut;
use std::sync::Arc;

use heliosdb_dialect::ast::{ObjectKind, Parsed, Query, Statement};
use heliosdb_udfs::value::{Collation, ValueRef};

use crate::catalog::environment::Environment;
use crate::catalog::{Index, Schema, Table};
use crate::error::{Error, Result};
use crate::plan::bound::{self, DatabaseIndex};
use crate::txn::{Mark, Transaction};

pub use alter::{reload as reload_schema, reload_if_changed};
pub use names::{find_index, find_object, find_table, find_trigger};

pub const MAIN: DatabaseIndex = DatabaseIndex(0);
pub const TEMP: DatabaseIndex = DatabaseIndex(1);

/// Settings of the connection that DDL depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub foreign_keys: bool,
    pub defer_foreign_keys: bool,
    pub legacy_alter_table: bool,
    /// `PRAGMA writable_schema`: `sqlite_…` names are allowed.
    pub writable_schema: bool,
    /// Whether BEGIN (or a savepoint) is in force.
    pub in_transaction: bool,
}

/// A function of the host language, as the rewriting of texts must know it.
#[derive(Clone, Debug)]
pub struct UserFunction {
    pub name: Arc<str>,
    /// -1: any number.
    pub args: i32,
    pub aggregate: bool,
}

/// What a connection does for the statements here. Databases are numbered as in `PRAGMA database_list`.
pub trait Host {
    fn database_count(&self) -> usize;
    /// `main`, `temp` or the name given by ATTACH.
    fn database_name(&self, database: DatabaseIndex) -> Arc<str>;
    /// The schema in force, with the transaction's own changes.
    fn schema(&self, database: DatabaseIndex) -> Arc<Schema>;
    /// The write transaction of a database, begun if there is none; borrowed for one operation at a time.
    fn write(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>>;
    /// The transaction of a database in whatever state it is.
    fn transaction(&self, database: DatabaseIndex) -> RefMut<'_, Transaction>;
    fn environment(&self) -> Arc<dyn Environment>;
    fn options(&self) -> Options;
    /// Whether another statement of this connection has been stepped and not reset.
    fn has_running_statements(&self) -> bool;
    /// Whether one of them has read a database, or has rows to return of what it has written.
    fn has_reading_statements(&self) -> bool;
    /// How long to wait for other users of a file.
    fn busy_timeout_ms(&self) -> u64 {
        0
    }
    /// Asks the authorizer; false if it answers IGNORE: the statement then does nothing.
    fn authorize(&self, action: i32, first: Option<&str>, second: Option<&str>, database: Option<&str>)
    -> Result<bool>;

    /// Runs one SELECT inside the running transaction. It sees everything written so far.
    fn query(&self, sql: &str, row: &mut dyn FnMut(&[ValueRef<'_>]) -> Result<()>) -> Result<()>;
    /// Binds a query of the running statement, whose columns are to be a table's; `sql` is what its spans refer to.
    fn bind_query(&self, query: &Query, sql: &str) -> Result<bound::Query>;
    /// Inserts the rows of a query of the running statement (with its parameters) into a new table, which has no
    /// constraints; column affinity is applied. The query cannot name the table: it was bound before there was one.
    fn insert_query(&self, database: DatabaseIndex, table: &Arc<Table>, query: &bound::Query) -> Result<()>;

    /// Calls `row` with every row of a table in key order: its rowid (0 WITHOUT ROWID) and all its columns,
    /// generated ones computed.
    fn scan_rows(
        &self,
        database: DatabaseIndex,
        table: &Arc<Table>,
        row: &mut dyn FnMut(i64, &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()>;
    /// Writes one row with its index entries: no triggers, foreign keys, checks or affinity; `values` has all
    /// columns of the table (those of virtual columns are not looked at).
    fn load_row(&self, database: DatabaseIndex, table: &Arc<Table>, rowid: i64, values: &[ValueRef<'_>]) -> Result<()>;
    /// Fills an empty index from the rows of its table: `UNIQUE constraint failed: t.a`.
    fn fill_index(&self, database: DatabaseIndex, table: &Arc<Table>, index: &Arc<Index>) -> Result<()>;
    /// The DELETE of all rows that foreign keys want before a table is dropped: no triggers fire, actions do;
    /// `FOREIGN KEY constraint failed` if immediate violations are left. A table that is no parent keeps its rows where no
    /// violation waits for the commit.
    fn delete_for_drop(&self, database: DatabaseIndex, table: &Arc<Table>, is_parent: bool) -> Result<()>;

    /// Functions and collations of the host language.
    fn user_functions(&self) -> Vec<UserFunction>;
    fn user_collations(&self) -> Vec<Collation>;
    /// The bytes of a database as a SQLite file, for VACUUM INTO.
    fn serialize(&self, database: DatabaseIndex) -> Result<Vec<u8>>;
    /// The value of an expression without columns (VACUUM INTO's file name).
    fn constant(&self, expr: &heliosdb_dialect::ast::Expr, sql: &str) -> Result<heliosdb_udfs::value::Value>;
}

/// One running statement.
pub struct DdlContext<'c> {
    pub host: &'c dyn Host,
    /// What the statement was parsed from.
    pub sql: &'c str,
    pub parsed: &'c Parsed,
}

/// Actions of the authorizer, https://sqlite.org/c3ref/c_alter_table.html.
pub mod action {
    pub const CREATE_INDEX: i32 = 1;
    pub const CREATE_TABLE: i32 = 2;
    pub const CREATE_TEMP_INDEX: i32 = 3;
    pub const CREATE_TEMP_TABLE: i32 = 4;
    pub const CREATE_TEMP_TRIGGER: i32 = 5;
    pub const CREATE_TEMP_VIEW: i32 = 6;
    pub const CREATE_TRIGGER: i32 = 7;
    pub const CREATE_VIEW: i32 = 8;
    pub const DELETE: i32 = 9;
    pub const DROP_INDEX: i32 = 10;
    pub const DROP_TABLE: i32 = 11;
    pub const DROP_TEMP_INDEX: i32 = 12;
    pub const DROP_TEMP_TABLE: i32 = 13;
    pub const DROP_TEMP_TRIGGER: i32 = 14;
    pub const DROP_TEMP_VIEW: i32 = 15;
    pub const DROP_TRIGGER: i32 = 16;
    pub const DROP_VIEW: i32 = 17;
    pub const INSERT: i32 = 18;
    pub const PRAGMA: i32 = 19;
    pub const ATTACH: i32 = 24;
    pub const DETACH: i32 = 25;
    pub const ALTER_TABLE: i32 = 26;
    pub const REINDEX: i32 = 27;
    pub const ANALYZE: i32 = 28;
    pub const CREATE_VTABLE: i32 = 29;
}

/// Whether [`run`] is for this statement.
pub fn is_ddl(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::CreateTable(_)
            | Statement::CreateIndex(_)
            | Statement::CreateView(_)
            | Statement::CreateTrigger(_)
            | Statement::CreateVirtualTable(_)
            | Statement::Drop { .. }
            | Statement::AlterTable { .. }
            | Statement::Analyze(_)
            | Statement::Reindex(_)
            | Statement::Vacuum { .. }
    )
}

/// Runs a statement of those above.
pub fn run(context: &DdlContext<'_>) -> Result<()> {
    let host = context.host;
    let before: Vec<(Mark, Arc<Schema>)> = databases(host)
        .map(|database| {
            let mark = host.transaction(database).mark();
            (mark, host.schema(database))
        })
        .collect();
    let result = dispatch(context);
    for (database, (mark, schema)) in databases(host).zip(before) {
        match result {
            Ok(()) => count_once(host, database, &schema)?,
            Err(_) => host.transaction(database).rollback_to(mark),
        }
    }
    result
}

/// However many changes a statement made, the cookie grows by one.
fn count_once(host: &dyn Host, database: DatabaseIndex, before: &Arc<Schema>) -> Result<()> {
    let next = before.cookie.wrapping_add(1);
    let now = host.schema(database);
    if now.cookie == before.cookie || now.cookie == next {
        return Ok(());
    }
    let mut schema = (*now).clone();
    schema.cookie = next;
    host.write(database)?.set_schema(Arc::new(schema));
    Ok(())
}

fn dispatch(context: &DdlContext<'_>) -> Result<()> {
    match &context.parsed.statement {
        Statement::CreateTable(statement) => create_table::run(context, statement),
        Statement::CreateIndex(statement) => create_index::run(context, statement),
        Statement::CreateView(statement) => create_view::run(context, statement),
        Statement::CreateTrigger(statement) => create_trigger::run(context, statement),
        Statement::CreateVirtualTable(statement) => create_virtual::run(context, statement),
        Statement::Drop { kind: ObjectKind::Table, if_exists, name } => {
            drop::table(context.host, name, *if_exists, false)
        }
        Statement::Drop { kind: ObjectKind::View, if_exists, name } => {
            drop::table(context.host, name, *if_exists, true)
        }
        Statement::Drop { kind: ObjectKind::Index, if_exists, name } => drop::index(context.host, name, *if_exists),
        Statement::Drop { kind: ObjectKind::Trigger, if_exists, name } => drop::trigger(context.host, name, *if_exists),
        Statement::AlterTable { table, action } => alter::run(context, table, action),
        Statement::Analyze(target) => analyze::run(context.host, target.as_deref()),
        Statement::Reindex(target) => reindex::run(context.host, target.as_deref()),
        Statement::Vacuum { schema, into } => vacuum::run(context, schema.as_ref(), into.as_deref()),
        _ => Err(Error::internal("not a statement that changes the schema")),
    }
}

fn databases(host: &dyn Host) -> impl Iterator<Item = DatabaseIndex> + use<> {
    (0..host.database_count()).map(|i| DatabaseIndex(i as u16))
}

/// Changes the schema of a database, with its cookie, for the running transaction.
fn change_schema(host: &dyn Host, database: DatabaseIndex, change: impl FnOnce(&mut Schema)) -> Result<()> {
    let mut schema = (*host.schema(database)).clone();
    change(&mut schema);
    schema.cookie = schema.cookie.wrapping_add(1);
    host.write(database)?.set_schema(Arc::new(schema));
    Ok(())
}
