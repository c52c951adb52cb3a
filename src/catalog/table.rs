//! A table: columns, keys and constraints.

use std::sync::Arc;

use heliosdb_dialect::ast::{self, Conflict, ForeignKeyAction};
use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::index::Index;
use crate::error::{Error, Result};
use crate::store::ObjectId;

/// An expression of the schema with the text its spans refer to.
#[derive(Clone, Debug)]
pub struct SourceExpr {
    pub expr: ast::Expr,
    pub source: Arc<str>,
    /// The expression's text as SQLite shows it (CHECK messages, `table_info` defaults).
    pub text: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct NotNull {
    pub conflict: Option<Conflict>,
}

#[derive(Clone, Debug)]
pub struct Generated {
    pub expr: SourceExpr,
    pub stored: bool,
}

pub type DefaultValue = SourceExpr;

#[derive(Clone, Debug)]
pub struct Column {
    pub name: Arc<str>,
    /// The declared type verbatim, empty when there is none.
    pub type_name: Arc<str>,
    pub affinity: Affinity,
    /// Name of the collating sequence; `None` is BINARY.
    pub collation: Option<Arc<str>>,
    pub not_null: Option<NotNull>,
    pub default: Option<DefaultValue>,
    pub generated: Option<Generated>,
    /// The value of the column in rows that are older than the column (ALTER TABLE ADD COLUMN).
    pub added_default: Option<Value>,
    /// Position in the PRIMARY KEY, counting from 1; 0 when it is no part of it.
    pub primary_key_position: u16,
    /// `PRAGMA table_xinfo`'s hidden = 1: a hidden column of a virtual table or table-valued function.
    pub hidden: bool,
}

impl Column {
    /// Whether the column's value is kept in the row (virtual generated columns are computed).
    pub fn is_stored(&self) -> bool {
        self.generated.as_ref().is_none_or(|g| g.stored)
    }

    /// The built-in collation, or `None` when a connection must supply it.
    pub fn built_in_collation(&self) -> Option<Collation> {
        self.collation.as_deref().map_or(Some(Collation::Binary), Collation::built_in)
    }
}

#[derive(Clone, Debug)]
pub struct PrimaryKey {
    pub conflict: Option<Conflict>,
    pub autoincrement: bool,
    /// Column ordinals in key order.
    pub columns: Vec<u16>,
}

#[derive(Clone, Debug)]
pub enum TableKind {
    /// Rows are keyed by rowid. `rowid_alias` is the ordinal of the INTEGER PRIMARY KEY column.
    Rowid { rowid_alias: Option<u16> },
    /// Rows are keyed by the PRIMARY KEY, which is also an entry in `Table::indexes` (the first with
    /// `IndexOrigin::PrimaryKey`) whose object id is the table's own.
    WithoutRowid,
    /// A table-valued function or virtual table; holds the module's name and arguments.
    Virtual { module: Arc<str>, args: Vec<Box<str>> },
}

#[derive(Clone, Debug)]
pub struct Check {
    pub name: Option<Arc<str>>,
    pub expr: SourceExpr,
}

#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// Ordinals in this table.
    pub columns: Vec<u16>,
    pub parent: Arc<str>,
    /// Named parent columns; empty: the parent's PRIMARY KEY.
    pub parent_columns: Vec<Arc<str>>,
    pub on_delete: ForeignKeyAction,
    pub on_update: ForeignKeyAction,
    pub match_name: Option<Arc<str>>,
    pub deferred: bool,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub id: ObjectId,
    pub name: Arc<str>,
    pub columns: Vec<Column>,
    pub kind: TableKind,
    pub primary_key: Option<PrimaryKey>,
    pub strict: bool,
    pub checks: Vec<Check>,
    /// In the order SQLite lists them: newest first, as `PRAGMA foreign_key_list` numbers them.
    pub foreign_keys: Vec<ForeignKey>,
    /// In the order of creation. Row writers visit them in this order with REPLACE indexes last.
    pub indexes: Vec<Arc<Index>>,
    /// The text stored in `sqlite_schema`.
    pub sql: Arc<str>,
    /// The schema table, which ordinary statements must not write. (`sqlite_sequence` and `sqlite_stat1` they may.)
    pub system: bool,
}

impl Table {
    /// The ordinal of a column by name, ASCII case-insensitively.
    pub fn column(&self, name: &str) -> Option<u16> {
        self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)).map(|i| i as u16)
    }

    pub fn rowid_alias(&self) -> Option<u16> {
        match self.kind {
            TableKind::Rowid { rowid_alias } => rowid_alias,
            _ => None,
        }
    }

    /// A name by which the rowid can be had; `None` WITHOUT ROWID, or if columns took all three.
    pub fn rowid_name(&self) -> Option<&'static str> {
        let free = |name: &&str| self.column(name).is_none();
        if self.has_rowid() { ["rowid", "_rowid_", "oid"].into_iter().find(free) } else { None }
    }

    pub fn has_rowid(&self) -> bool {
        matches!(self.kind, TableKind::Rowid { .. })
    }

    /// Refuses a virtual table: no module is there yet.
    pub fn check_module(&self) -> Result<()> {
        match &self.kind {
            TableKind::Virtual { module, .. } => Err(Error::sql(format!("no such module: {module}"))),
            _ => Ok(()),
        }
    }

    pub fn is_virtual(&self) -> bool {
        matches!(self.kind, TableKind::Virtual { .. })
    }

    /// The index that holds a WITHOUT ROWID table's rows.
    pub fn primary_index(&self) -> Option<&Arc<Index>> {
        match self.kind {
            TableKind::WithoutRowid => self.indexes.iter().find(|i| i.id == self.id),
            _ => None,
        }
    }
}
