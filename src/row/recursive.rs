//! Common table expressions that are computed once and kept, recursive ones included
//! (https://sqlite.org/lang_with.html).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_udfs::value::{Collation, Value, ValueRef, affinity};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::context::Context;
use super::eval::{Env, Near, eval, truth};
use super::level::{Kept, Level, Rows};
use super::node::Node;
use super::program::{Body, CteBody, CteProgram, QueryProgram, SortTerm, SourceProgram};
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
            return Ok(known_rows(id, &run.inputs, cx).unwrap_or_else(|| Arc::new(run.take_rows())));
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

/// Rows waiting to be taken out, as packed records.
#[derive(Default)]
struct Queue {
    /// Without ORDER BY first-in first-out: all rows there have been, of which the first `taken` have been taken out.
    rows: Kept,
    taken: usize,
    /// With ORDER BY: in that order.
    sorted: VecDeque<Vec<u8>>,
    seen: FxHashSet<Box<[u8]>>,
    key: Vec<u8>,
}

impl Queue {
    /// Takes all rows of a run in.
    fn take_in(
        &mut self,
        run: &mut QueryRun,
        sort: &[SortTerm],
        distinct: Option<&[Collation]>,
        cx: &Context<'_>,
    ) -> Result<()> {
        while run.next(cx)? {
            self.push((0..run.width()).map(|i| run.column(i)), sort, distinct);
        }
        Ok(())
    }

    /// Takes a row in.
    fn push<'v>(
        &mut self,
        values: impl Iterator<Item = ValueRef<'v>> + Clone,
        sort: &[SortTerm],
        distinct: Option<&[Collation]>,
    ) {
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
        if sort.is_empty() {
            self.rows.push(values);
            return;
        }
        let mut row = Vec::with_capacity(32);
        record::encode(&mut row, values);
        let at = self.sorted.partition_point(|other| {
            sort.iter()
                .map(|t| {
                    let (a, b) = (field(other, t.column), field(&row, t.column));
                    sort_order(a, b, &t.collation, t.descending, t.nulls_first)
                })
                .find(|o| o.is_ne())
                .is_none_or(|o| o.is_lt())
        });
        self.sorted.insert(at, row);
    }

    /// Takes the next row out; false if there is none.
    fn pop(&mut self, row: &mut Vec<u8>) -> bool {
        if let Some(first) = self.sorted.pop_front() {
            self.rows.push_record(&first);
            *row = first;
        } else if self.taken < self.rows.len() {
            row.clear();
            row.extend_from_slice(self.rows.get(self.taken));
        } else {
            return false;
        }
        self.taken += 1;
        true
    }
}

fn field(row: &[u8], i: usize) -> ValueRef<'_> {
    record::column(row, i).unwrap_or(ValueRef::Null)
}

/// A recursive part.
enum Step {
    Run(QueryRun),
    /// One that makes at most one row of each.
    Map(Box<Map>),
}

/// A recursive part that reads nothing but the row taken out.
struct Map {
    program: Arc<QueryProgram>,
    row: [Level; 1],
    arena: Bump,
}

impl Map {
    fn of(program: &Arc<QueryProgram>, id: u32) -> Option<Map> {
        let Body::Select(select) = &program.body else { return None };
        let [level] = &select.levels[..] else { return None };
        let own = matches!(level.source, SourceProgram::RecursiveRow { id: own } if own == id);
        let is_bare = select.aggregation.is_none()
            && select.windows.is_none()
            && select.distinct.is_none()
            && select.sort.is_none()
            && select.precondition.is_empty()
            && select.subqueries.is_empty()
            && program.limit.is_none()
            && program.offset.is_none();
        if !own || !is_bare || !level.is_plain() {
            return None;
        }
        let row = [Level { rows: Rows::Single { record: Vec::new(), rowid: None }, ..Level::default() }];
        Some(Map { program: program.clone(), row, arena: Bump::new() })
    }

