//! JSON functions against the bundled SQLite: value, storage class, subtype and error message of every call.

mod cases;
mod checks;
mod groups;
mod limits;
mod oracle;
mod random;
