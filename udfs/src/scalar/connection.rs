//! Functions that ask the connection or the build.

use super::row;
use crate::signature::{Call, Flags, FunctionResult, Scalar};
use crate::value::ValueRef;

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("changes", 0, Some(0), Flags::NONE, changes, "changes()", "Rows that the last completed INSERT, UPDATE or DELETE changed."),
    row("last_insert_rowid", 0, Some(0), Flags::NONE, last_insert_rowid, "last_insert_rowid()", "The rowid of the last row inserted."),
    row("random", 0, Some(0), Flags::NONE, random, "random()", "A random integer of 64 bits."),
    row("total_changes", 0, Some(0), Flags::NONE, total_changes, "total_changes()", "Rows changed since the connection was opened."),
];

fn changes<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Integer(call.host.changes()))
}

fn total_changes<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Integer(call.host.total_changes()))
}

fn last_insert_rowid<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Integer(call.host.last_insert_rowid()))
}

/// Never the least integer in SQLite, so that abs(random()) does not fail.
fn random<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let r = call.host.random();
    Ok(ValueRef::Integer(if r < 0 { -(r & i64::MAX) } else { r }))
}
