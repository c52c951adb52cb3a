//! Nesting, stack and length limits.

use super::checks::*;
use super::oracle::*;
use bumpalo::Bump;
use heliosdb_udfs::value::ValueRef;
use rusqlite::Connection;

/// Nested containers as a blob, innermost `core`.
fn nested(kind: u8, depth: usize, core: &[u8]) -> Vec<u8> {
    let mut blob = core.to_vec();
    for _ in 0..depth {
        let mut payload = if kind == 12 { b"\x17a".to_vec() } else { Vec::new() };
        payload.extend_from_slice(&blob);
        blob = match payload.len() {
            n @ 0..=11 => vec![(n as u8) << 4 | kind],
            n @ 12..=255 => vec![0xc0 | kind, n as u8],
            n => vec![0xd0 | kind, (n >> 8) as u8, n as u8],
        };
        blob.extend_from_slice(&payload);
    }
    blob
}

#[test]
fn depth() {
    let mut oracle = Oracle::new();
    for depth in [999, 1000, 1001, 1002] {
        let documents = [
            text(&("[".repeat(depth) + &"]".repeat(depth))),
            text(&("[".repeat(depth) + "1" + &"]".repeat(depth))),
            text(&("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth))),
            text(&"[".repeat(depth)),
            blob(&nested(11, depth, b"")),
            blob(&nested(11, depth, b"\x13\x31")),
            blob(&nested(12, depth, b"\x00")),
            blob(&nested(12, depth, b"\x13\x31")),
            blob(&nested(12, depth, b"\x0c")),
        ];
        for document in documents {
            check_document(&mut oracle, &document);
            for path in ["$".to_string() + &"[0]".repeat(depth), "$".to_string() + &".a".repeat(depth)] {
                check_path(&mut oracle, &document, &text(&path), &int(1));
                check_path(&mut oracle, &document, &text(&(path.clone() + "[0]")), &int(1));
                check_path(&mut oracle, &text("{}"), &text(&path), &int(1));
                check_path(&mut oracle, &text("[]"), &text(&path), &int(1));
            }
            for name in ["json_patch", "jsonb_patch"] {
                oracle.check(name, &[text("{}"), document.clone()]);
                oracle.check(name, &[document.clone(), document.clone()]);
                oracle.check(name, &[document.clone(), text("{\"a\":{\"b\":2}}")]);
            }
            for name in EDITS {
                oracle.check(name, &[text("[1]"), text("$[0]"), document.clone()]);
            }
        }
    }
    oracle.finish();
}

#[test]
fn small_stack() {
    let run = || {
        let arena = Bump::new();
        for (kind, core) in [(11, &b""[..]), (12, b"\x00"), (12, b"\x0c")] {
            for depth in [1000, 30_000] {
                let blob = arena.alloc_slice_copy(&nested(kind, depth.min(20_000), core));
                let document = ValueRef::Blob(blob);
                for name in ["json", "jsonb", "json_pretty", "json_valid", "json_error_position"] {
                    let _ = call_ours(&arena, name, &[document], 0);
                }
                let _ = call_ours(&arena, "json_valid", &[document, ValueRef::Integer(8)], 0);
                let _ = call_ours(&arena, "jsonb_patch", &[document, document], 0);
                let path = arena.alloc_str(&("$".to_string() + &".a".repeat(depth)));
                let path = ValueRef::Text(path.as_bytes());
                let _ = call_ours(&arena, "json_set", &[document, path, ValueRef::Integer(1)], 0);
                let _ = call_ours(&arena, "json", &[ValueRef::Text("[".repeat(depth).leak().as_bytes())], 0);
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(run).expect("a thread");
    thread.join().expect("nothing recurses, so a small stack is enough");
}

#[test]
fn length_limit() {
    use rusqlite::limits::Limit;
    let host = TestHost { length_limit: 1000 };
    let db = Connection::open_in_memory().expect("memory database");
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, 1000).expect("a limit");
    let nulls = "[".to_string() + &"0,".repeat(199) + "0]";
    let mut too_big = 0;
    for size in
        [1usize, 100, 158, 400, 480, 481, 482, 495, 496, 497, 498, 499, 500, 501, 990, 995, 996, 997, 998, 999, 1000]
    {
        let long = "x".repeat(size);
        let quoted = format!("\"{}\"", "y".repeat(size.min(998)));
        let cases: [(&str, Vec<&str>); 12] = [
            ("json_array", vec![&long]),
            ("json_array", vec![&long, &long]),
            ("jsonb_array", vec![&long, &long]),
            ("json_object", vec!["a", &long, "b", &long]),
            ("json_quote", vec![&long]),
            ("json_set", vec!["[1]", "$[0]", &long]),
            ("jsonb_set", vec!["[1]", "$[0]", &long]),
            ("json_set", vec!["[1,2,3]", "$[0]", &long, "$[1]", &long]),
            ("json_pretty", vec![&nulls, &long]),
            ("json_extract", vec![&quoted, "$", "$"]),
            ("json_patch", vec!["{\"a\":1}", &quoted]),
            ("json_insert", vec!["[]", "$[#]", &long, "$[#]", &long]),
        ];
        for (name, args) in cases {
            let arena = Bump::new();
            let values: Vec<ValueRef<'_>> = args.iter().map(|s| ValueRef::Text(s.as_bytes())).collect();
            let ours = call_hosted(&host, &arena, name, &values, 0).0.map_or_else(error_outcome, ours_outcome);
            let places: Vec<String> = (1..=args.len()).map(|i| format!("?{i}")).collect();
            let theirs = db
                .query_row(
                    &format!("SELECT {name}({})", places.join(",")),
                    rusqlite::params_from_iter(args.iter()),
                    |row| row.get_ref(0).map(their_outcome),
                )
                .unwrap_or_else(their_error);
            too_big += matches!(ours, Outcome::Error(_)) as usize;
            assert_eq!(ours, theirs, "{name} {size}");
        }
    }
    assert!(too_big > 50);
}
