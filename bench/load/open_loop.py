"""Calls that begin when they are due, whether or not earlier ones are answered: shows latency as users meet it.

A latency counts from the moment the call was due. If the generator or the server falls behind, that shows, and
no slow answer hides the calls that would have come in its time (coordinated omission).
"""

import asyncio
import random
import threading
import time
from dataclasses import dataclass

from bench.load.job import Job, Outcome, Window
from bench.load.target import Opening, Target

SEED = 7
"""The same arrivals for every contestant."""


@dataclass(frozen=True, slots=True)
class OpenLoop(Job):
    """Begins `rate` lifecycles a second, at random moments (Poisson), from now until the window ends."""

    opening: Opening
    rate: float
    window: Window

    async def run(self) -> Outcome:
        """Begin each lifecycle when it is due and wait for all of them."""
        outcome = Outcome(seconds=self.window.seconds)
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        async with self.opening.open() as target, asyncio.TaskGroup() as tasks:

            def begin(number: int, due: float) -> None:
                tasks.create_task(_lifecycle(target, outcome, self.window, number, due))

            def pace() -> None:
                for number, due in enumerate(self._moments()):
                    time.sleep(max(0.0, due - time.monotonic()))
                    loop.call_soon_threadsafe(begin, number, due)
                loop.call_soon_threadsafe(over.set)

            # A thread, because an event loop's own timers are late by up to a millisecond.
            threading.Thread(target=pace, daemon=True).start()
            await over.wait()
        return outcome

    def _moments(self) -> list[float]:
        chance, moment, moments = random.Random(SEED), time.monotonic(), []
        while (moment := moment + chance.expovariate(self.rate)) < self.window.end:
            moments.append(moment)
        return moments


async def _lifecycle(target: Target, outcome: Outcome, window: Window, number: int, due: float) -> None:
    begun = time.monotonic()
    ticket = await target.check(number)
    checked = time.monotonic()
    if ticket is None:
        outcome.refused += 1
        return
    await target.commit(ticket)
    done = time.monotonic()
    outcome.booked += 1
    if due in window:
        outcome.lifecycles += 1
        outcome.record("lag", begun - due)
        outcome.record("check", checked - due)
        outcome.record("commit", done - checked)
        outcome.record("lifecycle", done - due)
