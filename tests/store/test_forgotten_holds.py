"""A hold is forgotten 8 days after its end, its charges never: what is told of it later is neither doubled nor lost."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import Check, Commit, HoldResult, Release, Request
from almoner_server.core.terms import ExpiryAction, HoldState, Settlement
from almoner_server.store import Store

from tests.store.asking import checked, committed, hold, one, settle, status

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
LONG = timedelta(days=9)
HOLD = uuid4()


async def forget(store: Store) -> None:
    await store.clock.advance(LONG)
    assert await store.upkeep.prune() == 1


async def expire_with_an_estimate(
    store: Store, *, chat: str = "", parent: str = "", groups: tuple[str, ...] = ()
) -> None:
    """Let a hold of 10 be charged at its expiry, and be forgotten."""
    await store.clock.freeze(NOON)
    await checked(store, charged_at_expiry(chat=chat, parent=parent, groups=groups))
    await expire(store)
    await forget(store)


def charged_at_expiry(
    *, user: str = "u1", chat: str = "", parent: str = "", groups: tuple[str, ...] = ()
) -> Check:
    on_expiry = ExpiryAction.CHARGE
    return hold(
        10, user=user, hold_id=HOLD, on_expiry=on_expiry, ttl=60, chat=chat, parent=parent, groups=groups
    )


async def expire(store: Store) -> None:
    await store.clock.advance(timedelta(seconds=60))
    due = (await store.upkeep.holds_due()).requests
    results = (await store.run_batch(due)).results
    assert [type(result) for result in results] == [HoldResult]


def late(amount: int, user: str = "u1", groups: tuple[str, ...] = ()) -> Commit:
    return settle(HOLD, amount)._replace(user=user, groups=groups)


async def spent(store: Store, *, user: str = "", chat: str = "") -> tuple[int, int]:
    """Return what an account has spent in all, and how many of its charges are estimates still."""
    (found,) = (await status(store, user=user, chat=chat)).accounts
    return found.usages[-1].spent, found.open_estimates


async def test_the_cost_takes_the_place_of_the_estimate(store: Store) -> None:
    await expire_with_an_estimate(store)
    charge = (await committed(store, late(7))).charge
    assert (charge.net, charge.hold_id) == ({"usd_micros": 7}, HOLD)
    assert await spent(store, user="u1") == (7, 0)
    assert (await committed(store, late(7))).replayed
    assert await spent(store, user="u1") == (7, 0)
    assert not (await store.upkeep.verify()).findings


async def test_the_estimate_is_undone_where_it_was_booked_whatever_the_commit_names(
    store: Store, replica: Store
) -> None:
    await expire_with_an_estimate(store, chat="child", parent="root", groups=("g",))
    assert await spent(store, chat="root") == (10, 1)
    await committed(replica, late(7))
    assert await spent(store, chat="root") == (0, 0)
    assert await spent(store, user="u1") == (7, 0)
    assert not (await store.upkeep.verify()).findings


async def test_another_user_cannot_take_its_place(store: Store) -> None:
    await expire_with_an_estimate(store)
    failed = await one(store, late(7, user="u2"), RequestFailed)
    assert failed.reason == "HOLD_MISMATCH"
    assert await spent(store, user="u1") == (10, 1)


async def test_a_cost_under_an_id_used_before_is_not_taken_for_the_one_booked_then(store: Store) -> None:
    await store.clock.freeze(NOON)
    await checked(store, hold(7, hold_id=HOLD))
    await committed(store, settle(HOLD, 7))
    await forget(store)
    await checked(store, hold(7, hold_id=HOLD))
    answer = await one(store, settle(HOLD, 7), RequestFailed)
    assert (answer.status, answer.metadata["field"]) == ("ALREADY_EXISTS", "charge_id")
    assert (await committed(store, settle(HOLD, 7, charge_id=uuid4()))).charge.hold_id == HOLD
    assert await spent(store, user="u1") == (14, 0)
    assert not (await store.upkeep.verify()).findings


@pytest.mark.parametrize("groups", [(), ("other",)])
async def test_it_may_be_charged_again_under_other_groups(store: Store, groups: tuple[str, ...]) -> None:
    await store.clock.freeze(NOON)
    await checked(store, hold(9, hold_id=HOLD, groups=("g",)))
    await committed(store, settle(HOLD, 4, partial=True, charge_id=uuid4()))
    released = await one(store, Release("default", HOLD), HoldResult)
    assert released.hold.state is HoldState.RELEASED
    await forget(store)
    await committed(store, late(5, groups=groups))
    assert await spent(store, user="u1") == (9, 0)
    assert not (await store.upkeep.verify()).findings


async def test_5_a_hold_under_an_id_used_before_ends_too(store: Store) -> None:
    await expire_with_an_estimate(store)
    await checked(store, charged_at_expiry())
    await expire(store)
    assert await spent(store, user="u1") == (20, 2)
    await committed(store, late(7))
    assert await spent(store, user="u1") == (17, 1)
    assert not (await store.upkeep.verify()).findings
    await forget(store)
    await committed(store, late(8)._replace(charge_id=uuid4()))  # the later estimate has had its cost
    assert await spent(store, user="u1") == (25, 1)
    assert not (await store.upkeep.verify()).findings


@pytest.mark.parametrize("apart", [False, True])
async def test_the_cost_of_another_hold_does_not_take_its_place(store: Store, apart: bool) -> None:
    await expire_with_an_estimate(store)
    requests: list[Request] = [hold(5, user="u2", hold_id=HOLD), Release("default", HOLD), late(7, user="u2")]
    for batch in [[request] for request in requests] if apart else [requests]:
        results = (await store.run_batch(batch)).results
        assert not any(isinstance(result, Exception) for result in results)
    assert await spent(store, user="u1") == (10, 1)
    assert await spent(store, user="u2") == (7, 0)
    assert not (await store.upkeep.verify()).findings


async def test_an_estimate_of_what_is_not_known_is_none(store: Store) -> None:
    await expire_with_an_estimate(store)
    unknown = late(0)._replace(amounts={}, settlement=Settlement.ESTIMATE)
    failed = await one(store, unknown, RequestFailed)
    assert (failed.reason, failed.metadata["field"]) == ("FIELD_REQUIRED", "amounts")
    assert await spent(store, user="u1") == (10, 1)
