//! DDL compared with SQLite: the same statements on both, then the same answers, texts and descriptions.

mod alter;
pub(crate) mod compare;
mod corpus;
mod create;
mod drop;
pub(crate) mod host;
