"""What a hold may grow to is decided as if it were taken now: under the groups and in the windows of now."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from almoner_server.core.records import LimitKey, Target
from almoner_server.core.requests import Extend, HoldResult
from almoner_server.core.terms import ExpiryAction, Period, TargetKind
from almoner_server.store import SetLimit, Store

from tests.store.asking import USD, checked, committed, hold, one, set_limit, settle, status

EVENING = datetime(2026, 3, 10, 23, 59, 50, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def extended(store: Store, hold_id: UUID, amount: int) -> HoldResult:
    return await one(store, Extend("default", hold_id, {USD: amount}, None), HoldResult)


async def grows(store: Store, hold_id: UUID, amount: int) -> bool:
    decision = (await extended(store, hold_id, amount)).decision
    assert decision is not None
    return decision.allowed


async def taken(store: Store, amount: int, **more: object) -> UUID:
    """Take a hold of `amount`."""
    hold_id = uuid4()
    assert (await checked(store, hold(amount, hold_id=hold_id, ttl=3600, **more))).decision.allowed  # type: ignore[arg-type]
    return hold_id


async def today(store: Store) -> tuple[int, int]:
    """Return what the user has spent today, and what is held."""
    usages = (await status(store, user="u1")).accounts[0].usages
    (usage,) = [usage for usage in usages if (usage.unit, usage.period) == (USD, Period.DAY)]
    return usage.spent, usage.held


async def limit_the_day(store: Store, amount: int, kind: TargetKind, target: str = "") -> None:
    await store.limits.set(SetLimit("default", LimitKey(Target(kind, target), USD, Period.DAY), amount))


@pytest.mark.parametrize("kind", [TargetKind.NAMESPACE_DEFAULT, TargetKind.NAMESPACE_POOL])
async def test_1_holds_of_yesterday_that_grow_share_the_limit_of_today(
    store: Store, kind: TargetKind
) -> None:
    await store.clock.freeze(EVENING)
    await limit_the_day(store, 100, kind)
    first, second, _ = [await taken(store, 1) for _ in range(3)]
    await committed(store, settle(first, 1, partial=True, charge_id=uuid4()))
    await store.clock.advance(MINUTE)
    assert await today(store) == (0, 0)
    assert await grows(store, first, 71)
    assert await today(store) == (0, 70)
    assert not await grows(store, second, 31)
    assert await grows(store, second, 30)
    assert await today(store) == (0, 100)
    charge = (await committed(store, settle(first, 70))).charge
    assert charge.occurred_at == EVENING + MINUTE
    assert await today(store) == (70, 30)
    assert not (await store.upkeep.verify()).findings


async def test_a_hold_that_has_grown_today_is_found_there_by_everybody(store: Store, replica: Store) -> None:
    await store.clock.freeze(EVENING)
    grown = await taken(store, 1, on_expiry=ExpiryAction.CHARGE)
    await store.clock.advance(MINUTE)
    assert (await extended(store, grown, 5)).hold.window_time == EVENING + MINUTE
    assert (await extended(replica, grown, 4)).hold.window_time == EVENING + MINUTE
    await set_limit(replica, 100, TargetKind.NAMESPACE_POOL)
    assert not (await store.upkeep.verify()).findings
    await store.clock.advance(timedelta(hours=1))
    await replica.run_batch((await replica.upkeep.holds_due()).requests)
    (estimate,) = (await store.ledger.charges("default")).items
    assert (estimate.occurred_at, await today(store)) == (EVENING + MINUTE, (4, 0))
    assert not (await store.upkeep.verify()).findings


async def test_one_that_does_not_grow_stays_where_it_is(store: Store) -> None:
    await store.clock.freeze(EVENING)
    kept = await taken(store, 5)
    await store.clock.advance(MINUTE)
    assert (await extended(store, kept, 4)).hold.window_time == EVENING
    assert (await extended(store, kept, 4)).hold.window_time == EVENING
    assert await today(store) == (0, 0)
    assert not (await store.upkeep.verify()).findings


async def test_7_groups_count_as_they_are_now(store: Store, replica: Store) -> None:
    await set_limit(store, 0, TargetKind.GROUP_DEFAULT, "suspended")
    growing = await taken(store, 1)
    assert await grows(store, growing, 2)
    await replica.groups.set("default", "u1", ["suspended"])
    assert not await grows(store, growing, 3)
    await replica.groups.set("default", "u1", [])
    assert await grows(store, growing, 3)


async def test_a_group_that_was_stored_counts_no_longer_and_one_that_was_named_does(store: Store) -> None:
    for group, amount in (("stored", 100), ("named", 50)):
        await set_limit(store, amount, TargetKind.GROUP_DEFAULT, group)
    await set_limit(store, 10)
    await store.groups.set("default", "u1", ["stored"])
    stored, named = await taken(store, 1), await taken(store, 1, groups=("named",))
    assert await grows(store, stored, 20)
    assert await grows(store, named, 20)
    await store.groups.set("default", "u1", [])
    assert not await grows(store, stored, 21)
    assert await grows(store, named, 21)
    assert not (await store.upkeep.verify()).findings
