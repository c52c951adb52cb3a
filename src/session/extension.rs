//! Loadable extensions of SQLite (https://sqlite.org/loadext.html), for their functions and collations.
//!
//! An extension speaks to a SQLite library through a table of C functions. It gets the bundled library: each connection that
//! loads one has a private bundled connection without tables, and calls what the extension registered there by
//! `SELECT f(?1,…)`. An aggregate's rows are kept until its value is asked for and go through a table of the private connection.
//! No user statement runs there.
//!
//! Not done: virtual tables and auto-extensions; a function that runs statements of its own sees the private connection's
//! empty database, and subtypes do not cross.

// Loading a library and calling a function of it cannot be safe; `load` says who answers for it.
#![allow(unsafe_code)]

use std::cmp::Ordering;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use heliosdb_udfs::value::collation::CustomCollation;
use heliosdb_udfs::value::{Value, ValueRef};
use parking_lot::Mutex;
use rusqlite::Connection;

use super::ddl::rewrite::refused;
use super::functions::Registered;
use super::inner::Inner;
use super::serialize::to_foreign;
use crate::catalog::schema::fold;
use crate::catalog::sql_text::always_quoted;
use crate::env::callback::{UserAggregate, UserAggregateState, UserScalar};
use crate::error::{Error, Result};
use crate::store::container::from_foreign;

/// SQLITE_DETERMINISTIC and SQLITE_DIRECTONLY as `PRAGMA function_list` shows them.
const DETERMINISTIC: i64 = 0x800;
const DIRECT_ONLY: i64 = 0x8_0000;

/// The private connection; the lock is held only while it runs one of its statements.
pub struct Library(Mutex<Connection>);

/// A function of the private connection; the number of arguments is -1 for any.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Entry {
    name: String,
    kind: String,
    args: i32,
    flags: i64,
}

impl Library {
    fn new() -> Result<Arc<Library>> {
        let connection = Connection::open_in_memory().map_err(refused)?;
        // One statement for each function and number of arguments.
        connection.set_prepared_statement_cache_capacity(200);
        Ok(Arc::new(Library(Mutex::new(connection))))
    }

    fn entries(&self) -> Result<HashSet<Entry>> {
        let connection = self.0.lock();
        let sql = "SELECT name, type, narg, flags FROM pragma_function_list WHERE NOT builtin";
        let mut statement = connection.prepare(sql).map_err(refused)?;
        let entry = |row: &rusqlite::Row<'_>| {
            Ok(Entry { name: row.get(0)?, kind: row.get(1)?, args: row.get(2)?, flags: row.get(3)? })
        };
        let entries = statement.query_map([], entry).map_err(refused)?;
        entries.collect::<rusqlite::Result<_>>().map_err(refused)
    }

    fn collations(&self) -> Result<HashSet<String>> {
        let connection = self.0.lock();
        let mut statement = connection.prepare("SELECT name FROM pragma_collation_list").map_err(refused)?;
        let names = statement.query_map([], |row| row.get(0)).map_err(refused)?;
        names.collect::<rusqlite::Result<_>>().map_err(refused)
    }

    /// The value of a statement with these parameters.
    fn value(&self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<Value> {
        one_value(&self.0.lock(), sql, parameters)
    }

    /// The value of an aggregate, registered for this number of arguments, over rows in their order.
    fn aggregate(&self, name: &str, args: i32, rows: &VecDeque<Vec<Value>>) -> Result<Value> {
        let width = rows.front().map_or(usize::try_from(args).unwrap_or(0), Vec::len);
        let columns: Vec<String> = (1..=width).map(|i| format!("c{i}")).collect();
        let list = columns.join(",");
        let connection = self.0.lock();
        // Columns without a type keep every value as it is. A function without arguments still needs rows.
        let table = format!("rows{width}");
        connection
            .execute_batch(&format!(
                "SAVEPOINT call; CREATE TEMP TABLE {table}(c0 INTEGER PRIMARY KEY{})",
                with_comma(&list)
            ))
            .map_err(refused)?;
        let filled = (|| {
            let places: String = (1..=width).map(|i| format!(",?{i}")).collect();
            let mut insert =
                connection.prepare(&format!("INSERT INTO {table} VALUES(NULL{places})")).map_err(refused)?;
            for row in rows {
                for (i, value) in row.iter().enumerate() {
                    insert.raw_bind_parameter(i + 1, to_foreign(value.as_ref())).map_err(refused)?;
                }
                insert.raw_execute().map_err(refused)?;
            }
            let call = format!("SELECT {}({list}) FROM (SELECT * FROM {table} ORDER BY c0)", always_quoted(name));
            one_value(&connection, &call, &[])
        })();
        let ended = connection.execute_batch("ROLLBACK TO call; RELEASE call").map_err(refused);
        filled.and_then(|value| ended.map(|()| value))
    }
}

fn with_comma(list: &str) -> String {
    if list.is_empty() { String::new() } else { format!(",{list}") }
}

