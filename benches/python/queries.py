"""Larger queries and changes in memory, against the interpreter's own sqlite3 in the same run.

Prints milliseconds of the fastest of interleaved rounds, and the ratio (below 1: faster than sqlite3).
Arguments, where given, are words that the names of the cases to run contain.
"""

import sqlite3
import sys
import time

import heliosdb_sqlite

ROUNDS = 3
ROWS = 100_000

SETUP = """
CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, name TEXT, price REAL, note TEXT);
CREATE INDEX t_k ON t(k);
WITH n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
  INSERT INTO t SELECT i, i * 7 % 100000, 'name ' || i, i * 0.5, 'xxxxxxxxxxxxxxxxxxxx' FROM n;
CREATE TABLE m(a INTEGER, b INTEGER, c REAL, d TEXT);
WITH n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
  INSERT INTO m SELECT i, i * 37 % 1000, i * 0.25, 'text number ' || i % 5000 FROM n;
CREATE TABLE o(id INTEGER PRIMARY KEY, t_id INTEGER, q INTEGER);
CREATE INDEX o_t ON o(t_id);
INSERT INTO o SELECT id, id * 13 % 100000, id % 17 FROM t;
CREATE TABLE p(id INTEGER PRIMARY KEY, o_id INTEGER, z TEXT);
INSERT INTO p SELECT id, id * 3 % 100000, 'z' || id FROM t;
CREATE TABLE h1(x INTEGER, v TEXT);
CREATE TABLE h2(y INTEGER, w TEXT);
INSERT INTO h1 SELECT id * 11 % 100000, 'v' || id FROM t;
INSERT INTO h2 SELECT id * 17 % 100000, 'w' || id FROM t;
CREATE TABLE j(doc TEXT);
INSERT INTO j SELECT json_object('a', id, 'b', json_array(1, 2, id), 'name', 'n' || id) FROM t WHERE id < 20000;
CREATE TABLE g(id INTEGER PRIMARY KEY, c INTEGER, p TEXT);
CREATE INDEX g_c ON g(c);
INSERT INTO g SELECT id, id * 7919 % 10007, id % 5 FROM t;
CREATE TABLE u(id INTEGER PRIMARY KEY, k TEXT UNIQUE, n INTEGER);
INSERT INTO u SELECT id, 'key ' || id, 0 FROM t;
"""

