//! The image: the B-trees of a SQLite database file, read page by page as the base of our trees.
//!
//! * [`page`]    b-tree pages: header, cells, overflow chains.
//! * [`record`]  SQLite's record format.
//! * [`layout`]  how a record of the file becomes a record or key of ours.
//! * [`rows`]    tables by rowid.
//! * [`keys`]    indexes, and tables WITHOUT ROWID.
//!
//! Follows https://sqlite.org/fileformat2.html. Nothing is written here. Pages come through [`Pages`], which sees to it
//! that they are of one committed state as long as anybody reads. What cannot be is `SQLITE_CORRUPT` with the page's
//! number, never other rows.

pub mod keys;
pub mod layout;
pub mod page;
pub mod record;
pub mod rows;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use heliosdb_udfs::value::Encoding;
use parking_lot::RwLockReadGuard;

use crate::error::{Code, Error, Result};

/// Where pages come from.
pub trait Pages: Send + Sync {
    /// A page by its number, from 1.
    fn page(&self, number: u32) -> Result<Arc<[u8]>>;
    /// Pages stay as they are while this is held; `None` where they never change.
    fn hold(&self) -> Option<RwLockReadGuard<'_, ()>>;
    /// The bytes of a page that are used.
    fn usable_size(&self) -> usize;
    fn encoding(&self) -> Encoding;
}

/// `database disk image is malformed`, with the place.
#[cold]
pub fn damaged(page: u32, what: &str) -> Error {
    Error::new(Code::CORRUPT, format!("database disk image is malformed: page {page}: {what}"))
}
