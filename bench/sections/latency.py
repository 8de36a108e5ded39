"""What a call adds to a model call."""

from contextlib import AsyncExitStack

from bench import servers
from bench.audit import PLENTY, audit
from bench.figures import Better, Comparison, Figures
from bench.load.job import Outcome
from bench.load.open_loop import OpenLoop
from bench.load.over_grpc import OverGrpc
from bench.load.target import Opening
from bench.schemes import ForUpdate
from bench.schemes.base import Terms
from bench.sections.base import P50, P99, Drawing, Plot, Section, add_latency
from bench.sections.schemes_ready import schemes_ready
from bench.stage import Stage
from bench.traffic import Traffic

NAME = "latency"
ONE_CALL = "one call p50 ms"
LAG = "generator late by, p99 ms"


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure each contestant at each rate, round by round."""
    dsn = await stage.database()
    async with AsyncExitStack() as running:
        floor = await running.enter_async_context(stage.noop())
        server = await running.enter_async_context(servers.almoner(dsn))
        booked = await stage.warmed(dsn, server, Traffic())
        contestants: dict[str, Opening] = {one.name: OverGrpc(one.address) for one in (floor, server)}
        if stage.scale.schemes:
            ready = schemes_ready(stage, [ForUpdate], Terms(2000, PLENTY))
            contestants |= await running.enter_async_context(ready)
        for _ in range(stage.scale.rounds):
            for rate in stage.scale.rates:
                for name, opening in contestants.items():
                    window = stage.window(stage.scale.open_loop_seconds)
                    outcome = await stage.run(OpenLoop(opening, rate, window))
                    _add(figures, name, rate, outcome)
                    booked += outcome.booked if name == server.name else 0
    await audit(dsn, booked)


def _add(figures: Figures, name: str, rate: int, outcome: Outcome) -> None:
    add_latency(figures, NAME, name, rate, outcome)
    figures.add(NAME, ONE_CALL, name, rate, outcome.of("check").milliseconds(50))
    figures.add(NAME, LAG, name, rate, outcome.of("lag").milliseconds(99))


SECTION = Section(
    name=NAME,
    title="Latency",
    scale="lifecycles a second",
    about="""\
Lifecycles begin at random moments (Poisson) at a fixed rate, whether or not earlier ones have been answered, and their
latency counts from the moment they were due (open loop, no coordinated omission). A lifecycle is a check with a hold
and, once it is answered, its commit: both have to be on disk, and all of it is added to the model call between them.
"One call" is the check alone. How late the generator
itself was stands below and is part of every latency.""",
    measure=measure,
    comparisons=(
        Comparison("almoner", P50, "no-op", Better.LOWER, ONE_CALL, target=4.0, target_point="20"),
        Comparison("almoner", P50, "no-op", Better.LOWER),
        Comparison("almoner", P99, "no-op", Better.LOWER, guarded=False),
        Comparison("almoner", P50, "SELECT FOR UPDATE", Better.LOWER, guarded=False),
    ),
    plots=(Plot(P50, Drawing.LINES), Plot(P99, Drawing.LINES)),
)
