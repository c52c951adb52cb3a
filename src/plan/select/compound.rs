//! UNION, UNION ALL, INTERSECT, EXCEPT.
//!
//! Source: https://sqlite.org/lang_select.html#compound_select_statements

use heliosdb_dialect::ast::{self, CompoundOp};
use heliosdb_udfs::value::{Affinity, Collation, Value};

use super::super::binder::{Binder, ordinal};
use super::super::bound::{Body, Classes, Compound, Expr, ExprKind, OrderBy, OrderKey, OutputColumn, Query};
use super::super::expr::{same, skip_collate};
use super::Naming;
use super::column_name::numbered;
use super::core::{Arm, arm_columns};
use super::order_by::{alias_position, ordered, out_of_range};
use crate::catalog::parsed_constant::integer_literal;
use crate::error::{Error, Result};

fn operator(op: CompoundOp) -> &'static str {
    match op {
        CompoundOp::Union => "UNION",
        CompoundOp::UnionAll => "UNION ALL",
        CompoundOp::Intersect => "INTERSECT",
        CompoundOp::Except => "EXCEPT",
    }
}

impl<'a> Binder<'a> {
    pub(super) fn compound(
        &mut self,
        body: &'a ast::QueryBody,
        order_by: &'a [ast::OrderTerm],
        naming: Naming,
    ) -> Result<Query> {
        self.compound_of(&body.first, &body.arms, order_by, naming)
    }

    /// As `compound`, over some of a body's SELECTs.
    #[inline(never)]
    pub(super) fn compound_of(
        &mut self,
        first: &'a ast::SelectCore,
        rest: &'a [(CompoundOp, ast::SelectCore)],
        order_by: &'a [ast::OrderTerm],
        naming: Naming,
    ) -> Result<Query> {
        if rest.len() >= self.space.options.limits.compound_selects {
            return Err(Error::sql("too many terms in compound SELECT"));
        }
        // SQLite resolves the last SELECT first, which decides what error is seen.
        let mut arms: Vec<Arm<'a>> = Vec::with_capacity(rest.len() + 1);
        for i in (0..=rest.len()).rev() {
            let core = if i == 0 { first } else { &rest[i - 1].1 };
            let arm = self.arm(core)?;
            if let (Some(right), Some((op, right_core))) = (arms.last(), rest.get(i))
                && right.width() != arm.width()
            {
                return Err(match right_core {
                    ast::SelectCore::Values(_) if matches!(core, ast::SelectCore::Values(_)) => {
                        Error::sql("all VALUES must have the same number of terms")
                    }
                    _ => widths_differ(*op),
                });
            }
            arms.push(arm);
        }
        arms.reverse();
        let keys = self.compound_order(&mut arms, order_by)?;
        // SQLite takes the declared types of a subquery from its last SELECT; it makes a subquery of a compound that
        // is sorted by a collation.
        let sorted_by_collation = order_by.iter().any(|t| matches!(t.expr.kind, ast::ExprKind::Collate(..)))
            && rest.iter().any(|(op, _)| *op != CompoundOp::UnionAll);
        let last = (!matches!(naming, Naming::Result | Naming::Table) || sorted_by_collation)
            .then(|| arms.last_mut().map(|arm| arm_columns(self, arm, naming)))
            .flatten();
        let naming = if sorted_by_collation && naming == Naming::Result { Naming::Subquery } else { naming };
        let mut columns = arm_columns(self, &mut arms[0], naming);
        for (column, last) in columns.iter_mut().zip(last.into_iter().flatten()) {
            column.declared_type = last.declared_type;
        }
        let mut collations = Vec::with_capacity(columns.len());
        for (i, column) in columns.iter_mut().enumerate() {
            collations.push(unite(column, &arms, i));
        }
        if !matches!(naming, Naming::Result | Naming::Operand) {
            store_reals(&mut arms, &columns);
        }
        if rest.iter().any(|(op, _)| *op != CompoundOp::UnionAll) {
            for collation in &collations {
                self.check_collation(collation)?;
            }
        }
        let order_by = keys.into_iter().map(|(position, collation, term)| {
            let collation = collation.unwrap_or_else(|| collations[position].clone());
            ordered(OrderKey::Output(position as u16), collation, term)
        });
        let order_by: Vec<OrderBy> = order_by.collect();
        let mut bodies = arms.into_iter().map(Arm::into_body);
        let first = bodies.next().expect("a compound has a first SELECT");
        let mut arms: Vec<(CompoundOp, Body)> = rest.iter().map(|(op, _)| *op).zip(bodies).collect();
        // The DISTINCT of its last SELECT becomes that of the subquery's reader.
        if sorted_by_collation && matches!(rest.last(), Some((_, ast::SelectCore::Select(last))) if last.distinct) {
            arms.push((CompoundOp::Union, Body::Values(Vec::new())));
        }
        let body = Body::Compound(Box::new(Compound { first, arms, collations }));
        Ok(Query { body, columns, order_by, limit: None, offset: None, free: Vec::new(), end: 0 })
    }

