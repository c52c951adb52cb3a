create table t(a integer primary key, b text not null unique, c int check(c < 10), d generated always as (c + 1))

insert into t(a, b, c) values (1, 'x', 1)

select * from nowhere

select nothing from t

select t.nothing from t

select x.* from t

select nofunction(1)

select abs()

select abs(1, 2)

select substr('a')

select count(*) from t where count(*) > 1

select sum(count(*)) from t

select a from t group by 5

select a from t order by 3

select a from t order by a, 9

select a from t union select a, b from t

select a from t union select a from t order by nothing

select a from t having 1

select max(a) over w from t

select row_number() from t

select sum(a) over (rows between 1 following and 1 preceding) from t

select sum(a) over (order by a range between 1 preceding and current row exclude nothing) from t

select sum(a) over (order by a, b range between 1 preceding and current row) from t

select sum(a) over (rows -1 preceding) from t

select nth_value(a, 0) over () from t

select ntile(0) over () from t

select lag(distinct a) over () from t

select abs(distinct a) from t

select abs(a) filter (where 1) from t

select abs(a) over () from t

select (select a, b from t)

select (1, 2)

select (1, 2) = (1, 2, 3)

select 1 in (select a, b from t)

select * from t, t

select a from t as x, t as y

select * from t join t as u using (nothing)

select * from t natural join t as u on 1

select 1 limit 'x'

select 1 limit 1 offset 'x'

select 1 collate nothing

select a collate nothing from t order by 1

select

select 1 from

select 1 +

select 'abc

select "a

select [a

select 1 @ 2

select x'abc'

select 1 as 2

selekt 1

select 1; select 2 nonsense more

insert into t values (1)

insert into t(a, nothing) values (1, 2)

insert into t(a, b) values (1)

insert into t(a, b) values (2, NULL)

insert into t(a, b) values (1, 'y')

insert into t(a, b) values (2, 'x')

insert into t(a, b, c) values (2, 'y', 11)

insert into t(a, b) values ('x', 'y')

insert into t(d) values (1)

insert into t select 1

insert into t(a, b) values (1, 'y') on conflict(c) do nothing

insert into t(a, b) values (3, 'z') on conflict(a) do update set nothing = 1

insert into nowhere values (1)

update t set nothing = 1

update t set d = 1

update t set (a, b) = (1, 2, 3)

update t set a = NULL

update t set b = NULL

update nowhere set a = 1

delete from nowhere

delete from t where nothing

create table t(x)

create table u(a, a)

create table u(a primary key, b primary key)

create table u(a, primary key(nothing))

create table u(a) without rowid

create table u(a integer primary key autoincrement) without rowid

create table u(a text primary key autoincrement)

create table u(a nonsense) strict

create table u(a) strict

create table u(a generated always as (b))

create table u(a generated always as (a))

create table u(a as (1))

create table u(a as (1) default 2, b)

create table u(a primary key as (1))

create table u(a default (b))

create table u(a check((select 1)))

create table u(a check(count(*) > 1))

create table u(a references t(b, c))

create table u(a, foreign key(nothing) references t(a))

create table sqlite_x(a)

create table u(a, unique(nothing))

create table nodb.u(a)

create index i on t(nothing)

create index i on nowhere(a)

create index t on t(a)

create index i on t(random())

create index i on t((select 1))

create index i on t(a) where random() > 1

create index i on sqlite_schema(name)

create view t as select 1

create view v as select nothing

select * from v

create view w(a, b) as select 1

select * from w

insert into w values (1)

update w set a = 1

delete from w

create trigger r instead of insert on t begin select 1; end

create trigger r before insert on v begin select 1; end

create trigger r before insert on nowhere begin select 1; end

create trigger r before insert on t begin select nothing; end

insert into t(a, b) values (7, 'seven')

drop trigger r

create trigger r before insert on t begin select raise(abort, 'no way') where new.a = 5; select raise(ignore) where new.a = 6; select raise(fail, 'failed') where new.a = 8; select raise(rollback, 'rolled back') where new.a = 9; end

insert into t(a, b) values (5, 'five')

insert into t(a, b) values (6, 'six')

insert into t(a, b) values (8, 'eight')

insert into t(a, b) values (9, 'nine')

select raise(abort, 'x')

drop table nowhere

drop table v

drop view t

drop index nothing

drop index sqlite_autoindex_t_1

drop trigger nothing

drop table sqlite_schema

alter table nowhere rename to x

alter table t rename to v

alter table t rename column nothing to x

alter table t rename column a to b

alter table t add column a

alter table t add column e primary key

alter table t add column e unique

alter table t add column e not null

alter table t add column e default (1 + 1)

alter table t add column e default current_timestamp

alter table t add column e as (1) stored

alter table t drop column a

alter table t drop column b

alter table t drop column nothing

alter table v rename to x

commit

rollback

release nothing

rollback to nothing

begin

begin

commit

attach ':memory:' as main

attach ':memory:' as other

attach ':memory:' as other

detach nothing

detach main

detach other

reindex nothing

analyze nothing

vacuum nothing

explain nonsense

select json('{')

select json_extract('{}', 'a')

select json_extract('{"a":', '$')

select json_object('a')

select json_object(1, 2)

select json_array(x'00')

select json_set('{}', '$', 1, 2)

select json_group_object('a', x'00')

select abs(-9223372036854775808)

select sum(x) from (select 9223372036854775807 as x union all select 1)

select like('a', 'b', 'cc')

select 'a' like 'b' escape 'cc'

select zeroblob(2000000000)

select likelihood(1, 2)

select load_extension('nothing')

select group_concat(distinct 'a', 'b')

select json_array_length('{"a":[1]}', '$[')

with x as (select 1), x as (select 2) select * from x

with x(a, b) as (select 1) select * from x

with recursive x as (select 1 union all select count(*) from x) select * from x

with recursive x(a) as (select a from x) select * from x

with x as (select * from y), y as (select * from x) select * from x

select * from json_each

select * from json_each(1, 2, 3)

select * from t indexed by nothing

select * from t(1)

pragma nothing

pragma table_info

pragma main.nothing = 1

pragma encoding = 'nonsense'

pragma journal_mode = nonsense