fn one_value(connection: &Connection, sql: &str, parameters: &[ValueRef<'_>]) -> Result<Value> {
    let mut statement = connection.prepare_cached(sql).map_err(refused)?;
    for (i, value) in parameters.iter().enumerate() {
        statement.raw_bind_parameter(i + 1, to_foreign(*value)).map_err(refused)?;
    }
    let mut rows = statement.raw_query();
    let row = rows.next().map_err(refused)?.ok_or_else(|| Error::internal("a value without a row"))?;
    row.get_ref(0).map(|value| from_foreign(value).to_owned()).map_err(refused)
}

struct Scalar {
    library: Arc<Library>,
    name: String,
}

impl UserScalar for Scalar {
    fn call(&self, args: &[ValueRef<'_>]) -> Result<Value> {
        let places: Vec<String> = (1..=args.len()).map(|i| format!("?{i}")).collect();
        self.library.value(&format!("SELECT {}({})", always_quoted(&self.name), places.join(",")), args)
    }
}

struct Aggregate {
    library: Arc<Library>,
    name: String,
    args: i32,
    is_window: bool,
}

impl UserAggregate for Aggregate {
    fn start(&self) -> Box<dyn UserAggregateState> {
        let (library, name) = (self.library.clone(), self.name.clone());
        Box::new(Group { library, name, args: self.args, rows: VecDeque::new() })
    }

    fn is_window(&self) -> bool {
        self.is_window
    }
}

/// The rows of one group or frame.
struct Group {
    library: Arc<Library>,
    name: String,
    args: i32,
    rows: VecDeque<Vec<Value>>,
}

impl UserAggregateState for Group {
    fn step(&mut self, args: &[ValueRef<'_>]) -> Result<()> {
        self.rows.push_back(args.iter().map(|a| ValueRef::to_owned(*a)).collect());
        Ok(())
    }

    /// Rows leave a frame in the order they came.
    fn inverse(&mut self, _: &[ValueRef<'_>]) -> Result<()> {
        self.rows.pop_front();
        Ok(())
    }

    fn value(&mut self) -> Result<Value> {
        self.library.aggregate(&self.name, self.args, &self.rows)
    }

    fn finalize(&mut self) -> Result<Value> {
        self.value()
    }
}

struct Collation {
    library: Arc<Library>,
    name: String,
    /// `SELECT` of -1, 0 or 1.
    sql: String,
}

impl CustomCollation for Collation {
    fn name(&self) -> &str {
        &self.name
    }

    /// An error cannot happen but by running out of memory, and has no way out of a comparison.
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        match self.library.value(&self.sql, &[ValueRef::Text(a), ValueRef::Text(b)]) {
            Ok(Value::Integer(order)) => order.cmp(&0),
            _ => a.cmp(b),
        }
    }
}

/// Loads an extension from a shared library; `entry` names its entry function.
///
/// The code of the library runs in this process: whoever switched extensions on answers for it, as in SQLite.
pub fn load(inner: &Inner, path: &str, entry: Option<&str>) -> Result<()> {
    let library = {
        let mut slot = inner.extensions.borrow_mut();
        match &*slot {
            Some(library) => library.clone(),
            None => slot.insert(Library::new()?).clone(),
        }
    };
    let (known, known_collations) = (library.entries()?, library.collations()?);
    {
        let connection = library.0.lock();
        // While statements run, known functions must not be replaced: the library must see that one runs.
        let mut running = connection.prepare("SELECT 1").map_err(refused)?;
        let mut rows = running.raw_query();
        if inner.running.get() > 0 || inner.writing.get() > 0 {
            rows.next().map_err(refused)?;
        }
        // SAFETY: the host has allowed extensions, and so says that the libraries it names are sound.
        let loaded = unsafe {
            connection.load_extension_enable().map_err(refused)?;
            connection.load_extension(path, entry)
        };
        connection.load_extension_disable().map_err(refused)?;
        loaded.map_err(refused)?;
    }
    let mut registry = inner.registry.borrow_mut();
    let registry = Arc::make_mut(&mut *registry);
    for entry in library.entries()?.difference(&known) {
        let (library, name) = (library.clone(), entry.name.clone());
        let function = if entry.kind == "s" {
            let function = Arc::new(Scalar { library, name });
            let has = |flag| entry.flags & flag != 0;
            Registered::Scalar { function, deterministic: has(DETERMINISTIC), direct_only: has(DIRECT_ONLY) }
        } else {
            Registered::Aggregate(Arc::new(Aggregate { library, name, args: entry.args, is_window: entry.kind == "w" }))
        };
        registry.set(&entry.name, entry.args, Some(function));
    }
    for name in library.collations()?.difference(&known_collations) {
        let quoted = always_quoted(name);
        let sql = format!("SELECT (?1 > ?2 COLLATE {quoted}) - (?1 < ?2 COLLATE {quoted})");
        let collation = Collation { library: library.clone(), name: name.clone(), sql };
        registry.collations.insert(fold(name), Arc::new(collation));
    }
    inner.invalidate();
    Ok(())
}
