//! Window functions over kept rows: each call sorts the rows by its partition and order, and computes its slot
//! (https://sqlite.org/windowfunctions.html).
//!
//! Frames, peers and positions come from `udfs::window`; this module feeds them rows.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use bumpalo::Bump;
use heliosdb_udfs::signature::{Call, WindowKind};
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use heliosdb_udfs::window::{
    self, Bound, Exclude, FrameSide, FrameSpec, FrameUnit, Frames, Peers, RangeKey, Slide, Slider, SlidingExtreme,
    frame_offset, nth_position, ntile_buckets, offset_row,
};

use super::aggregate::{State, order};
use super::context::Context;
use super::eval::{Env, Near, eval, keep, truth};
use super::node::{Node, Subquery};
use super::program::{FrameEdge, WindowProgram, Windows};
use super::subquery::SubqueryRun;
use crate::error::{Error, Result};
use crate::plan::bound::{self, AggregateFunction, WindowFunction};

/// Rows with their window results in their slots.
pub struct Kept {
    rows: Vec<Vec<Value>>,
    at: usize,
}

impl Kept {
    /// Puts the next row into the slots.
    pub fn next(&mut self, slots: &mut [Value]) -> bool {
        let Some(row) = self.rows.get_mut(self.at) else { return false };
        self.at += 1;
        for (slot, value) in slots.iter_mut().zip(row) {
            *slot = std::mem::take(value);
        }
        true
    }
}

/// Evaluates expressions over kept rows.
struct Rows<'w> {
    subqueries: &'w [Subquery],
    runs: &'w [RefCell<SubqueryRun>],
    inputs: &'w [Value],
    cx: &'w Context<'w>,
}

impl Rows<'_> {
    fn with<T>(&self, row: &[Value], f: impl FnOnce(&Env<'_>) -> Result<T>) -> Result<T> {
        let arena = Bump::new();
        let json = Cell::new(false);
        let env = Env {
            cx: self.cx,
            levels: &[],
            near: Near::NONE,
            inputs: self.inputs,
            slots: row,
            subqueries: self.subqueries,
            runs: self.runs,
            arena: &arena,
            json: &json,
        };
        f(&env)
    }

    fn values(&self, nodes: &[Node], row: &[Value]) -> Result<Vec<Value>> {
        self.with(row, |env| nodes.iter().map(|n| Ok(eval(n, env)?.to_owned())).collect())
    }

    fn value(&self, node: &Node, row: &[Value]) -> Result<Value> {
        self.with(row, |env| Ok(eval(node, env)?.to_owned()))
    }
}

pub fn compute(
    windows: &Windows,
    mut rows: Vec<Vec<Value>>,
    subqueries: &[Subquery],
    runs: &[RefCell<SubqueryRun>],
    inputs: &[Value],
    cx: &Context<'_>,
) -> Result<Kept> {
    let access = Rows { subqueries, runs, inputs, cx };
    // The first call is the outermost: it sees the rows in the order that the others left, and has the last word.
    for call in windows.calls.iter().rev() {
        rows = one_call(call, rows, &access)?;
    }
    Ok(Kept { rows, at: 0 })
}

