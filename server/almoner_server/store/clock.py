"""The one clock of all replicas is the database's. A test may stop it or move it; nobody else does."""

from datetime import datetime, timedelta

from almoner_server.store.connect import Database
from almoner_server.store.queries import query


class Clock:
    """Reads the clock and, for tests, sets it. Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self) -> datetime:
        """Return the moment that decisions are made at."""
        async with self._database.transaction() as connection:
            now: datetime = await connection.fetchval(query("now"))
            return now

    async def freeze(self, at: datetime) -> None:
        """Stop the clock at a moment, until it is set again."""
        await self._set("freeze_clock", at)

    async def advance(self, by: timedelta) -> None:
        """Move the clock; it stands or runs as before."""
        await self._set("advance_clock", by)

    async def reset(self) -> None:
        """Go back to real time."""
        await self._set("reset_clock")

    async def _set(self, name: str, *arguments: object) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(query(name), *arguments)
