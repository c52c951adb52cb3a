//! Details of the bound form that names and messages do not show.

use heliosdb_udfs::value::Affinity;

use super::compare::Both;
use super::corpus::SCHEMA;
use crate::plan::bound::{Body, Expr, ExprKind, Free, Query, Select, SourceKind, Statement, TriggerTime};
use crate::plan::{bind_statement, bind_trigger_body};

fn bind(sql: &str) -> Statement {
    let both = Both::new(SCHEMA);
    let parsed = heliosdb_dialect::parse(sql).expect("valid").expect("not empty");
    bind_statement(&both.namespace(), &parsed.statement, sql).expect("binds")
}

fn query(sql: &str) -> Query {
    match bind(sql) {
        Statement::Query(query) => *query,
        _ => panic!("a query"),
    }
}

fn select(query: &Query) -> &Select {
    match &query.body {
        Body::Select(select) => select,
        _ => panic!("a SELECT"),
    }
}

fn first(sql: &str) -> Expr {
    select(&query(sql)).output[0].clone()
}

fn comparison(e: &str) -> (Affinity, String) {
    let sql = format!(
        "SELECT {e} FROM t, (SELECT b || '' AS s, a + 0 AS n, CAST(a AS INT) AS i, b COLLATE rtrim AS r FROM t) AS q"
    );
    let by = match first(&sql).kind {
        ExprKind::Compare { by, .. } | ExprKind::InList { by, .. } => by,
        ExprKind::Between { by, .. } => by[0].clone(),
        ExprKind::InQuery { by, .. } => by[0].clone(),
        ExprKind::CompareRows { by, .. } => by[0].clone(),
        ExprKind::Case { whens, .. } => whens[0].by.clone(),
        kind => panic!("no comparison: {kind:?}"),
    };
    (by.affinity, by.collation.name().to_string())
}

#[test]
fn comparisons_take_affinity_and_collation_from_their_operands() {
    use Affinity::{None, Numeric, Text};
    for (e, affinity, collation) in [
        ("t.a = '5'", Numeric, "BINARY"),
        ("+t.a = '5'", None, "BINARY"),
        ("'x' = t.b", Text, "NOCASE"),
        ("t.b = t.a", Numeric, "NOCASE"),
        ("t.a = t.b", Numeric, "BINARY"),
        ("t.d = t.b", None, "BINARY"),
        ("t.b = 'x' COLLATE rtrim", Text, "RTRIM"),
        ("t.b COLLATE binary = 'x' COLLATE rtrim", Text, "BINARY"),
        ("(t.b || 'x') = 'y'", None, "BINARY"),
        ("(t.b COLLATE nocase || 'x') = 'y'", None, "NOCASE"),
        ("CAST(t.b AS INT) = 'y'", Numeric, "NOCASE"),
        ("(SELECT t.b) = 1", Text, "BINARY"),
        ("q.s = 1", None, "BINARY"),
        ("q.n = '1'", None, "BINARY"),
        ("q.i = '1'", Numeric, "BINARY"),
        ("q.r = '1'", Text, "RTRIM"),
        ("'1' COLLATE binary = q.r", Text, "BINARY"),
        ("t.a IN ('5')", Numeric, "BINARY"),
        ("'5' IN (t.a)", None, "BINARY"),
        ("'5' IN (SELECT a FROM t)", Numeric, "BINARY"),
        ("'5' IN (SELECT b FROM t)", Text, "NOCASE"),
        ("t.b BETWEEN 1 AND 2", Text, "NOCASE"),
        ("CASE t.b WHEN 1 THEN 2 END", Text, "NOCASE"),
        ("(t.b, 1) = (1, 2)", Text, "NOCASE"),
        ("t.rowid = '1'", Numeric, "BINARY"),
        ("t.rowid = t.b", Numeric, "NOCASE"),
    ] {
        assert_eq!(comparison(e), (affinity, collation.to_string()), "{e}");
    }
}

#[test]
fn a_query_lists_what_it_takes_from_outside() {
    let outer =
        query("SELECT (SELECT max(x) FROM u WHERE u.a = t.b AND EXISTS (SELECT 1 FROM w WHERE w.v = t.a)) FROM t");
    let ExprKind::Scalar(inner) = &select(&outer).output[0].kind else { panic!("a subquery") };
    assert!(outer.free.is_empty());
    let source = select(&outer).sources[0].id;
    let column = |f: &Free| match f {
        Free::Column(c) if c.source == source => c.column,
        other => panic!("{other:?}"),
    };
    assert_eq!(inner.free.iter().map(column).collect::<Vec<u16>>(), [1, 0]);
}

