"""The answer kept with a hold is the answer that was given."""

import json
from uuid import uuid4

from almoner_server.core import answers
from almoner_server.core.records import Target
from almoner_server.core.terms import IN_FLIGHT, Period, TargetKind

from tests.unit.world import NOW, World


def test_every_kind_of_limit_in_every_period_comes_back_as_it_was() -> None:
    world = World()
    for period in Period:
        world.limit(100 * period, period=period)
    world.limit(None, Target(TargetKind.USER, "u"), Period.WEEK)
    world.limit(7, Target(TargetKind.CHAT, 'a "quoted" name, é'), Period.LIFETIME)
    world.limit(50, Target(TargetKind.GROUP_POOL, "g"))
    world.limit(60, Target(TargetKind.NAMESPACE_POOL, ""))
    world.limit(3, unit=IN_FLIGHT, period=Period.LIFETIME)
    world.spend(1)
    decision = world.hold(2, chat='a "quoted" name, é', groups=("g",)).decision
    assert len(decision.limits) == 8
    assert answers.decode(json.loads(json.dumps(answers.encode(decision))), world.book.today) == decision


def test_no_limit_at_all_comes_back_too() -> None:
    decision = World().hold(2).decision
    assert answers.encode(decision) == []
    assert answers.decode([], NOW.toordinal()) == decision


def test_a_retry_on_a_later_day_shows_the_windows_of_the_first_answer() -> None:
    world = World()
    world.limit(9, period=Period.DAY)
    ident = uuid4()
    first = world.hold(2, ident=ident, ttl=86_400)
    world.later(hours=20)
    assert world.hold(2, ident=ident, ttl=86_400) == first
