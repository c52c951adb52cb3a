"""Checked by mypy, not run as a test: the types that users write against."""

import sqlite3 as stock
from typing import Any

import heliosdb_sqlite as sqlite3


class MyConnection(sqlite3.Connection):
    pass


class MyCursor(sqlite3.Cursor):
    pass


class Total:
    def __init__(self) -> None:
        self.total = 0

    def step(self, value: int) -> None:
        self.total += value

    def finalize(self) -> int:
        return self.total


def plain() -> list[Any]:
    con = sqlite3.connect(":memory:", isolation_level=None, autocommit=True, enable_cache=True)
    cur: sqlite3.Cursor = con.cursor()
    mine: MyCursor = con.cursor(MyCursor)
    mine.execute("select 1")
    con.row_factory = sqlite3.Row
    con.create_function("twice", 1, lambda x: 2 * x, deterministic=True)
    con.create_aggregate("total", 1, Total)
    con.create_collation("c", lambda a, b: (a > b) - (a < b))
    con.set_trace_callback(print)
    with con:
        cur.execute("select ?", (1,)).execute("select :a", {"a": 2})
        count: int = cur.batch_insert("t", ["a"], [(count,) for count in range(3)])
    with con.blobopen("t", "b", 1, readonly=True) as blob:
        first: int = blob[0]
        rest: bytes = blob[1:] + blob.read()
    data: bytes = con.serialize()
    con.deserialize(data, name="main")
    lines: list[str] = list(con.iterdump(filter="t%"))
    print(count, first, rest, lines, con.in_transaction, sqlite3.sqlite_version_info, sqlite3.SQLITE_LIMIT_LENGTH)
    return cur.fetchall()


def factory() -> MyConnection:
    return sqlite3.connect(":memory:", factory=MyConnection)


def errors() -> tuple[int, str]:
    try:
        plain()
    except sqlite3.IntegrityError as error:
        standard: stock.IntegrityError = error
        print(standard)
        return error.sqlite_errorcode, error.sqlite_errorname
    return 0, sqlite3.apilevel + sqlite3.paramstyle
