"""Waiting for room (docs/semantics.md, Waiting), on a real PostgreSQL: who is served and when."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from almoner_server.core.terms import IN_FLIGHT, RefusalReason
from almoner_server.engine import EngineOptions

from tests.engine.eventually import eventually
from tests.engine.replica import (
    Replica,
    allowed,
    bare_replica,
    busy,
    limit_chat,
    limit_everybody,
    limit_group,
    limit_user,
)
from tests.engine.requests import check, commit, release
from tests.engine.waiters import LONG, queue, take

SOON = 0.5


@pytest.fixture
async def here(database: str) -> AsyncIterator[Replica]:
    """Run one without loops: no poll makes up for a waiter that was forgotten."""
    async with bare_replica(database) as here:
        yield here


async def test_room_made_here_ends_the_wait_at_once(here: Replica) -> None:
    await limit_user(here.store, "u1", 100)
    hold = await take(here, check("u1", 60))
    waiter = await queue(here, check("u1", 50))
    begun = time.monotonic()
    await here.engine.submit(commit(hold, 20))
    assert allowed(await waiter)
    assert time.monotonic() - begun < SOON


async def test_first_come_first_served(here: Replica) -> None:
    await limit_user(here.store, "u1", 1, IN_FLIGHT)
    hold = await take(here, check("u1"))
    waiters = [await queue(here, check("u1")) for _ in range(10)]
    for place, waiter in enumerate(waiters):
        await here.engine.submit(release(hold))
        result = await waiter
        assert result.hold_id is not None
        hold = result.hold_id
        assert not any(later.done() for later in waiters[place + 1 :])


async def test_a_small_newcomer_does_not_pass_a_large_one_that_waits(here: Replica) -> None:
    await limit_user(here.store, "u1", 100)
    hold = await take(here, check("u1", 60))
    large = await queue(here, check("u1", 80))
    small = await queue(here, check("u1", 10))
    here.engine.room.wake_namespace("default")
    assert allowed(await here.engine.check(check("u2")))
    assert not small.done()
    await here.engine.submit(release(hold))
    assert allowed(await large)
    assert allowed(await small)


async def test_who_shares_no_account_with_those_who_wait_is_served_at_once(here: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    waiter = await queue(here, check("u1"))
    assert allowed(await here.engine.check(check("u2"), LONG))
    waiter.cancel()


async def test_a_line_is_kept_on_an_ancestor_that_the_request_does_not_name(here: Replica) -> None:
    await take(here, check("u1", chat="leaf", parent="branch"))
    await take(here, check("u1", chat="twig", parent="branch"))
    await limit_chat(here.store, "branch", 12)
    hold = await take(here, check("u2", 5, chat="leaf"))
    large = await queue(here, check("u3", 8, chat="leaf"))
    small = await queue(here, check("u4", 1, chat="twig"))
    assert not small.done()
    await here.engine.submit(release(hold))
    assert allowed(await large)
    assert allowed(await small)


async def test_a_line_is_kept_on_a_pool_whose_group_the_request_does_not_name(here: Replica) -> None:
    for user in ("u1", "u2", "u3"):
        await here.store.groups.set("default", user, ["g"])
    await limit_group(here.store, "g", 10)
    hold = await take(here, check("u1", 6))
    large = await queue(here, check("u2", 8))
    small = await queue(here, check("u3", 1))
    assert not small.done()
    await here.engine.submit(release(hold))
    assert allowed(await large)
    assert allowed(await small)


async def test_a_waiter_kept_back_on_one_account_does_not_keep_others_back_on_another(here: Replica) -> None:
    await limit_everybody(here.store, 2)
    await limit_user(here.store, "slow", 1)
    slow_hold = await take(here, check("slow"))
    hold = await take(here, check("u1"))
    slow = await queue(here, check("slow"))  # waits on its own limit and on the pool
    other = await queue(here, check("u2"))
    await here.engine.submit(release(hold))
    assert allowed(await other)
    assert not slow.done()
    await here.engine.submit(release(slow_hold))
    assert allowed(await slow)


async def test_a_wait_that_runs_out_answers_busy(here: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    begun = time.monotonic()
    result = await here.engine.check(check("u1"), timedelta(seconds=0.2))
    assert busy(result)
    assert 0.2 <= time.monotonic() - begun < 0.2 + SOON
    assert here.engine.waiting == 0


async def test_a_wait_ends_as_exhausted_as_soon_as_that_is_known(here: Replica) -> None:
    await limit_user(here.store, "u1", 100)
    hold = await take(here, check("u1", 60))
    waiter = await queue(here, check("u1", 50))
    await here.engine.submit(commit(hold, 60))
    result = await waiter
    assert result.decision.reason is RefusalReason.EXHAUSTED


async def test_an_exhausted_newcomer_does_not_stand_in_line(here: Replica) -> None:
    await limit_user(here.store, "u1", 100)
    await take(here, check("u1", 60))
    waiter = await queue(here, check("u1", 50))
    result = await here.engine.check(check("u1", 101), LONG)
    assert result.decision.reason is RefusalReason.EXHAUSTED
    waiter.cancel()


async def test_the_retry_of_a_check_that_was_allowed_does_not_stand_in_line(
    here: Replica, database: str
) -> None:
    await limit_user(here.store, "u1", 1)
    request = check("u1")
    await take(here, request)
    waiter = await queue(here, check("u1"))
    async with asyncio.timeout(LONG.total_seconds() / 3):  # the hold is known: there is nothing to wait for
        first = await here.engine.check(request, LONG)
    assert request.hold is not None
    assert first.hold_id == request.hold.id
    waiter.cancel()


async def test_one_more_than_may_wait_is_answered_as_if_it_did_not_want_to(database: str) -> None:
    async with bare_replica(database, EngineOptions(max_waiting=2)) as here:
        await limit_user(here.store, "u1", 1)
        hold = await take(here, check("u1"))
        waiters = [await queue(here, check("u1")) for _ in range(2)]
        async with asyncio.timeout(LONG.total_seconds() / 3):
            assert busy(await here.engine.check(check("u1"), LONG))
        await here.engine.submit(release(hold))
        assert allowed(await waiters[0])
        waiters[1].cancel()


async def test_what_a_caller_was_given_who_left_during_its_last_try_is_given_back(here: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    hold = await take(here, check("u1"))
    request = check("u1", is_unnamed=True)
    waiter = asyncio.create_task(here.engine.check(request, LONG))
    await eventually(lambda: here.engine.waiting == 1)
    freed = asyncio.create_task(here.engine.submit(release(hold)))
    await freed  # the room is handed on in the same turn of the event loop: the try is under way
    waiter.cancel()
    await asyncio.wait([waiter])
    async with asyncio.timeout(LONG.total_seconds() / 3):
        while not allowed(await here.engine.check(check("u1"))):
            pass  # each is a transaction: the release goes along with one of them


async def test_cancelling_leaves_nothing_behind(here: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    hold = await take(here, check("u1"))
    gone, next_one = await queue(here, check("u1")), await queue(here, check("u1"))
    gone.cancel()
    await asyncio.wait([gone])
    assert here.engine.waiting == 1
    await here.engine.submit(release(hold))
    assert allowed(await next_one)
    assert here.engine.waiting == 0


async def test_no_connection_and_no_lock_is_held_while_waiting(here: Replica, database: str) -> None:
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    waiters = [await queue(here, check("u1")) for _ in range(20)]
    watcher = await asyncpg.connect(database)
    try:
        async with asyncio.timeout(5):
            while await watcher.fetchval(  # a try may be under way just now
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'"
            ):
                pass
        async with watcher.transaction():
            await watcher.execute(
                "SET LOCAL lock_timeout = '1s'; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE"
            )
    finally:
        await watcher.close()
    for waiter in waiters:
        waiter.cancel()


async def test_drain_answers_those_who_wait_at_once(here: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    waiters = [await queue(here, check("u1")) for _ in range(3)]
    begun = time.monotonic()
    await here.engine.drain()
    assert all(busy(result) for result in await asyncio.gather(*waiters))
    assert time.monotonic() - begun < SOON


async def test_many_waiters_on_many_accounts_are_all_served(here: Replica) -> None:
    users = [f"u{number}" for number in range(30)]
    for user in users:
        await limit_user(here.store, user, 1, IN_FLIGHT)

    async def lifecycle(user: str) -> None:
        hold = uuid4()
        assert allowed(await here.engine.check(check(user, hold=hold), LONG))
        await here.engine.submit(commit(hold))

    await asyncio.gather(*(lifecycle(user) for user in users for _ in range(5)))
    assert here.engine.waiting == 0
