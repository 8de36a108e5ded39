"""What a section is, and how one measurement is taken."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.cpu import seconds_of
from bench.figures import Comparison, Figures
from bench.load.job import Job, Outcome, Window, combined
from bench.stage import Stage

PER_SECOND = "lifecycles a second"
P50, P99 = "p50 ms", "p99 ms"
GENERATOR, SERVER, POSTGRES = "generator cores", "server cores", "PostgreSQL cores"


class Drawing(StrEnum):
    """Says how a metric is drawn."""

    LINES = "lines"
    BARS = "bars"


@dataclass(frozen=True, slots=True)
class Plot:
    """Is a picture of one metric."""

    metric: str
    drawing: Drawing = Drawing.BARS


@dataclass(frozen=True, slots=True)
class Section:
    """Is one question, and how it is answered.

    `measure` adds to the figures, round by round, every contestant once a round. `scale` names what the points
    are: callers, rates. `about` tells the reader what was done.
    """

    name: str
    title: str
    scale: str
    about: str
    measure: Callable[[Stage, Figures], Awaitable[None]]
    comparisons: tuple[Comparison, ...] = ()
    plots: tuple[Plot, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """Is what the load saw, and the cores that were busy with it."""

    outcome: Outcome
    server_cores: float
    postgres_cores: float

    @property
    def generator_cores(self) -> float:
        """Return the cores that the load itself took."""
        return self.outcome.cpu_seconds / self.outcome.seconds


async def measured(
    stage: Stage, window: Window, jobs: Sequence[Job], servers: Sequence[int] = ()
) -> Measured:
    """Run jobs side by side and see how much CPU the servers and PostgreSQL use within the window."""
    running = [asyncio.create_task(stage.run(job)) for job in jobs]
    await asyncio.sleep(window.begin - time.monotonic())
    before = (_sum(servers), stage.postgres_seconds())
    await asyncio.sleep(window.end - time.monotonic())
    after = (_sum(servers), stage.postgres_seconds())
    outcome = combined(await asyncio.gather(*running))
    served, stored = (late - early for early, late in zip(before, after, strict=True))
    return Measured(outcome, served / window.seconds, stored / window.seconds)


def add_cores(figures: Figures, section: str, contestant: str, point: object, measured: Measured) -> None:
    """Note who kept the machine busy: a rate means little without it."""
    figures.add(section, SERVER, contestant, point, measured.server_cores)
    figures.add(section, POSTGRES, contestant, point, measured.postgres_cores)
    figures.add(section, GENERATOR, contestant, point, measured.generator_cores)


def add_latency(figures: Figures, section: str, contestant: str, point: object, outcome: Outcome) -> None:
    """Note median and 99th percentile of whole lifecycles."""
    latencies = outcome.of("lifecycle")
    figures.add(section, P50, contestant, point, latencies.milliseconds(50))
    figures.add(section, P99, contestant, point, latencies.milliseconds(99))


def _sum(pids: Sequence[int]) -> float:
    return sum(seconds_of(pid) for pid in pids)
