con.create_function("echo", 1, lambda x: x)
con.execute("select echo(1), echo(2.5), echo('x'), echo(x'00'), echo(null)").fetchone()
con.execute("select echo(1, 2)")
con.create_function("any", -1, lambda *args: len(args))
con.execute("select any(), any(1), any(1, 2)").fetchone()
con.create_function("f", 1, lambda x: {})
con.execute("select f(1)")
con.create_function("f", 1, lambda x: 2**70)
con.execute("select f(1)")
con.create_function("f", 1, lambda x: "\ud800")
con.execute("select f(1)")
con.create_function("f", 1, lambda x: x)
con.execute("select f(cast(x'ff' as text))")
def out_of_memory(x):
    raise MemoryError
con.create_function("f", 1, out_of_memory)
con.execute("select f(1)")
con.create_function("f", 1, lambda x: 1 / 0)
con.execute("select f(1)")
con.create_function("f", 1, lambda x: bytearray(b"ab"))
con.execute("select f(1)").fetchone()
con.create_function("f", 1, lambda x: True)
con.execute("select f(1), typeof(f(1))").fetchone()
con.create_function("f", 1, None)
con.execute("select f(1)")
con.create_function("x" * 300, 1, len)
con.create_function("f", -2, len)
con.create_function(1, 1, len)
con.create_function("f", "x", len)
con.create_function("lower", 1, lambda x: "mine")
con.execute("select lower('A')").fetchone()
con.create_function("det", 0, lambda: 1, deterministic=True)
con.execute("select det()").fetchone()
# ---
class Sum:
    def __init__(self):
        self.total = 0
    def step(self, value):
        self.total += value or 0
    def finalize(self):
        return self.total
con.create_aggregate("mysum", 1, Sum)
con.execute("select mysum(x) from (select 1 as x union select 2 union select 3)").fetchone()
con.execute("select mysum(1) where 0").fetchone()
con.execute("select x % 2, mysum(x) from (select 1 as x union select 2 union select 3) group by 1").fetchall()
class NoInit:
    def __init__(self):
        raise ZeroDivisionError
con.create_aggregate("ag", 1, NoInit)
con.execute("select ag(1)").fetchone()
class NoStep:
    def finalize(self):
        return 1
con.create_aggregate("ag", 1, NoStep)
con.execute("select ag(1)").fetchone()
class NoFinalize:
    def step(self, value):
        pass
con.create_aggregate("ag", 1, NoFinalize)
con.execute("select ag(1)").fetchone()
class BadStep(Sum):
    def step(self, value):
        raise ZeroDivisionError
con.create_aggregate("ag", 1, BadStep)
con.execute("select ag(1)").fetchone()
class BadFinalize(Sum):
    def finalize(self):
        raise ZeroDivisionError
con.create_aggregate("ag", 1, BadFinalize)
con.execute("select ag(1)").fetchone()
class BadResult(Sum):
    def finalize(self):
        return {}
con.create_aggregate("ag", 1, BadResult)
con.execute("select ag(1)").fetchone()
con.create_aggregate("x" * 300, 1, Sum)
# ---
con.create_collation("rev", lambda a, b: (a < b) - (a > b))
con.execute("select 'a' as x union select 'b' union select 'c' order by x collate rev").fetchall()
con.execute("select 'a' < 'b' collate rev").fetchone()
con.create_collation("rev", None)
con.execute("select 'a' as x union select 'b' order by x collate rev")
con.create_collation("boom", lambda a, b: 1 / 0)
con.execute("select 'a' as x union select 'b' order by x collate boom").fetchall()
con.create_collation("odd", lambda a, b: None)
con.execute("select 'a' as x union select 'b' order by x collate odd").fetchall()
con.create_collation("big", lambda a, b: 2**70 if a > b else -(2**70))
con.execute("select 'b' as x union select 'a' order by x collate big").fetchall()
con.create_collation("x", 1)
con.create_collation(1, len)
con.create_collation("a\0b", len)
con.create_collation("\ud800", len)
# ---
con.execute("create table t(a, b)").fetchall()
con.set_authorizer(lambda action, *rest: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_READ and rest[1] == "b" else sqlite3.SQLITE_OK)
con.execute("select a from t").fetchall()
con.execute("select b from t").fetchall()
con.set_authorizer(lambda action, *rest: sqlite3.SQLITE_IGNORE if action == sqlite3.SQLITE_READ and rest[1] == "b" else sqlite3.SQLITE_OK)
con.execute("insert into t values (1, 2)").rowcount
con.execute("select a, b from t").fetchall()
con.set_authorizer(lambda *args: 5)
con.execute("select 1")
con.set_authorizer(lambda *args: "x")
con.execute("select 2")
con.set_authorizer(lambda *args: 1 / 0)
con.execute("select 3")
con.set_authorizer(lambda *args: 2**70)
con.execute("select 4")
# ---
con.complete = sqlite3.complete_statement("select 1;")
[sqlite3.complete_statement(text) for text in ("", ";", "select 1", "select 1;", "select ';", "create trigger a begin select 1;", "create trigger a begin select 1; end;", "/* ;", "-- ;\n;")]
sqlite3.complete_statement(1)
sqlite3.enable_callback_tracebacks("x")
con("select 1").__class__.__name__
con("select nothing")
con()
con(1)
con("select 1", x=1)
