//! A database as the bytes of a SQLite file, and back; and copies of databases (backup).
//!
//! The bytes are written and read by the bundled library in a connection of its own: the stored texts are run there, rows
//! are inserted with their rowids, with triggers, foreign keys and checks switched off. No user statement runs there.

use std::sync::Arc;

use heliosdb_udfs::value::{Encoding, ValueRef};
use rusqlite::types::{ToSqlOutput, ValueRef as Foreign};
use rusqlite::{Connection, MAIN_DB};
use rustc_hash::FxHashMap;

use super::ddl::rewrite::{refused, register};
use super::ddl::{Host, MAIN, analyze, schema_rows};
use crate::catalog::load::{SchemaRow, load};
use crate::catalog::sql_text::always_quoted;
use crate::catalog::{Schema, Table};
use crate::error::{Code, Error, Result};
use crate::plan::bound::DatabaseIndex;
use crate::store::container::from_foreign;
use crate::store::{KeyCursor, ObjectId, RowCursor, Tree};
use crate::txn::Transaction;

/// The bytes of a database as a SQLite file.
pub fn serialize(host: &dyn Host, database: DatabaseIndex) -> Result<Vec<u8>> {
    let mut connection = foreign(host)?;
    let schema = host.schema(database);
    let encoding = host.schema(MAIN).encoding.name();
    connection
        .execute_batch(&format!("PRAGMA encoding='{encoding}'; PRAGMA writable_schema=ON; BEGIN"))
        .map_err(refused)?;
    for (_, row) in schema_rows::read(host, database)? {
        // A virtual table would make its shadow tables, which come as tables of their own.
        if schema.table(&row.name).is_some_and(|t| t.is_virtual()) {
            let insert = "INSERT INTO sqlite_schema VALUES('table', ?1, ?1, 0, ?2)";
            connection.execute(insert, rusqlite::params![&*row.name, row.sql.as_deref()]).map_err(refused)?;
            continue;
        }
        // `sqlite_sequence` comes with the first table that needs it.
        if let Some(sql) = &row.sql
            && !row.name.eq_ignore_ascii_case("sqlite_sequence")
        {
            connection.execute_batch(sql).map_err(refused)?;
        }
    }
    let mut tables: Vec<_> = schema.tables.values().filter(|t| !t.system && !t.is_virtual()).collect();
    // The sequences last: inserting moves them.
    tables.sort_by_key(|t| (t.name.eq_ignore_ascii_case("sqlite_sequence"), t.id));
    for table in tables {
        connection.execute_batch(&format!("DELETE FROM {}", always_quoted(&table.name))).map_err(refused)?;
        write_rows(host, database, table, &connection)?;
    }
    let settings = format!(
        "COMMIT; PRAGMA user_version={}; PRAGMA application_id={}; PRAGMA schema_version={}; PRAGMA writable_schema=OFF",
        schema.user_version, schema.application_id, schema.cookie as i32
    );
    connection.execute_batch(&settings).map_err(refused)?;
    Ok(connection.serialize(MAIN_DB).map_err(refused)?.to_vec())
}

/// A connection of the bundled library with the host's functions and collations, and nothing else of it.
fn foreign(host: &dyn Host) -> Result<Connection> {
    use rusqlite::config::DbConfig;
    let connection = Connection::open_in_memory().map_err(refused)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false),
    ] {
        connection.set_db_config(setting, on).map_err(refused)?;
    }
    connection.execute_batch("PRAGMA ignore_check_constraints=ON").map_err(refused)?;
    register(&connection, host)?;
    Ok(connection)
}

fn write_rows(host: &dyn Host, database: DatabaseIndex, table: &Arc<Table>, connection: &Connection) -> Result<()> {
    let written: Vec<usize> = (0..table.columns.len()).filter(|i| table.columns[*i].generated.is_none()).collect();
    let mut names: Vec<String> = written.iter().map(|i| always_quoted(&table.columns[*i].name)).collect();
    let rowid = table.rowid_name().filter(|_| table.rowid_alias().is_none());
    names.extend(rowid.map(str::to_owned));
    let places = vec!["?"; names.len()].join(",");
    let insert = format!("INSERT INTO {}({}) VALUES({places})", always_quoted(&table.name), names.join(","));
    let mut statement = connection.prepare(&insert).map_err(refused)?;
    host.scan_rows(database, table, &mut |id, values| {
        for (place, i) in written.iter().enumerate() {
            let value = values.get(*i).copied().unwrap_or(ValueRef::Null);
            statement.raw_bind_parameter(place + 1, to_foreign(value)).map_err(refused)?;
        }
        if rowid.is_some() {
            statement.raw_bind_parameter(names.len(), id).map_err(refused)?;
        }
        statement.raw_execute().map(drop).map_err(refused)
    })
}

