//! Bound form to program: resolves columns to levels, inputs and slots, and puts conditions where they can
//! first be checked. Access paths are chosen in [`super::access`].

use std::mem::discriminant;
use std::sync::Arc;

use heliosdb_udfs::scalar::known_pattern;
use heliosdb_udfs::signature::Scalar;
use heliosdb_udfs::value::{Affinity, Collation, Encoding, Value, ValueRef, key};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::access;
use super::access::estimate::{self, Estimate};
use super::access::request::Setting;
use super::node::{ConstantSet, Node, Subquery, SubqueryId};
use super::program::{
    AggregateProgram, Aggregation, Body, CteBody, CteProgram, FrameEdge, Join, Merge, QueryProgram, SelectProgram,
    Sort, SortKeyProgram, SortKeySource, SortNode, SortTerm, WindowProgram, Windows,
};
use super::rewrite;
use crate::catalog::{Index, Schema, Table};
use crate::env::stack::with_room;
use crate::error::{Error, Result};
use crate::plan::bound::{
    self, AggregateId, ColumnRef, CompareOp, Comparison, Cte, DatabaseIndex, Expr, ExprKind, Free, Function, OrderKey,
    Query, ROWID, Select, SortKey, SourceId, UnaryOp, WindowId,
};
use crate::plan::same::same_window;

/// Lowers a whole query. `free` fixes the order of the inputs.
pub fn query(query: &Query, shared: &Lowering<'_>) -> Result<Arc<QueryProgram>> {
    with_room(|| Lower::new(&query.free, shared).query(query, false))
}

/// What lowering keeps over the parts of one statement.
#[derive(Default)]
pub struct Lowering<'s> {
    /// Programs of shared common tables.
    ctes: std::cell::RefCell<FxHashMap<u32, Arc<CteProgram>>>,
    /// Subqueries read what the statement itself writes: their results are not kept between rows.
    pub volatile: bool,
    /// How many sources copies of queries have been given.
    fresh: std::cell::Cell<u32>,
    pub planning: Planning<'s>,
}

/// The terms of an index over a row, and the condition of a partial index.
pub type IndexTerms = (SourceId, Vec<Expr>, Option<Expr>);

/// The schemas of a connection by number of the database.
pub type Schemas = SmallVec<[Arc<Schema>; 2]>;

/// What choosing access paths needs to know of the connection.
#[derive(Clone, Default)]
pub struct Planning<'s> {
    /// They hold the statistics.
    pub schemas: Schemas,
    /// Binds the terms of indexes on expressions and of partial indexes.
    pub bind_terms: Option<&'s dyn Fn(DatabaseIndex, &Arc<Table>, &Arc<Index>) -> Result<IndexTerms>>,
    /// `PRAGMA automatic_index`
    pub automatic_index: bool,
    /// `PRAGMA case_sensitive_like`
    pub case_sensitive_like: bool,
    /// How the connection's databases store text.
    pub encoding: Encoding,
}

impl Planning<'_> {
    pub fn schema(&self, database: DatabaseIndex) -> Option<&Schema> {
        self.schemas.get(usize::from(database.0)).map(|s| &**s)
    }

    /// `None` where nobody can bind them: such an index is not used.
    pub fn index_terms(
        &self,
        database: DatabaseIndex,
        table: &Arc<Table>,
        index: &Arc<Index>,
    ) -> Result<Option<IndexTerms>> {
        self.bind_terms.map(|bind| bind(database, table, index)).transpose()
    }
}

impl<'s> Lowering<'s> {
    pub fn new(planning: Planning<'s>) -> Lowering<'s> {
        Lowering { planning, ..Lowering::default() }
    }

    /// For a statement that writes.
    pub fn volatile(planning: Planning<'s>) -> Lowering<'s> {
        Lowering { volatile: true, planning, ..Lowering::default() }
    }
}

/// What a level's record holds.
#[derive(Clone)]
pub enum Layout {
    Table(Arc<Table>),
    /// Output columns of a query or function in order.
    Columns,
}

/// Groups are guessed to be a hundred.
pub const GROUPS: Estimate = 66;

/// One program being lowered: a query or a statement.
pub struct Lower<'l> {
    pub shared: &'l Lowering<'l>,
    /// How often the loops around it are expected to run it.
    pub runs: Estimate,
    /// Inputs in order.
    free: Vec<Free>,
    levels: SmallVec<[(SourceId, u16, Layout); 4]>,
    pub subqueries: Vec<Subquery>,
    row_scalars: FxHashMap<u32, SubqueryId>,
    stage: Option<Slots>,
    slots: u32,
}

/// After grouping or windows columns are read from slots.
#[derive(Default)]
struct Slots {
    columns: FxHashMap<ColumnRef, u32>,
    aggregates: FxHashMap<AggregateId, u32>,
    windows: FxHashMap<WindowId, u32>,
    /// What must be captured before the stage, in the order of first use.
    captured: Vec<(Captured, u32)>,
}

enum Captured {
    Column(ColumnRef),
    /// A virtual generated column.
    Generated(Expr),
    Aggregate(AggregateId),
}

impl<'l> Lower<'l> {
    pub fn new(free: &[Free], shared: &'l Lowering<'l>) -> Lower<'l> {
        Lower {
            shared,
            runs: 0,
            free: free.to_vec(),
            levels: SmallVec::new(),
            subqueries: Vec::new(),
            row_scalars: FxHashMap::default(),
            stage: None,
            slots: 0,
        }
    }

