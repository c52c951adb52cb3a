//! The bound form of a statement: names, types, affinities and collations are resolved, access paths are not
//! chosen. Immutable; both executors lower from it.
//!
//! Invariants:
//! * A [`SourceId`] is unique within the whole statement, subqueries, views and triggers included; an
//!   [`AggregateId`] and a [`WindowId`] likewise.
//! * `Query::free` lists exactly the references inside the query to things outside it (correlation). An
//!   executor evaluates them before it runs the query and hands the values in.
//! * Comparisons carry the affinity to apply and the collation to use; nothing above the binder decides either.
//! * No syntax tree is left, except as text for messages.

use std::any::Any;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use heliosdb_udfs::signature::{AggregateDef, Scalar, WindowKind};
use heliosdb_udfs::value::{Affinity, Collation, Value};

pub use heliosdb_dialect::ast::{CompoundOp, Conflict, FrameExclude, FrameUnit, RaiseAction};

use crate::catalog::{Index, Table};
use crate::env::callback::{UserAggregate, UserScalar};

/// A row source of a FROM clause, a trigger's OLD or NEW row, a DML target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

impl SourceId {
    /// The row being written, in every [`RowRules`].
    pub const WRITTEN: SourceId = SourceId(u32::MAX);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AggregateId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WindowId(pub u32);

/// Identifies a common table expression within a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CteId(pub u32);

/// Index of a database in the connection: 0 main, 1 temp, 2… attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DatabaseIndex(pub u16);

/// The ordinal that stands for the rowid.
pub const ROWID: u16 = u16::MAX;

/// A column of a source; `column` is its ordinal or [`ROWID`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnRef {
    pub source: SourceId,
    pub column: u16,
}

/// Something a query refers to that lies outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Free {
    Column(ColumnRef),
    Aggregate(AggregateId),
    Window(WindowId),
}

/// Storage classes an expression can yield, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Classes(pub u8);

impl Classes {
    pub const NULL: Classes = Classes(1);
    pub const INTEGER: Classes = Classes(2);
    pub const REAL: Classes = Classes(4);
    pub const TEXT: Classes = Classes(8);
    pub const BLOB: Classes = Classes(16);
    pub const NUMBER: Classes = Classes(2 | 4);
    pub const ANY: Classes = Classes(31);

    pub const fn or(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }

    pub const fn within(self, other: Classes) -> bool {
        self.0 & !other.0 == 0
    }
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    /// The affinity this expression brings into a comparison.
    pub affinity: Affinity,
    pub classes: Classes,
    /// The collation this expression brings, if any: an explicit COLLATE beats a column's.
    pub collation: Option<ExprCollation>,
}

#[derive(Clone, Debug)]
pub struct ExprCollation {
    pub collation: Collation,
    pub explicit: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Negate,
    BitNot,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    BitAnd,
    BitOr,
    ShiftLeft,
    ShiftRight,
    Concat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
}

