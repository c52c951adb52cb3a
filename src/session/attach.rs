//! ATTACH and DETACH (https://sqlite.org/lang_attach.html).

use std::sync::Arc;

use heliosdb_dialect::ast::{Expr, ExprKind};
use heliosdb_udfs::value::{Encoding, Value};

use super::ddl::{Host, MAIN, TEMP, action};
use super::open::OpenOptions;
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::txn::{TransactionState, Transactions};

/// What a connection does for ATTACH and DETACH beside what it does for DDL.
pub trait AttachHost: Host {
    /// Whether the connection takes URIs for file names.
    fn takes_uris(&self) -> bool;
    /// SQLITE_LIMIT_ATTACHED
    fn attached_limit(&self) -> usize {
        10
    }
    /// Adds a database behind the others; cached statements are to be prepared anew.
    fn add_database(&self, name: &str, database: Arc<Transactions>, options: &OpenOptions);
    /// Removes a database; those behind it move up.
    fn remove_database(&self, database: DatabaseIndex);
}

/// ATTACH `file` AS `schema`.
pub fn attach(host: &dyn AttachHost, file: &Expr, schema: &Expr, sql: &str) -> Result<()> {
    let file = text(host, file, sql)?;
    let name = text(host, schema, sql)?;
    if !host.authorize(action::ATTACH, Some(&file), None, None)? {
        return Ok(());
    }
    let limit = host.attached_limit();
    if host.database_count() >= limit + 2 {
        return Err(Error::sql(format!("too many attached databases - max {limit}")));
    }
    if find(host, &name).is_some() {
        return Err(Error::sql(format!("database {name} is already in use")));
    }
    let options = OpenOptions::from_filename(&file, host.takes_uris())?;
    let database = options.database(&name).map_err(|e| {
        // SQLite names the file here, unlike at connect.
        let message = match &*e.message {
            "unable to open database file" => format!("unable to open database: {file}"),
            other => other.to_owned(),
        };
        Error::new(e.code, message)
    })?;
    check_encoding(host, &database)?;
    host.add_database(&name, database, &options);
    Ok(())
}

/// All databases of a connection store text alike; one that is empty takes whatever comes.
fn check_encoding(host: &dyn AttachHost, database: &Arc<Transactions>) -> Result<()> {
    let encoding = host.schema(MAIN).encoding;
    if encoding != Encoding::Utf8 {
        database.set_encoding(encoding)?;
    }
    let _pin = database.pin(host.busy_timeout_ms(), &|| false)?;
    if database.is_new() {
        return Ok(());
    }
    if database.schema().encoding == encoding {
        host.transaction(MAIN).shared().fix_encoding();
        return Ok(());
    }
    Err(Error::sql("attached databases must use the same text encoding as main database"))
}

/// DETACH `schema`.
pub fn detach(host: &dyn AttachHost, schema: &Expr, sql: &str) -> Result<()> {
    let name = text(host, schema, sql)?;
    if !host.authorize(action::DETACH, Some(&name), None, None)? {
        return Ok(());
    }
    // Until something is created in it there is no temp to SQLite.
    let is_open = |d: &DatabaseIndex| *d != TEMP || host.schema(TEMP).cookie > 0;
    let Some(database) = find(host, &name).filter(is_open) else {
        return Err(Error::sql(format!("no such database: {name}")));
    };
    if database.0 < 2 {
        return Err(Error::sql(format!("cannot detach database {name}")));
    }
    if host.transaction(database).state() != TransactionState::None {
        return Err(Error::sql(format!("database {name} is locked")));
    }
    host.remove_database(database);
    Ok(())
}

fn find(host: &dyn AttachHost, name: &str) -> Option<DatabaseIndex> {
    let mut databases = (0..host.database_count()).map(|i| DatabaseIndex(i as u16));
    databases.find(|d| host.database_name(*d).eq_ignore_ascii_case(name))
}

/// A bare word is a text here, and NULL the empty one.
fn text(host: &dyn AttachHost, expr: &Expr, sql: &str) -> Result<String> {
    if let ExprKind::Name(name) = &expr.kind {
        return Ok(name.text.to_string());
    }
    Ok(match host.constant(expr, sql)? {
        Value::Null => String::new(),
        Value::Integer(i) => i.to_string(),
        Value::Real(r) => r.to_string(),
        Value::Text(t) | Value::Blob(t) => String::from_utf8_lossy(&t).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ddl::tests::compare::Pair;

    #[test]
    fn names_and_limits() {
        let pair = Pair::new();
        pair.agree(&[
            "ATTACH ':memory:' AS main",
            "ATTACH ':memory:' AS temp",
            "ATTACH ':memory:' AS a1",
            "ATTACH ':memory:' AS A1",
            "ATTACH DATABASE 'file:x?mode=memory' AS 'a 2'",
            "ATTACH 'file:x?mode=nosuch' AS a3",
            "ATTACH 'file:x?cache=nosuch' AS a3",
            "ATTACH 'file:x?vfs=nosuch' AS a3",
            "ATTACH '/no/such/folder/file' AS a3",
            "ATTACH '/' AS a3",
            "ATTACH '' AS a3",
            "CREATE TABLE a1.t(a)",
            "CREATE TABLE a3.u(a)",
            "DETACH nosuch",
            "DETACH main",
            "DETACH temp",
            "DETACH A1",
            "PRAGMA a1.table_info(t)",
            "PRAGMA a3.table_info(u)",
            "ATTACH ':memory:' AS b1",
            "ATTACH ':memory:' AS b2",
            "ATTACH ':memory:' AS b3",
            "ATTACH ':memory:' AS b4",
            "ATTACH ':memory:' AS b5",
            "ATTACH ':memory:' AS b6",
            "ATTACH ':memory:' AS b7",
            "ATTACH ':memory:' AS b8",
            "ATTACH ':memory:' AS b9",
            "ATTACH ':memory:' AS b10",
            "PRAGMA database_list",
            "DETACH DATABASE 'a 2'",
            "PRAGMA database_list",
        ]);
    }

    #[test]
    fn a_database_in_a_transaction_stays() {
        let pair = Pair::new();
        pair.agree(&["ATTACH ':memory:' AS a"]);
        drop(pair.ours.write(DatabaseIndex(2)).expect("nobody else writes"));
        let parsed = heliosdb_dialect::parse("DETACH a").expect("it parses").expect("a statement");
        let heliosdb_dialect::ast::Statement::Detach(schema) = &parsed.statement else { panic!("a DETACH") };
        let error = detach(&pair.ours, schema, "DETACH a").expect_err("it is written to");
        assert_eq!(error.message, "database a is locked");
        pair.ours.commit();
        detach(&pair.ours, schema, "DETACH a").expect("nothing holds it");
    }
}
