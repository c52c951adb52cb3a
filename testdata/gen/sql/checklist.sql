create table t(id integer primary key, a unique, b not null default 7)

insert into t values(1,1,1),(2,2,2),(3,3,3)

begin

insert into t values(4,4,4)

insert or rollback into t values(5,1,1)

commit

select count(*) from t

begin

insert into t values(4,4,4)

insert or fail into t values(5,5,5),(6,1,1),(7,7,7)

insert into t values(8,8,8),(9,1,1)

select * from t

rollback

update t set id=id+1

update t set id=id-1

select * from t

replace into t(id,a,b) values(0,10,null)

insert or replace into t values(1,2,9)

select * from t

create table log(what)

create trigger d after delete on t begin insert into log values('gone '||old.id); end

replace into t values(0,11,1)

select * from log

pragma recursive_triggers=on

replace into t values(0,12,1)

select * from log

pragma recursive_triggers=off

create trigger n1 after insert on log begin update log set what=what||'1' where rowid=new.rowid; end

create trigger n2 after insert on log begin update log set what=what||'2' where rowid=new.rowid; end

insert into log values('x')

select what from log where what like 'x%'

select last_insert_rowid(), changes()

create table child(x)

create trigger deep after insert on child begin insert into log values('inner'); insert into log values('inner'); end

insert into child values(1)

select last_insert_rowid(), changes()

create table Mixed  ( A , b ) -- as it is written

create index "odd name" on Mixed(A)

create table made as select 1 as one, 'x' as "two words", a from t

select sql from sqlite_schema where tbl_name in ('Mixed','made')

create table keys(a unique, b primary key, c, unique(c,a))

select name, sql from sqlite_schema where tbl_name='keys'

select (select count(t.a) from log limit 1) from t

select a as z from t where z > 2 order by z desc

select -a as a from t order by a

select 1 union select 1.0

select distinct 1 from (select 1.0 union all select 1)

select x, typeof(x) from (select 2 as x union all select 2.0) group by x

create table auto(id integer primary key autoincrement, v)

insert into auto values(9223372036854775806,1)

insert into auto(v) values(2)

insert into auto(v) values(3)

create table plain(id integer primary key, v)

insert into plain values(9223372036854775807,1)

insert into plain(v) values(2)

select count(*), max(id) from plain

begin

update sqlite_sequence set seq=5

rollback

select * from sqlite_sequence

begin

pragma user_version=3

pragma application_id=4

pragma foreign_keys=on

rollback

pragma user_version

pragma application_id

pragma foreign_keys

select 9007199254740993=9007199254740992.0, 9007199254740993>9007199254740992.0, 9223372036854775807=9223372036854775808.0

create table big(x unique)

insert into big values(9007199254740993),(9007199254740992.0)

insert into big values(9007199254740992)

create table aff(a floating point, b string, c, d charint, e blobby, f doubled, g clobber)

insert into aff values('1','1','1','1','1','1','1')

select typeof(a),typeof(b),typeof(c),typeof(d),typeof(e),typeof(f),typeof(g) from aff

select -0.0, 1e15, 1e16, 123456789012345678.0, 1e999, quote(-0.0), quote(1e999), typeof(1e999), printf('%!.15g',0.1+0.2), printf('%!.20g',0.1)

create table checked(a integer check(typeof(a)='integer'), b as (typeof(a)), c not null on conflict replace default 4)

insert into checked(a,c) values('7',null)

insert into checked(a,c) values('x',1)

select * from checked

savepoint one

insert into checked(a) values(8)

savepoint ONE

insert into checked(a) values(9)

rollback to one

select a from checked

release one

rollback to one

select a from checked

release one

release one

delete from checked

select changes()
