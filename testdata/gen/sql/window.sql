create table t(id integer primary key, g, v)

insert into t(g,v) values('a',1),('a',3),('b',2),('b',2),('b',9),('c',NULL)

select id, row_number() over (order by v), rank() over (order by v), dense_rank() over (order by v) from t order by id

select id, sum(v) over (partition by g order by id) from t order by id

select id, sum(v) over (order by id rows between 1 preceding and 1 following) from t order by id

select id, lag(v) over (order by id), lead(v,2,'none') over (order by id) from t order by id

select id, first_value(v) over w, last_value(v) over w, nth_value(v,2) over w from t window w as (partition by g order by id) order by id

select id, ntile(3) over (order by id), percent_rank() over (order by v), cume_dist() over (order by v) from t order by id

select id, group_concat(v) over (order by id groups between 1 preceding and current row exclude ties) from t order by id

select id, count(*) filter (where v>1) over (order by id) from t order by id

select g, sum(sum(v)) over (order by g) from t group by g

select id, max(v) over (order by id range between 2 preceding and current row) from t order by id

select row_number() from t

select id from t where row_number() over () = 1

create table ordered(a, b, c, primary key (a desc, b)) without rowid

insert into ordered values (8, 1000, 2), (4, 2, 3), (8, 2, 4)

select nth_value(c, 2) over (order by a, b), group_concat(a) over (), a, b from ordered

select lag(c) over w, lag(b) over (partition by c % 2), lag(a) over w from ordered window w as (order by a, b)

select lag(a, 2) over (order by b), count(*) over (w range between unbounded preceding and current row exclude no others), count(*) over w, a, b from (select 0 as a, 1 as b union all select 3, 4 union all select 2, 4) window w as (order by a, b)
