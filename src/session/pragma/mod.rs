//! PRAGMA statements and the `pragma_*` table-valued functions.
//!
//! * [`table`]     all pragmas as data: name, flags, columns, documentation, function.
//! * [`settings`]  the connection's settings, and the pragmas that are nothing but a setting.
//! * `schema_info`, `lists`, `header`, `checks`  pragmas that compute something.
//!
//! Which columns and rows a pragma has with and without an argument follows SQLite (https://sqlite.org/pragma.html); an
//! unknown pragma has neither and is no error. Pragmas of file handling keep and show their setting without
//! effect on a database in memory.

mod builtin_functions;
mod checks;
mod file;
mod foreign_key_check;
mod header;
mod lists;
mod schema_info;
pub mod settings;
pub mod table;

#[cfg(test)]
mod tests;

use std::cell::RefMut;

use heliosdb_udfs::value::{Affinity, Value};

use crate::catalog::column::new_column;
use crate::catalog::{Column, View};
use crate::error::{Error, Result};
use crate::plan::bound::{DatabaseIndex, TableFunction};
use crate::session::ddl::Host;

pub use header::writes;
pub use lists::{compile_option, is_compile_option};
pub use settings::Settings;
pub use table::{PRAGMAS, Pragma};

/// What a pragma returned.
#[derive(Clone, Debug, Default)]
pub struct PragmaRows {
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Value>>,
}

/// A function that `PRAGMA function_list` shows.
#[derive(Clone, Debug)]
pub struct FunctionEntry {
    pub name: Box<str>,
    pub builtin: bool,
    /// `s` scalar, `a` aggregate, `w` aggregate that is a window function too.
    pub kind: char,
    /// -1: any number.
    pub args: i32,
    pub deterministic: bool,
    pub direct_only: bool,
}

/// What pragmas ask of a connection beside what DDL asks.
pub trait Context: Host {
    /// What the library that reads files must know of registered functions and collations.
    fn definitions(&self) -> Option<std::sync::Arc<crate::store::container::Definitions>> {
        None
    }

    fn settings(&self) -> RefMut<'_, Settings>;
    /// The file of a database as `PRAGMA database_list` shows it: empty for one in memory.
    fn database_file(&self, database: DatabaseIndex) -> String;
    /// Whether anything has been created in temp, so that it is listed.
    fn is_temp_open(&self) -> bool;
    /// Grows with each commit of another connection to the database.
    fn data_version(&self, database: DatabaseIndex) -> i64;
    /// The columns of a view with names, types and affinities.
    fn view_columns(&self, database: DatabaseIndex, view: &View) -> Result<Vec<Column>>;
    /// The host language's functions; the built-in ones are known.
    fn functions(&self) -> Vec<FunctionEntry>;
    /// Names of table-valued functions and virtual table modules.
    fn modules(&self) -> Vec<Box<str>>;
}

/// One call of a pragma.
#[derive(Clone, Copy)]
pub struct Call<'c> {
    pub context: &'c dyn Context,
    pub pragma: &'static Pragma,
    /// The database that was named, as in `PRAGMA main.user_version`.
    pub database: Option<DatabaseIndex>,
    pub value: Option<&'c str>,
}

impl Call<'_> {
    /// The named database, or main.
    fn database(&self) -> DatabaseIndex {
        self.database.unwrap_or(crate::session::ddl::MAIN)
    }

    fn one(&self, value: impl Into<Cell>) -> Result<Vec<Vec<Value>>> {
        let Cell(value) = value.into();
        Ok(vec![vec![value]])
    }
}

/// A value of a result row.
pub struct Cell(Value);

impl From<i64> for Cell {
    fn from(i: i64) -> Cell {
        Cell(Value::Integer(i))
    }
}

impl From<bool> for Cell {
    fn from(b: bool) -> Cell {
        Cell(Value::Integer(i64::from(b)))
    }
}

impl From<&str> for Cell {
    fn from(s: &str) -> Cell {
        Cell(Value::text(s))
    }
}

impl From<Option<&str>> for Cell {
    fn from(s: Option<&str>) -> Cell {
        Cell(s.map_or(Value::Null, Value::text))
    }
}

/// A result row of mixed values.
macro_rules! row {
    ($($value:expr),* $(,)?) => {
        vec![$(crate::session::pragma::Cell::from($value).0),*]
    };
}
use row;

pub use file::vacuum as vacuum_file;

pub fn find(name: &str) -> Option<&'static Pragma> {
    PRAGMAS.iter().find(|p| p.name.eq_ignore_ascii_case(name))
}

/// The result columns of a PRAGMA statement, known before it runs.
pub fn columns(name: &str, has_value: bool) -> Vec<&'static str> {
    match find(name) {
        Some(pragma) => pragma.statement_columns(has_value),
        None => Vec::new(),
    }
}

