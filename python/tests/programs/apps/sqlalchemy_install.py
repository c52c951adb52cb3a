"""SQLAlchemy, whose dialect imports `sqlite3` itself: `install` puts our module in its place."""

import json
import sys

import heliosdb_sqlite

heliosdb_sqlite.install()

import sqlalchemy  # noqa: E402
import sqlalchemy_models  # noqa: E402

engine = sqlalchemy.create_engine(f"sqlite:///{sys.argv[1]}")
assert engine.dialect.dbapi.__name__.startswith("heliosdb_sqlite"), engine.dialect.dbapi
print(json.dumps(sqlalchemy_models.work(engine)))
engine.dispose()
