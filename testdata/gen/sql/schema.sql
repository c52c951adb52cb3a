create table t(a int primary key, b text collate nocase, c real default (1+1))

create table t(a)

create table if not exists t(a)

create index i1 on t(b)

create unique index i2 on t(b, c desc) where c > 1

create index i1 on t(c)

pragma table_info(t)

pragma index_list(t)

pragma index_info(i2)

pragma index_xinfo(i1)

alter table t add column d text default 'dd'

alter table t rename column b to bb

select sql from sqlite_schema

insert into t(a,bb) values(1,'x')

select * from t

alter table t rename to tt

select * from tt

select name, tbl_name from sqlite_schema

alter table tt drop column d

select * from tt

create view v(x) as select bb from tt

select * from v

drop table v

drop view v

drop index i1

drop table tt

drop table tt

drop table if exists tt

select count(*) from sqlite_schema

create table x as select 1 as one, 'two' as "two words"

select sql from sqlite_schema

create temp table tmp(a)

insert into temp.tmp values(5)

select * from tmp

attach ':memory:' as other

create table other.o(a)

insert into other.o values(1)

select o.a, tmp.a from o, tmp

detach other

select * from other.o

pragma user_version=7

pragma user_version

create table bad(a, a)

create table bad(a int primary key, b int primary key)

create table sqlite_x(a)

create virtual table vt using nosuch(a)

create table strict_add(a int) strict

insert into strict_add values (1)

alter table strict_add add column b varchar(3) default (random())

alter table strict_add add column b varchar(3) default 1

create view only_view as select 1 as a

reindex only_view

create index temp.on_view on only_view(a)
