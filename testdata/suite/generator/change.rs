//! Random ALTER TABLE of every form over schemas whose views, triggers, indexes, keys and generated columns name what is
//! changed, in many spellings. The texts of all schemas are compared after each change.

use super::rng::Rng;
use super::{Compare, Statement};

const TABLES: &[&str] =
    &["t0", "t1", "T2", "\"t 3\"", "[t4]", "new", "t1x", "v0", "temp.t5", "aux.t0", "sqlite_x", "t9"];
const COLUMNS: &[&str] = &["a", "b", "c", "d", "\"a b\"", "[c d]", "A", "rowid", "`e`", "\"f\"", "old", "nope", "x"];
const TYPES: &[&str] =
    &["INT", "TEXT", "", "REAL", "BLOB", "NUMERIC", "INTEGER", "ANY", "VARCHAR(10, 2)", "\"odd type\""];
const SCHEMAS: &str = "SELECT 'main', type, name, tbl_name, sql FROM main.sqlite_schema UNION ALL \
     SELECT 'temp', type, name, tbl_name, sql FROM temp.sqlite_schema UNION ALL \
     SELECT 'aux', type, name, tbl_name, sql FROM aux.sqlite_schema";

/// An expression over the columns of a table called `table`, which may be left out, quoted or spelled otherwise.
fn expr(rng: &mut Rng, table: &str) -> String {
    let one = |rng: &mut Rng| {
        let column = rng.pick(&["a", "b", "c", "A", "\"b\"", "[c]", "`a`", "B"]);
        match rng.below(4) {
            0 if !table.is_empty() => format!("{table}.{column}"),
            1 if !table.is_empty() => format!("{}.{column}", table.to_uppercase()),
            _ => column.to_owned(),
        }
    };
    match rng.below(9) {
        0 => format!("{} + {}", one(rng), one(rng)),
        1 => format!("CASE WHEN {} THEN {} ELSE 'a' END", one(rng), one(rng)),
        2 => format!("{} IN (1, {}, 'b')", one(rng), one(rng)),
        3 => format!("coalesce({}, {}, \"a\")", one(rng), one(rng)),
        4 => format!("{} COLLATE NOCASE", one(rng)),
        5 => format!("{} /* a, b */ || 'c'", one(rng)),
        6 => format!("({}) IS NOT {}", one(rng), one(rng)),
        7 => format!("CAST({} AS TEXT) LIKE '%a'", one(rng)),
        _ => one(rng),
    }
}

fn table(rng: &mut Rng, name: &str) -> String {
    let column = |rng: &mut Rng, name: &str| {
        let more = match rng.below(9) {
            0 => " NOT NULL DEFAULT 1".to_owned(),
            1 => " UNIQUE".to_owned(),
            2 => format!(" CHECK({})", expr(rng, "").replace("\"a\"", "a")),
            3 => format!(
                " REFERENCES {}({}) ON DELETE CASCADE",
                rng.pick(&["t0", "\"t1\"", "T2"]),
                rng.pick(&["a", "B"])
            ),
            4 => " DEFAULT 'a' COLLATE NOCASE".to_owned(),
            5 => " CONSTRAINT k DEFAULT (1 + 2)".to_owned(),
            _ => String::new(),
        };
        format!("{name} {}{more}", rng.pick(TYPES))
    };
    let key = rng.pick(&["a INTEGER PRIMARY KEY", "a PRIMARY KEY", "a", "\"a\" TEXT UNIQUE"]);
    let mut parts = vec![key.to_owned(), column(rng, "b"), column(rng, "c")];
    if rng.one_in(2) {
        let name = other_name(rng);
        parts.push(column(rng, name));
    }
    if rng.one_in(3) {
        let kind = rng.pick(&["", " STORED", " VIRTUAL"]);
        parts.push(format!("g AS ({}){kind}", expr(rng, "").replace("\"a\"", "a")));
    }
    if rng.one_in(4) {
        parts.push(format!("CONSTRAINT ck CHECK({})", expr(rng, name)));
    }
    if rng.one_in(4) {
        parts.push(format!("FOREIGN KEY(b, \"c\") REFERENCES {}(a, b)", rng.pick(&["t0", "T1", "t2"])));
    }
    if rng.one_in(5) {
        parts.push("UNIQUE(b, c COLLATE NOCASE)".to_owned());
    }
    let options = if key.contains("PRIMARY") { rng.pick(&["", "", " WITHOUT ROWID"]) } else { "" };
    format!("CREATE TABLE {name}({}){options}", parts.join(rng.pick(&[", ", ",\n  ", " , "])))
}

