-- 5
create table t(a integer primary key, b unique, c check(c<100))

insert into t values(1,1,1),(2,2,2),(3,3,3)

begin

insert or abort into t values(4,4,4),(5,1,5)

insert or fail into t values(6,6,6),(7,7,700)

select a from t

insert or rollback into t values(8,8,800)

rollback

-- 6
update t set b=b+1

update t set b=b-1

update t set b=b*10 where a>1

-- 7
create table p(k integer primary key, v)

create table q(x references p on delete set null)

pragma foreign_keys=1

create table log(what)

create trigger pd after delete on p begin insert into log values('deleted '||old.k); end

insert into p values(1,'a'),(2,'b')

insert into q values(1),(2)

replace into p values(1,'c')

select * from q

select * from log

pragma recursive_triggers=1

replace into p values(2,'d')

select * from log

-- 10
create table  if not exists  [My Table] (a,b  , -- end
 c)

select sql from sqlite_schema where name='My Table'

create table cta as select a, b+1, c as "x y" from t

select sql from sqlite_schema where name='cta'

create table au(a unique, b primary key, unique(a,b), c unique on conflict replace)

select name from sqlite_schema where tbl_name='au' and type='index'

-- 11
select (select sum(t.a)) from t

select a as b from t order by b desc limit 2

select a+1 as z from t where z>3 group by z having z<9 order by -z

-- 12
select 1 union select 1.0

select distinct column1 from (values(1.0),(1),('1'),(1.0))

-- 13
create table w(a)

create trigger w1 after insert on w begin insert into log values('first '||new.a); end

create trigger w2 after insert on w begin insert into log values('second '||new.a); end

insert into w values(77)

select what, last_insert_rowid()=1 from log

select changes()

-- 14
create table s(a integer primary key autoincrement, b)

insert into s(b) values(1),(2)

delete from s

begin

update sqlite_sequence set seq=50

insert into s(b) values(3)

select a from s

rollback

insert into s(b) values(4)

select a from s

-- 15
begin

pragma user_version=9

rollback

pragma user_version

-- 16
create table par(n text collate nocase primary key)

create table chi(n references par deferrable initially deferred, o references nosuch)

begin

insert into chi(n) values('A')

commit

insert into par values('a')

commit

insert into chi(o) values(1)

insert into chi(o) values(null)

-- 21
select 9007199254740993=9007199254740992.0, 9007199254740993>9007199254740992.0, 1e18=1000000000000000001

create table num(a)

create index num_a on num(a)

insert into num values(1),(1.0),(9007199254740993),(9007199254740992.0)

select count(*) from num where a=1

select a from num where a=9007199254740992

-- 22
create table aff(a 'FLOATING POINT', b string, c, d charint, e blobtext)

insert into aff values('1.0','01','01','01','01')

select typeof(a), a, typeof(b), b, typeof(c), typeof(d), d, typeof(e) from aff

-- 27
select -0.0, 1e15, 9e999, 1e-7, quote(0.1), typeof(9.0), printf('%!.15g',0.1)

-- 28
insert into t values(1,1,1) on conflict do nothing

select changes()

delete from t where a=99

select changes()

-- 29
create table ck(a int check(typeof(a)='integer'), b int not null on conflict replace default 7, g as (a*2) stored)

insert into ck(a,b) values('5',null)

insert into ck(a) values('x')

select * from ck

-- 30
savepoint x

insert into log values('x1')

savepoint X

insert into log values('x2')

rollback to x

release x

rollback to x

release x

release x

select count(*) from log where what like 'x_'

-- 8, 26
select t.a, a, t.a+1, (a), "a" from t limit 1

select * from t natural join t u limit 1
