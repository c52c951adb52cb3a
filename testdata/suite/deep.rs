//! Statements that nest deeply, on a thread with a small stack: SQLite's limits decide, not the stack.

use super::engine::{Engine, Ours, literal};
use super::oracle::Sqlite;

const STACK_BYTES: usize = 512 << 10;

const SCHEMA: &str = "create table t(a, b); insert into t values (1, 2)";

/// `open` and `close` stand n times around `inner`.
struct Form {
    start: &'static str,
    open: &'static str,
    inner: &'static str,
    close: &'static str,
    end: &'static str,
    /// Up to here SQLite takes it, and from here on not.
    least: usize,
    most: usize,
}

const fn form(
    start: &'static str,
    open: &'static str,
    inner: &'static str,
    close: &'static str,
    end: &'static str,
    least: usize,
    most: usize,
) -> Form {
    Form { start, open, inner, close, end, least, most }
}

const FORMS: &[Form] = &[
    form("select ", "(", "a", ")", " from t", 2400, 2600),
    form("select ", "not ", "a", "", " from t", 990, 1010),
    form("select ", "- ", "a", "", " from t", 990, 1010),
    form("select ", "a + ", "a", "", " from t", 990, 1010),
    form("select ", "a || (", "a", ")", " from t", 820, 840),
    form("select ", "abs(", "a", ")", " from t", 820, 840),
    form("select ", "coalesce(1, ", "a", ")", " from t", 490, 505),
    form("select ", "case when 1 then ", "a", " end", " from t", 490, 505),
    form("select ", "cast(", "a", " as int)", " from t", 990, 1300),
    form("select ", "a in (a, ", "a", ")", " from t", 490, 505),
    form("select ", "a between 1 and (", "a", ")", " from t", 490, 505),
    form("select ", "a like (", "a", ")", " from t", 820, 840),
    form("select ", "(select ", "a", ")", " from t", 43, 44),
    form("select ", "a in (select ", "a", ")", " from t", 43, 44),
    form("select ", "exists (select ", "a", ")", " from t", 43, 44),
    form("select * from ", "(select * from ", "t", ")", "", 100, 420),
    form("select * from ", "(", "t", ")", "", 1200, 1300),
    form("select a from t where ", "a in (select a from t where ", "1", ")", "", 43, 44),
    form("select * from ", "(select 1, 2 union all select * from ", "t", ")", "", 60, 320),
];

fn said(engine: &mut dyn Engine, sql: &str) -> String {
    let outcome = engine.run(sql);
    let rows: Vec<String> = outcome.rows.iter().flatten().map(|v| literal(v.as_ref())).collect();
    format!("{} {:?}", rows.join(","), outcome.error)
}

fn check(statements: Vec<(String, String)>, setup: &'static str) {
    let mut sqlite = Sqlite::new();
    sqlite.run(setup);
    let theirs: Vec<String> = statements.iter().map(|(_, sql)| said(&mut sqlite, sql)).collect();
    let run = move || {
        let mut ours = Ours::new();
        ours.run(setup);
        let mut wrong = Vec::new();
        for ((name, sql), theirs) in statements.iter().zip(theirs) {
            let ours = said(&mut ours, sql);
            if ours != theirs {
                wrong.push(format!("{name}\n  ours   {ours:.200}\n  sqlite {theirs:.200}"));
            }
        }
        wrong.join("\n")
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).expect("a thread can start");
    let wrong = thread.join().expect("no panic");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nested_statements_meet_sqlites_limits() {
    let mut statements = Vec::new();
    for f in FORMS {
        for n in [10, f.least, f.most, 5000] {
            let sql = format!("{}{}{}{}{}", f.start, f.open.repeat(n), f.inner, f.close.repeat(n), f.end);
            statements.push((format!("{n} times {}{}", f.open, f.close), sql));
        }
    }
    check(statements, SCHEMA);
}

#[test]
fn long_statements_meet_sqlites_limits() {
    let list = |item: &str, by: &str, n: usize| vec![item; n].join(by);
    let tables = |n: usize| (0..n).map(|i| format!("t t{i}")).collect::<Vec<_>>().join(", ");
    let columns = |n: usize| (0..n).map(|i| format!("c{i}")).collect::<Vec<_>>().join(", ");
    let statements = [
        format!("select {} from t", list("a", "+", 1000)),
        format!("select {} from t", list("a", "+", 1001)),
        format!("select {} from t", list("a", " and ", 1000)),
        format!("select {} from t", list("a", " and ", 1001)),
        list("select 1", " union all ", 500),
        list("select 1", " union all ", 501),
        format!("select count(*) from {}", tables(64)),
        format!("select count(*) from {}", tables(65)),
        format!("select {}", list("1", ",", 2001)),
        format!("create table wide({})", columns(2000)),
        format!("create table wider({})", columns(2001)),
        format!("select max({})", list("1", ",", 1000)),
        format!("select max({})", list("1", ",", 1001)),
        format!("select 1 where 'a' like '{}'", "a".repeat(50_000)),
        format!("select 1 where 'a' like '{}'", "a".repeat(50_001)),
        format!("select 1 order by {}", list("1", ",", 2001)),
        format!("select 1 group by {}", list("1", ",", 2001)),
        "select typeof(?32767)".to_owned(),
        format!("values {}", list("(1)", ",", 3000)),
    ];
    check(statements.into_iter().map(|sql| (sql.chars().take(60).collect(), sql)).collect(), SCHEMA);
}

#[test]
fn triggers_recurse_to_sqlites_limit() {
    let setup = "pragma recursive_triggers = on; create table n(i); \
                 create trigger r after insert on n when new.i < 999 begin insert into n values (new.i + 1); end; \
                 create table m(i); create trigger s after insert on m begin insert into m values (new.i + 1); end";
    let statements = [
        "insert into n values (1)",
        "select count(*), max(i) from n",
        "insert into m values (1)",
        "select count(*) from m",
    ];
    check(statements.into_iter().map(|sql| (sql.to_owned(), sql.to_owned())).collect(), setup);
}

#[test]
fn views_on_views() {
    let mut views = vec![(String::new(), "create view v0 as select a from t".to_owned())];
    for i in 1..150 {
        views.push((format!("view {i}"), format!("create view v{i} as select a from v{}", i - 1)));
    }
    views.push(("the last".to_owned(), "select * from v149".to_owned()));
    check(views, SCHEMA);
}