/// Whether two rows are equal in partition and order, where all calls have the same.
pub fn are_peers(
    windows: &Windows,
    a: &[Value],
    b: &[Value],
    subqueries: &[Subquery],
    runs: &[RefCell<SubqueryRun>],
    inputs: &[Value],
    cx: &Context<'_>,
) -> Result<bool> {
    let access = Rows { subqueries, runs, inputs, cx };
    let Some(call) = windows.calls.first() else { return Ok(true) };
    for (node, collation) in &call.partition_by {
        if super::scan::order(&access.value(node, a)?, &access.value(node, b)?, collation).is_ne() {
            return Ok(false);
        }
    }
    for term in &call.order_by {
        if super::scan::order(&access.value(&term.node, a)?, &access.value(&term.node, b)?, &term.collation).is_ne() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Sorts the rows for a call and fills its slot.
fn one_call(call: &WindowProgram, rows: Vec<Vec<Value>>, access: &Rows<'_>) -> Result<Vec<Vec<Value>>> {
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        let partition = access.with(&row, |env| {
            call.partition_by.iter().map(|(n, _)| Ok(eval(n, env)?.to_owned())).collect::<Result<Vec<_>>>()
        })?;
        let keys = access.with(&row, |env| {
            call.order_by.iter().map(|t| Ok(eval(&t.node, env)?.to_owned())).collect::<Result<Vec<_>>>()
        })?;
        keyed.push((partition, keys, row));
    }
    let same_partition = |a: &[Value], b: &[Value]| {
        a.iter()
            .zip(b)
            .zip(&call.partition_by)
            .map(|((x, y), (_, c))| super::scan::order(x, y, c))
            .find(|o| o.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    };
    keyed.sort_by(|a, b| same_partition(&a.0, &b.0).then_with(|| order(&call.order_by, &a.1, &b.1)));
    let mut start = 0;
    while start < keyed.len() {
        let end = keyed[start..]
            .iter()
            .position(|r| same_partition(&keyed[start].0, &r.0).is_ne())
            .map_or(keyed.len(), |i| start + i);
        let results = partition(call, &keyed[start..end], access)?;
        for (row, result) in keyed[start..end].iter_mut().zip(results) {
            row.2[call.slot as usize] = result;
        }
        start = end;
    }
    Ok(keyed.into_iter().map(|(_, _, row)| row).collect())
}

type Keyed = (Vec<Value>, Vec<Value>, Vec<Value>);

/// The results of a call for the rows of one partition.
fn partition(call: &WindowProgram, rows: &[Keyed], access: &Rows<'_>) -> Result<Vec<Value>> {
    let peers = if call.order_by.is_empty() {
        Peers::all(rows.len())
    } else {
        Peers::new(rows.len(), |i| order(&call.order_by, &rows[i - 1].1, &rows[i].1).is_eq())
    };
    let mut args = Vec::with_capacity(rows.len());
    for row in rows {
        args.push(access.values(&call.args, &row.2)?);
    }
    match &call.function {
        WindowFunction::Positional(kind) => positional(call, *kind, rows, &args, &peers, access),
        WindowFunction::Aggregate(function) => aggregate(call, function, rows, &args, &peers, access),
    }
}

fn spec(call: &WindowProgram, row: &[Value], access: &Rows<'_>) -> Result<FrameSpec> {
    let unit = match call.unit {
        bound::FrameUnit::Rows => FrameUnit::Rows,
        bound::FrameUnit::Range => FrameUnit::Range,
        bound::FrameUnit::Groups => FrameUnit::Groups,
    };
    let edge = |edge: &FrameEdge, side: FrameSide| -> Result<Bound> {
        Ok(match edge {
            FrameEdge::UnboundedPreceding => Bound::UnboundedPreceding,
            FrameEdge::CurrentRow => Bound::CurrentRow,
            FrameEdge::UnboundedFollowing => Bound::UnboundedFollowing,
            FrameEdge::Preceding(n) => Bound::Preceding(frame_offset(access.value(n, row)?.as_ref(), unit, side)?),
            FrameEdge::Following(n) => Bound::Following(frame_offset(access.value(n, row)?.as_ref(), unit, side)?),
        })
    };
    Ok(FrameSpec {
        unit,
        start: edge(&call.start, FrameSide::Starting)?,
        end: edge(&call.end, FrameSide::Ending)?,
        exclude: match call.exclude {
            bound::FrameExclude::Absent => Exclude::Absent,
            bound::FrameExclude::NoOthers => Exclude::NoOthers,
            bound::FrameExclude::CurrentRow => Exclude::CurrentRow,
            bound::FrameExclude::Group => Exclude::Group,
            bound::FrameExclude::Ties => Exclude::Ties,
        },
    })
}

/// Calls `f` with the frames of the partition.
fn with_frames<T>(
    call: &WindowProgram,
    rows: &[Keyed],
    spec: FrameSpec,
    peers: &Peers,
    f: impl FnOnce(&mut Frames<'_>) -> Result<T>,
) -> Result<T> {
    let key_of = |i: usize| rows[i].1[0].as_ref();
    let key = match &call.order_by[..] {
        [term] => Some(RangeKey {
            value: &key_of,
            descending: term.descending,
            nulls_first: term.nulls_first,
            collation: &term.collation,
        }),
        _ => None,
    };
    f(&mut Frames::new(spec, peers, key))
}

fn positional(
    call: &WindowProgram,
    kind: WindowKind,
    rows: &[Keyed],
    args: &[Vec<Value>],
    peers: &Peers,
    access: &Rows<'_>,
) -> Result<Vec<Value>> {
    let n = rows.len();
    let mut results = Vec::with_capacity(n);
    let positions = |f: &mut dyn FnMut(usize, usize, Range<usize>) -> Result<Value>| -> Result<Vec<Value>> {
        let mut all = Vec::with_capacity(n);
        for group in 0..peers.groups() {
            for row in peers.group(group) {
                all.push(f(row, group, peers.group(group))?);
            }
        }
        Ok(all)
    };
    use window::position;
    match kind {
        WindowKind::RowNumber => positions(&mut |row, _, _| Ok(Value::Integer(position::row_number(row)))),
        WindowKind::Rank => positions(&mut |_, _, peers| Ok(Value::Integer(position::rank(&peers)))),
        WindowKind::DenseRank => positions(&mut |_, group, _| Ok(Value::Integer(position::dense_rank(group)))),
        WindowKind::PercentRank => positions(&mut |_, _, peers| Ok(Value::Real(position::percent_rank(&peers, n)))),
        WindowKind::CumeDist => positions(&mut |_, _, peers| Ok(Value::Real(position::cume_dist(&peers, n)))),
        WindowKind::Ntile => {
            let buckets = ntile_buckets(args[0][0].as_ref())?;
            positions(&mut |row, _, _| Ok(Value::Integer(position::ntile(row, n, buckets))))
        }
        WindowKind::Lag | WindowKind::Lead => {
            for (row, args_of_row) in args.iter().enumerate() {
                let offset = args_of_row.get(1).map_or(ValueRef::Integer(1), Value::as_ref);
                let target = offset_row(row, n, offset, kind == WindowKind::Lag);
                results.push(match target {
                    Some(t) => args[t][0].clone(),
                    None => args_of_row.get(2).cloned().unwrap_or_default(),
                });
            }
            Ok(results)
        }
        WindowKind::FirstValue | WindowKind::LastValue | WindowKind::NthValue => {
            let spec = spec(call, &rows[0].2, access)?;
            with_frames(call, rows, spec, peers, |frames| {
                for (row, own) in args.iter().enumerate() {
                    let frame = frames.frame(row);
                    let target = match kind {
                        WindowKind::FirstValue => frame.first(),
                        WindowKind::LastValue => frame.last(),
                        _ => frame.rows().nth(nth_position(own[1].as_ref())? - 1),
                    };
                    results.push(target.map_or(Value::Null, |t| args[t][0].clone()));
                }
                Ok(results)
            })
        }
    }
}

fn aggregate(
    call: &WindowProgram,
    function: &AggregateFunction,
    rows: &[Keyed],
    args: &[Vec<Value>],
    peers: &Peers,
    access: &Rows<'_>,
) -> Result<Vec<Value>> {
    let spec = spec(call, &rows[0].2, access)?;
    let mut wanted = vec![true; rows.len()];
    if let Some(filter) = &call.filter {
        for (i, row) in rows.iter().enumerate() {
            wanted[i] = access.with(&row.2, |env| truth(filter, env))? == Some(true);
        }
    }
    let invertible = match function {
        AggregateFunction::Builtin(def) => def.invertible,
        AggregateFunction::User { function, .. } => function.is_window(),
    };
    let extreme = match function {
        AggregateFunction::Builtin(def) if def.args_max == Some(1) => match def.name {
            "min" => Some(SlidingExtreme::min()),
            "max" => Some(SlidingExtreme::max()),
            _ => None,
        },
        _ => None,
    };
    let grows_only = spec.start == Bound::UnboundedPreceding;
    let feeder = Feeder { collation: &call.collation, args, wanted: &wanted, cx: access.cx };
    with_frames(call, rows, spec, peers, |frames| {
        let mut results = Vec::with_capacity(rows.len());
        if let (Some(mut extreme), true) = (extreme, SlidingExtreme::applies(&spec)) {
            let mut slider = Slider::new(spec);
            for row in 0..rows.len() {
                slider.advance(frames, peers, row, |slide| {
                    match slide {
                        Slide::Step(range) => {
                            for i in range.filter(|i| wanted[*i]) {
                                extreme.push(i, |i| args[i][0].as_ref(), &call.collation);
                            }
                        }
                        Slide::Inverse(range) => extreme.evict_before(range.end),
                    }
                    Ok::<(), Error>(())
                })?;
                results.push(extreme.row().map_or(Value::Null, |i| args[i][0].clone()));
            }
            return Ok(results);
        }
        if spec.slides() && (invertible || grows_only) {
            let mut state = State::new(function, call.args.len());
            let mut slider = Slider::new(spec);
            for row in 0..rows.len() {
                access.cx.around.tick()?;
                slider.advance(frames, peers, row, |slide| match slide {
                    Slide::Step(range) => feeder.feed(&mut state, range, false),
                    Slide::Inverse(range) => feeder.feed(&mut state, range, true),
                })?;
                results.push(feeder.value(&mut state)?);
            }
            if let State::User(state) = &mut state {
                // As in SQLite, an error here changes nothing any more; the host has reported it.
                let _ = state.finalize();
            }
            return Ok(results);
        }
        for row in 0..rows.len() {
            access.cx.around.tick()?;
            let mut state = State::new(function, call.args.len());
            for range in frames.frame(row).ranges() {
                feeder.feed(&mut state, range.clone(), false)?;
            }
            results.push(feeder.finish(&mut state)?);
        }
        Ok(results)
    })
}

/// Gives argument rows to a state.
struct Feeder<'w> {
    collation: &'w Collation,
    args: &'w [Vec<Value>],
    wanted: &'w [bool],
    cx: &'w Context<'w>,
}

impl Feeder<'_> {
    fn feed(&self, state: &mut State, range: Range<usize>, inverse: bool) -> Result<()> {
        let mut arena = Bump::new();
        for i in range {
            if !self.wanted[i] {
                continue;
            }
            {
                let args: Vec<ValueRef<'_>> = self.args[i].iter().map(|v| keep(v, &arena)).collect();
                let mut call = self.call(&arena);
                if inverse {
                    state.inverse(&mut call, &args)?;
                } else {
                    state.step(&mut call, &args)?;
                }
            }
            arena.reset();
        }
        Ok(())
    }

    fn call<'a>(&'a self, arena: &'a Bump) -> Call<'a, 'a> {
        Call { arena, host: self.cx.around.host(), collation: self.collation, json_args: 0, json_result: false }
    }

    fn value(&self, state: &mut State) -> Result<Value> {
        let arena = Bump::new();
        state.value(&mut self.call(&arena))
    }

    fn finish(&self, state: &mut State) -> Result<Value> {
        let arena = Bump::new();
        state.finish(&mut self.call(&arena))
    }
}
