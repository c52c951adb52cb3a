//! Recursive descent over SQLite's grammar (https://sqlite.org/lang.html).
//!
//! The parser looks at most two tokens ahead. Chains of binary operators are built in a loop; what nests is
//! counted, so that no text overflows the stack.

mod alter;
mod create_table;
mod create_trigger;
mod create_view;
mod dml;
mod expr;
mod pragma;
mod query;
mod source;
mod statement;
mod window;

use std::borrow::Cow;

use crate::ast::{Name, Parameters, Parsed, QualifiedName, Quote, Span};
use crate::keyword::Keyword;
use crate::lexer::{Token, TokenKind, token};

/// Why a text is no statement. The message is SQLite's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub message: String,
    pub offset: Option<usize>,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

pub(crate) type Result<T> = std::result::Result<T, ParseError>;

/// SQLITE_LIMIT_PARSER_DEPTH: how many symbols of the grammar may be open at once.
const NESTING_MAX: u32 = 2499;
/// Stack that one level takes at most, and how much is added if there is less.
const LEVEL_BYTES: usize = 64 << 10;
const STACK_BYTES: usize = 2 << 20;
/// Symbols up to which there is room on any stack: what is left is not asked for, which takes a while the first time.
const NESTING_FLAT: u32 = 16;
/// Members of a list that find room without growing.
const LIST_ROOM: usize = 8;
/// SQLITE_MAX_VARIABLE_NUMBER
const PARAMETER_MAX: u32 = 32766;

