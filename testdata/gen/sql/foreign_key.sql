pragma foreign_keys=on

create table p(id integer primary key, n text unique)

create table c1(x references p(id) on delete cascade on update cascade)

create table c2(x references p(id) on delete set null)

create table c3(n references p(n))

create table c4(x references p(id) deferrable initially deferred)

insert into p values(1,'one'),(2,'two'),(3,'three')

insert into c1 values(1),(2)

insert into c1 values(9)

insert into c2 values(2)

insert into c3 values('three')

delete from p where id=2

select * from c1

select * from c2

delete from p where id=3

update p set id=10 where id=1

select * from c1

begin

insert into c4 values(77)

commit

insert into p values(77,'late')

commit

pragma foreign_key_check

pragma foreign_key_list(c1)

drop table p

create table gone_parent(a primary key)

create table gone_child(x references gone_parent deferrable initially deferred)

insert into gone_parent values(1), (2)

insert into gone_child values(1)

drop table gone_child

select changes(), total_changes() > 0

create table last_child(x references gone_parent)

drop table gone_parent

select changes()

create table self_keyed(a text primary key, b text unique references self_keyed) without rowid

insert into self_keyed values(0, 1), (4, 5), (8, 1) on conflict do update set b = excluded.b, a = 1

insert into self_keyed values(0, 1), (8, 1) on conflict do update set b = excluded.b, a = 1

select * from self_keyed

pragma foreign_keys = on

create table wrong(a text, b, primary key(a collate nocase, b), foreign key(a, b) references wrong(a, b))

drop table wrong

pragma foreign_keys = off

create table early(a integer primary key, d real, foreign key(d) references early deferrable initially deferred)

insert into early values (2, 10), (7, 10)

pragma foreign_keys = on

insert into early values (10, 4)

insert into early values (10, null)

create view looks as select 1 as a

create table of_view(a references looks)

pragma foreign_key_check

insert into of_view values (1)

drop table of_view


PRAGMA foreign_keys = ON

CREATE TABLE vp(a PRIMARY KEY, b)

CREATE TABLE vc(a, b INT GENERATED ALWAYS AS (1) UNIQUE, c AS (a + 1), FOREIGN KEY(a) REFERENCES vp ON DELETE CASCADE ON UPDATE CASCADE)

CREATE INDEX vc_c ON vc(c)

INSERT INTO vp VALUES (0, 1), (5, 1)

INSERT INTO vc VALUES (0)

UPDATE vp SET a = 7 WHERE a = 0

SELECT a, b, c FROM vc WHERE c = 8

DELETE FROM vp WHERE a = 7

INSERT INTO vc VALUES (5)

SELECT a, b, c FROM vc WHERE c > 0

INSERT INTO vc VALUES (5)
