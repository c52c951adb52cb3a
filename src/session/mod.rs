//! A connection: prepares and runs statements, owns the transaction, the attached databases and
//! everything a host language registered.
//!
//! [`Connection`] is `Send + Sync`; its calls serialise on one re-entrant lock, so that a callback may use the
//! connection that is calling it. No lock but that one is held while a callback runs.

pub mod attach;
pub mod backup;
pub mod blob;
mod compile;
pub mod config;
pub mod connection;
mod database;
pub mod ddl;
mod execution;
mod explain;
mod extension;
mod functions;
mod host;
pub mod inner;
pub mod open;
pub mod pragma;
mod rules;
pub mod serialize;
pub mod statement;
pub mod status;
mod table_function;
mod transaction;

pub use crate::env::callback;
pub use backup::{Backup, BackupStep};
pub use blob::Blob;
pub use connection::{Connection, ConnectionGuard};
pub use heliosdb_dialect::is_complete;
pub use open::OpenOptions;
pub use statement::{Statement, Step};
