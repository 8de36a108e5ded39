"""Many tasks of one process, through Almoner's own client."""

from bench import servers
from bench.audit import audit
from bench.figures import Better, Comparison, Figures
from bench.load.closed_loop import ClosedLoop
from bench.load.coalescing import ThroughClient, can_coalesce
from bench.sections.base import PER_SECOND, Plot, Section, add_cores, add_latency, measured
from bench.stage import Stage
from bench.traffic import Shape, Traffic

NAME = "coalescing"
TASKS = 256
SINGLE, COALESCED = "single calls", "coalesced"


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure with and without coalescing, spread and hot, round by round."""
    dsn = await stage.database()
    contestants: dict[str, dict[str, bool]] = {SINGLE: {}}
    if can_coalesce():
        contestants = {SINGLE: {"coalesce": False}, COALESCED: {"coalesce": True}}
    async with servers.almoner(dsn) as server:
        booked = await stage.warmed(dsn, server, Traffic())
        for _ in range(stage.scale.rounds):
            for shape in (Shape.SPREAD, Shape.HOT_USER):
                for name, options in contestants.items():
                    window = stage.window()
                    opening = ThroughClient(server.address, Traffic(shape), options)
                    job = ClosedLoop(opening, TASKS, window)
                    result = await measured(stage, window, [job], [server.pid])
                    figures.add(NAME, PER_SECOND, name, shape, result.outcome.rate)
                    add_latency(figures, NAME, name, shape, result.outcome)
                    add_cores(figures, NAME, name, shape, result)
                    booked += result.outcome.booked
    await audit(dsn, booked)


SECTION = Section(
    name=NAME,
    title="A client that coalesces",
    scale="accounts",
    about=f"""\
{TASKS} tasks of one process open a hold and commit it, over and over, through `almoner.Client` as its users call it:
once with every call a request of its own, once with calls of the same moment collected into batch requests.""",
    measure=measure,
    comparisons=(Comparison(COALESCED, PER_SECOND, SINGLE, Better.HIGHER, target=3.0),),
    plots=(Plot(PER_SECOND),),
)
