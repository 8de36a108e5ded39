"""A pool has an account row exactly as long as it is limited, so that no pool without a limit is a hot row.

What was spent before the first limit counts too, and summing it up takes as long as the ledger is. So it is done
beside the traffic: from one moment on every batch counts on the pool, then the entries of before are summed up as of
that moment, then the sum is added in the transaction that stores the limit.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg

from almoner_server.core.calendar import day_of
from almoner_server.core.records import Target
from almoner_server.core.terms import AccountKind, TargetKind
from almoner_server.store.connect import Database
from almoner_server.store.errors import StoreUnavailable
from almoner_server.store.json_rows import encode
from almoner_server.store.namespace_lock import Locked, locked_namespace
from almoner_server.store.queries import query
from almoner_server.store.rows import account_of
from almoner_server.store.sessions import patience
from almoner_server.store.written_rows import account_row

FILL_SECONDS = 600.0
"""How long the filling of a pool may take: it reads the namespace's ledger once."""
STALE = timedelta(seconds=2 * FILL_SECONDS)
"""After which nobody is filling a pool any more who has not said that he is done."""
POLL_SECONDS = 0.1
NEVER_IDLE = "SET LOCAL idle_in_transaction_session_timeout = 0"
"""SQL that lets a transaction wait for the lock of another connection."""

KINDS = {
    TargetKind.GROUP_POOL: AccountKind.GROUP,
    TargetKind.NAMESPACE_POOL: AccountKind.NAMESPACE,
}


class Unfilled(Exception):
    """Says that a pool has to be filled before it can have a limit."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Is what a pool came to, day by day, before batches began to count on its account."""

    namespace: str
    target: Target
    token: UUID
    sums: list[asyncpg.Record]


def is_pool(kind: TargetKind) -> bool:
    """Tell whether limits on such a target count on a pool."""
    return kind in KINDS


async def fill_pool(database: Database, name: str, target: Target) -> Filling | None:
    """Have batches count on a pool from now on, and sum up what was before; None if it is limited already.

    The filling ends by `open_pool` or by `abandon`. Raises StoreUnavailable.
    """
    filling = Filling(name, target, uuid4(), [])
    # Both connections are taken before anything is locked: nobody who waits for the lock keeps one that is needed here.
    async with database.snapshot(f"{patience(FILL_SECONDS)}; {NEVER_IDLE}") as reading:
        async with locked_namespace(database, name) as namespace:
            if await _is_limited(namespace, target):
                return None
            # No batch is under way in this namespace: those before are in the snapshot, taken by the first statement;
            # those after count.
            await reading.fetchval(query("now"))
            await namespace.connection.execute(query("begin_filling"), *_key(name, target), filling.token)
            await namespace.bump(rules=True)
        kind = int(KINDS[target.kind])
        try:
            sums = await reading.fetch(query("sum_pool"), name, kind, target.id, timeout=FILL_SECONDS)
        except BaseException:
            await abandon(database, filling)
            raise
    filling.sums.extend(sums)
    return filling


async def open_pool(namespace: Locked, target: Target, filling: Filling | None) -> None:
    """Make the account of a pool whole before its first limit is stored.

    Raises:
        Unfilled: it has no limit yet, and this filling is not the one under way.
    """
    if await _is_limited(namespace, target):
        return
    if filling is None or not await _ended(namespace, filling):
        raise Unfilled
    kind = int(KINDS[target.kind])
    row = await namespace.connection.fetchrow(query("lock_account"), namespace.name, kind, target.id)
    assert row is not None
    account = account_of(row)
    account.roll(day_of(namespace.now))
    for entry in filling.sums:
        day = entry["day"].toordinal()
        account.spend(day, {entry["unit"]: entry["spent"]})
        account.hold(day, {entry["unit"]: entry["held"]})
        account.open_estimates += entry["estimates"]
        account.open_unpriced += entry["unpriced"]
    await namespace.connection.execute(query("write_account"), encode([account_row(account)]))


async def close_pool(namespace: Locked, target: Target) -> None:
    """Remove the account of a pool that has no limit left. Call it after the last one is deleted."""
    if await _is_limited(namespace, target):
        return
    await namespace.connection.execute(
        query("delete_account"), namespace.name, int(KINDS[target.kind]), target.id
    )


async def abandon(database: Database, filling: Filling) -> None:
    """Have batches count no longer on a pool that gets no limit after all, unless somebody else fills it now.

    If the store is out of reach, the pool counts in vain until it is found stale.
    """
    with suppress(StoreUnavailable):
        async with locked_namespace(database, filling.namespace) as namespace:
            if await _ended(namespace, filling):
                await close_pool(namespace, filling.target)
                await namespace.bump(rules=True)


async def abandon_stale(database: Database) -> int:
    """Abandon the fillings of processes that have died over it; returns how many."""
    async with database.snapshot() as connection:
        rows = await connection.fetch(query("stale_fillings"), STALE)
    for row in rows:
        target = Target(TargetKind(row["target_kind"]), row["target_id"])
        await abandon(database, Filling(row["namespace"], target, row["token"], []))
    return len(rows)


async def others_filling(database: Database, filling: Filling) -> None:
    """Wait until whoever began after this filling is done. Raises StoreUnavailable if that takes too long."""
    end = asyncio.get_running_loop().time() + FILL_SECONDS
    while asyncio.get_running_loop().time() < end:
        async with database.snapshot() as connection:
            key = _key(filling.namespace, filling.target)
            if await connection.fetchval(query("filling_of"), *key) is None:
                return
        await asyncio.sleep(POLL_SECONDS)
    raise StoreUnavailable("the pool is being filled by another change of its limits")


async def _ended(namespace: Locked, filling: Filling) -> bool:
    key = _key(filling.namespace, filling.target)
    return await namespace.connection.fetchval(query("end_filling"), *key, filling.token) is not None


async def _is_limited(namespace: Locked, target: Target) -> bool:
    found: bool = await namespace.connection.fetchval(query("is_limited"), *_key(namespace.name, target))
    return found


def _key(name: str, target: Target) -> tuple[str, int, str]:
    return name, int(target.kind), target.id
