//! Random tables, indexes, views and triggers.

use super::expr;
use super::rng::Rng;

/// What statements need to know of a table or view.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub columns: Vec<String>,
    /// Columns that can be given a value.
    pub writable: Vec<String>,
    /// Column lists that are unique, as an ON CONFLICT target.
    pub unique: Vec<String>,
    pub has_rowid: bool,
    pub is_view: bool,
}

const CONFLICTS: &[&str] = &["", "", "", "", " ON CONFLICT REPLACE", " ON CONFLICT IGNORE", " ON CONFLICT FAIL"];

/// `CREATE TABLE` of a new table; `others` may be named by foreign keys.
pub fn table(rng: &mut Rng, name: &str, others: &[Table]) -> (String, Table) {
    let count = 2 + rng.below(4);
    let columns: Vec<String> = (0..count).map(|i| ["a", "b", "c", "d", "e"][i].to_owned()).collect();
    let mut made = Table {
        name: name.to_owned(),
        columns,
        writable: Vec::new(),
        unique: Vec::new(),
        has_rowid: true,
        is_view: false,
    };
    let strict = rng.one_in(8);
    let key = rng.below(6);
    let mut parts = Vec::new();
    for (i, column) in made.columns.iter().enumerate() {
        let kind = match rng.below(7) {
            _ if strict => ["INTEGER", "TEXT", "REAL", "ANY", "BLOB"][rng.below(5)],
            0 => "",
            1 => "FLOATING POINT",
            _ => expr::type_name(rng),
        };
        let mut part = format!("{column} {kind}");
        if i == 0 && key == 0 {
            part = format!("{column} INTEGER PRIMARY KEY{}", if rng.one_in(3) { " AUTOINCREMENT" } else { "" });
            made.unique.push(column.clone());
        } else if i == 0 && key <= 2 {
            part += " PRIMARY KEY";
            made.has_rowid = key == 1;
            made.unique.push(column.clone());
        } else if i > 1 && i + 1 == count && rng.one_in(4) {
            let stored = if rng.one_in(2) { " STORED" } else { "" };
            part += &format!(" GENERATED ALWAYS AS ({}){stored}", expr::expr(rng, &made.columns[..1], 2));
            parts.push(part);
            continue;
        } else {
            part += &constraints(rng, column);
            if part.contains(" UNIQUE") {
                made.unique.push(column.clone());
            }
        }
        made.writable.push(column.clone());
        parts.push(part);
    }
    if rng.one_in(4) {
        parts.push(format!("UNIQUE(a, b){}", rng.pick(CONFLICTS)));
        made.unique.push("a, b".to_owned());
    }
    if rng.one_in(6) {
        parts.push(format!("CHECK({} <> 5)", made.columns[rng.below(count)]));
    }
    let parents: Vec<&Table> = others.iter().filter(|t| !t.is_view && !t.unique.is_empty()).collect();
    if !parents.is_empty() && rng.one_in(3) {
        let parent = parents[rng.below(parents.len())];
        let target = &parent.unique[rng.below(parent.unique.len())];
        let action = rng.pick(&[
            "",
            " ON DELETE CASCADE",
            " ON DELETE SET NULL",
            " ON UPDATE CASCADE",
            " DEFERRABLE INITIALLY DEFERRED",
        ]);
        let child = if target.contains(',') { "a, b" } else { "b" };
        parts.push(format!("FOREIGN KEY({child}) REFERENCES {}({target}){action}", parent.name));
    }
    let options = match (made.has_rowid, strict) {
        (true, false) => "",
        (true, true) => " STRICT",
        (false, false) => " WITHOUT ROWID",
        (false, true) => " WITHOUT ROWID, STRICT",
    };
    (format!("CREATE TABLE {name}({}){options}", parts.join(", ")), made)
}

fn constraints(rng: &mut Rng, column: &str) -> String {
    let mut text = String::new();
    if rng.one_in(6) {
        text += &format!(" NOT NULL{}", rng.pick(CONFLICTS));
    }
    if rng.one_in(6) {
        text += &format!(" UNIQUE{}", rng.pick(CONFLICTS));
    }
    if rng.one_in(5) {
        text += &format!(" DEFAULT {}", expr::value(rng));
    }
    if rng.one_in(4) {
        text += &format!(" COLLATE {}", expr::collation(rng));
    }
    if rng.one_in(12) {
        text += &format!(" CHECK({column} <> 11)");
    }
    text
}

pub fn index(rng: &mut Rng, name: &str, table: &Table) -> String {
    let unique = if rng.one_in(5) { "UNIQUE " } else { "" };
    let term = |rng: &mut Rng| {
        let mut term = match rng.below(6) {
            0 => format!("({})", expr::expr(rng, &table.columns, 1)),
            _ => table.columns[rng.below(table.columns.len())].clone(),
        };
        if rng.one_in(5) {
            term += &format!(" COLLATE {}", expr::collation(rng));
        }
        term + if rng.one_in(3) { " DESC" } else { "" }
    };
    let terms: Vec<String> = (0..1 + rng.below(3)).map(|_| term(rng)).collect();
    let partial = if rng.one_in(5) {
        let column = &table.columns[rng.below(table.columns.len())];
        format!(" WHERE {column} {}", rng.pick(&["IS NOT NULL", "> 3", "= 1"]))
    } else {
        String::new()
    };
    format!("CREATE {unique}INDEX {name} ON {}({}){partial}", table.name, terms.join(", "))
}

/// A trigger that writes into another table or sets something right.
pub fn trigger(rng: &mut Rng, name: &str, table: &Table, target: &Table) -> String {
    let event = rng.pick(&["INSERT", "UPDATE", "DELETE"]);
    let when = if table.is_view { "INSTEAD OF" } else { rng.pick(&["BEFORE", "AFTER"]) };
    let row = if event == "DELETE" { "old" } else { "new" };
    let scope: Vec<String> = table.columns.iter().map(|c| format!("{row}.{c}")).collect();
    let condition = if rng.one_in(3) { format!(" WHEN {}", expr::condition(rng, &scope, 1)) } else { String::new() };
    let value = expr::expr(rng, &scope, 1);
    let column = &target.writable[rng.below(target.writable.len())];
    let body = match rng.below(5) {
        0 => format!("INSERT OR IGNORE INTO {}({column}) VALUES ({value})", target.name),
        1 => format!("UPDATE OR IGNORE {} SET {column} = {value} WHERE {column} = 3", target.name),
        2 => format!("DELETE FROM {} WHERE {column} = {}", target.name, scope[0]),
        3 => format!("SELECT RAISE(IGNORE) WHERE {} = 4", scope[0]),
        _ => format!("SELECT RAISE(ABORT, 'no sixes') WHERE {} = 6", scope[0]),
    };
    format!("CREATE TRIGGER {name} {when} {event} ON {}{condition} BEGIN {body}; END", table.name)
}
