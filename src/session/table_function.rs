//! Table-valued functions: `json_each`, `json_tree`, their JSONB forms, and `generate_series`
//! (https://sqlite.org/json1.html#jeach, https://sqlite.org/series.html).

use std::sync::{Arc, OnceLock};

use bumpalo::Bump;
use heliosdb_udfs::json::{self, JsonEach};
use heliosdb_udfs::signature::{Call, Host};
use heliosdb_udfs::value::{Affinity, Collation, Value, cast};

use crate::catalog::Column;
use crate::catalog::column::new_column;
use crate::error::{Error, Result};
use crate::plan::bound::TableFunction;
use crate::row::context::RowSource;

fn column(name: &str, hidden: bool) -> Column {
    Column { hidden, ..new_column(name, "".into(), Affinity::Blob) }
}

/// All functions here.
fn all() -> &'static [Arc<TableFunction>] {
    static ALL: OnceLock<Vec<Arc<TableFunction>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut functions = Vec::new();
        for name in ["json_each", "json_tree", "jsonb_each", "jsonb_tree"] {
            let columns =
                json::each::Column::ALL.iter().enumerate().map(|(i, (_, name))| column(name, i >= 8)).collect();
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
pub fn open(function: &TableFunction, args: &[Value], host: &dyn Host) -> Result<Box<dyn RowSource>> {
    if &*function.name == "generate_series" {
        return Ok(Box::new(series(args)?));
    }
    let recursive = function.name.ends_with("_tree");
    let form = if function.name.starts_with("jsonb") { json::Form::Binary } else { json::Form::Text };
    let mut rows = Vec::new();
    let null = Value::Null;
    let document = args.first().unwrap_or(&null);
    let root = args.get(1).map(Value::as_ref);
    if let Value::Null = document {
        return Ok(Box::new(Rows { rows: Vec::new().into_iter() }));
    }
    let mut each = JsonEach::open(document.as_ref(), root, recursive, form)?;
    let mut arena = Bump::new();
    while each.advance() {
        let mut row = Vec::with_capacity(10);
        for (column, _) in json::each::Column::ALL {
            let mut call =
                Call { arena: &arena, host, collation: &Collation::Binary, json_args: 0, json_result: false };
            row.push(each.column(&mut call, column)?.to_owned());
        }
        rows.push(row);
        arena.reset();
    }
    Ok(Box::new(Rows { rows: rows.into_iter() }))
}

/// Rows made beforehand.
pub struct Rows {
    pub rows: std::vec::IntoIter<Vec<Value>>,
}

impl RowSource for Rows {
    fn next(&mut self, row: &mut Vec<Value>) -> Result<bool> {
        match self.rows.next() {
            Some(values) => {
                *row = values;
                Ok(true)
            }
            None => Ok(false),
        }
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
    fn next(&mut self, row: &mut Vec<Value>) -> Result<bool> {
        let Some(value) = self.next else { return Ok(false) };
        let past = if self.step > 0 { value > self.stop } else { value < self.stop };
        if past {
            return Ok(false);
        }
        self.next = value.checked_add(self.step);
        row.clear();
        row.extend([value, self.start, self.stop, self.step].map(Value::Integer));
        Ok(true)
    }
}
