//! Rows and index entries written without statement: for DDL that copies rows or builds an index.

use std::cell::Cell;
use std::sync::Arc;

use heliosdb_udfs::value::{Collation, Value, ValueRef};

use super::Run;
use super::insert::Clash;
use super::key;
use super::row::{Row, generate, with_env};
use super::target::{IndexProgram, TargetProgram, lower_terms};
use crate::catalog::{Index, Table};
use crate::error::Result;
use crate::plan::bound::{Conflict, DatabaseIndex, Expr, SourceId};
use crate::row::context::Context;
use crate::row::eval::eval;
use crate::row::node::{Node, Subquery};
use crate::store::{KeyCursor, RowCursor};

/// Writes one row with its index entries, unchecked.
pub fn load_row(target: &TargetProgram, rowid: i64, values: &[ValueRef<'_>], cx: &Context<'_>) -> Result<()> {
    let mut row = Row { rowid, values: values.iter().map(|v| ValueRef::to_owned(*v)).collect() };
    generate(target, &mut row, cx)?;
    let violations = Cell::new(0);
    let mut run = Run::new(cx, &[], None, &violations);
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

/// Fills an empty index from its table; a unique one must have no equal keys.
pub fn fill_index(
    database: DatabaseIndex,
    table: &Arc<Table>,
    index: &Arc<Index>,
    row: SourceId,
    terms: &[Expr],
    collations: &[Collation],
    filter: Option<&Expr>,
    cx: &Context<'_>,
) -> Result<()> {
    let encoding = cx.around.host().encoding();
    let (terms, filter) = lower_terms(table, row, terms, filter, encoding)?;
    let program = IndexProgram {
        columns: None,
        index: index.clone(),
        terms,
        collations: collations.iter().map(|c| encoding.collation(c)).collect(),
        filter,
        conflict: Conflict::Abort,
        primary: false,
    };
    // The rows' own key comes from the table's primary index, where it has one.
    let around = cx.around;
    let own = around.target_program(database, table)?;
    let mut target = TargetProgram {
        database,
        table: table.clone(),
        generated: Vec::new(),
        checks: Vec::new(),
        indexes: Vec::new(),
        check_order: vec![0],
        triggers: Vec::new(),
        child_keys: Vec::new(),
        parent_keys: Vec::new(),
        subqueries: Vec::new(),
        has_not_null: false,
        plain: false,
    };
    target.indexes.push(program);
    let tree = around.key_tree(database, index.id)?;
    let write = |mut row: Row| -> Result<()> {
        generate(&own, &mut row, cx)?;
        let index = &target.indexes[0];
        let Some(entry) = key::entry_key(&target, index, &row, cx)? else { return Ok(()) };
        if index.index.unique
            && key::holder(&tree, index, &entry, table.has_rowid(), around.live_view(database)?).is_some()
        {
            let violations = Cell::new(0);
            let run = Run::new(cx, &[], None, &violations);
            return Err(run.unique_error(&target, Clash::Index(0)));
        }
        let primary = key::primary_key(&own, &row, cx)?;
        let full = key::full_key(&entry.prefix, &row, primary.as_deref());
        around.transaction(database)?.put_key(&tree, &full, primary.as_deref().unwrap_or_default());
        Ok(())
    };
    let view = around.live_view(database)?;
    if table.has_rowid() {
        let mut cursor = RowCursor::new(around.row_tree(database, table.id)?, view);
        let mut more = cursor.first();
        while more {
            write(Row::read(table, cursor.rowid(), cursor.record()))?;
            more = cursor.next();
        }
    } else {
        let mut cursor = KeyCursor::new(around.key_tree(database, table.id)?, view);
        let mut more = cursor.first();
        while more {
            write(Row::read(table, 0, cursor.record()))?;
            more = cursor.next();
        }
    }
    Ok(())
}

/// The value of an expression without columns.
pub fn constant(node: &Node, subqueries: &[Subquery], cx: &Context<'_>) -> Result<Value> {
    with_env(&[], &[], subqueries, cx, |env| Ok(eval(node, env)?.to_owned()))
}
