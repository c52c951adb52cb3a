//! Random common tables, nested joins and subqueries whose order and LIMIT are told.

use super::expr::{self, Names};
use super::rng::Rng;
use super::schema::Table;
use super::{Compare, Statement};

/// A WITH clause of one to three tables `c0`, `c1` … of columns `k` and `v`; each may read those before it.
fn with(rng: &mut Rng, tables: &[Table]) -> (String, usize) {
    let count = 1 + rng.below(3);
    let mut parts = Vec::new();
    for i in 0..count {
        let hint = rng.pick(&["", "", "MATERIALIZED ", "NOT MATERIALIZED "]);
        let body = if i > 0 && rng.one_in(2) {
            format!("SELECT k, count(v) FROM c{} GROUP BY k", rng.below(i))
        } else if rng.one_in(4) {
            format!("VALUES ({}, 1), ({}, {})", expr::key(rng), expr::key(rng), expr::value(rng))
        } else {
            let table = &tables[rng.below(tables.len())];
            let filter = expr::condition(rng, &table.columns, 1);
            let (k, v) = (expr::column(rng, &table.columns), expr::expr(rng, &table.columns, 1));
            format!("SELECT {k}, {v} FROM {} WHERE {filter}", table.name)
        };
        parts.push(format!("c{i}(k, v) AS {hint}({body})"));
    }
    (format!("WITH {}", parts.join(", ")), count)
}

pub fn common(rng: &mut Rng, tables: &[Table]) -> Statement {
    let (with, count) = with(rng, tables);
    let (a, b) = (rng.below(count), rng.below(count));
    let scope = ["x.k", "x.v", "y.k", "y.v"].map(str::to_owned);
    let join = rng.pick(&["JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN"]);
    let rest = match rng.below(5) {
        0 => format!("SELECT * FROM c{a} EXCEPT SELECT k, v FROM c{b}"),
        1 => format!("SELECT count(*), min(quote(k)), max(typeof(v)) FROM c{a} WHERE k IN (SELECT k FROM c{b})"),
        2 => {
            let filter = expr::condition(rng, &scope, 1);
            format!("SELECT x.*, y.v FROM c{a} AS x {join} c{b} AS y ON x.k = y.k WHERE {filter}")
        }
        3 => format!("SELECT * FROM (WITH c0 AS (SELECT 1 AS one) SELECT * FROM c0), c{a}"),
        _ => format!("SELECT k, (SELECT count(*) FROM c{b} AS y WHERE y.k IS x.k) FROM c{a} AS x"),
    };
    Statement::new(format!("{with} {rest}"), Compare::Loose)
}

/// Joins in parentheses.
pub fn nested(rng: &mut Rng, tables: &[Table]) -> Statement {
    let mut one = |alias: &str| -> (String, Vec<String>) {
        let table = &tables[rng.below(tables.len())];
        (format!("{} AS {alias}", table.name), table.columns.iter().map(|c| format!("{alias}.{c}")).collect())
    };
    let ((x, xs), (y, ys), (z, zs)) = (one("x"), one("y"), one("z"));
    let all = [xs.clone(), ys.clone(), zs.clone()].concat();
    let kinds = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"];
    let (first, second) = (rng.pick(&kinds), rng.pick(&kinds));
    let on = format!("{} = {}", expr::column(rng, &ys), expr::column(rng, &zs));
    let outer = format!("{} = {}", expr::column(rng, &xs), expr::column(rng, &ys));
    let filter = if rng.one_in(2) { format!(" WHERE {}", expr::condition(rng, &all, 1)) } else { String::new() };
    let columns = if rng.one_in(2) { "*".to_owned() } else { expr::expr(rng, &all, 2) };
    let from = match rng.below(3) {
        0 => format!("({y} {first} {z} ON {on}) {second} {x} ON {outer}"),
        _ => format!("{x} {second} ({y} {first} {z} ON {on}) ON {outer}"),
    };
    Statement::new(format!("SELECT {columns} FROM {from}{filter}"), Compare::Loose)
}

