//! The syntax tree of one SQL statement.
//!
//! Invariant: every [`Span`] is a byte range of the text that was parsed and falls on UTF-8
//! boundaries. Parentheses leave no node; [`ResultColumn`] and [`OrderTerm`] keep the span that
//! includes them.

use std::sync::Arc;

/// A byte range of the source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// The text this span covers. `source` must be the text that was parsed.
    pub fn of<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start as usize..self.end as usize]
    }

    pub fn to(self, end: Span) -> Span {
        Span { start: self.start, end: end.end }
    }
}

/// How an identifier was written. SQLite treats a double-quoted identifier that resolves to nothing
/// as a string literal, so the quote is part of the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    None,
    Double,
    Bracket,
    Backtick,
    /// A string literal where the grammar takes a name (`SELECT 1 AS 'x'`).
    Single,
}

/// An identifier with its quotes removed and doubled quotes undone.
#[derive(Clone, Debug)]
pub struct Name {
    pub text: Arc<str>,
    pub quote: Quote,
    pub span: Span,
}

impl Name {
    /// ASCII case-insensitive equality, SQLite's rule for all names.
    pub fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }
}

/// `[schema.]name`
#[derive(Clone, Debug)]
pub struct QualifiedName {
    pub schema: Option<Name>,
    pub name: Name,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    /// From the first to the last byte of the expression, without enclosing parentheses.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Literal {
    Null,
    /// Decimal or hexadecimal, within i64. `-9223372036854775808` arrives as one literal, its minus folded in.
    Integer(i64),
    /// Also a decimal integer beyond i64.
    Real(f64),
    String(Box<str>),
    Blob(Box<[u8]>),
    CurrentDate,
    CurrentTime,
    CurrentTimestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Minus,
    Plus,
    BitNot,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    /// `IS`, also `IS NOT DISTINCT FROM`
    Is,
    /// `IS NOT`, also `IS DISTINCT FROM`
    IsNot,
    BitAnd,
    BitOr,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Concat,
    /// `->`
    JsonArrow,
    /// `->>`
    JsonArrowText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikeOp {
    Like,
    Glob,
    Regexp,
    Match,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Literal(Literal),
    /// A bare identifier: a column, or `TRUE`/`FALSE`, or (double-quoted) a string. Never resolved here.
    Name(Name),
    /// `[schema.]table.column`
    Column {
        schema: Option<Box<Name>>,
        table: Name,
        column: Name,
    },
    /// A parameter; the number counts from 1.
    Parameter(u32),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `ISNULL`, `NOTNULL`, `NOT NULL`. (`x IS NULL` is `Binary(Is, x, NULL)`.)
    IsNull {
        negated: bool,
        operand: Box<Expr>,
    },
    Collate(Box<Expr>, Name),
    Cast {
        operand: Box<Expr>,
        type_name: TypeName,
    },
    Like {
        op: LikeOp,
        negated: bool,
        operand: Box<Expr>,
        pattern: Box<Expr>,
        escape: Option<Box<Expr>>,
    },
    Between {
        negated: bool,
        operand: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    In {
        negated: bool,
        operand: Box<Expr>,
        set: InSet,
    },
    Exists(Box<Query>),
    /// `(SELECT …)` as an expression
    Subquery(Box<Query>),
    Case {
        operand: Option<Box<Expr>>,
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Call(Box<Call>),
    Raise {
        action: RaiseAction,
        message: Option<Box<Expr>>,
    },
    /// `(a, b, …)` with two or more members
    Row(Vec<Expr>),
}

#[derive(Clone, Debug)]
pub enum InSet {
    List(Vec<Expr>),
    Query(Box<Query>),
    /// `IN table` or `IN table_function(args)`
    Table {
        name: Box<QualifiedName>,
        args: Option<Vec<Expr>>,
    },
}

/// A function call. `f(*)` has `star` set and no arguments.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: Name,
    pub distinct: bool,
    pub star: bool,
    pub args: Vec<Expr>,
    /// `ORDER BY` inside an aggregate's parentheses.
    pub order_by: Vec<OrderTerm>,
    /// `WITHIN GROUP (ORDER BY x)`, for ordered-set aggregates.
    pub within_group: Option<Box<Expr>>,
    pub filter: Option<Box<Expr>>,
    pub over: Option<Over>,
}

#[derive(Clone, Debug)]
pub enum Over {
    /// `OVER name`
    Named(Name),
    /// `OVER (…)`
    Window(Box<Window>),
}

#[derive(Clone, Debug)]
pub struct Window {
    /// The window this one is based on: `OVER (base PARTITION …)`.
    pub base: Option<Name>,
    pub partition_by: Vec<Expr>,
    pub order_by: Vec<OrderTerm>,
    pub frame: Option<Frame>,
}

#[derive(Clone, Debug)]
pub struct Frame {
    pub unit: FrameUnit,
    pub start: FrameBound,
    /// `None`: CURRENT ROW, the short form.
    pub end: Option<FrameBound>,
    pub exclude: FrameExclude,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    Rows,
    Range,
    Groups,
}

#[derive(Clone, Debug)]
pub enum FrameBound {
    UnboundedPreceding,
    Preceding(Box<Expr>),
    CurrentRow,
    Following(Box<Expr>),
    UnboundedFollowing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameExclude {
    Absent,
    NoOthers,
    CurrentRow,
    Group,
    Ties,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaiseAction {
    Ignore,
    Rollback,
    Abort,
    Fail,
}

/// A declared type: the words as written joined by single spaces, with the parenthesised
/// part (`VARCHAR(10)`) verbatim. Empty when there was none.
#[derive(Clone, Debug, Default)]
pub struct TypeName {
    pub text: Box<str>,
}

// ---------------------------------------------------------------- queries

/// A SELECT statement with everything around its body.
#[derive(Clone, Debug)]
pub struct Query {
    pub with: Option<With>,
    pub body: QueryBody,
    pub order_by: Vec<OrderTerm>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct With {
    pub recursive: bool,
    pub tables: Vec<CommonTable>,
}

#[derive(Clone, Debug)]
pub struct CommonTable {
    pub name: Name,
    pub columns: Vec<Name>,
    pub materialized: Option<bool>,
    pub query: Box<Query>,
}

/// A chain of compound operators is left-associative: `first` then each arm in order.
#[derive(Clone, Debug)]
pub struct QueryBody {
    pub first: SelectCore,
    pub arms: Vec<(CompoundOp, SelectCore)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompoundOp {
    Union,
    UnionAll,
    Intersect,
    Except,
}

#[derive(Clone, Debug)]
pub enum SelectCore {
    Select(Box<Select>),
    Values(Vec<Vec<Expr>>),
}

#[derive(Clone, Debug)]
pub struct Select {
    pub distinct: bool,
    pub columns: Vec<ResultColumn>,
    pub from: Option<From>,
    pub filter: Option<Expr>,
    pub group_by: Vec<Expr>,
    pub having: Option<Expr>,
    pub windows: Vec<(Name, Window)>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ResultColumn {
    /// The span covers the expression as written, parentheses included, without the alias.
    Expr {
        expr: Expr,
        alias: Option<Name>,
        span: Span,
    },
    Star,
    TableStar(Name),
}

/// FROM: a left-deep list of joins. A parenthesised join is a source of its own.
#[derive(Clone, Debug)]
pub struct From {
    pub first: Source,
    pub joins: Vec<Join>,
}

#[derive(Clone, Debug)]
pub struct Join {
    pub kind: JoinKind,
    pub natural: bool,
    pub source: Source,
    pub on: Option<Expr>,
    pub using: Option<Vec<Name>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// A comma.
    Comma,
    /// `JOIN`, `INNER JOIN`
    Inner,
    /// `CROSS JOIN`: keeps the written order.
    Cross,
    Left,
    Right,
    Full,
}

#[derive(Clone, Debug)]
pub struct Source {
    pub kind: SourceKind,
    pub alias: Option<Name>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum SourceKind {
    Table {
        name: QualifiedName,
        index: IndexHint,
    },
    Function {
        name: QualifiedName,
        args: Vec<Expr>,
    },
    Query(Box<Query>),
    /// `(a JOIN b)`
    Join(Box<From>),
}

#[derive(Clone, Debug)]
pub enum IndexHint {
    None,
    IndexedBy(Name),
    NotIndexed,
}

#[derive(Clone, Debug)]
pub struct OrderTerm {
    pub expr: Expr,
    pub descending: bool,
    /// `None`: SQLite's default (NULLs smallest).
    pub nulls_first: Option<bool>,
    /// The expression as written, parentheses included.
    pub span: Span,
}

// ---------------------------------------------------------------- writes

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    Rollback,
    Abort,
    Fail,
    Ignore,
    Replace,
}

#[derive(Clone, Debug)]
pub struct Insert {
    pub with: Option<With>,
    /// `REPLACE INTO` is `Some(Conflict::Replace)`.
    pub or: Option<Conflict>,
    pub table: QualifiedName,
    pub alias: Option<Name>,
    pub columns: Vec<Name>,
    pub rows: InsertRows,
    pub upserts: Vec<Upsert>,
    pub returning: Vec<ResultColumn>,
}

#[derive(Clone, Debug)]
pub enum InsertRows {
    /// `VALUES` lists arrive as a query whose body is `SelectCore::Values`.
    Query(Box<Query>),
    DefaultValues,
}

#[derive(Clone, Debug)]
pub struct Upsert {
    /// Empty: any uniqueness conflict.
    pub target: Vec<OrderTerm>,
    pub target_filter: Option<Expr>,
    pub action: UpsertAction,
}

#[derive(Clone, Debug)]
pub enum UpsertAction {
    Nothing,
    Update { set: Vec<Assignment>, filter: Option<Expr> },
}

/// `a = expr` or `(a, b) = expr`
#[derive(Clone, Debug)]
pub struct Assignment {
    pub columns: Vec<Name>,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Update {
    pub with: Option<With>,
    pub or: Option<Conflict>,
    pub table: QualifiedName,
    pub alias: Option<Name>,
    pub index: IndexHint,
    pub set: Vec<Assignment>,
    pub from: Option<From>,
    pub filter: Option<Expr>,
    pub returning: Vec<ResultColumn>,
    pub order_by: Vec<OrderTerm>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Delete {
    pub with: Option<With>,
    pub table: QualifiedName,
    pub alias: Option<Name>,
    pub index: IndexHint,
    pub filter: Option<Expr>,
    pub returning: Vec<ResultColumn>,
    pub order_by: Vec<OrderTerm>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
}

// ---------------------------------------------------------------- schema

#[derive(Clone, Debug)]
pub struct CreateTable {
    pub temporary: bool,
    pub if_not_exists: bool,
    pub name: QualifiedName,
    pub body: CreateTableBody,
}

#[derive(Clone, Debug)]
pub enum CreateTableBody {
    Columns { columns: Vec<ColumnDef>, constraints: Vec<TableConstraint>, without_rowid: bool, strict: bool },
    AsSelect(Box<Query>),
}

#[derive(Clone, Debug)]
pub struct ColumnDef {
    pub name: Name,
    pub type_name: TypeName,
    pub constraints: Vec<ColumnConstraint>,
    /// The whole definition, for ALTER TABLE.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct ColumnConstraint {
    pub name: Option<Name>,
    pub kind: ColumnConstraintKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ColumnConstraintKind {
    PrimaryKey {
        descending: bool,
        conflict: Option<Conflict>,
        autoincrement: bool,
    },
    NotNull {
        conflict: Option<Conflict>,
    },
    /// `NULL` as a constraint: accepted, without effect.
    Null,
    Unique {
        conflict: Option<Conflict>,
    },
    /// `span` is the text between the parentheses, trimmed, as SQLite's message shows it.
    Check {
        expr: Expr,
        span: Span,
    },
    /// `span` is the value as written (without the outer parentheses of `(expr)`), as `table_info` shows it.
    Default {
        expr: Expr,
        span: Span,
    },
    Collate(Name),
    References(ForeignKeyClause),
    Generated {
        expr: Expr,
        stored: bool,
    },
}

#[derive(Clone, Debug)]
pub struct TableConstraint {
    pub name: Option<Name>,
    pub kind: TableConstraintKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum TableConstraintKind {
    PrimaryKey { columns: Vec<OrderTerm>, autoincrement: bool, conflict: Option<Conflict> },
    Unique { columns: Vec<OrderTerm>, conflict: Option<Conflict> },
    Check { expr: Expr, span: Span, conflict: Option<Conflict> },
    ForeignKey { columns: Vec<Name>, clause: ForeignKeyClause },
}

#[derive(Clone, Debug)]
pub struct ForeignKeyClause {
    pub table: Name,
    pub columns: Vec<Name>,
    pub on_delete: ForeignKeyAction,
    pub on_update: ForeignKeyAction,
    /// `MATCH name`: parsed, shown by `foreign_key_list`, without effect.
    pub match_name: Option<Name>,
    /// `DEFERRABLE INITIALLY DEFERRED`
    pub deferred: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignKeyAction {
    NoAction,
    Restrict,
    SetNull,
    SetDefault,
    Cascade,
}

#[derive(Clone, Debug)]
pub struct CreateIndex {
    pub unique: bool,
    pub if_not_exists: bool,
    pub name: QualifiedName,
    pub table: Name,
    pub columns: Vec<OrderTerm>,
    pub filter: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct CreateView {
    pub temporary: bool,
    pub if_not_exists: bool,
    pub name: QualifiedName,
    pub columns: Vec<Name>,
    pub query: Box<Query>,
}

#[derive(Clone, Debug)]
pub struct CreateTrigger {
    pub temporary: bool,
    pub if_not_exists: bool,
    pub name: QualifiedName,
    pub time: TriggerTime,
    pub event: TriggerEvent,
    pub table: QualifiedName,
    pub when: Option<Expr>,
    pub body: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerTime {
    Before,
    After,
    InsteadOf,
}

#[derive(Clone, Debug)]
pub enum TriggerEvent {
    Delete,
    Insert,
    /// Empty: any column.
    Update(Vec<Name>),
}

#[derive(Clone, Debug)]
pub struct CreateVirtualTable {
    pub if_not_exists: bool,
    pub name: QualifiedName,
    pub module: Name,
    /// Arguments verbatim, split at top-level commas, trimmed.
    pub args: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Table,
    Index,
    View,
    Trigger,
}

#[derive(Clone, Debug)]
pub enum AlterTable {
    RenameTable {
        to: Name,
    },
    RenameColumn {
        from: Name,
        to: Name,
    },
    AddColumn(Box<ColumnDef>),
    DropColumn(Name),
    /// `ALTER TABLE t ALTER COLUMN c SET NOT NULL`, `… DROP NOT NULL`, `ADD CONSTRAINT`, `DROP CONSTRAINT`
    /// where the bundled SQLite's grammar has them; the executor asks SQLite for the rewritten text.
    Other {
        span: Span,
    },
}

// ---------------------------------------------------------------- the rest

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionMode {
    Deferred,
    Immediate,
    Exclusive,
}

#[derive(Clone, Debug)]
pub enum PragmaValue {
    /// A name, number or string as SQLite's pragma code sees it: unquoted text, sign kept.
    Text(Box<str>),
}

#[derive(Clone, Debug)]
pub struct Pragma {
    pub schema: Option<Name>,
    pub name: Name,
    pub value: Option<PragmaValue>,
}

#[derive(Clone, Debug)]
pub enum Statement {
    Select(Box<Query>),
    Insert(Box<Insert>),
    Update(Box<Update>),
    Delete(Box<Delete>),
    CreateTable(Box<CreateTable>),
    CreateIndex(Box<CreateIndex>),
    CreateView(Box<CreateView>),
    CreateTrigger(Box<CreateTrigger>),
    CreateVirtualTable(Box<CreateVirtualTable>),
    Drop { kind: ObjectKind, if_exists: bool, name: Box<QualifiedName> },
    AlterTable { table: Box<QualifiedName>, action: Box<AlterTable> },
    Begin(TransactionMode),
    Commit,
    Rollback,
    Savepoint(Name),
    Release(Name),
    RollbackTo(Name),
    Pragma(Box<Pragma>),
    Attach { file: Box<Expr>, schema: Box<Expr>, key: Option<Box<Expr>> },
    Detach(Box<Expr>),
    Analyze(Option<Box<QualifiedName>>),
    Reindex(Option<Box<QualifiedName>>),
    Vacuum { schema: Option<Name>, into: Option<Box<Expr>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explain {
    No,
    Program,
    QueryPlan,
}

/// One parsed statement and where it ends.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub statement: Statement,
    pub explain: Explain,
    /// From the first token to the last, without the semicolon.
    pub span: Span,
    /// Offset of the first byte after the statement's semicolon (or the end of the text).
    pub tail: u32,
    /// How many symbols of the grammar were open at the deepest place, or the height of the highest expression.
    pub nesting: u32,
    /// Whether a query in it has a FROM, or an IN with a table.
    pub names_tables: bool,
    pub parameters: Parameters,
}

/// The parameters of a statement. Numbers count from 1; `count` is the largest number.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pub count: u32,
    /// Name with its prefix (`:a`, `@a`, `$a`, `?5`) by number; nameless `?` have none.
    pub names: Vec<(u32, Box<str>)>,
}
