# 8: DROP under an open SELECT
con.execute("create table t(a)")
con.execute("create table u(a)")
con.execute("create index ui on u(a)")
con.executemany("insert into t values(?)", [(1,), (2,), (3,)]).rowcount
con.commit()
cur = con.execute("select a from t")
cur.fetchone()
con.execute("drop table u")
con.execute("drop table t")
con.execute("drop index ui")
con.execute("create table w(a)") is not None
con.execute("alter table u rename to x") is not None
cur.fetchall()
con.execute("drop table w") is not None
cur = con.execute("select a from t limit 1")
cur.fetchone()
con.execute("drop table t") is not None
cur = con.execute("values(1),(2)")
cur.fetchone()
con.execute("create table y(a)") is not None
con.execute("drop table y") is not None
con.execute("vacuum")
con.commit()
con.execute("vacuum")
cur.fetchall()
con.execute("vacuum").fetchall()
# ---
# 8, 9: writes while a SELECT is open
con.execute("create table t(a integer primary key, b)")
con.executemany("insert into t(b) values(?)", [(i,) for i in range(5)]).rowcount
con.commit()
for a, b in con.execute("select a, b from t"):
    con.execute("delete from t where a=?", (a,))
con.execute("select count(*) from t").fetchone()
con.rollback()
for a, b in con.execute("select a, b from t").fetchall():
    con.execute("update t set b=b+10 where a=?", (a,))
con.execute("select * from t").fetchall()
cur = con.execute("select a from t")
cur.fetchone()
con.commit()
cur.fetchone()
con.execute("update t set b=0") is not None
con.rollback()
cur.fetchone()
con.execute("delete from t where a=3") is not None
con.commit()
con.execute("select a from t").fetchall()
cur = con.execute("select a from t")
cur.fetchone()
con.executescript("insert into t(b) values(77)")
len(cur.fetchall()) >= 3
# ---
# 8: two connections to a file
other = sqlite3.connect(path, timeout=0, isolation_level=None)
con.execute("create table t(a)") is not None
con.execute("insert into t values(1)") is not None
path == ":memory:" or other.execute("select * from t").fetchall()
path == ":memory:" or other.execute("insert into t values(2)")
con.commit()
path == ":memory:" or other.execute("select * from t").fetchall()
path == ":memory:" or other.execute("begin immediate") is not None
con.execute("pragma busy_timeout=0").fetchall()
path == ":memory:" or con.execute("insert into t values(3)")
con.in_transaction
con.rollback()
path == ":memory:" or other.execute("rollback") is not None
other.close()
# ---
# 23: what is no database
import tempfile, os, pathlib
d = tempfile.mkdtemp()
sqlite3.connect(d)
sqlite3.connect(os.path.join(d, "no", "x.db"))
pathlib.Path(d, "text.db").write_bytes(b"this is no database at all, but a text" * 30)
c = sqlite3.connect(os.path.join(d, "text.db"))
c.execute("select * from sqlite_master")
c.execute("create table t(a)")
c.execute("pragma user_version")
c.execute("pragma foreign_keys").fetchall()
c.close()
pathlib.Path(d, "short.db").write_bytes(b"abc")
c = sqlite3.connect(os.path.join(d, "short.db"))
c.execute("select count(*) from sqlite_master")
c.close()
pathlib.Path(d, "empty.db").write_bytes(b"")
c = sqlite3.connect(os.path.join(d, "empty.db"))
c.execute("select count(*) from sqlite_master").fetchall()
c.close()
c = sqlite3.connect("file:" + os.path.join(d, "missing.db") + "?mode=ro", uri=True)
c = sqlite3.connect("file:" + os.path.join(d, "empty.db") + "?mode=ro", uri=True)
c.execute("create table t(a)")
c.close()
c = sqlite3.connect("file:" + os.path.join(d, "empty.db") + "?mode=nonsense", uri=True)
c = sqlite3.connect("file::memory:?cache=private", uri=True)
c.execute("attach ? as aux", (os.path.join(d, "text.db"),))
c.execute("select 1").fetchall()
c.close()
c.execute("select 1")
c.close()
c.total_changes
# ---
# 19: the schema changes under cached statements
con.execute("create table t(a)")
con.execute("insert into t values(1)").rowcount
con.execute("select * from t").fetchall()
con.execute("alter table t add column b default 5") is not None
con.execute("select * from t").fetchall()
con.execute("select * from t").description
con.execute("alter table t rename column a to z") is not None
con.execute("select * from t").description
con.execute("select a from t")
cur = con.execute("select * from t union all select * from t")
cur2 = con.execute("select * from t union all select * from t")
(cur.fetchone(), cur2.fetchone(), cur.fetchone(), cur2.fetchone())
con.execute("create view v as select * from t") is not None
con.execute("select * from v").fetchall()
con.execute("alter table t add column c") is not None
con.execute("select * from v").fetchall()
con.execute("drop view v") is not None
con.execute("select * from v")
con.execute("create temp table t(q)") is not None
con.execute("select * from t").description
con.execute("drop table t") is not None
con.execute("select * from t").description
# ---
# 20, 26: names and declared types
con = sqlite3.connect(path, detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)
sqlite3.register_converter("thing", lambda b: b"<" + b + b">")
con.execute("create table t(a thing, b thing(3), c, d varchar(7))")
con.execute("insert into t values('x','y','z','w')").rowcount
con.execute("select a, b, c, d, a as q from t").fetchall()
con.execute("select (select a from t), a||'' , max(a), coalesce(a,1) from t").fetchall()
con.execute("create view v as select a, b as bb, a||'' as e from t") is not None
con.execute("select * from v").fetchall()
con.execute("select x from (select a as x from t union all select a from t)").fetchall()
con.execute("with w(k) as (select a from t) select k from w").fetchall()
con.execute("select c as 'c [thing]', c as \"u [none]\", 5 as 'n [thing]' from t").fetchall()
con.execute("select c as 'c [thing]', c as \"u [none]\" from t").description
con.execute("select null as 'c [thing]'").fetchall()
plain = sqlite3.connect(":memory:")
plain.execute("select 1 as 'x [y]'").description
plain.execute("select 1 AS [a b], 2 'q', 3 \"r s\", 1+1, 'a', \"zz\"").description
plain.execute("create table t(A, b)") is not None
plain.execute("select t.a, a, T.A, `a`, [a], t.*, rowid, oid, b  ,  (a) , a+ b from t").description
plain.execute("select x.a, y.a from t x, t y").description
plain.execute("select * from t x, t y").description
plain.execute("select * from (select a, a, a+1 from t)").description
plain.execute("select * from t natural join t u").description
plain.execute("select count(*), sum( a ), a COLLATE nocase from t").description
plain.execute("pragma full_column_names=1") is not None
plain.execute("pragma short_column_names=0") is not None
plain.execute("select a, b, t.a, x.a, (select a from t) from t, t x").description
plain.execute("select * from t").description
