//! INSERT, REPLACE, UPDATE, DELETE with UPSERT and RETURNING.

use super::{Parser, Result};
use crate::ast::{
    Assignment, Conflict, Delete, Expr, Insert, InsertRows, Name, QualifiedName, ResultColumn, Statement, Update,
    Upsert, UpsertAction, With,
};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    /// SELECT, INSERT, UPDATE or DELETE, with or without WITH.
    pub(super) fn data_statement(&mut self) -> Result<Statement> {
        let with = self.with()?;
        if self.in_trigger && with.is_some() && !matches!(self.kind(), T::Keyword(K::Select | K::Values)) {
            return Err(self.unexpected());
        }
        match self.kind() {
            T::Keyword(K::Select | K::Values) => Ok(Statement::Select(Box::new(self.query_after_with(with)?))),
            T::Keyword(K::Insert | K::Replace) => self.insert(with),
            T::Keyword(K::Update) => self.update(with),
            T::Keyword(K::Delete) => self.delete(with),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn at_write(&self) -> bool {
        matches!(self.kind(), T::Keyword(K::Insert | K::Replace | K::Update | K::Delete))
    }

    fn or_conflict(&mut self) -> Result<Option<Conflict>> {
        if self.take(K::Or) { self.conflict_action().map(Some) } else { Ok(None) }
    }

    pub(super) fn conflict_action(&mut self) -> Result<Conflict> {
        let action = match self.kind() {
            T::Keyword(K::Rollback) => Conflict::Rollback,
            T::Keyword(K::Abort) => Conflict::Abort,
            T::Keyword(K::Fail) => Conflict::Fail,
            T::Keyword(K::Ignore) => Conflict::Ignore,
            T::Keyword(K::Replace) => Conflict::Replace,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(action)
    }

    /// The written table.
    fn target(&mut self) -> Result<(QualifiedName, Option<Name>)> {
        let name = self.qualified_name()?;
        let alias = if self.take(K::As) { Some(self.name()?) } else { None };
        Ok((name, alias))
    }

    fn insert(&mut self, with: Option<With>) -> Result<Statement> {
        let or = if self.take(K::Replace) {
            Some(Conflict::Replace)
        } else {
            self.expect(K::Insert)?;
            self.or_conflict()?
        };
        self.expect(K::Into)?;
        let (table, alias) = self.target()?;
        let columns = self.optional_name_list()?;
        let mut upserts = Vec::new();
        let rows = if !self.in_trigger && self.take(K::Default) {
            self.expect(K::Values)?;
            InsertRows::DefaultValues
        } else {
            let rows = InsertRows::Query(Box::new(self.query()?));
            upserts = self.upserts()?;
            rows
        };
        let returning = self.returning()?;
        Ok(Statement::Insert(Box::new(Insert { with, or, table, alias, columns, rows, upserts, returning })))
    }

    fn upserts(&mut self) -> Result<Vec<Upsert>> {
        let mut upserts: Vec<Upsert> = Vec::new();
        while self.is(K::On) {
            if upserts.last().is_some_and(|u| u.target.is_empty()) {
                return Err(self.unexpected());
            }
            self.advance();
            self.expect(K::Conflict)?;
            let mut target = Vec::new();
            let mut target_filter = None;
            if self.take_kind(T::LeftParen) {
                target = self.order_terms()?;
                self.expect_kind(T::RightParen)?;
                if self.take(K::Where) {
                    target_filter = Some(self.expr()?);
                }
            }
            self.expect(K::Do)?;
            let action = if self.take(K::Nothing) {
                UpsertAction::Nothing
            } else {
                self.expect(K::Update)?;
                self.expect(K::Set)?;
                let set = self.assignments()?;
                let filter = if self.take(K::Where) { Some(self.expr()?) } else { None };
                UpsertAction::Update { set, filter }
            };
            upserts.push(Upsert { target, target_filter, action });
        }
        Ok(upserts)
    }

    fn returning(&mut self) -> Result<Vec<ResultColumn>> {
        if !self.take(K::Returning) {
            return Ok(Vec::new());
        }
        let columns = self.result_columns()?;
        if self.in_trigger && self.at(T::Semicolon) {
            return Err(self.error("cannot use RETURNING in a trigger"));
        }
        Ok(columns)
    }

    fn assignments(&mut self) -> Result<Vec<Assignment>> {
        let mut all = Vec::new();
        loop {
            let columns = if self.take_kind(T::LeftParen) { self.name_list_tail()? } else { vec![self.name()?] };
            self.expect_kind(T::Equal)?;
            all.push(Assignment { columns, value: self.expr()? });
            if !self.take_kind(T::Comma) {
                return Ok(all);
            }
        }
    }

    fn update(&mut self, with: Option<With>) -> Result<Statement> {
        self.expect(K::Update)?;
        let or = self.or_conflict()?;
        let (table, alias) = self.target()?;
        let index = self.hint_of_write()?;
        self.expect(K::Set)?;
        let set = self.assignments()?;
        let from = if self.take(K::From) { Some(self.sources(false)?) } else { None };
        let filter = if self.take(K::Where) { Some(self.expr()?) } else { None };
        let returning = self.returning()?;
        let order_by = self.order_of_write()?;
        let (limit, offset) = self.limit_of_write()?;
        Ok(Statement::Update(Box::new(Update {
            with,
            or,
            table,
            alias,
            index,
            set,
            from,
            filter,
            returning,
            order_by,
            limit,
            offset,
        })))
    }

    fn delete(&mut self, with: Option<With>) -> Result<Statement> {
        self.expect(K::Delete)?;
        self.expect(K::From)?;
        let (table, alias) = self.target()?;
        let index = self.hint_of_write()?;
        let filter = if self.take(K::Where) { Some(self.expr()?) } else { None };
        let returning = self.returning()?;
        let order_by = self.order_of_write()?;
        let (limit, offset) = self.limit_of_write()?;
        Ok(Statement::Delete(Box::new(Delete {
            with,
            table,
            alias,
            index,
            filter,
            returning,
            order_by,
            limit,
            offset,
        })))
    }

    fn hint_of_write(&mut self) -> Result<crate::ast::IndexHint> {
        let hint = self.index_hint()?;
        let clause = match hint {
            crate::ast::IndexHint::None => return Ok(hint),
            crate::ast::IndexHint::IndexedBy(_) => "INDEXED BY",
            crate::ast::IndexHint::NotIndexed => "NOT INDEXED",
        };
        if self.in_trigger && matches!(self.kind(), T::Semicolon | T::Keyword(K::Set | K::Where)) {
            return Err(self
                .error(format!("the {clause} clause is not allowed on UPDATE or DELETE statements within triggers")));
        }
        Ok(hint)
    }

    fn limit_of_write(&mut self) -> Result<(Option<Expr>, Option<Expr>)> {
        if self.in_trigger { Ok((None, None)) } else { self.limit() }
    }

    fn order_of_write(&mut self) -> Result<Vec<crate::ast::OrderTerm>> {
        if self.in_trigger || !self.take(K::Order) {
            return Ok(Vec::new());
        }
        self.expect(K::By)?;
        self.order_terms()
    }
}
