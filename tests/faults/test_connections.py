"""Somebody else takes every connection that the database has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import asyncpg
from almoner_server.embedded import EmbeddedPostgres
from almoner_server.store import StoreOptions
from almoner_server.store.migrate import migrate

from tests.faults.conftest import Trial
from tests.faults.load import Pace
from tests.faults.service import service

KILL = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'almoner%'
"""


async def test_the_server_loses_its_connections_and_all_others_are_taken(
    trial: Trial, pace: Pace, public_dir: Path, log: Path
) -> None:
    async with EmbeddedPostgres(public_dir / "d") as postgres:
        await migrate(postgres.dsn, StoreOptions())
        async with service(log, "--database-url", postgres.dsn) as server:
            async with trial("out of connections", postgres.dsn, [server.address]), all_taken(postgres.dsn):
                await asyncio.sleep(pace.silence)
            assert server.starts == 1


@asynccontextmanager
async def all_taken(dsn: str) -> AsyncIterator[None]:
    """Take every connection there is, the server's too: whenever it loses one, another is faster."""
    async with AsyncExitStack() as taken:
        administrator = await _take(dsn, taken)
        while await administrator.fetchval(KILL):
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    await _take(dsn, taken)
        yield


async def _take(dsn: str, taken: AsyncExitStack) -> "asyncpg.Connection[asyncpg.Record]":
    connection = await asyncpg.connect(dsn)
    taken.push_async_callback(connection.close)
    return connection
