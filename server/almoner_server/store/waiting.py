"""Tell other replicas when room is made, but only while some replica has callers that wait for it.

Notifications only speed things up: a poll of versions and revisions finds everything they could have told.
"""

import asyncio
import json
from collections.abc import Callable, Collection
from datetime import timedelta
from uuid import UUID

import asyncpg

from almoner_server.core.records import AccountKey
from almoner_server.store.connect import Database
from almoner_server.store.errors import translated
from almoner_server.store.json_rows import to_json_rows
from almoner_server.store.queries import query
from almoner_server.store.seams import CHANNEL, tag_of

OnFreed = Callable[[frozenset[int]], None]
OnLimits = Callable[[str], None]


class Subscription:
    """Listens on a connection of its own until closed, or until `lost` is set since that connection broke."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self.lost = asyncio.Event()
        connection.add_termination_listener(lambda _: self.lost.set())

    async def close(self) -> None:
        """Stop listening."""
        self._connection.terminate()


class Waiting:
    """Announces that this replica waits, listens, and polls. Every method raises StoreUnavailable."""

    def __init__(self, database: Database, replica: UUID) -> None:
        self._database = database
        self._replica = replica

    async def announce(self, lease: timedelta) -> None:
        """Ask the other replicas to notify what they free, for as long as the lease runs."""
        await self._execute("announce_waiting", self._replica, lease)

    async def withdraw(self) -> None:
        """Say that nobody waits here any more."""
        await self._execute("withdraw_waiting", self._replica)

    async def listen(self, on_freed: OnFreed, on_limits: OnLimits) -> Subscription:
        """Call `on_freed` with the tags of accounts on which room was made, `on_limits` with a namespace.

        The second means that limits, groups or settings of that namespace have changed.
        """
        options = self._database.options
        with translated():
            connection = await asyncpg.connect(
                self._database.dsn,
                timeout=options.connect_timeout,
                server_settings={"application_name": f"{options.application_name} listen"},
            )

            def heard(*notification: object) -> None:
                told = json.loads(str(notification[-1]))
                if "freed" in told:
                    on_freed(frozenset(told["freed"]))
                else:
                    on_limits(told["namespace"])

            await connection.add_listener(CHANNEL, heard)
        return Subscription(connection)

    def tag_of(self, key: AccountKey) -> int:
        """Return the number that stands for an account in what `on_freed` is called with."""
        return tag_of(key)

    async def versions(self, keys: Collection[AccountKey]) -> dict[AccountKey, int]:
        """Return for each account a number that grows when it changes; 0 as long as nobody has used it."""
        if not keys:
            return {}
        async with self._database.snapshot() as connection:
            wanted = to_json_rows(("namespace", "kind", "id"), keys)
            rows = await connection.fetch(query("account_versions"), wanted)
        found = {(row["namespace"], row["kind"], row["id"]): row["version"] for row in rows}
        return {key: found.get(key, 0) for key in keys}

    async def revisions(self, namespaces: Collection[str]) -> dict[str, int]:
        """Return for each namespace a number that grows with every change of limits, groups or settings."""
        async with self._database.snapshot() as connection:
            rows = await connection.fetch(query("namespace_revisions"), list(namespaces))
        return {row["name"]: row["revision"] for row in rows}

    async def _execute(self, name: str, *arguments: object) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(query(name), *arguments)
