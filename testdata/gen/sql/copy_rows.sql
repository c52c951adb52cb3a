create table a(id integer primary key, k integer, name text, r real, x)

create table b(id integer primary key, k integer unique, name text not null, r real check (r < 100), x)

create index b_name on b(name, x)

insert into a values (1, 10, 'one', 1, x'01'), (5, 20, 'five', 2.5, 'x'), (9, 30, 'nine', -1, null)

insert into b select * from a

select *, typeof(r), typeof(x) from b order by id

insert into b select * from a

insert or ignore into b select id + 1, k, name, r, x from a

insert or replace into b select * from a where id > 1

select changes(), count(*), (select group_concat(name) from b where name > '') from b

delete from b

insert into b select id, k, name, r, x from a where id between 2 and 9 limit 1

insert into b(id, k, name, x, r) select id + 100, k + 100, name, x, r from a

select * from b order by id

select id from b indexed by b_name where name = 'five' order by id

update b set name = 'a longer name', x = 1 where id = 5

update b set name = '', r = null, x = zeroblob(5000) where id = 101

update b set x = 7, k = 1000000000000 where id = 101

update b set r = 5, r = 6 where id = 105

update b set name = null where id = 5

update b set r = 1000 where id = 5

select id, k, name, r, x from b order by id

insert into b(k, name, x) values (20, 'again', 9) on conflict(k) do update set name = excluded.name || name, x = excluded.x

select id, k, name, r, x from b where k = 20

create table c(id integer primary key, k text, name text, r integer, x)

insert into c select * from a

select *, typeof(k), typeof(r) from c

alter table a add column late integer default 7

create table d(id integer primary key, k integer, name text, r real, x, late integer)

insert into d select * from a

insert into a(k, late) values (1, 2)

insert into d select * from a where id = 10

select * from d

update a set k = 11 where id = 1

select * from a

create table e(k integer, name text)

create table f(k integer, name text)

insert into e values (1, 'one'), (2, 'two')

insert into f select * from e

insert into f select * from f

insert into f select name, k from e

insert into f select rowid, name from e

select rowid, *, typeof(k) from f

create table g(v primary key, w) without rowid

insert into g select * from e

insert into e select * from g

select rowid, * from e
