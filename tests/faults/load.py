"""Processes full of callers, seen from the test: start them, wait for their answers, end or kill them."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from almoner import Client

from tests.faults.journal import ANSWERED, Journal
from tests.faults.rules import set_limits

ROOT = Path(__file__).parents[2]
ANSWER_SECONDS = 90.0
"""How long a service that has been hit may take to be back before the test gives up."""
END_SECONDS = 60.0


@dataclass(frozen=True)
class Pace:
    """Says how much load there is, and how long a fault lasts that has a length."""

    processes: int
    callers: int
    """In each process."""
    before: int
    """Answers before the fault."""
    after: int
    """Answers once it is over, of calls that began after it."""
    times: int
    """How often a fault strikes that can strike again at once."""
    silence: float
    """Seconds that a connection swallows everything."""
    standstill: float
    """Seconds that a process is stopped."""


BRIEF = Pace(processes=2, callers=4, before=80, after=80, times=2, silence=2.5, standstill=2.5)
FULL = Pace(processes=2, callers=8, before=300, after=600, times=10, silence=15.0, standstill=90.0)
"""Its silence is longer than any call waits, its standstill than every timeout there is.

A client takes a server for gone that is silent for 25 s, a server a client after 80 s.
"""


class Load:
    """Is all callers and their journal."""

    def __init__(self, folder: Path, pace: Pace) -> None:
        self._folder = folder
        self._pace = pace
        self._processes: list[Process] = []
        self.journal = Journal(folder)
        self.began = self.ended = time.monotonic()

    async def start(self, targets: Sequence[str], *options: str) -> None:
        """Start the processes; each dials one of the targets."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ALMONER_")}
        for number in range(self._pace.processes):
            first = str(number * self._pace.callers)
            self._processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "tests.faults.callers",
                    str(self._folder),
                    first,
                    str(self._pace.callers),
                    targets[number % len(targets)],
                    *options,
                    cwd=ROOT,
                    env=kept,
                    stderr=PIPE,
                )
            )

    async def answers(self, count: int) -> None:
        """Wait until so many calls have been answered from now on."""
        self.journal.look()
        await self._until(len(self.journal.answers) + count)

    async def answers_to_new_calls(self, count: int) -> None:
        """Wait for answers after every call that is under way now has surely had its own."""
        await self.answers(self._pace.processes * (self._pace.callers + 1) + count)

    async def kill(self) -> None:
        """Kill all callers: whatever they were about to do, they will not."""
        for process in self._processes:
            if process.returncode is None:
                process.kill()
        await self._gather()
        self._processes.clear()

    async def stop(self) -> None:
        """Let every caller finish its turn. Fails if a process of callers met a bug."""
        for process in self._processes:
            if process.returncode is None:
                process.terminate()
        errors = await self._gather()
        codes = [process.returncode for process in self._processes]
        self._processes.clear()
        self.journal.look()
        self.ended = max(self.journal.answers, default=time.monotonic())
        # one that has not begun yet ends by the signal itself
        assert set(codes) <= {0, -signal.SIGTERM}, (codes, errors)

    def calls_answered(self) -> int:
        """Count the calls answered so far."""
        self.journal.look()
        return sum(entry.event in ANSWERED for entry in self.journal.entries)

    def longest_gap(self) -> float:
        """Return the longest time in seconds in which no call was answered."""
        return max((later - earlier for earlier, later in pairwise(self.journal.answers)), default=0.0)

    async def _until(self, count: int) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while (answered := self.calls_answered()) < count:
            assert time.monotonic() < deadline, (
                f"{count - answered} of {count} answers are missing: {self._last()}"
            )
            assert all(process.returncode is None for process in self._processes), await self._gather()
            await asyncio.sleep(0.05)

    def _last(self) -> list[object]:
        return [(entry.kind, entry.event, entry.details) for entry in self.journal.entries[-5:]]

    async def _gather(self) -> list[str]:
        ended = await asyncio.wait_for(
            asyncio.gather(*(process.communicate() for process in self._processes)), END_SECONDS
        )
        return [errors.decode() for _, errors in ended]


@asynccontextmanager
async def callers(folder: Path, pace: Pace, targets: Sequence[str], *options: str) -> AsyncIterator[Load]:
    """Set the limits and run callers while the block runs; afterwards they finish their turns."""
    load = Load(folder, pace)
    async with Client(targets[0], timeout=30) as quota:
        await set_limits(quota)
    await load.start(targets, *options)
    try:
        yield load
    except BaseException:
        await load.kill()
        raise
    await load.stop()
