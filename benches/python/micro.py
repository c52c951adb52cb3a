"""Short operations in memory, against the interpreter's own sqlite3 in the same run.

Prints microseconds of the fastest of interleaved rounds, and the ratio (below 1: faster than sqlite3).
"""

import sqlite3
import time

import heliosdb_sqlite

ROUNDS = 5


def filled(module, rows):
    conn = module.connect(":memory:", isolation_level=None)
    conn.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, name TEXT, price REAL, note TEXT)")
    conn.execute("CREATE INDEX t_k ON t(k)")
    conn.execute("BEGIN")
    conn.executemany(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?)", ((i, i * 7 % rows, f"name {i}", i * 0.5, "x" * 20) for i in range(rows))
    )
    conn.execute("COMMIT")
    return conn


def timed(n, function):
    start = time.perf_counter()
    function(n)
    return (time.perf_counter() - start) / n * 1e6


def cases(module):
    conn = filled(module, 20_000)
    cur = conn.cursor()
    big = filled(module, 100_000)

    def loop(sql, params):
        def run(n):
            execute = cur.execute
            for i in range(n):
                execute(sql, params(i)).fetchall()

        return run

    def new_text(n):
        for i in range(n):
            cur.execute(f"SELECT id, name FROM t WHERE id = {i % 20_000} AND k <> -{i}").fetchall()

    def inserts(n):
        c = module.connect(":memory:", isolation_level=None)
        c.execute("CREATE TABLE b(id INTEGER, value TEXT)")
        c.execute("BEGIN")
        for i in range(n):
            c.execute("INSERT INTO b VALUES (?, ?)", (i, "value"))
        c.execute("COMMIT")

    def many(n):
        c = module.connect(":memory:", isolation_level=None)
        c.execute("CREATE TABLE b(id INTEGER, value TEXT)")
        c.execute("BEGIN")
        c.executemany("INSERT INTO b VALUES (?, ?)", ((i, "value") for i in range(n)))
        c.execute("COMMIT")

    def guide(n):
        c = module.connect(":memory:")
        cursor = c.cursor()
        cursor.execute("CREATE TABLE bench (id INTEGER, value TEXT)")
        for i in range(n):
            cursor.execute("INSERT INTO bench VALUES (?, ?)", (i, f"value_{i}"))
        c.commit()
        c.close()

    def in_transaction(run):
        def wrapped(n):
            conn.execute("BEGIN")
            run(n)
            conn.execute("ROLLBACK")

        return wrapped

    return {
        "SELECT 1": (20_000, loop("SELECT 1", lambda i: ())),
        "point read by rowid": (20_000, loop("SELECT * FROM t WHERE id = ?", lambda i: (i * 13 % 20_000,))),
        "point read by index": (20_000, loop("SELECT * FROM t WHERE k = ?", lambda i: (i * 13 % 20_000,))),
        "range of 100": (1_000, loop("SELECT * FROM t WHERE id BETWEEN ? AND ?", lambda i: (i * 13 % 19_000, i * 13 % 19_000 + 99))),
        "insert one by one": (20_000, inserts),
        "executemany": (100_000, many),
        "guide's 10,000 inserts": (10_000, guide),
        "update by rowid": (10_000, in_transaction(loop("UPDATE t SET price = ? WHERE id = ?", lambda i: (i * 1.5, i)))),
        "delete by rowid": (10_000, in_transaction(loop("DELETE FROM t WHERE id = ?", lambda i: (i,)))),
        "fetchall of 100,000 rows": (1, lambda n: big.execute("SELECT * FROM t").fetchall()),
        "filtered scan of 100,000": (1, lambda n: big.execute("SELECT count(*) FROM t WHERE price > 100.5 AND name LIKE '%9'").fetchall()),
        "GROUP BY over 100,000": (1, lambda n: big.execute("SELECT k % 100, count(*), sum(price) FROM t GROUP BY 1").fetchall()),
        "ORDER BY LIMIT 10 over 100,000": (1, lambda n: big.execute("SELECT * FROM t ORDER BY price DESC LIMIT 10").fetchall()),
        "new SQL text each time": (10_000, new_text),
    }


def main():
    ours, stock = cases(heliosdb_sqlite), cases(sqlite3)
    print(f"{'microseconds per operation':34}{'sqlite3':>12}{'ours':>12}{'ratio':>8}   (SQLite {sqlite3.sqlite_version})")
    for name, (n, run) in ours.items():
        best = {}
        for _ in range(ROUNDS):
            for label, function in (("ours", run), ("stock", stock[name][1])):
                best[label] = min(best.get(label, 1e18), timed(n, function))
        print(f"{name:34}{best['stock']:12.2f}{best['ours']:12.2f}{best['ours'] / best['stock']:8.2f}")


if __name__ == "__main__":
    main()
