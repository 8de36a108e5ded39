"""Room made elsewhere reaches those who wait here: soon by notification, in any case by the poll."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from almoner_server.core.records import AccountKey
from almoner_server.core.terms import Period
from almoner_server.loops import WatchLoop, watch

from tests.engine.eventually import eventually
from tests.engine.replica import Replica, allowed, bare_replica, limit_user, replica
from tests.engine.requests import check, release
from tests.engine.waiters import queue, take
from tests.support.road import Road


class Deaf(WatchLoop):
    """Polls only."""

    async def _listen(self) -> None:
        pass


class Idle(WatchLoop):
    """Runs once, to say that somebody waits, and has only notifications: it looks at nothing by itself."""

    period = 1000.0

    def __init__(self, replica: Replica) -> None:
        super().__init__(replica.store, replica.engine)
        self.ran = asyncio.Event()

    async def run(self) -> None:
        await super().run()
        self.ran.set()

    async def _poll(self, accounts: set[AccountKey]) -> None:
        pass

    def _wake_overdue(self) -> None:
        pass


@pytest.fixture
async def here(database: str) -> AsyncIterator[Replica]:
    async with bare_replica(database) as here:
        yield here


@pytest.fixture
async def there(database: str) -> AsyncIterator[Replica]:
    async with bare_replica(database) as there:
        yield there


async def test_a_notification_tells_of_room_made_elsewhere(here: Replica, there: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    hold = await take(there, check("u1"))
    waiter = await queue(here, check("u1"))
    watch = Idle(here)
    watch.start()
    await watch.ran.wait()
    await there.engine.submit(release(hold))
    assert allowed(await asyncio.wait_for(waiter, 5))
    await watch.stop()


async def test_a_notification_tells_of_limits_changed_elsewhere(here: Replica, there: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    waiter = await queue(here, check("u1"))
    watch = Idle(here)
    watch.start()
    await watch.ran.wait()
    await limit_user(there.store, "u1", 2)
    assert allowed(await asyncio.wait_for(waiter, 5))
    await watch.stop()


async def test_the_poll_finds_room_made_elsewhere(here: Replica, there: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    hold = await take(there, check("u1"))
    waiter = await queue(here, check("u1"))
    watch = Deaf(here.store, here.engine)
    watch.start()
    begun = time.monotonic()
    await there.engine.submit(release(hold))
    assert allowed(await asyncio.wait_for(waiter, 5))
    assert time.monotonic() - begun < 0.8  # sooner than anybody is tried in any case
    await watch.stop()


async def test_the_poll_finds_limits_changed_elsewhere(here: Replica, there: Replica) -> None:
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    waiter = await queue(here, check("u1"))
    watch = Deaf(here.store, here.engine)
    watch.start()
    begun = time.monotonic()
    await limit_user(there.store, "u1", 2)
    assert allowed(await asyncio.wait_for(waiter, 5))
    assert time.monotonic() - begun < 0.8
    await watch.stop()


async def test_a_window_that_ends_lets_waiters_in(database: str) -> None:
    midnight = datetime(2026, 3, 12, tzinfo=UTC)
    async with replica(database) as here:
        await here.store.clock.freeze(midnight - timedelta(seconds=1))
        await limit_user(here.store, "u1", 1, period=Period.DAY)
        await take(here, check("u1"))
        waiter = await queue(here, check("u1"))
        await here.store.clock.freeze(midnight)
        assert allowed(await asyncio.wait_for(waiter, 3))


class Overdue(Deaf):
    """Tries waiters only because they have waited for a while: nobody has told anything."""

    async def _poll(self, accounts: set[AccountKey]) -> None:
        pass


async def test_waiters_are_tried_now_and_then_although_nobody_has_made_room(here: Replica) -> None:
    midnight = datetime(2026, 3, 12, tzinfo=UTC)
    await here.store.clock.freeze(midnight - timedelta(seconds=1))
    await limit_user(here.store, "u1", 1, period=Period.DAY)
    await take(here, check("u1"))
    waiter = await queue(here, check("u1"))
    await here.store.clock.freeze(midnight)
    watch = Overdue(here.store, here.engine)
    watch.start()
    assert allowed(await asyncio.wait_for(waiter, 5))
    await watch.stop()


async def test_the_end_of_the_last_wait_is_told(here: Replica, there: Replica) -> None:
    """Others stop notifying: nobody pays for waiting while nobody waits."""
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    waiter = await queue(here, check("u1"))
    watch = WatchLoop(here.store, here.engine)
    await watch.run()
    assert await leases(there) == 1
    waiter.cancel()
    await asyncio.wait([waiter])
    await watch.run()
    assert await leases(there) == 0
    await watch.stop()


async def test_an_outage_is_told_when_it_begins_and_when_it_ends_and_not_in_between(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watch, "RELISTEN_SECONDS", 0.1)
    road = Road(database, tmp_path / "s")
    road.lay()
    async with bare_replica(road.dsn) as here:
        loop = Counting(here)
        loop.start()
        await eventually(lambda: loop.runs > 1)
        await road.cut()
        runs = loop.runs
        await eventually(lambda: loop.runs > runs + 50)
        failed = messages(caplog)
        assert len(failed) == 1
        assert failed[0].startswith("watch fails, and will be tried again: ")
        road.lay()
        await eventually(lambda: len(messages(caplog)) == 2)
        runs = loop.runs
        await eventually(lambda: loop.runs > runs + 30)
        assert messages(caplog) == [*failed, "watch works again"]
        await loop.stop()


class Counting(WatchLoop):
    """Counts its runs, of which there are many to one try to listen."""

    period = 0.01

    def __init__(self, replica: Replica) -> None:
        super().__init__(replica.store, replica.engine)
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        await super().run()


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    told = (record.getMessage() for record in caplog.records)
    return [message for message in told if message.startswith("watch ")]


async def leases(replica: Replica) -> int:
    """Count the replicas that say somebody waits there."""
    async with replica.store._database.snapshot() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM waiting")
        return count


class Poll(WatchLoop):
    """Polls, and does nothing else: no notification and no try now and then makes up for what a poll misses."""

    def __init__(self, replica: Replica) -> None:
        super().__init__(replica.store, replica.engine)
        self.runs = 0

    async def run(self) -> None:
        await super().run()
        self.runs += 1

    async def _listen(self) -> None:
        pass

    def _wake_overdue(self) -> None:
        pass


async def test_a_poll_that_has_seen_everything_before_finds_room_made_since(
    here: Replica, there: Replica
) -> None:
    await limit_user(here.store, "u1", 1)
    hold = await take(there, check("u1"))
    waiter = await queue(here, check("u1"))
    watch = Poll(here)
    watch.start()
    await eventually(lambda: watch.runs >= 2)
    await there.engine.submit(release(hold))
    assert allowed(await asyncio.wait_for(waiter, 5))
    await watch.stop()


async def test_a_poll_that_has_seen_everything_before_finds_limits_changed_since(
    here: Replica, there: Replica
) -> None:
    await limit_user(here.store, "u1", 1)
    await take(here, check("u1"))
    waiter = await queue(here, check("u1"))
    watch = Poll(here)
    watch.start()
    await eventually(lambda: watch.runs >= 2)
    await limit_user(there.store, "u1", 2)
    assert allowed(await asyncio.wait_for(waiter, 5))
    await watch.stop()
