//! ANALYZE (https://sqlite.org/lang_analyze.html): counts rows and distinct keys into `sqlite_stat1`.
//!
//! `stat` of an index is its number of entries, then for each prefix of its key how many entries share one on
//! average. Samples (`sqlite_stat4`) are not kept: ordinary builds of SQLite do not keep them either.

use std::sync::Arc;

use heliosdb_dialect::ast::QualifiedName;
use heliosdb_udfs::value::compare::compare;
use heliosdb_udfs::value::{Collation, Value, ValueRef};

use super::{Host, TEMP, action, create_table, databases, names, schema_rows};
use crate::catalog::sql_text::{always_quoted, is_reserved_name};
use crate::catalog::system::STAT1_SQL;
use crate::catalog::{Index, IndexColumn, IndexTerm, Table};
use crate::error::{Error, Result};
use crate::plan::bound::DatabaseIndex;

pub fn run(host: &dyn Host, target: Option<&QualifiedName>) -> Result<()> {
    let Some(target) = target else {
        for database in databases(host).filter(|d| *d != TEMP) {
            whole(host, database)?;
        }
        return Ok(());
    };
    if target.schema.is_none()
        && let Some(database) = names::database_of(host, &target.name)
    {
        return whole(host, database);
    }
    if let Some(schema) = &target.schema {
        names::target_database(host, Some(schema))?;
    }
    if let Some((database, index)) = names::find_index(host, target) {
        let table = host.schema(database).table(&index.table).cloned();
        let table = table.ok_or_else(|| Error::internal("an index has a table"))?;
        let statistics = prepare(host, database)?;
        forget(host, database, &statistics, |row| schema_rows::is_text(row.get(1), &index.name))?;
        analyze_index(host, database, &statistics, &table, &index)?;
        return reload(host, database);
    }
    match names::find_table_or_view(host, target) {
        Some((database, crate::catalog::Object::Table(table))) => {
            let statistics = prepare(host, database)?;
            forget(host, database, &statistics, |row| schema_rows::is_text(row.first(), &table.name))?;
            analyze_table(host, database, &statistics, &table)?;
            reload(host, database)
        }
        Some(_) => Ok(()),
        None => Err(names::no_such("table", target)),
    }
}

fn whole(host: &dyn Host, database: DatabaseIndex) -> Result<()> {
    let statistics = prepare(host, database)?;
    forget(host, database, &statistics, |_| true)?;
    let mut tables: Vec<Arc<Table>> = host.schema(database).tables.values().cloned().collect();
    // The newest first: so they come from SQLite's list of a few tables.
    tables.sort_by_key(|t| std::cmp::Reverse(t.id));
    for table in tables {
        analyze_table(host, database, &statistics, &table)?;
    }
    reload(host, database)
}

fn prepare(host: &dyn Host, database: DatabaseIndex) -> Result<Arc<Table>> {
    create_table::ensure(host, database, "sqlite_stat1", STAT1_SQL)
}

fn forget(
    host: &dyn Host,
    database: DatabaseIndex,
    statistics: &Table,
    matches: impl Fn(&[Value]) -> bool,
) -> Result<()> {
    schema_rows::delete_plain(host, database, statistics.id, matches)
}

fn analyze_table(host: &dyn Host, database: DatabaseIndex, statistics: &Table, table: &Table) -> Result<()> {
    if is_reserved_name(&table.name) || table.is_virtual() {
        return Ok(());
    }
    if !host.authorize(action::ANALYZE, Some(&table.name), None, Some(&host.database_name(database)))? {
        return Ok(());
    }
    for index in table.indexes.iter().rev() {
        analyze_index(host, database, statistics, table, index)?;
    }
    if table.indexes.iter().all(|i| i.filter.is_some()) {
        let rows = count(host, &format!("SELECT count(*) FROM {}", quoted(host, database, table)))?;
        if rows > 0 {
            add(host, database, statistics, table, Value::Null, &rows.to_string())?;
        }
    }
    Ok(())
}

fn analyze_index(
    host: &dyn Host,
    database: DatabaseIndex,
    statistics: &Table,
    table: &Table,
    index: &Index,
) -> Result<()> {
    let from = quoted(host, database, table);
    let (rows, distinct) = count_keys(host, database, table, index)?;
    if rows == 0 {
        // A partial index that holds none of its table's rows is worth knowing.
        if index.filter.is_some() && count(host, &format!("SELECT count(*) FROM {from}"))? > 0 {
            let stat = vec!["0"; index.columns.len() + 1].join(" ");
            add(host, database, statistics, table, Value::text(&index.name), &stat)?;
        }
        return Ok(());
    }
    let mut stat = rows.to_string();
    for distinct in distinct {
        stat.push_str(&format!(" {}", average(rows, distinct)));
    }
    // The primary key of a WITHOUT ROWID table goes by the table's own name.
    let name = if index.id == table.id { &table.name } else { &index.name };
    add(host, database, statistics, table, Value::text(name), &stat)
}

