from datetime import UTC, datetime

import grpc
import pytest
from almoner import (
    Client,
    GroupRule,
    HoldState,
    InvalidArgument,
    NotFound,
    Period,
    Settlement,
    Target,
    TargetKind,
    Unavailable,
)
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import resources_pb2 as pb

from tests.client.script import UNAVAILABLE, Failure, ScriptedServer

USER = pb.Target(kind=pb.TARGET_KIND_USER, id="u1")
NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)


def set_to(limit: pb.Limit) -> admin.SetLimitResponse:
    return admin.SetLimitResponse(limit=limit)


async def test_a_limit_in_dollars_is_set_in_micro_dollars(server: ScriptedServer, quota: Client) -> None:
    server.script(
        "SetLimit", UNAVAILABLE, set_to(pb.Limit(target=USER, unit="usd_micros", amount=50_000_000))
    )
    limit = await quota.admin.set_limit(
        Target.user("u1"), unit="usd", period=Period.MONTH, amount=50, expire_time=NOON, actor="a", reason="r"
    )
    expected = admin.SetLimitRequest(
        namespace="default",
        target=USER,
        unit="usd_micros",
        period=pb.PERIOD_MONTH,
        amount=50_000_000,
        actor="a",
        reason="r",
    )
    expected.expire_time.FromDatetime(NOON)
    assert server.sent("SetLimit") == [expected, expected]
    assert (limit.amount, limit.unlimited, limit.target) == (50_000_000, False, Target.user("u1"))


async def test_zero_is_a_limit_and_unlimited_is_another(server: ScriptedServer, quota: Client) -> None:
    server.script("SetLimit", set_to(pb.Limit(amount=0)), set_to(pb.Limit(unlimited=True)))
    everybody = Target.namespace_default()
    nothing = await quota.admin.set_limit(everybody, unit="tokens", period=Period.DAY, amount=0)
    everything = await quota.admin.set_unlimited(everybody, unit="usd", period=Period.DAY)
    zero, unlimited = server.sent("SetLimit")
    assert (zero.WhichOneof("value"), zero.amount) == ("amount", 0)
    assert (unlimited.WhichOneof("value"), unlimited.unlimited) == ("unlimited", True)
    assert unlimited.unit == "usd_micros"
    assert (nothing.amount, nothing.unlimited) == (0, False)
    assert (everything.amount, everything.unlimited) == (None, True)


async def test_a_raise_carries_an_id_that_repetition_keeps(server: ScriptedServer, quota: Client) -> None:
    server.script("SetLimit", UNAVAILABLE, admin.SetLimitResponse(limit=pb.Limit(amount=7), replayed=True))
    raised = await quota.admin.raise_limit(Target.chat("c"), unit="tokens", period=Period.LIFETIME, delta=5)
    once, again = server.sent("SetLimit")
    assert once == again
    assert once.request_id
    assert (once.WhichOneof("value"), once.delta) == ("delta", 5)
    assert raised.replayed
    assert raised.limit.amount == 7


async def test_a_limit_is_not_rounded(server: ScriptedServer, quota: Client) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await quota.admin.set_limit(
            Target.namespace_pool(), unit="usd", period=Period.DAY, amount="0.0000001"
        )
    assert caught.value.field == "amount"
    assert not server.calls


async def test_what_would_fail_the_second_time_is_not_sent_twice(
    server: ScriptedServer, quota: Client
) -> None:
    server.script("SetLimit", UNAVAILABLE)
    server.script("UpdateNamespace", UNAVAILABLE)
    server.script("DeleteLimit", UNAVAILABLE)
    target = Target.group_default("g")
    with pytest.raises(Unavailable):
        await quota.admin.set_limit(target, unit="tokens", period=Period.DAY, amount=1, etag="3f")
    with pytest.raises(Unavailable):
        await quota.admin.update_namespace("prod", enabled=True, etag="3f")
    with pytest.raises(Unavailable):
        await quota.admin.delete_limit(target, unit="tokens", period=Period.DAY)
    assert [call.method for call in server.calls] == ["SetLimit", "UpdateNamespace", "DeleteLimit"]


async def test_a_limit_is_deleted_by_its_key(server: ScriptedServer, quota: Client) -> None:
    gone = Failure(grpc.StatusCode.NOT_FOUND, reason="LIMIT_NOT_FOUND")
    server.script("DeleteLimit", admin.DeleteLimitResponse(), gone)
    await quota.admin.delete_limit(Target.user("u1"), unit="usd", period=Period.WEEK, etag="3f", actor="a")
    with pytest.raises(NotFound):
        await quota.admin.delete_limit(Target.user("u1"), unit="usd", period=Period.WEEK)
    assert server.sent("DeleteLimit")[0] == admin.DeleteLimitRequest(
        namespace="default", target=USER, unit="usd_micros", period=pb.PERIOD_WEEK, etag="3f", actor="a"
    )


async def test_a_list_is_fetched_page_by_page_as_it_is_read(server: ScriptedServer, quota: Client) -> None:
    server.script(
        "ListLimits",
        admin.ListLimitsResponse(limits=[pb.Limit(unit="a"), pb.Limit(unit="b")], next_page_token="2"),
        admin.ListLimitsResponse(next_page_token="3"),
        admin.ListLimitsResponse(limits=[pb.Limit(unit="c")]),
    )
    limits = quota.admin.list_limits(target=Target(TargetKind.USER), unit="usd", page_size=2)
    assert (await anext(limits)).unit == "a"
    assert len(server.sent("ListLimits")) == 1
    assert [limit.unit async for limit in limits] == ["b", "c"]
    sent = server.sent("ListLimits")
    assert [request.page_token for request in sent] == ["", "2", "3"]
    assert {(r.target.kind, r.target.id, r.unit, r.page_size) for r in sent} == {
        (pb.TARGET_KIND_USER, "", "usd_micros", 2)
    }