    /// Gives what it makes of a row to `take`.
    fn run(
        &mut self,
        row: &[u8],
        inputs: &[Value],
        cx: &Context<'_>,
        take: impl FnOnce(&[ValueRef<'_>]),
    ) -> Result<()> {
        let Body::Select(select) = &self.program.body else { return Ok(()) };
        if let Rows::Single { record, .. } = &mut self.row[0].rows {
            record.clear();
            record.extend_from_slice(row);
        }
        self.arena.reset();
        let json = Cell::new(false);
        let env = Env {
            cx,
            levels: &self.row,
            near: Near::of(&self.row, 0),
            inputs,
            slots: &[],
            subqueries: &[],
            runs: &[],
            arena: &self.arena,
            json: &json,
        };
        for filter in &select.levels[0].filters {
            if truth(filter, &env)? != Some(true) {
                return Ok(());
            }
        }
        let mut values: SmallVec<[ValueRef<'_>; 8]> = SmallVec::new();
        for node in &select.output {
            values.push(eval(node, &env)?);
        }
        take(&values);
        Ok(())
    }
}

/// A recursive table that yields its rows one after the other: a query that takes no more of them ends it, however
/// many would follow.
pub struct RecursiveRun {
    cte: Arc<CteProgram>,
    id: u32,
    inputs: Vec<Value>,
    queue: Queue,
    started: bool,
    /// The row taken out last, and whether its successors are not in the queue yet.
    row: Vec<u8>,
    follows: bool,
    steps: Vec<Step>,
    left: Option<i64>,
    /// How many rows are passed over at first.
    skip: usize,
    ticks: u32,
}

/// Rows between two calls of `tick`.
const TICK_ROWS: u32 = 64;

impl RecursiveRun {
    pub fn new(cte: Arc<CteProgram>, id: u32, inputs: Vec<Value>) -> RecursiveRun {
        RecursiveRun {
            cte,
            id,
            inputs,
            queue: Queue::default(),
            started: false,
            row: Vec::new(),
            follows: false,
            steps: Vec::new(),
            left: None,
            skip: 0,
            ticks: 0,
        }
    }

    /// The packed record of the row yielded last.
    pub fn record(&self) -> &[u8] {
        &self.row
    }

    /// The position of the row yielded last.
    pub fn position(&self) -> i64 {
        self.queue.taken as i64 - self.skip as i64 - 1
    }

    /// Moves to the next row. At the end the rows become those of the table for the rest of the statement.
    pub fn next(&mut self, cx: &Context<'_>) -> Result<bool> {
        if !self.started {
            self.start(cx)?;
        }
        while self.left != Some(0) {
            if std::mem::take(&mut self.follows) {
                self.follow(cx)?;
            }
            if !self.queue.pop(&mut self.row) {
                break;
            }
            self.follows = true;
            self.ticks += 1;
            if self.ticks >= TICK_ROWS {
                self.ticks = 0;
                cx.around.tick()?;
            }
            if self.queue.taken > self.skip {
                self.left = self.left.map(|n| n - 1);
                return Ok(true);
            }
        }
        if self.inputs.is_empty() {
            let rows = Arc::new(self.take_rows());
            cx.shared.common.borrow_mut().entry(self.id).or_insert(rows);
        }
        Ok(false)
    }

    #[inline(never)]
    fn start(&mut self, cx: &Context<'_>) -> Result<()> {
        let cte = self.cte.clone();
        let CteBody::Recursive { seed, steps, limit, offset, sort, distinct } = &cte.body else {
            return Err(Error::internal("not a recursive table"));
        };
        self.started = true;
        self.left = number(limit.as_ref(), &self.inputs, cx)?.filter(|n| *n >= 0);
        let skip = number(offset.as_ref(), &self.inputs, cx)?.unwrap_or(0).max(0);
        self.skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut seed = QueryRun::new(seed.clone(), self.inputs.clone());
        self.queue.take_in(&mut seed, sort, distinct.as_deref(), cx)?;
        let step = |step: &Arc<QueryProgram>| match Map::of(step, self.id) {
            Some(map) => Step::Map(Box::new(map)),
            None => Step::Run(QueryRun::new(step.clone(), Vec::new())),
        };
        self.steps = steps.iter().map(step).collect();
        Ok(())
    }

    /// The rows that were yielded.
    fn take_rows(&mut self) -> Kept {
        let rows = std::mem::take(&mut self.queue.rows);
        if self.skip == 0 && self.queue.taken == rows.len() {
            return rows;
        }
        let mut yielded = Kept::default();
        (self.skip..self.queue.taken).for_each(|i| yielded.push_record(rows.get(i)));
        yielded
    }

    /// Runs the recursive parts over the row taken out last.
    fn follow(&mut self, cx: &Context<'_>) -> Result<()> {
        let CteBody::Recursive { sort, distinct, .. } = &self.cte.body else {
            return Err(Error::internal("not a recursive table"));
        };
        let (queue, inputs) = (&mut self.queue, &self.inputs);
        for step in &mut self.steps {
            match step {
                Step::Map(map) => map.run(&self.row, inputs, cx, |values| {
                    queue.push(values.iter().copied(), sort, distinct.as_deref());
                })?,
                Step::Run(run) => {
                    run.restart_with(inputs);
                    cx.shared.recursive.borrow_mut().push((self.id, std::mem::take(&mut self.row)));
                    let result = queue.take_in(run, sort, distinct.as_deref(), cx);
                    if let Some((_, row)) = cx.shared.recursive.borrow_mut().pop() {
                        self.row = row;
                    }
                    result?;
                }
            }
        }
        Ok(())
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
