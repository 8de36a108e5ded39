"""Waiting until somebody in a database waits for a lock."""

import asyncio

import asyncpg

BLOCKED = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%' || $1 || '%'
"""
A_BATCH = "WITH namespaces_kept AS"
"""Begins the statement by which a batch is written. PostgreSQL shows the first 1,024 characters of it only."""


async def until_blocked(database: str, statement: str = "", count: int = 1) -> None:
    """Wait until `count` statements that contain these words wait for a lock. Raises TimeoutError after 10 s.

    Where a server runs the words matter: one of its loops may wait for the same lock.
    """
    watcher = await asyncpg.connect(database)
    try:
        async with asyncio.timeout(10):
            while await watcher.fetchval(BLOCKED, statement) < count:
                pass  # each look is a round trip: the others run meanwhile
    finally:
        await watcher.close()
