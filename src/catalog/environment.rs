//! What a connection knows beside the schema: collations, functions and limits, as the checks of `CREATE`
//! statements ask for them.

/// What a function name stands for when it is called with some number of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    Scalar {
        deterministic: bool,
    },
    Aggregate,
    /// Only usable with OVER.
    Window,
    /// There is such a function, but not with this number of arguments.
    WrongArgumentCount,
    Unknown,
}

/// SQLITE_LIMIT_COLUMN as it is unless a connection lowers it.
pub const COLUMNS_MAX: usize = 2000;

pub trait Environment {
    /// Whether a collating sequence of this name is known.
    fn has_collation(&self, name: &str) -> bool;

    fn function(&self, name: &str, args: usize) -> FunctionKind;

    /// SQLITE_LIMIT_COLUMN
    fn column_limit(&self) -> usize {
        COLUMNS_MAX
    }

    /// Whether stored text is being read back: names that the connection does not know (yet) are let pass.
    fn is_loading(&self) -> bool {
        false
    }
}

/// Knows every name: for texts that were checked when they were stored.
pub struct Loading;

impl Environment for Loading {
    fn has_collation(&self, _name: &str) -> bool {
        true
    }

    fn function(&self, _name: &str, _args: usize) -> FunctionKind {
        FunctionKind::Scalar { deterministic: true }
    }

    fn column_limit(&self) -> usize {
        // What a record can hold: the limit may have been lowered since.
        usize::from(i16::MAX as u16)
    }

    fn is_loading(&self) -> bool {
        true
    }
}
