"""AdminService: limits and their history, groups, namespaces, the ledger and the holds, page by page."""

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from almoner import (
    Aborted,
    AdjustmentKind,
    Client,
    Commit,
    GroupRule,
    HoldState,
    Limit,
    Period,
    Settlement,
    Target,
    TargetKind,
    new_id,
)
from almoner.v1.admin_service_pb2 import ListChargesRequest, ListLimitsRequest
from almoner.v1.admin_service_pb2_grpc import AdminServiceStub

from tests.support.failures import failure_of

EVERYBODY = Target.namespace_default()
END = datetime(2040, 1, 1, tzinfo=UTC)


async def test_a_limit_comes_back_as_it_was_set(quota: Client) -> None:
    set_ = await quota.admin.set_limit(
        Target.user("u"),
        unit="tokens",
        period=Period.WEEK,
        amount=7,
        expire_time=END,
        actor="ann",
        reason="why",
    )
    unlimited = await quota.admin.set_unlimited(Target.group_pool("g"), unit="tokens", period=Period.DAY)
    assert (set_.amount, set_.expire_time, set_.updated_by) == (7, END, "ann")
    assert unlimited.unlimited
    assert [limit async for limit in quota.admin.list_limits()] == [set_, unlimited]
    assert [limit async for limit in quota.admin.list_limits(target=Target(TargetKind.USER))] == [set_]


async def test_a_raise_counts_once(quota: Client) -> None:
    await quota.admin.set_limit(EVERYBODY, unit="tokens", period=Period.DAY, amount=7)
    request_id = new_id()
    answers = [
        await quota.admin.raise_limit(
            EVERYBODY, unit="tokens", period=Period.DAY, delta=3, request_id=request_id
        )
        for _ in range(2)
    ]
    assert [(answer.limit.amount, answer.replayed) for answer in answers] == [(10, False), (10, True)]


async def test_every_change_is_kept(quota: Client) -> None:
    for amount in (1, 2):
        await quota.admin.set_limit(
            EVERYBODY, unit="tokens", period=Period.DAY, amount=amount, actor="ann", reason=f"no. {amount}"
        )
    await quota.admin.delete_limit(EVERYBODY, unit="tokens", period=Period.DAY, actor="bob")
    changes = [change async for change in quota.admin.list_limit_changes(unit="tokens", page_size=1)]
    assert [(_amount(c.before), _amount(c.after), c.actor, c.reason) for c in changes] == [
        (2, None, "bob", ""),
        (1, 2, "ann", "no. 2"),
        (None, 1, "ann", "no. 1"),
    ]


async def test_what_changed_meanwhile_is_not_changed_again(quota: Client) -> None:
    on: dict[str, Any] = {"unit": "tokens", "period": Period.DAY}
    old = await quota.admin.set_limit(EVERYBODY, amount=1, **on)
    new = await quota.admin.set_limit(EVERYBODY, amount=2, etag=old.etag, **on)
    made = await quota.admin.create_namespace("n", units=["tokens"])
    changed = await quota.admin.update_namespace("n", enabled=False, etag=made.etag)
    for change in (
        quota.admin.set_limit(EVERYBODY, amount=3, etag=old.etag, **on),
        quota.admin.set_unlimited(EVERYBODY, etag=old.etag, **on),
        quota.admin.raise_limit(EVERYBODY, delta=1, etag=old.etag, **on),
        quota.admin.delete_limit(EVERYBODY, etag=old.etag, **on),
        quota.admin.update_namespace("n", enabled=True, etag=made.etag),
    ):
        with pytest.raises(Aborted) as caught:
            await change
        assert caught.value.reason == "ETAG_MISMATCH"
    assert [limit async for limit in quota.admin.list_limits()] == [new]
    assert [found async for found in quota.admin.list_namespaces()][1:] == [changed]
    await quota.admin.delete_limit(EVERYBODY, etag=new.etag, **on)


async def test_a_page_has_a_hundred_entries_unless_told_otherwise(
    channel: grpc.aio.Channel, quota: Client
) -> None:
    await quota.commit_many([Commit(user="u", charge_id=new_id(), amounts={"tokens": 1}) for _ in range(101)])
    admin = AdminServiceStub(channel)
    first = await admin.ListCharges(ListChargesRequest(namespace="default"))
    rest = await admin.ListCharges(
        ListChargesRequest(namespace="default", page_token=first.next_page_token, page_size=1000)
    )
    assert (len(first.charges), len(rest.charges), rest.next_page_token) == (100, 1, "")


