"""A small shop, on a database file that the standard library's `sqlite3` made.

The standard library makes the file: tables with foreign keys, indexes, a view, triggers, and the first goods. The shop
then runs on our module: it sells, refuses, takes an order back, changes prices, and reports. At the end the standard
library checks the file, reads the same report from it and changes it, and the shop's connection, open all the time,
sees the changes. `import heliosdb_sqlite as sqlite3` is all that tells the shop which module it runs on.
"""

import os
import sqlite3 as stock
import tempfile

import heliosdb_sqlite as sqlite3

SCHEMA = """
CREATE TABLE customer(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE COLLATE NOCASE
);
CREATE TABLE product(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    price REAL NOT NULL CHECK(price >= 0),
    stock INTEGER NOT NULL DEFAULT 0 CHECK(stock >= 0)
);
CREATE TABLE purchase(
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customer(id) ON DELETE CASCADE,
    made_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE item(
    purchase_id INTEGER NOT NULL REFERENCES purchase(id) ON DELETE CASCADE,
    product_id INTEGER NOT NULL REFERENCES product(id),
    quantity INTEGER NOT NULL CHECK(quantity > 0),
    PRIMARY KEY(purchase_id, product_id)
) WITHOUT ROWID;
CREATE INDEX purchase_customer ON purchase(customer_id);
CREATE INDEX item_product ON item(product_id);
CREATE TABLE audit(what TEXT, product_id INTEGER, quantity INTEGER);

CREATE TRIGGER item_sold AFTER INSERT ON item BEGIN
    UPDATE product SET stock = stock - new.quantity WHERE id = new.product_id;
    INSERT INTO audit VALUES ('sold', new.product_id, new.quantity);
END;
CREATE TRIGGER item_returned AFTER DELETE ON item BEGIN
    UPDATE product SET stock = stock + old.quantity WHERE id = old.product_id;
    INSERT INTO audit VALUES ('returned', old.product_id, old.quantity);
END;

CREATE VIEW sales AS
    SELECT c.name AS customer, p.id AS purchase, sum(i.quantity * pr.price) AS total
    FROM customer c
    JOIN purchase p ON p.customer_id = c.id
    JOIN item i ON i.purchase_id = p.id
    JOIN product pr ON pr.id = i.product_id
    GROUP BY p.id;
"""


CUSTOMERS = [("Ada", "ada@example.org"), ("Grace", "grace@example.org"), ("Edsger", None)]
GOODS = [
    {"name": "Lamp", "price": 19.5, "stock": 10},
    {"name": "Desk", "price": 180.0, "stock": 3},
    {"name": "Pencil", "price": 0.4, "stock": 500},
]


def make(path: str) -> None:
    """Makes the file with the standard library."""
    conn = stock.connect(path)
    conn.executescript(SCHEMA)
    with conn:
        conn.executemany("INSERT INTO customer(name, email) VALUES (?, ?)", CUSTOMERS)
        conn.executemany("INSERT INTO product(name, price, stock) VALUES (:name, :price, :stock)", GOODS)
    conn.close()


def sell(conn: sqlite3.Connection, customer: str, basket: dict) -> int:
    with conn:
        cursor = conn.execute(
            "INSERT INTO purchase(customer_id) SELECT id FROM customer WHERE name = ? RETURNING id", (customer,)
        )
        (purchase,) = cursor.fetchone()
        cursor.close()
        for product, quantity in basket.items():
            conn.execute(
                "INSERT INTO item SELECT ?, id, ? FROM product WHERE name = ?", (purchase, quantity, product)
            )
    return purchase


