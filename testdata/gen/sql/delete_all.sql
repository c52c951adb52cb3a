create table t(id integer primary key, k integer unique, name text)

create index t_name on t(name)

insert into t with n(i) as (select 1 union all select i + 1 from n where i < 200) select i, 300 - i, 'name ' || i % 7 from n

begin

insert into t values (1000, 1000, 'added')

savepoint s

delete from t

select changes(), total_changes()

select count(*), (select count(*) from t where k > 0), (select count(*) from t where name > '') from t

delete from t

select changes(), total_changes()

insert into t(k, name) values (5, 'five'), (299, 'two hundred ninety-nine')

select * from t order by k

rollback to s

select count(*), sum(id), sum(k), max(name) from t

select id from t where k = 299

delete from t where 1

select changes(), count(*) from t

rollback

select count(*), sum(id), sum(k) from t

delete from t

select changes(), count(*) from t

insert into t values (1, 299, 'name 1')

insert into t values (2, 299, 'name 1')

select * from t indexed by t_name where name = 'name 1'

create table r(k integer)

delete from t returning id, k, changes()

select changes(), count(*) from t

create table w(a text primary key, b integer unique) without rowid

insert into w values ('x', 1), ('y', 2), ('z', 3)

delete from w

select changes(), count(*) from w

insert into w values ('x', 2), ('q', 1)

select * from w order by b

create table a(id integer primary key autoincrement, v)

insert into a(v) values (1), (2), (3)

delete from a

insert into a(v) values (4)

select id, v, (select seq from sqlite_sequence where name = 'a') from a

create table g(x integer, y as (x * 2) stored, check (x < 10)) strict

insert into g values (1), (2)

delete from g

select changes(), count(*) from g

create table log(x)

create trigger a_gone after delete on a begin insert into log values (old.id); end

delete from a

select changes(), total_changes(), (select group_concat(x) from log)

delete from log

create trigger w_new after insert on w begin delete from t; insert into t(k) values (new.b); end

insert into w values ('m', 10), ('n', 11)

select k, changes() from t

pragma foreign_keys = on

create table parent(id integer primary key)

create table child(p references parent(id) on delete cascade)

insert into parent values (1), (2)

insert into child values (1), (2), (1)

delete from child

select changes()

insert into child values (1), (2), (1)

delete from parent

select changes(), (select count(*) from child)

create temp table tt(x)

insert into tt values (1), (2)

delete from temp.tt

select changes(), count(*) from tt

delete from sqlite_sequence

select changes()
