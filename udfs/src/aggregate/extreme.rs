//! `min(X)` and `max(X)` as aggregates.
//!
//! Of equal values (1 and 1.0, or texts equal under the collation) the first stays. NULLs are ignored. `step`
//! tells whether bare columns of the query are to be taken from this row: when it became the extreme, and also while
//! only NULLs have come.
//!
//! Source: https://sqlite.org/lang_aggfunc.html#max_agg, https://sqlite.org/lang_select.html#bareagg

use crate::signature::{Aggregate, Call, FunctionError, FunctionResult};
use crate::value::collation::Collation;
use crate::value::compare::compare;
use crate::value::{Value, ValueRef};
use std::cmp::Ordering;

/// Takes `arg` into `best` (NULL: nothing yet) if it is beyond it in the direction `wanted`; true if the row is to supply
/// the bare columns.
#[inline]
pub fn step(best: &mut Value, arg: ValueRef<'_>, wanted: Ordering, collation: &Collation) -> bool {
    if arg.is_null() {
        return matches!(best, Value::Null);
    }
    let better = match (&*best, arg) {
        (Value::Null, _) => true,
        (Value::Integer(b), ValueRef::Integer(a)) => a.cmp(b) == wanted,
        _ => compare(arg, best.as_ref(), collation) == wanted,
    };
    if better {
        assign(best, arg);
    }
    better
}

/// Owns the value, in the old value's memory if it has the same length.
#[inline]
fn assign(best: &mut Value, arg: ValueRef<'_>) {
    match (best, arg) {
        (Value::Text(old), ValueRef::Text(new)) | (Value::Blob(old), ValueRef::Blob(new)) if old.len() == new.len() => {
            old.copy_from_slice(new);
        }
        (best, arg) => *best = arg.to_owned(),
    }
}

/// The value in the arena.
pub fn value<'a>(best: &Value, call: &Call<'a, '_>) -> ValueRef<'a> {
    match best {
        Value::Null => ValueRef::Null,
        Value::Integer(i) => ValueRef::Integer(*i),
        Value::Real(r) => ValueRef::Real(*r),
        Value::Text(t) => call.text(t),
        Value::Blob(b) => call.blob(b),
    }
}

pub fn no_inverse() -> FunctionError {
    FunctionError::new("min() and max() have no inverse")
}

struct Extreme {
    best: Value,
    wanted: Ordering,
}

pub fn new_min() -> Box<dyn Aggregate> {
    Box::new(Extreme { best: Value::Null, wanted: Ordering::Less })
}

pub fn new_max() -> Box<dyn Aggregate> {
    Box::new(Extreme { best: Value::Null, wanted: Ordering::Greater })
}

impl Aggregate for Extreme {
    fn step(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        step(&mut self.best, args[0], self.wanted, call.collation);
        Ok(())
    }

    /// Not invertible: [`crate::window::extreme`] keeps the extreme of a sliding frame.
    fn inverse(&mut self, _: &mut Call<'_, '_>, _: &[ValueRef<'_>]) -> Result<(), FunctionError> {
        Err(no_inverse())
    }

    fn value<'a>(&mut self, call: &mut Call<'a, '_>) -> FunctionResult<'a> {
        Ok(value(&self.best, call))
    }
}
