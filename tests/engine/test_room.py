"""The waiting room alone: the test is the store, and says what becomes of each try and when."""

import asyncio
from datetime import timedelta

import pytest
from almoner_server.core.records import AccountKey, Target
from almoner_server.core.requests import CheckResult, Decision, LimitStatus
from almoner_server.core.terms import AccountKind, Period, RefusalReason, Scope, TargetKind
from almoner_server.engine.calls import Call
from almoner_server.engine.room import WaitingRoom

from tests.engine.gated_store import settle_down
from tests.engine.requests import NAMESPACE, UNIT, check

LONG = timedelta(seconds=60)
POOLS = ("a", "b")


class Tries:
    """Collects what the room sends and lets the test answer it."""

    def __init__(self) -> None:
        self.pending: list[Call] = []
        self.room = WaitingRoom(self.pending.append, max_waiting=10)

    def users(self) -> list[str]:
        """Name those who are being tried."""
        return [call.request.user for call in self.pending]  # type: ignore[union-attr]

    def refuse(self, user: str, *pools: str) -> None:
        self._answer(user, RefusalReason.BUSY, pools)

    def allow(self, user: str) -> None:
        self._answer(user, None, ())

    def _answer(self, user: str, reason: RefusalReason | None, pools: tuple[str, ...]) -> None:
        call = self.pending.pop(self.users().index(user))
        statuses = tuple(_status(pool, reason if pool in pools else None) for pool in POOLS)
        call.sink.deliver(call.slot, CheckResult(Decision(statuses, reason), blocked_on=accounts(*pools)))


def accounts(*pools: str) -> tuple[AccountKey, ...]:
    return tuple(AccountKey(NAMESPACE, AccountKind.GROUP, pool) for pool in pools)


def _status(pool: str, refusal: RefusalReason | None) -> LimitStatus:
    source = Target(TargetKind.GROUP_POOL, pool)
    return LimitStatus(Scope.POOL, source, UNIT, Period.LIFETIME, 1, 0, 1, None, None, refusal)


@pytest.fixture
def tries() -> Tries:
    return Tries()


async def enter(tries: Tries, user: str) -> "asyncio.Task[CheckResult]":
    """Let somebody of both groups come in and be tried."""
    task = asyncio.create_task(tries.room.check(check(user, groups=POOLS), LONG, None))
    await settle_down()
    return task


async def test_room_made_during_a_try_leads_to_another(tries: Tries) -> None:
    waiter = await enter(tries, "u1")
    tries.refuse("u1", "a")
    tries.room.wake(accounts("a"))
    tries.room.wake(accounts("a"))  # too late for the try under way to see it, perhaps
    assert tries.users() == ["u1"]
    tries.refuse("u1", "a")
    assert tries.users() == ["u1"]
    tries.refuse("u1", "a")
    assert tries.users() == []
    waiter.cancel()


async def test_an_earlier_caller_keeps_its_place_in_a_line_it_joins_later(tries: Tries) -> None:
    first = await enter(tries, "u1")
    tries.refuse("u1", "a")
    second = await enter(tries, "u2")
    tries.refuse("u2", "b")
    tries.room.wake(accounts("a"))
    tries.refuse("u1", "b")
    tries.pending.clear()  # what the change of lines has led to is of no interest
    tries.room.wake(accounts("b"))
    assert tries.users()[:1] == ["u1"]
    for waiter in (first, second):
        waiter.cancel()


async def test_one_try_at_a_time_in_a_line(tries: Tries) -> None:
    waiters = [await enter(tries, user) for user in ("u1",)]
    tries.refuse("u1", "a")
    for user in ("u2", "u3"):
        waiters.append(await enter(tries, user))
        tries.allow(user)  # it would fit, but others are first
    tries.room.wake(accounts("a"))
    assert tries.users() == ["u1"]
    tries.allow("u1")
    assert tries.users() == ["u2"]
    tries.refuse("u2", "a")
    assert tries.users() == []
    for waiter in waiters:
        waiter.cancel()
