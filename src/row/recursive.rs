//! Common table expressions that are computed once and kept, recursive ones included
//! (https://sqlite.org/lang_with.html).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_udfs::value::{Collation, Value, ValueRef, affinity};
use rustc_hash::FxHashSet;

use super::context::Context;
use super::eval::{Env, Near, eval};
use super::level::Kept;
use super::node::Node;
use super::program::{CteBody, CteProgram, SortTerm};
use super::run::{QueryRun, sort_order};
use super::scan::encode;
use crate::error::{Error, Result};
use crate::store::record;

/// The rows of a common table that are already there.
pub fn known_rows(id: u32, inputs: &[Value], cx: &Context<'_>) -> Option<Arc<Kept>> {
    if inputs.is_empty() { cx.shared.common.borrow().get(&id).cloned() } else { None }
}

/// The rows of a common table, from the statement's shared state if they are there.
pub fn rows_of(cte: &Arc<CteProgram>, id: u32, inputs: Vec<Value>, cx: &Context<'_>) -> Result<Arc<Kept>> {
    if let Some(rows) = known_rows(id, &inputs, cx) {
        return Ok(rows);
    }
    let query = match &cte.body {
        CteBody::Plain(query) => query.clone(),
        CteBody::Recursive { .. } => {
            let mut run = RecursiveRun::new(cte.clone(), id, inputs);
            while run.next(cx)? {}
            return Ok(known_rows(id, &run.inputs, cx).unwrap_or_else(|| Arc::new(run.kept)));
        }
    };
    let keep = inputs.is_empty();
    let mut kept = Kept::default();
    let mut run = QueryRun::new(query, inputs);
    while run.next(cx)? {
        kept.push((0..run.width()).map(|i| run.column(i)));
    }
    let kept = Arc::new(kept);
    if keep {
        cx.shared.common.borrow_mut().insert(id, kept.clone());
    }
    Ok(kept)
}

/// Rows waiting to be taken out, as packed records: first-in first-out, or by ORDER BY.
#[derive(Default)]
struct Queue {
    rows: VecDeque<Vec<u8>>,
    /// Room for the next row.
    spare: Option<Vec<u8>>,
    seen: FxHashSet<Box<[u8]>>,
    key: Vec<u8>,
}

impl Queue {
    /// Takes all rows of a run in.
    fn take_in(&mut self, run: &mut QueryRun, cte: &CteProgram, cx: &Context<'_>) -> Result<()> {
        let CteBody::Recursive { sort, distinct, .. } = &cte.body else {
            return Err(Error::internal("not a recursive table"));
        };
        while run.next(cx)? {
            self.push(run, sort, distinct.as_deref());
        }
        Ok(())
    }

    /// Takes the current row of a run in.
    fn push(&mut self, run: &QueryRun, sort: &[SortTerm], distinct: Option<&[Collation]>) {
        let values = (0..run.width()).map(|i| run.column(i));
        if let Some(collations) = distinct {
            self.key.clear();
            for (v, collation) in values.clone().zip(collations) {
                encode(v, collation, false, &mut self.key);
            }
            if self.seen.contains(self.key.as_slice()) {
                return;
            }
            self.seen.insert(self.key.as_slice().into());
        }
        let mut row = self.spare.take().unwrap_or_else(|| Vec::with_capacity(32));
        row.clear();
        record::encode(&mut row, values);
        if sort.is_empty() {
            self.rows.push_back(row);
            return;
        }
        let at = self.rows.partition_point(|other| {
            sort.iter()
                .map(|t| {
                    let (a, b) = (field(other, t.column), field(&row, t.column));
                    sort_order(a, b, &t.collation, t.descending, t.nulls_first)
                })
                .find(|o| o.is_ne())
                .is_none_or(|o| o.is_lt())
        });
        self.rows.insert(at, row);
    }
}

fn field(row: &[u8], i: usize) -> ValueRef<'_> {
    record::column(row, i).unwrap_or(ValueRef::Null)
}

