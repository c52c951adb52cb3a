con.execute("create table t(a integer primary key, b text)").fetchall()
con.execute("create index i on t(b)").fetchall()
con.execute("create view v as select b from t").fetchall()
con.execute("create trigger g after insert on t begin select 1; end").fetchall()
con.executemany("insert into t(b) values (?)", [("it's",), (None,), (b"\x00",)]).rowcount
list(con.iterdump())
copy = sqlite3.connect(":memory:")
copy.executescript("".join(con.iterdump())).rowcount
copy.execute("select * from t").fetchall()
con.commit()
steps = []
other = sqlite3.connect(":memory:")
con.backup(other, progress=lambda *args: steps.append(args))
len(steps) >= 1
steps[-1][:2]
other.execute("select b from v").fetchall()
con.backup(1)
con.backup(con)
con.backup(other, progress=1)
con.backup(other, name="nowhere")
con.backup(other, pages="x")
# ---
sqlite3.connect()
sqlite3.connect(1)
sqlite3.connect("a\0b")
sqlite3.connect(":memory:", detect_types="a")
sqlite3.connect(":memory:", timeout="a")
sqlite3.connect(":memory:", cached_statements="a")
sqlite3.connect(":memory:", check_same_thread="a").close()
sqlite3.connect(":memory:", cached_statements=-5).close()
sqlite3.connect(":memory:", nothing=1)
sqlite3.Connection(":memory:", nothing=1)
sqlite3.connect(":memory:", 5, 0).close()
sqlite3.connect(database=":memory:").close()
class Sub(sqlite3.Connection):
    pass
type(sqlite3.connect(":memory:", factory=Sub)).__name__
sqlite3.connect(":memory:", factory=lambda *args, **kwargs: (args, sorted(kwargs)))
sqlite3.connect("file::memory:", uri=True).close()
sqlite3.connect("file:x?mode=zz", uri=True)
# ---
(con.DataError is sqlite3.DataError, con.Warning is sqlite3.Warning)
con.foo = 1
con.cursor().foo = 1
con.total_changes = 5
con.in_transaction = True
import pickle
pickle.dumps(con)
pickle.dumps(con.cursor())
import weakref
type(weakref.ref(con.cursor())).__name__
weakref.ref(con)
(sqlite3.apilevel, sqlite3.paramstyle, sqlite3.threadsafety, sqlite3.PARSE_DECLTYPES, sqlite3.PARSE_COLNAMES)
(sqlite3.version, sqlite3.version_info)
(sqlite3.Date, sqlite3.Time, sqlite3.Timestamp, sqlite3.Binary)
sqlite3.nothing
issubclass(sqlite3.Error, Exception)
[name for name in dir(sqlite3.Cursor) if not name.startswith("_") and name != "batch_insert"]
# ---
import threading
def elsewhere(function):
    seen = []
    def run():
        try:
            seen.append(function())
        except Exception as error:
            seen.append((type(error).__name__, str(error).split("thread id")[0]))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return seen[0]
elsewhere(con.cursor)
elsewhere(con.commit)
elsewhere(con.rollback)
elsewhere(con.close)
elsewhere(con.interrupt)
elsewhere(lambda: con.in_transaction)
elsewhere(lambda: con.isolation_level)
elsewhere(lambda: con.execute("select 1"))
elsewhere(lambda: sqlite3.Cursor(con))
cur = con.cursor()
elsewhere(lambda: cur.execute("select 1"))
elsewhere(cur.fetchone)
elsewhere(cur.close)
shared = sqlite3.connect(":memory:", check_same_thread=False)
elsewhere(lambda: shared.execute("select 1").fetchall())
# ---
con.execute("create table t(a integer primary key, b unique not null check (b <> 'x'))").fetchall()
con.execute("insert into t values (1, 'a')").rowcount
con.execute("insert into t values (1, 'b')")
con.execute("insert into t values (2, 'a')")
con.execute("insert into t values (2, null)")
con.execute("insert into t values (2, 'x')")
con.execute("insert into t values ('text', 'c')")
con.execute("create table t(a)")
con.execute("drop table nothing")
con.execute("insert into nothing values (1)")
con.execute("insert or ignore into t values (1, 'b')").rowcount
con.execute("insert or replace into t values (1, 'b')").rowcount
con.execute("select * from t").fetchall()
con.execute("select abs('x'), abs(-9223372036854775808)")
