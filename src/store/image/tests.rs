//! Files made by SQLite, read by us.

use std::sync::Arc;

use heliosdb_udfs::value::{Value, ValueRef};
use rusqlite::{Connection, MAIN_DB};

use super::keys::Keys;
use super::rows::Rows;
use super::{Encoding, Pages};
use crate::catalog::layout::{FileRules, key_layout, row_layout};
use crate::catalog::load::{SchemaRow, load};
use crate::catalog::{Schema, Table};
use crate::error::Result;
use crate::store::tree::Tree;
use crate::store::{KeyCursor, KeyTree, ObjectId, RowCursor, RowTree, Stamp, View, record};

/// A database that lies in memory.
struct Bytes {
    bytes: Vec<u8>,
    page_size: usize,
}

impl Bytes {
    fn of(connection: &mut Connection) -> Arc<Bytes> {
        let bytes = connection.serialize(MAIN_DB).expect("a database").to_vec();
        let page_size = match u16::from_be_bytes([bytes[16], bytes[17]]) {
            1 => 65536,
            n => usize::from(n),
        };
        Arc::new(Bytes { bytes, page_size })
    }
}

impl Pages for Bytes {
    fn page(&self, number: u32) -> Result<Arc<[u8]>> {
        let start = (number as usize).wrapping_sub(1).wrapping_mul(self.page_size);
        let page = self.bytes.get(start..start.wrapping_add(self.page_size));
        page.map(Arc::from).ok_or_else(|| super::damaged(number, "behind the end of the file"))
    }

    fn hold(&self) -> Option<parking_lot::RwLockReadGuard<'_, ()>> {
        None
    }

    fn usable_size(&self) -> usize {
        self.page_size
    }

    fn encoding(&self) -> Encoding {
        match self.bytes[59] {
            2 => Encoding::Utf16Le,
            3 => Encoding::Utf16Be,
            _ => Encoding::Utf8,
        }
    }
}

fn schema_of(connection: &Connection) -> Schema {
    let mut statement = connection
        .prepare("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid")
        .expect("a plain query");
    let rows: Vec<SchemaRow> = statement
        .query_map([], |row| {
            let text = |i| row.get::<_, String>(i).map(Arc::from);
            let sql = row.get::<_, Option<String>>(4)?.map(Into::into);
            Ok(SchemaRow { kind: text(0)?, name: text(1)?, table: text(2)?, root_page: row.get(3)?, sql })
        })
        .and_then(Iterator::collect)
        .expect("rows of a schema");
    load(&rows, "main", &mut |_, _, page| ObjectId(page)).expect("a sound schema")
}

const EVERYTHING: View = View::main(Stamp(u64::MAX));

fn row_tree(pages: &Arc<Bytes>, table: &Table) -> Arc<RowTree> {
    let base =
        Rows { pages: pages.clone(), root: Arc::new(table.id.0.into()), layout: row_layout(table), len_estimate: None };
    Arc::new(Tree::over(table.id, Arc::new(base)))
}

fn key_tree(pages: &Arc<Bytes>, table: &Table, index: &crate::catalog::Index) -> Arc<KeyTree> {
    let rules = FileRules { encoding: pages.encoding(), schema_format: 4 };
    let layout = key_layout(table, index, rules);
    Arc::new(Tree::over(
        index.id,
        Arc::new(Keys { pages: pages.clone(), root: Arc::new(index.id.0.into()), layout, len_estimate: None }),
    ))
}

/// The stored columns of a table's rows, by SQLite.
fn expected(connection: &Connection, table: &Table) -> Vec<String> {
    let columns: Vec<String> =
        (table.columns.iter()).map(|c| if c.is_stored() { format!("\"{}\"", c.name) } else { "NULL".into() }).collect();
    let sql = format!("SELECT {} FROM \"{}\" NOT INDEXED", columns.join(","), table.name);
    let mut statement = connection.prepare(&sql).expect("a plain query");
    let mut rows = statement.query([]).expect("a plain query");
    let mut all = Vec::new();
    while let Some(row) = rows.next().expect("a row") {
        let value = |i| match row.get_ref(i).expect("a column") {
            rusqlite::types::ValueRef::Null => Value::Null,
            rusqlite::types::ValueRef::Integer(n) => Value::Integer(n),
            rusqlite::types::ValueRef::Real(r) => Value::Real(r),
            rusqlite::types::ValueRef::Text(t) => Value::Text(t.into()),
            rusqlite::types::ValueRef::Blob(b) => Value::Blob(b.into()),
        };
        all.push(format!("{:?}", (0..columns.len()).map(value).collect::<Vec<_>>()));
    }
    all
}

