create table t(id integer primary key, a text unique, b int not null default 7, check(b < 100))

insert into t(a) values('x'),('y')

insert into t(a) values('x')

insert or ignore into t(a) values('x'),('z')

insert or replace into t(id,a,b) values(1,'x',9)

insert into t(a,b) values('q',100)

insert into t(a,b) values('q',NULL)

insert into t values(1,'p',1)

insert into t values('abc','p',1)

insert into t(nosuch) values(1)

insert into t values(1,2)

select * from t

insert into t(id,a) values(1,'w') on conflict(id) do update set a=excluded.a||'!', b=b+1

insert into t(a) values('y') on conflict do nothing

insert into t(a) values('new') returning id, a, b

update t set b=b+1 where id>1 returning *

update t set b=200 where id=1

update t set (a,b)=('row',3) where id=2

update t set a='row'

delete from t where id=3 returning id

select * from t

delete from t

select count(*) from t

create table w(k text primary key, v) without rowid

insert into w values('b',2),('a',1),('c',3)

select * from w

insert into w values('a',9)

replace into w values('a',9)

update w set k='z' where k='b'

select * from w

create table g(a int, b int as (a*2), c text generated always as (a||'-'||b) stored)

insert into g(a) values(1),(2)

select * from g

insert into g values(1,2,3)

update g set a=10 where a=1

select * from g where b>10

create table s(a int, b text, c any) strict

insert into s values(1,'x',2.5)

insert into s values('no','x',1)

create table auto(id integer primary key autoincrement, v)

insert into auto(v) values('a'),('b')

delete from auto

insert into auto(v) values('c')

select * from auto

select * from sqlite_sequence

update t set b=1 from w where w.k='a'

select changes(), total_changes() > 0, last_insert_rowid()

create table keyed(a real primary key, b, c) without rowid

create index keyed_c on keyed(c)

insert into keyed values (1, 2, 3), (2, 2, 2), (3, 2, 1)

update keyed set b = (select count(*) from keyed as s where s.b is keyed.b)

select * from keyed

create table sorted(a unique, b, c)

create index sorted_b on sorted(b, c) where b is not null

insert into sorted values (5, 1, 6), (6, 0, 1)

update or fail sorted set a = 100 where b < 6

select * from sorted

create table quoted_check(a, check("a" > 4))

insert into quoted_check values (0)
