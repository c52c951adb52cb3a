//! RAISE, which only a trigger's program may say.

use heliosdb_dialect::ast::{self, RaiseAction};

use super::super::binder::Binder;
use super::super::bound::{Classes, Expr, ExprKind};
use super::made;
use crate::error::{Error, Result};

impl<'a> Binder<'a> {
    #[inline(never)]
    pub(super) fn raise(&mut self, action: RaiseAction, message: Option<&'a ast::Expr>) -> Result<Expr> {
        let message = message.map(|m| self.expr(m)).transpose()?;
        if self.trigger.is_none() {
            return Err(Error::sql("RAISE() may only be used within a trigger-program"));
        }
        Ok(made(ExprKind::Raise { action, message: message.map(Box::new) }, Classes::NULL, None))
    }
}
