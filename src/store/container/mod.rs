//! A database file, opened through the bundled SQLite by our own VFS. Lock protocol and crash argument:
//! `docs/format/container.md`.
//!
//! * [`open`]        [`Container`]: one connection for each file and process.
//! * [`lease`]       keeping others from writing, reading pages, the write transaction.
//! * [`sqlite`]      the library's statements, in its C interface.
//! * `definitions`   what users defined and the library must know.
//! * [`state`]       locks, ours and those of others.
//! * [`system`]      which VFS a system gets.
//! * `vfs`, `file`, `lock`, `shm`  the VFS "heliosdb": its table, files, the five lock states, the index of a log.
//! * `group`         a commit of several files at once, by a super-journal.
//! * `descriptor`    when a descriptor may be closed, and forks.
//! * `ofd`           byte-range locks of open file descriptions.
//! * `fault`         failing calls on purpose.
//!
//! Invariant: no other part of the engine opens, reads or closes a file that may be a database: closing drops the POSIX
//! locks of stock SQLite in our process. No statement of a user runs here.

mod definitions;
#[cfg(unix)]
mod descriptor;
#[cfg(unix)]
pub mod fault;
#[cfg(unix)]
mod file;
#[cfg(unix)]
mod group;
#[cfg(not(unix))]
#[path = "group_plain.rs"]
mod group;
pub mod lease;
#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod ofd;
pub mod open;
#[cfg(unix)]
mod shm;
pub mod sqlite;
pub mod state;
mod system;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod vfs;

pub use definitions::{Definitions, from_foreign};
pub use group::Group;
pub use lease::{Header, Token, Writer};
pub use open::{Container, OpenFlags, refused};
pub use state::{Level, Others};
pub use system::FileId;
