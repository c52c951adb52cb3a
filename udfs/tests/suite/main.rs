//! Functions and values against the bundled SQLite.

mod json;
