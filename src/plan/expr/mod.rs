//! Expressions.
//!
//! Chains of binary operators are descended in a loop; other nesting is recursion, bounded by the limit of
//! expression depth.

mod case;
mod compare;
mod function;
mod in_set;
mod literal;
pub mod name;
mod operator;
mod raise;
pub mod same;
mod subquery;
pub mod walk;
mod window;

use heliosdb_dialect::ast::{self, ExprKind as Ast};

pub use compare::{Operand, applied, collation_of, comparison};
pub use function::{aggregate_name, window_name};
pub use literal::{skip_collate, skip_hints};
pub use name::{coalesced, row_value};
pub use operator::{logic, with_collation};
pub use window::check_definitions;

use super::binder::Binder;
use super::bound::{Classes, Expr, ExprCollation, ExprKind};
use crate::env::stack::with_room;
use crate::error::{Error, Result};
use heliosdb_udfs::value::Affinity;

/// An expression without affinity.
pub fn made(kind: ExprKind, classes: Classes, collation: Option<ExprCollation>) -> Expr {
    Expr { kind, affinity: Affinity::None, classes, collation }
}

/// The explicit collation that an operator hands on: that of the first operand which has one.
pub fn explicit<'e>(operands: impl IntoIterator<Item = &'e Expr>) -> Option<ExprCollation> {
    operands.into_iter().find_map(|e| e.collation.as_ref().filter(|c| c.explicit)).cloned()
}

/// `row value misused`
pub fn row_misused() -> Error {
    Error::sql("row value misused")
}

impl<'a> Binder<'a> {
    /// One expression with one value.
    pub fn expr(&mut self, e: &'a ast::Expr) -> Result<Expr> {
        match &e.kind {
            Ast::Literal(l) => self.literal(l),
            Ast::Name(name) => self.bare_name(name),
            Ast::Column { schema, table, column } => self.column_name(schema.as_deref(), table, column),
            Ast::Parameter(n) => self.parameter(*n),
            Ast::Row(_) => Err(row_misused()),
            _ => {
                self.deeper()?;
                let bound = with_room(|| self.compound_expr(e))?;
                self.height -= 1;
                Ok(bound)
            }
        }
    }

    pub fn exprs(&mut self, es: &'a [ast::Expr]) -> Result<Vec<Expr>> {
        let mut bound = Vec::with_capacity(es.len());
        for e in es {
            bound.push(self.expr(e)?);
        }
        Ok(bound)
    }

    fn compound_expr(&mut self, e: &'a ast::Expr) -> Result<Expr> {
        match &e.kind {
            Ast::Unary(op, operand) => self.unary(*op, operand),
            Ast::Binary(..) => self.binary(e),
            Ast::IsNull { negated, operand } => self.is_null(*negated, operand),
            Ast::Collate(operand, name) => self.collate(operand, name),
            Ast::Cast { operand, type_name } => self.cast(operand, type_name),
            Ast::Like { op, negated, operand, pattern, escape } => {
                self.like(*op, *negated, operand, pattern, escape.as_deref())
            }
            Ast::Between { negated, operand, low, high } => self.between(*negated, operand, low, high),
            Ast::In { negated, operand, set } => self.in_set(*negated, operand, set),
            Ast::Exists(query) => self.exists(query),
            Ast::Subquery(query) => self.scalar(query),
            Ast::Case { operand, whens, otherwise } => self.case(operand.as_deref(), whens, otherwise.as_deref()),
            Ast::Call(call) => self.call(call),
            Ast::Raise { action, message } => self.raise(*action, message.as_deref()),
            Ast::Literal(_) | Ast::Name(_) | Ast::Column { .. } | Ast::Parameter(_) | Ast::Row(_) => self.expr(e),
        }
    }
}
