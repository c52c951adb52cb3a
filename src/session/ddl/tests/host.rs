//! A connection that has schemas and no executor: rows are only those of SQLite's own tables.

use std::cell::{Cell, RefCell, RefMut};
use std::sync::Arc;

use heliosdb_dialect::ast::{Expr, ExprKind, Literal, Query, Statement};
use heliosdb_udfs::value::{Affinity, Collation, Value, ValueRef};

use super::super::{DdlContext, Host, Options, UserFunction, run};
use crate::catalog::column::new_column;
use crate::catalog::environment::{Environment, FunctionKind};
use crate::catalog::{Column, Index, Schema, Table, View};
use crate::error::{Error, Result};
use crate::plan::bound::{self, DatabaseIndex};
use crate::session::attach::{self, AttachHost};
use crate::session::database::in_memory;
use crate::session::open::OpenOptions;
use crate::session::pragma::{self, PragmaRows, Settings};
use crate::store::{KeyCursor, RowCursor, Tree, record};
use crate::txn::{Transaction, Transactions};

pub(crate) struct TestHost {
    /// In the order of their numbers; those behind the last one are empty.
    databases: Vec<RefCell<Option<Database>>>,
    settings: RefCell<Settings>,
    functions: Arc<OracleFunctions>,
    pub running: Cell<bool>,
}

struct Database {
    name: Box<str>,
    transaction: Transaction,
}

/// The functions that the oracle has.
struct OracleFunctions(Vec<(String, i32, bool, bool)>);

impl Environment for OracleFunctions {
    fn has_collation(&self, name: &str) -> bool {
        ["binary", "nocase", "rtrim"].iter().any(|c| name.eq_ignore_ascii_case(c))
    }

    fn function(&self, name: &str, args: usize) -> FunctionKind {
        const WINDOW: [&str; 11] = [
            "row_number",
            "rank",
            "dense_rank",
            "percent_rank",
            "cume_dist",
            "ntile",
            "lag",
            "lead",
            "first_value",
            "last_value",
            "nth_value",
        ];
        match name {
            "mine" | "sin" => return FunctionKind::Scalar { deterministic: true },
            "ours" | "median" => return FunctionKind::Aggregate,
            _ => {}
        }
        let named: Vec<_> = self.0.iter().filter(|f| f.0.eq_ignore_ascii_case(name)).collect();
        let fits = |narg: i32| narg == args as i32 || narg == -1 || narg < -1 && args as i32 >= -narg - 2;
        match named.iter().find(|f| fits(f.1)) {
            Some(_) if WINDOW.iter().any(|w| name.eq_ignore_ascii_case(w)) => FunctionKind::Window,
            Some((_, _, true, _)) => FunctionKind::Aggregate,
            Some((_, _, false, deterministic)) => FunctionKind::Scalar { deterministic: *deterministic },
            None if named.is_empty() => FunctionKind::Unknown,
            None => FunctionKind::WrongArgumentCount,
        }
    }
}

impl TestHost {
    pub fn new(oracle: &rusqlite::Connection) -> TestHost {
        let sql = "SELECT name, narg, type, flags FROM pragma_function_list";
        let mut statement = oracle.prepare(sql).expect("the oracle lists its functions");
        let functions = statement
            .query_map([], |row| {
                let kind: String = row.get(2)?;
                let flags: i64 = row.get(3)?;
                Ok((row.get(0)?, row.get(1)?, kind != "s", flags & 0x800 != 0))
            })
            .and_then(Iterator::collect)
            .expect("the oracle's functions are rows");
        let host = TestHost {
            databases: (0..13).map(|_| RefCell::new(None)).collect(),
            settings: RefCell::default(),
            functions: Arc::new(OracleFunctions(functions)),
            running: Cell::new(false),
        };
        host.open("main", in_memory(false));
        host.open("temp", in_memory(true));
        host
    }

    pub fn attach(&mut self, name: &str) {
        self.open(name, in_memory(false));
    }

