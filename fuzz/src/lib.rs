//! The targets, which the project's tests call too.

#[path = "../../testdata/suite/engine.rs"]
mod engine;
#[path = "../../testdata/suite/fuzz.rs"]
pub mod fuzz;
#[path = "../../testdata/suite/oracle.rs"]
mod oracle;
