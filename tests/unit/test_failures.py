"""A request that fails or is refused leaves no trace."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import Adjust
from almoner_server.core.terms import AdjustmentKind, Settlement

from tests.unit.world import NOW, NS, World

OPEN, ENDED, UNKNOWN, CHARGE, ADJUSTMENT, OTHER = (UUID(int=number) for number in range(1, 7))
REFUND, ACTUAL = AdjustmentKind.REFUND, AdjustmentKind.ACTUAL

FAILURES: list[tuple[str, Callable[[World], object]]] = [
    ("ID_REUSED", lambda world: world.hold(11, ident=OPEN)),
    ("ID_REUSED", lambda world: world.spend(6, charge_id=CHARGE)),
    ("ID_REUSED", lambda world: world.adjust(CHARGE, REFUND, 2, ADJUSTMENT)),
    ("HOLD_SETTLED", lambda world: world.hold(10, ident=ENDED)),
    ("HOLD_SETTLED", lambda world: world.release(ENDED)),
    ("HOLD_SETTLED", lambda world: world.extend(ENDED, 20)),
    ("HOLD_NOT_FOUND", lambda world: world.release(UNKNOWN)),
    ("HOLD_NOT_FOUND", lambda world: world.extend(UNKNOWN, 20)),
    ("HOLD_NOT_FOUND", lambda world: world.expire(UNKNOWN)),
    ("HOLD_NOT_FOUND", lambda world: world.commit(UNKNOWN, 1)),
    ("HOLD_MISMATCH", lambda world: world.commit(OPEN, 1, user="v")),
    ("HOLD_MISMATCH", lambda world: world.commit(OPEN, 1, chat="other")),
    ("BELOW_COMMITTED", lambda world: world.extend(OPEN, 1)),
    ("PARENT_CONFLICT", lambda world: world.hold(1, chat="c1", parent="c5")),
    ("PARENT_CONFLICT", lambda world: world.spend(1, chat="c1", parent="c5")),
    ("CHAT_TOO_DEEP", lambda world: world.hold(1, chat="c32", parent="c31")),
    ("CHAT_TOO_DEEP", lambda world: world.commit(UNKNOWN, 1, user="u", chat="c32", parent="c31")),
    ("TIME_OUT_OF_RANGE", lambda world: world.spend(1, chat="new", occurred_at=NOW + timedelta(hours=1))),
    (
        "FIELD_REQUIRED",
        lambda world: world.commit(ENDED, None, settlement=Settlement.ESTIMATE, charge_id=OTHER),
    ),
    ("CHARGE_NOT_FOUND", lambda world: world.adjust(UNKNOWN, REFUND, 1)),
    ("CHARGE_NOT_ESTIMATED", lambda world: world.adjust(CHARGE, ACTUAL, 1)),
    (
        "REFUND_EXCEEDS_CHARGE",
        lambda world: world.run(Adjust(NS, CHARGE, OTHER, REFUND, {"usd": 1, "messages": 1}, "why")),
    ),
]


@pytest.fixture
def world() -> World:
    """Give a world where something of every kind has happened."""
    world = World()
    for level in range(32):
        world.spend(0, chat=f"c{level}", parent=f"c{level - 1}" if level else "")
    world.hold(10, ident=OPEN, chat="c2")
    world.commit(OPEN, 3, partial=True, charge_id=UUID(int=50))
    world.hold(10, ident=ENDED)
    world.commit(ENDED, 4)
    world.spend(5, charge_id=CHARGE)
    world.adjust(CHARGE, REFUND, 1, ADJUSTMENT)
    world.limit(50)
    return world


@pytest.mark.parametrize(("reason", "request_it"), FAILURES)
def test_a_failure_changes_nothing(world: World, reason: str, request_it: Callable[[World], object]) -> None:
    before = world.everything()
    with pytest.raises(RequestFailed) as failed:
        request_it(world)
    assert failed.value.reason == reason
    assert world.everything() == before


def test_refusals_change_nothing(world: World) -> None:
    before = world.everything()
    assert not world.hold(51, chat="new", parent="above").decision.allowed
    extended = world.extend(OPEN, 60, ttl=5).decision
    assert extended is not None
    assert not extended.allowed
    assert world.everything() == before


def test_a_check_without_a_hold_changes_nothing(world: World) -> None:
    before = world.everything()
    assert world.check(1, user="v", chat="new", parent="above").decision.allowed
    assert world.everything() == before