async def test_a_change_tells_what_was_and_what_is(server: ScriptedServer, quota: Client) -> None:
    change = pb.LimitChange(id="1", actor="a", to=pb.Limit(amount=5))
    deletion = pb.LimitChange(id="2")
    getattr(deletion, "from").unlimited = True
    page = admin.ListLimitChangesResponse(limit_changes=[change, deletion])
    server.script("ListLimitChanges", page)
    listed = quota.admin.list_limit_changes(target=Target.user("u1"), unit="tokens", period=Period.DAY)
    first, second = [item async for item in listed]
    assert (first.before, first.after is not None and first.after.amount, first.actor) == (None, 5, "a")
    assert (second.before is not None and second.before.unlimited, second.after) == (True, None)
    assert server.sent("ListLimitChanges")[0].period == pb.PERIOD_DAY


async def test_groups_of_a_user(server: ScriptedServer, quota: Client) -> None:
    server.script("SetUserGroups", admin.SetUserGroupsResponse(groups=["a", "b"]))
    server.script("GetUserGroups", admin.GetUserGroupsResponse())
    assert await quota.admin.set_user_groups("u1", ["b", "a"]) == ("a", "b")
    assert await quota.admin.get_user_groups("u2") == ()
    assert list(server.sent("SetUserGroups")[0].groups) == ["b", "a"]
    assert server.sent("GetUserGroups")[0].user == "u2"


async def test_a_namespace_is_changed_in_what_was_named_only(server: ScriptedServer, quota: Client) -> None:
    answer = pb.Namespace(name="prod", units=["tokens"], group_rule=pb.GROUP_RULE_MAX, enabled=False)
    server.script("CreateNamespace", admin.CreateNamespaceResponse(namespace=answer))
    server.script("UpdateNamespace", admin.UpdateNamespaceResponse(namespace=answer))
    server.script("ListNamespaces", admin.ListNamespacesResponse(namespaces=[answer]))
    created = await quota.admin.create_namespace("prod", units=["tokens"])
    await quota.admin.update_namespace("prod", enabled=False)
    listed = [namespace async for namespace in quota.admin.list_namespaces()]
    assert created == listed[0]
    assert (created.units, created.group_rule, created.enabled) == (("tokens",), GroupRule.MAX, False)
    (create,) = server.sent("CreateNamespace")
    assert (create.namespace.group_rule, create.namespace.enabled) == (pb.GROUP_RULE_MIN, True)
    (update,) = server.sent("UpdateNamespace")
    assert list(update.update_mask.paths) == ["enabled"]
    assert update.namespace.HasField("enabled")
    assert not update.namespace.enabled


async def test_the_ledger_and_the_holds_are_filtered(server: ScriptedServer, quota: Client) -> None:
    charge = pb.Charge(id="x", hold_id="h", open=True, settlement=pb.SETTLEMENT_UNPRICED)
    server.script("ListCharges", admin.ListChargesResponse(charges=[charge]))
    server.script("ListHolds", admin.ListHoldsResponse(holds=[pb.Hold(id="h", state=pb.HOLD_STATE_EXPIRED)]))
    listed = quota.admin.list_charges(
        user="u1", chat="c", hold_id="h", open_only=True, settlement=Settlement.UNPRICED, start_time=NOON
    )
    charges = [item async for item in listed]
    holds = [item async for item in quota.admin.list_holds(chat="c", state=HoldState.EXPIRED)]
    assert [(item.id, item.settlement, item.open) for item in charges] == [("x", Settlement.UNPRICED, True)]
    assert [(item.id, item.state) for item in holds] == [("h", HoldState.EXPIRED)]
    expected = admin.ListChargesRequest(
        namespace="default",
        user="u1",
        chat_id="c",
        hold_id="h",
        open_only=True,
        settlement=pb.SETTLEMENT_UNPRICED,
        page_size=100,
    )
    expected.start_time.FromDatetime(NOON)
    assert server.sent("ListCharges") == [expected]
    assert server.sent("ListHolds")[0].state == pb.HOLD_STATE_EXPIRED


async def test_usd_names_the_same_unit_wherever_a_unit_is_named(
    server: ScriptedServer, quota: Client
) -> None:
    for method in ("CreateNamespace", "UpdateNamespace", "ListLimits", "ListLimitChanges"):
        server.script(method, getattr(admin, f"{method}Response")())
    await quota.admin.create_namespace("prod", units=["usd", "tokens"])
    await quota.admin.update_namespace("prod", units=iter(["usd", "tokens", "credits"]))
    assert [limit async for limit in quota.admin.list_limits(unit="usd")] == []
    assert [change async for change in quota.admin.list_limit_changes(unit="usd")] == []
    assert server.sent("CreateNamespace")[0].namespace.units == ["usd_micros", "tokens"]
    assert server.sent("UpdateNamespace")[0].namespace.units == ["usd_micros", "tokens", "credits"]
    assert server.sent("ListLimits")[0].unit == server.sent("ListLimitChanges")[0].unit == "usd_micros"


@pytest.mark.parametrize("units", ["usd", 5])
async def test_what_is_no_list_of_units_is_refused(
    server: ScriptedServer, quota: Client, units: object
) -> None:
    with pytest.raises(InvalidArgument, match=rf"namespace\.units: {units!r} is not a list"):
        await quota.admin.create_namespace("prod", units=units)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=r"namespace\.units"):
        await quota.admin.update_namespace("prod", units=units)  # type: ignore[arg-type]
    assert not server.calls
