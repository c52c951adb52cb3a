//! The engine.

pub mod catalog;
pub mod env;
pub mod error;
pub mod plan;
pub mod row;
pub mod session;
pub mod store;
pub mod txn;

pub use heliosdb_udfs as udfs;
pub use heliosdb_udfs::value;

/// The SQLite release whose behaviour the engine follows.
pub const SQLITE_VERSION: &str = "3.54.1";
/// Its source, as `sqlite_source_id()` tells.
pub const SQLITE_SOURCE_ID: &str = "heliosdb (follows SQLite 3.54.1)";
