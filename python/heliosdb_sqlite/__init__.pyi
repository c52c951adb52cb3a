"""Types of the package: those of `dbapi2`, and what has no name there."""

from heliosdb_sqlite.dbapi2 import *
from heliosdb_sqlite.dbapi2 import __version__ as __version__
from heliosdb_sqlite.stock import install as install
from heliosdb_sqlite.stock import uninstall as uninstall
