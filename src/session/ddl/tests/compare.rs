//! Runs statements on SQLite and on ours and compares everything that shows.

use heliosdb_udfs::value::Value;
use rusqlite::types::ValueRef as Oracle;

use super::host::TestHost;
use crate::catalog::load::{SchemaRow, load_own};
use crate::plan::bound::DatabaseIndex;
use crate::session::ddl::{Host, rewrite::refused, schema_rows};

pub(crate) struct Pair {
    pub oracle: rusqlite::Connection,
    pub ours: TestHost,
}

impl Pair {
    pub fn new() -> Pair {
        let oracle = rusqlite::Connection::open_in_memory().expect("memory is always there");
        oracle.execute_batch("PRAGMA foreign_keys=OFF").expect("a switch");
        let ours = TestHost::new(&oracle);
        Pair { oracle, ours }
    }

    pub fn attach(&mut self, name: &str) {
        self.oracle.execute_batch(&format!("ATTACH ':memory:' AS {name}")).expect("memory is always there");
        self.ours.attach(name);
    }

    /// Runs a statement on both; `None` if they agree, else what differs.
    pub fn differs(&self, sql: &str) -> Option<String> {
        let theirs = self.theirs(sql);
        let ours = self.ours.execute(sql);
        let ours = match ours {
            Ok(rows) => {
                let rows = rows.rows.iter().map(|r| r.iter().map(show).collect::<Vec<_>>().join("|"));
                Ok((rows.collect::<Vec<_>>(), rows_columns(&self.ours, sql)))
            }
            Err(e) => Err((e.code.0, e.message.clone())),
        };
        if ours == theirs { None } else { Some(format!("{sql}\n   sqlite: {theirs:?}\n   ours:   {ours:?}")) }
    }

    fn theirs(&self, sql: &str) -> Result<(Vec<String>, Vec<String>), (i32, String)> {
        let run = || -> rusqlite::Result<(Vec<String>, Vec<String>)> {
            let mut statement = self.oracle.prepare(sql)?;
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            // ALTER and the like have columns of statements inside them.
            let columns = if sql.trim_start()[..6].eq_ignore_ascii_case("pragma") { columns } else { Vec::new() };
            let count = statement.column_count();
            let mut rows = statement.query([])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                let values = (0..count).map(|i| row.get_ref(i).map(show_oracle));
                out.push(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"));
            }
            Ok((out, columns))
        };
        run().map_err(|e| {
            let e = refused(e);
            (e.code.0, e.message.clone())
        })
    }

    /// Asserts that both give the same answer to each of these statements.
    pub fn agree(&self, statements: &[&str]) {
        let different: Vec<String> = statements.iter().filter_map(|s| self.differs(s)).collect();
        assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), statements.len(), different.join("\n"));
    }

    /// What differs between the two schemas: their rows, and what pragmas say of every object.
    pub fn schema_differences(&self) -> Vec<String> {
        let mut different = Vec::new();
        for i in 0..self.ours.database_count() {
            let database = DatabaseIndex(i as u16);
            let name = self.ours.database_name(database);
            let select = format!("SELECT type, name, tbl_name, sql FROM \"{name}\".sqlite_schema ORDER BY rowid");
            let theirs = self.theirs(&select).expect("a plain query").0;
            let rows = schema_rows::read(&self.ours, database).expect("the schema table is there");
            let ours: Vec<String> = rows
                .iter()
                .map(|(_, r)| {
                    let sql = r.sql.as_deref().map_or(Value::Null, Value::text);
                    let text = |s: &str| show(&Value::text(s));
                    [text(&r.kind), text(&r.name), text(&r.table), show(&sql)].join("|")
                })
                .collect();
            different.extend(self.differs(&format!("PRAGMA {name}.schema_version")));
            for (theirs, ours) in theirs.iter().zip(&ours).filter(|(a, b)| a != b) {
                different.push(format!("row\n   sqlite: {theirs}\n   ours:   {ours}"));
            }
            if theirs.len() != ours.len() {
                different.push(format!("{name}: {} rows, ours {}", theirs.len(), ours.len()));
            }
            different.extend(self.reload_differences(database, &rows));
            for (_, row) in rows {
                let pragmas: &[&str] = match &*row.kind {
                    "table" => &["table_info", "table_xinfo", "index_list", "foreign_key_list"],
                    "index" => &["index_info", "index_xinfo"],
                    _ => &[],
                };
                for pragma in pragmas {
                    let quoted = row.name.replace('\'', "''");
                    different.extend(self.differs(&format!("PRAGMA {name}.{pragma}('{quoted}')")));
                }
            }
        }
        different
    }

    /// What differs between the schema in force and the one its own texts give.
    fn reload_differences(&self, database: DatabaseIndex, rows: &[(i64, SchemaRow)]) -> Vec<String> {
        let rows: Vec<SchemaRow> = rows.iter().map(|(_, row)| row.clone()).collect();
        let loaded = match load_own(&rows, &self.ours.database_name(database)) {
            Ok(loaded) => loaded,
            Err(e) => return vec![format!("reload: {e}")],
        };
        let current = self.ours.schema(database);
        let mut different = Vec::new();
        let mut compare = |now: String, again: String| {
            if now != again {
                different.push(format!("reload\n   now:   {now}\n   again: {again}"));
            }
        };
        for table in current.tables.values() {
            compare(format!("{:?}", Some(table)), format!("{:?}", loaded.table(&table.name)));
        }
        compare(format!("{:?}", current.trigger_order), format!("{:?}", loaded.trigger_order));
        compare(current.tables.len().to_string(), loaded.tables.len().to_string());
        compare(current.indexes.len().to_string(), loaded.indexes.len().to_string());
        for trigger in current.triggers.values() {
            let again = loaded.trigger(&trigger.name).map(|t| t.table_database.clone());
            compare(format!("{:?}", Some(trigger.table_database.clone())), format!("{again:?}"));
        }
        different
    }

    pub fn same_schema(&self) {
        let different = self.schema_differences();
        assert!(different.is_empty(), "{}", different.join("\n"));
    }
}

fn rows_columns(_host: &TestHost, sql: &str) -> Vec<String> {
    match heliosdb_dialect::parse(sql).ok().flatten().map(|p| p.statement) {
        Some(heliosdb_dialect::ast::Statement::Pragma(p)) => {
            let columns = crate::session::pragma::columns(&p.name.text, p.value.is_some());
            columns.into_iter().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(i) => i.to_string(),
        Value::Real(r) => format!("{r:?}"),
        Value::Text(t) => format!("{:?}", String::from_utf8_lossy(t)),
        Value::Blob(b) => format!("{b:?}"),
    }
}

fn show_oracle(value: Oracle<'_>) -> String {
    match value {
        Oracle::Null => "NULL".to_owned(),
        Oracle::Integer(i) => i.to_string(),
        Oracle::Real(r) => format!("{r:?}"),
        Oracle::Text(t) => format!("{:?}", String::from_utf8_lossy(t)),
        Oracle::Blob(b) => format!("{b:?}"),
    }
}
