//! Rows written without statement: for DDL that copies rows.

use std::cell::Cell;

use heliosdb_udfs::value::{Value, ValueRef};

use super::key;
use super::row::{Row, generate, with_env};
use super::target::TargetProgram;
use super::{Run, Written};
use crate::error::Result;
use crate::row::context::Context;
use crate::row::eval::eval;
use crate::row::node::{Node, Subquery};

/// Writes one row with its index entries, unchecked.
pub fn load_row(target: &TargetProgram, rowid: i64, values: &[ValueRef<'_>], cx: &Context<'_>) -> Result<()> {
    let mut row = Row { rowid, values: values.iter().map(|v| ValueRef::to_owned(*v)).collect() };
    generate(target, &mut row, cx)?;
    let (violations, mut written) = (Cell::new(0), Written::default());
    let mut run = Run::new(cx, &[], None, &violations, &mut written);
    let tree =
        if target.table.has_rowid() { Some(cx.around.row_tree(target.database, target.table.id)?) } else { None };
    let mut entries = Vec::new();
    for (i, index) in target.indexes.iter().enumerate() {
        if let Some(key) = key::entry_key(target, index, &row, cx)? {
            let tree = cx.around.key_tree(target.database, index.index.id)?;
            entries.push(super::insert::Entry { index: i, key, tree });
        }
    }
    run.store(target, &row, tree.as_ref(), &entries)
}

/// The value of an expression without columns.
pub fn constant(node: &Node, subqueries: &[Subquery], cx: &Context<'_>) -> Result<Value> {
    with_env(&[], &[], subqueries, cx, |env| Ok(eval(node, env)?.to_owned()))
}
