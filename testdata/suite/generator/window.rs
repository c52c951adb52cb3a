//! Random window functions.

use super::expr;
use super::rng::Rng;

const RANKS: &[&str] = &["row_number()", "rank()", "dense_rank()", "ntile(3)", "percent_rank()", "cume_dist()"];
const BOUNDS: &[&str] = &[
    "UNBOUNDED PRECEDING AND CURRENT ROW",
    "1 PRECEDING AND 1 FOLLOWING",
    "CURRENT ROW AND UNBOUNDED FOLLOWING",
    "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "2 PRECEDING AND 1 PRECEDING",
    "1 FOLLOWING AND 2 FOLLOWING",
    "CURRENT ROW AND CURRENT ROW",
    "1 PRECEDING AND UNBOUNDED FOLLOWING",
    "UNBOUNDED PRECEDING AND 1 FOLLOWING",
    "UNBOUNDED PRECEDING AND 1 PRECEDING",
    "1 FOLLOWING AND UNBOUNDED FOLLOWING",
    "0.5 PRECEDING AND 2.5 FOLLOWING",
    "1 + 1 PRECEDING AND CURRENT ROW",
    "3 PRECEDING AND 0 FOLLOWING",
    "CURRENT ROW AND '2' FOLLOWING",
];
const EXCLUDES: &[&str] =
    &["", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS"];

/// A frame's bounds of every kind, wrong ones among them.
fn bounds(rng: &mut Rng) -> String {
    if rng.one_in(2) {
        return format!("BETWEEN {}", rng.pick(BOUNDS));
    }
    let mut one = || {
        let distance = rng.pick(&["0", "1", "2", "3", "1", "2", "0.5", "'1'", "4 - 2", "-1", "1e18"]);
        match rng.below(7) {
            0 => "UNBOUNDED PRECEDING".to_owned(),
            1 | 2 => format!("{distance} PRECEDING"),
            3 => "CURRENT ROW".to_owned(),
            4 | 5 => format!("{distance} FOLLOWING"),
            _ => "UNBOUNDED FOLLOWING".to_owned(),
        }
    };
    let (from, to) = (one(), one());
    if rng.one_in(3) { from } else { format!("BETWEEN {from} AND {to}") }
}

/// A window function call. With `one_order` the rows come in one order, so that ties have one, too.
pub fn window(rng: &mut Rng, scope: &[String], one_order: bool) -> String {
    let partition =
        if rng.one_in(2) { format!("PARTITION BY {} ", scope[rng.below(scope.len())]) } else { String::new() };
    let kind = rng.pick(&["ROWS", "GROUPS", "RANGE"]);
    let bounds = bounds(rng);
    let offsets = bounds.contains(|c: char| c.is_ascii_digit());
    let order = match rng.below(4) {
        // RANGE with an offset takes one term.
        _ if kind == "RANGE" && offsets => {
            format!("ORDER BY {}{}", expr::column(rng, scope), rng.pick(&["", " DESC", " NULLS LAST"]))
        }
        0 if one_order => String::new(),
        1 if one_order => {
            format!("ORDER BY {}{}", expr::column(rng, scope), rng.pick(&["", " DESC", " COLLATE NOCASE"]))
        }
        _ => format!("ORDER BY {}", scope.join(", ")),
    };
    let frame = if rng.one_in(4) || (kind == "GROUPS" && order.is_empty()) {
        String::new()
    } else {
        format!(" {kind} {bounds}{}", rng.pick(EXCLUDES))
    };
    let column = expr::column(rng, scope);
    // Where rows that tie may come in any order, what picks one of them is left out.
    let all_rows = order.contains(", ") || one_order;
    let function = match rng.below(8) {
        0 => rng.pick(RANKS).to_owned(),
        1 if all_rows => format!("lag({column}, {})", rng.below(3)),
        2 if all_rows => format!("lead({column}, 1, {})", expr::key(rng)),
        3 if all_rows => format!("{}({column})", rng.pick(&["first_value", "last_value"])),
        4 if all_rows => format!("nth_value({column}, 2)"),
        5 if one_order => {
            format!("{}({column})", rng.pick(&["group_concat", "total", "avg", "json_group_array_quote"]))
        }
        6 => format!("count(*) FILTER (WHERE {})", expr::condition(rng, scope, 0)),
        _ => format!("{}({column})", rng.pick(&["count", "min", "max"])),
    };
    let function = match function.strip_prefix("json_group_array_quote") {
        Some(rest) => format!("json_group_array(quote{rest})"),
        None => function,
    };
    format!("{function} OVER ({partition}{order}{frame})")
}
