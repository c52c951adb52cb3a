"""Threads, the garbage collector and Python functions against each other; the GIL is let go where it must be."""

import contextlib
import gc
import threading
import time

import pytest

import heliosdb_sqlite as sqlite3


def run_all(*functions):
    """Runs functions in threads of their own; raises what one of them raises."""
    problems = []

    def guarded(function):
        try:
            function()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=guarded, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    if problems:
        raise problems[0]


def test_one_connection_under_many_threads():
    con = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    con.execute("create table t(a)")

    def insert():
        for n in range(200):
            con.execute("insert into t values (?)", (n,))

    def read():
        for _ in range(100):
            rows = con.execute("select a from t").fetchall()
            assert all(isinstance(row, tuple) for row in rows)

    run_all(insert, read, insert, read)
    assert con.execute("select count(*), sum(a) from t").fetchone() == (400, 2 * sum(range(200)))
    con.close()


def test_functions_a_second_thread_and_the_collector():
    con = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    con.execute("create table t(a)")
    con.executemany("insert into t values (?)", ((n,) for n in range(300)))
    stop = threading.Event()

    class Total:
        def __init__(self):
            self.values = []
            self.me = self

        def step(self, value):
            self.values.append([value])

        def finalize(self):
            return sum(value for (value,) in self.values)

    def double(value):
        cycle = []
        cycle.append(cycle)
        return 2 * value

    con.create_function("double", 1, double)
    con.create_aggregate("total", 1, Total)

    def query():
        for _ in range(30):
            assert con.execute("select total(double(a)) from t").fetchone() == (2 * sum(range(300)),)

    def register():
        while not stop.is_set():
            # Refused while a statement of the connection is running, as in SQLite.
            with contextlib.suppress(sqlite3.OperationalError):
                con.create_function("other", 1, lambda value: [value])
            with contextlib.suppress(sqlite3.OperationalError):
                con.create_collation("c", lambda a, b: 0)
            time.sleep(0.001)

    def collect():
        while not stop.is_set():
            gc.collect()

    def finish():
        try:
            run_all(query, query)
        finally:
            stop.set()

    run_all(finish, register, collect)
    con.close()


def test_other_threads_run_while_a_statement_runs_long():
    con = sqlite3.connect(":memory:", check_same_thread=False)
    ticks = []

    def interrupt():
        deadline = time.monotonic() + 30
        while len(ticks) < 5 and time.monotonic() < deadline:
            ticks.append(1)
            time.sleep(0.01)
        con.interrupt()

    def endless():
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            con.execute("with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c")

    run_all(endless, interrupt)
    assert len(ticks) == 5
    con.close()


def test_waiting_for_a_connection_lets_its_user_go_on():
    con = sqlite3.connect(":memory:", check_same_thread=False)
    inside = threading.Event()
    second_tried = threading.Event()

    def slow():
        inside.set()
        second_tried.wait(5)
        time.sleep(0.05)
        return 1

    con.create_function("slow", 0, slow)

    def first():
        assert con.execute("select slow()").fetchone() == (1,)

    def second():
        assert inside.wait(30)
        second_tried.set()
        assert con.execute("select 2").fetchone() == (2,)

    run_all(first, second)
    con.close()


def test_close_from_another_thread():
    for _ in range(20):
        con = sqlite3.connect(":memory:", check_same_thread=False)
        con.create_function("f", 1, lambda x: x)

        def use():
            try:
                for _ in range(50):
                    con.execute("select f(1) union all select f(2)").fetchall()
            except (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.OperationalError):
                pass

        run_all(use, con.close, use)


def test_objects_dropped_on_another_thread():
    def make():
        con = sqlite3.connect(":memory:", check_same_thread=False)
        con.execute("create table t(b)")
        con.execute("insert into t values (zeroblob(4))")
        return [con.execute("select 1 union select 2"), con.blobopen("t", "b", 1)]

    held = [make() for _ in range(20)]
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        run_all(held.clear, gc.collect)


def test_shared_cursor():
    con = sqlite3.connect(":memory:", check_same_thread=False)
    cur = con.execute("with recursive c(x) as (select 1 union all select x + 1 from c limit 1000) select x from c")
    rows = []

    def fetch():
        while True:
            try:
                row = cur.fetchone()
            except sqlite3.ProgrammingError as problem:
                assert "Recursive use" in str(problem)
                continue
            if row is None:
                return
            rows.append(row[0])

    run_all(fetch, fetch)
    assert sorted(rows) == list(range(1, 1001))
    con.close()


def test_a_busy_connection_answers_at_once():
    con = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    con.execute("create table t(a)")
    con.execute("insert into t values (1), (2)")
    other = con.cursor()
    runs, end = threading.Event(), threading.Event()

    def blocked():
        runs.set()
        assert end.wait(60)
        return 1

    con.create_function("blocked", 0, blocked)

    def ask():
        assert runs.wait(60)
        assert (con.total_changes, con.in_transaction) == (2, False)
        if hasattr(con, "getlimit"):
            assert con.getlimit(sqlite3.SQLITE_LIMIT_COLUMN) == 2000
        assert other.lastrowid is None and other.rowcount == -1
        end.set()

    run_all(lambda: con.execute("select blocked()").fetchall(), ask)
    con.close()
