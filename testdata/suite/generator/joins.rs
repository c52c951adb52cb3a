//! Random queries over tables with many equal values and indexes of every kind, so that plans differ: joins, views, common
//! tables, correlated subqueries, groups. Rows must agree; how often their order and the plan do is counted.
//!
//! `HELIOSDB_RANDOM_DIFFERENT=order` (or `plan`) prints those that differ, `HELIOSDB_RANDOM_SEED`, `_SECONDS`, `_SHOWN` are
//! as for the random programs.

use super::rng::Rng;
use super::{Compare, Engine, Ours, Sqlite, Statement, run, setting, shrink};
use crate::plan::tree;

/// Programs in `cargo test`, and queries in each.
const COUNT: u64 = 60;
const QUERIES: usize = 25;

const COLUMNS: &[&str] = &["id", "a", "b", "c", "d"];
const TYPES: &[&str] = &["INT", "TEXT", "TEXT COLLATE NOCASE", "REAL", "", "NUMERIC"];
const INDEXES: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "a DESC",
    "a, b",
    "b, c",
    "c, a DESC",
    "b DESC, d",
    "d, b, a",
    "b COLLATE NOCASE",
    "d COLLATE NOCASE, a",
    "lower(b)",
    "a + 1",
    "a, lower(c)",
    "b) WHERE (a IS NOT NULL",
    "a) WHERE (b > 3",
    "c) WHERE (a = 2",
    "d, c) WHERE (c IN (1, 'k2', 3)",
    "a, b, c, d",
];

struct Maker {
    rng: Rng,
    /// Names of tables and views, with the number of rows.
    tables: Vec<(String, usize)>,
}

impl Maker {
    fn one_in(&mut self, n: usize) -> bool {
        self.rng.one_in(n)
    }

    fn pick(&mut self, of: &[&'static str]) -> &'static str {
        self.rng.pick(of)
    }

    fn value(&mut self) -> String {
        let n = self.rng.below(14);
        match self.rng.below(8) {
            0 => format!("'k{n}'"),
            1 => format!("'K{n}'"),
            2 => format!("'{n}'"),
            3 => format!("{n}.0"),
            _ => n.to_string(),
        }
    }

    fn table(&mut self, i: usize) -> Vec<String> {
        let rows = [0, 1, 12, 40, 40, 200][self.rng.below(6)];
        let (key, options) =
            [("INTEGER PRIMARY KEY", ""), ("INT", ""), ("INT PRIMARY KEY", " WITHOUT ROWID"), ("INT UNIQUE", "")]
                [self.rng.below(4)];
        let columns: Vec<String> = COLUMNS[1..].iter().map(|c| format!("{c} {}", self.pick(TYPES))).collect();
        let mut made = vec![format!("CREATE TABLE t{i}(id {key}, {}){options}", columns.join(", "))];
        for k in 0..[0, 1, 1, 2, 3][self.rng.below(5)] {
            made.push(format!("CREATE INDEX i{i}{k} ON t{i}({})", self.pick(INDEXES)));
        }
        let values: Vec<String> = (1..COLUMNS.len()).map(|_| self.column()).collect();
        made.push(format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) INSERT INTO t{i} SELECT i, {} FROM n{}",
            values.join(", "),
            if rows == 0 { " WHERE 0" } else { "" }
        ));
        self.tables.push((format!("t{i}"), rows));
        made
    }

    /// A column's values, made of the row's number.
    fn column(&mut self) -> String {
        let (m, d) = ([3, 7, 11, 13][self.rng.below(4)], [2, 5, 9, 14, 60][self.rng.below(5)]);
        let text = match self.rng.below(5) {
            0 => format!("'k' || (i * {m} % {d})"),
            1 => format!("CASE i % 3 WHEN 0 THEN 'K' ELSE 'k' END || (i * {m} % {d})"),
            2 => format!("CASE i % 4 WHEN 0 THEN NULL ELSE i * {m} % {d} END"),
            _ => format!("i * {m} % {d}"),
        };
        if self.one_in(6) { format!("nullif({text}, 1)") } else { text }
    }

