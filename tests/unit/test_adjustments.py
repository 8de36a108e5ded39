"""Corrections of a charge."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.records import AccountKey
from almoner_server.core.requests import Adjust
from almoner_server.core.terms import AccountKind, AdjustmentKind, Period, Settlement

from tests.unit.world import NS, World

CHARGE, FIRST = UUID(int=1), UUID(int=2)
REFUND, ACTUAL = AdjustmentKind.REFUND, AdjustmentKind.ACTUAL


def test_a_refund_comes_off_every_account_and_makes_room() -> None:
    world = World()
    world.spend(10, charge_id=CHARGE, chat="child", parent="root")
    result = world.adjust(CHARGE, REFUND, 4)
    assert (result.charge.amounts, result.charge.net) == ({"usd": 10}, {"usd": 6})
    assert (result.adjustment.change, result.replayed, world.sums()) == ({"usd": -4}, False, (6, 0))
    assert world.account("root", AccountKind.CHAT).spent("usd", Period.LIFETIME) == 6
    assert AccountKey(NS, AccountKind.CHAT, "root") in world.book.freed


def test_refunds_together_cannot_take_more_than_the_charge() -> None:
    world = World()
    world.spend(10, charge_id=CHARGE)
    world.adjust(CHARGE, REFUND, 4)
    with pytest.raises(RequestFailed, match="7 is more than the 6 left") as failed:
        world.adjust(CHARGE, REFUND, 7)
    assert (failed.value.reason, world.sums()) == ("REFUND_EXCEEDS_CHARGE", (6, 0))
    world.adjust(CHARGE, REFUND, 6)
    assert world.sums() == (0, 0)


@pytest.mark.parametrize("settlement", [Settlement.ESTIMATE, Settlement.UNPRICED])
@pytest.mark.parametrize("actual", [0, 4, 25])
def test_the_real_cost_takes_the_place_of_the_estimate_once(settlement: Settlement, actual: int) -> None:
    world = World()
    world.spend(10, charge_id=CHARGE, settlement=settlement)
    result = world.adjust(CHARGE, ACTUAL, actual)
    assert (result.charge.open, result.adjustment.change) == (False, {"usd": actual - 10})
    account = world.account()
    assert (world.sums(), account.open_estimates, account.open_unpriced) == ((actual, 0), 0, 0)
    with pytest.raises(RequestFailed) as failed:
        world.adjust(CHARGE, ACTUAL, 3)
    assert (failed.value.reason, world.sums()) == ("CHARGE_NOT_ESTIMATED", (actual, 0))


def test_a_refund_leaves_an_estimate_open() -> None:
    world = World()
    world.spend(10, charge_id=CHARGE, settlement=Settlement.ESTIMATE)
    assert world.adjust(CHARGE, REFUND, 4).charge.open
    assert world.account().open_estimates == 1
    world.adjust(CHARGE, ACTUAL, 9)
    assert world.sums() == (9, 0)


def test_a_correction_counts_in_the_windows_of_its_charge() -> None:
    world = World()
    world.spend(10, charge_id=CHARGE)
    world.at(datetime(2026, 4, 1, tzinfo=UTC))
    world.spend(5)
    world.adjust(CHARGE, REFUND, 4)
    assert [world.sums(period)[0] for period in Period] == [5, 5, 5, 11]


def test_the_same_adjustment_again_gives_the_first_answer_and_changes_nothing() -> None:
    world = World()
    world.spend(10, charge_id=CHARGE, settlement=Settlement.ESTIMATE)
    first = world.adjust(CHARGE, REFUND, 4, FIRST)
    world.adjust(CHARGE, ACTUAL, 1)
    before = world.everything()
    again = world.adjust(CHARGE, REFUND, 4, FIRST)
    assert (again.charge, again.adjustment, again.replayed) == (first.charge, first.adjustment, True)
    assert world.everything() == before


@pytest.mark.parametrize(
    ("kind", "usd", "reason"), [(REFUND, 5, "why"), (ACTUAL, 4, "why"), (REFUND, 4, "another")]
)
def test_an_adjustment_id_with_other_content_is_refused(kind: AdjustmentKind, usd: int, reason: str) -> None:
    world = World()
    world.spend(10, charge_id=CHARGE, settlement=Settlement.ESTIMATE)
    world.adjust(CHARGE, REFUND, 4, FIRST)
    with pytest.raises(RequestFailed) as failed:
        world.run(Adjust(NS, CHARGE, FIRST, kind, {"usd": usd}, reason))
    assert (failed.value.reason, failed.value.metadata["field"]) == ("ID_REUSED", "adjustment_id")
    assert world.sums() == (6, 0)


def test_a_charge_that_does_not_exist_cannot_be_corrected() -> None:
    with pytest.raises(RequestFailed) as failed:
        World().adjust(CHARGE, REFUND, 1)
    assert (failed.value.status, failed.value.reason) == ("NOT_FOUND", "CHARGE_NOT_FOUND")
