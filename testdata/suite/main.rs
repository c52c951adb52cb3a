//! The one integration test binary: scripts whose results come from SQLite, and the rules of the tree.

mod slt;
mod tidy;
