"""The store as the rest of the server sees it."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID, uuid4

from almoner_server.core.book import Book
from almoner_server.core.requests import Check, Request
from almoner_server.core.status import StatusRequest
from almoner_server.store import migrate
from almoner_server.store.batch import Batches, BatchOutcome, require_declared
from almoner_server.store.clock import Clock
from almoner_server.store.connect import Database
from almoner_server.store.facts import Facts
from almoner_server.store.groups import UserGroups
from almoner_server.store.ledger import Ledger
from almoner_server.store.limit_lists import LimitLists
from almoner_server.store.limits import LimitEditor
from almoner_server.store.namespaces import Namespaces
from almoner_server.store.sessions import StoreOptions
from almoner_server.store.status import read_status
from almoner_server.store.upkeep import Upkeep
from almoner_server.store.waiting import Waiting


class Limits(LimitEditor, LimitLists):
    """Sets, raises, deletes and lists limits."""


class Store:
    """Holds the connections of one process to the database, and what it remembers of it.

    Every method that asks the database raises StoreUnavailable when it cannot be reached: then it is not
    known whether a change was made, and the same call may be sent again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._facts = Facts()
        self._replica = uuid4()
        self._batches = Batches(database, self._facts, self._replica)
        self.limits = Limits(database)
        self.groups = UserGroups(database)
        self.namespaces = Namespaces(database, self._facts)
        self.ledger = Ledger(database)
        self.upkeep = Upkeep(database)
        self.waiting = Waiting(database, self._replica)
        self.clock = Clock(database)

    @classmethod
    async def open(cls, dsn: str, options: StoreOptions | None = None) -> Self:
        """Connect. The schema is not looked at."""
        return cls(await Database.open(dsn, options or StoreOptions()))

    async def server_version(self) -> str:
        """Return the version of PostgreSQL, such as "15.18"."""
        return await self._database.server_version()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._database.close()

    async def ping(self) -> None:
        """Make sure that the database answers."""
        await self.clock.now()

    async def end_unheard(self, seconds: float) -> int:
        """End connections that the database does not hear any more; see `Database.end_unheard`."""
        return await self._database.end_unheard(seconds)

    async def migrate(self) -> list[str]:
        """Bring the schema up to date; see `store.migrate.migrate`."""
        return await migrate.migrate(self._database.dsn, self._database.options)

    async def check_schema(self) -> None:
        """Make sure the schema is the one of this version; see `store.migrate.check_schema`."""
        await migrate.check_schema(self._database.dsn, self._database.options)

    async def run_batch(self, requests: Sequence[Request]) -> BatchOutcome:
        """Carry requests out in one transaction; see `store.batch.Batches.run`."""
        return await self._batches.run(requests)

    async def read_status(self, request: StatusRequest) -> Book:
        """Read the book for a status report; see `store.status.read_status`."""
        return await read_status(self._database, request, self._replica)

    def user_of_hold(self, namespace: str, hold_id: UUID) -> str | None:
        """Return whose a hold is, without asking the database; None if this process does not remember."""
        return self._facts.user_of_hold(namespace, hold_id)

    def require_remembered_units(self, check: Check) -> None:
        """Look at the units of a check without asking the database; see `Backend.require_known_units`."""
        rules = self._facts.rules.get(check.namespace)
        if rules is not None:
            require_declared(rules, check)
