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


CREATE TABLE rp(a, b, d);

CREATE INDEX rp_b ON rp(b) WHERE d IS NOT NULL;

INSERT INTO rp VALUES (1, 2, NULL), (2, 3, 4);

SELECT x.a, y.a FROM rp x FULL JOIN rp y ON x.d = y.d

SELECT x.a, y.a FROM rp x RIGHT JOIN rp y ON x.d = y.d AND x.b = y.b

SELECT DISTINCT x.a, y.b FROM rp x RIGHT JOIN rp y ON x.d = y.b ORDER BY 1, 2 DESC

SELECT DISTINCT y.b + 1 FROM rp x FULL JOIN rp y ON x.d = y.b ORDER BY 1 DESC LIMIT 1

CREATE TABLE rq(id INT UNIQUE, a REAL);

CREATE INDEX rq_a ON rq(a DESC);

INSERT INTO rq VALUES (11, 1), (12, 2), (13, NULL)

SELECT x.b, y.id FROM rp x RIGHT JOIN rq y ON y.a = x.a AND y.a > 5 WHERE y.id = 12

CREATE TABLE ro(a REAL PRIMARY KEY, b NUMERIC UNIQUE, c)

INSERT INTO ro VALUES (1, 2, 3), (NULL, 4, 5), (9, 10, 11)

SELECT x.a, y.b FROM ro x RIGHT JOIN ro y ON x.b = y.c AND x.c IS NULL WHERE (y.a = 1 OR y.a IS NULL)

SELECT x.a, y.b FROM ro x FULL JOIN ro y ON x.b = y.c WHERE (y.a BETWEEN 9 AND 11 OR y.b BETWEEN 1 AND 2) ORDER BY y.b
