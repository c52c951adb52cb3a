//! Random tables, indexes and views.

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
    /// Without indexes besides its own key a table has one order in which it is scanned.
    pub is_indexed: bool,
}

impl Table {
    /// The name without its database.
    pub fn bare(&self) -> &str {
        self.name.rsplit_once('.').map_or(&self.name, |(_, bare)| bare)
    }

    /// The database with its dot, or nothing.
    pub fn database(&self) -> &str {
        &self.name[..self.name.len() - self.bare().len()]
    }
}

const CONFLICTS: &[&str] = &[
    "",
    "",
    "",
    "",
    " ON CONFLICT REPLACE",
    " ON CONFLICT IGNORE",
    " ON CONFLICT FAIL",
    " ON CONFLICT ROLLBACK",
    " ON CONFLICT ABORT",
];
const ACTIONS: &[&str] = &[
    "",
    "",
    " ON DELETE CASCADE",
    " ON DELETE SET NULL",
    " ON UPDATE CASCADE",
    " DEFERRABLE INITIALLY DEFERRED",
    " ON DELETE SET DEFAULT",
    " ON UPDATE SET NULL ON DELETE CASCADE",
    " ON DELETE RESTRICT",
    " ON UPDATE RESTRICT",
    " ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED",
    " ON UPDATE SET DEFAULT",
    " MATCH FULL",
];
const TYPES: &[&str] = &[
    "",
    "FLOATING POINT",
    "DECIMAL(10,2)",
    "STRING",
    "BIGINT UNSIGNED",
    "BOOLEAN",
    "DATETIME",
    "CLOB",
    "DOUBLE",
    "CHARINT",
];
const NAMES: &[&str] = &["a", "b", "c", "d", "e"];

/// `CREATE TABLE` of a new table; `others` may be named by foreign keys.
pub fn table(rng: &mut Rng, name: &str, others: &[Table]) -> (String, Table) {
    let count = 2 + rng.below(4);
    let columns: Vec<String> = NAMES[..count].iter().map(|n| (*n).to_owned()).collect();
    let mut made = Table {
        name: name.to_owned(),
        columns,
        writable: Vec::new(),
        unique: Vec::new(),
        has_rowid: true,
        is_view: false,
        is_indexed: false,
    };
    let strict = rng.one_in(8);
    // 0: rowid alias, 1: a key beside the rowid, 2: WITHOUT ROWID, 3: of two columns, with or without rowid, else none.
    let key = rng.below(8);
    let mut parts = Vec::new();
    for i in 0..count {
        let column = made.columns[i].clone();
        let kind = match rng.below(7) {
            _ if strict => ["INTEGER", "TEXT", "REAL", "ANY", "BLOB"][rng.below(5)],
            0..2 => rng.pick(TYPES),
            _ => expr::type_name(rng),
        };
        let mut part = format!("{column} {kind}");
        if i == 0 && key == 0 {
            part = format!(
                "{column} INTEGER PRIMARY KEY{}",
                rng.pick(&["", "", " AUTOINCREMENT", " ON CONFLICT REPLACE", " ON CONFLICT IGNORE"])
            );
            made.unique.push(column.clone());
        } else if i == 0 && key <= 2 {
            part += " PRIMARY KEY";
            part += rng.pick(&["", "", " DESC"]);
            part += rng.pick(CONFLICTS);
            made.has_rowid = key == 1;
            made.is_indexed |= made.has_rowid;
            made.unique.push(column.clone());
            if rng.one_in(4) {
                part += &format!(" COLLATE {}", expr::collation(rng));
            }
        } else if i > 0 && i + 2 > count && rng.one_in(4) && !(strict && kind == "REAL") {
            // (SQLite shows integers in such columns of STRICT tables.)
            part += &generated(rng, &made.columns[..i]);
            parts.push(part);
            continue;
        } else {
            part += &constraints(rng, &column);
            if part.contains(" UNIQUE") {
                made.unique.push(column.clone());
                made.is_indexed = true;
            }
        }
        made.writable.push(column);
        parts.push(part);
    }
    let both = made.writable.contains(&"b".to_owned());
    if key == 3 && both {
        made.has_rowid = rng.one_in(2);
        made.is_indexed |= made.has_rowid;
        made.unique.push("a, b".to_owned());
        parts.push(format!(
            "PRIMARY KEY({}){}",
            rng.pick(&["a, b", "b, a", "a DESC, b", "a COLLATE NOCASE, b"]),
            rng.pick(CONFLICTS)
        ));
    } else if rng.one_in(5) && both {
        made.is_indexed = true;
        made.unique.push("a, b".to_owned());
        parts.push(format!("UNIQUE(a, b){}", rng.pick(CONFLICTS)));
    }
    if rng.one_in(6) {
        let check = match rng.below(2) {
            0 => format!("{} <> 5", made.columns[rng.below(count)]),
            _ => format!("{} OR 1 > 0", expr::expr(rng, &made.columns, 1)),
        };
        parts.push(format!("{}CHECK({check})", if rng.one_in(2) { "CONSTRAINT named " } else { "" }));
    }
    let own = made.clone();
    let is_parent = |t: &&Table| !t.is_view && !t.unique.is_empty() && t.database() == own.database();
    let parents: Vec<&Table> = others.iter().chain([&own]).filter(is_parent).collect();
    if !parents.is_empty() && rng.one_in(3) {
        let parent = parents[rng.below(parents.len())];
        let target = &parent.unique[rng.below(parent.unique.len())];
        let mut action = rng.pick(ACTIONS);
        // What SQLite makes of these is not what its documentation says.
        if parent.name == own.name && action.contains("SET") {
            action = "";
        }
        let child = if target.contains(',') { "a, b" } else { own.writable.last().map_or("a", |c| c) };
        if both || !target.contains(',') {
            parts.push(format!("FOREIGN KEY({child}) REFERENCES {}({target}){}", parent.bare(), action));
        }
    }
    let options = match (made.has_rowid, strict) {
        (true, false) => "",
        (true, true) => " STRICT",
        (false, false) => " WITHOUT ROWID",
        (false, true) => " WITHOUT ROWID, STRICT",
    };
    (format!("CREATE TABLE {name}({}){options}", parts.join(", ")), made)
}

