//! The settings that pragmas keep, and the pragmas that only read and write one.
//!
//! Most have no effect on a database in memory; they are kept so that what was set is what is shown.

use heliosdb_udfs::value::Value;

use super::{Call, boolean, row};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::session::ddl::{TEMP, reload_if_changed};
use crate::store::memory;

type Rows = Result<Vec<Vec<Value>>>;

/// Settings of one database of a connection.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Pages, or KiB when negative.
    pub cache_size: i64,
    /// 0 OFF, 1 NORMAL, 2 FULL, 3 EXTRA.
    pub synchronous: i64,
    pub journal_mode: &'static str,
    pub journal_size_limit: i64,
    pub page_size: i64,
    pub max_page_count: i64,
    pub mmap_bytes: i64,
    /// 0 off, 1 on, 2 fast.
    pub secure_delete: i64,
}

/// Settings of a connection. The connection reads the fields where they matter.
#[derive(Clone, Debug)]
pub struct Settings {
    pub foreign_keys: bool,
    /// Reset when the transaction ends.
    pub defer_foreign_keys: bool,
    pub recursive_triggers: bool,
    pub ignore_check_constraints: bool,
    pub query_only: bool,
    pub case_sensitive_like: bool,
    pub automatic_index: bool,
    pub reverse_unordered_selects: bool,
    pub writable_schema: bool,
    pub trusted_schema: bool,
    pub legacy_alter_table: bool,
    pub short_column_names: bool,
    pub full_column_names: bool,
    pub count_changes: bool,
    pub empty_result_callbacks: bool,
    pub read_uncommitted: bool,
    pub cell_size_check: bool,
    pub checkpoint_fullfsync: bool,
    pub fullfsync: bool,
    pub busy_timeout_ms: i64,
    pub analysis_limit: i64,
    /// 0: never; else pages.
    pub cache_spill: i64,
    pub temp_store: i64,
    pub temp_store_directory: String,
    pub threads: i64,
    pub soft_heap_limit: i64,
    pub hard_heap_limit: i64,
    pub wal_autocheckpoint: i64,
    /// What `locking_mode` shows; memory is always locked by its owner alone.
    pub exclusive_locking: bool,
    /// By database index; grows when a database is attached.
    pub databases: Vec<DatabaseSettings>,
}

impl Default for DatabaseSettings {
    fn default() -> DatabaseSettings {
        DatabaseSettings {
            cache_size: -2000,
            synchronous: 2,
            journal_mode: "memory",
            journal_size_limit: -1,
            page_size: 4096,
            max_page_count: 4_294_967_294,
            mmap_bytes: 0,
            secure_delete: 0,
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        let temp = DatabaseSettings { cache_size: 0, journal_mode: "delete", ..DatabaseSettings::default() };
        Settings {
            foreign_keys: false,
            defer_foreign_keys: false,
            recursive_triggers: false,
            ignore_check_constraints: false,
            query_only: false,
            case_sensitive_like: false,
            automatic_index: true,
            reverse_unordered_selects: false,
            writable_schema: false,
            trusted_schema: true,
            legacy_alter_table: false,
            short_column_names: true,
            full_column_names: false,
            count_changes: false,
            empty_result_callbacks: false,
            read_uncommitted: false,
            cell_size_check: false,
            checkpoint_fullfsync: false,
            fullfsync: false,
            busy_timeout_ms: 0,
            analysis_limit: 0,
            cache_spill: 483,
            temp_store: 0,
            temp_store_directory: String::new(),
            threads: 0,
            soft_heap_limit: 0,
            hard_heap_limit: 0,
            wal_autocheckpoint: 1000,
            exclusive_locking: false,
            databases: vec![DatabaseSettings::default(), temp],
        }
    }
}

impl Settings {
    /// The settings of a database, made when it is first asked for.
    pub fn database(&mut self, database: DatabaseIndex) -> &mut DatabaseSettings {
        let at = usize::from(database.0);
        if self.databases.len() <= at {
            self.databases.resize_with(at + 1, DatabaseSettings::default);
        }
        &mut self.databases[at]
    }

