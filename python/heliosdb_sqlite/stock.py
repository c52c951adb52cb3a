"""Living beside the standard library's `sqlite3`: taking its place, and making its `Row`."""

import functools
import sys

_NAMES = {
    "sqlite3": "heliosdb_sqlite",
    "sqlite3.dbapi2": "heliosdb_sqlite.dbapi2",
    "sqlite3.dump": "heliosdb_sqlite.dump",
}
_replaced = None


def install():
    """Makes `import sqlite3` anywhere in this process import this package.

    Modules that imported `sqlite3` before keep what they have: call this first. Calling it again does nothing.

    >>> import heliosdb_sqlite
    >>> heliosdb_sqlite.install()
    >>> import sqlite3
    >>> sqlite3 is heliosdb_sqlite
    True
    >>> heliosdb_sqlite.uninstall()
    """
    global _replaced
    if _replaced is not None:
        return
    import heliosdb_sqlite.dump  # noqa: F401

    _replaced = {name: sys.modules.get(name) for name in _NAMES}
    for name, ours in _NAMES.items():
        sys.modules[name] = sys.modules[ours]


def uninstall():
    """Undoes `install()`: `import sqlite3` imports the standard library's again."""
    global _replaced
    if _replaced is None:
        return
    for name, module in _replaced.items():
        if module is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = module
    _replaced = None


@functools.lru_cache(maxsize=1)
def _connection():
    import _sqlite3

    return _sqlite3.connect(":memory:", check_same_thread=False)


def cursor_with_description(description):
    """A cursor of the standard library whose columns are named as in `description`.

    Its `Row` takes names only from its own cursors; no statement of the user's is run there.

    >>> cursor_with_description((("a", None), ('say "b"', None))).description[1][0]
    'say "b"'
    """
    names = ", ".join('NULL AS "{}"'.format(column[0].replace('"', '""')) for column in description)
    return _connection().execute(f"SELECT {names}")
