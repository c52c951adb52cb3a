//! CREATE INDEX and REINDEX: the entries of all rows are made, sorted and put into the index at once.
//!
//! As in SQLite equal keys of a unique index are found when all rows have been read, not before.

use std::cell::Cell;
use std::sync::Arc;

use heliosdb_udfs::value::{Collation, key::decode_key};

use super::insert::Clash;
use super::key;
use super::packing::{push_key, stored};
use super::row::{Row, generate};
use super::target::{IndexProgram, TargetProgram, lower_index};
use super::{Run, Written};
use crate::catalog::{Index, Table};
use crate::error::Result;
use crate::plan::bound::{DatabaseIndex, Expr, SourceId};
use crate::row::context::Context;
use crate::row::level::rowid_key;
use crate::store::tree::fill::Sorted;
use crate::store::{KeyCursor, KeyTree, RowCursor, Version};

/// Rows between two calls of `tick`.
const TICK_ROWS: usize = 64;

/// An index being filled.
struct Filling<'f> {
    /// The table with this index alone.
    target: TargetProgram,
    /// The table as it is written: what computes its columns and its primary key.
    own: Arc<TargetProgram>,
    tree: Arc<KeyTree>,
    entries: Vec<Version>,
    key: Vec<u8>,
    cx: &'f Context<'f>,
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
    let around = cx.around;
    let index = lower_index(table, index, row, terms, collations, filter, around.host().encoding())?;
    let mut filling = Filling {
        tree: around.key_tree(database, index.index.id)?,
        // The rows' own key comes from the table's primary index, where it has one.
        own: around.target_program(database, table)?,
        target: TargetProgram::of_index(database, table, index),
        entries: Vec::new(),
        key: Vec::new(),
        cx,
    };
    let view = around.live_view(database)?;
    let mut rows = 0;
    let mut tick = || {
        rows += 1;
        if rows % TICK_ROWS == 0 { around.tick() } else { Ok(()) }
    };
    if table.has_rowid() {
        let mut cursor = RowCursor::new(around.row_tree(database, table.id)?, view);
        let mut more = cursor.first();
        while more {
            tick()?;
            filling.add(cursor.rowid(), cursor.record())?;
            more = cursor.next();
        }
    } else {
        let mut cursor = KeyCursor::new(around.key_tree(database, table.id)?, view);
        let mut more = cursor.first();
        while more {
            tick()?;
            filling.add(0, cursor.record())?;
            more = cursor.next();
        }
    }
    filling.finish()
}

impl Filling<'_> {
    fn index(&self) -> &IndexProgram {
        &self.target.indexes[0]
    }

    /// Makes the entry of a row.
    fn add(&mut self, rowid: i64, record: &[u8]) -> Result<()> {
        let database = self.target.database;
        let table = &self.target.table;
        let index = &self.target.indexes[0];
        if let (Some(columns), true) = (&index.columns, table.has_rowid()) {
            self.key.clear();
            push_key(index, columns, rowid, |i| stored(table, record, i), table, &mut self.key);
            let entry = self.cx.around.transaction(database)?.entry(&self.key, &[]);
            self.entries.push(entry);
            return Ok(());
        }
        let mut row = Row::read(table, rowid, record);
        generate(&self.own, &mut row, self.cx)?;
        let Some(entry) = key::entry_key(&self.target, index, &row, self.cx)? else { return Ok(()) };
        let primary = key::primary_key(&self.own, &row, self.cx)?;
        let full = key::full_key(&entry.prefix, &row, primary.as_deref());
        let record = primary.as_deref().unwrap_or_default();
        if entry.terms.is_empty() || !index.index.unique {
            let entry = self.cx.around.transaction(database)?.entry(&full, record);
            self.entries.push(entry);
            return Ok(());
        }
        // Under a collation of the host equal keys do not come next to each other.
        let view = self.cx.around.live_view(database)?;
        if key::holder(&self.tree, index, &entry, table.has_rowid(), view).is_some() {
            return Err(self.unique_error());
        }
        self.cx.around.transaction(database)?.put_key(&self.tree, &full, record);
        Ok(())
    }

    /// Sorts the entries and puts them into the index.
    fn finish(mut self) -> Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let sorted = Sorted::new(std::mem::take(&mut self.entries));
        if self.index().index.unique {
            let mut before: Option<&[u8]> = None;
            for entry in sorted.entries() {
                let terms = self.terms_of(entry);
                if before == Some(terms) && !self.has_null(terms) {
                    return Err(self.unique_error());
                }
                before = Some(terms);
            }
        }
        self.cx.around.transaction(self.target.database)?.fill(&self.tree, sorted);
        Ok(())
    }

    /// The key of an entry up to the part that tells rows apart.
    fn terms_of<'e>(&self, entry: &'e Version) -> &'e [u8] {
        let key = entry.key();
        let own = if self.target.table.has_rowid() { rowid_key(0).len() } else { entry.record().len() };
        &key[..key.len() - own]
    }

    fn has_null(&self, mut terms: &[u8]) -> bool {
        for column in &self.index().index.columns {
            match decode_key(terms, column.descending) {
                Some((value, rest)) if !value.as_ref().is_null() => terms = rest,
                _ => return true,
            }
        }
        false
    }

    fn unique_error(&self) -> crate::error::Error {
        let (violations, mut written) = (Cell::new(0), Written::default());
        Run::new(self.cx, &[], None, &violations, &mut written).unique_error(&self.target, Clash::Index(0))
    }
}
