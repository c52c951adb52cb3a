//! Rows of a table whose columns have taken all names of the rowid, so that no statement can give one.
//!
//! Inside the commit's transaction one of these columns goes by another name while the rows are written. Afterwards the
//! texts of the schema are put back as they were, and so is the schema's cookie: others see changed rows only.

use heliosdb_dialect::replace_name;
use heliosdb_udfs::value::ValueRef;

use super::through::Change;
use super::through_rows;
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::store::container::Writer;

/// Whether the rows' numbers have no name.
pub(super) fn hides_rowid(table: &Table) -> bool {
    table.has_rowid() && !table.is_virtual() && table.rowid_alias().is_none() && table.rowid_name().is_none()
}

/// Writes the net changes of the rows of such a table.
pub(super) fn write_rows(table: &Table, cleared: bool, changes: &[Change], writer: &mut Writer<'_>) -> Result<()> {
    if changes.is_empty() && !cleared {
        return Ok(());
    }
    let Some(hiding) = table.columns.iter().position(|c| c.name.eq_ignore_ascii_case("rowid")) else {
        return Err(Error::internal("a rowid that is hidden by no column"));
    };
    let mut shown = table.clone();
    let is_taken = |name: &str| table.columns.iter().any(|c| c.name.eq_ignore_ascii_case(name));
    let name = (0..).map(|n| format!("heliosdb_{n}")).find(|name| !is_taken(name)).unwrap_or_default();
    shown.columns[hiding].name = name.as_str().into();
    let texts = texts_of(table, writer)?;
    let cookie = writer.schema_cookie()?;
    // Views and triggers that name the column are not looked at meanwhile.
    let renamed = texts.iter().map(|(rowid, text)| (*rowid, replace_name(text, "rowid", &name))).collect::<Vec<_>>();
    put_texts(&renamed, writer)?;
    through_rows::write_rows(&shown, cleared, changes, writer)?;
    put_texts(&texts, writer)?;
    writer.set_schema_cookie(cookie)
}

/// Rowids and texts of the schema's rows of a table and its indexes.
fn texts_of(table: &Table, writer: &Writer<'_>) -> Result<Vec<(i64, String)>> {
    let mut texts = Vec::new();
    let sql = "SELECT rowid, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND type IN ('table', 'index')";
    writer.query(sql, |row| {
        if row.text(1).eq_ignore_ascii_case(&table.name) {
            texts.push((row.integer(0), row.text(2)));
        }
        Ok(())
    })?;
    Ok(texts)
}

fn put_texts(texts: &[(i64, String)], writer: &mut Writer<'_>) -> Result<()> {
    writer.with_writable_schema(|writer| {
        texts.iter().try_for_each(|(rowid, text)| {
            let values = [ValueRef::Text(text.as_bytes()), ValueRef::Integer(*rowid)];
            writer.execute_once("UPDATE sqlite_schema SET sql = ? WHERE rowid = ?", &values)
        })
    })?;
    writer.reload_schema()
}