/// A recursive table that yields its rows one after the other: a query that takes no more of them ends it, however
/// many would follow.
pub struct RecursiveRun {
    cte: Arc<CteProgram>,
    id: u32,
    inputs: Vec<Value>,
    queue: Queue,
    started: bool,
    /// The row taken out last, whose successors are not in the queue yet.
    last: Option<Vec<u8>>,
    /// Runs of the recursive parts.
    steps: Vec<QueryRun>,
    left: Option<i64>,
    skip: i64,
    /// The rows yielded so far.
    kept: Kept,
}

impl RecursiveRun {
    pub fn new(cte: Arc<CteProgram>, id: u32, inputs: Vec<Value>) -> RecursiveRun {
        let (queue, kept) = (Queue::default(), Kept::default());
        RecursiveRun {
            cte,
            id,
            inputs,
            queue,
            started: false,
            last: None,
            steps: Vec::new(),
            left: None,
            skip: 0,
            kept,
        }
    }

    /// The packed record of the row yielded last.
    pub fn record(&self) -> &[u8] {
        match self.kept.len() {
            0 => &[],
            n => self.kept.get(n - 1),
        }
    }

    /// The position of the row yielded last.
    pub fn position(&self) -> i64 {
        self.kept.len() as i64 - 1
    }

    /// Moves to the next row. At the end the rows become those of the table for the rest of the statement.
    pub fn next(&mut self, cx: &Context<'_>) -> Result<bool> {
        let cte = self.cte.clone();
        let CteBody::Recursive { seed, steps, limit, offset, .. } = &cte.body else {
            return Err(Error::internal("not a recursive table"));
        };
        if !self.started {
            self.started = true;
            self.left = number(limit.as_ref(), &self.inputs, cx)?.filter(|n| *n >= 0);
            self.skip = number(offset.as_ref(), &self.inputs, cx)?.unwrap_or(0).max(0);
            let mut seed = QueryRun::new(seed.clone(), self.inputs.clone());
            self.queue.take_in(&mut seed, &cte, cx)?;
            self.steps = steps.iter().map(|step| QueryRun::new(step.clone(), Vec::new())).collect();
        }
        while self.left != Some(0) {
            if let Some(row) = self.last.take() {
                self.follow(row, &cte, cx)?;
            }
            let Some(row) = self.queue.rows.pop_front() else { break };
            cx.around.tick()?;
            let yielded = self.skip == 0;
            if yielded {
                self.kept.push_record(&row);
                self.left = self.left.map(|n| n - 1);
            } else {
                self.skip -= 1;
            }
            self.last = Some(row);
            if yielded {
                return Ok(true);
            }
        }
        if self.inputs.is_empty() {
            let rows = Arc::new(std::mem::take(&mut self.kept));
            cx.shared.common.borrow_mut().entry(self.id).or_insert(rows);
        }
        Ok(false)
    }

    /// Runs the recursive parts over one row.
    fn follow(&mut self, row: Vec<u8>, cte: &CteProgram, cx: &Context<'_>) -> Result<()> {
        cx.shared.recursive.borrow_mut().push((self.id, row));
        let mut steps = std::mem::take(&mut self.steps);
        let result = steps.iter_mut().try_for_each(|step| {
            step.restart_with(&self.inputs);
            self.queue.take_in(step, cte, cx)
        });
        self.steps = steps;
        self.queue.spare = cx.shared.recursive.borrow_mut().pop().map(|(_, row)| row);
        result
    }
}

fn number(node: Option<&Node>, inputs: &[Value], cx: &Context<'_>) -> Result<Option<i64>> {
    let Some(node) = node else { return Ok(None) };
    let arena = Bump::new();
    let json = Cell::new(false);
    let runs: [RefCell<super::subquery::SubqueryRun>; 0] = [];
    let env = Env {
        cx,
        levels: &[],
        near: Near::NONE,
        inputs,
        slots: &[],
        subqueries: &[],
        runs: &runs,
        arena: &arena,
        json: &json,
    };
    match affinity::to_rowid(eval(node, &env)?, &arena) {
        ValueRef::Integer(i) => Ok(Some(i)),
        _ => Err(Error::mismatch()),
    }
}
