"""Callers that all ask at the same moment."""

import asyncio
import time
from dataclasses import dataclass

from bench.load.job import Job, Outcome
from bench.load.target import Opening, Target


@dataclass(frozen=True, slots=True)
class Burst(Job):
    """Has `callers` tasks ask once each, from behind one barrier; who is allowed calls the model, then commits."""

    opening: Opening
    callers: int
    model_seconds: float

    async def run(self) -> Outcome:
        """Run the burst; `booked` is how many were allowed."""
        outcome, barrier = Outcome(), asyncio.Barrier(self.callers)
        async with self.opening.open() as target:
            begin = time.monotonic()
            await asyncio.gather(*(self._caller(target, outcome, barrier) for _ in range(self.callers)))
        outcome.seconds = time.monotonic() - begin
        return outcome

    async def _caller(self, target: Target, outcome: Outcome, barrier: asyncio.Barrier) -> None:
        await barrier.wait()
        ticket = await target.check(0)
        if ticket is None:
            outcome.refused += 1
            return
        await asyncio.sleep(self.model_seconds)
        await target.commit(ticket)
        outcome.booked += 1
