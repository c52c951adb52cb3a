"""Database files, against the interpreter's own sqlite3 in the same run.

Prints the fastest of interleaved rounds and the ratio (below 1: faster than sqlite3). Every measurement is taken in a
process of its own, so that nothing is left in memory from the one before; "cold" ones start with the file out of the page
cache where the system lets go of it. The argument is the size of the big file in megabytes, 100 by default. Every file is
made by the standard library.
"""

import importlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

MODULES = {"stock": "sqlite3", "ours": "heliosdb_sqlite"}
ROUNDS = 5
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


def connect_query(module, path, _):
    for i in range(50):
        con = module.connect(path)
        con.execute("SELECT * FROM t WHERE id = ?", (i * 101,)).fetchall()
        con.close()
    return 50


def connect_insert(module, path, _):
    for _ in range(20):
        con = module.connect(path)
        con.execute("INSERT INTO log(what) VALUES ('x')")
        con.commit()
        con.close()
    return 20


def reads(column, warm):
    def prepare(module, path, _):
        con = module.connect(path)
        if warm:
            con.execute("SELECT count(*), sum(length(note)) FROM t").fetchall()
            con.execute("SELECT sum(k) FROM t INDEXED BY t_k").fetchall()
        return con

    def run(con):
        sql = f"SELECT * FROM t WHERE {column} = ?"
        for i in range(5_000):
            con.execute(sql, (i * 7 % ROWS,)).fetchall()
        return 5_000

    return prepare, run


def writes(count, begin):
    def prepare(module, path, _):
        return module.connect(path, isolation_level=None)

    def run(con):
        if begin:
            con.execute("BEGIN")
        for i in range(count):
            con.execute("INSERT INTO log(what) VALUES (?)", (f"entry {i}",))
        if begin:
            con.execute("COMMIT")
        return 1 if begin else count

    return prepare, run


def many(module, path, _):
    if os.path.exists(path):
        os.remove(path)
    con = module.connect(path)
    con.execute("CREATE TABLE b(id INTEGER PRIMARY KEY, value TEXT)")
    con.executemany("INSERT INTO b(value) VALUES (?)", ((f"value {i}",) for i in range(1_000_000)))
    con.commit()
    con.close()


def ask(sql, part=None):
    """Connects, asks once, closes."""

    def run(module, path, rows):
        con = module.connect(path)
        con.execute(sql, () if part is None else (rows // part,)).fetchall()
        con.close()

    return run


SMALL = {
    "connect, query, close": connect_query,
    "connect, insert, commit, close": connect_insert,
    "point read by rowid, cold": reads("id", False),
    "point read by rowid, warm": reads("id", True),
    "point read by index, cold": reads("k", False),
    "point read by index, warm": reads("k", True),
    "insert in autocommit": writes(50, False),
    "transaction of 1000 inserts": writes(1000, True),
}
NEW = {"executemany of 1,000,000 rows": many}
SCAN = "connect, scan of all values"
BIG = {
    "connect, lookup by rowid": ask("SELECT * FROM t WHERE id = ?", 2),
    "connect, lookup by rowid, cold": ask("SELECT * FROM t WHERE id = ?", 2),
    "connect, lookup by index": ask("SELECT * FROM t WHERE k = ?", 3),
    "connect, lookup by index, cold": ask("SELECT * FROM t WHERE k = ?", 3),
    "connect, count(*)": ask("SELECT count(*) FROM t"),
    SCAN: ask("SELECT max(k), max(name), max(price), max(note) FROM t"),
}


def measure(module, name, path, rows):
    """In a fresh process: prints the seconds of one operation."""
    module = importlib.import_module(module)
    case = {**SMALL, **NEW, **BIG}[name]
    prepare, run = case if isinstance(case, tuple) else (lambda *given: given, lambda given: case(*given))
    given = prepare(module, path, rows)
    start = time.perf_counter()
    times = run(given) or 1
    print((time.perf_counter() - start) / times)


def forget(path):
    """Lets the page cache forget a file."""
    if hasattr(os, "posix_fadvise"):
        file = os.open(path, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def compare(cases, paths, rows=ROWS):
    best = {}
    for name in cases:
        for _ in range(ROUNDS):
            for label, module in MODULES.items():
                if "cold" in name:
                    forget(paths[label])
                arguments = [sys.executable, __file__, "measure", module, name, paths[label], str(rows)]
                seconds = float(subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout)
                best[name, label] = min(best.get((name, label), 1e18), seconds)
        a, b = best[name, "stock"] * 1e6, best[name, "ours"] * 1e6
        print(f"{name:34}{a:14.1f}{b:14.1f}{b / a:8.2f}", flush=True)
    return best


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        paths = {label: os.path.join(folder, f"{label}.db") for label in MODULES}
        make(paths["stock"])
        shutil.copy(paths["stock"], paths["ours"])
        print(f"{'microseconds per operation':34}{'sqlite3':>14}{'ours':>14}{'ratio':>8}   (SQLite {sqlite3.sqlite_version})")
        compare(SMALL, paths)
        compare(NEW, dict.fromkeys(MODULES, os.path.join(folder, "new.db")))
        path = os.path.join(folder, "big.db")
        rows = make(path, megabytes)
        print(f"a file of {os.path.getsize(path) / 1e6:.0f} MB, {rows} rows")
        best = compare(BIG, dict.fromkeys(MODULES, path), rows)
        for label in MODULES:
            print(f"values scanned per second, {label}: {rows * 5 / best[SCAN, label]:,.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(*sys.argv[2:5], int(sys.argv[5]))
    else:
        main()