async def test_groups_are_stored_sorted_and_once(quota: Client) -> None:
    assert await quota.admin.set_user_groups("u", ["b", "a", "b"]) == ("a", "b")
    assert await quota.admin.get_user_groups("u") == ("a", "b")
    assert await quota.admin.get_user_groups("never seen") == ()


async def test_a_namespace_is_created_changed_and_listed(quota: Client) -> None:
    made = await quota.admin.create_namespace("n", units=["tokens"])
    assert (made.units, made.group_rule, made.enabled) == (("tokens",), GroupRule.MIN, True)
    assert await quota.admin.create_namespace("n", units=["tokens"]) == made
    changed = await quota.admin.update_namespace(
        "n", units=["tokens", "words"], enabled=False, etag=made.etag
    )
    assert (changed.units, changed.enabled, changed.group_rule) == (("tokens", "words"), False, GroupRule.MIN)
    names = [namespace.name async for namespace in quota.admin.list_namespaces(page_size=1)]
    assert names == ["default", "n"]


async def test_the_ledger_is_listed_with_its_corrections(quota: Client) -> None:
    first = await quota.charge(user="u", chat="c", parent="p", tokens=5, settlement=Settlement.ESTIMATE)
    await quota.charge(user="v", tokens=1)
    for amount in (4, 3):
        kind = AdjustmentKind.REFUND if amount == 4 else AdjustmentKind.ACTUAL
        adjusted = await quota.adjust(first.charge.id, kind=kind, tokens=amount, reason="seen")
        assert adjusted.charge.adjustments[-1] == adjusted.adjustment
    charges = [charge async for charge in quota.admin.list_charges(page_size=1)]
    assert [charge.subject.user for charge in charges] == ["v", "u"]
    assert [change.change for change in charges[1].adjustments] == [{"tokens": -4}, {"tokens": 2}]
    assert (charges[1].amounts, charges[1].net_amounts, charges[1].open) == (
        {"tokens": 5},
        {"tokens": 3},
        False,
    )
    assert [charge.id async for charge in quota.admin.list_charges(chat="p")] == [first.charge.id]


async def test_a_replayed_correction_shows_the_charge_as_of_then(quota: Client) -> None:
    charge = (await quota.charge(user="u", tokens=5)).charge
    first = new_id()
    for adjustment_id in (first, new_id()):
        await quota.adjust(charge.id, kind=AdjustmentKind.REFUND, adjustment_id=adjustment_id, tokens=1)
    again = await quota.adjust(charge.id, kind=AdjustmentKind.REFUND, adjustment_id=first, tokens=1)
    assert again.replayed
    assert again.charge.net_amounts == {"tokens": 4}
    assert [adjustment.id for adjustment in again.charge.adjustments] == [first]


async def test_holds_are_listed_by_state(quota: Client) -> None:
    holds = [await quota.open_hold(user="u", tokens=number) for number in (1, 2, 3)]
    await holds[1].release()
    listed = [hold async for hold in quota.admin.list_holds(user="u", page_size=1)]
    assert [(hold.id, hold.held) for hold in listed] == [
        (holds[2].id, {"tokens": 3}),
        (holds[1].id, {}),
        (holds[0].id, {"tokens": 1}),
    ]
    assert [hold.id async for hold in quota.admin.list_holds(state=HoldState.RELEASED)] == [holds[1].id]


async def test_a_page_token_is_good_for_its_own_list_only(channel: grpc.aio.Channel, quota: Client) -> None:
    for number in (1, 2):
        await quota.charge(user="u", tokens=number)
    admin = AdminServiceStub(channel)
    page = await admin.ListCharges(ListChargesRequest(namespace="default", page_size=1))
    assert page.next_page_token
    others = [
        admin.ListCharges(ListChargesRequest(namespace="default", user="u", page_token=page.next_page_token)),
        admin.ListLimits(ListLimitsRequest(namespace="default", page_token=page.next_page_token)),
    ]
    for other in others:
        assert (await failure_of(other)).reason == "MALFORMED_PAGE_TOKEN"  # type: ignore[arg-type]


def _amount(limit: Limit | None) -> int | None:
    return None if limit is None else limit.amount
