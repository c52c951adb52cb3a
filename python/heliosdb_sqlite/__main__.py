"""`python -m heliosdb_sqlite [file] [sql]`: runs a statement, or reads statements from the terminal.

Works as `python -m sqlite3` of Python 3.12 and later, on every version.
"""

import argparse
import code
import sys

import heliosdb_sqlite as sqlite3


def execute(runner, sql, suppress_errors=True):
    """Runs `sql` on a cursor or connection and prints the rows. Errors go to stderr and, unless suppressed, end the
    process with status 1."""
    try:
        for row in runner.execute(sql):
            print(row)
    except sqlite3.Error as error:
        kind = type(error).__name__
        # Misuse is this module's own word, not SQLite's about the statement.
        named = error.sqlite_errorname != "SQLITE_MISUSE"
        print(f"{kind} ({error.sqlite_errorname}): {error}" if named else f"{kind}: {error}", file=sys.stderr)
        if not suppress_errors:
            sys.exit(1)


class SqliteInteractiveConsole(code.InteractiveConsole):
    """Reads statements until they are complete and runs each."""

    def __init__(self, connection):
        super().__init__()
        self._cursor = connection.cursor()

    def runsource(self, source, filename="<input>", symbol="single"):
        """Runs `source`; True if it needs another line."""
        if source == ".version":
            print(sqlite3.sqlite_version)
        elif source == ".help":
            print("Enter SQL code and press enter.")
        elif source == ".quit":
            sys.exit(0)
        elif not sqlite3.complete_statement(source):
            return True
        else:
            execute(self._cursor, source)
        return False


def _parser():
    parser = argparse.ArgumentParser(
        description="Python sqlite3 CLI",
        # Under install() this module is imported as sqlite3.__main__.
        prog=f"python -m {__package__}",
    )
    parser.add_argument(
        "filename",
        nargs="?",
        default=":memory:",
        help="SQLite database to open (defaults to ':memory:'). "
        "A new database is created if the file does not previously exist.",
    )
    parser.add_argument(
        "sql",
        nargs="?",
        help="An SQL query to execute. Any returned rows are printed to stdout.",
    )
    parser.add_argument(
        "-v",
        "--version",
        action="version",
        version=f"SQLite version {sqlite3.sqlite_version}",
        help="Print underlying SQLite library version",
    )
    return parser


def main(*args):
    """The command, with `sys.argv[1:]` or a list of arguments. Ends by SystemExit."""
    options = _parser().parse_args(*args)
    if options.filename == ":memory:":
        where = "a transient in-memory database"
    else:
        where = repr(options.filename)
    on_windows = sys.platform == "win32" and "idlelib.run" not in sys.modules
    eof = "CTRL-Z" if on_windows else "CTRL-D"
    banner = (
        f"sqlite3 shell, running on SQLite version {sqlite3.sqlite_version}\n"
        f"Connected to {where}\n"
        "\n"
        "Each command will be run using execute() on the cursor.\n"
        f'Type ".help" for more information; type ".quit" or {eof} to quit.'
    )
    connection = sqlite3.connect(options.filename, isolation_level=None)
    try:
        if options.sql:
            execute(connection, options.sql, suppress_errors=False)
        else:
            sys.ps1 = "sqlite> "
            sys.ps2 = "    ... "
            try:
                import readline  # noqa: F401  (gives the prompt history and editing)
            except ImportError:
                pass
            SqliteInteractiveConsole(connection).interact(banner, exitmsg="")
    finally:
        connection.close()
    sys.exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
