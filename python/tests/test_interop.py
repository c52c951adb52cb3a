"""Beside the standard library's `sqlite3`: its handlers catch our errors, its `Row` makes our rows, `install` replaces it."""

import subprocess
import sys
import sqlite3 as stock

import pytest

import heliosdb_sqlite

CLASSES = (
    "Warning Error InterfaceError DatabaseError DataError OperationalError IntegrityError InternalError "
    "ProgrammingError NotSupportedError"
).split()


@pytest.mark.parametrize("name", CLASSES)
def test_exceptions_are_subclasses_of_the_standard_librarys(name):
    ours, theirs = getattr(heliosdb_sqlite, name), getattr(stock, name)
    assert issubclass(ours, theirs)
    assert ours is not theirs
    # The tree above each class is the same.
    above = {base.__name__ for base in theirs.__mro__}
    assert {base.__name__ for base in ours.__mro__} == above
    assert getattr(heliosdb_sqlite.Connection, name) is ours


def test_handlers_for_the_standard_library_catch_ours(con):
    con.execute("create table t(a unique)")
    con.execute("insert into t values (1)")
    with pytest.raises(stock.IntegrityError) as caught:
        con.execute("insert into t values (1)")
    assert caught.value.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE"
    assert caught.value.sqlite_errorcode == heliosdb_sqlite.SQLITE_CONSTRAINT_UNIQUE


def test_the_standard_librarys_row_as_row_factory(con):
    con.row_factory = stock.Row
    row = con.execute("""select 1 as a, 2 as 'say "b"'""").fetchone()
    assert isinstance(row, stock.Row)
    assert (row["A"], row['say "b"'], row.keys()) == (1, 2, ["a", 'say "b"'])

    class MyRow(stock.Row):
        def total(self):
            return sum(self)

    con.row_factory = MyRow
    assert [row.total() for row in con.execute("select 1, 2 union select 3, 4")] == [3, 7]


def test_install_and_uninstall():
    program = """
import sqlite3 as before
import heliosdb_sqlite
heliosdb_sqlite.install()
heliosdb_sqlite.install()
import sqlite3, sqlite3.dbapi2
from sqlite3.dbapi2 import connect
from sqlite3.dump import _iterdump
assert sqlite3 is heliosdb_sqlite and sqlite3.dbapi2 is heliosdb_sqlite.dbapi2
assert type(connect(":memory:")).__module__ == "heliosdb_sqlite"
heliosdb_sqlite.uninstall()
heliosdb_sqlite.uninstall()
import sqlite3
assert sqlite3 is before
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_import_without_the_standard_librarys_module():
    program = """
import sys
sys.modules["_sqlite3"] = None
import heliosdb_sqlite
assert heliosdb_sqlite.Error.__bases__ == (Exception,)
assert heliosdb_sqlite.connect(":memory:", isolation_level=None).execute("select 1").fetchall() == [(1,)]
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_every_name_of_the_newest_sqlite3_is_there():
    ours = set(dir(heliosdb_sqlite))
    assert {name for name in dir(stock) if not name.startswith("_")} - ours <= {"OptimizedUnicode"}
    for name in dir(stock):
        if name.startswith("SQLITE_"):
            assert getattr(heliosdb_sqlite, name) == getattr(stock, name), name
    for kind in ("Connection", "Cursor", "Row", "Blob"):
        if hasattr(stock, kind):
            theirs = {name for name in dir(getattr(stock, kind)) if name != "__del__"}
            assert theirs <= set(dir(getattr(heliosdb_sqlite, kind))), kind
