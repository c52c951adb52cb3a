//! SELECT (https://sqlite.org/lang_select.html), VALUES, compounds and WITH.

use super::{Parser, Result, push};
use crate::ast::{CommonTable, CompoundOp, Expr, OrderTerm, Query, QueryBody, ResultColumn, Select, SelectCore, With};
use crate::keyword::Keyword as K;
use crate::lexer::TokenKind as T;

/// What may stand behind a SELECT.
#[derive(Default)]
struct CoreEnd {
    order_by: Vec<OrderTerm>,
    limit: Option<Expr>,
    offset: Option<Expr>,
}

impl Parser<'_> {
    pub(super) fn query(&mut self) -> Result<Query> {
        self.nested(4, |p| {
            let with = p.with()?;
            p.query_after_with(with)
        })
    }

    pub(super) fn with(&mut self) -> Result<Option<With>> {
        if !self.take(K::With) {
            return Ok(None);
        }
        let recursive = self.take(K::Recursive);
        let mut tables = vec![self.common_table()?];
        while self.take_kind(T::Comma) {
            let table = self.common_table()?;
            if tables.iter().any(|t| t.name.is(&table.name.text)) {
                let follows = self.at(T::Comma) || self.at_query() || self.at_write();
                if !follows {
                    return Err(self.unexpected());
                }
                return Err(self.error(format!("duplicate WITH table name: {}", table.name.text)));
            }
            tables.push(table);
        }
        Ok(Some(With { recursive, tables }))
    }

    fn common_table(&mut self) -> Result<CommonTable> {
        let name = self.name()?;
        let columns = self.optional_column_list()?;
        self.expect(K::As)?;
        let materialized = if self.take(K::Not) {
            self.expect(K::Materialized)?;
            Some(false)
        } else if self.take(K::Materialized) {
            Some(true)
        } else {
            None
        };
        self.expect_kind(T::LeftParen)?;
        let query = Box::new(self.query()?);
        self.expect_kind(T::RightParen)?;
        Ok(CommonTable { name, columns, materialized, query })
    }

    pub(super) fn query_after_with(&mut self, with: Option<With>) -> Result<Query> {
        let start = self.here();
        let first = self.core()?;
        let mut arms = Vec::new();
        // Each SELECT reads its own ORDER BY and LIMIT; only the last one may have them.
        let mut last = self.end_of_core(&first)?;
        let mut ends = Vec::new();
        loop {
            let op = match self.kind() {
                T::Keyword(K::Union) => {
                    self.advance();
                    if self.take(K::All) { CompoundOp::UnionAll } else { CompoundOp::Union }
                }
                T::Keyword(K::Intersect) => {
                    self.advance();
                    CompoundOp::Intersect
                }
                T::Keyword(K::Except) => {
                    self.advance();
                    CompoundOp::Except
                }
                _ => break,
            };
            let core = self.nested(2, Self::core)?;
            ends.push(std::mem::replace(&mut last, self.end_of_core(&core)?));
            arms.push((op, core));
        }
        let CoreEnd { order_by, limit, offset } = last;
        // SQLite looks from the end, and only if something follows that may.
        let may_follow =
            matches!(self.kind(), T::End | T::Semicolon | T::RightParen | T::Keyword(K::On | K::Returning));
        for (end, (op, _)) in ends.iter().zip(&arms).rev() {
            let clause = match end {
                CoreEnd { order_by, .. } if !order_by.is_empty() => "ORDER BY",
                CoreEnd { limit: Some(_), .. } => "LIMIT",
                _ => continue,
            };
            let op = match op {
                CompoundOp::UnionAll => "UNION ALL",
                CompoundOp::Union => "UNION",
                CompoundOp::Intersect => "INTERSECT",
                CompoundOp::Except => "EXCEPT",
            };
            if !may_follow {
                return Err(self.unexpected());
            }
            return Err(self.error(format!("{clause} clause should come after {op} not before")));
        }
        Ok(Query { with, body: QueryBody { first, arms }, order_by, limit, offset, span: self.since(start) })
    }

    /// ORDER BY and LIMIT, which VALUES does not have.
    fn end_of_core(&mut self, core: &SelectCore) -> Result<CoreEnd> {
        if matches!(core, SelectCore::Values(_)) {
            return Ok(CoreEnd::default());
        }
        let order_by = if self.take(K::Order) {
            self.expect(K::By)?;
            self.order_terms()?
        } else {
            Vec::new()
        };
        let (limit, offset) = self.limit()?;
        Ok(CoreEnd { order_by, limit, offset })
    }

    fn core(&mut self) -> Result<SelectCore> {
        if self.take(K::Values) {
            return Ok(SelectCore::Values(self.value_rows()?));
        }
        let start = self.here();
        self.expect(K::Select)?;
        let distinct = self.take(K::Distinct);
        if !distinct {
            self.take(K::All);
        }
        let columns = self.result_columns()?;
        let from = if self.take(K::From) {
            self.names_tables = true;
            Some(self.sources(false)?)
        } else {
            None
        };
        let filter = if self.take(K::Where) { Some(self.nested(1, Self::expr)?) } else { None };
        let group_by = if self.take(K::Group) {
            self.expect(K::By)?;
            self.expr_list()?.0
        } else {
            Vec::new()
        };
        let having = if self.take(K::Having) { Some(self.expr()?) } else { None };
        let mut windows = Vec::new();
        if self.at_window_clause() {
            self.advance();
            loop {
                let name = self.name()?;
                self.expect(K::As)?;
                self.expect_kind(T::LeftParen)?;
                windows.push((name, self.window()?));
                self.expect_kind(T::RightParen)?;
                if !self.take_kind(T::Comma) {
                    break;
                }
            }
        }
        Ok(SelectCore::Select(Box::new(Select {
            distinct,
            columns,
            from,
            filter,
            group_by,
            having,
            windows,
            span: self.since(start),
        })))
    }

    /// WINDOW is a keyword only in front of `name AS`.
    pub(super) fn at_window_clause(&self) -> bool {
        if !self.is(K::Window) {
            return false;
        }
        let text = self.text.as_bytes();
        let name = crate::lexer::token(text, self.current.span.end as usize);
        let is_name = match name.kind {
            T::Word | T::QuotedName | T::String => true,
            T::Keyword(k) => k.may_be_name(),
            _ => false,
        };
        is_name && crate::lexer::token(text, name.span.end as usize).kind == T::Keyword(K::As)
    }

    fn value_rows(&mut self) -> Result<Vec<Vec<Expr>>> {
        let mut rows = Vec::new();
        loop {
            self.expect_kind(T::LeftParen)?;
            rows.push(self.expr_list()?.0);
            self.expect_kind(T::RightParen)?;
            if !self.take_kind(T::Comma) {
                return Ok(rows);
            }
        }
    }

    pub(super) fn result_columns(&mut self) -> Result<Vec<ResultColumn>> {
        let mut columns = vec![self.result_column()?];
        while self.take_kind(T::Comma) {
            push(&mut columns, self.result_column()?);
        }
        Ok(columns)
    }

    fn result_column(&mut self) -> Result<ResultColumn> {
        if self.take_kind(T::Star) {
            return Ok(ResultColumn::Star);
        }
        if self.at_name() && self.peek() == T::Dot {
            let dot_end = self.next.map_or(0, |t| t.span.end as usize);
            if crate::lexer::token(self.text.as_bytes(), dot_end).kind == T::Star {
                let table = self.name()?;
                self.advance();
                self.advance();
                return Ok(ResultColumn::TableStar(table));
            }
        }
        let start = self.here();
        let expr = self.expr()?;
        let span = self.since(start);
        let alias = if self.take(K::As) {
            Some(self.name()?)
        } else if self.at_id() || self.at(T::String) {
            Some(self.id_or_string()?)
        } else {
            None
        };
        Ok(ResultColumn::Expr { expr, alias, span })
    }

    pub(super) fn order_terms(&mut self) -> Result<Vec<OrderTerm>> {
        let mut terms = vec![self.order_term()?];
        while self.take_kind(T::Comma) {
            terms.push(self.order_term()?);
        }
        Ok(terms)
    }

    fn order_term(&mut self) -> Result<OrderTerm> {
        let start = self.here();
        let expr = self.expr()?;
        let span = self.since(start);
        let descending = if self.take(K::Desc) {
            true
        } else {
            self.take(K::Asc);
            false
        };
        let nulls_first = if self.take(K::Nulls) {
            if self.take(K::First) {
                Some(true)
            } else {
                self.expect(K::Last)?;
                Some(false)
            }
        } else {
            None
        };
        Ok(OrderTerm { expr, descending, nulls_first, span })
    }

    /// `LIMIT a [OFFSET b]` or `LIMIT b, a`.
    pub(super) fn limit(&mut self) -> Result<(Option<Expr>, Option<Expr>)> {
        if !self.take(K::Limit) {
            return Ok((None, None));
        }
        let first = self.expr()?;
        if self.take(K::Offset) {
            return Ok((Some(first), Some(self.expr()?)));
        }
        if self.take_kind(T::Comma) {
            return Ok((Some(self.expr()?), Some(first)));
        }
        Ok((Some(first), None))
    }
}
