"""Database files, against the interpreter's own sqlite3 in the same run.

Prints the fastest of interleaved rounds and the ratio (below 1: faster than sqlite3). The argument is the size of the big
file in megabytes, 100 by default. Every file is made by the standard library.
"""

import os
import shutil
import sqlite3
import sys
import tempfile
import time

import heliosdb_sqlite

ROUNDS = 3
ROWS = 20_000
SCHEMA = """
CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, name TEXT, price REAL, note TEXT);
CREATE INDEX t_k ON t(k);
CREATE TABLE log(id INTEGER PRIMARY KEY, what TEXT);
"""


def make(path, megabytes=None):
    """A file of the standard library's: of so many megabytes, or of `ROWS` rows. Gives the number of rows."""
    rows = ROWS if megabytes is None else megabytes * 8_000
    con = sqlite3.connect(path, isolation_level=None)
    con.executescript(SCHEMA)
    con.execute("BEGIN")
    con.executemany(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
        ((i, i * 7919 % rows, f"name {i}", i * 0.5, "x" * 70) for i in range(rows)),
    )
    con.execute("COMMIT")
    con.close()
    return rows


def timed(function):
    start = time.perf_counter()
    times = function() or 1
    return (time.perf_counter() - start) / times


def small(module, path):
    """What programs do with a file of a few megabytes; each gives how many operations it did."""

    def connect_query():
        for i in range(50):
            con = module.connect(path)
            con.execute("SELECT * FROM t WHERE id = ?", (i * 101,)).fetchall()
            con.close()
        return 50

    def connect_insert():
        for _ in range(20):
            con = module.connect(path)
            con.execute("INSERT INTO log(what) VALUES ('x')")
            con.commit()
            con.close()
        return 20

    def reads(column, warm):
        def run():
            con = module.connect(path)
            sql = f"SELECT * FROM t WHERE {column} = ?"
            if warm:
                con.execute("SELECT count(*), sum(length(note)) FROM t").fetchall()
                con.execute("SELECT sum(k) FROM t INDEXED BY t_k").fetchall()
            start = time.perf_counter()
            for i in range(5_000):
                con.execute(sql, (i * 7 % ROWS,)).fetchall()
            spent = time.perf_counter() - start
            con.close()
            return spent / 5_000

        return run

    def writes(count, begin):
        def run():
            con = module.connect(path, isolation_level=None)
            start = time.perf_counter()
            if begin:
                con.execute("BEGIN")
            for i in range(count):
                con.execute("INSERT INTO log(what) VALUES (?)", (f"entry {i}",))
            if begin:
                con.execute("COMMIT")
            spent = time.perf_counter() - start
            con.close()
            return spent / (1 if begin else count)

        return run

    return {
        "connect, query, close": lambda: timed(connect_query),
        "connect, insert, commit, close": lambda: timed(connect_insert),
        "point read by rowid, cold": reads("id", False),
        "point read by rowid, warm": reads("id", True),
        "point read by index, cold": reads("k", False),
        "point read by index, warm": reads("k", True),
        "insert in autocommit": writes(50, False),
        "transaction of 1000 inserts": writes(1000, True),
    }


def many(module, path):
    def run():
        if os.path.exists(path):
            os.remove(path)
        con = module.connect(path)
        con.execute("CREATE TABLE b(id INTEGER PRIMARY KEY, value TEXT)")
        con.executemany("INSERT INTO b(value) VALUES (?)", ((f"value {i}",) for i in range(1_000_000)))
        con.commit()
        con.close()

    return {"executemany of 1,000,000 rows": lambda: timed(run)}


def big(module, path, rows):
    """The file is opened for each."""

    def ask(sql, *parameters):
        def run():
            con = module.connect(path)
            con.execute(sql, parameters).fetchall()
            con.close()

        return lambda: timed(run)

    return {
        "connect, lookup by rowid": ask("SELECT * FROM t WHERE id = ?", rows // 2),
        "connect, lookup by index": ask("SELECT * FROM t WHERE k = ?", rows // 3),
        "connect, count(*)": ask("SELECT count(*) FROM t"),
        "connect, scan of all values": ask("SELECT max(k), max(name), max(price), max(note) FROM t"),
    }


def compare(ours, stock):
    best = {}
    for name in ours:
        for _ in range(ROUNDS):
            for label, cases in (("stock", stock), ("ours", ours)):
                key = (name, label)
                best[key] = min(best.get(key, 1e18), cases[name]())
        a, b = best[name, "stock"] * 1e6, best[name, "ours"] * 1e6
        print(f"{name:34}{a:14.1f}{b:14.1f}{b / a:8.2f}", flush=True)
    return best


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        paths = {module: os.path.join(folder, f"{module.__name__}.db") for module in (sqlite3, heliosdb_sqlite)}
        make(paths[sqlite3])
        shutil.copy(paths[sqlite3], paths[heliosdb_sqlite])
        print(f"{'microseconds per operation':34}{'sqlite3':>14}{'ours':>14}{'ratio':>8}   (SQLite {sqlite3.sqlite_version})")
        compare(*(small(module, paths[module]) for module in (heliosdb_sqlite, sqlite3)))
        new = os.path.join(folder, "new.db")
        compare(many(heliosdb_sqlite, new), many(sqlite3, new))
        path = os.path.join(folder, "big.db")
        rows = make(path, megabytes)
        print(f"a file of {os.path.getsize(path) / 1e6:.0f} MB, {rows} rows")
        best = compare(big(heliosdb_sqlite, path, rows), big(sqlite3, path, rows))
        for label in ("stock", "ours"):
            seconds = best["connect, scan of all values", label]
            print(f"values scanned per second, {label}: {rows * 5 / seconds:,.0f}")


if __name__ == "__main__":
    main()
