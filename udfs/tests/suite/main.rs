//! Functions and values against the bundled SQLite.

mod format;
mod json;
mod aggregate;
mod datetime;
mod keys;
mod limits;
mod math;
mod oracle;
mod patterns;
mod reference;
mod scalar;
mod values;
mod window;
