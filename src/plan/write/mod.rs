//! Statements that write, and what their target needs.

mod delete;
mod foreign_key;
mod insert;
mod returning;
mod target;
mod trigger;
mod update;
mod upsert;

pub use target::build_target;
pub use trigger::bind_trigger_body;

use heliosdb_dialect::ast;

use super::binder::Binder;
use super::bound::Statement;
use super::context::Namespace;
use super::select::Naming;
use crate::error::{Error, Result};

/// Binds a SELECT, INSERT, UPDATE or DELETE. `source` is the text it was parsed from.
pub fn bind_statement(space: &Namespace<'_>, statement: &ast::Statement, source: &str) -> Result<Statement> {
    Binder::new(space, source).statement(statement)
}

/// The DELETE of all rows of a table that is dropped: wrong foreign keys are passed over, no trigger fires.
pub fn bind_drop(space: &Namespace<'_>, statement: &ast::Statement, source: &str) -> Result<Statement> {
    let mut binder = Binder::new(space, source);
    binder.drops = true;
    let mut bound = binder.statement(statement)?;
    if let Statement::Delete(delete) = &mut bound {
        delete.target.triggers.clear();
        delete.target.child_keys.retain(|k| k.parent.is_none() || k.parent_columns.is_ok());
        delete.target.parent_keys.retain(|k| k.parent_columns.is_ok());
    }
    Ok(bound)
}

impl<'a> Binder<'a> {
    pub fn statement(&mut self, statement: &'a ast::Statement) -> Result<Statement> {
        Ok(match statement {
            ast::Statement::Select(query) => Statement::Query(self.query(query, Naming::Result)?),
            ast::Statement::Insert(insert) => Statement::Insert(self.insert(insert)?),
            ast::Statement::Update(update) => Statement::Update(self.update(update)?),
            ast::Statement::Delete(delete) => Statement::Delete(self.delete(delete)?),
            _ => return Err(Error::internal("only statements that read or write rows are bound")),
        })
    }
}
