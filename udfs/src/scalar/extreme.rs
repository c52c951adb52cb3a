//! min() and max() of several arguments.

use super::choose::argument;
use super::row;
use crate::signature::{Call, Flags, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::compare::compare;
use std::cmp::Ordering;

const FLAGS: Flags = Flags::DETERMINISTIC.or(Flags::COLLATION).or(Flags::TAKES_SUBTYPE);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("max", 2, None, FLAGS, max, "max(X,Y,...)", "The greatest argument, or NULL if one is NULL."),
    row("min", 2, None, FLAGS, min, "min(X,Y,...)", "The least argument, or NULL if one is NULL."),
];

fn extreme<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], better: fn(Ordering) -> bool) -> FunctionResult<'a> {
    if args.iter().any(|v| v.is_null()) {
        return Ok(ValueRef::Null);
    }
    let mut best = 0;
    for i in 1..args.len() {
        if better(compare(args[i], args[best], call.collation)) {
            best = i;
        }
    }
    argument(call, args, best)
}

/// The first of equals.
fn max<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    extreme(call, args, Ordering::is_gt)
}

/// The last of equals.
fn min<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    extreme(call, args, Ordering::is_le)
}
