create table t(id integer primary key, k integer unique, name text not null default 'none', r real, x)

create index t_name on t(name, r desc)

create index t_id on t(x, id)

insert into t(k, name, r) values (1, 'one', 1), (2, 'two', '2.5'), (3, 33, -0.0), (4.0, x'00ff', 'text')

select id, k, name, r, x from t order by id

insert into t(id, k) values ('17', '5'), (18.0, 6.5), (NULL, NULL)

select * from t order by id

insert into t(id) values ('abc')

insert into t(id) values (1.5)

insert into t(k, name) values (99, NULL)

insert or ignore into t(k, name) values (98, NULL), (97, 'kept')

insert or replace into t(k, name) values (96, NULL)

insert or fail into t(k) values (50), (51), (1), (52)

select id, k from t where k between 50 and 52

insert or replace into t(k, name) values (1, 'uno'), (2, 'due')

select id, k, name from t where k < 3 order by k

select changes(), last_insert_rowid()

insert into t(id, k) values (1, 1000)

insert into t(id, k) values (3, 1000)

insert or replace into t(id, k) values (3, 2)

select id, k, name from t where k < 5 order by k

update t set k = k + 1000 where k < 1000

select id, k from t order by k, id

update t set k = k - 1

update t set k = 1001 where k = 1002

update or ignore t set k = 1001 where k >= 1002

select id, k from t order by k, id

update or replace t set k = 1005 where k = 1001

select count(*), min(k), max(k) from t

update or fail t set k = 1004 + (id > 3)

select id, k from t order by k, id

update t set name = NULL where id = 4

update or ignore t set name = NULL, x = 7

update or replace t set name = NULL, x = 8 where id < 10

select id, name, x from t order by id

update t set x = id, x = id * 2 where id > 3

select x, id from t indexed by t_id where x > 5 order by x

update t set r = name, name = r where id > 3

select name, r, typeof(name), typeof(r) from t order by id

select name, r from t indexed by t_name where name > '' order by name, r desc

update t set id = id + 1 where id = 4

select id from t order by id limit 3

delete from t where id % 2 = 0

select count(*) from t

select count(*) from t where k > 0

select changes(), total_changes() > 10

select x, id from t where x > 0 order by x, id

select k from t where k > 0 order by k

pragma integrity_check

insert into t(k, name, r, x) select k + 5000, name, r, x from t where k is not null

select count(*), count(k) from t

insert into t select null, null, name, r, x from t

select count(*), count(k), max(id) from t

insert or ignore into t(k) select k from t

select count(*), count(k), max(id) from t

alter table t add column late default 'added'

update t set late = late || id where id > 5

select id, late from t order by id limit 6

update t set x = late where id < 4

select id, x, late from t order by id limit 3

create table u(id integer primary key, k text unique, n integer default 0, m integer not null default 1)

insert into u(k, n) values ('a', 1), ('b', 2)

insert into u(k, n) values ('a', 10), ('c', 3), ('b', 20) on conflict(k) do update set n = n + excluded.n

select * from u order by id

insert into u(k, n) values ('a', 10) on conflict(k) do nothing

select changes(), last_insert_rowid()

insert into u(id, k, n) values (1, 'z', 5) on conflict(id) do update set n = excluded.id * 100 + excluded.n, m = '9' where n < 50

select * from u order by id

insert into u(id, k, n) values (1, 'z', 5) on conflict(id) do update set n = 1 where n > 1000

select * from u order by id

insert into u(id, k) values (1, 'b') on conflict(k) do update set n = 77

select * from u order by id

insert into u(k, n) values ('a', 1) on conflict do update set m = null

insert or ignore into u(k, n) values ('a', 1) on conflict do update set m = null

select * from u order by id

insert into u(k, n) values ('a', 1) on conflict do update set k = 'b'

insert into u(k, n) values ('a', 1) on conflict do update set k = 'aa'

select * from u order by id