pub fn to_foreign(value: ValueRef<'_>) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        ValueRef::Null => Foreign::Null,
        ValueRef::Integer(i) => Foreign::Integer(i),
        ValueRef::Real(r) => Foreign::Real(r),
        ValueRef::Text(t) => Foreign::Text(t),
        ValueRef::Blob(b) => Foreign::Blob(b),
    })
}

/// Fills an empty database from the bytes of a SQLite file. Bytes that are none: `file is not a database`.
pub fn load_into(host: &dyn Host, database: DatabaseIndex, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut connection = foreign(host)?;
    connection
        .deserialize_read_exact(MAIN_DB, bytes, bytes.len(), false)
        .map_err(|_| Error::new(Code::NOTADB, "file is not a database"))?;
    let rows = foreign_rows(&connection)?;
    let encoding: String = connection.pragma_query_value(None, "encoding", |r| r.get(0)).map_err(refused)?;
    let encoding = Encoding::by_name(&encoding).unwrap_or_default();
    if database != MAIN && encoding != host.schema(MAIN).encoding {
        return Err(Error::sql("attached databases must use the same text encoding as main database"));
    }
    let schema = rebuild(host, database, rows, encoding)?;
    let mut tables: Vec<_> = schema.tables.values().filter(|t| !t.system && !t.is_virtual()).cloned().collect();
    tables.sort_by_key(|t| t.id);
    for table in tables {
        read_rows(host, database, &table, &connection)?;
    }
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |r| r.get::<_, i64>(0)).map_err(refused);
    let mut settled = (*host.schema(database)).clone();
    settled.user_version = number("user_version")? as i32;
    settled.application_id = number("application_id")? as i32;
    settled.cookie = number("schema_version")? as u32;
    host.write(database)?.set_schema(Arc::new(settled));
    analyze::read_statistics(host, database)
}

fn foreign_rows(connection: &Connection) -> Result<Vec<SchemaRow>> {
    let select = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid";
    let mut statement = connection.prepare(select).map_err(refused)?;
    let rows = statement.query_map([], |row| {
        let text = |i: usize| row.get::<_, Option<String>>(i).map(|t| t.unwrap_or_default().into());
        Ok(SchemaRow {
            kind: text(0)?,
            name: text(1)?,
            table: text(2)?,
            root_page: row.get::<_, Option<i64>>(3)?.unwrap_or(0) as u32,
            sql: row.get::<_, Option<String>>(4)?.map(Into::into),
        })
    });
    rows.map_err(refused)?.collect::<std::result::Result<_, _>>().map_err(refused)
}

/// Makes trees for the objects of another database's schema, and puts its rows and the schema into this one.
fn rebuild(host: &dyn Host, database: DatabaseIndex, rows: Vec<SchemaRow>, encoding: Encoding) -> Result<Arc<Schema>> {
    let name = host.database_name(database);
    let mut numbers: FxHashMap<Arc<str>, ObjectId> = FxHashMap::default();
    let mut schema = {
        let mut write = host.write(database)?;
        load(&rows, &name, &mut |object, kind, _| {
            let id = write.create_tree(kind).id();
            numbers.insert(object.into(), id);
            id
        })?
    };
    for mut row in rows {
        row.root_page = if row.root_page == 0 { 0 } else { numbers.get(&row.name).map_or(0, |id| id.0) };
        schema_rows::insert(host, database, &row)?;
    }
    schema.encoding = encoding;
    let schema = Arc::new(schema);
    host.write(database)?.set_schema(schema.clone());
    Ok(schema)
}

