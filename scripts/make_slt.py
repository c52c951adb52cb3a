"""Makes testdata/slt/*.slt from testdata/gen/sql/*.sql: runs each statement on SQLite and writes down what it says.

    python scripts/make_slt.py

Needs `apsw` of the SQLite release that the engine follows. Statements are separated by lines that are empty.
"""

import pathlib

import apsw

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "testdata" / "gen" / "sql"
SCRIPTS = ROOT / "testdata" / "slt"


def literal(value, connection):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex().upper()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''").replace("\n", "\\n") + "'"
    if isinstance(value, float):
        return connection.execute("SELECT CAST(? AS TEXT)", (value,)).fetchone()[0]
    return str(value)


def record(sql, connection):
    try:
        cursor = connection.cursor()
        rows = [list(row) for row in cursor.execute(sql)]
    except apsw.Error as error:
        return f"statement error {str(error).split(': ', 1)[-1] if str(error).startswith('SQLError') else error}\n{sql}\n"
    first = sql.split(None, 1)[0].upper()
    if not rows and first not in ("SELECT", "VALUES", "WITH", "PRAGMA"):
        return f"statement ok\n{sql}\n"
    lines = ["|".join(literal(value, connection) for value in row) for row in rows]
    return "\n".join(["query", sql, "----", *lines]) + "\n"


def main():
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    for source in sorted(SOURCES.glob("*.sql")):
        connection = apsw.Connection(":memory:")
        statements = [part.strip() for part in source.read_text(encoding="utf-8").split("\n\n") if part.strip()]
        records = [record(statement, connection) for statement in statements]
        target = SCRIPTS / (source.stem + ".slt")
        target.write_text("\n".join(records), encoding="utf-8")
        print(target.name, len(records))


if __name__ == "__main__":
    main()
