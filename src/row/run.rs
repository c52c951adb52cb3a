//! Running queries and their subqueries: a query program with its inputs and its place.
//!
//! A run yields one row per [`QueryRun::next`] and can stop for good after any of them.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_udfs::value::{Collation, Value, ValueRef};

use super::compound;
use super::context::Context;
use super::eval::{Env, Near, eval, prepare};
use super::level::{Kept, Level, Rows};
use super::program::{Body, Lookup, QueryProgram};
use super::scan::{HashTable, encode};
use super::select::SelectRun;
use super::sort::Sorted;
use super::subquery::SubqueryRun;
use crate::env::stack::with_room;
use crate::error::{Error, Result};
use crate::plan::bound::CompoundOp;
use crate::store::{RowCursor, record};

pub struct QueryRun {
    program: Arc<QueryProgram>,
    inputs: Vec<Value>,
    state: State,
    /// The SELECT's run, kept for its room while it is not running.
    select: Option<Box<SelectRun>>,
    /// Rows still to pass over and still to yield.
    skip: i64,
    left: Option<i64>,
    /// The caller takes no more rows than this.
    wanted: Option<i64>,
}

enum State {
    Start,
    Select,
    /// VALUES: the next row, and the current row.
    Values {
        next: usize,
        row: Vec<Value>,
        subqueries: Vec<RefCell<SubqueryRun>>,
    },
    /// UNION ALL without a sort: one part after the other.
    Chain {
        part: usize,
        run: Box<QueryRun>,
    },
    /// Parts that come in order, side by side.
    Merge(Box<compound::Merging>),
    /// Rows computed beforehand.
    Rows(Sorted),
    Done,
}

impl QueryRun {
    pub fn new(program: Arc<QueryProgram>, inputs: Vec<Value>) -> QueryRun {
        QueryRun { program, inputs, state: State::Start, select: None, skip: 0, left: None, wanted: None }
    }

    /// A part of a compound of which so many rows are enough.
    pub fn wanting(self, wanted: Option<i64>) -> QueryRun {
        QueryRun { wanted, ..self }
    }

    /// Begins anew with other inputs, reusing what can be reused.
    pub fn restart(&mut self, inputs: Vec<Value>) {
        self.inputs = inputs;
        self.state = State::Start;
    }

    /// As [`QueryRun::restart`] with a copy of the inputs.
    pub fn restart_with(&mut self, inputs: &[Value]) {
        self.inputs.clear();
        self.inputs.extend_from_slice(inputs);
        self.state = State::Start;
    }

    /// Begins anew with the inputs that it has.
    pub fn restart_alike(&mut self) {
        self.state = State::Start;
    }

    /// Sets an input, for which those before it have been set; whether it is what it was, by class and bytes: then the run
    /// gives the same rows.
    pub fn set_input(&mut self, i: usize, value: ValueRef<'_>) -> bool {
        let Some(input) = self.inputs.get_mut(i) else {
            self.inputs.push(value.to_owned());
            return false;
        };
        let same = match (&*input, value) {
            (Value::Null, ValueRef::Null) => true,
            (Value::Integer(x), ValueRef::Integer(y)) => *x == y,
            (Value::Real(x), ValueRef::Real(y)) => x.to_bits() == y.to_bits(),
            (Value::Text(x), ValueRef::Text(y)) | (Value::Blob(x), ValueRef::Blob(y)) => x[..] == *y,
            _ => false,
        };
        if !same {
            *input = value.to_owned();
        }
        same
    }

    /// Whether it is a run of this program.
    pub fn is_of(&self, program: &Arc<QueryProgram>) -> bool {
        Arc::ptr_eq(&self.program, program)
    }

    /// Ends it and lets go of all rows and cursors.
    pub fn rest(&mut self) {
        self.state = State::Done;
        self.inputs.clear();
        if let Some(run) = &mut self.select {
            run.rest();
        }
    }

    pub fn width(&self) -> usize {
        self.program.width
    }

