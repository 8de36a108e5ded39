"""Change something of a namespace: one change at a time, each with a revision of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from almoner_server.core.errors import RequestFailed, not_found
from almoner_server.store.connect import Connection, Database
from almoner_server.store.queries import query
from almoner_server.store.seams import CHANNEL, limits_payload


@dataclass(frozen=True, slots=True)
class Locked:
    """Is a namespace that nobody else changes until the transaction ends. `now` is after it was locked."""

    connection: Connection
    name: str
    units: tuple[str, ...]
    now: datetime

    async def bump(self, *, rules: bool) -> int:
        """Begin a new revision and return its number; with `rules`, cached rules are read anew.

        Whoever waits for room in the namespace is woken once the change is committed.
        """
        revision: int = await self.connection.fetchval(query("bump_revision"), self.name, int(rules))
        await self.connection.execute(query("notify_waiting"), CHANNEL, limits_payload(self.name))
        return revision


@asynccontextmanager
async def locked_namespace(database: Database, name: str) -> AsyncIterator[Locked]:
    """Run a transaction that changes a namespace. Raises NAMESPACE_NOT_FOUND and StoreUnavailable."""
    async with database.transaction() as connection:
        units = await connection.fetchval(query("lock_namespace"), name)
        if units is None:
            raise no_namespace(name)
        yield Locked(connection, name, tuple(units), await connection.fetchval(query("now")))


async def require_namespace(connection: Connection, name: str) -> None:
    """Raise RequestFailed NAMESPACE_NOT_FOUND if there is no such namespace."""
    if await connection.fetchrow(query("read_namespace"), name) is None:
        raise no_namespace(name)


def no_namespace(name: str) -> RequestFailed:
    """Make the NOT_FOUND of a namespace."""
    return not_found(
        "NAMESPACE_NOT_FOUND", f"namespace: there is no namespace {name}", field="namespace", value=name
    )


def require_etag(given: str, current: str, what: str) -> None:
    """Raise RequestFailed ETAG_MISMATCH unless the etag is the current one or empty. No current one is ''."""
    if given and given != current:
        message = (
            f"etag: {what} has changed: its etag is {current or 'none, since it does not exist'}, not {given}"
        )
        raise RequestFailed("ABORTED", "ETAG_MISMATCH", message, field="etag", value=given, limit=current)
