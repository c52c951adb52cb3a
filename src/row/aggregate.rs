//! Grouping: rows of the loops go into groups by key; groups come out in key order.
//!
//! Bare columns take their values from the first row of the group, or from the row of the extreme of the query's
//! last min() or max() (https://sqlite.org/lang_select.html#bareagg).

use bumpalo::Bump;
use heliosdb_udfs::aggregate::{FastAggregate, start_call};
use heliosdb_udfs::signature::{Call, Flags};
use heliosdb_udfs::value::{Collation, Value, ValueRef};
use rustc_hash::{FxHashMap, FxHashSet};

use super::context::Context;
use super::eval::{Env, eval, keep, truth};
use super::node::Node;
use super::program::{AggregateProgram, Aggregation, SortNode};
use super::run::{row_key, sort_order};
use super::scan::encode;
use crate::env::callback::UserAggregateState;
use crate::error::Result;
use crate::plan::bound::AggregateFunction;

/// The state of one aggregate, of whichever making.
pub enum State {
    Builtin(FastAggregate),
    User(Box<dyn UserAggregateState>),
}

impl State {
    pub fn new(function: &AggregateFunction, args: usize) -> State {
        match function {
            AggregateFunction::Builtin(def) => State::Builtin(start_call(def, args)),
            AggregateFunction::User { function, .. } => State::User(function.start()),
        }
    }

