//! The one integration test binary: scripts whose results come from SQLite, random statements against it, files
//! that it uses too, the list of what is there, and the rules of the tree.

#![allow(clippy::disallowed_methods, reason = "tests start threads and look at the clock")]

mod compat;
mod deep;
mod engine;
mod extension;
mod files;
mod fuzz;
mod generator;
mod oracle;
mod parser;
mod plan;
mod slt;
mod tidy;
mod waiting;