fn other_name(rng: &mut Rng) -> &'static str {
    rng.pick(&["d", "\"a b\"", "[c d]", "old", "x"])
}

fn index(rng: &mut Rng, serial: usize) -> String {
    let table = rng.pick(&["t0", "t1", "t2", "aux.t0"]);
    let (database, table) = table.split_once('.').map_or(("", table), |(_, t)| ("aux.", t));
    let term = match rng.below(3) {
        0 => format!("({})", expr(rng, "")),
        _ => rng.pick(&["a", "\"B\"", "c DESC", "b COLLATE RTRIM"]).to_owned(),
    };
    let filter = if rng.one_in(3) { format!(" WHERE {}", expr(rng, "")) } else { String::new() };
    let unique = if rng.one_in(5) { "UNIQUE " } else { "" };
    format!("CREATE {unique}INDEX {database}i{serial} ON {table}({term}, {}){filter}", rng.pick(&["a", "b", "c"]))
}

fn select(rng: &mut Rng) -> String {
    let (x, y) = (rng.pick(&["t0", "t1", "T2", "main.t1"]), rng.pick(&["t0", "t1", "\"t2\""]));
    let bare = x.rsplit('.').next().unwrap_or(x);
    match rng.below(9) {
        0 => format!("SELECT * FROM {x}"),
        1 => format!("SELECT {} FROM {x} AS z WHERE {}", expr(rng, "z"), expr(rng, "z")),
        2 => format!("SELECT {bare}.a, {} AS b FROM {x} ORDER BY b, {bare}.c", expr(rng, bare)),
        3 => format!("SELECT p.a, q.b FROM {x} AS p JOIN {y} AS q ON p.a = q.b AND {}", expr(rng, "q")),
        4 => format!("SELECT a, b FROM {x} JOIN {y} USING (a, b)"),
        5 => format!(
            "WITH w(a, k) AS (SELECT a, {} FROM {x}) SELECT a, k FROM w, {y} AS s WHERE s.b = w.a",
            expr(rng, "")
        ),
        6 => format!("SELECT a FROM {x} WHERE b IN (SELECT b FROM {y} WHERE c = {bare}.c) UNION SELECT c FROM {y}"),
        7 => format!("SELECT b, count(*), max({}) FROM {x} GROUP BY b HAVING count(a) > 0", expr(rng, "")),
        _ => format!("SELECT row_number() OVER (PARTITION BY a ORDER BY b), c FROM {x} NATURAL JOIN {y}"),
    }
}

fn view(rng: &mut Rng, serial: usize) -> String {
    let temporary = rng.pick(&["", "", "TEMP "]);
    let columns = if rng.one_in(4) { "(a, b)" } else { "" };
    let body = if columns.is_empty() { select(rng) } else { "SELECT t1.a, b FROM t1".to_owned() };
    format!("CREATE {temporary}VIEW v{serial}{columns} AS {body}")
}

fn trigger(rng: &mut Rng, serial: usize) -> String {
    let on = rng.pick(&["t0", "t1", "\"t2\""]);
    let other = rng.pick(&["t0", "t1", "t2"]);
    let event = rng.pick(&["INSERT", "UPDATE", "UPDATE OF b, \"a\"", "DELETE"]);
    let row = if event == "DELETE" { "old" } else { "new" };
    let when = if rng.one_in(3) { format!(" WHEN {}", expr(rng, row)) } else { String::new() };
    let step = match rng.below(6) {
        0 => format!("UPDATE {other} SET b = {}, \"c\" = c WHERE a = {row}.b", expr(rng, row)),
        1 => format!("INSERT INTO {other}(a, b) VALUES ({row}.a, {}) ON CONFLICT DO NOTHING", expr(rng, row)),
        2 => format!("DELETE FROM {other} WHERE a IN (SELECT {} FROM {on})", expr(rng, "")),
        3 => format!("SELECT {} FROM {other} WHERE c = {row}.c", expr(rng, other)),
        4 => format!("INSERT INTO {other}(b) SELECT x.b FROM {on} AS x WHERE x.a = {row}.a LIMIT 1"),
        _ => format!("UPDATE {other} SET (b, c) = (SELECT a, {row}.c FROM {on}) FROM {on} AS z WHERE z.a = {row}.b"),
    };
    let temporary = rng.pick(&["", "", "TEMP "]);
    let time = rng.pick(&["BEFORE", "AFTER"]);
    format!("CREATE {temporary}TRIGGER r{serial} {time} {event} ON {on}{when} BEGIN {step}; END")
}

