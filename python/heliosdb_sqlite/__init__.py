"""HeliosDB-SQLite: `sqlite3` with another engine under it.

    import heliosdb_sqlite as sqlite3

The module has the surface of CPython 3.13's `sqlite3` and behaves as the `sqlite3` of the running
interpreter. Its exceptions are subclasses of the standard library's.

>>> import heliosdb_sqlite as sqlite3
>>> con = sqlite3.connect(":memory:")
>>> cur = con.cursor()
>>> _ = cur.execute("create table lang(name, first_appeared)")
>>> _ = cur.execute("insert into lang values (?, ?)", ("C", 1972))
>>> cur.execute("select * from lang").fetchall()
[('C', 1972)]
>>> con.close()
"""

from heliosdb_sqlite import dbapi2 as _dbapi2
from heliosdb_sqlite.dbapi2 import *  # noqa: F401,F403
from heliosdb_sqlite.stock import install, uninstall

__version__ = _dbapi2.__version__


def __getattr__(name):
    return _dbapi2._deprecated(name, __name__)
