//! What binding needs from a connection: the databases' schemas, the host's functions and collations, settings,
//! limits and the authorizer. Plain values; the binder never reaches around them.

use std::sync::Arc;

use heliosdb_udfs::value::Collation;
use smallvec::SmallVec;

use super::bound::{AggregateFunction, DatabaseIndex, Function, RowRules, TableFunction};
use crate::catalog::{Schema, Table};
use crate::env::callback::Authorizer;

/// Everything names are resolved against.
pub struct Namespace<'a> {
    /// 0 is `main`, 1 `temp`, from 2 the attached databases in the order they were attached.
    pub databases: SmallVec<[(Arc<str>, Arc<Schema>); 2]>,
    pub functions: &'a dyn Functions,
    pub options: Options,
    pub authorizer: Option<&'a dyn Authorizer>,
    /// Rules of tables that were bound against all of this before. An authorizer is asked anew for each statement.
    pub rules: Option<&'a dyn KeptRules>,
}

/// The rules of tables that were written before.
pub trait KeptRules {
    fn find(&self, database: DatabaseIndex, table: &Arc<Table>) -> Option<Arc<RowRules>>;

    fn keep(&self, database: DatabaseIndex, table: &Arc<Table>, rules: &Arc<RowRules>);
}

/// The answer to a question for a function by name and number of arguments.
#[derive(Clone, Debug)]
pub enum Lookup<T> {
    Found(T),
    /// The name exists, but not with this many arguments.
    WrongArguments,
    Missing,
}

/// What the host language registered, and the table-valued functions. Built-in scalar, aggregate and window
/// functions are not asked for here: they stand behind the host's.
pub trait Functions {
    /// The host's scalar function that takes exactly this many arguments, or else any number.
    fn scalar(&self, name: &str, args: usize) -> Lookup<Function>;

    /// The host's aggregate or window function; [`crate::env::callback::UserAggregate::is_window`] tells which.
    fn aggregate(&self, name: &str, args: usize) -> Lookup<AggregateFunction>;

    /// A collation that the host registered. Built-in names arrive here too: they may be replaced.
    fn collation(&self, name: &str) -> Option<Collation>;

    /// `json_each`, `generate_series`, `pragma_table_info`, …
    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>>;
}

/// A connection without host functions or table-valued functions.
pub struct NoFunctions;

impl Functions for NoFunctions {
    fn scalar(&self, _: &str, _: usize) -> Lookup<Function> {
        Lookup::Missing
    }

    fn aggregate(&self, _: &str, _: usize) -> Lookup<AggregateFunction> {
        Lookup::Missing
    }

    fn collation(&self, _: &str) -> Option<Collation> {
        None
    }

    fn table_function(&self, _: &str) -> Option<Arc<TableFunction>> {
        None
    }
}

/// The settings of a connection that change what a statement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// `PRAGMA foreign_keys`
    pub foreign_keys: bool,
    /// `PRAGMA recursive_triggers`
    pub recursive_triggers: bool,
    /// `PRAGMA ignore_check_constraints`
    pub ignore_check_constraints: bool,
    /// `PRAGMA trusted_schema`
    pub trusted_schema: bool,
    /// `PRAGMA writable_schema`
    pub writable_schema: bool,
    /// `PRAGMA query_only` is the session's; this one is SQLITE_DBCONFIG_ENABLE_TRIGGER.
    pub triggers: bool,
    /// SQLITE_DBCONFIG_ENABLE_VIEW
    pub views: bool,
    /// SQLITE_DBCONFIG_DQS_DML: an unknown double-quoted name in a statement is a string.
    pub dqs_dml: bool,
    /// SQLITE_DBCONFIG_DQS_DDL: the same in expressions of the schema.
    pub dqs_ddl: bool,
    /// `PRAGMA full_column_names`
    pub full_column_names: bool,
    /// `PRAGMA short_column_names`
    pub short_column_names: bool,
    pub limits: Limits,
}

/// https://sqlite.org/limits.html
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// SQLITE_LIMIT_COLUMN
    pub columns: usize,
    /// SQLITE_LIMIT_EXPR_DEPTH
    pub expression_depth: usize,
    /// SQLITE_LIMIT_COMPOUND_SELECT
    pub compound_selects: usize,
    /// SQLITE_LIMIT_FUNCTION_ARG
    pub function_args: usize,
    /// SQLITE_LIMIT_VARIABLE_NUMBER
    pub variables: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { columns: 2000, expression_depth: 1000, compound_selects: 500, function_args: 1000, variables: 250_000 }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            foreign_keys: false,
            recursive_triggers: false,
            ignore_check_constraints: false,
            trusted_schema: true,
            writable_schema: false,
            triggers: true,
            views: true,
            dqs_dml: true,
            dqs_ddl: true,
            full_column_names: false,
            short_column_names: true,
            limits: Limits::default(),
        }
    }
}
