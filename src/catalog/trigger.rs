//! A trigger: when it fires and what it runs.

use std::sync::Arc;

use heliosdb_dialect::ast;

#[derive(Clone, Debug)]
pub struct Trigger {
    pub name: Arc<str>,
    /// The table or view it watches. A TEMP trigger may watch a table of another database: `table_database`.
    pub table: Arc<str>,
    /// Index of the database (0 main, 1 temp, …) that holds the table, if not the trigger's own.
    pub table_database: Option<Arc<str>>,
    pub statement: Arc<ast::CreateTrigger>,
    /// The text stored in `sqlite_schema`, which the tree's spans refer to.
    pub sql: Arc<str>,
}
