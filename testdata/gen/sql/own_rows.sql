create table t(a,b)

insert into t values(1,1),(2,2),(3,3)

update t set a=(select sum(s.a) from t s where s.b<=t.b)

select * from t

update t set a=(select max(a) from t)+1

select * from t

update t set a=b

update t set a=10*b where (select sum(s.a) from t s)>5 returning a, (select sum(a) from t), b

delete from t where b<3 returning b, (select count(*) from t)

create table u(a integer primary key, b text unique, c integer)

insert into u values(1,'x',1),(2,'y',2)

insert into u values(1,'p','03'),(2,'q','04') on conflict(a) do update set b=typeof(excluded.b)||excluded.c||(select count(*) from u)

insert into u values(7,'p','05'),(1,5,'06') on conflict(b) do nothing on conflict(a) do update set b=typeof(excluded.b)||excluded.c

insert into u values(2,6,'07') on conflict do update set b=typeof(excluded.b)||excluded.c

select * from u

create table r(a integer primary key, b real, c)

insert into r values(1,1,1)

insert into r values(1,2,3) on conflict(a) do update set c=typeof(excluded.b)||excluded.b

select * from r

create table k(a integer primary key, b check(b>0), c, g as (c*2) check(g<100))

pragma ignore_check_constraints=on

insert into k values(1,-1,1000)

pragma ignore_check_constraints=off

update k set a=2

update k set c=1001

update k set c=1

update k set b=-2

select * from k

create table o(a,b)

create index ob on o(b)

insert into o values(1,3),(2,2),(3,1)

update o set a=0 where b>0 returning b

delete from o where b>0 returning b

create table g(a unique, b as (a) stored unique)

insert into g(a) values(5),(1)

update or fail g set a=3 where b>=0

select * from g

create view v as select a, b from r

create trigger vi instead of insert on v begin insert into t values(new.a, typeof(new.b)); end

insert into v values(4,7)

select * from t where a=4

create table ctas as select * from t

select total_changes() - (select total_changes())
