create table g(a integer, b text, c int as (a*2), d text as (lower(b)) stored, e as (b||a) collate nocase)

create index gc on g(c)

create index gd on g(d)

create index ge on g(e, a)

create index gp on g(a) where c>4

insert into g values(1,'A'),(2,'b'),(3,'C'),(null,'d')

select a from g where c=4

select a from g where c='4'

select a from g where c>2

select a from g where c between 2 and 4

select a from g where c in (2,6,8)

select a from g where c is null

select a from g where d>='b' order by d desc

select a, e from g where e='B2'

select a from g where e like 'c%'

select c from g order by c desc

select min(c), max(c) from g

select x.a, y.a from g x join g y on x.c=y.c

select x.a, y.a from g x left join g y on y.c=x.a*2 and y.e='C3'

select count(*) from g group by c

select a from g where c>4

update g set a=a+1 where c>2 returning a, c

update g set b='Z' where e='z'

select a, c, e from g order by e

delete from g where c=8

pragma integrity_check

create table w(k text primary key, v, n int as (v+1)) without rowid

create index wn on w(n)

insert into w values('a',1),('b',2)

select k from w where n=3

select k from w where n>1 order by n desc

create table virtual_key(a real, b default 1, c numeric as (b) not null)

create unique index virtual_key_c on virtual_key(c) where c is not null

select * from virtual_key indexed by virtual_key_c where c > 2

create table stored_key(a, b text as (a) stored unique)

insert into stored_key values (4), (1)

select b from stored_key

create table never_null(a, b, c not null)

create index never_null_b on never_null(b) where c is not null

select * from never_null indexed by never_null_b where b = 1 and c is not null