    /// A value of the current row.
    #[inline]
    pub fn column(&self, i: usize) -> ValueRef<'_> {
        match &self.state {
            State::Select => match (&self.program.body, &self.select) {
                (Body::Select(select), Some(run)) => run.column(select, i),
                _ => ValueRef::Null,
            },
            State::Values { row, .. } => row[i].as_ref(),
            State::Chain { run, .. } => run.column(i),
            State::Merge(merging) => merging.column(i),
            State::Rows(rows) => record::column(rows.record(), i).unwrap_or(ValueRef::Null),
            State::Start | State::Done => ValueRef::Null,
        }
    }

    /// The rowid and the record of the row that a SELECT over one table stands at.
    pub fn table_row(&self) -> Option<(i64, &[u8])> {
        let (State::Select, Some(run)) = (&self.state, &self.select) else { return None };
        match run.levels() {
            [level] => match level.rowid() {
                ValueRef::Integer(rowid) => Some((rowid, level.record())),
                _ => None,
            },
            _ => None,
        }
    }

    /// Moves to the next row; false at the end, and from then on.
    pub fn next(&mut self, cx: &Context<'_>) -> Result<bool> {
        with_room(|| self.next_inside(cx))
    }

    /// As [`QueryRun::next`] for a part of a compound, which has no LIMIT.
    #[inline]
    pub fn next_of_part(&mut self, cx: &Context<'_>) -> Result<bool> {
        match (&self.state, &self.program.body, &mut self.select) {
            (State::Select, Body::Select(select), Some(run)) => run.next(select, &self.inputs, cx),
            _ => self.next(cx),
        }
    }

    fn next_inside(&mut self, cx: &Context<'_>) -> Result<bool> {
        if matches!(self.state, State::Start) {
            self.start(cx)?;
        }
        loop {
            if self.left == Some(0) || !self.step(cx)? {
                self.state = State::Done;
                return Ok(false);
            }
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if let Some(left) = &mut self.left {
                *left -= 1;
            }
            return Ok(true);
        }
    }

    // Apart from what each row takes.
    #[inline(never)]
    fn start(&mut self, cx: &Context<'_>) -> Result<()> {
        (self.skip, self.left) = (0, None);
        if self.program.limit.is_some() || self.program.offset.is_some() {
            self.limits(cx)?;
        }
        if self.left == Some(0) {
            self.state = State::Done;
            return Ok(());
        }
        let program = &*self.program;
        self.state = match &program.body {
            Body::Select(select) => {
                let wanted = self.left.map(|l| l.saturating_add(self.skip)).or(self.wanted);
                match &mut self.select {
                    Some(run) => run.restart(wanted),
                    none => *none = Some(Box::new(SelectRun::new(select, wanted))),
                }
                State::Select
            }
            Body::Values(_) => {
                State::Values { next: 0, row: Vec::new(), subqueries: SubqueryRun::all(&program.subqueries) }
            }
            Body::Compound { first, arms, merge: Some(merge), .. } => {
                let wanted = self.left.map(|l| l.saturating_add(self.skip)).filter(|_| !merge.distinct);
                State::Merge(Box::new(compound::Merging::new(first, arms, &self.inputs, wanted)))
            }
            Body::Compound { first, arms, .. }
                if program.sort.is_none() && arms.iter().all(|(op, _)| *op == CompoundOp::UnionAll) =>
            {
                State::Chain { part: 0, run: Box::new(QueryRun::new(first.clone(), self.inputs.clone())) }
            }
            Body::Compound { first, arms, collations, .. } => {
                State::Rows(compound::rows(first, arms, collations, program.sort.as_deref(), &self.inputs, cx)?)
            }
        };
        Ok(())
    }

    /// Evaluates LIMIT and OFFSET.
    fn limits(&mut self, cx: &Context<'_>) -> Result<()> {
        let program = self.program.clone();
        let arena = Bump::new();
        let json = Cell::new(false);
        let runs = SubqueryRun::all(&program.subqueries);
        let env = Env {
            cx,
            levels: &[],
            near: Near::NONE,
            inputs: &self.inputs,
            slots: &[],
            subqueries: &program.subqueries,
            runs: &runs,
            arena: &arena,
            json: &json,
        };
        let number = |node: &super::node::Node| -> Result<i64> {
            match heliosdb_udfs::value::affinity::to_rowid(eval(node, &env)?, env.arena) {
                ValueRef::Integer(i) => Ok(i),
                _ => Err(Error::mismatch()),
            }
        };
        if let Some(limit) = &program.limit {
            let n = number(limit)?;
            self.left = (n >= 0).then_some(n);
        }
        // Where no row is wanted, SQLite does not come to the offset.
        if let Some(offset) = &program.offset
            && self.left != Some(0)
        {
            self.skip = number(offset)?.max(0);
        }
        Ok(())
    }

    fn step(&mut self, cx: &Context<'_>) -> Result<bool> {
        match &mut self.state {
            State::Done | State::Start => Ok(false),
            State::Select => {
                let (Body::Select(select), Some(run)) = (&self.program.body, &mut self.select) else {
                    return Ok(false);
                };
                run.next(select, &self.inputs, cx)
            }
            State::Values { .. } => self.next_values(cx),
            State::Chain { part, run } => loop {
                if run.next_of_part(cx)? {
                    return Ok(true);
                }
                let Body::Compound { arms, .. } = &self.program.body else { return Ok(false) };
                let Some((_, arm)) = arms.get(*part) else { return Ok(false) };
                *part += 1;
                **run = QueryRun::new(arm.clone(), self.inputs.clone());
            },
            State::Merge(merging) => {
                let Body::Compound { merge: Some(merge), .. } = &self.program.body else { return Ok(false) };
                merging.next(merge, cx)
            }
            State::Rows(rows) => Ok(rows.advance()),
        }
    }

    /// The next row of VALUES.
    #[inline(never)]
    fn next_values(&mut self, cx: &Context<'_>) -> Result<bool> {
        let (State::Values { next, row, subqueries }, Body::Values(rows)) = (&mut self.state, &self.program.body)
        else {
            return Ok(false);
        };
        let Some(nodes) = rows.get(*next) else { return Ok(false) };
        *next += 1;
        let arena = Bump::new();
        let json = Cell::new(false);
        let env = Env {
            cx,
            levels: &[],
            near: Near::NONE,
            inputs: &self.inputs,
            slots: &[],
            subqueries: &self.program.subqueries,
            runs: subqueries,
            arena: &arena,
            json: &json,
        };
        row.clear();
        for node in nodes {
            row.push(eval(node, &env)?.to_owned());
        }
        Ok(true)
    }
}

