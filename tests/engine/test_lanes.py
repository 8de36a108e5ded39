"""Group commit: which calls share a transaction, in which order, and what becomes of those that cannot."""

import asyncio
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import CheckResult, Release
from almoner_server.engine import Engine, EngineOptions
from almoner_server.engine.crossing import ENOUGH
from almoner_server.store import StoreFailed

from tests.engine.gated_store import GatedStore, settle_down
from tests.engine.requests import check, question, release

ONE_LANE = EngineOptions(lanes=1, max_batch=4, max_queued=8)


@pytest.fixture
def gated() -> GatedStore:
    return GatedStore()


@pytest.fixture
async def engine(gated: GatedStore) -> AsyncIterator[Engine]:
    async with Engine(gated, ONE_LANE) as engine:
        yield engine


def submitted(engine: Engine, count: int) -> list[asyncio.Task[CheckResult]]:
    return [asyncio.create_task(engine.check(check(f"u{number}"))) for number in range(count)]


async def test_a_lone_call_goes_at_once(engine: Engine, gated: GatedStore) -> None:
    call = asyncio.create_task(engine.submit(check("u1")))
    await settle_down()
    assert gated.sizes() == [1]
    gated.gate.set()
    assert isinstance(await call, CheckResult)


async def test_calls_that_arrive_during_a_transaction_share_the_next(
    engine: Engine, gated: GatedStore
) -> None:
    first = submitted(engine, 1)
    await settle_down()
    later = submitted(engine, 3)
    await settle_down()
    assert gated.sizes() == [1]
    gated.gate.set()
    await asyncio.gather(*first, *later)
    assert gated.sizes() == [1, 3]


async def test_a_batch_is_bounded_and_keeps_the_order(engine: Engine, gated: GatedStore) -> None:
    requests = [check("u1", amount) for amount in range(1, 8)]
    gated.gate.set()
    outcomes = await engine.submit_many(requests)
    assert gated.sizes() == [4, 3]
    assert [request for batch in gated.begun for request in batch] == requests
    holds = [outcome.hold_id for outcome in outcomes if isinstance(outcome, CheckResult)]
    assert holds == [request.hold.id for request in requests if request.hold]


async def test_few_calls_share_one_transaction_whoever_they_are_of(gated: GatedStore) -> None:
    async with Engine(gated, EngineOptions(lanes=2)) as engine:
        first = submitted(engine, 1)
        await settle_down()
        later = submitted(engine, ENOUGH - 1)
        await settle_down()
        assert gated.sizes() == [1]
        gated.gate.set()
        await asyncio.gather(*first, *later)
        assert gated.sizes() == [1, ENOUGH - 1]


async def test_many_calls_open_a_second_lane(gated: GatedStore) -> None:
    async with Engine(gated, EngineOptions(lanes=2)) as engine:
        first = submitted(engine, 1)
        await settle_down()
        requests = [check(f"u{number}") for number in range(2 * ENOUGH)]
        many = asyncio.create_task(engine.submit_many(requests))
        await settle_down()
        assert len(gated.under_way) == 2
        assert gated.under_way[1] == requests  # what came in one call goes in one transaction
        gated.gate.set()
        await asyncio.gather(*first, many)


async def test_calls_of_one_user_never_run_side_by_side(gated: GatedStore) -> None:
    async with Engine(gated, EngineOptions(lanes=8)) as engine:
        held = check("u1")
        assert held.hold is not None
        gated.users[held.hold.id] = "u1"
        calls = [asyncio.create_task(engine.submit(held))]
        await settle_down()
        later = (question("u1"), release(held.hold.id), check("u1"))
        calls += [asyncio.create_task(engine.submit(request)) for request in later]
        await settle_down()
        assert gated.under_way == [[held]]
        gated.gate.set()
        await asyncio.gather(*calls)
        assert gated.begun == [[held], list(later)]


async def test_other_users_do_not_wait_for_a_slow_transaction(gated: GatedStore) -> None:
    async with Engine(gated, EngineOptions(lanes=8)) as engine:
        users = [f"u{number}" for number in range(4 * ENOUGH)]  # so many that not all have the same lane
        calls = [asyncio.create_task(engine.submit(check(user))) for user in users]
        await settle_down()
        assert len(gated.under_way) > 1
        gated.gate.set()
        await asyncio.gather(*calls)


async def test_a_call_cancelled_in_the_queue_is_dropped(engine: Engine, gated: GatedStore) -> None:
    first = submitted(engine, 1)
    await settle_down()
    dropped, kept = submitted(engine, 2)
    await settle_down()
    dropped.cancel()
    gated.gate.set()
    await asyncio.gather(*first, kept)
    assert gated.sizes() == [1, 1]
    assert dropped.cancelled()


