//! Pragmas that list what the connection and the library have.

use heliosdb_udfs::value::Value;

use super::builtin_functions::builtin_functions;
use super::table::PRAGMAS;
use super::{Call, row};
use crate::error::Result;
use crate::plan::bound::DatabaseIndex;
use crate::session::ddl::TEMP;

type Rows = Result<Vec<Vec<Value>>>;

/// SQLITE_DETERMINISTIC, SQLITE_DIRECTONLY and SQLITE_INNOCUOUS as `function_list` shows them.
const DETERMINISTIC: i64 = 0x800;
const DIRECT_ONLY: i64 = 0x8_0000;
const INNOCUOUS: i64 = 0x20_0000;

/// What a build says about itself, of the options that mean something here.
const COMPILE_OPTIONS: [&str; 18] = [
    "DEFAULT_CACHE_SIZE=-2000",
    "DEFAULT_FILE_FORMAT=4",
    "DEFAULT_PAGE_SIZE=4096",
    "DEFAULT_RECURSIVE_TRIGGERS",
    "DEFAULT_SYNCHRONOUS=2",
    "ENABLE_COLUMN_METADATA",
    "ENABLE_MATH_FUNCTIONS",
    "MAX_ATTACHED=10",
    "MAX_COLUMN=2000",
    "MAX_COMPOUND_SELECT=500",
    "MAX_EXPR_DEPTH=1000",
    "MAX_FUNCTION_ARG=1000",
    "MAX_LENGTH=1000000000",
    "MAX_LIKE_PATTERN_LENGTH=50000",
    "MAX_SQL_LENGTH=1000000000",
    "MAX_TRIGGER_DEPTH=1000",
    "MAX_VARIABLE_NUMBER=250000",
    "THREADSAFE=1",
];

pub fn database_list(call: &Call<'_>) -> Rows {
    let databases = (0..call.context.database_count()).map(|i| DatabaseIndex(i as u16));
    let shown = databases.filter(|d| *d != TEMP || call.context.is_temp_open());
    let rows = shown.map(|d| row![i64::from(d.0), &*call.context.database_name(d), &*call.context.database_file(d)]);
    Ok(rows.collect())
}

/// The host's collations newest first, then the built-in ones.
pub fn collation_list(call: &Call<'_>) -> Rows {
    let built_in = ["RTRIM", "NOCASE", "BINARY"];
    let own = call.context.user_collations();
    let own = own.iter().rev().map(|c| c.name()).filter(|n| !built_in.iter().any(|b| b.eq_ignore_ascii_case(n)));
    Ok(own.chain(built_in).enumerate().map(|(seq, name)| row![seq as i64, name]).collect())
}

pub fn function_list(call: &Call<'_>) -> Rows {
    let rows = builtin_functions().into_iter().chain(call.context.functions()).map(|f| {
        let mut kind = [0; 4];
        let flags = if f.deterministic { DETERMINISTIC } else { 0 }
            | if f.direct_only { DIRECT_ONLY } else { 0 }
            | if f.builtin && !f.direct_only { INNOCUOUS } else { 0 };
        row![&*f.name, f.builtin, &*f.kind.encode_utf8(&mut kind), "utf8", i64::from(f.args), flags]
    });
    Ok(rows.collect())
}

pub fn module_list(call: &Call<'_>) -> Rows {
    Ok(call.context.modules().iter().map(|name| row![&**name]).collect())
}

pub fn pragma_list(_call: &Call<'_>) -> Rows {
    Ok(PRAGMAS.iter().map(|p| row![p.name]).collect())
}

pub fn compile_options(_call: &Call<'_>) -> Rows {
    Ok(COMPILE_OPTIONS.iter().map(|o| row![*o]).collect())
}

pub fn is_compile_option(name: &str) -> bool {
    let name = name.get(..7).filter(|p| p.eq_ignore_ascii_case("SQLITE_")).map_or(name, |_| &name[7..]);
    COMPILE_OPTIONS.iter().any(|option| {
        option.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && !option[name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The `n`-th compile option, counting from 0.
pub fn compile_option(n: i64) -> Option<&'static str> {
    usize::try_from(n).ok().and_then(|n| COMPILE_OPTIONS.get(n).copied())
}
