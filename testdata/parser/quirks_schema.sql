create table x1(a)
create table x2(a int, b text(10), c decimal(10,5), d)
create table x3(a int generated always as (1))
create table x4(a generated always as (1) stored, b as (2) virtual, c as (3))
create table x5(a int generated always)
create table x6(a int generated)
create table x7(a generated always int)
create table x8(a int as (1) foo)
create table x9(a always, b generated)
create table x10(a "int", b [big int], c 'text', d `x`)
create table x11(a int primary key asc autoincrement)
create table x12(a integer primary key desc on conflict replace)
create table x13(a integer primary key autoincrement on conflict replace)
create table x14(a not null on conflict fail, b null, c null on conflict ignore)
create table x15(a not null null not null)
create table x16(a unique on conflict rollback, b unique)
create table x17(a check (a > 1), b check (1) check (2))
create table x18(a check a > 1)
create table x19(a check ())
create table x20(a check (1) on conflict fail)
create table x21(a default 1, b default -1, c default +1.5, d default 'x', e default x'00', f default null)
create table x22(a default (1+2), b default current_time, c default true, d default foo, e default "bar")
create table x23(a default 1+2)
create table x24(a default)
create table x25(a default -foo)
create table x26(a default - 1, b default (select 1))
create table x27(a default id, b default 'a' 'b')
create table x28(a collate nocase, b collate 'binary' not null)
create table x29(a references u, b references u(a), c references u(a, b))
create table x30(a references u on delete cascade on update set null match full deferrable initially deferred)
create table x31(a references u on delete no action on update restrict on delete set default not deferrable)
create table x32(a references u on insert cascade)
create table x33(a references u on delete set)
create table x34(a references u on delete)
create table x35(a references u deferrable initially)
create table x36(a references u not deferrable initially immediate)
create table x37(a not deferrable)
create table x38(a deferrable)
create table x39(a initially deferred)
create table x40(a constraint c not null constraint d unique)
create table x41(a constraint c)
create table x42(a constraint c constraint d not null)
create table x43(a constraint)
create table x44(a, constraint c)
create table x45(a, constraint c primary key (a))
create table x46(a, b, primary key (a, b) unique (b) check (a))
create table x47(a, b, primary key (a), unique (b), check (a), foreign key (a) references u)
create table x48(a, primary key (a), b)
create table x49(a, primary key)
create table x50(a, primary key (a autoincrement))
create table x51(a integer, primary key (a autoincrement))
create table x52(a, primary key (a asc, a desc) on conflict abort)
create table x53(a, primary key (a collate nocase))
create table x54(a, unique (a+1))
create table x55(a, unique ())
create table x56(a, foreign key (a) references u(a) on delete cascade deferrable)
create table x57(a, foreign key () references u)
create table x58(a, foreign key a references u)
create table x59(a, foreign key (a))
create table x60(a,)
create table x61()
create table x62(a b c d e)
create table x63(a int int(1) x)
create table x64(a int(1) x)
create table x65(a (1))
create table x66(a int())
create table x67(a int(-1, +2))
create table x68(a int(x))
create table x69(a int(max))
create table x70(a int(1.5, 'x'))
create table x71(a int) without rowid
create table x72(a int primary key) without rowid
create table x73(a int primary key) without rowid, strict
create table x74(a int) strict, strict
create table x75(a int) strict without rowid
create table x76(a int) without foo
create table x77(a int) foo
create table x78(a int),
create table x79(a int) strict,
create table x80(a int) without
create table x81(a int) 'strict'
create table x82 as select 1
create table x83(a) as select 1
create table x84 as values (1)
create table x85 as
create table x86
create table if not exists x87(a)
create table if exists x88(a)
create table if(a)
create temp table x89(a)
create temporary table x90(a)
create temp table main.x91(a)
create temp table temp.x92(a)
create table temp.x93(a)
create table main.x94.y(a)
create table 'x95'('a' 'b')
create table "x96"("a" "b")
create table x97(a, a)
create table x98(select)
create table x99(abort, action, key int, end, like, match text)
create table select(a)
create table sqlite_x(a)
create table t(a)
create table x100(a strict)
create table x101(a without rowid)
create table x102(a default 1 collate nocase default 2)
create table x103(a int not null default 1 unique check (1) primary key references u)
create table x104(a hidden, b int hidden)
create table x105(a 1)
create table x106(1)
create table x107(a.b)
create table x108(a int = 1)
create table x109(a) select
create table x110(a, unique(a), constraint d)
create table x111(a as (1) not null, b as (2) unique)
create table x112(a as 1)
create table x113(a int as (1) stored virtual)
create table x114(a as (1) null)
create table x115(a on conflict ignore)
create table x116(a collate)
create table x117(a check(1), check(2) check(3), constraint x check(4))
create unlogged table x118(a)
create virtual table v1 using foo
create virtual table v2 using foo(a, b (c, d), 'e,f')
create virtual table v3 using foo(
create virtual table v4
create virtual table v5 using
create virtual table if not exists v6 using foo()
create temp virtual table v7 using foo
create index i1 on t(a)
create unique index i2 on t(a, b desc) where a > 1
create index if not exists i3 on t(a + b)
create index i4 on t
create index i5 on t()
create index i6 on t(a nulls first)
create index i7 on t(a nulls last)
create index i8 on main.t(a)
create index main.i9 on t(a collate nocase)
create index on t(a)
create temp index i10 on t(a)
create unique table i11(a)
create index i12 on t(a) where
create index i13 on t('a', "b", [c])
create view v10 as select 1
create view v11(a, b) as select 1, 2
create view v12() as select 1
create view v13 as values (1)
create view v14 as with x as (select 1) select * from x
create view v15 select 1
create view if not exists v16 as select 1
create temp view v17 as select ?
create view v18 as select ?
create view v19 as insert into t values (1)
create view v20 as select 1 order by 1 limit 1
create trigger r1 after insert on t begin select 1; end
create trigger r2 before update of a, b on t for each row when new.a begin update t set a = 1; delete from t; end
create trigger r3 instead of delete on v begin select 1; end
create trigger r4 insert on t begin select 1; end
create trigger r5 after insert on t begin end
create trigger r6 after insert on t begin select 1 end
create trigger r7 after insert on t select 1
create trigger r8 after insert on t for each statement begin select 1; end
create trigger r9 after insert on t for each row begin insert into main.t values (1); end
create trigger r10 after insert on t begin update main.t set a = 1; end
create trigger r11 after insert on t begin delete from t indexed by i; end
create trigger r12 after insert on t begin update t not indexed set a = 1; end
create trigger r13 after insert on t begin insert into t default values; end
create trigger r14 after insert on t begin insert into t values (1) returning a; end
create trigger r15 after insert on t begin delete from t limit 1; end
create trigger r16 after insert on t begin update t set a = 1 order by a; end
create trigger r17 after insert on t begin with x as (select 1) select * from x; end
create trigger r18 after insert on t begin with x as (select 1) insert into t select * from x; end
create trigger r19 after insert on t begin create table x(a); end
create trigger r20 after insert on t begin select raise(abort, 'x'); select raise(ignore); end;
create trigger r21 after insert on t when begin select 1; end
create trigger r22 after insert of a on t begin select 1; end
create trigger r23 after update of on t begin select 1; end
create trigger if not exists r24 after insert on t begin select 1; end
create temp trigger r25 after insert on main.t begin select 1; end
create trigger main.r26 after insert on main.t begin select 1; end
create trigger r27 after insert on t begin insert into t as x values (1); end
create trigger r28 after insert on t begin update t as x set a = 1; end
create trigger r29 after insert on t begin replace into t values (1); end
create trigger r30 after insert on t begin select ?; end
create trigger r31 after insert on t begin ; end
create trigger r32 after insert on t begin select 1;; end
create trigger r33 after insert on t begin insert into t values (1) on conflict do nothing; end
create trigger r34 after insert on t begin update t set a = 1 from u; end
create trigger r35 after insert on t begin select 1; end garbage
create trigger r36 after insert on t begin select 1;
create foo
create
create table
create or replace view v30 as select 1
drop table t
drop table if exists t
drop table main.t
drop table
drop table t, u
drop index if exists i
drop view v
drop trigger main.r
drop foo t
drop
drop table if t
drop table 't'
alter table t rename to x
alter table t rename a to b
alter table t rename column a to b
alter table t rename column to b
alter table t rename
alter table t rename to
alter table main.t rename to x
alter table t add x
alter table t add column x int default 1 not null
alter table t add column
alter table t add constraint c check (1)
alter table t add check (1)
alter table t add primary key (a)
alter table t add unique (a)
alter table t add constraint c unique (a)
alter table t drop a
alter table t drop column a
alter table t drop constraint c
alter table t drop
alter table t alter a set not null
alter table t alter column a set not null
alter table t alter column a drop not null
alter table t alter column a set not null on conflict fail
alter table t alter column a type int
alter table t alter column a set default 1
alter table t foo
alter view v rename to w
alter t
begin
begin transaction
begin transaction foo
begin foo
begin deferred
begin deferred transaction
begin immediate transaction x
begin exclusive
begin immediate foo
begin concurrent
commit
commit transaction
commit transaction x
commit x
end
end transaction
rollback
rollback transaction
rollback to s
rollback to savepoint s
rollback transaction to savepoint s
rollback transaction foo to s
rollback s
savepoint s
savepoint
savepoint 's'
savepoint transaction s
release s
release savepoint s
release
pragma foo
pragma foo = 1
pragma foo = -1
pragma foo = +1.5
pragma foo = on
pragma foo = off
pragma foo = delete
pragma foo = default
pragma foo = 'x'
pragma foo = "x"
pragma foo = [x]
pragma foo = x.y
pragma foo = select
pragma foo = null
pragma foo = 1 + 2
pragma foo = (1)
pragma foo(1)
pragma foo(-1)
pragma foo('x')
pragma foo(x)
pragma foo(delete)
pragma foo(on)
pragma foo(select)
pragma foo()
pragma foo(1, 2)
pragma foo(1
pragma main.foo
pragma main.foo = 1
pragma main.foo(x)
pragma
pragma 'foo'
pragma foo = x'00'
pragma foo = ?
pragma foo = - x
pragma foo = --1
pragma foo = 0x10
pragma foo bar
attach 'x' as y
attach database 'x' as y
attach 'x' as y key 'z'
attach 'x'
attach x as y
attach database ? as ?
attach 'a' || 'b' as 'c' || 'd'
attach
detach y
detach database y
detach 'y'
detach
detach database
analyze
analyze t
analyze main.t
analyze main.t.x
reindex
reindex t
reindex main.t
reindex nocase
vacuum
vacuum main
vacuum into 'x'
vacuum main into 'x'
vacuum into
vacuum main.t
vacuum 'main'
explain
explain select 1
explain query plan select 1
explain query select 1
explain plan select 1
explain explain select 1
explain query plan
explain create table x200(a)
explain begin
explain garbage
foo
foo bar
1
'x'
"x"
select1
selec 1
SELECT 1 FROM t WHERE a = 1 AND
\n
(
)
,
*
=
