"""Who travels together is answered as if it had gone alone: with an error, a deadline and a cancellation of its own."""

import asyncio

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
)
from almoner.v1 import quota_service_pb2 as pb
from almoner.v1 import resources_pb2

from tests.client.company import reached, start, users
from tests.client.script import UNAVAILABLE, Failure, Gate, ScriptedServer, each_checked


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
