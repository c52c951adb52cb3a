//! Aggregates for grouping: the common ones as variants of one enum, so that a row costs neither a virtual call nor an
//! allocation. All others are boxed. Every variant gives exactly what its row in the table gives.

use super::extreme;
use super::sum::SumState;
use crate::signature::{Aggregate, AggregateDef, Call, FunctionError, FunctionResult};
use crate::value::{Value, ValueRef};
use std::cmp::Ordering;

pub enum FastAggregate {
    CountStar(i64),
    Count(i64),
    Sum(SumState),
    Total(SumState),
    Avg(SumState),
    /// NULL: no value yet.
    Min(Value),
    Max(Value),
    Boxed(Box<dyn Aggregate>),
}

/// A fresh state for one group.
pub fn start(def: &AggregateDef) -> FastAggregate {
    match def.name {
        // Told apart by the first row: without an argument every row counts.
        "count" => FastAggregate::Count(0),
        "sum" => FastAggregate::Sum(SumState::default()),
        "total" => FastAggregate::Total(SumState::default()),
        "avg" => FastAggregate::Avg(SumState::default()),
        "min" => FastAggregate::Min(Value::Null),
        "max" => FastAggregate::Max(Value::Null),
        _ => FastAggregate::Boxed((def.new)()),
    }
}

/// A fresh state for one group of a call with this many arguments.
pub fn start_call(def: &AggregateDef, args: usize) -> FastAggregate {
    match start(def) {
        FastAggregate::Count(_) if args == 0 => FastAggregate::CountStar(0),
        other => other,
    }
}

impl FastAggregate {
    /// Takes one row in. True if bare columns of the query are to be taken from this row (min and max alone say so:
    /// https://sqlite.org/lang_select.html#bareagg).
    #[inline]
    pub fn step(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<bool, FunctionError> {
        match self {
            FastAggregate::CountStar(n) => *n += 1,
            FastAggregate::Count(n) => *n += i64::from(args.first().is_none_or(|a| !a.is_null())),
            FastAggregate::Sum(s) | FastAggregate::Total(s) | FastAggregate::Avg(s) => s.step(args[0]),
            FastAggregate::Min(best) => {
                return Ok(extreme::step(best, args[0], Ordering::Less, call.collation));
            }
            FastAggregate::Max(best) => {
                return Ok(extreme::step(best, args[0], Ordering::Greater, call.collation));
            }
            FastAggregate::Boxed(state) => state.step(call, args)?,
        }
        Ok(false)
    }

    /// Takes one row of a single argument in, where nothing of the call is needed; false (and nothing done) elsewhere.
    #[inline]
    pub fn step_plain(&mut self, arg: ValueRef<'_>) -> bool {
        match self {
            FastAggregate::CountStar(n) => *n += 1,
            FastAggregate::Count(n) => *n += i64::from(!arg.is_null()),
            FastAggregate::Sum(s) | FastAggregate::Total(s) | FastAggregate::Avg(s) => s.step(arg),
            _ => return false,
        }
        true
    }

    /// Takes the oldest row of a sliding frame out. Min and max cannot: `AggregateDef::invertible` says so.
    pub fn inverse(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        match self {
            FastAggregate::CountStar(n) => *n -= 1,
            FastAggregate::Count(n) => *n -= i64::from(args.first().is_none_or(|a| !a.is_null())),
            FastAggregate::Sum(s) | FastAggregate::Total(s) | FastAggregate::Avg(s) => s.inverse(args[0]),
            FastAggregate::Min(_) | FastAggregate::Max(_) => return Err(extreme::no_inverse()),
            FastAggregate::Boxed(state) => state.inverse(call, args)?,
        }
        Ok(())
    }

    /// The result so far; the state stays usable.
    pub fn value<'a>(&mut self, call: &mut Call<'a, '_>) -> FunctionResult<'a> {
        Ok(match self {
            FastAggregate::CountStar(n) | FastAggregate::Count(n) => ValueRef::Integer(*n),
            FastAggregate::Sum(s) => s.sum()?,
            FastAggregate::Total(s) => s.total(),
            FastAggregate::Avg(s) => s.avg(),
            FastAggregate::Min(best) | FastAggregate::Max(best) => extreme::value(best, call),
            FastAggregate::Boxed(state) => state.value(call)?,
        })
    }
}
