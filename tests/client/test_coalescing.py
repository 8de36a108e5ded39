"""Calls of one moment: who travels with whom.

Calls started in one turn of the event loop are the company here: the first finds nobody and goes by itself,
the others leave together when the turn is over.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from almoner import Client, Decision, new_id
from almoner.runtime.coalescing import schedule
from almoner.v1 import quota_service_pb2 as pb

from tests.client.company import methods, reached, start, users
from tests.client.script import Gate, ScriptedServer, each_checked


@pytest.fixture
async def alone(server: ScriptedServer) -> AsyncIterator[Client]:
    async with Client(server.address, coalesce=False) as client:
        yield client


async def test_calls_one_after_the_other_go_by_themselves(server: ScriptedServer, quota: Client) -> None:
    for _ in range(3):
        async with quota.hold(user="u-17", tokens=1) as hold:
            await hold.commit(tokens=1)
    assert methods(server) == ["CheckQuota", "Commit"] * 3


async def test_a_hundred_lives_at_once_take_a_handful_of_rpcs(server: ScriptedServer, quota: Client) -> None:
    async def live(user: str) -> tuple[str, str, str]:
        async with quota.hold(user=user, tokens=1) as hold:
            committed = await hold.commit(tokens=1)
        return user, hold.id, committed.charge.id

    lives = await asyncio.gather(*(live(f"u-{number}") for number in range(100)))
    # the first of each kind alone, 96 together, the rest, and perhaps the commit of the first hold
    assert len(server.calls) <= 8
    batches = server.sent("BatchCheckQuota")
    checks = [*server.sent("CheckQuota"), *(check for batch in batches for check in batch.requests)]
    # two batches are under way at once, so either may arrive first; each keeps its order
    assert sorted((check.subject.user, check.hold.id) for check in checks) == sorted(
        life[:2] for life in lives
    )
    for batch in batches:
        assert users(batch) == sorted(users(batch), key=lambda user: int(user[2:]))
    assert all(hold == charge for _, hold, charge in lives)


async def test_a_client_told_so_lets_each_go_by_itself(server: ScriptedServer, alone: Client) -> None:
    await asyncio.gather(*start(alone, "u-1", "u-2", "u-3"))
    assert methods(server) == ["CheckQuota"] * 3


async def test_checks_that_wait_go_by_themselves(server: ScriptedServer, quota: Client) -> None:
    await asyncio.gather(*(quota.check(user=f"u-{number}", wait=1) for number in range(3)))
    assert methods(server) == ["CheckQuota"] * 3


@pytest.mark.usefixtures("patient")
async def test_those_who_queue_leave_together_in_their_order(
    server: ScriptedServer, quota: Client, gate: Gate
) -> None:
    second = Gate()
    server.script("CheckQuota", gate.check)
    server.script("BatchCheckQuota", second.checks)
    early = start(quota, "u-0", "u-1", "u-2")
    await reached(gate)
    await reached(second)
    late = []
    for number in range(3, 8):  # each in a turn of its own
        late += start(quota, f"u-{number}")
        await asyncio.sleep(0)
    assert len(server.calls) == 2
    gate.open.set()
    await asyncio.gather(*late)
    assert not early[1].done()
    second.open.set()
    await asyncio.gather(*early)
    assert [users(batch) for batch in server.sent("BatchCheckQuota")] == [
        ["u-1", "u-2"],
        ["u-3", "u-4", "u-5", "u-6", "u-7"],
    ]


@pytest.mark.usefixtures("patient")
async def test_two_rpcs_are_under_way_and_two_more_if_many_queue(
    server: ScriptedServer, quota: Client, gate: Gate
) -> None:
    gates = [Gate() for _ in range(3)]
    server.script("CheckQuota", gate.check)
    server.script("BatchCheckQuota", *(held.checks for held in gates))
    calls: list[asyncio.Task[Decision]] = []
    for batch, (count, under_way) in enumerate([(3, 2), (47, 2), (1, 3), (48, 4), (100, 4)]):
        calls += start(quota, *(f"u-{batch}-{number}" for number in range(count)))
        for held in (gate, *gates)[:under_way]:
            await reached(held)
        await asyncio.sleep(0.02)  # another one would have left by then
        assert len(server.calls) == under_way
    for held in (gate, *gates):
        held.open.set()
    await asyncio.gather(*calls)
    sizes = [len(users(batch)) for batch in server.sent("BatchCheckQuota")]
    assert sizes[:3] == [2, 48, 48]
    assert sorted(sizes[3:]) == [4, 96]  # they leave together, and may arrive in either order


async def test_nobody_waits_long_for_an_rpc_that_hangs(
    server: ScriptedServer, quota: Client, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "PATIENCE", 0.01)
    second = Gate()
    server.script("CheckQuota", gate.check)
    server.script("BatchCheckQuota", second.checks)
    stuck = start(quota, "u-0", "u-1", "u-2")
    await reached(second)
    assert all(decision.allowed for decision in await asyncio.gather(*start(quota, "u-3", "u-4")))
    assert not any(call.done() for call in stuck)
    gate.open.set()
    second.open.set()
    await asyncio.gather(*stuck)


async def test_what_is_large_travels_in_smaller_company(server: ScriptedServer, quota: Client) -> None:
    large = {"note": "x" * 300_000}
    calls = [asyncio.create_task(quota.check(user=f"u-{number}", attributes=large)) for number in range(8)]
    await asyncio.gather(*calls)
    assert [len(batch.requests) for batch in server.sent("BatchCheckQuota")] == [3, 3]
    assert len(server.sent("CheckQuota")) == 2  # the first, and the last that was left


async def test_a_large_answer_is_taken(server: ScriptedServer, quota: Client) -> None:
    def answer(request: pb.BatchCheckQuotaRequest, _: object) -> pb.BatchCheckQuotaResponse:
        answers = each_checked(request)
        for result in answers.results:
            result.response.decision.message = "x" * 3_000_000
        return answers

    server.script("BatchCheckQuota", answer)
    decisions = await asyncio.gather(*start(quota, "u-0", "u-1", "u-2"))
    assert [len(decision.message) > 1_000 for decision in decisions] == [False, True, True]


async def test_commits_of_one_moment_travel_together(server: ScriptedServer, quota: Client) -> None:
    ids = [new_id() for _ in range(5)]
    charges = await asyncio.gather(*(quota.charge(user="u-17", tokens=1, charge_id=one) for one in ids))
    assert [committed.charge.id for committed in charges] == ids
    (batch,) = server.sent("BatchCommit")
    assert [item.charge_id for item in batch.requests] == ids[1:]
