"""What all loops have in common, and what the pruning one does."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.records import Target
from almoner_server.core.terms import TargetKind
from almoner_server.engine import Engine
from almoner_server.loops import PruneLoop, prune
from almoner_server.loops.loop import Loop
from almoner_server.store import Store, pools

from tests.engine.eventually import eventually
from tests.engine.replica import allowed, replica
from tests.engine.requests import check, commit, release


class Counting(Loop):
    """Counts its runs; fails while `failing`."""

    name = "counting"
    period = 0.005

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0
        self.failing = False

    async def run(self) -> None:
        self.runs += 1
        if self.failing:
            raise ValueError("again")


async def test_a_loop_runs_at_once_and_again_until_stopped() -> None:
    before = asyncio.all_tasks()
    loop = Counting()
    loop.start()
    await eventually(lambda: loop.runs >= 3)
    await loop.stop()
    await loop.stop()
    assert asyncio.all_tasks() == before


async def test_a_failing_run_is_logged_once_and_does_not_end_the_loop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = Counting()
    loop.failing = True
    with caplog.at_level(logging.INFO):
        loop.start()
        await eventually(lambda: loop.runs >= 3)
        loop.failing = False
        runs = loop.runs
        await eventually(lambda: loop.runs > runs + 1)
        await loop.stop()
    messages = [record.getMessage() for record in caplog.records if "counting" in record.getMessage()]
    assert messages == ["counting fails, and will be tried again: again", "counting works again"]


async def test_a_run_under_way_comes_to_its_end_when_the_loop_is_stopped() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    class Slow(Counting):
        async def run(self) -> None:
            begun.set()
            await asyncio.sleep(0.05)
            ended.set()

    loop = Slow()
    loop.start()
    await begun.wait()
    await loop.stop()
    assert ended.is_set()


async def test_one_run_prunes_all_that_is_old_enough(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "AT_ONCE", 2)
    monkeypatch.setattr(prune, "PAUSE_SECONDS", 0)
    now = datetime(2026, 3, 11, 10, tzinfo=UTC)
    await store.clock.freeze(now)
    async with Engine(store) as engine:
        for number in range(5):
            request = check(f"u{number}")
            assert request.hold is not None
            await engine.submit_many([request, release(request.hold.id)])
    await store.clock.freeze(now + timedelta(days=30))
    await PruneLoop(store).run()
    assert not (await store.ledger.holds("default")).items


async def test_a_run_of_the_pruning_loop_forgets_pools_whose_filler_has_died(store: Store) -> None:
    now = datetime(2026, 3, 11, 10, tzinfo=UTC)
    await store.clock.freeze(now)
    await pools.fill_pool(store._database, "default", Target(TargetKind.GROUP_POOL, "g"))
    assert (await store.namespaces.rules("default")).filling
    await store.clock.freeze(now + timedelta(hours=1))
    await PruneLoop(store).run()
    assert not (await store.namespaces.rules("default")).filling


async def test_settled_holds_are_forgotten_after_their_time_and_the_ledger_stays(database: str) -> None:
    now = datetime(2026, 3, 11, 10, tzinfo=UTC)
    request = check("u1")
    assert request.hold is not None
    hold = request.hold.id
    async with replica(database) as here:
        await here.store.clock.freeze(now)
        assert allowed(await here.engine.check(request))
        await here.engine.submit(commit(hold))
        await here.store.clock.freeze(now + timedelta(days=7))
    async with replica(database) as here:
        await asyncio.sleep(0.1)  # the first run of each loop
        with pytest.raises(RequestFailed, match="has ended"):
            await here.engine.check(request)
        await here.store.clock.freeze(now + timedelta(days=8, seconds=1))
    async with replica(database) as here:
        async with asyncio.timeout(5):
            held = (await here.store.ledger.holds("default", user="u1")).items
            while held:
                held = (await here.store.ledger.holds("default", user="u1")).items
        charges = (await here.store.ledger.charges("default", user="u1")).items
        assert [charge.id for charge in charges] == [hold]
