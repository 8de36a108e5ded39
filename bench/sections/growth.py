"""Whether cost grows with history."""

from contextlib import AsyncExitStack

from bench import servers
from bench.figures import Better, Comparison, Figures
from bench.filling import fill
from bench.load.batches import Batches
from bench.load.closed_loop import ClosedLoop
from bench.load.open_loop import OpenLoop
from bench.load.over_grpc import OverGrpc
from bench.sections.base import P50, PER_SECOND, Plot, Section
from bench.stage import Stage
from bench.traffic import Traffic

NAME = "growth"
EMPTY, FILLED = "empty", "filled"
ACTIVE = 2000
"""Users that spend during the measurement, of all that there are."""
CALLERS, RATE, SIZE, AT_ONCE = 64, 50, 500, 4


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure on an empty and on a filled database in turn, round by round."""
    scale = stage.scale
    dsns = {EMPTY: await stage.database(), FILLED: await stage.database()}
    await fill(dsns[FILLED], users=scale.users, entries=scale.entries, limits=scale.limits)
    active = min(ACTIVE, scale.users)
    traffic = Traffic(users=active, stride=_stride(scale.users, active))
    async with AsyncExitStack() as running:
        openings = {}
        for name, dsn in dsns.items():
            server = await running.enter_async_context(servers.almoner(dsn))
            await stage.warmed(dsn, server, traffic)
            openings[name] = OverGrpc(server.address, traffic)
        for _ in range(scale.rounds):
            for name, opening in openings.items():
                await _round(stage, figures, name, opening)


def _stride(users: int, active: int) -> int:
    """Return how far apart active users are: not by tens, since every tenth of all has a limit of its own."""
    return max(1, users // active - 1)


async def _round(stage: Stage, figures: Figures, name: str, opening: OverGrpc) -> None:
    window = stage.window(stage.scale.open_loop_seconds)
    outcome = await stage.run(OpenLoop(opening, RATE, window))
    figures.add(NAME, P50, name, f"{RATE} a second", outcome.of("lifecycle").milliseconds(50))
    closed = await stage.run(ClosedLoop(opening, CALLERS, stage.window()))
    figures.add(NAME, PER_SECOND, name, f"{CALLERS} callers", closed.rate)
    batches = await stage.run(Batches(opening, SIZE, AT_ONCE, stage.window()))
    figures.add(NAME, PER_SECOND, name, f"batches of {SIZE}", batches.rate)


SECTION = Section(
    name=NAME,
    title="Growth",
    scale="load",
    about=f"""\
Two databases and a server on each, measured in turn: one empty, one filled with a year of ledger (how much stands at
the top of the report), vacuumed and analyzed. The same {ACTIVE:,} users
spend on both; on the filled one they are picked from all of them, and a tenth of them has a limit of its own.""",
    measure=measure,
    comparisons=(
        Comparison(FILLED, P50, EMPTY, Better.LOWER, target=1.1),
        Comparison(FILLED, PER_SECOND, EMPTY, Better.HIGHER, target=0.9),
    ),
    plots=(Plot(PER_SECOND),),
)
