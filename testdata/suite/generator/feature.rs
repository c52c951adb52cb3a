//! Statements beside plain queries and writes: tables made of queries, hints, pragmas as tables, WITH before writes,
//! subqueries that read the table that is being written, views, triggers and tables that come and go.

use super::expr::{self, Names};
use super::rng::Rng;
use super::schema::{self, Table};
use super::{Compare, Statement, odd, trigger};

/// One of them; the list of tables goes on telling the truth.
pub fn feature(rng: &mut Rng, tables: &mut Vec<Table>, serial: usize) -> Statement {
    let i = rng.below(tables.len());
    let name = tables[i].name.clone();
    let column = expr::column(rng, &tables[i].columns.clone());
    let sql = match rng.below(20) {
        0 => return table_as(rng, tables, serial),
        1..3 => return pragma(rng, &tables[i]),
        3 => hinted(rng, &tables[i]),
        4 => with_write(rng, &tables[i], tables),
        5..8 => own_rows(rng, &tables[i]),
        8 => {
            let sql = format!(
                "SELECT x.{column}, j.key, j.value, j.type FROM {name} AS x, json_each(json_array(quote(x.{column}), 1, json('[2]'))) AS j"
            );
            return Statement::exact(sql);
        }
        9 => rows_compared(rng, &tables[i]),
        10 => {
            let (sql, view) = schema::view(rng, &format!("v{serial}"), &tables[i]);
            tables.push(view);
            sql
        }
        11 => {
            let target = &tables[rng.below(tables.len())];
            // Which of several temporary triggers of a table comes first hangs on a hash.
            trigger::trigger(rng, &format!("r{serial}"), &tables[i], target).replacen(" TEMP ", " ", 1)
        }
        // A view remembers its columns where a table of another database goes.
        12 if tables.len() > 2 && tables[i].database().is_empty() => {
            let gone = tables.remove(i);
            let kind = if gone.is_view { "VIEW" } else { "TABLE" };
            format!("DROP {kind} {}", gone.name)
        }
        13..16 => {
            let calls: Vec<String> =
                (0..4).map(|_| if rng.one_in(3) { odd::limits(rng) } else { odd::call(rng) }).collect();
            return Statement::new(format!("SELECT {}", calls.join(", ")), Compare::Same);
        }
        16 => aggregates(rng, &tables[i]),
        17 => format!(
            "SELECT {column} COLLATE {} AS k, count(*) FROM {name} GROUP BY k ORDER BY k COLLATE {}, 2",
            expr::collation(rng),
            expr::collation(rng)
        ),
        18 => format!(
            "WITH RECURSIVE c(n, k) AS (SELECT 0, {} UNION{} SELECT n + 1, x.{column} FROM c, {name} AS x WHERE n < 2 ORDER BY {} LIMIT {} OFFSET {}) SELECT n, count(*) FROM c GROUP BY n",
            expr::key(rng),
            rng.pick(&["", " ALL"]),
            rng.pick(&["1", "1 DESC", "2, 1", "2 DESC, 1", "1, 2 COLLATE NOCASE"]),
            rng.pick(&["-1", "9", "3", "0"]),
            rng.pick(&["0", "2", "-1"])
        ),
        _ => format!(
            "SELECT DISTINCT {column}, typeof({column}) FROM {name} ORDER BY 1 COLLATE {}, 2",
            expr::collation(rng)
        ),
    };
    let compare = if sql.starts_with("SELECT") { Compare::Loose } else { Compare::Rows };
    Statement::new(sql, compare)
}

fn table_as(rng: &mut Rng, tables: &mut Vec<Table>, serial: usize) -> Statement {
    let from = tables[rng.below(tables.len())].clone();
    let (x, y) = (expr::expr(rng, &from.columns, 1), expr::column(rng, &from.columns));
    let name = format!("c{serial}");
    let order: Vec<String> = (1..=3).map(|i| i.to_string()).collect();
    let sql = format!(
        "CREATE TABLE {name} AS SELECT {x} AS a, {y}, {y} AS \"b c\" FROM {} ORDER BY {} LIMIT 5",
        from.name,
        order.join(", ")
    );
    let columns = vec!["a".to_owned(), "\"b c\"".to_owned()];
    tables.push(Table {
        name,
        writable: columns.clone(),
        columns,
        unique: Vec::new(),
        has_rowid: true,
        is_view: false,
        is_indexed: false,
    });
    Statement::exact(sql)
}

fn pragma(rng: &mut Rng, table: &Table) -> Statement {
    let name = table.bare();
    let sql = match rng.below(8) {
        0 => format!("SELECT * FROM pragma_table_xinfo('{name}')"),
        1 => format!("SELECT l.*, i.* FROM pragma_index_list('{name}') AS l, pragma_index_xinfo(l.name) AS i"),
        2 => format!("SELECT * FROM pragma_foreign_key_list('{name}')"),
        3 => "SELECT m.type, m.name, p.cid, p.name, p.type, p.dflt_value FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table'".to_owned(),
        4 => "SELECT schema, name, type, ncol, wr, strict FROM pragma_table_list".to_owned(),
        5 => format!("PRAGMA {}table_info({name})", table.database()),
        6 => "SELECT type, name, tbl_name, sql, rootpage > 0 FROM sqlite_schema".to_owned(),
        _ => format!("SELECT count(*), max(name) FROM pragma_table_info('{name}', '{}')", rng.pick(&["main", "temp", "aux"])),
    };
    Statement::new(sql, Compare::Rows)
}

