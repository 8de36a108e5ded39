"""Which limit holds for a user."""

from datetime import timedelta

import pytest
from almoner_server.core.records import Target
from almoner_server.core.terms import AccountKind, GroupRule, Period, TargetKind

from tests.unit.world import NOW, NS, World

A, B = (Target(TargetKind.GROUP_DEFAULT, group) for group in "ab")
USER = Target(TargetKind.USER, "u")


@pytest.mark.parametrize(
    ("rule", "a", "b", "expected"),
    [
        (GroupRule.MIN, 5, 20, (5, A)),
        (GroupRule.MAX, 5, 20, (20, B)),
        (GroupRule.MIN, None, 20, (20, B)),
        (GroupRule.MAX, None, 20, (None, A)),
        (GroupRule.MIN, 0, 20, (0, A)),
        (GroupRule.MAX, 7, 7, (7, A)),
    ],
)
def test_groups_are_resolved_by_the_rule(
    rule: GroupRule, a: int | None, b: int | None, expected: tuple[int | None, Target]
) -> None:
    world = World(group_rule=rule)
    world.limit(3)
    world.limit(a, A)
    world.limit(b, B)
    (found,) = world.check(groups=("a", "b")).decision.limits
    assert (found.limit, found.source) == expected


def test_an_override_replaces_every_default_until_it_ends() -> None:
    world = World()
    world.limit(3)
    world.limit(5, A)
    world.limit(50, USER, expire_time=NOW + timedelta(hours=1))
    assert world.check(groups=("a",)).decision.limits[0].limit == 50
    world.later(hours=1)
    assert world.check(groups=("a",)).decision.limits[0].limit == 5
    assert world.check().decision.limits[0].limit == 3


def test_an_unlimited_override_exempts_and_zero_blocks() -> None:
    world = World()
    world.limit(3)
    world.limit(None, USER)
    assert world.check(1_000).decision.allowed
    world.limit(0, USER)
    assert not world.check(0).decision.allowed


def test_groups_stored_for_a_user_count_together_with_those_named() -> None:
    world = World()
    world.limit(5, A)
    world.limit(3, B)
    world.limit(100, Target(TargetKind.GROUP_POOL, "a"))
    world.book.groups[NS, "u"] = ("a",)
    assert [limit.limit for limit in world.check().decision.limits] == [5, 100]
    assert [limit.limit for limit in world.check(groups=("b",)).decision.limits] == [3, 100]
    world.spend(4)
    assert world.account("a", AccountKind.GROUP).spent("usd", Period.MONTH) == 4


def test_a_namespace_that_is_not_enabled_limits_nothing_and_counts_all_the_same() -> None:
    world = World(enabled=False)
    world.limit(1)
    world.limit(1, USER)
    world.limit(1, Target(TargetKind.CHAT, "c"), Period.LIFETIME)
    world.spend(5, chat="c")
    decision = world.check(5, chat="c").decision
    assert (decision.allowed, decision.limits, world.sums()) == (True, (), (5, 0))