    pub fn add_level(&mut self, id: SourceId, level: u16, layout: Layout) {
        self.levels.push((id, level, layout));
    }

    fn level(&self, id: SourceId) -> Option<(u16, &Layout)> {
        self.levels.iter().rev().find(|l| l.0 == id).map(|(_, level, layout)| (*level, layout))
    }

    fn slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots - 1
    }

    // Queries.

    fn query(self, query: &Query, writes: bool) -> Result<Arc<QueryProgram>> {
        match Some(query).filter(|_| !writes).and_then(|q| rewrite::query(q, &self.shared.fresh)) {
            Some(rewritten) => self.unchanged(&rewritten.query, writes, &rewritten.exists),
            None => self.unchanged(query, writes, &[]),
        }
    }

    /// Lowers a query in the form it has; `exists`: sources that stop at their first match.
    fn unchanged(mut self, query: &Query, writes: bool, exists: &[SourceId]) -> Result<Arc<QueryProgram>> {
        let limit = query.limit.as_ref().map(|e| self.node(e)).transpose()?;
        let offset = query.offset.as_ref().map(|e| self.node(e)).transpose()?;
        let free = self.free.clone();
        let setting = Setting { writes, exists, ..Setting::of(query) };
        let mut sort = None;
        let mut expected;
        let body = match &query.body {
            bound::Body::Select(select) => {
                let (select, rows) = self.inside(&free).select(select, &setting)?;
                expected = rows;
                Body::Select(select)
            }
            bound::Body::Values(rows) => {
                let mut lowered = Vec::with_capacity(rows.len());
                for row in rows {
                    lowered.push(self.nodes(row)?);
                }
                if !query.order_by.is_empty() {
                    sort = Some(self.terms(&query.order_by)?);
                }
                expected = estimate::of(lowered.len() as u64);
                Body::Values(lowered)
            }
            bound::Body::Compound(compound) => {
                let merged = merge_order(query, compound);
                let collations = self.all_by(&compound.collations);
                let merge = self.merge(compound, &merged, &collations)?;
                // The first rows of each part are enough: it keeps no more of them.
                let sorts = merge.as_ref().is_some_and(|merge| !merge.distinct) && query.limit.is_some();
                let part = |body: &bound::Body| -> Result<Arc<QueryProgram>> {
                    self.inside(&free).arm(body, query.columns.len(), &merged, sorts)
                };
                let first = part(&compound.first)?;
                expected = first.rows;
                let mut arms = Vec::new();
                for (op, body) in &compound.arms {
                    let arm = part(body)?;
                    if joins(*op) {
                        expected = estimate::add(expected, arm.rows);
                    }
                    arms.push((*op, arm));
                }
                if !query.order_by.is_empty() {
                    sort = Some(self.terms(&query.order_by)?);
                }
                let all_sorted = first.is_sorted() && arms.iter().all(|(_, arm)| arm.is_sorted());
                Body::Compound { first, arms, collations, merge: merge.filter(|_| all_sorted) }
            }
        };
        if let Some(limit) = setting.limit_estimate() {
            expected = expected.min(limit);
        }
        Ok(Arc::new(QueryProgram {
            body,
            rows: expected,
            end: query.end,
            width: query.columns.len(),
            free,
            limit,
            offset,
            subqueries: self.subqueries,
            sort,
        }))
    }

    /// A program that is run as often as this one.
    fn inside(&self, free: &[Free]) -> Lower<'l> {
        Lower { runs: self.runs, ..Lower::new(free, self.shared) }
    }

    /// One part of a compound.
    fn arm(
        mut self,
        body: &bound::Body,
        width: usize,
        merged: &[bound::OrderBy],
        sorts: bool,
    ) -> Result<Arc<QueryProgram>> {
        let free = self.free.clone();
        let mut rows = 0;
        let body = match body {
            bound::Body::Select(select) => {
                let mut exists = Vec::new();
                let mut order_by = merged.to_vec();
                let mut select = select.clone();
                rewrite::select(&mut select, &mut order_by, Default::default(), &mut exists, &self.shared.fresh);
                order_by.truncate(merged.len());
                let merged = !merged.is_empty();
                let setting = Setting { order_by: &order_by, merged, sorts, exists: &exists, ..Setting::default() };
                let (select, expected) = self.inside(&free).select(&select, &setting)?;
                rows = expected;
                Body::Select(select)
            }
            bound::Body::Values(rows) => {
                let lowered: Result<Vec<Vec<Node>>> = rows.iter().map(|r| self.nodes(r)).collect();
                Body::Values(lowered?)
            }
            bound::Body::Compound(_) => return Err(Error::internal("a compound is flat")),
        };
        let subqueries = self.subqueries;
        Ok(Arc::new(QueryProgram {
            body,
            rows,
            end: 0,
            width,
            free,
            limit: None,
            offset: None,
            subqueries,
            sort: None,
        }))
    }

    fn select(mut self, select: &Select, setting: &Setting<'_>) -> Result<(Box<SelectProgram>, Estimate)> {
        let order_by = setting.order_by;
        let mut plan = access::plan(&mut self, select, setting)?;
        let mut rows = plan.rows;
        let grouped = select.group_by.is_some();
        let mut program = Box::new(SelectProgram {
            levels: std::mem::take(&mut plan.levels),
            precondition: std::mem::take(&mut plan.precondition),
            aggregation: None,
            windows: None,
            output: Vec::new(),
            computed: Vec::new(),
            distinct: select.distinct.clone().filter(|_| grouped || !plan.unique),
            distinct_in_order: plan.distinct && !grouped,
            repeats: Box::default(),
            sorts_distinct: plan.sorts_distinct,
            aggregate_in_order: grouped && (plan.distinct || plan.unique),
            merged: None,
            sort: None,
            subqueries: Vec::new(),
            slots: 0,
        });
        if let Some(keys) = &select.group_by {
            rows = if keys.is_empty() { 0 } else { GROUPS };
            program.aggregation = Some(self.aggregation(select, keys, order_by, &plan)?);
        }
        // Everything behind the windows reads slots that hold what the windows' input rows keep.
        let before_windows = self.stage.take();
        let outer = if select.windows.is_empty() {
            self.stage = before_windows;
            None
        } else {
            let mut stage = Slots::default();
            for window in &select.windows {
                let slot = self.slot();
                stage.windows.insert(window.id, slot);
            }
            self.stage = Some(stage);
            Some(before_windows)
        };
        let mut calls = Vec::new();
        for window in access::request::windows(select) {
            calls.push(self.window(window)?);
        }
        program.output = self.nodes(&select.output)?;
        let computed = |(i, node)| (!SelectProgram::lies_ready(node)).then_some(i as u16);
        program.computed = program.output.iter().enumerate().filter_map(computed).collect();
        let windows = !select.windows.is_empty();
        if setting.merged {
            // A single row needs no sort.
            let one = select.group_by.as_ref().is_some_and(Vec::is_empty);
            program.merged = Some(if one { (0, 0) } else { (plan.sorted, order_by.len()) });
        }
        let sorted = if windows { access::request::sorted_by_windows(select, order_by) } else { plan.sorted };
        if (!setting.merged || setting.sorts) && sorted < order_by.len() {
            let mut keys = Vec::new();
            for term in order_by {
                let key = match &term.key {
                    OrderKey::Output(i) => SortKeySource::Output(*i),
                    OrderKey::Expr(e) => SortKeySource::Node(self.node(e)?),
                };
                keys.push(SortKeyProgram {
                    key,
                    collation: self.by(&term.collation),
                    descending: term.descending,
                    nulls_first: term.nulls_first,
                });
            }
            let plain = program.levels.last().is_some_and(|l| l.is_plain() && l.join == Join::Inner);
            let by_range = plan.inner_sorted && plain && !grouped && select.windows.is_empty();
            program.sort = Some(Sort { keys, sorted, by_range });
        }
        if let Some(before) = outer {
            let stage = std::mem::replace(&mut self.stage, before);
            let mut captured = Vec::new();
            for (what, slot) in stage.map(|s| s.captured).unwrap_or_default() {
                captured.push((self.captured_node(what)?, slot));
            }
            let (sorted, terms) = plan.window;
            let all = access::request::windows(select);
            let as_they_come = sorted >= terms
                && !grouped
                && program.sort.is_none()
                && program.distinct.is_none()
                && all.iter().all(|w| same_window(w, all[0]));
            let reach = match as_they_come {
                true => calls.iter().map(WindowProgram::reach).collect::<Option<Vec<_>>>(),
                false => None,
            };
            let reach = reach.and_then(|all| all.into_iter().max());
            program.windows = Some(Windows { captured, calls, sorted, terms, reach });
        }
        if let Some(aggregation) = &mut program.aggregation {
            let stage = self.stage.take().unwrap_or_default();
            for (what, slot) in stage.captured {
                aggregation.captured.push((self.captured_node(what)?, slot));
            }
            aggregation.counts_rows = !aggregation.grouped
                && aggregation.captured.is_empty()
                && aggregation.aggregates.iter().all(AggregateProgram::counts_rows);
        }
        let counts_table = program.counts_table();
        if let Some(aggregation) = &mut program.aggregation {
            aggregation.counts_table = counts_table;
        }
        program.subqueries = self.subqueries;
        program.slots = self.slots as usize;
        program.repeats = access::repeats::directions(select, &program);
        Ok((program, rows))
    }

    fn captured_node(&mut self, what: Captured) -> Result<Node> {
        match what {
            Captured::Column(column) => self.column(column),
            Captured::Generated(e) => self.node(&e),
            Captured::Aggregate(id) => self.aggregate_result(id),
        }
    }

    /// Lowers keys and arguments over the levels, then switches to slots.
    fn aggregation(
        &mut self,
        select: &Select,
        keys: &[bound::GroupKey],
        order_by: &[bound::OrderBy],
        plan: &access::Plan,
    ) -> Result<Aggregation> {
        let mut lowered_keys = Vec::new();
        for key in keys {
            lowered_keys.push((self.node(&key.expr)?, self.by(&key.collation)));
        }
        let mut aggregates = Vec::new();
        let mut stage = Slots::default();
        for aggregate in &select.aggregates {
            let slot = self.slot();
            stage.aggregates.insert(aggregate.id, slot);
            aggregates.push(AggregateProgram {
                function: aggregate.function.clone(),
                args: self.nodes(&aggregate.args)?,
                distinct: aggregate.distinct,
                filter: aggregate.filter.as_ref().map(|e| self.node(e)).transpose()?,
                order_by: self.sort_nodes(&aggregate.order_by)?,
                collation: self.by(&aggregate.collation),
                slot,
            });
        }
        let is_extreme = |a: &AggregateProgram| matches!(&a.function, bound::AggregateFunction::Builtin(d) if matches!(d.name, "min" | "max"));
        // Of several, the last one decides for each row.
        let extreme = (0..aggregates.len()).rev().find(|i| is_extreme(&aggregates[*i]));
        self.stage = Some(stage);
        let having = match &select.having {
            Some(e) => vec![self.node(e)?],
            None => Vec::new(),
        };
        Ok(Aggregation {
            keys: lowered_keys,
            // With as many terms in ORDER BY, SQLite makes groups in their directions, whatever they sort by.
            descending: match order_by.len() == keys.len() {
                true => order_by.iter().map(|t| t.descending).collect(),
                false => vec![false; keys.len()],
            },
            grouped: !keys.is_empty(),
            aggregates,
            captured: Vec::new(),
            extreme,
            having,
            first_row_only: plan.extreme,
            in_order: plan.grouped,
            counts_table: false,
            counts_rows: false,
        })
    }

    fn window(&mut self, window: &bound::Window) -> Result<WindowProgram> {
        let slot = self
            .stage
            .as_ref()
            .and_then(|s| s.windows.get(&window.id).copied())
            .ok_or_else(|| Error::internal("a window without its slot"))?;
        let mut partition_by = Vec::new();
        for key in &window.partition_by {
            partition_by.push((self.node(&key.expr)?, self.by(&key.collation)));
        }
        Ok(WindowProgram {
            function: window.function.clone(),
            args: self.nodes(&window.args)?,
            filter: window.filter.as_ref().map(|e| self.node(e)).transpose()?,
            collation: self.by(&window.collation),
            partition_by,
            order_by: self.sort_nodes(&window.order_by)?,
            unit: window.unit,
            start: self.edge(&window.start)?,
            end: self.edge(&window.end)?,
            exclude: window.exclude,
            slot,
        })
    }

    fn edge(&mut self, bound: &bound::FrameBound) -> Result<FrameEdge> {
        Ok(match bound {
            bound::FrameBound::UnboundedPreceding => FrameEdge::UnboundedPreceding,
            bound::FrameBound::Preceding(e) => FrameEdge::Preceding(self.node(e)?),
            bound::FrameBound::CurrentRow => FrameEdge::CurrentRow,
            bound::FrameBound::Following(e) => FrameEdge::Following(self.node(e)?),
            bound::FrameBound::UnboundedFollowing => FrameEdge::UnboundedFollowing,
        })
    }

    pub fn sort_nodes(&mut self, keys: &[SortKey]) -> Result<Vec<SortNode>> {
        let mut nodes = Vec::with_capacity(keys.len());
        for key in keys {
            nodes.push(SortNode {
                node: self.node(&key.expr)?,
                collation: self.by(&key.collation),
                descending: key.descending,
                nulls_first: key.nulls_first,
            });
        }
        Ok(nodes)
    }

    /// The program of a common table that is computed once.
    pub fn cte(&self, cte: &Arc<Cte>) -> Result<Arc<CteProgram>> {
        if let Some(program) = self.shared.ctes.borrow().get(&cte.id.0) {
            return Ok(program.clone());
        }
        let body = match &cte.body {
            bound::CteBody::Plain(plain) => CteBody::Plain(query_with_free(plain, &cte.free, self.shared)?),
            bound::CteBody::Recursive(r) => {
                let mut lower = Lower::new(&cte.free, self.shared);
                let limit = r.limit.as_ref().map(|e| lower.node(e)).transpose()?;
                let offset = r.offset.as_ref().map(|e| lower.node(e)).transpose()?;
                let steps: Result<Vec<_>> =
                    r.steps.iter().map(|s| query_with_free(s, &cte.free, self.shared)).collect();
                CteBody::Recursive {
                    seed: query_with_free(&r.seed, &cte.free, self.shared)?,
                    steps: steps?,
                    distinct: (!r.all).then(|| self.all_by(&r.collations)),
                    sort: self.terms(&r.order_by)?,
                    limit,
                    offset,
                }
            }
        };
        let program = Arc::new(CteProgram { name: cte.name.clone(), width: cte.columns.len(), body });
        self.shared.ctes.borrow_mut().insert(cte.id.0, program.clone());
        Ok(program)
    }

    /// A query inside this program: its program and what it takes from here.
    pub fn subprogram(&mut self, query: &Query) -> Result<(Arc<QueryProgram>, Vec<Node>)> {
        let program = self.inner_query(query)?;
        let inputs = self.inputs(&query.free)?;
        Ok((program, inputs))
    }

    /// The program of a query inside this one.
    pub fn inner_query(&self, query: &Query) -> Result<Arc<QueryProgram>> {
        self.inside(&query.free).query(query, false)
    }

    pub fn inputs(&mut self, free: &[Free]) -> Result<Vec<Node>> {
        let mut inputs = Vec::with_capacity(free.len());
        for f in free {
            inputs.push(match f {
                Free::Column(column) => self.column(*column)?,
                Free::Aggregate(id) => self.aggregate_result(*id)?,
                Free::Window(id) => self.window_result(*id)?,
            });
        }
        Ok(inputs)
    }

    pub fn subquery(&mut self, query: &Query) -> Result<SubqueryId> {
        let (program, inputs) = self.subprogram(query)?;
        let id = SubqueryId(self.subqueries.len() as u32);
        // As in SQLite, a subquery that takes nothing from outside runs once, whatever it calls.
        let volatile = !query.free.is_empty() && (self.shared.volatile || access::volatile::query(query));
        self.subqueries.push(Subquery { program, volatile, inputs, stored: None });
        Ok(id)
    }

    /// A subquery of IN.
    fn set(&mut self, query: &Query, by: &[Comparison]) -> Result<SubqueryId> {
        let id = self.subquery(query)?;
        self.subqueries[id.0 as usize].stored = access::stored::stored_set(query, by);
        Ok(id)
    }

    /// A subquery whose rows are sought by. One that takes nothing from outside is planned as if it were run once.
    pub fn sought(&mut self, query: &Query, by: &Comparison) -> Result<SubqueryId> {
        let runs = self.runs;
        if query.free.is_empty() {
            self.runs = 0;
        }
        let id = self.set(query, std::slice::from_ref(by));
        self.runs = runs;
        id
    }

    // Expressions.

    pub fn nodes(&mut self, exprs: &[Expr]) -> Result<Vec<Node>> {
        exprs.iter().map(|e| self.node(e)).collect()
    }

    fn boxed(&mut self, e: &Expr) -> Result<Box<Node>> {
        Ok(Box::new(self.node(e)?))
    }

    fn input(&self, wanted: Free) -> Result<Node> {
        match self.free.iter().position(|f| *f == wanted) {
            Some(i) => Ok(Node::Input(i as u32)),
            None => Err(Error::internal(format!("a reference leads nowhere: {wanted:?}"))),
        }
    }

    fn column(&mut self, column: ColumnRef) -> Result<Node> {
        let Some((level, layout)) = self.level(column.source) else {
            return self.input(Free::Column(column));
        };
        if self.stage.is_some() {
            return Ok(self.captured(column, Captured::Column(column)));
        }
        Ok(field(level, layout, column.column))
    }

    /// The slot of a column behind the stage.
    fn captured(&mut self, column: ColumnRef, what: Captured) -> Node {
        if let Some(slot) = self.stage.as_ref().and_then(|s| s.columns.get(&column)) {
            return Node::Slot(*slot);
        }
        let slot = self.slot();
        if let Some(stage) = &mut self.stage {
            stage.columns.insert(column, slot);
            stage.captured.push((what, slot));
        }
        Node::Slot(slot)
    }

    fn aggregate_result(&mut self, id: AggregateId) -> Result<Node> {
        let Some(stage) = &self.stage else { return self.input(Free::Aggregate(id)) };
        if let Some(slot) = stage.aggregates.get(&id) {
            return Ok(Node::Slot(*slot));
        }
        // Behind the windows: captured from the grouping before them, unless it is an outer query's.
        if self.free.contains(&Free::Aggregate(id)) || stage.windows.is_empty() {
            return self.input(Free::Aggregate(id));
        }
        let slot = self.slot();
        if let Some(stage) = &mut self.stage {
            stage.aggregates.insert(id, slot);
            stage.captured.push((Captured::Aggregate(id), slot));
        }
        Ok(Node::Slot(slot))
    }

    fn window_result(&mut self, id: WindowId) -> Result<Node> {
        match self.stage.as_ref().and_then(|s| s.windows.get(&id)) {
            Some(slot) => Ok(Node::Slot(*slot)),
            None => self.input(Free::Window(id)),
        }
    }

    pub fn node(&mut self, e: &Expr) -> Result<Node> {
        with_room(|| self.node_inside(e))
    }

    fn node_inside(&mut self, e: &Expr) -> Result<Node> {
        Ok(match &e.kind {
            ExprKind::Literal(v) => Node::Constant(v.clone()),
            ExprKind::Parameter(n) => Node::Parameter(n - 1),
            ExprKind::Column(column) => self.column(*column)?,
            // Captured as a whole: a group without rows has no value to compute it from.
            ExprKind::Generated { column, .. } if self.stage.is_some() && self.level(column.source).is_some() => {
                self.captured(*column, Captured::Generated(e.clone()))
            }
            ExprKind::Generated { operand, affinity, .. } | ExprKind::Stored { operand, affinity } => {
                Node::Apply { operand: self.boxed(operand)?, affinity: *affinity }
            }
            ExprKind::Unary(op, x) => {
                let x = self.boxed(x)?;
                match op {
                    UnaryOp::Negate => Node::Negate(x),
                    UnaryOp::BitNot => Node::BitNot(x),
                    UnaryOp::Not => Node::Not(x),
                }
            }
            ExprKind::Arithmetic(op, l, r) => Node::Arithmetic(*op, self.boxed(l)?, self.boxed(r)?),
            ExprKind::And(terms) => Node::And(self.nodes(terms)?),
            ExprKind::Or(terms) => Node::Or(self.nodes(terms)?),
            ExprKind::Compare { op, left, right, by } => {
                let (left, right) = (self.boxed(left)?, self.boxed(right)?);
                self.comparison(*op, left, right, by)
            }
            ExprKind::CompareRows { op, left, right, by } => {
                Node::CompareRows { op: *op, left: self.nodes(left)?, right: self.nodes(right)?, by: self.rules(by) }
            }
            ExprKind::CompareRowQuery { op, left, right, by } => Node::CompareRowQuery {
                op: *op,
                left: self.nodes(left)?,
                query: self.subquery(right)?,
                by: self.rules(by),
            },
            ExprKind::IsNull { negated, operand } => Node::IsNull { negated: *negated, operand: self.boxed(operand)? },
            ExprKind::IsTruth { negated, truth, operand } => {
                Node::IsTruth { negated: *negated, truth: *truth, operand: self.boxed(operand)? }
            }
            ExprKind::Between { negated, operand, low, high, by } => Node::Between {
                negated: *negated,
                operand: self.boxed(operand)?,
                low: self.boxed(low)?,
                high: self.boxed(high)?,
                by: [self.rule(&by[0]), self.rule(&by[1])],
            },
            ExprKind::InList { negated, operand, items, by } => self.in_list(*negated, operand, items, by)?,
            ExprKind::InQuery { negated, operand, query, by } => Node::InQuery {
                negated: *negated,
                operand: self.nodes(operand)?,
                query: self.set(query, by)?,
                by: self.rules(by),
            },
            ExprKind::Exists { negated, query } => Node::Exists { negated: *negated, query: self.subquery(query)? },
            ExprKind::Scalar(query) => Node::Scalar(self.subquery(query)?),
            ExprKind::RowScalar { id, column, query } => {
                let known = self.row_scalars.get(id).copied();
                let subquery = match known {
                    Some(subquery) => subquery,
                    None => {
                        let subquery = self.subquery(query)?;
                        self.row_scalars.insert(*id, subquery);
                        subquery
                    }
                };
                Node::RowScalar { query: subquery, column: *column }
            }
            ExprKind::Case { operand, whens, otherwise } => {
                let operand = operand.as_ref().map(|x| self.boxed(x)).transpose()?;
                let mut lowered = Vec::with_capacity(whens.len());
                for w in whens {
                    let (aff, collation) = self.rule(&w.by);
                    lowered.push((self.node(&w.when)?, self.node(&w.then)?, aff, collation));
                }
                let otherwise = otherwise.as_ref().map(|x| self.boxed(x)).transpose()?;
                Node::Case { operand, whens: lowered, otherwise }
            }
            ExprKind::Coalesce(xs) => Node::Coalesce(self.nodes(xs)?),
            ExprKind::Cast { operand, to } => Node::Cast { operand: self.boxed(operand)?, to: *to },
            ExprKind::Call(call) => {
                let args = self.nodes(&call.args)?;
                match &call.function {
                    Function::Builtin(function) if function.name == "like" => {
                        like(function, args, self.by(&call.collation))
                    }
                    Function::Builtin(function) => Node::Call { function, args, collation: self.by(&call.collation) },
                    Function::User { function, .. } => Node::CallUser { function: function.clone(), args },
                }
            }
            ExprKind::Aggregate(id) => self.aggregate_result(*id)?,
            ExprKind::Window(id) => self.window_result(*id)?,
            ExprKind::Raise { action, message } => {
                let message = message.as_ref().map(|m| self.boxed(m)).transpose()?;
                Node::Raise { action: *action, message }
            }
        })
    }

    /// A collation as values are compared: BINARY goes by the encoding of the connection's databases.
    pub fn by(&self, collation: &Collation) -> Collation {
        self.shared.planning.encoding.collation(collation)
    }

    fn all_by(&self, collations: &[Collation]) -> Vec<Collation> {
        collations.iter().map(|c| self.by(c)).collect()
    }

    pub fn rule(&self, by: &Comparison) -> (Affinity, Collation) {
        (by.affinity, self.by(&by.collation))
    }

    fn rules(&self, by: &[Comparison]) -> Vec<(Affinity, Collation)> {
        by.iter().map(|by| self.rule(by)).collect()
    }

    fn comparison(&self, op: CompareOp, left: Box<Node>, right: Box<Node>, by: &Comparison) -> Node {
        if let (Node::Column { level, field, default: None }, Node::Constant(Value::Integer(value))) = (&*left, &*right)
            && by.affinity != Affinity::Text
        {
            return Node::CompareFieldInteger {
                op,
                level: *level,
                field: *field,
                value: *value,
                affinity: by.affinity,
            };
        }
        Node::Compare { op, left, right, affinity: by.affinity, collation: self.by(&by.collation) }
    }

    /// ORDER BY of a compound: output columns only.
    /// How the rows of a compound's parts are put together where all of them come in the order of `merged`; `None` where
    /// they are gathered first.
    fn merge(
        &self,
        compound: &bound::Compound,
        merged: &[bound::OrderBy],
        collations: &[Collation],
    ) -> Result<Option<Merge>> {
        let mut ops = compound.arms.iter().map(|(op, _)| *op);
        let distinct = match ops.next() {
            Some(bound::CompoundOp::UnionAll) => false,
            Some(bound::CompoundOp::Union) => true,
            _ => return Ok(None),
        };
        let same_op = ops.all(|op| (op == bound::CompoundOp::Union) == distinct && joins(op));
        let terms = self.terms(merged)?;
        // Rows that differ must not be taken for the same, nor the other way round.
        let suits = |t: &SortTerm| {
            let same = collations.get(t.column).is_some_and(|c| discriminant(c) == discriminant(&t.collation));
            !matches!(t.collation, Collation::Custom(_)) && (same || !distinct)
        };
        let merges = same_op && !terms.is_empty() && terms.iter().all(suits);
        Ok(merges.then_some(Merge { terms, distinct }))
    }

    fn terms(&self, order_by: &[bound::OrderBy]) -> Result<Vec<SortTerm>> {
        order_by
            .iter()
            .map(|term| match &term.key {
                OrderKey::Output(i) => Ok(SortTerm {
                    column: *i as usize,
                    collation: self.by(&term.collation),
                    descending: term.descending,
                    nulls_first: term.nulls_first,
                }),
                OrderKey::Expr(_) => Err(Error::internal("a compound sorts by its output columns")),
            })
            .collect()
    }

    /// A list of constants becomes a set.
    fn in_list(&mut self, negated: bool, operand: &Expr, items: &[Expr], by: &Comparison) -> Result<Node> {
        let operand = self.boxed(operand)?;
        let items = self.nodes(items)?;
        let custom = matches!(by.collation, Collation::Custom(_));
        if items.len() < 4 || custom || !items.iter().all(Node::is_constant) {
            let collation = self.by(&by.collation);
            return Ok(Node::InList { negated, operand, items, affinity: by.affinity, collation });
        }
        let arena = bumpalo::Bump::new();
        let mut set = ConstantSet {
            keys: FxHashSet::default(),
            integers: Some(FxHashSet::default()),
            has_null: false,
            collation: self.by(&by.collation),
        };
        for item in &items {
            let Node::Constant(value) = item else { continue };
            if matches!(value, Value::Null) {
                set.has_null = true;
                continue;
            }
            let v = super::eval::prepare(value.as_ref(), by.affinity, &arena);
            match (v, &mut set.integers) {
                (ValueRef::Integer(i), Some(integers)) => _ = integers.insert(i),
                _ => set.integers = None,
            }
            let mut bytes = Vec::new();
            let encoded = key::encode_key(v, &set.collation, false, &mut bytes);
            debug_assert!(encoded.is_ok(), "custom collations were sent elsewhere");
            set.keys.insert(bytes.into());
        }
        Ok(Node::InSet { negated, operand, set: Arc::new(set), affinity: by.affinity })
    }
}

