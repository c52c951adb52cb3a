//! Databases whose text is UTF-16: BINARY orders by the stored bytes, in memory and in files.

use super::Folder;
use crate::engine::{Engine, Ours, literal};
use crate::oracle::Sqlite;

const WORDS: [&str; 20] = [
    "",
    "a",
    "ab",
    "b",
    "B",
    "A ",
    "a ",
    "\u{100}",
    "\u{ff}",
    "\u{1ff}",
    "\u{e000}",
    "\u{ffff}",
    "\u{10000}",
    "\u{1d11e}a",
    "z",
    "\u{e9}",
    "\u{4e2d}",
    "\u{161}",
    "a\u{300}",
    "10",
];

const TABLES: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b COLLATE NOCASE, c COLLATE RTRIM, d);
    CREATE INDEX ta ON t(a DESC, b); CREATE INDEX tb ON t(b); CREATE INDEX tc ON t(c, a); CREATE UNIQUE INDEX td ON t(d, id);
    CREATE TABLE w(a TEXT PRIMARY KEY, b, UNIQUE(b, a)) WITHOUT ROWID;
    CREATE TABLE p(a TEXT PRIMARY KEY); CREATE TABLE f(a REFERENCES p(a) ON UPDATE CASCADE); PRAGMA foreign_keys=ON";

const QUERIES: [&str; 32] = [
    "PRAGMA encoding",
    "SELECT a FROM t ORDER BY a, id",
    "SELECT d, id FROM t ORDER BY d DESC, id",
    "SELECT b, id FROM t ORDER BY b, id",
    "SELECT c, a FROM t ORDER BY c, a, id",
    "SELECT a, count(*) FROM t GROUP BY a",
    "SELECT d, count(*) FROM t GROUP BY d",
    "SELECT min(a), max(a), min(b), max(b), min(d), max(d) FROM t",
    "SELECT a FROM t WHERE a > 'b' ORDER BY a, id",
    "SELECT a FROM t WHERE a BETWEEN 'a' AND '\u{ff}' ORDER BY a, id",
    "SELECT id FROM t WHERE a < '\u{10000}' ORDER BY id",
    "SELECT id FROM t WHERE (a, id) > ('\u{100}', 3) ORDER BY id",
    "SELECT * FROM w",
    "SELECT a FROM w WHERE a > 'ab'",
    "SELECT b, a FROM w ORDER BY b, a",
    "SELECT a FROM t WHERE a GLOB '\u{100}*' ORDER BY id",
    "SELECT a FROM t WHERE b LIKE 'a\u{300}%' ORDER BY id",
    "SELECT a FROM t WHERE a IN ('a', '\u{100}', '\u{1d11e}a', '10') ORDER BY a, id",
    "SELECT a FROM t UNION SELECT b FROM w",
    "SELECT a FROM t INTERSECT SELECT a FROM w ORDER BY 1 DESC",
    "SELECT hex(a), hex(CAST(a AS BLOB)), octet_length(a), length(a), unicode(a) FROM t ORDER BY id",
    "SELECT CAST(x'61006200' AS TEXT), CAST(x'610062' AS TEXT), CAST(x'31003200' AS INTEGER), CAST(x'0031' AS REAL)",
    "SELECT hex(CAST(12 AS BLOB)), hex(12), hex(1.5), octet_length(12), octet_length(1.5), length(12)",
    "SELECT 'b' > '\u{100}', '\u{100}' > 'b', max('b', '\u{100}'), min('b', '\u{100}'), 'b' BETWEEN '\u{100}' AND 'c'",
    "SELECT CASE WHEN 'b' < '\u{100}' THEN 1 ELSE 2 END, x'6100' || x'6200', typeof(x'0061' || x'0062')",
    "SELECT rank() OVER (ORDER BY a), first_value(a) OVER (PARTITION BY b ORDER BY a, id) FROM t ORDER BY a, id",
    "SELECT t.id, w.b FROM t JOIN w ON t.a = w.a ORDER BY t.id",
    "WITH RECURSIVE r(x) AS (SELECT '\u{100}' UNION SELECT x || 'b' FROM r WHERE length(x) < 4) SELECT x FROM r ORDER BY x",
    "SELECT a, quote(a), upper(a), substr(a, 1, 1), instr(a, 'a') FROM t ORDER BY id",
    "SELECT * FROM p ORDER BY a",
    "SELECT * FROM f ORDER BY a",
    "PRAGMA integrity_check",
];

