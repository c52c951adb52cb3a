//! The authorizer's questions while a statement is bound (https://sqlite.org/c3ref/c_alter_table.html).

use super::binder::Binder;
use super::bound::DatabaseIndex;
use crate::env::callback::Authorization;
use crate::error::{Code, Error, Result};

pub const DELETE: i32 = 9;
pub const INSERT: i32 = 18;
pub const READ: i32 = 20;
pub const SELECT: i32 = 21;
pub const UPDATE: i32 = 23;
pub const FUNCTION: i32 = 31;
pub const RECURSIVE: i32 = 33;

/// What is left when the authorizer does not refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Granted,
    /// SQLITE_IGNORE: the caller knows what to leave out.
    Ignored,
}

impl<'a> Binder<'a> {
    /// Asks; a refusal is an error.
    pub fn ask(
        &self,
        action: i32,
        arg1: Option<&str>,
        arg2: Option<&str>,
        database: Option<DatabaseIndex>,
    ) -> Result<Permission> {
        let Some(authorizer) = self.space.authorizer else { return Ok(Permission::Granted) };
        let database = database.map(|d| self.database_name(d));
        match authorizer.authorize(action, arg1, arg2, database, self.within) {
            Authorization::Ok => Ok(Permission::Granted),
            Authorization::Ignore => Ok(Permission::Ignored),
            Authorization::Deny => Err(Error::new(Code::AUTH, "not authorized")),
            Authorization::Malfunction => Err(malfunction()),
        }
    }

    /// Whether a column may be read; ignored columns read as NULL.
    pub fn ask_read(&self, table: &str, column: &str, database: DatabaseIndex) -> Result<Permission> {
        let Some(authorizer) = self.space.authorizer else { return Ok(Permission::Granted) };
        let name = self.database_name(database);
        match authorizer.authorize(READ, Some(table), Some(column), Some(name), self.within) {
            Authorization::Ok => Ok(Permission::Granted),
            Authorization::Ignore => Ok(Permission::Ignored),
            Authorization::Malfunction => Err(malfunction()),
            Authorization::Deny => {
                let qualifier =
                    if self.space.databases.len() > 2 || database.0 != 0 { format!("{name}.") } else { String::new() };
                Err(Error::new(Code::AUTH, format!("access to {qualifier}{table}.{column} is prohibited")))
            }
        }
    }

    pub fn ask_function(&self, name: &str) -> Result<Permission> {
        let Some(authorizer) = self.space.authorizer else { return Ok(Permission::Granted) };
        match authorizer.authorize(FUNCTION, None, Some(name), None, self.within) {
            Authorization::Ok => Ok(Permission::Granted),
            Authorization::Ignore => Ok(Permission::Ignored),
            Authorization::Malfunction => Err(malfunction()),
            Authorization::Deny => Err(Error::new(Code::AUTH, format!("not authorized to use function: {name}"))),
        }
    }
}

fn malfunction() -> Error {
    Error::sql("authorizer malfunction")
}
