//! CREATE TABLE, CREATE INDEX, CREATE VIRTUAL TABLE (https://sqlite.org/lang_createtable.html).

use super::{Parser, Result};
use crate::ast::{
    ColumnConstraint, ColumnConstraintKind, ColumnDef, Conflict, CreateIndex, CreateTable, CreateTableBody,
    CreateVirtualTable, Expr, ForeignKeyAction, ForeignKeyClause, Name, Span, Statement, TableConstraint,
    TableConstraintKind,
};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    pub(super) fn create_table(&mut self, temporary: bool) -> Result<Statement> {
        self.advance();
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        let body = if self.take(K::As) {
            CreateTableBody::AsSelect(Box::new(self.query()?))
        } else {
            self.expect_kind(T::LeftParen)?;
            let mut columns = vec![self.column_def()?];
            let mut constraints = Vec::new();
            loop {
                if self.take_kind(T::Comma) {
                    if self.at_table_constraint() {
                        self.table_constraints(&mut constraints)?;
                        break;
                    }
                    columns.push(self.column_def()?);
                } else {
                    break;
                }
            }
            self.expect_kind(T::RightParen)?;
            let (without_rowid, strict) = self.table_options()?;
            CreateTableBody::Columns { columns, constraints, without_rowid, strict }
        };
        Ok(Statement::CreateTable(Box::new(CreateTable { temporary, if_not_exists, name, body })))
    }

    fn table_options(&mut self) -> Result<(bool, bool)> {
        let (mut without_rowid, mut strict) = (false, false);
        // The first option may be missing before a comma.
        let mut missing = !self.is(K::Without) && !self.at_name();
        loop {
            if missing {
                missing = false;
            } else if self.take(K::Without) {
                let token = self.current;
                let name = self.name()?;
                if !name.is("rowid") {
                    if !matches!(self.kind(), T::Comma | T::End | T::Semicolon) {
                        return Err(self.unexpected());
                    }
                    return Err(self.error_at(token.span, format!("unknown table option: {}", self.slice(token.span))));
                }
                without_rowid = true;
            } else {
                let token = self.current;
                let name = self.name()?;
                if !name.is("strict") {
                    if !matches!(self.kind(), T::Comma | T::End | T::Semicolon) {
                        return Err(self.unexpected());
                    }
                    return Err(self.error_at(token.span, format!("unknown table option: {}", self.slice(token.span))));
                }
                strict = true;
            }
            if !self.take_kind(T::Comma) {
                return Ok((without_rowid, strict));
            }
        }
    }

    fn at_table_constraint(&self) -> bool {
        matches!(self.kind(), T::Keyword(K::Constraint | K::Primary | K::Unique | K::Check | K::Foreign))
    }

    /// Table constraints; the commas between them may be missing.
    fn table_constraints(&mut self, all: &mut Vec<TableConstraint>) -> Result<()> {
        loop {
            let start = self.here();
            let name = if self.take(K::Constraint) { Some(self.name()?) } else { None };
            if !matches!(self.kind(), T::Keyword(K::Primary | K::Unique | K::Check | K::Foreign)) {
                // A name without a constraint is accepted and means nothing.
                if name.is_some() && matches!(self.kind(), T::Comma | T::RightParen | T::Keyword(K::Constraint)) {
                    if self.take_kind(T::Comma) || self.is(K::Constraint) {
                        continue;
                    }
                    return Ok(());
                }
                return Err(self.unexpected());
            }
            let kind = self.table_constraint_kind()?;
            all.push(TableConstraint { name, kind, span: self.since(start) });
            let comma = self.take_kind(T::Comma);
            if !comma && !self.at_table_constraint() {
                return Ok(());
            }
        }
    }

    fn table_constraint_kind(&mut self) -> Result<TableConstraintKind> {
        let token = self.advance();
        Ok(match token.kind {
            T::Keyword(K::Primary) => {
                self.expect(K::Key)?;
                self.expect_kind(T::LeftParen)?;
                let columns = self.order_terms()?;
                let autoincrement = self.take(K::Autoincrement);
                self.expect_kind(T::RightParen)?;
                TableConstraintKind::PrimaryKey { columns, autoincrement, conflict: self.on_conflict()? }
            }
            T::Keyword(K::Unique) => {
                self.expect_kind(T::LeftParen)?;
                let columns = self.order_terms()?;
                self.expect_kind(T::RightParen)?;
                TableConstraintKind::Unique { columns, conflict: self.on_conflict()? }
            }
            T::Keyword(K::Check) => {
                let (expr, span) = self.parenthesised_source()?;
                TableConstraintKind::Check { expr, span, conflict: self.on_conflict()? }
            }
            _ => {
                self.expect(K::Key)?;
                self.expect_kind(T::LeftParen)?;
                let columns = self.name_list_tail()?;
                self.expect(K::References)?;
                let clause = self.foreign_key_clause()?;
                TableConstraintKind::ForeignKey { columns, clause }
            }
        })
    }

    /// `( expr )` with the trimmed text between the parentheses.
    pub(super) fn parenthesised_source(&mut self) -> Result<(Expr, Span)> {
        let open = self.current.span.end as usize;
        self.expect_kind(T::LeftParen)?;
        let expr = self.expr()?;
        let close = self.here() as usize;
        self.expect_kind(T::RightParen)?;
        let inner = &self.text[open..close];
        let left = open + (inner.len() - inner.trim_start().len());
        let right = close - (inner.len() - inner.trim_end().len());
        Ok((expr, Span::new(left, right.max(left))))
    }

    pub(super) fn on_conflict(&mut self) -> Result<Option<Conflict>> {
        if self.take(K::On) {
            self.expect(K::Conflict)?;
            return self.conflict_action().map(Some);
        }
        Ok(None)
    }

    pub(super) fn column_def(&mut self) -> Result<ColumnDef> {
        let start = self.here();
        let name = self.name()?;
        let mut type_name = self.type_name()?;
        type_name.text = without_generated_always(&type_name.text);
        let mut constraints = Vec::new();
        while let Some(constraint) = self.column_constraint(&name)? {
            constraints.push(constraint);
        }
        Ok(ColumnDef { name, type_name, constraints, span: self.since(start) })
    }

    fn column_constraint(&mut self, column: &Name) -> Result<Option<ColumnConstraint>> {
        let start = self.here();
        let mut name: Option<Name> = None;
        while self.take(K::Constraint) {
            name = Some(self.name()?);
        }
        let T::Keyword(keyword) = self.kind() else { return Ok(None) };
        let kind = match keyword {
            K::Primary => {
                self.advance();
                self.expect(K::Key)?;
                let descending = if self.take(K::Desc) {
                    true
                } else {
                    self.take(K::Asc);
                    false
                };
                let conflict = self.on_conflict()?;
                let autoincrement = self.take(K::Autoincrement);
                ColumnConstraintKind::PrimaryKey { descending, conflict, autoincrement }
            }
            K::Not if self.peek() == T::Keyword(K::Deferrable) => {
                self.deferrable()?;
                ColumnConstraintKind::Null
            }
            K::Not => {
                self.advance();
                self.expect(K::Null)?;
                ColumnConstraintKind::NotNull { conflict: self.on_conflict()? }
            }
            K::Null => {
                self.advance();
                self.on_conflict()?;
                ColumnConstraintKind::Null
            }
            K::Unique => {
                self.advance();
                ColumnConstraintKind::Unique { conflict: self.on_conflict()? }
            }
            K::Check => {
                self.advance();
                let (expr, span) = self.parenthesised_source()?;
                ColumnConstraintKind::Check { expr, span }
            }
            K::Default => {
                self.advance();
                self.default_value()?
            }
            K::Collate => {
                self.advance();
                ColumnConstraintKind::Collate(self.id_or_string()?)
            }
            K::References => {
                self.advance();
                ColumnConstraintKind::References(self.foreign_key_clause()?)
            }
            K::Generated | K::As => {
                if self.take(K::Generated) {
                    self.expect(K::Always)?;
                }
                self.expect(K::As)?;
                let (expr, _) = self.parenthesised_source()?;
                self.generated_kind(column, expr)?
            }
            // DEFERRABLE may stand apart from its REFERENCES.
            K::Deferrable => {
                self.deferrable()?;
                ColumnConstraintKind::Null
            }
            _ => return Ok(None),
        };
        Ok(Some(ColumnConstraint { name, kind, span: self.since(start) }))
    }

    fn generated_kind(&mut self, column: &Name, expr: Expr) -> Result<ColumnConstraintKind> {
        let mut stored = false;
        if self.at_id() {
            let word = self.name()?;
            if word.is("stored") {
                stored = true;
            } else if !word.is("virtual") {
                let follows = !self.at_id()
                    && !matches!(self.kind(), T::End | T::Semicolon | T::LeftParen | T::Integer | T::String);
                let message = format!("error in generated column \"{}\"", column.text);
                return Err(if follows { self.error(message) } else { self.unexpected() });
            }
        }
        Ok(ColumnConstraintKind::Generated { expr, stored })
    }

    /// DEFAULT: a literal, a signed number, a parenthesised expression or a word.
    fn default_value(&mut self) -> Result<ColumnConstraintKind> {
        if self.at(T::LeftParen) {
            let (expr, span) = self.parenthesised_source()?;
            return Ok(ColumnConstraintKind::Default { expr, span });
        }
        let start = self.here();
        let simple = matches!(
            self.kind(),
            T::Plus
                | T::Minus
                | T::String
                | T::Integer
                | T::Float
                | T::Blob
                | T::Keyword(K::Null | K::CurrentDate | K::CurrentTime | K::CurrentTimestamp)
        );
        let expr = if simple {
            if matches!(self.kind(), T::Plus | T::Minus) {
                let follows = self.peek();
                if !matches!(follows, T::Integer | T::Float | T::String | T::Blob)
                    && !matches!(follows, T::Keyword(K::Null | K::CurrentDate | K::CurrentTime | K::CurrentTimestamp))
                {
                    self.advance();
                    return Err(self.unexpected());
                }
            }
            self.default_term()?
        } else {
            // A bare word is the string of its text, as in SQLite.
            let name = self.id()?;
            let span = name.span;
            Expr { kind: crate::ast::ExprKind::Name(name), span }
        };
        Ok(ColumnConstraintKind::Default { expr, span: self.since(start) })
    }

    fn id(&mut self) -> Result<Name> {
        if !self.at_id() && !matches!(self.kind(), T::Keyword(K::Indexed)) {
            return Err(self.unexpected());
        }
        self.name()
    }

    pub(super) fn foreign_key_clause(&mut self) -> Result<ForeignKeyClause> {
        let table = self.name()?;
        let columns = self.optional_name_list()?;
        let mut clause = ForeignKeyClause {
            table,
            columns,
            on_delete: ForeignKeyAction::NoAction,
            on_update: ForeignKeyAction::NoAction,
            match_name: None,
            deferred: false,
        };
        loop {
            if self.take(K::On) {
                if !matches!(self.kind(), T::Keyword(K::Delete | K::Update | K::Insert)) {
                    return Err(self.unexpected());
                }
                let event = self.advance();
                let action = self.foreign_key_action()?;
                match event.kind {
                    T::Keyword(K::Delete) => clause.on_delete = action,
                    T::Keyword(K::Update) => clause.on_update = action,
                    _ => {}
                }
            } else if self.take(K::Match) {
                clause.match_name = Some(self.name()?);
            } else {
                break;
            }
        }
        if self.is(K::Deferrable) || (self.is(K::Not) && self.peek() == T::Keyword(K::Deferrable)) {
            clause.deferred = self.deferrable()?;
        }
        Ok(clause)
    }

    fn foreign_key_action(&mut self) -> Result<ForeignKeyAction> {
        let token = self.advance();
        Ok(match token.kind {
            T::Keyword(K::Set) if self.take(K::Null) => ForeignKeyAction::SetNull,
            T::Keyword(K::Set) if self.take(K::Default) => ForeignKeyAction::SetDefault,
            T::Keyword(K::Set) => return Err(self.unexpected()),
            T::Keyword(K::Cascade) => ForeignKeyAction::Cascade,
            T::Keyword(K::Restrict) => ForeignKeyAction::Restrict,
            T::Keyword(K::No) => {
                self.expect(K::Action)?;
                ForeignKeyAction::NoAction
            }
            _ => return Err(self.unexpected_at(token)),
        })
    }

    /// `[NOT] DEFERRABLE [INITIALLY DEFERRED|IMMEDIATE]`; whether the key is deferred.
    fn deferrable(&mut self) -> Result<bool> {
        let negated = self.take(K::Not);
        self.expect(K::Deferrable)?;
        let mut deferred = false;
        if self.take(K::Initially) {
            if self.take(K::Deferred) {
                deferred = true;
            } else {
                self.expect(K::Immediate)?;
            }
        }
        Ok(deferred && !negated)
    }

    pub(super) fn create_index(&mut self) -> Result<Statement> {
        let unique = self.take(K::Unique);
        self.expect(K::Index)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        self.expect(K::On)?;
        let table = self.name()?;
        self.expect_kind(T::LeftParen)?;
        let columns = self.order_terms()?;
        self.expect_kind(T::RightParen)?;
        let filter = if self.take(K::Where) { Some(self.expr()?) } else { None };
        Ok(Statement::CreateIndex(Box::new(CreateIndex { unique, if_not_exists, name, table, columns, filter })))
    }

    pub(super) fn create_virtual_table(&mut self) -> Result<Statement> {
        self.advance();
        self.expect(K::Table)?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name()?;
        self.expect(K::Using)?;
        let module = self.name()?;
        let mut args = Vec::new();
        if self.take_kind(T::LeftParen) {
            let mut depth = 0;
            let mut start = self.here() as usize;
            loop {
                match self.kind() {
                    T::End | T::Illegal => return Err(self.unexpected()),
                    T::LeftParen => depth += 1,
                    T::Comma if depth == 0 => {
                        args.push(self.text[start..self.here() as usize].trim().into());
                        start = self.current.span.end as usize;
                    }
                    T::RightParen if depth == 0 => {
                        let last = self.text[start..self.here() as usize].trim();
                        if !last.is_empty() || !args.is_empty() {
                            args.push(last.into());
                        }
                        self.advance();
                        break;
                    }
                    T::RightParen => depth -= 1,
                    _ => {}
                }
                self.advance();
            }
        }
        Ok(Statement::CreateVirtualTable(Box::new(CreateVirtualTable { if_not_exists, name, module, args })))
    }
}

/// GENERATED ALWAYS behind a type's words is read as two more of them, and taken off again.
fn without_generated_always(text: &str) -> Box<str> {
    let cut = |text: &str, word: &str| {
        let start = text.len().checked_sub(word.len())?;
        let (front, end) = (text.get(..start)?, text.get(start..)?);
        end.eq_ignore_ascii_case(word).then(|| front.trim_end().to_owned())
    };
    if text.len() < "generated always".len() {
        return text.into();
    }
    let Some(front) = cut(text, "always") else { return text.into() };
    cut(&front, "generated").unwrap_or(front).into()
}
