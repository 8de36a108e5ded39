"""What a batch guesses before it reads may change all the time, and be learnt anew by others: it still gets through."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from uuid import UUID

import asyncpg
import pytest
from almoner_server.core.footprint import Footprint
from almoner_server.core.terms import TargetKind
from almoner_server.store import Store, StoreUnavailable, batch, batch_book
from almoner_server.store.connect import Connection
from almoner_server.store.reading import Found, read_batch

from tests.store.asking import Sql, checked, hold, set_limit, spend
from tests.support.locks import until_blocked

Meanwhile = Callable[[], Awaitable[object]]


def read_while(
    monkeypatch: pytest.MonkeyPatch, before: Meanwhile | None = None, after: Meanwhile | None = None
) -> None:
    """Let something happen each time a batch reads."""

    async def read(connection: Connection, wanted: Footprint, replica: UUID) -> Found:
        if before is not None:
            await before()
        found = await read_batch(connection, wanted, replica)
        if after is not None:
            await after()
        return found

    monkeypatch.setattr(batch_book, "read_batch", read)


async def test_rules_that_others_read_again_meanwhile_make_no_batch_begin_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_limit(store, 10, TargetKind.NAMESPACE_POOL)
    await store.namespaces.rules("default")
    read_while(monkeypatch, before=lambda: store.namespaces.rules("default"))
    assert (await checked(store, hold(1))).decision.allowed


async def test_groups_that_change_before_every_try_do_not_keep_a_batch_out(
    store: Store, replica: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, changes = count(), list[asyncio.Task[object]]()

    async def change() -> None:
        """Put the user in another group, now or as soon as the batch has let go of the namespace."""
        changes.append(asyncio.create_task(replica.groups.set("default", "u1", [f"g{next(numbers)}"])))
        waiting = sum(not earlier.done() for earlier in changes)
        kept_out = asyncio.create_task(until_blocked(database, count=waiting))
        await asyncio.wait([changes[-1], kept_out], return_when=asyncio.FIRST_COMPLETED)
        kept_out.cancel()

    read_while(monkeypatch, after=change)
    assert (await checked(store, hold(1))).decision.allowed
    await asyncio.gather(*changes)


async def test_one_whom_others_forestall_every_time_is_told_to_come_again(
    store: Store, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forestalled(*_: object) -> None:
        raise asyncpg.SerializationError("somebody came first")

    monkeypatch.setattr(batch, "write_batch", forestalled)
    outcome = await store.run_batch([hold(1), spend(1)])
    assert [type(answer) for answer in outcome.results] == [StoreUnavailable, StoreUnavailable]
    assert "others kept changing the same rows" in str(outcome.results[0])
    assert not await sql.fetchval("SELECT count(*) FROM holds") + await sql.fetchval(
        "SELECT count(*) FROM charges"
    )
