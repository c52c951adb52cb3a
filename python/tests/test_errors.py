"""Every error carries `sqlite_errorcode` and `sqlite_errorname`; misuse raises and never crashes."""

import gc
import pickle

import pytest

import heliosdb_sqlite as sqlite3


def raised(function):
    with pytest.raises(sqlite3.Error) as caught:
        function()
    return type(caught.value).__name__, caught.value.sqlite_errorname


def test_codes_and_classes(con):
    con.execute("create table t(a integer primary key, b unique not null check (b <> 'x'))")
    con.execute("insert into t values (1, 'a')")
    assert raised(lambda: con.execute("selekt")) == ("OperationalError", "SQLITE_ERROR")
    assert raised(lambda: con.execute("insert into t values (1, 'b')")) == ("IntegrityError", "SQLITE_CONSTRAINT_PRIMARYKEY")
    assert raised(lambda: con.execute("insert into t values (2, 'a')")) == ("IntegrityError", "SQLITE_CONSTRAINT_UNIQUE")
    assert raised(lambda: con.execute("insert into t values (2, null)")) == ("IntegrityError", "SQLITE_CONSTRAINT_NOTNULL")
    assert raised(lambda: con.execute("insert into t values (2, 'x')")) == ("IntegrityError", "SQLITE_CONSTRAINT_CHECK")
    assert raised(lambda: con.execute("insert into t values ('text', 'c')")) == ("IntegrityError", "SQLITE_MISMATCH")
    assert raised(lambda: con.execute("select ?")) == ("ProgrammingError", "SQLITE_MISUSE")
    con.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 10)
    assert raised(lambda: con.execute("select 1, 2, 3, 4, 5")) == ("DataError", "SQLITE_TOOBIG")


def test_a_row_of_nothing_known(con):
    assert sqlite3.Row(con.cursor(), (1,)).keys() == []


def test_errors_can_be_pickled(con):
    with pytest.raises(sqlite3.OperationalError) as caught:
        con.execute("selekt")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (sqlite3.OperationalError, str(caught.value))
    assert again.sqlite_errorcode == caught.value.sqlite_errorcode


def test_use_after_close(con):
    cur = con.execute("select 1 union select 2")
    con.execute("create table t(b)")
    con.execute("insert into t values (zeroblob(4))")
    blob = con.blobopen("t", "b", 1)
    con.close()
    for use in (cur.fetchone, cur.fetchall, cur.close, lambda: cur.execute("select 1"), blob.read, blob.close, lambda: blob[0]):
        with pytest.raises(sqlite3.ProgrammingError, match="Cannot operate on a closed database."):
            use()
    del cur, blob
    gc.collect()


def test_recursive_use_of_a_cursor(con):
    cur = con.cursor()
    problems = []

    def again(value):
        try:
            cur.execute("select 1")
        except sqlite3.ProgrammingError as problem:
            problems.append(str(problem))
        return value

    con.create_function("again", 1, again)
    assert cur.execute("select again(5)").fetchone() == (5,)
    assert problems == ["Recursive use of cursors not allowed."]


def test_a_function_that_closes_its_connection(con):
    con.create_function("shut", 0, lambda: con.close())
    try:
        con.execute("select shut() union all select shut()").fetchall()
    except sqlite3.Error:
        pass
    with pytest.raises(sqlite3.ProgrammingError):
        con.execute("select 1")


def test_a_function_that_uses_its_connection(con):
    con.execute("create table log(x)")
    con.create_function("note", 1, lambda x: con.execute("insert into log values (?)", (x,)).rowcount)
    rows = con.execute("select note(x) from (select 1 as x union all select 2)").fetchall()
    assert rows == [(1,), (1,)]
    assert con.execute("select x from log").fetchall() == [(1,), (2,)]


def test_two_cursors_run_the_same_text(con):
    a, b = con.cursor(), con.cursor()
    sql = "select 1 as x union all select 2 union all select 3"
    a.execute(sql)
    assert a.fetchone() == (1,)
    b.execute(sql)
    assert (a.fetchall(), b.fetchall()) == ([(2,), (3,)], [(1,), (2,), (3,)])


def test_statements_leave_the_cache_while_they_run():
    con = sqlite3.connect(":memory:", cached_statements=2)
    cursors = [con.execute(f"select {n} union all select {n + 1}") for n in range(10)]
    assert [cur.fetchall() for cur in cursors] == [[(n,), (n + 1,)] for n in range(10)]
    for n in range(10):
        assert con.execute(f"select {n % 3}").fetchone() == (n % 3,)
    con.close()


def test_cycles_through_callbacks_are_collected():
    import weakref

    class Marker:
        pass

    def cycle():
        con = sqlite3.connect(":memory:")
        marker = Marker()
        con.create_function("f", 0, lambda: (con, marker))
        con.set_trace_callback(lambda text: (con, marker))
        con.row_factory = lambda cursor, row: (con, marker)
        cur = con.execute("select 1 union select 2")
        con.text_factory = lambda text: (cur, marker)
        return weakref.ref(marker)

    markers = [cycle() for _ in range(5)]
    with pytest.warns(ResourceWarning) if hasattr(gc, "freeze") and warns_unclosed() else no_check():
        gc.collect()
    assert [marker() for marker in markers] == [None] * 5


def warns_unclosed():
    import sys

    return sys.version_info >= (3, 13)


def no_check():
    import contextlib

    return contextlib.nullcontext()
