//! Functions and collations of a user that indexes and generated columns of the file are made with: the library calls
//! them when it writes rows.

use std::sync::Arc;

use heliosdb_udfs::value::collation::CustomCollation;
use heliosdb_udfs::value::{Value, ValueRef};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value as Given, ValueRef as Foreign};
use rusqlite::{Connection, Error as Failure};

use super::open::refused;
use crate::env::callback::UserScalar;
use crate::error::Result;

/// What one connection of ours has defined.
#[derive(Default)]
pub struct Definitions {
    /// Name, number of arguments (-1: any), function.
    pub scalars: Vec<(Box<str>, i32, Arc<dyn UserScalar>)>,
    pub collations: Vec<Arc<dyn CustomCollation>>,
}

impl Definitions {
    /// Makes them known to the library; no statement may be running. Whether a function may stand where it is used was
    /// decided before: the library takes all for deterministic and harmless.
    pub(super) fn register(&self, connection: &Connection) -> Result<()> {
        for collation in &self.collations {
            let collation = collation.clone();
            let name = collation.name().to_owned();
            let compare = move |a: &str, b: &str| collation.compare(a.as_bytes(), b.as_bytes());
            connection.create_collation(&*name, compare).map_err(refused)?;
        }
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
        for (name, args, function) in &self.scalars {
            let function = function.clone();
            let call = move |context: &rusqlite::functions::Context<'_>| {
                let args: Vec<ValueRef<'_>> = (0..context.len()).map(|i| from_foreign(context.get_raw(i))).collect();
                function.call(&args).map(given).map_err(|e| Failure::UserFunctionError(e.message.clone().into()))
            };
            connection.create_scalar_function(&**name, *args, flags, call).map_err(refused)?;
        }
        Ok(())
    }
}

fn given(value: Value) -> Given {
    match value {
        Value::Null => Given::Null,
        Value::Integer(i) => Given::Integer(i),
        Value::Real(r) => Given::Real(r),
        Value::Text(t) => Given::Text(String::from_utf8_lossy(&t).into_owned()),
        Value::Blob(b) => Given::Blob(b.to_vec()),
    }
}

/// A value of the library's.
pub fn from_foreign(value: Foreign<'_>) -> ValueRef<'_> {
    match value {
        Foreign::Null => ValueRef::Null,
        Foreign::Integer(i) => ValueRef::Integer(i),
        Foreign::Real(r) => ValueRef::Real(r),
        Foreign::Text(t) => ValueRef::Text(t),
        Foreign::Blob(b) => ValueRef::Blob(b),
    }
}
