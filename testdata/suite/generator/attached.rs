//! Random programs over several attached databases that hold tables, views, indexes and triggers of the same names: which of
//! them a name finds, queries and writes across them, ATTACH and DETACH within transactions, pragmas of one of them.

use super::expr;
use super::rng::Rng;
use super::{Compare, Statement};

const DATABASES: &[&str] = &["", "", "main.", "temp.", "one.", "two.", "\"Two\".", "gone."];
const NAMES: &[&str] = &["t", "u", "v", "w"];

fn database(rng: &mut Rng) -> &'static str {
    rng.pick(DATABASES)
}

fn name(rng: &mut Rng) -> String {
    format!("{}{}", database(rng), rng.pick(NAMES))
}

fn column(rng: &mut Rng) -> &'static str {
    rng.pick(&["a", "b", "c"])
}

fn create(rng: &mut Rng, serial: usize) -> String {
    let (own, other) = (database(rng), name(rng));
    let (x, y) = (column(rng), column(rng));
    match rng.below(12) {
        0..4 => format!(
            "CREATE TABLE {}({}, b {}, c DEFAULT {})",
            name(rng),
            rng.pick(&["a INTEGER PRIMARY KEY", "a UNIQUE", "a TEXT PRIMARY KEY REFERENCES t(a)"]),
            rng.pick(&["COLLATE NOCASE", "INT", "TEXT", "REFERENCES u(a) ON DELETE CASCADE"]),
            expr::constant(rng)
        ),
        4 => {
            format!("CREATE {}VIEW {}{} AS SELECT {x}, b FROM {other}", rng.pick(&["", "TEMP "]), own, rng.pick(NAMES))
        }
        5 => format!("CREATE VIEW {own}v AS SELECT p.a, q.b FROM t AS p JOIN {other} AS q ON p.a = q.{y}"),
        6 => format!("CREATE INDEX {own}i{} ON {}({x}, {y})", serial % 3, rng.pick(NAMES)),
        7 => format!("CREATE UNIQUE INDEX IF NOT EXISTS {own}i{} ON {}({x})", serial % 3, rng.pick(NAMES)),
        8 => format!(
            "CREATE TRIGGER {}r{} AFTER INSERT ON {} BEGIN INSERT INTO {} (b) VALUES (new.{x}); END",
            own.replace("temp.", "main."),
            serial % 3,
            rng.pick(NAMES),
            rng.pick(&["u", "w", "t"])
        ),
        9 => format!(
            "CREATE TEMP TRIGGER r{} AFTER {} ON {}{} BEGIN UPDATE {} SET c = {} WHERE b = 1; SELECT 1 FROM {other}; END",
            serial % 3,
            rng.pick(&["UPDATE", "DELETE", "INSERT"]),
            // When SQLite reads the schema again, a name alone may find another table.
            rng.pick(&["main.", "temp.", "one.", "two."]),
            rng.pick(NAMES),
            rng.pick(NAMES),
            rng.pick(&["3", "c || 'r'", "(SELECT count(*) FROM t)"])
        ),
        10 => format!("CREATE TABLE {} AS SELECT {x} AS a, b, 3 AS c FROM {other}", name(rng)),
        _ => format!("DROP {} IF EXISTS {}", rng.pick(&["TABLE", "VIEW"]), name(rng)),
    }
}

fn query(rng: &mut Rng) -> String {
    let (p, q) = (name(rng), name(rng));
    let (x, y) = (column(rng), column(rng));
    let bare = p.rsplit('.').next().unwrap_or(&p).to_owned();
    match rng.below(12) {
        0 => format!("SELECT * FROM {p}"),
        1 => format!("SELECT {p}.{x}, {bare}.{y} FROM {p}"),
        2 => format!("SELECT p.{x}, q.{y} FROM {p} AS p {} {q} AS q ON p.a = q.{x}", join(rng)),
        3 => format!("SELECT {p}.{x}, {q}.{x} FROM {p}, {q} WHERE {p}.a = {q}.a"),
        4 => format!("SELECT * FROM {p} NATURAL {} {q}", join(rng)),
        5 => format!("SELECT {x} FROM {p} UNION SELECT {y} FROM {q} EXCEPT SELECT a FROM t"),
        6 => format!("SELECT count(*), (SELECT max(quote({x})) FROM {q} WHERE {bare}.a = {y}) FROM {p}"),
        7 => format!("SELECT {x} FROM {p} WHERE {y} IN {q} OR EXISTS (SELECT 1 FROM {q} AS s WHERE s.b = {bare}.b)"),
        8 => format!("WITH t AS (SELECT {x} AS k FROM {p}) SELECT * FROM t, main.t"),
        9 => format!("SELECT {p}.*, rowid FROM {p} ORDER BY {bare}.{x}, {y}"),
        10 => format!("SELECT name, tbl_name, sql FROM {}sqlite_schema", database(rng)),
        _ => format!("SELECT * FROM {p} INDEXED BY i{} WHERE {x} = {}", rng.below(3), rng.below(4)),
    }
}