/// Subqueries with ORDER BY and LIMIT over all they show, and compounds within EXISTS and IN.
pub fn subqueries(rng: &mut Rng, tables: &[Table]) -> Statement {
    let (outer, inner) = (&tables[rng.below(tables.len())], &tables[rng.below(tables.len())]);
    let outers: Vec<String> = outer.columns.iter().map(|c| format!("x.{c}")).collect();
    let inners: Vec<String> = inner.columns.iter().map(|c| format!("s.{c}")).collect();
    let (o, i) = (expr::column(rng, &outers), expr::column(rng, &inners));
    let filter = expr::condition(rng, &[inners.clone(), outers.clone()].concat(), 1);
    let direction = rng.pick(&["", " DESC", " COLLATE NOCASE DESC", " NULLS LAST"]);
    let (limit, from) = (1 + rng.below(3), format!("FROM {} AS s", inner.name));
    let one = match rng.below(6) {
        0 => format!("(SELECT quote({i}) {from} WHERE {filter} ORDER BY 1{direction} LIMIT 1 OFFSET {})", rng.below(2)),
        1 => format!("EXISTS (SELECT {i} {from} WHERE {filter} UNION SELECT {o} WHERE {o} > 3)"),
        2 => format!("{o} IN (SELECT {i} {from} EXCEPT SELECT {i} {from} WHERE {filter})"),
        3 => format!("(SELECT count(*) FROM (SELECT DISTINCT {i} {from} WHERE {i} < {o} ORDER BY 1 LIMIT {limit}))"),
        4 => format!(
            "(SELECT sum(n) FROM (SELECT count(*) AS n {from} WHERE {filter} GROUP BY {i} HAVING count(*) < 4))"
        ),
        _ => format!("({o}, 1) IN (SELECT {i}, count(*) {from} GROUP BY {i})"),
    };
    let names = Names { columns: &outers, tables };
    let rest = if rng.one_in(3) { format!(" WHERE {}", expr::filter(rng, names, 1)) } else { String::new() };
    Statement::new(format!("SELECT {one}, {o} FROM {} AS x{rest}", outer.name), Compare::Loose)
}

/// A recursive table with several recursive SELECTs, or one that is joined with itself elsewhere.
pub fn recursive(rng: &mut Rng, tables: &[Table]) -> Statement {
    let table = &tables[rng.below(tables.len())];
    let column = expr::column(rng, &table.columns);
    let union = rng.pick(&["UNION", "UNION ALL"]);
    let sql = match rng.below(4) {
        0 => format!(
            "WITH RECURSIVE c(n) AS (SELECT 1 {union} SELECT n * 2 FROM c WHERE n < 20 {union} SELECT n + 3 FROM c WHERE n < 9 LIMIT 30) SELECT n, count(*) FROM c GROUP BY n"
        ),
        1 => format!(
            "WITH RECURSIVE c(n, w) AS (SELECT 0, '' UNION ALL SELECT n + 1, w || quote(k) FROM c, (SELECT {column} AS k, row_number() OVER (ORDER BY quote({column})) AS r FROM {}) WHERE r = n + 1 AND n < 5) SELECT * FROM c ORDER BY n",
            table.name
        ),
        2 => "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 4), b(m) AS (SELECT n FROM a UNION SELECT m * 2 FROM b WHERE m < 30) SELECT x.m, y.m FROM b AS x JOIN b AS y ON x.m = y.m + 1".to_owned(),
        _ => format!(
            "SELECT * FROM (WITH RECURSIVE c(n) AS (SELECT count(*) FROM {} {union} SELECT n - 1 FROM c WHERE n > 0 ORDER BY 1 LIMIT 6) SELECT n FROM c) WHERE n IN (WITH d(k) AS (SELECT 1 UNION SELECT 3) SELECT k FROM d) OR n > {}",
            table.name,
            rng.below(4)
        ),
    };
    Statement::new(sql, Compare::Rows)
}