fn values(table: &Table, rowid: Option<i64>, bytes: &[u8]) -> String {
    let column = |i: usize| match rowid.filter(|_| table.rowid_alias() == Some(i as u16)) {
        Some(rowid) => Value::Integer(rowid),
        None => match record::column(bytes, i) {
            Some(v) => v.to_owned(),
            None => table.columns[i].added_default.clone().unwrap_or_default(),
        },
    };
    format!("{:?}", (0..table.columns.len()).map(column).collect::<Vec<_>>())
}

/// Reads every table and index of a database in both directions and compares with SQLite.
fn check(connection: &mut Connection) {
    let pages = Bytes::of(connection);
    let schema = schema_of(connection);
    for table in schema.tables.values().filter(|t| t.id.0 > 1 && !t.is_virtual()) {
        let wanted = expected(connection, table);
        let mut found = Vec::new();
        if table.has_rowid() {
            let mut cursor = RowCursor::new(row_tree(&pages, table), EVERYTHING);
            let mut more = cursor.first();
            while more {
                found.push(values(table, Some(cursor.rowid()), cursor.record()));
                more = cursor.next();
            }
            let counted = row_tree(&pages, table);
            for rowid in [None, Some(i64::MAX), Some(0), Some(-990_000), Some(250_000), Some(7)] {
                if let Some(rowid) = rowid {
                    counted.newest(rowid);
                }
                assert_eq!(counted.count(EVERYTHING).ok(), Some(wanted.len() as u64));
            }
            let mut back = RowCursor::new(row_tree(&pages, table), EVERYTHING);
            let mut more = back.last();
            for i in (0..wanted.len()).rev() {
                assert!(more);
                assert_eq!(values(table, Some(back.rowid()), back.record()), wanted[i]);
                more = back.prev();
            }
            assert!(!more);
        }
        for index in &table.indexes {
            let mut cursor = KeyCursor::new(key_tree(&pages, table, index), EVERYTHING);
            let (mut more, mut keys) = (cursor.first(), Vec::new());
            while more {
                keys.push((cursor.key().to_vec(), cursor.record().to_vec()));
                if index.id == table.id {
                    found.push(values(table, None, cursor.record()));
                }
                more = cursor.next();
            }
            crate::store::fault::check().expect("nothing is damaged");
            let counted = key_tree(&pages, table, index);
            for i in [0, 1, 500, 700, 501, 3, 300, 1100] {
                assert_eq!(counted.count(EVERYTHING).ok(), Some(keys.len() as u64), "{}", index.name);
                keys.get(i).map(|(key, _)| counted.newest(key));
            }
            // Every single entry is found from nothing, and what lies around it.
            for (key, record) in keys.iter().step_by(7) {
                let tree = key_tree(&pages, table, index);
                assert_eq!(tree.get(key, EVERYTHING).map(|v| v.record().to_vec()).as_ref(), Some(record));
                let mut cursor = KeyCursor::new(key_tree(&pages, table, index), EVERYTHING);
                let at = keys.iter().position(|(k, _)| k == key).expect("the key is there");
                assert_eq!(cursor.seek_gt(key).then(|| cursor.key().to_vec()), keys.get(at + 1).map(|k| k.0.clone()));
                let before = at.checked_sub(1).map(|i| keys[i].0.clone());
                assert_eq!(cursor.seek_lt(key).then(|| cursor.key().to_vec()), before);
            }
            if index.filter.is_none() {
                assert_eq!(keys.len(), wanted.len(), "{}", index.name);
            }
        }
        crate::store::fault::check().expect("nothing is damaged");
        assert_eq!(found, wanted, "{}", table.name);
    }
}