fn join(rng: &mut Rng) -> &'static str {
    rng.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
}

fn write(rng: &mut Rng) -> String {
    let (p, q, x) = (name(rng), name(rng), column(rng));
    let bare = p.rsplit('.').next().unwrap_or(&p).to_owned();
    match rng.below(10) {
        0..3 => {
            format!("INSERT INTO {p}({x}, b) VALUES ({}, {}), ({}, 1)", expr::key(rng), expr::key(rng), rng.below(5))
        }
        3 => format!("INSERT OR IGNORE INTO {p}(a, b) SELECT a, b FROM {q} ORDER BY quote(a), quote(b)"),
        4 => format!("REPLACE INTO {p}(a, c) SELECT a, 7 FROM {q} ORDER BY quote(a) LIMIT 3"),
        5 => format!("UPDATE {p} SET c = {} WHERE {x} = {}", expr::key(rng), rng.below(4)),
        6 => {
            format!("UPDATE {p} SET b = s.b FROM (SELECT a, max(b) AS b FROM {q} GROUP BY a) AS s WHERE s.a = {bare}.a")
        }
        7 => format!("DELETE FROM {p} WHERE {bare}.{x} IN (SELECT a FROM {q})"),
        8 => format!("INSERT INTO {p}(a) VALUES ({}) RETURNING a, {bare}.b, (SELECT count(*) FROM {q})", rng.below(6)),
        _ => format!(
            "INSERT INTO {p}(a, b) VALUES (1, 2) ON CONFLICT DO UPDATE SET b = (SELECT count(*) FROM {q}), c = excluded.a"
        ),
    }
}

fn other(rng: &mut Rng) -> String {
    let (own, bare) = (database(rng), rng.pick(NAMES));
    match rng.below(16) {
        0 => format!("PRAGMA {own}table_xinfo({bare})"),
        1 => format!("PRAGMA {own}index_list({bare})"),
        2 => format!("PRAGMA {own}foreign_key_list({bare})"),
        3 => format!("PRAGMA {own}foreign_key_check"),
        4 => format!("PRAGMA {own}integrity_check"),
        5 => format!("PRAGMA {own}index_xinfo(i{})", rng.below(3)),
        6 => format!("PRAGMA {own}user_version = {}", rng.below(9)),
        7 => format!("PRAGMA {own}user_version"),
        8 => {
            // SQLite counts no columns of a view that another one of its name hides.
            "SELECT schema, name, type, iif(type = 'view', 0, ncol) FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'".to_owned()
        }
        9 => format!("DROP {} {own}{}", rng.pick(&["INDEX", "TRIGGER"]), rng.pick(&["i0", "i1", "r0", "r1"])),
        10 => format!("DROP {} {own}{bare}", rng.pick(&["TABLE", "VIEW"])),
        11 => format!("ALTER TABLE {own}{bare} RENAME TO {}", rng.pick(NAMES)),
        12 => format!("ALTER TABLE {own}{bare} RENAME COLUMN b TO {}", rng.pick(&["b", "c", "d"])),
        13 => format!("REINDEX {own}{}", rng.pick(&["t", "i0", "u"])),
        14 => rng.pick(&["ATTACH ':memory:' AS one", "ATTACH '' AS Three", "ATTACH ':memory:' AS main"]).to_owned(),
        _ => rng.pick(&["DETACH one", "DETACH Three", "DETACH temp", "DETACH nowhere"]).to_owned(),
    }
}

/// The statements of a seed.
pub fn program(seed: u64) -> Vec<Statement> {
    let mut rng = Rng::new(seed ^ 0xA77AC);
    let rng = &mut rng;
    let mut found = vec!["ATTACH ':memory:' AS one".to_owned(), "ATTACH ':memory:' AS Two".to_owned()];
    if rng.one_in(3) {
        found.push("PRAGMA foreign_keys = ON".to_owned());
    }
    for serial in 0..8 + rng.below(8) {
        found.push(create(rng, serial));
    }
    for serial in 0..14 + rng.below(20) {
        let sql = match rng.below(20) {
            0..8 => query(rng),
            8..14 => write(rng),
            14 => create(rng, serial),
            15..17 => rng
                .pick(&["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "SAVEPOINT t", "ROLLBACK TO s", "RELEASE s"])
                .to_owned(),
            _ => other(rng),
        };
        found.push(sql);
    }
    found.push("SELECT changes(), total_changes()".to_owned());
    found.into_iter().map(|sql| Statement::new(sql, Compare::Rows)).collect()
}
