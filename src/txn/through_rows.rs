//! The statements with which a commit puts a table's changed rows into the file.

use heliosdb_udfs::value::{Value, ValueRef};

use super::through::Change;
use crate::catalog::sql_text::always_quoted;
use crate::catalog::{IndexTerm, Table};
use crate::error::{Error, Result};
use crate::store::container::Writer;
use crate::store::{Version, record};

/// The columns that a statement can set.
fn written_columns(table: &Table) -> impl Iterator<Item = usize> + '_ {
    (0..table.columns.len()).filter(|i| table.columns[*i].generated.is_none())
}

/// [`super::through_hidden`] sees to it that there is one.
fn no_rowid_name(table: &Table) -> Error {
    Error::internal(format!("table {} is written while its columns hide the rowid", table.name))
}

pub(super) fn insert_text(table: &Table) -> Result<String> {
    let mut columns: Vec<String> = written_columns(table).map(|i| always_quoted(&table.columns[i].name)).collect();
    if table.has_rowid() && table.rowid_alias().is_none() {
        columns.push(table.rowid_name().ok_or_else(|| no_rowid_name(table))?.to_owned());
    }
    let marks = vec!["?"; columns.len()].join(",");
    Ok(format!("INSERT INTO {}({}) VALUES({marks})", always_quoted(&table.name), columns.join(",")))
}

/// Where a statement's values come from.
pub(super) struct RowValues<'t>(Vec<RowValue<'t>>);

enum RowValue<'t> {
    Rowid,
    /// A column of the record, and its value where the row is older than the column.
    Stored(usize, ValueRef<'t>),
}

