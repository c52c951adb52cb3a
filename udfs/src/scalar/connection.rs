//! Functions that ask the connection or the build.

use super::row;
use crate::signature::{Call, Flags, FunctionError, FunctionResult, SUBTYPE_JSON, Scalar};
use crate::value::ValueRef;
use crate::value::cast::{to_integer, to_text};
use crate::value::text::before_nul;

#[rustfmt::skip]
pub static TABLE: &[Scalar] = &[
    row("changes", 0, Some(0), Flags::STABLE, changes, "changes()", "Rows that the last completed INSERT, UPDATE or DELETE changed."),
    row("last_insert_rowid", 0, Some(0), Flags::STABLE, last_insert_rowid, "last_insert_rowid()", "The rowid of the last row inserted."),
    row("random", 0, Some(0), Flags::NONE, random, "random()", "A random integer of 64 bits."),
    row("load_extension", 1, Some(2), Flags::DIRECT_ONLY, load_extension, "load_extension(X[,Y])", "Loads the SQLite extension X by its entry function Y; NULL."),
    row("match", 2, Some(2), Flags::NONE, no_match, "match(Y,X)", "X MATCH Y: an error outside full-text searches; hosts may register another."),
    row("sqlite_compileoption_get", 1, Some(1), Flags::STABLE, compileoption_get, "sqlite_compileoption_get(N)", "The N-th compile-time option, or NULL."),
    row("sqlite_compileoption_used", 1, Some(1), Flags::STABLE, compileoption_used, "sqlite_compileoption_used(X)", "Whether X is one of the compile-time options."),
    row("sqlite_log", 2, Some(2), Flags::DIRECT_ONLY, sqlite_log, "sqlite_log(X,Y)", "NULL; there is no error log."),
    row("sqlite_source_id", 0, Some(0), Flags::STABLE, sqlite_source_id, "sqlite_source_id()", "Which source the library was built from."),
    row("sqlite_version", 0, Some(0), Flags::STABLE, sqlite_version, "sqlite_version()", "The release of SQLite that is followed."),
    row("subtype", 1, Some(1), Flags::DETERMINISTIC.or(Flags::TAKES_SUBTYPE), subtype, "subtype(X)", "74 for JSON from a JSON function, else 0."),
    row("total_changes", 0, Some(0), Flags::STABLE, total_changes, "total_changes()", "Rows changed since the connection was opened."),
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

fn load_extension<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let text = |value: ValueRef<'a>| match value {
        ValueRef::Null => None,
        value => Some(String::from_utf8_lossy(before_nul(to_text(value, call.arena)))),
    };
    let path = text(args[0]);
    let entry = args.get(1).and_then(|entry| text(*entry));
    call.host.load_extension(path.as_deref(), entry.as_deref()).map_err(FunctionError::new)?;
    Ok(ValueRef::Null)
}

fn no_match<'a>(_: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Err(FunctionError::new("unable to use function MATCH in the requested context"))
}

fn compileoption_get<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    let option = call.host.compile_option(to_integer(args[0]));
    Ok(option.map_or(ValueRef::Null, |o| ValueRef::Text(o.as_bytes())))
}

fn compileoption_used<'a>(call: &mut Call<'a, '_>, args: &[ValueRef<'a>]) -> FunctionResult<'a> {
    if args[0].is_null() {
        return Ok(ValueRef::Null);
    }
    let name = before_nul(to_text(args[0], call.arena));
    let used = std::str::from_utf8(name).is_ok_and(|name| call.host.is_compile_option(name));
    Ok(ValueRef::Integer(i64::from(used)))
}

fn sqlite_log<'a>(_: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Null)
}

fn sqlite_source_id<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Text(call.host.sqlite_source_id().as_bytes()))
}

fn sqlite_version<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Text(call.host.sqlite_version().as_bytes()))
}

fn subtype<'a>(call: &mut Call<'a, '_>, _: &[ValueRef<'a>]) -> FunctionResult<'a> {
    Ok(ValueRef::Integer(if call.is_json(0) { i64::from(SUBTYPE_JSON) } else { 0 }))
}
