//! Names, declared types and affinities of result columns.
//!
//! Nothing but AS is promised by SQLite, but applications rely on the rest: a column of a table shows its own name,
//! any other expression its text.

use std::sync::{Arc, LazyLock};

use heliosdb_dialect::ast::{self, ExprKind as Ast};
use rustc_hash::FxHashSet;

use super::super::binder::Binder;
use super::super::bound::{ColumnRef, Expr, ExprKind, OutputColumn, ROWID, Window, WindowFunction};
use super::super::expr::{same, skip_collate, skip_hints};
use super::super::scope::{Columns, Output, Scope, ScopeSource};

/// For whom columns are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// A statement's result: names may repeat.
    Result,
    /// A subquery or common table: unique names, columns as they were written.
    Subquery,
    /// A subquery of an expression: as `Subquery`.
    Operand,
    /// A view: unique names, columns as their tables call them.
    View,
    /// CREATE TABLE AS, and a view that is described: as `View`, and a compound's declared types are the first SELECT's.
    Table,
}

/// The columns of a SELECT that has been bound; its scope is off the stack.
pub fn output_columns<'a>(binder: &mut Binder<'a>, scope: &mut Scope<'a>, naming: Naming) -> Vec<OutputColumn> {
    let mut columns = Vec::with_capacity(scope.outputs.len());
    for i in 0..scope.outputs.len() {
        let name = match scope.outputs[i].alias.take() {
            Some(alias) if naming == Naming::Result => alias,
            Some(alias) => {
                let named = if is_truth(&alias) { numbered(i) } else { alias.clone() };
                scope.outputs[i].alias = Some(alias);
                named
            }
            None => name(binder, scope, &scope.outputs[i], i, naming),
        };
        let output = &scope.outputs[i];
        let expr = &output.expr;
        columns.push(OutputColumn {
            name,
            declared_type: declared_type(binder, scope, output),
            affinity: expr.affinity,
            classes: expr.classes,
            collation: expr.collation.as_ref().map(|c| c.collation.clone()),
            explicit_collation: expr.collation.as_ref().is_some_and(|c| c.explicit),
        });
    }
    if naming != Naming::Result {
        make_unique(&mut columns);
    }
    columns
}

/// The name of a column that has none.
pub fn numbered(i: usize) -> Arc<str> {
    const KNOWN: usize = 32;
    static NAMES: LazyLock<[Arc<str>; KNOWN]> =
        LazyLock::new(|| std::array::from_fn(|i| format!("column{}", i + 1).into()));
    if i < KNOWN { NAMES[i].clone() } else { format!("column{}", i + 1).into() }
}

fn is_truth(name: &str) -> bool {
    name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false")
}

/// The column that an expression is, if it was written as a column.
fn column_of(output: &Output<'_>) -> Option<ColumnRef> {
    column_written(output, output.written)
}

fn column_written(output: &Output<'_>, written: Option<&ast::Expr>) -> Option<ColumnRef> {
    let written = written.map(|w| &w.kind);
    if !matches!(written, None | Some(Ast::Name(_) | Ast::Column { .. })) {
        return None;
    }
    match &output.expr.kind {
        ExprKind::Column(c) | ExprKind::Generated { column: c, .. } => Some(*c),
        _ => None,
    }
}

fn source<'s, 'a>(binder: &'s Binder<'a>, scope: &'s Scope<'a>, c: ColumnRef) -> Option<&'s ScopeSource<'a>> {
    let scopes = std::iter::once(scope).chain(binder.scopes.iter().rev());
    scopes.flat_map(|s| &s.sources).find(|s| s.id == c.source)
}

fn name(binder: &Binder<'_>, scope: &Scope<'_>, output: &Output<'_>, i: usize, naming: Naming) -> Arc<str> {
    let options = &binder.space.options;
    let found = match naming {
        Naming::Result if !options.short_column_names && !options.full_column_names => None,
        Naming::Subquery | Naming::Operand => match output.written.map(|w| &skip_collate(w).kind) {
            Some(Ast::Name(name) | Ast::Column { column: name, .. }) => Some(name.text.clone()),
            _ => None,
        },
        _ => match naming {
            Naming::Result => column_of(output),
            _ => column_written(output, output.written.map(skip_hints)),
        }
        .and_then(|c| source(binder, scope, c).map(|s| (c, s)))
        .map(|(c, s)| {
            let name = if c.column == ROWID { "rowid".into() } else { s.columns.name(c.column as usize).clone() };
            if naming == Naming::Result && options.full_column_names {
                let table = match &s.columns {
                    Columns::Table(t) => &*t.name,
                    _ => &*s.name,
                };
                format!("{table}.{name}").into()
            } else {
                name
            }
        }),
    };
    let name = match found {
        Some(name) => name,
        None if output.text.is_empty() => return numbered(i),
        None => output.text.into(),
    };
    if naming != Naming::Result && is_truth(&name) { numbered(i) } else { name }
}

