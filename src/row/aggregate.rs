//! Grouping: rows of the loops go into groups by key; groups come out in key order. Where the loops deliver the rows of a
//! group one after the other, there is one group at a time.
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
    fn restart(&mut self, program: &AggregateProgram) {
        self.state = State::new(&program.function, program.args.len());
        if let Some(seen) = &mut self.seen {
            seen.clear();
        }
        self.waiting.clear();
    }

    /// The result; the state goes.
    fn finish(&mut self, program: &AggregateProgram, cx: &Context<'_>, arena: &Bump) -> Result<Value> {
        drain(program, self, cx)?;
        let mut state = std::mem::replace(&mut self.state, State::Builtin(FastAggregate::CountStar(0)));
        state.finish(&mut call(program, cx, arena, 0))
    }

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

    /// Takes the current row in, which may be the group's first. False when no further row can change anything.
    fn take(&mut self, aggregation: &Aggregation, is_first: bool, env: &Env<'_>) -> Result<bool> {
        let mut representative = is_first;
        for (i, (program, running)) in aggregation.aggregates.iter().zip(&mut self.states).enumerate() {
            let extreme = step(program, running, env)?;
            representative |= extreme && aggregation.extreme == Some(i);
        }
        if representative {
            self.captured.clear();
            for (node, _) in &aggregation.captured {
                self.captured.push(eval(node, env)?.to_owned());
            }
        }
        if aggregation.first_row_only {
            let first = eval(&aggregation.aggregates[0].args[0], env)?;
            return Ok(first.is_null());
        }
        Ok(true)
    }
}

/// The groups of rows that come group by group: one after the other, each in the room of the one before.
#[derive(Default)]
pub struct InTurn {
    group: Option<Group>,
    /// The key of the group, if it has begun, and room for the next one's.
    key: Vec<u8>,
    next: Vec<u8>,
    begun: bool,
    /// There are no further rows.
    done: bool,
}

impl InTurn {
    /// Whether the groups of an aggregation come so.
    pub fn suits(aggregation: &Aggregation) -> bool {
        if !aggregation.grouped {
            return true;
        }
        let custom = aggregation.keys.iter().any(|(_, c)| matches!(c, Collation::Custom(_)));
        aggregation.in_order && !aggregation.first_row_only && !custom
    }

    /// Begins with the first group.
    pub fn restart(&mut self, aggregation: &Aggregation) {
        (self.begun, self.done) = (false, false);
        self.clear(aggregation);
    }

    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Ends with the last group; false if there is none.
    pub fn finish_last(&mut self, aggregation: &Aggregation, slots: &mut [Value], cx: &Context<'_>) -> Result<bool> {
        self.done = true;
        if aggregation.grouped && !self.begun {
            return Ok(false);
        }
        self.finish(aggregation, slots, cx).map(|()| true)
    }

    /// Empties the room for the next group.
    pub fn clear(&mut self, aggregation: &Aggregation) {
        match &mut self.group {
            Some(group) => {
                group.captured.clear();
                for (program, running) in aggregation.aggregates.iter().zip(&mut group.states) {
                    running.restart(program);
                }
            }
            None => self.group = Some(Group::new(aggregation)),
        }
    }

    /// Lets go of all values.
    pub fn rest(&mut self) {
        if let Some(group) = &mut self.group {
            group.captured.clear();
            for running in &mut group.states {
                running.state = State::Builtin(FastAggregate::CountStar(0));
                running.seen = running.seen.take().map(|_| FxHashSet::default());
                running.waiting = Vec::new();
            }
        }
    }

    /// Whether the current row belongs to another group than the rows before it, of which there are some.
    pub fn is_over(&mut self, aggregation: &Aggregation, env: &Env<'_>) -> Result<bool> {
        if !aggregation.grouped {
            return Ok(false);
        }
        self.next.clear();
        for ((node, collation), descending) in aggregation.keys.iter().zip(&aggregation.descending) {
            encode(eval(node, env)?, collation, *descending, &mut self.next);
        }
        Ok(self.begun && self.next != self.key)
    }

    /// Takes the current row in. False when no further row can change anything.
    pub fn take(&mut self, aggregation: &Aggregation, env: &Env<'_>) -> Result<bool> {
        let is_first = !self.begun;
        if is_first {
            self.begun = true;
            std::mem::swap(&mut self.key, &mut self.next);
        }
        self.group.get_or_insert_with(|| Group::new(aggregation)).take(aggregation, is_first, env)
    }

    /// Puts the group into the slots and ends it.
    pub fn finish(&mut self, aggregation: &Aggregation, slots: &mut [Value], cx: &Context<'_>) -> Result<()> {
        let group = self.group.get_or_insert_with(|| Group::new(aggregation));
        let captured = group.captured.drain(..).chain(std::iter::repeat(Value::Null));
        for ((_, slot), value) in aggregation.captured.iter().zip(captured) {
            slots[*slot as usize] = value;
        }
        let arena = Bump::new();
        for (program, running) in aggregation.aggregates.iter().zip(&mut group.states) {
            slots[program.slot as usize] = running.finish(program, cx, &arena)?;
        }
        self.begun = false;
        Ok(())
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
        group.take(aggregation, new, env)
    }

    /// The group of the current key, and whether it is new.
    fn find(&mut self, aggregation: &Aggregation, values: Vec<Value>) -> (usize, bool) {
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
                values.push(running.finish(program, cx, &arena)?);
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
        let arg = match &program.args[..] {
            [] => Some(None),
            [Node::Call { .. } | Node::Case { .. }] => None,
            [node] => Some(Some(eval(node, env)?)),
            _ => None,
        };
        if let Some(arg) = arg {
            if let State::Builtin(state) = &mut running.state
                && state.step_plain(arg.unwrap_or(ValueRef::Null))
            {
                return Ok(false);
            }
            return running.state.step(&mut call(program, env.cx, env.arena, 0), arg.as_slice());
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
    if running.waiting.is_empty() {
        return Ok(());
    }
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
