"""A hold in its block: what is sent when, and what is raised where."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from almoner import (
    Client,
    ExpiryAction,
    HoldNotSettled,
    InvalidArgument,
    NotFound,
    QuotaBusy,
    QuotaExceeded,
    Settlement,
)
from almoner.v1 import quota_service_pb2 as quota_pb
from almoner.v1 import resources_pb2 as pb

from tests.client.script import EXPIRE_TIME, GONE, Gate, ScriptedServer, refused


async def test_the_everyday_path_sends_what_was_said(server: ScriptedServer, quota: Client) -> None:
    async with quota.hold(
        user="u-17",
        groups=["research"],
        chat="c1",
        parent="c0",
        usd=0.25,
        messages=1,
        wait=5,
        ttl=timedelta(minutes=1),
        on_expiry=ExpiryAction.CHARGE,
        attributes={"model": "m"},
    ) as hold:
        assert hold.decision.allowed
        assert hold.expire_time == EXPIRE_TIME
        answer = await hold.commit(usd=Decimal("0.1200001"), messages=1)
    subject = pb.Subject(user="u-17", groups=["research"])
    chat = pb.ChatRef(id="c1", parent_id="c0")
    check = quota_pb.CheckQuotaRequest(
        namespace="default",
        subject=subject,
        chat=chat,
        amounts={"usd_micros": 250_000, "messages": 1},
        hold=quota_pb.HoldOptions(id=hold.id, on_expiry=pb.EXPIRY_ACTION_CHARGE),
        attributes={"model": "m"},
    )
    check.wait.FromSeconds(5)
    check.hold.ttl.FromSeconds(60)
    assert server.sent("CheckQuota") == [check]
    assert server.sent("Commit") == [
        quota_pb.CommitRequest(
            namespace="default",
            hold_id=hold.id,
            amounts={"usd_micros": 120_001, "messages": 1},
            settlement=pb.SETTLEMENT_ACTUAL,
            subject=subject,
            chat=chat,
            attributes={"model": "m"},
        )
    ]
    assert answer.charge.amounts == {"usd_micros": 120_001, "messages": 1}
    assert hold.settled
    assert not server.sent("Release")


@pytest.mark.parametrize(
    ("reason", "error"),
    [(pb.REFUSAL_REASON_EXHAUSTED, QuotaExceeded), (pb.REFUSAL_REASON_BUSY, QuotaBusy)],
)
async def test_a_refusal_is_raised_before_the_block_and_never_sent_again(
    server: ScriptedServer, quota: Client, reason: pb.RefusalReason.ValueType, error: type[Exception]
) -> None:
    server.script("CheckQuota", refused(reason))
    with pytest.raises(error) as caught:
        async with quota.hold(user="u-17", tokens=1):
            pytest.fail("entered")
    assert type(caught.value) is error
    assert [call.method for call in server.calls] == ["CheckQuota"]


async def test_an_exception_releases_and_goes_on(server: ScriptedServer, quota: Client) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        async with quota.hold(user="u-17", tokens=1) as hold:
            raise ZeroDivisionError
    assert [request.hold_id for request in server.sent("Release")] == [hold.id]
    assert not hasattr(caught.value, "__notes__")


async def test_partial_commits_stand_when_an_exception_releases(
    server: ScriptedServer, quota: Client
) -> None:
    async def spend_and_fail() -> None:
        async with quota.hold(user="u-17", tokens=9) as hold:
            await hold.commit(tokens=1, partial=True)
            await hold.commit(tokens=2, partial=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await spend_and_fail()
    first, second = server.sent("Commit")
    assert first.partial
    assert len({"", first.charge_id, second.charge_id}) == 3
    assert len(server.sent("Release")) == 1


async def test_leaving_without_a_commit_is_an_error_and_leaks_nothing(
    server: ScriptedServer, quota: Client
) -> None:
    with pytest.raises(HoldNotSettled, match="released"):
        async with quota.hold(user="u-17", tokens=1) as hold:
            await hold.commit(tokens=1, partial=True)
    assert [request.hold_id for request in server.sent("Release")] == [hold.id]


async def test_an_explicit_release_settles(server: ScriptedServer, quota: Client) -> None:
    async with quota.hold(user="u-17", tokens=1) as hold:
        await hold.release()
    assert len(server.sent("Release")) == 1


async def test_a_release_that_fails_leaves_a_note_on_the_exception(
    server: ScriptedServer, quota: Client
) -> None:
    server.script("Release", GONE)
    with pytest.raises(ZeroDivisionError) as caught:
        async with quota.hold(user="u-17", tokens=1) as hold:
            raise ZeroDivisionError
    assert [hold.id in note and "could not be released" in note for note in caught.value.__notes__] == [True]


async def test_a_cost_must_be_said_or_said_to_be_unknown(server: ScriptedServer, quota: Client) -> None:
    hold = await quota.open_hold(user="u-17", tokens=5)
    with pytest.raises(InvalidArgument, match="ESTIMATE or UNPRICED") as caught:
        await hold.commit()
    assert (caught.value.field, caught.value.reason) == ("amounts", "FIELD_REQUIRED")
    assert not server.sent("Commit")
    await hold.commit(usd=0)
    assert len(server.sent("Commit")) == 1


async def test_an_unknown_cost_is_booked_as_such(server: ScriptedServer, quota: Client) -> None:
    first = await quota.open_hold(user="u-17", tokens=5)
    await first.commit_estimate()
    second = await quota.open_hold(user="u-17", tokens=5)
    await second.commit_unpriced(messages=1)
    estimate, unpriced = server.sent("Commit")
    assert (estimate.settlement, dict(estimate.amounts)) == (pb.SETTLEMENT_ESTIMATE, {"tokens": 5})
    assert (unpriced.settlement, dict(unpriced.amounts)) == (pb.SETTLEMENT_UNPRICED, {"messages": 1})
    assert first.settled
    assert second.settled


async def test_an_estimate_is_what_is_left_of_the_hold_also_where_the_server_does_not_know(
    server: ScriptedServer, quota: Client
) -> None:
    hold = await quota.open_hold(user="u-17", usd=1, tokens=5, messages=1)
    await hold.commit(tokens=2, messages=3, partial=True)
    await hold.extend(tokens=9)
    await hold.commit_estimate()
    assert server.sent("Commit")[-1].amounts == {"usd_micros": 1_000_000, "tokens": 7}


async def test_a_commit_that_was_wrong_may_be_put_right(server: ScriptedServer, quota: Client) -> None:
    async with quota.hold(user="u-17", tokens=5) as hold:
        with pytest.raises(InvalidArgument):
            await hold.commit(tokens=-1)
        await hold.commit(tokens=1)
    assert len(server.sent("Commit")) == 1


async def test_a_hold_under_an_id_of_the_callers_is_the_callers_to_repeat(
    server: ScriptedServer, quota: Client
) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    mine = "01970000-0000-7000-8000-000000000000"
    task = asyncio.create_task(quota.open_hold(user="u-17", tokens=1, hold_id=mine))
    await asyncio.to_thread(gate.reached.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not server.sent("Release")


async def test_more_is_admitted_or_refused_and_the_hold_stays(server: ScriptedServer, quota: Client) -> None:
    hold = await quota.open_hold(user="u-17", tokens=5)
    await hold.extend(tokens=9, ttl=60)
    assert hold.expire_time == EXPIRE_TIME + timedelta(seconds=60)
    server.script("Extend", quota_pb.ExtendResponse(decision=refused(pb.REFUSAL_REASON_EXHAUSTED).decision))
    with pytest.raises(QuotaExceeded):
        await hold.extend(tokens=900)
    assert [dict(request.amounts) for request in server.sent("Extend")] == [{"tokens": 9}, {"tokens": 900}]
    assert not hold.settled


async def test_extending_by_nothing_is_an_error(server: ScriptedServer, quota: Client) -> None:
    hold = await quota.open_hold(user="u-17", tokens=5)
    with pytest.raises(InvalidArgument, match="ttl: required"):
        await hold.extend()


async def test_a_hold_can_be_settled_by_its_id_alone(server: ScriptedServer, quota: Client) -> None:
    hold = await quota.open_hold(user="u-17", tokens=5)
    await quota.commit(hold.id, tokens=3, settlement=Settlement.ESTIMATE)
    (commit,) = server.sent("Commit")
    assert (commit.hold_id, commit.HasField("subject")) == (hold.id, False)
    server.script("Release", GONE)
    with pytest.raises(NotFound):
        await quota.release(hold.id)
