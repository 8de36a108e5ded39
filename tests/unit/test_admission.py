"""May this be spent?"""

from datetime import timedelta
from uuid import uuid4

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.records import Target
from almoner_server.core.terms import IN_FLIGHT, AccountKind, Period, RefusalReason, Scope, TargetKind

from tests.unit.world import NOW, World

POOL = Target(TargetKind.GROUP_POOL, "g")


@pytest.mark.parametrize(
    ("spent", "held", "amount", "reason"),
    [
        (99, 0, 1, None),
        (99, 0, 0, None),
        (99, 0, 2, RefusalReason.EXHAUSTED),
        (100, 0, 0, RefusalReason.EXHAUSTED),
        (0, 60, 40, None),
        (0, 60, 41, RefusalReason.BUSY),
        (0, 100, 0, RefusalReason.BUSY),
        (60, 40, 41, RefusalReason.EXHAUSTED),
    ],
)
def test_the_rule_of_admission(spent: int, held: int, amount: int, reason: RefusalReason | None) -> None:
    world = World()
    world.limit(100)
    if spent:
        world.spend(spent)
    if held:
        world.hold(held)
    decision = world.check(amount).decision
    assert decision.reason == reason
    assert [(limit.spent, limit.held) for limit in decision.limits] == [(spent, held)]


def test_exhausted_waits_for_the_latest_reset_and_for_none_where_one_never_comes() -> None:
    world = World()
    world.limit(1, period=Period.DAY)
    world.limit(1, period=Period.WEEK)
    world.spend(1)
    assert world.check(1).decision.retry_after == timedelta(days=5) - (NOW - NOW.replace(hour=0))
    world.limit(1, period=Period.LIFETIME)
    assert world.check(1).decision.retry_after is None


def test_refusals_are_listed_chats_root_first_then_user_then_pools_then_in_flight() -> None:
    world = World()
    world.limit(1, Target(TargetKind.NAMESPACE_POOL, ""))
    world.limit(1, POOL)
    world.limit(1)
    world.limit(1, unit=IN_FLIGHT, period=Period.LIFETIME)
    for chat in ("child", "root"):
        world.limit(1, Target(TargetKind.CHAT, chat), Period.LIFETIME)
    world.hold(1, chat="child", parent="root", groups=("g",))
    refused = world.check(1, chat="child", groups=("g",)).decision.refused_by
    assert [(limit.scope, limit.source.id) for limit in refused] == [
        (Scope.CHAT_LIFETIME, "root"),
        (Scope.CHAT_LIFETIME, "child"),
        (Scope.ACCOUNT_PERIOD, ""),
        (Scope.POOL, "g"),
        (Scope.POOL, ""),
        (Scope.IN_FLIGHT, ""),
    ]


def test_a_refusal_changes_nothing() -> None:
    world = World()
    world.limit(5)
    assert not world.hold(6, chat="c", parent="p").decision.allowed
    assert (world.book.holds, world.book.chains, world.account().dirty) == ({}, {}, False)


def test_a_hold_counts_one_in_flight_and_settling_gives_it_back() -> None:
    world = World()
    world.limit(1, unit=IN_FLIGHT, period=Period.LIFETIME)
    hold = world.hold(1)
    assert hold.hold_id is not None
    assert world.hold(1).decision.reason is RefusalReason.BUSY
    world.commit(hold.hold_id, 1)
    assert world.hold(1).decision.allowed
    assert world.account().spent(IN_FLIGHT, Period.LIFETIME) == 0


def test_a_tree_has_32_levels() -> None:
    world = World()
    parent = ""
    for level in range(32):
        world.hold(0, chat=f"c{level}", parent=parent)
        parent = f"c{level}"
    with pytest.raises(RequestFailed, match="at most 32 levels"):
        world.hold(0, chat="c32", parent=parent)


def test_a_chat_keeps_its_parent() -> None:
    world = World()
    world.hold(0, chat="child", parent="root")
    for wrong in ("other", "child2"):
        with pytest.raises(RequestFailed, match="has the parent root"):
            world.hold(0, chat="child", parent=wrong)
    with pytest.raises(RequestFailed, match="has no parent"):
        world.hold(0, chat="root", parent="above")
    assert world.hold(0, chat="child").decision.allowed


def test_the_same_check_under_one_id_holds_once_and_answers_the_same() -> None:
    world = World()
    world.limit(100)
    ident = uuid4()
    first = world.hold(10, ident=ident)
    world.spend(50)
    assert world.hold(10, ident=ident) == first
    assert world.sums() == (50, 10)
    with pytest.raises(RequestFailed) as reused:
        world.hold(11, ident=ident)
    assert reused.value.reason == "ID_REUSED"
    world.release(ident)
    with pytest.raises(RequestFailed) as settled:
        world.hold(10, ident=ident)
    assert settled.value.reason == "HOLD_SETTLED"


def test_a_refusal_names_every_account_that_is_in_the_way_and_no_other() -> None:
    world = World()
    world.limit(5, Target(TargetKind.CHAT, "root"), Period.LIFETIME)
    world.limit(50, Target(TargetKind.CHAT, "leaf"), Period.LIFETIME)
    world.limit(5)
    world.limit(5, Target(TargetKind.GROUP_POOL, "g"))
    world.limit(50, Target(TargetKind.GROUP_POOL, "h"))
    world.limit(5, Target(TargetKind.NAMESPACE_POOL, ""))
    world.hold(4, chat="leaf", parent="root", groups=("g", "h"))
    refused = world.check(4, chat="leaf", groups=("g", "h"))
    assert [(key.kind, key.id) for key in refused.blocked_on] == [
        (AccountKind.CHAT, "root"),
        (AccountKind.USER, "u"),
        (AccountKind.GROUP, "g"),
        (AccountKind.NAMESPACE, ""),
    ]
    assert world.check(1, chat="leaf", groups=("g", "h")).blocked_on == ()
