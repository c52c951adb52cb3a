//! Functions and values against the bundled SQLite.

mod json;
mod aggregate;
mod datetime;
mod reference;
mod window;
