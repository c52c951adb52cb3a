"""This package against the interpreter's own `sqlite3`: the same programs must show the same."""

import sqlite3 as stock

import pytest

import differential
import heliosdb_sqlite


@pytest.mark.parametrize("name, source", [pytest.param(*block, id=block[0]) for block in differential.blocks()])
def test_block(name, source):
    assert differential.observe(source, heliosdb_sqlite) == differential.observe(source, stock)
