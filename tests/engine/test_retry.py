"""What is sent again, for how long, and what callers hear then.

The store here fails on cue; what an outage of a real PostgreSQL does is in test_outage.py.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from almoner_server.core.records import Charge, Spender
from almoner_server.core.requests import Commit, CommitResult, Request
from almoner_server.core.terms import ChargeOrigin
from almoner_server.engine import Engine, EngineOptions
from almoner_server.store import BatchOutcome, StoreUnavailable

from tests.engine.eventually import eventually
from tests.engine.requests import NAMESPACE, charge

QUICK = EngineOptions(lanes=1, retry_seconds=0.2, probe_seconds=0.02)


class LossyStore:
    """Books charges, and loses the answer of the first `lose` batches; `up` says whether it answers pings."""

    def __init__(self, lose: int) -> None:
        self.lose = lose
        self.up = True
        self.batches = 0
        self.booked: set[UUID] = set()

    async def run_batch(self, requests: Sequence[Request]) -> BatchOutcome:
        self.batches += 1
        if not self.up:
            raise StoreUnavailable("down")
        results = [self._book(request) for request in requests if isinstance(request, Commit)]
        if self.batches <= self.lose:
            raise StoreUnavailable("the answer was lost")
        return BatchOutcome(list(results))

    def user_of_hold(self, namespace: str, hold_id: UUID) -> str | None:
        return None

    async def ping(self) -> None:
        if not self.up:
            raise StoreUnavailable("down")

    async def end_unheard(self, seconds: float) -> int:
        return 0

    def _book(self, request: Commit) -> CommitResult:
        replayed = request.charge_id in self.booked
        self.booked.add(request.charge_id)
        return CommitResult(_charge(request), replayed)


def _charge(request: Commit) -> Charge:
    now = datetime.now(UTC)
    return Charge(
        namespace=NAMESPACE,
        id=request.charge_id,
        hold_id=None,
        spender=Spender(request.user),
        amounts=request.amounts,
        net=request.amounts,
        settlement=request.settlement,
        open=False,
        late=False,
        origin=ChargeOrigin.DIRECT,
        occurred_at=now,
        create_time=now,
        attributes={},
        overrun={},
        fingerprint=b"",
    )


async def replayed(engine: Engine, request: Commit) -> bool:
    result = await engine.submit(request)
    assert isinstance(result, CommitResult)
    return result.replayed


async def test_an_answer_that_was_lost_is_fetched_and_does_not_count_as_a_replay() -> None:
    async with Engine(LossyStore(lose=2), QUICK) as engine:
        request = charge("u1")
        assert not await replayed(engine, request)
        assert await replayed(engine, request)


async def test_the_same_charge_twice_in_a_batch_is_a_replay_the_second_time() -> None:
    async with Engine(LossyStore(lose=1), QUICK) as engine:
        request = charge("u1")
        outcomes = await engine.submit_many([request, request._replace()])
        assert [outcome.replayed for outcome in outcomes if isinstance(outcome, CommitResult)] == [
            False,
            True,
        ]


async def test_patience_ends_and_every_caller_hears_it() -> None:
    store = LossyStore(lose=10**6)
    async with Engine(store, QUICK) as engine:
        begun = time.monotonic()
        outcomes = await engine.submit_many([charge("u1"), charge("u2")])
        assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
        assert outcomes[0] is not outcomes[1]
        assert time.monotonic() - begun < 1
        assert store.batches > 2


async def test_a_store_that_answers_pings_but_no_batch_is_tried_once_for_each() -> None:
    store = LossyStore(lose=10**6)
    async with Engine(store, QUICK) as engine:
        await engine.submit_many([charge("u1")])
        assert engine.available
        before = store.batches
        await engine.submit_many([charge("u1")])
        assert store.batches == before + 1


async def test_while_the_store_is_down_calls_fail_at_once_and_go_on_when_it_is_back() -> None:
    store = LossyStore(lose=0)
    store.up = False
    async with Engine(store, QUICK) as engine:
        with pytest.raises(StoreUnavailable):
            await engine.submit(charge("u1"))
        assert not engine.available
        batches = store.batches
        with pytest.raises(StoreUnavailable):
            await engine.submit(charge("u1"))
        assert store.batches == batches
        store.up = True
        await eventually(lambda: engine.available)
        assert not await replayed(engine, charge("u1"))


async def test_closing_while_the_store_is_down_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    store = LossyStore(lose=0)
    store.up = False
    async with Engine(store, QUICK) as engine:
        await engine.submit_many([charge("u1")])
        assert not engine.available
    assert asyncio.all_tasks() == before
