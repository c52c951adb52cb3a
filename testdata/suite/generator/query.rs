//! Random SELECTs.

use super::expr::{self, Names};
use super::rng::Rng;
use super::schema::Table;
use super::window::window;
use super::{Compare, Statement, cte};

const AGGREGATES: &[&str] = &["count", "min", "max", "count_", "sum_", "list_", "json_"];
/// Aggregates whose result depends on the order of the rows.
const ORDERED: &[&str] = &["sum", "avg", "total", "group_concat", "json_group_array_", "bare"];

/// A FROM clause and what is visible behind it.
struct From {
    text: String,
    scope: Vec<String>,
    /// Rows come in one order, whatever the plan.
    one_order: bool,
}

impl From {
    fn exact(&self) -> Compare {
        if self.one_order { Compare::Same } else { Compare::Rows }
    }
}

fn source(rng: &mut Rng, tables: &[Table]) -> (String, Vec<String>, bool) {
    let table = &tables[rng.below(tables.len())];
    let name = &table.name;
    match rng.below(14) {
        0 => {
            let filter = expr::condition(rng, &table.columns, 1);
            (format!("(SELECT * FROM {name} WHERE {filter})"), table.columns.clone(), false)
        }
        1 => {
            let (k, v) = (expr::column(rng, &table.columns), expr::column(rng, &table.columns));
            let sql = format!("(SELECT quote({k}) AS a, count({v}) AS b FROM {name} GROUP BY 1)");
            (sql, vec!["a".to_owned(), "b".to_owned()], !table.is_indexed)
        }
        2 => (
            "(VALUES (1, 'a'), (2, NULL), ('1', 2.5))".to_owned(),
            vec!["column1".to_owned(), "column2".to_owned()],
            true,
        ),
        3 => {
            let text = rng.pick(&["'[1,\"a\",null,2.5]'", "'{\"a\":[1,2]}'", "'7'"]);
            let function = rng.pick(&["json_each", "json_tree"]);
            let columns = ["key", "value", "type", "atom", "fullkey"].map(str::to_owned).to_vec();
            (format!("{function}({text})"), columns, true)
        }
        _ => (name.clone(), table.columns.clone(), !table.is_indexed && !table.is_view),
    }
}

fn from(rng: &mut Rng, tables: &[Table], count: usize) -> From {
    let mut made = From { text: String::new(), scope: Vec::new(), one_order: count == 1 };
    let mut first_columns = Vec::new();
    for i in 0..count {
        let (text, columns, one_order) = source(rng, tables);
        let alias = format!("x{i}");
        let own: Vec<String> = columns.iter().map(|c| format!("{alias}.{c}")).collect();
        made.one_order &= one_order;
        if i == 0 {
            made.text = format!("{text} AS {alias}");
            first_columns = columns;
        } else {
            let kind = rng.pick(&["JOIN", "INNER JOIN", "LEFT JOIN", "LEFT OUTER JOIN", "RIGHT JOIN", "FULL JOIN"]);
            let shared: Vec<&String> = columns.iter().filter(|c| first_columns.contains(c)).collect();
            match rng.below(8) {
                0 => made.text += &format!("{}{text} AS {alias}", rng.pick(&[", ", " CROSS JOIN "])),
                1 if i == 1 => made.text += &format!(" NATURAL {kind} {text} AS {alias}"),
                2 if i == 1 && !shared.is_empty() => {
                    let column = shared[rng.below(shared.len())];
                    made.text += &format!(" {kind} {text} AS {alias} USING ({column})");
                    made.scope.push(column.clone());
                }
                _ => {
                    let other = made.scope[rng.below(made.scope.len())].clone();
                    let mut on = format!("{} = {other}", own[rng.below(own.len())]);
                    if rng.one_in(4) {
                        let all: Vec<String> = made.scope.iter().chain(&own).cloned().collect();
                        on = format!("{on} AND {}", expr::condition(rng, &all, 1));
                    } else if rng.one_in(8) {
                        on = expr::condition(rng, &own, 1);
                    }
                    made.text += &format!(" {kind} {text} AS {alias} ON {on}");
                }
            }
        }
        made.scope.extend(own);
    }
    made
}

/// A FROM clause of one to four sources.
fn some(rng: &mut Rng, tables: &[Table]) -> From {
    let count = [1, 1, 1, 2, 2, 2, 3, 3, 4][rng.below(9)];
    from(rng, tables, count)
}

fn filter(rng: &mut Rng, scope: &[String], tables: &[Table]) -> String {
    if rng.one_in(5) {
        return String::new();
    }
    format!(" WHERE {}", expr::filter(rng, Names { columns: scope, tables }, 2))
}

fn plain(rng: &mut Rng, scope: &[String], tables: &[Table], width: usize) -> Vec<String> {
    (0..width).map(|_| expr::any(rng, Names { columns: scope, tables }, 2)).collect()
}

fn direction(rng: &mut Rng) -> &'static str {
    rng.pick(&["", "", " DESC", " NULLS LAST", " DESC NULLS FIRST", " COLLATE BINARY", " COLLATE NOCASE DESC"])
}

