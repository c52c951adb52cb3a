//! Pragmas whose value belongs to the database: versions, encoding, sizes.

use std::sync::Arc;

use heliosdb_udfs::value::{Encoding, Value};

use super::settings::leading_integer;
use super::{Call, row};
use crate::error::{Code, Error, Result};
use crate::session::ddl::MAIN;

type Rows = Result<Vec<Vec<Value>>>;

/// `user_version`, `application_id` and `schema_version`: they come and go with the transaction.
pub fn value(call: &Call<'_>) -> Rows {
    let database = call.database();
    let schema = call.context.schema(database);
    let Some(written) = call.value else {
        let shown = match call.pragma.name {
            "user_version" => i64::from(schema.user_version),
            "application_id" => i64::from(schema.application_id),
            _ => i64::from(schema.cookie as i32),
        };
        return Ok(vec![row![shown]]);
    };
    refuse_query_only(call)?;
    let written = leading_integer(written);
    let mut schema = (*schema).clone();
    match call.pragma.name {
        "user_version" => schema.user_version = written,
        "application_id" => schema.application_id = written,
        _ => schema.cookie = written as u32,
    }
    call.context.write(database)?.set_schema(Arc::new(schema));
    Ok(Vec::new())
}

/// Whether running the pragma with this value needs a write transaction.
pub fn writes(pragma: &str, has_value: bool) -> bool {
    has_value && ["user_version", "application_id", "schema_version"].iter().any(|n| pragma.eq_ignore_ascii_case(n))
}

pub fn data_version(call: &Call<'_>) -> Rows {
    call.one(call.context.data_version(call.database()))
}

/// Pages are not what is stored; about as many as SQLite would have.
pub fn page_count(call: &Call<'_>) -> Rows {
    let shared = call.context.transaction(call.database()).shared().clone();
    Ok(vec![row![crate::session::backup::page_count(&shared) as i64]])
}

/// Nothing is ever kept for reuse.
pub fn freelist_count(_call: &Call<'_>) -> Rows {
    Ok(vec![row![0]])
}

pub fn auto_vacuum(call: &Call<'_>) -> Rows {
    match call.value {
        Some(_) => Ok(Vec::new()),
        None => Ok(vec![row![0]]),
    }
}

pub fn encoding(call: &Call<'_>) -> Rows {
    let main = call.context.transaction(MAIN).shared().clone();
    let Some(value) = call.value else { return call.one(call.context.schema(MAIN).encoding.name()) };
    // A database that holds something keeps its encoding, and so do those that have to agree with it.
    if main.last_commit().0 > 0 || call.context.is_temp_open() {
        return Ok(Vec::new());
    }
    let Some(encoding) = Encoding::by_name(value) else {
        return Err(Error::sql(format!("unsupported encoding: {value}")));
    };
    main.set_encoding(encoding)?;
    Ok(Vec::new())
}

/// No log of SQLite's kind: nothing to do, and not busy.
pub fn wal_checkpoint(_call: &Call<'_>) -> Rows {
    Ok(vec![row![0, -1, -1]])
}

/// Gives back unused pages, of which there are none.
pub fn incremental_vacuum(call: &Call<'_>) -> Rows {
    refuse_query_only(call)?;
    Ok(Vec::new())
}

fn refuse_query_only(call: &Call<'_>) -> Result<()> {
    if call.context.settings().query_only {
        return Err(Error::new(Code::READONLY, "attempt to write a readonly database"));
    }
    Ok(())
}

/// Pragmas that ask for work there is none of.
pub fn nothing(_call: &Call<'_>) -> Rows {
    Ok(Vec::new())
}
