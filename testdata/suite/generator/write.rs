//! Random INSERT, UPDATE, DELETE and transactions.

use super::expr::{self, Names};
use super::rng::Rng;
use super::schema::Table;
use super::{Compare, Statement};

fn or(rng: &mut Rng) -> &'static str {
    rng.pick(&["", "", "", "", "OR IGNORE ", "OR REPLACE ", "OR FAIL ", "OR ROLLBACK ", "OR ABORT "])
}

fn returning(rng: &mut Rng, table: &Table) -> String {
    if rng.one_in(5) && !table.is_view {
        format!(" RETURNING {}, *", expr::expr(rng, &table.columns, 1))
    } else {
        String::new()
    }
}

/// In RETURNING, SQLite shows some reals as the integers that it stores.
fn written(sql: String) -> Statement {
    let compare = if sql.contains(" RETURNING ") { Compare::Loose } else { Compare::Rows };
    Statement::new(sql, compare)
}

fn rows(rng: &mut Rng, width: usize) -> String {
    let row = |rng: &mut Rng| {
        let values: Vec<String> = (0..width).map(|_| expr::key(rng)).collect();
        format!("({})", values.join(", "))
    };
    let rows: Vec<String> = (0..[1, 1, 2, 4, 9][rng.below(5)]).map(|_| row(rng)).collect();
    format!("VALUES {}", rows.join(", "))
}

pub fn insert(rng: &mut Rng, table: &Table, tables: &[Table]) -> Statement {
    let columns: Vec<String> = match rng.below(5) {
        0 => vec![table.writable[rng.below(table.writable.len())].clone()],
        1 => table.writable.iter().rev().cloned().collect(),
        _ => table.writable.clone(),
    };
    let names = columns.join(", ");
    if rng.one_in(16) {
        let sql = format!("INSERT {}INTO {} DEFAULT VALUES{}", or(rng), table.name, returning(rng, table));
        return written(sql);
    }
    let upsert = if !table.unique.is_empty() && rng.one_in(4) { upsert(rng, table) } else { String::new() };
    let source = match rng.below(10) {
        0 => {
            let other = &tables[rng.below(tables.len())];
            let values: Vec<String> = columns.iter().map(|_| expr::expr(rng, &other.columns, 1)).collect();
            // The order in which rows are inserted is told by ORDER BY; ties have equal rows.
            let order: Vec<String> = (1..=columns.len()).map(|i| i.to_string()).collect();
            let (values, order) = (values.join(", "), order.join(", "));
            // The triggers of an UPSERT's update may write what the SELECT still reads.
            let own = if other.is_indexed || !upsert.is_empty() { "" } else { rng.pick(&["", "SELECT * FROM "]) };
            match own {
                "" => format!("SELECT {values} FROM {} WHERE true ORDER BY {order} LIMIT 6", other.name),
                _ => format!("SELECT {values} FROM {} WHERE true LIMIT 6", other.name),
            }
        }
        1 => {
            let value = expr::any(rng, Names { columns: &[], tables }, 2);
            let others: Vec<String> = columns[1..].iter().map(|_| expr::key(rng)).collect();
            format!("VALUES ({})", [vec![value], others].concat().join(", "))
        }
        _ => rows(rng, columns.len()),
    };
    let with = if rng.one_in(20) { "WITH w AS (SELECT 1) " } else { "" };
    let verb = match rng.below(12) {
        0 if upsert.is_empty() => "REPLACE INTO".to_owned(),
        1 if upsert.is_empty() && table.has_rowid && !table.is_view && !names.contains("a") => {
            let sql = format!(
                "INSERT {}INTO {}(rowid, {names}) VALUES ({}, {})",
                or(rng),
                table.name,
                rng.below(9),
                vec!["1"; columns.len()].join(", ")
            );
            return Statement::exact(sql);
        }
        _ => format!("INSERT {}INTO", or(rng)),
    };
    let sql = format!("{with}{verb} {}({names}) {source}{upsert}{}", table.name, returning(rng, table));
    written(sql)
}

fn upsert(rng: &mut Rng, table: &Table) -> String {
    let mut text = String::new();
    for _ in 0..1 + rng.below(2) {
        let target = &table.unique[rng.below(table.unique.len())];
        let column = &table.writable[rng.below(table.writable.len())];
        let other = &table.writable[rng.below(table.writable.len())];
        text += &match rng.below(6) {
            0 => return text + " ON CONFLICT DO NOTHING",
            1 => return format!("{text} ON CONFLICT DO UPDATE SET {column} = excluded.{column}, {other} = 1"),
            2 => format!(" ON CONFLICT({target}) DO NOTHING"),
            3 => format!(" ON CONFLICT({target}) DO UPDATE SET {column} = excluded.{column}"),
            4 => format!(" ON CONFLICT({target}) DO UPDATE SET {column} = {column} || 'u', {other} = 7"),
            _ => format!(
                " ON CONFLICT({target}) DO UPDATE SET {column} = {column} || 'u' WHERE excluded.{column} IS NOT NULL"
            ),
        };
    }
    text
}

