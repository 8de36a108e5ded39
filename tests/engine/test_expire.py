"""Holds end by themselves (promise 5), by the database's clock and whoever is still there to see to it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from almoner_server.core.requests import Expire
from almoner_server.engine import Engine, Outcome
from almoner_server.loops import ExpireLoop, expire
from almoner_server.store import Store, StoreFailed

from tests.engine.eventually import eventually
from tests.engine.replica import allowed, busy, limit_user, replica
from tests.engine.requests import check

NOW = datetime(2026, 3, 11, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def test_what_a_crashed_server_held_is_free_within_two_seconds_of_the_next_start(
    store: Store, database: str
) -> None:
    await store.clock.freeze(NOW)
    await limit_user(store, "u1", 1)
    async with Engine(store) as crashed:  # it has no loops, and is gone before the hold runs out
        assert allowed(await crashed.check(check("u1", ttl=MINUTE)))
    await store.clock.freeze(NOW + MINUTE)
    async with replica(database) as next_one, asyncio.timeout(2):
        assert allowed(await next_one.engine.check(check("u1"), timedelta(seconds=30)))


async def test_a_waiter_is_served_when_the_hold_in_its_way_runs_out(database: str) -> None:
    async with replica(database) as here:
        await here.store.clock.freeze(NOW)
        await limit_user(here.store, "u1", 1)
        assert allowed(await here.engine.check(check("u1", ttl=MINUTE)))
        waiter = asyncio.create_task(here.engine.check(check("u1"), timedelta(seconds=30)))
        await eventually(lambda: here.engine.waiting == 1)
        await here.store.clock.freeze(NOW + MINUTE)
        async with asyncio.timeout(2):
            assert allowed(await waiter)


async def test_a_hold_does_not_run_out_early(database: str) -> None:
    async with replica(database) as here:
        await here.store.clock.freeze(NOW)
        await limit_user(here.store, "u1", 1)
        assert allowed(await here.engine.check(check("u1", ttl=MINUTE)))
        await here.store.clock.freeze(NOW + MINUTE - timedelta(microseconds=1))
        assert busy(await here.engine.check(check("u1"), timedelta(seconds=1.2)))


async def test_one_run_ends_all_that_is_due(store: Store) -> None:
    await store.clock.freeze(NOW)
    async with Engine(store) as engine:
        for _ in range(6):  # more holds than one round looks at
            await store.run_batch([check("u1", ttl=MINUTE) for _ in range(1000)])
        await store.clock.freeze(NOW + MINUTE)
        assert (await store.upkeep.holds_due()).more
        await ExpireLoop(store, engine).run()
        assert (await store.upkeep.holds_due()).requests == []


async def test_a_hold_that_cannot_be_ended_keeps_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.clock.freeze(NOW)
    stuck, other = uuid4(), uuid4()
    await store.run_batch([check("u1", hold=stuck, ttl=MINUTE), check("u2", hold=other, ttl=2 * MINUTE)])
    await store.clock.freeze(NOW + 2 * MINUTE)
    async with Engine(store) as engine:
        submit_many = engine.submit_many

        async def failing(requests: Sequence[Expire]) -> list[Outcome]:
            is_stuck = requests[0].hold_id == stuck
            return [StoreFailed("a bug")] if is_stuck else await submit_many(requests)

        monkeypatch.setattr(expire, "AT_ONCE", 1)
        monkeypatch.setattr(engine, "submit_many", failing)
        with pytest.raises(StoreFailed, match="a bug"):
            await ExpireLoop(store, engine).run()
        assert (await store.upkeep.holds_due()).requests == [Expire("default", stuck)]


async def test_replicas_that_expire_the_same_holds_agree(database: str) -> None:
    async with replica(database) as one, replica(database) as two:
        await one.store.clock.freeze(NOW)
        holds = [uuid4() for _ in range(1500)]  # more than one round's worth
        assert all(
            map(allowed, await one.engine.submit_many([check("u1", hold=hold, ttl=MINUTE) for hold in holds]))
        )
        await one.store.clock.freeze(NOW + MINUTE)
        await limit_user(one.store, "u1", 1)  # room for one only when all of them are free
        assert allowed(await two.engine.check(check("u1"), timedelta(seconds=10)))
        assert (await two.store.upkeep.verify()).findings == ()
