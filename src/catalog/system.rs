//! The tables that SQLite itself puts into a database: the schema table, `sqlite_sequence`, the statistics.
//!
//! The schema table's rows are an ordinary tree under [`SCHEMA_TABLE_ID`]; it has no row in itself. The others are
//! ordinary tables, made by the first statement that needs them.

use std::sync::Arc;

use heliosdb_udfs::value::Affinity;

use super::column::new_column;
use super::schema::Schema;
use super::table::{Table, TableKind};
use crate::store::ObjectId;

/// The object of every database's schema table: SQLite's page 1.
pub const SCHEMA_TABLE_ID: ObjectId = ObjectId(1);

pub const SEQUENCE_SQL: &str = "CREATE TABLE sqlite_sequence(name,seq)";
pub const STAT1_SQL: &str = "CREATE TABLE sqlite_stat1(tbl,idx,stat)";
pub const STAT4_SQL: &str = "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)";

/// The schema table's columns by ordinal.
pub mod schema_column {
    pub const TYPE: u16 = 0;
    pub const NAME: u16 = 1;
    pub const TABLE_NAME: u16 = 2;
    pub const ROOT_PAGE: u16 = 3;
    pub const SQL: u16 = 4;
}

/// The schema table, under its old name, which messages use.
pub fn schema_table(temporary: bool) -> Table {
    let columns = [
        ("type", "TEXT", Affinity::Text),
        ("name", "TEXT", Affinity::Text),
        ("tbl_name", "TEXT", Affinity::Text),
        ("rootpage", "INT", Affinity::Integer),
        ("sql", "TEXT", Affinity::Text),
    ];
    Table {
        id: SCHEMA_TABLE_ID,
        name: if temporary { "sqlite_temp_master" } else { "sqlite_master" }.into(),
        columns: columns
            .into_iter()
            .map(|(name, type_name, affinity)| new_column(name, type_name.into(), affinity))
            .collect(),
        kind: TableKind::Rowid { rowid_alias: None },
        primary_key: None,
        strict: false,
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
        sql: "CREATE TABLE sqlite_master(type text,name text,tbl_name text,rootpage int,sql text)".into(),
        system: true,
    }
}

/// The names under which a database's schema table is found.
pub fn schema_table_names(temporary: bool) -> [&'static str; 2] {
    if temporary { ["sqlite_temp_master", "sqlite_temp_schema"] } else { ["sqlite_master", "sqlite_schema"] }
}

pub fn is_schema_table(name: &str) -> bool {
    [true, false].iter().any(|t| schema_table_names(*t).iter().any(|n| n.eq_ignore_ascii_case(name)))
}

/// The schema of an empty database: nothing but the schema table, under both its names.
pub fn empty_schema(temporary: bool) -> Schema {
    let mut schema = Schema::default();
    let table = Arc::new(schema_table(temporary));
    for name in schema_table_names(temporary) {
        schema.tables.insert(name.into(), table.clone());
    }
    schema
}
