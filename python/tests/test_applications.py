"""Programs of widely used packages, each on a database file that the stock `sqlite3` reads afterwards.

A program is in `programs/apps/`. It gets the path of the file, works on it with our module, and prints, as one JSON
object, the rows that each of its queries must give. Each runs in a process of its own, because `install` and Django's
settings last as long as the process.
"""

import importlib.util
import json
import pathlib
import sqlite3 as stock
import subprocess
import sys

import pytest

PROGRAMS = pathlib.Path(__file__).parent / "programs" / "apps"
# Program -> the package it needs.
NEEDS = {
    "sqlalchemy_install": "sqlalchemy",
    "sqlalchemy_creator": "sqlalchemy",
    "django_shop": "django",
    "peewee_notes": "peewee",
    "sqlite_utils_tables": "sqlite_utils",
    "pandas_frames": "pandas",
    "aiosqlite_queue": "aiosqlite",
}


@pytest.mark.parametrize("program", sorted(NEEDS))
def test_application(program, tmp_path):
    if importlib.util.find_spec(NEEDS[program]) is None:
        pytest.skip(f"{NEEDS[program]} is not installed")
    path = tmp_path / "app.db"
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / f"{program}.py"), str(path)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]
    expected = json.loads(done.stdout)
    assert expected, "a program names at least one query"
    with stock.connect(path) as con:
        assert con.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert con.execute("pragma foreign_key_check").fetchall() == []
        for query, rows in expected.items():
            assert [list(row) for row in con.execute(query)] == rows, query
    con.close()


def test_the_example(tmp_path):
    shop = pathlib.Path(__file__).parents[2] / "examples" / "shop.py"
    done = subprocess.run([sys.executable, str(shop)], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "integrity ok at the end" in done.stdout
