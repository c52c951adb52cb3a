//! CREATE VIEW (https://sqlite.org/lang_createview.html).

use super::{Parser, Result};
use crate::ast::{CreateView, Statement};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    pub(super) fn create_view(&mut self, temporary: bool) -> Result<Statement> {
        self.advance();
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        let columns = self.optional_name_list()?;
        self.expect(K::As)?;
        let query = Box::new(self.query()?);
        if self.parameters.count > 0 && matches!(self.kind(), T::End | T::Semicolon) {
            return Err(self.error("parameters are not allowed in views"));
        }
        Ok(Statement::CreateView(Box::new(CreateView { temporary, if_not_exists, name, columns, query })))
    }
}
