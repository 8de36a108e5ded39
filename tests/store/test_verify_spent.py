"""A hold and the charges on it tell the same story: of each commit, and of the expiry that was charged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from almoner_server.core.requests import Expire, HoldResult, Release
from almoner_server.core.terms import AdjustmentKind, ChargeOrigin, ExpiryAction
from almoner_server.store import Store

from tests.store.asking import USD, Sql, adjusted, checked, committed, hold, one, refund, settle
from tests.store.planting import findings, planted

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOLD = UUID(int=7)
FORGOTTEN = timedelta(days=9)
NOTHING_COUNTED = "UPDATE accounts SET counters = array_fill(0, ARRAY[cardinality(counters)])"


async def held(store: Store, on_expiry: ExpiryAction = ExpiryAction.RELEASE) -> None:
    """Set 10 aside for 10 minutes."""
    await store.clock.freeze(NOON)
    await checked(store, hold(10, hold_id=HOLD, on_expiry=on_expiry))


async def booked(store: Store, amount: int, *, partial: bool = False) -> UUID:
    """Book something on the hold under an id of its own."""
    return (await committed(store, settle(HOLD, amount, partial=partial, charge_id=uuid4()))).charge.id


async def booked_for_somebody(store: Store, amount: int, occurred_at: datetime | None = None) -> None:
    """Book something on the hold, which may be unknown, and say for whom."""
    request = settle(HOLD, amount, charge_id=uuid4())
    await committed(store, request._replace(user="u1", occurred_at=occurred_at))


async def expired(store: Store) -> None:
    await store.clock.advance(HOUR)
    await one(store, Expire("default", HOLD), HoldResult)


async def forgotten(store: Store) -> None:
    await store.clock.advance(FORGOTTEN)
    assert await store.upkeep.prune() == 1


async def test_a_committed_hold_whose_charge_is_gone_is_found(store: Store, sql: Sql) -> None:
    await held(store)
    await booked(store, 4)
    assert await planted(store, sql, f"DELETE FROM charges; {NOTHING_COUNTED}") == [
        (
            "committed_without_charge",
            f"default: hold {HOLD} is committed, but the charge that did it is gone",
        ),
        ("spent_differs", f"default: hold {HOLD}: spent usd_micros is 4, should be 0 by its charges"),
    ]


async def test_that_the_final_charge_is_gone_is_found_also_if_nothing_was_spent(
    store: Store, sql: Sql
) -> None:
    await held(store)
    await booked(store, 4, partial=True)
    await store.clock.advance(timedelta(seconds=1))
    await booked(store, 0)
    found = await planted(store, sql, f"DELETE FROM charges WHERE amounts = '{{\"{USD}\": 0}}'")
    assert [kind for kind, _ in found] == ["committed_without_charge"]


@pytest.mark.parametrize("state", ["open", "released", "committed"])
async def test_a_hold_that_says_another_sum_than_its_charges_is_found(
    store: Store, sql: Sql, state: str
) -> None:
    await held(store)
    await booked(store, 2, partial=True)
    await booked(store, 3, partial=True)
    if state == "released":
        await one(store, Release("default", HOLD), HoldResult)
    if state == "committed":
        await booked(store, 0)
    found = await planted(store, sql, "UPDATE holds SET spent = '{}'")
    words = f"default: hold {HOLD}: spent usd_micros is 0, should be 5 by its charges"
    assert found == [("spent_differs", words)]


async def test_an_expiry_that_was_not_charged_is_found(store: Store, sql: Sql) -> None:
    await held(store, ExpiryAction.CHARGE)
    await expired(store)
    statement = f"DELETE FROM charges; {NOTHING_COUNTED}, open_estimates = 0; UPDATE holds SET spent = '{{}}'"
    words = f"default: hold {HOLD} was to be charged at its expiry, but that charge is gone"
    assert await planted(store, sql, statement) == [("expired_without_charge", words)]


async def test_it_is_left_to_a_person(store: Store, sql: Sql) -> None:
    await held(store)
    await booked(store, 4)
    found = await planted(store, sql, f"DELETE FROM charges; {NOTHING_COUNTED}")
    assert await store.upkeep.repair(await store.upkeep.verify()) == 0
    assert await findings(store) == found


@pytest.mark.parametrize("on_expiry", ExpiryAction)
async def test_late_commits_make_no_difference(store: Store, on_expiry: ExpiryAction) -> None:
    await held(store, on_expiry)
    await booked(store, 3, partial=True)
    await expired(store)
    assert await findings(store) == []
    for amount in (4, 5):
        await booked(store, amount)
        assert await findings(store) == []


async def test_corrections_make_no_difference(store: Store) -> None:
    await held(store, ExpiryAction.CHARGE)
    charge = await booked(store, 3, partial=True)
    await adjusted(store, refund(charge, 2))
    await expired(store)
    entries = (await store.ledger.charges("default")).items
    (estimate,) = [entry.id for entry in entries if entry.origin is ChargeOrigin.EXPIRY]
    await adjusted(store, replace(refund(estimate, 2), kind=AdjustmentKind.ACTUAL))
    assert await findings(store) == []
    await booked(store, 4)
    assert await findings(store) == []


async def test_the_charges_of_a_hold_that_was_forgotten_are_not_missed(store: Store) -> None:
    await held(store)
    await booked(store, 4, partial=True)
    await booked(store, 5)
    await forgotten(store)
    await booked_for_somebody(store, 6)
    assert await findings(store) == []
    await booked_for_somebody(store, 7)
    assert await findings(store) == []
    await store.clock.advance(FORGOTTEN)
    await store.upkeep.prune()
    assert await findings(store) == []


@pytest.mark.parametrize("on_expiry", ExpiryAction)
async def test_a_hold_that_was_forgotten_after_it_expired_may_be_charged_again(
    store: Store, on_expiry: ExpiryAction
) -> None:
    await held(store, on_expiry)
    await expired(store)
    await booked(store, 5)
    await forgotten(store)
    await booked_for_somebody(store, 6)
    await booked(store, 7)
    assert await findings(store) == []


async def test_an_estimate_of_a_hold_that_was_forgotten_stays(store: Store) -> None:
    await held(store, ExpiryAction.CHARGE)
    await expired(store)
    await forgotten(store)
    await booked_for_somebody(store, 6)
    await booked(store, 7)
    assert await findings(store) == []


async def test_a_charge_on_a_hold_nobody_knows_counts_from_when_it_was_booked(store: Store) -> None:
    await store.clock.freeze(NOON)
    await booked_for_somebody(store, 6, NOON - 50 * HOUR)
    await booked(store, 7)
    assert await findings(store) == []


async def test_a_clock_that_goes_back_makes_no_difference(store: Store) -> None:
    await held(store)
    await booked(store, 4, partial=True)
    await store.clock.advance(-HOUR)
    await booked(store, 5, partial=True)
    assert await findings(store) == []
    await booked(store, 6)
    assert await findings(store) == []
