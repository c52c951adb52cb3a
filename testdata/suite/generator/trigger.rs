//! Random triggers.

use super::expr;
use super::rng::Rng;
use super::schema::Table;

/// A trigger that writes into another table or sets something right.
pub fn trigger(rng: &mut Rng, name: &str, table: &Table, target: &Table) -> String {
    let event = rng.pick(&["INSERT", "UPDATE", "DELETE"]);
    let when = if table.is_view { "INSTEAD OF" } else { rng.pick(&["BEFORE", "AFTER", "AFTER"]) };
    let of = match event {
        "UPDATE" if rng.one_in(3) => format!(" OF {}", table.columns[rng.below(table.columns.len())]),
        _ => String::new(),
    };
    let mut scope: Vec<String> = Vec::new();
    if event != "DELETE" {
        // SQLite computes new.c before an UPDATE without the columns that nobody names.
        let early = when == "BEFORE" && event == "UPDATE";
        let seen = if early { &table.writable } else { &table.columns };
        scope.extend(seen.iter().map(|c| format!("new.{c}")));
    }
    if event != "INSERT" {
        scope.extend(table.columns.iter().map(|c| format!("old.{c}")));
    }
    let condition = if rng.one_in(3) { format!(" WHEN {}", expr::condition(rng, &scope, 1)) } else { String::new() };
    let body: Vec<String> = (0..1 + rng.below(2)).map(|_| step(rng, &scope, target)).collect();
    let each = rng.pick(&["", " FOR EACH ROW"]);
    // A temporary trigger may write into other databases.
    let temporary = table.database() == target.database() && rng.one_in(6);
    let (kind, database) = if temporary { ("TEMP TRIGGER", "") } else { ("TRIGGER", table.database()) };
    // RETURNING is a temporary trigger in SQLite: which of them comes first hangs on a hash.
    let body: Vec<String> = match kind {
        "TRIGGER" if table.database() != "temp." => body,
        _ => body.iter().map(|step| step.replace("RAISE(IGNORE)", "RAISE(ABORT, 'ignored')")).collect(),
    };
    let on = if temporary { &table.name } else { table.bare() };
    format!("CREATE {kind} {database}{name} {when} {event}{of} ON {on}{each}{condition} BEGIN {}; END", body.join("; "))
}

fn step(rng: &mut Rng, scope: &[String], target: &Table) -> String {
    let value = expr::expr(rng, scope, 1);
    let column = &target.writable[rng.below(target.writable.len())];
    let or = rng.pick(&["", " OR IGNORE", " OR IGNORE", " OR REPLACE", " OR FAIL"]);
    let name = target.bare();
    match rng.below(13) {
        8 => format!(
            "UPDATE{or} {name} SET {column} = f.n FROM (SELECT count(*) AS n, {} AS k) AS f WHERE {column} = f.k",
            scope[0]
        ),
        9 => format!("DELETE FROM {name} WHERE {column} IN (SELECT {column} FROM {name} ORDER BY 1 LIMIT 1)"),
        10 => format!(
            "SELECT CASE WHEN {} = 7 THEN RAISE({}, 'no ' || {}) END",
            scope[0],
            rng.pick(&["ABORT", "FAIL", "IGNORE"]).replace("IGNORE", "ABORT"),
            scope[0]
        ),
        11 if target.writable.len() > 1 => format!(
            "UPDATE{or} {name} SET ({}, {}) = (SELECT {value}, 8) WHERE {column} IS {}",
            target.writable[0], target.writable[1], scope[0]
        ),
        12 => format!("DELETE FROM {name} WHERE {column} IS {}", scope[scope.len() - 1]),
        0 => format!("INSERT{or} INTO {name}({column}) VALUES ({value})"),
        1 => format!("UPDATE{or} {name} SET {column} = {value} WHERE {column} = 3"),
        2 => format!("DELETE FROM {name} WHERE {column} = {}", scope[0]),
        3 => format!("SELECT RAISE(IGNORE) WHERE {} = 4", scope[0]),
        4 => format!("SELECT RAISE({}, 'no sixes') WHERE {} = 6", rng.pick(&["ABORT", "FAIL", "ROLLBACK"]), scope[0]),
        5 => format!(
            "INSERT{or} INTO {name}({column}) SELECT {column} FROM {name} WHERE {column} = {value} ORDER BY 1 LIMIT 1"
        ),
        6 if !target.unique.is_empty() => {
            format!(
                "INSERT INTO {name}({column}) VALUES ({value}) ON CONFLICT DO UPDATE SET {column} = excluded.{column} || '+'"
            )
        }
        _ => format!(
            "UPDATE {name} SET {column} = {column} + 1 WHERE {column} IS {} AND typeof({column}) = 'integer'",
            scope[0]
        ),
    }
}
