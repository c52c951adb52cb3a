//! PRAGMA (https://sqlite.org/pragma.html#syntax).

use super::{Parser, Result};
use crate::ast::{Pragma, PragmaValue, Statement};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    pub(super) fn pragma(&mut self) -> Result<Statement> {
        self.advance();
        let qualified = self.qualified_name()?;
        let value = if self.take_kind(T::Equal) {
            Some(self.pragma_value()?)
        } else if self.take_kind(T::LeftParen) {
            let value = self.pragma_value()?;
            self.expect_kind(T::RightParen)?;
            Some(value)
        } else {
            None
        };
        Ok(Statement::Pragma(Box::new(Pragma { schema: qualified.schema, name: qualified.name, value })))
    }

    fn pragma_value(&mut self) -> Result<PragmaValue> {
        let start = self.here();
        match self.kind() {
            T::Plus | T::Minus => {
                let minus = self.at(T::Minus);
                self.advance();
                if !self.at_plain_number() {
                    return Err(self.unexpected());
                }
                let token = self.advance();
                let digits = self.slice(token.span);
                let text = if minus { format!("-{digits}") } else { digits.to_owned() };
                Ok(PragmaValue::Text(text.into()))
            }
            T::Integer | T::Float if !self.at_plain_number() => Err(self.unexpected()),
            T::Integer | T::Float | T::Keyword(K::On | K::Delete | K::Default) => {
                self.advance();
                Ok(PragmaValue::Text(self.slice(self.since(start)).into()))
            }
            _ => Ok(PragmaValue::Text((*self.name()?.text).into())),
        }
    }
}
