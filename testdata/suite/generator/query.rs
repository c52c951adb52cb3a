//! Random SELECTs.

use super::expr;
use super::rng::Rng;
use super::schema::Table;
use super::{Compare, Statement};

const AGGREGATES: &[&str] = &["count", "min", "max", "total", "avg", "count_", "sum"];
const WINDOWS: &[&str] = &["row_number()", "rank()", "dense_rank()", "ntile(3)", "percent_rank()", "cume_dist()"];

/// The FROM clause, and the names that are visible behind it.
fn from(rng: &mut Rng, tables: &[Table]) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut scope: Vec<String> = Vec::new();
    let count = [1, 1, 1, 2, 2, 3][rng.below(6)];
    for i in 0..count {
        let table = &tables[rng.below(tables.len())];
        let alias = format!("x{i}");
        let source = match rng.below(8) {
            0 => format!("(SELECT * FROM {} WHERE {})", table.name, expr::condition(rng, &table.columns, 1)),
            _ => table.name.clone(),
        };
        let own: Vec<String> = table.columns.iter().map(|c| format!("{alias}.{c}")).collect();
        if i == 0 {
            text = format!("{source} AS {alias}");
        } else {
            let join = rng.pick(&[", ", " JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ", " CROSS JOIN "]);
            text += &format!("{join}{source} AS {alias}");
            if join == " JOIN " || join.ends_with("T JOIN ") || join == " FULL JOIN " {
                let other = scope[rng.below(scope.len())].clone();
                text += &format!(" ON {} = {other}", own[rng.below(own.len())]);
                if rng.one_in(4) {
                    let all: Vec<String> = scope.iter().chain(&own).cloned().collect();
                    text += &format!(" AND {}", expr::condition(rng, &all, 1));
                }
            }
        }
        scope.extend(own);
    }
    (text, scope)
}

fn filter(rng: &mut Rng, scope: &[String], tables: &[Table]) -> String {
    match rng.below(6) {
        0 => String::new(),
        1 => {
            let table = &tables[rng.below(tables.len())];
            let inner: Vec<String> = table.columns.iter().map(|c| format!("s.{c}")).collect();
            let (outer, column) = (&scope[rng.below(scope.len())], &inner[rng.below(inner.len())]);
            let condition = expr::condition(rng, &inner, 1);
            let name = &table.name;
            match rng.below(4) {
                0 => {
                    format!(" WHERE {outer} {}IN (SELECT {column} FROM {name} AS s WHERE {condition})", expr::not(rng))
                }
                1 => format!(" WHERE {}EXISTS (SELECT 1 FROM {name} AS s WHERE {column} = {outer})", expr::not(rng)),
                2 => format!(" WHERE {outer} >= (SELECT max({column}) FROM {name} AS s WHERE {condition})"),
                _ => format!(" WHERE (SELECT count(*) FROM {name} AS s WHERE {column} = {outer} AND {condition}) > 0"),
            }
        }
        _ => format!(" WHERE {}", expr::condition(rng, scope, 2)),
    }
}

fn plain(rng: &mut Rng, scope: &[String], width: usize) -> Vec<String> {
    (0..width).map(|_| expr::expr(rng, scope, 2)).collect()
}

/// `ORDER BY` all columns, so that rows that tie are equal to the eye of `Compare::Ordered`.
fn order(rng: &mut Rng, width: usize) -> String {
    let terms: Vec<String> =
        (1..=width).map(|i| format!("{i}{}", rng.pick(&["", "", " DESC", " NULLS LAST", " COLLATE BINARY"]))).collect();
    format!(" ORDER BY {}", terms.join(", "))
}

fn limit(rng: &mut Rng) -> String {
    match rng.below(3) {
        0 => format!(" LIMIT {}", rng.below(6)),
        1 => format!(" LIMIT {} OFFSET {}", rng.below(6), rng.below(4)),
        _ => String::new(),
    }
}

