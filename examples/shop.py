"""A small shop: several tables with indexes, foreign keys, a view and a trigger.

It fills the shop, sells, takes one order back, and prints a report. The import is the only line that tells
which module it runs on.
"""

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


def fill(conn: sqlite3.Connection) -> None:
    conn.executescript(SCHEMA)
    conn.execute("PRAGMA foreign_keys = ON")
    with conn:
        conn.executemany(
            "INSERT INTO customer(name, email) VALUES (?, ?)",
            [("Ada", "ada@example.org"), ("Grace", "grace@example.org"), ("Edsger", None)],
        )
        conn.executemany(
            "INSERT INTO product(name, price, stock) VALUES (:name, :price, :stock)",
            [
                {"name": "Lamp", "price": 19.5, "stock": 10},
                {"name": "Desk", "price": 180.0, "stock": 3},
                {"name": "Pencil", "price": 0.4, "stock": 500},
            ],
        )


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


def report(conn: sqlite3.Connection) -> None:
    conn.row_factory = sqlite3.Row
    print("Sales")
    for row in conn.execute("SELECT * FROM sales ORDER BY total DESC"):
        print(f"  {row['customer']:<8} purchase {row['purchase']}  {row['total']:>8.2f}")
    print("Stock")
    for row in conn.execute("SELECT name, stock, rank() OVER (ORDER BY stock DESC) AS place FROM product ORDER BY name"):
        print(f"  {row['name']:<8} {row['stock']:>4}  (place {row['place']})")
    events = conn.execute("SELECT what, count(*) AS n FROM audit GROUP BY what ORDER BY what").fetchall()
    print("Audit:", ", ".join(f"{row['n']} {row['what']}" for row in events))


def main() -> None:
    conn = sqlite3.connect(":memory:")
    fill(conn)
    sell(conn, "Ada", {"Lamp": 2, "Pencil": 20})
    sell(conn, "Grace", {"Desk": 1})
    returned = sell(conn, "Edsger", {"Pencil": 5})
    try:
        sell(conn, "Grace", {"Desk": 9})
    except sqlite3.IntegrityError as error:
        print("Refused:", error)
    with conn:
        conn.execute("DELETE FROM purchase WHERE id = ?", (returned,))
    report(conn)
    problems = conn.execute("PRAGMA foreign_key_check").fetchall() + [
        row for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"
    ]
    print("Integrity:", "ok" if not problems else problems)
    conn.close()


if __name__ == "__main__":
    main()
