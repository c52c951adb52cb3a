//! Running one SELECT: nested loops over its levels as a resumable state machine, then grouping, windows,
//! projection, DISTINCT and sorting, as far as the program has them.

mod ahead;
mod groups;

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use heliosdb_udfs::value::{Value, ValueRef};
use rustc_hash::FxHashSet;

use crate::error::Result;
use crate::row::aggregate::{self, Groups};
use crate::row::context::Context;
use crate::row::eval::{Env, Near, eval, truth};
use crate::row::level::Level;
use crate::row::node::Node;
use crate::row::program::{
    Access, ArmProgram, Early, Join, LevelProgram, Reach, SelectProgram, SortKeySource, SourceProgram,
};
use crate::row::scan::{self, Scan};
use crate::row::sort::{Sorted, Sorter};
use crate::row::subquery::SubqueryRun;
use crate::row::window;
use crate::store::record;

pub struct SelectRun {
    levels: Vec<Level>,
    scans: Vec<Scan>,
    slots: Vec<Value>,
    runs: Vec<RefCell<SubqueryRun>>,
    arena: Bump,
    json: Cell<bool>,
    place: Place,
    /// Identities of the rows of a RIGHT or FULL level that matched, by level.
    matched: Vec<FxHashSet<Vec<u8>>>,
    /// The computed output row; columns that can be read from a level are not in it.
    out: Vec<Value>,
    /// Room for groups that come one after the other.
    in_turn: Option<Box<aggregate::InTurn>>,
    /// The rows that DISTINCT has let through, as keys.
    seen: FxHashSet<Box<[u8]>>,
    /// Room for the key of the row at hand, or for what is read from it.
    key: Vec<u8>,
    stage: Stage,
    /// The caller takes no more rows than this: a sort may keep fewer.
    wanted: Option<i64>,
    ticks: u32,
}

/// Where the loops stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// At a row of every level; continue with the next row of the innermost.
    Inside,
    /// Unmatched rows of a RIGHT or FULL level are being visited, with NULLs to its left.
    Unmatched(usize),
    Done,
}

/// What the rows come from once the loops have been drained.
enum Stage {
    /// Straight from the loops.
    Loops,
    Groups(Groups),
    /// The one group of a query without GROUP BY, in the slots.
    Single {
        is_due: bool,
    },
    /// Groups that are finished as the loops go on.
    InTurn,
    Kept(window::Kept),
    Sorted(Sorted),
    Done,
}

/// The level to go on with when those from `d` on are exhausted. One match of an EXISTS is enough.
#[inline]
fn above(levels: &[LevelProgram], d: usize, floor: usize) -> Option<usize> {
    (floor..d).rev().find(|l| levels[*l].join != Join::Exists)
}

/// The room of an arena that is kept for the next run.
const ARENA_KEPT_MAX: usize = 1 << 16;

/// Rows between two calls of `tick`.
const TICK_ROWS: u32 = 64;

impl SelectRun {
    pub fn new(program: &SelectProgram, wanted: Option<i64>) -> SelectRun {
        let n = program.levels.len();
        SelectRun {
            levels: (0..n).map(|_| Level::default()).collect(),
            scans: program.levels.iter().map(Scan::new).collect(),
            slots: vec![Value::Null; program.slots],
            runs: SubqueryRun::all(&program.subqueries),
            arena: Bump::new(),
            json: Cell::new(false),
            place: Place::Start,
            matched: vec![FxHashSet::default(); n],
            out: Vec::new(),
            in_turn: None,
            seen: FxHashSet::default(),
            key: Vec::new(),
            stage: Stage::Loops,
            wanted,
            ticks: 0,
        }
    }

    /// Begins anew; cursors, kept rows of uncorrelated sources and cached subqueries of the same inputs stay.
    pub fn restart(&mut self, wanted: Option<i64>) {
        self.wanted = wanted;
        for scan in &mut self.scans {
            scan.forget();
        }
        for run in &self.runs {
            run.borrow_mut().forget();
        }
        for matched in self.matched.iter_mut().filter(|matched| !matched.is_empty()) {
            matched.clear();
        }
        self.place = Place::Start;
        if !self.seen.is_empty() {
            self.seen.clear();
        }
        self.stage = Stage::Loops;
    }

