//! EXPLAIN and EXPLAIN QUERY PLAN (https://sqlite.org/eqp.html).
//!
//! EXPLAIN shows SQLite's columns without rows: our programs are no byte code.

use heliosdb_dialect::ast::Explain;
use heliosdb_udfs::value::Value;

use super::compile::{ColumnInfo, Program};
use crate::catalog::IndexTerm;
use crate::row::program::{Access, Body, LevelProgram, QueryProgram, SourceProgram};

pub fn columns(kind: Explain) -> Vec<ColumnInfo> {
    let names: &[&str] = match kind {
        Explain::QueryPlan => &["id", "parent", "notused", "detail"],
        _ => &["addr", "opcode", "p1", "p2", "p3", "p4", "p5", "comment"],
    };
    names.iter().map(|n| ColumnInfo { name: (*n).into(), declared_type: None }).collect()
}

pub fn rows(kind: Explain, program: &Program) -> Vec<Vec<Value>> {
    if kind != Explain::QueryPlan {
        return Vec::new();
    }
    let mut rows = Vec::new();
    if let Program::Query(query) = program {
        describe(query, 0, &mut rows);
    }
    rows
}

fn add(parent: i64, detail: String, rows: &mut Vec<Vec<Value>>) -> i64 {
    let id = rows.len() as i64 + 2;
    rows.push(vec![Value::Integer(id), Value::Integer(parent), Value::Integer(0), Value::text(&detail)]);
    id
}

fn describe(query: &QueryProgram, parent: i64, rows: &mut Vec<Vec<Value>>) {
    match &query.body {
        Body::Select(select) => {
            for level in &select.levels {
                let detail = level_detail(level);
                let id = add(parent, detail, rows);
                if let SourceProgram::Query { program, .. } = &level.source {
                    describe(program, id, rows);
                }
            }
            if select.levels.is_empty() {
                add(parent, "SCAN CONSTANT ROW".to_owned(), rows);
            }
            for subquery in &select.subqueries {
                let kind = if subquery.inputs.is_empty() { "SCALAR SUBQUERY" } else { "CORRELATED SCALAR SUBQUERY" };
                let id = add(parent, format!("{kind} {}", rows.len() + 1), rows);
                describe(&subquery.program, id, rows);
            }
            if select.aggregation.as_ref().is_some_and(|a| a.grouped) {
                add(parent, "USE TEMP B-TREE FOR GROUP BY".to_owned(), rows);
            }
            if select.distinct.is_some() {
                add(parent, "USE TEMP B-TREE FOR DISTINCT".to_owned(), rows);
            }
            if select.sort.is_some() {
                add(parent, "USE TEMP B-TREE FOR ORDER BY".to_owned(), rows);
            }
        }
        Body::Values(values) => {
            add(parent, format!("SCAN {} CONSTANT ROWS", values.len()), rows);
        }
        Body::Compound { first, arms, .. } => {
            let id = add(parent, "COMPOUND QUERY".to_owned(), rows);
            let left = add(id, "LEFT-MOST SUBQUERY".to_owned(), rows);
            describe(first, left, rows);
            for (op, arm) in arms {
                use crate::plan::bound::CompoundOp;
                let name = match op {
                    CompoundOp::Union => "UNION USING TEMP B-TREE",
                    CompoundOp::UnionAll => "UNION ALL",
                    CompoundOp::Intersect => "INTERSECT USING TEMP B-TREE",
                    CompoundOp::Except => "EXCEPT USING TEMP B-TREE",
                };
                let id = add(id, name.to_owned(), rows);
                describe(arm, id, rows);
            }
        }
    }
}

fn level_detail(level: &LevelProgram) -> String {
    let name = &level.name;
    let (access, table) = match &level.source {
        SourceProgram::Table { access, table, .. } | SourceProgram::KeyTable { access, table, .. } => (access, table),
        _ => return format!("SCAN {name}"),
    };
    match access {
        Access::Scan { .. } => format!("SCAN {name}"),
        Access::Rowids { .. } => format!("SEARCH {name} USING INTEGER PRIMARY KEY (rowid=?)"),
        Access::RowidRange { low, high, .. } => {
            let bounds = bounds("rowid", low.is_some(), high.is_some());
            format!("SEARCH {name} USING INTEGER PRIMARY KEY ({})", bounds.join(" AND "))
        }
        Access::Or(_) => String::new(),
        Access::Hash(_) => format!("SEARCH {name} USING AUTOMATIC COVERING INDEX"),
        Access::Index { index, equal, low, high, .. } => {
            let column = |i: usize| match index.columns.get(i).map(|c| &c.term) {
                Some(IndexTerm::Column(c)) => table.columns[*c as usize].name.to_string(),
                Some(IndexTerm::Expr(_)) => "<expr>".to_owned(),
                _ => "rowid".to_owned(),
            };
            let mut terms: Vec<String> = (0..equal.len()).map(|i| format!("{}=?", column(i))).collect();
            terms.extend(bounds(&column(equal.len()), low.is_some(), high.is_some()));
            let verb = if terms.is_empty() { "SCAN" } else { "SEARCH" };
            let by = if index.id == table.id { "PRIMARY KEY".to_owned() } else { format!("INDEX {}", index.name) };
            let terms = if terms.is_empty() { String::new() } else { format!(" ({})", terms.join(" AND ")) };
            format!("{verb} {name} USING {by}{terms}")
        }
    }
}

fn bounds(column: &str, low: bool, high: bool) -> Vec<String> {
    let mut terms = Vec::new();
    if low {
        terms.push(format!("{column}>?"));
    }
    if high {
        terms.push(format!("{column}<?"));
    }
    terms
}
