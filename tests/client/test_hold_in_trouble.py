"""A hold whose caller is cancelled or hears no answer, or that nobody made: nothing leaks, what is spent counts."""

import asyncio

import pytest
from almoner import Client, Hold, HoldNotSettled, Unavailable
from almoner.v1 import quota_service_pb2 as quota_pb
from almoner.v1 import resources_pb2 as pb

from tests.client.script import UNAVAILABLE, Gate, ScriptedServer


async def test_a_degraded_hold_books_its_cost_and_asks_nothing_else_of_the_store(
    server: ScriptedServer, quota: Client
) -> None:
    server.script(
        "CheckQuota", quota_pb.CheckQuotaResponse(decision=pb.Decision(allowed=True), degraded=True)
    )
    async with quota.hold(user="u-17", chat="c1", tokens=5, ttl=0.03) as hold:
        assert hold.degraded
        await hold.extend(tokens=9)
        await hold.commit(tokens=7)
    (commit,) = server.sent("Commit")
    assert (commit.hold_id, commit.subject.user, commit.chat.id) == (hold.id, "u-17", "c1")
    assert [call.method for call in server.calls] == ["CheckQuota", "Commit"]


async def test_the_estimate_of_a_degraded_hold_is_of_its_latest_totals(
    server: ScriptedServer, quota: Client
) -> None:
    server.script(
        "CheckQuota", quota_pb.CheckQuotaResponse(decision=pb.Decision(allowed=True), degraded=True)
    )
    async with quota.hold(user="u-17", tokens=10) as hold:
        await hold.commit(tokens=4, partial=True)
        await hold.extend(tokens=50)
        await hold.commit_estimate()
    assert [commit.amounts for commit in server.sent("Commit")] == [{"tokens": 4}, {"tokens": 46}]


async def test_a_degraded_hold_left_by_an_exception_has_nothing_to_release(
    server: ScriptedServer, quota: Client
) -> None:
    server.script(
        "CheckQuota", quota_pb.CheckQuotaResponse(decision=pb.Decision(allowed=True), degraded=True)
    )
    with pytest.raises(ZeroDivisionError):
        async with quota.hold(user="u-17", tokens=5):
            raise ZeroDivisionError
    assert [call.method for call in server.calls] == ["CheckQuota"]


@pytest.mark.parametrize("partial", [False, True])
async def test_a_commit_without_an_answer_keeps_the_hold_because_money_was_spent(
    server: ScriptedServer, quota: Client, partial: bool
) -> None:
    server.script("Commit", *[UNAVAILABLE] * 20)
    with pytest.raises(Unavailable) as caught:
        async with quota.hold(user="u-17", tokens=5) as hold:
            await hold.commit(tokens=4, partial=partial)
    assert "got no answer" in caught.value.__notes__[0]
    assert not server.sent("Release")
    await hold.commit(tokens=4)
    assert hold.settled


async def test_a_cancellation_inside_the_block_releases(server: ScriptedServer, quota: Client) -> None:
    entered = asyncio.Event()

    async def call() -> None:
        async with quota.hold(user="u-17", tokens=1):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.sent("Release")) == 1


async def test_a_timeout_round_the_block_releases_too(server: ScriptedServer, quota: Client) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), quota.hold(user="u-17", tokens=1):
            await asyncio.Event().wait()
    assert len(server.sent("Release")) == 1


async def test_a_cancellation_during_a_commit_still_books(server: ScriptedServer, quota: Client) -> None:
    gate = Gate()
    server.script("Commit", gate.commit)
    holds: list[Hold] = []

    async def call() -> None:
        async with quota.hold(user="u-17", tokens=1) as hold:
            holds.append(hold)
            await hold.commit(tokens=1)

    task = asyncio.create_task(call())
    await asyncio.to_thread(gate.reached.wait)
    task.cancel()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert holds[0].settled
    assert not server.sent("Release")


async def test_a_cancellation_while_the_hold_opens_gives_it_back(
    server: ScriptedServer, quota: Client
) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    task = asyncio.create_task(quota.open_hold(user="u-17", tokens=1))
    await asyncio.to_thread(gate.reached.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (check,) = server.sent("CheckQuota")
    assert [request.hold_id for request in server.sent("Release")] == [check.hold.id]


async def test_a_partial_commit_that_is_answered_last_does_not_open_what_is_settled(
    server: ScriptedServer, quota: Client
) -> None:
    gate = Gate()
    server.script("Commit", gate.commit)
    async with quota.hold(user="u-17", tokens=7) as hold:
        partial = asyncio.create_task(hold.commit(tokens=2, partial=True))
        assert await asyncio.to_thread(gate.reached.wait, 10)
        await hold.commit(tokens=1)
        gate.open.set()
        await partial
        assert hold.settled
    assert server.sent("Release") == []


async def test_a_partial_commit_does_not_make_up_for_another_without_an_answer(
    server: ScriptedServer, quota: Client
) -> None:
    with pytest.raises(HoldNotSettled, match="got no answer"):  # noqa: PT012 - it is raised at the end of the block
        async with quota.hold(user="u-17", tokens=7) as hold:
            server.script("Commit", *[UNAVAILABLE] * 20)
            with pytest.raises(Unavailable):
                await hold.commit(tokens=1)
            await hold.commit(tokens=2, partial=True)
    assert server.sent("Release") == []
