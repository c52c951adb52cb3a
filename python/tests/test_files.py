"""Files that stock SQLite made: read, written, and read by stock SQLite again."""

import io
import os
import shutil
import sqlite3 as stock
import subprocess
import sys
import threading

import pytest

import heliosdb_sqlite as ours

SCHEMA = """
create table plain(id integer primary key, name text not null, amount real, data blob);
create index plain_name on plain(name collate nocase desc);
create index plain_expr on plain(lower(name), amount + 1);
create unique index plain_part on plain(amount) where amount > 5;
create table keyed(a text, b int, c, primary key(b, a)) without rowid;
create index keyed_c on keyed(c);
create table typed(i int, r real, t text, b blob, x any) strict;
create table made(a int, b int generated always as (a * 2) stored, c text as ('n' || a));
create index made_c on made(c);
create table auto(id integer primary key autoincrement, v unique);
create table log(what text);
create view names as select id, upper(name) as name from plain where amount is not null;
create trigger logged after insert on plain begin insert into log values ('new ' || new.name); end;
"""

QUERIES = [
    "select * from plain order by id",
    "select id from plain indexed by plain_name order by name collate nocase desc, id",
    "select id from plain where lower(name) = 'name 7'",
    "select * from keyed order by b, a",
    "select c, count(*) from keyed group by c order by c",
    "select * from typed order by rowid",
    "select * from made order by rowid",
    "select * from auto",
    "select * from sqlite_sequence",
    "select * from names order by id",
    "select * from log order by rowid",
    "select type, name, tbl_name, sql from sqlite_schema order by rowid",
]


def fill(con, start, end):
    rows = range(start, end)
    con.executemany(
        "insert into plain values (?, ?, ?, ?)",
        [(i, f"Näme {i}" if i % 3 else f"name {i}", i / 4 if i % 5 else None, bytes([i % 256]) * (i % 13 * 400)) for i in rows],
    )
    con.executemany("insert into keyed values (?, ?, ?)", [(f"k{i % 7}", i, i % 4) for i in rows])
    con.executemany("insert into typed values (?, ?, ?, ?, ?)", [(i, i / 3, str(i), b"\0" * (i % 4), [i, "x", None][i % 3]) for i in rows])
    con.executemany("insert into made(a) values (?)", [(i,) for i in rows])
    con.executemany("insert into auto(v) values (?)", [(f"v{i}",) for i in rows])
    con.commit()


def change(con):
    con.execute("update plain set name = name || '!', amount = amount + 1000 where id % 4 = 0")
    con.execute("delete from plain where id % 11 = 0")
    con.execute("update keyed set c = c + 1 where b % 3 = 0")
    con.execute("delete from keyed where b between 20 and 30")
    con.execute("update made set a = a + 1000 where rowid < 9")
    con.execute("delete from auto where id > 50")
    con.execute("insert into auto(v) values ('after')")
    con.commit()


def make(path, *pragmas, rows=120):
    con = stock.connect(path)
    for pragma in pragmas:
        con.execute(f"pragma {pragma}")
    con.executescript(SCHEMA)
    fill(con, 0, rows)
    con.close()


def answers(module, path):
    con = module.connect(path)
    try:
        return {query: con.execute(query).fetchall() for query in QUERIES}
    finally:
        con.close()


def rows(module, path):
    """The answers, with the objects in the order of their names: copies put tables before indexes."""
    found = answers(module, path)
    found[QUERIES[-1]].sort(key=lambda row: row[:2])
    return found


def assert_sound(path):
    con = stock.connect(path)
    assert con.execute("pragma integrity_check").fetchall() == [("ok",)]
    con.close()


