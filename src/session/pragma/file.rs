//! Pragmas about pages, journals and durability: of a database in a file the container answers them.

use heliosdb_udfs::value::Value;

use super::Call;
use crate::error::{Code, Result};
use crate::plan::bound::DatabaseIndex;
use crate::session::ddl::TEMP;
use crate::txn::{DatabaseFile, TransactionState, Transactions};

/// How a pragma is put to the container.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Beside whatever is going on.
    Beside,
    /// A value is set, or work is done, while nobody reads; asking is possible at any time.
    AloneWithValue,
    Alone,
    /// On every file, of which one is named or none.
    Check,
}

const PRAGMAS: [(&str, Way); 14] = [
    ("auto_vacuum", Way::AloneWithValue),
    ("encoding", Way::AloneWithValue),
    ("freelist_count", Way::Beside),
    ("incremental_vacuum", Way::Alone),
    ("integrity_check", Way::Check),
    ("journal_mode", Way::AloneWithValue),
    ("journal_size_limit", Way::Beside),
    ("max_page_count", Way::Beside),
    ("page_count", Way::Beside),
    ("page_size", Way::AloneWithValue),
    ("quick_check", Way::Check),
    ("secure_delete", Way::Beside),
    ("synchronous", Way::Beside),
    ("wal_checkpoint", Way::Alone),
];

fn way(name: &str) -> Option<Way> {
    PRAGMAS.iter().find(|(pragma, _)| name.eq_ignore_ascii_case(pragma)).map(|(_, way)| *way)
}

/// Whether the pragma goes to the container without the lease that statements have.
pub fn is_alone(name: &str) -> bool {
    matches!(way(name), Some(Way::Alone | Way::AloneWithValue | Way::Beside))
}

/// The rows of a pragma that is the file's affair; `None` if it is not, or the database has no file.
pub fn run(call: &Call<'_>) -> Result<Option<Vec<Vec<Value>>>> {
    let Some(way) = way(call.pragma.name) else { return Ok(None) };
    if way == Way::Check && call.database.is_none() {
        return check_all(call);
    }
    let database = call.database();
    let shared = call.context.transaction(database).shared().clone();
    let Some(file) = shared.file() else { return Ok(None) };
    let own_changes = call.context.transaction(database).state() == TransactionState::Write;
    if way == Way::Check && own_changes {
        // What is not committed yet is in memory only.
        return Ok(None);
    }
    if way == Way::Check
        && let Some(definitions) = call.context.definitions()
    {
        file.container().define(&definitions)?;
    }
    let alone = way == Way::Alone || way == Way::AloneWithValue && call.value.is_some();
    if !alone {
        return ask(file, call).map(Some);
    }
    let busy_ms = call.context.settings().busy_timeout_ms.max(0) as u64;
    match shared.alone(busy_ms, |sqlite| rows_of(sqlite, call)) {
        // While somebody reads the setting stays as it is, which is what SQLite answers too.
        Err(e) if e.code == Code::BUSY && way == Way::AloneWithValue => {
            let asked = Call { value: None, ..*call };
            ask(file, &asked).map(Some)
        }
        result => result.map(Some),
    }
}

/// The checks of every file; the databases in memory have their own.
fn check_all(call: &Call<'_>) -> Result<Option<Vec<Vec<Value>>>> {
    let mut found = None;
    for i in 0..call.context.database_count() {
        let database = DatabaseIndex(i as u16);
        if database == TEMP {
            continue;
        }
        let rows = run(&Call { database: Some(database), ..*call })?;
        let Some(rows) = rows else { continue };
        let sound = rows.len() == 1 && matches!(rows[0].first(), Some(Value::Text(t)) if &**t == b"ok");
        if !sound || found.is_none() {
            let stop = !sound;
            found = Some(rows);
            if stop {
                break;
            }
        }
    }
    Ok(found)
}

fn ask(file: &DatabaseFile, call: &Call<'_>) -> Result<Vec<Vec<Value>>> {
    file.container().read(|sqlite| rows_of(sqlite, call))
}

fn rows_of(sqlite: &crate::store::container::sqlite::Sqlite, call: &Call<'_>) -> Result<Vec<Vec<Value>>> {
    let value = call.value.map(|value| format!("='{}'", value.replace('\'', "''"))).unwrap_or_default();
    let mut rows = Vec::new();
    sqlite.query(&format!("PRAGMA {}{value}", call.pragma.name), &[], |row| {
        rows.push((0..row.column_count()).map(|i| row.value(i).to_owned()).collect());
        Ok(())
    })?;
    Ok(rows)
}

/// VACUUM of a file; false if the database has none.
pub fn vacuum(shared: &std::sync::Arc<Transactions>, busy_ms: u64, into: Option<&str>) -> Result<bool> {
    if shared.file().is_none() {
        return Ok(false);
    }
    shared.alone(busy_ms, |sqlite| match into {
        Some(path) => sqlite.execute("VACUUM INTO ?", &[heliosdb_udfs::value::ValueRef::Text(path.as_bytes())]),
        None => sqlite.execute("VACUUM", &[]),
    })?;
    Ok(true)
}
