//! Table-valued functions: `json_each`, `json_tree`, their JSONB forms, and `generate_series`
//! (https://sqlite.org/json1.html#jeach, https://sqlite.org/series.html).

use std::sync::{Arc, OnceLock};

use bumpalo::Bump;
use heliosdb_udfs::json::each::Column;
use heliosdb_udfs::json::{self, JsonEach};
use heliosdb_udfs::signature::{Call, Host};
use heliosdb_udfs::value::{Affinity, Collation, Value, ValueRef, cast};

use crate::catalog;
use crate::catalog::column::new_column;
use crate::error::{Error, Result};
use crate::plan::bound::TableFunction;
use crate::row::context::{RowSource, WantedColumns};

fn column(name: &str, hidden: bool) -> catalog::Column {
    catalog::Column { hidden, ..new_column(name, "".into(), Affinity::Blob) }
}

/// All functions here.
fn all() -> &'static [Arc<TableFunction>] {
    static ALL: OnceLock<Vec<Arc<TableFunction>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut functions = Vec::new();
        for name in ["json_each", "json_tree", "jsonb_each", "jsonb_tree"] {
            let columns = Column::ALL.iter().enumerate().map(|(i, (_, name))| column(name, i >= 8)).collect();
            functions.push(Arc::new(TableFunction { name: name.into(), columns, parameters: 2, pragma: "".into() }));
        }
        let columns =
            ["value", "start", "stop", "step"].iter().enumerate().map(|(i, name)| column(name, i > 0)).collect();
        functions.push(Arc::new(TableFunction {
            name: "generate_series".into(),
            columns,
            parameters: 3,
            pragma: "".into(),
        }));
        functions
    })
}

pub fn find(name: &str) -> Option<Arc<TableFunction>> {
    all().iter().find(|f| f.name.eq_ignore_ascii_case(name)).cloned()
}

/// The names of all functions here, for `PRAGMA module_list`.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|f| &*f.name)
}

/// Rows for these arguments.
pub fn open(function: &TableFunction, args: Vec<Value>) -> Result<Box<dyn RowSource>> {
    if &*function.name == "generate_series" {
        return Ok(Box::new(series(&args)?));
    }
    let recursive = function.name.ends_with("_tree");
    let form = if function.name.starts_with("jsonb") { json::Form::Binary } else { json::Form::Text };
    let mut args = args.into_iter();
    let (document, root) = (args.next().unwrap_or(Value::Null), args.next());
    if let Value::Null = document {
        return Ok(Box::new(Rows { rows: Vec::new().into_iter() }));
    }
    let each = JsonEach::open(document.as_ref(), root.as_ref().map(Value::as_ref), recursive, form)?;
    Ok(Box::new(Elements { each, document, arena: Bump::new() }))
}

/// Packs the wanted ones of a row's values; behind the last of them there are none.
fn pack<'v>(record: &mut Vec<u8>, wanted: WantedColumns, value: impl Fn(usize) -> ValueRef<'v>) {
    let all = (0..wanted.width()).map(|i| if wanted.has(i) { value(i) } else { ValueRef::Null });
    crate::store::record::encode(record, all);
}

/// Rows made beforehand.
pub struct Rows {
    pub rows: std::vec::IntoIter<Vec<Value>>,
}

impl RowSource for Rows {
    fn next(&mut self, record: &mut Vec<u8>, wanted: WantedColumns, _: &dyn Host) -> Result<bool> {
        let Some(row) = self.rows.next() else { return Ok(false) };
        pack(record, wanted, |i| row.get(i).map_or(ValueRef::Null, Value::as_ref));
        Ok(true)
    }
}

/// The elements of a document.
struct Elements {
    each: JsonEach,
    document: Value,
    /// For the values of one row.
    arena: Bump,
}

impl RowSource for Elements {
    fn next(&mut self, record: &mut Vec<u8>, wanted: WantedColumns, host: &dyn Host) -> Result<bool> {
        if !self.each.advance() {
            return Ok(false);
        }
        self.arena.reset();
        let arena = &self.arena;
        let mut values = [ValueRef::Null; Column::ALL.len()];
        for i in (0..wanted.width()).filter(|i| wanted.has(*i)) {
            let (column, _) = Column::ALL[i];
            let mut call = Call { arena, host, collation: &Collation::Binary, json_args: 0, json_result: false };
            values[i] = match column {
                Column::Json => JsonEach::document(self.document.as_ref(), &mut call),
                _ => self.each.column(&mut call, column)?,
            };
        }
        pack(record, wanted, |i| values[i]);
        Ok(true)
    }
}

struct Series {
    next: Option<i64>,
    start: i64,
    stop: i64,
    step: i64,
}

fn series(args: &[Value]) -> Result<Series> {
    let number = |i: usize, default: i64| args.get(i).map_or(default, |v| cast::to_integer(v.as_ref()));
    if args.is_empty() {
        return Err(Error::sql("first argument to \"generate_series()\" missing or unusable"));
    }
    let step = match number(2, 1) {
        0 => 1,
        step => step,
    };
    let (start, stop) = (number(0, 0), number(1, 4_294_967_295));
    let any_null = args.iter().any(|v| matches!(v, Value::Null));
    Ok(Series { next: (!any_null).then_some(start), start, stop, step })
}

impl RowSource for Series {
    fn next(&mut self, record: &mut Vec<u8>, wanted: WantedColumns, _: &dyn Host) -> Result<bool> {
        let Some(value) = self.next else { return Ok(false) };
        let past = if self.step > 0 { value > self.stop } else { value < self.stop };
        if past {
            return Ok(false);
        }
        self.next = value.checked_add(self.step);
        let row = [value, self.start, self.stop, self.step];
        pack(record, wanted, |i| ValueRef::Integer(row[i]));
        Ok(true)
    }
}