    /// Forgets a detached database: those behind it move up.
    pub fn detach(&mut self, database: DatabaseIndex) {
        let at = usize::from(database.0);
        if at < self.databases.len() {
            self.databases.remove(at);
        }
    }

    fn flag(&mut self, pragma: &str) -> Option<&mut bool> {
        Some(match pragma {
            "automatic_index" => &mut self.automatic_index,
            "cell_size_check" => &mut self.cell_size_check,
            "checkpoint_fullfsync" => &mut self.checkpoint_fullfsync,
            "count_changes" => &mut self.count_changes,
            "defer_foreign_keys" => &mut self.defer_foreign_keys,
            "empty_result_callbacks" => &mut self.empty_result_callbacks,
            "foreign_keys" => &mut self.foreign_keys,
            "full_column_names" => &mut self.full_column_names,
            "fullfsync" => &mut self.fullfsync,
            "ignore_check_constraints" => &mut self.ignore_check_constraints,
            "legacy_alter_table" => &mut self.legacy_alter_table,
            "query_only" => &mut self.query_only,
            "read_uncommitted" => &mut self.read_uncommitted,
            "recursive_triggers" => &mut self.recursive_triggers,
            "reverse_unordered_selects" => &mut self.reverse_unordered_selects,
            "short_column_names" => &mut self.short_column_names,
            "trusted_schema" => &mut self.trusted_schema,
            "writable_schema" => &mut self.writable_schema,
            _ => return None,
        })
    }
}

/// The integer that a text begins with, as C's atoi reads it, within 32 bits; 0 if there is none.
pub fn leading_integer(text: &str) -> i32 {
    leading_integer_64(text).try_into().unwrap_or(0)
}

/// The same within 64 bits.
pub fn leading_integer_64(text: &str) -> i64 {
    let text = text.trim_start();
    let digits_at = usize::from(text.starts_with(['+', '-']));
    if let Some(hex) = text.get(digits_at..).and_then(|t| t.strip_prefix("0x").or_else(|| t.strip_prefix("0X"))) {
        let end = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
        return i64::from_str_radix(&hex[..end], 16).unwrap_or(0);
    }
    let rest = &text[digits_at..];
    let len = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    text[..digits_at + len].parse().unwrap_or(0)
}

/// The integer that a text is, if it is nothing else.
fn whole_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A pragma that is a switch.
pub fn flag(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    let flag = settings.flag(call.pragma.name).ok_or_else(|| Error::internal("a switch has a setting"))?;
    let Some(value) = call.value else {
        let on = *flag;
        return Ok(vec![row![on]]);
    };
    let on = boolean(value, false);
    if call.pragma.name == "writable_schema" && value.eq_ignore_ascii_case("reset") {
        settings.writable_schema = false;
        drop(settings);
        for i in 0..call.context.database_count() {
            reload_if_changed(call.context, DatabaseIndex(i as u16))?;
        }
        return Ok(Vec::new());
    }
    if call.pragma.name == "foreign_keys" {
        drop(settings);
        // Not inside a transaction: deferred violations could not be counted.
        if !call.context.options().in_transaction {
            call.context.settings().foreign_keys = on;
        }
        return Ok(Vec::new());
    }
    *flag = on;
    Ok(Vec::new())
}

pub fn busy_timeout(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    if let Some(value) = call.value {
        settings.busy_timeout_ms = i64::from(leading_integer(value).max(0));
    }
    Ok(vec![row![settings.busy_timeout_ms]])
}

pub fn cache_size(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    let database = settings.database(call.database());
    match call.value {
        Some(value) => {
            database.cache_size = i64::from(leading_integer(value));
            Ok(Vec::new())
        }
        None => Ok(vec![row![database.cache_size]]),
    }
}

pub fn cache_spill(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    match call.value {
        Some(value) => {
            let on = boolean(value, value.starts_with('-'));
            let size = leading_integer(value);
            settings.cache_spill = match (on, size) {
                (false, _) => 0,
                (true, size) if size > 1 => i64::from(size),
                _ => 483,
            };
            Ok(Vec::new())
        }
        None => Ok(vec![row![settings.cache_spill]]),
    }
}

pub fn case_sensitive_like(call: &Call<'_>) -> Rows {
    if let Some(value) = call.value {
        call.context.settings().case_sensitive_like = boolean(value, false);
    }
    Ok(Vec::new())
}

pub fn synchronous(call: &Call<'_>) -> Rows {
    let Some(value) = call.value else {
        // What is temporary is never synced.
        let level = call.context.settings().database(call.database()).synchronous;
        return call.one(if call.database() == TEMP { 0 } else { level });
    };
    if call.context.options().in_transaction {
        return Err(Error::sql("Safety level may not be changed inside a transaction"));
    }
    if call.database() != TEMP {
        let level = if value.starts_with(|c: char| c.is_ascii_digit()) {
            i64::from(leading_integer(value) & 7)
        } else if value.eq_ignore_ascii_case("extra") {
            3
        } else if value.eq_ignore_ascii_case("full") {
            2
        } else if value.eq_ignore_ascii_case("normal") {
            1
        } else {
            i64::from(boolean(value, true))
        };
        call.context.settings().database(call.database()).synchronous = level;
    }
    Ok(Vec::new())
}

/// A database in memory knows the modes MEMORY and OFF; asking for another changes nothing.
pub fn journal_mode(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    let database = settings.database(call.database());
    if database.journal_mode == "delete" {
        // temp behaves like a file.
        const MODES: [&str; 5] = ["delete", "persist", "off", "truncate", "memory"];
        if let Some(mode) = MODES.iter().find(|m| call.value.is_some_and(|v| v.eq_ignore_ascii_case(m))) {
            database.journal_mode = mode;
        }
    } else if let Some(value) = call.value {
        if value.eq_ignore_ascii_case("off") {
            database.journal_mode = "off";
        } else if value.eq_ignore_ascii_case("memory") {
            database.journal_mode = "memory";
        }
    }
    Ok(vec![row![database.journal_mode]])
}

pub fn journal_size_limit(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    let database = settings.database(call.database());
    if let Some(value) = call.value {
        database.journal_size_limit = leading_integer_64(value).max(-1);
    }
    Ok(vec![row![database.journal_size_limit]])
}

/// A database in memory is exclusive whatever is asked for; without a name the default for files is shown.
pub fn locking_mode(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    let is = |mode: &str| call.value.is_some_and(|v| v.eq_ignore_ascii_case(mode));
    let set = is("exclusive") || is("normal");
    if set && call.database.is_none() {
        settings.exclusive_locking = is("exclusive");
    }
    let exclusive = set || call.database.is_some() || settings.exclusive_locking;
    Ok(vec![row![if exclusive { "exclusive" } else { "normal" }]])
}

pub fn max_page_count(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    let database = settings.database(call.database());
    let value = call.value.and_then(whole_integer).unwrap_or(0);
    if value > 0 {
        database.max_page_count = value.min(4_294_967_294);
    }
    Ok(vec![row![database.max_page_count]])
}

/// Of files only. Without a name it is set for all of them.
pub fn mmap_size(call: &Call<'_>) -> Rows {
    /// As the library is built by default.
    const MMAP_BYTES_MAX: i64 = 0x7fff_0000;
    if let Some(value) = call.value {
        let bytes = leading_integer_64(value).clamp(0, MMAP_BYTES_MAX);
        let mut settings = call.context.settings();
        match call.database {
            Some(database) => settings.database(database).mmap_bytes = bytes,
            None => {
                for i in 0..call.context.database_count() {
                    settings.database(DatabaseIndex(i as u16)).mmap_bytes = bytes;
                }
            }
        }
    }
    if call.context.transaction(call.database()).shared().file().is_none() {
        return Ok(Vec::new());
    }
    call.one(call.context.settings().database(call.database()).mmap_bytes)
}

/// Setting it has no effect: pages are a file's.
pub fn page_size(call: &Call<'_>) -> Rows {
    match call.value {
        Some(_) => Ok(Vec::new()),
        None => call.one(call.context.settings().database(call.database()).page_size),
    }
}

pub fn secure_delete(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    if let Some(value) = call.value {
        let level = if value.eq_ignore_ascii_case("fast") { 2 } else { i64::from(boolean(value, false)) };
        match call.database {
            Some(database) => settings.database(database).secure_delete = level,
            None => settings.databases.iter_mut().for_each(|d| d.secure_delete = level),
        }
    }
    Ok(vec![row![settings.database(call.database()).secure_delete]])
}

pub fn temp_store(call: &Call<'_>) -> Rows {
    let Some(value) = call.value else { return call.one(call.context.settings().temp_store) };
    let wanted = match value {
        v if v.starts_with(['0', '1', '2']) => i64::from(v.as_bytes()[0] - b'0'),
        v if v.eq_ignore_ascii_case("file") => 1,
        v if v.eq_ignore_ascii_case("memory") => 2,
        _ => 0,
    };
    let before = call.context.settings().temp_store;
    if before != wanted && call.context.options().in_transaction {
        return Err(Error::sql("temporary storage cannot be changed from within a transaction"));
    }
    call.context.settings().temp_store = wanted;
    Ok(Vec::new())
}

pub fn temp_store_directory(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    match call.value {
        Some(value) => {
            if !value.is_empty() && !std::path::Path::new(value).is_dir() {
                return Err(Error::sql("not a writable directory"));
            }
            settings.temp_store_directory = value.to_owned();
            Ok(Vec::new())
        }
        None if settings.temp_store_directory.is_empty() => Ok(Vec::new()),
        None => Ok(vec![row![&*settings.temp_store_directory]]),
    }
}

pub fn threads(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    if let Some(wanted) = call.value.and_then(whole_integer).filter(|w| *w >= 0) {
        settings.threads = (wanted & 0x7fff_ffff).min(8);
    }
    Ok(vec![row![settings.threads]])
}

pub fn analysis_limit(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    if let Some(wanted) = call.value.and_then(whole_integer).filter(|w| *w >= 0) {
        settings.analysis_limit = wanted & 0x7fff_ffff;
    }
    Ok(vec![row![settings.analysis_limit]])
}

pub fn wal_autocheckpoint(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    if let Some(value) = call.value {
        settings.wal_autocheckpoint = i64::from(leading_integer(value)).max(0);
    }
    Ok(vec![row![settings.wal_autocheckpoint]])
}

/// Both heap limits can be lowered, and 0 does not lift a hard one.
pub fn heap_limit(call: &Call<'_>) -> Rows {
    let mut settings = call.context.settings();
    let hard = call.pragma.name == "hard_heap_limit";
    if let Some(wanted) = call.value.and_then(whole_integer) {
        if hard && wanted > 0 {
            settings.hard_heap_limit = wanted;
            if settings.soft_heap_limit == 0 || settings.soft_heap_limit > wanted {
                settings.soft_heap_limit = wanted;
            }
        } else if !hard && wanted >= 0 {
            let limit = settings.hard_heap_limit;
            settings.soft_heap_limit = if limit > 0 && (wanted == 0 || wanted > limit) { limit } else { wanted };
        }
        memory::set_limit(usize::try_from(settings.soft_heap_limit).unwrap_or(usize::MAX));
    }
    Ok(vec![row![if hard { settings.hard_heap_limit } else { settings.soft_heap_limit }]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_at_the_beginning_of_a_text() {
        assert_eq!(leading_integer("12abc"), 12);
        assert_eq!(leading_integer("-7"), -7);
        assert_eq!(leading_integer("abc"), 0);
        assert_eq!(leading_integer("99999999999"), 0);
        assert_eq!(leading_integer("0x10"), 16);
        assert_eq!(leading_integer_64("99999999999"), 99_999_999_999);
    }
}
