//! A view: a stored query.

use std::sync::Arc;

use heliosdb_dialect::ast;

#[derive(Clone, Debug)]
pub struct View {
    pub name: Arc<str>,
    /// `CREATE VIEW v(a, b)`; empty: the query's own names.
    pub columns: Vec<ast::Name>,
    pub query: Arc<ast::Query>,
    /// The text stored in `sqlite_schema`, which the query's spans refer to.
    pub sql: Arc<str>,
}