const SCHEMA: &str = "
    CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, v AS (b || 'x'), r REAL, n NUMERIC, s AS (a + 1) STORED, x);
    CREATE TABLE w(k TEXT COLLATE NOCASE, i INT, v REAL, d, g AS (i) VIRTUAL, PRIMARY KEY(i DESC, k)) WITHOUT ROWID;
    CREATE INDEX t_b ON t(b);
    CREATE INDEX t_rn ON t(r DESC, n, b COLLATE NOCASE);
    CREATE INDEX t_e ON t(length(b), x) WHERE n > 5;
    CREATE UNIQUE INDEX t_rt ON t(b COLLATE RTRIM, a);
    CREATE INDEX w_v ON w(v, k COLLATE BINARY);
    CREATE INDEX w_d ON w(d DESC, i);
    CREATE TABLE e(a, b);
    CREATE INDEX e_b ON e(b);
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1200)
    INSERT INTO t(a, b, r, n, x) SELECT i * i - 1000000, printf('%.*c', i * 37 % 90 + (i % 50 = 0) * 9000, char(65 + i % 60)),
      CASE i % 4 WHEN 0 THEN i WHEN 1 THEN i / 7.0 WHEN 2 THEN NULL ELSE -i END, i % 11,
      CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN i * 1000000007 WHEN 2 THEN zeroblob(i) WHEN 3 THEN 'é' || i ELSE 1e300 * i END FROM c;
    INSERT INTO w(k, i, v, d) SELECT 'Key' || (a % 97), abs(a) % 300, r, x FROM t WHERE true ON CONFLICT DO NOTHING;
    ALTER TABLE t ADD COLUMN late DEFAULT 'x';
    INSERT INTO t(a, late) VALUES(7000000, 5);";

#[test]
fn every_page_size_and_encoding() {
    for setting in ["page_size=512", "page_size=4096", "page_size=65536", "encoding='UTF-16le'", "encoding='UTF-16be'"]
    {
        let mut connection = Connection::open_in_memory().expect("memory is always there");
        connection.execute_batch(&format!("PRAGMA {setting}; {SCHEMA}")).expect("a sound script");
        check(&mut connection);
    }
}

#[test]
fn real_keys_equal_integer_keys() {
    let mut a = Vec::new();
    let mut b = Vec::new();
    super::layout::encode_term(ValueRef::Integer(5), &Default::default(), false, &mut a);
    super::layout::encode_term(ValueRef::Real(5.0), &Default::default(), false, &mut b);
    assert_eq!(a, b);
}

/// Random damage yields an error or rows, never a panic or an endless walk.
#[test]
fn damage_is_reported() {
    let mut connection = Connection::open_in_memory().expect("memory is always there");
    connection.execute_batch(&format!("PRAGMA page_size=512; {SCHEMA}")).expect("a sound script");
    let (sound, schema) = (Bytes::of(&mut connection), schema_of(&connection));
    let mut seed = 5_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    let mut reported = 0;
    for _ in 0..300 {
        let mut bytes = sound.bytes.clone();
        for _ in 0..1 + random() % 40 {
            let at = 512 + random() % (bytes.len() - 512);
            bytes[at] = random() as u8;
        }
        let pages = Arc::new(Bytes { bytes, page_size: 512 });
        for table in schema.tables.values().filter(|t| t.id.0 > 1) {
            if table.has_rowid() {
                reported += usize::from(row_tree(&pages, table).count(EVERYTHING).is_err());
                row_tree(&pages, table).cover_all();
                reported += usize::from(crate::store::fault::check().is_err());
            }
            for index in &table.indexes {
                reported += usize::from(key_tree(&pages, table, index).count(EVERYTHING).is_err());
                key_tree(&pages, table, index).cover_all();
                reported += usize::from(crate::store::fault::check().is_err());
            }
        }
    }
    assert!(reported > 300, "{reported}");
}
