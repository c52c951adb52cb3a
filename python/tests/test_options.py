"""What `connect` and `Cursor` have beyond CPython: our keyword options and `batch_insert`."""

import pytest

import heliosdb_sqlite as sqlite3


@pytest.mark.parametrize(
    "options",
    [
        {"heliosdb_mode": "embedded"},
        {"heliosdb_mode": "advanced"},
        {"mode": "embedded"},
        {"branch": "main"},
        {"enable_vector_search": True},
        {"enable_time_travel": True},
        {"enable_branching": True},
        {"enable_cache": True, "cache_size_mb": 64},
        {"encryption_key": None, "dsn": None, "port": None, "branch": None, "mode": None},
    ],
)
def test_harmless_options(options):
    con = sqlite3.connect(":memory:", **options)
    assert con.execute("select 1").fetchone() == (1,)
    con.close()


@pytest.mark.parametrize(
    "options",
    [
        {"heliosdb_mode": "server"},
        {"heliosdb_mode": "hybrid"},
        {"mode": "daemon"},
        {"dsn": "postgresql://localhost/app"},
        {"port": 5432},
        {"branch": "feature"},
        {"encryption_key": "secret"},
        {"encryption_key": b"secret"},
    ],
)
def test_options_that_are_not_there_yet(options):
    (name,) = options
    with pytest.raises(sqlite3.NotSupportedError, match=name) as caught:
        sqlite3.connect(":memory:", **options)
    assert "secret" not in str(caught.value)


def test_wrong_options():
    with pytest.raises(ValueError, match="heliosdb_mode"):
        sqlite3.connect(":memory:", heliosdb_mode="other")
    with pytest.raises(ValueError, match="cache_size_mb"):
        sqlite3.connect(":memory:", cache_size_mb=-1)
    with pytest.raises(TypeError, match="enable_nothing"):
        sqlite3.connect(":memory:", enable_nothing=True)


@pytest.mark.parametrize("url", ["heliosdb://", "heliosdb:///:memory:"])
def test_urls(url):
    con = sqlite3.connect(url)
    assert con.execute("select 1").fetchone() == (1,)
    con.close()


def test_batch_insert(con):
    con.execute('create table "a ""b"(x integer, "y z" text, check (x > 0))')
    cur = con.cursor()
    assert cur.batch_insert('a "b', ["x", "y z"], [(1, "a"), [2, "b"]]) == 2
    assert cur.batch_insert('a "b', ("y z", "x"), ((str(n), n) for n in (3, 4, 5))) == 3
    assert cur.batch_insert('a "b', ["x"], []) == 0
    assert con.execute('select * from "a ""b" order by x').fetchall() == [
        (1, "a"),
        (2, "b"),
        (3, "3"),
        (4, "4"),
        (5, "5"),
    ]
    with pytest.raises(sqlite3.IntegrityError):
        cur.batch_insert('a "b', ["x"], [(0,)])
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        cur.batch_insert("nowhere", ["x"], [(1,)])
    with pytest.raises(sqlite3.ProgrammingError):
        cur.batch_insert('a "b', ["x"], [(1, 2)])
    with pytest.raises(ValueError):
        cur.batch_insert('a "b', [], [()])
    with pytest.raises(TypeError):
        cur.batch_insert('a "b', "xy", [(1, 2)])
    with pytest.raises(TypeError):
        cur.batch_insert(1, ["x"], [(1,)])
