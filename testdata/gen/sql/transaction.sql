create table t(a)

begin

insert into t values(1)

savepoint s1

insert into t values(2)

savepoint s2

insert into t values(3)

rollback to s2

select * from t

release s2

rollback to s1

select * from t

commit

select * from t

begin

create table u(b)

insert into u values(1)

rollback

select * from u

commit

rollback

begin

begin

end

savepoint only

insert into t values(9)

release only

select * from t

release nosuch

rollback to nosuch
