//! VACUUM and VACUUM INTO (https://sqlite.org/lang_vacuum.html).
//!
//! A file is the container's affair. A database in memory has no pages to give back: VACUUM checks what SQLite checks and
//! counts as a change of the schema.

use heliosdb_dialect::ast::{Expr, Name};
use heliosdb_udfs::value::Value;

use super::{DdlContext, MAIN, TEMP, change_schema, names};
use crate::error::{Code, Error, Result};
use crate::session::pragma::vacuum_file;

pub fn run(context: &DdlContext<'_>, schema: Option<&Name>, into: Option<&Expr>) -> Result<()> {
    let host = context.host;
    let database = match schema {
        Some(name) => names::database_of(host, name).ok_or_else(|| names::unknown_database(&name.text))?,
        None => MAIN,
    };
    if database == TEMP {
        return Ok(());
    }
    if host.options().in_transaction {
        return Err(Error::sql("cannot VACUUM from within a transaction"));
    }
    if host.has_running_statements() {
        return Err(Error::sql("cannot VACUUM - SQL statements in progress"));
    }
    let shared = host.transaction(database).shared().clone();
    let busy_ms = host.busy_timeout_ms();
    let Some(into) = into else {
        if vacuum_file(&shared, busy_ms, None)? {
            return Ok(());
        }
        return change_schema(host, database, |_| {});
    };
    let file = match host.constant(into, context.sql)? {
        Value::Text(name) => String::from_utf8_lossy(&name).into_owned(),
        _ => return Err(Error::sql("non-text filename")),
    };
    if file.is_empty() || file == ":memory:" {
        return Ok(());
    }
    if vacuum_file(&shared, busy_ms, Some(&file))? {
        return Ok(());
    }
    let path = std::path::Path::new(&file);
    if std::fs::metadata(path).is_ok_and(|m| m.len() > 0) {
        return Err(Error::sql("output file already exists"));
    }
    let bytes = host.serialize(database)?;
    std::fs::write(path, bytes)
        .map_err(|e| Error::new(Code::CANTOPEN, format!("unable to open database: {file} ({e})")))
}