    fn view(&mut self, i: usize) -> String {
        let (table, rows) = self.tables[self.rng.below(self.tables.len())].clone();
        let filter = self.condition("s");
        let body = match self.rng.below(5) {
            0 => format!("SELECT id, a, b, c, d FROM {table} AS s WHERE {filter}"),
            1 => {
                format!("SELECT min(id) AS id, a, count(*) AS b, max(c) AS c, min(d) AS d FROM {table} AS s GROUP BY a")
            }
            2 => format!(
                "SELECT id, a, b, c, d FROM {table} UNION ALL SELECT a, b, c, d, id FROM {table} AS s WHERE {filter}"
            ),
            3 => format!(
                "SELECT s.id, s.a, x.b, x.c, s.d FROM {table} AS s LEFT JOIN t0 AS x ON x.id = s.id WHERE {filter}"
            ),
            _ => format!("SELECT DISTINCT b AS id, b + 1 AS a, b, c, d FROM {table} AS s"),
        };
        self.tables.push((format!("v{i}"), rows));
        format!("CREATE VIEW v{i} AS {body}")
    }

    /// A condition on one source.
    fn condition(&mut self, source: &str) -> String {
        let column = self.pick(COLUMNS);
        let c = format!("{source}.{column}");
        let (x, y, z) = (self.value(), self.value(), self.value());
        match self.rng.below(20) {
            0..4 => format!("{c} = {x}"),
            4 => format!("{c} IN ({x}, {y}, {z})"),
            5 => format!("{c} BETWEEN {x} AND {y}"),
            6 => format!("{c} {} {x}", self.pick(&["<", "<=", ">", ">=", "<>", "IS", "IS NOT"])),
            7 => format!("{c} > {x} AND {c} <= {y}"),
            8 => format!("{c} {}", self.pick(&["IS NULL", "IS NOT NULL"])),
            9 => format!("{c} {}", self.pick(&["LIKE 'k1%'", "GLOB 'k*'", "LIKE 'K2'", "NOT LIKE '%2'", "GLOB 'K1*'"])),
            10 => format!("({c} = {x} OR {})", self.condition(source)),
            11 => format!("({} OR {} AND {})", self.condition(source), self.condition(source), self.condition(source)),
            12 => format!("({source}.a, {source}.b) {} ({x}, {y})", self.pick(&["=", ">", "<=", "IS", "<>"])),
            13 => format!("({source}.b, {c}) IN (VALUES ({x}, {y}), ({z}, 1))"),
            14 => format!("lower({c}) = {x}"),
            15 => format!("{source}.a + 1 {} {x}", self.pick(&["=", ">", "<"])),
            16 => format!("{c} = {x} COLLATE {}", self.pick(&["NOCASE", "BINARY", "RTRIM"])),
            17 => format!("{source}.{} = {c}", self.pick(COLUMNS)),
            18 => self.subquery(source),
            _ => format!("{} AND {}", self.condition(source), self.condition(source)),
        }
    }

    fn subquery(&mut self, source: &str) -> String {
        let table = self.tables[self.rng.below(self.tables.len())].0.clone();
        let inner = if source == "y" { "z" } else { "y" };
        let (own, outer) = (self.pick(COLUMNS), self.pick(COLUMNS));
        let more = match self.rng.below(3) {
            0 if source != "z" => format!(" AND {}", self.condition(inner)),
            _ => String::new(),
        };
        let not = self.pick(&["", "", "NOT "]);
        let from = format!("FROM {table} AS {inner} WHERE {inner}.{own} = {source}.{outer}{more}");
        match self.rng.below(5) {
            0..2 => format!("{not}EXISTS (SELECT 1 {from})"),
            2 => format!("{source}.{outer} {not}IN (SELECT {inner}.{own} FROM {table} AS {inner} WHERE 1{more})"),
            3 => format!("{source}.{own} {not}IN (SELECT {inner}.{outer} {from})"),
            _ => format!("{source}.{own} = (SELECT {}({inner}.{outer}) {from})", self.pick(&["max", "min", "count"])),
        }
    }

