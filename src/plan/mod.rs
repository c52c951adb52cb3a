//! Binding: syntax tree to [`bound`] form, once, by SQLite's resolution rules.
//!
//! | what | where |
//! |---|---|
//! | input: schemas, functions, settings | [`context`] |
//! | state while a statement is bound: ids, scopes, what is free | `binder`, `scope` |
//! | tables, indexes and databases by name; write protection | `locate` |
//! | functions by name, the host's before the built-in ones | `builtin` |
//! | expressions | `expr/` |
//! | queries: FROM, joins, `*`, WITH, ORDER BY, compounds, views | `select/` |
//! | INSERT, UPDATE, DELETE and what their target needs: constraints, indexes, keys, triggers | `write/` |
//! | expressions of the schema: CHECK, DEFAULT, generated, index terms | `schema_expr` |
//! | the authorizer's questions | `authorize` |
//!
//! The binder chooses no access path and evaluates nothing.
//!
//! Source: https://sqlite.org/lang_expr.html, https://sqlite.org/lang_select.html

mod authorize;
mod binder;
pub mod bound;
mod builtin;
pub mod context;
mod expr;
mod locate;
mod schema_expr;
mod scope;
mod select;
mod write;

#[cfg(test)]
mod tests;

pub use context::{Functions, KeptRules, Limits, Lookup, Namespace, NoFunctions, Options};
pub(crate) use expr::{applied, comparison, same, walk};
pub use schema_expr::{
    BoundDefault, SchemaExpr, bind_constant, bind_default, bind_index_terms, bind_schema_expr, check_columns,
};
pub use select::{bind_query, table_columns, view_columns};
pub use write::{bind_drop, bind_statement, bind_trigger_body, build_target};