const CHANGES: [&str; 7] = [
    "INSERT INTO t(a, b, d) SELECT a || b, a, CAST(a || 'x' AS BLOB) FROM t",
    "INSERT INTO w VALUES ('a', 1)",
    "REPLACE INTO w VALUES ('\u{ff}', 77)",
    "INSERT INTO f VALUES ('\u{1d11e}a')",
    "UPDATE p SET a = a || '\u{4e2d}' WHERE a >= 'z'",
    "DELETE FROM w WHERE a < 'A'",
    "UPDATE t SET d = a || d WHERE id % 3 = 0",
];

fn agree(ours: &mut dyn Engine, wanted: &mut dyn Engine, sql: &str) {
    let (found, known) = (ours.run(sql), wanted.run(sql));
    let show = |rows: &[Vec<heliosdb::value::Value>]| -> Vec<String> {
        rows.iter().map(|row| row.iter().map(|v| literal(v.as_ref())).collect::<Vec<_>>().join("|")).collect()
    };
    assert_eq!((show(&found.rows), found.error), (show(&known.rows), known.error), "{sql}");
}

fn compare(ours: &mut dyn Engine, wanted: &mut dyn Engine, encoding: &str) {
    agree(ours, wanted, &format!("PRAGMA encoding='{encoding}'"));
    agree(ours, wanted, TABLES);
    for (i, word) in WORDS.iter().enumerate() {
        for row in [
            format!("t VALUES ({i}, '{word}', '{word}', '{word}', '{word}')"),
            format!("w VALUES ('{word}', {i} % 3)"),
            format!("p VALUES ('{word}')"),
        ] {
            agree(ours, wanted, &format!("INSERT INTO {row}"));
        }
    }
    ask(ours, wanted);
    for change in CHANGES {
        agree(ours, wanted, change);
    }
    ask(ours, wanted);
}

fn ask(ours: &mut dyn Engine, wanted: &mut dyn Engine) {
    for query in QUERIES {
        agree(ours, wanted, query);
    }
}

#[test]
fn utf16_in_memory() {
    for encoding in ["UTF-16le", "UTF-16be", "UTF-16", "UTF-8"] {
        compare(&mut Ours::new(), &mut Sqlite::new(), encoding);
    }
}

#[test]
fn utf16_files() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let folder = Folder::new();
        let (own, stock) = (folder.file("own.db"), folder.file("stock.db"));
        compare(&mut Ours::open(&own.to_string_lossy()), &mut Sqlite::open(&stock), encoding);
        for path in [own, stock] {
            ask(&mut Ours::open(&path.to_string_lossy()), &mut Sqlite::open(&path));
        }
    }
}

/// ATTACH wants one encoding; a new file gets that of main.
#[test]
fn attached_files() {
    let folder = Folder::new();
    let (mut ours, mut wanted) = (Ours::new(), Sqlite::new());
    let utf8 = folder.file("utf8.db").to_string_lossy().into_owned();
    let be = folder.file("be.db").to_string_lossy().into_owned();
    agree(&mut Ours::open(&utf8), &mut Sqlite::new(), "CREATE TABLE t(a)");
    let mut both = |sql: &str| agree(&mut ours, &mut wanted, sql);
    both(&format!("ATTACH '{utf8}' AS u"));
    both("DETACH u");
    both("PRAGMA encoding='UTF-16be'");
    both("CREATE TABLE t(a)");
    both("PRAGMA encoding='UTF-8'");
    both(&format!("ATTACH '{utf8}' AS u"));
    ours.run(&format!("ATTACH '{be}' AS b; CREATE TABLE b.x(a); INSERT INTO b.x VALUES ('b'), ('\u{100}')"));
    agree(&mut Ours::open(&be), &mut Sqlite::open(be.as_ref()), "SELECT a, hex(a) FROM x ORDER BY a");
    agree(&mut Ours::open(&be), &mut Sqlite::open(be.as_ref()), "PRAGMA encoding");
}
