"""Random programs against the authority itself: calls that travel together end as those that go alone."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from almoner import AlmonerError, CallError, Client, Period, Target, new_id

USERS = 12
ROUNDS = 6


class Program:
    """One user's life, decided by a seed alone: what is asked does not depend on how it travels."""

    def __init__(self, quota: Client, user: str, seed: str) -> None:
        self._quota = quota
        self._user = user
        self._dice = random.Random(seed)
        self._holds: list[str] = []
        self._charge = new_id()

    async def step(self) -> object:
        """Make the next call; tell how it ended, without ids and times."""
        try:
            return await self._dice.choice(self._choices())()
        except CallError as error:
            return type(error).__name__, error.reason, error.field
        except AlmonerError as error:
            return type(error).__name__

    def _choices(self) -> list[Callable[[], Awaitable[object]]]:
        return [
            self._check,
            self._hold,
            self._hold,
            self._commit,
            self._commit,
            self._pay,
            self._unknown_unit,
        ]

    async def _check(self) -> object:
        decision = await self._quota.check(user=self._user, tokens=self._dice.randint(0, 60))
        return decision.allowed, decision.reason, [limit.remaining for limit in decision.limits]

    async def _hold(self) -> object:
        hold = await self._quota.open_hold(
            user=self._user, chat=f"c-{self._user}", tokens=self._dice.randint(0, 60)
        )
        self._holds.append(hold.id)
        return [limit.held for limit in hold.decision.limits]

    async def _commit(self) -> object:
        """Commit one of the holds, perhaps once more, perhaps with another cost; or one that never was."""
        hold_id = self._dice.choice([*self._holds, new_id()])
        committed = await self._quota.commit(hold_id, tokens=self._dice.choice([5, 70]))
        return (
            dict(committed.charge.amounts),
            dict(committed.overrun),
            committed.replayed,
            committed.charge.late,
        )

    async def _pay(self) -> object:
        committed = await self._quota.charge(user=self._user, tokens=3, charge_id=self._charge)
        return dict(committed.charge.amounts), committed.replayed

    async def _unknown_unit(self) -> object:
        return await self._quota.check(user=self._user, amounts={"tokenz": 1})

    async def end(self) -> object:
        """Tell what it comes to."""
        status = await self._quota.status(user=self._user)
        return [
            (usage.unit, usage.period, usage.spent, usage.held)
            for account in status.accounts
            for usage in account.usages
        ]


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_program_ends_the_same(address: str, seed: int) -> None:
    async def run(coalesce: bool) -> list[object]:
        prefix = "together" if coalesce else "alone"
        async with Client(address, coalesce=coalesce) as quota:
            programs = [Program(quota, f"{prefix}-{number}", f"{seed}-{number}") for number in range(USERS)]
            steps = [await asyncio.gather(*(each.step() for each in programs)) for _ in range(ROUNDS)]
            return [*steps, [await each.end() for each in programs]]

    async with Client(address) as quota:
        await quota.admin.set_limit(
            Target.namespace_default(), unit="tokens", period=Period.LIFETIME, amount=100
        )
    assert await run(True) == await run(False)
