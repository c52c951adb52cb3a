//! Literals, parameters, and what their position in a clause makes of them.

use heliosdb_dialect::ast::{self, ExprKind as Ast, Literal};
use heliosdb_udfs::value::Value;

use super::super::binder::Binder;
use super::super::bound::{Classes, Expr, ExprKind};
use super::super::scope::Place;
use super::made;
use crate::error::{Error, Result};

/// Without COLLATE around it.
pub fn skip_collate(mut e: &ast::Expr) -> &ast::Expr {
    while let Ast::Collate(inner, _) = &e.kind {
        e = inner;
    }
    e
}

/// Without COLLATE and the likelihood hints around it. Only where SQLite has resolved the expression are hints gone.
pub fn skip_hints(mut e: &ast::Expr) -> &ast::Expr {
    loop {
        match &e.kind {
            Ast::Collate(inner, _) => e = inner,
            Ast::Call(call) if !call.args.is_empty() && is_hint(&call.name.text, call.args.len()) => e = &call.args[0],
            _ => return e,
        }
    }
}

/// `likely(X)`, `unlikely(X)`, `likelihood(X, P)`
pub fn is_hint(name: &str, args: usize) -> bool {
    match args {
        1 => name.eq_ignore_ascii_case("likely") || name.eq_ignore_ascii_case("unlikely"),
        2 => name.eq_ignore_ascii_case("likelihood"),
        _ => false,
    }
}

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn literal(&mut self, literal: &'a Literal) -> Result<Expr> {
        let (value, classes) = match literal {
            Literal::Null => (Value::Null, Classes::NULL),
            Literal::Integer(i) => (Value::Integer(*i), Classes::INTEGER),
            Literal::Real(r) => (Value::Real(*r), Classes::REAL),
            Literal::String(s) => (Value::Text(s.as_bytes().into()), Classes::TEXT),
            Literal::Blob(b) => (Value::Blob(b.clone()), Classes::BLOB),
            Literal::CurrentDate => return self.named_call("current_date", Vec::new()),
            Literal::CurrentTime => return self.named_call("current_time", Vec::new()),
            Literal::CurrentTimestamp => return self.named_call("current_timestamp", Vec::new()),
        };
        Ok(made(ExprKind::Literal(value), classes, None))
    }

    pub(super) fn parameter(&mut self, number: u32) -> Result<Expr> {
        let place = self.scope().place;
        if place.is_schema() {
            return Err(Error::sql(format!("parameters prohibited in {}", place.named())));
        }
        if place == Place::Constant {
            return Err(Error::sql("parameters are not allowed here"));
        }
        Ok(made(ExprKind::Parameter(number), Classes::ANY, None))
    }
}
