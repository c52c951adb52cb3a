//! A random program: a schema, rows, and statements of every kind.

use super::rng::Rng;
use super::schema::Table;
use super::{Statement, alter, query, schema, trigger, write};

/// The statements of a seed.
pub fn program(seed: u64) -> Vec<Statement> {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut found = Vec::new();
    for pragma in ["foreign_keys", "recursive_triggers"] {
        if rng.one_in(3) {
            found.push(Statement::exact(format!("PRAGMA {pragma} = ON")));
        }
    }
    let mut tables = tables(rng, &mut found);
    for serial in 0..12 + rng.below(20) {
        let i = rng.below(tables.len());
        let statement = match rng.below(22) {
            0..9 => query::select(rng, &tables),
            9..12 => write::insert(rng, &tables[i], &tables),
            12..15 => write::update(rng, &tables[i], &tables),
            15..17 => write::delete(rng, &tables[i], &tables),
            17..19 => write::transaction(rng),
            19 => write::told(rng),
            20 if rng.one_in(2) => alter::alter(rng, &mut tables, serial),
            _ => query::select(rng, &tables),
        };
        let writes = !["SELECT", "WITH RECURSIVE", "PRAGMA"].iter().any(|k| statement.sql.starts_with(k));
        found.push(statement);
        if writes {
            found.push(whole(&tables[i]));
        }
    }
    if rng.one_in(6) {
        found.iter_mut().for_each(|s| s.session = usize::from(rng.one_in(3)));
    }
    found.extend(tables.iter().map(whole));
    found.push(Statement::exact("PRAGMA integrity_check".to_owned()));
    found
}

fn whole(table: &Table) -> Statement {
    let rowid = if table.has_rowid { "rowid, " } else { "" };
    Statement::exact(format!("SELECT {rowid}* FROM {}", table.name))
}

fn tables(rng: &mut Rng, found: &mut Vec<Statement>) -> Vec<Table> {
    let mut tables = Vec::new();
    for i in 0..1 + rng.below(3) {
        let (sql, table) = schema::table(rng, &format!("t{i}"), &tables);
        found.push(Statement::exact(sql));
        tables.push(table);
    }
    for i in 0..[0, 0, 1, 2, 3][rng.below(5)] {
        let at = rng.below(tables.len());
        found.push(Statement::exact(schema::index(rng, &format!("i{i}"), &mut tables[at])));
    }
    for _ in 0..3 + rng.below(4) {
        let i = rng.below(tables.len());
        found.push(write::insert(rng, &tables[i], &tables));
    }
    if rng.one_in(3) {
        let at = rng.below(tables.len());
        let (sql, view) = schema::view(rng, "v", &tables[at]);
        found.push(Statement::exact(sql));
        tables.push(view);
    }
    if rng.one_in(3) {
        for i in 0..1 + rng.below(2) {
            let table = &tables[rng.below(tables.len())];
            let target = &tables[rng.below(tables.len())];
            found.push(Statement::exact(trigger::trigger(rng, &format!("r{i}"), table, target)));
        }
    }
    tables
}