fn read_rows(host: &dyn Host, database: DatabaseIndex, table: &Arc<Table>, connection: &Connection) -> Result<()> {
    let is_virtual = |i: usize| table.columns[i].generated.as_ref().is_some_and(|g| !g.stored);
    let mut select: Vec<String> = (0..table.columns.len())
        .map(|i| if is_virtual(i) { "NULL".to_owned() } else { always_quoted(&table.columns[i].name) })
        .collect();
    // A table whose columns took all names of the rowid gets new ones.
    let rowid = match (table.rowid_alias(), table.rowid_name()) {
        (Some(alias), _) => always_quoted(&table.columns[usize::from(alias)].name),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "row_number() OVER ()".to_owned(),
    };
    select.push(rowid);
    let sql = format!("SELECT {} FROM {}", select.join(", "), always_quoted(&table.name));
    let mut statement = connection.prepare(&sql).map_err(refused)?;
    let mut rows = statement.query([]).map_err(refused)?;
    let width = table.columns.len();
    while let Some(row) = rows.next().map_err(refused)? {
        let values = (0..width).map(|i| row.get_ref(i).map(from_foreign).map_err(refused));
        let values: Vec<ValueRef<'_>> = values.collect::<Result<_>>()?;
        let rowid = row.get(width).map_err(refused)?;
        host.load_row(database, table, rowid, &values)?;
    }
    Ok(())
}

/// Copies everything of one database into another, which must be empty: what a backup does. Trees are copied
/// entry by entry as they are; both sides keep their own numbers.
pub fn copy(source: &mut Transaction, target: &mut Transaction, target_name: &str) -> Result<()> {
    let rows: Vec<SchemaRow> = schema_rows::read_in(source)?.into_iter().map(|(_, row)| row).collect();
    let from = source.schema().clone();
    let mut numbers: FxHashMap<u32, ObjectId> = FxHashMap::default();
    let mut schema = load(&rows, target_name, &mut |_, kind, root_page| {
        let id = target.create_tree(kind).id();
        numbers.insert(root_page, id);
        id
    })?;
    for (old, new) in &numbers {
        copy_tree(source, target, ObjectId(*old), *new)?;
    }
    for mut row in rows {
        row.root_page = numbers.get(&row.root_page).map_or(0, |id| id.0);
        schema_rows::insert_in(target, &row)?;
    }
    schema.take_settings(&from);
    schema.cookie = target.schema().cookie.max(from.cookie).wrapping_add(1);
    target.set_schema(Arc::new(schema));
    Ok(())
}

fn copy_tree(source: &mut Transaction, target: &mut Transaction, old: ObjectId, new: ObjectId) -> Result<()> {
    let tree_of = |transaction: &Transaction, id: ObjectId| {
        let found = transaction.shared().store().tree(id);
        found.ok_or_else(|| Error::internal(format!("object {} has no tree", id.0)))
    };
    let guard = source.open_view();
    match (tree_of(source, old)?, tree_of(target, new)?) {
        (Tree::Row(from), Tree::Row(to)) => {
            let mut cursor = RowCursor::new(from, guard.view());
            let mut more = cursor.first();
            while more {
                target.put_row(&to, cursor.rowid(), cursor.record());
                more = cursor.next();
            }
        }
        (Tree::Key(from), Tree::Key(to)) => {
            let mut cursor = KeyCursor::new(from, guard.view());
            let mut more = cursor.first();
            while more {
                target.put_key(&to, cursor.key(), cursor.record());
                more = cursor.next();
            }
        }
        _ => return Err(Error::internal("a tree and its copy are of one kind")),
    }
    Ok(())
}

