//! SQLITE_LIMIT_LENGTH and SQLITE_LIMIT_LIKE_PATTERN_LENGTH in scalar functions.

use crate::oracle::{compare_call, ours, parameters};
use crate::reference::{Differences, TestHost, column, memory};
use heliosdb_udfs::value::Value;
use rusqlite::limits::Limit;

/// Beyond the slots from which SQLite allocates small texts, whose sizes shift the limit.
const LIMIT: usize = 5000;

#[test]
fn lengths() {
    let host = TestHost { length_limit: LIMIT, ..TestHost::default() };
    let db = memory();
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LIMIT as i32).expect("a limit");
    let mut differences = Differences::default();
    let int = Value::Integer;
    let text = |n: usize| Value::text(&"'".repeat(n));
    let around = |n: usize| n - 12..n + 4;
    for n in around(LIMIT / 3).chain(around(LIMIT / 2)).chain(around(LIMIT)).filter(|&n| n <= LIMIT) {
        let blob = Value::Blob(vec![7; n].into());
        let control = Value::text(&format!("\u{1}{}", "a".repeat(n - 1)));
        let calls: Vec<(&str, Vec<Value>)> = vec![
            ("hex", vec![text(n)]),
            ("quote", vec![text(n)]),
            ("quote", vec![blob.clone()]),
            ("unistr_quote", vec![text(n)]),
            ("unistr_quote", vec![control.clone()]),
            ("unistr", vec![text(n)]),
            ("replace", vec![text(n), text(1), text(2)]),
            ("replace", vec![text(n), text(1), text(3)]),
            ("replace", vec![text(n), text(2), text(1)]),
            ("replace", vec![text(10), Value::text("x"), text(n)]),
            ("concat", vec![text(n), text(1)]),
            ("concat", vec![text(n), text(2), text(3)]),
            ("concat", vec![text(n / 2), text(n / 2)]),
            ("concat_ws", vec![text(3), text(n), text(1)]),
            ("concat_ws", vec![text(n), text(1)]),
            ("concat_ws", vec![text(1), text(n), Value::Null]),
            ("zeroblob", vec![int(n as i64)]),
            ("zeroblob", vec![int(n as i64 + 1)]),
            ("lower", vec![text(n)]),
            ("upper", vec![text(n)]),
            ("printf", vec![Value::text("%s"), text(n)]),
            ("printf", vec![Value::text("%q"), text(n)]),
            ("printf", vec![Value::text("%Q"), text(n)]),
            ("printf", vec![Value::text("%sab"), text(n)]),
            ("printf", vec![Value::text("%*d"), int(n as i64), int(1)]),
            ("printf", vec![Value::text("%*sx"), int(n as i64), int(1)]),
            ("printf", vec![Value::text("%.*d"), int(n as i64), int(1)]),
            ("printf", vec![Value::text("%.*f"), int(n as i64), Value::Real(1.5)]),
            ("printf", vec![Value::text("%!.*e"), int(n as i64), Value::Real(1.5)]),
            ("printf", vec![Value::text("%,.*f"), int(n as i64), Value::Real(-1234567.5)]),
            ("printf", vec![Value::text("%+*f"), int(n as i64 - 10), Value::Real(1234.5)]),
            ("printf", vec![Value::text("%#.*x"), int(n as i64), int(5)]),
            ("printf", vec![Value::text("%#q"), Value::text(&"\\".repeat(n / 2))]),
            ("printf", vec![Value::text("%#Q"), control.clone()]),
            ("printf", vec![Value::text("%0*g"), int(n as i64), Value::Real(1.5)]),
            ("printf", vec![Value::text("%.*c"), int(n as i64), text(1)]),
            ("printf", vec![Value::text("%,.*d"), int(n as i64 / 2), int(1)]),
            ("trim", vec![text(n)]),
            ("substr", vec![text(n), int(2)]),
            ("unhex", vec![Value::text(&"ab".repeat(n / 2))]),
        ];
        for (name, args) in calls {
            let sql = format!("SELECT {name}({})", parameters(args.len()));
            let (here, there) = (ours(&host, name, &args), column(&db, &sql, &args).join(" "));
            if here != there {
                let short = |text: &str| format!("{} bytes: {:.60}", text.len(), text);
                differences.compare(
                    || format!("{name} {n} {:.40}", format!("{args:?}")),
                    &short(&here),
                    &short(&there),
                );
            }
        }
    }
    for n in [1_000_000_000, 2_147_483_647, 4_294_967_296, i64::MAX] {
        for name in ["zeroblob", "randomblob"] {
            compare_call(&db, &host, &mut differences, name, &[int(n)]);
        }
    }
    differences.report();
}

#[test]
fn patterns() {
    let (db, host) = (memory(), TestHost::default());
    let mut differences = Differences::default();
    for n in [49_999, 50_000, 50_001] {
        for name in ["like", "glob"] {
            compare_call(&db, &host, &mut differences, name, &[Value::text(&"a".repeat(n)), Value::text("a")]);
            compare_call(&db, &host, &mut differences, name, &[Value::text(&"a".repeat(n)), Value::Null]);
            compare_call(
                &db,
                &host,
                &mut differences,
                name,
                &[Value::text(&format!("\0{}", "a".repeat(n))), Value::text("")],
            );
        }
    }
    differences.report();
}

#[test]
fn random_blobs_have_their_length() {
    for (n, length) in [(-5, 1), (0, 1), (1, 1), (7, 7), (8, 8), (9, 9), (1000, 1000)] {
        let shown = ours(&TestHost::default(), "hex", &[Value::Blob(vec![0; length].into())]);
        let blob = ours(&TestHost::default(), "randomblob", &[Value::Integer(n)]);
        assert_eq!(blob.matches("\\x").count(), (shown.len() - "text:".len()) / 2, "randomblob({n})");
    }
}