insert into u(k, n) values ('new', 1), ('new', 2), ('new', 3) on conflict(k) do update set n = n + 1, m = excluded.n

select * from u order by id

insert into u(k, n) select 'new', n from u where true on conflict(k) do update set n = n + excluded.n

select * from u order by id

insert into u(id, k) values (9223372036854775807, 'max')

insert into u(k) values ('after')

select count(*), max(id) from u

delete from u where k = 'max'

delete from u where k in ('a', 'new', 'nobody')

select k from u order by k

delete from u

select changes(), count(*) from u

insert into u(k) values ('first')

select id, k from u

begin

insert into u(k) values ('p'), ('q')

savepoint s

update u set n = n + 5

delete from u where k = 'p'

insert into u(k, n) values ('q', 1) on conflict(k) do update set n = -1

select k, n from u order by k

rollback to s

select k, n from u order by k

update u set n = 3 where k = 'q'

commit

select k, n from u order by k

create table s(a integer primary key, b)

insert into s with recursive c(n) as (values (1) union all select n + 1 from c where n < 200) select n, n * 3 % 50 from c

create index s_b on s(b)

update s set b = b + 1 where b > 10

select count(*), sum(b), count(distinct b) from s

select count(*) from s where b = 11

update s set b = b + 1

select sum(b) from s where b > 0

delete from s where b > 25

select count(*), sum(a) from s

select count(*) from s where b > 0

update s set b = (select count(*) from s where b > 5) where a < 10

select distinct b from s where a < 10

pragma integrity_check

create table c(id integer primary key, a int check(a < 100), b text unique, d int, check(id + d < 1000 or d is null))

insert into c values (1, 5, 'x', 3), (2, null, 'y', null)

insert into c(a) values (100)

insert or ignore into c(a) values (100), (99)

select * from c order by id

insert into c(id, d) values (990, 20)

insert into c(d) values (995), (990)

select id, d from c order by id

update c set a = a * 20

update or ignore c set a = a * 20

select id, a from c order by id

update c set d = 999

update c set a = '7' where id = 1

insert into c(b, a) values ('x', 101) on conflict(b) do update set a = 102

insert into c(b, a) values ('x', 50) on conflict(b) do update set a = 102

insert into c(b, a) values ('x', 50) on conflict(b) do update set a = excluded.a + 1

select * from c order by id

pragma ignore_check_constraints = 1

update c set a = 500 where id = 1

insert into c(a) values (1000)

select count(*) from c where a > 99

pragma ignore_check_constraints = 0

delete from c where a > 99

create table w(p text, q int, r int unique, s, primary key(p, q)) without rowid

create index w_s on w(s)

insert into w values ('a', 1, 1, 's1'), ('a', 2, 2, 's2'), ('b', 1, 3, 's3')

update w set s = s || '!' where q = 1

update w set r = r + 10

update w set q = q + 1 where p = 'a'

update w set q = q + 1

update or replace w set q = 3 where p = 'a'

select * from w order by p, q

select s from w indexed by w_s where s > '' order by s

select r from w where r > 0 order by r

create table g(id integer primary key, a int, b int as (a * 2) stored, c int as (b + 1))

create index g_b on g(b)

create index g_c on g(c)

create index g_part on g(a) where id > 1

insert into g(a) values (1), (2), (3)

update g set a = a + 1 where id < 3

select b from g where b > 0 order by b

select c from g where c > 0 order by c

select a from g where id > 1 and a > 0 order by a

update g set id = id + 10 where a = 2

select id, a from g order by id

create table h(id integer primary key, k int unique, v)

create index h_v on h(v)

create trigger h_before before update of k on h begin update h set v = 'before ' || new.k where id = old.id; end

create trigger h_after after update of k on h begin update h set v = v || ' after' where id = new.id; end

insert into h values (1, 1, 'one'), (2, 2, 'two')

update h set k = k + 10

select * from h order by id

select v from h where v > '' order by v

update or replace h set k = 12 where id = 1

select * from h order by id

pragma integrity_check
