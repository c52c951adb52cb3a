"""Fixtures of all tests. The package must be installed in the interpreter that runs pytest."""

import pytest

import heliosdb_sqlite


@pytest.fixture
def con():
    connection = heliosdb_sqlite.connect(":memory:")
    yield connection
    connection.close()
