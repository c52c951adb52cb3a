//! CREATE VIRTUAL TABLE: only known so far as something to refuse.

use heliosdb_dialect::ast::CreateVirtualTable;

use super::{DdlContext, create_table};
use crate::catalog::sql_text;
use crate::error::{Error, Result};

pub fn run(context: &DdlContext<'_>, statement: &CreateVirtualTable) -> Result<()> {
    let host = context.host;
    let database = create_table::target(host, false, &statement.name, "table")?;
    let name = &*statement.name.name.text;
    sql_text::check_object_name(name)?;
    let shown = sql_text::shown(&statement.name);
    if !create_table::name_is_free(host, database, &shown, name, statement.if_not_exists)? {
        return Ok(());
    }
    Err(Error::sql(format!("no such module: {}", statement.module.text)))
}
