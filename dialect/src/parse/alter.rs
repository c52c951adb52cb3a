//! ALTER TABLE (https://sqlite.org/lang_altertable.html).

use super::{Parser, Result};
use crate::ast::{AlterTable, Statement};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    pub(super) fn alter(&mut self) -> Result<Statement> {
        self.advance();
        self.expect(K::Table)?;
        let table = self.qualified_name()?;
        let start = self.here();
        let action = match self.kind() {
            T::Keyword(K::Rename) => {
                self.advance();
                if self.take(K::To) {
                    AlterTable::RenameTable { to: self.name()? }
                } else {
                    self.take(K::Column);
                    let from = self.name()?;
                    self.expect(K::To)?;
                    AlterTable::RenameColumn { from, to: self.name()? }
                }
            }
            T::Keyword(K::Add) => {
                self.advance();
                if matches!(self.kind(), T::Keyword(K::Constraint | K::Check)) {
                    return self.other_alteration(table, start);
                }
                self.take(K::Column);
                AlterTable::AddColumn(Box::new(self.column_def()?))
            }
            T::Keyword(K::Drop) => {
                self.advance();
                if self.is(K::Constraint) {
                    return self.other_alteration(table, start);
                }
                self.take(K::Column);
                AlterTable::DropColumn(self.name()?)
            }
            T::Keyword(K::Alter) => return self.other_alteration(table, start),
            _ => return Err(self.unexpected()),
        };
        Ok(Statement::AlterTable { table, action })
    }

    /// Forms that only newer releases know: passed on as text.
    fn other_alteration(&mut self, table: crate::ast::QualifiedName, start: u32) -> Result<Statement> {
        while !matches!(self.kind(), T::End | T::Semicolon) {
            if self.at(T::Illegal) {
                return Err(self.unexpected());
            }
            self.advance();
        }
        Ok(Statement::AlterTable { table, action: AlterTable::Other { span: self.since(start) } })
    }
}
