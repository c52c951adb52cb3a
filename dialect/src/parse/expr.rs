//! Expressions (https://sqlite.org/lang_expr.html): precedence climbing over SQLite's operator table.

use super::{Parser, Result, push, unquote};
use crate::ast::{BinaryOp, Call, Expr, ExprKind, InSet, LikeOp, Literal, Over, RaiseAction, Span, TypeName, UnaryOp};
use crate::keyword::Keyword as K;
use crate::lexer::{Token, TokenKind as T};

/// SQLITE_MAX_EXPR_DEPTH
const DEPTH_MAX: u32 = 1000;

// Binding powers, weakest first.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const EQUALITY: u8 = 4;
const COMPARISON: u8 = 5;
const BITWISE: u8 = 7;
const ADDITIVE: u8 = 8;
const MULTIPLICATIVE: u8 = 9;
const CONCAT: u8 = 10;
const COLLATE: u8 = 11;
const UNARY: u8 = 12;

/// An expression with its height.
type Tall = (Expr, u32);

fn expr(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, span }
}

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Result<Expr> {
        Ok(self.binding(OR)?.0)
    }

    fn boxed(&mut self) -> Result<(Box<Expr>, u32)> {
        let (e, h) = self.binding(OR)?;
        Ok((Box::new(e), h))
    }

    fn check(&mut self, tall: Tall) -> Result<Tall> {
        self.deepest = self.deepest.max(tall.1);
        if tall.1 > DEPTH_MAX {
            return Err(self.error(format!("Expression tree is too large (maximum depth {DEPTH_MAX})")));
        }
        Ok(tall)
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn binding(&mut self, least: u8) -> Result<Tall> {
        self.nested(1, |p| {
            let mut left = p.prefix()?;
            while let Some(joined) = p.suffix(least, &mut left)? {
                left = p.check(joined)?;
            }
            Ok(left)
        })
    }

    fn binary_operator(&self) -> Option<(BinaryOp, u8)> {
        Some(match self.kind() {
            T::Keyword(K::Or) => (BinaryOp::Or, OR),
            T::Keyword(K::And) => (BinaryOp::And, AND),
            T::Equal => (BinaryOp::Equal, EQUALITY),
            T::NotEqual => (BinaryOp::NotEqual, EQUALITY),
            T::Less => (BinaryOp::Less, COMPARISON),
            T::LessEqual => (BinaryOp::LessEqual, COMPARISON),
            T::Greater => (BinaryOp::Greater, COMPARISON),
            T::GreaterEqual => (BinaryOp::GreaterEqual, COMPARISON),
            T::Ampersand => (BinaryOp::BitAnd, BITWISE),
            T::Bar => (BinaryOp::BitOr, BITWISE),
            T::ShiftLeft => (BinaryOp::ShiftLeft, BITWISE),
            T::ShiftRight => (BinaryOp::ShiftRight, BITWISE),
            T::Plus => (BinaryOp::Add, ADDITIVE),
            T::Minus => (BinaryOp::Subtract, ADDITIVE),
            T::Star => (BinaryOp::Multiply, MULTIPLICATIVE),
            T::Slash => (BinaryOp::Divide, MULTIPLICATIVE),
            T::Percent => (BinaryOp::Remainder, MULTIPLICATIVE),
            T::Concat => (BinaryOp::Concat, CONCAT),
            T::Arrow => (BinaryOp::JsonArrow, CONCAT),
            T::ArrowText => (BinaryOp::JsonArrowText, CONCAT),
            _ => return None,
        })
    }

    /// One operator behind `left` with what follows it, or `None` if the next token is none that binds
    /// tightly enough. `left` is taken when an operator is.
    fn suffix(&mut self, least: u8, left: &mut Tall) -> Result<Option<Tall>> {
        let take = |left: &mut Tall| {
            let hole = expr(ExprKind::Literal(Literal::Null), Span::default());
            (Box::new(std::mem::replace(&mut left.0, hole)), left.1)
        };
        let start = left.0.span.start;
        if let Some((op, power)) = self.binary_operator() {
            if power < least {
                return Ok(None);
            }
            self.advance();
            let (l, lh) = take(left);
            let (r, rh) = self.nested(1, |p| p.binding(power + 1))?;
            let kind = ExprKind::Binary(op, l, Box::new(r));
            return Ok(Some((expr(kind, self.since(start)), lh.max(rh) + 1)));
        }
        let T::Keyword(keyword) = self.kind() else { return Ok(None) };
        if keyword == K::Collate {
            if COLLATE < least {
                return Ok(None);
            }
            self.advance();
            let (l, h) = take(left);
            let name = self.id_or_string()?;
            return Ok(Some((expr(ExprKind::Collate(l, name), self.since(start)), h + 1)));
        }
        if EQUALITY < least {
            return Ok(None);
        }
        let negated = keyword == K::Not;
        if negated {
            match self.peek() {
                T::Keyword(K::Null | K::Between | K::In | K::Like | K::Glob | K::Regexp | K::Match) => {
                    self.advance();
                }
                _ => {
                    self.advance();
                    return Err(self.unexpected());
                }
            }
        }
        let T::Keyword(keyword) = self.kind() else { return Ok(None) };
        let like = match keyword {
            K::Like => Some(LikeOp::Like),
            K::Glob => Some(LikeOp::Glob),
            K::Regexp => Some(LikeOp::Regexp),
            K::Match => Some(LikeOp::Match),
            _ => None,
        };
        if let Some(op) = like {
            self.advance();
            let (operand, lh) = take(left);
            let (pattern, ph) = self.nested(1, |p| p.binding(EQUALITY + 1))?;
            let (escape, eh) = if self.take(K::Escape) {
                let (e, h) = self.binding(EQUALITY + 1)?;
                (Some(Box::new(e)), h)
            } else {
                (None, 0)
            };
            let kind = ExprKind::Like { op, negated, operand, pattern: Box::new(pattern), escape };
            return Ok(Some((expr(kind, self.since(start)), lh.max(ph).max(eh) + 1)));
        }
        match keyword {
            K::Isnull | K::Notnull | K::Null if negated || keyword != K::Null => {
                self.advance();
                let negated = keyword != K::Isnull;
                let (operand, h) = take(left);
                Ok(Some((expr(ExprKind::IsNull { negated, operand }, self.since(start)), h + 1)))
            }
            K::Is => {
                self.advance();
                let mut negated = self.take(K::Not);
                if self.take(K::Distinct) {
                    self.expect(K::From)?;
                    negated = !negated;
                }
                let (l, lh) = take(left);
                let (r, rh) = self.binding(EQUALITY + 1)?;
                let op = if negated { BinaryOp::IsNot } else { BinaryOp::Is };
                let kind = ExprKind::Binary(op, l, Box::new(r));
                Ok(Some((expr(kind, self.since(start)), lh.max(rh) + 1)))
            }
            K::Between => {
                self.advance();
                let (operand, lh) = take(left);
                let (low, h1) = self.binding(NOT)?;
                // OR may follow, but then it takes the AND as well, and BETWEEN has none.
                while self.take(K::Or) {
                    self.binding(AND)?;
                }
                self.expect(K::And)?;
                let (high, h2) = self.nested(3, |p| p.binding(EQUALITY + 1))?;
                let kind = ExprKind::Between { negated, operand, low: Box::new(low), high: Box::new(high) };
                Ok(Some((expr(kind, self.since(start)), lh.max(h1).max(h2) + 1)))
            }
            K::In => {
                self.advance();
                let (operand, lh) = take(left);
                let (set, h) = self.nested(2, Self::in_set)?;
                if let (ExprKind::Row(members), InSet::List(items)) = (&operand.kind, &set) {
                    self.rows_as_wide(members.len(), items)?;
                }
                Ok(Some((expr(ExprKind::In { negated, operand, set }, self.since(start)), lh.max(h) + 1)))
            }
            _ => Ok(None),
        }
    }

    /// The elements of a list behind a row are rows as wide.
    fn rows_as_wide(&self, expected: usize, items: &[Expr]) -> Result<()> {
        for item in items {
            let actual = if let ExprKind::Row(members) = &item.kind { members.len() } else { 1 };
            if actual != expected {
                let plural = if actual == 1 { "" } else { "s" };
                let message = format!("IN(...) element has {actual} term{plural} - expected {expected}");
                return Err(self.error_at(item.span, message));
            }
        }
        Ok(())
    }

    fn in_set(&mut self) -> Result<(InSet, u32)> {
        if self.take_kind(T::LeftParen) {
            if self.at_query() {
                let query = self.query()?;
                self.expect_kind(T::RightParen)?;
                return Ok((InSet::Query(Box::new(query)), 1));
            }
            if self.take_kind(T::RightParen) {
                return Ok((InSet::List(Vec::new()), 0));
            }
            let (list, height) = self.expr_list()?;
            self.expect_kind(T::RightParen)?;
            return Ok((InSet::List(list), height));
        }
        self.names_tables = true;
        let name = self.qualified_name()?;
        let args = if self.take_kind(T::LeftParen) {
            let list = if self.at(T::RightParen) { Vec::new() } else { self.expr_list()?.0 };
            self.expect_kind(T::RightParen)?;
            Some(list)
        } else {
            None
        };
        Ok((InSet::Table { name: Box::new(name), args }, 1))
    }

    /// `expr, …` with the greatest height among them.
    pub(super) fn expr_list(&mut self) -> Result<(Vec<Expr>, u32)> {
        let (first, mut height) = self.binding(OR)?;
        let mut list = vec![first];
        while self.take_kind(T::Comma) {
            let (e, h) = self.nested(2, |p| p.binding(OR))?;
            push(&mut list, e);
            height = height.max(h);
        }
        Ok((list, height))
    }

    pub(super) fn at_query(&self) -> bool {
        matches!(self.kind(), T::Keyword(K::Select | K::Values | K::With))
    }

    /// A literal with an optional sign: what DEFAULT takes without parentheses.
    pub(super) fn default_term(&mut self) -> Result<Expr> {
        Ok(self.prefix()?.0)
    }

    fn prefix(&mut self) -> Result<Tall> {
        let start = self.here();
        let unary = match self.kind() {
            T::Minus => Some((UnaryOp::Minus, UNARY)),
            T::Plus => Some((UnaryOp::Plus, UNARY)),
            T::Tilde => Some((UnaryOp::BitNot, UNARY)),
            T::Keyword(K::Not) => Some((UnaryOp::Not, NOT)),
            _ => None,
        };
        let Some((op, power)) = unary else { return self.primary() };
        self.advance();
        if op == UnaryOp::Minus && self.at(T::Integer) {
            let token = self.current;
            if is_min_magnitude(self.slice(token.span)) {
                self.advance();
                return Ok((expr(ExprKind::Literal(Literal::Integer(i64::MIN)), self.since(start)), 1));
            }
        }
        let inner = self.here();
        let (operand, h) = self.binding(power)?;
        // Parentheses and a plus before the literal make no difference.
        if op == UnaryOp::Minus {
            let text = self.slice(self.since(inner));
            let around = |c: char| c.is_ascii_whitespace() || matches!(c, '(' | ')' | '+');
            if is_min_magnitude(text.trim_matches(around)) {
                return Ok((expr(ExprKind::Literal(Literal::Integer(i64::MIN)), self.since(start)), h));
            }
        }
        self.check((expr(ExprKind::Unary(op, Box::new(operand)), self.since(start)), h + 1))
    }

    fn primary(&mut self) -> Result<Tall> {
        let token = self.current;
        let leaf = |kind| Ok((expr(kind, token.span), 1));
        match token.kind {
            T::Integer => {
                self.advance();
                self.check_separators(token)?;
                let literal = integer(self.slice(token.span)).unwrap_or_else(|message| {
                    let error = self.error_at(token.span, message);
                    self.late_error.get_or_insert(error);
                    Literal::Null
                });
                leaf(ExprKind::Literal(literal))
            }
            T::Float => {
                self.advance();
                self.check_separators(token)?;
                let text = self.slice(token.span).replace('_', "");
                leaf(ExprKind::Literal(Literal::Real(text.parse().unwrap_or(f64::INFINITY))))
            }
            T::Blob => {
                self.advance();
                leaf(ExprKind::Literal(Literal::Blob(blob(self.slice(token.span)))))
            }
            T::String => {
                // `'schema'.table` does not exist in expressions except as a table name in quotes.
                if self.peek() == T::Dot {
                    return self.named();
                }
                self.advance();
                leaf(ExprKind::Literal(Literal::String((*unquote(self.slice(token.span), '\'')).into())))
            }
            T::Parameter => {
                let number = self.parameter()?;
                leaf(ExprKind::Parameter(number))
            }
            T::LeftParen => self.parenthesised(),
            T::Word | T::QuotedName => self.named(),
            T::Keyword(keyword) => match keyword {
                K::Null => {
                    self.advance();
                    leaf(ExprKind::Literal(Literal::Null))
                }
                K::CurrentDate | K::CurrentTime | K::CurrentTimestamp => {
                    self.advance();
                    leaf(ExprKind::Literal(match keyword {
                        K::CurrentDate => Literal::CurrentDate,
                        K::CurrentTime => Literal::CurrentTime,
                        _ => Literal::CurrentTimestamp,
                    }))
                }
                K::Case => self.case(),
                K::Exists => {
                    self.advance();
                    self.expect_kind(T::LeftParen)?;
                    let query = self.nested(2, Self::query)?;
                    self.expect_kind(T::RightParen)?;
                    Ok((expr(ExprKind::Exists(Box::new(query)), self.since(token.span.start)), 1))
                }
                K::Cast => self.cast(),
                K::Raise => self.raise(),
                k if k.may_be_name() => self.named(),
                _ => Err(self.unexpected()),
            },
            _ => Err(self.unexpected()),
        }
    }

    /// Underscores stand between two digits.
    fn check_separators(&self, number: Token) -> Result<()> {
        let text = self.slice(number.span).as_bytes();
        let is_hex = matches!(text.get(1), Some(b'x' | b'X'));
        let digit =
            |i: usize| text.get(i).is_some_and(|b| if is_hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() });
        let wrong = |i: usize| text[i] == b'_' && !(digit(i - 1) && digit(i + 1));
        if (1..text.len()).any(wrong) {
            if matches!(self.kind(), T::Integer | T::Float | T::Blob | T::Parameter | T::Dot | T::LeftParen | T::Tilde)
            {
                return Err(self.unexpected());
            }
            return Err(self.unexpected_at(Token { kind: T::Illegal, span: number.span }));
        }
        Ok(())
    }

    /// `(expr)`, `(expr, …)` or `(SELECT …)`.
    fn parenthesised(&mut self) -> Result<Tall> {
        let start = self.here();
        self.advance();
        if self.at_query() {
            let query = self.nested(1, Self::query)?;
            self.expect_kind(T::RightParen)?;
            return Ok((expr(ExprKind::Subquery(Box::new(query)), self.since(start)), 1));
        }
        let (mut list, height) = self.expr_list()?;
        self.expect_kind(T::RightParen)?;
        if list.len() > 1 {
            return self.check((expr(ExprKind::Row(list), self.since(start)), height + 1));
        }
        let mut only = list.pop().expect("an expression list has a member");
        // The span of an operand includes its parentheses: the text of what it is part of does.
        only.span = self.since(start);
        Ok((only, height))
    }

    /// A column, a function call, or a qualified column.
    fn named(&mut self) -> Result<Tall> {
        let start = self.here();
        let first = self.name()?;
        if self.at(T::LeftParen) && first.quote != crate::ast::Quote::Single {
            return self.call(first);
        }
        if self.at(T::Dot) {
            self.advance();
            let second = self.name()?;
            if self.take_kind(T::Dot) {
                let column = self.name()?;
                let kind = ExprKind::Column { schema: Some(Box::new(first)), table: second, column };
                return Ok((expr(kind, self.since(start)), 1));
            }
            let kind = ExprKind::Column { schema: None, table: first, column: second };
            return Ok((expr(kind, self.since(start)), 1));
        }
        Ok((expr(ExprKind::Name(first), self.since(start)), 1))
    }

    fn call(&mut self, name: crate::ast::Name) -> Result<Tall> {
        let start = name.span.start;
        self.expect_kind(T::LeftParen)?;
        let mut call = Call {
            name,
            distinct: false,
            star: false,
            args: Vec::new(),
            order_by: Vec::new(),
            within_group: None,
            filter: None,
            over: None,
        };
        let mut height = 0;
        if self.take_kind(T::Star) {
            call.star = true;
        } else {
            if self.take(K::Distinct) {
                call.distinct = true;
            } else {
                self.take(K::All);
            }
            if !self.at(T::RightParen) && !self.is(K::Order) {
                (call.args, height) = self.nested(2, Self::expr_list)?;
            }
            if self.take(K::Order) {
                self.expect(K::By)?;
                call.order_by = self.order_terms()?;
            }
        }
        self.expect_kind(T::RightParen)?;
        if self.is(K::Within) && self.peek() == T::Keyword(K::Group) {
            self.advance();
            self.advance();
            self.expect_kind(T::LeftParen)?;
            self.expect(K::Order)?;
            self.expect(K::By)?;
            call.within_group = Some(self.boxed()?.0);
            self.expect_kind(T::RightParen)?;
        }
        if self.is(K::Filter) && self.peek() == T::LeftParen {
            self.advance();
            self.advance();
            self.expect(K::Where)?;
            let (filter, h) = self.boxed()?;
            height = height.max(h);
            call.filter = Some(filter);
            self.expect_kind(T::RightParen)?;
        }
        if self.is(K::Over) {
            let over = match self.peek() {
                T::LeftParen => {
                    self.advance();
                    self.advance();
                    let window = self.window()?;
                    self.expect_kind(T::RightParen)?;
                    Some(Over::Window(Box::new(window)))
                }
                T::Word | T::QuotedName | T::String => {
                    self.advance();
                    Some(Over::Named(self.name()?))
                }
                T::Keyword(k) if k.may_be_name() && k != K::Filter => {
                    self.advance();
                    Some(Over::Named(self.name()?))
                }
                _ => None,
            };
            call.over = over;
        }
        self.check((expr(ExprKind::Call(Box::new(call)), self.since(start)), height + 1))
    }

    fn case(&mut self) -> Result<Tall> {
        let start = self.here();
        self.advance();
        let mut height = 0;
        let operand = if self.is(K::When) {
            None
        } else {
            let (e, h) = self.boxed()?;
            height = height.max(h);
            Some(e)
        };
        let mut whens = Vec::new();
        while self.take(K::When) {
            let (when, h1) = self.nested(2, |p| p.binding(OR))?;
            self.expect(K::Then)?;
            let (then, h2) = self.nested(4, |p| p.binding(OR))?;
            height = height.max(h1).max(h2);
            whens.push((when, then));
        }
        if whens.is_empty() {
            return Err(self.unexpected());
        }
        let otherwise = if self.take(K::Else) {
            let (e, h) = self.boxed()?;
            height = height.max(h);
            Some(e)
        } else {
            None
        };
        self.expect(K::End)?;
        self.check((expr(ExprKind::Case { operand, whens, otherwise }, self.since(start)), height + 1))
    }

    fn cast(&mut self) -> Result<Tall> {
        let start = self.here();
        self.advance();
        self.expect_kind(T::LeftParen)?;
        let (operand, h) = self.nested(1, Self::boxed)?;
        self.expect(K::As)?;
        let type_name = self.type_name()?;
        self.expect_kind(T::RightParen)?;
        self.check((expr(ExprKind::Cast { operand, type_name }, self.since(start)), h + 1))
    }

    fn raise(&mut self) -> Result<Tall> {
        let start = self.here();
        self.advance();
        self.expect_kind(T::LeftParen)?;
        let action = match self.kind() {
            T::Keyword(K::Ignore) => RaiseAction::Ignore,
            T::Keyword(K::Rollback) => RaiseAction::Rollback,
            T::Keyword(K::Abort) => RaiseAction::Abort,
            T::Keyword(K::Fail) => RaiseAction::Fail,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        let message = if action == RaiseAction::Ignore {
            None
        } else {
            self.expect_kind(T::Comma)?;
            Some(self.boxed()?.0)
        };
        self.expect_kind(T::RightParen)?;
        Ok((expr(ExprKind::Raise { action, message }, self.since(start)), 1))
    }

    /// A type: words, then one or two signed numbers in parentheses. May be empty.
    pub(super) fn type_name(&mut self) -> Result<TypeName> {
        let start = self.here();
        let mut words = 0;
        while self.at_id() || self.at(T::String) {
            self.advance();
            words += 1;
        }
        if words == 0 {
            return Ok(TypeName::default());
        }
        if self.take_kind(T::LeftParen) {
            self.signed_number()?;
            if self.take_kind(T::Comma) {
                self.signed_number()?;
            }
            self.expect_kind(T::RightParen)?;
        }
        let text = self.slice(self.since(start));
        Ok(TypeName { text: dequoted_type(text) })
    }

    fn signed_number(&mut self) -> Result<()> {
        if matches!(self.kind(), T::Plus | T::Minus) {
            self.advance();
        }
        if !self.at_plain_number() {
            return Err(self.unexpected());
        }
        self.advance();
        Ok(())
    }

    /// A number without underscores: the only kind that types and pragmas take.
    pub(super) fn at_plain_number(&self) -> bool {
        matches!(self.kind(), T::Integer | T::Float) && !self.slice(self.current.span).contains('_')
    }
}

