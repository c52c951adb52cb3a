//! A view from a `CREATE VIEW` statement.
//!
//! The query is not bound: a view may name what does not exist yet. The number of its column names is compared
//! with the query's columns when it is used, as in SQLite.

use std::sync::Arc;

use heliosdb_dialect::ast::CreateView;

use super::view::View;
use crate::error::{Error, Result};

/// Builds the view; `sql` is the text the statement was parsed from, `parameters` the number of parameters in it.
pub fn build_view(statement: &CreateView, sql: &Arc<str>, parameters: u32) -> Result<View> {
    if parameters > 0 {
        return Err(Error::sql("parameters are not allowed in views"));
    }
    Ok(View {
        name: statement.name.name.text.clone(),
        columns: statement.columns.clone(),
        query: Arc::new((*statement.query).clone()),
        sql: sql.clone(),
    })
}