def work(conn: sqlite3.Connection) -> None:
    """A day in the shop."""
    sell(conn, "Ada", {"Lamp": 2, "Pencil": 20})
    sell(conn, "Grace", {"Desk": 1})
    returned = sell(conn, "Edsger", {"Pencil": 5})
    refused = {
        "nine desks where two are left": lambda: sell(conn, "Grace", {"Desk": 9}),
        "an unknown customer": lambda: conn.execute("INSERT INTO purchase(customer_id) VALUES (99)"),
        "a second ADA@example.org": lambda: conn.execute("INSERT INTO customer(name, email) VALUES ('A', 'ADA@example.org')"),
        "a product that was sold": lambda: conn.execute("DELETE FROM product WHERE name = 'Lamp'"),
    }
    for what, attempt in refused.items():
        try:
            attempt()
        except sqlite3.IntegrityError as error:
            conn.rollback()
            print(f"  refused {what}: {error}")
        else:
            raise AssertionError(f"{what} was let in")
    with conn:
        conn.execute("DELETE FROM purchase WHERE id = ?", (returned,))
        conn.execute("UPDATE product SET price = price * 1.1 WHERE name = 'Lamp'")
        conn.execute("CREATE INDEX product_price ON product(price)")
        conn.execute("ALTER TABLE customer ADD COLUMN city TEXT DEFAULT 'Oslo'")
    print(f"  {conn.execute('SELECT count(*) FROM purchase').fetchone()[0]} purchases, changes: {conn.total_changes}")


REPORTS = {
    "Sales": "SELECT customer, purchase, total FROM sales ORDER BY total DESC",
    "Stock": "SELECT name, stock, price, rank() OVER (ORDER BY stock DESC) FROM product ORDER BY name",
    "Customers": """
        SELECT c.name, c.city, count(p.id), group_concat(p.id) FROM customer c
        LEFT JOIN purchase p ON p.customer_id = c.id GROUP BY c.id ORDER BY c.name""",
    "Audit": "SELECT what, count(*), sum(quantity) FROM audit GROUP BY what ORDER BY what",
    "Reordering": """
        WITH RECURSIVE week(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM week WHERE n < 3)
        SELECT p.name, week.n, max(0, p.stock - 2 * week.n) FROM product p, week WHERE p.name = 'Desk'""",
}


def reports(conn) -> dict:
    return {title: conn.execute(query).fetchall() for title, query in REPORTS.items()}


def shown(value) -> str:
    if isinstance(value, float):
        return f"{value:9.2f}"
    return f"{'-' if value is None else value:<9}"


def show(found: dict) -> None:
    for title, rows in found.items():
        print(f"  {title}")
        for row in rows:
            print("   ", *(shown(value) for value in row))


def check(conn) -> None:
    """Both modules find the file sound."""
    problems = conn.execute("PRAGMA integrity_check").fetchall() + conn.execute("PRAGMA foreign_key_check").fetchall()
    assert problems == [("ok",)], problems


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "shop.db")
        make(path)
        print(f"1. SQLite {stock.sqlite_version} made {os.path.basename(path)}, {os.path.getsize(path)} bytes.")

        print("2. The shop works on it with heliosdb_sqlite:")
        conn = sqlite3.connect(path)
        conn.execute("PRAGMA foreign_keys = ON")
        work(conn)
        ours = reports(conn)
        show(ours)
        check(conn)
        print("  integrity ok")

        print("3. SQLite opens the file that the shop wrote:")
        other = stock.connect(path)
        check(other)
        theirs = reports(other)
        assert theirs == ours
        print(f"  integrity ok, its {len(theirs)} reports equal ours")
        with other:
            other.execute("INSERT INTO customer(name, city) VALUES ('Barbara', 'Boston')")
            other.execute("UPDATE product SET stock = stock + 7 WHERE name = 'Desk'")
            other.execute("CREATE TABLE supplier(name TEXT PRIMARY KEY, product_id REFERENCES product(id))")
            other.execute("INSERT INTO supplier SELECT 'Elm & Oak', id FROM product WHERE name = 'Desk'")
        print("  it adds a customer, seven desks and a table of suppliers")

        print("4. The shop's connection sees it, and sells the new desks:")
        sell(conn, "Barbara", {"Desk": 9})
        found = conn.execute("SELECT s.name, p.name, p.stock FROM supplier s JOIN product p ON p.id = s.product_id").fetchall()
        assert found == [("Elm & Oak", "Desk", 0)], found
        show({"Suppliers": found, "Sales": conn.execute(REPORTS["Sales"]).fetchall()})
        conn.close()

        check(other)
        assert other.execute("SELECT max(total) FROM sales").fetchone() == (1620.0,)
        other.close()
        print("5. SQLite finds integrity ok at the end.")


if __name__ == "__main__":
    main()
