//! A random program: a schema, rows, and statements of every kind.

use super::rng::Rng;
use super::schema::Table;
use super::{Statement, alter, feature, mutate, query, schema, trigger, write};

/// The statements of a seed.
pub fn program(seed: u64) -> Vec<Statement> {
    within(seed, &["", "", "", "", "", "temp.", "aux."])
}

/// The statements of a seed that any connection to the same database may run.
pub fn shared_program(seed: u64) -> Vec<Statement> {
    let mut statements = within(seed, &[""]);
    statements.retain(|s| !s.sql.contains("TEMP TRIGGER"));
    statements
}

/// `databases`: one of them holds tables beside the main one.
fn within(seed: u64, databases: &[&'static str]) -> Vec<Statement> {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut found = Vec::new();
    for pragma in ["foreign_keys", "recursive_triggers", "defer_foreign_keys"] {
        if rng.one_in(if pragma.ends_with('s') { 3 } else { 20 }) {
            found.push(Statement::exact(format!("PRAGMA {pragma} = ON")));
        }
    }
    let mut tables = tables(rng, databases, &mut found);
    for serial in 0..12 + rng.below(20) {
        if rng.one_in(6) {
            let statement = feature::feature(rng, &mut tables, serial);
            let writes = !["SELECT", "WITH", "PRAGMA"].iter().any(|k| statement.sql.starts_with(k));
            found.push(statement);
            if writes {
                found.push(whole(&tables[rng.below(tables.len())]));
            }
            continue;
        }
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
        if rng.one_in(4) && mutate::can_mutate(&statement) {
            found.extend(mutate::mutate(rng, &statement));
        }
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

fn tables(rng: &mut Rng, databases: &[&'static str], found: &mut Vec<Statement>) -> Vec<Table> {
    let mut tables = Vec::new();
    let other = rng.pick(databases);
    if other == "aux." {
        found.push(Statement::exact("ATTACH ':memory:' AS aux".to_owned()));
    }
    for i in 0..1 + rng.below(3) {
        let database = if rng.one_in(2) { other } else { "" };
        let serial = if database.is_empty() || rng.one_in(2) { i } else { 0 };
        let name = format!("{database}t{serial}");
        if tables.iter().any(|t: &Table| t.name == name) {
            continue;
        }
        let (sql, table) = schema::table(rng, &name, &tables);
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
