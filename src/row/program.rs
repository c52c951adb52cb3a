//! Lowered statements: what [`super::run`] executes.
//!
//! A program is immutable. Its expressions refer to levels (sources in loop order), inputs and slots by number.

use std::sync::Arc;

use heliosdb_udfs::value::{Affinity, Collation};

use super::node::{Node, Subquery};
use super::write::WriteProgram;
use crate::catalog::{Index, Table};
use crate::plan::bound::{
    AggregateFunction, CompoundOp, DatabaseIndex, FrameExclude, FrameUnit, Free, SourceId, TableFunction,
    WindowFunction,
};

/// A query of any shape. Yields rows of `width` values.
pub struct QueryProgram {
    pub body: Body,
    pub width: usize,
    /// What the values of `inputs` are, in order.
    pub free: Vec<Free>,
    pub limit: Option<Node>,
    pub offset: Option<Node>,
    /// For expressions of `limit`, `offset` and VALUES.
    pub subqueries: Vec<Subquery>,
    /// How the whole result is sorted when a compound sorts; a SELECT's own sort is in its stages.
    pub sort: Option<Vec<SortTerm>>,
}

pub enum Body {
    Select(Box<SelectProgram>),
    Values(Vec<Vec<Node>>),
    Compound { first: Arc<QueryProgram>, arms: Vec<(CompoundOp, Arc<QueryProgram>)>, collations: Vec<Collation> },
}

pub struct CteProgram {
    pub name: Box<str>,
    pub width: usize,
    pub body: CteBody,
}

pub enum CteBody {
    Plain(Arc<QueryProgram>),
    Recursive {
        seed: Arc<QueryProgram>,
        steps: Vec<Arc<QueryProgram>>,
        /// UNION instead of UNION ALL.
        distinct: Option<Vec<Collation>>,
        sort: Vec<SortTerm>,
        limit: Option<Node>,
        offset: Option<Node>,
    },
}

/// One sort term over a row that has been computed: position `column`.
pub struct SortTerm {
    pub column: usize,
    pub collation: Collation,
    pub descending: bool,
    pub nulls_first: bool,
}

pub struct SelectProgram {
    pub levels: Vec<LevelProgram>,
    /// Conditions over no level at all: checked once.
    pub precondition: Vec<Node>,
    pub aggregation: Option<Aggregation>,
    pub windows: Option<Windows>,
    /// One per output column.
    pub output: Vec<Node>,
    pub distinct: Option<Vec<Collation>>,
    /// ORDER BY that the loops do not deliver.
    pub sort: Option<Sort>,
    pub subqueries: Vec<Subquery>,
    pub slots: usize,
}

/// One source of the join, in loop order.
pub struct LevelProgram {
    pub source: SourceProgram,
    /// ON of an outer join; decides whether a row matches.
    pub on: Vec<Node>,
    /// Conditions that can be checked once this level has a row (after NULL extension for outer joins).
    pub filters: Vec<Node>,
    pub join: Join,
    /// Alias or name, for EXPLAIN QUERY PLAN.
    pub name: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    Inner,
    /// Keeps the left rows without a match.
    Left,
    /// Keeps this source's rows without a match.
    Right,
    Full,
}

pub enum SourceProgram {
    /// A rowid table.
    Table {
        database: DatabaseIndex,
        table: Arc<Table>,
        access: Access,
    },
    /// A WITHOUT ROWID table.
    KeyTable {
        database: DatabaseIndex,
        table: Arc<Table>,
        access: Access,
    },
    /// A subquery, computed row by row each time the level is opened, or once and kept (`keep`).
    Query {
        program: Arc<QueryProgram>,
        inputs: Vec<Node>,
        keep: bool,
        lookup: Option<Lookup>,
    },
    /// A common table kept for the whole run of the statement.
    Cte {
        cte: Arc<CteProgram>,
        id: u32,
        lookup: Option<Lookup>,
        inputs: Vec<Node>,
    },
    /// The current row of a recursive table.
    RecursiveRow {
        id: u32,
    },
    Function {
        function: Arc<TableFunction>,
        args: Vec<Node>,
    },
}

