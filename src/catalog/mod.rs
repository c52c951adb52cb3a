//! Immutable schema values: what a database contains, as its `CREATE` statements say.
//!
//! A [`Schema`] is never changed; DDL builds a new one and the transaction publishes it at commit.
//! Expressions of the schema (CHECK, DEFAULT, generated columns, index terms, views, triggers) are kept as
//! syntax trees with the text they were parsed from; `plan` binds them when a statement needs them.

pub mod build_index;
pub mod build_table;
pub mod build_trigger;
pub mod build_view;
pub mod column;
pub mod environment;
pub mod index;
pub mod layout;
pub mod load;
pub mod parsed_constant;
pub mod schema;
pub mod self_reference;
pub mod shared_map;
pub mod sql_text;
pub mod system;
pub mod table;
pub mod trigger;
pub mod view;

#[cfg(test)]
mod tests;

pub use environment::{Environment, FunctionKind};
pub use index::{Index, IndexColumn, IndexOrigin, IndexTerm};
pub use load::{SchemaRow, load};
pub use schema::{Object, Schema};
pub use table::{
    Check, Column, DefaultValue, ForeignKey, Generated, NotNull, PrimaryKey, SourceExpr, Table, TableKind,
};
pub use trigger::Trigger;
pub use view::View;
