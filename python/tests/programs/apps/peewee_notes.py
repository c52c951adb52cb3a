"""peewee: models, transactions, an upsert, a migration."""

import json
import sys

import heliosdb_sqlite

heliosdb_sqlite.install()

import peewee  # noqa: E402
from playhouse.migrate import SqliteMigrator, migrate  # noqa: E402

db = peewee.SqliteDatabase(sys.argv[1], pragmas={"foreign_keys": 1, "cache_size": -4000})


class Person(peewee.Model):
    name = peewee.CharField(unique=True)
    score = peewee.FloatField(default=0.5)

    class Meta:
        database = db


class Note(peewee.Model):
    person = peewee.ForeignKeyField(Person, backref="notes", on_delete="CASCADE")
    body = peewee.TextField()
    tag = peewee.CharField(index=True, null=True)

    class Meta:
        database = db


db.connect()
db.create_tables([Person, Note])
with db.atomic():
    Person.insert_many([{"name": f"p{i}"} for i in range(100)]).execute()
    first = Person.get(Person.name == "p0")
    for number in range(20):
        Note.create(person=first, body="x" * number * 300, tag=f"t{number % 3}")
try:
    with db.atomic():
        Person.create(name="lost")
        with db.atomic():
            Person.create(name="p1")
    raise AssertionError("a second p1 was let in")
except peewee.IntegrityError as error:
    assert "UNIQUE constraint failed: person.name" in str(error), error
Person.insert(name="p2", score=9).on_conflict(conflict_target=[Person.name], update={Person.score: 9}).execute()
Person.update(score=Person.score * 2).where(Person.name.startswith("p9")).execute()
counts = (
    Note.select(Note.tag, peewee.fn.COUNT(Note.id)).join(Person).where(Person.name == "p0").group_by(Note.tag).order_by(Note.tag)
)
assert list(counts.tuples()) == [("t0", 7), ("t1", 7), ("t2", 6)]
migrator = SqliteMigrator(db)
migrate(
    migrator.add_column("person", "age", peewee.IntegerField(default=1)),
    migrator.rename_column("note", "body", "content"),
    migrator.drop_index("note", "note_tag"),
    migrator.drop_column("note", "tag"),
    migrator.add_index("person", ("age", "name"), False),
    migrator.drop_not_null("person", "score"),
    migrator.rename_table("note", "notes"),
)
assert Person.get(Person.name == "p99").delete_instance() == 1
queries = ["select * from person order by id", "select * from notes order by id"]
rows = {query: [list(row) for row in db.execute_sql(query)] for query in queries}
assert [len(found) for found in rows.values()] == [99, 20]
db.close()
print(json.dumps(rows))
