//! What SQLite values and functions mean: storage classes, affinity, comparison, collation, casts, and
//! every scalar, aggregate and window function.
//!
//! This is the only place where value semantics exist. It knows nothing of tables, statements,
//! connections or Arrow. Text is bytes: nothing here may assume that it is UTF-8.

pub mod value;
pub mod signature;
pub mod json;
pub mod aggregate;
pub mod datetime;
pub mod window;
pub mod scalar;
