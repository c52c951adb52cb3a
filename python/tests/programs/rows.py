con.row_factory = sqlite3.Row
row = con.execute("select 1 as a, 2 as B, 3 as a").fetchone()
type(row).__name__
(row["a"], row["A"], row["b"], row["B"], row[0], row[-1], row[0:2])
row.keys()
len(row)
list(row)
tuple(row)
dict(zip(row.keys(), row))
dict(row)
row["c"]
row[3]
row[-4]
row[1.5]
row[2**70]
row[None]
row == con.execute("select 1 as a, 2 as B, 3 as a").fetchone()
row == con.execute("select 1 as a, 2 as B, 4 as a").fetchone()
row == con.execute("select 1 as a, 2 as b, 3 as a").fetchone()
row == (1, 2, 3)
row != (1, 2, 3)
row < row
hash(row) == hash(con.execute("select 1 as a, 2 as B, 3 as a").fetchone())
row[0] = 5
import collections.abc
(isinstance(row, collections.abc.Sequence), isinstance(row, tuple))
list(reversed(row))
2 in row
con.execute("select ?, ?, ?", row).fetchone()[2]
sqlite3.Row()
sqlite3.Row(1, (1,))
sqlite3.Row(con.cursor(), [1])
sqlite3.Row(con.execute("select 1 as x"), (5,))["x"]
# ---
con.row_factory = lambda cursor, row: (cursor.description[0][0], row)
con.execute("select 1 as one").fetchone()
con.execute("select 1 as one").fetchall()
cur = con.cursor()
cur.row_factory = None
cur.execute("select 1").fetchone()
con.row_factory = None
con.cursor().row_factory
con.row_factory = 5
con.execute("select 1").fetchone()
con.row_factory = sqlite3.Row
con.cursor().row_factory is sqlite3.Row
class MyRow(sqlite3.Row):
    pass
con.row_factory = MyRow
type(con.execute("select 1").fetchone()).__name__
con.execute("select 1 as É").fetchone()["é"]
con.execute("select 1 as É").fetchone()["É"]
# ---
class MyCursor(sqlite3.Cursor):
    def fetchone(self):
        return "mine"
con.cursor(MyCursor).execute("select 1").fetchone()
con.cursor(factory=MyCursor).execute("select 1").fetchall()
con.cursor(lambda connection: 5)
con.cursor(lambda connection: None)
con.cursor(None)
class Bad(sqlite3.Cursor):
    def __init__(self, connection):
        pass
bad = con.cursor(Bad)
bad.execute("select 1")
bad.fetchone()
bad.close()
sqlite3.Cursor()
sqlite3.Cursor(1)
class BadConnection(sqlite3.Connection):
    def __init__(self):
        pass
bad = BadConnection()
bad.cursor()
bad.execute("select 1")
bad.commit()
bad.rollback()
bad.close()
bad.in_transaction
bad.total_changes
bad.isolation_level
bad.interrupt()
bad("select 1")