    /// Lets go of all rows and cursors.
    pub fn rest(&mut self) {
        self.levels.iter_mut().for_each(Level::close);
        self.scans.iter_mut().for_each(Scan::rest);
        for run in &self.runs {
            run.borrow_mut().rest();
        }
        self.slots.fill(Value::Null);
        self.matched.iter_mut().for_each(|matched| *matched = FxHashSet::default());
        self.out.clear();
        if let Some(groups) = &mut self.in_turn {
            groups.rest();
        }
        self.seen = FxHashSet::default();
        self.stage = Stage::Loops;
        self.arena.reset();
        if self.arena.allocated_bytes() > ARENA_KEPT_MAX {
            self.arena = Bump::new();
        }
    }

    fn env<'e>(&'e self, program: &'e SelectProgram, inputs: &'e [Value], cx: &'e Context<'e>) -> Env<'e> {
        let last = if matches!(self.stage, Stage::Loops) { self.levels.len().checked_sub(1) } else { None };
        self.env_at(last, program, inputs, cx)
    }

    /// An environment for expressions that mostly read level `near`, which is at a row.
    #[inline]
    fn env_at<'e>(
        &'e self,
        near: Option<usize>,
        program: &'e SelectProgram,
        inputs: &'e [Value],
        cx: &'e Context<'e>,
    ) -> Env<'e> {
        Env {
            cx,
            levels: &self.levels,
            near: near.map_or(Near::NONE, |level| Near::of(&self.levels, level)),
            inputs,
            slots: &self.slots,
            subqueries: &program.subqueries,
            runs: &self.runs,
            arena: &self.arena,
            json: &self.json,
        }
    }

    /// A value of the current row.
    #[inline]
    pub fn column<'s>(&'s self, program: &'s SelectProgram, i: usize) -> ValueRef<'s> {
        match &self.stage {
            Stage::Sorted(sorted) => record::column(sorted.record(), i).unwrap_or(ValueRef::Null),
            _ => match &program.output[i] {
                Node::Column { level, field, default: None } => {
                    self.levels[*level as usize].field(*field as usize).unwrap_or(ValueRef::Null)
                }
                Node::Rowid { level } => self.levels[*level as usize].rowid(),
                Node::Slot(slot) => self.slots[*slot as usize].as_ref(),
                Node::Constant(value) => value.as_ref(),
                _ => self.out[i].as_ref(),
            },
        }
    }

    pub fn next(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<bool> {
        match &mut self.stage {
            // A further row of the loops, the usual case.
            Stage::Loops if self.place == Place::Inside && program.distinct.is_none() => {
                let more = self.advance(program, inputs, cx)?;
                if more {
                    self.project(program, inputs, cx)?;
                } else {
                    self.stage = Stage::Done;
                }
                return Ok(more);
            }
            Stage::Sorted(sorted) => return Ok(sorted.advance()),
            _ => {}
        }
        if self.place == Place::Start && matches!(self.stage, Stage::Loops) {
            if let Some(aggregation) = &program.aggregation {
                self.stage = self.aggregate(program, aggregation, inputs, cx)?;
            }
            if let Some(windows) = &program.windows {
                let kept = self.keep_for_windows(program, windows, inputs, cx)?;
                self.stage = Stage::Kept(kept);
            }
            if program.sort.is_some() {
                return self.sort(program, inputs, cx);
            }
        }
        self.next_output(program, inputs, cx)
    }

    /// The next row with its output computed and DISTINCT applied.
    fn next_output(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<bool> {
        loop {
            if !self.next_row(program, inputs, cx)? {
                self.stage = Stage::Done;
                return Ok(false);
            }
            self.project(program, inputs, cx)?;
            let Some(collations) = &program.distinct else { return Ok(true) };
            let mut key = std::mem::take(&mut self.key);
            key.clear();
            for (i, collation) in collations.iter().enumerate() {
                scan::encode(self.column(program, i), collation, false, &mut key);
            }
            self.key = key;
            let is_new = !self.seen.contains(self.key.as_slice()) || self.find_new(program, collations, inputs, cx)?;
            if is_new {
                self.seen.insert(self.key.as_slice().into());
                return Ok(true);
            }
        }
    }

    /// The next row of whatever stage comes before the projection.
    fn next_row(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<bool> {
        match &mut self.stage {
            Stage::Loops => self.advance(program, inputs, cx),
            Stage::Groups(_) | Stage::Single { .. } | Stage::InTurn => self.next_group(program, inputs, cx),
            Stage::Kept(kept) => {
                let more = kept.next(&mut self.slots);
                if more {
                    self.arena.reset();
                }
                Ok(more)
            }
            Stage::Sorted(_) | Stage::Done => Ok(false),
        }
    }

    #[inline(always)]
    fn project(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<()> {
        if program.computed.is_empty() { Ok(()) } else { self.compute(program, inputs, cx) }
    }

    /// The output columns that are not read where they lie.
    #[inline(never)]
    fn compute(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<()> {
        let mut out = std::mem::take(&mut self.out);
        if out.len() != program.output.len() {
            out.resize(program.output.len(), Value::Null);
        }
        {
            let env = self.env(program, inputs, cx);
            for i in &program.computed {
                out[*i as usize] = eval(&program.output[*i as usize], &env)?.to_owned();
            }
        }
        self.out = out;
        Ok(())
    }

    /// Drains everything into a sorter; afterwards rows come sorted.
    #[inline(never)]
    fn sort(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<bool> {
        let Some(sort) = &program.sort else { return Ok(false) };
        let mut sorter = Sorter::new(&sort.keys, self.wanted);
        'rows: while self.next_output(program, inputs, cx)? {
            sorter.begin();
            for (i, key) in sort.keys.iter().enumerate() {
                if i > 0 && i == sort.sorted {
                    if sorter.is_past() {
                        break 'rows;
                    }
                    sorter.note();
                }
                match &key.key {
                    SortKeySource::Output(column) => sorter.term(i, self.column(program, *column as usize)),
                    SortKeySource::Node(node) => sorter.term(i, eval(node, &self.env(program, inputs, cx))?),
                }
            }
            if sorter.wants() {
                sorter.push((0..program.output.len()).map(|i| self.column(program, i)));
            } else if sort.by_range
                && let (Some(level), Some(scan)) = (self.levels.last_mut(), self.scans.last())
            {
                scan::end_range(level, scan);
            }
        }
        let mut sorted = sorter.finish();
        let more = sorted.advance();
        self.stage = Stage::Sorted(sorted);
        Ok(more)
    }

    /// Keeps what the windows need of every row, then computes them.
    #[inline(never)]
    fn keep_for_windows(
        &mut self,
        program: &SelectProgram,
        windows: &crate::row::program::Windows,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<window::Kept> {
        let mut rows: Vec<Vec<Value>> = Vec::new();
        // The last row that is wanted, and what follows it that decides.
        let last = self.wanted.and_then(|wanted| usize::try_from(wanted).ok()?.checked_sub(1)).zip(windows.reach);
        let is_enough =
            |rows: &[Vec<Value>]| last.is_some_and(|(last, reach)| reach == Reach::Row && rows.len() > last);
        while !is_enough(&rows) && self.next_row(program, inputs, cx)? {
            let env = self.env(program, inputs, cx);
            let mut row = vec![Value::Null; self.slots.len()];
            for (node, slot) in &windows.captured {
                row[*slot as usize] = eval(node, &env)?.to_owned();
            }
            if let Some(last) = last.and_then(|(last, _)| rows.get(last))
                && !window::are_peers(windows, last, &row, &program.subqueries, &self.runs, inputs, cx)?
            {
                break;
            }
            rows.push(row);
        }
        window::compute(windows, rows, &program.subqueries, &self.runs, inputs, cx)
    }

    /// Whether conditions that mostly read level `near` hold.
    fn all_true(
        &self,
        nodes: &[Node],
        near: Option<usize>,
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        if nodes.is_empty() {
            return Ok(true);
        }
        let env = self.env_at(near, program, inputs, cx);
        for node in nodes {
            if truth(node, &env)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    // The loops.

    /// Moves the levels to the next joined row that passes every condition.
    pub fn advance(&mut self, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<bool> {
        let n = program.levels.len();
        match self.place {
            Place::Done => return Ok(false),
            Place::Start => {
                self.arena.reset();
                if !self.all_true(&program.precondition, None, program, inputs, cx)? {
                    self.place = Place::Done;
                    return Ok(false);
                }
                if n == 0 {
                    self.place = Place::Done;
                    return Ok(true);
                }
                self.place = Place::Inside;
                self.open(0, program, inputs, cx)?;
                if self.descend(0, 0, program, inputs, cx)? {
                    return Ok(true);
                }
            }
            Place::Inside if n == 1 && self.scans[0].plain && program.levels[0].join == Join::Inner => {
                if !program.repeats.is_empty() {
                    scan::pass_repeats(&mut self.levels[0], &mut self.scans[0], &program.repeats);
                }
                return self.advance_alone(&program.levels[0], program, inputs, cx);
            }
            Place::Inside => {
                let Some(last) = above(&program.levels, n, 0) else {
                    self.place = Place::Done;
                    return Ok(false);
                };
                if self.descend(last, 0, program, inputs, cx)? {
                    return Ok(true);
                }
            }
            Place::Unmatched(k) => {
                if self.descend(n - 1, k, program, inputs, cx)? {
                    return Ok(true);
                }
            }
        }
        // The loops (or a level's unmatched rows) are exhausted: the next level that keeps its own rows.
        let mut k = match self.place {
            Place::Unmatched(k) => k + 1,
            _ => 0,
        };
        while k < n {
            if matches!(program.levels[k].join, Join::Right | Join::Full) {
                self.place = Place::Unmatched(k);
                for level in &mut self.levels[..k] {
                    level.null_row = true;
                }
                self.open(k, program, inputs, cx)?;
                if self.descend(k, k, program, inputs, cx)? {
                    return Ok(true);
                }
            }
            k += 1;
        }
        self.place = Place::Done;
        Ok(false)
    }

    /// The next row of the only level, where nothing but its filters is asked.
    fn advance_alone(
        &mut self,
        level: &LevelProgram,
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        loop {
            self.tick(cx)?;
            self.arena.reset();
            if !scan::next(&mut self.levels[0], &mut self.scans[0], cx)? {
                self.place = Place::Done;
                return Ok(false);
            }
            if self.passes_filters(0, level, program, inputs, cx)? {
                return Ok(true);
            }
        }
    }

    /// Whether the row of a plain level passes its filters.
    #[inline]
    fn passes_filters(
        &mut self,
        d: usize,
        level: &LevelProgram,
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        let filters = match &level.early {
            None => &level.filters[..],
            Some(early) => match self.key_passes(d, early, &level.filters, program, inputs, cx)? {
                true => &level.filters[early.count..],
                false => return Ok(false),
            },
        };
        Ok(filters.is_empty() || self.all_true(filters, Some(d), program, inputs, cx)?)
    }

    /// Whether a row passes the filters that its key in an index decides.
    fn key_passes(
        &mut self,
        d: usize,
        early: &Early,
        filters: &[Node],
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        let mut record = std::mem::take(&mut self.key);
        let env = match self.levels[d].index_key() {
            Some((rowid, key)) => {
                scan::record_of_key(key, &early.covered, &mut record);
                Env { near: Near::at(d, rowid, &record), ..self.env_at(None, program, inputs, cx) }
            }
            None => self.env_at(Some(d), program, inputs, cx),
        };
        let mut passes = Ok(true);
        for filter in &filters[..early.count] {
            match truth(filter, &env) {
                Ok(Some(true)) => {}
                refused => {
                    passes = refused.map(|_| false);
                    break;
                }
            }
        }
        self.key = record;
        passes
    }

    /// Counts a row that is visited.
    #[inline]
    fn tick(&mut self, cx: &Context<'_>) -> Result<()> {
        self.ticks += 1;
        if self.ticks < TICK_ROWS {
            return Ok(());
        }
        self.ticks = 0;
        cx.around.tick()
    }

    fn open(&mut self, d: usize, program: &SelectProgram, inputs: &[Value], cx: &Context<'_>) -> Result<()> {
        let level = &program.levels[d];
        let source = match &level.whole {
            Some(whole) if self.place == Place::Unmatched(d) => whole,
            _ => &level.source,
        };
        if level.whole.is_some() {
            // It may go by another index.
            self.scans[d].forget_index();
        }
        if let Some(node) = source.rowid_key().filter(|_| scan::is_sought(&self.levels[d], cx)) {
            let rowid = scan::exact_rowid(eval(node, &self.env_at(d.checked_sub(1), program, inputs, cx))?);
            scan::seek_again(&mut self.levels[d], &mut self.scans[d], rowid);
            return Ok(());
        }
        let room = self.scans[d].take_room();
        let keys = scan::keys(source, &self.env_at(d.checked_sub(1), program, inputs, cx), room)?;
        scan::open(source, &mut self.levels[d], &mut self.scans[d], keys, cx)
    }

    /// Goes on from level `d`, never above `floor`; true at the next complete row.
    fn descend(
        &mut self,
        mut d: usize,
        floor: usize,
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        let last = program.levels.len() - 1;
        loop {
            self.tick(cx)?;
            let level = &program.levels[d];
            self.arena.reset();
            let null_row_given = self.levels[d].null_row;
            let more = !null_row_given && self.step(d, level, cx)?;
            if more {
                let passes = match self.scans[d].plain {
                    true => {
                        self.passes_filters(d, level, program, inputs, cx)?
                            || self.look_ahead(d, program, inputs, cx, |_| Ok(true))?
                    }
                    false => self.row_passes(d, level, program, inputs, cx)?,
                };
                if !passes {
                    continue;
                }
            } else {
                let keeps_left = matches!(level.join, Join::Left | Join::Full) && self.in_first_pass(d);
                if keeps_left && !self.levels[d].matched && !null_row_given {
                    self.levels[d].null_row = true;
                    self.levels[d].matched = true;
                    if !self.all_true(&level.filters, Some(d), program, inputs, cx)? {
                        continue;
                    }
                } else {
                    match above(&program.levels, d, floor) {
                        Some(before) => d = before,
                        None => return Ok(false),
                    }
                    continue;
                }
            }
            if d == last {
                return Ok(true);
            }
            d += 1;
            self.open(d, program, inputs, cx)?;
        }
    }

    /// The next row of a level, going through the arms of an OR.
    fn step(&mut self, d: usize, level: &LevelProgram, cx: &Context<'_>) -> Result<bool> {
        let (rows, scan) = (&mut self.levels[d], &mut self.scans[d]);
        loop {
            if scan::next(rows, scan, cx)? {
                return Ok(true);
            }
            if !scan::open_arm(&level.source, rows, scan, cx)? {
                return Ok(false);
            }
        }
    }

    /// Whether the row is one for the arm of an OR that found it: fulfils the arm, and no earlier arm has yielded it.
    fn is_of_arm(
        &mut self,
        d: usize,
        arms: &[ArmProgram],
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        let filters = arms.get(self.scans[d].arm).map_or(&[][..], |a| &a.filters);
        if !self.all_true(filters, Some(d), program, inputs, cx)? {
            return Ok(false);
        }
        let identity = scan::identity(&self.levels[d]);
        Ok(self.scans[d].seen.insert(identity))
    }

    /// The level whose unmatched rows are visited extends nobody to its left.
    fn in_first_pass(&self, d: usize) -> bool {
        self.place != Place::Unmatched(d)
    }

    fn row_passes(
        &mut self,
        d: usize,
        level: &LevelProgram,
        program: &SelectProgram,
        inputs: &[Value],
        cx: &Context<'_>,
    ) -> Result<bool> {
        if let SourceProgram::Table { access: Access::Or(arms), .. }
        | SourceProgram::KeyTable { access: Access::Or(arms), .. } = &level.source
            && self.in_first_pass(d)
            && !self.is_of_arm(d, arms, program, inputs, cx)?
        {
            return Ok(false);
        }
        if !level.on.is_empty() || !matches!(level.join, Join::Inner | Join::Exists) {
            let keeps_own = matches!(level.join, Join::Right | Join::Full);
            if self.place == Place::Unmatched(d) {
                if self.matched[d].contains(&scan::identity(&self.levels[d])) {
                    return Ok(false);
                }
            } else {
                if !self.all_true(&level.on, Some(d), program, inputs, cx)? {
                    return Ok(false);
                }
                self.levels[d].matched = true;
                if keeps_own {
                    let identity = scan::identity(&self.levels[d]);
                    self.matched[d].insert(identity);
                }
            }
        }
        self.all_true(&level.filters, Some(d), program, inputs, cx)
    }

    /// The current rows of the levels, for statements that write what a SELECT finds.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }
}
