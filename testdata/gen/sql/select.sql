create table t(a integer, b text, c real, d blob)

insert into t values(1,'one',1.5,x'01'),(2,'two',2.5,x'02'),(3,NULL,NULL,NULL),(NULL,'none',0.0,x''),(5,'Five',-1e10,x'00ff')

select * from t

select a, b from t where a > 1

select a+1, b||'!', c*2, typeof(d) from t order by a

select count(*), count(a), sum(a), avg(c), min(b), max(b), total(a) from t

select a from t order by a desc limit 2

select a from t order by a limit -1 offset 2

select distinct typeof(a), typeof(b) from t

select b from t where b like 'o%' or b glob 'F*'

select a from t where a in (1,3,5,NULL)

select a from t where a not in (1,3)

select a from t where a between 2 and 3

select case a when 1 then 'x' when 2 then 'y' else 'z' end from t

select case when a>2 then 'big' when a is null then 'null' end from t

select coalesce(b,'-'), ifnull(c,-1), nullif(a,1), iif(a>1,'t','f') from t

select a, b from t where b is not null order by b collate nocase

select a from t order by a nulls last

select a from t order by a desc nulls first

select (select max(a) from t), exists(select 1 from t where a=9), 1 in (select a from t), 9 in (select a from t)

select t1.a, t2.a from t t1, t t2 where t1.a < t2.a order by 1, 2

select 1 union select 2 union select 1

select 3 union all select 1 union all select 2 order by 1

select 1 intersect select 1

select 1 except select 2

values(1,2),(3,4)

with x(n) as (values(1),(2)) select n*10 from x

with recursive f(n, v) as (select 1, 1 union all select n+1, v*(n+1) from f where n<10) select n, v from f

select a from t group by a having a > 1

select typeof(a), count(*) from t group by 1 order by 2 desc, 1

select nosuch from t

select * from nosuch

select f(1)

select abs()

select 1 from t where

select (1,2) = (1,2), (1,2) < (1,3), (1,NULL) = (1,2)

select 1 is null, null is null, 1 is not null, null is not 1

select true, false, not true, true is true, 5 is true

select 9223372036854775807 + 1, -9223372036854775808, 0x7fffffffffffffff, 5/2, 5%3, 5.0/2, 1/0

select 'a' < 'b', 'a' = 'A', 'a' = 'A' collate nocase, 10 < '9', 1 = 1.0

create table listed(n int unique, c int, d)

insert into listed values (1, 0, 'a'), (2, 1, x'61'), (3, 1, 'abc'), (4, 0, x'41'), (5, 1, 7)

create index listed_c on listed(c, n)

create index listed_d on listed(d)

select max(n) from listed where n in ('2', 4, 0)

select max(n), d from listed where c in (1, 0)

with recursive c(n, k) as (select 0, 10 union select n + 1, x.a from c, (select 'A' collate nocase as a union all select 'a') as x where n < 2) select n, count(*) from c group by n

select 1 where 0 and nosuch

create table hidden_name(a, c as (0 and (select 1)), check (0 and nosuch))

select -(9223372036854775808), typeof(-+9223372036854775808)

select -(0x8000000000000000)

create table using_text(a text)

create table using_int(a integer)

insert into using_int values (10)

select a between 2 and 'a', a > 9 from using_text full join using_int using (a)

create table text_in(a text, b int)

insert into text_in values (2, 5)

select (null, a) in (values (5, cast('x' as text)), (1, 2)) from text_in

select * from (select a collate nosuch from text_in)

create table like_index(a, b)

create index like_index_b on like_index(b) where b is not null

select * from like_index indexed by like_index_b where b like 'a%'
