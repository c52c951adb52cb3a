# 10: texts of the schema
con.execute("create TEMP  table  if not exists  x (a INT , b)") is not None
con.execute("CREATE  TABLE [t]\n(a INT, -- c\n b TEXT unique, unique(a,b))") is not None
con.execute("create unique   index if not exists i on t ( a desc )") is not None
con.execute("create table c as select a, a+1, b as 'q r', 1.5 from t") is not None
con.execute("create view  v  as select 1") is not None
con.execute("create trigger  tr after insert on t begin select 1 ; end") is not None
con.execute("select type, name, tbl_name, rootpage, sql from sqlite_master").fetchall()
con.execute("select name, sql from sqlite_temp_master").fetchall()
con.execute("alter table t rename to \"new name\"") is not None
con.execute("select sql from sqlite_master").fetchall()
# ---
# 11, 12: aggregates of the outer query, aliases, which duplicate stays
con.execute("create table t(a, b)")
con.executemany("insert into t values(?,?)", [(1, "x"), (1.0, "X"), (2, "y"), (None, None)]).rowcount
con.execute("select (select count(t.a)), (select sum(a) from (select 1)) from t").fetchall()
con.execute("select (select max(t.a) from t u where u.a=1) from t").fetchall()
con.execute("select a+1 as b from t where b='x' group by b order by b").fetchall()
con.execute("select a as z, count(*) from t group by z having z>1 order by z").fetchall()
con.execute("select 1 union select 1.0").fetchall()
con.execute("select 1.0 union select 1").fetchall()
con.execute("select distinct a from t").fetchall()
con.execute("select a, count(*) from t group by a").fetchall()
con.execute("select b from t group by b collate nocase").fetchall()
con.execute("select 1 intersect select 1.0").fetchall()
con.execute("select count(*) from t having count(*)>9").fetchall()
# ---
# 13, 28: counts
con.execute("create table t(a integer primary key, b)")
con.execute("create table l(x)")
con.execute("create trigger t1 after insert on t begin insert into l values('1'||new.a); end") is not None
con.execute("create trigger t2 after insert on t begin insert into l values('2'||new.a),('3'); end") is not None
cur = con.execute("insert into t(b) values(5)")
(cur.lastrowid, cur.rowcount, con.total_changes)
con.execute("select * from l").fetchall()
con.execute("select last_insert_rowid(), changes()").fetchall()
con.executemany("insert into t(b) values(?)", [(1,), (2,)]).rowcount
con.executemany("update t set b=b+?", [(1,), (2,), (3,)]).rowcount
con.execute("update t set b=1 where 0").rowcount
con.execute("delete from t where a>1").rowcount
con.execute("replace into t values(1,9)").rowcount
con.execute("insert into t values(1,9) on conflict do nothing").rowcount
con.execute("insert into t values(1,9) on conflict(a) do update set b=b where 0").rowcount
con.execute("delete from t").rowcount
con.execute("drop table t").rowcount
con.total_changes
# ---
# 14, 15: sequences and header values
con.execute("create table t(a integer primary key autoincrement, b)")
con.execute("create table u(a integer primary key, b)")
con.execute("insert into t(b) values(1),(2)").lastrowid
con.execute("delete from t").rowcount
con.execute("insert into t(b) values(1)").lastrowid
con.execute("select * from sqlite_sequence").fetchall()
con.execute("update sqlite_sequence set seq=100").rowcount
con.execute("insert into t(b) values(1)").lastrowid
con.rollback()
con.execute("select * from sqlite_sequence").fetchall()
con.execute("insert into u values(9223372036854775807,1)").lastrowid
con.execute("insert into u(b) values(1)").lastrowid < 2**63
con.execute("insert into t values(9223372036854775807,1)").lastrowid
con.execute("insert into t(b) values(1)")
con.rollback()
con.execute("begin") is not None
con.execute("pragma user_version=7") is not None
con.execute("pragma application_id=8") is not None
con.execute("pragma foreign_keys=1") is not None
con.execute("pragma foreign_keys").fetchall()
con.rollback()
[con.execute("pragma " + p).fetchall() for p in ("user_version", "application_id", "foreign_keys")]
# ---
# 16: foreign keys
con.execute("pragma foreign_keys=1") is not None
con.execute("create table p(a integer primary key, b text collate nocase unique)")
con.execute("create table c(x references p(b) deferrable initially deferred, y references nosuch)")
con.execute("insert into p values(1,'k')").rowcount
con.execute("insert into c(x) values('K')").rowcount
con.execute("insert into c(x) values('z')").rowcount
con.commit()
con.rollback()
con.execute("insert into c values(null,1)")
con.execute("create table m(a references p(nocol))") is not None
con.execute("insert into m values(1)")
con.execute("insert into m values(null)").rowcount
con.rollback()
con.execute("drop table m") is not None
con.execute("insert into p values(1,'k')").rowcount
con.execute("insert into c(x) values('k')").rowcount
con.commit()
con.execute("delete from p")
con.commit()
con.rollback()
con.execute("select * from c").fetchall()
# ---
# 21, 22, 27: numbers and affinities
con.execute("create table t(a integer, b real, c text, d numeric, e blob, f 'FLOATING POINT', g string, h)")
con.execute("insert into t values(9.0, 9, 9, '9.0', '9', '1.5', '07', 9.0)").rowcount
con.execute("select a, typeof(a), b, typeof(b), c, typeof(c), d, typeof(d), e, f, typeof(f), g, typeof(g), h from t").fetchall()
con.execute("select 9007199254740993 = 9007199254740992.0, 9007199254740993 > 9007199254740992.0, 9223372036854775807 < 9.3e18").fetchall()
con.execute("select ?, ?, ?, ?, ?", (-0.0, float("inf"), -float("inf"), 1e15, 1e16)).fetchall()
con.execute("select ?", (float("nan"),)).fetchall()
con.execute("select cast(-0.0 as text), 1e14||'', 1e999||'', 0.1+0.2||'', 1e-5||'', 100000.0||''").fetchall()
con.execute("select quote(-0.0), quote(x'00ff'), quote('it''s'), printf('%!.15g|%d|%s', 0.1, 2.9, 1e14)").fetchall()
con.execute("select round(2.5), round(-0.4), 5/2, 5.0/2, 5%0, -7%3, 1/0").fetchall()
con.execute("select ?", (2**63 - 1,)).fetchall()
con.execute("select ?", (2**63,))
con.execute("select typeof(9223372036854775807+1), -9223372036854775808, 9223372036854775808").fetchall()
# ---
# 29: checks, defaults and generated columns
con.execute("create table t(a int check(typeof(a)='integer'), b as (a||'x') stored, c int not null on conflict ignore, d int not null default 5)")
con.execute("insert into t(a,c) values('7',1)").rowcount
con.execute("insert into t(a,c) values('q',1)")
con.execute("insert into t(a,c) values(1,null)").rowcount
con.execute("insert or replace into t(a,c,d) values(1,1,null)").rowcount
con.execute("insert into t(a,c,d) values(1,1,null)")
con.execute("insert into t(a,b,c) values(1,1,1)")
con.execute("select * from t").fetchall()
# ---
# 30: savepoints
con.execute("create table t(a)")
con.execute("savepoint a").rowcount
con.execute("insert into t values(1)").rowcount
con.execute("savepoint A").rowcount
con.execute("insert into t values(2)").rowcount
con.execute("rollback to a").rowcount
con.execute("select * from t").fetchall()
con.execute("rollback to a").rowcount
con.execute("release a").rowcount
con.in_transaction
con.execute("release a").rowcount
con.in_transaction
con.execute("release a")
con.execute("rollback to nosuch")
con.execute("savepoint s").rowcount
con.executescript("insert into t values(3)")
con.in_transaction
con.rollback()
con.execute("select * from t").fetchall()