    fn open(&self, name: &str, database: Arc<Transactions>) {
        let free = self.databases.iter().find(|d| d.borrow().is_none()).expect("there is room");
        *free.borrow_mut() = Some(Database { name: name.into(), transaction: Transaction::new(database) });
    }

    /// Runs a statement and commits it.
    pub fn execute(&self, sql: &str) -> Result<PragmaRows> {
        let parsed = heliosdb_dialect::parse(sql).map_err(|e| Error::sql(e.to_string()))?;
        let parsed = parsed.ok_or_else(|| Error::sql("no statement"))?;
        let result = match &parsed.statement {
            Statement::Pragma(p) => {
                let value = p.value.as_ref().map(|heliosdb_dialect::ast::PragmaValue::Text(text)| &**text);
                pragma::run(self, p.schema.as_ref().map(|s| &*s.text), &p.name.text, value)
            }
            Statement::Attach { file, schema, .. } => {
                attach::attach(self, file, schema, sql).map(|()| PragmaRows::default())
            }
            Statement::Detach(schema) => attach::detach(self, schema, sql).map(|()| PragmaRows::default()),
            _ => run(&DdlContext { host: self, sql, parsed: &parsed }).map(|()| PragmaRows::default()),
        };
        match &result {
            Ok(_) => self.commit(),
            Err(_) => self.rollback(),
        }
        result
    }

    pub fn commit(&self) {
        for i in 0..self.database_count() {
            self.transaction(DatabaseIndex(i as u16)).commit().expect("no file below");
        }
    }

    pub fn rollback(&self) {
        for i in 0..self.database_count() {
            self.transaction(DatabaseIndex(i as u16)).rollback();
        }
    }
}

impl Host for TestHost {
    fn database_count(&self) -> usize {
        self.databases.iter().filter(|d| d.borrow().is_some()).count()
    }

    fn database_name(&self, database: DatabaseIndex) -> Arc<str> {
        self.databases[usize::from(database.0)].borrow().as_ref().expect("it is open").name.as_ref().into()
    }

    fn schema(&self, database: DatabaseIndex) -> Arc<Schema> {
        self.transaction(database).schema().clone()
    }

