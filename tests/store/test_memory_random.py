"""Random batches on two processes over few users, chats and holds: all of it is counted, whoever remembers what."""

from random import Random
from uuid import UUID, uuid4

import pytest
from almoner_server.core.requests import Check, CheckResult, Extend, Release, Request
from almoner_server.core.terms import TargetKind
from almoner_server.store import Store

from tests.store.asking import USD, adjusted, committed, hold, refund, set_limit, settle, spend

USERS = ("u1", "u2", "u3")
CHATS = (("", ""), ("root", ""), ("leaf", "root"))
BATCHES = 250


class Caller:
    """Makes up requests about holds of its own, those that have ended among them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._holds: list[UUID] = []

    def request(self) -> Request:
        random = self._random
        if len(self._holds) < 3 or random.random() < 0.35:
            return self._check()
        hold_id = random.choice(self._holds[-6:])
        match random.randrange(6):
            case 0:
                return Release("default", hold_id)
            case 1:
                return settle(hold_id, random.randrange(5))
            case 2:
                return settle(hold_id, random.randrange(5), partial=True, charge_id=uuid4())
            case 3:
                return settle(hold_id, random.randrange(5), charge_id=uuid4())
            case 4:
                return Extend("default", hold_id, {USD: random.randrange(9)}, None)
            case _:
                return self._spend()

    def _check(self) -> Check:
        chat, parent = self._random.choice(CHATS)
        check = hold(self._random.randrange(6), user=self._user(), chat=chat, parent=parent)
        assert check.hold
        self._holds.append(check.hold.id)
        return check

    def _spend(self) -> Request:
        user = self._user() if self._random.random() < 0.7 else str(self._random.random())
        return spend(self._random.randrange(3), user=user)

    def _user(self) -> str:
        return self._random.choice(USERS)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_remembered_counters_equal_the_ledger(
    store: Store, replica: Store, seed: int
) -> None:
    random = Random(seed)
    caller = Caller(random)
    for user in USERS:
        await set_limit(store, 300, TargetKind.USER, user)
    await set_limit(store, 700, TargetKind.CHAT, "root")
    charge = (await committed(store, spend(100, user="u1"))).charge
    for number in range(BATCHES):
        asked = (
            replica if random.random() < 0.02 else store
        )  # seldom, or nothing would be remembered for long
        outcome = await asked.run_batch([caller.request() for _ in range(random.choice((1, 1, 2, 3)))])
        for result in outcome.results:
            if isinstance(result, CheckResult) and result.decision.allowed:
                assert all(each.held >= 0 for each in result.decision.limits)
        if number % 40 == 39:
            await adjusted(store, refund(charge.id, 1))
    assert not (await store.upkeep.verify()).findings
