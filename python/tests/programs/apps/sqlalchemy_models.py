"""The models and the work of both SQLAlchemy programs."""

import datetime
import decimal

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, Numeric, String, func, insert, select, text, update
from sqlalchemy import exc, inspect
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    extra: Mapped[dict] = mapped_column(JSON, default=dict)
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "book"
    __table_args__ = (Index("book_by_title", "title"), Index("cheap", "price", sqlite_where=text("price < 10")))
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[decimal.Decimal] = mapped_column(Numeric(8, 2))
    cover: Mapped[bytes | None] = mapped_column(LargeBinary)
    made: Mapped[datetime.datetime] = mapped_column(DateTime)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


def work(engine):
    """Fills the file through the engine; the queries and the rows they must give."""
    Base.metadata.create_all(engine)
    when = datetime.datetime(2024, 5, 6, 7, 8, 9, 101112)
    with Session(engine) as session:
        ada = Author(name="Ada", extra={"born": 1815, "langs": ["en", "fr"]})
        ada.books = [Book(title=f"Notes {i}", price=decimal.Decimal(i) / 4, cover=bytes([i]), made=when) for i in range(60)]
        session.add_all([ada, Author(name="Grace")])
        session.commit()
        session.add(Author(name="Ada"))
        try:
            session.commit()
            raise AssertionError("a second Ada was let in")
        except exc.IntegrityError as error:
            assert error.orig.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE", error.orig
            session.rollback()
        # A savepoint that is undone inside a transaction that is kept.
        with session.begin():
            with session.begin_nested() as nested:
                session.add(Author(name="Nobody"))
                session.flush()
                nested.rollback()
            session.add(Author(name="Edsger"))
    with Session(engine) as session:
        found = session.scalars(select(Author).options(joinedload(Author.books)).where(Author.name == "Ada")).unique().one()
        assert len(found.books) == 60 and found.books[3].price == decimal.Decimal("0.75")
        assert found.books[0].made == when and found.extra["langs"] == ["en", "fr"]
        born = session.scalar(select(Author.name).where(Author.extra["born"].as_integer() == 1815))
        assert born == "Ada"
        counted = session.execute(
            select(Author.name, func.count(Book.id)).outerjoin(Book).group_by(Author.id).order_by(Author.name)
        ).all()
        assert [tuple(row) for row in counted] == [("Ada", 60), ("Edsger", 0), ("Grace", 0)]
        ranked = select(Book.id, func.row_number().over(order_by=Book.price.desc()).label("place")).subquery()
        assert session.scalar(select(ranked.c.id).where(ranked.c.place == 1)) == 60
        session.delete(found.books[0])
        session.execute(update(Book).where(Book.id > 50).values(price=Book.price + 1))
        session.commit()
    with engine.begin() as con:
        made = con.execute(
            insert(Author).returning(Author.id), [{"name": f"many {i}", "extra": {}} for i in range(500)]
        ).all()
        assert len(made) == 500
        con.execute(
            upsert(Author).values(name="Grace", extra={"navy": True}).on_conflict_do_update(
                index_elements=["name"], set_={"extra": {"navy": True}}
            )
        )
    inspector = inspect(engine)
    assert {index["name"] for index in inspector.get_indexes("book")} == {"book_by_title", "cheap"}
    assert inspector.get_foreign_keys("book")[0]["referred_table"] == "author"
    assert inspector.get_unique_constraints("author")[0]["column_names"] == ["name"]
    assert [column["name"] for column in inspector.get_columns("author")] == ["id", "name", "extra"]
    queries = ["select * from author order by id", "select id, title, price, hex(cover), made, author_id from book order by id"]
    with engine.connect() as con:
        return {query: [list(row) for row in con.exec_driver_sql(query)] for query in queries}
