//! The one row that a SELECT over a table finds by its rowid, without the loops that `select` runs.

use std::cell::Cell;

use bumpalo::Bump;
use heliosdb_udfs::value::Value;

use super::context::Context;
use super::eval::{Env, truth};
use super::level::{Level, Rows};
use super::program::{Access, Body, QueryProgram, SeekTerm, SelectProgram, SourceProgram};
use super::scan::{Keys, keys};
use crate::error::Result;

/// The SELECT of a program that finds its row by one rowid, and asks no subqueries.
#[inline]
pub fn select_of(program: &QueryProgram) -> Option<&SelectProgram> {
    let Body::Select(select) = &program.body else { return None };
    let [level] = &select.levels[..] else { return None };
    let SourceProgram::Table { access: Access::Rowids { keys: SeekTerm::Equal(_), .. }, .. } = &level.source else {
        return None;
    };
    let as_found = select.aggregation.is_none()
        && select.windows.is_none()
        && select.distinct.is_none()
        && select.sort.is_none()
        && program.limit.is_none()
        && program.offset.is_none();
    let alone = level.is_plain() && select.precondition.is_empty() && select.subqueries.is_empty();
    (as_found && alone).then_some(select.as_ref())
}

/// The row, if there is one that passes the conditions. `read` puts what a rowid has into `record`, which becomes the
/// level's; false if it has nothing.
#[inline]
pub fn find(
    select: &SelectProgram,
    inputs: &[Value],
    arena: &Bump,
    cx: &Context<'_>,
    record: &mut Vec<u8>,
    read: impl FnOnce(i64, &mut Vec<u8>) -> Result<bool>,
) -> Result<Option<[Level; 1]>> {
    let [level] = &select.levels[..] else { return Ok(None) };
    let json = Cell::new(false);
    let Keys::Rowid(rowid) = keys(&level.source, &Env::over(&[], inputs, arena, &json, cx), Vec::new())? else {
        return Ok(None);
    };
    if !read(rowid, record)? {
        return Ok(None);
    }
    let record = std::mem::take(record);
    let row = [Level { rows: Rows::Single { record, rowid: Some(rowid) }, ..Level::default() }];
    if !level.filters.is_empty() {
        let env = Env::over(&row, inputs, arena, &json, cx);
        for filter in &level.filters {
            if truth(filter, &env)? != Some(true) {
                return Ok(None);
            }
        }
    }
    Ok(Some(row))
}