/// `ORDER BY` all columns, so that rows that tie are equal to the eye of `Compare::Ordered`.
pub fn order(rng: &mut Rng, width: usize) -> String {
    let terms: Vec<String> = (1..=width).map(|i| format!("{i}{}", direction(rng))).collect();
    format!(" ORDER BY {}", terms.join(", "))
}

pub fn limit(rng: &mut Rng) -> String {
    match rng.below(8) {
        0 => format!(" LIMIT {}", rng.below(6)),
        1 => format!(" LIMIT {} OFFSET {}", rng.below(6), rng.below(4)),
        2 => format!(" LIMIT {}, {}", rng.below(3), rng.below(6)),
        3 => {
            let odd = &["-1", "9223372036854775807", "'2'", "1 + 1", "2.0", "(SELECT 2)", "0", "NULL", "'x'", "1.5"];
            format!(" LIMIT {} OFFSET {}", rng.pick(odd), rng.pick(odd))
        }
        _ => String::new(),
    }
}

pub fn aggregate(rng: &mut Rng, from: &[String], ordered: bool) -> String {
    let column = expr::column(rng, from);
    let name = if ordered && rng.one_in(2) { rng.pick(ORDERED) } else { rng.pick(AGGREGATES) };
    let text = match name {
        "count_" => "count(*)".to_owned(),
        "sum_" => format!("sum(length({}))", expr::expr(rng, from, 1)),
        "list_" => format!("group_concat(quote({column}), ',' ORDER BY quote({column}) DESC)"),
        "json_" => format!("json_group_array(quote({column}) ORDER BY quote({column}))"),
        "json_group_array_" => format!("json_group_array(quote({column}))"),
        "sum" => format!("sum({column} + 0.5)"),
        "bare" => return expr::expr(rng, from, 1),
        name => {
            let distinct = if rng.one_in(4) { "DISTINCT " } else { "" };
            format!("{name}({distinct}{column})")
        }
    };
    if rng.one_in(6) { format!("{text} FILTER (WHERE {})", expr::condition(rng, from, 1)) } else { text }
}

fn core(rng: &mut Rng, tables: &[Table], width: usize) -> (String, bool) {
    let from = some(rng, tables);
    let distinct = if rng.one_in(6) { "DISTINCT " } else { "" };
    let columns = plain(rng, &from.scope, tables, width).join(", ");
    let rest = filter(rng, &from.scope, tables);
    (format!("SELECT {distinct}{columns} FROM {}{rest}", from.text), from.one_order)
}

fn grouped(rng: &mut Rng, tables: &[Table]) -> Statement {
    let from = some(rng, tables);
    let rest = filter(rng, &from.scope, tables);
    let keys: Vec<String> = (0..[0, 1, 1, 1, 2][rng.below(5)])
        .map(|_| match rng.below(3) {
            0 => format!("({} || '')", expr::expr(rng, &from.scope, 1)),
            _ => format!("+{}", expr::column(rng, &from.scope)),
        })
        .collect();
    let one_order = from.one_order;
    let mut aggregates: Vec<String> = (0..1 + rng.below(3)).map(|_| aggregate(rng, &from.scope, one_order)).collect();
    aggregates.splice(0..0, keys.iter().cloned());
    let having = if !keys.is_empty() && rng.one_in(3) {
        format!(" HAVING {} > 1", aggregate(rng, &from.scope, false))
    } else {
        String::new()
    };
    let group = if keys.is_empty() { String::new() } else { format!(" GROUP BY {}{having}", keys.join(", ")) };
    let order = if one_order && rng.one_in(4) {
        format!(" ORDER BY {}{}", 1 + rng.below(aggregates.len()), direction(rng))
    } else {
        String::new()
    };
    let sql = format!("SELECT {} FROM {}{rest}{group}{order}", aggregates.join(", "), from.text);
    Statement::new(sql, if one_order { Compare::Same } else { Compare::Loose })
}

fn compound(rng: &mut Rng, tables: &[Table]) -> Statement {
    let ((mut sql, mut one_order), width) = (core(rng, tables, 2), 2);
    for _ in 0..1 + rng.below(2) {
        let operator = rng.pick(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]);
        let (next, same) = if rng.one_in(5) {
            // VALUES takes no ORDER BY.
            (format!("SELECT * FROM (VALUES ({}, 1), (2, {}))", expr::key(rng), expr::key(rng)), true)
        } else {
            core(rng, tables, width)
        };
        sql = format!("{sql} {operator} {next}");
        one_order &= same;
    }
    let (exact, ordered) = if one_order { (Compare::Same, Compare::Same) } else { (Compare::Loose, Compare::Ordered) };
    match rng.below(4) {
        0 => Statement::new(format!("{sql}{}{}", order(rng, width), limit(rng)), ordered),
        1 => {
            // The plus keeps SQLite from comparing with the affinity of only one of the SELECTs.
            let sql = format!("WITH q(v, w) AS ({sql}) SELECT w, v FROM q WHERE +v IS NOT 1");
            Statement::new(sql, Compare::Loose)
        }
        2 => Statement::new(
            format!("SELECT count(*), max(quote(v)) FROM (SELECT NULL AS v, 0 AS w UNION ALL SELECT * FROM ({sql}))"),
            Compare::Loose,
        ),
        _ => Statement::new(sql, exact),
    }
}

