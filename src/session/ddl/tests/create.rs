//! CREATE statements: accepted and refused alike, with the same words, and described alike afterwards.

use super::compare::Pair;
use super::corpus;

#[test]
fn each_table_alone() {
    let mut different = Vec::new();
    for sql in corpus::tables() {
        let pair = Pair::new();
        different.extend(pair.differs(&sql));
        different.extend(pair.schema_differences().into_iter().map(|d| format!("after {sql}\n   {d}")));
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn one_schema_after_another() {
    for script in corpus::SCRIPTS {
        let mut pair = Pair::new();
        pair.attach("aux");
        let different: Vec<String> = script.iter().filter_map(|s| pair.differs(s)).collect();
        assert!(different.is_empty(), "{}", different.join("\n"));
        pair.same_schema();
    }
}

#[test]
fn many_columns() {
    let pair = Pair::new();
    for count in [1999, 2000, 2001] {
        let columns: Vec<String> = (0..count).map(|i| format!("c{i}")).collect();
        let sql = format!("CREATE TABLE t{count}({})", columns.join(","));
        assert_eq!(pair.differs(&sql), None);
    }
    pair.same_schema();
}
