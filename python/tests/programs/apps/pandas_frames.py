"""pandas: frames written to tables and read back."""

import json
import sys

import pandas as pd

import heliosdb_sqlite

heliosdb_sqlite.install()

con = heliosdb_sqlite.connect(sys.argv[1])
frame = pd.DataFrame(
    {
        "whole": range(5000),
        "real": [i / 7 for i in range(5000)],
        "word": [f"w{i % 31}" if i % 5 else None for i in range(5000)],
        "day": pd.date_range("2024-01-01", periods=5000, freq="h"),
        "yes": [bool(i % 2) for i in range(5000)],
    }
)
assert frame.to_sql("frame", con, index_label="row", chunksize=700) == 5000
frame.head(3).to_sql("frame", con, if_exists="append", index_label="row")
frame.head(10).to_sql("multi", con, index=False, method="multi")
frame.tail(4).to_sql("multi", con, index=False, if_exists="replace", dtype={"whole": "TEXT"})
read = pd.read_sql("select * from frame order by rowid limit 5000", con, index_col="row", parse_dates=["day"])
assert (read["whole"] == frame["whole"]).all() and (read["real"] == frame["real"]).all()
assert (read["day"] == frame["day"]).all() and read["word"].isna().sum() == 1000
grouped = pd.read_sql_query(
    "select word, count(*) as n, avg(real) as mean from frame where word is not null and whole < :top group by word",
    con,
    params={"top": 4000},
)
expected = frame[frame.whole < 4000].groupby("word").agg(n=("whole", "size"), mean=("real", "mean")).reset_index()
added = frame.head(3)["word"].dropna().value_counts()
for name, count in added.items():
    expected.loc[expected.word == name, "n"] += count
assert grouped["n"].tolist() == expected["n"].tolist()
assert sum(len(part) for part in pd.read_sql("select * from frame", con, chunksize=999)) == 5003
con.commit()
queries = ['select * from frame order by rowid', "select * from multi order by rowid", "select sql from sqlite_schema"]
rows = {query: [list(row) for row in con.execute(query)] for query in queries}
con.close()
print(json.dumps(rows))
