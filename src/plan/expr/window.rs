//! Window calls: named and base windows merged, frames with their defaults.
//!
//! Source: https://sqlite.org/windowfunctions.html

use heliosdb_dialect::ast::{self, FrameExclude, FrameUnit, Literal, Over, Quote};
use heliosdb_udfs::signature::{Flags, WindowDef, WindowKind};
use heliosdb_udfs::value::{Collation, Value};

use super::super::binder::Binder;
use super::super::bound::{AggregateFunction, Classes, Expr, ExprKind, FrameBound, GroupKey, Window, WindowFunction};
use super::function::call_collation;
use super::{collation_of, explicit, made};
use crate::catalog::self_reference::for_each_child;
use crate::error::{Error, Result};

/// A window definition with its base windows merged in.
#[derive(Clone, Copy)]
struct Merged<'a> {
    partition_by: &'a [ast::Expr],
    order_by: &'a [ast::OrderTerm],
    frame: Option<&'a ast::Frame>,
}

type Definition = (ast::Name, ast::Window);

fn no_such_window(name: &ast::Name) -> Error {
    Error::sql(format!("no such window: {}", name.text))
}

/// The windows of a WINDOW clause must fit their bases, whether they are used or not.
pub fn check_definitions(definitions: &[Definition]) -> Result<()> {
    if definitions.is_empty() { Ok(()) } else { merged_definitions(definitions).map(drop) }
}

/// The windows of a WINDOW clause, each over its base, which stands before it. What the first one names as its base is
/// not looked at.
fn merged_definitions(definitions: &[Definition]) -> Result<Vec<Merged<'_>>> {
    let mut made: Vec<Merged<'_>> = Vec::with_capacity(definitions.len());
    for (_, own) in definitions {
        let next = if made.is_empty() { unmerged(own) } else { merged(own, &definitions[..made.len()], &made)? };
        made.push(next);
    }
    Ok(made)
}

fn unmerged(window: &ast::Window) -> Merged<'_> {
    Merged { partition_by: &window.partition_by, order_by: &window.order_by, frame: window.frame.as_ref() }
}

