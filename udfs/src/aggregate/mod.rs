//! Aggregate functions.
//!
//! A row of [`TABLES`] makes a boxed state; [`fast::start`] makes the same state without box for the functions that
//! grouping meets most. States own what they keep: arguments are only borrowed for one step.
//!
//! Source: https://sqlite.org/lang_aggfunc.html, https://sqlite.org/percentile.html

mod concat;
mod count;
pub(crate) mod extreme;
pub mod fast;
mod percentile;
mod sum;

pub use fast::{FastAggregate, start, start_call};
pub use sum::SumState;

use crate::signature::{AggregateDef, Flags};

/// Why a name and a number of arguments are no function. The messages are SQLite's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// `no such function: NAME`
    NoSuchFunction,
    /// `wrong number of arguments to function NAME()`
    WrongArgumentCount,
}

impl LookupError {
    /// SQLite's message; `name` as the user wrote it.
    pub fn message(self, name: &str) -> String {
        match self {
            LookupError::NoSuchFunction => format!("no such function: {name}"),
            LookupError::WrongArgumentCount => {
                format!("wrong number of arguments to function {name}()")
            }
        }
    }
}

/// Every table of aggregates.
pub static TABLES: &[&[AggregateDef]] = &[TABLE, crate::json::AGGREGATES];

/// The aggregate of this name (ASCII case-insensitive) that takes this many arguments.
///
/// `min` and `max` are aggregates with one argument only: with more they are scalar functions, and
/// `WrongArgumentCount` is given for them here.
pub fn lookup(name: &str, args: usize) -> Result<&'static AggregateDef, LookupError> {
    let mut error = LookupError::NoSuchFunction;
    for def in TABLES.iter().copied().flatten().filter(|def| def.name.eq_ignore_ascii_case(name)) {
        if args >= usize::from(def.args_min) && def.args_max.is_none_or(|max| args <= usize::from(max)) {
            return Ok(def);
        }
        error = LookupError::WrongArgumentCount;
    }
    Err(error)
}

#[rustfmt::skip]
static TABLE: &[AggregateDef] = &[
    AggregateDef { name: "avg", args_min: 1, args_max: Some(1), flags: Flags::DETERMINISTIC,
        usage: "avg(X)", doc: "The mean of the values that are not NULL, as a real.",
        invertible: true, new: sum::new_avg },
    AggregateDef { name: "count", args_min: 0, args_max: Some(1), flags: Flags::DETERMINISTIC,
        usage: "count(*), count(X)", doc: "The number of rows, or of values that are not NULL.",
        invertible: true, new: count::new_count },
    AggregateDef { name: "group_concat", args_min: 1, args_max: Some(2), flags: Flags::DETERMINISTIC,
        usage: "group_concat(X[, Y])", doc: "The values that are not NULL as one text, separated by Y or a comma.",
        invertible: true, new: concat::new_concat },
    AggregateDef { name: "max", args_min: 1, args_max: Some(1), flags: Flags::DETERMINISTIC.or(Flags::COLLATION),
        usage: "max(X)", doc: "The greatest value.",
        invertible: false, new: extreme::new_max },
    AggregateDef { name: "median", args_min: 1, args_max: Some(1), flags: Flags::DETERMINISTIC,
        usage: "median(X)", doc: "The middle value, or the mean of the two in the middle; all must be numbers.",
        invertible: true, new: percentile::new_median },
    AggregateDef { name: "min", args_min: 1, args_max: Some(1), flags: Flags::DETERMINISTIC.or(Flags::COLLATION),
        usage: "min(X)", doc: "The least value that is not NULL.",
        invertible: false, new: extreme::new_min },
    AggregateDef { name: "percentile", args_min: 2, args_max: Some(2), flags: Flags::DETERMINISTIC,
        usage: "percentile(X, P)", doc: "The value that P percent (0 to 100) of the values do not exceed, interpolated.",
        invertible: true, new: percentile::new_percentile },
    AggregateDef { name: "percentile_cont", args_min: 2, args_max: Some(2), flags: Flags::DETERMINISTIC,
        usage: "percentile_cont(X, P)", doc: "As percentile, with P from 0.0 to 1.0.",
        invertible: true, new: percentile::new_percentile_cont },
    AggregateDef { name: "percentile_disc", args_min: 2, args_max: Some(2), flags: Flags::DETERMINISTIC,
        usage: "percentile_disc(X, P)", doc: "As percentile_cont, but one of the values instead of an interpolation.",
        invertible: true, new: percentile::new_percentile_disc },
    AggregateDef { name: "string_agg", args_min: 2, args_max: Some(2), flags: Flags::DETERMINISTIC,
        usage: "string_agg(X, Y)", doc: "The values that are not NULL as one text, separated by Y.",
        invertible: true, new: concat::new_concat },
    AggregateDef { name: "sum", args_min: 1, args_max: Some(1), flags: Flags::DETERMINISTIC,
        usage: "sum(X)", doc: "The sum of the values that are not NULL; NULL if there are none; an integer if all are.",
        invertible: true, new: sum::new_sum },
    AggregateDef { name: "total", args_min: 1, args_max: Some(1), flags: Flags::DETERMINISTIC,
        usage: "total(X)", doc: "The sum of the values that are not NULL, as a real; 0.0 if there are none.",
        invertible: true, new: sum::new_total },
];