/// A type that is one quoted name loses its quotes, as in SQLite's stored column.
fn dequoted_type(text: &str) -> Box<str> {
    let bytes = text.as_bytes();
    let quote = bytes[0];
    let close = if quote == b'[' { b']' } else { quote };
    if matches!(quote, b'"' | b'\'' | b'`' | b'[') {
        let end = memchr::memchr(close, &bytes[1..]).map(|i| i + 1);
        if end == Some(bytes.len() - 1) {
            return text[1..text.len() - 1].into();
        }
    }
    text.into()
}

fn is_min_magnitude(text: &str) -> bool {
    text == "9223372036854775808" || (text.contains('_') && text.replace('_', "") == "9223372036854775808")
}

fn integer(text: &str) -> std::result::Result<Literal, String> {
    let clean;
    let digits = if text.contains('_') {
        clean = text.replace('_', "");
        clean.as_str()
    } else {
        text
    };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let significant = hex.trim_start_matches('0');
        return match u64::from_str_radix(if significant.is_empty() { "0" } else { significant }, 16) {
            Ok(bits) => Ok(Literal::Integer(bits as i64)),
            Err(_) => Err(format!("hex literal too big: {text}")),
        };
    }
    Ok(match digits.parse::<i64>() {
        Ok(i) => Literal::Integer(i),
        Err(_) => Literal::Real(digits.parse().unwrap_or(f64::INFINITY)),
    })
}

/// The bytes of `x'…'`; the lexer made sure of an even number of digits.
fn blob(text: &str) -> Box<[u8]> {
    let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
    let digits = &text.as_bytes()[2..text.len() - 1];
    digits.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
