"""The ends of a process: fork, interpreter exit with everything open, daemon threads, the command line, audit events."""

import os
import subprocess
import sys

import pytest


def run(program, *arguments, **options):
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def check(program):
    done = run(program)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_exit_with_everything_open():
    check("""
import heliosdb_sqlite
con = heliosdb_sqlite.connect(":memory:")
con.execute("create table t(b)")
con.execute("insert into t values (zeroblob(4))")
class Aggregate:
    def step(self, x): pass
    def finalize(self): return 1
con.create_function("f", 0, lambda: con)
con.create_aggregate("g", 1, Aggregate)
con.create_collation("c", lambda a, b: 0)
con.set_trace_callback(lambda text: None)
con.set_progress_handler(lambda: 0, 10)
con.set_authorizer(lambda *args: 0)
blob = con.blobopen("t", "b", 1)
cursor = con.execute("select 1 union select 2")
cursor.fetchone()
keep = [con, blob, cursor]
keep.append(keep)
""")


def test_use_in_finalizers_at_exit():
    check("""
import atexit, heliosdb_sqlite
con = heliosdb_sqlite.connect(":memory:")
class Late:
    def __del__(self):
        try:
            con.execute("select 1").fetchall()
        except Exception:
            pass
late = Late()
atexit.register(lambda: con.execute("select 2").fetchall())
""")


def test_exit_while_daemon_threads_run_statements():
    check("""
import threading, time, heliosdb_sqlite
def work():
    con = heliosdb_sqlite.connect(":memory:")
    con.create_function("f", 1, lambda x: x)
    while True:
        con.execute("with recursive c(x) as (select 1 union all select x + 1 from c limit 20000) select sum(f(x)) from c").fetchall()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork():
    output = check("""
import os, heliosdb_sqlite
con = heliosdb_sqlite.connect(":memory:", isolation_level=None)
con.execute("create table t(a)")
con.execute("insert into t values (1)")
child = os.fork()
con.execute("insert into t values (?)", (2 if child else 3,))
rows = con.execute("select a from t order by a").fetchall()
if child == 0:
    new = heliosdb_sqlite.connect(":memory:")
    rows += new.execute("select 'new'").fetchall()
    os._exit(0 if rows == [(1,), (3,), ("new",)] else 1)
print(rows, os.waitpid(child, 0)[1])
""")
    assert output == "[(1,), (2,)] 0\n"


def test_unclosed_connections_warn_from_3_13():
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", "import heliosdb_sqlite; heliosdb_sqlite.connect(':memory:')"],
        capture_output=True,
        text=True,
    )
    assert ("ResourceWarning: unclosed database" in done.stderr) == (sys.version_info >= (3, 13))


def test_audit_events():
    output = check("""
import sys, heliosdb_sqlite
events = []
sys.addaudithook(lambda event, args: events.append((event, args)) if event.startswith("sqlite3.") else None)
con = heliosdb_sqlite.connect(":memory:")
con.enable_load_extension(True)
try:
    con.load_extension("/nowhere")
except heliosdb_sqlite.OperationalError:
    pass
con.enable_load_extension(False)
print([event for event, args in events])
print(events[0][1], events[1][1] == (con,), events[2][1] == (con, True), events[3][1] == (con, "/nowhere"))
con.close()
""")
    assert output.splitlines() == [
        "['sqlite3.connect', 'sqlite3.connect/handle', 'sqlite3.enable_load_extension', 'sqlite3.load_extension', "
        "'sqlite3.enable_load_extension']",
        "(':memory:',) True True True",
    ]


def test_an_audit_hook_can_refuse():
    check("""
import sys, heliosdb_sqlite
def refuse(event, args):
    if event == "sqlite3.connect":
        raise PermissionError("no")
sys.addaudithook(refuse)
try:
    heliosdb_sqlite.connect(":memory:")
except PermissionError:
    pass
else:
    raise SystemExit("connected")
""")


def test_command_line():
    command = [sys.executable, "-m", "heliosdb_sqlite", ":memory:"]
    done = subprocess.run([*command, "select 1, 'a'"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "(1, 'a')\n")
    done = subprocess.run([*command, "selekt"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, 'OperationalError (SQLITE_ERROR): near "selekt": syntax error\n')
    done = subprocess.run(command, input="select 1 +\n2;\n.quit\n", capture_output=True, text=True)
    assert (done.returncode, "(3,)" in done.stdout) == (0, True)