/// The key of a whole row; rows that SQLite takes for the same have the same key.
pub fn row_key<'v>(values: impl IntoIterator<Item = ValueRef<'v>>, collations: &[Collation]) -> Vec<u8> {
    let mut key = Vec::new();
    for (v, collation) in values.into_iter().zip(collations) {
        encode(v, collation, false, &mut key);
    }
    key
}

/// Compares two values under a sort term.
pub fn sort_order(
    a: ValueRef<'_>,
    b: ValueRef<'_>,
    collation: &Collation,
    descending: bool,
    nulls_first: bool,
) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if nulls_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => {
            let o = heliosdb_udfs::value::compare::compare(a, b, collation);
            if descending { o.reverse() } else { o }
        }
    }
}

/// The hash table of kept rows over a lookup's fields. Fields are expressions over the one level that holds
/// the row.
pub fn hash_rows(rows: &Arc<Kept>, lookup: &Lookup, cx: &Context<'_>) -> Result<HashTable> {
    let mut table = HashTable::default();
    let mut level = [Level { rows: Rows::Kept { rows: rows.clone(), at: 0, matches: None }, ..Level::default() }];
    let (mut arena, mut key) = (Bump::new(), Vec::new());
    for i in 0..rows.len() {
        arena.reset();
        if let Rows::Kept { at, .. } = &mut level[0].rows {
            *at = i;
        }
        if lookup_key(&level, lookup, &arena, &mut key, cx)? {
            table.insert(&key, i as i64);
        }
    }
    table.link();
    if !lookup.rest.is_empty() {
        table.sort_by_rest(|position| {
            if let Rows::Kept { at, .. } = &mut level[0].rows {
                *at = position as usize;
            }
            rest_key(&level, lookup, cx)
        })?;
    }
    Ok(table)
}

/// The same over the rows of a table, by rowid.
pub fn hash_table_rows(mut cursor: RowCursor, lookup: &Lookup, cx: &Context<'_>) -> Result<HashTable> {
    let mut table = HashTable::default();
    let (mut arena, mut key) = (Bump::new(), Vec::new());
    let mut more = cursor.first();
    let mut level = [Level { rows: Rows::Table(cursor), ..Level::default() }];
    while more {
        arena.reset();
        if lookup_key(&level, lookup, &arena, &mut key, cx)?
            && let ValueRef::Integer(rowid) = level[0].rowid()
        {
            table.insert(&key, rowid);
        }
        let Rows::Table(cursor) = &mut level[0].rows else { break };
        more = cursor.next();
    }
    table.link();
    if !lookup.rest.is_empty() {
        table.sort_by_rest(|rowid| {
            if let Rows::Table(cursor) = &mut level[0].rows {
                cursor.seek_ge(rowid);
            }
            rest_key(&level, lookup, cx)
        })?;
    }
    Ok(table)
}

/// What orders the current row among those with the same key.
fn rest_key(level: &[Level; 1], lookup: &Lookup, cx: &Context<'_>) -> Result<Vec<u8>> {
    let (json, arena) = (Cell::new(false), Bump::new());
    let env = Env {
        cx,
        levels: level,
        near: Near::of(level, 0),
        inputs: &[],
        slots: &[],
        subqueries: &[],
        runs: &[],
        arena: &arena,
        json: &json,
    };
    let mut key = Vec::new();
    for node in &lookup.rest {
        encode(eval(node, &env)?, &Collation::Binary, false, &mut key);
    }
    Ok(key)
}

/// Makes the key of the current row; false if a field is NULL, which equals nothing.
fn lookup_key(level: &[Level; 1], lookup: &Lookup, arena: &Bump, key: &mut Vec<u8>, cx: &Context<'_>) -> Result<bool> {
    let json = Cell::new(false);
    let env = Env {
        cx,
        levels: level,
        near: Near::of(level, 0),
        inputs: &[],
        slots: &[],
        subqueries: &[],
        runs: &[],
        arena,
        json: &json,
    };
    key.clear();
    for ((node, (aff, collation)), nulls) in lookup.fields.iter().zip(&lookup.by).zip(&lookup.nulls) {
        let v = prepare(eval(node, &env)?, *aff, arena);
        if v.is_null() && !nulls {
            return Ok(false);
        }
        encode(v, collation, false, key);
    }
    Ok(true)
}