# Each a query (its rows are fetched), or a list of changes that are rolled back.
CASES = {
    "scan 1M, column against constant": "SELECT count(*) FROM m WHERE b > 500",
    "scan 1M, arithmetic and comparison": "SELECT sum(a) FROM m WHERE a * 2 + b > 900000 AND c < 200000.5",
    "scan 1M, rows of a range fetched": "SELECT a, d FROM m WHERE c BETWEEN 1000 AND 20000",
    "scan 1M, LIKE": "SELECT count(*) FROM m WHERE d LIKE '%99'",
    "scan 1M, LIKE contains or IN": "SELECT count(*) FROM m WHERE b IN (1, 2, 3, 4, 5, 600) OR d LIKE '%ber 49%'",
    "sum, min, max, avg of 1M": "SELECT sum(a), min(c), max(d), avg(b) FROM m",
    "fetchall of 1M": "SELECT * FROM m",
    "join of three LIMIT 20": "SELECT t.name, o.q, p.z FROM t JOIN o ON o.t_id = t.id JOIN p ON p.id = o.id WHERE t.k > 9000 AND o.q = 3 LIMIT 20",
    "join of three": "SELECT count(*), sum(o.q) FROM t JOIN o ON o.t_id = t.id JOIN p ON p.id = o.id WHERE t.k > 9000",
    "hash join 100k x 100k": "SELECT count(*), min(v), max(w) FROM h1 JOIN h2 ON h1.x = h2.y",
    "GROUP BY of 100k": "SELECT k % 100, count(*), sum(price) FROM t GROUP BY 1",
    "GROUP BY text of 1M": "SELECT d, count(*), avg(c) FROM m GROUP BY d",
    "ORDER BY LIMIT 10 of 100k": "SELECT * FROM t ORDER BY price DESC LIMIT 10",
    "ORDER BY LIMIT 10 of 1M": "SELECT * FROM m ORDER BY d, a LIMIT 10",
    "ORDER BY text, all of 100k": "SELECT * FROM t ORDER BY name",
    "ORDER BY integers, all of 1M": "SELECT a, b FROM m ORDER BY b, a DESC",
    "DISTINCT of 1M": "SELECT DISTINCT d FROM m",
    "count(DISTINCT) of 1M": "SELECT count(DISTINCT d), count(DISTINCT b) FROM m",
    "UNION of 100k": "SELECT count(*) FROM (SELECT x FROM h1 UNION SELECT y FROM h2)",
    "UNION ALL of 100k": "SELECT sum(x) FROM (SELECT x FROM h1 UNION ALL SELECT y FROM h2)",
    "INTERSECT of 100k": "SELECT count(*) FROM (SELECT x FROM h1 INTERSECT SELECT y FROM h2)",
    "EXCEPT of 100k": "SELECT count(*) FROM (SELECT x FROM h1 EXCEPT SELECT y + 5 FROM h2)",
    "correlated subquery of 10k": "SELECT id, (SELECT count(*) FROM o WHERE o.t_id = t.id) FROM t WHERE id < 10000",
    "EXISTS of 100k": "SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND q > 5)",
    "NOT EXISTS of 100k": "SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND q > 5)",
    "correlated average of 10k": "SELECT count(*) FROM t WHERE id < 10000 AND price > (SELECT avg(q) FROM o WHERE o.t_id = t.id)",
    "IN (subquery) of 100k": "SELECT count(*) FROM o WHERE t_id IN (SELECT id FROM t WHERE k % 3 = 0)",
    "self join through covering index": "SELECT count(*) FROM g a JOIN g b ON a.c = b.c AND a.id < b.id",
    "left join and GROUP BY": "SELECT n, count(*) FROM (SELECT t.id, count(g.id) AS n FROM t LEFT JOIN g ON g.c = t.id AND g.p <> '3' WHERE t.id < 20000 GROUP BY t.id) GROUP BY n",
    "recursive table to 1M": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) SELECT sum(n) FROM c",
    "window running sum of 100k": "SELECT id, sum(price) OVER (ORDER BY id) FROM t",
    "window rank by part of 100k": "SELECT id, rank() OVER (PARTITION BY k % 100 ORDER BY price) FROM t",
    "window lag, row_number of 100k": "SELECT id, lag(price) OVER w, row_number() OVER w FROM t WINDOW w AS (ORDER BY k)",
    "JSON extraction of 20k": "SELECT sum(doc ->> '$.a'), max(json_extract(doc, '$.name')) FROM j",
    "json_each of 20k": "SELECT sum(e.value) FROM j, json_each(j.doc, '$.b') e",
    "text functions of 100k": "SELECT sum(length(upper(name) || substr(note, 2, 5))), count(replace(name, '9', '10')) FROM t",
    "strftime of 100k": "SELECT count(DISTINCT strftime('%Y-%m', id * 10000, 'unixepoch')) FROM t",
    "CASE and printf of 100k": "SELECT count(CASE WHEN k < 500 THEN 'a' WHEN k < 5000 THEN 'b' END), max(printf('%05d %.2f', id, price)) FROM t",
    "INSERT SELECT of 100k": ["INSERT INTO p SELECT id + 100000, k, name FROM t"],
    "INSERT SELECT with two indexes": ["INSERT INTO u(k, n) SELECT 'new ' || id, id FROM t"],
    "CREATE INDEX on 1M": ["CREATE INDEX m_d ON m(d)"],
    "CREATE TABLE AS of 1M": ["CREATE TABLE m2 AS SELECT * FROM m"],
    "update all of 100k": ["UPDATE t SET price = price * 2"],
    "update of an indexed column, 100k": ["UPDATE t SET k = k + 1"],
    "upsert of 100k": ["INSERT INTO u(k, n) SELECT 'key ' || (id * 2), 1 FROM t WHERE true ON CONFLICT(k) DO UPDATE SET n = n + 1"],
    "delete half of 100k": ["DELETE FROM t WHERE id % 2 = 0"],
    "DELETE without WHERE of 1M": ["DELETE FROM m"],
}


def filled(module):
    conn = module.connect(":memory:", isolation_level=None)
    conn.execute("BEGIN")
    for statement in SETUP.split(";\n"):
        conn.execute(statement)
    conn.execute("COMMIT")
    return conn


def milliseconds(conn, work):
    if isinstance(work, str):
        start = time.perf_counter()
        conn.execute(work).fetchall()
        return (time.perf_counter() - start) * 1e3
    conn.execute("BEGIN")
    start = time.perf_counter()
    for statement in work:
        conn.execute(statement)
    elapsed = (time.perf_counter() - start) * 1e3
    conn.execute("ROLLBACK")
    return elapsed


def main():
    conns = {"ours": filled(heliosdb_sqlite), "stock": filled(sqlite3)}
    print(f"{'milliseconds':38}{'sqlite3':>10}{'ours':>10}{'ratio':>8}   (SQLite {sqlite3.sqlite_version})")
    for name, work in CASES.items():
        if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
            continue
        best = {}
        for _ in range(ROUNDS):
            for label, conn in conns.items():
                best[label] = min(best.get(label, 1e18), milliseconds(conn, work))
        print(f"{name:38}{best['stock']:10.2f}{best['ours']:10.2f}{best['ours'] / best['stock']:8.2f}")


if __name__ == "__main__":
    main()
