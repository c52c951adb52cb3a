//! A connection: prepares and runs statements, owns the transaction, the attached databases and
//! everything a host language registered.
//!
//! [`Connection`] is `Send + Sync`; its calls serialise on one re-entrant lock, so that a callback may use the
//! connection that is calling it. No lock but that one is held while a callback runs.

pub use crate::env::callback;
