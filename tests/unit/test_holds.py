"""The life of a hold: released, extended, expired."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.records import AccountKey
from almoner_server.core.terms import (
    AccountKind,
    ChargeOrigin,
    ExpiryAction,
    HoldState,
    Period,
    RefusalReason,
    Settlement,
)

from tests.unit.world import NOW, NS, World

USER = AccountKey(NS, AccountKind.USER, "u")


def held(world: World, usd: int, **more: object) -> UUID:
    ident = world.hold(usd, **more).hold_id  # type: ignore[arg-type]
    assert ident is not None
    return ident


def estimate_of(world: World) -> tuple[int, bool]:
    (charge,) = world.book.charges.values()
    assert (charge.origin, charge.settlement) == (ChargeOrigin.EXPIRY, Settlement.ESTIMATE)
    return charge.amounts["usd"], charge.open


def test_a_release_gives_all_of_it_back_and_a_second_changes_nothing() -> None:
    world = World()
    hold = held(world, 10, chat="c")
    first = world.release(hold)
    assert (first.hold.state, first.hold.held, world.sums()) == (HoldState.RELEASED, {}, (0, 0))
    assert world.account("c", AccountKind.CHAT).held("usd", Period.LIFETIME) == 0
    assert USER in world.book.freed
    before = world.everything()
    world.later(seconds=5)
    assert world.release(hold) == first
    world.at(NOW)
    assert world.everything() == before


def test_a_release_after_a_commit_fails() -> None:
    world = World()
    hold = held(world, 10)
    world.commit(hold, 4)
    with pytest.raises(RequestFailed, match="COMMITTED") as failed:
        world.release(hold)
    assert failed.value.reason == "HOLD_SETTLED"
    assert world.sums() == (4, 0)


def test_a_release_after_partial_commits_gives_the_rest_back() -> None:
    world = World()
    hold = held(world, 10)
    world.commit(hold, 4, partial=True, charge_id=uuid4())
    assert world.release(hold).hold.spent == {"usd": 4}
    assert world.sums() == (4, 0)


@pytest.mark.parametrize("swept", [True, False])
def test_expiry_with_release_frees_the_money_and_a_release_is_still_fine(swept: bool) -> None:
    world = World()
    hold = held(world, 10, ttl=60)
    world.later(seconds=60)
    if swept:
        world.expire(hold)
    assert world.release(hold).hold.state is HoldState.EXPIRED
    assert (world.sums(), world.book.charges) == ((0, 0), {})


@pytest.mark.parametrize("action", [ExpiryAction.RELEASE, ExpiryAction.CHARGE])
def test_expiry_names_the_accounts_on_which_it_makes_room(action: ExpiryAction) -> None:
    world = World()
    hold = held(world, 10, chat="c", ttl=60, on_expiry=action)
    world.later(seconds=60)
    world.expire(hold)
    assert {USER, AccountKey(NS, AccountKind.CHAT, "c")} <= world.book.freed


@pytest.mark.parametrize("swept", [True, False])
def test_expiry_with_charge_books_what_is_held_and_a_release_fails(swept: bool) -> None:
    world = World()
    hold = held(world, 10, ttl=60, on_expiry=ExpiryAction.CHARGE)
    world.commit(hold, 3, partial=True, charge_id=UUID(int=1))
    del world.book.charges[NS, UUID(int=1)]
    world.later(seconds=60)
    if swept:
        world.expire(hold)
    with pytest.raises(RequestFailed, match="EXPIRED"):
        world.release(hold)
    assert estimate_of(world) == (7, True)
    assert (world.sums(), world.account().open_estimates) == ((10, 0), 1)
    assert world.book.holds[NS, hold].spent == {"usd": 10}


def test_an_estimate_at_expiry_counts_in_the_windows_of_the_hold() -> None:
    world = World()
    world.at(datetime(2026, 3, 31, 23, 59, 50, tzinfo=UTC))
    hold = held(world, 10, ttl=20, on_expiry=ExpiryAction.CHARGE)
    world.later(seconds=20)
    world.expire(hold)
    assert [world.sums(period) for period in Period] == [(0, 0), (10, 0), (0, 0), (10, 0)]


def test_a_hold_is_open_until_its_expiry_and_not_at_it() -> None:
    world = World()
    hold = held(world, 10, ttl=60)
    world.at(NOW + timedelta(seconds=60) - timedelta(microseconds=1))
    assert world.expire(hold).hold.state is HoldState.OPEN
    world.at(NOW + timedelta(seconds=60))
    assert world.expire(hold).hold.state is HoldState.EXPIRED
    assert world.expire(hold).hold.settle_time == world.book.now


def test_expiry_frees_the_place_in_flight_and_charges_none() -> None:
    world = World()
    hold = held(world, 10, ttl=60, on_expiry=ExpiryAction.CHARGE)
    assert world.account().held("in_flight", Period.LIFETIME) == 1
    world.later(seconds=60)
    world.expire(hold)
    assert world.account().counters["in_flight"] == [0] * 8


def test_an_expired_hold_cannot_be_extended_or_taken_again() -> None:
    world = World()
    hold = held(world, 10, ttl=60)
    world.later(seconds=60)
    for again in (lambda: world.extend(hold, 20), lambda: world.hold(10, ident=hold, ttl=60)):
        with pytest.raises(RequestFailed) as failed:
            again()
        assert failed.value.reason == "HOLD_SETTLED"


def test_an_extend_grows_into_the_room_there_is_beside_itself() -> None:
    world = World()
    world.limit(100)
    hold = held(world, 60)
    other = held(world, 20)
    refused = world.extend(hold, 81)
    assert refused.decision is not None
    assert refused.decision.reason is RefusalReason.BUSY
    assert (refused.hold.held["usd"], world.sums()) == (60, (0, 80))
    grown = world.extend(hold, 80)
    assert grown.decision is not None
    assert grown.decision.allowed
    assert (grown.hold.held["usd"], world.sums()) == (80, (0, 100))
    world.commit(other, 21)
    exhausted = world.extend(hold, 101).decision
    assert exhausted is not None
    assert exhausted.reason is RefusalReason.EXHAUSTED


def test_an_extend_downwards_frees_at_once_and_asks_no_limit() -> None:
    world = World()
    hold = held(world, 60)
    world.limit(10)
    world.book.freed.clear()
    assert world.extend(hold, 20).hold.held["usd"] == 20
    assert world.sums() == (0, 20)
    assert USER in world.book.freed


def test_a_new_total_counts_what_was_committed_and_cannot_lie_below_it() -> None:
    world = World()
    hold = held(world, 10)
    world.commit(hold, 4, partial=True, charge_id=uuid4())
    assert world.extend(hold, 12).hold.held["usd"] == 8
    assert world.extend(hold, 4).hold.held["usd"] == 0
    with pytest.raises(RequestFailed, match="3 is below the 4") as failed:
        world.extend(hold, 3)
    assert failed.value.reason == "BELOW_COMMITTED"
    assert world.sums() == (4, 0)


def test_a_new_time_to_live_runs_from_now_and_the_first_answer_keeps_its_own() -> None:
    world = World()
    ident = uuid4()
    first = world.hold(10, ident=ident, ttl=60)
    world.later(seconds=30)
    assert world.extend(ident, ttl=60).hold.expire_time == NOW + timedelta(seconds=90)
    assert world.hold(10, ident=ident, ttl=60) == first
    assert world.extend(ident, ttl=1).hold.expire_time == NOW + timedelta(seconds=31)
    assert world.sums() == (0, 10)
    world.later(seconds=1)
    assert world.release(ident).hold.state is HoldState.EXPIRED


def test_a_hold_extended_across_midnight_settles_in_its_own_windows() -> None:
    world = World()
    world.at(datetime(2026, 3, 31, 23, 59, 50, tzinfo=UTC))
    hold = held(world, 10)
    world.later(seconds=20)
    world.limit(12, period=Period.DAY)
    world.spend(5)
    refused = world.extend(hold, 8 + 4).decision
    assert refused is not None
    assert refused.reason is RefusalReason.EXHAUSTED, "anew, it would be today's"
    assert world.extend(hold, 9).decision is not None
    world.commit(hold, 14)
    found = {period: world.sums(period) for period in Period}
    assert found == {
        Period.DAY: (5, 0),
        Period.WEEK: (19, 0),
        Period.MONTH: (5, 0),
        Period.LIFETIME: (19, 0),
    }


def test_what_was_held_yesterday_leaves_no_room_today() -> None:
    world = World()
    world.at(datetime(2026, 3, 31, 23, 59, 50, tzinfo=UTC))
    hold = held(world, 10)
    world.later(seconds=20)
    world.limit(12, period=Period.DAY)
    held(world, 5)
    refused = world.extend(hold, 11).decision
    assert refused is not None
    assert refused.reason is RefusalReason.BUSY


@pytest.mark.parametrize(
    "other",
    [
        {"usd": 11},
        {"ttl": 61},
        {"on_expiry": ExpiryAction.CHARGE},
        {"user": "v"},
        {"groups": ("g",)},
        {"chat": "c"},
        {"attributes": {"model": "x"}},
        {"amounts": {"usd": 10, "messages": 1}},
    ],
)
def test_whatever_a_check_says_belongs_to_its_hold_id(other: dict[str, object]) -> None:
    world = World()
    said: dict[str, object] = {"usd": 10, "ttl": 60, "ident": UUID(int=1)}
    first = world.hold(**said)  # type: ignore[arg-type]
    assert world.hold(**said) == first  # type: ignore[arg-type]
    with pytest.raises(RequestFailed) as failed:
        world.hold(**{**said, **other})  # type: ignore[arg-type]
    assert failed.value.reason == "ID_REUSED"