impl<'t> RowValue<'t> {
    fn of(table: &'t Table, i: usize) -> RowValue<'t> {
        if table.rowid_alias() == Some(i as u16) {
            return RowValue::Rowid;
        }
        let added = table.columns[i].added_default.as_ref();
        RowValue::Stored(i, added.map_or(ValueRef::Null, Value::as_ref))
    }

    fn value<'v>(&'v self, rowid: i64, bytes: &'v [u8]) -> ValueRef<'v> {
        match self {
            RowValue::Rowid => ValueRef::Integer(rowid),
            RowValue::Stored(i, missing) => record::column(bytes, *i).unwrap_or(*missing),
        }
    }
}

impl<'t> RowValues<'t> {
    /// Those of an INSERT.
    pub(super) fn written(table: &'t Table) -> RowValues<'t> {
        let rowid = (table.has_rowid() && table.rowid_alias().is_none()).then_some(RowValue::Rowid);
        RowValues(written_columns(table).map(|i| RowValue::of(table, i)).chain(rowid).collect())
    }

    /// Those that tell which row, of the columns of its key.
    fn key(table: &'t Table, columns: &[usize]) -> RowValues<'t> {
        if table.has_rowid() {
            return RowValues(vec![RowValue::Rowid]);
        }
        RowValues(columns.iter().map(|i| RowValue::of(table, *i)).collect())
    }

    pub(super) fn values<'v>(&'v self, rowid: i64, bytes: &'v [u8]) -> impl Iterator<Item = ValueRef<'v>> {
        self.0.iter().map(move |column| column.value(rowid, bytes))
    }
}

/// Which row: a condition with parameters, and their values.
fn row_condition(table: &Table) -> Result<(String, Vec<usize>)> {
    if table.has_rowid() {
        let name = match table.rowid_alias() {
            Some(alias) => always_quoted(&table.columns[usize::from(alias)].name),
            None => table.rowid_name().ok_or_else(|| no_rowid_name(table))?.to_owned(),
        };
        return Ok((format!("{name} = ?"), Vec::new()));
    }
    let mut columns: Vec<usize> = Vec::new();
    for column in table.primary_index().map(|p| &p.columns[..]).unwrap_or_default() {
        if let IndexTerm::Column(c) = column.term
            && !columns.contains(&usize::from(c))
        {
            columns.push(usize::from(c));
        }
    }
    let terms: Vec<String> =
        columns.iter().map(|i| format!("{} = ?", always_quoted(&table.columns[*i].name))).collect();
    Ok((terms.join(" AND "), columns))
}

/// Whether a column takes part in a unique key, or in something that is computed from several.
fn is_unique_column(table: &Table, i: usize) -> bool {
    table.indexes.iter().filter(|index| index.unique || index.id == table.id).any(|index| {
        index.filter.is_some()
            || index.columns.iter().any(|c| match &c.term {
                IndexTerm::Column(c) => usize::from(*c) == i || table.columns[usize::from(*c)].generated.is_some(),
                IndexTerm::Rowid => false,
                IndexTerm::Expr(_) => true,
            })
    })
}

/// Writes the net changes of a table's rows; `cleared`: the rows before have all gone.
pub(super) fn write_rows(table: &Table, cleared: bool, changes: &[Change], writer: &mut Writer<'_>) -> Result<()> {
    if table.is_virtual() || &*table.name == "sqlite_sequence" {
        return Ok(());
    }
    if cleared {
        writer.execute(&format!("DELETE FROM {}", always_quoted(&table.name)), &[])?;
    }
    let (condition, key) = row_condition(table)?;
    let name = always_quoted(&table.name);
    let delete = format!("DELETE FROM {name} WHERE {condition}");
    let key = RowValues::key(table, &key);
    let columns: Vec<RowValue<'_>> = (0..table.columns.len()).map(|i| RowValue::of(table, i)).collect();
    let written: Vec<usize> = written_columns(table).collect();
    let unique: Vec<bool> = (0..table.columns.len()).map(|i| is_unique_column(table, i)).collect();
    let differing = |change: &Change, old: &Version, new: &Version| -> Vec<usize> {
        let differs = |i: &usize| {
            let column = &columns[*i];
            !column.value(change.rowid, old.record()).is_identical(column.value(change.rowid, new.record()))
        };
        written.iter().copied().filter(differs).collect()
    };
    // Rows that are written whole, and rows of which columns are set.
    let mut deleted: Vec<(i64, &Version)> = Vec::new();
    let mut inserted: Vec<(i64, &Version)> = Vec::new();
    let mut updated: Vec<(&Change, Vec<usize>)> = Vec::new();
    for change in changes {
        match (&change.old, &change.new) {
            (Some(old), Some(new)) => {
                let columns = differing(change, old, new);
                if columns.iter().any(|i| unique[*i]) && changes.len() > 1 {
                    deleted.push((change.rowid, old));
                    inserted.push((change.rowid, new));
                } else if !columns.is_empty() {
                    updated.push((change, columns));
                }
            }
            (Some(old), None) => deleted.push((change.rowid, old)),
            (None, Some(new)) => inserted.push((change.rowid, new)),
            (None, None) => {}
        }
    }
    write_each(writer, || Ok(delete), &key, &deleted)?;
    for (change, set) in updated {
        let Some(new) = &change.new else { continue };
        let (rowid, record) = (change.rowid, new.record());
        let values: Vec<ValueRef<'_>> =
            set.iter().map(|i| columns[*i].value(rowid, record)).chain(key.values(rowid, record)).collect();
        let set: Vec<String> = set.iter().map(|i| format!("{} = ?", always_quoted(&table.columns[*i].name))).collect();
        writer.execute(&format!("UPDATE {name} SET {} WHERE {condition}", set.join(", ")), &values)?;
    }
    write_each(writer, || insert_text(table), &RowValues::written(table), &inserted)
}

/// Runs a statement for each of the rows, if there are any.
fn write_each(
    writer: &mut Writer<'_>,
    text: impl FnOnce() -> Result<String>,
    values: &RowValues<'_>,
    rows: &[(i64, &Version)],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writer.execute_each(&text()?, rows.iter().map(|(rowid, version)| values.values(*rowid, version.record())))
}
