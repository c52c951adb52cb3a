"""SQLAlchemy with a function that opens its connections on our module."""

import json
import sys

import sqlalchemy
import sqlalchemy_models

import heliosdb_sqlite

engine = sqlalchemy.create_engine("sqlite://", creator=lambda: heliosdb_sqlite.connect(sys.argv[1]), poolclass=sqlalchemy.QueuePool)
print(json.dumps(sqlalchemy_models.work(engine)))
engine.dispose()