pub(crate) struct Parser<'t> {
    text: &'t str,
    current: Token,
    next: Option<Token>,
    /// End of the last token taken.
    last_end: u32,
    nesting: u32,
    deepest: u32,
    /// An error that a syntax error further on goes before.
    late_error: Option<ParseError>,
    parameters: Parameters,
    names_tables: bool,
    /// Inside a trigger's body RETURNING and qualified targets are errors.
    in_trigger: bool,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str, offset: usize) -> Parser<'t> {
        let current = token(text.as_bytes(), offset);
        Parser {
            text,
            current,
            next: None,
            last_end: offset as u32,
            nesting: 0,
            deepest: 0,
            late_error: None,
            parameters: Parameters::default(),
            names_tables: false,
            in_trigger: false,
        }
    }

    // Tokens.

    #[inline]
    fn kind(&self) -> TokenKind {
        self.current.kind
    }

    fn peek(&mut self) -> TokenKind {
        let at = self.current.span.end as usize;
        let text = self.text.as_bytes();
        self.next.get_or_insert_with(|| token(text, at)).kind
    }

    #[inline]
    fn advance(&mut self) -> Token {
        let taken = self.current;
        self.last_end = taken.span.end;
        self.current = match self.next.take() {
            Some(next) => next,
            None => token(self.text.as_bytes(), taken.span.end as usize),
        };
        taken
    }

    fn is(&self, keyword: Keyword) -> bool {
        self.current.kind == TokenKind::Keyword(keyword)
    }

    fn at(&self, kind: TokenKind) -> bool {
        self.current.kind == kind
    }

    /// Takes the keyword if it is next.
    fn take(&mut self, keyword: Keyword) -> bool {
        let found = self.is(keyword);
        if found {
            self.advance();
        }
        found
    }

    fn take_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.current.kind == kind;
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, keyword: Keyword) -> Result<()> {
        if self.take(keyword) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn expect_kind(&mut self, kind: TokenKind) -> Result<()> {
        if self.take_kind(kind) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn slice(&self, span: Span) -> &'t str {
        span.of(self.text)
    }

    /// From `start` to the end of the last token taken.
    fn since(&self, start: u32) -> Span {
        Span { start, end: self.last_end }
    }

    fn here(&self) -> u32 {
        self.current.span.start
    }

    // Errors.

    /// The error of a text whose next token fits nowhere.
    fn unexpected(&self) -> ParseError {
        self.unexpected_at(self.current)
    }

    fn unexpected_at(&self, token: Token) -> ParseError {
        let offset = Some(token.span.start as usize);
        let message = match token.kind {
            TokenKind::End => "incomplete input".to_owned(),
            TokenKind::Illegal => format!("unrecognized token: \"{}\"", self.slice(token.span)),
            _ => format!("near \"{}\": syntax error", self.slice(token.span)),
        };
        ParseError { message, offset }
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError { message: message.into(), offset: None }
    }

    fn error_at(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError { message: message.into(), offset: Some(span.start as usize) }
    }

    /// Runs `f` deeper by the symbols that SQLite's parser has open then, on more stack if it takes that.
    #[inline]
    fn nested<T>(&mut self, symbols: u32, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.nesting += symbols;
        if self.nesting > NESTING_MAX {
            return Err(self.error("Recursion limit"));
        }
        self.deepest = self.deepest.max(self.nesting);
        let result = if self.nesting <= NESTING_FLAT {
            f(self)
        } else {
            stacker::maybe_grow(LEVEL_BYTES, STACK_BYTES, || f(self))
        };
        self.nesting -= symbols;
        result
    }

    // Names.

    /// Whether the current token can be an identifier (`ID` with its fallbacks).
    fn at_id(&self) -> bool {
        match self.kind() {
            TokenKind::Word | TokenKind::QuotedName => true,
            TokenKind::Keyword(Keyword::Window) => !self.at_window_clause(),
            TokenKind::Keyword(k) => {
                k.may_be_name() && !k.is_join_word() && k != Keyword::Indexed && !self.at_function_word(k)
            }
            _ => false,
        }
    }

    /// FILTER and OVER are names but behind a parenthesis that closes, in front of what they need.
    fn at_function_word(&self, keyword: Keyword) -> bool {
        if !matches!(keyword, Keyword::Filter | Keyword::Over)
            || self.text.as_bytes().get((self.last_end as usize).wrapping_sub(1)) != Some(&b')')
        {
            return false;
        }
        match token(self.text.as_bytes(), self.current.span.end as usize).kind {
            TokenKind::LeftParen => true,
            TokenKind::Word | TokenKind::QuotedName | TokenKind::String => keyword == Keyword::Over,
            TokenKind::Keyword(k) => keyword == Keyword::Over && k.may_be_name() && k != Keyword::Filter,
            _ => false,
        }
    }

    /// Whether the current token can be a name (`nm`): an identifier, a join word, INDEXED or a string.
    fn at_name(&self) -> bool {
        match self.kind() {
            TokenKind::Word | TokenKind::QuotedName | TokenKind::String => true,
            TokenKind::Keyword(Keyword::Window) => !self.at_window_clause(),
            TokenKind::Keyword(k) => k.may_be_name(),
            _ => false,
        }
    }

    fn name(&mut self) -> Result<Name> {
        if !self.at_name() {
            return Err(self.unexpected());
        }
        let token = self.advance();
        Ok(self.name_of(token))
    }

    /// `ids`: an identifier or a string.
    fn id_or_string(&mut self) -> Result<Name> {
        if !self.at_id() && !self.at(TokenKind::String) {
            return Err(self.unexpected());
        }
        let token = self.advance();
        Ok(self.name_of(token))
    }

    fn name_of(&self, token: Token) -> Name {
        let text = self.slice(token.span);
        let (quote, text) = match text.as_bytes().first() {
            Some(b'"') => (Quote::Double, (*unquote(text, '"')).into()),
            Some(b'`') => (Quote::Backtick, (*unquote(text, '`')).into()),
            Some(b'\'') => (Quote::Single, (*unquote(text, '\'')).into()),
            Some(b'[') => (Quote::Bracket, text[1..text.len() - 1].into()),
            _ => (Quote::None, text.into()),
        };
        Name { text, quote, span: token.span }
    }

    /// `nm [. nm]`
    fn qualified_name(&mut self) -> Result<QualifiedName> {
        let first = self.name()?;
        if self.take_kind(TokenKind::Dot) {
            let name = self.name()?;
            return Ok(QualifiedName { schema: Some(first), name });
        }
        Ok(QualifiedName { schema: None, name: first })
    }

    /// `( name, … )` if a parenthesis is next.
    fn optional_name_list(&mut self) -> Result<Vec<Name>> {
        if self.take_kind(TokenKind::LeftParen) { self.name_list_tail() } else { Ok(Vec::new()) }
    }

    /// As `optional_name_list` where the grammar lets COLLATE and an order follow, to refuse them by name.
    fn optional_column_list(&mut self) -> Result<Vec<Name>> {
        if self.take_kind(TokenKind::LeftParen) { self.column_list_tail() } else { Ok(Vec::new()) }
    }

    fn column_list_tail(&mut self) -> Result<Vec<Name>> {
        let mut names = Vec::new();
        loop {
            let name = self.name()?;
            let mut more = self.take(Keyword::Collate);
            if more {
                self.id_or_string()?;
            }
            more |= self.take(Keyword::Asc) || self.take(Keyword::Desc);
            if more && matches!(self.kind(), TokenKind::Comma | TokenKind::RightParen) {
                return Err(self.error(format!("syntax error after column name \"{}\"", name.text)));
            }
            push(&mut names, name);
            if !self.take_kind(TokenKind::Comma) {
                break;
            }
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok(names)
    }

    fn name_list_tail(&mut self) -> Result<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.take_kind(TokenKind::Comma) {
            push(&mut names, self.name()?);
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok(names)
    }

    // Parameters.

    fn parameter(&mut self) -> Result<u32> {
        let token = self.advance();
        let text = self.slice(token.span);
        // `#1` is for SQLite's own use.
        if text.starts_with('#') && text.as_bytes()[1].is_ascii_digit() {
            return Err(self.unexpected_at(token));
        }
        if text == "?" {
            self.parameters.count += 1;
            if self.parameters.count > PARAMETER_MAX {
                return Err(self.error("too many SQL variables"));
            }
            return Ok(self.parameters.count);
        }
        if let Some(digits) = text.strip_prefix('?') {
            let number = digits.parse::<u32>().ok().filter(|n| (1..=PARAMETER_MAX).contains(n));
            let Some(number) = number else {
                return Err(
                    self.error_at(token.span, format!("variable number must be between ?1 and ?{PARAMETER_MAX}"))
                );
            };
            self.parameters.count = self.parameters.count.max(number);
            if !self.parameters.names.iter().any(|(n, _)| *n == number) {
                self.parameters.names.push((number, text.into()));
            }
            return Ok(number);
        }
        if let Some((number, _)) = self.parameters.names.iter().find(|(_, name)| **name == *text) {
            return Ok(*number);
        }
        self.parameters.count += 1;
        if self.parameters.count > PARAMETER_MAX {
            return Err(self.error("too many SQL variables"));
        }
        self.parameters.names.push((self.parameters.count, text.into()));
        Ok(self.parameters.count)
    }
}

/// The text between the quotes with doubled quotes undone.
pub(crate) fn unquote(text: &str, quote: char) -> Cow<'_, str> {
    let inner = &text[1..text.len() - 1];
    if !inner.contains(quote) {
        return inner.into();
    }
    let double: String = [quote, quote].iter().collect();
    inner.replace(&double, quote.encode_utf8(&mut [0; 4])).into()
}

/// Adds to a list of which one member is there: a list of two has room for eight at once.
pub(crate) fn push<T>(list: &mut Vec<T>, member: T) {
    if list.len() == 1 {
        list.reserve(LIST_ROOM - 1);
    }
    list.push(member);
}

/// The first statement at or after `offset`.
pub fn parse_at(text: &str, offset: usize) -> Result<Option<Parsed>> {
    let mut parser = Parser::new(text, offset);
    while parser.take_kind(TokenKind::Semicolon) {}
    if parser.at(TokenKind::End) {
        return Ok(None);
    }
    parser.statement_with_end().map(Some)
}

/// An expression that is the whole text.
pub fn parse_expression(text: &str) -> Result<crate::ast::Expr> {
    let mut parser = Parser::new(text, 0);
    let expr = parser.expr()?;
    if !parser.at(TokenKind::End) {
        return Err(parser.unexpected());
    }
    if let Some(error) = parser.late_error {
        return Err(error);
    }
    Ok(expr)
}
