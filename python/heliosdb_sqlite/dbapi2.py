"""The DB-API 2.0 interface (PEP 249): the compiled part plus the constructors, adapters and converters that are Python.

What must hold: the same names as CPython's `sqlite3.dbapi2`, so that `from sqlite3.dbapi2 import *` may be
`from heliosdb_sqlite.dbapi2 import *`.
"""

import collections.abc
import datetime
import time
import warnings as _warnings

from heliosdb_sqlite import _heliosdb
from heliosdb_sqlite._heliosdb import *  # noqa: F401,F403
from heliosdb_sqlite._heliosdb import Row, register_adapter, register_converter, sqlite_version

__version__ = _heliosdb._engine_version

apilevel = "2.0"
paramstyle = "qmark"
# Threads may share the module, connections and cursors (PEP 249); check_same_thread still guards connections by default.
# CPython before 3.11 claimed less, and so do we there.
threadsafety = 1 if _heliosdb._threadsafety_is_one else 3

sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime
Binary = memoryview


def DateFromTicks(ticks):
    """The local date of a time in seconds since 1970.

    >>> DateFromTicks(0) == datetime.date(*time.localtime(0)[:3])
    True
    """
    return Date(*time.localtime(ticks)[:3])


def TimeFromTicks(ticks):
    """The local time of day of a time in seconds since 1970."""
    return Time(*time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks):
    """The local date and time of a time in seconds since 1970, without fractions."""
    return Timestamp(*time.localtime(ticks)[:6])


collections.abc.Sequence.register(Row)

# pysqlite's version, which CPython's module has reported since it was taken in.
_deprecated_version = "2.6.0"
_deprecated_version_info = (2, 6, 0)
# Names that are found by __getattr__, with a warning: what they are and until which Python they stay.
_deprecated_names: "dict[str, tuple[object, str]]" = {}
if _heliosdb._defaults_deprecated:
    _deprecated_names["version"] = (_deprecated_version, "3.14")
    _deprecated_names["version_info"] = (_deprecated_version_info, "3.14")
else:
    version = _deprecated_version
    version_info = _deprecated_version_info
if _heliosdb._optimized_unicode_exists:
    _deprecated_names["OptimizedUnicode"] = (str, "3.12")


def _deprecated(name, module):
    if name not in _deprecated_names:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    value, until = _deprecated_names[name]
    _warnings.warn(f"{name} is deprecated and will be removed in Python {until}", DeprecationWarning, stacklevel=3)
    return value


def __getattr__(name):
    return _deprecated(name, __name__)


def _register_defaults():
    """Dates and timestamps as ISO 8601 text, as `sqlite3` has always done it."""

    def warn(what):
        if _heliosdb._defaults_deprecated:
            message = (
                f"The default {what} is deprecated as of Python 3.12; "
                "see the sqlite3 documentation for suggested replacement recipes"
            )
            _warnings.warn(message, DeprecationWarning, stacklevel=3)

    def adapt_date(value):
        warn("date adapter")
        return value.isoformat()

    def adapt_datetime(value):
        warn("datetime adapter")
        return value.isoformat(" ")

    def convert_date(value):
        warn("date converter")
        return datetime.date(*map(int, value.split(b"-")))

    def convert_timestamp(value):
        warn("timestamp converter")
        date, clock = value.split(b" ")
        year, month, day = map(int, date.split(b"-"))
        clock, _, fraction = clock.partition(b".")
        hour, minute, second = map(int, clock.split(b":"))
        # Digits beyond the sixth are cut, missing ones are zeros.
        microsecond = int(fraction[:6].ljust(6, b"0")) if fraction else 0
        return datetime.datetime(year, month, day, hour, minute, second, microsecond)

    register_adapter(datetime.date, adapt_date)
    register_adapter(datetime.datetime, adapt_datetime)
    register_converter("date", convert_date)
    register_converter("timestamp", convert_timestamp)


_register_defaults()
del _register_defaults
