//! CREATE TRIGGER (https://sqlite.org/lang_createtrigger.html).

use super::{Parser, Result};
use crate::ast::{CreateTrigger, Statement, TriggerEvent, TriggerTime};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    pub(super) fn create_trigger(&mut self, temporary: bool) -> Result<Statement> {
        self.advance();
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        let time = match self.kind() {
            T::Keyword(K::Before) => TriggerTime::Before,
            T::Keyword(K::After) => TriggerTime::After,
            T::Keyword(K::Instead) => TriggerTime::InsteadOf,
            _ => TriggerTime::Before,
        };
        if self.take(K::Instead) {
            self.expect(K::Of)?;
        } else if self.is(K::Before) || self.is(K::After) {
            self.advance();
        }
        let event = if self.take(K::Delete) {
            TriggerEvent::Delete
        } else if self.take(K::Insert) {
            TriggerEvent::Insert
        } else {
            self.expect(K::Update)?;
            let mut columns = Vec::new();
            if self.take(K::Of) {
                columns.push(self.name()?);
                while self.take_kind(T::Comma) {
                    columns.push(self.name()?);
                }
            }
            TriggerEvent::Update(columns)
        };
        self.expect(K::On)?;
        let table = self.qualified_name()?;
        if self.take(K::For) {
            self.expect(K::Each)?;
            self.expect(K::Row)?;
        }
        let when = if self.take(K::When) { Some(self.expr()?) } else { None };
        self.expect(K::Begin)?;
        self.in_trigger = true;
        let mut body = Vec::new();
        loop {
            match self.kind() {
                T::Keyword(K::Select | K::Values | K::With | K::Insert | K::Replace | K::Update | K::Delete) => {}
                _ => return Err(self.unexpected()),
            }
            let statement = self.data_statement()?;
            let target = match &statement {
                Statement::Insert(insert) => Some(&insert.table),
                Statement::Update(update) => Some(&update.table),
                Statement::Delete(delete) => Some(&delete.table),
                _ => None,
            };
            if target.is_some_and(|table| table.schema.is_some()) && self.at(T::Semicolon) {
                return Err(self.error(
                    "qualified table names are not allowed on INSERT, UPDATE, and DELETE statements within triggers",
                ));
            }
            body.push(statement);
            self.expect_kind(T::Semicolon)?;
            if self.take(K::End) {
                break;
            }
        }
        self.in_trigger = false;
        if self.parameters.count > 0 && matches!(self.kind(), T::End | T::Semicolon) {
            return Err(self.error("trigger cannot use variables"));
        }
        let trigger = CreateTrigger { temporary, if_not_exists, name, time, event, table, when, body };
        Ok(Statement::CreateTrigger(Box::new(trigger)))
    }
}