/// Lowers a query whose inputs are those of an enclosing program.
pub fn query_with_free(q: &Query, free: &[Free], shared: &Lowering<'_>) -> Result<Arc<QueryProgram>> {
    Lower::new(free, shared).query(q, false)
}

/// Lowers the query that finds the rows of a table that a statement writes.
pub fn target_query(q: &Query, free: &[Free], shared: &Lowering<'_>) -> Result<Arc<QueryProgram>> {
    Lower::new(free, shared).query(q, true)
}

/// How a column of a level's record is read.
pub fn field(level: u16, layout: &Layout, column: u16) -> Node {
    match layout {
        Layout::Table(table) => {
            if column == ROWID || table.rowid_alias() == Some(column) {
                return Node::Rowid { level };
            }
            let default = table.columns.get(column as usize).and_then(|c| c.added_default.clone()).map(Box::new);
            Node::Column { level, field: column, default }
        }
        Layout::Columns if column == ROWID => Node::Rowid { level },
        Layout::Columns => Node::Column { level, field: column, default: None },
    }
}

/// LIKE; with a constant pattern it is taken apart beforehand.
fn like(function: &'static Scalar, mut args: Vec<Node>, collation: Collation) -> Node {
    if let [Node::Constant(Value::Text(pattern)), _] = &args[..]
        && let Some(pattern) = known_pattern(pattern)
        && let Some(operand) = args.pop()
    {
        return Node::Like { operand: Box::new(operand), pattern };
    }
    Node::Call { function, args, collation }
}

/// Whether rows of both sides come out.
fn joins(op: bound::CompoundOp) -> bool {
    matches!(op, bound::CompoundOp::UnionAll | bound::CompoundOp::Union)
}

/// The order in which the parts of a compound are merged: ORDER BY, then the columns it leaves out. Parts that only
/// follow each other have none.
fn merge_order(query: &Query, compound: &bound::Compound) -> Vec<bound::OrderBy> {
    let chained = compound.arms.iter().all(|(op, _)| *op == bound::CompoundOp::UnionAll);
    if chained && query.order_by.is_empty() {
        return Vec::new();
    }
    let mut order = query.order_by.clone();
    if !chained {
        for (i, collation) in compound.collations.iter().enumerate() {
            let i = i as u16;
            if !order.iter().any(|t| matches!(t.key, OrderKey::Output(o) if o == i)) {
                let collation = collation.clone();
                order.push(bound::OrderBy {
                    key: OrderKey::Output(i),
                    collation,
                    descending: false,
                    nulls_first: true,
                });
            }
        }
    }
    order
}
