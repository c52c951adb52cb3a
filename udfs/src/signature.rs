//! How functions are declared and called. Every function is one row in a static table
//! ([`crate::scalar::TABLES`], [`crate::aggregate::TABLES`], [`crate::window::TABLES`]); documentation and
//! `COMPAT.md` are generated from those rows.

use crate::value::collation::Collation;
use crate::value::{Encoding, ValueRef};
use bumpalo::Bump;

/// What a function raises. The message is SQLite's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionError {
    /// SQLITE_ERROR with this message.
    Error(String),
    /// SQLITE_TOOBIG: `string or blob too big`.
    TooBig,
    /// SQLITE_NOMEM
    NoMemory,
    /// SQLITE_MISMATCH: `datatype mismatch`
    Mismatch,
}

impl FunctionError {
    pub fn new(message: impl Into<String>) -> Self {
        FunctionError::Error(message.into())
    }
}

pub type FunctionResult<'a> = Result<ValueRef<'a>, FunctionError>;

/// SQLite's subtype of text that is known to be JSON (`sqlite3_value_subtype`).
pub const SUBTYPE_JSON: u8 = b'J';

/// What a running function may ask of its surroundings. Implemented by the executor, and by [`Detached`] for
/// constant folding and tests.
pub trait Host {
    /// Milliseconds since the Julian epoch (julian day * 86_400_000), fixed while a statement runs.
    fn now_ms(&self) -> i64;
    /// Offset of local time from UTC in seconds at this UTC time (seconds since 1970).
    fn local_offset_s(&self, unix_s: i64) -> i64;
    fn random(&self) -> i64;
    fn changes(&self) -> i64;
    fn total_changes(&self) -> i64;
    fn last_insert_rowid(&self) -> i64;
    /// SQLITE_LIMIT_LENGTH
    fn length_limit(&self) -> usize;
    /// SQLITE_LIMIT_LIKE_PATTERN_LENGTH
    fn like_pattern_limit(&self) -> usize;
    /// `PRAGMA case_sensitive_like`
    fn case_sensitive_like(&self) -> bool;
    /// How the connection's databases store text.
    fn encoding(&self) -> Encoding {
        Encoding::Utf8
    }
    fn sqlite_version(&self) -> &'static str;
    /// Loads a SQLite extension, if there is a path; the error is the function's message.
    fn load_extension(&self, _path: Option<&str>, _entry: Option<&str>) -> Result<(), String> {
        Err("not authorized".to_owned())
    }
    fn sqlite_source_id(&self) -> &'static str;
    /// The n-th compile-time option, without `SQLITE_`.
    fn compile_option(&self, _n: i64) -> Option<&'static str> {
        None
    }
    /// Whether there is such an option, given with or without `SQLITE_` and value.
    fn is_compile_option(&self, _name: &str) -> bool {
        false
    }
}

/// One call of a scalar function. Results are slices of the arguments or live in the arena.
pub struct Call<'a, 'h> {
    pub arena: &'a Bump,
    pub host: &'h dyn Host,
    /// The collation of the first argument that has one (min, max, nullif, instr do not all use it).
    pub collation: &'h Collation,
    /// Bit i: argument i carries the JSON subtype. Only set for functions with `Flags::TAKES_SUBTYPE`.
    pub json_args: u64,
    /// Set to true by a function whose result carries the JSON subtype.
    pub json_result: bool,
}

impl<'a> Call<'a, '_> {
    /// Text in the arena.
    pub fn text(&self, bytes: &[u8]) -> ValueRef<'a> {
        ValueRef::Text(self.arena.alloc_slice_copy(bytes))
    }

    /// A blob in the arena.
    pub fn blob(&self, bytes: &[u8]) -> ValueRef<'a> {
        ValueRef::Blob(self.arena.alloc_slice_copy(bytes))
    }

    /// Whether argument `i` carries the JSON subtype.
    pub fn is_json(&self, i: usize) -> bool {
        i < 64 && self.json_args >> i & 1 == 1
    }
}

pub type ScalarFn = for<'a> fn(&mut Call<'a, '_>, &[ValueRef<'a>]) -> FunctionResult<'a>;

/// Properties of a function, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u16);

impl Flags {
    pub const NONE: Flags = Flags(0);
    /// Same arguments, same result (SQLITE_DETERMINISTIC): may be folded, may stand in an index.
    pub const DETERMINISTIC: Flags = Flags(1);
    /// Reads the JSON subtype of its arguments.
    pub const TAKES_SUBTYPE: Flags = Flags(2);
    /// Uses the collation of its arguments.
    pub const COLLATION: Flags = Flags(4);
    /// Constant within one statement but not forever (`date('now')`, `changes()`, `sqlite_version()`).
    pub const STABLE: Flags = Flags(8);
    /// Not allowed in the schema (SQLITE_DIRECTONLY).
    pub const DIRECT_ONLY: Flags = Flags(16);
    /// Deterministic unless given 'now' and the like (date functions).
    pub const DETERMINISTIC_UNLESS_NOW: Flags = Flags(32);

    /// Wants text: a blob is read as text of the databases' encoding.
    pub const READS_TEXT: Flags = Flags(64);

    pub const fn or(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A scalar function: one row of the table.
pub struct Scalar {
    pub name: &'static str,
    pub args_min: u8,
    /// `None`: any number.
    pub args_max: Option<u8>,
    pub flags: Flags,
    /// `round(X[, Y])`
    pub usage: &'static str,
    /// One sentence of documentation.
    pub doc: &'static str,
    pub call: ScalarFn,
}

/// The running state of one aggregate over one group (or one window frame).
pub trait Aggregate: Send {
    /// Takes one row in. `call.arena` is only valid for this step: keep owned copies.
    fn step(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError>;

    /// Takes the oldest row of a sliding frame out again. Only called where `AggregateDef::invertible`.
    fn inverse(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError>;

    /// The result so far; the state stays usable.
    fn value<'a>(&mut self, call: &mut Call<'a, '_>) -> FunctionResult<'a>;
}

pub struct AggregateDef {
    pub name: &'static str,
    pub args_min: u8,
    pub args_max: Option<u8>,
    pub flags: Flags,
    pub usage: &'static str,
    pub doc: &'static str,
    /// Whether `inverse` works, so that a sliding window frame needs no recomputation.
    pub invertible: bool,
    pub new: fn() -> Box<dyn Aggregate>,
}

/// Built-in window functions that are not aggregates; the window operator implements them over its
/// partition, because they look at positions rather than at values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
}

pub struct WindowDef {
    pub name: &'static str,
    pub args_min: u8,
    pub args_max: u8,
    pub usage: &'static str,
    pub doc: &'static str,
    pub kind: WindowKind,
}
