# 17: functions of the user's come before built-in ones
con.create_function("abs", 1, lambda a: "mine")
con.execute("select abs(-1), abs(-1.5)").fetchall()
con.create_function("max", 2, lambda a, b: "two")
con.execute("select max(1,2), max(1,2,3), max(5)").fetchall()
con.create_function("like", 2, lambda p, x: p == "x" + x)
con.execute("select 'a' like 'xa', 'a' like 'b', 'a' like 'c' escape '!'").fetchall()
con.create_function("like", 3, lambda p, x, e: (p, x, e) == ("c", "a", "!"))
con.execute("select 'a' like 'c' escape '!'").fetchall()
con.create_function("glob", 2, lambda p, x: 7)
con.execute("select 'a' glob 'b'").fetchall()
con.execute("select 'a' regexp 'b'")
con.create_function("regexp", 2, lambda p, x: p + x)
con.execute("select 'a' regexp 'b', 'a' not regexp 'b'").fetchall()
con.execute("select 'a' match 'b'")
con.create_function("match", 2, lambda p, x: p == x)
con.execute("select 'a' match 'b', 'a' match 'a'").fetchall()
con.create_function("abs", 1, None)
con.execute("select abs(-1)")
con.create_function("lower", -1, lambda *a: len(a))
con.execute("select lower(), lower(1,2), lower('A')").fetchall()
con.create_function("bad", 0, lambda: object())
con.execute("select bad()")
con.create_function("big", 0, lambda: 2**63)
con.execute("select big()")
con.create_function("boom", 0, lambda: {}["x"])
con.execute("select boom()")
con.create_function("now5", 0, lambda: 5, deterministic=True)
con.execute("create table t(a, b as (now5()))")
con.execute("create table t2(a check (now5()=5))") is not None
con.create_function("f", 1001, lambda *a: 1)
con.create_function("n" * 300, 0, lambda: 1)
con.create_aggregate("agg", 1, type("A", (), {"__init__": lambda s: setattr(s, "n", 0), "step": lambda s, v: setattr(s, "n", s.n + v), "finalize": lambda s: s.n}))
con.execute("select agg(1), agg(2) from (values(1),(2))").fetchall()
con.execute("select agg(x) from (select 1 x where 0)").fetchall()
con.execute("select agg('a')")
con.create_aggregate("agg2", 1, type("B", (), {"step": lambda s, v: None}))
con.execute("select agg2(1)")
# ---
# 18: the authorizer
con.execute("create table t(a, b)")
con.execute("insert into t values(1,2)").rowcount
con.commit()
con.execute("select a, b from t").fetchall()
con.set_authorizer(lambda action, x, y, db, inner: sqlite3.SQLITE_IGNORE if action == sqlite3.SQLITE_READ and y == "b" else sqlite3.SQLITE_OK)
con.execute("select a, b from t").fetchall()
con.execute("select b+1, count(b), coalesce(b, 7) from t").fetchall()
con.execute("select a from t where b=2").fetchall()
con.execute("select * from t order by b").fetchall()
con.execute("update t set b=9").rowcount
con.set_authorizer(lambda *a: sqlite3.SQLITE_DENY)
con.execute("select a from t")
con.execute("select 1")
con.set_authorizer(None)
con.execute("select a, b from t").fetchall()
con.set_authorizer(lambda *a: 1 / 0)
con.execute("select a from t")
con.set_authorizer(lambda *a: "no number")
con.execute("select a from t")
con.set_authorizer(lambda *a: 99)
con.execute("select a from t")
seen = []
con.set_authorizer(lambda *a: seen.append(a) or 0)
con.execute("insert into t select a, b from t where a in (select b from t)").rowcount
seen
seen.clear()
con.execute("pragma user_version") is not None
con.execute("delete from t").rowcount
con.commit()
con.execute("savepoint s") is not None
con.execute("rollback to s") is not None
con.execute("release s") is not None
seen
# ---
# 18: functions and collations prepare statements anew
con.create_function("f", 0, lambda: 1)
con.execute("select f()").fetchall()
con.create_function("f", 0, lambda: 2)
con.execute("select f()").fetchall()
con.create_collation("c", lambda a, b: (a > b) - (a < b))
con.execute("select 'a' < 'b' collate c").fetchall()
con.create_collation("c", lambda a, b: (a < b) - (a > b))
con.execute("select 'a' < 'b' collate c").fetchall()
con.create_collation("c", None)
con.execute("select 'a' < 'b' collate c")
con.create_collation("C", lambda a, b: 1 / 0)
con.execute("select 'a' < 'b' collate c").fetchall()
con.create_collation("d", lambda a, b: "x")
con.execute("select x from (values('b'),('a')) x order by 1 collate d")
con.create_collation("d", 5)
con.execute("select x from (select 'b' x union all select 'a') order by 1 collate nosuch")
# ---
# 24: text of other encodings and bytes that are no text
con.execute("pragma encoding='UTF-16le'") is not None
con.execute("create table t(a text)") is not None
con.execute("insert into t values('aé😀')").rowcount
con.execute("select a, hex(a), hex(cast(a as blob)), length(a), typeof(cast(a as blob)) from t").fetchall()
con.execute("select cast(x'6100e900' as text)").fetchall()
con.execute("select ?", ("\ud800",))
u = sqlite3.connect(":memory:")
u.execute("select cast(x'ff41' as text)")
u.text_factory = bytes
u.execute("select cast(x'ff41' as text), 'é', null, 1").fetchall()
u.text_factory = lambda b: b.decode("latin-1")
u.execute("select cast(x'ff41' as text), 'é'").fetchall()
u.text_factory = bytearray
u.execute("select 'a'").fetchall()
u.execute("select 'a'").fetchall()
u.text_factory = lambda b: 1 / 0
u.execute("select 'a'").fetchall()
u.text_factory = str
u.execute("select ?, 'a' || char(0) || 'b'", ("x\0y",)).fetchall()
u.execute("select 1\0")
u.execute("select length('a' || char(0) || 'b'), quote('a' || char(0) || 'b')").fetchall()
u.execute("select ?", ("é" * 3,)).fetchall()
u.execute("select hex('\ud83d\ude00')") if False else None
# ---
# 25: audit events, names of schemas, one clock for a statement
import gc, sys
con.execute("create table t(a)") is not None
con.execute("insert into t values('main')").rowcount
con.execute("attach ':memory:' as other") is not None
con.execute("create table other.t(a)") is not None
con.execute("create table other.o(a)") is not None
con.execute("select a from t").fetchall()
con.execute("create temp table t(a)") is not None
con.execute("insert into t values('temp')").rowcount
con.execute("select a from t").fetchall()
con.execute("select a from main.t").fetchall()
con.execute("insert into other.t values('other')").rowcount
con.execute("select count(*) from o").fetchall()
con.execute("drop table t") is not None
con.execute("select a from t").fetchall()
con.execute("drop table main.t") is not None
con.execute("select a from t").fetchall()
con.execute("select current_timestamp = (select current_timestamp), strftime('%f','now') = strftime('%f','now'), julianday('now') = julianday('now')").fetchall()
con.execute("with recursive n(i, t) as (select 1, strftime('%f','now') union all select i+1, strftime('%f','now') from n where i<2000) select count(distinct t) from n").fetchall()
class Cycle: pass
c = Cycle()
c.con = sqlite3.connect(":memory:")
c.con.create_function("f", 0, lambda: c)
c.con.set_trace_callback(lambda s: c)
import weakref
r = weakref.ref(c)
del c
gc.collect() >= 0
r() is None
seen = []
con.set_trace_callback(seen.append)
con.execute("select ?, :x", {"1": 5, "x": "y"}) if False else None
con.execute("select ?", ("it's",)).fetchall()
con.execute("insert into o values(1)").rowcount
con.commit()
seen