fn hinted(rng: &mut Rng, table: &Table) -> String {
    let hint = format!("INDEXED BY {}", rng.pick(&["i0", "i1", "i2", "sqlite_autoindex_t0_1"]));
    let filter = expr::condition(rng, &table.columns, 1);
    let name = &table.name;
    match rng.below(4) {
        0 => format!("SELECT count(*) FROM {name} {hint} WHERE {filter}"),
        1 => format!("UPDATE {name} {hint} SET {} = 4 WHERE {filter}", table.writable[0]),
        2 => format!("DELETE FROM {name} {hint} WHERE {filter} AND {} = 2", table.columns[0]),
        _ => format!("SELECT * FROM {name} AS x {hint} WHERE {filter}"),
    }
}

fn with_write(rng: &mut Rng, table: &Table, tables: &[Table]) -> String {
    let other = &tables[rng.below(tables.len())];
    let (k, column) = (expr::column(rng, &other.columns), &table.writable[rng.below(table.writable.len())]);
    let filter = expr::condition(rng, &other.columns, 1);
    let with = format!("WITH w(k) AS (SELECT {k} FROM {} WHERE {filter})", other.name);
    let name = &table.name;
    match rng.below(4) {
        0 => format!("{with} DELETE FROM {name} WHERE {column} IN w"),
        1 => {
            format!("{with} UPDATE {name} SET {column} = (SELECT count(*) FROM w) WHERE {column} IN (SELECT k FROM w)")
        }
        2 => {
            format!("{with} INSERT OR IGNORE INTO {name}({column}) SELECT DISTINCT quote(k) FROM w ORDER BY 1 LIMIT 3")
        }
        _ => format!("{with} UPDATE {name} SET {column} = n FROM (SELECT count(*) AS n FROM w) WHERE {column} = 3"),
    }
}

/// Writes whose subqueries read the written table. Rows are visited in the order of the table.
fn own_rows(rng: &mut Rng, table: &Table) -> String {
    let (name, bare) = (&table.name, table.bare());
    let x = expr::column(rng, &table.columns);
    let column = &table.writable[rng.below(table.writable.len())];
    let filter = rng.pick(&["=", "<=", "IS", ">"]);
    let query = match rng.below(4) {
        0 => format!("(SELECT count(*) FROM {name} AS s WHERE s.{x} {filter} {bare}.{x})"),
        1 => format!("(SELECT count({column}) FROM {name} AS s)"),
        2 => format!(
            "(SELECT group_concat(quote(s.{column})) FROM (SELECT {column} FROM {name} ORDER BY quote({column})) AS s)"
        ),
        _ => format!("EXISTS (SELECT 1 FROM {name} AS s WHERE s.{column} = {bare}.{x})"),
    };
    match rng.below(5) {
        0..2 => format!("UPDATE {name} SET {column} = {query}"),
        2 if !table.is_view => {
            format!("UPDATE {name} SET {column} = {x} RETURNING {}, {column}", query.replace(&format!("{bare}."), ""))
        }
        3 if !table.is_view => format!("DELETE FROM {name} WHERE {query} RETURNING (SELECT count(*) FROM {name})"),
        3 => format!("DELETE FROM {name} WHERE {query}"),
        _ if !table.unique.is_empty() => format!(
            "INSERT INTO {name}({column}) VALUES ({}), ({}), ({}) ON CONFLICT({}) DO UPDATE SET {column} = (SELECT count(*) FROM {name})",
            expr::key(rng),
            expr::key(rng),
            expr::key(rng),
            table.unique[0]
        ),
        _ => format!(
            "INSERT INTO {name}({column}) VALUES ((SELECT count(*) FROM {name})), ((SELECT count(*) FROM {name}))"
        ),
    }
}

fn rows_compared(rng: &mut Rng, table: &Table) -> String {
    let mut c = || expr::column(rng, &table.columns);
    let (a, b, d, e) = (c(), c(), c(), c());
    let (x, y) = (expr::key(rng), expr::key(rng));
    let name = &table.name;
    let sign = rng.pick(&["=", "<", "<=", ">", ">=", "<>", "IS", "IS NOT"]);
    match rng.below(5) {
        0 => format!("SELECT ({a}, {b}) {sign} ({d}, {e}), ({a}, {b}, 1) {sign} ({x}, {y}, 1) FROM {name}"),
        1 => format!("SELECT {a}, {b} FROM {name} WHERE ({a}, {b}) {sign} ({x}, {y})"),
        2 => format!("SELECT {a}, {b} FROM {name} WHERE ({a}, {b}) {sign} (SELECT max({d}), min({e}) FROM {name})"),
        3 => format!("SELECT ({a}, {b}) BETWEEN ({x}, {y}) AND ({d}, {e}) FROM {name}"),
        _ => format!("SELECT CASE ({a}, {b}) WHEN ({x}, {y}) THEN 1 WHEN ({d}, {e}) THEN 2 END FROM {name}"),
    }
}

fn aggregates(rng: &mut Rng, table: &Table) -> String {
    let column = expr::column(rng, &table.columns);
    let names = Names { columns: &table.columns, tables: &[] };
    let filter = expr::filter(rng, names, 1);
    format!(
        "SELECT string_agg(quote({column}), '+' ORDER BY quote({column})), count(DISTINCT {column} COLLATE NOCASE), group_concat(quote({column}), '-' ORDER BY quote({column}) DESC) FILTER (WHERE {filter}), json_group_object(quote({column}), 1) IS NULL, total(length({column})), min({column}) FILTER (WHERE {column} > 2) FROM {}",
        table.name
    )
}
