//! A row while it is being written, and expressions over it.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use heliosdb_udfs::value::{Affinity, Value, ValueRef, affinity};

use super::target::TargetProgram;
use crate::catalog::{Column, Table};
use crate::error::{Code, Error, Result};
use crate::row::context::Context;
use crate::row::eval::{Env, Near};
use crate::row::level::{Level, Rows};
use crate::row::node::Subquery;
use crate::row::subquery::SubqueryRun;
use crate::store::record;

/// All columns of a row, converted as stored, and its rowid (0 in a WITHOUT ROWID table).
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub rowid: i64,
    pub values: Vec<Value>,
}

impl Row {
    /// The columns of a stored record.
    pub fn read(table: &Table, rowid: i64, bytes: &[u8]) -> Row {
        let values = table
            .columns
            .iter()
            .enumerate()
            .map(|(i, column)| match record::column(bytes, i) {
                _ if table.rowid_alias() == Some(i as u16) => Value::Integer(rowid),
                Some(v) => v.to_owned(),
                None => column.added_default.clone().unwrap_or_default(),
            })
            .collect();
        Row { rowid, values }
    }

    /// The record as it is stored.
    pub fn encode(&self, table: &Table, out: &mut Vec<u8>) {
        let alias = table.rowid_alias();
        let stored = self.values.iter().enumerate().map(|(i, v)| {
            if alias == Some(i as u16) || !table.columns[i].is_stored() { ValueRef::Null } else { v.as_ref() }
        });
        record::encode(out, stored);
    }

    /// A level that shows the row. Virtual columns are shown too, as they have been computed.
    pub fn level(&self) -> Level {
        let mut bytes = Vec::new();
        record::encode(&mut bytes, self.values.iter().map(Value::as_ref));
        Level { rows: Rows::Single { record: bytes, rowid: Some(self.rowid) }, ..Level::default() }
    }

    /// Converts every column as storing it does.
    pub fn apply_affinity(&mut self, table: &Table) {
        for (value, column) in self.values.iter_mut().zip(&table.columns) {
            apply(value, column.affinity);
        }
    }
}

/// Converts one value; most need nothing.
pub fn apply(value: &mut Value, to: Affinity) {
    let unchanged = matches!(
        (&value, to),
        (Value::Null | Value::Blob(_), _)
            | (_, Affinity::None | Affinity::Blob | Affinity::FlexNum)
            | (Value::Integer(_), Affinity::Integer | Affinity::Numeric)
            | (Value::Text(_), Affinity::Text)
    );
    if !unchanged {
        let arena = Bump::new();
        *value = affinity::apply(value.as_ref(), to, &arena).to_owned();
    }
}

/// Converts a value that is to be a rowid; if it is none it stays no integer.
pub fn apply_rowid(value: &mut Value) {
    let arena = Bump::new();
    *value = affinity::to_rowid(value.as_ref(), &arena).to_owned();
}

/// Calls `f` with an environment over the given levels.
pub fn with_env<T>(
    levels: &[Level],
    inputs: &[Value],
    subqueries: &[Subquery],
    cx: &Context<'_>,
    f: impl FnOnce(&Env<'_>) -> Result<T>,
) -> Result<T> {
    let arena = Bump::new();
    let json = Cell::new(false);
    let runs: Vec<RefCell<SubqueryRun>> = SubqueryRun::all(subqueries);
    let env = Env {
        cx,
        levels,
        near: Near::of(levels, 0),
        inputs,
        slots: &[],
        subqueries,
        runs: &runs,
        arena: &arena,
        json: &json,
    };
    f(&env)
}

/// Computes the generated columns of a row.
pub fn generate(target: &TargetProgram, row: &mut Row, cx: &Context<'_>) -> Result<()> {
    for (column, node) in &target.generated {
        let levels = [row.level()];
        let mut value =
            with_env(&levels, &[], &target.subqueries, cx, |env| Ok(crate::row::eval::eval(node, env)?.to_owned()))?;
        apply(&mut value, target.table.columns[*column as usize].affinity);
        row.values[*column as usize] = value;
    }
    Ok(())
}

/// Checks a STRICT table's types (https://sqlite.org/stricttables.html). SQLite does so when it first needs the row in
/// its stored form: for triggers, generated columns or CHECK, else behind the rowid's uniqueness.
pub fn check_types(table: &Table, row: &Row) -> Result<()> {
    if !table.strict {
        return Ok(());
    }
    let stored = |c: &&Column| c.generated.as_ref().is_none_or(|g| g.stored);
    row.values.iter().zip(&table.columns).filter(|(_, c)| stored(c)).try_for_each(|(v, c)| check_type(table, v, c))
}

/// As `check_types` for virtual columns, which SQLite checks where it computes them.
pub fn check_virtual_types(table: &Table, row: &Row) -> Result<()> {
    if !table.strict {
        return Ok(());
    }
    let is_virtual = |c: &&Column| c.generated.as_ref().is_some_and(|g| !g.stored);
    row.values.iter().zip(&table.columns).filter(|(_, c)| is_virtual(c)).try_for_each(|(v, c)| check_type(table, v, c))
}

fn check_type(table: &Table, value: &Value, column: &Column) -> Result<()> {
    let kind = column.type_name.to_ascii_uppercase();
    let (found, fits) = match value {
        Value::Null => return Ok(()),
        Value::Integer(_) => ("INT", matches!(kind.as_str(), "INT" | "INTEGER")),
        Value::Real(_) => ("REAL", kind == "REAL"),
        Value::Text(_) => ("TEXT", kind == "TEXT"),
        Value::Blob(_) => ("BLOB", kind == "BLOB"),
    };
    if fits || kind == "ANY" {
        return Ok(());
    }
    let message = format!("cannot store {found} value in {kind} column {}.{}", table.name, column.name);
    Err(Error::new(Code::CONSTRAINT_DATATYPE, message))
}
