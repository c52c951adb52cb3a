//! All pragmas as data, in the order of their names (https://sqlite.org/pragma.html).

use heliosdb_udfs::value::Value;

use super::{Call, checks, foreign_key_check, header, lists, schema_info, settings};
use crate::error::Result;

/// When a pragma has a result, and how it treats a schema name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub const NONE: Flags = Flags(0);
    /// A result without an argument.
    pub const RESULT: Flags = Flags(1);
    /// A result with an argument.
    pub const RESULT_WITH: Flags = Flags(2);
    /// Never a result column.
    pub const NO_COLUMNS: Flags = Flags(4);
    /// No result column with an argument.
    pub const NO_COLUMNS_WITH: Flags = Flags(8);
    /// The value is a database's: main's unless one is named.
    pub const SCHEMA: Flags = Flags(16);
    /// A database can be named to look in only.
    pub const SCHEMA_OPTIONAL: Flags = Flags(32);

    pub const fn or(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

pub struct Pragma {
    pub name: &'static str,
    pub flags: Flags,
    /// Names of the result columns; empty: one column named as the pragma.
    columns: &'static [&'static str],
    /// One sentence of documentation.
    pub doc: &'static str,
    pub(super) run: fn(&Call<'_>) -> Result<Vec<Vec<Value>>>,
}

impl Pragma {
    /// The columns of its result where it has one.
    pub fn columns(&self) -> Vec<&'static str> {
        if self.columns.is_empty() { vec![self.name] } else { self.columns.to_vec() }
    }

    /// The result columns of the statement.
    pub fn statement_columns(&self, has_value: bool) -> Vec<&'static str> {
        let none = self.flags.has(Flags::NO_COLUMNS) || has_value && self.flags.has(Flags::NO_COLUMNS_WITH);
        if none { Vec::new() } else { self.columns() }
    }

    /// The hidden columns of its table-valued function; `None` if it has none.
    pub fn parameters(&self) -> Option<Vec<&'static str>> {
        if !self.flags.has(Flags::RESULT) && !self.flags.has(Flags::RESULT_WITH) {
            return None;
        }
        let mut parameters = Vec::new();
        if self.flags.has(Flags::RESULT_WITH) {
            parameters.push("arg");
        }
        if self.flags.has(Flags::SCHEMA) || self.flags.has(Flags::SCHEMA_OPTIONAL) {
            parameters.push("schema");
        }
        Some(parameters)
    }
}

const fn pragma(
    name: &'static str,
    flags: Flags,
    columns: &'static [&'static str],
    run: fn(&Call<'_>) -> Result<Vec<Vec<Value>>>,
    doc: &'static str,
) -> Pragma {
    Pragma { name, flags, columns, doc, run }
}

const NONE: Flags = Flags::NONE;
const RESULT: Flags = Flags::RESULT;
const WITH: Flags = Flags::RESULT_WITH;
const SWITCH: Flags = Flags::RESULT.or(Flags::NO_COLUMNS_WITH);
const OF_DATABASE: Flags = Flags::RESULT.or(Flags::SCHEMA);
const SET_OF_DATABASE: Flags = OF_DATABASE.or(Flags::NO_COLUMNS_WITH);
const OF_OBJECT: Flags = Flags::RESULT_WITH.or(Flags::SCHEMA_OPTIONAL);
const CHECK: Flags = OF_OBJECT.or(Flags::RESULT);

