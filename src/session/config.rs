//! SQLITE_DBCONFIG_… switches (https://sqlite.org/c3ref/c_dbconfig_defensive.html).

use super::inner::Inner;
use crate::error::{Error, Result};

pub const ENABLE_FKEY: i32 = 1002;
pub const ENABLE_TRIGGER: i32 = 1003;
pub const ENABLE_FTS3_TOKENIZER: i32 = 1004;
pub const ENABLE_LOAD_EXTENSION: i32 = 1005;
pub const NO_CKPT_ON_CLOSE: i32 = 1006;
pub const ENABLE_QPSG: i32 = 1007;
pub const TRIGGER_EQP: i32 = 1008;
pub const RESET_DATABASE: i32 = 1009;
pub const DEFENSIVE: i32 = 1010;
pub const WRITABLE_SCHEMA: i32 = 1011;
pub const LEGACY_ALTER_TABLE: i32 = 1012;
pub const DQS_DML: i32 = 1013;
pub const DQS_DDL: i32 = 1014;
pub const ENABLE_VIEW: i32 = 1015;
pub const LEGACY_FILE_FORMAT: i32 = 1016;
pub const TRUSTED_SCHEMA: i32 = 1017;

/// What a switch is unless it was set.
fn default(op: i32) -> Result<bool> {
    Ok(match op {
        ENABLE_TRIGGER | ENABLE_VIEW | DQS_DML | DQS_DDL | TRUSTED_SCHEMA => true,
        ENABLE_FTS3_TOKENIZER
        | NO_CKPT_ON_CLOSE
        | ENABLE_QPSG
        | TRIGGER_EQP
        | RESET_DATABASE
        | DEFENSIVE
        | LEGACY_FILE_FORMAT => false,
        _ => return Err(Error::sql("unknown config option")),
    })
}

pub fn get(inner: &Inner, op: i32) -> Result<bool> {
    let settings = inner.settings.borrow();
    Ok(match op {
        ENABLE_FKEY => settings.foreign_keys,
        WRITABLE_SCHEMA => settings.writable_schema,
        LEGACY_ALTER_TABLE => settings.legacy_alter_table,
        TRUSTED_SCHEMA => settings.trusted_schema,
        ENABLE_LOAD_EXTENSION => inner.load_extension.get(),
        _ => match inner.dbconfig.borrow().get(&op) {
            Some(on) => *on,
            None => default(op)?,
        },
    })
}

pub fn set(inner: &Inner, op: i32, on: bool) -> Result<bool> {
    {
        let mut settings = inner.settings.borrow_mut();
        match op {
            ENABLE_FKEY => settings.foreign_keys = on,
            WRITABLE_SCHEMA => settings.writable_schema = on,
            LEGACY_ALTER_TABLE => settings.legacy_alter_table = on,
            TRUSTED_SCHEMA => settings.trusted_schema = on,
            ENABLE_LOAD_EXTENSION => inner.load_extension.set(on),
            _ => {
                default(op)?;
                inner.dbconfig.borrow_mut().insert(op, on);
            }
        }
    }
    inner.invalidate();
    get(inner, op)
}
