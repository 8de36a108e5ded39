"""Many calls on one account, beside the same calls on many."""

from bench import servers
from bench.audit import audit, limit_pools
from bench.figures import Better, Comparison, Figures
from bench.load.closed_loop import ClosedLoop
from bench.load.over_grpc import OverGrpc
from bench.sections.base import P50, P99, PER_SECOND, Plot, Section, add_cores, add_latency, measured
from bench.stage import Stage
from bench.traffic import Shape, Traffic

NAME = "hot"
TWINS = (
    (Shape.HOT_USER, Shape.SPREAD),
    (Shape.HOT_POOL, Shape.SPREAD_POOLS),
    (Shape.HOT_TREE, Shape.SPREAD_TREES),
)
MANY = 64
"""With fewer callers than this nothing is hot."""


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure each shape with each number of callers, round by round."""
    dsn, booked = await stage.database(), 0
    await limit_pools(dsn)
    callers_of_interest = [
        callers for callers in stage.scale.callers if callers >= MANY
    ] or stage.scale.callers
    async with servers.almoner(dsn) as server:
        for shape in Shape:
            booked += await stage.warmed(dsn, server, Traffic(shape))
        for _ in range(stage.scale.rounds):
            for callers in callers_of_interest:
                for shape in (shape for twins in TWINS for shape in reversed(twins)):
                    window = stage.window()
                    job = ClosedLoop(OverGrpc(server.address, Traffic(shape)), callers, window)
                    result = await measured(stage, window, [job], [server.pid])
                    figures.add(NAME, PER_SECOND, shape, callers, result.outcome.rate)
                    add_latency(figures, NAME, shape, callers, result.outcome)
                    add_cores(figures, NAME, shape, callers, result)
                    booked += result.outcome.booked
    await audit(dsn, booked)


SECTION = Section(
    name=NAME,
    title="Hot accounts",
    scale="callers",
    about="""\
The load of "Throughput of single calls" on one user, one group pool that everybody is in, and one chat tree that
everybody works in, each beside a twin that touches as many accounts a call, but different ones. The latencies are those
of a closed loop: they show how long callers queue, and whether some wait much longer than others.""",
    measure=measure,
    comparisons=(
        *(Comparison(hot, PER_SECOND, spread, Better.HIGHER, target=0.8) for hot, spread in TWINS),
        *(
            Comparison(hot, P99, hot, Better.LOWER, P50, target=4.0, target_point="256", guarded=False)
            for hot, _ in TWINS
        ),
    ),
    plots=(Plot(PER_SECOND), Plot(P99)),
)
