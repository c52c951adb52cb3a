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
