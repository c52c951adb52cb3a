con.isolation_level
con.execute("create table t(a)").fetchall()
con.in_transaction
con.execute("insert into t values (1)").rowcount
con.in_transaction
con.rollback()
con.execute("select * from t").fetchall()
con.execute("begin").fetchall()
con.execute("insert into t values (1)").rowcount
con.commit()
con.in_transaction
con.commit()
con.rollback()
con.isolation_level = None
con.execute("insert into t values (2)").rowcount
con.in_transaction
con.isolation_level = "IMMEDIATE"
con.isolation_level = "exclusive"
con.isolation_level
con.isolation_level = "bogus"
con.isolation_level = 1
con.isolation_level = b""
con.isolation_level
con.execute("insert into t values (3)").rowcount
con.isolation_level = None
con.in_transaction
con.execute("rollback")
con.execute("commit")
con.execute("select a from t order by a").fetchall()
sqlite3.connect(":memory:", isolation_level="bogus")
sqlite3.connect(":memory:", isolation_level="deferred").isolation_level
# ---
traced = []
con.execute("create table t(a)").fetchall()
con.set_trace_callback(traced.append)
con.execute("insert into t values (?)", (1,)).rowcount
con.commit()
con.isolation_level = "IMMEDIATE"
con.execute("update t set a = :x", {"x": "it's"}).rowcount
con.executescript("select 1; select 2").rowcount
con.execute("insert into t values (x'00')").rowcount
con.rollback()
con.isolation_level = "EXCLUSIVE"
con.execute("delete from t").rowcount
con.isolation_level = None
con.set_trace_callback(None)
con.execute("select 3").fetchall()
traced
# ---
con.execute("create table t(a unique)").fetchall()
with con:
    con.execute("insert into t values (1)")
con.in_transaction
try:
    with con:
        con.execute("insert into t values (2)")
        con.execute("insert into t values (1)")
except Exception as error:
    problem = error
(type(problem).__name__, str(problem), con.in_transaction)
con.execute("select * from t").fetchall()
con.__enter__() is con
con.__exit__(None, None, None)
con.__exit__(ValueError, ValueError("x"), None)
# ---
con.execute("savepoint a").fetchall()
con.in_transaction
con.execute("create table t(a)").fetchall()
con.execute("savepoint b").fetchall()
con.execute("insert into t values (1)").rowcount
con.execute("rollback to b").fetchall()
con.execute("select * from t").fetchall()
con.execute("release a").fetchall()
con.in_transaction
con.execute("release nothing")
# ---
con.close()
con.close()
con.execute("select 1")
con.cursor()
con.commit()
con.rollback()
con.in_transaction
con.total_changes
con.isolation_level
con.isolation_level = ""
con.row_factory
con.text_factory is str
con.interrupt()
con.iterdump()
con.create_function("f", 0, int)
con.set_trace_callback(None)
con("select 1")
con.backup(sqlite3.connect(":memory:"))
sqlite3.connect(":memory:").backup(con)
