//! Any statement on a container, with its values byte for byte.

use heliosdb_udfs::value::{Value, ValueRef};
use rusqlite::types::{ToSqlOutput, ValueRef as Foreign};
use rusqlite::{CachedStatement, Connection};

use super::super::open::{Container, refused};
use crate::error::{Code, Error, Result};

/// What a database file says about itself; see https://sqlite.org/pragma.html.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pragma {
    PageSize,
    PageCount,
    FreelistCount,
    /// Text: `UTF-8`, `UTF-16le` or `UTF-16be`.
    Encoding,
    UserVersion,
    ApplicationId,
    SchemaVersion,
    /// Text: `delete`, `truncate`, `persist`, `memory`, `wal` or `off`.
    JournalMode,
    /// 0 none, 1 full, 2 incremental.
    AutoVacuum,
}

impl Pragma {
    fn sql(self) -> &'static str {
        match self {
            Pragma::PageSize => "PRAGMA main.page_size",
            Pragma::PageCount => "PRAGMA main.page_count",
            Pragma::FreelistCount => "PRAGMA main.freelist_count",
            Pragma::Encoding => "PRAGMA main.encoding",
            Pragma::UserVersion => "PRAGMA main.user_version",
            Pragma::ApplicationId => "PRAGMA main.application_id",
            Pragma::SchemaVersion => "PRAGMA main.schema_version",
            Pragma::JournalMode => "PRAGMA main.journal_mode",
            Pragma::AutoVacuum => "PRAGMA main.auto_vacuum",
        }
    }
}

impl Container {
    /// Runs one statement to its end and says how many rows it changed. Rows that it yields are passed over.
    pub fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let connection = self.connection()?;
        let before = connection.total_changes();
        each_row(&connection, sql, parameters, &mut |_| Ok(()))?;
        Ok(connection.total_changes() - before)
    }

    /// Runs one statement and hands over its rows. `row` must not call the container.
    pub fn query(
        &self,
        sql: &str,
        parameters: &[Value],
        row: &mut dyn FnMut(&[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        each_row(&*self.connection()?, sql, parameters, row)
    }

    /// The first column of the first row; NULL if there is no row.
    pub fn query_value(&self, sql: &str, parameters: &[Value]) -> Result<Value> {
        let mut first = None;
        self.query(sql, parameters, &mut |row| {
            first.get_or_insert_with(|| row.first().map_or(Value::Null, |v| (*v).to_owned()));
            Ok(())
        })?;
        Ok(first.unwrap_or_default())
    }

    /// Reads a setting; a value of the transaction if one is open, else of a short one of its own.
    pub fn pragma(&self, pragma: Pragma) -> Result<Value> {
        self.query_value(pragma.sql(), &[])
    }

    /// Reads page `number` (from 1) as the running transaction sees it, log included. SQLITE_NOTFOUND past the end.
    pub fn read_page(&self, number: u32, page: &mut Vec<u8>) -> Result<()> {
        let connection = self.connection()?;
        if connection.is_autocommit() {
            return Err(Error::internal("pages are read in a transaction"));
        }
        page.clear();
        let sql = "SELECT data FROM sqlite_dbpage('main') WHERE pgno=?1";
        each_row(&connection, sql, &[Value::Integer(i64::from(number))], &mut |row| {
            if let Some(ValueRef::Blob(bytes)) = row.first() {
                page.extend_from_slice(bytes);
            }
            Ok(())
        })?;
        if page.is_empty() {
            return Err(Error::new(Code::NOTFOUND, format!("there is no page {number}")));
        }
        Ok(())
    }
}

fn each_row(
    connection: &Connection,
    sql: &str,
    parameters: &[Value],
    row: &mut dyn FnMut(&[ValueRef<'_>]) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(refused)?;
    bind(&mut statement, parameters).map_err(refused)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(found) = rows.next().map_err(refused)? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(own(found.get_ref(column).map_err(refused)?));
        }
        row(&values)?;
    }
    Ok(())
}

fn bind(statement: &mut CachedStatement<'_>, parameters: &[Value]) -> rusqlite::Result<()> {
    for (position, value) in parameters.iter().enumerate() {
        let foreign = match value.as_ref() {
            ValueRef::Null => Foreign::Null,
            ValueRef::Integer(i) => Foreign::Integer(i),
            ValueRef::Real(r) => Foreign::Real(r),
            ValueRef::Text(t) => Foreign::Text(t),
            ValueRef::Blob(b) => Foreign::Blob(b),
        };
        statement.raw_bind_parameter(position + 1, ToSqlOutput::Borrowed(foreign))?;
    }
    Ok(())
}

fn own(value: Foreign<'_>) -> ValueRef<'_> {
    match value {
        Foreign::Null => ValueRef::Null,
        Foreign::Integer(i) => ValueRef::Integer(i),
        Foreign::Real(r) => ValueRef::Real(r),
        Foreign::Text(t) => ValueRef::Text(t),
        Foreign::Blob(b) => ValueRef::Blob(b),
    }
}
