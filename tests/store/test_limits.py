"""Limits: set, raised, deleted, in force at once on every replica, and every change remembered."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.records import LimitKey
from almoner_server.core.terms import Period, TargetKind
from almoner_server.store import DeleteLimit, RaiseLimit, SetLimit, Store

from tests.store.asking import ask, checked, hold, limit_key, set_limit

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
KEY = limit_key()
USER = limit_key(TargetKind.USER, "u1")
TOKENS = limit_key(TargetKind.USER, "u2", unit="tokens")
GROUP = limit_key(TargetKind.GROUP_DEFAULT, "g")


def changing(reason: str) -> "pytest.RaisesExc[RequestFailed]":
    return pytest.raises(RequestFailed, check=lambda error: error.reason == reason)


@pytest.mark.parametrize("kind", list(TargetKind))
async def test_a_change_is_in_force_on_every_replica_at_once(
    store: Store, replica: Store, kind: TargetKind
) -> None:
    target = {TargetKind.USER: "u1", TargetKind.CHAT: "c"}.get(kind, "g" if "GROUP" in kind.name else "")
    call = ask(2, groups=("g",), chat="c")
    key = limit_key(kind, target)
    assert (await checked(replica, call)).decision.allowed
    for amount, allowed in ((1, False), (2, True), (None, True), (1, False)):
        await store.limits.set(SetLimit("default", key, amount))
        assert (await checked(replica, call)).decision.allowed is allowed
    await store.limits.delete(DeleteLimit("default", key))
    assert (await checked(replica, call)).decision.allowed


async def test_limits_that_never_stand_still_hold_up_no_check(store: Store, replica: Store) -> None:
    done = asyncio.Event()

    async def keep_changing() -> None:
        amount = 0
        while not done.is_set():
            amount = amount % 1000 + 1
            await set_limit(store, 10_000 + amount)

    changes = asyncio.create_task(keep_changing())
    for _ in range(50):
        assert (await checked(replica, hold(1))).decision.limits[0].limit
    done.set()
    await changes


async def test_what_is_in_force_already_is_left_alone_whatever_the_etag(store: Store) -> None:
    first = await set_limit(store, 5)
    again = await store.limits.set(SetLimit("default", KEY, 5, etag="an old one", actor="somebody else"))
    assert again == first
    assert len((await store.limits.changes("default")).items) == 1


async def test_a_wrong_etag_is_refused_and_changes_nothing(store: Store) -> None:
    with changing("ETAG_MISMATCH"):
        await store.limits.set(SetLimit("default", KEY, 5, etag="1"))
    first = await set_limit(store, 5)
    second = await store.limits.set(SetLimit("default", KEY, 6, etag=first.etag))
    assert second.etag != first.etag
    for change in (
        store.limits.set(SetLimit("default", KEY, 7, etag=first.etag)),
        store.limits.increase(RaiseLimit("default", KEY, 7, uuid4(), etag=first.etag)),
        store.limits.delete(DeleteLimit("default", KEY, etag=first.etag)),
    ):
        with changing("ETAG_MISMATCH"):
            await change
    assert (await store.limits.list("default")).items == (second,)


async def test_a_raise_is_carried_out_once_for_each_request(store: Store, replica: Store) -> None:
    await set_limit(store, 5)
    change = RaiseLimit("default", KEY, 3, uuid4())
    raised = await store.limits.increase(change)
    await set_limit(store, 1)
    again = await replica.limits.increase(change)
    assert raised.limit.amount == 8
    assert (again.limit, raised.replayed, again.replayed) == (raised.limit, False, True)
    assert (await store.limits.list("default")).items[0].amount == 1
    with changing("ID_REUSED"):
        await store.limits.increase(RaiseLimit("default", KEY, 4, change.request_id))


@pytest.mark.parametrize(
    "other",
    [
        {"key": limit_key(TargetKind.USER, "u2")},
        {"key": limit_key(TargetKind.USER, "u1", unit="tokens")},
        {"key": limit_key(TargetKind.USER, "u1", period=Period.DAY)},
        {"delta": 4},
        {"expire_time": NOON + timedelta(days=9)},
    ],
    ids=str,
)
async def test_the_id_of_a_raise_is_good_for_that_one_only(store: Store, other: dict[str, Any]) -> None:
    await store.clock.freeze(NOON)
    change = RaiseLimit("default", USER, 3, uuid4())
    for key in {USER, other.get("key", USER)}:
        await store.limits.set(SetLimit("default", key, 5))
    await store.limits.increase(change)
    with changing("ID_REUSED"):
        await store.limits.increase(replace(change, **other))


async def test_a_raise_whose_answer_was_lost_is_replayed_although_it_has_changed_the_etag(
    store: Store,
) -> None:
    first = await set_limit(store, 5)
    change = RaiseLimit("default", KEY, 3, uuid4(), etag=first.etag)
    raised = await store.limits.increase(change)
    again = await store.limits.increase(change)
    assert (again.limit, again.replayed) == (raised.limit, True)


async def test_another_expiry_is_another_limit_though_the_amount_is_the_same(store: Store) -> None:
    await store.clock.freeze(NOON)
    ends = [NOON + timedelta(hours=2), NOON + timedelta(hours=1), None]
    for end in ends:
        await store.limits.set(SetLimit("default", USER, 5, end))
        assert [limit.expire_time for limit in (await store.limits.list("default")).items] == [end]
    changes = (await store.limits.changes("default")).items
    assert [change.after.expire_time for change in changes if change.after] == ends[::-1]


async def test_a_raise_needs_an_amount_in_force_and_room_above_it(store: Store) -> None:
    with changing("LIMIT_NOT_FOUND"):
        await store.limits.increase(RaiseLimit("default", KEY, 1, uuid4()))
    await set_limit(store, None)
    with changing("LIMIT_UNLIMITED"):
        await store.limits.increase(RaiseLimit("default", KEY, 1, uuid4()))
    await set_limit(store, 10**15 - 1)
    with changing("AMOUNT_OUT_OF_RANGE"):
        await store.limits.increase(RaiseLimit("default", KEY, 2, uuid4()))
    assert (await store.limits.increase(RaiseLimit("default", KEY, 1, uuid4()))).limit.amount == 10**15


async def test_a_raise_keeps_the_expiry_unless_it_gives_another(store: Store) -> None:
    await store.clock.freeze(NOON)
    end = NOON + timedelta(hours=1)
    await store.limits.set(SetLimit("default", USER, 5, end))
    kept = await store.limits.increase(RaiseLimit("default", USER, 1, uuid4()))
    later = end + timedelta(days=1)
    moved = await store.limits.increase(RaiseLimit("default", USER, 1, uuid4(), later))
    assert (kept.limit.expire_time, moved.limit.expire_time) == (end, later)


async def test_an_override_whose_time_is_over_counts_as_absent(store: Store) -> None:
    await store.clock.freeze(NOON)
    override = await store.limits.set(SetLimit("default", USER, 500, NOON + timedelta(seconds=1)))
    assert (await store.limits.list("default")).items == (override,)
    await store.clock.advance(timedelta(seconds=1))
    assert not (await store.limits.list("default")).items
    with changing("LIMIT_NOT_FOUND"):
        await store.limits.delete(DeleteLimit("default", USER))
    with changing("LIMIT_NOT_FOUND"):
        await store.limits.increase(RaiseLimit("default", USER, 1, uuid4()))
    with changing("ETAG_MISMATCH"):
        await store.limits.set(SetLimit("default", USER, 7, etag=override.etag))
    await store.limits.set(SetLimit("default", USER, 7))
    assert (await store.limits.changes("default")).items[0].before is None


async def test_every_change_is_kept_with_who_when_from_to_and_why(store: Store) -> None:
    await store.clock.freeze(NOON)
    one = await store.limits.set(SetLimit("default", KEY, 1, actor="ann", reason="trial"))
    raised = await store.limits.increase(RaiseLimit("default", KEY, 4, uuid4(), actor="bob", reason="top-up"))
    await store.limits.delete(DeleteLimit("default", KEY, actor="cy", reason="left"))
    changes = (await store.limits.changes("default")).items
    told = [(c.before, c.after, c.actor, c.reason) for c in changes]
    assert told == [
        (raised.limit, None, "cy", "left"),
        (one, raised.limit, "bob", "top-up"),
        (None, one, "ann", "trial"),
    ]
    assert {c.change_time for c in changes} == {NOON}


async def test_unknown_units_and_namespaces_are_refused(store: Store) -> None:
    with changing("UNKNOWN_UNIT"):
        await store.limits.set(SetLimit("default", limit_key(unit="usd"), 1))
    with changing("NAMESPACE_NOT_FOUND"):
        await store.limits.set(SetLimit("nowhere", KEY, 1))
    await store.limits.set(SetLimit("default", limit_key(unit="in_flight"), 1))


async def test_lists_are_filtered_and_paged_without_gap_or_repeat(store: Store) -> None:
    for user in "abcde":
        for period in (Period.DAY, Period.MONTH):
            await store.limits.set(SetLimit("default", limit_key(TargetKind.USER, user, period=period), 1))
    await set_limit(store, 9)
    listed, token = [], ""
    while True:
        page = await store.limits.list("default", kind=TargetKind.USER, page_size=3, page_token=token)
        listed += [(limit.key.target.id, limit.key.period) for limit in page.items]
        if not (token := page.next_page_token):
            break
    assert listed == [(user, period) for user in "abcde" for period in (Period.DAY, Period.MONTH)]
    assert len((await store.limits.list("default", kind=TargetKind.USER, target_id="c")).items) == 2
    newest = await store.limits.changes("default", period=Period.MONTH, page_size=2)
    assert [change.key.target.id for change in newest.items] == ["e", "d"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"kind": TargetKind.USER}, [USER, TOKENS]),
        ({"kind": TargetKind.GROUP_DEFAULT}, [GROUP]),
        ({"kind": TargetKind.USER, "target_id": "u1"}, [USER]),
        ({"kind": TargetKind.USER, "target_id": "g"}, []),
        ({"unit": "tokens"}, [TOKENS]),
    ],
    ids=str,
)
async def test_limits_and_their_changes_have_the_same_filters(
    store: Store, filters: dict[str, Any], found: list[LimitKey]
) -> None:
    for key in (USER, TOKENS, GROUP):
        await store.limits.set(SetLimit("default", key, 1))
    assert {limit.key for limit in (await store.limits.list("default", **filters)).items} == set(found)
    assert {change.key for change in (await store.limits.changes("default", **filters)).items} == set(found)