    /// Takes a row in; true when it became the extreme.
    pub fn step(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<bool> {
        match self {
            State::Builtin(state) => Ok(state.step(call, args)?),
            State::User(state) => state.step(args).map(|()| false),
        }
    }

    pub fn inverse(&mut self, call: &mut Call<'_, '_>, args: &[ValueRef<'_>]) -> Result<()> {
        match self {
            State::Builtin(state) => Ok(state.inverse(call, args)?),
            State::User(state) => state.inverse(args),
        }
    }

    /// The result so far, for a window frame.
    pub fn value(&mut self, call: &mut Call<'_, '_>) -> Result<Value> {
        match self {
            State::Builtin(state) => Ok(state.value(call)?.to_owned()),
            State::User(state) => state.value(),
        }
    }

    /// The final result.
    pub fn finish(&mut self, call: &mut Call<'_, '_>) -> Result<Value> {
        match self {
            State::Builtin(state) => Ok(state.value(call)?.to_owned()),
            State::User(state) => state.finalize(),
        }
    }
}

struct Group {
    states: Vec<Running>,
    captured: Vec<Value>,
    /// Key values, only kept where keys have no encoded order.
    values: Vec<Value>,
}

struct Running {
    state: State,
    /// Argument rows already counted, for DISTINCT.
    seen: Option<FxHashSet<Vec<u8>>>,
    /// Rows waiting for their order, for ORDER BY in the call: sort keys, then arguments.
    waiting: Vec<(Vec<Value>, Vec<Value>, u64)>,
}

impl Running {
    fn new(program: &AggregateProgram) -> Running {
        Running {
            state: State::new(&program.function, program.args.len()),
            seen: program.distinct.then(FxHashSet::default),
            waiting: Vec::new(),
        }
    }
}

impl Group {
    fn new(aggregation: &Aggregation) -> Group {
        Group {
            states: aggregation.aggregates.iter().map(Running::new).collect(),
            captured: Vec::new(),
            values: Vec::new(),
        }
    }
}

/// Collects rows into groups.
pub struct Builder {
    positions: FxHashMap<Box<[u8]>, u32>,
    groups: Vec<(Box<[u8]>, Group)>,
    key: Vec<u8>,
    custom: bool,
}

impl Builder {
    pub fn new(aggregation: &Aggregation) -> Builder {
        Builder {
            positions: FxHashMap::default(),
            groups: Vec::new(),
            key: Vec::new(),
            custom: aggregation.keys.iter().any(|(_, c)| matches!(c, Collation::Custom(_))),
        }
    }

    /// Takes the current row in. False when no further row can change anything.
    pub fn take(&mut self, aggregation: &Aggregation, env: &Env<'_>) -> Result<bool> {
        self.key.clear();
        let mut values = Vec::new();
        for ((node, collation), descending) in aggregation.keys.iter().zip(&aggregation.descending) {
            let v = eval(node, env)?;
            encode(v, collation, *descending, &mut self.key);
            if self.custom {
                values.push(v.to_owned());
            }
        }
        let (position, new) = self.find(aggregation, values);
        let group = &mut self.groups[position].1;
        let mut representative = new;
        for (i, (program, running)) in aggregation.aggregates.iter().zip(&mut group.states).enumerate() {
            let extreme = step(program, running, env)?;
            representative |= extreme && aggregation.extreme == Some(i);
        }
        if representative {
            group.captured.clear();
            for (node, _) in &aggregation.captured {
                group.captured.push(eval(node, env)?.to_owned());
            }
        }
        if aggregation.first_row_only {
            let first = eval(&aggregation.aggregates[0].args[0], env)?;
            return Ok(first.is_null());
        }
        Ok(true)
    }

    /// The group of the current key, and whether it is new.
    fn find(&mut self, aggregation: &Aggregation, values: Vec<Value>) -> (usize, bool) {
        if !aggregation.grouped {
            if self.groups.is_empty() {
                self.groups.push((Box::default(), Group::new(aggregation)));
                return (0, true);
            }
            return (0, false);
        }
        if self.custom {
            let same = |group: &Group| {
                group
                    .values
                    .iter()
                    .zip(&values)
                    .zip(&aggregation.keys)
                    .all(|((a, b), (_, c))| super::scan::order(a, b, c) == std::cmp::Ordering::Equal)
            };
            if let Some(i) = self.groups.iter().position(|(_, g)| same(g)) {
                return (i, false);
            }
        } else if let Some(i) = self.positions.get(self.key.as_slice()) {
            return (*i as usize, false);
        }
        let key: Box<[u8]> = self.key.as_slice().into();
        let position = self.groups.len();
        self.positions.insert(key.clone(), position as u32);
        let mut group = Group::new(aggregation);
        group.values = values;
        self.groups.push((key, group));
        (position, true)
    }

    pub fn finish(mut self, aggregation: &Aggregation, cx: &Context<'_>) -> Result<Groups> {
        if self.groups.is_empty() && !aggregation.grouped {
            let mut group = Group::new(aggregation);
            group.captured = vec![Value::Null; aggregation.captured.len()];
            self.groups.push((Box::default(), group));
        }
        if aggregation.in_order {
            // As the loops delivered them.
        } else if self.custom {
            self.groups.sort_by(|a, b| {
                a.1.values
                    .iter()
                    .zip(&b.1.values)
                    .zip(aggregation.keys.iter().zip(&aggregation.descending))
                    .map(|((x, y), ((_, c), descending))| {
                        let order = super::scan::order(x, y, c);
                        if *descending { order.reverse() } else { order }
                    })
                    .find(|o| o.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
        } else {
            self.groups.sort_by(|a, b| a.0.cmp(&b.0));
        }
        let width = aggregation.captured.len() + aggregation.aggregates.len();
        let mut values = Vec::with_capacity(self.groups.len() * width);
        let count = self.groups.len();
        let arena = Bump::new();
        for (_, group) in self.groups {
            values.extend(group.captured);
            for (program, mut running) in aggregation.aggregates.iter().zip(group.states) {
                drain(program, &mut running, cx)?;
                let mut call = call(program, cx, &arena, 0);
                values.push(running.state.finish(&mut call)?);
            }
        }
        Ok(Groups { values: values.into_iter(), left: count })
    }
}

fn call<'a, 'h>(program: &'h AggregateProgram, cx: &'h Context<'_>, arena: &'a Bump, json_args: u64) -> Call<'a, 'h> {
    Call { arena, host: cx.around.host(), collation: &program.collation, json_args, json_result: false }
}

fn step(program: &AggregateProgram, running: &mut Running, env: &Env<'_>) -> Result<bool> {
    if let Some(filter) = &program.filter
        && truth(filter, env)? != Some(true)
    {
        return Ok(false);
    }
    let is_builtin = matches!(program.function, AggregateFunction::Builtin(_));
    if is_builtin && !program.distinct && program.order_by.is_empty() {
        // The common ones, without room for their arguments.
        let mut call = call(program, env.cx, env.arena, 0);
        match &program.args[..] {
            [] => return running.state.step(&mut call, &[]),
            [Node::Call { .. } | Node::Case { .. }] => {}
            [node] => return running.state.step(&mut call, &[eval(node, env)?]),
            _ => {}
        }
    }
    let mut json_args = 0;
    let takes_subtype = matches!(&program.function, AggregateFunction::Builtin(d) if d.flags.has(Flags::TAKES_SUBTYPE));
    let mut args = bumpalo::collections::Vec::with_capacity_in(program.args.len(), env.arena);
    for (i, node) in program.args.iter().enumerate() {
        env.json.set(false);
        args.push(eval(node, env)?);
        if takes_subtype && i < 64 && env.json.get() && matches!(node, Node::Call { .. } | Node::Case { .. }) {
            json_args |= 1 << i;
        }
    }
    if let Some(seen) = &mut running.seen {
        let collations = vec![program.collation.clone(); args.len()];
        if args.first().is_some_and(|v| v.is_null()) || !seen.insert(row_key(args.iter().copied(), &collations)) {
            return Ok(false);
        }
    }
    if !program.order_by.is_empty() {
        let keys: Result<Vec<Value>> = program.order_by.iter().map(|t| Ok(eval(&t.node, env)?.to_owned())).collect();
        running.waiting.push((keys?, args.iter().map(|v| ValueRef::to_owned(*v)).collect(), json_args));
        return Ok(false);
    }
    let mut call = call(program, env.cx, env.arena, json_args);
    running.state.step(&mut call, &args)
}

/// Gives the rows that waited for their order to the state.
fn drain(program: &AggregateProgram, running: &mut Running, cx: &Context<'_>) -> Result<()> {
    let mut waiting = std::mem::take(&mut running.waiting);
    waiting.sort_by(|a, b| order(&program.order_by, &a.0, &b.0));
    let arena = Bump::new();
    for (_, args, json_args) in &waiting {
        let args: Vec<ValueRef<'_>> = args.iter().map(|v| keep(v, &arena)).collect();
        let mut call = call(program, cx, &arena, *json_args);
        running.state.step(&mut call, &args)?;
    }
    Ok(())
}

/// The order of two rows of sort keys.
pub fn order(terms: &[SortNode], a: &[Value], b: &[Value]) -> std::cmp::Ordering {
    terms
        .iter()
        .zip(a.iter().zip(b))
        .map(|(t, (x, y))| sort_order(x.as_ref(), y.as_ref(), &t.collation, t.descending, t.nulls_first))
        .find(|o| o.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}

/// Finished groups: of each the captured values, then the results.
pub struct Groups {
    values: std::vec::IntoIter<Value>,
    /// Groups still to come.
    left: usize,
}

impl Groups {
    /// The one group of a query that does nothing but count so many rows.
    pub fn of_count(aggregation: &Aggregation, count: i64) -> Groups {
        Groups { values: vec![Value::Integer(count); aggregation.aggregates.len()].into_iter(), left: 1 }
    }

    /// Puts the next group into the slots.
    pub fn next(&mut self, aggregation: &Aggregation, slots: &mut [Value], cx: &Context<'_>) -> Result<bool> {
        cx.around.tick()?;
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        let captured = aggregation.captured.iter().map(|(_, slot)| *slot);
        let results = aggregation.aggregates.iter().map(|program| program.slot);
        for (slot, value) in captured.chain(results).zip(self.values.by_ref()) {
            slots[slot as usize] = value;
        }
        Ok(true)
    }
}
