con.execute("select 1, 2.5, 'x', x'00ff', null").fetchall()
con.execute("select 1 as a, 2 as 'b [integer]'").description
con.execute("create table t(a integer primary key, b)").description
con.execute("insert into t(b) values (?)", ("x",)).lastrowid
cur = con.execute("insert into t(b) values (?), (?)", (1, 2))
(cur.rowcount, cur.lastrowid, cur.description, con.total_changes, con.in_transaction)
con.execute("update t set b = 0 where a > 1").rowcount
con.execute("delete from t where a > 100").rowcount
con.execute("delete from t").rowcount
con.execute("select 1").rowcount
con.commit()
con.in_transaction
# ---
con.execute("select 1; select 2")
con.execute("select 1;").fetchall()
con.execute("select 1; -- comment").fetchall()
con.execute("select 1; /* comment").fetchall()
con.execute("select 1;;")
con.execute("").fetchall()
con.execute(";").fetchall()
con.execute("-- nothing").description
con.execute("select 1\0")
con.execute("select '\ud800'")
con.execute(1)
con.execute(None)
con.execute(b"select 1")
con.executescript(b"select 1")
con.executescript(1)
con.executescript("select '\ud800'")
con.executescript("create table a(x); insert into a values (1); select * from a;").fetchall()
con.execute("select * from a").fetchall()
con.executescript("insert into a values (2); foo; insert into a values (3)")
con.execute("select * from a").fetchall()
con.execute("select * from nowhere")
con.execute("selekt")
con.execute("select nothing from a")
con.execute("insert into a values (1, 2)")
con.executescript("-- only a comment").fetchall()
con.executescript("").rowcount
# ---
cur = con.cursor()
(cur.arraysize, cur.rowcount, cur.lastrowid, cur.description, cur.row_factory)
cur.fetchone()
cur.fetchall()
cur.fetchmany()
cur.execute("select 1 union select 2 union select 3") is cur
cur.fetchmany()
cur.fetchmany(5)
cur.fetchone()
cur.execute("select 1 union select 2").fetchmany(0)
cur.execute("select 1 union select 2").fetchmany(-1)
cur.fetchmany("a")
cur.fetchmany(2**40)
cur.arraysize = 2
cur.execute("select 1 union select 2 union select 3").fetchmany()
cur.arraysize = "x"
next(cur.execute("select 5"))
next(cur)
list(cur.execute("select 1 union select 2"))
cur.setinputsizes([1])
cur.setoutputsize(1, 2)
cur.close()
cur.execute("select 1")
cur.fetchone()
cur.close()
# ---
con.execute("create table t(a)").fetchall()
con.executemany("insert into t values (?)", [(1,), (2,), (3,)]).rowcount
con.executemany("insert into t values (:a)", ({"a": n} for n in range(3))).rowcount
con.executemany("insert into t values (?)", []).rowcount
con.executemany("insert into t values (?)", [(1,), (1, 2)])
con.execute("select count(*) from t").fetchone()
con.executemany("insert into t values (?)", 5)
con.executemany("select ?", [(1,)])
con.executemany("update t set a = a + ?", [(1,), (2,)]).rowcount
con.executemany("delete from t where a = ?", [(1,), (4,)]).rowcount
con.executemany(1, [])
con.executemany("insert into t values (?)", iter([(7,)])).lastrowid
con.rollback()
con.execute("select count(*) from t").fetchone()
# ---
con.execute("create table t(a)").fetchall()
con.commit()
con.execute("with q as (select 1) insert into t select * from q").rowcount
con.in_transaction
con.execute("/* x */ insert into t values (1)").rowcount
con.in_transaction
con.commit()
con.execute("\n\t insert into t values (1)").rowcount
con.in_transaction
con.commit()
con.execute("-- a\n insert into t values (1)").rowcount
con.in_transaction
con.commit()
con.execute("replace into t values (1)").rowcount
con.in_transaction
con.execute("create table u(a)").rowcount
con.in_transaction
con.execute("insert into t values (1), (2) returning a").fetchall()
cur = con.execute("insert into t values (1), (2) returning a")
cur.rowcount
cur.fetchall()
cur.rowcount
# ---
con.execute("select cast(x'ff41' as text) as y").fetchone()
con.text_factory = bytes
con.execute("select 'a', cast(x'ff41' as text)").fetchone()
con.text_factory = bytearray
con.execute("select 'a', x'01'").fetchone()
con.text_factory = lambda text: text.decode("latin-1") + "!"
con.execute("select 'a', cast(x'ff41' as text), 1").fetchone()
con.text_factory = str
con.execute("select 'a' || char(0) || 'b'").fetchone()
con.execute("select '', x''").fetchone()
# ---
con.execute("create table t(a)").fetchall()
con.executemany("insert into t values (?)", [(1,), (2,), (3,)]).rowcount
cur = con.execute("select a from t order by a")
cur.fetchone()
con.rollback()
cur.fetchone()
cur.execute("select 1").fetchone()
cur = con.execute("select 1 union select 2")
con.commit()
cur.fetchall()
# ---
con.execute("create table t(a)").fetchall()
con.executemany("insert into t values (?) returning a", [(1,)]).fetchall()
con.executemany("insert into t values (?) returning a", [(1,), (2,)])
con.execute("select count(*) from t").fetchall()
cur = con.execute("insert into t values (1), (2), (3) returning a")
(cur.rowcount, cur.fetchone(), cur.rowcount, cur.fetchall(), cur.rowcount)
class Iterator:
    def __init__(self):
        self.left = 3
    def __next__(self):
        self.left -= 1
        if self.left < 0:
            raise StopIteration
        return (self.left,)
con.executemany("insert into t values (?)", Iterator()).rowcount
