//! Transactions: what a connection sees, and how its writes become everybody's or nobody's.
//!
//! * [`database`]     [`Transactions`]: what the connections of one database share.
//! * [`transaction`]  [`Transaction`]: one connection's, with its undo list, statements and savepoints.
//! * [`file`]         the file below: leases, pins, what others changed.
//! * `through`        a commit into the file; `through_rows` the statements for its rows, `through_hidden` where these have no number.
//! * [`keeper`]       gives leases back that nobody needs.
//! * `gate`           one writer at a time, in the order of arrival.
//! * `views`          the horizons that are being read at.
//! * `garbage`        versions nobody reads any more.
//! * `undo`           how each write is taken back.
//!
//! A writer puts its versions straight into the trees, stamped with a CSN past the last committed one: nobody
//! else's horizon reaches them. Commit publishes that CSN, rollback walks the undo list.
//!
//! Lock order: gate, a file's pins, its container, garbage, state (views and last commit), a tree, a version's link. Nothing here calls back
//! into a host language except the interrupt check of a waiting writer, which is called with no lock held.

pub mod database;
pub mod error;
pub mod file;
mod file_schema;
mod garbage;
mod gate;
pub mod keeper;
mod rest;
mod through;
mod through_hidden;
mod through_rows;
pub mod transaction;
mod undo;
mod views;

#[cfg(test)]
mod tests;

pub use database::{Transactions, ViewGuard};
pub use error::Error;
pub use file::{DatabaseFile, Pin, busy_delay_ms, keep_trying};
pub use transaction::{Mark, StatementMark, Transaction, TransactionState, WrittenTo};
pub use undo::TreeIndex;
