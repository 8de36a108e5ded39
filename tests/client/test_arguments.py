"""Arguments that cannot be sent: the error names the field, the value and what is allowed, and nothing is sent."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from almoner import (
    AdjustmentKind,
    Check,
    Client,
    Commit,
    InvalidArgument,
    Period,
    Target,
    blocking,
)
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import resources_pb2 as pb

from tests.client.script import ScriptedServer

LONE = "\udcff"  # half a character, as os.fsdecode makes of bytes that are no UTF-8
ID = uuid.UUID(int=7)
EVERYBODY = Target.namespace_default()
LIFETIME: Any = Period.LIFETIME
Call = Callable[[Any], Awaitable[object] | AsyncIterator[object]]

TEXTS: list[tuple[Call, str]] = [
    (lambda quota: quota.check(user=5), "subject.user: 5"),
    (lambda quota: quota.check(user=LONE), "subject.user: '\\udcff'"),
    (lambda quota: quota.check(user="u1", groups=["g", 5]), "subject.groups[1]: 5"),
    (lambda quota: quota.check(user="u1", chat=7), "chat.id: 7"),
    (lambda quota: quota.check(user="u1", chat="c", parent=LONE), "chat.parent_id: '\\udcff'"),
    (lambda quota: quota.check(user="u1", attributes={"a": "b", "n": 1}), "attributes['n']: 1"),
    (lambda quota: quota.check(user="u1", attributes={"n": LONE}), "attributes['n']: '\\udcff'"),
    (lambda quota: quota.check(user="u1", attributes={LONE: "v"}), "attributes['\\udcff']: '\\udcff'"),
    (lambda quota: quota.check(user="u1", amounts={LONE: 1}), "amounts['\\udcff']: '\\udcff'"),
    (lambda quota: quota.check(user="u1", amounts={5: 1}), "amounts[5]: 5"),
    (lambda quota: quota.open_hold(user="u1", hold_id=ID), f"hold.id: {ID!r}"),
    (lambda quota: quota.charge(user=LONE, usd=1), "subject.user: '\\udcff'"),
    (lambda quota: quota.charge(user="u1", usd=1, charge_id=ID), f"charge_id: {ID!r}"),
    (lambda quota: quota.charge(user="u1", usd=1, attributes={"n": 1}), "attributes['n']: 1"),
    (lambda quota: quota.charge(user="u1", amounts={LONE: 1}), "amounts['\\udcff']: '\\udcff'"),
    (lambda quota: quota.commit(ID, usd=1), f"hold_id: {ID!r}"),
    (lambda quota: quota.commit_many([Commit(user="u1", amounts={"usd": 1}, hold_id=LONE)]), "hold_id: "),
    (lambda quota: quota.check_many([Check(user=LONE)]), "subject.user: '\\udcff'"),
    (lambda quota: quota.release(ID), f"hold_id: {ID!r}"),
    (lambda quota: quota.extend(ID, usd=1), f"hold_id: {ID!r}"),
    (lambda quota: quota.extend("h", amounts={LONE: 1}), "amounts['\\udcff']: '\\udcff'"),
    (lambda quota: quota.adjust("x", kind=AdjustmentKind.ACTUAL, usd=1, reason=LONE), "reason: '\\udcff'"),
    (lambda quota: quota.status(user=5), "subject.user: 5"),
    (lambda quota: quota.admin.set_user_groups("u1", [LONE]), "groups[0]: '\\udcff'"),
    (lambda quota: quota.admin.get_user_groups(5), "user: 5"),
    (lambda quota: quota.admin.create_namespace(5, units=["usd"]), "namespace.name: 5"),
    (lambda quota: quota.admin.create_namespace("n", units=[5]), "namespace.units[0]: 5"),
    (lambda quota: quota.admin.update_namespace("n", etag=5), "namespace.etag: 5"),
    (
        lambda quota: quota.admin.set_limit(EVERYBODY, unit="usd", period=LIFETIME, amount=1, reason=LONE),
        "reason: '\\udcff'",
    ),
    (
        lambda quota: quota.admin.delete_limit(Target.user("u\ud800"), unit="usd", period=LIFETIME),
        "target.id: 'u\\ud800'",
    ),
    (lambda quota: quota.admin.list_limits(unit=LONE), "unit: '\\udcff'"),
    (lambda quota: quota.admin.list_limit_changes(unit=5), "unit: 5"),
    (lambda quota: quota.admin.list_charges(user=LONE), "user: '\\udcff'"),
    (lambda quota: quota.admin.list_holds(chat=5), "chat_id: 5"),
]

OTHERS: list[tuple[Call, str]] = [
    (
        lambda quota: quota.admin.set_limit(EVERYBODY, unit="usd", period="month", amount=1),
        "period: 'month' is not one of DAY, WEEK, MONTH, LIFETIME",
    ),
    (
        lambda quota: quota.admin.set_limit("u-17", unit="usd", period=LIFETIME, amount=1),
        "target: 'u-17' is not a Target, such as Target.user('u-17')",
    ),
    (
        lambda quota: quota.admin.set_unlimited(Target(5), unit="usd", period=LIFETIME),  # type: ignore[arg-type]
        "target.kind: 5 is not one of NAMESPACE_DEFAULT, GROUP_DEFAULT, USER, ",
    ),
    (
        lambda quota: quota.adjust("x", kind="refund", usd=1),
        "kind: 'refund' is not one of REFUND, ACTUAL",
    ),
    (
        lambda quota: quota.charge(user="u1", usd=1, settlement="bogus"),
        "settlement: 'bogus' is not one of ACTUAL, ESTIMATE, UNPRICED",
    ),
    (
        lambda quota: quota.open_hold(user="u1", on_expiry=["CHARGE"]),
        "hold.on_expiry: ['CHARGE'] is not one of RELEASE, CHARGE",
    ),
    (
        lambda quota: quota.admin.list_holds(state="open"),
        "state: 'open' is not one of OPEN, COMMITTED, RELEASED, EXPIRED",
    ),
    (lambda quota: quota.admin.list_charges(settlement="x"), "settlement: 'x' is not one of "),
    (lambda quota: quota.admin.list_charges(page_size="5"), "page_size: '5' is not a whole number"),
    (lambda quota: quota.admin.list_charges(open_only="yes"), "open_only: 'yes' is not True or False"),
    (lambda quota: quota.admin.list_charges(start_time="2026-01-01"), "start_time: '2026-01-01' is not a "),
    (lambda quota: quota.admin.list_charges(end_time=timedelta(1)), "end_time: datetime.timedelta(days=1) "),
    (
        lambda quota: quota.admin.create_namespace("n", units=["usd"], group_rule="max"),
        "namespace.group_rule: 'max' is not one of MIN, MAX",
    ),
    (lambda quota: quota.commit("h", usd=1, partial="yes"), "partial: 'yes' is not True or False"),
    (lambda quota: quota.charge(user="u1", usd=1, occurred_at="now"), "occurred_at: 'now' is not a datetime"),
    (lambda quota: quota.check(user="u1", attributes=5), "attributes: 5 is not a mapping"),
    (lambda quota: quota.check(user="u1", amounts="usd=1"), "amounts: 'usd=1' is not a mapping"),
    (lambda quota: quota.charge(user="u1", amounts=[("usd", 1)]), "amounts: [('usd', 1)] is not a mapping"),
    (lambda quota: quota.check(user="u1", groups=5), "subject.groups: 5 is not a list"),
    (lambda quota: quota.open_hold(user="u1", ttl="10"), "hold.ttl: '10' is not a number of seconds"),
    (lambda quota: quota.check(user="u1", wait="5"), "wait: '5' is not a number of seconds"),
    (lambda quota: quota.open_hold(user="u1", ttl=Decimal(600)), "hold.ttl: Decimal('600') is not a number"),
    (lambda quota: quota.extend("h", ttl=[5]), "ttl: [5] is not a number of seconds"),
    (lambda quota: quota.check(user="u1", timeout="5"), "timeout: '5' is not a number of seconds"),
    (
        lambda quota: quota.charge(user="u1", usd=1, timeout=timedelta(1)),
        "timeout: datetime.timedelta(days=1)",
    ),
    (lambda quota: quota.check_many([Check(user="u1")], timeout="5"), "timeout: '5' is not a number of "),
]


async def carry_out(answer: Awaitable[object] | AsyncIterator[object]) -> None:
    if isinstance(answer, AsyncIterator):
        async for _ in answer:
            pass
    else:
        await answer


def named(values: list[tuple[Call, str]]) -> list[Any]:
    return [
        pytest.param(*value, id=value[1].encode("ascii", "backslashreplace").decode()) for value in values
    ]


@pytest.mark.parametrize(("call", "expected"), named(TEXTS))
async def test_what_is_no_text_is_refused(
    server: ScriptedServer, quota: Client, call: Call, expected: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await carry_out(call(quota))
    assert str(caught.value).startswith(expected)
    assert str(caught.value).endswith((" is not text", " is not text that UTF-8 can encode"))
    assert expected.startswith(f"{caught.value.field}: ")
    assert not server.calls


@pytest.mark.parametrize(("call", "expected"), named(OTHERS))
async def test_what_has_another_type_is_refused(
    server: ScriptedServer, quota: Client, call: Call, expected: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await carry_out(call(quota))
    assert str(caught.value).startswith(expected)
    assert {"field", "value", "limit"} <= caught.value.metadata.keys()
    assert expected.startswith(f"{caught.value.field}: ")
    assert not server.calls


async def test_the_text_of_a_member_stands_for_it(server: ScriptedServer, quota: Client) -> None:
    server.script("SetLimit", admin.SetLimitResponse())
    await quota.admin.set_limit(Target("USER", "u1"), unit="usd", period="MONTH", amount=1)  # type: ignore[arg-type]
    (sent,) = server.sent("SetLimit")
    assert (sent.target.kind, sent.period) == (pb.TARGET_KIND_USER, pb.PERIOD_MONTH)
    with pytest.raises(InvalidArgument, match="amounts: required"):
        await quota.charge(user="u1", settlement="ACTUAL")  # type: ignore[arg-type]
    async with quota.hold(user="u1", usd=1) as hold:
        await hold.commit(settlement="ESTIMATE")  # type: ignore[arg-type]
    assert server.sent("Commit")[0].amounts == {"usd_micros": 1_000_000}


def test_a_client_needs_a_timeout_in_seconds() -> None:
    for timeout in ("5", None, timedelta(seconds=5)):
        with pytest.raises(InvalidArgument, match=r"timeout: .* is not a number of seconds"):
            blocking.Client(timeout=timeout)  # type: ignore[arg-type]


def test_a_client_needs_a_namespace_that_is_text() -> None:
    for namespace in (5, LONE, None):
        with pytest.raises(InvalidArgument, match=r"namespace: .* is not text that UTF-8 can encode"):
            blocking.Client(namespace=namespace)  # type: ignore[arg-type]


async def test_what_only_equals_a_number_that_was_sent_before_is_refused_all_the_same(
    server: ScriptedServer, quota: Client
) -> None:
    hold = await quota.open_hold(user="u1", tokens=1, ttl=600.0)
    for ttl in (Decimal(600), "600"):
        with pytest.raises(InvalidArgument, match="ttl"):
            await hold.extend(ttl=ttl)  # type: ignore[arg-type]
    assert [call.method for call in server.calls] == ["CheckQuota"]


async def test_numbers_of_other_libraries_are_numbers(server: ScriptedServer, quota: Client) -> None:
    five: Any = Fraction(5)  # stands for one, as those of numpy do
    hold = await quota.open_hold(user="u1", tokens=1, ttl=five, wait=five)
    assert hold.ttl == five
    (sent,) = server.sent("CheckQuota")
    assert (sent.hold.ttl.seconds, sent.wait.seconds) == (5, 5)
