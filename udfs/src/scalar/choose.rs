//! Functions that yield one of their arguments: coalesce, ifnull, iif, if, nullif, likely, unlikely, likelihood.
//!
//! The result keeps the JSON subtype of the argument it is.

use super::row;
use crate::signature::{Call, Flags, FunctionResult, Scalar};
use crate::value::compare::compare;
use crate::value::{ValueRef, cast};
use std::cmp::Ordering;

const PURE: Flags = Flags::DETERMINISTIC.or(Flags::TAKES_SUBTYPE);

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("coalesce", 2, None, PURE, coalesce, "coalesce(X,Y,...)", "The first argument that is not NULL."),
    row("if", 2, None, PURE, iif, "if(B1,V1,...[,E])", "Another name of iif()."),
    row("ifnull", 2, Some(2), PURE, coalesce, "ifnull(X,Y)", "X, or Y where X is NULL."),
    row("iif", 2, None, PURE, iif, "iif(B1,V1,...[,E])", "The V behind the first B that is true, else E or NULL."),
    row("likelihood", 2, Some(2), PURE, first, "likelihood(X,P)", "X; a hint that X is true with probability P."),
    row("likely", 1, Some(1), PURE, first, "likely(X)", "X; a hint that X is usually true."),
    row("nullif", 2, Some(2), PURE.or(Flags::COLLATION), nullif, "nullif(X,Y)", "X, or NULL where X equals Y."),
    row("unlikely", 1, Some(1), PURE, first, "unlikely(X)", "X; a hint that X is usually false."),
];

/// The argument as result.
pub(super) fn argument<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>], i: usize) -> FunctionResult<'a> {
    call.json_result = call.is_json(i);
    Ok(args[i])
}

fn coalesce<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    match args.iter().position(|v| !v.is_null()) {
        Some(i) => argument(call, args, i),
        None => Ok(ValueRef::Null),
    }
}

fn iif<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    for i in (0..args.len()).step_by(2) {
        if i + 1 == args.len() {
            return argument(call, args, i);
        }
        if cast::truth(args[i]) == Some(true) {
            return argument(call, args, i + 1);
        }
    }
    Ok(ValueRef::Null)
}

fn first<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    argument(call, args, 0)
}

fn nullif<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    match compare(args[0], args[1], call.collation) {
        Ordering::Equal => Ok(ValueRef::Null),
        _ => argument(call, args, 0),
    }
}
