//! Deep and wide statements: limits instead of a full stack.

use super::compare::{Answer, Both};

/// What a thread of a host may have.
const STACK: usize = 2 << 20;

fn check(statements: Vec<String>) {
    let run = move || {
        let both = Both::new("CREATE TABLE t(a, b);");
        for sql in &statements {
            let ours = both.ours(sql).expect("a query");
            let theirs = both.sqlite(sql);
            let same = match (&ours, &theirs) {
                (Answer::Columns(a), Answer::Columns(b)) => a.len() == b.len(),
                (Answer::Error(a), Answer::Error(b)) => a == b,
                _ => false,
            };
            let shown = &sql[..sql.len().min(60)];
            assert!(same, "{shown}…: sqlite {theirs:?}, ours {:.200}", format!("{ours:?}"));
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread can start");
    thread.join().expect("no panic");
}

fn chain(operator: &str, n: usize) -> String {
    format!("SELECT {} FROM t", vec!["a"; n].join(operator))
}

#[test]
fn chains_of_operators_up_to_the_limit_of_depth() {
    let operators = [" AND ", " OR ", " || ", " + ", " = "];
    check(operators.iter().flat_map(|op| [chain(op, 900), chain(op, 1100)]).collect());
}

#[test]
fn nested_expressions() {
    let nested = |open: &str, close: &str, n: usize| format!("SELECT {}a{} FROM t", open.repeat(n), close.repeat(n));
    check(vec![
        nested("abs(", ")", 300),
        nested("NOT ", "", 300),
        nested("-", "", 300),
        nested("(", ")", 90),
        nested("CASE WHEN 1 THEN ", " END", 200),
        nested("(SELECT ", ")", 40),
        nested("a IN (SELECT ", ")", 40),
    ]);
}

#[test]
fn nested_queries() {
    let from = |n: usize| format!("{}t{}", "(SELECT * FROM ".repeat(n), ")".repeat(n));
    check(vec![format!("SELECT * FROM {}", from(60)), format!("SELECT * FROM {}", from(20))]);
}

#[test]
fn wide_statements() {
    let list = |n: usize| vec!["1"; n].join(", ");
    let tables = |n: usize| (0..n).map(|i| format!("t AS t{i}")).collect::<Vec<_>>().join(", ");
    let unions = |n: usize| vec!["SELECT 1"; n].join(" UNION ");
    check(vec![
        format!("SELECT {}", list(2000)),
        format!("SELECT {}", list(2001)),
        format!("SELECT 1 IN ({})", list(5000)),
        format!("SELECT t0.a FROM {}", tables(64)),
        format!("SELECT t0.a FROM {}", tables(65)),
        format!("SELECT t0.a FROM {}", tables(201)),
        unions(500),
        unions(501),
        format!("SELECT a FROM t ORDER BY {}", list(2001)),
        format!("SELECT a FROM t GROUP BY {}", list(2001)),
        format!("SELECT max({})", list(1000)),
        format!("SELECT max({})", list(1001)),
    ]);
}

#[test]
fn views_over_views() {
    let mut schema = "CREATE TABLE t(a); CREATE VIEW v0 AS SELECT * FROM t;".to_string();
    for i in 1..60 {
        schema += &format!("CREATE VIEW v{i} AS SELECT * FROM v{};", i - 1);
    }
    schema +=
        "CREATE VIEW x AS SELECT 1; DROP VIEW x; CREATE VIEW y AS SELECT * FROM x; CREATE VIEW x AS SELECT * FROM y;";
    let both = Both::new(&schema);
    assert_eq!(both.ours("SELECT * FROM v59"), Some(both.sqlite("SELECT * FROM v59")));
    assert_eq!(both.ours("SELECT * FROM x"), Some(both.sqlite("SELECT * FROM x")));
}
