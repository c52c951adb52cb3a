# 1: WITH opens no implicit transaction
con.execute("create table t(a)")
con.execute("with w as (select 1 a) insert into t select a from w").rowcount
con.in_transaction
con.execute("/* c */ insert into t values(2)").rowcount
con.in_transaction
con.rollback()
con.execute("-- c\n  replace into t values(3)").rowcount
con.in_transaction
con.rollback()
con.execute("  \t\n update t set a=a+1").rowcount
con.in_transaction
con.commit()
con.execute("with w as (select 1) update t set a=9").rowcount
con.execute("with w as (select 1) delete from t").rowcount
con.in_transaction
con.execute("explain insert into t values(1)") is not None
con.in_transaction
con.execute("values(1)").rowcount
con.execute("select 1").rowcount
con.execute("pragma user_version=3").rowcount
con.in_transaction
con.execute(";select 1").fetchall()
con.execute("select 1;")  .fetchall()
con.execute("select 1; select 2")
con.execute("")  .fetchall()
con.execute("-- nothing").description
con.isolation_level = "IMMEDIATE"
con.execute("insert into t values(1)").lastrowid
con.in_transaction
con.isolation_level = None
con.in_transaction
con.isolation_level = "nonsense"
con.isolation_level = "EXCLUSIVE"
# ---
# 1: savepoint, begin and vacuum in the middle of a transaction
con.execute("create table t(a)")
con.execute("savepoint s").rowcount
con.in_transaction
con.execute("insert into t values(1)").rowcount
con.execute("release s").rowcount
con.in_transaction
con.commit()
con.execute("begin")
con.execute("begin")
con.execute("insert into t values(1)").rowcount
con.execute("vacuum")
con.executescript("insert into t values(5); select 1")
con.in_transaction
con.executescript("begin; insert into t values(6);")
con.in_transaction
con.executescript("insert into t values(7); nonsense; insert into t values(8)")
con.in_transaction
con.execute("select a from t").fetchall()
con.execute("rollback")
con.rollback()
con.execute("select a from t").fetchall()
# ---
# 1: autocommit as PEP 249 wants it
c = sqlite3.connect(":memory:", autocommit=False)
c.in_transaction
c.execute("create table t(a)")
c.execute("with w as (select 1) insert into t select * from w").rowcount
c.in_transaction
c.rollback()
c.execute("select * from t").fetchall()
c.executescript("create table u(a); insert into u values(1)")
c.in_transaction
c.commit()
c.autocommit = True
c.in_transaction
c.execute("begin").rowcount
c.commit()
c.in_transaction
c.autocommit = sqlite3.LEGACY_TRANSACTION_CONTROL
c.close()
c.in_transaction
# ---
# 2: the cursor is one row ahead
con.execute("create table t(a)")
con.executemany("insert into t values(?)", [(1,), (-9223372036854775808,), (3,)]).rowcount
cur = con.execute("select abs(a) from t")
cur.fetchone()
cur.fetchone()
cur.fetchall()
cur = con.execute("select case a when 3 then abs(-9223372036854775808) else a end from t")
next(cur)
next(cur)
cur.fetchmany(1)
con.create_function("f", 1, lambda a: 1 / (a - 3))
cur = con.execute("select f(a) from t order by a")
cur.fetchone()
cur.fetchone()
cur.fetchone()
cur = con.execute("select json(a) from (select '1' a union all select '{')")
cur.fetchone()
cur = con.execute("select 1 where abs(-9223372036854775808)")
[x for x in con.execute("select a from t")]
# ---
# 3: RETURNING writes all first
con.execute("create table t(a integer primary key, b)")
cur = con.execute("insert into t(b) values(1),(2),(3) returning a, b*2 as c")
(cur.rowcount, cur.description, cur.lastrowid)
cur.fetchone()
(cur.rowcount, con.execute("select count(*) from t").fetchone())
cur.fetchall()
(cur.rowcount, cur.lastrowid, con.total_changes)
cur = con.execute("update t set b=b+1 where a>1 returning old.b")
cur = con.execute("update t set b=b+1 where a>1 returning b")
con.execute("select b from t").fetchall()
cur.rowcount
list(cur)
cur.rowcount
cur = con.execute("delete from t returning a")
cur.fetchone()
cur.close()
con.execute("select count(*) from t").fetchone()
con.executemany("insert into t(b) values(?) returning a", [(1,), (2,)])
con.execute("insert into t(b) values(1) returning (select count(*) from t)").fetchall()
con.execute("insert into t values(1,1) on conflict do nothing returning a").fetchall()
con.execute("insert into t values(1,1) on conflict(a) do update set b=excluded.b+5 returning *").fetchall()
cur = con.execute("insert into t(b) values(7),(8) returning a")
con.commit()
cur.fetchall()
# ---
# 4: an interrupted write rolls the transaction back
con.execute("create table t(a)")
con.execute("insert into t values(1)").rowcount
con.commit()
con.execute("insert into t values(2)").rowcount
con.set_progress_handler(lambda: 1, 10)
con.execute("insert into t with recursive n(i) as (select 1 union all select i+1 from n limit 100000) select i from n")
con.set_progress_handler(None, 0)
con.in_transaction
con.execute("select a from t").fetchall()
con.execute("insert into t values(2)").rowcount
con.set_progress_handler(lambda: 1, 10)
con.execute("with recursive n(i) as (select 1 union all select i+1 from n limit 100000) select sum(i) from n").fetchall()
con.set_progress_handler(None, 0)
con.in_transaction
con.execute("select a from t").fetchall()
con.execute("savepoint s").rowcount
con.set_progress_handler(lambda: 1, 10)
con.execute("update t set a=(with recursive n(i) as (select 1 union all select i+1 from n limit 100000) select sum(i) from n)")
con.set_progress_handler(None, 0)
con.in_transaction
con.execute("release s")
con.interrupt()
con.execute("select 5").fetchall()
con.set_progress_handler(lambda: 1 / 0, 10)
con.execute("with recursive n(i) as (select 1 union all select i+1 from n limit 100000) select sum(i) from n").fetchall()
con.set_progress_handler(None, 0)
# ---
# 5, 6, 7: conflicts
con.execute("create table t(a integer primary key, b unique)")
con.executemany("insert into t values(?,?)", [(1, 1), (2, 2), (3, 3)]).rowcount
con.execute("insert or rollback into t values(9,1)")
con.in_transaction
con.execute("select * from t").fetchall()
con.executemany("insert into t values(?,?)", [(1, 1), (2, 2), (2, 3), (4, 4)])
con.execute("select * from t").fetchall()
con.total_changes
con.execute("insert or fail into t values(5,5),(1,9),(6,6)")
con.execute("select * from t").fetchall()
con.execute("update t set a=a+1")
con.execute("update t set a=a-1").rowcount
con.execute("insert or replace into t values(1,5)").rowcount
con.execute("select * from t").fetchall()
con.execute("insert or ignore into t values(1,1),(7,7)").rowcount
(con.total_changes, con.execute("select changes()").fetchone())