fn alter(rng: &mut Rng) -> String {
    let (table, column) = (rng.pick(TABLES), rng.pick(COLUMNS));
    let table = if rng.one_in(3) { table } else { rng.pick(&["t0", "t1", "t2"]) };
    let column = if rng.one_in(3) { column } else { rng.pick(&["a", "b", "c", "d"]) };
    match rng.below(8) {
        0..2 => format!("ALTER TABLE {table} RENAME TO {}", rng.pick(TABLES).rsplit('.').next().unwrap_or("t9")),
        2..5 => {
            let word = rng.pick(&["COLUMN ", ""]);
            format!("ALTER TABLE {table} RENAME {word}{column} TO {}", rng.pick(COLUMNS))
        }
        5 => format!("ALTER TABLE {table} DROP COLUMN {column}"),
        _ => {
            let more = match rng.below(10) {
                0 => format!(" CHECK({})", expr(rng, "")),
                1 => format!(" AS ({}){}", expr(rng, ""), rng.pick(&["", " STORED"])),
                2 => " REFERENCES t1(b)".to_owned(),
                3 => " NOT NULL".to_owned(),
                4 => " NOT NULL DEFAULT 'b'".to_owned(),
                5 => " DEFAULT (random())".to_owned(),
                6 => " UNIQUE".to_owned(),
                7 => " PRIMARY KEY".to_owned(),
                8 => " DEFAULT -1 COLLATE NOCASE".to_owned(),
                _ => " DEFAULT CURRENT_TIMESTAMP".to_owned(),
            };
            format!("ALTER TABLE {table} ADD COLUMN {} {}{more}", rng.pick(COLUMNS), rng.pick(TYPES))
        }
    }
}

fn look(rng: &mut Rng) -> String {
    let name = rng.pick(&["t0", "t1", "t2", "v0", "v1", "t9", "new"]);
    match rng.below(10) {
        0 => format!("PRAGMA table_xinfo({name})"),
        1 => format!("PRAGMA index_xinfo(i{})", rng.below(4)),
        2 => format!("PRAGMA foreign_key_list({name})"),
        3 => format!("SELECT * FROM {name}"),
        4 => format!("INSERT INTO {name}(a, b) VALUES ({}, 1)", rng.below(9)),
        5 => format!("UPDATE {name} SET b = a WHERE c IS NULL"),
        6 => format!("DELETE FROM {name} WHERE a = {}", rng.below(9)),
        7 => format!("PRAGMA index_list({name})"),
        8 => "PRAGMA integrity_check".to_owned(),
        _ => select(rng),
    }
}

/// The statements of a seed.
pub fn program(seed: u64) -> Vec<Statement> {
    let mut rng = Rng::new(seed ^ 0xA17E);
    let rng = &mut rng;
    let mut found = vec!["ATTACH ':memory:' AS aux".to_owned()];
    if rng.one_in(4) {
        found.push(format!("PRAGMA {} = ON", rng.pick(&["legacy_alter_table", "foreign_keys"])));
    }
    for name in ["t0", "t1", "t2", "aux.t0"].iter().take(3 + rng.below(2)) {
        found.push(table(rng, name));
    }
    for serial in 0..rng.below(4) {
        found.push(index(rng, serial));
    }
    for name in ["t0", "t1", "t2"] {
        found.push(format!("INSERT INTO {name}(a, b) VALUES (1, 2), (3, 4)"));
    }
    for serial in 0..rng.below(4) {
        let sql = if rng.one_in(2) { view(rng, serial) } else { trigger(rng, serial) };
        found.push(sql);
    }
    for _ in 0..4 + rng.below(10) {
        if rng.one_in(8) {
            found.push(rng.pick(&["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s"]).to_owned());
        }
        found.push(alter(rng));
        found.push(SCHEMAS.to_owned());
        if rng.one_in(2) {
            found.push(look(rng));
        }
    }
    found.into_iter().map(|sql| Statement::new(sql, Compare::Rows)).collect()
}