/// How two operands are made comparable: `affinity` is applied to both sides first
/// (https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison); `None` applies nothing.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    pub affinity: Affinity,
    pub collation: Collation,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Literal(Value),
    /// Counts from 1.
    Parameter(u32),
    Column(ColumnRef),
    /// A virtual generated column: `operand`, over the same source, converted as storing it in a column of this
    /// affinity would. Already NULL on the all-NULL row of an outer join.
    Generated {
        column: ColumnRef,
        operand: Box<Expr>,
        affinity: Affinity,
    },
    /// Converted as storing it in a column of this affinity would.
    Stored {
        operand: Box<Expr>,
        affinity: Affinity,
    },
    Unary(UnaryOp, Box<Expr>),
    Arithmetic(ArithmeticOp, Box<Expr>, Box<Expr>),
    /// Three-valued AND over two or more terms, left to right, short-circuit.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare {
        op: CompareOp,
        left: Box<Expr>,
        right: Box<Expr>,
        by: Comparison,
    },
    /// Row values of equal width ≥ 2; one `Comparison` per member. `Is`/`IsNot` too.
    CompareRows {
        op: CompareOp,
        left: Box<[Expr]>,
        right: Box<[Expr]>,
        by: Box<[Comparison]>,
    },
    /// The columns of a one-row subquery compared with a row value; missing row = NULLs.
    CompareRowQuery {
        op: CompareOp,
        left: Vec<Expr>,
        right: Box<Query>,
        by: Vec<Comparison>,
    },
    IsNull {
        negated: bool,
        operand: Box<Expr>,
    },
    /// `x IS [NOT] TRUE|FALSE`
    IsTruth {
        negated: bool,
        truth: bool,
        operand: Box<Expr>,
    },
    Between {
        negated: bool,
        operand: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        /// With `low` and with `high`.
        by: Box<[Comparison; 2]>,
    },
    /// `operand IN (list)`: SQLite applies `by.affinity` to the operand and to every item.
    InList {
        negated: bool,
        operand: Box<Expr>,
        items: Vec<Expr>,
        by: Comparison,
    },
    /// `(a, b) IN (SELECT …)`; `operand` has as many members as the query has columns.
    InQuery {
        negated: bool,
        operand: Vec<Expr>,
        query: Box<Query>,
        by: Vec<Comparison>,
    },
    Exists {
        negated: bool,
        query: Box<Query>,
    },
    /// The first row's only column, NULL when there is no row.
    Scalar(Box<Query>),
    /// `column` of the first row of a multi-column subquery in a row assignment; equal `id`s share one run.
    RowScalar {
        id: u32,
        column: u16,
        query: Arc<Query>,
    },
    Case {
        operand: Option<Box<Expr>>,
        whens: Vec<When>,
        otherwise: Option<Box<Expr>>,
    },
    /// coalesce, ifnull: lazily evaluated.
    Coalesce(Vec<Expr>),
    Cast {
        operand: Box<Expr>,
        to: Affinity,
    },
    Call(Box<Call>),
    Aggregate(AggregateId),
    Window(WindowId),
    /// RAISE in a trigger.
    Raise {
        action: RaiseAction,
        message: Option<Box<Expr>>,
    },
}

#[derive(Clone, Debug)]
pub struct When {
    pub when: Expr,
    pub then: Expr,
    /// How `operand` compares with `when`; unused without an operand.
    pub by: Comparison,
}

#[derive(Clone)]
pub enum Function {
    Builtin(&'static Scalar),
    User { name: Arc<str>, function: Arc<dyn UserScalar>, deterministic: bool },
}

#[derive(Clone, Debug)]
pub struct Call {
    pub function: Function,
    pub args: Vec<Expr>,
    /// For functions with `Flags::COLLATION`.
    pub collation: Collation,
}

#[derive(Clone)]
pub enum AggregateFunction {
    Builtin(&'static AggregateDef),
    User { name: Arc<str>, function: Arc<dyn UserAggregate> },
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Function::Builtin(s) => f.write_str(s.name),
            Function::User { name, .. } => f.write_str(name),
        }
    }
}

impl std::fmt::Debug for AggregateFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AggregateFunction::Builtin(s) => f.write_str(s.name),
            AggregateFunction::User { name, .. } => f.write_str(name),
        }
    }
}

/// One aggregate call of a SELECT (not a window call).
#[derive(Clone, Debug)]
pub struct Aggregate {
    pub id: AggregateId,
    pub function: AggregateFunction,
    pub args: Vec<Expr>,
    pub distinct: bool,
    pub filter: Option<Expr>,
    pub order_by: Vec<SortKey>,
    pub collation: Collation,
}

#[derive(Clone, Debug)]
pub enum WindowFunction {
    Positional(WindowKind),
    Aggregate(AggregateFunction),
}

#[derive(Clone, Debug)]
pub enum FrameBound {
    UnboundedPreceding,
    Preceding(Expr),
    CurrentRow,
    Following(Expr),
    UnboundedFollowing,
}

/// One window call with its window fully resolved (named and base windows merged in).
#[derive(Clone, Debug)]
pub struct Window {
    pub id: WindowId,
    pub function: WindowFunction,
    pub args: Vec<Expr>,
    pub filter: Option<Expr>,
    pub collation: Collation,
    pub partition_by: Vec<GroupKey>,
    pub order_by: Vec<SortKey>,
    pub unit: FrameUnit,
    pub start: FrameBound,
    pub end: FrameBound,
    pub exclude: FrameExclude,
}

#[derive(Clone, Debug)]
pub struct GroupKey {
    pub expr: Expr,
    pub collation: Collation,
}

#[derive(Clone, Debug)]
pub struct SortKey {
    pub expr: Expr,
    pub collation: Collation,
    pub descending: bool,
    /// Resolved: SQLite's default is NULLs first ascending, last descending.
    pub nulls_first: bool,
}