fn recursive(rng: &mut Rng, tables: &[Table]) -> Statement {
    let table = &tables[rng.below(tables.len())];
    let column = &table.columns[rng.below(table.columns.len())];
    let union = rng.pick(&["UNION", "UNION ALL"]);
    let order =
        rng.pick(&["", "", " ORDER BY 1", " ORDER BY 1 DESC", " LIMIT 7", " ORDER BY 2 DESC, 1 LIMIT 5 OFFSET 1"]);
    let sql = match rng.below(3) {
        0 => {
            let step = rng.pick(&["n + 1, length(quote(v))", "n * 2 + 1, v", "n + 1, v || 'x'"]);
            format!(
                "WITH RECURSIVE c(n, v) AS (VALUES (1, 'a'), (3, 'b') {union} SELECT {step} FROM c WHERE n < 9{order}) SELECT * FROM c"
            )
        }
        1 => format!(
            "WITH RECURSIVE c(n, v) AS (SELECT count(*), 0 FROM {0} {union} SELECT n - 1, (SELECT count(*) FROM {0} AS s WHERE quote(s.{column}) < n) FROM c WHERE n > 0{order}) SELECT c.v, c.n FROM c",
            table.name
        ),
        _ => format!(
            "WITH RECURSIVE c(n, v) AS (SELECT 0, 'r' {union} SELECT n + 1, s.k FROM c JOIN (SELECT DISTINCT quote({column}) AS k FROM {} ORDER BY 1) AS s WHERE n < 2) SELECT n, count(*), min(v) FROM c GROUP BY n",
            table.name
        ),
    };
    Statement::new(sql, Compare::Rows)
}

fn windowed(rng: &mut Rng, tables: &[Table]) -> Statement {
    let from = from(rng, tables, 1);
    let (first, second) = (window(rng, &from.scope, from.one_order), window(rng, &from.scope, from.one_order));
    let rest = filter(rng, &from.scope, &[]);
    let last = if rng.one_in(3) { limit(rng) } else { String::new() };
    let last = if from.one_order { last } else { String::new() };
    let columns = if from.one_order && rng.one_in(2) { format!(", {}", from.scope.join(", ")) } else { String::new() };
    let named = rng.one_in(4);
    if let (true, Some((call, definition))) = (named, first.split_once(" OVER ")) {
        // A window that another one is made of must have no frame.
        let frame = [" ROWS ", " GROUPS ", " RANGE "].iter().filter_map(|k| definition.find(k)).min();
        let (base, frame) = match frame {
            Some(at) => (format!("{})", &definition[..at]), definition[at..].to_owned()),
            None => (definition.to_owned(), ")".to_owned()),
        };
        let sql = format!(
            "SELECT {call} OVER (w{frame}, {second}, {call} OVER w{columns} FROM {}{rest} WINDOW w AS {base}{last}",
            from.text
        );
        return Statement::new(sql, if from.one_order { Compare::Same } else { Compare::Loose });
    }
    let sql = format!("SELECT {first}, {second}{columns} FROM {}{rest}{last}", from.text);
    Statement::new(sql, if from.one_order { Compare::Same } else { Compare::Loose })
}

pub fn select(rng: &mut Rng, tables: &[Table]) -> Statement {
    let (sql, compare) = match rng.below(18) {
        14 => return cte::common(rng, tables),
        15 => return cte::nested(rng, tables),
        16 => return cte::subqueries(rng, tables),
        17 => return cte::recursive(rng, tables),
        0..4 => {
            let from = some(rng, tables);
            let width = 1 + rng.below(3);
            let columns = match rng.below(6) {
                0..2 => "*".to_owned(),
                2 => format!("x0.*, {}", plain(rng, &from.scope, tables, 1)[0]),
                _ => plain(rng, &from.scope, tables, width).join(", "),
            };
            let last = if from.one_order { limit(rng) } else { String::new() };
            (format!("SELECT {columns} FROM {}{}{last}", from.text, filter(rng, &from.scope, tables)), from.exact())
        }
        4..6 => {
            let width = 1 + rng.below(3);
            let ((text, _), limit) = (core(rng, tables, width), limit(rng));
            (format!("{text}{}{limit}", order(rng, width)), Compare::Ordered)
        }
        6 => {
            let (text, one_order) = core(rng, tables, 2);
            let last =
                if one_order { format!(" ORDER BY {}{}", 1 + rng.below(2), direction(rng)) } else { String::new() };
            (text + &last, if one_order { Compare::Same } else { Compare::Loose })
        }
        7..9 => return grouped(rng, tables),
        9..11 => return compound(rng, tables),
        11 => return recursive(rng, tables),
        _ => return windowed(rng, tables),
    };
    Statement::new(sql, compare)
}
