"""aiosqlite: several connections, each on a thread of its own, share a file."""

import asyncio
import json
import sys

import heliosdb_sqlite

heliosdb_sqlite.install()

import aiosqlite  # noqa: E402


async def worker(path, name):
    async with aiosqlite.connect(path, timeout=60, isolation_level=None) as db:
        done = 0
        while True:
            await db.execute("begin immediate")
            async with db.execute("select id from job where taken is null order by id limit 1") as cursor:
                row = await cursor.fetchone()
            if row is None:
                await db.execute("rollback")
                return done
            await db.execute("update job set taken = ? where id = ?", (name, row[0]))
            await db.execute("commit")
            done += 1


async def main(path):
    async with aiosqlite.connect(path) as db:
        await db.executescript("create table job(id integer primary key, what text, taken text); create index by_taken on job(taken);")
        await db.executemany("insert into job(what) values (?)", [(f"job {i}",) for i in range(120)])
        await db.commit()
        await db.create_function("twice", 1, lambda x: x * 2)
        async with db.execute("select twice(max(id)) from job") as cursor:
            assert await cursor.fetchone() == (240,)
    taken = await asyncio.gather(*(worker(path, f"w{i}") for i in range(4)))
    assert sum(taken) == 120, taken
    async with aiosqlite.connect(path) as db:
        db.row_factory = aiosqlite.Row
        names = [row["what"] async for row in await db.execute("select what from job where taken is not null order by id")]
        assert len(names) == 120
        lines = [line async for line in db.iterdump()]
        assert lines[0] == "BEGIN TRANSACTION;" and len(lines) == 124, len(lines)
        query = "select * from job order by id"
        db.row_factory = None
        return {query: [list(row) for row in await db.execute_fetchall(query)]}


print(json.dumps(asyncio.run(main(sys.argv[1]))))
