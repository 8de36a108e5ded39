"""Calls of one moment: who travels with whom, and that each is answered as if it had gone alone.

Calls started in one turn of the event loop are the company here: the first finds nobody and goes by itself,
the others leave together when the turn is over.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
from almoner import (
    Client,
    ClientClosed,
    DeadlineExceeded,
    Decision,
    Hold,
    InternalError,
    NotFound,
    Overloaded,
    RetryPolicy,
    new_id,
)
from almoner.runtime.coalescing import schedule
from almoner.v1 import quota_service_pb2 as pb
from almoner.v1 import resources_pb2

from tests.client.script import UNAVAILABLE, Failure, Gate, ScriptedServer, each_checked

Call = asyncio.Task[Decision]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody loses patience with an RPC that the test holds up."""
    monkeypatch.setattr(schedule, "PATIENCE", 3_600)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
async def alone(server: ScriptedServer) -> AsyncIterator[Client]:
    async with Client(server.address, coalesce=False) as client:
        yield client


def methods(server: ScriptedServer) -> list[str]:
    return [call.method for call in server.calls]


def users(batch: pb.BatchCheckQuotaRequest) -> list[str]:
    return [item.subject.user for item in batch.requests]


def start(quota: Client, *names: str, timeout: float | None = None) -> list[Call]:
    return [asyncio.create_task(quota.check(user=name, timeout=timeout)) for name in names]


async def reached(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.reached.wait, 10)


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
    assert [(check.subject.user, check.hold.id) for check in checks] == [life[:2] for life in lives]
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
    calls: list[Call] = []
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


async def test_a_bad_item_fails_alone(server: ScriptedServer, quota: Client) -> None:
    def answer(request: pb.BatchCheckQuotaRequest, _: object) -> pb.BatchCheckQuotaResponse:
        answers = each_checked(request)
        code = grpc.StatusCode.NOT_FOUND.value[0]
        answers.results[1].error.CopyFrom(
            resources_pb2.ItemError(
                code=code, message="none", reason="NAMESPACE_NOT_FOUND", metadata={"field": "namespace"}
            )
        )
        return answers

    server.script("BatchCheckQuota", answer)
    calls = start(quota, "u-0", "u-1", "bad", "u-3")
    *good, bad = await asyncio.gather(calls[0], calls[1], calls[3], calls[2], return_exceptions=True)
    assert all(isinstance(decision, Decision) and decision.allowed for decision in good)
    assert isinstance(bad, NotFound)
    assert (bad.message, bad.reason, bad.field) == ("none", "NAMESPACE_NOT_FOUND", "namespace")


async def test_the_error_of_the_whole_batch_is_everybodys_own(server: ScriptedServer, quota: Client) -> None:
    server.script("BatchCheckQuota", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, reason="OVERLOADED"))
    _, *errors = await asyncio.gather(*start(quota, "u-0", "u-1", "u-2"), return_exceptions=True)
    assert [(type(error), getattr(error, "reason", "")) for error in errors] == [
        (Overloaded, "OVERLOADED")
    ] * 2
    assert errors[0] is not errors[1]


async def test_an_answer_of_another_length_is_nobodys(server: ScriptedServer, quota: Client) -> None:
    server.script("BatchCheckQuota", pb.BatchCheckQuotaResponse())
    _, *errors = await asyncio.gather(*start(quota, "u-0", "u-1", "u-2"), return_exceptions=True)
    assert [type(error) for error in errors] == [InternalError, InternalError]


async def test_unavailable_is_sent_again_under_the_same_ids(server: ScriptedServer, quota: Client) -> None:
    server.script("BatchCheckQuota", UNAVAILABLE)
    holds = await asyncio.gather(*(quota.open_hold(user="u-17", tokens=1) for _ in range(4)))
    first, *again = server.sent("BatchCheckQuota")
    repeated = [item.hold.id for batch in again for item in batch.requests]
    repeated += [check.hold.id for check in server.sent("CheckQuota")[1:]]
    assert [item.hold.id for item in first.requests] == [hold.id for hold in holds[1:]]
    assert sorted(repeated) == sorted(hold.id for hold in holds[1:])


async def test_each_gives_up_by_its_own_policy(server: ScriptedServer) -> None:
    server.script("BatchCheckQuota", UNAVAILABLE)
    async with Client(server.address, retry=RetryPolicy(attempts=1)) as quota:
        first, *others = await asyncio.gather(*start(quota, "u-0", "u-1", "u-2"), return_exceptions=True)
    assert isinstance(first, Decision)
    assert [getattr(error, "reason", "") for error in others] == ["STORE_UNAVAILABLE"] * 2
    assert len(server.calls) == 2


