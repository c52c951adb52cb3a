create table t(a integer primary key, b text collate nocase default 'x', c as (a + 1), d references t(a) on delete cascade)

create table u(x, y, primary key(y, x)) without rowid

create index i on t(b desc, a) where b is not NULL

create view v as select a, b from t

create trigger r after insert on t begin select 1; end

pragma table_info(t)

pragma table_xinfo(t)

pragma table_info(v)

pragma table_info(nothing)

pragma table_xinfo(u)

pragma index_list(t)

pragma index_list(u)

pragma index_info(i)

pragma index_xinfo(i)

pragma index_xinfo(sqlite_autoindex_u_1)

pragma foreign_key_list(t)

pragma foreign_key_list = t

pragma main.table_info(t)

select name, type, "notnull", dflt_value, pk from pragma_table_info('t')

select schema, name, type, ncol, wr, strict from pragma_table_list where name not like 'sqlite%' order by name

pragma user_version

pragma user_version = 7

pragma user_version

pragma user_version(-3)

pragma main.user_version

pragma application_id = 12

pragma application_id

pragma schema_version = 99

pragma schema_version

pragma foreign_keys

pragma foreign_keys = on

pragma foreign_keys

pragma foreign_keys = nonsense

pragma foreign_keys

pragma defer_foreign_keys = 1

pragma defer_foreign_keys

pragma foreign_key_check

pragma foreign_key_check(t)

insert into t(a, d) values (1, 1)

pragma recursive_triggers

pragma recursive_triggers = yes

pragma recursive_triggers

pragma ignore_check_constraints = true

pragma ignore_check_constraints

pragma case_sensitive_like = on

select 'a' like 'A'

pragma case_sensitive_like = off

select 'a' like 'A'

pragma reverse_unordered_selects

pragma query_only = 1

insert into u values (1, 2)

pragma query_only = 0

pragma query_only

pragma encoding

pragma encoding = 'UTF-8'

pragma auto_vacuum

pragma auto_vacuum = 1

pragma automatic_index

pragma busy_timeout

pragma busy_timeout = 100

pragma busy_timeout

pragma cache_size = 100

pragma cache_size

pragma cell_size_check

pragma checkpoint_fullfsync

pragma fullfsync

pragma count_changes

pragma data_version

pragma database_list

pragma empty_result_callbacks

pragma full_column_names

pragma short_column_names

pragma freelist_count

pragma incremental_vacuum(1)

pragma integrity_check

pragma integrity_check(1)

pragma integrity_check(t)

pragma quick_check

pragma journal_mode

pragma journal_mode = off

pragma journal_mode

pragma journal_mode = wal

pragma journal_size_limit

pragma legacy_alter_table

pragma locking_mode

pragma locking_mode = exclusive

pragma max_page_count

pragma mmap_size

pragma optimize

pragma page_size

pragma read_uncommitted

pragma read_uncommitted = 1

pragma read_uncommitted

pragma secure_delete

pragma shrink_memory

pragma soft_heap_limit

pragma hard_heap_limit

pragma analysis_limit

pragma analysis_limit = 10

pragma synchronous

pragma synchronous = off

pragma synchronous

pragma temp_store

pragma temp_store = memory

pragma temp_store

pragma threads

pragma threads = 2

pragma trusted_schema

pragma writable_schema

pragma wal_autocheckpoint

pragma wal_checkpoint

select count(*) > 10 from pragma_pragma_list

select count(*) > 100 from pragma_function_list

select name from pragma_collation_list order by name

select count(*) >= 0 from pragma_module_list

select count(*) > 0 from pragma_compile_options

pragma foreign_keys = off

pragma temp.table_info(t)
