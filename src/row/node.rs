//! A lowered expression.
//!
//! Columns are resolved to a level and a place in its record; what lies outside the program is an input;
//! results of aggregation and windows are slots. Affinities and collations are in the nodes.

use std::sync::Arc;

use heliosdb_udfs::signature::Scalar;
use heliosdb_udfs::value::like::Pattern;
use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::program::QueryProgram;
use crate::catalog::{Index, Table};
use crate::env::callback::UserScalar;
use crate::plan::bound::DatabaseIndex;
pub use crate::plan::bound::{ArithmeticOp, CompareOp, RaiseAction};

pub enum Node {
    Constant(Value),
    /// Counts from 0.
    Parameter(u32),
    /// A field of a level's record. `default` is the column's value in rows older than the column.
    Column {
        level: u16,
        field: u16,
        default: Option<Box<Value>>,
    },
    Rowid {
        level: u16,
    },
    /// A value from outside the program.
    Input(u32),
    /// The result of a stage of this program.
    Slot(u32),
    Negate(Box<Node>),
    BitNot(Box<Node>),
    Not(Box<Node>),
    Arithmetic(ArithmeticOp, Box<Node>, Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare {
        op: CompareOp,
        left: Box<Node>,
        right: Box<Node>,
        affinity: Affinity,
        collation: Collation,
    },
    /// A field compared with an integer constant, other than as text: the commonest filter.
    CompareFieldInteger {
        op: CompareOp,
        level: u16,
        field: u16,
        value: i64,
        affinity: Affinity,
    },
    CompareRows {
        op: CompareOp,
        left: Vec<Node>,
        right: Vec<Node>,
        by: Vec<(Affinity, Collation)>,
    },
    CompareRowQuery {
        op: CompareOp,
        left: Vec<Node>,
        query: SubqueryId,
        by: Vec<(Affinity, Collation)>,
    },
    IsNull {
        negated: bool,
        operand: Box<Node>,
    },
    IsTruth {
        negated: bool,
        truth: bool,
        operand: Box<Node>,
    },
    Between {
        negated: bool,
        operand: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
        by: [(Affinity, Collation); 2],
    },
    InList {
        negated: bool,
        operand: Box<Node>,
        items: Vec<Node>,
        affinity: Affinity,
        collation: Collation,
    },
    /// All items are constants: a set made at lowering, with whether it holds NULL.
    InSet {
        negated: bool,
        operand: Box<Node>,
        set: Arc<ConstantSet>,
        affinity: Affinity,
    },
    InQuery {
        negated: bool,
        operand: Vec<Node>,
        query: SubqueryId,
        by: Vec<(Affinity, Collation)>,
    },
    Exists {
        negated: bool,
        query: SubqueryId,
    },
    Scalar(SubqueryId),
    RowScalar {
        query: SubqueryId,
        column: u16,
    },
    Case {
        operand: Option<Box<Node>>,
        whens: Vec<(Node, Node, Affinity, Collation)>,
        otherwise: Option<Box<Node>>,
    },
    Coalesce(Vec<Node>),
    Cast {
        operand: Box<Node>,
        to: Affinity,
    },
    /// Converts as storing into a column would; for virtual generated columns.
    Apply {
        operand: Box<Node>,
        affinity: Affinity,
    },
    Call {
        function: &'static Scalar,
        args: Vec<Node>,
        collation: Collation,
    },
    /// The built-in LIKE with a constant pattern.
    Like {
        operand: Box<Node>,
        pattern: Pattern,
    },
    CallUser {
        function: Arc<dyn UserScalar>,
        args: Vec<Node>,
    },
    Raise {
        action: RaiseAction,
        message: Option<Box<Node>>,
    },
}

/// Index into `QueryProgram::subqueries` of the program the node belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubqueryId(pub u32);

/// A subquery of an expression, with what it takes from outside.
pub struct Subquery {
    pub program: Arc<QueryProgram>,
    /// Its result may differ between runs with the same inputs (it reads what the statement writes, or calls
    /// a function that is not deterministic).
    pub volatile: bool,
    /// Evaluated in the enclosing program before each run.
    pub inputs: Vec<Node>,
    /// For IN: where all its values are stored.
    pub stored: Option<StoredSet>,
}

/// All values of a column of a table, which can be looked up one by one.
pub struct StoredSet {
    pub database: DatabaseIndex,
    pub table: Arc<Table>,
    /// Begins with the column; `None` where that is the rowid.
    pub index: Option<Arc<Index>>,
}

/// The constants of an IN list as encoded keys.
pub struct ConstantSet {
    pub keys: rustc_hash::FxHashSet<Box<[u8]>>,
    /// The same where all are integers.
    pub integers: Option<rustc_hash::FxHashSet<i64>>,
    pub has_null: bool,
    pub collation: Collation,
}

impl Node {
    /// Calls `f` for each operand; subqueries are not entered.
    pub fn children<'n>(&'n self, f: &mut dyn FnMut(&'n Node)) {
        match self {
            Node::Negate(x) | Node::BitNot(x) | Node::Not(x) => f(x),
            Node::Arithmetic(_, l, r) | Node::Compare { left: l, right: r, .. } => {
                f(l);
                f(r);
            }
            Node::And(xs) | Node::Or(xs) | Node::Coalesce(xs) => xs.iter().for_each(f),
            Node::CompareRows { left, right, .. } => left.iter().chain(right).for_each(f),
            Node::CompareRowQuery { left, .. } | Node::InQuery { operand: left, .. } => left.iter().for_each(f),
            Node::IsNull { operand, .. }
            | Node::IsTruth { operand, .. }
            | Node::Cast { operand, .. }
            | Node::Apply { operand, .. }
            | Node::InSet { operand, .. } => f(operand),
            Node::Between { operand, low, high, .. } => [operand, low, high].into_iter().for_each(|x| f(x)),
            Node::InList { operand, items, .. } => {
                f(operand);
                items.iter().for_each(f);
            }
            Node::Case { operand, whens, otherwise } => {
                operand.iter().for_each(|x| f(x));
                for (when, then, ..) in whens {
                    f(when);
                    f(then);
                }
                otherwise.iter().for_each(|x| f(x));
            }
            Node::Call { args, .. } | Node::CallUser { args, .. } => args.iter().for_each(f),
            Node::Raise { message, .. } => message.iter().for_each(|x| f(x)),
            _ => {}
        }
    }

    /// Whether a function or a collation of the host is called for it; subqueries are not entered.
    pub fn asks_host(&self) -> bool {
        let is_custom = |collation: &Collation| matches!(collation, Collation::Custom(_));
        let itself = match self {
            Node::CallUser { .. } => true,
            Node::Compare { collation, .. } | Node::InList { collation, .. } | Node::Call { collation, .. } => {
                is_custom(collation)
            }
            Node::InSet { set, .. } => is_custom(&set.collation),
            Node::Between { by, .. } => by.iter().any(|(_, collation)| is_custom(collation)),
            Node::CompareRows { by, .. } | Node::CompareRowQuery { by, .. } | Node::InQuery { by, .. } => {
                by.iter().any(|(_, collation)| is_custom(collation))
            }
            Node::Case { whens, .. } => whens.iter().any(|(_, _, _, collation)| is_custom(collation)),
            _ => false,
        };
        let mut asks = itself;
        self.children(&mut |child| asks = asks || child.asks_host());
        asks
    }

    pub fn is_constant(&self) -> bool {
        matches!(self, Node::Constant(_))
    }
}
