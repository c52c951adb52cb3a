select 1 is 2
select 1 is not 2
select 1 is not distinct from 2
select 1 is distinct from null
select 1 is distinct 2
select 1 isnull
select 1 notnull
select 1 not null
select 1 is null
select not not 1
select - + ~ 1
select -9223372036854775808
select 9223372036854775808
select -9223372036854775809
select - 9223372036854775808
select 0x7fffffffffffffff, 0xffffffffffffffff, -0x8000000000000000
select 0x10000000000000000
select 0x00000000000000000000001
select 0x
select 0xg
select 0x1g
select 1_000, 1_000.5_5, 1e1_0, 0x1_f
select 1__000
select _1
select 1_
select 1_.5
select 1._5
select .5, 5., 5.e3, .5e-2
select 1e
select 1e+
select 1.5.5
select 1a
select 1.a
select .
select x'', X'0a', x'0A'
select x'0'
select x'0g'
select x'00
select 'it''s', "a""b", `a``b`
select 'open
select "open
select `open
select [open
select [a]]
select 1 -- comment
select 1 /* comment
select 1 /* comment */ + /**/ 2
select /* */
select 1 /*
select 1 /
select 1 */ 2
/* only */
--
;
;;;
; ; select 1 ;
select 1;;
select 1; select 2
select 1;garbage
select
select ;
select 1,
select (1
select 1)
select ()
select (1,2)
select (1,2) = (1,2)
select 1 from
select * from
select *,
select * , 1 from t
select t.* from t
select main.t.* from t
select t.*.a from t
select * a from t
select a b c from t
select a as from t
select a as 'b', a 'c', a "d", a [e], a `f` from t
select a as select from t
select a abort, a action, a after, a analyze, a asc, a before, a begin, a by, a cascade from t
select a cast, a column, a conflict, a cross from t
select a cross, a from t
select a left from t
select a natural from t
select a as cross, a as left, a as natural, a as full, a as inner, a as outer, a as right from t
select a current_date, a current_time, a current_timestamp from t
select a database, a deferred, a desc, a detach, a do, a each, a end, a exclude, a exclusive, a explain from t
select a fail, a first, a following, a for, a generated, a groups, a if, a ignore, a immediate from t
select a indexed from t
select a as indexed from t
select a initially, a instead, a key, a last, a like, a match, a materialized from t
select a no, a nulls, a of, a offset, a others, a over, a partition, a plan, a pragma, a preceding from t
select a query, a raise, a range, a recursive, a regexp, a reindex, a release, a rename, a replace, a restrict from t
select a rollback, a row, a rows, a savepoint, a temp, a temporary, a ties, a trigger, a unbounded from t
select a vacuum, a view, a virtual, a window, a with, a without, a always, a filter, a within from t
select abort, action, key, view, trigger from t
select end
select key
select match
select like
select like(1,2)
select glob('a','b'), regexp('a','b'), match('a','b')
select replace('a','b','c'), if(1,2,3), left(1), cross(1)
select natural
select current_time, current_date, current_timestamp
select current_time()
select rowid, oid, _rowid_ from t
select 1 where 1
select 1 group by 1 having 1
select 1 having 1
select 1 limit 1
select 1 limit 1 offset 2
select 1 limit 1, 2
select 1 limit
select 1 limit 1 offset
select 1 limit 1,
select 1 limit 1 offset 2 offset 3
select 1 offset 2
select 1 limit -1 offset -1
select 1 order by 1 limit 1 union select 2
select 1 order by 1 union select 2
select 1 limit 1 union all select 2
select 1 limit 1 except values(1)
select 1 order by 1 intersect select 2 order by 1
select 1 union (select 2)
(select 1)
select (select 1), exists (select 1), not exists (select 1)
select exists(values(1))
select exists 1
values (1), (2, 3)
values (1)(2)
values ()
values 1
values (1) order by 1
values (1) union values (2)
values (1) limit 1
select * from (values (1), (2))
select * from (t)
select * from ((t))
select * from (t join u)
select * from (t, u) as x
select * from (select 1) as x, (select 2) y
select * from t as x indexed by i
select * from t indexed by i
select * from t not indexed
select * from t x not indexed
select * from t not indexed x
select * from t indexed
select * from t join u
select * from t inner join u on 1
select * from t left join u on 1
select * from t left outer join u using (a)
select * from t natural left outer join u
select * from t left natural join u
select * from t outer left join u
select * from t cross join u on 1
select * from t full join u on 1
select * from t right outer join u on 1
select * from t inner outer join u
select * from t left right join u
select * from t left cross join u
select * from t natural cross inner join u
select * from t outer join u
select * from t foo join u
select * from t left foo join u
select * from t left join
select * from t left u
select * from t natural natural join u
select * from t natural join u on 1
select * from t natural join u using (a)
select * from t, u on 1
select * from t on 1
select * from t using (a)
select * from t join u on 1 using (a)
select * from t join u using a
select * from t join u using ()
select * from t join u join u as v on 1 on 2
select * from t('x')
select * from json_each('[1]') as j, json_each(j.value)
select * from main.json_each('[1]')
select * from t()
select * from 't', "t", [t], `t`
select * from 'main'.'t'
select distinct all a from t
select all a from t
select distinct a from t
select all
select count(*), count(distinct a), count(all a), count() from t
select count(distinct) from t
select count(distinct *) from t
select count(*, 1) from t
select f(*) from t
select sum(a) filter (where a) from t
select sum(a) filter (a) from t
select sum(a) filter
select sum(a) over () from t
select sum(a) over from t
select sum(a) over w from t window w as ()
select sum(a) over (w) from t window w as (order by a)
select sum(a) over (w order by a) from t window w as (partition by a)
select sum(a) over (partition by a order by a rows unbounded preceding) from t
select sum(a) over (rows between unbounded preceding and current row) from t
select sum(a) over (rows between current row and unbounded preceding) from t
select sum(a) over (rows between unbounded following and current row) from t
select sum(a) over (rows between 1 following and 1 preceding) from t
select sum(a) over (order by a range between 1 preceding and 2 following exclude no others) from t
select sum(a) over (groups between 1 preceding and 2 following exclude current row) from t
select sum(a) over (order by a groups 1 preceding exclude group) from t
select sum(a) over (rows 1 preceding exclude ties) from t
select sum(a) over (rows 1 following) from t
select sum(a) over (rows current row) from t
select sum(a) over (rows unbounded following) from t
select sum(a) over (rows) from t
select sum(a) over (order by a rows between 1) from t
select sum(a) filter (where 1) over (order by a) from t
select sum(a order by a) from t
select sum(distinct a order by a desc nulls last) from t
select sum(a) within group (order by a) from t
select percentile(a) within group (order by 1) from t
select 1 window w as ()
select 1 from t window w as (), v as (w)
select 1 from t window as ()
select 1 from t window
select window from t
select a from window
select * from t window where 1
select * from t, t window window w as ()
select * from t order by a window
select * from t order by a asc nulls first, b desc nulls last
select * from t order by a nulls
select * from t order by a nulls first asc
select * from t order by a collate nocase desc
select * from t order by
select * from t group by
select * from t group by a, b having a order by 1
select * from t where
select * from t where a group by a where b
select * from t having a
select case when 1 then 2 end, case 1 when 1 then 2 else 3 end
select case 1 end
select case end
select case when 1 end
select case else 1 end
select case when 1 then 2 else 3
select cast(1 as int), cast(1 as varchar(10)), cast(1 as decimal(10,-2)), cast(1 as unsigned big int)
select cast(1 as)
select cast(1 as "quoted type"), cast(1 as 'str'), cast(1 as [x] y)
select cast(1 as int(a)), cast(1 as int(+1)), cast(1 as int(1.5))
select cast(1 as int(1,2,3))
select cast(1)
select cast(1, 2)
select 1 in ()
select 1 in (1)
select 1 in (1,2,)
select 1 not in (select 1)
select 1 in t
select 1 in main.t
select 1 in json_each('[1]')
select 1 in main.json_each('[1]')
select 1 in 't'
select 1 in 1
select 1 in (1) in (1)
select (1,2) in (values(1,2))
select (1,2) in ((1,2))
select 1 between 1 and 2
select 1 between 1 and 2 and 3
select 1 not between 1 or 0 and 2
select 1 between 2
select 1 like 2 escape 3
select 1 like 2 escape
select 1 like 2 like 3
select 1 not like 2
select 1 not glob 2 escape 3
select 1 regexp 2, 1 match 2
select 1 not 2
select 1 not
select not
select 1 collate nocase
select 1 collate 'nocase'
select 1 collate "nocase" collate binary
select 1 collate
select 1 collate select
select a -> 'x', a ->> 'y' from t
select 1 || 2 || 3
select 1 | 2 & 3 << 4 >> 5
select 1 == 1, 1 = 1, 1 <> 1, 1 != 1
select 1 ! 1
select 1 =! 1
select 1 = = 1
select 1 < > 1
select 1 > = 1
select @a, :b, $c, #d
select ?
select ?1, ?2, ?32766
select ?0
select ?32767
select ?99999999999
select ?a
select :1
select :
select @
select $
select #
select #1
select $a::b, $a::b(c), $a(b c)
select $a::b(c
select $::a
select :a:b
select a.b.c.d from t
select main.t.a from t
select main.t.a.x from t
select "t"."a", [t].[a], `t`.`a`, 't'.'a' from t
select t.'a' from t
select t.1 from t
select raise(ignore)
select raise(abort, 'x')
select raise(foo, 'x')
select raise(abort)
select raise(ignore, 'x')
select raise(fail, 1 + 2)
select \
select {
select a ^ b
select a ? b
select é from t
select 1 as é
select "é" from t
with x as (select 1) select * from x
with x(a) as (select 1) select * from x
with x(a,b) as (values(1,2)), y as materialized (select 1), z as not materialized (select 2) select 1
with recursive x(a) as (select 1 union all select a+1 from x) select * from x limit 3
with recursive as (select 1) select * from recursive
with recursive(a) as (select 1) select * from recursive
with recursive recursive as (select 1) select * from recursive
with x as select 1 select 2
with x as (select 1)
with select 1
with x as (select 1), select 2
with x as (insert into t values (1)) select 1
with x as (select 1) insert into t select * from x
with x as (select 1) update t set a = 1
with x as (select 1) delete from t
with x as (select 1) replace into t select 1
with x as (select 1) values (1)
with x as (select 1) create table y (a)
with x as (select 1), x as (select 2) select 1
with x as not (select 1) select 1
with x() as (select 1) select 1
with 'x' as (select 1) select 1
select * from (with x as (select 1) select * from x)
insert into t values (1)
insert into t(a) values (1), (2)
insert into t(a,) values (1)
insert into t() values (1)
insert into t default values
insert into t(a) default values
insert into t default values returning a
insert into t default values on conflict do nothing
insert or ignore into t values (1)
insert or foo into t values (1)
insert or into t values (1)
insert t values (1)
insert into t
insert into
insert into t select
insert into t as x values (1)
insert into t x values (1)
insert into main.t as x (a) values (1)
insert into t values (1) on conflict do nothing
insert into t values (1) on conflict (a) do nothing
insert into t values (1) on conflict (a) where a > 1 do update set a = 1 where 2
insert into t values (1) on conflict do update set a = 1
insert into t values (1) on conflict do nothing on conflict do nothing
insert into t values (1) on conflict (a) do nothing on conflict do update set a = excluded.a
insert into t values (1) on conflict () do nothing
insert into t values (1) on conflict (a) do
insert into t values (1) on conflict (a) do update
insert into t values (1) on conflict (a) do delete
insert into t values (1) on conflict a do nothing
insert into t select * from u on conflict do nothing
insert into t select * from u where true on conflict do nothing
insert into t select * from u join t on conflict do nothing
insert into t values (1) returning *
insert into t values (1) returning a as x, b y, t.*
insert into t values (1) returning
insert into t values (1) limit 1
replace into t values (1)
replace t values (1)
replace or ignore into t values (1)
update t set a = 1
update or rollback t set a = 1
update or t set a = 1
update t set a == 1
update t set a = 1, b = 2 where a
update t set (a, b) = (1, 2)
update t set (a, b) = (select 1, 2)
update t set (a) = 1
update t set () = 1
update t set a
update t set
update t a = 1
update t as x set a = 1
update t x set a = 1
update t set t.a = 1
update t set a = 1 from u
update t set a = 1 from u where t.a = u.a returning a
update t set a = 1 where 1 returning *
update t set a = 1 returning a where 1
update t indexed by i set a = 1
update t not indexed set a = 1
update t set a = 1 order by a
update t set a = 1 order by a limit 1
update t set a = 1 limit 1
update t set a = 1 limit 1 offset 2
update t set a = 1 where 1 order by a limit 1, 2
update t set a = 1 returning a limit 1
update main.t set a = 1
delete from t
delete t
delete from t where 1
delete from t as x where x.a
delete from t x
delete from t indexed by i
delete from t not indexed where 1
delete from t returning a
delete from t order by a
delete from t order by a limit 1
delete from t limit 1
delete from t where 1 limit 1 offset 1
delete from t where 1 returning * order by 1
delete from t, u
delete from t from u
delete from t group by a