    pub(super) fn arm(&mut self, core: &'a ast::SelectCore) -> Result<Arm<'a>> {
        Ok(match core {
            ast::SelectCore::Select(select) => Arm::Select(Box::new(self.core(select, None)?.0)),
            ast::SelectCore::Values(rows) => Arm::Values(self.values(rows)?),
        })
    }

    /// Matches each term with a result column, the leftmost SELECT's names and expressions first.
    pub(super) fn compound_order(
        &mut self,
        arms: &mut [Arm<'a>],
        terms: &'a [ast::OrderTerm],
    ) -> Result<Vec<(usize, Option<Collation>, &'a ast::OrderTerm)>> {
        if terms.len() > self.space.options.limits.columns {
            return Err(Error::sql("too many terms in ORDER BY clause"));
        }
        let mut positions: Vec<Option<usize>> = vec![None; terms.len()];
        for arm in arms {
            for (i, term) in terms.iter().enumerate() {
                if positions[i].is_some() {
                    continue;
                }
                let bare = skip_collate(&term.expr);
                if let Some(n) = integer_literal(bare) {
                    let max = arm.width();
                    match usize::try_from(n).ok().filter(|n| (1..=max).contains(n)) {
                        Some(n) => positions[i] = Some(n - 1),
                        None => return Err(out_of_range(i, max)),
                    }
                    continue;
                }
                if let Arm::Select(core) = arm {
                    positions[i] = match alias_position(&core.scope.outputs, bare) {
                        Some(position) => Some(position),
                        None => self.matching_column(core, bare),
                    };
                }
            }
        }
        let mut matched = Vec::with_capacity(terms.len());
        for (i, term) in terms.iter().enumerate() {
            let Some(position) = positions[i] else {
                return Err(Error::sql(format!(
                    "{} ORDER BY term does not match any column in the result set",
                    ordinal(i + 1)
                )));
            };
            let collation = self.outer_collation(&term.expr)?;
            if let Some(collation) = &collation {
                self.check_collation(collation)?;
            }
            matched.push((position, collation, term));
        }
        Ok(matched)
    }

    /// The result column of one SELECT that a term equals, if the term means anything there.
    fn matching_column(&mut self, core: &mut super::core::Core<'a>, term: &'a ast::Expr) -> Option<usize> {
        let scope = std::mem::replace(&mut core.scope, super::super::scope::Scope::new());
        let marks: Vec<usize> = self.frames.iter().map(|f| f.free.len()).collect();
        let (height, level) = ((self.height, self.subqueries, self.nesting), self.scopes.len());
        let (aggregates, windows) = (scope.aggregates.len(), scope.windows.len());
        self.scopes.push(scope);
        let scope = self.scope();
        scope.allow_aggregates = true;
        scope.closed = true;
        scope.trying = true;
        let bound = self.expr(term);
        (self.height, self.subqueries, self.nesting) = height;
        self.frames.truncate(marks.len());
        for (frame, mark) in self.frames.iter_mut().zip(marks) {
            frame.free.truncate(mark);
        }
        self.scopes.truncate(level + 1);
        core.scope = self.scopes.pop().expect("pushed above");
        core.scope.trying = false;
        core.scope.closed = false;
        core.scope.aggregates.truncate(aggregates);
        core.scope.windows.truncate(windows);
        let bound = bound.ok()?;
        core.scope.outputs.iter().position(|o| same::same_but_collation(&o.expr, &bound, None))
    }
}

fn widths_differ(op: CompoundOp) -> Error {
    Error::sql(format!(
        "SELECTs to the left and right of {} do not have the same number of result columns",
        operator(op)
    ))
}

const NUMBERS: u8 = 1;
const TEXT: u8 = 2;
const BLOB: u8 = 4;
const ANY: u8 = NUMBERS | TEXT | BLOB;

/// A function call tells nothing of its value, whatever it is bound as.
fn is_call(written: Option<&ast::Expr>) -> bool {
    written.is_some_and(|w| matches!(skip_collate(w).kind, ast::ExprKind::Call(_)))
}

/// SQLite's guess at what an expression yields: it decides whether a column of a compound keeps its affinity.
fn guess(e: &Expr) -> u8 {
    match &e.kind {
        ExprKind::Literal(Value::Null) => 0,
        ExprKind::Literal(Value::Text(_)) => TEXT,
        ExprKind::Literal(Value::Blob(_)) => BLOB,
        ExprKind::Arithmetic(super::super::bound::ArithmeticOp::Concat, ..) => TEXT | BLOB,
        ExprKind::Parameter(_)
        | ExprKind::Aggregate(_)
        | ExprKind::Window(_)
        | ExprKind::Call(_)
        | ExprKind::Coalesce(_) => NUMBERS | TEXT | BLOB,
        ExprKind::Column(_)
        | ExprKind::Generated { .. }
        | ExprKind::Stored { .. }
        | ExprKind::Scalar(_)
        | ExprKind::RowScalar { .. }
        | ExprKind::Cast { .. } => match e.affinity {
            Affinity::Text => TEXT | BLOB,
            Affinity::None | Affinity::Blob => NUMBERS | TEXT | BLOB,
            _ => NUMBERS | BLOB,
        },
        ExprKind::Case { whens, otherwise, .. } => {
            let thens = whens.iter().fold(0, |g, w| g | guess(&w.then));
            thens | otherwise.as_ref().map_or(0, |e| guess(e))
        }
        _ => NUMBERS,
    }
}

/// Completes a compound's column by what the other SELECTs have there; returns the collation that compares its rows.
fn unite(column: &mut OutputColumn, arms: &[Arm<'_>], i: usize) -> Collation {
    let exprs = || arms.iter().flat_map(move |arm| arm.column(i));
    let deciding = exprs().position(|e| !matches!(e.affinity, Affinity::None));
    let affinity = deciding.and_then(|d| exprs().nth(d)).map_or(Affinity::None, |e| e.affinity);
    let written = || arms.iter().flat_map(move |arm| arm.written(i));
    let others = exprs().zip(written()).enumerate().filter(|(n, _)| Some(*n) != deciding);
    let others = others.fold(0, |g, (_, (e, written))| g | if is_call(written) { ANY } else { guess(e) });
    let is_cast = exprs().next().is_some_and(|e| matches!(e.kind, ExprKind::Cast { .. }))
        && !written().next().flatten().is_some_and(|w| matches!(w.kind, ast::ExprKind::Collate(..)));
    column.affinity = match affinity {
        Affinity::None | Affinity::Blob => affinity,
        Affinity::Text if others & NUMBERS != 0 => Affinity::Blob,
        Affinity::Text => Affinity::Text,
        _ if others & TEXT != 0 => Affinity::Blob,
        _ if is_cast => Affinity::FlexNum,
        numeric => numeric,
    };
    column.classes = exprs().fold(Classes(0), |c, e| c.or(e.classes));
    let collation = exprs().find_map(|e| e.collation.as_ref());
    collation.map(|c| c.collation.clone()).unwrap_or_default()
}

/// What is read from a subquery's column of REAL affinity is a real: so are the integers of a SELECT that has others there.
fn store_reals(arms: &mut [Arm<'_>], columns: &[OutputColumn]) {
    for (i, _) in columns.iter().enumerate().filter(|(_, c)| c.affinity == Affinity::Real) {
        for arm in &mut *arms {
            for e in arm.column_mut(i).filter(|e| e.affinity != Affinity::Real) {
                let kind = std::mem::replace(&mut e.kind, ExprKind::Literal(Value::Null));
                let operand = Box::new(Expr { kind, ..e.clone() });
                e.kind = ExprKind::Stored { operand, affinity: Affinity::Real };
                e.classes = e.classes.or(Classes::REAL);
            }
        }
    }
}

/// Columns of VALUES are `column1`, `column2` …
pub fn values_columns(rows: &[Vec<Expr>]) -> Vec<OutputColumn> {
    let width = rows.first().map_or(0, Vec::len);
    let one = |i: usize| {
        let exprs = || rows.iter().map(move |row| &row[i]);
        let first = &rows[0][i];
        let mut column = OutputColumn {
            name: numbered(i),
            declared_type: match &first.kind {
                ExprKind::Scalar(query) => query.columns[0].declared_type.clone(),
                _ => None,
            },
            affinity: first.affinity,
            classes: exprs().fold(Classes(0), |c, e| c.or(e.classes)),
            collation: first.collation.as_ref().map(|c| c.collation.clone()),
            explicit_collation: first.collation.as_ref().is_some_and(|c| c.explicit),
        };
        if rows.len() > 1 {
            let found = exprs().position(|e| e.affinity != Affinity::None);
            column.affinity = found.map_or(Affinity::None, |f| rows[f][i].affinity);
            let others = exprs().enumerate().filter(|(n, _)| Some(*n) != found).fold(0, |g, (_, e)| g | guess(e));
            column.affinity = match column.affinity {
                Affinity::Text if others & NUMBERS != 0 => Affinity::Blob,
                a @ (Affinity::None | Affinity::Blob | Affinity::Text) => a,
                _ if others & TEXT != 0 => Affinity::Blob,
                a => a,
            };
        }
        column
    };
    (0..width).map(one).collect()
}
