//! Lowered statements: what [`super::run`] executes.
//!
//! A program is immutable. Its expressions refer to levels (sources in loop order), inputs and slots by number.

use std::sync::Arc;

use heliosdb_udfs::signature::WindowKind;
use heliosdb_udfs::value::{Affinity, Collation};

use super::context::WantedColumns;
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
    /// How many rows the planner expects.
    pub rows: i16,
    /// As `bound::Query::end`.
    pub end: u32,
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

impl QueryProgram {
    /// Whether a subquery or common table stands in FROM.
    pub fn reads_queries(&self) -> bool {
        let Body::Select(select) = &self.body else { return false };
        let is_query = |l: &LevelProgram| matches!(l.source, SourceProgram::Query { .. } | SourceProgram::Cte { .. });
        select.levels.iter().any(is_query)
    }

    /// Whether a part of a compound comes in the order that the parts are merged in.
    pub fn is_sorted(&self) -> bool {
        let Body::Select(select) = &self.body else { return false };
        let comes_sorted = select.merged.is_some_and(|(sorted, all)| sorted >= all) && select.windows.is_none();
        comes_sorted || select.sort.is_some()
    }
}

pub enum Body {
    Select(Box<SelectProgram>),
    Values(Vec<Vec<Node>>),
    Compound {
        first: Arc<QueryProgram>,
        arms: Vec<(CompoundOp, Arc<QueryProgram>)>,
        collations: Vec<Collation>,
        /// Where all parts come in order: then they are read side by side.
        merge: Option<Merge>,
    },
}

/// The merge of sorted parts, all of them by UNION or all by UNION ALL.
pub struct Merge {
    /// The order of the parts. That of UNION has all columns.
    pub terms: Vec<SortTerm>,
    pub distinct: bool,
}

pub struct CteProgram {
    pub name: Arc<str>,
    pub width: usize,
    pub body: CteBody,
}

impl CteProgram {
    /// How many rows the planner expects.
    pub fn rows(&self) -> i16 {
        match &self.body {
            CteBody::Plain(query) => query.rows,
            CteBody::Recursive { .. } => RECURSIVE_ROWS,
        }
    }
}

/// Nobody knows how far a recursion goes.
const RECURSIVE_ROWS: i16 = 200;

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
    /// An arm of a compound that is merged: leading terms in whose order its rows come already, and all terms.
    pub merged: Option<(usize, usize)>,
    /// DISTINCT whose equal rows come one after the other.
    pub distinct_in_order: bool,
    /// The directions of the leading columns of the only level's index that decide what DISTINCT looks at: of rows that are
    /// equal in them the first is enough.
    pub repeats: Box<[bool]>,
    /// Equal rows are found by the sort of ORDER BY, where SQLite does so.
    pub sorts_distinct: bool,
    /// Rows of the only aggregate that are equal come one after the other, or there are none.
    pub aggregate_in_order: bool,
    /// Conditions over no level at all: checked once.
    pub precondition: Vec<Node>,
    pub aggregation: Option<Aggregation>,
    pub windows: Option<Windows>,
    /// One per output column.
    pub output: Vec<Node>,
    /// Output columns that are not read where they lie, in a level or a slot.
    pub computed: Vec<u16>,
    pub distinct: Option<Vec<Collation>>,
    /// ORDER BY that the loops do not deliver.
    pub sort: Option<Sort>,
    pub subqueries: Vec<Subquery>,
    pub slots: usize,
}

impl SelectProgram {
    /// Whether an output column is read where it lies.
    pub fn lies_ready(node: &Node) -> bool {
        matches!(node, Node::Column { default: None, .. } | Node::Rowid { .. } | Node::Slot(_) | Node::Constant(_))
    }

    /// Whether the loops do nothing but count the rows of a table.
    pub fn counts_table(&self) -> bool {
        let ([level], Some(aggregation)) = (&self.levels[..], &self.aggregation) else { return false };
        let whole = match &level.source {
            SourceProgram::Table { access, .. } => {
                matches!(access, Access::Scan { .. } | Access::Index { counted: true, .. })
            }
            SourceProgram::KeyTable { access, .. } => match access {
                Access::Scan { .. } => true,
                Access::Index { index, equal, low, high, .. } => {
                    index.filter.is_none() && equal.is_empty() && low.is_none() && high.is_none()
                }
                _ => false,
            },
            _ => false,
        };
        whole
            && level.join == Join::Inner
            && level.on.is_empty()
            && level.filters.is_empty()
            && self.precondition.is_empty()
            && aggregation.counts_rows
    }
}

