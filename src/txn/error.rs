//! Why a transaction could not go on.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Another connection is writing and did not end within the timeout (SQLITE_BUSY).
    Busy,
    /// The snapshot read so far is not the newest any more, so that it cannot be written on
    /// (SQLITE_BUSY_SNAPSHOT). The transaction must be ended and begun anew.
    BusySnapshot,
    /// The caller's interrupt check said so while waiting (SQLITE_INTERRUPT).
    Interrupted,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Busy | Error::BusySnapshot => "database is locked",
            Error::Interrupted => "interrupted",
        })
    }
}

impl std::error::Error for Error {}

impl From<Error> for crate::error::Error {
    fn from(e: Error) -> crate::error::Error {
        use crate::error::Code;
        let code = match e {
            Error::Busy => Code::BUSY,
            Error::BusySnapshot => Code::BUSY_SNAPSHOT,
            Error::Interrupted => Code::INTERRUPT,
        };
        crate::error::Error::new(code, e.to_string())
    }
}