/// Lets go of everything a database holds, so that another can be copied into it.
pub fn clear(target: &mut Transaction, temporary: bool) -> Result<()> {
    for (_, row) in schema_rows::read_in(target)? {
        if row.root_page != 0 {
            target.drop_tree(ObjectId(row.root_page));
        }
    }
    schema_rows::clear_in(target)?;
    let mut schema = crate::catalog::system::empty_schema(temporary);
    schema.take_settings(&target.schema().clone());
    schema.cookie = target.schema().cookie.wrapping_add(1);
    target.set_schema(Arc::new(schema));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ddl::MAIN;
    use crate::session::ddl::tests::host::TestHost;

    const SCRIPT: &str = "
        CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT UNIQUE, c AS (b || 'x'), d AS (a + 1) STORED, e CHECK (e > 0));
        CREATE TABLE plain(rowid, x BLOB);
        CREATE TABLE w(k TEXT COLLATE NOCASE, v REAL, PRIMARY KEY(k)) WITHOUT ROWID;
        CREATE INDEX i ON t(e, lower(b)) WHERE e > 1;
        CREATE VIEW v AS SELECT * FROM t;
        CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM plain; END;
        INSERT INTO plain(oid, rowid, x) VALUES(7, 'seven', x'00ff'), (-3, NULL, 1.5);
        DROP TRIGGER tr;
        INSERT INTO t(a, b, e) VALUES(5, 'five', 1), (9, 'nine', 2);
        DELETE FROM t WHERE a = 9;
        CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM plain; END;
        INSERT INTO w VALUES('k1', 1), ('K2', 2.5);
        ANALYZE;
        PRAGMA user_version = 42; PRAGMA application_id = -7;";

    fn dump(connection: &Connection) -> Vec<String> {
        let mut out = Vec::new();
        for sql in [
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name <> 'sqlite_stat4' ORDER BY name, type",
            "SELECT rowid, * FROM t",
            "SELECT oid, * FROM plain",
            "SELECT * FROM w",
            "SELECT * FROM sqlite_sequence",
            "SELECT * FROM sqlite_stat1",
            "PRAGMA user_version",
            "PRAGMA application_id",
            "PRAGMA integrity_check",
        ] {
            let mut statement = connection.prepare(sql).expect("a plain query");
            let count = statement.column_count();
            let mut rows = statement.query([]).expect("a plain query");
            while let Some(row) = rows.next().expect("a row") {
                let values: Vec<String> =
                    (0..count).map(|i| format!("{:?}", row.get_ref(i).expect("a value"))).collect();
                out.push(values.join("|"));
            }
        }
        out
    }

    fn reopened(bytes: &[u8]) -> Connection {
        let mut connection = Connection::open_in_memory().expect("memory is always there");
        connection.deserialize_read_exact(MAIN_DB, bytes, bytes.len(), false).expect("a database");
        connection
    }

    #[test]
    fn there_and_back() {
        let mut original = Connection::open_in_memory().expect("memory is always there");
        original.execute_batch(SCRIPT).expect("the script is sound");
        let bytes = original.serialize(MAIN_DB).expect("a database").to_vec();
        let host = TestHost::new(&original);
        load_into(&host, MAIN, &bytes).expect("the bytes are a database");
        host.commit();
        let schema = host.schema(MAIN);
        assert_eq!((schema.user_version, schema.application_id), (42, -7));
        assert_eq!(schema.statistics.get("i").map(|s| s.numbers.as_slice()), Some(&[0, 0, 0][..]));
        let again = serialize(&host, MAIN).expect("a database");
        assert_eq!(dump(&reopened(&again)), dump(&original));

        // A copy is the same again.
        let target = TestHost::new(&original);
        {
            let mut from = host.transaction(MAIN);
            from.begin_read().expect("no file below");
            let mut to = target.write(MAIN).expect("nobody else writes");
            copy(&mut from, &mut to, "main").expect("the target is empty");
        }
        host.commit();
        target.commit();
        let copied = serialize(&target, MAIN).expect("a database");
        assert_eq!(dump(&reopened(&copied)), dump(&original));

        clear(&mut target.write(MAIN).expect("nobody else writes"), false).expect("the rows are there");
        target.commit();
        assert!(target.schema(MAIN).table("t").is_none());
        let empty = serialize(&target, MAIN).expect("a database");
        let left: i64 =
            reopened(&empty).query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).expect("a plain query");
        assert_eq!(left, 0);
    }

    #[test]
    fn not_a_database() {
        let oracle = Connection::open_in_memory().expect("memory is always there");
        let host = TestHost::new(&oracle);
        let error = load_into(&host, MAIN, b"\0\x01\x03").expect_err("these are no bytes of a database");
        assert_eq!((error.code, &*error.message), (Code::NOTADB, "file is not a database"));
        host.rollback();
        load_into(&host, MAIN, b"").expect("nothing is an empty database");
    }
}
