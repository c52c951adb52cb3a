//! FROM: tables, subqueries, table-valued functions and joins
//! (https://sqlite.org/lang_select.html#fromclause).

use super::{ParseError, Parser, Result};
use crate::ast::{From, IndexHint, Join, JoinKind, Name, Source, SourceKind};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

impl Parser<'_> {
    /// `enclosed`: a parenthesis must close behind it.
    pub(super) fn sources(&mut self, enclosed: bool) -> Result<From> {
        let first = self.source()?;
        let mut joins = Vec::new();
        if self.take(K::On) {
            self.expr()?;
            return Err(self.without_join("ON", enclosed));
        }
        if self.take(K::Using) {
            self.expect_kind(T::LeftParen)?;
            self.name_list_tail()?;
            return Err(self.without_join("USING", enclosed));
        }
        while let Some((kind, natural)) = self.join_operator()? {
            let source = self.source()?;
            let mut on = None;
            let mut using = None;
            if self.take(K::On) {
                on = Some(self.expr()?);
            } else if self.take(K::Using) {
                self.expect_kind(T::LeftParen)?;
                using = Some(self.name_list_tail()?);
            }
            joins.push(Join { kind, natural, source, on, using });
        }
        Ok(From { first, joins })
    }

    /// The error of a first table with a join's condition, if what follows may follow.
    fn without_join(&self, clause: &str, enclosed: bool) -> ParseError {
        let may_follow = match self.kind() {
            T::End | T::Semicolon => !enclosed,
            T::Comma | T::RightParen => true,
            T::Keyword(k) => {
                k.is_join_word()
                    || matches!(k, K::Join | K::Where | K::Group | K::Having | K::Window | K::Order | K::Limit)
                    || matches!(k, K::Union | K::Intersect | K::Except | K::Returning)
            }
            _ => false,
        };
        if may_follow { self.error(format!("a JOIN clause is required before {clause}")) } else { self.unexpected() }
    }

    /// A comma, or words up to JOIN. Any order of the words, as SQLite takes them.
    fn join_operator(&mut self) -> Result<Option<(JoinKind, bool)>> {
        if self.take_kind(T::Comma) {
            return Ok(Some((JoinKind::Comma, false)));
        }
        if self.take(K::Join) {
            return Ok(Some((JoinKind::Inner, false)));
        }
        if !matches!(self.kind(), T::Keyword(k) if k.is_join_word()) {
            return Ok(None);
        }
        let mut words: Vec<(K, &str)> = Vec::new();
        let mut unknown = false;
        while !self.is(K::Join) {
            let token = self.current;
            match token.kind {
                T::Keyword(k) if k.is_join_word() => words.push((k, self.slice(token.span))),
                _ if !words.is_empty() && words.len() < 3 && self.at_name() => {
                    unknown = true;
                    words.push((K::Join, self.slice(token.span)));
                }
                _ => return Err(self.unexpected()),
            }
            if words.len() > 3 {
                return Err(self.unexpected());
            }
            self.advance();
        }
        self.advance();
        if !self.at_name() && !self.at(T::LeftParen) {
            return Err(self.unexpected());
        }
        let has = |k| words.iter().any(|w| w.0 == k);
        let outer = has(K::Outer);
        let left = has(K::Left) || has(K::Full);
        let right = has(K::Right) || has(K::Full);
        let sided = left || right;
        let inner = has(K::Inner) || has(K::Cross);
        let contradictory = inner && (outer || sided);
        let sideless = outer && !sided;
        if unknown || contradictory || sideless {
            let text: Vec<&str> = words.iter().map(|w| w.1).collect();
            return Err(self.error(format!("unknown join type: {}", text.join(" "))));
        }
        let kind = match (left, right) {
            (true, true) => JoinKind::Full,
            (true, false) => JoinKind::Left,
            (false, true) => JoinKind::Right,
            _ if has(K::Cross) => JoinKind::Cross,
            _ => JoinKind::Inner,
        };
        Ok(Some((kind, has(K::Natural))))
    }

    fn source(&mut self) -> Result<Source> {
        let start = self.here();
        if self.take_kind(T::LeftParen) {
            let kind = if self.at_query() {
                SourceKind::Query(Box::new(self.nested(2, Self::query)?))
            } else {
                SourceKind::Join(Box::new(self.nested(2, |p| p.sources(true))?))
            };
            self.expect_kind(T::RightParen)?;
            let alias = self.source_alias()?;
            return Ok(Source { kind, alias, span: self.since(start) });
        }
        let name = self.qualified_name()?;
        if self.take_kind(T::LeftParen) {
            let args = if self.at(T::RightParen) { Vec::new() } else { self.expr_list()?.0 };
            self.expect_kind(T::RightParen)?;
            let alias = self.source_alias()?;
            return Ok(Source { kind: SourceKind::Function { name, args }, alias, span: self.since(start) });
        }
        let alias = self.source_alias()?;
        let index = self.index_hint()?;
        Ok(Source { kind: SourceKind::Table { name, index }, alias, span: self.since(start) })
    }

    fn source_alias(&mut self) -> Result<Option<Name>> {
        if self.take(K::As) {
            return self.name().map(Some);
        }
        if self.at_id() || self.at(T::String) {
            return self.id_or_string().map(Some);
        }
        Ok(None)
    }

    pub(super) fn index_hint(&mut self) -> Result<IndexHint> {
        if self.is(K::Indexed) {
            self.advance();
            self.expect(K::By)?;
            return Ok(IndexHint::IndexedBy(self.name()?));
        }
        if self.take(K::Not) {
            self.expect(K::Indexed)?;
            return Ok(IndexHint::NotIndexed);
        }
        Ok(IndexHint::None)
    }
}
