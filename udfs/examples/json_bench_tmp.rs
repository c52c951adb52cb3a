use bumpalo::Bump;
use heliosdb_udfs::json::TABLE;
use heliosdb_udfs::signature::{Call, Host};
use heliosdb_udfs::value::{Collation, ValueRef};
use std::time::Instant;
struct H;
impl Host for H {
    fn now_ms(&self) -> i64 { 0 } fn local_offset_s(&self, _: i64) -> i64 { 0 } fn random(&self) -> i64 { 0 } fn changes(&self) -> i64 { 0 }
    fn total_changes(&self) -> i64 { 0 } fn last_insert_rowid(&self) -> i64 { 0 } fn length_limit(&self) -> usize { 1_000_000_000 } fn like_pattern_limit(&self) -> usize { 50_000 }
    fn case_sensitive_like(&self) -> bool { false } fn sqlite_version(&self) -> &'static str { "" } fn sqlite_source_id(&self) -> &'static str { "" }
}
fn main() {
    let docs: Vec<String> = (0..100_000).map(|i| format!("{{\"id\":{i},\"name\":\"user{i}\",\"tags\":[\"a\",\"b\",\"c\"],\"addr\":{{\"city\":\"Town {}\",\"zip\":{}}},\"score\":{}.5,\"ok\":true}}", i % 97, i % 9999, i % 100)).collect();
    let db = rusqlite::Connection::open_in_memory().expect("db");
    db.execute_batch("create table t(j text, b blob)").expect("t");
    db.execute_batch("begin").expect("b");
    for d in &docs { db.execute("insert into t values(?1,jsonb(?1))", [d]).expect("i"); }
    let blobs: Vec<Vec<u8>> = db.prepare("select b from t").expect("p").query_map([], |r| r.get(0)).expect("q").map(|r| r.expect("row")).collect();
    db.execute_batch("commit").expect("c");
    let time = |sql: &str| { let mut best = f64::MAX; for _ in 0..5 { let t = Instant::now(); let mut st = db.prepare(sql).expect("p"); let mut rows = st.query([]).expect("q"); while rows.next().expect("n").is_some() {} best = best.min(t.elapsed().as_secs_f64()); } best * 1e4 };
    let base = time("select length(j) from t where length(j) < 0");
    let cases: &[(&str, &str, Vec<ValueRef>)] = &[
        ("json_extract", "json_extract(j,'$.addr.zip')", vec![ValueRef::Text(b"$.addr.zip")]),
        ("json_extract", "json_extract(j,'$.id')", vec![ValueRef::Text(b"$.id")]),
        ("->>", "j ->> 'name'", vec![ValueRef::Text(b"name")]),
        ("->", "j -> '$.tags'", vec![ValueRef::Text(b"$.tags")]),
        ("json", "json(j)", vec![]),
        ("jsonb", "jsonb(j)", vec![]),
        ("json_valid", "json_valid(j)", vec![]),
        ("json_set", "json_set(j,'$.addr.zip',5)", vec![ValueRef::Text(b"$.addr.zip"), ValueRef::Integer(5)]),
        ("jsonb_set", "jsonb_set(j,'$.addr.zip',5)", vec![ValueRef::Text(b"$.addr.zip"), ValueRef::Integer(5)]),
        ("json_type", "json_type(j,'$.addr')", vec![ValueRef::Text(b"$.addr")]),
    ];
    for binary in [false, true] {
    for (name, sql, rest) in cases {
        let e = if binary { sql.replace("(j", "(b").replace("j ->", "b ->") } else { sql.to_string() };
        let theirs = time(&format!("select 1 from t where {e} = 'zzz'")) - base;
        let f = TABLE.iter().find(|f| f.name == *name).expect("f");
        let mut arena = Bump::new();
        let mut best = f64::MAX;
        for _ in 0..5 {
            let t = Instant::now();
            for i in 0..docs.len() {
                arena.reset();
                let mut args = vec![if binary { ValueRef::Blob(&blobs[i]) } else { ValueRef::Text(docs[i].as_bytes()) }];
                args.extend_from_slice(rest);
                let mut call = Call { arena: &arena, host: &H, collation: &Collation::Binary, json_args: 0, json_result: false };
                let r = (f.call)(&mut call, &args);
                std::hint::black_box(&r).as_ref().expect("ok");
            }
            best = best.min(t.elapsed().as_secs_f64() * 1e4);
        }
        println!("{e:35} sqlite {theirs:7.0} ns/row   ours {best:7.0} ns/row");
    }}
}