/// A result column as the outside sees it.
#[derive(Clone, Debug)]
pub struct OutputColumn {
    pub name: Arc<str>,
    /// Declared type of the underlying column, through views and subqueries; `None` for expressions.
    pub declared_type: Option<Arc<str>>,
    pub affinity: Affinity,
    pub classes: Classes,
    pub collation: Option<Collation>,
    /// The collation comes from a COLLATE operator, which counts where the query's columns are compared (IN).
    pub explicit_collation: bool,
}

/// See [`Query::end`].
pub const FROM_VIEW: u32 = 1 << 31;

#[derive(Clone, Debug)]
pub struct Query {
    pub body: Body,
    pub columns: Vec<OutputColumn>,
    /// Terms of a compound refer to output columns only.
    pub order_by: Vec<OrderBy>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    pub free: Vec<Free>,
    /// Where its text ends in the statement, which EXPLAIN QUERY PLAN numbers it by; with [`FROM_VIEW`] its number among
    /// the queries of views; 0 if it is from elsewhere.
    pub end: u32,
}

#[derive(Clone, Debug)]
pub struct OrderBy {
    pub key: OrderKey,
    pub collation: Collation,
    pub descending: bool,
    pub nulls_first: bool,
}

#[derive(Clone, Debug)]
pub enum OrderKey {
    /// An output column by position, counting from 0 (an alias, a number, or an expression equal to it).
    Output(u16),
    /// Any other expression over the SELECT's sources.
    Expr(Expr),
}

#[derive(Clone, Debug)]
pub enum Body {
    Select(Box<Select>),
    Values(Vec<Vec<Expr>>),
    Compound(Box<Compound>),
}

/// `first op second op …`, left-associative. `collations` (one per column) decide equality of rows.
#[derive(Clone, Debug)]
pub struct Compound {
    pub first: Body,
    pub arms: Vec<(CompoundOp, Body)>,
    pub collations: Vec<Collation>,
}

#[derive(Clone, Debug, Default)]
pub struct Select {
    /// FROM in written order; each source says how it joins everything before it.
    pub sources: Vec<Source>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// `Some` when the query aggregates; an empty vector is one group over all rows.
    pub group_by: Option<Vec<GroupKey>>,
    pub aggregates: Vec<Aggregate>,
    pub having: Option<Expr>,
    pub windows: Vec<Window>,
    /// One expression per output column.
    pub output: Vec<Expr>,
    /// With the collation of each output column.
    pub distinct: Option<Vec<Collation>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Comma, JOIN, INNER JOIN; `on` is an ordinary filter, unless a RIGHT or FULL join follows: then it belongs
    /// to this join, because it decides what that join sees on its left.
    Inner,
    /// CROSS JOIN: like Inner, but the planner keeps the order.
    Cross,
    Left,
    Right,
    Full,
}

#[derive(Clone, Debug)]
pub struct Source {
    pub id: SourceId,
    /// `Inner` for the first source.
    pub join: JoinKind,
    /// ON, USING and NATURAL conditions of this join.
    pub on: Option<Expr>,
    pub kind: SourceKind,
    /// For EXPLAIN QUERY PLAN: alias or name.
    pub name: Arc<str>,
    /// Conditions from around it have been put into its query.
    pub narrowed: bool,
}

#[derive(Clone, Debug)]
pub enum SourceKind {
    Table {
        database: DatabaseIndex,
        table: Arc<Table>,
        hint: IndexHint,
    },
    /// A subquery, a view, a parenthesised join. Its columns are the query's output columns.
    Query {
        query: Box<Query>,
        view: Option<Arc<str>>,
    },
    /// A reference to a CTE that is evaluated once per statement run (referenced twice or MATERIALIZED, not correlated).
    Cte {
        cte: Arc<Cte>,
    },
    /// The recursive table inside its own definition: yields the rows of the current step.
    RecursiveTable {
        cte: CteId,
        columns: u16,
    },
    /// A table-valued function; hidden parameters come from `args`. May refer to earlier sources.
    Function {
        function: Arc<TableFunction>,
        args: Vec<Expr>,
    },
}

#[derive(Clone, Debug)]
pub enum IndexHint {
    None,
    IndexedBy(Arc<Index>),
    NotIndexed,
}

