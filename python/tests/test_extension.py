"""Loadable extensions of SQLite: `testdata/extension/example.c`, compiled here and loaded into both modules."""

import pathlib
import shutil
import sqlite3
import subprocess

import pytest

import heliosdb_sqlite

SOURCE = pathlib.Path(__file__).parents[2] / "testdata" / "extension" / "example.c"
ENTRY = "sqlite3_example_init"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    path = tmp_path_factory.mktemp("extension") / "example.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, SOURCE], check=True)
    return str(path)


def results(module, library):
    """What each step returns or raises."""
    con = module.connect(":memory:")
    shown = []

    def note(function, *args):
        try:
            value = function(*args)
            shown.append(value.fetchall() if hasattr(value, "fetchall") else value)
        except Exception as problem:
            shown.append((type(problem).__name__, str(problem)))

    load = "select load_extension(?, ?)"
    note(con.load_extension, library)
    note(con.execute, load, (library, ENTRY))
    con.enable_load_extension(True)
    note(con.load_extension, library + ".none")
    note(con.execute, load, (library, ENTRY))
    note(con.execute, load, (library, "no_such_init"))
    con.enable_load_extension(False)
    note(con.load_extension, library)
    con.execute("create table t(g, v)")
    con.executemany("insert into t values (?, ?)", [(1, "a"), (2, 2.5), (1, b"\0\1"), (2, None)])
    note(con.execute, "select ext_same(v), ext_count(v, v) from t")
    note(con.execute, "select g, ext_trace(v) from t group by g")
    note(con.execute, "select ext_trace(-1) from t")
    note(con.execute, "select ext_fail(19)")
    note(con.execute, "select v from t where typeof(v) = 'text' or g = 1 order by v collate ext_length")
    con.close()
    return shown


@pytest.mark.skipif(not hasattr(sqlite3.Connection, "load_extension"), reason="stock sqlite3 without extensions")
def test_as_stock(library):
    assert results(heliosdb_sqlite, library) == results(sqlite3, library)


def test_entrypoint(library):
    con = heliosdb_sqlite.connect(":memory:")
    con.enable_load_extension(True)
    con.execute("select load_extension(?, ?)", (library, ENTRY))
    assert con.execute("select ext_same('x'), ext_trace(1) from (values (1), (2))").fetchall() == [("x", 32032)]
    con.close()
