"""Callers that each make the next call when the last one is answered: shows throughput, not latency."""

import asyncio
import time
from dataclasses import dataclass

from bench.load.job import Job, Outcome, Window
from bench.load.target import Opening, Target


@dataclass(frozen=True, slots=True)
class ClosedLoop(Job):
    """Has `callers` tasks check, wait for the model `model_seconds` long, and commit, until the window ends."""

    opening: Opening
    callers: int
    window: Window
    model_seconds: float = 0.0

    async def run(self) -> Outcome:
        """Run the callers. What begins within the warm-up and ends within the window counts."""
        outcome = Outcome(seconds=self.window.seconds)
        async with self.opening.open() as target, asyncio.TaskGroup() as tasks:
            for number in range(self.callers):
                tasks.create_task(self._caller(target, outcome, number))
        return outcome

    async def _caller(self, target: Target, outcome: Outcome, number: int) -> None:
        while (begin := time.monotonic()) < self.window.end:
            ticket = await target.check(number)
            number += self.callers
            if ticket is None:
                outcome.refused += 1
                continue
            if self.model_seconds:
                await asyncio.sleep(self.model_seconds)
            await target.commit(ticket)
            outcome.booked += 1
            done = time.monotonic()
            if done in self.window:
                outcome.lifecycles += 1
                outcome.record("lifecycle", done - begin - self.model_seconds)


@dataclass(frozen=True, slots=True)
class Checks(Job):
    """Makes `calls` checks with `callers` tasks, as fast as they are answered, and keeps the tickets."""

    opening: Opening
    callers: int
    calls: int

    async def run(self) -> Outcome:
        """Check."""
        outcome, numbers, begin = Outcome(), iter(range(self.calls)), time.monotonic()
        async with self.opening.open() as target:

            async def caller() -> None:
                for number in numbers:
                    outcome.tickets.append(await target.check(number))

            await asyncio.gather(*(caller() for _ in range(self.callers)))
        outcome.seconds = time.monotonic() - begin
        return outcome


@dataclass(frozen=True, slots=True)
class Commits(Job):
    """Commits tickets with `callers` tasks, as fast as they are answered."""

    opening: Opening
    callers: int
    tickets: list[object]

    async def run(self) -> Outcome:
        """Commit."""
        outcome, tickets, begin = Outcome(), iter(self.tickets), time.monotonic()
        async with self.opening.open() as target:

            async def caller() -> None:
                for ticket in tickets:
                    await target.commit(ticket)
                    outcome.booked += 1

            await asyncio.gather(*(caller() for _ in range(self.callers)))
        outcome.seconds = time.monotonic() - begin
        return outcome
