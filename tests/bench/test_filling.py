"""A filled database is one that the authority could have written itself."""

import asyncpg
from almoner_server.store import Store

from bench.filling import fill


async def test_a_filled_database_verifies_and_has_every_index(database: str, store: Store) -> None:
    connection = await asyncpg.connect(database)
    indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'charges' ORDER BY 1"
    try:
        before = await connection.fetch(indexes)
        await fill(database, users=300, entries=3000, limits=30)
        assert await connection.fetch(indexes) == before
        counts = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM limits), (SELECT count(*) FROM chats)"
        )
    finally:
        await connection.close()
    report = await store.upkeep.verify()
    assert report.findings == ()
    assert (report.charges, report.accounts) == (3000, 330)
    assert report.holds > 0
    assert counts is not None
    assert tuple(counts) == (30, 30)