    fn source(&mut self, small: bool) -> String {
        let fit: Vec<String> = self.tables.iter().filter(|t| !small || t.1 <= 40).map(|t| t.0.clone()).collect();
        let Some(name) = fit.get(self.rng.below(fit.len().max(1))).cloned() else { return "(VALUES (1))".to_owned() };
        let filter = self.condition("s");
        match self.rng.below(12) {
            0 => format!("(SELECT * FROM {name} AS s WHERE {filter})"),
            1 => format!("(SELECT id, a, max(b) AS b, count(c) AS c, min(d) AS d FROM {name} GROUP BY id, a)"),
            2 => format!("(SELECT DISTINCT a AS id, a, b, b AS c, a AS d FROM {name})"),
            3 => format!("(SELECT * FROM {name} ORDER BY id, a, b, c, d LIMIT 7)"),
            _ => name,
        }
    }

    /// A FROM clause of `count` sources, x0 and so on.
    fn from(&mut self, count: usize) -> String {
        let mut text = format!("{} AS x0", self.source(count > 3));
        for i in 1..count {
            let source = self.source(count > 3);
            let kind =
                self.pick(&["JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"]);
            let (own, other, at) = (self.pick(COLUMNS), self.pick(COLUMNS), self.rng.below(i));
            let more =
                if self.one_in(4) { format!(" AND {}", self.condition(&format!("x{i}"))) } else { String::new() };
            match self.rng.below(10) {
                0 if i == 1 => text += &format!(" {kind} {source} AS x{i} USING ({own})"),
                1 if i == 1 => text += &format!(" NATURAL {kind} {source} AS x{i}"),
                2 if kind == "JOIN" => text += &format!(", {source} AS x{i}"),
                _ => text += &format!(" {kind} {source} AS x{i} ON x{i}.{own} = x{at}.{other}{more}"),
            }
        }
        text
    }

    fn filter(&mut self, count: usize) -> String {
        let terms: Vec<String> = (0..[0, 1, 1, 2, 3][self.rng.below(5)])
            .map(|_| {
                let source = format!("x{}", self.rng.below(count));
                self.condition(&source)
            })
            .collect();
        if terms.is_empty() { String::new() } else { format!(" WHERE {}", terms.join(" AND ")) }
    }

    fn order(&mut self, terms: &[String]) -> String {
        if terms.is_empty() || self.one_in(2) {
            return String::new();
        }
        let count = 1 + self.rng.below(terms.len().min(3));
        let made: Vec<String> = (0..count)
            .map(|_| format!("{}{}", terms[self.rng.below(terms.len())], self.pick(&["", "", " DESC", " NULLS LAST"])))
            .collect();
        format!(" ORDER BY {}", made.join(", "))
    }

    fn query(&mut self) -> Statement {
        let count = [1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6][self.rng.below(11)];
        let (from, filter) = (self.from(count), self.filter(count));
        let names: Vec<String> = (0..5).map(|_| format!("x{}.{}", self.rng.below(count), self.pick(COLUMNS))).collect();
        let order = self.order(&names);
        let (k, v, w) = (&names[0], &names[1], &names[2]);
        let rest = format!("FROM {from}{filter}");
        let sql = match self.rng.below(14) {
            0..4 => format!("SELECT * {rest}{order}"),
            4..6 => format!("SELECT {k}, {v}, {w} {rest}{order}"),
            6 => format!("SELECT {k}, count(*), min({v}), max({v}) {rest} GROUP BY {k}{}", self.order(&names[..1])),
            7 => format!("SELECT {k}, {w}, count({v}) {rest} GROUP BY {k}, {w} HAVING count(*) > 1"),
            8 => format!("SELECT DISTINCT {k}, {v} {rest}{}", self.order(&names[..2])),
            9 => format!("SELECT {}({k}) {rest}", self.pick(&["min", "max", "count", "count"])),
            10 => {
                let inner = self.subquery("x0");
                format!("SELECT {k}, {inner} {rest}{order}")
            }
            11 => {
                let (filter, limit) = (self.condition("s"), self.pick(&["", "", " ORDER BY 1, 2, 3, 4, 5 LIMIT 9"]));
                let hint = self.pick(&["", "", " MATERIALIZED", " NOT MATERIALIZED"]);
                let (name, join) = (self.source(true), self.pick(&["JOIN", "LEFT JOIN", "FULL JOIN"]));
                let on = format!("x0.{} = x1.{}", self.pick(COLUMNS), self.pick(COLUMNS));
                format!(
                    "WITH w(id, a, b, c, d) AS{hint} (SELECT id, a, b, c, d FROM {name} AS s WHERE {filter}{limit}) \
                     SELECT *, (SELECT count(*) FROM w AS y WHERE y.a = x0.b) FROM w AS x0 {join} w AS x1 ON {on}"
                )
            }
            12 => {
                let operator = self.pick(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]);
                let (more, last) = (self.from(1), self.pick(&["", " ORDER BY 1", " ORDER BY 2, 1 DESC"]));
                format!("SELECT {k}, {v} {rest} {operator} SELECT x0.a, x0.b FROM {more}{last}")
            }
            _ => format!("SELECT count(*), count({k}), total({v}) {rest}"),
        };
        Statement::new(sql, Compare::RowsOnly)
    }
}