#[rustfmt::skip]
pub static PRAGMAS: &[Pragma] = &[
    pragma("analysis_limit", RESULT, &[], settings::analysis_limit, "How many rows of an index ANALYZE looks at; 0 is all."),
    pragma("application_id", SWITCH, &[], header::value, "A number in the database for programs that tell files apart."),
    pragma("auto_vacuum", SET_OF_DATABASE, &[], header::auto_vacuum, "Always 0: a database in memory has no pages to give back."),
    pragma("automatic_index", SWITCH, &[], settings::flag, "Whether a query may build an index for itself."),
    pragma("busy_timeout", RESULT, &["timeout"], settings::busy_timeout, "How many milliseconds to wait for another writer."),
    pragma("cache_size", SET_OF_DATABASE, &[], settings::cache_size, "Pages of cache, or KiB when negative; kept without effect."),
    pragma("cache_spill", SET_OF_DATABASE, &[], settings::cache_spill, "Kept without effect."),
    pragma("case_sensitive_like", Flags::NO_COLUMNS, &[], settings::case_sensitive_like, "Whether LIKE tells capitals from small letters."),
    pragma("cell_size_check", SWITCH, &[], settings::flag, "Kept without effect."),
    pragma("checkpoint_fullfsync", SWITCH, &[], settings::flag, "Kept without effect."),
    pragma("collation_list", RESULT, &["seq", "name"], lists::collation_list, "The collating sequences of the connection."),
    pragma("compile_options", RESULT, &[], lists::compile_options, "What the library was built with."),
    pragma("count_changes", SWITCH, &[], settings::flag, "Deprecated: INSERT, UPDATE and DELETE return the number of rows."),
    pragma("data_version", RESULT, &[], header::data_version, "Changes when another connection has changed the database."),
    pragma("database_list", RESULT, &["seq", "name", "file"], lists::database_list, "The attached databases."),
    pragma("default_cache_size", SET_OF_DATABASE, &["cache_size"], settings::cache_size, "Deprecated: the cache size kept in the database."),
    pragma("defer_foreign_keys", SWITCH, &[], settings::flag, "Whether foreign keys wait for the commit in this transaction."),
    pragma("empty_result_callbacks", SWITCH, &[], settings::flag, "Deprecated: kept without effect."),
    pragma("encoding", SWITCH, &[], header::encoding, "How text is stored."),
    pragma("foreign_key_check", CHECK, &["table", "rowid", "parent", "fkid"], foreign_key_check::run, "Rows whose parent row is missing."),
    pragma("foreign_key_list", OF_OBJECT, &["id", "seq", "table", "from", "to", "on_update", "on_delete", "match"], schema_info::foreign_key_list, "The foreign keys of a table."),
    pragma("foreign_keys", SWITCH, &[], settings::flag, "Whether foreign keys are enforced; not changed inside a transaction."),
    pragma("freelist_count", RESULT, &[], header::freelist_count, "Unused pages: always 0."),
    pragma("full_column_names", SWITCH, &[], settings::flag, "Deprecated: result columns are named table.column."),
    pragma("fullfsync", SWITCH, &[], settings::flag, "Kept without effect."),
    pragma("function_list", RESULT, &["name", "builtin", "type", "enc", "narg", "flags"], lists::function_list, "The SQL functions of the connection."),
    pragma("hard_heap_limit", RESULT, &[], settings::heap_limit, "Bytes of memory that must not be exceeded; kept without effect."),
    pragma("ignore_check_constraints", SWITCH, &[], settings::flag, "Whether CHECK constraints are not enforced."),
    pragma("incremental_vacuum", Flags::NO_COLUMNS, &[], header::incremental_vacuum, "Gives pages back: there are none."),
    pragma("index_info", OF_OBJECT, &["seqno", "cid", "name"], schema_info::index_info, "The terms of an index."),
    pragma("index_list", OF_OBJECT, &["seq", "name", "unique", "origin", "partial"], schema_info::index_list, "The indexes of a table."),
    pragma("index_xinfo", OF_OBJECT, &["seqno", "cid", "name", "desc", "coll", "key"], schema_info::index_info, "The terms of an index with direction, collation and what is behind them."),
    pragma("integrity_check", CHECK, &[], checks::integrity_check, "Rows that break the constraints of their table, or ok."),
    pragma("journal_mode", OF_DATABASE, &[], settings::journal_mode, "memory or off for a database in memory."),
    pragma("journal_size_limit", OF_DATABASE, &[], settings::journal_size_limit, "Kept without effect."),
    pragma("legacy_alter_table", SWITCH, &[], settings::flag, "Whether ALTER TABLE RENAME leaves triggers and views alone."),
    pragma("locking_mode", OF_DATABASE, &[], settings::locking_mode, "normal or exclusive; kept without effect."),
    pragma("max_page_count", OF_DATABASE, &[], settings::max_page_count, "Kept without effect."),
    pragma("mmap_size", NONE, &[], settings::mmap_size, "Kept without effect for a file; a database in memory is not mapped."),
    pragma("module_list", RESULT, &["name"], lists::module_list, "Virtual table modules and table-valued functions."),
    pragma("optimize", WITH, &[], header::nothing, "Runs ANALYZE where it would help: nowhere yet."),
    pragma("page_count", OF_DATABASE, &[], header::page_count, "About how many pages the database would have."),
    pragma("page_size", SET_OF_DATABASE, &[], settings::page_size, "4096."),
    pragma("pragma_list", RESULT, &["name"], lists::pragma_list, "All pragmas."),
    pragma("query_only", SWITCH, &[], settings::flag, "Whether writing is refused."),
    pragma("quick_check", CHECK, &[], checks::integrity_check, "The same as integrity_check."),
    pragma("read_uncommitted", SWITCH, &[], settings::flag, "Kept without effect: reads are of a snapshot."),
    pragma("recursive_triggers", SWITCH, &[], settings::flag, "Whether a trigger may fire itself, and REPLACE fires delete triggers."),
    pragma("reverse_unordered_selects", SWITCH, &[], settings::flag, "Whether queries without ORDER BY return rows in reverse."),
    pragma("schema_version", SWITCH, &[], header::value, "Grows with each change of the schema."),
    pragma("secure_delete", RESULT, &[], settings::secure_delete, "Kept without effect in memory."),
    pragma("short_column_names", SWITCH, &[], settings::flag, "Deprecated: result columns are named by column only."),
    pragma("shrink_memory", Flags::NO_COLUMNS, &[], header::nothing, "Frees memory that is not in use: none is kept."),
    pragma("soft_heap_limit", RESULT, &[], settings::heap_limit, "Bytes that what was read from files may take in memory, in the whole process; 0 is a quarter of the memory."),
    pragma("synchronous", SET_OF_DATABASE, &[], settings::synchronous, "How often written data is made durable."),
    pragma("table_info", OF_OBJECT, &["cid", "name", "type", "notnull", "dflt_value", "pk"], schema_info::table_info, "The columns of a table or view."),
    pragma("table_list", WITH, &["schema", "name", "type", "ncol", "wr", "strict"], schema_info::table_list, "The tables and views."),
    pragma("table_xinfo", OF_OBJECT, &["cid", "name", "type", "notnull", "dflt_value", "pk", "hidden"], schema_info::table_info, "The columns of a table or view, hidden and generated ones included."),
    pragma("temp_store", SWITCH, &[], settings::temp_store, "Where temporary tables are: always in memory; kept without effect."),
    pragma("temp_store_directory", Flags::NO_COLUMNS_WITH, &[], settings::temp_store_directory, "Deprecated: kept without effect."),
    pragma("threads", RESULT, &[], settings::threads, "How many helper threads a query may use."),
    pragma("trusted_schema", SWITCH, &[], settings::flag, "Whether functions of the host may be used by the schema."),
    pragma("user_version", SWITCH, &[], header::value, "A number in the database for its users."),
    pragma("wal_autocheckpoint", NONE, &[], settings::wal_autocheckpoint, "Kept without effect."),
    pragma("wal_checkpoint", NONE, &["busy", "log", "checkpointed"], header::wal_checkpoint, "Moves the log into the database: there is none."),
    pragma("writable_schema", SWITCH, &[], settings::flag, "Whether reserved names may be used."),
];
