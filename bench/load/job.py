"""A job for a process that makes load, and what comes of it."""

import asyncio
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import uvloop

from bench.latency import Latencies


class Window(NamedTuple):
    """Is what is measured: from `begin` until before `end`, by the monotonic clock that all processes share."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return self.end - self.begin

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, float) and self.begin <= moment < self.end


@dataclass(slots=True)
class Outcome:
    """Is what a job has measured. Latencies are by name: "check", "commit", "lifecycle", "lag"."""

    lifecycles: float = 0
    """Done within the window; a batch of checks, or of commits, counts half."""
    seconds: float = 0.0
    booked: int = 0
    """Commits answered, also before and after the window."""
    refused: int = 0
    cpu_seconds: float = 0.0
    """What this process has used within the window; without one, all in all."""
    latencies: dict[str, Latencies] = field(default_factory=dict)
    tickets: list[object] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return lifecycles a second. Raises RuntimeError if nothing was done within the window."""
        if not self.lifecycles:
            raise RuntimeError(f"nothing was answered within {self.seconds:.1f} s: take longer (--seconds)")
        return self.lifecycles / self.seconds

    def of(self, name: str) -> Latencies:
        """Return latencies by name. Raises RuntimeError if nothing was done within the window."""
        if name not in self.latencies:
            raise RuntimeError(f"nothing was answered within {self.seconds:.1f} s: take longer (--seconds)")
        return self.latencies[name]

    def record(self, name: str, seconds: float) -> None:
        """Add a latency."""
        if name not in self.latencies:
            self.latencies[name] = Latencies()
        self.latencies[name].record(seconds)


class Job:
    """Is something to be done in another process: this one does nothing."""

    window: Window | None = None

    async def run(self) -> Outcome:
        """Do it."""
        return Outcome()


def run_job(job: Job) -> Outcome:
    """Do a job on an event loop of its own, and say how much CPU it took."""
    return uvloop.run(_metered(job))


async def _metered(job: Job) -> Outcome:
    meter = asyncio.create_task(_cpu_within(job.window)) if job.window else None
    before = _cpu_seconds()
    outcome = await job.run()
    outcome.cpu_seconds = await meter if meter else _cpu_seconds() - before
    return outcome


async def _cpu_within(window: Window) -> float:
    await asyncio.sleep(window.begin - time.monotonic())
    before = _cpu_seconds()
    await asyncio.sleep(window.end - time.monotonic())
    return _cpu_seconds() - before


def combined(outcomes: Iterable[Outcome]) -> Outcome:
    """Add up what several processes have measured in one window."""
    total = Outcome()
    for outcome in outcomes:
        total.lifecycles += outcome.lifecycles
        total.booked += outcome.booked
        total.refused += outcome.refused
        total.cpu_seconds += outcome.cpu_seconds
        total.seconds = max(total.seconds, outcome.seconds)
        for name, latencies in outcome.latencies.items():
            total.latencies.setdefault(name, Latencies()).merge(latencies)
    return total


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
