create table a(x, y)

create table b(x, z)

create table c(z, w)

insert into a values(1,'a1'),(2,'a2'),(3,'a3'),(NULL,'an')

insert into b values(1,'b1'),(1,'b2'),(3,'b3'),(4,'b4'),(NULL,'bn')

insert into c values('b1','c1'),('b3','c3'),('zz','cz')

select * from a join b on a.x=b.x

select * from a left join b on a.x=b.x

select * from a left join b on a.x=b.x where b.x is null

select a.x from a left join b on a.x=b.x where not (b.x is not null)

select a.x from a left join b on a.x=b.x where not (b.z='b1' and b.z is not null)

select count(*) from a left join b on a.x=b.x where (b.x is not null)=0

select a.x from a left join b on a.x=b.x where b.x is not null

select * from a natural join b

select * from a join b using(x) order by x, z

select a.y, c.w from a join b using(x) join c using(z)

select a.y, b.z, c.w from a left join b using(x) left join c on b.z=c.z order by 1,2,3

select * from a cross join c order by 1,2,3,4

select count(*) from a, b, c

select * from a right join b on a.x=b.x order by b.z

select * from a full join b on a.x=b.x order by a.y, b.z

select y from a where exists(select 1 from b where b.x=a.x)

select y, (select count(*) from b where b.x=a.x) from a

select * from a join nosuch on 1

select x from a, b

create index bi on b(x)

select a.y, b.z from a join b on a.x=b.x order by 1,2

select * from (select x, count(*) n from b group by x) s join a on a.x=s.x

create view bv as select x, z from b where 1

with c(k, v) as (select z, 1 from bv where 1) select k, (select count(*) from c as y where y.k is x.k) from c as x order by 1

select * from (select x, exists (select 1 from b as o where o.x < b.x) as e from b) where e and e order by 1, 2

create table mixed(n int, t text)

insert into mixed values (1, '10'), (20, '3'), (4, '40')

create view arms as select n as v from mixed union all select t from mixed where t > ''

select v, typeof(v) from arms where v > 4.0

create table same(a unique, b int, c int)

create index same_ac on same(a, c)

insert into same values(null, 6, 45), (3, 6, 5), (2, 1, 0), (0, 10, 6), (-40, 6, 8), (6, 6, 6)

select y.n, x.a, x.c, z.a from same as x join (select c, count(a) as n from same group by 1) as y on y.n = x.a join same as z on z.a = x.a where z.a <= 8 and x.c = z.a

select x.a, x.c, z.a from (select 6 as n union all select 0 order by 1 limit 2) as y cross join same as z on z.a = y.n cross join same as x on x.a = z.a and x.a = y.n where x.c = z.a

create table item(id integer primary key, creator, note)

create index item_creator on item(creator)

create index item_note on item(note)

create table tagged(item, tag, unique(item, tag))

insert into item values(1,1,3),(2,2,2),(3,2,3),(4,4,3)

insert into tagged values(1,1),(1,2),(2,1),(2,3),(4,4)

select item.id, tag from item left join tagged on item.id=tagged.item where (tag=1 and note=3) or creator=4

select item.id, tag from item join tagged on item.id=tagged.item where creator=4 or (note=3 and tag+0=1)

select item.id, (select count(*) from tagged where item=id and ((note=3 and tag>1) or creator=4)) from item where (note=3 and id>1) or creator=2

select x.id, y.id from item x left join item y on x.id=y.id where (x.note=3 and y.creator=2) or (x.creator=2 and y.note=2)