fn declared_type(binder: &Binder<'_>, scope: &Scope<'_>, output: &Output<'_>) -> Option<Arc<str>> {
    if let Some(c) = column_of(output) {
        let s = source(binder, scope, c)?;
        if c.column == ROWID {
            return Some("INTEGER".into());
        }
        return s.columns.declared_type(c.column as usize).cloned();
    }
    match (&output.expr.kind, output.written.map(|w| &w.kind)) {
        (ExprKind::Scalar(query), Some(Ast::Subquery(_))) => query.columns[0].declared_type.clone(),
        _ => None,
    }
}

/// Appends `:1`, `:2` … to repeated names.
pub fn make_unique(columns: &mut [OutputColumn]) {
    if columns.len() < 2 {
        return;
    }
    let mut seen: FxHashSet<Arc<str>> = FxHashSet::default();
    for column in columns {
        let mut count = 0u32;
        while seen.contains(&*column.name.to_ascii_lowercase()) {
            count += 1;
            let digits = column.name.bytes().rev().take_while(u8::is_ascii_digit).count();
            let stem = column.name.len() - digits;
            let base = match column.name[..stem].strip_suffix(':') {
                Some(base) if !base.is_empty() => base,
                _ => &column.name,
            };
            column.name = format!("{base}:{count}").into();
        }
        seen.insert(column.name.to_ascii_lowercase().into());
    }
}

/// The result column that is the same window call as an ORDER BY term, whose windows were added from `mark` on.
pub fn same_window(scope: &Scope<'_>, mark: usize, term: &Expr) -> Option<usize> {
    let ExprKind::Window(id) = term.kind else { return None };
    let window = scope.windows[mark..].iter().find(|w| w.id == id)?;
    scope.outputs.iter().rposition(|o| match o.expr.kind {
        ExprKind::Window(id) => scope.windows[..mark].iter().any(|w| w.id == id && same_call(w, window)),
        _ => false,
    })
}

fn same_call(a: &Window, b: &Window) -> bool {
    let function = match (&a.function, &b.function) {
        (WindowFunction::Positional(a), WindowFunction::Positional(b)) => a == b,
        (WindowFunction::Aggregate(a), WindowFunction::Aggregate(b)) => same::same_aggregate(a, b),
        _ => false,
    };
    let filter = match (&a.filter, &b.filter) {
        (None, None) => true,
        (Some(a), Some(b)) => same::same(a, b),
        _ => false,
    };
    function && filter && same::same_list(&a.args, &b.args) && same_frame(a, b)
}

/// Windows that the same pass over the rows serves come together: SQLite computes the first one and its like last.
pub fn passes(windows: Vec<Window>) -> Vec<Window> {
    let mut passes: Vec<Vec<Window>> = Vec::new();
    for window in windows {
        match passes.iter_mut().find(|pass| same_frame(&pass[0], &window)) {
            Some(pass) => pass.push(window),
            None => passes.push(vec![window]),
        }
    }
    passes.into_iter().flatten().collect()
}

/// The same rows in the same order.
fn same_frame(a: &Window, b: &Window) -> bool {
    use super::super::bound::FrameBound as B;
    let bound = |a: &B, b: &B| match (a, b) {
        (B::UnboundedPreceding, B::UnboundedPreceding)
        | (B::CurrentRow, B::CurrentRow)
        | (B::UnboundedFollowing, B::UnboundedFollowing) => true,
        (B::Preceding(a), B::Preceding(b)) | (B::Following(a), B::Following(b)) => same::same(a, b),
        _ => false,
    };
    a.partition_by.len() == b.partition_by.len()
        && a.partition_by.iter().zip(&b.partition_by).all(|(a, b)| same::same(&a.expr, &b.expr))
        && same::same_sort(&a.order_by, &b.order_by)
        && a.unit == b.unit
        && a.exclude == b.exclude
        && bound(&a.start, &b.start)
        && bound(&a.end, &b.end)
}