/// The entries of an index and, for each number of its first columns, how many different keys these have. The entries come
/// in order, so that equal ones are neighbours.
fn count_keys(host: &dyn Host, database: DatabaseIndex, table: &Table, index: &Index) -> Result<(i64, Vec<i64>)> {
    let from = quoted(host, database, table);
    let by = match index.id == table.id {
        true => String::new(),
        false => format!(" INDEXED BY {}", always_quoted(&index.name)),
    };
    let filter = index.filter.as_ref().map_or(String::new(), |f| format!(" WHERE {}", f.text));
    let terms: Vec<String> = index.columns.iter().map(|c| term_text(table, &c.term, &c.collation)).collect();
    let direction = |c: &IndexColumn| if c.descending { " DESC" } else { "" };
    let order: Vec<String> = terms.iter().zip(&index.columns).map(|(t, c)| format!("{t}{}", direction(c))).collect();
    let known = host.user_collations();
    let collations: Vec<Collation> = index.columns.iter().map(|c| collation(&c.collation, &known)).collect();
    let mut rows = 0;
    let mut distinct = vec![0; terms.len()];
    let mut before: Vec<Value> = vec![Value::Null; terms.len()];
    let sql = format!("SELECT {} FROM {from}{by}{filter} ORDER BY {}", terms.join(", "), order.join(", "));
    host.query(&sql, &mut |row| {
        let differs = |i: &usize| compare(row[*i], before[*i].as_ref(), &collations[*i]).is_ne();
        let first = if rows == 0 { 0 } else { (0..row.len()).find(differs).unwrap_or(row.len()) };
        for i in first..row.len() {
            distinct[i] += 1;
            before[i] = row[i].to_owned();
        }
        rows += 1;
        Ok(())
    })?;
    Ok((rows, distinct))
}

fn collation(name: &str, known: &[Collation]) -> Collation {
    let own = || known.iter().find(|c| c.name().eq_ignore_ascii_case(name)).cloned();
    Collation::built_in(name).or_else(own).unwrap_or_default()
}

/// Entries for one key, rounded up, but 1 where nearly all differ.
fn average(rows: i64, distinct: i64) -> i64 {
    let distinct = distinct.max(1);
    let average = (rows + distinct - 1) / distinct;
    if average == 2 && rows * 10 <= distinct * 11 { 1 } else { average }
}

fn term_text(table: &Table, term: &IndexTerm, collation: &str) -> String {
    let text = match term {
        IndexTerm::Column(ordinal) => always_quoted(&table.columns[usize::from(*ordinal)].name),
        IndexTerm::Rowid => "rowid".to_owned(),
        IndexTerm::Expr(expr) => format!("({})", expr.text),
    };
    format!("{text} COLLATE {}", always_quoted(collation))
}

fn quoted(host: &dyn Host, database: DatabaseIndex, table: &Table) -> String {
    names::quoted(&host.database_name(database), &table.name)
}

fn count(host: &dyn Host, sql: &str) -> Result<i64> {
    let mut counted = 0;
    host.query(sql, &mut |row| {
        if let Some(ValueRef::Integer(n)) = row.first() {
            counted = *n;
        }
        Ok(())
    })?;
    Ok(counted)
}

fn add(
    host: &dyn Host,
    database: DatabaseIndex,
    statistics: &Table,
    table: &Table,
    index: Value,
    stat: &str,
) -> Result<()> {
    let row = [Value::text(&table.name), index, Value::text(stat)];
    schema_rows::put_plain(host, database, statistics.id, None, &row)
}

/// Puts what `sqlite_stat1` says into the schema, where the planner looks for it.
pub fn read_statistics(host: &dyn Host, database: DatabaseIndex) -> Result<()> {
    if host.schema(database).table("sqlite_stat1").is_some() { reload(host, database) } else { Ok(()) }
}

fn reload(host: &dyn Host, database: DatabaseIndex) -> Result<()> {
    let Some(table) = host.schema(database).table("sqlite_stat1").cloned() else { return Ok(()) };
    let rows = schema_rows::plain_rows(&mut *host.write(database)?, table.id)?;
    let mut schema = (*host.schema(database)).clone();
    schema.statistics = Default::default();
    for (_, row) in rows {
        let value = |i: usize| row.get(i).map_or(ValueRef::Null, Value::as_ref);
        schema.add_statistics(value(0), value(1), value(2));
    }
    host.write(database)?.set_schema(Arc::new(schema));
    Ok(())
}
