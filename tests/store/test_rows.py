"""A row is read as it was written, also where it says what rows seldom say: the usual is left out on the way."""

from datetime import timedelta
from uuid import uuid4

import pytest
from almoner_server.core.requests import (
    AdjustResult,
    Check,
    CheckResult,
    CommitResult,
    Extend,
    HoldOptions,
    HoldResult,
    Release,
)
from almoner_server.core.terms import ChargeOrigin, ExpiryAction, HoldState, Settlement
from almoner_server.store import Store

from tests.store.asking import USD, checked, committed, hold, one, refund, settle, spend

LABELS = {"model": "m", "step": "2"}


def unusual() -> Check:
    """Ask for a hold that leaves nothing at its default."""
    options = HoldOptions(uuid4(), timedelta(seconds=60), ExpiryAction.CHARGE)
    return Check("default", "u1", ("g1", "g2"), "c2", "c1", {USD: 10, "tokens": 0}, options, LABELS)


@pytest.mark.parametrize("together", [True, False])
async def test_a_hold_with_everything_unusual(store: Store, *, together: bool) -> None:
    check = unusual()
    assert check.hold
    extend = Extend("default", check.hold.id, {USD: 20}, timedelta(seconds=90))
    if together:
        taken, changed = (await store.run_batch([check, extend])).results
    else:
        taken, changed = await checked(store, check), await one(store, extend, HoldResult)
    assert isinstance(taken, CheckResult)
    assert isinstance(changed, HoldResult)
    (kept,) = (await store.ledger.holds("default")).items
    assert kept == changed.hold
    assert kept.spender == ("u1", ("g1", "g2"), ("c1", "c2"))
    assert (kept.attributes, kept.on_expiry, kept.state) == (LABELS, ExpiryAction.CHARGE, HoldState.OPEN)
    assert kept.admitted_expire_time == taken.hold_expire_time
    assert kept.expire_time > kept.admitted_expire_time


async def test_a_hold_that_began_and_ended_in_one_batch(store: Store) -> None:
    check = unusual()
    assert check.hold
    release = Release("default", check.hold.id)
    _, released = (await store.run_batch([check, release])).results
    assert isinstance(released, HoldResult)
    (kept,) = (await store.ledger.holds("default")).items
    assert kept == released.hold
    assert kept.state is HoldState.RELEASED
    assert kept.settle_time == kept.admit_time


@pytest.mark.parametrize("together", [True, False])
async def test_a_charge_with_everything_unusual(store: Store, *, together: bool) -> None:
    check = unusual()
    assert check.hold
    partly = settle(check.hold.id, 15, partial=True, charge_id=uuid4())
    commit = partly._replace(settlement=Settlement.ESTIMATE, attributes=LABELS)
    adjust = refund(commit.charge_id, 5)
    if together:
        _, booked, corrected = (await store.run_batch([check, commit, adjust])).results
    else:
        await checked(store, check)
        booked, corrected = await committed(store, commit), await one(store, adjust, AdjustResult)
    assert isinstance(booked, CommitResult)
    assert isinstance(corrected, AdjustResult)
    (kept,) = (await store.ledger.charges("default")).items
    assert kept == corrected.charge
    assert (kept.amounts, kept.net, kept.overrun) == ({USD: 15}, {USD: 10}, {USD: 5})
    assert (kept.settlement, kept.attributes) == (Settlement.ESTIMATE, LABELS)
    assert kept.adjustment_count == 1


async def test_a_charge_that_is_late_and_one_without_a_hold(store: Store) -> None:
    check = hold(10)
    assert check.hold
    await checked(store, check)
    await one(store, Release("default", check.hold.id), HoldResult)
    late = (await committed(store, settle(check.hold.id, 3))).charge
    direct = (await committed(store, spend(4, settlement=Settlement.UNPRICED))).charge
    kept = {charge.id: charge for charge in (await store.ledger.charges("default")).items}
    assert kept == {late.id: late, direct.id: direct}
    assert late.late
    assert (direct.origin, direct.open, direct.hold_id) == (ChargeOrigin.DIRECT, True, None)
    assert not (await store.upkeep.verify()).findings