/// One source of the join, in loop order.
pub struct LevelProgram {
    pub source: SourceProgram,
    /// How a RIGHT or FULL level is read for its unmatched rows, where `source` does not yield all rows.
    pub whole: Option<Box<SourceProgram>>,
    /// ON of an outer join; decides whether a row matches.
    pub on: Vec<Node>,
    /// Conditions that can be checked once this level has a row (after NULL extension for outer joins).
    pub filters: Vec<Node>,
    /// Which of the filters the key of an index decides.
    pub early: Option<Early>,
    pub join: Join,
    /// SQLite would ask a Bloom filter first.
    pub bloom: bool,
    /// Its place in FROM.
    pub position: u16,
    /// Joined by CROSS JOIN.
    pub cross: bool,
    /// Conditions from around a subquery have been put into it.
    pub narrowed: bool,
    /// Alias or name, for EXPLAIN QUERY PLAN.
    pub name: Arc<str>,
}

impl LevelProgram {
    /// Whether a row counts if it passes the filters: nothing asks for matches or for what an arm of an OR has yielded.
    pub fn is_plain(&self) -> bool {
        let arms = matches!(
            &self.source,
            SourceProgram::Table { access: Access::Or(_), .. } | SourceProgram::KeyTable { access: Access::Or(_), .. }
        );
        !arms && self.on.is_empty() && matches!(self.join, Join::Inner | Join::Exists)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    Inner,
    /// The first match is enough.
    Exists,
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
        /// The view it stands for.
        view: Option<Arc<str>>,
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
        wanted: WantedColumns,
    },
}

impl SourceProgram {
    /// What the rowid of its one row equals.
    #[inline]
    pub fn rowid_key(&self) -> Option<&Node> {
        match self {
            SourceProgram::Table { access: Access::Rowids { keys: SeekTerm::Equal(node), .. }, .. } => Some(node),
            _ => None,
        }
    }

    /// Whole indexes are read from the table instead, where that is quicker.
    pub fn count_only(&mut self) {
        if let SourceProgram::Table { access: Access::Index { index, equal, low, high, counted, .. }, .. } = self {
            *counted = index.filter.is_none() && equal.is_empty() && low.is_none() && high.is_none();
        }
    }
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
        /// The index holds every column that is wanted.
        covering: bool,
        /// How these are read from its keys; `None` where keys do not tell all of a value.
        covered: Option<Arc<Covered>>,
        /// Rows are only counted: the table itself is read, in whatever order.
        counted: bool,
    },
    /// One access after the other; rows that an earlier one has yielded are passed over.
    Or(Vec<ArmProgram>),
    /// A hash table over the source's own rows, made when the level is first opened.
    Hash(Lookup),
}

/// How a row's wanted columns are read from an index's key.
pub struct Covered {
    /// For each key column up to the last wanted one: its direction, and the field it fills.
    pub keys: Vec<(bool, Option<usize>)>,
    /// Fields of REAL columns: whole numbers are stored there as numbers of that kind.
    pub reals: Vec<usize>,
    /// How many fields the row needs.
    pub width: usize,
    /// Keys end in the rowid; otherwise in the primary key, which is the entry's record as well.
    pub has_rowid: bool,
}

/// The first filters of a level, which read nothing of its row but what is in the key.
pub struct Early {
    pub count: usize,
    pub covered: Arc<Covered>,
}

/// One arm of an OR.
pub struct ArmProgram {
    pub access: Access,
    /// What a row must fulfil beyond the access.
    pub filters: Vec<Node>,
    /// Where it stood among the arms, outermost first: an arm that is found by an OR of its own is put in its arms' place.
    pub path: Box<[usize]>,
}

