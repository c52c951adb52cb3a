//! The state of one binding: identifiers handed out, the stack of scopes, and what each query takes from outside.

use std::sync::Arc;

use heliosdb_dialect::ast;

use super::bound::{AggregateId, ColumnRef, Conflict, CteId, DatabaseIndex, Free, SourceId, WindowId};
use super::context::Namespace;
use super::scope::Scope;
use super::select::cte::WithFrame;
use crate::catalog::Table;
use crate::error::{Error, Result};

/// Queries that are bound right now: what a reference crosses on its way out is free in them.
pub struct Frame {
    /// Scopes from this one on lie inside the query.
    pub base: usize,
    pub free: Vec<Free>,
}

/// The rows a trigger's body sees.
pub struct TriggerRows {
    pub table: Arc<Table>,
    pub old: Option<SourceId>,
    pub new: Option<SourceId>,
}

pub struct Binder<'a> {
    pub space: &'a Namespace<'a>,
    /// The text that spans of the tree being bound refer to.
    pub source: &'a str,
    pub scopes: Vec<Scope<'a>>,
    pub frames: Vec<Frame>,
    pub withs: Vec<WithFrame<'a>>,
    pub trigger: Option<TriggerRows>,
    /// While a view or trigger is bound that may only see one database: that one.
    pub fixed: Option<DatabaseIndex>,
    /// Whether what is bound comes from the (not temporary) schema: some functions are unsafe there.
    pub from_schema: bool,
    /// The statement empties a table that is dropped.
    pub drops: bool,
    /// The conflict clause that goes before a statement's own: that of what fires the trigger being bound.
    pub outer: Option<Conflict>,
    /// The view or trigger being bound, for the authorizer.
    pub within: Option<&'a str>,
    /// SELECTs within the one being bound: SQLite asks about them when that is done.
    pub inner_selects: Option<Vec<Option<&'a str>>>,
    /// Views being bound, outermost first, by database and name.
    pub views: Vec<(DatabaseIndex, &'a str)>,
    /// SELECTs of views so far.
    pub view_queries: u32,
    /// Virtual generated columns being bound.
    pub generating: Vec<ColumnRef>,
    /// Height of the expressions being bound.
    pub height: usize,
    /// Nesting of subqueries in expressions.
    pub subqueries: usize,
    /// Nesting of queries.
    pub nesting: usize,
    /// While the recursive part of a common table is bound: the number of frames in which it may be referred to.
    pub recursion_level: Option<usize>,
    sources: u32,
    aggregates: u32,
    windows: u32,
    ctes: u32,
    rows: u32,
}

impl<'a> Binder<'a> {
    pub fn new(space: &'a Namespace<'a>, source: &'a str) -> Self {
        Binder {
            space,
            source,
            scopes: Vec::new(),
            frames: Vec::new(),
            withs: Vec::new(),
            trigger: None,
            fixed: None,
            from_schema: false,
            drops: false,
            outer: None,
            within: None,
            inner_selects: None,
            views: Vec::new(),
            view_queries: 0,
            generating: Vec::new(),
            height: 0,
            subqueries: 0,
            nesting: 0,
            recursion_level: None,
            sources: 0,
            aggregates: 0,
            windows: 0,
            ctes: 0,
            rows: 0,
        }
    }

    /// Takes over the numbering of another binder of the same statement.
    pub fn continue_from(&mut self, other: &Binder<'_>) {
        self.sources = other.sources;
        self.aggregates = other.aggregates;
        self.windows = other.windows;
        self.ctes = other.ctes;
        self.rows = other.rows;
        self.height = other.height;
    }

    pub fn new_source(&mut self) -> SourceId {
        self.sources += 1;
        SourceId(self.sources - 1)
    }

    /// Starts numbering sources behind `id`.
    pub fn sources_after(&mut self, id: SourceId) {
        self.sources = self.sources.max(id.0 + 1);
    }

    pub fn new_aggregate(&mut self) -> AggregateId {
        self.aggregates += 1;
        AggregateId(self.aggregates - 1)
    }

    pub fn new_window(&mut self) -> WindowId {
        self.windows += 1;
        WindowId(self.windows - 1)
    }

    pub fn new_cte(&mut self) -> CteId {
        self.ctes += 1;
        CteId(self.ctes - 1)
    }

    /// Identifies one run of a row subquery.
    pub fn new_row(&mut self) -> u32 {
        self.rows += 1;
        self.rows - 1
    }

    pub fn scope(&mut self) -> &mut Scope<'a> {
        self.scopes.last_mut().expect("an expression is bound within a scope")
    }

    pub fn text(&self, span: ast::Span) -> &'a str {
        span.of(self.source)
    }

    /// Records that something at `scope` (`None`: outside every query) was referred to from the innermost scope.
    pub fn refer(&mut self, scope: Option<usize>, to: Free) {
        for frame in self.frames.iter_mut().rev() {
            if scope.is_some_and(|s| s >= frame.base) {
                return;
            }
            if !frame.free.contains(&to) {
                frame.free.push(to);
            }
        }
    }

    pub fn refer_column(&mut self, scope: Option<usize>, column: ColumnRef) {
        if self.frames.is_empty() {
            return;
        }
        self.refer(scope, Free::Column(column));
    }

    /// The scope that holds a source.
    pub fn scope_of_source(&self, id: SourceId) -> Option<usize> {
        self.scopes.iter().rposition(|s| s.sources.iter().any(|x| x.id == id) || s.rows.iter().any(|x| x.id == id))
    }

    /// Counts one more level of expressions within expressions.
    pub fn deeper(&mut self) -> Result<()> {
        self.height += 1;
        if self.height > self.space.options.limits.expression_depth {
            return Err(too_deep(self.space.options.limits.expression_depth));
        }
        Ok(())
    }

    pub fn database_name(&self, database: DatabaseIndex) -> &'a str {
        &self.space.databases[database.0 as usize].0
    }
}

pub fn too_deep(max: usize) -> Error {
    Error::sql(format!("Expression tree is too large (maximum depth {max})"))
}

/// `1st`, `2nd`, …
pub fn ordinal(n: usize) -> String {
    let suffix = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

/// The names of a rowid, unless a column has them.
pub fn is_rowid(name: &str) -> bool {
    name.eq_ignore_ascii_case("rowid") || name.eq_ignore_ascii_case("_rowid_") || name.eq_ignore_ascii_case("oid")
}
