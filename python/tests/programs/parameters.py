con.execute("select ?", (1,)).fetchone()
con.execute("select ?, ?", [1, "a"]).fetchone()
con.execute("select ?", ()).fetchone()
con.execute("select ?", (1, 2))
con.execute("select ?", {"a": 1})
con.execute("select :a", {}).fetchone()
con.execute("select :a, @b, $c", {"a": 1, "b": 2, "c": 3}).fetchone()
con.execute("select :a", {"a": 1, "more": 2}).fetchone()
con.execute("select ?1, ?2, ?1", (1, 2)).fetchone()
con.execute("select ?1", {"1": 5}).fetchone()
con.execute("select :a", (1,)).fetchone()
con.execute("select :a, ?", (1, 2)).fetchone()
con.execute("select ?", "a").fetchone()
con.execute("select ?", "ab")
con.execute("select ?", {1})
con.execute("select ?", 1)
con.execute("select 1", None)
con.execute("select ?", (x for x in [1]))
con.execute("select ?, ?, ?", range(3)).fetchone()
# ---
import collections
con.execute("select ?", collections.deque([1])).fetchone()
class Missing(dict):
    def __missing__(self, key):
        return key + "!"
con.execute("select :a", Missing()).fetchone()
class Sized:
    def __len__(self):
        return 1
    def __getitem__(self, index):
        return [10, 11][index]
con.execute("select ?", Sized()).fetchone()
class Raising(Sized):
    def __getitem__(self, index):
        raise ZeroDivisionError("item")
con.execute("select ?", Raising())
class Unsized(Sized):
    def __len__(self):
        raise ZeroDivisionError("len")
con.execute("select ?", Unsized())
class RaisingDict(dict):
    def __getitem__(self, key):
        raise ZeroDivisionError("key")
con.execute("select :a", RaisingDict())
# ---
con.execute("select ?, typeof(?1)", (True,)).fetchone()
con.execute("select ?, typeof(?1)", (2**63 - 1,)).fetchone()
con.execute("select ?", (2**63,))
con.execute("select ?", (-(2**63),)).fetchone()
con.execute("select ?, typeof(?1)", (1.5,)).fetchone()
con.execute("select ?, typeof(?1)", (float("nan"),)).fetchone()
con.execute("select ?, typeof(?1)", (float("inf"),)).fetchone()
con.execute("select ?, typeof(?1)", (None,)).fetchone()
con.execute("select ?, typeof(?1)", (b"ab",)).fetchone()
con.execute("select ?, typeof(?1)", (bytearray(b"ab"),)).fetchone()
con.execute("select ?, typeof(?1)", (memoryview(b"ab"),)).fetchone()
con.execute("select ?, typeof(?1)", (b"",)).fetchone()
con.execute("select ?, typeof(?1), length(?1)", ("",)).fetchone()
con.execute("select ?", (memoryview(b"abcd")[::2],))
con.execute("select ?", ("a\0b",)).fetchone()
con.execute("select ?", ("\ud800",))
con.execute("select ?", ("é€😀",)).fetchone()
import array
con.execute("select ?", (array.array("b", [1, 2]),)).fetchone()
con.execute("select ?", (object(),))
con.execute("select ?, ?", (1, [2]))
con.execute("select :name", {"name": object()})
con.execute("select ?", (1j,))
class Int(int):
    pass
class Text(str):
    pass
con.execute("select ?, ?", (Int(5), Text("t"))).fetchone()
# ---
class Point:
    def __init__(self, x):
        self.x = x
    def __conform__(self, protocol):
        return f"<{self.x}>" if protocol is sqlite3.PrepareProtocol else None
con.execute("select ?", (Point(1),)).fetchone()
class Failing:
    def __conform__(self, protocol):
        raise ZeroDivisionError("conform")
con.execute("select ?", (Failing(),))
class Typed:
    def __conform__(self, protocol):
        raise TypeError("ignored")
con.execute("select ?", (Typed(),))
sqlite3.adapt(1)
sqlite3.adapt(Point(2))
sqlite3.adapt(object(), sqlite3.PrepareProtocol, "alternative")
sqlite3.adapt(object())
sqlite3.adapt(1, None)
class Other:
    pass
sqlite3.register_adapter(Other, lambda value: "other")
con.execute("select ?", (Other(),)).fetchone()
sqlite3.adapt(Other())
def broken(value):
    raise ZeroDivisionError("adapter")
sqlite3.register_adapter(Other, broken)
con.execute("select ?", (Other(),))
sqlite3.register_converter(1, 1)
# ---
import datetime
con = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)
con.execute("create table t(d date, ts timestamp, n number(10), x integer not null default 3, z)").fetchall()
con.execute("insert into t values (?, ?, 1, 2, 3)", (datetime.date(2024, 2, 29), datetime.datetime(2024, 1, 2, 3, 4, 5, 678))).rowcount
con.execute("select * from t").fetchone()
con.execute("insert into t values (?, ?, null, 2, 3)", ("2024-13-01", "nonsense")).rowcount
cur = con.execute("select d from t")
cur.fetchone()
cur.fetchone()
con.execute('select z as "z [date]" from t').fetchone()
con.execute('select \'2020-01-02\' as "z [date]"').fetchone()
con.execute('select \'2020-01-02\' as "z [date]"').description
con.execute("select '2020-01-02 03:04:05.123456789' as 'x [timestamp]'").fetchone()
sqlite3.register_converter("number", lambda text: ("n", text))
con.execute("select n, typeof(n) from t").fetchall()
sqlite3.register_converter("BOOL", lambda text: bool(int(text)))
con.execute("select 1 as 'b [bool]', 0 as 'c [Bool]', null as 'd [bool]', '' as 'e [bool]'").fetchone()
con.execute("select 1 as 'b [nothing]'").fetchone()
con.execute("select 1 as '[bool]', 1 as 'x[bool]'").description
sqlite3.register_converter("real", lambda text: text)
con.execute("select 0.1 as 'r [real]', 1e300 as 's [real]', 3.0 as 't [real]', -0.0 as 'u [real]'").fetchone()