#[derive(Debug)]
pub struct Cte {
    pub id: CteId,
    /// For EXPLAIN QUERY PLAN: as its first use writes it.
    pub name: Arc<str>,
    pub columns: Vec<OutputColumn>,
    pub body: CteBody,
    pub free: Vec<Free>,
    /// `AS MATERIALIZED`
    pub materialized: bool,
}

#[derive(Debug)]
pub enum CteBody {
    Plain(Query),
    Recursive(Recursive),
}

/// `seed UNION [ALL] step …`: rows of `seed` enter a queue; each row taken out is a result row and, through
/// `RecursiveTable`, the input of every step (https://sqlite.org/lang_with.html#recursive_query_algorithm).
#[derive(Debug)]
pub struct Recursive {
    pub seed: Query,
    pub steps: Vec<Query>,
    /// False for UNION: rows seen before are dropped.
    pub all: bool,
    pub collations: Vec<Collation>,
    /// Takes rows out of the queue in this order instead of first-in first-out.
    pub order_by: Vec<OrderBy>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
}

/// A table-valued function known to the engine: `json_each`, `generate_series`, `pragma_*`.
pub struct TableFunction {
    pub name: Arc<str>,
    pub columns: Vec<crate::catalog::Column>,
    /// How many of the trailing `columns` are the hidden parameters that `args` fill in order.
    pub parameters: u16,
    /// `PRAGMA` name for `pragma_*`; empty otherwise.
    pub pragma: Arc<str>,
}

impl std::fmt::Debug for TableFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

// ---------------------------------------------------------------- writes

/// What every row of a table has to keep, whatever statement writes it: the same for all statements until a schema, a
/// setting or a function changes.
///
/// Expressions in it refer to the row being written as `ColumnRef { source: row, … }`: values as they will be
/// stored (affinity applied), ROWID for the rowid.
#[derive(Debug)]
pub struct RowRules {
    /// The row being checked: CHECK, generated columns, index terms refer to it. No other source has its number.
    pub row: SourceId,
    /// Per column: how to compute it when it is generated.
    pub generated: Vec<Option<Expr>>,
    /// The order in which generated columns are to be computed (dependencies first).
    pub generated_order: Vec<u16>,
    /// `(message, condition)`: the message is the constraint's name or the expression's text.
    pub checks: Vec<(Arc<str>, Expr)>,
    pub indexes: Vec<TargetIndex>,
    /// Foreign keys of which this table is the child, and those of which it is the parent; none when enforcement is off.
    pub keys: (Vec<Arc<ForeignKeyCheck>>, Vec<Arc<ForeignKeyCheck>>),
    /// What the executor made of it when it was needed first.
    pub lowered: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// The table a statement writes, with everything that must be maintained bound to `target`'s columns.
#[derive(Clone, Debug)]
pub struct Target {
    pub database: DatabaseIndex,
    pub table: Arc<Table>,
    pub rules: Arc<RowRules>,
    /// Triggers on this table for the events this statement can cause, in firing order.
    pub triggers: Vec<Arc<BoundTrigger>>,
    /// Foreign keys of which this table is the child; empty when enforcement is off.
    pub child_keys: Vec<Arc<ForeignKeyCheck>>,
    /// Foreign keys of which this table is the parent.
    pub parent_keys: Vec<Arc<ForeignKeyCheck>>,
}

impl Deref for Target {
    type Target = RowRules;

