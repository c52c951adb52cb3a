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
                if self.peek() == T::Keyword(K::Constraint) {
                    return self.other_alteration(table, start);
                }
                self.advance();
                self.take(K::Column);
                AlterTable::DropColumn(self.name()?)
            }
            T::Keyword(K::Alter) => return self.other_alteration(table, start),
            _ => return Err(self.unexpected()),
        };
        Ok(Statement::AlterTable { table: Box::new(table), action: Box::new(action) })
    }

    /// Constraints, which are passed on as text.
    fn other_alteration(&mut self, table: crate::ast::QualifiedName, start: u32) -> Result<Statement> {
        match self.kind() {
            T::Keyword(K::Drop) => {
                self.advance();
                self.expect(K::Constraint)?;
                self.name()?;
            }
            T::Keyword(K::Alter) => {
                self.advance();
                self.take(K::Column);
                self.name()?;
                let drops = self.take(K::Drop);
                if !drops {
                    self.expect(K::Set)?;
                }
                self.expect(K::Not)?;
                self.expect(K::Null)?;
                if !drops {
                    self.on_conflict()?;
                }
            }
            _ => {
                if self.take(K::Constraint) {
                    self.name()?;
                }
                self.expect(K::Check)?;
                self.parenthesised_source()?;
                self.on_conflict()?;
            }
        }
        let action = AlterTable::Other { span: self.since(start) };
        Ok(Statement::AlterTable { table: Box::new(table), action: Box::new(action) })
    }
}