/// A window over its base, the last of that name; it may add what its base has not. `made` are the definitions merged.
fn merged<'a>(window: &'a ast::Window, definitions: &[Definition], made: &[Merged<'a>]) -> Result<Merged<'a>> {
    let mut merged = unmerged(window);
    let Some(base) = &window.base else { return Ok(merged) };
    let refused = |clause: &str| Err(Error::sql(format!("cannot override {clause} of window: {}", base.text)));
    let Some(at) = definitions.iter().rposition(|(n, _)| n.is(&base.text)) else { return Err(no_such_window(base)) };
    let next = made[at];
    if !merged.partition_by.is_empty() {
        return refused("PARTITION clause");
    }
    if !next.order_by.is_empty() && !merged.order_by.is_empty() {
        return refused("ORDER BY clause");
    }
    if next.frame.is_some() {
        return refused("frame specification");
    }
    if !next.partition_by.is_empty() {
        merged.partition_by = next.partition_by;
    }
    if !next.order_by.is_empty() {
        merged.order_by = next.order_by;
    }
    Ok(merged)
}

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn window_aggregate(
        &mut self,
        call: &'a ast::Call,
        function: AggregateFunction,
        over: &'a Over,
    ) -> Result<Expr> {
        let name = &*call.name.text;
        let slides = match &function {
            AggregateFunction::Builtin(_) => true,
            AggregateFunction::User { function, .. } => function.is_window(),
        };
        if !slides {
            return Err(Error::sql(format!("{name}() may not be used as a window function")));
        }
        let scope = self.scope();
        if !scope.allow_aggregates || !scope.allow_windows {
            return Err(Error::sql(format!("misuse of window function {name}()")));
        }
        if !call.order_by.is_empty() || call.within_group.is_some() {
            return Err(Error::sql(format!("ORDER BY may not be used with non-aggregate {name}()")));
        }
        let compares = matches!(&function, AggregateFunction::Builtin(def) if def.flags.has(Flags::COLLATION));
        self.window(call, WindowFunction::Aggregate(function), over, compares)
    }

    #[inline(never)]
    pub(super) fn window_positional(
        &mut self,
        call: &'a ast::Call,
        def: &'static WindowDef,
        over: &'a Over,
    ) -> Result<Expr> {
        if call.filter.is_some() {
            return Err(Error::sql("FILTER clause may only be used with aggregate window functions"));
        }
        self.window(call, WindowFunction::Positional(def.kind), over, false)
    }

    #[inline(never)]
    fn window(
        &mut self,
        call: &'a ast::Call,
        function: WindowFunction,
        over: &'a Over,
        compares: bool,
    ) -> Result<Expr> {
        let aggregates = self.scope().allow_aggregates;
        let allowed = self.allow(aggregates, false);
        let args = self.exprs(&call.args)?;
        let merged = match over {
            Over::Named(name) => self.named_window(name)?,
            Over::Window(window) => self.merged_window(window)?,
        };
        let order_by = self.sort_keys(merged.order_by)?;
        let mut partition_by = Vec::with_capacity(merged.partition_by.len());
        for e in merged.partition_by {
            let expr = self.expr(e)?;
            let collation = collation_of(&expr);
            self.check_collation(&collation)?;
            partition_by.push(GroupKey { expr, collation });
        }
        let filter = call.filter.as_deref().map(|f| self.expr(f)).transpose()?;
        let fixed = match function {
            WindowFunction::Positional(kind) => fixed_frame(kind),
            WindowFunction::Aggregate(_) => None,
        };
        let (unit, start, end, exclude) = self.frame(merged.frame, fixed.is_none())?;
        let offset = |b: &FrameBound| matches!(b, FrameBound::Preceding(_) | FrameBound::Following(_));
        if unit == FrameUnit::Range && (offset(&start) || offset(&end)) && order_by.len() != 1 {
            return Err(Error::sql("RANGE with offset PRECEDING/FOLLOWING requires one ORDER BY expression"));
        }
        let exclude = if fixed.is_some() { FrameExclude::Absent } else { exclude };
        let (unit, start, end) = fixed.unwrap_or((unit, start, end));
        self.allow(allowed.0, allowed.1);
        let collation = if compares { call_collation(&args) } else { Collation::Binary };
        for arg in &args {
            self.check_collation(&collation_of(arg))?;
        }
        let handed_on = explicit(&args);
        let classes = match function {
            WindowFunction::Positional(WindowKind::PercentRank | WindowKind::CumeDist) => Classes::REAL,
            WindowFunction::Positional(
                WindowKind::RowNumber | WindowKind::Rank | WindowKind::DenseRank | WindowKind::Ntile,
            ) => Classes::INTEGER,
            _ => Classes::ANY,
        };
        let id = self.new_window();
        self.scope().windows.push(Window {
            id,
            function,
            args,
            filter,
            collation,
            partition_by,
            order_by,
            unit,
            start,
            end,
            exclude,
        });
        Ok(made(ExprKind::Window(id), classes, handed_on))
    }

    fn named_window(&mut self, name: &'a ast::Name) -> Result<Merged<'a>> {
        let definitions = self.scope().window_definitions;
        match definitions.iter().rposition(|(n, _)| n.is(&name.text)) {
            Some(at) => Ok(merged_definitions(definitions)?[at]),
            None => Err(no_such_window(name)),
        }
    }

    fn merged_window(&mut self, window: &'a ast::Window) -> Result<Merged<'a>> {
        let definitions = self.scope().window_definitions;
        merged(window, definitions, &merged_definitions(definitions)?)
    }

    /// `honoured`: the function has no frame of its own.
    fn frame(
        &mut self,
        frame: Option<&'a ast::Frame>,
        honoured: bool,
    ) -> Result<(FrameUnit, FrameBound, FrameBound, FrameExclude)> {
        let Some(frame) = frame else {
            return Ok((
                FrameUnit::Range,
                FrameBound::UnboundedPreceding,
                FrameBound::CurrentRow,
                FrameExclude::Absent,
            ));
        };
        use ast::FrameBound as B;
        let current = B::CurrentRow;
        let end = frame.end.as_ref().unwrap_or(&current);
        let unsupported = matches!(frame.start, B::UnboundedFollowing)
            || matches!(end, B::UnboundedPreceding)
            || matches!((&frame.start, end), (B::Following(_), B::Preceding(_) | B::CurrentRow))
            || matches!((&frame.start, end), (B::CurrentRow, B::Preceding(_)));
        if unsupported {
            return Err(Error::sql("unsupported frame specification"));
        }
        let start = self.frame_bound(&frame.start, honoured)?;
        let end = match &frame.end {
            Some(end) => self.frame_bound(end, honoured)?,
            None => FrameBound::CurrentRow,
        };
        Ok((frame.unit, start, end, frame.exclude))
    }

    fn frame_bound(&mut self, bound: &'a ast::FrameBound, honoured: bool) -> Result<FrameBound> {
        use ast::FrameBound as B;
        Ok(match bound {
            B::UnboundedPreceding => FrameBound::UnboundedPreceding,
            B::CurrentRow => FrameBound::CurrentRow,
            B::UnboundedFollowing => FrameBound::UnboundedFollowing,
            B::Preceding(e) => FrameBound::Preceding(self.frame_offset(e, honoured)?),
            B::Following(e) => FrameBound::Following(self.frame_offset(e, honoured)?),
        })
    }

    /// An offset that is no constant counts as NULL, which the executor refuses.
    fn frame_offset(&mut self, e: &'a ast::Expr, honoured: bool) -> Result<Expr> {
        if honoured && is_literal(e) {
            return self.expr(e);
        }
        Ok(made(ExprKind::Literal(Value::Null), Classes::NULL, None))
    }
}

/// Whether an expression is constant before its names and functions have been looked up.
fn is_literal(e: &ast::Expr) -> bool {
    use ast::ExprKind as E;
    let own = match &e.kind {
        E::Name(name) => name.quote == Quote::None && (name.is("true") || name.is("false")),
        E::Literal(Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp) => false,
        E::In { set, .. } => matches!(set, ast::InSet::List(_)),
        E::Column { .. } | E::Raise { .. } | E::Call(_) | E::Like { .. } | E::Exists(_) | E::Subquery(_) => false,
        _ => true,
    };
    let mut all = own;
    for_each_child(e, &mut |child| all = all && is_literal(child));
    all
}

/// The frame that a positional function works on, whatever was written; `None` for those that honour it.
fn fixed_frame(kind: WindowKind) -> Option<(FrameUnit, FrameBound, FrameBound)> {
    use FrameBound::{CurrentRow, UnboundedFollowing, UnboundedPreceding};
    Some(match kind {
        WindowKind::RowNumber => (FrameUnit::Rows, UnboundedPreceding, CurrentRow),
        WindowKind::Rank | WindowKind::DenseRank => (FrameUnit::Range, UnboundedPreceding, CurrentRow),
        WindowKind::PercentRank => (FrameUnit::Groups, CurrentRow, UnboundedFollowing),
        WindowKind::CumeDist => (FrameUnit::Groups, UnboundedPreceding, CurrentRow),
        WindowKind::Ntile => (FrameUnit::Rows, CurrentRow, UnboundedFollowing),
        WindowKind::Lead | WindowKind::Lag => (FrameUnit::Rows, UnboundedPreceding, UnboundedFollowing),
        WindowKind::FirstValue | WindowKind::LastValue | WindowKind::NthValue => return None,
    })
}
