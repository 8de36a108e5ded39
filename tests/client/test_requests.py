"""What the remaining calls send."""

from datetime import UTC, datetime

import pytest
from almoner import AdjustmentKind, Client, InvalidArgument
from almoner.v1 import quota_service_pb2 as pb
from almoner.v1 import resources_pb2

from tests.client.script import ScriptedServer


async def test_a_direct_charge_may_have_occurred_before(server: ScriptedServer, quota: Client) -> None:
    moment = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    await quota.charge(user="u1", chat="c1", usd="0.0000001", occurred_at=moment, attributes={"k": "v"})
    (sent,) = server.sent("Commit")
    assert sent.occurred_at.ToDatetime(tzinfo=UTC) == moment
    assert (sent.hold_id, sent.subject.user, sent.chat.id) == ("", "u1", "c1")
    assert (sent.amounts, sent.attributes) == ({"usd_micros": 1}, {"k": "v"})


async def test_a_time_without_a_zone_is_refused(server: ScriptedServer, quota: Client) -> None:
    with pytest.raises(InvalidArgument, match="has no time zone"):
        await quota.charge(user="u1", tokens=1, occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001
    assert not server.calls


@pytest.mark.parametrize("wait", [float("nan"), float("inf"), 1e300])
async def test_a_wait_that_is_no_time_is_refused(quota: Client, wait: float) -> None:
    with pytest.raises(InvalidArgument, match="wait: "):
        await quota.check(user="u1", wait=wait)


async def test_one_string_is_not_a_list_of_groups(server: ScriptedServer, quota: Client) -> None:
    with pytest.raises(InvalidArgument, match=r"subject\.groups: 'research' is not a list"):
        await quota.check(user="u1", groups="research")
    with pytest.raises(InvalidArgument):
        await quota.admin.set_user_groups("u1", "research")
    assert not server.calls


async def test_a_parent_needs_a_chat(quota: Client) -> None:
    with pytest.raises(InvalidArgument, match="chat: required"):
        await quota.check(user="u1", parent="c0")


async def test_an_adjustment_is_sent_under_an_id_of_its_own(server: ScriptedServer, quota: Client) -> None:
    server.script("Adjust", pb.AdjustResponse(replayed=True))
    answer = await quota.adjust("charge", kind=AdjustmentKind.REFUND, usd="0.10", reason="bad reply")
    (sent,) = server.sent("Adjust")
    assert sent == pb.AdjustRequest(
        namespace="default",
        charge_id="charge",
        adjustment_id=sent.adjustment_id,
        kind=resources_pb2.ADJUSTMENT_KIND_REFUND,
        amounts={"usd_micros": 100_000},
        reason="bad reply",
    )
    assert sent.adjustment_id
    assert answer.replayed


async def test_status_asks_for_a_user_a_chat_or_both(server: ScriptedServer, quota: Client) -> None:
    await quota.status(user="u1", groups=["g"])
    await quota.status(chat="c1", parent="c0")
    user, chat = server.sent("GetStatus")
    assert user == pb.GetStatusRequest(
        namespace="default", subject=resources_pb2.Subject(user="u1", groups=["g"])
    )
    assert chat == pb.GetStatusRequest(
        namespace="default", chat=resources_pb2.ChatRef(id="c1", parent_id="c0")
    )