fn generated(rng: &mut Rng, before: &[String]) -> String {
    let stored = rng.pick(&["", " STORED", " VIRTUAL"]);
    let more = rng.pick(&["", "", "", " UNIQUE", " NOT NULL"]);
    format!(" GENERATED ALWAYS AS ({}){stored}{more}", expr::expr(rng, before, 2))
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
        text += &format!(" DEFAULT {}", expr::constant(rng));
    }
    if rng.one_in(4) {
        text += &format!(" COLLATE {}", expr::collation(rng));
    }
    if rng.one_in(12) {
        text += &format!(" CHECK({column} <> 11)");
    }
    text
}

pub fn index(rng: &mut Rng, name: &str, table: &mut Table) -> String {
    table.is_indexed = true;
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
    let mut terms: Vec<String> = (0..1 + rng.below(3)).map(|_| term(rng)).collect();
    // A key that refers to the table takes a unique index over (b, b) for one over (a, b).
    if !unique.is_empty() {
        terms.truncate(1);
    }
    let partial = if rng.one_in(5) {
        let column = &table.columns[rng.below(table.columns.len())];
        format!(" WHERE {column} {}", rng.pick(&["IS NOT NULL", "> 3", "= 1", "IN (1, 2)", "LIKE 'a%'"]))
    } else {
        String::new()
    };
    format!("CREATE {unique}INDEX {}{name} ON {}({}){partial}", table.database(), table.bare(), terms.join(", "))
}

/// A view over one table, or over what it comes to.
pub fn view(rng: &mut Rng, name: &str, table: &Table) -> (String, Table) {
    let filter = expr::condition(rng, &table.columns, 1);
    let (columns, query) = match rng.below(4) {
        0 => {
            let (k, v) = (expr::column(rng, &table.columns), expr::column(rng, &table.columns));
            let query =
                format!("SELECT quote({k}), count({v}), max(quote({v})) FROM {} GROUP BY quote({k})", table.name);
            (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], query)
        }
        1 => {
            let (x, y) = (expr::column(rng, &table.columns), expr::column(rng, &table.columns));
            let query = format!(
                "SELECT quote({x}), {y} FROM {0} UNION ALL SELECT quote({y}), {y} FROM {0} WHERE {filter}",
                table.name
            );
            (vec!["a".to_owned(), "b".to_owned()], query)
        }
        _ => {
            let query = format!("SELECT {} FROM {} WHERE {filter}", table.columns.join(", "), table.name);
            (table.columns.clone(), query)
        }
    };
    // A view of main sees main only.
    let temporary = if table.database().is_empty() { "" } else { "TEMP " };
    let sql = format!("CREATE {temporary}VIEW {name}({}) AS {query}", columns.join(", "));
    let view = Table {
        name: name.to_owned(),
        writable: columns.clone(),
        columns,
        unique: Vec::new(),
        has_rowid: false,
        is_view: true,
        is_indexed: table.is_indexed,
    };
    (sql, view)
}
