//! An index: its terms, order and origin.

use std::sync::Arc;

use heliosdb_dialect::ast::Conflict;

use super::table::SourceExpr;
use crate::store::ObjectId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexOrigin {
    /// `CREATE INDEX` (`c` in `PRAGMA index_list`)
    Created,
    /// A UNIQUE constraint (`u`)
    Unique,
    /// A PRIMARY KEY (`pk`)
    PrimaryKey,
}

#[derive(Clone, Debug)]
pub enum IndexTerm {
    Column(u16),
    /// The rowid: only as the implicit last term.
    Rowid,
    Expr(SourceExpr),
}

#[derive(Clone, Debug)]
pub struct IndexColumn {
    pub term: IndexTerm,
    pub descending: bool,
    /// Name of the collating sequence, resolved from COLLATE or the column.
    pub collation: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct Index {
    pub id: ObjectId,
    pub name: Arc<str>,
    /// The table's name, as written in the table's definition.
    pub table: Arc<str>,
    pub unique: bool,
    /// What a violated UNIQUE constraint does unless the statement says otherwise.
    pub conflict: Option<Conflict>,
    pub origin: IndexOrigin,
    /// The declared terms. The stored key is these, then the rowid (or, in a WITHOUT ROWID table, the
    /// primary key's columns that are not among them).
    pub columns: Vec<IndexColumn>,
    /// WHERE of a partial index.
    pub filter: Option<SourceExpr>,
    /// `None` for the automatic index of a constraint.
    pub sql: Option<Arc<str>>,
}
