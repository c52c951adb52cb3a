//! What a host language registers on a connection: functions, aggregates, the authorizer, progress and
//! trace callbacks. Implementors may re-enter the same connection from the same thread.

use heliosdb_udfs::value::{Value, ValueRef};

use crate::error::{Code, Error};

/// A scalar function of the host language.
pub trait UserScalar: Send + Sync {
    fn call(&self, args: &[ValueRef<'_>]) -> Result<Value, Error>;
}

/// An aggregate (or window) function of the host language.
pub trait UserAggregate: Send + Sync {
    /// The state of a new group. Errors in a constructor are reported by its first `step`.
    fn start(&self) -> Box<dyn UserAggregateState>;
    /// Whether `inverse` and `value` exist, so that it can be used with OVER.
    fn is_window(&self) -> bool;
}

/// The state of one group. Dropped without `finalize` when the statement is abandoned.
pub trait UserAggregateState: Send {
    fn step(&mut self, args: &[ValueRef<'_>]) -> Result<(), Error>;
    fn inverse(&mut self, args: &[ValueRef<'_>]) -> Result<(), Error>;
    fn value(&mut self) -> Result<Value, Error>;
    fn finalize(&mut self) -> Result<Value, Error>;
}

/// What the authorizer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    Ok,
    Deny,
    Ignore,
    /// Any other answer of the callback: SQLITE_ERROR, `authorizer malfunction`.
    Malfunction,
}

/// Called while statements are prepared (https://sqlite.org/c3ref/set_authorizer.html).
pub trait Authorizer: Send + Sync {
    fn authorize(
        &self,
        action: i32,
        arg1: Option<&str>,
        arg2: Option<&str>,
        database: Option<&str>,
        trigger: Option<&str>,
    ) -> Authorization;
}

/// Called every n steps; true interrupts.
pub trait Progress: Send + Sync {
    fn progress(&self) -> bool;
}

/// Called with the text of each statement as it starts, as written and with parameters expanded (`None` beyond
/// SQLITE_LIMIT_LENGTH).
pub trait Trace: Send + Sync {
    fn statement(&self, sql: &str, expanded_sql: Option<&str>);
}

/// Called once by a statement that turns out to run long, from inside `step`: the host may let other
/// threads run (Python: release the GIL) until `step` returns or calls back.
pub trait LongRunning: Send + Sync {
    fn begins(&self);
}

/// The error that a raising callback leaves.
pub fn callback_error(message: &str) -> Error {
    Error::new(Code::ERROR, message)
}