/// Runs a PRAGMA statement. `schema` is the name before the dot.
pub fn run(context: &dyn Context, schema: Option<&str>, name: &str, value: Option<&str>) -> Result<PragmaRows> {
    let database = match schema {
        Some(schema) => Some(database_named(context, schema)?),
        None => None,
    };
    let Some(pragma) = find(name) else { return Ok(PragmaRows::default()) };
    let shown_database = database.map(|d| context.database_name(d));
    let allowed =
        context.authorize(crate::session::ddl::action::PRAGMA, Some(name), value, shown_database.as_deref())?;
    let columns = pragma.statement_columns(value.is_some());
    if !allowed {
        return Ok(PragmaRows { columns, rows: Vec::new() });
    }
    let call = Call { context, pragma, database, value };
    let mut rows = match file::run(&call)? {
        Some(rows) => rows,
        None => (pragma.run)(&call)?,
    };
    if columns.is_empty() {
        rows.clear();
    }
    for row in &mut rows {
        row.truncate(columns.len());
    }
    Ok(PragmaRows { columns, rows })
}

/// The rows of `pragma_name(arg, schema)`; NULL arguments count as missing.
pub fn run_function(context: &dyn Context, name: &str, args: &[Value]) -> Result<Vec<Vec<Value>>> {
    let pragma = find(name).ok_or_else(|| Error::sql(format!("no such table: pragma_{name}")))?;
    let text = |i: usize| match args.get(i) {
        None | Some(Value::Null) => None,
        Some(Value::Text(t) | Value::Blob(t)) => Some(String::from_utf8_lossy(t).into_owned()),
        Some(Value::Integer(n)) => Some(n.to_string()),
        Some(Value::Real(r)) => Some(r.to_string()),
    };
    let schema_at = usize::from(pragma.flags.has(table::Flags::RESULT_WITH));
    let value = if schema_at == 1 { text(0) } else { None };
    let schema = text(schema_at);
    let database = match &schema {
        // SQLite makes a PRAGMA of it, with the name in quotes.
        Some(schema) => match database_named(context, schema) {
            Err(_) => return Err(Error::sql(format!("unknown database '{}'", schema.replace('\'', "''")))),
            found => Some(found?),
        },
        None => None,
    };
    let call = Call { context, pragma, database, value: value.as_deref() };
    match file::run(&call)? {
        Some(rows) => Ok(rows),
        None => (pragma.run)(&call),
    }
}

fn database_named(context: &dyn Context, schema: &str) -> Result<DatabaseIndex> {
    let databases = (0..context.database_count()).map(|i| DatabaseIndex(i as u16));
    let mut found = databases.filter(|d| context.database_name(*d).eq_ignore_ascii_case(schema));
    found.next().ok_or_else(|| Error::sql(format!("unknown database {schema}")))
}

/// The table-valued function of a pragma, `pragma_table_info` for `table_info`; `None` if it has none.
pub fn table_function(function: &str) -> Option<TableFunction> {
    let name = function.get(..7).filter(|p| p.eq_ignore_ascii_case("pragma_")).and(function.get(7..))?;
    let pragma = find(name)?;
    let parameters = pragma.parameters()?;
    let visible = pragma.columns().into_iter().map(|name| (name, false));
    let columns = visible
        .chain(parameters.iter().map(|name| (*name, true)))
        .map(|(name, hidden)| Column { hidden, ..new_column(name, "".into(), Affinity::Blob) })
        .collect();
    Some(TableFunction {
        name: format!("pragma_{}", pragma.name).into(),
        columns,
        parameters: parameters.len() as u16,
        pragma: pragma.name.into(),
    })
}

/// ON, OFF, YES, NO, TRUE, FALSE or a number; anything else is `default`.
fn boolean(text: &str, default: bool) -> bool {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return settings::leading_integer(text) as u8 != 0;
    }
    let is = |words: &[&str]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if is(&["on", "yes", "true"]) {
        true
    } else if is(&["off", "no", "false"]) {
        false
    } else {
        default
    }
}

/// Whether a pragma looks at the databases: the others answer and set however the files are.
pub fn needs_files(name: &str) -> bool {
    const SETTINGS: [&str; 37] = [
        "analysis_limit",
        "automatic_index",
        "busy_timeout",
        "cache_spill",
        "case_sensitive_like",
        "cell_size_check",
        "checkpoint_fullfsync",
        "collation_list",
        "compile_options",
        "count_changes",
        "database_list",
        "defer_foreign_keys",
        "empty_result_callbacks",
        "foreign_keys",
        "full_column_names",
        "fullfsync",
        "function_list",
        "hard_heap_limit",
        "heliosdb_engine",
        "ignore_check_constraints",
        "legacy_alter_table",
        "module_list",
        "pragma_list",
        "query_only",
        "read_uncommitted",
        "recursive_triggers",
        "reverse_unordered_selects",
        "short_column_names",
        "shrink_memory",
        "soft_heap_limit",
        "temp_store",
        "temp_store_directory",
        "threads",
        "trusted_schema",
        "vdbe_trace",
        "wal_autocheckpoint",
        "writable_schema",
    ];
    !file::is_alone(name) && !SETTINGS.iter().any(|setting| name.eq_ignore_ascii_case(setting))
}
