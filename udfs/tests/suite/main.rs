//! Functions and values against the bundled SQLite.

mod json;
mod aggregate;
mod datetime;
mod oracle;
mod reference;
mod scalar;
mod values;
mod window;
