//! Writing rows: INSERT, UPDATE, DELETE with their constraints, indexes, triggers and foreign keys.
//!
//! Row formats: a rowid table's record holds every column in order, the INTEGER PRIMARY KEY and virtual columns as
//! NULL. An index entry of such a table is the encoded terms and the rowid, without record. A WITHOUT ROWID
//! table's key is its encoded primary key and its record all columns; entries of its other indexes are the encoded terms
//! and the primary key's bytes, with the primary key's bytes as record.

mod delete;
mod fill;
mod foreign_key;
mod insert;
mod key;
mod load;
mod lower;
mod packing;
mod plain;
mod plain_insert;
mod row;
mod rowid;
mod target;
mod trigger;
mod update;
mod upsert;
mod watched;

use std::cell::{Cell, RefCell};

use heliosdb_udfs::value::Value;

use super::context::Context;
use super::subquery::SubqueryRun;
use crate::error::{Code, Error, Result};
use crate::plan::bound::{Conflict, RaiseAction};

pub use fill::fill_index;
pub use load::{constant, load_row};
pub use lower::{WriteProgram, lower, lower_trigger};
pub use packing::Packing;
pub use target::{TargetProgram, lower_target};

/// What a statement did.
#[derive(Default)]
pub struct Written {
    pub changes: i64,
    /// Rows of RETURNING.
    pub returned: Vec<Vec<Value>>,
}

/// One run of a writing statement, nested writes of its triggers and keys not included.
struct Run<'r> {
    cx: &'r Context<'r>,
    inputs: &'r [Value],
    written: &'r mut Written,
    /// The statement's OR clause, or that of the statement whose trigger it runs in.
    or: Option<Conflict>,
    /// The largest rowid given in an AUTOINCREMENT table.
    used: Option<i64>,
    /// Rows of this statement that violate an immediate foreign key, shared with nested writes.
    violations: &'r Cell<i64>,
    /// Subqueries of each ON CONFLICT clause.
    upserts: Vec<Vec<RefCell<SubqueryRun>>>,
    /// Those of RETURNING.
    returning: Vec<RefCell<SubqueryRun>>,
}

impl<'r> Run<'r> {
    fn new(
        cx: &'r Context<'r>,
        inputs: &'r [Value],
        or: Option<Conflict>,
        violations: &'r Cell<i64>,
        written: &'r mut Written,
    ) -> Run<'r> {
        Run { cx, inputs, written, or, used: None, violations, upserts: Vec::new(), returning: Vec::new() }
    }
}

/// Runs a statement to its end. What it did is noted in `written` as it goes.
pub fn execute(program: &WriteProgram, inputs: &[Value], written: &mut Written, cx: &Context<'_>) -> Result<()> {
    let violations = Cell::new(0);
    let result = execute_nested(program, inputs, None, &violations, written, cx);
    // What FAIL would keep is looked at, too.
    let keeps = result.as_ref().err().is_none_or(|e| e.raise == Some(RaiseAction::Fail));
    if keeps && violations.get() != 0 {
        return Err(Error::new(Code::CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed"));
    }
    result
}

/// `outer` is the conflict clause of the statement that fires the trigger: it beats the nested statement's own.
fn execute_nested(
    program: &WriteProgram,
    inputs: &[Value],
    outer: Option<Conflict>,
    violations: &Cell<i64>,
    written: &mut Written,
    cx: &Context<'_>,
) -> Result<()> {
    let (target, own) = match program {
        WriteProgram::Insert(insert) => (&insert.target, insert.or),
        WriteProgram::Update(update) => (&update.target, update.or),
        WriteProgram::Delete(delete) => (&delete.target, None),
    };
    // The turn to write comes before anything is read: keys that are free must be free until they are taken. The
    // statement's scans see the state before it.
    drop(cx.around.transaction(target.database)?);
    let or = outer.or(own);
    let mut run = Run::new(cx, inputs, or, violations, written);
    let result = match program {
        WriteProgram::Insert(insert) => run.insert(insert),
        WriteProgram::Update(update) => run.update(update),
        WriteProgram::Delete(delete) => run.delete(delete),
    };
    if result.is_err() && cx.around.trigger_depth().get() > 0 {
        // Of what fails within a trigger nothing is counted.
        cx.around.count_nested_changes(-run.written.changes);
    }
    result
}