#[derive(Clone)]
pub struct KeyColumn {
    pub collation: Collation,
    pub affinity: Affinity,
    pub descending: bool,
    /// The rowid behind the declared columns.
    pub rowid: bool,
}

/// The value or values a key column must equal.
pub enum SeekTerm {
    Equal(Node),
    /// `IS`: NULL finds NULL.
    Is(Node),
    In(Vec<Node>),
    /// With the column of the subquery's rows.
    InQuery(super::node::SubqueryId, usize),
    /// Every value there is, one after the other (skip-scan).
    Any,
}

/// An end of a range.
pub struct Bound {
    /// For as many columns as there are values, with what is applied to each before it is compared.
    pub values: Vec<(Node, Affinity)>,
    pub inclusive: bool,
    pub kind: BoundKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundKind {
    Plain,
    /// Above NULL: the value is none.
    NotNull,
    /// Of a LIKE or GLOB: blobs are matched by their bytes, behind the texts.
    Like,
}

/// Equality over fields of the source's own row: `fields[i] = keys[i]`.
#[derive(Default)]
pub struct Lookup {
    /// Over the source's row, evaluated when the table is made.
    pub fields: Vec<Node>,
    /// Over the levels before it.
    pub keys: Vec<Node>,
    pub by: Vec<(Affinity, Collation)>,
    /// Which of the fields are compared by IS: there NULL equals NULL.
    pub nulls: Vec<bool>,
    /// The rows are the same for every run within a statement.
    pub keep: bool,
    /// Further wanted fields: rows with equal keys come in their order.
    pub rest: Vec<Node>,
    /// Names of the fields, for EXPLAIN QUERY PLAN.
    pub names: Vec<Arc<str>>,
    /// Further conditions on the source alone: SQLite's automatic index leaves out rows that fail them.
    pub partial: bool,
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
    /// Rows of a group come one after the other: groups keep the order in which they came.
    pub in_order: bool,
    /// Nothing but `count(*)` of a whole table: its rows are not visited.
    pub counts_table: bool,
    /// Nothing but `count(*)` of the rows of the loops, without groups.
    pub counts_rows: bool,
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

impl AggregateProgram {
    /// `count(*)`
    pub fn counts_rows(&self) -> bool {
        matches!(&self.function, AggregateFunction::Builtin(def) if def.name == "count")
            && self.args.is_empty()
            && self.filter.is_none()
            && !self.distinct
            && self.order_by.is_empty()
    }

    pub fn name(&self) -> &str {
        match &self.function {
            AggregateFunction::Builtin(def) => def.name,
            AggregateFunction::User { name, .. } => name,
        }
    }
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
    /// Leading terms of the first window's order in which the rows come already, and how many it has.
    pub sorted: usize,
    pub terms: usize,
    /// Where rows come in the order of all windows and go out so: how far the first results depend on what follows.
    pub reach: Option<Reach>,
}

/// Behind a row, how far those lie that its window results depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The row itself is the last.
    Row,
    /// Up to the last one that is equal in partition and order.
    Peers,
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

impl WindowProgram {
    /// How far its result for a row depends on what follows; `None` if on all of the partition.
    pub fn reach(&self) -> Option<Reach> {
        let framed = match &self.function {
            WindowFunction::Positional(WindowKind::RowNumber | WindowKind::Rank | WindowKind::DenseRank) => false,
            WindowFunction::Positional(WindowKind::Lag) if self.args.len() == 1 => false,
            WindowFunction::Positional(WindowKind::FirstValue | WindowKind::LastValue | WindowKind::NthValue)
            | WindowFunction::Aggregate(_) => true,
            WindowFunction::Positional(_) => return None,
        };
        if !framed {
            return Some(Reach::Row);
        }
        let ends = matches!(self.end, FrameEdge::CurrentRow | FrameEdge::Preceding(_));
        let by_row = self.unit == FrameUnit::Rows && !matches!(self.exclude, FrameExclude::Group | FrameExclude::Ties);
        ends.then_some(if by_row { Reach::Row } else { Reach::Peers })
    }
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
    /// Leading keys in whose order the rows come already.
    pub sorted: usize,
    /// Each range of the last level comes in order: no row of it is wanted behind one that is not.
    pub by_range: bool,
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
