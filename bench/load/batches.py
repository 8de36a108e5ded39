"""One client process that sends batches: a BatchCheckQuota with holds, then a BatchCommit of them all."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bench.load.job import Job, Outcome, Window


class BatchTarget(Protocol):
    """Checks and commits many at once."""

    def check_many(self, number: int, size: int) -> Awaitable[Any]:
        """Ask for `size` spenders, from the one whose turn `number` is. Returns tickets to commit by."""

    def commit_many(self, tickets: Any) -> Awaitable[None]:
        """Tell what they cost."""


class BatchOpening(Protocol):
    """Says how to reach a target of batches."""

    def open(self) -> AbstractAsyncContextManager[BatchTarget]:
        """Connect while the block runs."""


@dataclass(frozen=True, slots=True)
class Batches(Job):
    """Keeps `at_once` batches of `size` lifecycles under way until the window ends."""

    opening: BatchOpening
    size: int
    at_once: int
    window: Window

    async def run(self) -> Outcome:
        """Run the batches."""
        outcome = Outcome(seconds=self.window.seconds)
        async with self.opening.open() as target:
            await asyncio.gather(*(self._caller(target, outcome, place) for place in range(self.at_once)))
        return outcome

    async def _caller(self, target: BatchTarget, outcome: Outcome, place: int) -> None:
        number = place * self.size
        while time.monotonic() < self.window.end:
            tickets = await target.check_many(number, self.size)
            self._count(outcome)
            await target.commit_many(tickets)
            self._count(outcome)
            outcome.booked += self.size
            number += self.at_once * self.size

    def _count(self, outcome: Outcome) -> None:
        if time.monotonic() in self.window:
            outcome.lifecycles += self.size / 2


@dataclass(frozen=True, slots=True)
class Lifecycles(Job):
    """Does `count` lifecycles in batches, one after the other; without `settle` their holds stay open."""

    opening: BatchOpening
    count: int
    size: int = 500
    settle: bool = True

    async def run(self) -> Outcome:
        """Run the batches."""
        outcome = Outcome()
        async with self.opening.open() as target:
            for number in range(0, self.count, self.size):
                tickets = await target.check_many(number, min(self.size, self.count - number))
                if self.settle:
                    await target.commit_many(tickets)
                    outcome.booked += min(self.size, self.count - number)
        return outcome
