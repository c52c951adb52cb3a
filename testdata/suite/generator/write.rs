//! Random INSERT, UPDATE, DELETE, and what surrounds them: transactions, schema changes, pragmas.

use super::expr;
use super::rng::Rng;
use super::schema::{self, Table};
use super::{Compare, Statement};

fn or(rng: &mut Rng) -> &'static str {
    rng.pick(&["", "", "", "OR IGNORE ", "OR REPLACE ", "OR FAIL ", "OR ROLLBACK ", "OR ABORT "])
}

fn returning(rng: &mut Rng, table: &Table) -> String {
    if rng.one_in(5) && !table.is_view {
        format!(" RETURNING {}, *", expr::expr(rng, &table.columns, 1))
    } else {
        String::new()
    }
}

pub fn insert(rng: &mut Rng, table: &Table, tables: &[Table]) -> Statement {
    let columns: Vec<String> = match rng.below(4) {
        0 => vec![table.writable[rng.below(table.writable.len())].clone()],
        _ => table.writable.clone(),
    };
    let names = columns.join(", ");
    if rng.one_in(12) {
        return Statement::exact(format!("INSERT {}INTO {} DEFAULT VALUES", or(rng), table.name));
    }
    let source = if rng.one_in(8) {
        let other = &tables[rng.below(tables.len())];
        let values: Vec<String> = columns.iter().map(|_| expr::expr(rng, &other.columns, 1)).collect();
        // The order in which rows are inserted is told by ORDER BY; ties have equal rows.
        let order: Vec<String> = (1..=columns.len()).map(|i| i.to_string()).collect();
        format!("SELECT {} FROM {} WHERE true ORDER BY {} LIMIT 6", values.join(", "), other.name, order.join(", "))
    } else {
        let row = |rng: &mut Rng| {
            let values: Vec<String> = columns.iter().map(|_| expr::key(rng)).collect();
            format!("({})", values.join(", "))
        };
        let rows: Vec<String> = (0..[1, 1, 2, 4, 9][rng.below(5)]).map(|_| row(rng)).collect();
        format!("VALUES {}", rows.join(", "))
    };
    let upsert = if !table.unique.is_empty() && rng.one_in(5) {
        let target = &table.unique[rng.below(table.unique.len())];
        let column = &table.writable[rng.below(table.writable.len())];
        match rng.below(4) {
            0 => " ON CONFLICT DO NOTHING".to_owned(),
            1 => format!(" ON CONFLICT({target}) DO NOTHING"),
            2 => format!(" ON CONFLICT({target}) DO UPDATE SET {column} = excluded.{column}"),
            _ => format!(
                " ON CONFLICT({target}) DO UPDATE SET {column} = {column} || 'u' WHERE excluded.{column} IS NOT 2"
            ),
        }
    } else {
        String::new()
    };
    let verb = if upsert.is_empty() { format!("INSERT {}INTO", or(rng)) } else { "INSERT INTO".to_owned() };
    Statement::exact(format!("{verb} {}({names}) {source}{upsert}{}", table.name, returning(rng, table)))
}

pub fn update(rng: &mut Rng, table: &Table, tables: &[Table]) -> Statement {
    let mut sets = Vec::new();
    for column in &table.writable {
        if sets.is_empty() || rng.one_in(4) {
            sets.push(format!(
                "{column} = {}",
                if rng.one_in(2) { expr::key(rng) } else { expr::expr(rng, &table.columns, 1) }
            ));
        }
    }
    if sets.len() == 1 && rng.one_in(4) && table.writable.len() > 1 {
        sets = vec![format!("({}, {}) = (SELECT 1, {})", table.writable[0], table.writable[1], expr::value(rng))];
    }
    let mut filter =
        if rng.one_in(8) { String::new() } else { format!(" WHERE {}", expr::condition(rng, &table.columns, 1)) };
    if rng.one_in(10) && !table.is_view {
        let other = &tables[rng.below(tables.len())];
        filter = format!(
            " FROM (SELECT {} AS k, count(*) AS n FROM {} GROUP BY 1) AS f WHERE f.k = {}.{}",
            other.columns[0], other.name, table.name, table.columns[0]
        );
    }
    Statement::exact(format!(
        "UPDATE {}{} SET {}{filter}{}",
        or(rng),
        table.name,
        sets.join(", "),
        returning(rng, table)
    ))
}

pub fn delete(rng: &mut Rng, table: &Table) -> Statement {
    let filter =
        if rng.one_in(12) { String::new() } else { format!(" WHERE {}", expr::condition(rng, &table.columns, 1)) };
    Statement::exact(format!("DELETE FROM {}{filter}{}", table.name, returning(rng, table)))
}

pub fn transaction(rng: &mut Rng) -> Statement {
    let sql = rng.pick(&[
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "SAVEPOINT t",
        "RELEASE s",
        "ROLLBACK TO s",
        "ROLLBACK TO t",
        "COMMIT",
    ]);
    Statement::exact(sql.to_owned())
}

/// A change of the schema. The list of tables goes on telling the truth for most statements; the others fail alike.
pub fn alter(rng: &mut Rng, tables: &mut [Table], serial: usize) -> Statement {
    let i = rng.below(tables.len());
    let table = &tables[i];
    if table.is_view {
        return Statement::exact(format!("PRAGMA table_xinfo({})", table.name));
    }
    let name = table.name.clone();
    let column = table.writable[rng.below(table.writable.len())].clone();
    let sql = match rng.below(9) {
        0 => {
            let default = expr::value(rng);
            tables[i].columns.push(format!("n{serial}"));
            tables[i].writable.push(format!("n{serial}"));
            format!("ALTER TABLE {name} ADD COLUMN n{serial} {} DEFAULT {default}", expr::type_name(rng))
        }
        1 => format!("ALTER TABLE {name} RENAME COLUMN {column} TO {column}"),
        2 => format!("DROP INDEX IF EXISTS i{}", rng.below(4)),
        3 => schema::index(rng, &format!("i{serial}"), table),
        4 => format!("REINDEX {name}"),
        5 => format!("PRAGMA index_list({name})"),
        6 => format!("PRAGMA table_xinfo({name})"),
        7 => "SELECT type, name, tbl_name, sql FROM sqlite_schema".to_owned(),
        _ => "PRAGMA foreign_key_check".to_owned(),
    };
    Statement { sql, compare: Compare::Rows }
}
