"""Random sequences of requests, over few users, chats, holds and charges so that they meet.

Hypothesis draws eight bytes a step and each choice takes its part of them: drawing every choice by itself takes
several times as long as all the rest of a test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from almoner_server.core.records import Target
from almoner_server.core.requests import Adjust, Check, Commit, Expire, Extend, HoldOptions, Release, Request
from almoner_server.core.terms import IN_FLIGHT, AdjustmentKind, ExpiryAction, Period, Settlement, TargetKind
from hypothesis import strategies as st

from tests.unit.world import NS, World

T = TypeVar("T")

CHATS = (("", ""), ("root", ""), ("child", "root"), ("leaf", "child"), ("other", ""), ("leaf", "other"))
NOWHERE = ("", "")
USERS = ("u", "v")
GROUPS: tuple[tuple[str, ...], ...] = ((), ("g",), ("g", "h"))
TTLS = tuple(timedelta(seconds=seconds) for seconds in (60, 3600, 86_400))
SPANS = tuple(timedelta(seconds=seconds) for seconds in (1, 3600, 86_400, 6 * 86_400))


@dataclass(frozen=True)
class Pass:
    """Lets time go by."""

    span: timedelta


class Choices:
    """Turns bytes into choices. All zero, which is what Hypothesis shrinks to, is the first of everything."""

    def __init__(self, drawn: bytes) -> None:
        self._left = int.from_bytes(drawn, "big")

    def below(self, bound: int) -> int:
        """Choose a number from 0 up to, not including, `bound`."""
        self._left, chosen = divmod(self._left, bound)
        return chosen

    def one_of(self, options: Sequence[T]) -> T:
        """Choose one."""
        return options[self.below(len(options))]

    def ident(self, count: int) -> UUID:
        """Choose one of `count` ids."""
        return UUID(int=1 + self.below(count))

    def amounts(self) -> dict[str, int]:
        """Choose what something costs."""
        usd = {"usd": self.below(26)}
        return {**usd, "messages": self.below(4)} if self.below(2) else usd


def check(choices: Choices) -> Check:
    """Make a check, mostly with a hold."""
    chat, parent = choices.one_of(CHATS)
    options = HoldOptions(choices.ident(4), choices.one_of(TTLS), choices.one_of(tuple(ExpiryAction)))
    hold = options if choices.below(4) else None
    return Check(NS, choices.one_of(USERS), choices.one_of(GROUPS), chat, parent, choices.amounts(), hold)


def commit(choices: Choices) -> Commit:
    """Make a commit of any kind: on a hold known or not, or direct; final or partial."""
    hold = choices.ident(4) if choices.below(4) else None
    user = choices.one_of(USERS) if hold is None or choices.below(3) == 0 else ""
    partial = hold is not None and choices.below(2) == 1
    charge = hold if hold is not None and not partial and choices.below(2) else choices.ident(10)
    settlement = choices.one_of(tuple(Settlement))
    amounts = {} if settlement is not Settlement.ACTUAL and choices.below(2) else choices.amounts()
    chat, parent = NOWHERE if hold is not None else choices.one_of(CHATS)
    groups = choices.one_of(GROUPS)
    return Commit(NS, hold, charge, amounts, partial, settlement, user, groups, chat, parent)


def extend(choices: Choices) -> Extend:
    """Make an Extend of the amounts, of the time to live, or of both."""
    amounts = choices.amounts() if choices.below(4) else {}
    return Extend(NS, choices.ident(4), amounts, choices.one_of((None, *TTLS)))


def adjust(choices: Choices) -> Adjust:
    """Make a refund or tell a real cost; a hold's final charge may be the one meant."""
    kind = choices.one_of(tuple(AdjustmentKind))
    return Adjust(NS, choices.ident(8), choices.ident(4), kind, choices.amounts(), "why")


def step(drawn: bytes) -> Request | Pass:
    """Make one step of what was drawn."""
    choices = Choices(drawn)
    match choices.below(12):
        case 0 | 1 | 2 | 3:
            return check(choices)
        case 4 | 5 | 6:
            return commit(choices)
        case 7:
            return extend(choices)
        case 8:
            return adjust(choices)
        case 9:
            return Release(NS, choices.ident(4))
        case 10:
            return Expire(NS, choices.ident(4))
        case _:
            return Pass(choices.one_of(SPANS))


SEQUENCES = st.lists(st.binary(min_size=8, max_size=8).map(step), min_size=10, max_size=40)


def limited(world: World) -> World:
    """Set a limit of every kind, narrow enough to be reached."""
    world.limit(30, period=Period.DAY)
    world.limit(60, Target(TargetKind.GROUP_DEFAULT, "g"), Period.WEEK)
    world.limit(90, Target(TargetKind.USER, "v"))
    world.limit(6, unit="messages", period=Period.MONTH)
    world.limit(70, Target(TargetKind.CHAT, "root"), Period.LIFETIME)
    world.limit(40, Target(TargetKind.CHAT, "child"), Period.LIFETIME)
    world.limit(80, Target(TargetKind.GROUP_POOL, "h"))
    world.limit(100, Target(TargetKind.NAMESPACE_POOL, ""), Period.WEEK)
    world.limit(3, unit=IN_FLIGHT, period=Period.LIFETIME)
    return world
