//! SQL text to syntax tree.
//!
//! The grammar is SQLite's. A tree keeps the byte span of every expression and statement, because
//! SQLite's behaviour depends on verbatim text: result column names, CHECK messages, the stored text
//! of schema objects. This crate does no I/O and knows neither tables nor values.

pub mod ast;
