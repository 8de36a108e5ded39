"""What has to happen by itself: holds expire, what is long settled is forgotten, sums are verified."""

from dataclasses import dataclass
from datetime import timedelta

from almoner_server.core.requests import Expire
from almoner_server.store.connect import Database
from almoner_server.store.pools import abandon_stale
from almoner_server.store.queries import query
from almoner_server.store.repair import repair
from almoner_server.store.verify import Report, verify

KEEP = timedelta(days=8)
"""How long settled holds are kept: an id must stay recognised for at least 7 days."""


@dataclass(frozen=True, slots=True)
class Due:
    """Holds requests that expire what is due, oldest first, and tells whether there may be `more`."""

    requests: list[Expire]
    more: bool


class Upkeep:
    """Finds, forgets and verifies. Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holds_due(self, rows: int = 100, holds: int = 5000) -> Due:
        """Find the holds whose time has run out, oldest first, each once. They have to be ended before the next look.

        Looks at no more than so many rows of the list for each namespace, and at no further one once these list so
        many holds together. What has ended or was extended goes from the list.
        """
        async with self._database.statements() as connection:
            row = await connection.fetchrow(query("holds_due"), rows, holds)
        assert row is not None
        return Due(list(map(Expire, row["namespaces"], row["hold_ids"])), row["more"])

    async def prune(self, keep: timedelta = KEEP, limit: int = 1000) -> int:
        """Delete holds settled, and overrides over, for longer than `keep`. The ledger is never pruned.

        Deletes at most `limit` of each; returns how many. To be called again until that is 0.
        """
        async with self._database.transaction() as connection:
            deleted: int = await connection.fetchval(query("prune"), keep, limit)
        return deleted

    async def abandon_stale_fillings(self) -> int:
        """Forget pools that nobody fills any more; returns how many. See `store.pools.abandon_stale`."""
        return await abandon_stale(self._database)

    async def verify(self) -> Report:
        """Compare every counter with the ledger; see `store.verify`."""
        return await verify(self._database)

    async def repair(self, report: Report) -> int:
        """Make wrong, missing and left-over rows anew; returns how many. See `store.repair.repair`."""
        return await repair(self._database, report.findings)
