//! ORDER BY of a single SELECT: by position, by result alias, by an expression equal to a result column, or by any
//! expression.

use heliosdb_dialect::ast::{self, ExprKind as Ast};

use super::super::binder::{Binder, ordinal};
use super::super::bound::{Expr, OrderBy, OrderKey, OutputColumn};
use super::super::expr::{collation_of, same, skip_collate, with_collation};
use super::super::scope::Output;
use crate::catalog::parsed_constant::integer_literal;
use crate::error::{Error, Result};
use heliosdb_udfs::value::Collation;

/// `Nth ORDER BY term out of range - …`
pub fn out_of_range(term: usize, max: usize) -> Error {
    let term = ordinal(term + 1);
    Error::sql(format!("{term} ORDER BY term out of range - should be between 1 and {max}"))
}

/// The result column whose alias a term is.
pub fn alias_position(outputs: &[Output<'_>], term: &ast::Expr) -> Option<usize> {
    let Ast::Name(name) = &term.kind else { return None };
    outputs.iter().position(|o| o.alias.as_deref().is_some_and(|a| name.is(a)))
}

/// A key with SQLite's default place for NULLs.
pub fn ordered(key: OrderKey, collation: Collation, term: &ast::OrderTerm) -> OrderBy {
    OrderBy { key, collation, descending: term.descending, nulls_first: term.nulls_first.unwrap_or(!term.descending) }
}

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn order_terms(&mut self, terms: &'a [ast::OrderTerm]) -> Result<Vec<OrderBy>> {
        if terms.len() > self.space.options.limits.columns {
            return Err(Error::sql("too many terms in ORDER BY clause"));
        }
        let mut keys = Vec::with_capacity(terms.len());
        for (i, term) in terms.iter().enumerate() {
            let bare = skip_collate(&term.expr);
            let position = match alias_position(&self.scope().outputs, bare) {
                Some(position) => Some(position),
                None => match integer_literal(bare) {
                    Some(n) => {
                        let max = self.scope().outputs.len();
                        match usize::try_from(n).ok().filter(|n| (1..=max).contains(n)) {
                            Some(n) => Some(n - 1),
                            None => return Err(out_of_range(i, max)),
                        }
                    }
                    None => None,
                },
            };
            let (key, collation) = match position {
                Some(position) => {
                    let collation = match self.outer_collation(&term.expr)? {
                        Some(collation) => collation,
                        None => collation_of(&self.scope().outputs[position].expr),
                    };
                    (OrderKey::Output(position as u16), collation)
                }
                None => self.order_expression(&term.expr)?,
            };
            self.check_collation(&collation)?;
            keys.push(ordered(key, collation, term));
        }
        Ok(keys)
    }

    fn order_expression(&mut self, e: &'a ast::Expr) -> Result<(OrderKey, Collation)> {
        let windows = self.scope().windows.len();
        let expr = self.expr(e)?;
        let collation = collation_of(&expr);
        let scope = self.scope();
        let found = scope.outputs.iter().rposition(|o| same::same_but_collation(&o.expr, &expr, None));
        let found = found.or_else(|| super::column_name::same_window(scope, windows, &expr));
        Ok(match found {
            Some(position) => {
                // Windows that the term would have added are those of the result column.
                scope.windows.truncate(windows);
                (OrderKey::Output(position as u16), collation)
            }
            None => (OrderKey::Expr(expr), collation),
        })
    }

    /// The collation of COLLATE operators around a term.
    pub(super) fn outer_collation(&mut self, e: &'a ast::Expr) -> Result<Option<Collation>> {
        match &e.kind {
            Ast::Collate(_, name) => Ok(Some(self.named_collation(&name.text))),
            _ => Ok(None),
        }
    }

    /// A result column's expression under the COLLATE of the term that names it.
    pub(super) fn collated_like(&mut self, e: Expr, term: &'a ast::Expr) -> Result<Expr> {
        Ok(match self.outer_collation(term)? {
            Some(collation) => with_collation(e, collation),
            None => e,
        })
    }

    /// ORDER BY on VALUES knows positions only.
    pub(super) fn values_order(
        &mut self,
        terms: &'a [ast::OrderTerm],
        columns: &[OutputColumn],
    ) -> Result<Vec<OrderBy>> {
        let mut keys = Vec::with_capacity(terms.len());
        for (i, term) in terms.iter().enumerate() {
            let bare = skip_collate(&term.expr);
            let by_name = match &bare.kind {
                Ast::Name(name) => columns.iter().position(|c| name.is(&c.name)),
                _ => None,
            };
            let n = match by_name.map(|p| p as i64 + 1).or_else(|| integer_literal(bare)) {
                Some(n) => usize::try_from(n).ok().filter(|n| (1..=columns.len()).contains(n)),
                None => {
                    return Err(Error::sql(format!(
                        "{} ORDER BY term does not match any column in the result set",
                        ordinal(i + 1)
                    )));
                }
            };
            let Some(n) = n else { return Err(out_of_range(i, columns.len())) };
            let collation = match self.outer_collation(&term.expr)? {
                Some(collation) => collation,
                None => columns[n - 1].collation.clone().unwrap_or_default(),
            };
            keys.push(ordered(OrderKey::Output(n as u16 - 1), collation, term));
        }
        Ok(keys)
    }
}