fn aggregate(rng: &mut Rng, scope: &[String]) -> String {
    let text = match rng.pick(AGGREGATES) {
        "count_" => "count(*)".to_owned(),
        "sum" => format!("sum(length({}))", expr::expr(rng, scope, 1)),
        name => {
            let distinct = if rng.one_in(4) { "DISTINCT " } else { "" };
            format!("{name}({distinct}{})", scope[rng.below(scope.len())])
        }
    };
    if rng.one_in(6) { format!("{text} FILTER (WHERE {})", expr::condition(rng, scope, 1)) } else { text }
}

fn window(rng: &mut Rng, scope: &[String]) -> String {
    let partition =
        if rng.one_in(2) { format!("PARTITION BY {} ", scope[rng.below(scope.len())]) } else { String::new() };
    let order = scope.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let frame = match rng.below(6) {
        0 => " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
        1 => " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW",
        2 => " GROUPS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES",
        _ => "",
    };
    let function = match rng.below(5) {
        0 => rng.pick(WINDOWS).to_owned(),
        1 => format!("lag({}, {})", scope[rng.below(scope.len())], rng.below(3)),
        2 => format!("first_value({})", scope[rng.below(scope.len())]),
        3 => format!("nth_value({}, 2)", scope[rng.below(scope.len())]),
        _ => format!("{}({})", rng.pick(&["count", "min", "max"]), scope[rng.below(scope.len())]),
    };
    format!("{function} OVER ({partition}ORDER BY {order}{frame})")
}

fn core(rng: &mut Rng, tables: &[Table], width: usize) -> String {
    let (from, scope) = from(rng, tables);
    let distinct = if rng.one_in(6) { "DISTINCT " } else { "" };
    format!("SELECT {distinct}{} FROM {from}{}", plain(rng, &scope, width).join(", "), filter(rng, &scope, tables))
}

pub fn select(rng: &mut Rng, tables: &[Table]) -> Statement {
    let (sql, compare) = match rng.below(12) {
        0..4 => {
            let (from, scope) = from(rng, tables);
            let width = 1 + rng.below(3);
            let columns = if rng.one_in(3) { "*".to_owned() } else { plain(rng, &scope, width).join(", ") };
            (format!("SELECT {columns} FROM {from}{}", filter(rng, &scope, tables)), Compare::Rows)
        }
        4..6 => {
            let width = 1 + rng.below(3);
            let (text, limit) = (core(rng, tables, width), limit(rng));
            (format!("{text}{}{limit}", order(rng, width)), Compare::Ordered)
        }
        6 => (core(rng, tables, 2), Compare::Loose),
        7..9 => {
            let (from, scope) = from(rng, tables);
            let mut key = scope[rng.below(scope.len())].clone();
            if rng.one_in(3) {
                key = expr::expr(rng, &scope, 1);
            }
            let having = if rng.one_in(3) { format!(" HAVING {} > 1", aggregate(rng, &scope)) } else { String::new() };
            let (first, second) = (aggregate(rng, &scope), aggregate(rng, &scope));
            let rest = filter(rng, &scope, tables);
            // A bare number as key would be the number of a result column.
            (format!("SELECT +{key}, {first}, {second} FROM {from}{rest} GROUP BY +{key}{having}"), Compare::Loose)
        }
        9 => {
            let (from, scope) = from(rng, tables);
            let (first, second) = (aggregate(rng, &scope), aggregate(rng, &scope));
            (format!("SELECT {first}, {second} FROM {from}{}", filter(rng, &scope, tables)), Compare::Loose)
        }
        10 => {
            let (first, second) = (core(rng, tables, 2), core(rng, tables, 2));
            let operator = rng.pick(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]);
            match rng.below(3) {
                0 => (format!("{first} {operator} {second}{}", order(rng, 2)), Compare::Ordered),
                1 => (
                    format!("WITH q(v, w) AS ({first} {operator} {second}) SELECT w, v FROM q WHERE v IS NOT 1"),
                    Compare::Loose,
                ),
                _ => (format!("{first} {operator} {second}"), Compare::Loose),
            }
        }
        _ => {
            let table = &tables[rng.below(tables.len())];
            let (first, second) = (window(rng, &table.columns), window(rng, &table.columns));
            (format!("SELECT {first}, {second} FROM {}", table.name), Compare::Loose)
        }
    };
    Statement { sql, compare }
}
