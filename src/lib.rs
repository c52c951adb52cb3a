//! A SQLite-compatible database engine.
//!
//! # How a point read runs
//!
//! 1. [`session::Connection::prepare`] parses the text (`heliosdb_dialect::parse`) and compiles it (`session/compile.rs`).
//! 2. [`plan::bind_statement`] resolves names, types and collations into a [`plan::bound::Query`].
//! 3. [`row::lower::query`] makes a program of its rewritten form (`row/rewrite`); [`row::access::plan`] sees `id = ?` and takes
//!    the short way (`row/access/point.rs`) to `Access::Rowids`.
//! 4. [`session::Statement::step`] starts a [`row::run::QueryRun`] (the one of the statement's last execution, if there was one:
//!    [`row::context::Shared`] keeps it), which starts a [`row::select::SelectRun`].
//! 5. `row::scan::keys` evaluates the parameter, `row::scan::open` looks the rowid up in a [`store::RowTree`] with the
//!    view that `session/execution.rs` opened, and keeps the version.
//! 6. [`session::Statement::column`] reads fields from the version's record; nothing is copied before the edge.
//!
//! # How an analytic read runs
//!
//! As a point read, with scans and hash joins instead of seeks, `row/aggregate.rs`, `row/window.rs` and `row/sort.rs` behind the
//! loops. Rows that come group by group are finished group by group, others wait in a hash table. What only counts rows
//! passes over them leaf by leaf (`row::scan::pass`); filters, groups and DISTINCT look at the rows of a leaf where they lie
//! (`row/select/ahead.rs`). A vectorised executor for these does not exist yet.
//!
//! # How a write and its commit run
//!
//! 1. As above up to [`row::write::lower`]; `session/statement.rs` calls [`row::write::execute`].
//! 2. `row/write/plain.rs` and `plain_insert.rs` pack the row of a table without triggers and the like (`row/write/packing.rs`)
//!    and find its keys free; a row that is found by its rowid comes from `row/point.rs`, without a query's run. Rows that
//!    AFTER triggers watch are packed in the same way, but found first (`row/write/watched.rs`). Otherwise, and for a row
//!    whose keys are not free (but for IGNORE and REPLACE without triggers and foreign keys), `row/write/insert.rs` makes the row, fires BEFORE triggers (`row/write/trigger.rs`), checks
//!    it, finds room in every unique index (`row/write/key.rs`) and stores it.
//!    Rows of a table that are stored alike are copied as they are (INSERT ... SELECT), and an UPDATE changes a copy of the record.
//! 3. The first write of a database calls `session::inner::Inner::begin_write`: [`txn::Transaction::begin_write`] waits for its
//!    turn, and a statement mark remembers the way back.
//! 4. [`txn::Transaction::put_row`] puts a version into the tree, which the transaction has a number for, and an entry into the
//!    undo list. DELETE without WHERE empties the trees at once instead (`store/tree/cleared.rs`), CREATE INDEX fills a tree
//!    at once (`row/write/fill.rs`, `store/tree/fill.rs`).
//! 5. `end_write` in `session/statement.rs` ends the mark; in autocommit `Inner::commit_all` calls
//!    [`txn::Transaction::commit`], which publishes the commit number and cleans what nobody reads.
//!
//! # How a file is read and written
//!
//! 1. `session/database.rs` finds the file among those that are open or rest (`txn/rest.rs`), or opens its
//!    [`store::container`]: one connection of the bundled SQLite for each file and process. Nothing is read yet.
//! 2. The first statement pins the file (`txn/file.rs`): the container takes the lease; if others changed the file, the schema
//!    is loaded again ([`catalog::load`]) and the trees are made anew over the file's b-trees ([`store::image`]).
//! 3. A tree that is asked for what it does not hold (`store/tree/coverage.rs`) reads it from the base; scans take rows into memory,
//!    up to a limit ([`store::memory`]).
//! 4. The commit writes the net changes through the container in one transaction of SQLite (`txn/through.rs`) before it publishes.
//!    Several files commit together (`store/container/group.rs`).
//! 5. The keeper (`txn/keeper.rs`) gives the lease back that nobody needs, or that somebody else waits for.

pub mod catalog;
pub mod env;
pub mod error;
pub mod plan;
pub mod row;
pub mod session;
pub mod store;
pub mod txn;

pub use heliosdb_udfs as udfs;
pub use heliosdb_udfs::value;

/// The SQLite release whose behaviour the engine follows.
pub const SQLITE_VERSION: &str = "3.54.1";
/// Its source, as `sqlite_source_id()` tells.
pub const SQLITE_SOURCE_ID: &str = "heliosdb (follows SQLite 3.54.1)";
