//! EXPLAIN and EXPLAIN QUERY PLAN (https://sqlite.org/eqp.html).
//!
//! EXPLAIN shows SQLite's columns without rows: our programs are no byte code. EXPLAIN QUERY PLAN tells in SQLite's
//! words how a program reads its sources, in the order in which SQLite makes its code.

mod detail;
mod select;
mod subquery;

use heliosdb_dialect::ast::Explain;
use heliosdb_udfs::value::Value;

use super::compile::{ColumnInfo, Program};
use crate::plan::bound::FROM_VIEW;
use crate::row::write::WriteProgram;

pub fn columns(kind: Explain) -> Vec<ColumnInfo> {
    let names: &[&str] = match kind {
        Explain::QueryPlan => &["id", "parent", "notused", "detail"],
        _ => &["addr", "opcode", "p1", "p2", "p3", "p4", "p5", "comment"],
    };
    names.iter().map(|n| ColumnInfo { name: (*n).into(), declared_type: None }).collect()
}

pub fn rows(kind: Explain, program: &Program, sql: &str) -> Vec<Vec<Value>> {
    if kind != Explain::QueryPlan {
        return Vec::new();
    }
    let mut tree = Tree::new(sql);
    match program {
        Program::Query(query) => tree.query(query, 0),
        Program::Write(write) => match &**write {
            WriteProgram::Insert(insert) => {
                if let Some(rows) = &insert.rows {
                    tree.inserted(rows, 0);
                }
            }
            WriteProgram::Update(update) => tree.query(&update.rows, 0),
            WriteProgram::Delete(delete) if delete.truncates => {}
            WriteProgram::Delete(delete) => tree.query(&delete.rows, 0),
        },
        Program::Other | Program::Rows(_) => {}
    }
    tree.rows
}

/// The lines so far.
pub struct Tree {
    rows: Vec<Vec<Value>>,
    /// Where the statement's own SELECTs end: their numbers by position.
    ends: Vec<u32>,
    /// The number of the last SELECT that comes from elsewhere.
    last: usize,
    /// Common tables that have been shown.
    shown: Vec<u32>,
}

impl Tree {
    fn new(sql: &str) -> Tree {
        let ends = heliosdb_dialect::select_ends(sql);
        Tree { rows: Vec::new(), last: ends.len(), ends, shown: Vec::new() }
    }

    fn add(&mut self, parent: i64, detail: impl Into<String>) -> i64 {
        let id = self.rows.len() as i64 + 2;
        let detail: String = detail.into();
        self.rows.push(vec![Value::Integer(id), Value::Integer(parent), Value::Integer(0), Value::text(&detail)]);
        id
    }

    /// The number of the SELECT whose text ends at `end`, counted from 1 in the order in which they end.
    fn number(&mut self, end: u32) -> usize {
        if end == 0 {
            self.last += 1;
            return self.last;
        }
        if end & FROM_VIEW != 0 {
            return self.ends.len() + (end & !FROM_VIEW) as usize;
        }
        // Several rows of VALUES count twice, the second time as what is made of them.
        let at = self.ends.partition_point(|e| *e <= end);
        if at > 0 && self.ends[at - 1] == end { at } else { (at + 1).min(self.ends.len()) }
    }
}
