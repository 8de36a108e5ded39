"""What is left for a chat: the whole chain, and the least that remains anywhere along it."""

import pytest
from almoner_server.core.accounts import Account
from almoner_server.core.records import AccountKey, Target
from almoner_server.core.status import StatusReport, StatusRequest, report
from almoner_server.core.terms import AccountKind, Period, TargetKind

from tests.unit.world import NS, World


def status_of(world: World, chat: str) -> StatusReport:
    keys = {AccountKey(NS, AccountKind.CHAT, each) for each in ("root", "child", "leaf")}
    for key in keys | {AccountKey(NS, AccountKind.USER, "u")}:
        world.stored.setdefault(key, Account.empty(key, world.book.today))
    world.book.accounts = world.stored
    return report(world.book, StatusRequest(NS, "u", (), chat, ""))


@pytest.mark.parametrize(
    ("root", "child", "leaf", "least"),
    [(20, 90, 80, 13), (90, 20, 80, 13), (90, 80, 20, 13), (90, 80, None, 73), (90, 5, 80, 0)],
)
def test_the_least_of_a_chain_is_that_of_whichever_chat_has_least(
    root: int, child: int, leaf: int | None, least: int
) -> None:
    world = World()
    world.spend(4, chat="root")
    world.spend(3, chat="child", parent="root")
    world.spend(7, chat="leaf", parent="child")
    spent = {"root": 14, "child": 10, "leaf": 7}
    for chat, amount in (("root", root), ("child", child), ("leaf", leaf)):
        limit = None if amount is None else amount + spent[chat] - 7
        world.limit(limit, Target(TargetKind.CHAT, chat), Period.LIFETIME)
    answer = status_of(world, "leaf")
    assert answer.chain == ("root", "child", "leaf")
    assert answer.chain_remaining == {"usd": least}