pub fn update(rng: &mut Rng, table: &Table, tables: &[Table]) -> Statement {
    let names = Names { columns: &table.columns, tables: if table.is_indexed { &[] } else { tables } };
    let mut sets = Vec::new();
    for column in &table.writable {
        if sets.is_empty() || rng.one_in(4) {
            let value = match rng.below(3) {
                0 => expr::key(rng),
                1 => format!("{column} {} 1", rng.pick(&["+", "-", "||"])),
                _ => expr::any(rng, names, 2),
            };
            sets.push(format!("{column} = {value}"));
        }
    }
    if sets.len() == 1 && rng.one_in(4) && table.writable.len() > 1 {
        let (a, b) = (&table.writable[0], &table.writable[1]);
        sets = vec![match rng.below(2) {
            0 => format!("({a}, {b}) = (SELECT 1, {})", expr::value(rng)),
            _ => format!("({a}, {b}) = ({b}, {a})"),
        }];
    }
    let mut filter = if rng.one_in(8) {
        String::new()
    } else {
        format!(" WHERE {}", expr::filter(rng, Names { columns: &table.columns, tables }, 1))
    };
    if rng.one_in(10) && !table.is_view && !table.unique.is_empty() && !table.unique[0].contains(',') {
        // Each row of the table meets at most one of the other's, which is itself.
        let (key, other) = (&table.unique[0], rng.pick(&["JOIN", "LEFT JOIN"]));
        let column = &table.writable[table.writable.len() - 1];
        sets = vec![format!("{column} = f.{column} || f.{key}")];
        filter = format!(
            " FROM {0} AS f {other} (SELECT 3 AS three) AS g ON g.three <> f.{key} WHERE f.{key} = {1}.{key} AND f.rowid = {1}.rowid",
            table.name,
            table.bare()
        );
    } else if rng.one_in(10) && !table.is_view {
        let other = &tables[rng.below(tables.len())];
        filter = format!(
            " FROM (SELECT {} AS k, count(*) AS n FROM {} GROUP BY 1) AS f WHERE f.k = {}.{}",
            other.columns[0],
            other.name,
            table.bare(),
            table.columns[0]
        );
        if rng.one_in(2) {
            sets = vec![format!("{} = f.n", table.writable[table.writable.len() - 1])];
        }
    }
    written(format!("UPDATE {}{} SET {}{filter}{}", or(rng), table.name, sets.join(", "), returning(rng, table)))
}

fn hint(rng: &mut Rng) -> &'static str {
    rng.pick(&["", "", "", "", "", "", "", " NOT INDEXED", " AS x0"])
}

pub fn delete(rng: &mut Rng, table: &Table, tables: &[Table]) -> Statement {
    let filter = if rng.one_in(12) {
        String::new()
    } else {
        format!(" WHERE {}", expr::filter(rng, Names { columns: &table.columns, tables }, 1))
    };
    let hint = if table.is_view { "" } else { hint(rng) };
    written(format!("DELETE FROM {}{hint}{filter}{}", table.name, returning(rng, table)))
}

pub fn transaction(rng: &mut Rng) -> Statement {
    let sql = rng.pick(&[
        "BEGIN",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "BEGIN EXCLUSIVE",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT s",
        "SAVEPOINT t",
        "SAVEPOINT S",
        "RELEASE s",
        "ROLLBACK TO s",
        "ROLLBACK TO t",
        "RELEASE SAVEPOINT t",
        "COMMIT",
    ]);
    Statement::exact(sql.to_owned())
}

/// What a connection tells of itself in SQL. (SQLite notes tables that triggers might have written to, with 0.)
pub fn told(rng: &mut Rng) -> Statement {
    let sql = rng.pick(&[
        "SELECT changes(), total_changes(), last_insert_rowid()",
        "PRAGMA foreign_key_check",
        "PRAGMA integrity_check",
        "PRAGMA quick_check",
        "SELECT type, name, tbl_name, sql FROM sqlite_schema",
        "SELECT name, seq FROM sqlite_sequence WHERE seq > 0",
        "PRAGMA table_list",
    ]);
    Statement::new(sql.to_owned(), Compare::Rows)
}
