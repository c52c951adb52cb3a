create table t(a integer primary key, b)

create table log(what, old, new)

create trigger ins after insert on t begin insert into log values('i', null, new.b); end

create trigger upd before update of b on t when old.b is not new.b begin insert into log values('u', old.b, new.b); end

create trigger del after delete on t begin insert into log values('d', old.b, null); end

insert into t values(1,'x'),(2,'y')

update t set b='z' where a=1

update t set b='z' where a=1

delete from t where a=2

select * from log

create trigger no before insert on t when new.b='bad' begin select raise(abort, 'not this one'); end

insert into t values(5,'bad')

create trigger skip before insert on t when new.b='skip' begin select raise(ignore); end

insert into t values(6,'skip'),(7,'seven')

select * from t

create view v as select a, b from t

create trigger vi instead of insert on v begin insert into t values(new.a+100, new.b); end

insert into v values(1,'via view')

select * from v

update v set b=1

drop trigger ins

drop trigger nosuch

select name from sqlite_schema where type='trigger' order by 1

create table order_of(a)

create table fired(x)

create temp trigger temp_old after insert on order_of begin insert into fired values ('temp_old'); end

create temp trigger temp_new after insert on order_of begin insert into fired values ('temp_new'); end

create trigger main_old after insert on order_of begin insert into fired values ('main_old'); end

create trigger main_new after insert on order_of begin insert into fired values ('main_new'); end

insert into order_of values (1) returning (select group_concat(x) from fired)

select * from fired

create temp view order_of as select 1

drop view temp.order_of

insert into order_of values (2)

select count(*) from fired

create trigger wrong after insert on main.v begin select 1; end
