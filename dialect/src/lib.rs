//! SQL text to syntax tree.
//!
//! The grammar is SQLite's. A tree keeps the byte span of every expression and statement, because
//! SQLite's behaviour depends on verbatim text: result column names, CHECK messages, the stored text
//! of schema objects. This crate does no I/O and knows neither tables nor values.

pub mod ast;
mod complete;
mod keyword;
mod lexer;
mod parameters;
mod parse;
mod rename;
mod select_ends;

pub use complete::is_complete;
pub use parameters::parameters;
pub use parse::{ParseError, parse_at, parse_expression};
pub use rename::replace_name;
pub use select_ends::select_ends;

/// The first statement of a text; `None` if there is nothing but white space, comments and semicolons.
pub fn parse(text: &str) -> Result<Option<ast::Parsed>, ParseError> {
    parse_at(text, 0)
}

/// A name as SQL text: in double quotes, which are doubled inside.
pub fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a word is one of SQLite's keywords, also of those that may be names.
pub fn is_keyword(word: &str) -> bool {
    keyword::lookup(word.as_bytes()).is_some()
}
