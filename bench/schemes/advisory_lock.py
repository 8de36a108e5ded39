"""(b) A lock for each user, held from the check until the cost is booked: one connection for each call under way."""

from dataclasses import dataclass

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from bench.schemes.base import Scheme


@dataclass(frozen=True, slots=True)
class Locked:
    """Is a call under way."""

    user: str
    connection: "PoolConnectionProxy[asyncpg.Record]"


class AdvisoryLock(Scheme):
    """Locks, reads, and later adds and unlocks."""

    name = "lock around the call"
    schema = "CREATE TABLE balances (user_id text PRIMARY KEY, spent bigint NOT NULL) WITH (fillfactor = 70)"
    fill = "INSERT INTO balances SELECT id, 0 FROM unnest($1::text[]) AS id"

    async def check(self, number: int) -> Locked | None:
        """Wait for the user's lock, then compare the balance with the limit."""
        locked = Locked(self.terms.user(number), await self.pool.acquire())
        await locked.connection.execute("SELECT pg_advisory_lock(hashtext($1))", locked.user)
        spent = await locked.connection.fetchval("SELECT spent FROM balances WHERE user_id = $1", locked.user)
        if spent + self.terms.held <= self.terms.limit:
            return locked
        await self._unlock(locked)
        return None

    async def commit(self, ticket: Locked) -> None:
        """Add the cost and let the next call of the user in."""
        await ticket.connection.execute(
            "UPDATE balances SET spent = spent + $2 WHERE user_id = $1", ticket.user, self.terms.spent
        )
        await self._unlock(ticket)

    async def _unlock(self, locked: Locked) -> None:
        await locked.connection.execute("SELECT pg_advisory_unlock(hashtext($1))", locked.user)
        await self.pool.release(locked.connection)