async def test_a_call_cancelled_under_way_runs_to_its_end(engine: Engine, gated: GatedStore) -> None:
    (call,) = submitted(engine, 1)
    await settle_down()
    call.cancel()
    await settle_down()
    assert len(gated.under_way) == 1
    gated.gate.set()
    await engine.submit(check("u2"))
    assert gated.sizes() == [1, 1]


async def test_a_full_lane_turns_calls_away_and_keeps_the_others(engine: Engine, gated: GatedStore) -> None:
    first = submitted(engine, 1)
    await settle_down()
    queued = submitted(engine, 8)
    await settle_down()
    assert engine.queued == 8
    with pytest.raises(RequestFailed) as refused:
        await engine.submit(check("u9"))
    assert (refused.value.status, refused.value.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    gated.gate.set()
    assert len(await asyncio.gather(*first, *queued)) == 9


async def test_items_beyond_the_queue_fail_alone(engine: Engine, gated: GatedStore) -> None:
    gated.gate.set()
    outcomes = await engine.submit_many([check("u1") for _ in range(10)])
    assert all(isinstance(outcome, CheckResult) for outcome in outcomes[:8])
    assert [outcome.reason for outcome in outcomes[8:] if isinstance(outcome, RequestFailed)] == [
        "OVERLOADED"
    ] * 2


async def test_a_failure_nobody_foresaw_is_told_and_the_lane_goes_on(
    engine: Engine, gated: GatedStore
) -> None:
    gated.gate.set()
    gated.failure = ZeroDivisionError("one")
    with pytest.raises(StoreFailed):
        await engine.submit(check("u1"))
    gated.failure = None
    assert isinstance(await engine.submit(check("u1")), CheckResult)


async def test_drain_finishes_what_was_taken_and_takes_nothing_more(
    engine: Engine, gated: GatedStore
) -> None:
    calls = submitted(engine, 6)
    await settle_down()
    draining = asyncio.create_task(engine.drain())
    await settle_down()
    with pytest.raises(RequestFailed) as refused:
        await engine.submit(check("u7"))
    assert (refused.value.status, refused.value.reason) == ("UNAVAILABLE", "SHUTTING_DOWN")
    assert not draining.done()
    gated.gate.set()
    await draining
    assert all(call.done() for call in calls)
    assert len(await asyncio.gather(*calls)) == 6


async def test_close_answers_everybody_and_leaves_no_task(gated: GatedStore) -> None:
    before = asyncio.all_tasks()
    engine = Engine(gated, ONE_LANE)
    engine.start()
    calls = submitted(engine, 3)
    await settle_down()
    await engine.close()
    await engine.close()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, RequestFailed)] == [
        "SHUTTING_DOWN"
    ] * 3
    assert asyncio.all_tasks() == before


async def test_the_observer_sees_each_batch_with_the_contexts_of_its_calls(gated: GatedStore) -> None:
    seen: list[tuple[int, bool, list[Hashable]]] = []

    class Notes:
        def batch(
            self, size: int, longest_wait: float, contexts: Sequence[Hashable]
        ) -> AbstractContextManager[object]:
            seen.append((size, longest_wait >= 0, list(contexts)))
            return nullcontext()

    gated.gate.set()
    async with Engine(gated, ONE_LANE, Notes()) as engine:
        await asyncio.gather(
            engine.submit_many([check("u1"), check("u1")], context="rpc 1"),
            engine.submit(check("u2"), context="rpc 2"),
            engine.submit(check("u3")),
        )
    assert seen == [(4, True, ["rpc 1", "rpc 2"])]


async def test_unnamed_holds_of_a_batch_whose_caller_has_gone_are_given_back(
    engine: Engine, gated: GatedStore
) -> None:
    """Those of its first transaction, which is over, and those of the second, which is under way."""
    requests = [check(f"u{number}", is_unnamed=number % 2 == 0) for number in range(8)]
    batch = asyncio.create_task(engine.submit_many(requests))
    await settle_down()
    gated.gate.set()
    gated.gate.clear()
    await settle_down()
    assert gated.sizes() == [4, 4]
    batch.cancel()
    gated.gate.set()
    await engine.drain()
    given_back = {
        request.hold_id for sent in gated.begun[2:] for request in sent if isinstance(request, Release)
    }
    assert given_back == {request.hold.id for request in requests[::2] if request.hold}
