create table t(a int, b int)

create index ti on t(a)

create table u(c int, d int)

create index ud on u(d)

insert into t values(1,1),(2,2),(3,3)

insert into u values(9,9),(1,1),(8,null)

select t.a, u.c from t full join u on t.b=u.d order by t.a

select t.a, count(*) from t full join u on t.b=u.d group by t.a

select distinct t.a from t right join u on t.b=u.d order by t.a desc

select t.a, u.c from t right join u on t.b=u.d order by 1, 2 nulls last

select max(t.a), min(u.c) from t right join u on t.b=u.d

select min(t.a) from t full join u on t.b=u.d

select t.a, row_number() over (order by t.a) from t full join u on t.b=u.d

select t.a, u.c from t full join u on t.b=u.d where t.a>1

select t.a, u.c from t full join u on t.b=u.d where u.c<9

select t.a, u.c from t full join u on t.b=u.d where t.a>0 and u.c>0

select t.a, u.c from t right join u on t.b=u.d where t.a is null

select t.a, u.c, x.a from t right join u on t.b=u.d join t as x on x.a=u.c

select t.a, u.c, x.a from t full join u on t.b=u.d left join t as x on x.a=u.c where x.a=1 or u.c is null

select t.a, u.c from t full join u using (a)

select t.a, u.d, w.c from t full join u on t.b=u.d right join u as w on w.d=u.d where u.c>0

select count(*) from t full join u on t.b=u.d cross join t as x where x.a=u.c
