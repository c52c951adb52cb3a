create table t(g, x, y text)

insert into t values (1, 1, 'a'), (1, 2, 'B'), (1, NULL, 'c'), (2, 2.5, 'a'), (2, '3', NULL), (3, NULL, 'z'), (NULL, x'31', 'b'), (2, 2, 'A')

select g, count(*), count(x), count(distinct x), sum(x), total(x), avg(x), min(x), max(x) from t group by g

select count(), sum(NULL), total(NULL), avg(NULL), min(NULL), group_concat(NULL) from t where 0

select group_concat(y), group_concat(y, ''), group_concat(y, NULL), string_agg(y, '/'), group_concat(distinct y) from t

select group_concat(y, ';' order by y desc), group_concat(y order by y collate nocase, x), sum(x order by x) from t

select json_group_array(y), json_group_array(x order by x) from t where g = 1

select json_group_object(coalesce(y, 'null'), g) from t

select json(jsonb_group_array(y)), json(jsonb_group_object(g, x)) from t where g = 2

select sum(x) filter (where g = 1), count(*) filter (where y = 'a'), group_concat(y) filter (where x > 1) from t

select y, max(x), g from t

select y, min(x), g from t group by g

select g, y, max(x) filter (where g > 1) from t group by g

select g, count(*) from t group by g having count(*) > 1 order by 2 desc, 1

select g + 1 as k, count(*) from t group by k

select y collate nocase as k, count(*) from t group by k

select count(distinct y collate nocase), count(distinct y) from t

select distinct g from t

select distinct y collate nocase from t

select count(*) from t group by ()

select sum(1.5), sum(x), sum('a'), sum(x'31') from t where g = 2

select avg(distinct x), sum(distinct x), total(distinct g) from t

select max(x), min(x), max(y), min(y) from t

select max(y collate nocase), min(y collate nocase) from t

select sum(9223372036854775807), total(9223372036854775807) from t where g = 3

select count(*) from t where x in (select max(x) from t group by g)

select (select count(*) from t as i where i.g = o.g) from t as o

select (select sum(o.x)) from t as o

select g from t group by g having max(x) is not NULL order by max(x) desc

select g, x, row_number() over (partition by g order by x), rank() over (order by g), dense_rank() over (order by g), percent_rank() over (order by g), cume_dist() over (order by g), ntile(3) over (order by g, x, y) from t

select x, lag(x) over w, lead(x, 2, 'none') over w, first_value(x) over w, last_value(x) over w, nth_value(x, 2) over w from t window w as (order by g, y)

select g, sum(x) over (partition by g order by y rows between 1 preceding and 1 following), group_concat(y) over (order by g groups between 1 preceding and current row exclude ties) from t where x is not NULL

select g, count(*) over (order by g range between 1 preceding and 1 following exclude current row), avg(x) over (order by g range unbounded preceding) from t

create table derived(a integer primary key, b text as (ifnull(a, 4)) virtual, c as (ifnull(a, 3)) stored)

select count(*), b, typeof(b), c from derived

insert into derived(a) values (1), (2)

select count(*), b || 1, sum(a) over (order by b) from derived group by b order by b desc
