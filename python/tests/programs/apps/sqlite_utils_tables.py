"""sqlite-utils: upserts, tables changed by copying, indexes, extraction."""

import json
import sys

import heliosdb_sqlite

heliosdb_sqlite.install()

import sqlite_utils  # noqa: E402

db = sqlite_utils.Database(sys.argv[1])
dogs = db["dogs"]
dogs.insert_all(({"id": i, "name": f"dog {i}", "kind": f"kind {i % 4}", "age": i / 2} for i in range(1500)), pk="id")
dogs.upsert_all([{"id": 3, "name": "Cleo"}, {"id": 5000, "name": "Pancakes", "kind": "new"}], pk="id")
dogs.insert({"id": 7, "name": "Rex"}, replace=True)
dogs.insert({"id": 8, "name": "never"}, ignore=True)
dogs.insert({"id": 6000, "name": "Odd", "colour": {"r": 1, "g": [2]}}, alter=True)
dogs.create_index(["name"], unique=True)
dogs.create_index(["age", "id"], if_not_exists=True)
dogs.transform(types={"age": int}, rename={"name": "title"}, drop={"colour"}, not_null={"title"}, defaults={"kind": "?"})
dogs.extract("kind", table="kinds", fk_column="kind_id")
dogs.add_column("seen", str)
dogs.update(3, {"seen": "yes"})
dogs.delete_where("id between ? and ?", [100, 199])
assert dogs.get(3)["title"] == "Cleo" and dogs.count == 1402, dogs.count
assert [key.other_table for key in dogs.foreign_keys] == ["kinds"]
assert {index.name for index in dogs.indexes} >= {"idx_dogs_name"}, dogs.indexes
db.create_view("adults", "select id, title from dogs where age > 700")
assert db["dogs"].schema.startswith("CREATE TABLE")
db["compound"].insert_all([{"a": a, "b": b, "v": a * b} for a in range(9) for b in range(9)], pk=("a", "b"))
db["compound"].upsert({"a": 2, "b": 2, "v": None}, pk=("a", "b"))
db.analyze()
queries = ["select * from dogs order by id", "select * from kinds order by id", "select * from adults", "select * from compound"]
rows = {query: [list(row) for row in db.execute(query)] for query in queries}
db.vacuum()
db.close()
print(json.dumps(rows))
