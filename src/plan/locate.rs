//! Finds tables, views and databases by name: `temp` first, then `main`, then the attached databases
//! (https://sqlite.org/lang_naming.html); and says which of them a statement may write.

use std::sync::Arc;

use heliosdb_dialect::ast;

use super::binder::Binder;
use super::bound::{DatabaseIndex, TableFunction};
use super::context::Namespace;
use crate::catalog::system::is_schema_table;
use crate::catalog::{Table, View};
use crate::error::{Error, Result};

/// What a name in FROM stands for.
pub enum Found<'a> {
    Table(DatabaseIndex, &'a Arc<Table>),
    View(DatabaseIndex, &'a Arc<View>),
    Function(Arc<TableFunction>),
}

pub const MAIN: DatabaseIndex = DatabaseIndex(0);
pub const TEMP: DatabaseIndex = DatabaseIndex(1);

/// The names under which schemas hold their own table.
const SCHEMA_TABLE: &str = "sqlite_master";
const TEMP_SCHEMA_TABLE: &str = "sqlite_temp_master";

impl<'a> Namespace<'a> {
    /// The index of a database by name.
    pub fn database(&self, name: &str) -> Option<DatabaseIndex> {
        let found = self.databases.iter().rposition(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(DatabaseIndex(found as u16))
    }

    fn in_database(&'a self, database: DatabaseIndex, name: &str) -> Option<Found<'a>> {
        let schema = &self.databases.get(database.0 as usize)?.1;
        if let Some(table) = schema.table(name) {
            return Some(Found::Table(database, table));
        }
        schema.view(name).map(|view| Found::View(database, view))
    }

    /// A table or view by name, in one database or by the order of resolution.
    pub fn find(&'a self, database: Option<DatabaseIndex>, name: &str) -> Option<Found<'a>> {
        let schema_alias = name.len() >= 13 && name.as_bytes()[..7].eq_ignore_ascii_case(b"sqlite_");
        if let Some(database) = database {
            let name = if schema_alias { schema_name(name, database == TEMP) } else { name };
            return self.in_database(database, name);
        }
        if schema_alias {
            if is_temp_schema(name) {
                return self.in_database(TEMP, TEMP_SCHEMA_TABLE);
            }
            if is_main_schema(name) {
                return self.in_database(MAIN, SCHEMA_TABLE);
            }
        }
        self.in_database(TEMP, name)
            .or_else(|| self.in_database(MAIN, name))
            .or_else(|| (2..self.databases.len()).find_map(|i| self.in_database(DatabaseIndex(i as u16), name)))
    }
}

fn is_main_schema(name: &str) -> bool {
    name.eq_ignore_ascii_case(SCHEMA_TABLE) || name.eq_ignore_ascii_case("sqlite_schema")
}

fn is_temp_schema(name: &str) -> bool {
    name.eq_ignore_ascii_case(TEMP_SCHEMA_TABLE) || name.eq_ignore_ascii_case("sqlite_temp_schema")
}

fn schema_name(name: &str, temp: bool) -> &str {
    match temp {
        true if is_main_schema(name) || is_temp_schema(name) => TEMP_SCHEMA_TABLE,
        false if is_main_schema(name) => SCHEMA_TABLE,
        _ => name,
    }
}

/// Whether a qualifier means the schema table of that database.
pub fn names_schema_table(qualifier: &str, table: &Table, database: Option<DatabaseIndex>, explicit: bool) -> bool {
    is_schema_table(&table.name)
        && if database == Some(TEMP) {
            is_temp_schema(qualifier) || explicit && is_main_schema(qualifier)
        } else {
            is_main_schema(qualifier)
        }
}

impl<'a> Binder<'a> {
    /// The database a name is qualified with; an unknown one is an error that names the object.
    pub fn named_database(&self, name: &'a ast::QualifiedName, what: &str) -> Result<Option<DatabaseIndex>> {
        match &name.schema {
            None => Ok(self.fixed),
            Some(schema) => match self.space.database(&schema.text) {
                Some(found) => Ok(Some(found)),
                None => Err(Error::sql(format!("{what}: {}.{}", schema.text, name.name.text))),
            },
        }
    }

    /// A table, view or table-valued function, or `no such table: …`.
    pub fn locate(&self, name: &'a ast::QualifiedName) -> Result<Found<'a>> {
        let database = self.named_database(name, "no such table")?;
        let text = &*name.name.text;
        if let Some(found) = self.space.find(database, text) {
            return Ok(found);
        }
        if (name.schema.is_none() || database == Some(MAIN))
            && let Some(function) = self.space.functions.table_function(text)
        {
            return Ok(Found::Function(function));
        }
        Err(Error::sql(match (&name.schema, self.fixed) {
            (Some(schema), _) => format!("no such table: {}.{text}", schema.text),
            (None, Some(fixed)) => format!("no such table: {}.{text}", self.database_name(fixed)),
            (None, None) => format!("no such table: {text}"),
        }))
    }

    /// Refuses tables that statements must not write.
    pub fn check_writable(&self, table: &Table) -> Result<()> {
        let refused = is_schema_table(&table.name) && !self.space.options.writable_schema;
        if refused {
            return Err(Error::sql(format!("table {} may not be modified", table.name)));
        }
        Ok(())
    }
}
