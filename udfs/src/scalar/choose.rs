//! Functions that yield one of their arguments: coalesce, ifnull, iif, if, nullif, likely, unlikely, likelihood.
//!
//! Their results keep the JSON subtype of no argument: SQLite computes some of them inline, where it survives.

use super::row;
use crate::signature::{Call, Flags, FunctionResult, Scalar};
use crate::value::compare::compare;
use crate::value::{ValueRef, cast};
use std::cmp::Ordering;

const PURE: Flags = Flags::DETERMINISTIC;

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

fn coalesce<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(args.iter().copied().find(|v| !v.is_null()).unwrap_or(ValueRef::Null))
}

fn iif<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    for pair in args.chunks(2) {
        match *pair {
            [condition, value] if cast::truth(condition) == Some(true) => return Ok(value),
            [otherwise] => return Ok(otherwise),
            _ => {}
        }
    }
    Ok(ValueRef::Null)
}

fn first<'a>(_: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(args[0])
}

fn nullif<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    match compare(args[0], args[1], call.collation) {
        Ordering::Equal => Ok(ValueRef::Null),
        _ => Ok(args[0]),
    }
}
