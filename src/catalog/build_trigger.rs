//! A trigger from a `CREATE TRIGGER` statement.
//!
//! Its WHEN and its statements are not bound here: as in SQLite they may name what does not exist yet, and are
//! looked at when the trigger fires.

use std::sync::Arc;

use heliosdb_dialect::ast::{CreateTrigger, QualifiedName, TriggerTime};

use super::sql_text::{is_reserved_name, shown};
use super::trigger::Trigger;
use crate::error::{Error, Result};

/// What a trigger is to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    Table,
    View,
    Virtual,
}

/// Whether a trigger of this kind can stand on a table or view of this name; messages of temporary ones show its database.
pub fn check_watched(time: TriggerTime, watched: Watched, given: &QualifiedName, temporary: bool) -> Result<()> {
    let name = if temporary { shown(given) } else { given.name.text.to_string() };
    if is_reserved_name(&given.name.text) {
        return Err(Error::sql("cannot create trigger on system table"));
    }
    match (watched, time) {
        (Watched::Virtual, _) => Err(Error::sql("cannot create triggers on virtual tables")),
        (Watched::View, TriggerTime::Before) => {
            Err(Error::sql(format!("cannot create BEFORE trigger on view: {name}")))
        }
        (Watched::View, TriggerTime::After) => Err(Error::sql(format!("cannot create AFTER trigger on view: {name}"))),
        (Watched::Table, TriggerTime::InsteadOf) => {
            Err(Error::sql(format!("cannot create INSTEAD OF trigger on table: {name}")))
        }
        _ => Ok(()),
    }
}

/// Builds the trigger; `sql` is the text the statement was parsed from, `table_database` the name of the
/// database that holds the table if it is not the trigger's own.
pub fn build_trigger(statement: &CreateTrigger, sql: &Arc<str>, table_database: Option<&str>) -> Trigger {
    Trigger {
        name: statement.name.name.text.clone(),
        table: statement.table.name.text.clone(),
        table_database: table_database.map(Into::into),
        statement: Arc::new(statement.clone()),
        sql: sql.clone(),
    }
}