async def test_a_deadline_is_its_callers_alone(server: ScriptedServer, quota: Client, gate: Gate) -> None:
    server.script("BatchCheckQuota", gate.checks)
    calls = [
        *start(quota, "u-0", "u-1"),
        *start(quota, "late", timeout=0.05),
        *start(quota, "u-3", timeout=20),
    ]
    with pytest.raises(DeadlineExceeded):
        await calls[2]
    assert (await calls[0]).allowed  # it goes by itself
    assert not calls[1].done()
    assert not calls[3].done()
    gate.open.set()
    assert all(decision.allowed for decision in await asyncio.gather(calls[0], calls[1], calls[3]))
    (left,) = [call.seconds_left for call in server.calls if call.method == "BatchCheckQuota"]
    assert 15 < left < 21


@pytest.mark.usefixtures("patient")
async def test_a_deadline_counts_in_the_queue_too(server: ScriptedServer, quota: Client, gate: Gate) -> None:
    second = Gate()
    server.script("CheckQuota", gate.check)
    server.script("BatchCheckQuota", second.checks)
    stuck = start(quota, "u-0", "u-1", "u-2")
    await reached(second)
    with pytest.raises(DeadlineExceeded):
        await quota.check(user="late", timeout=0.02)
    gate.open.set()
    second.open.set()
    await asyncio.gather(*stuck)
    await quota.check(user="u-9")
    assert "late" not in [name for batch in server.sent("BatchCheckQuota") for name in users(batch)]


@pytest.mark.usefixtures("patient")
async def test_who_is_cancelled_in_the_queue_never_travels(
    server: ScriptedServer, quota: Client, gate: Gate
) -> None:
    second = Gate()
    server.script("CheckQuota", gate.check)
    server.script("BatchCheckQuota", second.checks)
    stuck = start(quota, "u-0", "u-1", "u-2")
    await reached(second)
    queued = start(quota, "u-3", "gone", "u-5")
    await asyncio.sleep(0)
    queued[1].cancel()
    gate.open.set()
    second.open.set()
    await asyncio.gather(*stuck, queued[0], queued[2])
    assert queued[1].cancelled()
    assert users(server.sent("BatchCheckQuota")[1]) == ["u-3", "u-5"]


async def test_a_hold_cancelled_on_its_way_is_given_back_once_it_has_arrived(
    server: ScriptedServer, quota: Client, gate: Gate
) -> None:
    events = []

    def answer(
        request: pb.BatchCheckQuotaRequest, context: grpc.ServicerContext
    ) -> pb.BatchCheckQuotaResponse:
        answers = gate.checks(request, context)
        events.append("held")
        return answers

    def release(request: pb.ReleaseRequest, _: object) -> pb.ReleaseResponse:
        events.append(f"released {request.hold_id}")
        return pb.ReleaseResponse(hold=resources_pb2.Hold(id=request.hold_id))

    server.script("BatchCheckQuota", answer)
    server.script("Release", release)
    calls: list[asyncio.Task[Hold]] = [
        asyncio.create_task(quota.open_hold(user=user, tokens=1)) for user in ("u-0", "gone", "u-2")
    ]
    await reached(gate)
    calls[1].cancel()
    for _ in range(10):  # a release that did not wait would have been answered by then
        await quota.status(user="u-17")
    assert events == []
    gate.open.set()
    await asyncio.gather(calls[0], calls[2])
    with pytest.raises(asyncio.CancelledError):
        await calls[1]
    (batch,) = server.sent("BatchCheckQuota")
    assert events == ["held", f"released {batch.requests[0].hold.id}"]
    assert batch.requests[0].subject.user == "gone"


async def test_a_commit_whose_caller_is_cancelled_is_carried_out(
    server: ScriptedServer, quota: Client
) -> None:
    holds = await asyncio.gather(*(quota.open_hold(user="u-17", tokens=1) for _ in range(3)))
    calls = [asyncio.create_task(hold.commit(tokens=1)) for hold in holds]
    await asyncio.sleep(0)
    calls[2].cancel()
    await asyncio.gather(calls[0], calls[1])
    with pytest.raises(asyncio.CancelledError):
        await calls[2]
    assert holds[2].settled


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


async def test_closing_breaks_off_those_under_way_and_those_who_queue(
    server: ScriptedServer, quota: Client, gate: Gate
) -> None:
    second = Gate()
    server.script("CheckQuota", gate.check)
    server.script("BatchCheckQuota", second.checks)
    calls = start(quota, "u-0", "u-1", "u-2")
    await reached(gate)
    await reached(second)
    calls += start(quota, "u-3", "u-4")
    await asyncio.sleep(0)
    await quota.close()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ClientClosed] * 5


async def test_commits_of_one_moment_travel_together(server: ScriptedServer, quota: Client) -> None:
    ids = [new_id() for _ in range(5)]
    charges = await asyncio.gather(*(quota.charge(user="u-17", tokens=1, charge_id=one) for one in ids))
    assert [committed.charge.id for committed in charges] == ids
    (batch,) = server.sent("BatchCommit")
    assert [item.charge_id for item in batch.requests] == ids[1:]
