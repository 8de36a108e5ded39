"""What PostgreSQL itself allows: the rows that a batch of lifecycles changes, in one statement for each half.

Same tables, same rows, same indexes as Almoner's, and nothing decided: no row is read, no limit evaluated, no answer
made. First the accounts, the new holds and when they end, then the accounts, the settled holds and the charges.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from almoner import new_id

from bench.traffic import NAMESPACE, user_id

HOLD = """
    WITH wanted AS MATERIALIZED (
        SELECT user_id, id FROM unnest($1::text[], $2::uuid[]) AS one (user_id, id) ORDER BY user_id
    ),
    counted AS (
        UPDATE accounts SET counters = $4, version = accounts.version + 1
        FROM wanted
        WHERE accounts.namespace = $3 AND accounts.kind = 1 AND accounts.id = wanted.user_id
    ),
    listed AS (
        INSERT INTO expiries (namespace, expire_time, hold_ids) VALUES ($3, now() + interval '10 min', $2)
    )
    INSERT INTO holds (
        namespace, id, user_id, groups, chain, held, spent, state, on_expiry, admit_time, expire_time,
        admitted_expire_time, settle_time, attributes, fingerprint, answer
    )
    SELECT
        $3, id, user_id, '{}', '{}', '{"usd_micros":1200,"in_flight":1}', '{}', 1, 1, now(), now() + interval '10 min',
        now() + interval '10 min', NULL, '{}', '\\x00112233445566778899aabbccddeeff', $5
    FROM wanted
"""
SETTLE = """
    WITH wanted AS MATERIALIZED (
        SELECT user_id, id FROM unnest($1::text[], $2::uuid[]) AS one (user_id, id) ORDER BY user_id
    ),
    counted AS (
        UPDATE accounts SET counters = $4, version = accounts.version + 1
        FROM wanted
        WHERE accounts.namespace = $3 AND accounts.kind = 1 AND accounts.id = wanted.user_id
    ),
    settled AS (
        UPDATE holds SET held = '{}', spent = '{"usd_micros":1000}', state = 2, settle_time = now()
        FROM wanted
        WHERE holds.namespace = $3 AND holds.id = wanted.id
    )
    INSERT INTO charges (
        namespace, id, hold_id, user_id, groups, chain, amounts, net, settlement, open, late, origin, occurred_at,
        create_time, attributes, overrun, fingerprint
    )
    SELECT
        $3, id, id, user_id, '{}', '{}', '{"usd_micros":1000}', '{"usd_micros":1000}', 1, false, false, 1, now(),
        now(), '{}', '{}', '\\x00112233445566778899aabbccddeeff'
    FROM wanted
"""
ACCOUNTS = """
    INSERT INTO accounts (namespace, kind, id, day, units, counters, open_estimates, open_unpriced, version)
    SELECT $1, 1, id, current_date, '{in_flight,usd_micros}', array_fill(0, ARRAY[16]), 0, 0, 1
    FROM unnest($2::text[]) AS id
"""
COUNTERS = [1_000_000 + number for number in range(16)]
ANSWER = '[[2,1,"","usd_micros",3,1000000000000000,123456,7890,1793491200,1796083200]]'
Tickets = tuple[list[str], list[UUID]]


class Raw:
    """Runs the statements, each its own transaction. Batches under way at once have no user in common."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", users: int) -> None:
        self._pool = pool
        self._users = users

    async def check_many(self, number: int, size: int) -> Tickets:
        """Write what `size` checks with holds change."""
        users = [user_id((number + place) % self._users) for place in range(size)]
        tickets = (users, [UUID(new_id()) for _ in range(size)])
        await self._pool.execute(HOLD, *tickets, NAMESPACE, COUNTERS, ANSWER)
        return tickets

    async def commit_many(self, tickets: Tickets) -> None:
        """Write what their commits change."""
        await self._pool.execute(SETTLE, *tickets, NAMESPACE, COUNTERS)


@dataclass(frozen=True, slots=True)
class RawPostgres:
    """Opens `at_once` connections to a database with Almoner's schema."""

    dsn: str
    users: int
    at_once: int

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Raw]:
        """Connect while the block runs."""
        async with asyncpg.create_pool(self.dsn, min_size=self.at_once, max_size=self.at_once) as pool:
            yield Raw(pool, self.users)


async def prepare(dsn: str, users: int) -> None:
    """Give every user an account: Almoner has them after its warm-up too."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(ACCOUNTS, NAMESPACE, [user_id(number) for number in range(users)])
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