#[test]
fn an_aggregate_belongs_to_the_query_whose_columns_it_reads() {
    let outer = query("SELECT (SELECT sum(t.a) FROM u) FROM t");
    let ExprKind::Scalar(inner) = &select(&outer).output[0].kind else { panic!("a subquery") };
    assert_eq!(select(&outer).aggregates.len(), 1);
    assert!(select(&outer).group_by.is_some());
    assert!(select(inner).aggregates.is_empty() && select(inner).group_by.is_none());
    assert_eq!(inner.free, [Free::Aggregate(select(&outer).aggregates[0].id)]);
}

#[test]
fn equal_aggregates_are_one() {
    let q = query("SELECT count(*), count(*) + 1 FROM t GROUP BY a HAVING count(*) > 1 ORDER BY count(*)");
    assert_eq!(select(&q).aggregates.len(), 1);
}

#[test]
fn virtual_generated_columns_become_their_expression() {
    let ExprKind::Generated { operand, affinity, .. } = first("SELECT n FROM g").kind else { panic!("generated") };
    assert_eq!(affinity, Affinity::Integer);
    let ExprKind::Arithmetic(_, left, _) = operand.kind else { panic!("b * 2") };
    assert!(matches!(left.kind, ExprKind::Generated { .. }));
    assert!(matches!(first("SELECT s FROM g").kind, ExprKind::Column(_)), "stored");
    let ExprKind::Generated { operand, .. } = first("SELECT g.b FROM t LEFT JOIN g ON 1").kind else { panic!() };
    assert!(matches!(operand.kind, ExprKind::Case { .. }), "NULL on the all-NULL row");
}

#[test]
fn common_tables_are_shared_when_used_twice() {
    let kind = |sql: &str| match &select(&query(sql)).sources[0].kind {
        SourceKind::Cte { .. } => "shared",
        SourceKind::Query { .. } => "inline",
        _ => "other",
    };
    assert_eq!(kind("WITH c AS (SELECT a FROM t) SELECT c.a FROM c"), "inline");
    assert_eq!(kind("WITH c AS (SELECT a FROM t) SELECT c.a FROM c, c AS d"), "shared");
    assert_eq!(kind("WITH c AS MATERIALIZED (SELECT a FROM t) SELECT c.a FROM c"), "shared");
    assert_eq!(kind("WITH c AS NOT MATERIALIZED (SELECT a FROM t) SELECT c.a FROM c, c AS d"), "inline");
    assert_eq!(kind("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n FROM c) SELECT n FROM c"), "shared");
}

#[test]
fn a_target_carries_what_must_be_maintained() {
    let Statement::Insert(insert) = bind("INSERT INTO u(a) VALUES (1)") else { panic!("an INSERT") };
    assert_eq!(insert.target.checks.len(), 1);
    assert_eq!(&*insert.target.checks[0].0, "x > 0");
    assert_eq!(insert.target.indexes.len(), 2);
    assert_eq!(insert.target.parent_keys.len(), 1);
    let Statement::Insert(insert) = bind("INSERT INTO g(a) VALUES (1)") else { panic!("an INSERT") };
    assert_eq!(insert.target.generated_order, [1, 2, 3]);
    let Statement::Update(update) = bind("UPDATE v2 SET p = 1") else { panic!("an UPDATE") };
    assert!(update.view.is_some());
    assert_eq!(update.target.triggers.len(), 1);
    assert_eq!(update.target.triggers[0].time, TriggerTime::InsteadOf);
}

#[test]
fn a_trigger_body_takes_old_and_new_from_outside() {
    let both = Both::new(SCHEMA);
    let sql = "INSERT INTO t(a) VALUES (1)";
    let parsed = heliosdb_dialect::parse(sql).expect("valid").expect("not empty");
    let space = both.namespace();
    let Ok(Statement::Insert(insert)) = bind_statement(&space, &parsed.statement, sql) else { panic!("an INSERT") };
    let trigger = &insert.target.triggers[0];
    let body = bind_trigger_body(&space, trigger).expect("binds");
    let Statement::Update(update) = &body.statements[0] else { panic!("an UPDATE") };
    assert!(matches!(update.free.as_slice(), [Free::Column(c)] if c.source == trigger.new && c.column == 0));
}
