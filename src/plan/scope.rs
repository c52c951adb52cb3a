//! What names mean at one level: the sources of a SELECT, its result aliases, and what is allowed there.

use std::sync::Arc;

use heliosdb_dialect::ast;
use heliosdb_udfs::value::Affinity;

use super::bound::{self, Aggregate, Classes, DatabaseIndex, Expr, OutputColumn, SourceId, Window};
use crate::catalog::{Column, Table};

/// The place an expression stands in, where it restricts what may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A statement.
    Ordinary,
    Check,
    Generated,
    Index,
    PartialIndex,
    /// DEFAULT and other expressions that see no names.
    Constant,
}

impl Place {
    /// How SQLite's messages call it.
    pub fn named(self) -> &'static str {
        match self {
            Place::Index => "index expressions",
            Place::Check => "CHECK constraints",
            Place::Generated => "generated columns",
            _ => "partial index WHERE clauses",
        }
    }

    /// Whether it is an expression of the schema about one row.
    pub fn is_schema(self) -> bool {
        matches!(self, Place::Check | Place::Generated | Place::Index | Place::PartialIndex)
    }
}

/// One level of names.
pub struct Scope<'a> {
    pub sources: Vec<ScopeSource<'a>>,
    /// Rows that only a qualified name reaches (`excluded`).
    pub rows: Vec<QualifiedRow>,
    pub place: Place,
    /// Names are not looked for further out.
    pub closed: bool,
    pub allow_aggregates: bool,
    pub allow_windows: bool,
    /// Subqueries are refused, silently: an ORDER BY term is tried against a compound.
    pub trying: bool,
    /// The result columns once they are bound: their aliases may be used.
    pub outputs: Vec<Output<'a>>,
    pub aliases_visible: bool,
    pub aggregates: Vec<Aggregate>,
    /// Counts references to aggregates of this scope.
    pub aggregate_uses: u32,
    pub windows: Vec<Window>,
    pub window_definitions: &'a [(ast::Name, ast::Window)],
}

/// A bound result column.
pub struct Output<'a> {
    pub expr: Expr,
    /// AS, or the name of a column that `*` stands for: other clauses may use it.
    pub alias: Option<Arc<str>>,
    /// What it was bound from, where it was an expression of its own.
    pub written: Option<&'a ast::Expr>,
    /// The text as written; empty for `*` and VALUES.
    pub text: &'a str,
    pub has_aggregate: bool,
    pub has_window: bool,
}

pub struct QualifiedRow {
    pub name: &'static str,
    pub id: SourceId,
    pub table: Arc<Table>,
}

/// What a source's columns are.
pub enum Columns<'a> {
    Table(&'a Arc<Table>),
    /// The columns of a view that is written through its triggers.
    View(Arc<Table>),
    Function(Arc<bound::TableFunction>),
    /// A subquery, view or common table.
    Derived(Arc<[OutputColumn]>),
    /// A parenthesised join, with each column's origin.
    Nested(Arc<[OutputColumn]>, Arc<[NestedColumn]>),
}

/// Where a column of a parenthesised join comes from.
#[derive(Clone, Debug)]
pub struct NestedColumn {
    /// Empty names: the merged column of a USING clause.
    pub database: Option<DatabaseIndex>,
    pub table: Arc<str>,
    pub name: Arc<str>,
    pub using: bool,
    pub hidden: bool,
    pub rowid: bool,
}

pub struct ScopeSource<'a> {
    pub id: SourceId,
    /// The alias, else the table's name.
    pub name: Arc<str>,
    pub aliased: bool,
    /// Database of a table.
    pub database: Option<DatabaseIndex>,
    pub columns: Columns<'a>,
    /// How it joins what is before it.
    pub left: bool,
    pub right: bool,
    /// Names of USING or NATURAL.
    pub using: Option<Vec<Arc<str>>>,
    /// Its row may be the all-NULL row of an outer join.
    pub nullable: bool,
    /// The row is at hand with its generated columns: they are read like others.
    pub whole: bool,
    /// A column of it was read (for the authorizer).
    pub used: bool,
    pub bound: Option<bound::Source>,
    /// Arguments of a table-valued function, bound after WHERE.
    pub args: Option<&'a [ast::Expr]>,
}

