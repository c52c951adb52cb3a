//! The row executor: complete SQLite semantics, one row at a time.
//!
//! A bound statement is lowered to a program ([`program`]) whose expressions are [`node`]s over levels (row
//! sources), inputs (values from outside, for correlation and triggers) and slots (results of aggregation and
//! windows). A program is immutable and shared; a [`run`] holds the cursors and can pause after any row.

pub mod access;
pub mod aggregate;
mod compound;
pub mod context;
pub mod eval;
pub mod level;
pub mod lower;
pub mod node;
pub mod program;
pub mod recursive;
mod rewrite;
pub mod run;
pub mod scan;
pub mod select;
pub mod sort;
pub mod subquery;
pub mod window;
pub mod write;
