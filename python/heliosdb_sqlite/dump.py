"""`Connection.iterdump()`: the database as SQL text.

Follows what `sqlite3` and the shell's `.dump` write: tables with their rows, then indexes, triggers and views; the
rows of `sqlite_sequence` last.
"""

from heliosdb_sqlite._heliosdb import _dump_checks_foreign_keys


def _quote_name(name):
    return '"{}"'.format(name.replace('"', '""'))


def _quote_value(text):
    return "'{}'".format(text.replace("'", "''"))


def _iterdump(connection, *, filter=None):
    """Yields the statements. `filter` is a LIKE pattern for object names, None for all.

    >>> import heliosdb_sqlite
    >>> con = heliosdb_sqlite.connect(":memory:")
    >>> _ = con.executescript("create table t(a); insert into t values ('x'); create table u(b)")
    >>> list(con.iterdump(filter="t%"))
    ['BEGIN TRANSACTION;', 'CREATE TABLE t(a);', 'INSERT INTO "t" VALUES(\\'x\\');', 'COMMIT;']
    >>> con.close()
    """
    # The dump reads tuples, whatever the user's rows are.
    cursor = connection.cursor()
    cursor.row_factory = None
    writable_schema = False
    matching = "AND name LIKE ?" if filter else ""
    parameters = (filter,) if filter else ()
    # Rows that violate foreign keys could not be inserted while those are checked.
    if _dump_checks_foreign_keys and cursor.execute("PRAGMA foreign_key_check").fetchall():
        yield "PRAGMA foreign_keys=OFF;"
    yield "BEGIN TRANSACTION;"

    tables = cursor.execute(
        f"""
        SELECT name, sql FROM sqlite_master
        WHERE sql NOT NULL AND type = 'table' {matching}
        ORDER BY name
        """,
        parameters,
    ).fetchall()
    sequences = []
    for name, sql in tables:
        if name == "sqlite_sequence":
            rows = cursor.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
            sequences.append('DELETE FROM "sqlite_sequence";')
            for table, value in rows:
                sequences.append(
                    f'INSERT INTO "sqlite_sequence" VALUES({_quote_value(str(table))},{value});'
                )
            continue
        if name == "sqlite_stat1":
            yield 'ANALYZE "sqlite_master";'
        elif name.startswith("sqlite_"):
            continue
        elif sql.startswith("CREATE VIRTUAL TABLE"):
            if not writable_schema:
                writable_schema = True
                yield "PRAGMA writable_schema=ON;"
            yield (
                "INSERT INTO sqlite_master(type,name,tbl_name,rootpage,sql)"
                f"VALUES('table',{_quote_value(name)},{_quote_value(name)},0,{_quote_value(sql)});"
            )
        else:
            yield f"{sql};"
        # Only plain columns: generated ones cannot be inserted.
        columns = [row[1] for row in cursor.execute(f"PRAGMA table_info({_quote_name(name)})")]
        values = "||','||".join(f"quote({_quote_name(column)})" for column in columns)
        start = _quote_value(f"INSERT INTO {_quote_name(name)} VALUES(")
        for (statement,) in cursor.execute(f"SELECT {start}||{values}||')' FROM {_quote_name(name)}"):
            yield f"{statement};"

    others = cursor.execute(
        f"""
        SELECT sql FROM sqlite_master
        WHERE sql NOT NULL AND type IN ('index', 'trigger', 'view') {matching}
        """,
        parameters,
    ).fetchall()
    for (sql,) in others:
        yield f"{sql};"

    if writable_schema:
        yield "PRAGMA writable_schema=OFF;"
    yield from sequences
    yield "COMMIT;"