impl ScopeSource<'_> {
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether `rowid` may mean this source's.
    pub fn has_rowid(&self) -> bool {
        match &self.columns {
            // Virtual tables have rowids too, table-valued functions among them.
            Columns::Table(t) => t.has_rowid() || t.is_virtual(),
            Columns::View(_) => false,
            Columns::Function(_) => true,
            Columns::Derived(_) | Columns::Nested(..) => false,
        }
    }

    pub fn in_using(&self, name: &str) -> bool {
        self.using.as_ref().is_some_and(|u| u.iter().any(|n| n.eq_ignore_ascii_case(name)))
    }
}

impl Columns<'_> {
    pub fn len(&self) -> usize {
        match self {
            Columns::Table(t) => t.columns.len(),
            Columns::View(t) => t.columns.len(),
            Columns::Function(f) => f.columns.len(),
            Columns::Derived(c) | Columns::Nested(c, _) => c.len(),
        }
    }

    pub fn name(&self, i: usize) -> &Arc<str> {
        match self {
            Columns::Table(t) => &t.columns[i].name,
            Columns::View(t) => &t.columns[i].name,
            Columns::Function(f) => &f.columns[i].name,
            Columns::Derived(c) | Columns::Nested(c, _) => &c[i].name,
        }
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        match self {
            Columns::Table(t) => t.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)),
            Columns::View(t) => t.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)),
            Columns::Function(f) => f.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)),
            Columns::Derived(c) | Columns::Nested(c, _) => c.iter().position(|c| c.name.eq_ignore_ascii_case(name)),
        }
    }

    pub fn hidden(&self, i: usize) -> bool {
        match self {
            Columns::Table(t) => t.columns[i].hidden,
            Columns::View(t) => t.columns[i].hidden,
            Columns::Function(f) => f.columns[i].hidden,
            Columns::Derived(_) | Columns::Nested(..) => false,
        }
    }

    /// The declared type, if any.
    pub fn declared_type(&self, i: usize) -> Option<&Arc<str>> {
        let declared = match self {
            Columns::Table(t) => Some(&t.columns[i].type_name),
            Columns::View(t) => Some(&t.columns[i].type_name),
            Columns::Function(f) => Some(&f.columns[i].type_name),
            Columns::Derived(c) | Columns::Nested(c, _) => c[i].declared_type.as_ref(),
        };
        declared.filter(|d| !d.is_empty())
    }
}

/// The storage classes that a table's column may hold.
pub fn column_classes(table: &Table, column: &Column, position: u16) -> Classes {
    if table.rowid_alias() == Some(position) {
        return Classes::INTEGER;
    }
    // Rows written before a constraint was relaxed by hand may hold anything: only STRICT tables promise.
    let stored = match (table.strict, column.affinity) {
        (true, Affinity::Integer) => Classes::INTEGER,
        (true, Affinity::Real) => Classes::REAL,
        (true, Affinity::Text) => Classes::TEXT,
        (true, Affinity::Blob) if column.type_name.eq_ignore_ascii_case("blob") => Classes::BLOB,
        // No text that looks like a number, but other text and blobs; TEXT holds no numbers, REAL no integers.
        (_, Affinity::Text) => Classes::TEXT.or(Classes::BLOB),
        (_, Affinity::Real) => Classes::REAL.or(Classes::TEXT).or(Classes::BLOB),
        _ => Classes::ANY,
    };
    if column.not_null.is_some() { stored } else { stored.or(Classes::NULL) }
}

impl<'a> Scope<'a> {
    pub fn new() -> Self {
        Scope {
            sources: Vec::new(),
            rows: Vec::new(),
            place: Place::Ordinary,
            closed: false,
            allow_aggregates: false,
            allow_windows: false,
            trying: false,
            outputs: Vec::new(),
            aliases_visible: false,
            aggregates: Vec::new(),
            aggregate_uses: 0,
            windows: Vec::new(),
            window_definitions: &[],
        }
    }

    /// A scope without names, from which none further out is seen.
    pub fn barrier() -> Self {
        Scope { closed: true, ..Scope::new() }
    }
}

impl<'a> ScopeSource<'a> {
    /// A table that stands alone: the row of a constraint, of a DML statement's target.
    pub fn of_table(id: SourceId, name: Arc<str>, table: &'a Arc<Table>) -> Self {
        ScopeSource::new(id, name, Columns::Table(table))
    }

    pub fn new(id: SourceId, name: Arc<str>, columns: Columns<'a>) -> Self {
        ScopeSource {
            id,
            name,
            aliased: false,
            database: None,
            columns,
            left: false,
            right: false,
            using: None,
            nullable: false,
            whole: false,
            used: false,
            bound: None,
            args: None,
        }
    }
}
