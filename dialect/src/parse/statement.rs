//! Statements: EXPLAIN, the choice of a kind, and the kinds that are a line or two.

use super::{Parser, Result};
use crate::ast::{Explain, Name, ObjectKind, Parsed, QualifiedName, Statement, TransactionMode};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    /// A statement up to its semicolon or the end of the text.
    pub(super) fn statement_with_end(mut self) -> Result<Parsed> {
        let start = self.here();
        let explain = self.explain()?;
        let statement = self.statement()?;
        let span = self.since(start);
        let tail = if self.at(T::Semicolon) {
            self.current.span.end
        } else if self.at(T::End) {
            self.text.len() as u32
        } else {
            return Err(self.unexpected());
        };
        if let Some(error) = self.late_error {
            return Err(error);
        }
        let nesting = self.deepest;
        let names_tables = self.names_tables;
        Ok(Parsed { nesting, names_tables, statement, explain, span, tail, parameters: self.parameters })
    }

    fn explain(&mut self) -> Result<Explain> {
        if !self.take(K::Explain) {
            return Ok(Explain::No);
        }
        if self.take(K::Query) {
            self.expect(K::Plan)?;
            return Ok(Explain::QueryPlan);
        }
        Ok(Explain::Program)
    }

    fn statement(&mut self) -> Result<Statement> {
        let T::Keyword(keyword) = self.kind() else { return Err(self.unexpected()) };
        match keyword {
            K::Select | K::Values => Ok(Statement::Select(Box::new(self.query()?))),
            K::With | K::Insert | K::Replace | K::Update | K::Delete => self.data_statement(),
            K::Create => self.create(),
            K::Drop => self.drop_object(),
            K::Alter => self.alter(),
            K::Begin => {
                self.advance();
                let mode = match self.kind() {
                    T::Keyword(K::Immediate) => TransactionMode::Immediate,
                    T::Keyword(K::Exclusive) => TransactionMode::Exclusive,
                    _ => TransactionMode::Deferred,
                };
                if matches!(self.kind(), T::Keyword(K::Immediate | K::Exclusive | K::Deferred)) {
                    self.advance();
                }
                self.transaction_name()?;
                Ok(Statement::Begin(mode))
            }
            K::Commit | K::End => {
                self.advance();
                self.transaction_name()?;
                Ok(Statement::Commit)
            }
            K::Rollback => {
                self.advance();
                self.transaction_name()?;
                if self.take(K::To) {
                    self.take(K::Savepoint);
                    return Ok(Statement::RollbackTo(self.name()?));
                }
                Ok(Statement::Rollback)
            }
            K::Savepoint => {
                self.advance();
                Ok(Statement::Savepoint(self.name()?))
            }
            K::Release => {
                self.advance();
                self.take(K::Savepoint);
                Ok(Statement::Release(self.name()?))
            }
            K::Pragma => self.pragma(),
            K::Attach => {
                self.advance();
                self.take(K::Database);
                let file = self.expr()?;
                self.expect(K::As)?;
                let schema = self.expr()?;
                let key = if self.take(K::Key) { Some(self.expr()?) } else { None };
                Ok(Statement::Attach { file: Box::new(file), schema: Box::new(schema), key: key.map(Box::new) })
            }
            K::Detach => {
                self.advance();
                self.take(K::Database);
                Ok(Statement::Detach(Box::new(self.expr()?)))
            }
            K::Analyze => {
                self.advance();
                Ok(Statement::Analyze(self.optional_qualified_name()?.map(Box::new)))
            }
            K::Reindex => {
                self.advance();
                Ok(Statement::Reindex(self.optional_qualified_name()?.map(Box::new)))
            }
            K::Vacuum => {
                self.advance();
                let schema: Option<Name> = if self.at_name() { Some(self.name()?) } else { None };
                let into = if self.take(K::Into) { Some(Box::new(self.expr()?)) } else { None };
                Ok(Statement::Vacuum { schema, into })
            }
            _ => Err(self.unexpected()),
        }
    }

    fn optional_qualified_name(&mut self) -> Result<Option<QualifiedName>> {
        if self.at_name() { self.qualified_name().map(Some) } else { Ok(None) }
    }

    /// `[TRANSACTION [name]]`
    fn transaction_name(&mut self) -> Result<()> {
        if self.take(K::Transaction) && self.at_name() {
            self.name()?;
        }
        Ok(())
    }

    fn drop_object(&mut self) -> Result<Statement> {
        self.advance();
        let kind = match self.kind() {
            T::Keyword(K::Table) => ObjectKind::Table,
            T::Keyword(K::Index) => ObjectKind::Index,
            T::Keyword(K::View) => ObjectKind::View,
            T::Keyword(K::Trigger) => ObjectKind::Trigger,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        let if_exists = self.if_exists()?;
        Ok(Statement::Drop { kind, if_exists, name: Box::new(self.qualified_name()?) })
    }

    fn if_exists(&mut self) -> Result<bool> {
        let there = self.take(K::If);
        if there {
            self.expect(K::Exists)?;
        }
        Ok(there)
    }

    pub(super) fn if_not_exists(&mut self) -> Result<bool> {
        let there = self.take(K::If);
        if there {
            self.expect(K::Not)?;
            self.expect(K::Exists)?;
        }
        Ok(there)
    }

    /// CREATE of any kind.
    fn create(&mut self) -> Result<Statement> {
        self.advance();
        let temporary = self.take(K::Temp) || self.take(K::Temporary);
        match self.kind() {
            T::Keyword(K::Table) => self.create_table(temporary),
            T::Keyword(K::View) => self.create_view(temporary),
            T::Keyword(K::Trigger) => self.create_trigger(temporary),
            T::Keyword(K::Unique | K::Index) if !temporary => self.create_index(),
            T::Keyword(K::Virtual) if !temporary => self.create_virtual_table(),
            _ => Err(self.unexpected()),
        }
    }
}