    fn write(&self, database: DatabaseIndex) -> Result<RefMut<'_, Transaction>> {
        let mut transaction = self.transaction(database);
        transaction.begin_write(0, &|| false)?;
        Ok(transaction)
    }

    fn transaction(&self, database: DatabaseIndex) -> RefMut<'_, Transaction> {
        let database = self.databases[usize::from(database.0)].borrow_mut();
        RefMut::map(database, |d| &mut d.as_mut().expect("it is open").transaction)
    }

    fn environment(&self) -> Arc<dyn Environment> {
        self.functions.clone()
    }

    fn options(&self) -> Options {
        Options { foreign_keys: self.settings.borrow().foreign_keys, ..Options::default() }
    }

    fn has_reading_statements(&self) -> bool {
        self.has_running_statements()
    }

    fn has_running_statements(&self) -> bool {
        self.running.get()
    }

    fn authorize(&self, _: i32, _: Option<&str>, _: Option<&str>, _: Option<&str>) -> Result<bool> {
        Ok(true)
    }

    fn query(&self, _sql: &str, _row: &mut dyn FnMut(&[ValueRef<'_>]) -> Result<()>) -> Result<()> {
        Ok(())
    }

    fn bind_query(&self, _query: &Query, sql: &str) -> Result<bound::Query> {
        Err(Error::sql(format!("no executor here: {sql}")))
    }

    fn insert_query(&self, _: DatabaseIndex, _: &Arc<Table>, _: &bound::Query) -> Result<()> {
        Ok(())
    }

    /// Records hold all columns here; the key of a row WITHOUT ROWID is its record.
    fn scan_rows(
        &self,
        database: DatabaseIndex,
        table: &Arc<Table>,
        row: &mut dyn FnMut(i64, &[ValueRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        let mut transaction = self.transaction(database);
        let tree = transaction.shared().store().tree(table.id).expect("a table has a tree");
        let guard = transaction.open_view();
        drop(transaction);
        let values = |record: &[u8]| -> Vec<Value> {
            record::columns(record).map(|v| v.unwrap_or(ValueRef::Null).to_owned()).collect()
        };
        let mut rows = Vec::new();
        match tree {
            Tree::Row(tree) => {
                let mut cursor = RowCursor::new(tree, guard.view());
                let mut more = cursor.first();
                while more {
                    rows.push((cursor.rowid(), values(cursor.record())));
                    more = cursor.next();
                }
            }
            Tree::Key(tree) => {
                let mut cursor = KeyCursor::new(tree, guard.view());
                let mut more = cursor.first();
                while more {
                    rows.push((0, values(cursor.record())));
                    more = cursor.next();
                }
            }
        }
        for (rowid, values) in rows {
            let values: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
            row(rowid, &values)?;
        }
        Ok(())
    }

    fn load_row(&self, database: DatabaseIndex, table: &Arc<Table>, rowid: i64, values: &[ValueRef<'_>]) -> Result<()> {
        assert_eq!(values.len(), table.columns.len(), "a row of {} has all columns", table.name);
        let mut bytes = Vec::new();
        record::encode(&mut bytes, values.iter().copied());
        let mut write = self.write(database)?;
        match write.shared().store().tree(table.id).expect("a table has a tree") {
            Tree::Row(tree) => drop(write.put_row(&tree, rowid, &bytes)),
            Tree::Key(tree) => drop(write.put_key(&tree, &bytes, &bytes)),
        }
        Ok(())
    }

    fn fill_index(&self, database: DatabaseIndex, table: &Arc<Table>, index: &Arc<Index>) -> Result<()> {
        let transaction = self.transaction(database);
        let store = transaction.shared().store();
        assert!(store.tree(table.id).is_some(), "table {} has a tree", table.name);
        assert!(store.key_tree(index.id).is_some(), "index {} has a tree", index.name);
        Ok(())
    }

    fn delete_for_drop(&self, _: DatabaseIndex, _: &Arc<Table>, _: bool) -> Result<()> {
        Ok(())
    }

    fn user_functions(&self) -> Vec<UserFunction> {
        let function = |name: &str, args, aggregate| UserFunction { name: name.into(), args, aggregate };
        vec![function("mine", -1, false), function("ours", 1, true)]
    }

    fn user_collations(&self) -> Vec<Collation> {
        Vec::new()
    }

    fn serialize(&self, _: DatabaseIndex) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// Knows texts only.
    fn constant(&self, expr: &Expr, _: &str) -> Result<Value> {
        Ok(match &expr.kind {
            ExprKind::Literal(Literal::String(text)) => Value::text(text),
            _ => Value::Null,
        })
    }
}

impl AttachHost for TestHost {
    fn takes_uris(&self) -> bool {
        true
    }

    fn add_database(&self, name: &str, database: Arc<Transactions>, _: &OpenOptions) {
        self.open(name, database);
    }

    fn remove_database(&self, database: DatabaseIndex) {
        for i in usize::from(database.0)..self.databases.len() - 1 {
            let next = self.databases[i + 1].borrow_mut().take();
            *self.databases[i].borrow_mut() = next;
        }
    }
}

impl pragma::Context for TestHost {
    fn settings(&self) -> RefMut<'_, Settings> {
        self.settings.borrow_mut()
    }

    fn database_file(&self, _: DatabaseIndex) -> String {
        String::new()
    }

    fn is_temp_open(&self) -> bool {
        self.schema(super::super::TEMP).cookie > 0
    }

    fn data_version(&self, _: DatabaseIndex) -> i64 {
        1
    }

    /// Only views with declared columns.
    fn view_columns(&self, _: DatabaseIndex, view: &View) -> Result<Vec<Column>> {
        Ok(view.columns.iter().map(|n| new_column(&n.text, "".into(), Affinity::Blob)).collect())
    }

    fn functions(&self) -> Vec<pragma::FunctionEntry> {
        Vec::new()
    }

    fn modules(&self) -> Vec<Box<str>> {
        Vec::new()
    }
}
