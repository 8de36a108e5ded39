"""Throughput of single calls."""

from contextlib import AsyncExitStack

from bench import servers
from bench.audit import PLENTY, audit
from bench.figures import Better, Comparison, Figures
from bench.load.closed_loop import ClosedLoop
from bench.load.over_grpc import OverGrpc
from bench.load.target import Opening
from bench.schemes import Balance, ForUpdate, LedgerSum
from bench.schemes.base import Terms
from bench.sections.base import (
    PER_SECOND,
    Drawing,
    Plot,
    Section,
    add_cores,
    add_latency,
    measured,
)
from bench.sections.schemes_ready import schemes_ready
from bench.stage import Stage
from bench.traffic import Traffic

NAME = "unary"
USERS = 2000


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure each contestant with each number of callers, round by round."""
    dsn = await stage.database()
    async with AsyncExitStack() as running:
        floor = await running.enter_async_context(stage.noop())
        server = await running.enter_async_context(servers.almoner(dsn))
        booked = await stage.warmed(dsn, server, Traffic())
        contestants: dict[str, Opening] = {one.name: OverGrpc(one.address) for one in (floor, server)}
        if stage.scale.schemes:
            ready = schemes_ready(stage, [Balance, LedgerSum, ForUpdate], Terms(USERS, PLENTY))
            contestants |= await running.enter_async_context(ready)
        pids = {one.name: [one.pid] for one in (floor, server)}
        for _ in range(stage.scale.rounds):
            for callers in stage.scale.callers:
                for name, opening in contestants.items():
                    window = stage.window()
                    job = ClosedLoop(opening, callers, window)
                    result = await measured(stage, window, [job], pids.get(name, []))
                    figures.add(NAME, PER_SECOND, name, callers, result.outcome.rate)
                    add_latency(figures, NAME, name, callers, result.outcome)
                    add_cores(figures, NAME, name, callers, result)
                    booked += result.outcome.booked if name == server.name else 0
    await audit(dsn, booked)


SECTION = Section(
    name=NAME,
    title="Throughput of single calls",
    scale="callers",
    about="""\
A caller checks with a hold, commits, and begins again, for one of 2,000 users in turn (closed loop, so the latencies
here show queueing, not what a user meets: see "Latency"). One process makes the load, through gRPC's own client on
requests serialized beforehand, and shares the machine with what it measures: the cores that each part keeps busy stand
below. The schemes run in the process that makes the load, without a network service in front of them, while Almoner
and the no-op server are called over the wire.""",
    measure=measure,
    comparisons=(
        Comparison("almoner", PER_SECOND, "no-op", Better.HIGHER),
        Comparison("almoner", PER_SECOND, "SELECT FOR UPDATE", Better.HIGHER, guarded=False),
    ),
    plots=(Plot(PER_SECOND, Drawing.LINES),),
)