fn program(seed: u64) -> Vec<Statement> {
    let mut maker = Maker { rng: Rng::new(seed), tables: Vec::new() };
    let mut texts: Vec<String> = (0..2 + maker.rng.below(3)).flat_map(|i| maker.table(i)).collect();
    texts.extend((0..maker.rng.below(3)).map(|i| maker.view(i)).collect::<Vec<_>>());
    if maker.one_in(2) {
        texts.push("ANALYZE".to_owned());
    }
    let mut made: Vec<Statement> = texts.into_iter().map(|t| Statement::new(t, Compare::RowsOnly)).collect();
    made.extend((0..QUERIES).map(|_| maker.query()));
    made
}

/// Queries whose rows come in another order, and whose plan reads differently.
fn compare_plans(statements: &[Statement], seed: u64, shown: &str) -> (usize, usize) {
    let (mut ours, mut stock) = (Ours::new(), Sqlite::new());
    let (mut orders, mut plans) = (0, 0);
    for statement in statements {
        let (a, b) = (ours.run(&statement.sql), stock.run(&statement.sql));
        super::forget_samples(statement, &mut stock);
        if !["SELECT", "WITH w"].iter().any(|k| statement.sql.starts_with(k)) || a.error.is_some() {
            continue;
        }
        let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let (x, y) = (tree(&ours.run(&explain).rows), tree(&stock.run(&explain).rows));
        let (order, plan) = (format!("{:?}", a.rows) != format!("{:?}", b.rows), x != y);
        orders += usize::from(order);
        plans += usize::from(plan);
        if order && shown == "order" || plan && shown == "plan" {
            println!("seed {seed}: {}\nours\n{x}sqlite\n{y}", statement.sql);
        }
    }
    (orders, plans)
}

#[test]
fn random_joins_agree_with_sqlite() {
    let first = setting("HELIOSDB_RANDOM_SEED").unwrap_or(1);
    let (start, seconds) = (std::time::Instant::now(), setting("HELIOSDB_RANDOM_SECONDS"));
    let cases = setting("HELIOSDB_RANDOM_COUNT").unwrap_or(COUNT);
    let shown_max = setting("HELIOSDB_RANDOM_SHOWN").unwrap_or(5) as usize;
    let shown = std::env::var("HELIOSDB_RANDOM_DIFFERENT").unwrap_or_default();
    let (mut failures, mut seed, mut orders, mut plans) = (Vec::new(), first, 0, 0);
    while failures.len() < shown_max && seconds.map_or(seed - first < cases, |s| start.elapsed().as_secs() < s) {
        let case = program(seed);
        if let Some((at, _)) = run(&case) {
            let (small, how) = shrink::shrink(&case[..=at]);
            let text: Vec<&str> = small.iter().map(|s| s.sql.as_str()).collect();
            failures.push(format!("seed {seed}:\n{};\n{how}\n", text.join(";\n")));
        } else {
            let (o, p) = compare_plans(&case, seed, &shown);
            (orders, plans) = (orders + o, plans + p);
        }
        seed += 1;
    }
    let passed = seed - first - failures.len() as u64;
    println!(
        "random joins: {passed} passed, {} failed; of {} queries {orders} in another order, {plans} with another plan",
        failures.len(),
        passed as usize * QUERIES
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
