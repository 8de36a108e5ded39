"""Looks past the server, again and again, whether any account is over any of its limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

OVERSPEND = Path(__file__).with_name("overspend.sql").read_text()
GONE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 2.0


class Watch:
    """Counts how often it looked and remembers the worst it saw."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.looks = 0
        self.worst = 0
        """The most by which an account was over a limit."""

    async def look(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Look once."""
        rows = await connection.fetch(OVERSPEND, timeout=PATIENCE_SECONDS)
        self.looks += 1
        self.worst = max(self.worst, *(int(row["excess"]) for row in rows), 0)

    async def go_on(self) -> None:
        """Look until cancelled; whenever the database is away, from its return on."""
        while True:
            with suppress(*GONE):
                connection = await asyncpg.connect(self._dsn, timeout=PATIENCE_SECONDS)
                try:
                    while True:
                        await self.look(connection)
                        await asyncio.sleep(LOOK_SECONDS)
                finally:
                    connection.terminate()
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def watching(dsn: str) -> AsyncIterator[Watch]:
    """Watch while the block runs."""
    watch = Watch(dsn)
    task = asyncio.create_task(watch.go_on())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
