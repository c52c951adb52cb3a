//! Functions and values against the bundled SQLite.

mod aggregate;
mod datetime;
mod format;
mod json;
mod keys;
mod limits;
mod math;
mod oracle;
mod patterns;
mod reference;
mod scalar;
mod values;
mod window;