/// How the rows of a table are found.
pub enum Access {
    Scan {
        reverse: bool,
    },
    /// `rowid = x` or `rowid IN (…)`.
    Rowids {
        keys: SeekTerm,
        reverse: bool,
    },
    RowidRange {
        low: Option<Bound>,
        high: Option<Bound>,
        reverse: bool,
    },
    Index {
        index: Arc<Index>,
        /// Equality terms for the leading columns.
        equal: Vec<SeekTerm>,
        /// Range on the column after them.
        low: Option<Bound>,
        high: Option<Bound>,
        /// Collation, affinity and direction of every key column.
        columns: Vec<KeyColumn>,
        reverse: bool,
    },
    /// A hash table over the source's own rows, made when the level is first opened.
    Hash(Lookup),
}

#[derive(Clone)]
pub struct KeyColumn {
    pub collation: Collation,
    pub affinity: Affinity,
    pub descending: bool,
}

/// The value or values a key column must equal.
pub enum SeekTerm {
    Equal(Node),
    /// `IS`: NULL finds NULL.
    Is(Node),
    In(Vec<Node>),
    InQuery(super::node::SubqueryId),
}

pub struct Bound {
    pub value: Node,
    pub inclusive: bool,
}

/// Equality over fields of the source's own row: `fields[i] = keys[i]`.
pub struct Lookup {
    /// Over the source's row, evaluated when the table is made.
    pub fields: Vec<Node>,
    /// Over the levels before it.
    pub keys: Vec<Node>,
    pub by: Vec<(Affinity, Collation)>,
}

/// Grouping and aggregates. Afterwards the program sees only slots.
pub struct Aggregation {
    pub keys: Vec<(Node, Collation)>,
    /// Whether groups come in descending order of a key.
    pub descending: Vec<bool>,
    /// Whether there is a GROUP BY: without one an empty input still makes one row.
    pub grouped: bool,
    pub aggregates: Vec<AggregateProgram>,
    /// Values of the group's representative row: `(node, slot)`.
    pub captured: Vec<(Node, u32)>,
    /// Position of the only min() or max(), whose row is the representative.
    pub extreme: Option<usize>,
    pub having: Vec<Node>,
    /// The loops deliver the extreme first: one row (that is not NULL) decides.
    pub first_row_only: bool,
}

pub struct AggregateProgram {
    pub function: AggregateFunction,
    pub args: Vec<Node>,
    pub distinct: bool,
    pub filter: Option<Node>,
    pub order_by: Vec<SortNode>,
    pub collation: Collation,
    pub slot: u32,
}

pub struct SortNode {
    pub node: Node,
    pub collation: Collation,
    pub descending: bool,
    pub nulls_first: bool,
}

/// Window calls, grouped by nothing: each is computed over the kept rows in turn.
pub struct Windows {
    /// What each kept row holds: `(node, slot)`.
    pub captured: Vec<(Node, u32)>,
    pub calls: Vec<WindowProgram>,
}

pub struct WindowProgram {
    pub function: WindowFunction,
    /// Over the slots of a kept row, as everything below.
    pub args: Vec<Node>,
    pub filter: Option<Node>,
    pub collation: Collation,
    pub partition_by: Vec<(Node, Collation)>,
    pub order_by: Vec<SortNode>,
    pub unit: FrameUnit,
    pub start: FrameEdge,
    pub end: FrameEdge,
    pub exclude: FrameExclude,
    pub slot: u32,
}

pub enum FrameEdge {
    UnboundedPreceding,
    Preceding(Node),
    CurrentRow,
    Following(Node),
    UnboundedFollowing,
}

/// ORDER BY over computed output rows and extra key expressions.
pub struct Sort {
    pub keys: Vec<SortKeyProgram>,
}

pub struct SortKeyProgram {
    pub key: SortKeySource,
    pub collation: Collation,
    pub descending: bool,
    pub nulls_first: bool,
}

pub enum SortKeySource {
    Output(u16),
    Node(Node),
}

/// A trigger's WHEN and statements, lowered.
pub struct TriggerProgram {
    /// What is taken from OLD and NEW.
    pub free: Vec<Free>,
    pub old: SourceId,
    pub new: SourceId,
    pub when: Option<Node>,
    /// Positions in `free` of the inputs of `when`.
    pub when_inputs: Vec<usize>,
    pub when_subqueries: Vec<Subquery>,
    pub statements: Vec<TriggerStatement>,
}

/// A statement with the positions in `TriggerProgram::free` of its inputs.
pub enum TriggerStatement {
    Query(Arc<QueryProgram>, Vec<usize>),
    Write(Arc<WriteProgram>, Vec<usize>),
}
