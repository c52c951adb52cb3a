"""What is easily forgotten of SQLite and of `sqlite3`, point by point, as far as Python sees it: each block is run on a
database in memory and on one in a file, under this package and under the interpreter's `sqlite3`."""

import re
import sqlite3 as stock
import sys

import pytest

import differential
import heliosdb_sqlite

BLOCKS = differential.PROGRAMS.parent / "checklist"


def blocks():
    """(point and name, source) of all blocks; a block's first line names its points."""
    for path in sorted(BLOCKS.glob("*.py")):
        for source in path.read_text(encoding="utf-8").split("\n# ---\n"):
            name = source.lstrip().splitlines()[0].lstrip("# ")
            yield pytest.param(source, id=re.sub(r"\W+", "-", name)[:60])


@pytest.mark.parametrize("place", ["memory", "file"])
@pytest.mark.parametrize("source", list(blocks()))
def test_block(source, place, tmp_path):
    if "autocommit=" in source and sys.version_info < (3, 12):
        pytest.skip("the interpreter's sqlite3 does not know autocommit")

    if "set_authorizer(None)" in source and sys.version_info < (3, 11):
        pytest.skip("the interpreter's sqlite3 does not take None for no authorizer")

    def seen(module, name):
        database = ":memory:" if place == "memory" else str(tmp_path / name)
        return [line.replace(name, "db") for line in differential.observe(source, module, database)]

    assert seen(heliosdb_sqlite, "a.db") == seen(stock, "b.db")


def test_every_point_has_a_block():
    named = set()
    for path in BLOCKS.glob("*.py"):
        for source in path.read_text(encoding="utf-8").split("\n# ---\n"):
            first = source.lstrip().splitlines()[0]
            named.update(int(n) for n in re.findall(r"\d+", first.partition(":")[0]))
    assert named == set(range(1, 31))
