"""What a commit books."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.expiry import expiry_charge_id
from almoner_server.core.terms import (
    AccountKind,
    AdjustmentKind,
    ChargeOrigin,
    ExpiryAction,
    HoldState,
    Period,
    Settlement,
)

from tests.unit.world import NOW, NS, World

HOLD = UUID(int=7)


@pytest.mark.parametrize(("cost", "overrun"), [(0, {}), (4, {}), (10, {}), (14, {"usd": 4})])
def test_a_commit_books_all_of_the_cost_and_frees_the_rest(cost: int, overrun: dict[str, int]) -> None:
    world = World()
    world.hold(10, ident=HOLD, chat="child", parent="root")
    result = world.commit(HOLD, cost)
    assert (result.charge.overrun, result.charge.late, result.replayed) == (overrun, False, False)
    assert (world.sums(), world.book.holds[NS, HOLD].state) == ((cost, 0), HoldState.COMMITTED)
    for chat in ("child", "root"):
        account = world.account(chat, AccountKind.CHAT)
        assert (account.spent("usd", Period.LIFETIME), account.held("usd", Period.LIFETIME)) == (cost, 0)


def test_after_an_overrun_checks_are_refused() -> None:
    world = World()
    world.limit(10)
    world.hold(10, ident=HOLD)
    world.commit(HOLD, 14)
    (full,) = world.check(0).decision.refused_by
    assert (full.spent, full.remaining) == (14, 0)


def test_a_unit_that_was_not_held_is_booked_and_is_no_overrun() -> None:
    world = World()
    world.hold(10, ident=HOLD)
    charge = world.commit(HOLD, 4, amounts={"usd": 4, "messages": 3}).charge
    assert (charge.amounts, charge.overrun) == ({"usd": 4, "messages": 3}, {})
    assert world.account().spent("messages", Period.MONTH) == 3


def test_partial_commits_use_the_hold_up_and_the_final_one_frees_the_rest() -> None:
    world = World()
    world.hold(10, ident=HOLD)
    sums = []
    for number, (cost, partial) in enumerate([(3, True), (9, True), (1, True), (2, False)]):
        world.commit(HOLD, cost, partial=partial, charge_id=UUID(int=100 + number))
        sums.append(world.sums())
    assert sums == [(3, 7), (12, 0), (13, 0), (15, 0)]
    overruns = [charge.overrun.get("usd", 0) for charge in world.book.charges.values()]
    assert overruns == [0, 2, 1, 2], "each past what was left of the hold"
    assert world.book.holds[NS, HOLD].spent == {"usd": 15}


def test_a_partial_commit_keeps_the_place_in_flight() -> None:
    world = World()
    world.hold(10, ident=HOLD)
    world.commit(HOLD, 10, partial=True, charge_id=uuid4())
    assert world.account().held("in_flight", Period.LIFETIME) == 1
    assert world.book.holds[NS, HOLD].state is HoldState.OPEN


@pytest.mark.parametrize("ending", ["release", "expiry", "commit"])
def test_a_commit_on_a_hold_that_has_ended_is_booked_in_full_and_late(ending: str) -> None:
    world = World()
    world.hold(10, ident=HOLD, ttl=60)
    if ending == "release":
        world.release(HOLD)
    if ending == "commit":
        world.commit(HOLD, 0, charge_id=uuid4())
    world.later(seconds=60)
    charge = world.commit(HOLD, 17).charge
    assert (charge.late, charge.overrun, charge.occurred_at) == (True, {}, NOW)
    assert world.sums() == (17, 0)


def test_a_late_commit_takes_the_place_of_the_estimate_once() -> None:
    world = World()
    world.hold(10, ident=HOLD, ttl=60, on_expiry=ExpiryAction.CHARGE)
    world.later(seconds=60)
    world.commit(HOLD, 7)
    assert (world.sums(), world.account().open_estimates) == ((7, 0), 0)
    estimate = world.book.charges[NS, expiry_charge_id(world.book.holds[NS, HOLD])]
    assert (estimate.amounts, estimate.net, estimate.open) == ({"usd": 10}, {"usd": 0}, False)
    world.commit(HOLD, 2, charge_id=uuid4())
    assert world.sums() == (9, 0)
    assert world.book.holds[NS, HOLD].spent == {"usd": 9}


@pytest.mark.parametrize(("kind", "usd"), [(AdjustmentKind.REFUND, 6), (AdjustmentKind.ACTUAL, 30)])
def test_a_late_commit_undoes_an_estimate_that_was_corrected_before(kind: AdjustmentKind, usd: int) -> None:
    world = World()
    world.hold(10, ident=HOLD, ttl=60, on_expiry=ExpiryAction.CHARGE)
    world.later(seconds=60)
    world.expire(HOLD)
    world.adjust(expiry_charge_id(world.book.holds[NS, HOLD]), kind, usd)
    world.commit(HOLD, 7)
    assert world.sums() == (7, 0)
    assert world.book.holds[NS, HOLD].spent == {"usd": 7}


def test_a_direct_commit_is_booked_although_nothing_is_left() -> None:
    world = World()
    world.limit(3)
    world.spend(3)
    charge = world.spend(5, chat="child", parent="root").charge
    assert (charge.origin, charge.hold_id, charge.overrun) == (ChargeOrigin.DIRECT, None, {})
    assert world.sums() == (8, 0)
    assert world.book.chains[NS, "child"] == ("root", "child")
    assert world.account("root", AccountKind.CHAT).spent("usd", Period.LIFETIME) == 5


def test_an_unknown_hold_without_a_subject_is_an_error_and_with_one_a_direct_charge() -> None:
    world = World()
    with pytest.raises(RequestFailed) as unknown:
        world.commit(HOLD, 5)
    assert (unknown.value.status, unknown.value.reason) == ("NOT_FOUND", "HOLD_NOT_FOUND")
    charge = world.commit(HOLD, 5, user="u").charge
    assert (charge.origin, charge.hold_id, charge.late) == (ChargeOrigin.DIRECT, HOLD, False)
    with pytest.raises(RequestFailed, match="COMMITTED"):
        world.hold(5, ident=HOLD)
    assert world.sums() == (5, 0)


def test_an_estimate_without_amounts_books_what_is_held() -> None:
    world = World()
    world.hold(10, ident=HOLD)
    world.commit(HOLD, 3, partial=True, charge_id=uuid4())
    charge = world.commit(HOLD, None, settlement=Settlement.ESTIMATE).charge
    assert (charge.amounts, charge.open, world.sums()) == ({"usd": 7}, True, (10, 0))
    assert (world.account().open_estimates, world.account().open_unpriced) == (1, 0)


def test_an_estimate_with_amounts_books_these() -> None:
    world = World()
    world.hold(10, ident=HOLD)
    assert world.commit(HOLD, 6, settlement=Settlement.ESTIMATE).charge.amounts == {"usd": 6}
    assert world.sums() == (6, 0)


def test_an_unpriced_charge_books_nothing_and_is_counted_until_its_cost_is_told() -> None:
    world = World()
    world.hold(10, ident=HOLD)
    world.commit(HOLD, None, settlement=Settlement.UNPRICED)
    assert (world.sums(), world.account().open_unpriced) == ((0, 0), 1)
    world.adjust(HOLD, AdjustmentKind.ACTUAL, 8)
    assert (world.sums(), world.account().open_unpriced) == ((8, 0), 0)


def test_a_charge_counts_in_the_windows_of_the_moment_it_occurred() -> None:
    world = World()
    world.spend(5, occurred_at=datetime(2026, 3, 1, tzinfo=UTC))
    world.spend(7, occurred_at=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    world.spend(11, occurred_at=datetime(2026, 3, 10, 23, 59, 59, tzinfo=UTC))
    found = [world.sums(period)[0] for period in Period]
    assert found == [0, 11, 16, 23]


def test_a_moment_ahead_is_now_for_a_minute_and_an_error_beyond() -> None:
    world = World()
    ahead = NOW + timedelta(minutes=1)
    assert world.spend(5, occurred_at=ahead).charge.occurred_at == NOW
    with pytest.raises(RequestFailed) as failed:
        world.spend(5, occurred_at=ahead + timedelta(microseconds=1))
    assert failed.value.reason == "TIME_OUT_OF_RANGE"
    assert world.sums() == (5, 0)


def test_a_commit_sent_again_is_replayed_and_one_with_other_content_refused() -> None:
    world = World()
    world.hold(10, ident=HOLD)
    first = world.commit(HOLD, 7)
    world.adjust(HOLD, AdjustmentKind.REFUND, 2)
    before = world.everything()
    again = world.commit(HOLD, 7)
    assert (again.charge, again.replayed) == (first.charge, True)
    for changed in ({"amounts": {"usd": 8}}, {"partial": True}, {"settlement": Settlement.ESTIMATE}):
        with pytest.raises(RequestFailed) as failed:
            world.commit(HOLD, 7, **changed)
        assert (failed.value.status, failed.value.reason) == ("ALREADY_EXISTS", "ID_REUSED")
    assert world.everything() == before


@pytest.mark.parametrize(
    "other",
    [
        {"amounts": {"usd": 8}},
        {"user": "v"},
        {"groups": ("g",)},
        {"chat": "c"},
        {"settlement": Settlement.UNPRICED},
        {"occurred_at": NOW - timedelta(hours=2)},
        {"occurred_at": None},
        {"attributes": {"model": "x"}},
    ],
)
def test_whatever_a_direct_charge_says_belongs_to_its_id(other: dict[str, object]) -> None:
    world = World()
    said: dict[str, Any] = {"charge_id": HOLD, "occurred_at": NOW - timedelta(hours=1)}
    world.spend(7, **said)
    assert world.spend(7, **said).replayed
    with pytest.raises(RequestFailed) as failed:
        world.spend(7, **{**said, **other})
    assert failed.value.reason == "ID_REUSED"
    assert world.sums() == (7, 0)
