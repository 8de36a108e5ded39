"""What the schemes on PostgreSQL have in common: a pool of connections, and one table of users."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg

from bench.traffic import HELD, SPENT, user_id

CONNECTIONS = 32
"""Beyond this none of the schemes was faster on two cores."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Says who spends, how much, and up to which limit a month."""

    users: int
    limit: int
    held: int = HELD
    spent: int = SPENT

    def user(self, number: int) -> str:
        """Name the user whose turn it is."""
        return user_id(number % self.users)


class Scheme(ABC):
    """Checks and commits."""

    name: ClassVar[str]
    schema: ClassVar[str]
    fill: ClassVar[str] = ""
    """A statement that enters the users; its only parameter is the list of their ids."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", terms: Terms) -> None:
        self.pool = pool
        self.terms = terms

    @abstractmethod
    async def check(self, number: int) -> Any:
        """Ask for the user whose turn it is. Returns a ticket; None is a refusal."""

    @abstractmethod
    async def commit(self, ticket: Any) -> None:
        """Tell what it cost."""


@dataclass(frozen=True, slots=True)
class InProcess:
    """Opens a scheme."""

    scheme: type[Scheme]
    dsn: str
    terms: Terms

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Scheme]:
        """Connect while the block runs."""
        async with asyncpg.create_pool(self.dsn, min_size=1, max_size=CONNECTIONS) as pool:
            yield self.scheme(pool, self.terms)


async def prepare(scheme: type[Scheme], dsn: str, terms: Terms) -> InProcess:
    """Make the scheme's tables in an empty database."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(scheme.schema)
        if scheme.fill:
            await connection.execute(scheme.fill, [terms.user(number) for number in range(terms.users)])
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return InProcess(scheme, dsn, terms)