    fn deref(&self) -> &RowRules {
        &self.rules
    }
}

#[derive(Clone, Debug)]
pub struct TargetIndex {
    pub index: Arc<Index>,
    /// One per declared term, over `Target::row`.
    pub terms: Vec<Expr>,
    pub collations: Vec<Collation>,
    pub filter: Option<Expr>,
    /// What a UNIQUE violation does when the statement has no OR clause.
    pub conflict: Conflict,
}

/// A foreign key resolved to both tables. `parent` is `None` when the parent table does not exist
/// (an error only when a row needs it).
#[derive(Debug)]
pub struct ForeignKeyCheck {
    pub database: DatabaseIndex,
    pub child: Arc<Table>,
    /// Position in `child.foreign_keys`.
    pub position: u16,
    pub parent: Option<Arc<Table>>,
    /// Ordinals in the parent, or the error `foreign key mismatch - "c" referencing "p"`.
    pub parent_columns: Result<Vec<u16>, String>,
}

#[derive(Clone, Debug)]
pub struct Insert {
    pub target: Target,
    pub or: Option<Conflict>,
    /// Yields one value per entry of `columns`, or nothing for DEFAULT VALUES.
    pub rows: Option<Box<Query>>,
    /// For each table column: where its value comes from.
    pub values: Vec<InsertValue>,
    /// Where an explicit rowid comes from, when the statement names rowid and the table has no alias for it.
    pub rowid: Option<u16>,
    pub upserts: Vec<Upsert>,
    /// A row may take the place of others.
    pub replaces: bool,
    pub returning: Option<Returning>,
    /// Inserting into a view: its INSTEAD OF triggers do the work.
    pub view: Option<Arc<ViewTarget>>,
    pub free: Vec<Free>,
}

#[derive(Clone, Debug)]
pub enum InsertValue {
    /// Position in the source query's row.
    Source(u16),
    Default(Expr),
    /// Computed by `Target::generated`.
    Generated,
}

#[derive(Clone, Debug)]
pub struct Upsert {
    /// The uniqueness constraint it answers: `None` any (the last clause), `Some(None)` the rowid,
    /// `Some(Some(i))` position in `Target::indexes`.
    pub target: Option<Option<usize>>,
    pub action: UpsertAction,
}

#[derive(Clone, Debug)]
pub enum UpsertAction {
    Nothing,
    /// Expressions see the existing row as `existing` and the proposed one as `excluded`.
    Update {
        existing: SourceId,
        excluded: SourceId,
        set: Vec<(u16, Expr)>,
        filter: Option<Expr>,
    },
}

/// RETURNING: `row` is the row as written (or, for DELETE, as it was).
#[derive(Clone, Debug)]
pub struct Returning {
    pub row: SourceId,
    pub columns: Vec<OutputColumn>,
    pub output: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct Update {
    pub target: Target,
    pub or: Option<Conflict>,
    /// The rows to change: `select.sources[0]` is the target itself (source id `old`), the rest FROM.
    pub select: Select,
    pub old: SourceId,
    /// `(column or ROWID, value over select's sources)` in written order; the last assignment of a column counts.
    pub set: Vec<(u16, Expr)>,
    pub order_by: Vec<SortKey>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    /// A row may take the place of others.
    pub replaces: bool,
    pub returning: Option<Returning>,
    /// Updating a view: its INSTEAD OF triggers do the work.
    pub view: Option<Arc<ViewTarget>>,
    pub free: Vec<Free>,
}

#[derive(Clone, Debug)]
pub struct Delete {
    pub target: Target,
    pub select: Select,
    pub old: SourceId,
    pub order_by: Vec<SortKey>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    pub returning: Option<Returning>,
    pub view: Option<Arc<ViewTarget>>,
    pub free: Vec<Free>,
}

/// A view that a statement writes through INSTEAD OF triggers. `Target::table` is then a table value made of
/// the view's columns, without constraints.
#[derive(Debug)]
pub struct ViewTarget {
    pub name: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerEvent {
    Insert,
    Update,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerTime {
    Before,
    After,
    InsteadOf,
}

/// A trigger bound against the schema. OLD and NEW are sources; a nested write's own triggers are bound when
/// it first fires (recursive triggers would not end otherwise): see `body`.
#[derive(Debug)]
pub struct BoundTrigger {
    pub database: DatabaseIndex,
    pub name: Arc<str>,
    pub event: TriggerEvent,
    pub time: TriggerTime,
    /// Ordinals of UPDATE OF; empty: any.
    pub columns: Vec<u16>,
    /// The columns of OLD and NEW are those of the table, and ROWID.
    pub old: SourceId,
    pub new: SourceId,
    pub trigger: Arc<crate::catalog::Trigger>,
    /// The conflict clause of what fires it, which goes before those of its statements.
    pub or: Option<Conflict>,
    /// WHEN and the statements, bound at first use; `Free` columns of `old` and `new` are the inputs.
    pub body: OnceLock<Result<TriggerBody, String>>,
}

#[derive(Debug)]
pub struct TriggerBody {
    pub when: Option<Expr>,
    pub statements: Vec<Statement>,
}

/// A statement that an executor runs. Everything else (DDL, PRAGMA, transactions, ATTACH …) is run by
/// `session` from the syntax tree.
#[derive(Clone, Debug)]
pub enum Statement {
    Query(Box<Query>),
    Insert(Box<Insert>),
    Update(Box<Update>),
    Delete(Box<Delete>),
}