KINDS = {f"page size {1 << bits}": [f"page_size={1 << bits}"] for bits in range(9, 17)} | {
    "wal": ["journal_mode=wal"],
    "utf-16le": ["encoding='UTF-16le'"],
    "utf-16be": ["encoding='UTF-16be'", "page_size=1024"],
    "full auto_vacuum": ["auto_vacuum=full"],
    "incremental auto_vacuum": ["auto_vacuum=incremental", "page_size=512"],
    "legacy format": ["legacy_file_format=on"],
    "secure delete": ["secure_delete=on"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stock_made_file_is_read_and_written(kind, tmp_path):
    path = tmp_path / "a.db"
    make(path, *KINDS[kind])
    assert answers(ours, path) == answers(stock, path)
    twin = tmp_path / "twin.db"
    shutil.copy(path, twin)
    for module, name in ((stock, twin), (ours, path)):
        con = module.connect(name)
        change(con)
        fill(con, 200, 260)
        con.close()
    assert answers(stock, path) == answers(stock, twin) == answers(ours, path)
    assert_sound(path)
    header = {name.read_bytes()[16:20] + name.read_bytes()[56:60] for name in (path, twin)}
    assert len(header) == 1, "page size, journal mode and encoding stay as they are"


def test_a_full_text_index_survives_byte_for_byte(tmp_path):
    path = tmp_path / "a.db"
    con = stock.connect(path)
    con.execute("create virtual table doc using fts5(title, body)")
    con.executemany("insert into doc values (?, ?)", [(f"t{i}", f"some words {i} and more") for i in range(300)])
    con.execute("create table other(a)")
    con.commit()
    shadows = "doc_data doc_idx doc_content doc_docsize doc_config".split()
    before = {name: con.execute(f"select * from {name}").fetchall() for name in shadows}
    con.close()
    con = ours.connect(path)
    con.executemany("insert into other values (?)", [(i,) for i in range(3000)])
    con.execute("create index other_a on other(a)")
    con.commit()
    con.execute("delete from other where a % 2")
    con.commit()
    con.close()
    con = stock.connect(path)
    assert {name: con.execute(f"select * from {name}").fetchall() for name in shadows} == before
    assert con.execute("select count(*) from doc where doc match 'words AND 17'").fetchone() == (1,)
    con.execute("insert into doc(doc) values ('integrity-check')")
    assert con.execute("select count(*) from other").fetchone() == (1500,)
    con.close()
    assert_sound(path)


def test_both_in_one_process_take_turns(tmp_path):
    path = tmp_path / "a.db"
    for mode in ("delete", "wal"):
        mine, other = ours.connect(path), stock.connect(path)
        other.execute(f"pragma journal_mode={mode}")
        other.execute("create table if not exists t(a integer primary key, who)")
        start = mine.execute("select count(*) from t").fetchone()[0]
        for i in range(30):
            mine.execute("insert into t(who) values ('ours')")
            mine.commit()
            assert other.execute("select count(*) from t").fetchall() == [(start + 2 * i + 1,)]
            other.execute("insert into t(who) values ('stock')")
            other.commit()
            assert mine.execute("select count(*), max(a) from t").fetchall() == [(start + 2 * i + 2,) * 2]
        other.execute(f"create table made_{mode}(x)")
        other.execute(f"insert into made_{mode} values (1)")
        other.commit()
        assert mine.execute(f"select * from made_{mode}").fetchall() == [(1,)]
        mine.execute(f"alter table made_{mode} add column y default 5")
        assert other.execute(f"select * from made_{mode}").fetchall() == [(1, 5)]
        # Each is kept out while the other writes.
        mine.execute("begin immediate")
        other.execute("pragma busy_timeout=20")
        with pytest.raises(stock.OperationalError, match="database is locked"):
            other.execute("insert into t(who) values ('no')")
        other.rollback()
        mine.rollback()
        other.execute("begin immediate")
        mine.execute("pragma busy_timeout=20")
        with pytest.raises(ours.OperationalError, match="database is locked"):
            mine.execute("insert into t(who) values ('no')")
        mine.rollback()
        other.rollback()
        mine.close()
        other.close()
    assert_sound(path)


def test_connections_on_threads_share_a_file(tmp_path):
    path = tmp_path / "a.db"
    make(path, rows=0)
    failures = []

    def work(number):
        try:
            con = ours.connect(path, timeout=60)
            for i in range(25):
                with con:
                    con.execute("insert into auto(v) values (?)", (f"{number}-{i}",))
                assert con.execute("select count(*) from auto where v like ?", (f"{number}-%",)).fetchone() == (i + 1,)
            con.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert answers(stock, path)["select * from sqlite_sequence"] == [("auto", 150)]
    assert_sound(path)


def test_threads_change_the_schema_of_a_file(tmp_path):
    path = tmp_path / "a.db"
    make(path, rows=0)
    failures = []

    def work(number):
        try:
            con = ours.connect(path, timeout=60)
            for i in range(12):
                con.execute(f"create table made_{number}_{i}(a integer primary key autoincrement, b)")
                con.execute(f"create index auto_{number}_{i} on auto(v, {i})")
                with con:
                    con.execute("insert into auto(v) values (?)", (f"{number}-{i}",))
                    con.execute(f"insert into made_{number}_{i}(b) select v from auto where v like ?", (f"{number}-%",))
                assert con.execute(f"select count(*) from made_{number}_{i}").fetchone() == (i + 1,)
                con.execute(f"drop index auto_{number}_{i}")
            con.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    con = stock.connect(path)
    assert con.execute("select count(*) from sqlite_schema where name like 'made@_%@_%' escape '@'").fetchone() == (48,)
    assert con.execute("select count(*) from auto").fetchone() == (48,)
    con.close()
    assert_sound(path)


def test_attached_files(tmp_path):
    main, side = tmp_path / "main.db", tmp_path / "side.db"
    make(main)
    make(side, "page_size=1024", rows=30)
    con = ours.connect(main)
    con.execute("attach ? as side", (str(side),))
    assert con.execute("select count(*) from main.plain join side.plain using(id)").fetchone() == (30,)
    with con:
        con.execute("insert into side.auto(v) select v || ' copied' from main.auto limit 5")
        con.execute("delete from main.keyed where b in (select b from side.keyed)")
    with pytest.raises(ZeroDivisionError), con:
        con.execute("delete from side.auto")
        con.execute("delete from main.auto")
        raise ZeroDivisionError
    con.execute("detach side")
    con.close()
    assert len(answers(stock, side)["select * from auto"]) == 35
    assert len(answers(stock, main)["select * from keyed order by b, a"]) == 90
    assert_sound(main)
    assert_sound(side)


def test_vacuum_dump_and_copies(tmp_path):
    path = tmp_path / "a.db"
    make(path, rows=400)
    con = ours.connect(path)
    con.execute("delete from plain where id > 20")
    con.commit()
    before, size = rows(stock, path), path.stat().st_size
    con.execute("vacuum")
    assert path.stat().st_size < size and rows(stock, path) == before
    con.execute("vacuum into ?", (str(tmp_path / "into.db"),))
    assert rows(stock, tmp_path / "into.db") == before
    # An idle file may be copied by anybody.
    con.execute("update auto set v = v || '?'")
    con.commit()
    shutil.copy(path, tmp_path / "cp.db")
    assert rows(stock, tmp_path / "cp.db") == rows(ours, path)
    dumped = "\n".join(con.iterdump())
    again = stock.connect(tmp_path / "dump.db")
    with io.StringIO(dumped) as text:
        again.executescript(text.read())
    again.close()
    left, right = rows(stock, tmp_path / "dump.db"), rows(stock, path)
    left.pop(QUERIES[-1]), right.pop(QUERIES[-1])
    assert left == right
    con.close()
    for name in ("a.db", "into.db", "cp.db", "dump.db"):
        assert_sound(tmp_path / name)


@pytest.mark.parametrize("pages", [-1, 3])
def test_backups_from_and_to_stock_made_files(tmp_path, pages):
    path = tmp_path / "a.db"
    make(path)
    source, target = ours.connect(path), ours.connect(tmp_path / "b.db")
    seen = []
    source.backup(target, pages=pages, progress=lambda *state: seen.append(state))
    assert seen and seen[-1][1] == 0
    target.close()
    assert rows(stock, tmp_path / "b.db") == rows(stock, path)
    # Over what a file held before.
    con = stock.connect(tmp_path / "c.db")
    con.executescript("pragma page_size=1024; create table plain(x unique); create view names as select 1; insert into plain values (1)")
    con.close()
    target = ours.connect(tmp_path / "c.db")
    source.backup(target, pages=pages)
    assert target.execute("select count(*) from plain").fetchone() == (120,)
    memory = ours.connect(":memory:")
    source.backup(memory)
    memory.execute("insert into auto(v) values ('memory')")
    memory.commit()
    target.close()
    target = ours.connect(tmp_path / "d.db")
    memory.backup(target)
    for con in (source, target, memory):
        con.close()
    assert rows(stock, tmp_path / "c.db") == rows(stock, path)
    assert rows(stock, tmp_path / "d.db")["select * from auto"][-1] == (121, "memory")
    for name in ("a.db", "b.db", "c.db", "d.db"):
        assert_sound(tmp_path / name)


def test_a_backup_over_a_file_with_autoincrement(tmp_path):
    for name in ("a.db", "b.db"):
        make(tmp_path / name)
    source, target = ours.connect(tmp_path / "a.db"), ours.connect(tmp_path / "b.db")
    source.backup(target)
    source.close()
    target.close()
    assert rows(stock, tmp_path / "a.db") == rows(stock, tmp_path / "b.db")
    assert_sound(tmp_path / "b.db")


def test_a_backup_without_autoincrement_over_a_file_with_it(tmp_path):
    path = tmp_path / "a.db"
    make(path)
    source, target = ours.connect(":memory:"), ours.connect(path)
    source.executescript("create table t(a); insert into t values (1)")
    source.backup(target)
    target.execute("create table again(id integer primary key autoincrement)")
    target.execute("insert into again values (null)")
    target.commit()
    target.close()
    con = stock.connect(path)
    assert con.execute("select * from t").fetchall() == [(1,)]
    assert con.execute("select * from sqlite_sequence").fetchall() == [("again", 1)]
    con.close()
    assert_sound(path)


NAMING_THEIR_DATABASE = [
    "create table x.t(a)",
    "create table x.log(a)",
    "create view x.v as select x.t.a from x.t",
    "create trigger x.one after insert on t begin insert into log select x.t.a from x.t; end",
    "create trigger x.two after insert on x.t begin insert into log select new.a from v; end",
    "insert into x.t values (1)",
    "insert into x.t values (2)",
    "create view x.gone as select * from x.v",
    "drop view x.gone",
    "alter table x.t rename to u",
    "create index x.i on u(a)",
    "alter table x.u rename a to b",
]


def test_schemas_that_name_their_own_database(tmp_path):
    read = ["select * from x.v", "select * from x.log", "select type, name, sql from x.sqlite_schema order by name"]
    results = []
    for module, isolation in ((stock, None), (ours, None), (ours, "")):
        con = module.connect(":memory:", isolation_level=isolation)
        path = tmp_path / f"{len(results)}.db"
        con.execute("attach ? as x", (str(path),))
        for sql in NAMING_THEIR_DATABASE:
            con.execute(sql)
        con.commit()
        results.append([con.execute(sql).fetchall() for sql in read])
        con.close()
    for module, path in ((ours, "0.db"), (stock, "1.db"), (stock, "2.db"), (ours, "2.db")):
        con = module.connect(":memory:")
        con.execute("attach ? as x", (str(tmp_path / path),))
        results.append([con.execute(sql).fetchall() for sql in read])
        assert con.execute("pragma x.integrity_check").fetchall() == [("ok",)]
        con.close()
        con = module.connect(tmp_path / path)
        with pytest.raises(module.DatabaseError, match="view v cannot reference objects in database x"):
            con.execute("select * from sqlite_schema")
        con.close()
    assert all(result == results[0] for result in results)


MATH = ["acos(a / 9)", "ceil(a)", "degrees(a)", "exp(a)", "ln(a)", "log(2, a)", "mod(a, 2)", "pi() * a", "pow(a, 2)", "sqrt(a)", "trunc(a)"]


def test_indexes_on_mathematical_functions(tmp_path):
    con = ours.connect(tmp_path / "a.db")
    con.execute("create table t(a real, b as (sqrt(a)) stored, check (pow(a, 2) >= 0))")
    for i, expression in enumerate(MATH):
        con.execute(f"create index i{i} on t({expression})")
    con.executemany("insert into t values (?)", [(i / 2,) for i in range(1, 18)])
    con.commit()
    con.execute("update t set a = a + 0.25 where sqrt(a) < 2")
    con.execute("delete from t where ceil(a) = 5")
    con.commit()
    con.close()
    assert_sound(tmp_path / "a.db")
    con = ours.connect(tmp_path / "a.db")
    assert con.execute("pragma integrity_check").fetchall() == [("ok",)]
    for i, expression in enumerate(MATH):
        found = con.execute(f"select a, {expression} from t indexed by i{i} where {expression} > 1 order by a").fetchall()
        assert found == con.execute(f"select a, {expression} from t not indexed where {expression} > 1 order by a").fetchall()
    con.close()


def test_blobs_in_a_file(tmp_path):
    path = tmp_path / "a.db"
    make(path)
    con = stock.connect(path)
    con.execute("create table picture(id integer primary key, name text, data blob)")
    con.execute("insert into picture values (12, 'sky', zeroblob(4800)), (13, 'sea', zeroblob(1))")
    con.commit()
    con.close()
    con = ours.connect(path)
    with con.blobopen("picture", "data", 12) as blob:
        assert len(blob) == 4800
        blob.seek(4000)
        blob.write(b"written")
        blob[0] = 200
    con.commit()
    con.close()
    con = ours.connect(path)
    with con.blobopen("picture", "data", 12, readonly=True) as blob:
        assert blob.read(2) == b"\xc8\0"
        # Nobody changes the file under an open value.
        other = stock.connect(path, timeout=0)
        with pytest.raises(stock.OperationalError, match="database is locked"), other:
            other.execute("delete from picture")
        other.close()
    for module, kind in ((stock, stock.OperationalError), (ours, ours.OperationalError)):
        beside = module.connect(path)
        with pytest.raises(kind, match="cannot open indexed column for writing"):
            beside.blobopen("plain", "data", 12)
        beside.close()
    con.close()
    con = stock.connect(path)
    ((data,),) = con.execute("select data from picture where id = 12").fetchall()
    con.close()
    assert (data[0], data[4000:4007], len(data)) == (200, b"written", 4800)
    assert_sound(path)


def test_a_fork_beside_an_open_connection(tmp_path):
    path = tmp_path / "a.db"
    make(path)
    program = f"""
import os, sys
import heliosdb_sqlite as ours
con = ours.connect({str(path)!r}, timeout=30)
con.execute("insert into log values ('parent before')")
con.commit()
child = os.fork()
if child == 0:
    own = ours.connect({str(path)!r}, timeout=30)
    assert own.execute("select count(*) from log where what = 'parent before'").fetchone() == (1,)
    own.execute("insert into log values ('child')")
    own.commit()
    own.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert con.execute("select count(*) from log where what = 'child'").fetchone() == (1,)
con.execute("insert into log values ('parent after')")
con.commit()
con.close()
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)
    assert answers(stock, path)["select * from log order by rowid"][-3:] == [("parent before",), ("child",), ("parent after",)]
    assert_sound(path)


def test_a_hot_journal_is_rolled_back(tmp_path):
    path = tmp_path / "a.db"
    make(path, rows=400)
    before = answers(stock, path)
    program = f"""
import os, sqlite3
con = sqlite3.connect({str(path)!r}, isolation_level=None)
con.execute("pragma cache_size=2")
con.execute("begin")
con.execute("update plain set name = 'lost', data = zeroblob(3000)")
con.execute("delete from auto")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert os.path.getsize(f"{path}-journal") > 0
    assert answers(ours, path) == before
    assert not os.path.exists(f"{path}-journal")
    assert_sound(path)


def test_a_log_left_by_a_killed_process_is_read(tmp_path):
    path = tmp_path / "a.db"
    make(path, "journal_mode=wal")
    program = f"""
import os, sqlite3
con = sqlite3.connect({str(path)!r}, isolation_level=None)
con.execute("update plain set name = 'kept'")
con.execute("begin")
con.execute("pragma cache_size=2")
con.execute("update plain set name = 'lost', data = zeroblob(3000)")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert os.path.getsize(f"{path}-wal") > 0
    con = ours.connect(path)
    assert con.execute("select distinct name from plain").fetchall() == [("kept",)]
    con.close()
    assert_sound(path)


def test_functions_and_collations_of_a_connection(tmp_path):
    """Rows of a file are written with what Python defined: keys, generated columns, indexed expressions."""

    def define(con):
        con.create_function("tag", 1, lambda value: f"<{value}>", deterministic=True)
        con.create_collation("backwards", lambda a, b: (a < b) - (a > b))

    path = tmp_path / "a.db"
    con = ours.connect(path)
    define(con)
    con.executescript(
        """create table word(w text collate backwards primary key, n, tagged as (tag(n))) without rowid;
        create table number(n unique check (tag(n) <> '<0>'), kept generated always as (tag(n)) stored);
        create index number_tag on number(tag(n)) where tag(n) > '<1';"""
    )
    with con:
        con.executemany("insert into word(w, n) values (?, ?)", [(f"w{i:03}", i) for i in range(300)])
        con.executemany("insert into number(n) values (?)", [(i,) for i in range(1, 300)])
        con.execute("delete from number where n % 3 = 0")
        con.execute("update word set n = n + 1000 where n % 5 = 0")
    # Another connection's definitions of the same names.
    beside = ours.connect(path)
    define(beside)
    with beside:
        beside.execute("insert into word(w, n) values ('x', -1)")
    con.close()
    beside.close()
    found = []
    for module in (ours, stock):
        con = module.connect(path)
        define(con)
        found.append([con.execute(f"select * from {name} order by n").fetchall() for name in ("word", "number")])
        assert con.execute("select n from number where tag(n) = '<25>'").fetchall() == [(25,)]
        assert con.execute("pragma integrity_check").fetchall() == [("ok",)]
        con.close()
    assert found[0] == found[1]
    assert found[0][0][0] == ("x", -1, "<-1>")

@pytest.mark.parametrize(
    "sql",
    [
        "select * from ghost",
        "select * from seen",
        "select 1 from plain where id in (select 1 from ghost)",
        "insert into ghost values (1)",
        "update ghost set a = 1",
        "delete from ghost",
        "pragma table_info(ghost)",
        "create table copy as select * from ghost",
    ],
)
def test_a_table_of_an_unknown_module(tmp_path, sql):
    path = tmp_path / "a.db"
    with_ghost = stock.connect(path)
    with_ghost.executescript(
        """create table plain(id integer primary key); pragma writable_schema = on;
        insert into sqlite_schema values ('table', 'ghost', 'ghost', 0, 'CREATE VIRTUAL TABLE ghost USING spirits(a)');
        pragma writable_schema = reset; create view seen as select * from ghost;"""
    )
    with_ghost.close()
    messages = []
    for module in stock, ours:
        connection = module.connect(path)
        with pytest.raises(module.OperationalError) as raised:
            connection.execute(sql)
        messages.append(str(raised.value))
        connection.close()
    assert messages == ["no such module: spirits"] * 2


def test_a_dropped_column_leaves_indexes_of_a_file_usable(tmp_path):
    path = str(tmp_path / "a.db")
    conn = ours.connect(path, isolation_level=None)
    conn.execute("CREATE TABLE t(a, b, c UNIQUE, d)")
    conn.execute("CREATE INDEX t_d ON t(d)")
    conn.execute("INSERT INTO t VALUES (1, 2, 3, 4)")
    conn.execute("ALTER TABLE t DROP COLUMN b")
    conn.execute("INSERT INTO t VALUES (5, 6, 7)")
    assert conn.execute("SELECT a, c FROM t WHERE d IN (4, 7) ORDER BY d").fetchall() == [(1, 3), (5, 6)]
    conn.close()
    plain = stock.connect(path)
    assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert plain.execute("SELECT a, d FROM t WHERE c > 3").fetchall() == [(5, 7)]
    plain.close()
