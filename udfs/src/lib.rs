//! What SQLite values and functions mean: storage classes, affinity, comparison, collation, casts, and
//! every scalar, aggregate and window function.
//!
//! This is the only place where value semantics exist. It knows nothing of tables, statements,
//! connections or Arrow. Text is bytes: nothing here may assume that it is UTF-8.

pub mod aggregate;
pub mod datetime;
pub mod json;
pub mod scalar;
pub mod signature;
pub mod value;
pub mod window;
