"""What is held while a model runs."""

from contextlib import AsyncExitStack

from bench import servers
from bench.audit import PLENTY, audit
from bench.figures import Better, Comparison, Figures
from bench.load.closed_loop import ClosedLoop
from bench.load.over_grpc import OverGrpc
from bench.load.target import Opening
from bench.schemes import AdvisoryLock, ForUpdate
from bench.schemes.base import Terms
from bench.sections.base import PER_SECOND, Plot, Section
from bench.sections.schemes_ready import schemes_ready
from bench.stage import Stage
from bench.traffic import Shape, Traffic

NAME = "model-call"
CALLERS, MODEL_SECONDS = 64, 0.05


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure each contestant, spread and hot, round by round."""
    dsn, points = await stage.database(), {Shape.SPREAD: 2000, Shape.HOT_USER: 1}
    async with AsyncExitStack() as running:
        server = await running.enter_async_context(servers.almoner(dsn))
        booked = await stage.warmed(dsn, server, Traffic())
        contestants: dict[Shape, dict[str, Opening]] = {}
        for shape, users in points.items():
            ready = schemes_ready(stage, [AdvisoryLock, ForUpdate], Terms(users, PLENTY), redis=False)
            own: dict[str, Opening] = {server.name: OverGrpc(server.address, Traffic(shape))}
            contestants[shape] = own | await running.enter_async_context(ready)
        for _ in range(stage.scale.rounds):
            for shape, openings in contestants.items():
                for name, opening in openings.items():
                    outcome = await stage.run(ClosedLoop(opening, CALLERS, stage.window(), MODEL_SECONDS))
                    figures.add(NAME, PER_SECOND, name, shape, outcome.rate)
                    booked += outcome.booked if name == server.name else 0
    await audit(dsn, booked)


SECTION = Section(
    name=NAME,
    title="Around a model call",
    scale="accounts",
    about=f"""\
{CALLERS} callers check, wait {MODEL_SECONDS * 1000:.0f} ms for the model, and commit. If nothing were in the way there
would be {CALLERS / MODEL_SECONDS:,.0f} lifecycles a second. A lock held around the call pins a connection and lets the
calls of one user through one at a time.""",
    measure=measure,
    comparisons=(Comparison("almoner", PER_SECOND, AdvisoryLock.name, Better.HIGHER, guarded=False),),
    plots=(Plot(PER_SECOND),),
)
