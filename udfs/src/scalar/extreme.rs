//! min() and max() of several arguments.

use super::row;
use crate::signature::{Call, Flags, FunctionResult, Scalar};
use crate::value::ValueRef;
use crate::value::compare::compare;
use std::cmp::Ordering;

const FLAGS: Flags = Flags::DETERMINISTIC.or(Flags::COLLATION);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("max", 2, None, FLAGS, max, "max(X,Y,...)", "The greatest argument, or NULL if one is NULL."),
    row("min", 2, None, FLAGS, min, "min(X,Y,...)", "The least argument, or NULL if one is NULL."),
];

/// The first of equals stays.
fn extreme<'a>(call: &Call<'a, '_>, args: &[ValueRef<'a>], better: Ordering) -> FunctionResult<'a> {
    let mut best = args[0];
    if args.iter().any(|v| v.is_null()) {
        return Ok(ValueRef::Null);
    }
    for &v in &args[1..] {
        if compare(v, best, call.collation) == better {
            best = v;
        }
    }
    Ok(best)
}

fn max<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    extreme(call, args, Ordering::Greater)
}

fn min<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    extreme(call, args, Ordering::Less)
}
